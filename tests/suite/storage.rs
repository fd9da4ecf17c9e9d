//! What arrives lands under its real name only when it is whole, never over something else, and never outside.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use sealdrop::{
    model::{
        conflict::Conflict,
        device::Peer,
        entry_path::EntryPath,
        file_name::NameRules,
        manifest::{Entry, EntryKind, Manifest, Selection},
        reason::{Reason, ReasonCode},
        seal::Md5Digest,
        transfer::TransferId,
    },
    storage::{
        landing::{Keep, Landing, Terms, sweep_leftovers},
        part_file::PartFile,
        receive_folder::{check_paths, preflight},
    },
};

use crate::desk::{Desk, ID, file, folder, link, part};

impl Desk {
    fn take_in(&self, manifest: &Arc<Manifest>) -> Landing {
        self.land_some(manifest, Selection::All)
    }

    fn land_some(&self, manifest: &Arc<Manifest>, selection: Selection) -> Landing {
        Landing::prepare(&self.profile, self.plain_terms(manifest, selection), Keep::Nothing).unwrap()
    }

    fn plain_terms(&self, manifest: &Arc<Manifest>, selection: Selection) -> Terms {
        Terms {
            id: ID,
            peer: Peer::at("127.0.0.1:1".to_owned(), false),
            digest: [0; 32],
            manifest: Arc::clone(manifest),
            message: None,
            folder: self.inbox(),
            selection,
            conflict: Conflict::KeepBoth,
            accepted_at: 0,
        }
    }

    fn records(&self) -> usize {
        fs::read_dir(self.profile.running_folder()).unwrap().count()
    }
}

fn manifest(entries: Vec<Entry>) -> Arc<Manifest> {
    Arc::new(Manifest::from_entries(entries).unwrap())
}

fn arrive(landing: &Landing, index: u32, bytes: &[u8]) -> PathBuf {
    publish(landing, part(landing, index, bytes)).unwrap()
}

/// As if its seal had been compared.
fn publish(landing: &Landing, part: PartFile) -> Result<PathBuf, Reason> {
    landing.commit(vec![(part, Md5Digest([0; 16]))]).pop().unwrap().1
}

fn is_part(name: &str) -> bool {
    name.contains(".sealdrop-")
}

#[test]
fn a_landing_can_go_to_another_thread() {
    fn assert_send<T: Send>() {}
    assert_send::<Landing>();
    assert_send::<PartFile>();
}

#[test]
fn the_real_name_appears_only_when_the_file_is_published() {
    let desk = Desk::new();
    let landing = desk.take_in(&manifest(vec![file("a.txt", 3)]));
    let part = part(&landing, 0, b"abc");
    let during = desk.landed();
    assert_eq!(during.len(), 1);
    assert!(is_part(&during[0]), "{during:?}");
    assert_eq!(publish(&landing, part).unwrap(), desk.inbox().join("a.txt"));
    assert_eq!(landing.final_path(0), desk.inbox().join("a.txt"));
    landing.finish();
    assert_eq!(desk.landed(), ["a.txt"]);
    assert_eq!(fs::read(desk.inbox().join("a.txt")).unwrap(), b"abc");
    assert_eq!(desk.records(), 0);
}

#[test]
fn parts_that_are_committed_together_are_all_published() {
    let desk = Desk::new();
    let mut entries: Vec<_> = (0..5).map(|n| file(&format!("{n}"), 1)).collect();
    entries[3].mtime = Some(-1_000_000_000);
    let landing = desk.take_in(&manifest(entries));
    let arrived = |index: u32| (part(&landing, index, index.to_string().as_bytes()), Md5Digest([0; 16]));
    for (n, (index, place)) in (0..).zip(landing.commit((0..5).map(arrived).collect())) {
        assert_eq!((n, fs::read_to_string(place.unwrap()).unwrap()), (index, n.to_string()));
    }
    let time = fs::metadata(desk.inbox().join("3")).unwrap().modified().unwrap();
    assert_eq!(std::time::UNIX_EPOCH.duration_since(time).unwrap().as_secs(), 1, "a time before 1970");
}

#[test]
fn a_part_that_is_not_wanted_any_more_leaves_nothing() {
    let desk = Desk::new();
    let landing = desk.take_in(&manifest(vec![folder("P"), folder("P/d"), file("P/d/a", 3)]));
    drop(part(&landing, 2, b"ab"));
    assert_eq!(desk.landed(), ["P/", "P/d/"]);
    landing.discard();
    assert_eq!(desk.landed(), [""; 0]);
    assert_eq!(desk.records(), 0);
}

#[test]
fn folders_with_all_that_is_in_them_arrive() {
    let desk = Desk::new();
    let mut entries = vec![
        folder("照片"),
        folder("照片/empty"),
        file("照片/empty.txt", 0),
        file("照片/sub/run.sh", 2),
        link("照片/latest", "sub/run.sh"),
    ];
    for entry in &mut entries {
        entry.mtime = Some(1_000_000_000_123_456_700);
        entry.exec = true;
    }
    let landing = desk.take_in(&manifest(entries));
    assert!(landing.make_folders().iter().all(|(_index, made)| made.is_ok()));
    arrive(&landing, 2, b"");
    let script = arrive(&landing.clone(), 3, b"#!");
    let links = landing.make_links();
    assert_eq!(links, [(4, Ok(desk.inbox().join("照片/latest")))]);
    landing.finish();
    let all = ["照片/", "照片/empty/", "照片/empty.txt", "照片/latest", "照片/sub/", "照片/sub/run.sh"];
    assert_eq!(desk.landed(), all);
    assert_eq!(fs::read(desk.inbox().join("照片/latest")).unwrap(), b"#!");
    for place in [&script, &desk.inbox().join("照片"), &desk.inbox().join("照片/empty")] {
        let time = fs::metadata(place).unwrap().modified().unwrap();
        assert_eq!(time.duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos(), 1_000_000_000_123_456_700);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&script).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777 & !0o055, 0o700, "{mode:o}");
    }
}

#[test]
fn what_was_there_before_is_kept_beside_it() {
    let desk = Desk::new();
    fs::create_dir(desk.inbox().join("P")).unwrap();
    fs::write(desk.inbox().join("P/a"), "mine").unwrap();
    fs::write(desk.inbox().join("b.txt"), "mine").unwrap();
    let manifest = manifest(vec![folder("P"), file("P/a", 6), file("b.txt", 6)]);
    let before = preflight(&desk.inbox(), &manifest, &Selection::All);
    let taken: Vec<_> = before.taken.iter().map(|taken| (taken.name.as_str(), taken.becomes.as_str())).collect();
    assert_eq!(taken, [("P", "P (2)"), ("b.txt", "b (2).txt")]);
    assert_eq!((before.renamed, before.left_out, before.problem), (vec![], vec![], None));
    assert!(before.free.is_some());

    let landing = desk.take_in(&manifest);
    landing.make_folders();
    assert_eq!(arrive(&landing, 1, b"theirs"), desk.inbox().join("P (2)/a"));
    assert_eq!(arrive(&landing, 2, b"theirs"), desk.inbox().join("b (2).txt"));
    landing.finish();
    assert_eq!(desk.landed(), ["P/", "P/a", "P (2)/", "P (2)/a", "b (2).txt", "b.txt"]);
    assert_eq!(fs::read(desk.inbox().join("P/a")).unwrap(), b"mine");
    assert_eq!(fs::read(desk.inbox().join("b.txt")).unwrap(), b"mine");
}

#[test]
fn a_name_that_is_taken_at_the_last_moment_is_not_overwritten() {
    let desk = Desk::new();
    let landing = desk.take_in(&manifest(vec![file("a.txt", 6), link("P/l", "x"), file("P/f", 6)]));
    let arriving = [part(&landing, 0, b"theirs"), part(&landing, 2, b"theirs")];
    for name in ["a.txt", "a (2).txt", "P/f", "P/l"] {
        fs::write(desk.inbox().join(name), "mine").unwrap();
    }
    let places = arriving.map(|part| publish(&landing, part).unwrap());
    assert_eq!(places, [desk.inbox().join("a (3).txt"), desk.inbox().join("P/f (2)")]);
    assert_eq!(landing.make_link(1).unwrap(), desk.inbox().join("P/l (2)"));
    for name in ["a.txt", "a (2).txt", "P/f", "P/l"] {
        assert_eq!(fs::read(desk.inbox().join(name)).unwrap(), b"mine");
    }
}

#[test]
fn two_transfers_of_one_name_do_not_mix() {
    let desk = Desk::new();
    let manifest = manifest(vec![folder("P"), file("P/a", 1)]);
    let first = desk.take_in(&manifest);
    let other = Terms { id: TransferId([8; 16]), ..desk.plain_terms(&manifest, Selection::All) };
    let second = Landing::prepare(&desk.profile, other, Keep::Nothing).unwrap();
    arrive(&second, 1, b"2");
    arrive(&first, 1, b"1");
    assert_eq!(desk.landed(), ["P/", "P/a", "P (2)/", "P (2)/a"]);
    assert_eq!(fs::read(desk.inbox().join("P (2)/a")).unwrap(), b"2");
}

#[test]
fn only_what_was_chosen_is_made() {
    let desk = Desk::new();
    fs::write(desk.inbox().join("no.txt"), "mine").unwrap();
    let manifest = manifest(vec![folder("P"), file("P/a", 1), folder("Q"), file("Q/b", 1), file("no.txt", 1)]);
    let landing = desk.land_some(&manifest, Selection::Some(vec![false, true, false, false, false]));
    assert_eq!(landing.make_folders(), []);
    assert_eq!(landing.create_part(3).unwrap_err().code, ReasonCode::Internal);
    arrive(&landing, 1, b"a");
    landing.finish();
    assert_eq!(desk.landed(), ["P/", "P/a", "no.txt"]);
}

#[test]
fn names_that_differ_only_in_case_both_arrive() {
    let desk = Desk::new();
    let landing = desk.take_in(&manifest(vec![file("A.txt", 1), file("a.txt", 1)]));
    arrive(&landing, 0, b"A");
    arrive(&landing, 1, b"a");
    let contents: Vec<_> = desk.landed().iter().map(|name| fs::read(desk.inbox().join(name)).unwrap()).collect();
    // On a disk that folds case they are `A.txt` and `a (2).txt`.
    assert_eq!(contents.len(), 2);
    assert_ne!(contents[0], contents[1]);
}

#[test]
fn a_name_of_300_bytes_arrives_shortened_and_is_told_before() {
    let desk = Desk::new();
    let manifest = manifest(vec![file(&format!("{}.jpeg", "x".repeat(295)), 1), file(&"照".repeat(100), 1)]);
    let before = preflight(&desk.inbox(), &manifest, &Selection::All);
    let becomes: Vec<_> = before.renamed.iter().map(|renamed| renamed.becomes.clone()).collect();
    assert_eq!(becomes, [format!("{}.jpeg", "x".repeat(250)), "照".repeat(85)]);
    let landing = desk.take_in(&manifest);
    arrive(&landing, 0, b"x");
    arrive(&landing, 1, b"y");
    assert_eq!(desk.landed(), becomes);
}

#[test]
fn hostile_names_end_the_offer_before_anything_is_made() {
    let desk = Desk::new();
    let hostile =
        ["../x", "/etc/x", "a/../../x", "C:\\x", "\\\\host\\x", ".", "a\0b", "a\nb", ".sealdrop-0-0.part", "a//b"];
    for name in hostile {
        for path in [name.split('/').collect(), EntryPath::from(["top", name])] {
            let entry = Entry { path, kind: EntryKind::File { size: 1 }, mtime: None, exec: false };
            let manifest = manifest(vec![file("good", 1), entry]);
            assert_eq!(check_paths(&manifest, NameRules::here()).unwrap_err().0, 1, "{name:?}");
            let landing = Landing::prepare(&desk.profile, desk.plain_terms(&manifest, Selection::All), Keep::Nothing);
            assert_eq!(landing.unwrap_err().code, ReasonCode::BadPath, "{name:?}");
        }
    }
    assert_eq!(desk.landed(), [""; 0]);
    assert_eq!(desk.records(), 0);
}

#[test]
fn links_that_lead_outside_are_told_before_and_not_made() {
    let desk = Desk::new();
    let manifest = manifest(vec![folder("P"), link("P/up", "../../outside"), link("P/abs", "/etc"), link("P/in", ".")]);
    let left_out: Vec<_> =
        preflight(&desk.inbox(), &manifest, &Selection::All).left_out.into_iter().map(|out| out.0).collect();
    assert_eq!(left_out, [1, 2]);
    let landing = desk.take_in(&manifest);
    landing.make_folders();
    let ends: Vec<_> = landing.make_links().into_iter().map(|(index, made)| (index, made.is_ok())).collect();
    assert_eq!(ends, [(1, false), (2, false), (3, true)]);
    assert_eq!(desk.landed(), ["P/", "P/in"]);
}

#[cfg(unix)]
#[test]
fn a_folder_swapped_for_a_link_meanwhile_leads_nowhere() {
    use std::os::unix::fs::symlink;
    let desk = Desk::new();
    let entries =
        vec![file("P/sub/a", 1), file("P/sub/b", 1), folder("P/sub/new"), link("P/sub/l", "a"), file("P/c", 1)];
    let manifest = manifest(entries);
    let landing = desk.take_in(&manifest);
    let arriving = part(&landing, 0, b"a");
    fs::rename(desk.inbox().join("P/sub"), desk.inbox().join("P/moved")).unwrap();
    symlink(desk.outside(), desk.inbox().join("P/sub")).unwrap();
    // One lane has the folder open, another has not.
    for lane in [landing.clone(), landing] {
        drop(lane.create_part(1));
        drop(lane.make_folder(2));
        drop(lane.make_link(3));
        arrive(&lane, 4, b"c");
        lane.discard();
    }
    drop(arriving);
    fs::rename(desk.inbox().join("P"), desk.inbox().join("Q")).unwrap();
    symlink(desk.outside(), desk.inbox().join("P")).unwrap();
    let lane = desk_lane(&desk, &manifest);
    assert!(lane.0.starts_with(desk.inbox().join("P (2)")), "a link at the top counts as taken: {:?}", lane.0);
    assert_eq!(fs::read_dir(desk.outside()).unwrap().count(), 0);
}

#[cfg(unix)]
fn desk_lane(desk: &Desk, manifest: &Arc<Manifest>) -> (PathBuf, Landing) {
    let landing = desk.take_in(manifest);
    (arrive(&landing, 0, b"a"), landing)
}

#[cfg(unix)]
#[test]
fn a_folder_swapped_for_a_link_to_its_neighbour_leads_nowhere() {
    let desk = Desk::new();
    fs::create_dir_all(desk.inbox().join("mine")).unwrap();
    let landing = desk.take_in(&manifest(vec![file("P/sub/a", 1), file("Q/b", 1)]));
    fs::remove_dir(desk.inbox().join("Q")).unwrap();
    for (target, place) in [("../mine", "P/sub"), ("mine", "Q")] {
        std::os::unix::fs::symlink(target, desk.inbox().join(place)).unwrap();
    }
    assert!(landing.create_part(0).is_err());
    assert!(landing.create_part(1).is_err());
    assert_eq!(fs::read_dir(desk.inbox().join("mine")).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn a_top_folder_swapped_for_a_link_meanwhile_leads_nowhere() {
    let desk = Desk::new();
    let landing = desk.take_in(&manifest(vec![folder("P"), file("P/a", 1), folder("P/d"), link("P/l", "a")]));
    fs::remove_dir(desk.inbox().join("P")).unwrap();
    std::os::unix::fs::symlink(desk.outside(), desk.inbox().join("P")).unwrap();
    assert!(landing.create_part(1).is_err());
    assert!(landing.make_folder(2).is_err());
    assert!(landing.make_link(3).is_err());
    landing.discard();
    assert_eq!(fs::read_dir(desk.outside()).unwrap().count(), 0);
    assert!(desk.outside().exists());
}

#[test]
fn leftovers_of_a_crash_are_removed_at_the_next_start_and_nothing_else() {
    let desk = Desk::new();
    let landing = desk.take_in(&manifest(vec![folder("P"), file("P/d/a", 9), file("top", 9), file("P/done", 1)]));
    // As after a kill: the parts stay, the record stays.
    std::mem::forget(part(&landing, 1, b"half"));
    std::mem::forget(part(&landing, 2, b"half"));
    arrive(&landing, 3, b"x");
    let foreign = format!(".sealdrop-{}-0.part", "9".repeat(32));
    fs::write(desk.inbox().join(&foreign), "of another profile").unwrap();
    drop(landing);
    assert_eq!(desk.landed().iter().filter(|name| is_part(name)).count(), 3);
    assert_eq!(desk.records(), 1);
    sweep_leftovers(&desk.profile);
    assert_eq!(desk.landed(), [foreign.as_str(), "P/", "P/d/", "P/done"]);
    assert_eq!(desk.records(), 0);
}

#[test]
fn a_record_of_a_folder_that_is_away_is_kept_for_later() {
    let desk = Desk::new();
    let landing = desk.take_in(&manifest(vec![file("a", 9)]));
    std::mem::forget(part(&landing, 0, b"half"));
    let away = desk.temp.path().join("unplugged");
    fs::rename(desk.inbox(), &away).unwrap();
    sweep_leftovers(&desk.profile);
    assert_eq!(desk.records(), 1);
    fs::rename(&away, desk.inbox()).unwrap();
    sweep_leftovers(&desk.profile);
    assert_eq!((desk.landed(), desk.records()), (vec![], 0));
}

#[test]
fn a_folder_that_is_missing_or_none_is_said_to_be() {
    let desk = Desk::new();
    fs::write(desk.inbox().join("file"), "").unwrap();
    let manifest = manifest(vec![file("a", 1)]);
    for folder in [desk.inbox().join("missing"), desk.inbox().join("file"), desk.inbox().join("file/below")] {
        let terms = Terms { folder: folder.clone(), ..desk.plain_terms(&manifest, Selection::All) };
        let refused = Landing::prepare(&desk.profile, terms, Keep::Nothing);
        assert_eq!(refused.unwrap_err().code, ReasonCode::FolderMissing);
        assert_eq!(preflight(&folder, &manifest, &Selection::All).problem.unwrap().code, ReasonCode::FolderMissing);
    }
    assert_eq!(desk.records(), 0);
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_written_to_is_said_to_be() {
    use std::os::unix::fs::PermissionsExt;
    crate::other_user::run("storage::a_folder_that_may_not_be_written_to_is_said_to_be", || {
        let desk = Desk::new();
        let manifest = manifest(vec![file("P/a", 1)]);
        let landing = desk.take_in(&manifest);
        fs::set_permissions(desk.inbox(), fs::Permissions::from_mode(0o555)).unwrap();
        let terms = Terms { id: TransferId([1; 16]), ..desk.plain_terms(&manifest, Selection::All) };
        let refused = Landing::prepare(&desk.profile, terms, Keep::Nothing);
        assert_eq!(refused.unwrap_err().code, ReasonCode::FolderReadOnly);
        assert_eq!(
            preflight(&desk.inbox(), &manifest, &Selection::All).problem.unwrap().code,
            ReasonCode::FolderReadOnly
        );
        // Taken away while the transfer runs.
        fs::set_permissions(desk.inbox().join("P"), fs::Permissions::from_mode(0o555)).unwrap();
        assert_eq!(landing.create_part(0).unwrap_err().code, ReasonCode::FolderReadOnly);
        for folder in [desk.inbox().join("P"), desk.inbox()] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
        }
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_to_be_full_with_what_is_needed() {
    let desk = Desk::new();
    let Some(_disk) = SmallDisk::mount(&desk.inbox()) else {
        return crate::other_user::skipped("a 1 MiB disk cannot be mounted here");
    };
    let landing = desk.take_in(&manifest(vec![file("small", 4096), file("large", 8 << 20)]));
    arrive(&landing, 0, &[1; 4096]);
    let chunk = vec![2; 128 * 1024];
    let mut part = landing.create_part(1).unwrap();
    let failed = (0..64).find_map(|_| part.write_all(&chunk).err()).unwrap();
    assert_eq!(failed.code, ReasonCode::DiskFull);
    let detail = failed.detail.unwrap();
    assert!(detail.starts_with("needed ") && detail.contains(", free "), "{detail}");
    drop(part);
    // There is room again, and what had arrived is whole.
    let mut part = landing.create_part(1).unwrap();
    part.write_all(&chunk).unwrap();
    drop(part);
    landing.finish();
    assert_eq!(desk.landed(), ["small"]);
    assert_eq!(fs::read(desk.inbox().join("small")).unwrap(), [1; 4096]);
}

/// A file system of 1 MiB, until dropped.
#[cfg(target_os = "linux")]
struct SmallDisk(PathBuf);

#[cfg(target_os = "linux")]
impl SmallDisk {
    fn mount(at: &Path) -> Option<Self> {
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(at);
        mount.status().ok().filter(std::process::ExitStatus::success).map(|_| Self(at.to_owned()))
    }
}

#[cfg(target_os = "linux")]
impl Drop for SmallDisk {
    fn drop(&mut self) {
        let done = std::process::Command::new("umount").arg("-l").arg(&self.0).status();
        assert!(done.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

#[test]
fn ten_thousand_files_in_a_hundred_folders_land() {
    let desk = Desk::new();
    let entries = (0..10_000).map(|n| file(&format!("top/{}/{n}", n / 100), 16)).collect();
    let landing = desk.take_in(&manifest(entries));
    let mut batch = Vec::new();
    for index in 0..10_000 {
        batch.push(part(&landing, index, format!("{index:016}").as_bytes()));
        if batch.len() == 64 || index == 9_999 {
            let sealed = batch.drain(..).map(|part| (part, Md5Digest([0; 16]))).collect();
            assert!(landing.commit(sealed).iter().all(|(_index, place)| place.is_ok()));
        }
    }
    landing.finish();
    let landed = desk.landed();
    assert_eq!(landed.len(), 10_101);
    assert!(!landed.iter().any(|name| is_part(name)));
    assert_eq!(fs::read(desk.inbox().join("top/57/5712")).unwrap(), b"0000000000005712");
}
