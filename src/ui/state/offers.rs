//! Offers that wait for this person's answer.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use super::entry_tree::{EntryTree, Tick};
use crate::{
    engine::messages::{Acceptance, IncomingOffer, OfferReply},
    model::{
        conflict::Conflict,
        preflight::Preflight,
        reason::Reason,
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

impl OfferCard {
    pub fn new(offer: IncomingOffer) -> Self {
        let tree = EntryTree::new(&offer.snapshot.manifest);
        Self {
            tree,
            folder: offer.preflight.folder.clone(),
            preflight: Some(offer.preflight),
            snapshot: offer.snapshot,
            expires: offer.expires,
            shown_since: None,
            code_asked: false,
            names_open: false,
            reply: offer.reply,
        }
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
    pub fn obstacle(&self) -> Option<Obstacle> {
        let entries = !self.snapshot.manifest.entries.is_empty();
        if entries && self.tree.summary().tick == Tick::None {
            return Some(Obstacle::NothingChosen);
        }
        let Some(preflight) = &self.preflight else { return Some(Obstacle::Looking) };
        if let Some(problem) = preflight.problem.as_ref().filter(|_| entries) {
            return Some(Obstacle::Problem(problem.clone()));
        }
        let needed = self.tree.summary().bytes;
        let room = preflight.free.map(|free| free.saturating_sub(preflight.reserved));
        room.filter(|room| needed > *room).map(|room| Obstacle::TooBig { needed, room })
    }

    /// Answers yes.
    pub fn accept(self) {
        let selection = self.tree.selection();
        self.reply.accept(Acceptance { folder: self.folder, selection, conflict: Conflict::default() });
    }

    /// Answers no.
    pub fn decline(self) {
        self.reply.decline(None);
    }
}
