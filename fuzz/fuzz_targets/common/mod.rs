//! What several targets need: a peer whose words are known in advance, and the entries that one might name.

// Each target uses what it needs.
#![allow(dead_code)]

use std::{
    io::{self, Read, Write},
    time::Instant,
};

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use sealdrop::{
    model::manifest::{Entry, EntryKind},
    transfer::{
        limits::Limits,
        link::{Link, Wake, Wrote},
    },
    wire::error::WireError,
};

/// A peer whose words are known in advance and who hears nothing.
pub struct Recorded<'a> {
    words: &'a [u8],
    /// Every other time somebody looks, nothing has come yet: a lane that asks has its turn.
    heard: bool,
}

impl<'a> Recorded<'a> {
    pub fn new(words: &'a [u8]) -> Self {
        Self { words, heard: false }
    }
}

impl Read for Recorded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.words.read(buffer)
    }
}

impl Write for Recorded<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Link for Recorded<'_> {
    fn pending(&mut self) -> bool {
        self.heard = !self.heard;
        self.heard
    }

    fn wait(&mut self) -> io::Result<Wake> {
        Ok(Wake::Input)
    }

    fn write_some(&mut self, bytes: &[u8]) -> io::Result<Wrote> {
        Ok(Wrote::Bytes(bytes.len()))
    }

    fn admit(&mut self, wanted: usize) -> io::Result<usize> {
        Ok(wanted)
    }

    fn limits(&self) -> Limits {
        Limits::default()
    }

    fn queued(&self) -> usize {
        0
    }

    fn set_in_body(&mut self, _: bool) {}

    fn set_deadline(&mut self, _: Option<Instant>) {}
}

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
