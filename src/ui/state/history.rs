//! The history, while its view is open.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use super::notices::Tone;
use crate::{
    engine::messages::{HistoryAsked, HistoryFound},
    model::{
        history::{HistoryEntry, HistoryFile, MOST_ENTRIES},
        outcome::Outcome,
        reason::Reason,
    },
};

/// What was typed is looked up when no key was pressed for so long.
pub const TYPING_PAUSE: Duration = Duration::from_millis(250);

/// What was found, what is opened, and what the person is about to do.
#[derive(Debug)]
pub struct HistoryView {
    /// The text field *Search history*.
    pub search: String,
    /// When the engine is asked next.
    look_at: Option<Instant>,
    /// None until the engine has answered for the first time.
    pub found: Option<HistoryFound>,
    pub opened: Option<Opened>,
    /// *Clear history* was clicked once.
    pub clearing: bool,
    /// It could not be read.
    pub problem: Option<Reason>,
}

/// One entry in full.
#[derive(Clone, Debug)]
pub struct Opened {
    pub entry: HistoryEntry,
    /// The file chosen in the table.
    pub picked: Option<usize>,
}

impl HistoryView {
    pub fn new(now: Instant) -> Self {
        Self { search: String::new(), look_at: Some(now), found: None, opened: None, clearing: false, problem: None }
    }

    /// Looks again once nothing has changed for a moment.
    pub fn look_soon(&mut self, now: Instant) {
        self.look_at = Some(now + TYPING_PAUSE);
    }

    /// When the engine is to be asked.
    pub fn next_look(&self) -> Option<Instant> {
        self.look_at
    }

    /// What to ask the engine for now.
    pub fn due(&mut self, now: Instant) -> Option<HistoryAsked> {
        self.look_at.take_if(|at| *at <= now)?;
        Some(HistoryAsked { search: self.search.clone(), with: None, limit: MOST_ENTRIES })
    }

    /// The engine has answered; what was typed since then is asked for on its own.
    pub fn answer(&mut self, found: HistoryFound) {
        if found.asked.search == self.search {
            self.found = Some(found);
            self.problem = None;
        }
    }

    /// Shows one of those that were found.
    pub fn open(&mut self, index: usize) {
        let entry = self.found.as_ref().and_then(|found| found.entries.get(index));
        self.opened = entry.map(|entry| Opened { entry: entry.clone(), picked: None });
        self.clearing = false;
    }
}

impl Opened {
    /// The file that the seal below the table and *Show in folder* are about.
    pub fn spoken_of(&self) -> Option<&HistoryFile> {
        match self.entry.list.as_slice() {
            [only] if self.entry.more == 0 => Some(only),
            list => list.get(self.picked?),
        }
    }

    /// What to open a file manager on.
    pub fn place_to_show(&self) -> Option<PathBuf> {
        let Self { entry, .. } = self;
        if let Some(place) = self.spoken_of().and_then(|file| file.place.clone()) {
            return Some(place);
        }
        let received = entry.folder.as_ref().and_then(|folder| {
            let below = entry.list.iter().find_map(|file| file.place.as_ref()?.strip_prefix(folder).ok())?;
            Some(folder.join(below.components().next()?))
        });
        received.or_else(|| entry.roots.first().cloned()).or_else(|| entry.folder.clone())
    }
}

/// In which tone an outcome is told.
pub fn tone(outcome: Outcome) -> Tone {
    match outcome {
        Outcome::Verified => Tone::Good,
        Outcome::Unchecked | Outcome::Partial | Outcome::Interrupted => Tone::Warning,
        Outcome::Failed => Tone::Problem,
        Outcome::Cancelled | Outcome::Declined => Tone::Info,
    }
}
