//! What a receiver has on its disk survives the end of a connection, of the program and of the agreement's folder, and names
//! that are taken are treated as the card said.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use sealdrop::{
    digest::Hasher,
    model::{
        conflict::Conflict,
        device::Peer,
        device_key::DeviceKey,
        manifest::{Entry, Manifest, Selection},
        reason::{Reason, ReasonCode},
        seal::Md5Digest,
    },
    storage::{
        disk::{Disk, Op},
        journal::Recovered,
        kept,
        landing::{Keep, Landing, Terms, sweep_leftovers},
        part_file::PartFile,
        receive_folder::preflight,
    },
};

use crate::desk::{Desk, ID, file, folder, link, part};

impl Desk {
    pub(crate) fn terms(&self, entries: Vec<Entry>, conflict: Conflict) -> Terms {
        let mut peer = Peer::at("10.0.0.7:40000".to_owned(), false);
        peer.name = String::from("Anna");
        (peer.encrypted, peer.verified, peer.key) = (true, true, Some(DeviceKey([3; 32])));
        peer.dial = Some("10.0.0.7:9527".parse().unwrap());
        Terms {
            id: ID,
            peer,
            digest: [4; 32],
            manifest: Arc::new(Manifest::from_entries(entries).unwrap()),
            message: Some("here you are".to_owned()),
            folder: self.inbox(),
            selection: Selection::All,
            conflict,
            accepted_at: 1_800_000_000,
        }
    }

    fn land(&self, entries: Vec<Entry>, conflict: Conflict) -> Landing {
        Landing::prepare(&self.profile, self.terms(entries, conflict), Keep::Agreement).unwrap()
    }

    fn reopen(&self) -> (Landing, Recovered) {
        let (landing, terms, recovered) = Landing::reopen(&self.profile, ID).unwrap();
        assert_eq!(&terms, landing.terms());
        (landing, recovered)
    }

    /// Names in the profile's folder of what is running.
    pub(crate) fn kept(&self) -> Vec<String> {
        names_in(&self.profile.running_folder())
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

pub(crate) fn seal(bytes: &[u8]) -> Md5Digest {
    let mut hasher = Hasher::new();
    hasher.update(bytes);
    hasher.finish()
}

fn publish(landing: &Landing, part: PartFile, bytes: &[u8]) -> Result<PathBuf, Reason> {
    landing.commit(vec![(part, seal(bytes))]).pop().unwrap().1
}

fn arrive(landing: &Landing, index: u32, bytes: &[u8]) -> PathBuf {
    publish(landing, part(landing, index, bytes), bytes).unwrap()
}

fn prefix(landing: &Landing, index: u32) -> Vec<u8> {
    let mut stored = landing.part_prefix(index).unwrap();
    let (mut bytes, mut buf) = (Vec::new(), [0; 5]);
    loop {
        match stored.read(&mut buf).unwrap() {
            0 => return bytes,
            read => bytes.extend_from_slice(&buf[..read]),
        }
    }
}

/// Where what is done stands.
fn places(landing: &Landing, recovered: &Recovered) -> Vec<PathBuf> {
    recovered.done.iter().map(|(index, _)| landing.place_of(index, &recovered.done)).collect()
}

#[test]
fn a_broken_transfer_goes_on_where_it_was_flushed() {
    let desk = Desk::new();
    fs::create_dir(desk.at("P")).unwrap();
    let entries =
        vec![folder("P"), file("P/small", 5), file("P/sub/large", 10), file("P/new", 3), link("P/l", "small")];
    let landing = desk.land(entries, Conflict::KeepBoth);
    assert!(landing.make_folders().iter().all(|(_, made)| made.is_ok()));
    arrive(&landing.clone(), 1, b"small");
    let mut large = part(&landing, 2, b"012345");
    landing.clone().flush_at(large.flusher().unwrap(), 6).unwrap();
    large.write_all(b"67").unwrap();
    landing.suspend_part(large).unwrap();
    landing.suspend();
    assert_eq!(desk.kept().len(), 2);
    let before = kept::incoming(&desk.profile);

    let (landing, recovered) = desk.reopen();
    assert_eq!(recovered.done.iter().collect::<Vec<_>>(), [(0, None), (1, Some(seal(b"small")))]);
    assert_eq!(places(&landing, &recovered), ["P (2)", "P (2)/small"].map(|name| desk.at(name)));
    assert_eq!(recovered.parts, [(2, 8)].into());
    assert_eq!((recovered.paused, recovered.over, recovered.bytes_left(landing.terms())), (false, false, 5));
    let [Ok(before)] = &before[..] else { panic!("{before:?}") };
    assert_eq!((&before.terms, &before.recovered), (landing.terms(), &recovered));
    assert_eq!(before.paths.of(1, recovered.done.name(1)), Some(desk.at("P (2)/small")));
    assert_eq!(prefix(&landing, 2), b"01234567");

    assert_eq!(landing.make_folders(), [(0, Ok(desk.at("P (2)")))]);
    let mut large = landing.continue_part(2, 8).unwrap();
    assert_eq!((large.index(), large.written(), large.flushed()), (2, 8, 8));
    large.write_all(b"89").unwrap();
    assert_eq!(publish(&landing, large, b"0123456789").unwrap(), desk.at("P (2)/sub/large"));
    arrive(&landing, 3, b"new");
    assert_eq!(landing.make_links(), [(4, Ok(desk.at("P (2)/l")))]);
    assert_eq!(landing.make_links(), [(4, Ok(desk.at("P (2)/l")))], "a second time");
    landing.finish();
    assert_eq!(desk.landed(), ["P/", "P (2)/", "P (2)/l", "P (2)/new", "P (2)/small", "P (2)/sub/", "P (2)/sub/large"]);
    assert_eq!(fs::read(desk.at("P (2)/sub/large")).unwrap(), b"0123456789");
    assert_eq!(desk.kept(), [""; 0]);
    assert_eq!(Landing::reopen(&desk.profile, ID).unwrap_err().code, ReasonCode::UnknownTransfer);
}

#[test]
fn after_a_kill_what_was_flushed_counts_and_nothing_else() {
    let desk = Desk::new();
    let landing = desk.land(vec![file("a", 10), file("b", 10), file("c", 10)], Conflict::KeepBoth);
    let mut a = part(&landing, 0, b"0123");
    landing.flush_at(a.flusher().unwrap(), 4).unwrap();
    a.write_all(b"45").unwrap();
    let b = part(&landing, 1, b"01");
    let mut c = part(&landing, 2, b"0123");
    landing.flush_at(c.flusher().unwrap(), 4).unwrap();
    // As after a kill: nobody removes or notes anything.
    std::mem::forget((a, b, c));
    let (landing, recovered) = desk.reopen();
    assert_eq!(recovered.parts, [(0, 4), (2, 4)].into());
    let mut a = landing.continue_part(0, 4).unwrap();
    assert_eq!(prefix(&landing, 0), b"0123", "cut to what was flushed");
    a.write_all(b"456789").unwrap();
    publish(&landing, a, b"0123456789").unwrap();
    arrive(&landing, 1, b"9876543210");
    // The bytes at the sender are others now: it starts again, and the old ones never count again.
    std::mem::forget(part(&landing, 2, b"fedcba"));
    let (landing, recovered) = desk.reopen();
    assert_eq!((recovered.done.len(), recovered.parts), (2, [].into()));
    let refused = landing.continue_part(2, 4).unwrap_err();
    assert_eq!(refused.code, ReasonCode::Internal);
    arrive(&landing, 2, b"fedcba9876");
    landing.finish();
    assert_eq!(desk.landed(), ["a", "b", "c"]);
    assert_eq!(fs::read(desk.at("c")).unwrap(), b"fedcba9876");
}

#[test]
fn a_list_that_is_in_memory_is_there_once_when_it_goes_on() {
    let desk = Desk::new();
    let landing = desk.land(vec![file("P/a", 1), file("P/b", 2), file("P/c", 3)], Conflict::KeepBoth);
    arrive(&landing, 1, b"bb");
    landing.suspend();
    let known = landing.terms().clone();
    drop(landing);
    let (landing, terms, recovered) = Landing::reopen_known(&desk.profile, &known).unwrap();
    assert!(Arc::ptr_eq(&terms.manifest, &known.manifest) && Arc::ptr_eq(&landing.terms().manifest, &known.manifest));
    assert_eq!((terms, recovered), (known, desk.reopen().1));
    landing.finish();
}

#[test]
fn a_file_that_is_gone_or_has_another_size_after_a_break_comes_again() {
    let desk = Desk::new();
    let entries = vec![file("P/a", 1), file("P/b", 2), file("P/sub/c", 3), file("d", 4), file("e", 5)];
    let landing = desk.land(entries, Conflict::KeepBoth);
    let bytes = |index: u32| &b"12345"[..=index as usize];
    (0..5).for_each(|index| drop(arrive(&landing, index, bytes(index))));
    landing.suspend();
    fs::remove_file(desk.at("P/a")).unwrap();
    fs::remove_dir_all(desk.at("P/sub")).unwrap();
    fs::write(desk.at("d"), "edited").unwrap();
    let (landing, recovered) = desk.reopen();
    let done = |recovered: &Recovered| recovered.done.iter().map(|(index, _)| index).collect::<Vec<_>>();
    assert_eq!((done(&recovered), recovered.bytes_left(landing.terms())), (vec![1, 4], 8));
    assert_eq!(arrive(&landing, 0, bytes(0)), desk.at("P/a"));
    assert_eq!(arrive(&landing, 2, bytes(2)), desk.at("P/sub/c"));
    assert_eq!(arrive(&landing, 3, bytes(3)), desk.at("d (2)"), "what somebody has edited is kept");
    let (landing, recovered) = desk.reopen();
    assert_eq!(done(&recovered), [0, 1, 2, 3, 4]);
    assert_eq!(fs::read(desk.at("d")).unwrap(), b"edited");
    // It has ended with files that failed, and somebody has put away what had arrived: a retry is not about that.
    drop(landing);
    kept::note_over(&desk.profile, ID).unwrap();
    fs::remove_file(desk.at("P/b")).unwrap();
    let (landing, recovered) = desk.reopen();
    assert_eq!(done(&recovered), [0, 1, 2, 3, 4]);
    landing.finish();
}

/// Writes to a file as somebody does a while later.
fn touch(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
    let later = SystemTime::now() + Duration::from_mins(1);
    fs::OpenOptions::new().write(true).open(path).unwrap().set_modified(later).unwrap();
}

#[test]
fn a_file_that_was_written_to_after_a_break_is_looked_at_before_it_counts() {
    let desk = Desk::new();
    let old = |path, size| Entry { mtime: Some(1_000_000_000_000_000_007), ..file(path, size) };
    let entries = vec![old("P/a", 3), file("P/b", 3), old("P/c", 3), old("d", 3), file("e", 3)];
    fs::write(desk.at("d"), "mine").unwrap();
    let landing = desk.land(entries, Conflict::KeepBoth);
    (0..5).for_each(|index| drop(arrive(&landing, index, b"one")));
    landing.suspend();
    let (landing, recovered) = desk.reopen();
    assert_eq!((recovered.done.len(), recovered.touched), (5, vec![]), "whatever time each has");
    landing.suspend();
    touch(&desk.at("P/b"), b"two");
    touch(&desk.at("P/c"), b"one");
    touch(&desk.at("d (2)"), b"two");
    let (landing, recovered) = desk.reopen();
    assert_eq!((recovered.done.len(), recovered.touched), (5, vec![1, 2, 3]));
    let mut bytes = landing.done_bytes(3, recovered.done.name(3)).unwrap();
    let mut buf = [0; 9];
    assert_eq!((bytes.read(&mut buf).unwrap(), &buf[..3]), (3, &b"two"[..]));
    landing.note_same(2, seal(b"one"), recovered.done.name(2)).unwrap();
    landing.note_other(1).unwrap();
    assert_eq!(arrive(&landing, 1, b"one"), desk.at("P/b (2)"), "what somebody has written is kept");
    let (landing, recovered) = desk.reopen();
    assert_eq!((recovered.done.len(), recovered.touched), (5, vec![3]), "the others are known as they are");
    landing.note_other(3).unwrap();
    let (landing, recovered) = desk.reopen();
    assert_eq!((recovered.done.len(), recovered.bytes_left(landing.terms())), (4, 3));
    landing.finish();
    assert_eq!(fs::read(desk.at("P/b")).unwrap(), b"two");
}

#[test]
fn a_file_that_was_there_before_and_is_the_same_is_looked_at_once() {
    let desk = Desk::new();
    fs::write(desk.at("a"), "one").unwrap();
    let entries = vec![Entry { mtime: Some(1), ..file("a", 3) }];
    let landing = desk.land(entries, Conflict::SkipIdentical);
    landing.already_done(0, seal(b"one")).unwrap();
    landing.suspend();
    let (landing, recovered) = desk.reopen();
    assert_eq!((recovered.done.len(), recovered.touched), (1, vec![]));
    landing.suspend();
    touch(&desk.at("a"), b"two");
    let (landing, recovered) = desk.reopen();
    assert_eq!(recovered.touched, [0]);
    landing.finish();
}

#[test]
fn names_come_out_the_same_after_a_restart() {
    let desk = Desk::new();
    for name in ["P", "Q (2)"] {
        fs::create_dir(desk.at(name)).unwrap();
    }
    fs::write(desk.at("t.txt"), "mine").unwrap();
    fs::write(desk.at("Q"), "mine").unwrap();
    let entries = || vec![file("P/a", 1), file("Q/a", 1), file("R/aa:b", 1), file("R/aa_b", 1), file("t.txt", 1)];
    for (conflict, wanted) in [
        (Conflict::KeepBoth, ["P (2)/a", "Q (3)/a", "R/aa_b", "R/aa_b (2)", "t (2).txt"]),
        (Conflict::Replace, ["P/a", "Q (4)/a", "R/aa_b", "R/aa_b (2)", "t.txt"]),
    ] {
        let landing = desk.land(entries(), conflict);
        let places = |landing: &Landing| (0..5).map(|index| landing.final_path(index)).collect::<Vec<_>>();
        assert_eq!(places(&landing), wanted.map(|name| desk.at(name)), "{conflict:?}");
        let (again, _) = desk.reopen();
        assert_eq!(places(&again), places(&landing));
        again.discard();
        fs::create_dir_all(desk.at("Q (3)")).unwrap();
    }
    assert_eq!(desk.landed(), ["P/", "Q", "Q (2)/", "Q (3)/", "t.txt"]);
}

#[test]
fn replace_puts_the_new_file_in_place_of_the_old_one_at_once() {
    let desk = Desk::new();
    fs::create_dir_all(desk.at("P/sub")).unwrap();
    for name in ["P/a", "P/other", "t"] {
        fs::write(desk.at(name), "mine").unwrap();
    }
    fs::create_dir(desk.at("P/folder")).unwrap();
    let entries =
        vec![file("P/a", 6), file("P/sub/new", 6), file("P/folder", 6), file("P/folder (2)", 6), file("t", 6)];
    let landing = desk.land(entries, Conflict::Replace);
    let a = part(&landing, 0, b"theirs");
    assert_eq!(fs::read(desk.at("P/a")).unwrap(), b"mine", "until the new one is verified");
    assert_eq!(publish(&landing, a, b"theirs").unwrap(), desk.at("P/a"));
    for (index, place) in [(1, "P/sub/new"), (2, "P/folder (3)"), (3, "P/folder (2)"), (4, "t")] {
        assert_eq!(arrive(&landing, index, b"theirs"), desk.at(place));
        assert_eq!(fs::read(desk.at(place)).unwrap(), b"theirs");
    }
    landing.finish();
    let all = ["P/", "P/a", "P/folder/", "P/folder (2)", "P/folder (3)", "P/other", "P/sub/", "P/sub/new", "t"];
    assert_eq!(desk.landed(), all);
}

#[test]
fn what_is_there_is_found_but_for_keep_both() {
    let desk = Desk::new();
    fs::create_dir(desk.at("P")).unwrap();
    fs::write(desk.at("P/a"), "mine").unwrap();
    fs::create_dir(desk.at("P/d")).unwrap();
    let entries = || vec![folder("P"), file("P/a", 4), file("P/b", 4), file("P/d", 4), file("t", 4)];
    let manifest = Manifest::from_entries(entries()).unwrap();
    assert_eq!(preflight(&desk.inbox(), &manifest.into(), &Selection::All).there, 1);
    for conflict in Conflict::ALL {
        let landing = desk.land(entries(), conflict);
        let found: Vec<_> = (0..5).filter_map(|index| Some((index, landing.there(index)?))).collect();
        if conflict == Conflict::KeepBoth {
            assert_eq!(found, []);
        } else {
            let [(1, there)] = &found[..] else { panic!("{conflict:?}: {found:?}") };
            assert_eq!((there.place.clone(), there.size), (desk.at("P/a"), 4));
            assert_eq!(landing.there_bytes(1).unwrap().size(), 4);
        }
        landing.discard();
        assert_eq!(desk.landed(), ["P/", "P/a", "P/d/"], "an empty folder that was there stays");
    }
}

#[test]
fn what_is_identical_is_done_and_what_is_not_stands_beside_it() {
    let desk = Desk::new();
    for (name, text) in [("a", "same"), ("b", "mine")] {
        fs::write(desk.at(name), text).unwrap();
    }
    let landing = desk.land(vec![file("a", 4), file("b", 4), file("b (2)", 4)], Conflict::SkipIdentical);
    assert_eq!(landing.already_done(0, seal(b"same")).unwrap(), desk.at("a"));
    assert_eq!(landing.already_done(2, seal(b"gone")).unwrap_err().code, ReasonCode::Changed);
    assert_eq!(arrive(&landing, 1, b"new!"), desk.at("b (3)"));
    assert_eq!(arrive(&landing, 2, b"also"), desk.at("b (2)"));
    let (landing, recovered) = desk.reopen();
    assert_eq!(places(&landing, &recovered), ["a", "b (3)", "b (2)"].map(|name| desk.at(name)));
    landing.finish();
    assert_eq!(fs::read(desk.at("b")).unwrap(), b"mine");
}

#[cfg(unix)]
#[test]
fn links_that_are_there_are_treated_as_the_card_said() {
    use std::os::unix::fs::symlink;
    let target = |place: PathBuf| fs::read_link(place).unwrap().into_os_string().into_string().unwrap();
    for (conflict, replaced) in
        [(Conflict::Replace, Some("l")), (Conflict::Skip, None), (Conflict::SkipIdentical, Some("l (2)"))]
    {
        let desk = Desk::new();
        fs::create_dir(desk.at("P")).unwrap();
        symlink("old", desk.at("P/l")).unwrap();
        symlink("a", desk.at("P/same")).unwrap();
        fs::write(desk.at("P/file"), "mine").unwrap();
        let landing = desk.land(vec![link("P/l", "a"), link("P/same", "a"), link("P/file", "a")], conflict);
        let made = landing.make_links();
        assert_eq!(made[1], (1, Ok(desk.at("P/same"))));
        if let Some(name) = replaced {
            assert_eq!(made[0], (0, Ok(desk.at("P").join(name))));
            assert_eq!(target(desk.at("P").join(name)), "a");
            assert_eq!(made[2], (2, Ok(desk.at("P/file (2)"))));
        } else {
            let codes = [0, 2].map(|at| made[at].1.clone().unwrap_err().code);
            assert_eq!(codes, [ReasonCode::AlreadyThere, ReasonCode::AlreadyThere]);
            assert_eq!(target(desk.at("P/l")), "old");
        }
        assert_eq!(landing.make_links(), made, "a second time");
        assert_eq!(fs::read(desk.at("P/file")).unwrap(), b"mine");
    }
}

#[test]
fn discarding_leaves_what_was_verified_and_nothing_else() {
    let desk = Desk::new();
    let entries = vec![folder("P"), folder("P/empty"), file("P/a", 1), file("P/b/c", 9), file("t", 9)];
    let landing = desk.land(entries, Conflict::KeepBoth);
    landing.make_folders();
    arrive(&landing, 2, b"a");
    for index in [3, 4] {
        landing.suspend_part(part(&landing, index, b"half")).unwrap();
    }
    landing.suspend();
    sweep_leftovers(&desk.profile);
    assert_eq!(desk.landed().iter().filter(|name| name.contains(".part")).count(), 2, "it can go on");
    kept::discard_incoming(&desk.profile, ID);
    assert_eq!(desk.landed(), ["P/", "P/a"]);
    assert_eq!(desk.kept(), [""; 0]);
    assert!(kept::incoming(&desk.profile).is_empty());
    kept::discard_incoming(&desk.profile, ID);
}

#[test]
fn a_folder_that_is_away_is_said_to_be_and_nothing_is_forgotten() {
    let desk = Desk::new();
    let landing = desk.land(vec![file("a", 8)], Conflict::KeepBoth);
    landing.suspend_part(part(&landing, 0, b"half")).unwrap();
    let away = desk.temp.path().join("away");
    fs::rename(desk.inbox(), &away).unwrap();
    assert_eq!(Landing::reopen(&desk.profile, ID).unwrap_err().code, ReasonCode::FolderMissing);
    assert_eq!(
        kept::incoming(&desk.profile)[0].as_ref().unwrap().recovered.parts,
        [(0, 4)].into(),
        "without a look at it"
    );
    fs::rename(&away, desk.inbox()).unwrap();
    assert_eq!(desk.reopen().1.parts, [(0, 4)].into());
    fs::rename(desk.inbox(), &away).unwrap();
    kept::discard_incoming(&desk.profile, ID);
    assert_eq!(desk.kept(), [""; 0]);
}

#[test]
fn pause_and_the_end_with_failed_files_are_remembered() {
    let desk = Desk::new();
    let landing = desk.land(vec![file("a", 8), file("b", 1)], Conflict::KeepBoth);
    arrive(&landing, 1, b"b");
    landing.note_paused(true).unwrap();
    landing.suspend_part(part(&landing, 0, b"half")).unwrap();
    let (landing, recovered) = desk.reopen();
    assert!(recovered.paused && !recovered.over);
    landing.note_paused(false).unwrap();
    landing.close();
    kept::note_over(&desk.profile, ID).unwrap();
    assert_eq!(desk.landed(), ["b"]);
    let over = || kept::incoming(&desk.profile)[0].as_ref().map(|kept| kept.recovered.over).unwrap();
    assert!(over());
    sweep_leftovers(&desk.profile);
    let (landing, recovered) = desk.reopen();
    assert!(recovered.over && !recovered.paused);
    assert_eq!((recovered.done.len(), recovered.parts.len()), (1, 0));
    assert!(!over(), "it is taken up again");
    arrive(&landing, 0, b"whole...");
    landing.finish();
    assert_eq!((desk.landed(), desk.kept().len()), (vec!["a".to_owned(), "b".to_owned()], 0));
}

#[test]
fn what_ended_a_month_ago_is_forgotten_and_what_did_not_end_never_is() {
    let desk = Desk::new();
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(31 * 24);
    let age = || {
        for name in desk.kept() {
            let file = fs::OpenOptions::new().write(true).open(desk.profile.running_folder().join(name)).unwrap();
            file.set_modified(long_ago).unwrap();
        }
    };
    let foreign = desk.profile.running_folder().join(format!("{ID}.out"));
    fs::write(&foreign, "of a sender").unwrap();
    let landing = desk.land(vec![file("a", 8)], Conflict::KeepBoth);
    age();
    sweep_leftovers(&desk.profile);
    assert_eq!(desk.kept().len(), 3);
    landing.close();
    kept::note_over(&desk.profile, ID).unwrap();
    sweep_leftovers(&desk.profile);
    assert_eq!(desk.kept().len(), 3, "it ended just now");
    age();
    fs::write(desk.profile.running_folder().join(format!("{}.journal", "8".repeat(32))), "alone").unwrap();
    sweep_leftovers(&desk.profile);
    assert_eq!(desk.kept(), [foreign.file_name().unwrap().to_str().unwrap()]);
}

#[test]
fn a_damaged_agreement_is_named_and_can_be_discarded() {
    let desk = Desk::new();
    drop(desk.land(vec![file("a", 8)], Conflict::KeepBoth));
    let place = desk.profile.running_folder().join(format!("{ID}.in"));
    let mut bytes = fs::read(&place).unwrap();
    bytes[20] ^= 1;
    fs::write(&place, bytes).unwrap();
    let found = kept::incoming(&desk.profile);
    let [Err((ID, reason))] = &found[..] else { panic!("{found:?}") };
    assert_eq!(reason.code, ReasonCode::Io);
    assert!(reason.detail.as_ref().unwrap().contains("damaged"));
    assert!(Landing::reopen(&desk.profile, ID).is_err());
    sweep_leftovers(&desk.profile);
    assert_eq!(desk.kept().len(), 2);
    kept::discard_incoming(&desk.profile, ID);
    assert_eq!(desk.kept(), [""; 0]);
}

#[test]
fn a_damaged_journal_counts_up_to_the_damage_and_goes_on_behind_it() {
    let desk = Desk::new();
    let entries = || (0..20).map(|n| file(&format!("{n:02}"), 2)).collect::<Vec<_>>();
    let journal = desk.profile.running_folder().join(format!("{ID}.journal"));
    for cut in 0..7 {
        let landing = desk.land(entries(), Conflict::Replace);
        for index in 0..10 {
            arrive(&landing, index, b"ok");
        }
        let bytes = fs::read(&journal).unwrap();
        let ends: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at] == b'\n').collect();
        assert_eq!(ends.len(), 20);
        let at = ends[cut * 3] - cut * 7;
        let mut torn = bytes.clone();
        torn[at] ^= 0x20;
        fs::write(&journal, torn).unwrap();
        let (landing, recovered) = desk.reopen();
        // Lines stand in pairs; a commit without its `done` leads to the file.
        assert_eq!(recovered.done.len(), (cut * 3).div_ceil(2), "line {} torn", cut * 3);
        arrive(&landing, 19, b"ok");
        let (landing, again) = desk.reopen();
        assert_eq!(again.done.len(), recovered.done.len() + 1, "no line from before the damage came back");
        landing.discard();
        for name in desk.landed() {
            fs::remove_file(desk.at(&name)).unwrap();
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_with_a_name_that_is_no_text_is_found_again() {
    use std::os::unix::ffi::OsStringExt;
    let desk = Desk::new();
    let odd = desk.temp.path().join(std::ffi::OsString::from_vec(b"in\xff".to_vec()));
    fs::create_dir(&odd).unwrap();
    for keep in [Keep::Nothing, Keep::Agreement] {
        let terms = Terms { folder: odd.clone(), ..desk.terms(vec![file("a", 8)], Conflict::KeepBoth) };
        let landing = Landing::prepare(&desk.profile, terms, keep).unwrap();
        let half = part(&landing, 0, b"half");
        if keep == Keep::Nothing {
            std::mem::forget(half);
            sweep_leftovers(&desk.profile);
            assert_eq!((fs::read_dir(&odd).unwrap().count(), desk.kept().len()), (0, 0));
        } else {
            landing.suspend_part(half).unwrap();
            assert_eq!(desk.reopen().1.parts, [(0, 4)].into());
        }
    }
}

#[test]
fn of_a_classic_transfer_nothing_is_kept() {
    let desk = Desk::new();
    let terms = desk.terms(vec![file("a", 8)], Conflict::KeepBoth);
    let landing = Landing::prepare(&desk.profile, terms, Keep::Nothing).unwrap();
    let mut half = part(&landing, 0, b"half");
    landing.flush_at(half.flusher().unwrap(), 4).unwrap();
    landing.suspend_part(half).unwrap();
    assert_eq!(desk.landed(), [""; 0]);
    landing.finish();
    assert_eq!(desk.kept(), [""; 0]);
    assert!(kept::incoming(&desk.profile).is_empty());
}

/// Older versions began with a record of what is to be swept.
#[test]
fn of_what_was_agreed_just_before_a_crash_nothing_is_swept() {
    let desk = Desk::new();
    let terms = desk.terms(vec![file("a", 8)], Conflict::KeepBoth);
    let record = desk.profile.running_folder().join(format!("{ID}.json"));
    let older = Landing::begin(&desk.profile, terms.clone(), Keep::Nothing).unwrap();
    let before = fs::read(&record).unwrap();
    older.discard();
    let landing = Landing::begin(&desk.profile, terms, Keep::Agreement).unwrap();
    assert_eq!(desk.kept(), [""; 0]);
    landing.agree().unwrap();
    assert_eq!(desk.kept(), [format!("{ID}.in"), format!("{ID}.journal")]);
    landing.suspend_part(part(&landing, 0, b"half")).unwrap();
    fs::write(&record, before).unwrap();
    sweep_leftovers(&desk.profile);
    assert!(!record.exists());
    assert_eq!(desk.reopen().1.parts, [(0, 4)].into());
}

#[test]
fn no_file_gets_its_name_before_the_agreement_is_written() {
    let desk = Desk::new();
    let (says, told) = std::sync::mpsc::sync_channel(1000);
    let recorded = Disk::recorded(Arc::new(move |op| says.send(op).unwrap()));
    let terms = desk.terms(vec![file("a", 4)], Conflict::KeepBoth);
    let landing = Landing::begin_on(&recorded, &desk.profile, terms, Keep::Agreement).unwrap();
    let whole = part(&landing, 0, b"abcd");
    assert!(landing.commit(vec![(whole, seal(b"abcd"))]).remove(0).1.is_ok());
    let named: Vec<_> =
        told.try_iter().filter_map(|op| if let Op::Renamed { to, .. } = op { Some(to) } else { None }).collect();
    assert_eq!(named, [desk.profile.running_folder().join(format!("{ID}.in")), desk.at("a")]);
}

#[test]
fn nothing_is_made_when_the_agreement_cannot_be_written() {
    let desk = Desk::new();
    let terms = desk.terms(vec![folder("P"), file("P/a", 4)], Conflict::KeepBoth);
    let landing = Landing::begin(&desk.profile, terms, Keep::Agreement).unwrap();
    fs::remove_dir_all(desk.profile.running_folder()).unwrap();
    assert!(landing.create_part(1).is_err());
    assert!(landing.agree().is_err());
    assert!(landing.make_folders().iter().all(|(_, made)| made.is_err()));
    landing.discard();
    assert_eq!(desk.landed(), [""; 0]);
}
