//! What has become of a transfer's files, as lines that are only ever added: a checksum, a number and JSON each. The checksum
//! covers the line before too, so a damaged line ends what is read, and nothing that stands behind it from earlier can pass
//! for the next one.
//!
//! The file has its room beforehand (16 KiB to 1 MiB of zeros, written and not only promised, again and again as it fills):
//! flushing a line changes no length, and a disk that fills up does not stop a commit. Of parts a line is written only when what it
//! says is on the disk for good, or (`commit`) goes there at the same time and is compared with the line when that is read; so it
//! does not matter whether a crash loses one of them.

use std::{
    collections::{BTreeMap, HashMap},
    io::{self, BufRead, BufReader, Read, Write},
};

use crossbeam_channel::{Receiver, Sender, bounded};
use serde::{Deserialize, Serialize};

use crate::model::{by_index::ByIndex, manifest::Entry, seal::Md5Digest, transfer::TransferId};

pub use super::done_list::DoneList;
use super::{
    agreement::Terms,
    disk::{DiskFile, Folder},
    volume::Volume,
};

/// Room is made in pieces with so much for each entry,
const ENTRY_BYTES: usize = 256;
/// at least of this size,
const LEAST_EXTENT: usize = 16 << 10;
/// and at most.
const MOST_EXTENT: usize = 1 << 20;
/// New room is made as soon as there is no more than this.
const LOW_ROOM: u64 = 8 << 10;
/// No line is nearly as long.
const MAX_LINE_BYTES: u64 = 8 << 10;
/// Of a checksum, in hex.
const SUM_DIGITS: usize = 8;

/// What stands on the receiver's disk after a break.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    pub done: DoneList,
    /// Files of these that somebody may have written to since: to be hashed before they count. In the order of their entries.
    pub touched: Vec<u32>,
    /// Files that were there, and are gone or have another size now.
    pub gone: Vec<u32>,
    /// Bytes of unfinished files that are on the disk for good, by index.
    pub parts: HashMap<u32, u64>,
    /// A person here has paused it.
    pub paused: bool,
    /// It ended with files that failed, or its sender may not have heard of its end: that one may take it up. The history has it.
    pub over: bool,
    /// Both sides knew how everything had ended, and that so much had failed; the rest of the end was still to come.
    pub ended: Option<u64>,
}

impl Recovered {
    /// Bytes of selected files that still have to come.
    pub fn bytes_left(&self, terms: &Terms) -> u64 {
        let entries = (0..).zip(&terms.manifest.entries).filter(|(index, _)| terms.selection.holds(*index));
        let wanted: u64 = entries.map(|(_, entry)| entry.size()).sum();
        let size = |index: u32| terms.manifest.entries.get(index as usize).map_or(0, Entry::size);
        let done: u64 = self.done.iter().map(|(index, _)| size(index)).sum();
        let kept: u64 = self.parts.iter().map(|(index, bytes)| size(*index).min(*bytes)).sum();
        wanted.saturating_sub(done).saturating_sub(kept)
    }
}

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    /// The part of this file is on the disk up to here.
    Flushed {
        index: u32,
        to: u64,
    },
    /// The part of this file has come whole, was found right, and is about to get this name. It is there only if its bytes have
    /// that seal: the line may be on the disk before they are.
    Commit {
        index: u32,
        name: String,
        size: u64,
        md5: String,
    },
    /// An entry stands under its name; `name` if that is not the one it was to have.
    Done {
        index: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        md5: Option<String>,
        /// When it was written to, if that is not the time on the list: nanoseconds since 1970.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        time: Option<i64>,
    },
    /// What was said of this file is over: it starts again.
    Again {
        index: u32,
    },
    Paused(bool),
    /// It ended with files that failed, or without its sender, and stands in the history; or it goes on, which is said when a retry
    /// begins, and first of all when the top-level folders are made.
    Over(bool),
    /// The other side has every receipt, and may forget the transfer from now on; so much failed.
    Ended {
        failed: u64,
    },
}

/// All facts together.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Story {
    pub(super) done: DoneList,
    /// When files of these were written to, where that is not the time on the list.
    pub(super) times: ByIndex<i64>,
    /// Of files that were about to get their names.
    pub(super) commits: BTreeMap<u32, OpenCommit>,
    pub(super) flushed: HashMap<u32, u64>,
    pub(super) paused: bool,
    pub(super) over: bool,
    pub(super) ended: Option<u64>,
    /// There are lines that are no person's pause.
    pub(super) has_begun: bool,
}

/// A commit without its `done`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OpenCommit {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) md5: Md5Digest,
}

impl Story {
    /// False when the line makes no sense. Of what is done it keeps what concerns one of so many `entries`.
    fn add(&mut self, line: Line, entries: usize) -> bool {
        self.has_begun |= !matches!(line, Line::Paused(_));
        match line {
            Line::Flushed { index, to } => drop(self.flushed.insert(index, to)),
            Line::Commit { index, name, size, md5 } => {
                let Ok(md5) = md5.parse() else { return false };
                self.commits.insert(index, OpenCommit { name, size, md5 });
            }
            Line::Done { index, name, md5, time } => {
                let Ok(md5) = md5.map(|md5| md5.parse()).transpose() else { return false };
                self.forget(index);
                if (index as usize) < entries {
                    self.done.insert(index, md5, name);
                    match time {
                        Some(time) => drop(self.times.insert(index, time)),
                        None => drop(self.times.remove(index)),
                    }
                }
            }
            Line::Again { index } => {
                self.forget(index);
                self.done.remove(index);
                self.times.remove(index);
            }
            Line::Paused(paused) => self.paused = paused,
            Line::Over(over) => (self.over, self.ended) = (over, None),
            Line::Ended { failed } => self.ended = Some(failed),
        }
        true
    }

    fn forget(&mut self, index: u32) {
        self.commits.remove(&index);
        self.flushed.remove(&index);
    }
}

/// The name of the journal of `id`.
pub(super) fn file_name(id: TransferId) -> String {
    format!("{id}.journal")
}

/// The end of a journal.
#[derive(Debug)]
pub(super) struct Journal {
    file: DiskFile,
    end: Tail,
    /// Bytes that the file has.
    room: u64,
    /// How much is added to that.
    extent: usize,
    /// It could not be written or flushed, so that nobody knows what stands there; only reading it again tells.
    is_broken: bool,
}

/// Where the next line goes, and what it follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tail {
    at: u64,
    sum: u32,
    number: u64,
}

impl Journal {
    /// Makes a new one for `entries` entries. It is there for good once the folder is flushed.
    pub(super) fn create(running: &Folder, id: TransferId, entries: usize) -> io::Result<Self> {
        let name = file_name(id);
        if running.look(&name).is_ok() {
            running.remove(&name)?;
        }
        let file = running.create(&name, true)?;
        let mut journal = Self { file, end: Tail::default(), room: 0, extent: extent_for(entries), is_broken: false };
        journal.make_room(0)?;
        // It is put on the disk with its first line. Until then nothing is lost with it.
        Ok(journal)
    }

    /// Opens one that is there to go on with it. What stands behind the last good line is gone then.
    pub(super) fn open(running: &Folder, id: TransferId, entries: usize) -> io::Result<(Self, Story)> {
        Self::open_reading(running, id, entries, entries)
    }

    /// As `open`, for whoever does not ask what it says.
    pub(super) fn open_to_add(running: &Folder, id: TransferId, entries: usize) -> io::Result<Self> {
        Ok(Self::open_reading(running, id, entries, 0)?.0)
    }

    /// `told`: of so many of its entries it is kept what it says.
    fn open_reading(running: &Folder, id: TransferId, entries: usize, told: usize) -> io::Result<(Self, Story)> {
        let (story, end) = read_from(running, id, told)?;
        let (file, _bytes) = running.open_again(&file_name(id))?;
        let mut journal = Self { file, end, room: end.at, extent: extent_for(entries), is_broken: false };
        journal.file.set_length(end.at)?;
        journal.file.flush()?;
        journal.make_room(0)?;
        journal.file.flush()?;
        Ok((journal, story))
    }

    /// Adds lines. They are safe from the end of this process, and from the end of power after `flush`.
    pub(super) fn add(&mut self, lines: &[Line]) -> io::Result<()> {
        self.check()?;
        let mut bytes = Vec::new();
        let mut end = self.end;
        for line in lines {
            end.number += 1;
            // The checksum stands before what it covers.
            let start = bytes.len();
            write!(bytes, "{:08x} {} ", 0, end.number)?;
            serde_json::to_writer(&mut bytes, line)?;
            let (sum, text) = bytes[start..].split_at_mut(SUM_DIGITS);
            end.sum = sum_of(end.sum, &text[1..]);
            write!(&mut sum[..], "{:08x}", end.sum)?;
            bytes.push(b'\n');
        }
        end.at += bytes.len() as u64;
        // A full disk fails here, with nothing changed; a flush finds room that was made before.
        let made = if end.at + LOW_ROOM > self.room { self.make_room(bytes.len()) } else { Ok(()) };
        if end.at > self.room {
            made?;
        }
        let written = self.file.write_at(self.end.at, &bytes);
        self.is_broken |= written.is_err();
        self.end = end;
        written
    }

    /// Puts everything that was added on the disk for good. If it lies on `volume`, all of that has been flushed since.
    pub(super) fn flush(&mut self, volume: Option<&Volume>) -> io::Result<()> {
        self.check()?;
        let flushed = self.file.flush_unless(volume);
        self.is_broken |= flushed.is_err();
        flushed
    }

    fn check(&self) -> io::Result<()> {
        if self.is_broken { Err(io::Error::other("the journal could not be written before")) } else { Ok(()) }
    }

    /// Makes room for `bytes` and an extent.
    fn make_room(&mut self, bytes: usize) -> io::Result<()> {
        let zeros = vec![0; self.extent + bytes];
        self.file.write_at(self.room, &zeros)?;
        self.room += zeros.len() as u64;
        Ok(())
    }
}

fn extent_for(entries: usize) -> usize {
    entries.saturating_mul(ENTRY_BYTES).clamp(LEAST_EXTENT, MOST_EXTENT)
}

/// What the journal of `id` says about so many `entries`; nothing changes.
pub(super) fn read(running: &Folder, id: TransferId, entries: usize) -> io::Result<Story> {
    Ok(read_from(running, id, entries)?.0)
}

fn read_from(running: &Folder, id: TransferId, entries: usize) -> io::Result<(Story, Tail)> {
    let (file, _bytes) = running.read(&file_name(id))?;
    let mut from = BufReader::with_capacity(1 << 16, file);
    let (mut story, mut end) = (Story::default(), Tail::default());
    let mut line = Vec::new();
    loop {
        line.clear();
        from.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line)?;
        let Some((next, fact)) = good_line(&line, end) else { return Ok((story, end)) };
        if !story.add(fact, entries) {
            return Ok((story, end));
        }
        end = next;
    }
}

fn good_line(line: &[u8], before: Tail) -> Option<(Tail, Line)> {
    let text = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (sum, text) = text.split_once(' ')?;
    let sum = u32::from_str_radix(sum, 16).ok().filter(|sum| *sum == sum_of(before.sum, text.as_bytes()))?;
    let (number, json) = text.split_once(' ')?;
    let number = number.parse().ok().filter(|number| *number > before.number)?;
    let fact = serde_json::from_str(json).ok()?;
    Some((Tail { at: before.at + line.len() as u64, sum, number }, fact))
}

/// The checksum of a line that stands behind one with the checksum `before`.
fn sum_of(before: u32, text: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(&before.to_le_bytes());
    sum.update(text);
    sum.finalize()
}

/// Where a journal lies that several threads write: whoever has it in hand is its owner.
#[derive(Debug)]
pub(super) struct Desk {
    give: Sender<Journal>,
    take: Receiver<Journal>,
}

/// Puts the journal back, also after a panic.
struct InHand<'a> {
    journal: Option<Journal>,
    give: &'a Sender<Journal>,
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        if let Some(journal) = self.journal.take() {
            // There is room for one, and there is but one.
            self.give.try_send(journal).ok();
        }
    }
}

impl Desk {
    pub(super) fn new(journal: Journal) -> Self {
        let (give, take) = bounded(1);
        drop(InHand { journal: Some(journal), give: &give });
        Self { give, take }
    }

    /// Adds lines, once nobody else has the journal in hand; flushed if they must not be lost.
    pub(super) fn write(&self, lines: &[Line], flushed: bool) -> io::Result<()> {
        self.with(|journal| {
            journal.add(lines)?;
            if flushed { journal.flush(None) } else { Ok(()) }
        })
    }

    /// Puts everything that was added on the disk for good; see `Journal::flush`.
    pub(super) fn flush(&self, volume: Option<&Volume>) -> io::Result<()> {
        self.with(|journal| journal.flush(volume))
    }

    fn with(&self, work: impl FnOnce(&mut Journal) -> io::Result<()>) -> io::Result<()> {
        let gone = |_: crossbeam_channel::RecvError| io::Error::other("the journal is gone");
        let mut hand = InHand { journal: Some(self.take.recv().map_err(gone)?), give: &self.give };
        hand.journal.as_mut().map_or(Ok(()), work)
    }
}
