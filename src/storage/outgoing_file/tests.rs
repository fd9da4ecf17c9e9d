//! What is kept of a transfer that is sent comes back whole, or is kept aside; never half, and never for two processes.

use std::{
    collections::HashSet,
    io::Write,
    time::{Duration, Instant},
};

use crate::{
    model::{
        manifest::{Entry, EntryKind, Manifest},
        reason::ReasonCode,
    },
    storage::sources::SourcePlaces,
};

use super::*;

fn profile() -> (tempfile::TempDir, Profile) {
    let folder = tempfile::tempdir().unwrap();
    let profile = Profile::open(Some(folder.path().to_owned())).unwrap();
    (folder, profile)
}

fn md5(n: u32) -> Md5Digest {
    let mut bytes = [7; 16];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    Md5Digest(bytes)
}

/// A folder `photos` with `files` files.
fn kept(files: u32) -> KeptOutgoing {
    let entry = |path: &[&str], kind| Entry { path: path.iter().collect(), kind, mtime: Some(-5), exec: false };
    let mut entries = vec![entry(&["photos"], EntryKind::Folder)];
    let mut places = vec![PathBuf::from("/home/文/photos")];
    for n in 0..files {
        let name = format!("picture {n}.jpg");
        places.push(places[0].join("day").join(&name));
        entries.push(entry(&["photos", "day", &name], EntryKind::File { size: n.into() }));
    }
    let mut peer = Peer::at("10.0.0.1:5".to_owned(), false);
    peer.name = "Laptop".to_owned();
    peer.os = Some("linux".to_owned());
    peer.encrypted = true;
    peer.key = Some(DeviceKey([9; 32]));
    peer.dial = "[fe80::1%eth0]:7".parse().ok();
    KeptOutgoing {
        id: TransferId([3; 16]),
        to: "laptop.local".parse().unwrap(),
        key: peer.key,
        peer,
        verified: true,
        message: Some("two\nlines \u{1}".to_owned()),
        outgoing: Arc::new(Outgoing {
            places: SourcePlaces::listed(&entries, places),
            manifest: Arc::new(Manifest::from_entries(entries).unwrap()),
        }),
        digest: std::array::from_fn(|at| u8::try_from(at).unwrap()),
        missed: Missed { count: 3, reason: Some(Reason::here(ReasonCode::BadPath, "a line break in its name")) },
        accepted: false,
        started_at: 1_795_219_200,
    }
}

fn open(profile: &Profile) -> Option<(OutgoingFile, KeptOutgoing, SentSoFar)> {
    OutgoingFile::open(profile, TransferId([3; 16])).unwrap()
}

fn sent_path(profile: &Profile) -> PathBuf {
    path_of(profile, TransferId([3; 16])).with_extension("sent")
}

fn names(profile: &Profile) -> HashSet<String> {
    let found = std::fs::read_dir(profile.running_folder()).unwrap();
    found.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn after_a_restart_all_that_was_agreed_and_happened_is_there() {
    let (_folder, profile) = profile();
    let agreed = kept(20);
    let mut file = OutgoingFile::create(&profile, &agreed).unwrap();
    drop(file);
    file = open(&profile)
        .map(|(file, back, so_far)| {
            assert_eq!((back, so_far), (agreed.clone(), SentSoFar::default()));
            file
        })
        .unwrap();
    file.note_accepted().unwrap();
    file.note_epoch(1).unwrap();
    file.note_receipt(4, md5(4)).unwrap();
    file.note_epoch(2).unwrap();
    file.note_receipts(&[(2, md5(2)), (3, md5(3)), (4, md5(40)), (21, md5(0)), (u32::MAX, md5(0))]).unwrap();
    file.note_receipts(&[]).unwrap();
    file.note_paused(true).unwrap();
    file.note_receipts_complete(true).unwrap();
    drop(file);
    let (mut file, back, so_far) = open(&profile).unwrap();
    assert_eq!(back, KeptOutgoing { accepted: true, ..agreed });
    let receipts = vec![(2, md5(2)), (3, md5(3)), (4, md5(40))];
    assert_eq!(
        so_far,
        SentSoFar {
            all_verified: true,
            epoch: 2,
            receipts: receipts.iter().copied().collect(),
            paused: true,
            over: false
        }
    );
    file.note_paused(false).unwrap();
    file.note_over(1).unwrap();
    assert!(!look(&profile, agreed.id).unwrap().1.over, "it has gone on since");
    file.note_over(2).unwrap();
    drop(file);
    let (mut file, _, so_far) = open(&profile).unwrap();
    let receipts = receipts.into_iter().collect();
    assert_eq!(so_far, SentSoFar { all_verified: true, epoch: 2, receipts, paused: false, over: true });
    file.note_epoch(3).unwrap();
    file.note_receipts_complete(false).unwrap();
    drop(file);
    let (file, _, so_far) = open(&profile).unwrap();
    assert_eq!((so_far.epoch, so_far.over), (3, false), "what was over goes on");
    file.remove().unwrap();
    assert!(open(&profile).is_none() && names(&profile).is_empty());
}

#[test]
fn what_a_kill_has_left_half_written_goes_after_a_day() {
    let (_folder, profile) = profile();
    drop(OutgoingFile::create(&profile, &kept(1)).unwrap());
    let half = |name: &str, hours| {
        let file = std::fs::File::create(profile.running_folder().join(name)).unwrap();
        file.set_modified(std::time::SystemTime::now() - Duration::from_hours(hours)).unwrap();
    };
    half(".sealdrop-old.tmp", 25);
    half(".sealdrop-new.tmp", 23);
    half("mine", 25);
    let left = |names: HashSet<String>| names.iter().filter(|name| name.len() < 20).count();
    assert_eq!(left(names(&profile)), 3);
    assert_eq!(list(&profile), [TransferId([3; 16])]);
    let names = names(&profile);
    assert_eq!((left(names.clone()), names.contains(".sealdrop-old.tmp")), (2, false));
}

#[test]
fn a_message_alone_is_kept_too() {
    let (_folder, profile) = profile();
    let agreed = KeptOutgoing { outgoing: Arc::default(), ..kept(0) };
    drop(OutgoingFile::create(&profile, &agreed).unwrap());
    assert_eq!(open(&profile).unwrap().1, agreed);
}

#[cfg(unix)]
#[test]
fn places_that_are_not_unicode_survive() {
    use std::os::unix::{ffi::OsStrExt, fs::PermissionsExt};
    let (_folder, profile) = profile();
    let mut agreed = kept(3);
    let mut outgoing = (*agreed.outgoing).clone();
    let place = PathBuf::from(std::ffi::OsStr::from_bytes(b"/home/\xff\xfe/x"));
    outgoing.places.put_other(2, place);
    agreed.outgoing = Arc::new(outgoing);
    drop(OutgoingFile::create(&profile, &agreed).unwrap());
    assert_eq!(open(&profile).unwrap().1, agreed);
    for path in [path_of(&profile, agreed.id), sent_path(&profile)] {
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "for this user alone");
    }
}

#[test]
fn only_one_process_has_it_and_a_second_one_of_its_name_is_refused() {
    let (_folder, profile) = profile();
    let file = OutgoingFile::create(&profile, &kept(1)).unwrap();
    assert!(open(&profile).is_none(), "locked by whoever made it");
    let Err(StorageError::Io { source, .. }) = OutgoingFile::create(&profile, &kept(2)) else { panic!("two of one") };
    assert_eq!(source.kind(), io::ErrorKind::AlreadyExists);
    drop(file);
    let (file, back, _) = open(&profile).unwrap();
    assert_eq!(back, kept(1), "the first one stays");
    assert!(open(&profile).is_none(), "locked by whoever took it up");
    assert_eq!(list(&profile), [TransferId([3; 16])]);
    file.remove().unwrap();
    assert!(open(&profile).is_none() && list(&profile).is_empty());
}

#[test]
fn a_torn_last_line_is_ignored_wherever_it_is_torn() {
    let lines = b"epoch 2\nreceipt 1 00000001070707070707070707070707\npaused\n";
    for cut in 0..lines.len() {
        for tail in [&b""[..], &[0; 5], &[0; 128], &[0; 1000]] {
            let (_folder, profile) = profile();
            drop(OutgoingFile::create(&profile, &kept(3)).unwrap());
            std::fs::write(sent_path(&profile), [&lines[..cut], tail].concat()).unwrap();
            let (mut file, _, so_far) = open(&profile).unwrap();
            let whole = lines[..cut].split(|byte| *byte == b'\n').count() - 1;
            assert_eq!(
                (so_far.epoch, so_far.receipts.len()),
                (if whole > 0 { 2 } else { 0 }, whole.min(2).saturating_sub(1))
            );
            assert!(!so_far.paused);
            file.note_receipt(3, md5(3)).unwrap();
            drop(file);
            let (_file, _, after) = open(&profile).unwrap();
            assert_eq!(after.receipts.iter().last(), Some((3, md5(3))), "cut at {cut}, {} zeros", tail.len());
            assert_eq!((after.epoch, after.receipts.len()), (so_far.epoch, so_far.receipts.len() + 1));
            assert_eq!(names(&profile).len(), 2, "no damage");
        }
    }
}

#[test]
fn lines_that_are_none_are_kept_aside_and_the_others_go_on() {
    let (_folder, profile) = profile();
    drop(OutgoingFile::create(&profile, &kept(3)).unwrap());
    for middle in [&b"my diary\n"[..], b"receipt 1 xyz\n", &[b'x'; 500], b"\n", &[0; 256], b"paused \n", b"\xff\n"] {
        let bytes = [b"accepted\nepoch 2\n", middle, b"\nreceipt 2 00000002070707070707070707070707\nover\n"].concat();
        std::fs::write(sent_path(&profile), &bytes).unwrap();
        let (mut file, back, so_far) = open(&profile).unwrap();
        assert!(back.accepted && so_far.over && so_far.epoch == 2, "{middle:?}");
        assert_eq!(so_far.receipts, [(2, md5(2))].into_iter().collect());
        let aside = sent_path(&profile).with_file_name(format!("{}.damaged-1.sent", back.id));
        assert_eq!(std::fs::read(&aside).unwrap(), bytes);
        std::fs::remove_file(aside).unwrap();
        file.note_receipt(1, md5(1)).unwrap();
        drop(file);
        let (_file, _, after) = open(&profile).unwrap();
        assert_eq!(after, SentSoFar { receipts: [(1, md5(1)), (2, md5(2))].into_iter().collect(), ..so_far });
    }
}

#[test]
fn without_what_has_happened_it_begins_anew() {
    let (_folder, profile) = profile();
    drop(OutgoingFile::create(&profile, &kept(3)).unwrap());
    std::fs::remove_file(sent_path(&profile)).unwrap();
    let (mut file, _, so_far) = open(&profile).unwrap();
    assert_eq!(so_far, SentSoFar::default());
    file.note_receipt(1, md5(1)).unwrap();
}

#[test]
fn a_damaged_file_is_kept_aside_by_name() {
    let (_folder, profile) = profile();
    drop(OutgoingFile::create(&profile, &kept(3)).unwrap());
    let path = path_of(&profile, TransferId([3; 16]));
    let good = std::fs::read(&path).unwrap();
    let mut damages: Vec<Vec<u8>> = (0..good.len()).step_by(7).map(|cut| good[..cut].to_vec()).collect();
    damages.extend((0..good.len()).step_by(5).map(|at| {
        let mut bytes = good.clone();
        bytes[at] ^= 0x20;
        bytes
    }));
    damages.extend([b"my diary".to_vec(), vec![0; 5000], [&good[..], b"x"].concat()]);
    for bytes in damages {
        std::fs::write(&path, &bytes).unwrap();
        std::fs::write(sent_path(&profile), "epoch 1\n").unwrap();
        let Err(StorageError::Damaged { kept_at }) = OutgoingFile::open(&profile, TransferId([3; 16])) else {
            panic!("not noticed")
        };
        assert_eq!(std::fs::read(&kept_at).unwrap(), bytes);
        assert_eq!(std::fs::read(kept_at.with_extension("sent")).unwrap(), b"epoch 1\n");
        assert!(open(&profile).is_none() && list(&profile).is_empty());
        std::fs::remove_file(kept_at.with_extension("sent")).unwrap();
        std::fs::remove_file(kept_at).unwrap();
    }
}

/// A file whose checksum is right, whatever stands in it.
fn summed(bytes: &[u8]) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    [bytes, &Sha256::digest(bytes)].concat()
}

#[test]
fn a_right_checksum_over_anything_else_makes_it_no_better() {
    let (_folder, profile) = profile();
    drop(OutgoingFile::create(&profile, &kept(3)).unwrap());
    let path = path_of(&profile, TransferId([3; 16]));
    let good = std::fs::read(&path).unwrap();
    let body = &good[..good.len() - 32];
    let text = |from: &str, to: &str| {
        let at = body.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
        [&body[..at], to.as_bytes(), &body[at + from.len()..]].concat()
    };
    let mut bad = vec![
        text("\"entries\":4", "\"entries\":5"),
        text("\"entries\":4", "\"entries\":3"),
        text("\"entries\":4", "\"entries\":0"),
        text("\"entries\":4", "\"entries\":18446744073709551615"),
        text("0303", "0404"),
        text("0303", "03"),
        text("\"kind\":\"folder\"", "\"kind\":\"ghosts\""),
        text("\"size\":1,", "\"size\":18446744073709551615,"),
        [body, b"w"].concat(),
        b"{}\n".to_vec(),
        vec![b'{'; 3 << 20],
        Vec::new(),
    ];
    bad.extend((0..body.len()).step_by(3).map(|cut| body[..cut].to_vec()));
    for bytes in bad {
        std::fs::write(&path, summed(&bytes)).unwrap();
        let result = OutgoingFile::open(&profile, TransferId([3; 16]));
        assert!(matches!(result, Err(StorageError::Damaged { .. })), "{}", String::from_utf8_lossy(&bytes));
    }
    std::fs::write(&path, summed(&text("\"version\":1", "\"version\":2"))).unwrap();
    let Err(error) = OutgoingFile::open(&profile, TransferId([3; 16])) else { panic!("understood the future") };
    assert!(error.to_string().starts_with("written by a newer version"), "{error}");
    assert!(path.exists(), "the newer version finds it");
}

#[test]
fn what_is_not_a_file_is_an_error_and_stays() {
    let (_folder, profile) = profile();
    let path = path_of(&profile, TransferId([3; 16]));
    std::fs::create_dir(&path).unwrap();
    assert!(OutgoingFile::open(&profile, TransferId([3; 16])).is_err());
    assert!(OutgoingFile::create(&profile, &kept(1)).is_err());
    assert!(path.is_dir() && names(&profile).len() == 1);
}

#[test]
fn what_happened_to_a_transfer_that_is_gone_is_swept() {
    let (_folder, profile) = profile();
    std::fs::write(sent_path(&profile), "epoch 1\n").unwrap();
    let other = profile.running_folder().join("notes.sent");
    std::fs::write(&other, "mine").unwrap();
    assert!(list(&profile).is_empty());
    assert!(!sent_path(&profile).exists() && other.exists());
}

#[test]
fn a_line_that_a_full_disk_has_torn_does_not_spoil_the_next_one() {
    let (_folder, profile) = profile();
    let mut file = OutgoingFile::create(&profile, &kept(3)).unwrap();
    file.note_epoch(1).unwrap();
    // As if the write had failed in the middle, and taking it back as well.
    OpenOptions::new().append(true).open(sent_path(&profile)).unwrap().write_all(b"receipt 1 00").unwrap();
    file.note_receipt(2, md5(2)).unwrap();
    file.note_receipt(3, md5(3)).unwrap();
    drop(file);
    let (_file, _, so_far) = open(&profile).unwrap();
    assert_eq!((so_far.epoch, so_far.receipts), (1, [(3, md5(3))].into_iter().collect()));
}

#[test]
fn two_hundred_thousand_entries_are_written_and_read_back_quickly() {
    let (_folder, profile) = profile();
    let agreed = kept(200_000);
    let start = Instant::now();
    let mut file = OutgoingFile::create(&profile, &agreed).unwrap();
    let created = start.elapsed();
    let start = Instant::now();
    (1..=200_000).for_each(|index| file.note_receipt(index, md5(index)).unwrap());
    let noted = start.elapsed();
    let bytes = std::fs::metadata(path_of(&profile, agreed.id)).unwrap().len();
    drop(file);
    let start = Instant::now();
    let (_file, back, so_far) = open(&profile).unwrap();
    let opened = start.elapsed();
    println!("200,000 entries: {bytes} bytes, written in {created:?}, receipts in {noted:?}, read in {opened:?}");
    assert!(back == agreed && so_far.receipts.len() == 200_000);
    // Loose: this build is slow, and so may the machine be.
    assert!(created.max(noted).max(opened) < Duration::from_secs(30));
    assert!(bytes < 200_000 * 120, "places cost next to nothing");
}
