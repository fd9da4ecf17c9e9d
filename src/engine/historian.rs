//! The thread that keeps the history: entries are added, looked up and cleared one after the other, as they were asked for.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::{
    model::{
        history::{HistoryEntry, MOST_ENTRIES, Search},
        reason::{Reason, ReasonCode},
        transfer::Direction,
    },
    storage::{error::StorageError, history_file, kept, profile::Profile},
};

use super::{
    archive::Archive,
    messages::{HistoryAsked, HistoryFound},
    note::Note,
    threads,
};

/// What may wait for the disk.
const WAITING: usize = 256;

/// Sends work to the thread; it ends with the last clone.
#[derive(Clone)]
pub struct Historian {
    work: Sender<Work>,
}

/// What stands in the profile of a transfer that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Papers {
    /// It is not the history's business.
    Elsewhere,
    /// They say that it has ended, or how far it has come, so that a crash does not lose its entry; and go when that is written.
    Go,
    /// The same, but then they are for another time: until that is noted in them, no lane may have an incoming one. The number is
    /// that of its newest connection.
    Rest(u32),
}

/// Something to be done with the history.
enum Work {
    Add { entry: Box<HistoryEntry>, papers: Papers, again: bool },
    AddMissed(Box<HistoryEntry>),
    Clear,
    Load(HistoryAsked),
}

impl Historian {
    /// Ready to go.
    ///
    /// # Errors
    /// No thread.
    pub fn start(profile: Profile, notes: Sender<Note>, archive: Archive) -> io::Result<Self> {
        let (work, to_do) = bounded(WAITING);
        let keeper = Keeper { profile, notes, archive };
        threads::spawn("history", move || keeper.run(&to_do))?;
        Ok(Self { work })
    }

    /// A transfer has ended; `again`: one whose end was cut off by a crash, which may have come when the entry was written.
    ///
    /// # Errors
    /// Too many wait already, on a disk that hangs: this one is not kept.
    pub fn add(&self, entry: HistoryEntry, papers: Papers, again: bool) -> Result<(), Reason> {
        self.ask(Work::Add { entry: Box::new(entry), papers, again })
    }

    /// An offer has ended that nobody took, or somebody has taken a file from the shared folder.
    pub fn add_missed(&self, entry: HistoryEntry) {
        // Strangers make as many as they like: none of them is worth a word, or the place of something else.
        if self.work.len() < WAITING / 2 {
            self.ask(Work::AddMissed(Box::new(entry))).ok();
        }
    }

    /// Deletes everything.
    ///
    /// # Errors
    /// As for `add`.
    pub fn clear(&self) -> Result<(), Reason> {
        self.ask(Work::Clear)
    }

    /// Looks something up.
    ///
    /// # Errors
    /// As for `add`.
    pub fn load(&self, asked: HistoryAsked) -> Result<(), Reason> {
        self.ask(Work::Load(asked))
    }

    fn ask(&self, work: Work) -> Result<(), Reason> {
        let busy = |_| Reason::here(ReasonCode::Io, "earlier entries of the history still wait for the disk");
        self.work.try_send(work).map_err(busy)
    }
}

/// Who does it.
struct Keeper {
    profile: Profile,
    notes: Sender<Note>,
    archive: Archive,
}

impl Keeper {
    fn run(&self, to_do: &Receiver<Work>) {
        for work in to_do {
            // The hook has printed a panic; the next is done all the same.
            catch_unwind(AssertUnwindSafe(|| self.work(work))).ok();
        }
    }

    fn work(&self, work: Work) {
        match work {
            Work::Add { entry, papers, again } => self.add(&entry, papers, again),
            Work::AddMissed(entry) => {
                let added = history_file::append_missed(&self.profile, &entry);
                self.changed(added);
            }
            Work::Clear => {
                let cleared = history_file::clear(&self.profile);
                self.changed(cleared);
            }
            Work::Load(asked) => self.load(asked),
        }
    }

    /// The entry first: what stands in the profile brings it about once more if it is lost.
    fn add(&self, entry: &HistoryEntry, papers: Papers, again: bool) {
        if !again || !history_file::holds(&self.profile, entry).unwrap_or_default() {
            let added = history_file::append(&self.profile, entry);
            self.changed(added);
        }
        let key = entry.key;
        match (papers, key.direction) {
            (Papers::Elsewhere, _) => {}
            (Papers::Go, Direction::Incoming) => kept::forget_incoming(&self.profile, key.id),
            (Papers::Go, Direction::Outgoing) => self.archive.drop_all(key),
            (Papers::Rest(_), Direction::Incoming) => {
                // If it cannot be said, it ends once more after a restart.
                kept::note_over(&self.profile, key.id).ok();
                self.tell(Note::JournalFree(key));
            }
            (Papers::Rest(epoch), Direction::Outgoing) => self.archive.over(key.id, epoch),
        }
    }

    fn changed(&self, result: Result<(), StorageError>) {
        match result {
            Ok(()) => {}
            Err(StorageError::Damaged { kept_at }) => self.tell(Note::HistoryDamaged(kept_at)),
            Err(error) => return self.tell(Note::HistoryFailed(error.reason())),
        }
        self.tell(Note::HistoryChanged);
    }

    fn load(&self, asked: HistoryAsked) {
        let loaded = match history_file::load(&self.profile) {
            Ok(loaded) => loaded,
            Err(error) => return self.tell(Note::HistoryFailed(error.reason())),
        };
        if let Some(kept_at) = loaded.damaged {
            self.tell(Note::HistoryDamaged(kept_at));
        }
        let search = Search::new(&asked.search);
        let with = |entry: &HistoryEntry| asked.with.is_none_or(|key| entry.peer.key == Some(key));
        let mut entries = loaded.entries;
        let all = entries.len();
        entries.retain(|entry| with(entry) && entry.holds(&search));
        let found = entries.len();
        entries.reverse();
        entries.truncate(asked.limit.min(MOST_ENTRIES));
        self.tell(Note::History(Box::new(HistoryFound { asked, entries, found, all })));
    }

    fn tell(&self, note: Note) {
        // Only a dispatch that is shutting down does not hear it.
        self.notes.send(note).ok();
    }
}
