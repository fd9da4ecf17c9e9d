//! Whatever a peer says after an accept, as sender or as receiver: the lane ends, and what it would publish is whole.

#![no_main]

mod common;

use std::{collections::VecDeque, sync::Arc};

use libfuzzer_sys::fuzz_target;
use sealdrop::{
    model::{
        conflict::Conflict,
        device::Peer,
        manifest::{Entry, EntryKind, Manifest, Selection},
        outcome::FileEnd,
        seal::Md5Digest,
        transfer::TransferId,
    },
    storage::{
        journal::Recovered,
        landing::{Keep, Landing, Terms},
        part_file::PartFile,
        profile::Profile,
    },
    transfer::{
        check::{Check, CheckJob, CheckNews},
        greet::{self, UNVERIFIED},
        lane::Report,
        receive::{Commit, Flush, ReceiveLane, Trouble, VerifiedPart},
        send::{SendLane, SentBefore},
    },
    wire::header::{self, Message, Receipt, ReceiptState},
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

    fn keep(&mut self, index: u32, md5: Md5Digest) {
        self.receipts.push_back(Receipt { index, state: ReceiptState::Verified, md5: Some(md5) });
    }

    fn can_flush(&mut self) -> bool {
        true
    }

    fn flush(&mut self, _: Flush) {}
    fn suspend(&mut self, _: PartFile) {}
    fn idle(&mut self) {}
    fn all_files_ended(&mut self) {}

    fn try_receipt(&mut self) -> Option<Receipt> {
        self.receipts.pop_front()
    }

    fn try_trouble(&mut self) -> Option<Trouble> {
        None
    }
}

/// Nothing is there to be hashed.
impl Check for Nobody {
    fn check(&mut self, _: CheckJob) {}

    fn try_news(&mut self) -> Option<CheckNews> {
        None
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
    let terms = Terms {
        id: TransferId([7; 16]),
        peer: Peer::at("a".to_owned(), true),
        digest: [1; 32],
        manifest: Arc::clone(&manifest),
        message: None,
        folder: folder.clone(),
        selection,
        conflict: Conflict::KeepBoth,
        accepted_at: 1,
    };
    let landing = Landing::prepare(&profile, terms, Keep::Nothing).expect("an empty folder");
    let mut link = Recorded::new(bytes);
    let mut commit = Checking { manifest: Arc::clone(&manifest), receipts: VecDeque::new() };
    let mut report = Nobody;
    let (mut check, recovered) = (Nobody, Recovered::default());
    let lane = ReceiveLane::new(&mut link, &mut report, &mut commit, &mut check, landing.clone(), recovered);
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
    drop(
        SendLane::new(&mut link, &mut report, manifest, &places, SentBefore { again: true, ..SentBefore::default() })
            .run(),
    );
}

fuzz_target!(|input: (u8, Vec<u8>)| {
    let (kind, bytes) = input;
    match kind % 3 {
        0 => receive(&bytes),
        1 => send(&bytes),
        _ => {
            let mut link = Recorded::new(&bytes);
            if let Ok(Some(Message::Offer(offer))) = header::read_header(&mut link) {
                drop(greet::receive_entries(&mut link, &offer, UNVERIFIED, &mut |_| true));
            }
        }
    }
});
