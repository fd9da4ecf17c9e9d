//! The rows of *Activity*: one for each transfer, running or over.

use std::{
    collections::{BTreeSet, HashMap},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::tally::Tally;
use crate::{
    engine::messages::{Checked, FetchRequest, FileToCheck},
    model::{
        checksum_list,
        device::PeerAddr,
        device_key::DeviceKey,
        manifest::Manifest,
        outcome::{Ending, FileEnd, FileState},
        progress::Pace,
        reason::{ReasonCode, Side},
        seal::Md5Digest,
        transfer::{Direction, QueuedFor, Stage, TransferKey, TransferSnapshot},
    },
    ui::text,
};

/// One transfer.
#[derive(Clone, Debug)]
pub struct Row {
    pub snapshot: TransferSnapshot,
    pub title: String,
    pub pace: Pace,
    /// How it was asked for here; none for incoming ones.
    pub sent: Option<Sent>,
    /// *Get a file…*: what was asked for.
    pub fetched: Option<FetchRequest>,
    pub ends: HashMap<u32, FileEnd>,
    /// The manifest's files in order, by entry index.
    pub files: Vec<u32>,
    pub checks: HashMap<u32, Check>,
    pub open: bool,
    /// The file chosen in the table.
    pub picked: Option<u32>,
    /// The text field of *Compare…*, while it is open.
    pub compare: Option<String>,
    /// Sent again by another row, or asked to be taken up again.
    pub again: bool,
    /// *Discard* was clicked once.
    pub discarding: bool,
    /// Files that had to begin anew.
    pub anew: BTreeSet<u32>,
    tally: Tally,
    /// Until when it has moved: a short look at what is there does not make another run of it.
    moved_until: Option<Instant>,
}

/// The table of an ended transfer with at most so many files opens by itself.
const SHOWN_AT_ONCE: usize = 6;

/// A changed top-level name is looked for among so many files: this is asked for at every frame.
const LOOKED_AT: usize = 16;

/// Figures go on over a break that is shorter than this.
const ONE_RUN: Duration = Duration::from_secs(2);

/// What is needed to send it once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub to: PeerAddr,
    /// Where else it may be.
    pub also: Vec<PeerAddr>,
    /// The only key to send to: of a verified device, or of a link.
    pub expect: Option<DeviceKey>,
    pub classic: bool,
    pub roots: Vec<PathBuf>,
    pub message: Option<String>,
}

/// *Check again* for one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    Asked,
    Done(Checked),
}

impl Row {
    pub fn new(snapshot: TransferSnapshot, sent: Option<Sent>, now: Instant) -> Self {
        let mut row = Self {
            title: String::new(),
            pace: Pace::new(now, snapshot.moved.saturating_sub(snapshot.kept)),
            sent,
            fetched: None,
            ends: HashMap::new(),
            files: Vec::new(),
            checks: HashMap::new(),
            open: false,
            picked: None,
            compare: None,
            again: false,
            discarding: false,
            anew: BTreeSet::new(),
            tally: Tally::default(),
            moved_until: None,
            snapshot,
        };
        row.read_manifest();
        row
    }

    pub fn key(&self) -> TransferKey {
        self.snapshot.key
    }

    /// Takes the newer figures.
    pub fn update(&mut self, snapshot: TransferSnapshot, now: Instant) {
        let same = std::sync::Arc::ptr_eq(&self.snapshot.manifest, &snapshot.manifest);
        let began = !self.moving() && matches!(snapshot.stage, Stage::Moving);
        let was_over = self.ending().is_some();
        self.snapshot = snapshot;
        if !same {
            self.read_manifest();
        }
        // Ended once more, and with files that failed: that can be tried again, too.
        self.again &= self.ending().is_some() && !self.snapshot.retryable;
        self.discarding &= matches!(self.snapshot.stage, Stage::Interrupted);
        if was_over && self.ending().is_none() {
            self.revive();
        }
        if !was_over && self.ending().is_some_and(|ending| ending.files > 0) && self.files.len() <= SHOWN_AT_ONCE {
            // The seals are what it was all about: a few of them are shown without being asked for.
            self.open = self.files.len() > 1;
        }
        let goes_on = self.moved_until.is_some_and(|until| now.duration_since(until) < ONE_RUN);
        if began && !goes_on {
            self.pace = Pace::new(now, self.moved_now());
        }
        self.tick(now);
    }

    /// Tells the pace, also when nothing came: that is a speed, too.
    pub fn tick(&mut self, now: Instant) {
        if self.moving() {
            let to_move = self.snapshot.total.saturating_sub(self.snapshot.kept);
            self.pace.tell(now, self.moved_now(), to_move);
            self.moved_until = Some(now);
        }
    }

    /// Whether the code is to be compared now: while the other side has not answered yet.
    pub fn shows_code(&self) -> bool {
        let snapshot = &self.snapshot;
        let waits = self.key().direction == Direction::Outgoing && matches!(snapshot.stage, Stage::Waiting);
        waits && snapshot.code.is_some() && snapshot.peer.encrypted
    }

    /// A text without files. Before the list is there, what was asked for tells.
    pub fn is_message(&self) -> bool {
        let asked_for_files = self.sent.as_ref().is_some_and(|sent| !sent.roots.is_empty());
        let listed = !matches!(self.snapshot.stage, Stage::Listing { .. }) || self.sent.is_some();
        let nothing_else = self.snapshot.manifest.entries.is_empty() && self.snapshot.files == 0;
        self.snapshot.message.is_some() && nothing_else && listed && !asked_for_files
    }

    pub fn moving(&self) -> bool {
        matches!(self.snapshot.stage, Stage::Moving)
    }

    pub fn ending(&self) -> Option<&Ending> {
        if let Stage::Ended(ending) = &self.snapshot.stage { Some(ending) } else { None }
    }

    /// Names the row before the manifest is there.
    pub fn title_from(&mut self, roots: &[PathBuf]) {
        if let (true, [first, rest @ ..]) = (self.title.is_empty(), roots) {
            let name = first.file_name().map_or_else(|| first.to_string_lossy(), |name| name.to_string_lossy());
            self.title = text::and_more(&name, rest.len());
        }
    }

    /// Says its title again, in another language.
    pub fn say_again(&mut self) {
        if let Some(title) = title_of(&self.snapshot.manifest) {
            self.title = title;
        } else if let Some(roots) = self.sent.as_ref().map(|sent| sent.roots.clone()).filter(|roots| !roots.is_empty())
        {
            self.title.clear();
            self.title_from(&roots);
        }
    }

    /// An incoming offer that ended without anybody here having answered.
    pub fn missed(&self) -> bool {
        let reason = self.ending().and_then(|ending| ending.reason.as_ref());
        self.key().direction == Direction::Incoming
            && reason.is_some_and(|reason| reason.code == ReasonCode::NoAnswer && reason.side == Side::Here)
    }

    /// The one file of a transfer of one file.
    pub fn only_file(&self) -> Option<&FileEnd> {
        if let [only] = self.files.as_slice() { self.ends.get(only) } else { None }
    }

    /// The file that Compare… and Show in folder speak of.
    pub fn spoken_of(&self) -> Option<&FileEnd> {
        self.only_file().or_else(|| self.ends.get(&self.picked?))
    }

    /// All files with a seal and a place: what can be checked again.
    pub fn to_check(&self) -> Vec<FileToCheck> {
        let ends = self.sealed_in_order();
        ends.filter_map(|(end, md5)| Some(FileToCheck { index: end.index, place: end.place.clone()?, md5 })).collect()
    }

    /// Same, different, gone, and how many are still being looked at.
    pub fn checked(&self) -> (usize, usize, usize, usize) {
        self.checks.values().fold((0, 0, 0, 0), |(same, different, gone, asked), check| match check {
            Check::Asked => (same, different, gone, asked + 1),
            Check::Done(Checked::Different(_)) => (same, different + 1, gone, asked),
            Check::Done(Checked::Gone(_)) => (same, different, gone + 1, asked),
            Check::Done(Checked::Same) => (same + 1, different, gone, asked),
        })
    }

    /// What to open a file manager on.
    pub fn place_to_show(&self) -> Option<PathBuf> {
        if let Some(place) = self.spoken_of().and_then(|end| end.place.clone()) {
            return Some(place);
        }
        let arrived = self.files.iter().filter_map(|index| self.ends.get(index)?.place.as_deref());
        let first = arrived.map(|place| self.top_of(place)).next();
        let folder = || self.snapshot.folder.clone().filter(|_| !self.brought_nothing());
        first.or_else(|| self.sent.as_ref()?.roots.first().cloned()).or_else(folder)
    }

    /// The list that `md5sum -c` reads in the folder the files are in.
    pub fn checksum_list(&self) -> String {
        let lines = self.sealed_in_order().map(|(end, md5)| checksum_list::line(&md5, &self.name_in_list(end)));
        lines.collect()
    }

    /// The folder in which `md5sum -c` finds the files.
    pub fn checksum_folder(&self) -> Option<PathBuf> {
        let root = || self.sent.as_ref()?.roots.first()?.parent().map(Path::to_path_buf);
        self.snapshot.folder.clone().or_else(root)
    }

    /// The path of an entry, safe to show.
    pub fn name_of(&self, index: u32) -> String {
        if let Some(saved) = self.saved_as(index) {
            return text::name(&saved);
        }
        let entry = self.snapshot.manifest.entries.get(index as usize);
        entry.map_or_else(String::new, |entry| text::name(&entry.shown_path()))
    }

    /// The first top-level name that a received transfer got here instead of its own.
    pub fn saved_under(&self) -> Option<String> {
        let entries = &self.snapshot.manifest.entries;
        self.files.iter().take(LOOKED_AT).find_map(|index| {
            let offered = entries.get(*index as usize)?.path.first()?;
            let saved = self.saved_as(*index)?;
            let top = saved.split('/').next()?;
            (top != offered).then(|| text::name(top))
        })
    }

    /// Where a received file really stands, from the receive folder on: its name may have been taken or changed.
    fn saved_as(&self, index: u32) -> Option<String> {
        if self.key().direction == Direction::Outgoing {
            return None;
        }
        let place = self.ends.get(&index)?.place.as_ref()?;
        let below = place.strip_prefix(self.snapshot.folder.as_ref()?).ok()?;
        let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
        Some(parts.join("/"))
    }

    /// Files that ended in each state. Kept as they come: it is asked for at every frame.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// One entry has reached its end.
    pub fn file_ended(&mut self, end: FileEnd) {
        self.count(&end, 1);
        if let Some(before) = self.ends.insert(end.index, end) {
            self.count(&before, -1);
        }
    }

    /// A file begins anew.
    pub fn started_again(&mut self, index: u32) {
        if self.is_file(index) {
            self.anew.insert(index);
        }
    }

    /// When this side dials again, if it is waiting for that.
    pub fn tries_again_in(&self, now: Instant) -> Option<Duration> {
        match self.snapshot.stage {
            Stage::Reconnecting { next_try: Some(at), .. } | Stage::Queued(QueuedFor::Busy { next_try: Some(at) }) => {
                at.checked_duration_since(now).filter(|left| !left.is_zero())
            }
            _ => None,
        }
    }

    /// Nothing of it goes on by itself or has begun: there is nobody it is being sent to or received from.
    pub fn stands_still(&self) -> bool {
        matches!(self.snapshot.stage, Stage::Ended(_) | Stage::Interrupted | Stage::Queued(_))
    }

    /// Bytes that moved in this run: what was there before says nothing about the speed.
    fn moved_now(&self) -> u64 {
        self.snapshot.moved.saturating_sub(self.snapshot.kept)
    }

    /// Taken up again after its end: what failed is open once more.
    fn revive(&mut self) {
        self.ends.retain(|_, end| Self::stays_done(end.state));
        self.recount();
        self.checks.clear();
        self.compare = None;
        self.again = false;
    }

    fn recount(&mut self) {
        self.tally = Tally::default();
        let ends = std::mem::take(&mut self.ends);
        for end in ends.values() {
            self.count(end, 1);
        }
        self.ends = ends;
    }

    fn count(&mut self, end: &FileEnd, by: i64) {
        if self.is_file(end.index) {
            self.tally.count(end, by);
        }
    }

    fn is_file(&self, index: u32) -> bool {
        self.snapshot.manifest.entries.get(index as usize).is_some_and(crate::model::manifest::Entry::is_file)
    }

    fn sealed_in_order(&self) -> impl Iterator<Item = (&FileEnd, Md5Digest)> {
        let ends = self.files.iter().filter_map(|index| self.ends.get(index));
        ends.filter_map(|end| {
            let there = matches!(end.state, FileState::Verified | FileState::Unchecked);
            end.md5.filter(|_| there).map(|md5| (end, md5))
        })
    }

    fn name_in_list(&self, end: &FileEnd) -> String {
        let below = self.checksum_folder().and_then(|folder| {
            let place = end.place.as_deref()?.strip_prefix(folder).ok()?;
            Some(place.to_string_lossy().into_owned())
        });
        let sent_as =
            || self.snapshot.manifest.entries.get(end.index as usize).map(crate::model::manifest::Entry::shown_path);
        below.or_else(sent_as).unwrap_or_default()
    }

    /// The top-level folder or file that `place` is or lies in.
    fn top_of(&self, place: &Path) -> PathBuf {
        let top = self.snapshot.folder.as_deref().and_then(|folder| {
            let first = place.strip_prefix(folder).ok()?.components().next()?;
            Some(folder.join(first))
        });
        top.unwrap_or_else(|| place.to_path_buf())
    }

    fn read_manifest(&mut self) {
        let manifest = &self.snapshot.manifest;
        if let Some(title) = title_of(manifest) {
            self.title = title;
        } else if self.title.is_empty()
            && let Some(message) = &self.snapshot.message
        {
            self.title = text::message_title(message);
        }
        self.files =
            (0..).zip(&manifest.entries).filter(|(_, entry)| entry.is_file()).map(|(index, _)| index).collect();
        self.recount();
    }
}

/// The first top-level name and how many others there are.
fn title_of(manifest: &Manifest) -> Option<String> {
    let tops = manifest.entries.iter().filter_map(|entry| entry.path.first());
    let mut seen = std::collections::HashSet::new();
    let first = tops.clone().next()?;
    let more = tops.filter(|top| seen.insert(*top)).count().saturating_sub(1);
    Some(text::and_more(first, more))
}
