//! A sender that has left: nothing can be told to it any more, and all that it said before is read.

use std::{
    collections::VecDeque,
    io::{self, Read, Write},
    time::Instant,
};

use crossbeam_channel::bounded;

use super::{
    chance::{Checking, Desk},
    scene::{Scene, Teller, error, seeded},
};
use crate::{
    digest::Hasher,
    model::reason::{Reason, ReasonCode},
    transfer::{
        limits::Limits,
        link::{Link, LinkEnd, Wake, Wrote},
        receive::{Helpers, ReceiveLane},
    },
    wire::{
        chunk,
        header::{Abort, Message, encode},
    },
};

/// A connection that takes no bytes any more, and has some that came before.
struct Left {
    words: VecDeque<u8>,
    /// Bytes that will never leave.
    gathered: usize,
    limits: Limits,
}

fn gone<T>() -> io::Result<T> {
    Err(LinkEnd::PeerGone("it has left".to_owned()).into())
}

impl Read for Left {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.words.read(buffer)
    }
}

impl Write for Left {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.gathered += bytes.len();
        // Where no more can be gathered, some have to leave first.
        if self.gathered > 64 << 10 { gone() } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        // The plan has left, which was written before anything came.
        self.gathered = 0;
        Ok(())
    }
}

impl Link for Left {
    fn pending(&mut self) -> bool {
        true
    }

    fn wait(&mut self) -> io::Result<Wake> {
        gone()
    }

    fn write_some(&mut self, _: &[u8]) -> io::Result<Wrote> {
        gone()
    }

    fn tick(&mut self) -> io::Result<()> {
        if self.gathered > 0 { gone() } else { Ok(()) }
    }

    fn admit(&mut self, wanted: usize) -> io::Result<usize> {
        Ok(wanted)
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn queued(&self) -> usize {
        self.gathered
    }

    fn set_in_body(&mut self, _: bool) {}

    fn set_deadline(&mut self, _: Option<Instant>) {}
}

/// How many files are committed of those that came before these words and the end, and why the lane ended.
fn taken(files: u32, last: &[Message]) -> (u32, Reason, bool) {
    let mut scene = Scene::of(&vec![300; files as usize]);
    // Each is hashed as soon as its seal is there, so that receipts are written between files.
    scene.limits.by_turns = u64::MAX;
    let bytes = seeded(1, 300);
    let mut hasher = Hasher::new();
    hasher.update(&bytes);
    let md5 = hasher.finish();
    let mut words = Vec::new();
    for index in 0..files {
        words.extend(encode(&Message::File { index, offset: 0 }).unwrap());
        words.extend(chunk::chunk_start(300));
        words.extend(&bytes);
        words.extend(chunk::END);
        words.extend(encode(&Message::Seal { index, md5 }).unwrap());
    }
    words.extend(last.iter().flat_map(|word| encode(word).unwrap()));
    let (landing, recovered) = scene.landing();
    let mut link = Left { words: words.into(), gathered: 0, limits: scene.limits };
    let (tell, _said) = bounded(10_000);
    let mut commit = Desk::new(|_| 300);
    let helpers = Helpers { commit: &mut commit, check: &mut Checking::default(), aside: None };
    let ended = ReceiveLane::new(&mut link, &mut Teller(tell), helpers, landing.clone(), recovered).run();
    landing.discard();
    (commit.committed, error(&ended).reason(), error(&ended).is_break())
}

#[test]
fn all_files_that_came_whole_are_kept_though_no_receipt_can_be_written() {
    // The receipts of the second number are more than are gathered.
    for files in [40, 400] {
        let (committed, reason, is_break) = taken(files, &[]);
        assert_eq!((committed, reason.code, is_break), (files, ReasonCode::ConnectionLost, true));
    }
}

#[test]
fn why_the_sender_left_is_read_behind_its_files() {
    let reason = Reason::there(ReasonCode::Cancelled, Some("enough".to_owned()));
    let abort = Message::Abort(Abort { reason: reason.clone(), ours: None, theirs: None });
    assert_eq!(taken(40, &[abort]), (40, reason, false));
}
