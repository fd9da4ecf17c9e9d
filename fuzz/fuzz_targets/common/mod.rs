//! What several targets need: the entries that a peer might name, and what may be said against them.

// Each target uses what it needs.
#![allow(dead_code)]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use sealdrop::{
    model::manifest::{Entry, EntryKind},
    wire::error::WireError,
};

/// What reading a peer's header may fail with: never with what belongs to streams or to writing, and never at length.
pub fn is_fair(error: &WireError) {
    assert!(!matches!(error, WireError::Io(_) | WireError::Torn { .. } | WireError::TooLong { .. }), "{error}");
    assert!(error.to_string().chars().count() < 400, "{error}");
}

/// Names that mean something to a system, to the program or to each other, and such that meet after being made safe.
const NAMES: [&str; 32] = [
    "",
    ".",
    "..",
    "...",
    "/",
    "a/b",
    "a",
    "A",
    "b",
    "a\\b",
    "a:b",
    "a_b",
    "a_b (2)",
    "C:",
    "c:\\x",
    "\\\\host",
    "\0",
    "\n",
    "CON",
    "con.txt",
    "COM\u{b9} .x",
    "NUL_",
    "a.",
    "a ",
    ".sealdrop-1",
    ".Sealdrop-",
    ".seal\u{200b}drop-",
    "\u{202e}",
    "\u{e9}",
    "e\u{301}",
    "ſ",
    "*?<>|\"",
];

/// An entry as anybody might say it.
#[derive(Arbitrary, Debug)]
pub struct SaidEntry {
    path: Vec<Name>,
    kind: SaidKind,
    mtime: Option<i64>,
    exec: bool,
}

#[derive(Arbitrary, Debug)]
enum Name {
    Any(String),
    Known(u8),
    /// Up to 255 times the same letter behind a known name, for what happens where names are cut.
    Long(u8, u8),
}

#[derive(Arbitrary, Debug)]
enum SaidKind {
    File(u64),
    Folder,
    Link(String),
    Small(u8),
}

impl From<SaidEntry> for Entry {
    fn from(said: SaidEntry) -> Self {
        let kind = match said.kind {
            SaidKind::File(size) => EntryKind::File { size },
            SaidKind::Folder => EntryKind::Folder,
            SaidKind::Link(target) => EntryKind::Link { target },
            SaidKind::Small(size) => EntryKind::File { size: size.into() },
        };
        Self { path: said.path.into_iter().map(name).collect(), kind, mtime: said.mtime, exec: said.exec }
    }
}

fn name(said: Name) -> String {
    let known = |which: u8| NAMES[usize::from(which) % NAMES.len()];
    match said {
        Name::Any(name) => name,
        Name::Known(which) => known(which).to_owned(),
        Name::Long(which, more) => "x".repeat(more.into()) + known(which),
    }
}
