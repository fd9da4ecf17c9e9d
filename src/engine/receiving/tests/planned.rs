//! A plan of many headers.

use std::{fs, sync::Arc};

use crossbeam_channel::bounded;

use super::{
    chance::{Checking, Desk, Dice, Recorded},
    scene::{Scene, Teller},
};
use crate::{
    model::{
        conflict::Conflict,
        manifest::{Entry, EntryKind, Manifest},
        seal::Md5Digest,
    },
    storage::journal::Recovered,
    transfer::receive::{Helpers, ReceiveLane},
    wire::header::{Message, Receipt, ReceiptState, encode, read_header},
};

/// Entries, each tenth of which is a folder: more than the files that one header of a plan says to be done.
const ENTRIES: u32 = 2000;

#[test]
fn nothing_is_waited_for_before_the_plan_is_out_and_no_receipt_comes_before_the_plan_that_names_it() {
    let mut scene = Scene::of(&[]);
    let kind = |index: u32| if index.is_multiple_of(10) { EntryKind::Folder } else { EntryKind::File { size: 0 } };
    let entry = |index| Entry { path: [format!("{index}")].into(), kind: kind(index), mtime: None, exec: false };
    scene.manifest = Arc::new(Manifest::from_entries((0..ENTRIES).map(entry).collect()).unwrap());
    let folders: Vec<u32> = (0..ENTRIES).filter(|index| kind(*index) == EntryKind::Folder).collect();
    let files = (0..ENTRIES).filter(|index| kind(*index) != EntryKind::Folder);
    let mut recovered = Recovered::default();
    files.for_each(|index| recovered.done.insert(index, Some(Md5Digest([1; 16])), None));
    let (landing, _) = scene.landing();
    // All folders are made before the second header is written.
    let mut commit = Desk::new(|_| 0);
    commit.receipts =
        folders.iter().map(|index| Receipt { index: *index, state: ReceiptState::Verified, md5: None }).collect();
    let words = encode(&Message::Ping).unwrap().repeat(20).into();
    let mut link = Recorded::new(words, Dice(1), &scene.limits);
    let (tell, _said) = bounded(10_000);
    let helpers = Helpers { commit: &mut commit, check: &mut Checking::default(), aside: None };
    ReceiveLane::new(&mut link, &mut Teller(tell), helpers, landing.clone(), recovered).run().unwrap_err();
    landing.discard();

    let (mut planned, mut receipts, mut headers) = (0, Vec::new(), 0);
    let (mut heard, mut plan_end) = (&link.heard[..], 0);
    while let Some(message) = read_header(&mut heard).unwrap() {
        match message {
            Message::Plan { items, .. } => {
                planned = items.last().map(|item| item.first + item.count).unwrap();
                headers += 1;
                plan_end = link.heard.len() - heard.len();
            }
            Message::Receipt(Receipt { index, .. }) => {
                assert!(index < planned, "a receipt for entry {index}, and the plan ends before {planned}");
                receipts.push(index);
            }
            _ => {}
        }
    }
    assert_eq!((planned, receipts), (ENTRIES, folders));
    assert!(headers > 2, "{headers}");
    assert!(
        !link.waits.is_empty() && link.waits.iter().all(|heard| *heard >= plan_end),
        "{:?}, {plan_end}",
        link.waits
    );
}

#[test]
fn the_next_file_that_stands_there_is_looked_at_as_soon_as_one_was() {
    let mut scene = Scene::of(&[300; 40]);
    scene.conflict = Conflict::SkipIdentical;
    for place in &scene.places {
        fs::copy(place, scene.received().join(place.file_name().unwrap())).unwrap();
    }
    let (landing, recovered) = scene.landing();
    // The lane looks up about 50 times, each time because one was hashed.
    let words = encode(&Message::Ping).unwrap().repeat(35).into();
    let mut link = Recorded::new(words, Dice(1), &scene.limits);
    let (tell, _said) = bounded(10_000);
    let helpers = Helpers { commit: &mut Desk::new(|_| 300), check: &mut Checking::default(), aside: None };
    ReceiveLane::new(&mut link, &mut Teller(tell), helpers, landing.clone(), recovered).run().unwrap_err();
    landing.discard();
    let (mut heard, mut told) = (&link.heard[..], 0);
    while let Some(message) = read_header(&mut heard).unwrap() {
        told += u32::from(matches!(message, Message::At { .. }));
    }
    assert_eq!(told, 40);
}
