//! Any plan, as the sender takes it: each entry is planned once, no other is touched, and a lane that is told it ends.

#![no_main]

mod common;

use std::{path::PathBuf, sync::Arc};

use libfuzzer_sys::{
    arbitrary::{self, Arbitrary},
    fuzz_target,
};
use sealdrop::{
    model::{
        manifest::{Entry, EntryKind, Manifest},
        outcome::{FileEnd, FileState},
        seal::Md5Digest,
    },
    transfer::{
        lane::Report,
        plan::{self, Planned, Standing},
        send::{SendLane, SentBefore},
    },
    wire::{
        frame::PREFIX_BYTES,
        header::{self, Message, PlanItem, Receipt, ReceiptState, Want},
    },
};

use common::{Recorded, is_fair};

#[derive(Arbitrary, Debug)]
enum Input {
    /// Any bytes as the JSON of a `plan` header, for so many entries.
    Header(u8, Vec<u8>),
    /// Kinds of the entries (file, folder, link), and what the receiver says of them.
    Said(Vec<u8>, Vec<Said>),
}

#[derive(Arbitrary, Debug)]
enum Said {
    /// Anywhere.
    Far(u32, u32, u8),
    /// In or near the manifest.
    Near(u8, u8, u8),
    Receipt(u8, bool),
    Done,
}

fuzz_target!(|input: Input| match input {
    Input::Header(entries, json) => match header::parse(&json) {
        Ok(Message::Plan { items, .. }) => {
            applied(entries.into(), &items);
        }
        Ok(_) => {}
        Err(error) => is_fair(&error),
    },
    Input::Said(kinds, said) => lane(&kinds, &said),
});

fn item(said: &Said) -> Option<PlanItem> {
    let want = |word: &u8| [Want::Check, Want::Send, Want::Skip][usize::from(*word % 3)];
    match said {
        Said::Far(first, count, word) => Some(PlanItem { first: *first, count: *count, want: want(word) }),
        Said::Near(first, count, word) => {
            Some(PlanItem { first: (*first).into(), count: (*count).into(), want: want(word) })
        }
        Said::Receipt(..) | Said::Done => None,
    }
}

/// Applies items up to the first that is refused, beside a slow and simple reckoning of the same.
fn applied(entries: usize, items: &[PlanItem]) -> bool {
    let mut standing = vec![Standing::Unanswered; entries];
    let mut simple = standing.clone();
    for item in items {
        let named = u64::from(item.first)..u64::from(item.first) + u64::from(item.count);
        let fits = named.end <= entries as u64;
        let may = |before: Standing| match before {
            Standing::Unanswered => true,
            Standing::Checked => item.want != Want::Check,
            _ => false,
        };
        let touched = || named.clone().map(|index| usize::try_from(index).expect("it fits"));
        let twice = fits && touched().any(|index| !may(simple[index]));
        match plan::apply(&mut standing, *item) {
            Ok(Planned { range, replaced }) => {
                assert!(fits && !twice);
                assert_eq!(u64::from(range.start)..u64::from(range.end), named);
                assert_eq!(touched().filter(|index| simple[*index] == Standing::Checked).count(), replaced);
                let becomes = match item.want {
                    Want::Check => Standing::Checked,
                    Want::Send => Standing::Wanted,
                    Want::Skip => Standing::Ended,
                };
                touched().for_each(|index| simple[index] = becomes);
            }
            Err(error) => {
                assert!(!fits || twice, "{error:?}");
                assert_eq!(standing, simple, "refused and yet noted");
                return false;
            }
        }
        assert_eq!(standing, simple);
    }
    true
}

/// How often each file ended.
struct Ends {
    manifest: Arc<Manifest>,
    ended: Vec<Option<FileState>>,
}

impl Report for Ends {
    fn moved(&mut self, _: u32, _: u64) {}

    fn file_ended(&mut self, end: FileEnd) {
        let index = end.index as usize;
        let before = self.ended[index].replace(end.state);
        assert!(before.is_none(), "entry {index} ended twice");
        // Nothing is there to be read.
        let is_file = self.manifest.entries[index].is_file();
        assert!(!is_file || matches!(end.state, FileState::Failed | FileState::Skipped), "{:?}", end.state);
    }

    fn finishing(&mut self) {}
}

/// A lane whose sources are gone is told all this at once.
fn lane(kinds: &[u8], said: &[Said]) {
    let manifest = Arc::new(manifest(kinds));
    // A lane that is complete reads up to the first `done`, any other is over with it.
    let items: Vec<_> = said.iter().take_while(|said| !matches!(said, Said::Done)).filter_map(item).collect();
    let good = applied(manifest.entries.len(), &items);
    let stream: Vec<u8> = said.iter().flat_map(|said| header::encode(&message(said)).expect("short")).collect();
    // What cannot be said is refused when it is read.
    let sayable = items.iter().all(|item| {
        let frame = header::encode(&Message::Plan { items: vec![*item], done: Vec::new() }).expect("short");
        header::parse(&frame[PREFIX_BYTES..]).is_ok()
    });
    let places = vec![PathBuf::from("/nowhere/at all"); manifest.entries.len()];
    let mut report = Ends { manifest: Arc::clone(&manifest), ended: vec![None; manifest.entries.len()] };
    let (mut link, before) = (Recorded::new(&stream), SentBefore::default());
    let end = SendLane::new(&mut link, &mut report, Arc::clone(&manifest), &places, before).run();
    if end.is_ok() {
        assert!(good && sayable, "a plan that should have been refused");
        for (entry, ended) in manifest.entries.iter().zip(&report.ended) {
            assert!(ended.is_some() || !entry.is_file(), "a file never ended");
        }
    }
}

fn message(said: &Said) -> Message {
    if let Some(item) = item(said) {
        return Message::Plan { items: vec![item], done: Vec::new() };
    }
    match said {
        Said::Receipt(index, made) => {
            let state = if *made { ReceiptState::Verified } else { ReceiptState::Mismatch };
            let md5 = (!made).then_some(Md5Digest([0; 16]));
            Message::Receipt(Receipt { index: (*index).into(), state, md5 })
        }
        _ => Message::Done,
    }
}

fn manifest(kinds: &[u8]) -> Manifest {
    let kind = |kind: u8| match kind % 3 {
        0 => EntryKind::File { size: kind.into() },
        1 => EntryKind::Folder,
        _ => EntryKind::Link { target: "x".to_owned() },
    };
    let entry =
        |(at, of): (usize, &u8)| Entry { path: vec![at.to_string()], kind: kind(*of), mtime: None, exec: false };
    Manifest::from_entries(kinds.iter().enumerate().map(entry).collect()).expect("small")
}
