//! Whatever a peer says after an accept, as sender or as receiver: the lane ends, and what it would publish is whole.

#![no_main]

mod common;

use std::{collections::VecDeque, sync::Arc};

use libfuzzer_sys::fuzz_target;
use sealdrop::{
    model::{
        manifest::{Entry, EntryKind, Manifest, Selection},
        outcome::FileEnd,
        transfer::TransferId,
    },
    storage::{landing::Landing, profile::Profile},
    transfer::{
        greet::{self, UNVERIFIED},
        lane::Report,
        receive::{Commit, ReceiveLane, VerifiedPart},
        send::SendLane,
    },
    wire::header::{Receipt, ReceiptState},
};

use common::Recorded;

struct Nobody;

impl Report for Nobody {
    fn moved(&mut self, _: u32, _: u64) {}
    fn file_ended(&mut self, _: FileEnd) {}
    fn finishing(&mut self) {}
}

/// Checks what it is given and publishes nothing.
struct Checking {
    manifest: Arc<Manifest>,
    receipts: VecDeque<Receipt>,
}

impl Commit for Checking {
    fn commit(&mut self, part: VerifiedPart) {
        let size = self.manifest.entries[part.index as usize].size();
        assert_eq!(part.part.written(), size, "a verified part is whole");
        self.receipts.push_back(Receipt { index: part.index, state: ReceiptState::Verified, md5: Some(part.md5) });
    }

    fn idle(&mut self) {}
    fn all_files_ended(&mut self) {}

    fn try_receipt(&mut self) -> Option<Receipt> {
        self.receipts.pop_front()
    }
}

fn manifest() -> Arc<Manifest> {
    let entry = |name: &str, kind| Entry { path: vec!["d".into(), name.into()], kind, mtime: None, exec: false };
    let entries = vec![
        entry("empty", EntryKind::File { size: 0 }),
        entry("one", EntryKind::File { size: 1 }),
        entry("more", EntryKind::File { size: 300 }),
        entry("skipped", EntryKind::File { size: 5 }),
    ];
    Arc::new(Manifest::from_entries(entries).expect("sizes fit"))
}

fn receive(bytes: &[u8]) {
    let home = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("scratch space");
    let profile = Profile::open(Some(home.path().join("profile"))).expect("a profile");
    let folder = home.path().join("in");
    std::fs::create_dir(&folder).expect("a folder");
    let manifest = manifest();
    let selection = Selection::Some(vec![true, true, true, false]);
    let landing = Landing::prepare(&profile, &folder, TransferId([7; 16]), Arc::clone(&manifest), selection.clone())
        .expect("an empty folder");
    let mut link = Recorded::new(bytes);
    let mut commit = Checking { manifest: Arc::clone(&manifest), receipts: VecDeque::new() };
    let mut report = Nobody;
    let lane = ReceiveLane::new(&mut link, &mut report, &mut commit, landing.clone(), manifest, &selection);
    drop(lane.run());
    landing.finish();
    for entry in std::fs::read_dir(folder.join("d")).into_iter().flatten() {
        panic!("{entry:?} was left behind");
    }
}

fn send(bytes: &[u8]) {
    let home = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("scratch space");
    let manifest = manifest();
    let places: Vec<_> = manifest
        .entries
        .iter()
        .map(|entry| {
            let place = home.path().join(&entry.path[1]);
            std::fs::write(&place, vec![1; usize::try_from(entry.size()).expect("small")]).expect("a source");
            place
        })
        .collect();
    let mut link = Recorded::new(bytes);
    let mut report = Nobody;
    drop(SendLane::new(&mut link, &mut report, manifest, &places).run());
}

fuzz_target!(|input: (u8, Vec<u8>)| {
    let (kind, bytes) = input;
    match kind % 3 {
        0 => receive(&bytes),
        1 => send(&bytes),
        _ => drop(greet::receive_offer(&mut Recorded::new(&bytes), UNVERIFIED)),
    }
});
