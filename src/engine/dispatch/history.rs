//! What becomes history: each transfer that got past its listing, when it ends.

use crate::{
    engine::{
        historian::Papers,
        messages::{Event, HistoryAsked, What},
        note::Session,
    },
    model::{
        history::{HistoryEntry, HistoryFile, HistoryPeer, MOST_FILES, MOST_NAME_BYTES},
        manifest::Entry,
        outcome::{Ending, FileEnd, FileState},
        transfer::{Direction, Stage},
    },
};

use super::{
    Dispatch,
    record::{KnownEnd, Record},
    trust::now,
};

/// What is sent again has at most so many paths.
const MOST_ROOTS: usize = 1000;

/// Ends of files, as far as the history keeps them: bounded, whatever the manifest holds.
#[derive(Default)]
pub(super) struct Kept {
    list: Vec<HistoryFile>,
    name_bytes: usize,
    more: u64,
}

impl Kept {
    /// One entry has ended.
    pub(super) fn note(&mut self, entry: Option<&Entry>, end: &FileEnd) {
        let Some(entry) = entry.filter(|entry| entry.is_file() && end.state != FileState::Skipped) else { return };
        let place_bytes = end.place.as_ref().map_or(0, |place| place.as_os_str().len());
        let bytes = entry.path.names().shown_bytes() + place_bytes;
        if self.list.len() >= MOST_FILES || self.name_bytes + bytes > MOST_NAME_BYTES {
            self.more += 1;
            return;
        }
        self.name_bytes += bytes;
        self.list.push(HistoryFile {
            path: entry.shown_path(),
            place: end.place.clone(),
            size: entry.size(),
            md5: end.md5,
            state: end.state,
        });
    }

    /// This entry has failed, or arrived, and ends otherwise after all: its other end is noted.
    pub(super) fn forget(&mut self, entry: Option<&Entry>) {
        let Some(path) = entry.filter(|entry| entry.is_file()).map(Entry::shown_path) else { return };
        match self.list.iter().position(|file| file.path == path) {
            // The room that its name took stays taken.
            Some(at) => drop(self.list.remove(at)),
            None => self.more = self.more.saturating_sub(1),
        }
    }

    #[cfg(test)]
    pub(super) fn states(&self) -> Vec<FileState> {
        self.list.iter().map(|file| file.state).collect()
    }
}

impl Dispatch {
    /// Keeps an ended transfer. Of an offer that nobody took, only that it came. Whether the historian sees to its papers.
    pub(super) fn keep(&mut self, record: &mut Record, papers: Papers) -> bool {
        let Stage::Ended(ending) = &record.snapshot.stage else { return false };
        let incoming = record.snapshot.key.direction == Direction::Incoming;
        if incoming && record.acceptance.is_none() {
            if record.announced {
                let mut entry = missed(record, ending);
                // What the other side says of its end may hold anything.
                entry.reason.iter_mut().for_each(|reason| reason.detail = None);
                self.setup.errands.historian.add_missed(entry);
            }
            return false;
        }
        if !incoming && record.outgoing.is_none() {
            return false;
        }
        let mut kept = std::mem::take(&mut record.kept);
        if record.session == Session::Fetch && kept.list.is_empty() {
            // One file was asked for: that it did not come has its name.
            let not_got = FileEnd { index: 0, state: FileState::Failed, md5: None, place: None, reason: None };
            kept.note(record.snapshot.manifest.entries.first(), &not_got);
        }
        let entry = HistoryEntry {
            message: record.snapshot.message.clone(),
            folder: record.snapshot.folder.clone(),
            roots: roots(record),
            list: kept.list,
            more: kept.more,
            ..missed(record, ending)
        };
        if record.session == Session::Download {
            // Strangers could push out what people here have done.
            self.setup.errands.historian.add_missed(entry);
            return false;
        }
        let again = matches!(record.end, KnownEnd::Before | KnownEnd::Untold);
        let added = self.setup.errands.historian.add(entry, papers, again);
        let is_added = added.is_ok();
        if let Err(reason) = added {
            self.outbox.once(Event::HistoryFailed(reason));
        }
        is_added
    }

    pub(super) fn clear_history(&mut self) {
        if let Err(reason) = self.setup.errands.historian.clear() {
            self.outbox.once(Event::HistoryFailed(reason));
        }
    }

    pub(super) fn load_history(&mut self, asked: HistoryAsked) {
        if let Err(reason) = self.setup.errands.historian.load(asked) {
            self.outbox.once(Event::HistoryFailed(reason));
        }
    }
}

/// Who, when, how many and how it ended, without a list.
fn missed(record: &Record, ending: &Ending) -> HistoryEntry {
    let snapshot = &record.snapshot;
    let peer = snapshot.peer.clone();
    let request = record.request.as_ref();
    let expected = request.and_then(|request| request.expect);
    HistoryEntry {
        key: snapshot.key,
        ended_at: now(),
        peer: HistoryPeer {
            name: peer.name,
            address: peer.address,
            dial: peer.dial.or_else(|| request.map(|request| request.to.clone())),
            key: peer.key.or(expected),
            verified: peer.verified || (peer.key.is_none() && expected.is_some()),
            classic: peer.classic,
        },
        outcome: ending.outcome,
        reason: ending.reason.clone(),
        files: ending.files,
        selected: snapshot.files,
        bytes: ending.bytes,
        kept: snapshot.kept,
        took: ending.took,
        message: None,
        folder: None,
        roots: Vec::new(),
        list: Vec::new(),
        more: 0,
    }
}

/// What was asked to be sent. A part of it would not be the same again.
fn roots(record: &Record) -> Vec<std::path::PathBuf> {
    let Some(request) = &record.request else { return Vec::new() };
    let roots: Vec<_> = match &request.what {
        What::Paths(paths) => paths.iter().map(|path| std::path::absolute(path).unwrap_or_default()).collect(),
        What::Staged(trees) => trees.iter().map(|tree| tree.root.clone()).collect(),
    };
    let bytes: usize = roots.iter().map(|root| root.as_os_str().len()).sum();
    let whole = roots.len() <= MOST_ROOTS && bytes <= MOST_NAME_BYTES && roots.iter().all(|root| root.is_absolute());
    if whole { roots } else { Vec::new() }
}
