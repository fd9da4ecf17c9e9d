//! Any plan, as the sender takes it: each entry is planned once, no other is touched, and a lane that is told it ends.

use std::sync::Arc;

use sealdrop::{
    model::{
        manifest::{Entry, EntryKind, Manifest},
        outcome::{FileEnd, FileState},
        seal::Md5Digest,
    },
    storage::sources::SourcePlaces,
    transfer::{
        ahead::Ahead,
        lane::Report,
        plan::{self, Planned, Standing},
        send::{SendLane, Sending, SentBefore},
    },
    wire::{
        frame::PREFIX_BYTES,
        header::{self, Message, PlanItem, Receipt, ReceiptState, Want},
    },
};

use super::{helpers::Stream, input::Input, recorded::Recorded};

/// What a receiver says of entries.
enum Said {
    Done,
    Item(PlanItem),
    Receipt(u8, bool),
}

/// Kinds of the entries, what the receiver says of them, and the lane that is told so. Whether that ended in order.
pub(crate) fn plan(bytes: &[u8]) -> bool {
    let mut input = Input::new(bytes);
    let entries = input.byte() / 8;
    let manifest = Arc::new(manifest(input.bytes(entries.into())));
    let honest = input.flag();
    let mut said = if honest { all_of(&manifest, &mut input) } else { Vec::new() };
    while !input.is_empty() {
        said.push(one(&mut input));
    }
    lane(&manifest, &said)
}

/// Every entry once, and what follows if nothing of it can be read.
fn all_of(manifest: &Manifest, input: &mut Input<'_>) -> Vec<Said> {
    let mut said = Vec::new();
    for (first, entry) in (0..).zip(&manifest.entries) {
        let want = if input.flag() { Want::Skip } else { Want::Send };
        said.push(Said::Item(PlanItem { first, count: 1, want }));
        if want == Want::Send && !entry.is_file() {
            said.push(Said::Receipt(u8::try_from(first).expect("few"), true));
        }
    }
    said.push(Said::Done);
    said
}

fn one(input: &mut Input<'_>) -> Said {
    let want = input.pick(&[Want::Check, Want::Send, Want::Skip]);
    match input.below(8) {
        0 => Said::Done,
        1 | 2 => Said::Receipt(input.below(40), input.flag()),
        // Anywhere.
        3 => {
            let mut number = || u32::from_le_bytes([(); 4].map(|()| input.byte()));
            Said::Item(PlanItem { first: number(), count: number(), want })
        }
        _ => Said::Item(PlanItem { first: input.below(40).into(), count: input.below(10).into(), want }),
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
fn lane(manifest: &Arc<Manifest>, said: &[Said]) -> bool {
    // A lane that is complete reads up to the first `done`, any other is over with it.
    let items: Vec<_> = said.iter().take_while(|said| !matches!(said, Said::Done)).filter_map(item).copied().collect();
    let good = applied(manifest.entries.len(), &items);
    let stream: Vec<u8> = said.iter().flat_map(|said| header::encode(&message(said)).expect("short")).collect();
    // What cannot be said is refused when it is read.
    let sayable = items.iter().all(|item| {
        let frame = header::encode(&Message::Plan { items: vec![*item], done: Vec::new() }).expect("short");
        header::parse(&frame[PREFIX_BYTES..]).is_ok()
    });
    let nowhere = vec!["/nowhere/at all"; manifest.entries.len()];
    let places = SourcePlaces::listed(&manifest.entries, nowhere);
    let mut report = Ends { manifest: Arc::clone(manifest), ended: vec![None; manifest.entries.len()] };
    let mut link = Recorded::saying(&stream);
    let what = Sending {
        manifest: Arc::clone(manifest),
        places: &places,
        before: SentBefore::default(),
        ahead: Ahead::granted(None, None),
    };
    let end = SendLane::new(&mut link, &mut report, Some(&mut Stream::default()), what).run();
    if end.is_ok() {
        assert!(good && sayable, "a plan that should have been refused");
        for (entry, ended) in manifest.entries.iter().zip(&report.ended) {
            assert!(ended.is_some() || !entry.is_file(), "a file never ended");
        }
    }
    end.is_ok()
}

fn item(said: &Said) -> Option<&PlanItem> {
    if let Said::Item(item) = said { Some(item) } else { None }
}

fn message(said: &Said) -> Message {
    match said {
        Said::Done => Message::Done,
        Said::Item(item) => Message::Plan { items: vec![*item], done: Vec::new() },
        Said::Receipt(index, made) => {
            let state = if *made { ReceiptState::Verified } else { ReceiptState::Mismatch };
            let md5 = (!made).then_some(Md5Digest([0; 16]));
            Message::Receipt(Receipt { index: (*index).into(), state, md5 })
        }
    }
}

fn manifest(kinds: &[u8]) -> Manifest {
    let kind = |kind: u8| match kind % 3 {
        0 => EntryKind::File { size: kind.into() },
        1 => EntryKind::Folder,
        _ => EntryKind::Link { target: "x".to_owned() },
    };
    let entry =
        |(at, of): (usize, &u8)| Entry { path: [at.to_string()].into(), kind: kind(*of), mtime: None, exec: false };
    Manifest::from_entries(kinds.iter().enumerate().map(entry).collect()).expect("small")
}
