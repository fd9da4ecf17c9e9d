//! Both lanes of a transfer, over connections that break: what has come is never sent again, and what differs is found.

mod ahead;
mod aside;
#[cfg(unix)]
mod by_turns;
mod chance;
mod conflicts;
mod hostile;
mod left;
mod pausing;
mod planned;
mod scene;

use std::{
    fs::{self, OpenOptions},
    time::{Duration, SystemTime},
};

use crate::model::{
    by_index::ByIndex,
    manifest::EntryKind,
    outcome::FileState,
    reason::{Reason, ReasonCode},
};
use scene::{Ran, Said, Scene, Wire, error, seeded};

const MIB: usize = 1 << 20;

/// The most that words beside bodies may take in these tests.
const WORDS: u64 = 4 << 10;

/// The name of the part of an entry.
fn part(index: u32) -> String {
    format!(".sealdrop-05050505050505050505050505050505-{index}.part")
}

/// Why a file failed, as one side told it.
fn reason(said: &[Said], index: u32) -> Option<Reason> {
    said.iter().find_map(|said| match said {
        Said::Ended(end) if end.index == index => end.reason.clone(),
        _ => None,
    })
}

fn touch(place: &std::path::Path) {
    let file = OpenOptions::new().append(true).open(place).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_mins(1)).unwrap();
}

#[test]
fn what_has_come_of_a_file_is_not_sent_again() {
    let mut scene = Scene::of(&[1000, 5 * MIB, 2000]);
    let first = scene.run(Some(3 << 20));
    assert!(error(&first.sent).is_break() && error(&first.received).is_break(), "{:?}", first.received);
    assert_eq!(scene.names(), [part(1), "file 0".to_owned()]);
    let second = scene.run(None);
    assert!(second.is_whole(), "{:?} {:?}", second.sent, second.received);
    scene.assert_arrived();
    scene.assert_clean();
    let mut kept = Ran::kept(&second.sender);
    kept.sort_unstable();
    let (index, part) = kept[1];
    assert_eq!((kept[0], index), ((0, 1000), 1));
    assert!(part > (3 << 20) - WORDS, "{part} bytes were kept");
    let rest = (5 << 20) - part + 2000;
    assert!(second.bytes <= rest + WORDS, "{} bytes went, {rest} were missing", second.bytes);
    assert_eq!(scene::moved(&second.sender), rest);
    assert_eq!(scene::moved(&second.receiver), rest);
    assert_eq!(Ran::kept(&second.receiver), kept);
    assert!(!second.sender.contains(&Said::Again(1)));
    assert!(second.sender.iter().any(|said| matches!(said, Said::Checking(..))), "nobody told of the check");
    assert!(second.receiver.iter().any(|said| matches!(said, Said::Checking(..))), "nobody told of the check");
    assert!(Ran::states(&second.sender).values().all(|state| *state == FileState::Verified));
}

#[test]
fn a_connection_that_breaks_everywhere_loses_next_to_nothing() {
    let mut scene = Scene::of(&[0, 700_000, 1, 300_000, 65_536, 0, 250_000]);
    scene.and(&["folder"], EntryKind::Folder);
    scene.and(&["folder", "link"], EntryKind::Link { target: "elsewhere".to_owned() });
    let (mut bytes, mut breaks) = (0, 0);
    for cut in (1..).map(|round| 3_000 * (round % 23 + 1) + 77 * round) {
        let ran = scene.run(Some(cut));
        bytes += ran.bytes;
        if ran.is_whole() {
            break;
        }
        breaks += 1;
        assert!(ran.sent.is_err(), "{:?} {:?} {:?}", ran.received, ran.committed, ran.sender);
        assert!(error(&ran.sent).is_break(), "{:?}", ran.sent);
        assert!(ran.received.is_ok() || error(&ran.received).is_break(), "{:?}", ran.received);
        if ran.received.is_ok() {
            // Only the sender's last words were cut off.
            break;
        }
    }
    scene.assert_arrived();
    scene.assert_clean();
    assert!(scene.received().join("folder/link").is_symlink());
    assert!(breaks > 15, "{breaks} breaks");
    let all = scene.manifest.bytes + breaks * WORDS;
    assert!(bytes <= all, "{bytes} bytes for {} and {breaks} breaks", scene.manifest.bytes);
}

#[test]
fn a_part_that_is_not_the_beginning_starts_again_by_name() {
    let mut scene = Scene::of(&[3 * MIB]);
    scene.run(Some(2 << 20));
    // Somebody wrote into it.
    let path = scene.received().join(part(0));
    let mut bytes = fs::read(&path).unwrap();
    bytes[100_000] ^= 1;
    fs::write(&path, bytes).unwrap();
    let second = scene.run(None);
    assert!(second.is_whole());
    scene.assert_arrived();
    assert!(second.sender.contains(&Said::Again(0)) && second.receiver.contains(&Said::Again(0)));
    assert_eq!(scene::moved(&second.sender), 3 << 20);
    assert_eq!((Ran::kept(&second.sender), Ran::kept(&second.receiver)), (vec![], vec![]));
}

#[test]
fn a_source_that_was_written_to_starts_again_also_where_its_beginning_is_the_same() {
    let mut scene = Scene::of(&[3 * MIB]);
    scene.run(Some(2 << 20));
    let mut bytes = fs::read(&scene.places[0]).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&scene.places[0], bytes).unwrap();
    touch(&scene.places[0]);
    let second = scene.run(None);
    assert!(second.is_whole());
    assert!(second.sender.contains(&Said::Again(0)) && second.receiver.contains(&Said::Again(0)));
    scene.assert_arrived();
    scene.assert_clean();
}

#[test]
fn a_source_of_another_size_fails_alone_and_can_be_tried_again() {
    let mut scene = Scene::of(&[3 * MIB, 1000]);
    scene.run(Some(2 << 20));
    let whole = fs::read(&scene.places[0]).unwrap();
    fs::write(&scene.places[0], b"short").unwrap();
    let second = scene.run(None);
    assert!(second.sent.is_ok());
    assert_eq!(second.received.as_ref().unwrap().failed, 1);
    assert_eq!(reason(&second.sender, 0).unwrap().code, ReasonCode::Changed);
    assert_eq!(reason(&second.receiver, 0).unwrap().code, ReasonCode::Changed);
    assert_eq!(scene.names(), ["file 1"]);
    // What was agreed stays, and only what failed moves.
    fs::write(&scene.places[0], whole).unwrap();
    let third = scene.run(None);
    assert!(third.is_whole(), "{:?}", third.received);
    assert_eq!(scene::moved(&third.sender), 3 << 20);
    scene.assert_arrived();
    scene.assert_clean();
}

#[test]
fn what_is_done_is_judged_by_the_senders_own_bytes_when_no_receipt_is_known() {
    let mut scene = Scene::of(&[300_000, 2 * MIB, 500_000]);
    // Seals go out at once.
    scene.limits.by_turns = u64::MAX;
    let first = scene.run(Some(2_600_000));
    assert_eq!(first.committed.len(), 2, "{:?}", first.committed);
    // As after a restart of a sender that had written nothing down.
    scene.before.receipts = ByIndex::default();
    fs::write(&scene.places[0], seeded(99, 300_000)).unwrap();
    let second = scene.run(None);
    assert!(second.sent.is_ok() && second.received.is_ok());
    let states = Ran::states(&second.sender);
    assert_eq!((states[&0], states[&1], states[&2]), (FileState::Failed, FileState::Verified, FileState::Verified));
    assert_eq!(reason(&second.sender, 0).unwrap().code, ReasonCode::Changed);
    assert!(second.bytes <= 500_000 + WORDS, "{}", second.bytes);
    assert!(Ran::states(&second.receiver).values().all(|state| *state == FileState::Verified));
    scene.assert_clean();
}

#[test]
fn other_files_move_while_a_large_part_is_checked() {
    let mut scene = Scene::of(&[40 * MIB, 10_000, 20_000]);
    scene.run(Some(39 << 20));
    let second = scene.run(None);
    assert!(second.is_whole());
    let place = |of: u32| second.receiver.iter().position(|said| matches!(said, Said::Moved(index, _) if *index == of));
    assert!(place(1) < place(0) && place(2) < place(0), "{:?} {:?}", place(1), place(0));
    scene.assert_arrived();
}

#[test]
fn whatever_is_verified_when_a_connection_breaks_is_published() {
    let sizes: Vec<usize> = (0..100).map(|n| 1000 + n).collect();
    let mut scene = Scene::of(&sizes);
    let first = scene.run(Some(80_000));
    assert!(error(&first.received).is_break());
    let published = scene.names().iter().filter(|name| name.starts_with("file")).count();
    assert_eq!(published, first.committed.len());
    assert!(published > 60, "{published}");
    let second = scene.run(None);
    assert!(second.is_whole());
    assert!(second.bytes < 106_000 - 60_000 + 200 * 100, "{}", second.bytes);
    scene.assert_arrived();
    scene.assert_clean();
}

#[test]
fn a_cancel_keeps_nothing_of_what_is_not_whole() {
    let mut scene = Scene::of(&[1000, 30 * MIB]);
    let first = scene.run_with(None, |sender, _| {
        sender.wait("a large file", |said| matches!(said, Said::Moved(1, _)));
        sender.cancel.set();
    });
    assert!(!error(&first.sent).is_break() && !error(&first.received).is_break());
    assert_eq!(error(&first.received).reason().code, ReasonCode::Cancelled);
    assert_eq!(scene.names(), ["file 0"]);
    scene.assert_clean();
}

#[test]
fn a_program_that_is_closed_in_the_middle_of_a_file_leaves_its_bytes_as_they_are() {
    for closes in [0, 1] {
        let mut scene = Scene::of(&[30 * MIB]);
        let first = scene.run_with(None, |sender, receiver| {
            receiver.wait("some of it", |said| matches!(said, Said::Moved(..)));
            [sender, receiver][closes].cancel.suspend();
        });
        assert!(error(&first.sent).is_break(), "{:?}", first.sent);
        assert!(error(&first.received).is_break(), "{:?}", first.received);
        let second = scene.run(None);
        assert!(second.is_whole());
        let kept = Ran::kept(&second.sender);
        assert!(kept.len() == 1 && kept[0].1 > 0, "{kept:?}");
        assert!(!second.sender.contains(&Said::Again(0)));
        scene.assert_arrived();
        scene.assert_clean();
    }
}

#[test]
fn a_folder_that_is_gone_holds_the_transfer_and_the_sender_hears_why() {
    let mut scene = Scene::of(&[1000, 30 * MIB, 1000]);
    let received = scene.received();
    let aside = received.with_extension("aside");
    let first = scene.run_with(None, |_, receiver| {
        receiver.wait("the large file", |said| matches!(said, Said::Moved(1, _)));
        fs::rename(&received, &aside).unwrap();
    });
    // It may have been quick enough to end before.
    if let Err(end) = &first.received {
        assert!(end.error.is_hold(), "{:?}", end.error);
        assert!(error(&first.sent).is_break(), "{:?}", first.sent);
        assert!(matches!(first.sender.iter().rfind(|said| matches!(said, Said::Held(_))), Some(Said::Held(Some(_)))));
    }
    fs::rename(&aside, &received).unwrap();
    if first.received.is_err() {
        let second = scene.run(None);
        assert!(second.is_whole(), "{:?}", second.received);
    }
    scene.assert_arrived();
}

#[test]
fn a_part_that_cannot_be_made_fails_that_file_alone() {
    let mut scene = Scene::of(&[1000, 2000, 3000]);
    fs::create_dir(scene.received().join(part(1))).unwrap();
    let first = scene.run(None);
    assert!(first.sent.is_ok());
    assert_eq!(first.received.as_ref().unwrap().failed, 1);
    let states = Ran::states(&first.sender);
    assert_eq!((states[&0], states[&1], states[&2]), (FileState::Verified, FileState::Failed, FileState::Verified));
    fs::remove_dir(scene.received().join(part(1))).unwrap();
    let second = scene.run(None);
    assert!(second.is_whole());
    assert_eq!(scene::moved(&second.sender), 2000);
    scene.assert_arrived();
    scene.assert_clean();
}

#[test]
fn large_parts_are_put_on_the_disk_while_they_come() {
    let mut scene = Scene::of(&[20 * MIB]);
    // It takes its time, in which the disk can keep up.
    scene.limits.by_turns = u64::MAX;
    let (landing, recovered) = scene.landing();
    let wire = Wire::new(Some(15 << 20));
    let (sender, _side) = scene.sender(wire.sender);
    let (receiver, receive_side, _notes) = scene.receiver(wire.receiver, landing, recovered);
    assert!(sender.join().unwrap().is_err() && receiver.join().unwrap().is_err());
    drop(receive_side);
    scene.before.again = true;
    let (_, recovered) = scene.landing();
    assert!(recovered.parts[&0] > 14 << 20, "{:?}", recovered.parts);
    let journal = fs::read_dir(scene.profile().running_folder()).unwrap().flatten();
    let journal = journal.map(|entry| entry.path()).find(|path| path.extension().is_some_and(|it| it == "journal"));
    let text = String::from_utf8_lossy(&fs::read(journal.unwrap()).unwrap()).into_owned();
    // One while it came at least, however slow the disk, and one in the end.
    assert!(text.matches("flushed").count() >= 2, "{}", text.trim());
}

#[test]
fn a_transfer_that_cannot_be_written_down_ends_for_good_and_leaves_nothing() {
    let scene = Scene::of(&[MIB, 2000]);
    let (landing, recovered) = scene.landing();
    fs::remove_dir_all(scene.profile().running_folder()).unwrap();
    let wire = Wire::new(None);
    let (sender, _send_side) = scene.sender(wire.sender);
    let (receiver, _receive_side, _notes) = scene.receiver(wire.receiver, landing, recovered);
    let (ended, told) = (receiver.join().unwrap(), sender.join().unwrap());
    let why = error(&ended);
    assert!(!why.is_break() && !why.is_hold(), "{why:?}");
    assert!(!error(&told).is_break());
    assert_eq!(scene.names(), [""; 0]);
}
