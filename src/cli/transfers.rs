//! What a command knows of its engine's transfers: how each stands, what was told of it, and which concern the command.

use std::{
    collections::{HashMap, HashSet},
    time::Instant,
};

use super::standing::{Standing, State};
use crate::model::{
    outcome::{Ending, Outcome},
    short_code::ShortCode,
    transfer::{Direction, Stage, TransferId, TransferKey, TransferSnapshot},
};

/// Of which transfers a command tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Of all, apart from what another command has to go on with.
    All,
    Nothing,
    One(TransferKey),
}

/// All transfers that are not over, as they stand.
pub(super) struct Transfers {
    scope: Scope,
    known: HashMap<TransferKey, Known>,
    /// Those that are over, with files that can be sent once more.
    retryable: HashSet<TransferKey>,
    /// What comes from now on is new.
    restored: bool,
    /// The engine was told to stop: what is interrupted now goes on another time.
    stopping: bool,
}

struct Known {
    snapshot: TransferSnapshot,
    standing: Option<Standing>,
    /// Since when it runs in this process.
    running: Option<Instant>,
}

/// What is to be told of a transfer that stands otherwise than before.
pub(super) struct News {
    /// Somebody begins to download from the shared folder.
    pub(super) is_download: bool,
    pub(super) code: Option<ShortCode>,
    pub(super) standing: Option<Standing>,
    /// It is over, or at least for this process.
    pub(super) ending: Option<Ending>,
}

impl Transfers {
    pub(super) fn new(scope: Scope) -> Self {
        Self { scope, known: HashMap::new(), retryable: HashSet::new(), restored: false, stopping: false }
    }

    pub(super) fn set_scope(&mut self, scope: Scope) {
        self.scope = scope;
    }

    pub(super) fn restored(&mut self) {
        self.restored = true;
    }

    pub(super) fn stopping(&mut self) {
        self.stopping = true;
    }

    /// The transfer that something is told of, if it concerns the command.
    pub(super) fn get(&self, key: TransferKey) -> Option<&TransferSnapshot> {
        self.known.get(&key).filter(|_| self.is_told(key)).map(|known| &known.snapshot)
    }

    /// Whether its answer lies behind it, and it has not come to rest.
    pub(super) fn is_moving(&self, key: TransferKey) -> bool {
        let standing = self.known.get(&key).filter(|known| known.running.is_some());
        let state = standing.and_then(|known| Some(known.standing.as_ref()?.state));
        state.is_some_and(|state| matches!(state, State::Checking | State::Moving | State::Paused))
    }

    /// One of an earlier run that is not over; to be asked before this one has begun any.
    pub(super) fn left_over(&self, direction: Direction) -> Option<TransferKey> {
        self.known.keys().find(|key| key.direction == direction).copied()
    }

    /// The transfer that a script means.
    pub(super) fn named(&self, id: TransferId) -> Option<TransferKey> {
        let keys = [Direction::Outgoing, Direction::Incoming].map(|direction| TransferKey { id, direction });
        let is_known = |key: &TransferKey| self.known.contains_key(key) || self.retryable.contains(key);
        keys.into_iter().find(|key| is_known(key) && self.is_told(*key))
    }

    /// Takes in how a transfer stands; nothing comes back for what does not concern the command.
    pub(super) fn hear(&mut self, snapshot: &TransferSnapshot) -> Option<News> {
        let key = snapshot.key;
        if let Stage::Ended(ending) = &snapshot.stage {
            return self.ended(snapshot, ending.clone());
        }
        self.retryable.remove(&key);
        let before = self.known.remove(&key);
        let is_download = self.is_download(snapshot, before.is_some());
        let code = snapshot.code.filter(|code| before.as_ref().and_then(|known| known.snapshot.code) != Some(*code));
        let told = before.as_ref().and_then(|known| known.standing.clone());
        let was_running = before.and_then(|known| known.running);
        let standing = Standing::of(&snapshot.stage);
        let rests = standing.as_ref().is_some_and(|standing| standing.state == State::Interrupted);
        let running = if rests { None } else { was_running.or_else(|| Some(Instant::now())) };
        let now = standing.clone().or_else(|| told.clone());
        self.known.insert(key, Known { snapshot: snapshot.clone(), standing: now, running });
        let is_own = matches!(self.scope, Scope::One(_));
        let ending =
            was_running.filter(|_| rests && (self.stopping || is_own)).map(|since| interrupted(snapshot, since));
        let news =
            News { is_download, code, standing: standing.filter(|standing| told.as_ref() != Some(standing)), ending };
        (self.is_told(key) || (self.scope == Scope::All && was_running.is_some())).then_some(news)
    }

    fn ended(&mut self, snapshot: &TransferSnapshot, ending: Ending) -> Option<News> {
        let key = snapshot.key;
        let before = self.known.remove(&key);
        // What ended in an earlier run was told by that run.
        let is_old = !self.restored && snapshot.retryable && before.is_none();
        let code_before = before.as_ref().and_then(|known| known.snapshot.code);
        let code = snapshot.code.filter(|code| code_before != Some(*code));
        if snapshot.retryable {
            self.retryable.insert(key);
        }
        let is_download = self.is_download(snapshot, before.is_some());
        (!is_old && self.is_told(key)).then_some(News { is_download, code, standing: None, ending: Some(ending) })
    }

    /// Who listens sends nothing else over the plain protocol.
    fn is_download(&self, snapshot: &TransferSnapshot, is_known: bool) -> bool {
        let goes_out = snapshot.key.direction == Direction::Outgoing && snapshot.peer.classic;
        self.scope == Scope::All && goes_out && !is_known
    }

    fn is_told(&self, key: TransferKey) -> bool {
        match self.scope {
            Scope::All => {
                // Who listens has nothing to say about what `send` will go on with.
                key.direction == Direction::Incoming
                    || self.known.get(&key).is_none_or(|known| known.snapshot.stage != Stage::Interrupted)
            }
            Scope::Nothing => false,
            Scope::One(own) => own == key,
        }
    }
}

/// The end for this process, while what there is of it is kept.
fn interrupted(snapshot: &TransferSnapshot, since: Instant) -> Ending {
    let TransferSnapshot { files_ended: files, moved: bytes, .. } = *snapshot;
    Ending { outcome: Outcome::Interrupted, reason: None, files, bytes, took: since.elapsed() }
}
