//! Offers that wait for this person's answer.

use std::{
    collections::HashSet,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use super::entry_tree::{EntryTree, Tick};
use crate::{
    engine::messages::{Acceptance, IncomingOffer, OfferReply},
    model::{
        conflict::Conflict,
        manifest::{EntryKind, Manifest},
        preflight::{Preflight, Taken},
        reason::{Reason, ReasonCode},
        transfer::{TransferKey, TransferSnapshot},
    },
};

/// A new card ignores clicks this long, so that nobody answers what slid under the pointer.
pub const IGNORES_CLICKS: Duration = Duration::from_millis(500);

/// The countdown is shown for this long before the end; before that it would only hurry people.
pub const COUNTDOWN: Duration = Duration::from_mins(1);

/// One card. Dropping it declines.
#[derive(Debug)]
pub struct OfferCard {
    pub snapshot: TransferSnapshot,
    pub tree: EntryTree,
    pub folder: PathBuf,
    /// What saving it there would mean; none while that is being found out.
    pub preflight: Option<Arc<Preflight>>,
    pub expires: Instant,
    /// When it first stood before the person, or last changed by itself.
    pub shown_since: Option<Instant>,
    /// The engine knows that it stands before a person.
    pub code_asked: bool,
    /// The list of changed names is unfolded.
    pub names_open: bool,
    /// What the person chose for taken names; none: what is remembered for the device.
    pub conflict: Option<Conflict>,
    /// Whether that is to be remembered, if the person said so or not.
    pub remember: Option<bool>,
    /// Taken names that are folders.
    pub taken_folders: Vec<String>,
    reply: OfferReply,
}

/// Why *Accept* cannot be clicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// Still being found out.
    Looking,
    NothingChosen,
    Problem(Reason),
    TooBig {
        needed: u64,
        room: u64,
    },
}

/// What will be written there, and what there is room for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Space {
    pub needed: u64,
    /// Bytes that are needed even if files that are there turn out to need nothing.
    pub least: u64,
    pub room: Option<u64>,
}

impl Space {
    /// Whether fewer bytes than `needed` may be.
    pub fn at_most(&self) -> bool {
        self.least < self.needed
    }

    /// Bytes needed and there, where these are too few whatever turns out.
    pub fn lacks(&self) -> Option<(u64, u64)> {
        self.room.filter(|room| self.least > *room).map(|room| (self.least, room))
    }

    /// Bytes needed and there, where these may be too few.
    pub fn may_lack(&self) -> Option<(u64, u64)> {
        self.room.filter(|room| self.least <= *room && self.needed > *room).map(|room| (self.needed, room))
    }
}

impl OfferCard {
    pub fn new(offer: IncomingOffer) -> Self {
        let tree = EntryTree::new(&offer.snapshot.manifest);
        let mut card = Self {
            tree,
            folder: offer.preflight.folder.clone(),
            preflight: None,
            snapshot: offer.snapshot,
            expires: offer.expires,
            shown_since: None,
            code_asked: false,
            names_open: false,
            conflict: None,
            remember: None,
            taken_folders: Vec::new(),
            reply: offer.reply,
        };
        card.take(offer.preflight);
        card
    }

    /// What saving it would mean is known.
    pub fn take(&mut self, preflight: Arc<Preflight>) {
        self.taken_folders = folders_among(&preflight.taken, &self.snapshot.manifest);
        self.preflight = Some(preflight);
    }

    /// Whether a name is taken, so that there is something to choose.
    pub fn asks_for_conflict(&self) -> bool {
        self.preflight.as_ref().is_some_and(|preflight| !preflight.taken.is_empty())
    }

    /// A text without files.
    pub fn is_message(&self) -> bool {
        self.snapshot.manifest.entries.is_empty()
    }

    pub fn key(&self) -> TransferKey {
        self.snapshot.key
    }

    /// Takes what may change while it waits: who is there, and the code.
    pub fn update(&mut self, snapshot: &TransferSnapshot, now: Instant) {
        let agreed = self.snapshot.code != snapshot.code || self.snapshot.peer.verified != snapshot.peer.verified;
        self.snapshot.peer.clone_from(&snapshot.peer);
        self.snapshot.code = snapshot.code;
        if agreed {
            self.hold_still(now);
        }
    }

    /// Something on it has moved: a click in the next moment may be meant for what stood there before.
    pub fn hold_still(&mut self, now: Instant) {
        self.shown_since = self.shown_since.map(|_| now);
    }

    /// A sealed session may agree on a code once the card stands before a person; a device that we have verified may
    /// not have verified us.
    pub fn wants_code(&self) -> bool {
        self.snapshot.peer.encrypted && !self.code_asked
    }

    /// Whether a click is meant for it.
    pub fn takes_clicks(&self, now: Instant) -> bool {
        self.shown_since.is_some_and(|since| now.duration_since(since) >= IGNORES_CLICKS)
    }

    /// Time left, in the last minute.
    pub fn countdown(&self, now: Instant) -> Option<Duration> {
        let left = self.expires.saturating_duration_since(now);
        (left <= COUNTDOWN).then_some(left)
    }

    /// Why it cannot be accepted as it stands.
    pub fn obstacle(&self, conflict: Conflict) -> Option<Obstacle> {
        let entries = !self.is_message();
        if entries && self.tree.summary().tick == Tick::None {
            return Some(Obstacle::NothingChosen);
        }
        let Some(preflight) = &self.preflight else { return Some(Obstacle::Looking) };
        let space = self.space(conflict).unwrap_or_default();
        // How much is needed depends on the choice: that is counted here.
        let counted = |problem: &Reason| problem.code == ReasonCode::DiskFull && space.room.is_some();
        if let Some(problem) = preflight.problem.as_ref().filter(|problem| entries && !counted(problem)) {
            return Some(Obstacle::Problem(problem.clone()));
        }
        let (needed, room) = space.lacks()?;
        Some(Obstacle::TooBig { needed, room })
    }

    /// What will be written there, as the choice for taken names has it.
    pub fn space(&self, conflict: Conflict) -> Option<Space> {
        let preflight = self.preflight.as_ref()?;
        let room = preflight.free.map(|free| free.saturating_sub(preflight.reserved));
        let chosen = self.tree.summary().bytes;
        let least = preflight.least(conflict, chosen);
        // What stays is known; what is the same, or makes room by being replaced, only while it goes on.
        let needed = if conflict == Conflict::Skip { least } else { chosen };
        Some(Space { needed, least, room })
    }

    /// Answers yes.
    pub fn accept(self, conflict: Conflict) {
        let selection = self.tree.selection();
        self.reply.accept(Acceptance { folder: self.folder, selection, conflict });
    }

    /// Answers no.
    pub fn decline(self) {
        self.reply.decline(None);
    }
}

/// Looked up once: an offer may have a hundred thousand entries.
fn folders_among(taken: &[Taken], manifest: &Manifest) -> Vec<String> {
    if taken.is_empty() {
        return Vec::new();
    }
    let is_folder = |kind: &EntryKind| matches!(kind, EntryKind::Folder);
    let folders = manifest.entries.iter().filter(|entry| entry.path.len() > 1 || is_folder(&entry.kind));
    let folders: HashSet<&str> = folders.filter_map(|entry| entry.path.first()).collect();
    taken.iter().map(|taken| &taken.name).filter(|name| folders.contains(name.as_str())).cloned().collect()
}

impl super::State {
    /// What is to be done with taken names of this offer: as chosen on its card, otherwise as remembered for the device.
    pub fn conflict(&self, card: &OfferCard) -> Conflict {
        card.conflict.or_else(|| self.devices.remembered(&card.snapshot.peer)).unwrap_or_default()
    }

    /// Whether that choice is kept for the device.
    pub fn remembers(&self, card: &OfferCard) -> bool {
        card.remember.unwrap_or_else(|| self.devices.remembered(&card.snapshot.peer).is_some())
    }
}
