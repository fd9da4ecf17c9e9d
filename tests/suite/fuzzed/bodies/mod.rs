//! What fuzzing tries and tests run too: bytes become what a peer says after an accept, and what must hold is looked at. Each body
//! takes any bytes and ends; it panics where a promise is broken. The targets are in `fuzz/fuzz_targets`.

pub(crate) mod helpers;
pub(crate) mod input;
pub(crate) mod plan;
pub(crate) mod receiving;
pub(crate) mod recorded;
pub(crate) mod sending;
pub(crate) mod spoken;

use std::sync::Arc;

use sealdrop::{
    model::{
        manifest::{Entry, EntryKind, Manifest},
        seal::Md5Digest,
    },
    transfer::greet::{self, UNVERIFIED},
    wire::header::{self, Message},
};

use self::{helpers::md5_of, input::Input, recorded::Recorded};

/// Files of the transfer that everybody speaks of, by their index.
pub(crate) const FILES: [(&str, usize); 5] =
    [("empty", 0), ("one", 1), ("more", 300), ("large", 70_000), ("unwanted", 5)];
pub(crate) const MORE: u32 = 2;
pub(crate) const UNWANTED: u32 = 4;

/// The entry behind the files: a folder.
pub(crate) const FOLDER: u32 = 5;

pub(crate) fn manifest() -> Arc<Manifest> {
    let entry = |name: &str, kind| Entry { path: ["d", name].into(), kind, mtime: None, exec: false };
    let file = |(name, size): &(&str, usize)| entry(name, EntryKind::File { size: *size as u64 });
    let entries = FILES.iter().map(file).chain([entry("folder", EntryKind::Folder)]);
    Arc::new(Manifest::from_entries(entries.collect()).expect("sizes fit"))
}

/// What an honest sender has. The large one begins with a block of zeros, which is not written.
pub(crate) fn content(index: u32) -> Vec<u8> {
    let size = FILES.get(index as usize).map_or(0, |(_, size)| *size);
    let zeros = if size > 65_536 { 65_536 } else { 0 };
    let byte = |at: usize| if at < zeros { 0 } else { u8::try_from((at * 7 + index as usize) % 251).unwrap_or(0) };
    (0..size).map(byte).collect()
}

pub(crate) fn content_md5(index: u32) -> Md5Digest {
    md5_of(&content(index))
}

/// Everything after an accept, on one side or the other; how it ended, in words.
///
/// # Errors
/// It did not end in order.
pub(crate) fn session(bytes: &[u8]) -> Result<(), String> {
    let mut input = Input::new(bytes);
    match input.below(8) {
        0 => agreeing(input.rest()),
        1..=4 => receiving::receive(input),
        _ => sending::send(input),
    }
}

/// The entries of an offer, before anybody accepts.
fn agreeing(bytes: &[u8]) -> Result<(), String> {
    let mut link = Recorded::saying(bytes);
    if let Ok(Some(Message::Offer(offer))) = header::read_header(&mut link) {
        let read = greet::receive_entries(&mut link, &offer, UNVERIFIED, &mut |_| true);
        return read.map(drop).map_err(|error| format!("{error:?}"));
    }
    Err("no offer".to_owned())
}
