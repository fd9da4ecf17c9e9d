//! Links, and folders that somebody swaps for links while files arrive: nothing is ever written outside the receive folder.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use sealdrop::{
    engine::messages::{Acceptance, Command},
    model::{
        manifest::{Entry, EntryKind, Selection},
        outcome::{Ending, Outcome},
        reason::ReasonCode,
        transfer::TransferKey,
    },
    wire::header::{Message, ReceiptState},
};

use crate::{
    scripted::{Scripted, file_entry, folder_entry},
    support::{Station, honest, tree},
};

fn link_entry(path: &[&str], target: &str) -> Entry {
    Entry { kind: EntryKind::Link { target: target.to_owned() }, ..file_entry(path, 0) }
}

/// A folder beside the receive folder, with something in it that must stay as it is.
struct Outside {
    folder: PathBuf,
    before: Vec<(String, Option<Vec<u8>>)>,
}

impl Outside {
    fn of(b: &Station) -> Self {
        let folder = b.home.path().join("outside");
        fs::create_dir_all(folder.join("sub")).unwrap();
        fs::write(folder.join("kept"), b"kept").unwrap();
        let before = tree(&folder);
        Self { folder, before }
    }

    fn assert_untouched(&self) {
        assert_eq!(tree(&self.folder), self.before);
    }
}

/// Puts a link to `outside` in the place of a folder; where the folder is now.
fn swap(folder: &Path, outside: &Outside) -> PathBuf {
    let moved = folder.with_file_name("moved away");
    fs::rename(folder, &moved).unwrap();
    symlink(&outside.folder, folder).unwrap();
    moved
}

/// An offer of `entries` that was accepted.
fn accepted(b: &mut Station, entries: Vec<Entry>) -> (Scripted, TransferKey) {
    let count = u32::try_from(entries.len()).unwrap();
    let mut peer = Scripted::dial(b.port);
    peer.offer(entries);
    let key = b.accept();
    peer.hear_accept(count);
    (peer, key)
}

/// Sends one file and waits for its receipt.
fn deliver(peer: &mut Scripted, index: u32, bytes: &[u8]) -> ReceiptState {
    peer.file_and_seal(index, bytes);
    receipt(peer, index)
}

fn receipt(peer: &mut Scripted, index: u32) -> ReceiptState {
    loop {
        match peer.hear() {
            Some(Message::Receipt(receipt)) if receipt.index == index => return receipt.state,
            Some(Message::Receipt(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Says `done` once the receipts of `links` have come, which are the last ones.
fn finish(b: &mut Station, mut peer: Scripted, key: TransferKey, links: &[u32]) -> Ending {
    for link in links {
        receipt(&mut peer, *link);
    }
    peer.say(&Message::Done);
    while let Some(message) = peer.hear() {
        if message == Message::Done {
            break;
        }
    }
    b.ending(key)
}

#[test]
fn paths_through_a_link_are_refused_in_any_order() {
    let mut b = Station::new("b");
    let outside = Outside::of(&b);
    let out = || link_entry(&["d", "out"], "../../outside");
    let inner = || link_entry(&["d", "out"], "there");
    let through = || file_entry(&["d", "out", "x"], 1);
    let lists = [
        vec![out(), through()],
        vec![through(), out()],
        vec![inner(), through(), folder_entry(&["d", "there"])],
        vec![inner(), folder_entry(&["d", "out"])],
        vec![folder_entry(&["d", "out"]), inner()],
        vec![inner(), file_entry(&["d", "out"], 1)],
        vec![inner(), out()],
        vec![link_entry(&["out"], "outside"), file_entry(&["out", "a", "b", "c"], 1)],
        vec![file_entry(&["d"], 1), file_entry(&["d", "x"], 1)],
        vec![file_entry(&["d", "x"], 1), file_entry(&["d"], 1)],
    ];
    for entries in lists {
        let mut peer = Scripted::dial(b.port);
        peer.offer(entries.clone());
        assert_eq!(peer.hear_abort().code, ReasonCode::BadPath, "{entries:?}");
    }
    assert!(!b.has_card());
    assert_eq!(tree(&b.received()), []);
    outside.assert_untouched();
    honest(&mut b);
}

#[test]
fn names_that_meet_only_here_never_lead_through_a_link() {
    let mut b = Station::new("b");
    let outside = Outside::of(&b);
    // Spellings that a file system, or the making safe of names, may take for one.
    let target = outside.folder.to_str().unwrap().to_owned();
    let mut peer = Scripted::dial(b.port);
    peer.offer(vec![
        link_entry(&["d", "out"], &target),
        file_entry(&["d", "OUT", "x"], 1),
        file_entry(&["d", "o\u{200b}ut", "x"], 1),
        link_entry(&["d", "ab:c"], "../.."),
        file_entry(&["d", "ab_c", "x"], 1),
    ]);
    let offer = b.offer();
    let key = offer.snapshot.key;
    offer.reply.accept(Acceptance::new(b.received(), Selection::All));
    peer.hear_accept(5);
    for index in [1, 2, 4] {
        assert_eq!(deliver(&mut peer, index, b"1"), ReceiptState::Verified);
    }
    let ending = finish(&mut b, peer, key, &[0, 3]);
    assert_eq!((ending.outcome, ending.files), (Outcome::Partial, 3));
    let links = tree(&b.received()).iter().filter(|(name, _)| b.received().join(name).is_symlink()).count();
    assert_eq!(links, 0);
    outside.assert_untouched();
    honest(&mut b);
}

#[test]
fn a_link_that_stands_in_the_receive_folder_is_not_followed() {
    let mut b = Station::new("b");
    let outside = Outside::of(&b);
    symlink(&outside.folder, b.received().join("d")).unwrap();
    symlink(outside.folder.join("new"), b.received().join("x")).unwrap();
    let (mut peer, key) = accepted(&mut b, vec![file_entry(&["d", "sub", "y"], 1), file_entry(&["x"], 1)]);
    assert_eq!(deliver(&mut peer, 0, b"1"), ReceiptState::Verified);
    assert_eq!(deliver(&mut peer, 1, b"2"), ReceiptState::Verified);
    assert_eq!(finish(&mut b, peer, key, &[]).outcome, Outcome::Verified);
    assert_eq!(fs::read(b.received().join("d (2)/sub/y")).unwrap(), b"1");
    assert_eq!(fs::read(b.received().join("x (2)")).unwrap(), b"2");
    assert!(b.received().join("d").is_symlink() && b.received().join("x").is_symlink());
    outside.assert_untouched();
    honest(&mut b);
}

#[test]
fn a_folder_that_becomes_a_link_between_files_leads_nowhere() {
    let mut b = Station::new("b");
    let outside = Outside::of(&b);
    let mut entries = vec![file_entry(&["d", "1"], 1), file_entry(&["d", "2"], 1), file_entry(&["d", "sub", "3"], 1)];
    // More folders than are kept open, so that the first ones have to be opened again.
    entries.extend((0..80).map(|n| file_entry(&["d", &format!("folder {n}"), "x"], 1)));
    entries.push(file_entry(&["d", "4"], 1));
    entries.push(file_entry(&["d", "sub", "5"], 1));
    entries.push(link_entry(&["d", "link"], "1"));
    let (mut peer, key) = accepted(&mut b, entries);
    assert_eq!(deliver(&mut peer, 0, b"1"), ReceiptState::Verified);
    let top = b.received().join("d");
    let moved = swap(&top, &outside);
    let states: Vec<ReceiptState> = (1..85).map(|index| deliver(&mut peer, index, b"1")).collect();
    let ending = finish(&mut b, peer, key, &[85]);
    outside.assert_untouched();
    // Each file either went on into the folder that was opened before, or failed with a reason.
    let arrived = states.iter().filter(|state| **state == ReceiptState::Verified).count();
    let failed = states.iter().filter(|state| matches!(state, ReceiptState::Failed(_))).count();
    assert_eq!(arrived + failed, states.len());
    let there = tree(&moved).iter().filter(|(_, bytes)| bytes.as_deref() == Some(b"1")).count();
    // One whose folder could not be flushed any more is there, and nobody says that it arrived.
    assert!((arrived + 1..=states.len() + 1).contains(&there), "{there} of {arrived}");
    assert_eq!(ending.outcome, if failed > 0 { Outcome::Partial } else { Outcome::Verified });
    assert!(failed == 0 || ending.reason.is_some(), "{ending:?}");
    fs::remove_file(top).unwrap();
    honest(&mut b);
}

#[test]
fn a_folder_that_becomes_a_link_while_a_file_waits_for_its_seal_leads_nowhere() {
    let mut b = Station::new("b");
    let outside = Outside::of(&b);
    let entries = vec![
        file_entry(&["d", "sub", "kept"], 3),
        file_entry(&["d", "sub", "other"], 3),
        link_entry(&["d", "sub", "link"], "kept"),
    ];
    let (mut peer, key) = accepted(&mut b, entries);
    peer.file(0, b"abc");
    assert_eq!(deliver(&mut peer, 1, b"def"), ReceiptState::Verified);
    swap(&b.received().join("d/sub"), &outside);
    peer.say(&Message::Seal { index: 0, md5: crate::scripted::md5_of(b"abc") });
    receipt(&mut peer, 0);
    finish(&mut b, peer, key, &[2]);
    outside.assert_untouched();
    honest(&mut b);
}

#[test]
fn clearing_up_after_a_cancel_removes_nothing_outside() {
    let mut b = Station::new("b");
    let outside = Outside::of(&b);
    let entries = vec![folder_entry(&["d", "sub"]), file_entry(&["d", "x"], 1), file_entry(&["d", "sub", "y"], 100)];
    let (mut peer, key) = accepted(&mut b, entries);
    assert_eq!(deliver(&mut peer, 1, b"1"), ReceiptState::Verified);
    peer.say(&Message::File { index: 2, offset: 0 });
    swap(&b.received().join("d"), &outside);
    b.say(Command::Cancel(key));
    assert_eq!(b.ending(key).outcome, Outcome::Cancelled);
    while peer.hear().is_some_and(|message| !matches!(message, Message::Abort(_))) {}
    outside.assert_untouched();
    honest(&mut b);
}

#[test]
fn a_receive_folder_that_becomes_a_link_leads_nowhere() {
    let mut b = Station::new("b");
    let outside = Outside::of(&b);
    let (mut peer, key) = accepted(&mut b, vec![file_entry(&["x"], 1), file_entry(&["d", "y"], 1)]);
    assert_eq!(deliver(&mut peer, 0, b"1"), ReceiptState::Verified);
    let moved = swap(&b.received(), &outside);
    assert_eq!(deliver(&mut peer, 1, b"2"), ReceiptState::Verified);
    assert_eq!(finish(&mut b, peer, key, &[]).outcome, Outcome::Verified);
    outside.assert_untouched();
    assert_eq!(fs::read(moved.join("d/y")).unwrap(), b"2");
    assert_eq!(fs::read_dir(&moved).unwrap().count(), 2, "no part file is left");
    fs::remove_file(b.received()).unwrap();
    fs::rename(moved, b.received()).unwrap();
    honest(&mut b);
}
