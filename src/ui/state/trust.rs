//! Who is who: this device's key, what a person has just confirmed, codes that are compared, and alarms that stay.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Instant,
};

use super::offers::IGNORES_CLICKS;
use crate::{
    engine::messages::{ComparisonSnapshot, ComparisonState, KeyWarning},
    model::{
        device::{Peer, PeerAddr},
        device_key::DeviceKey,
        short_code::ShortCode,
        transfer::{Direction, TransferKey},
    },
};

/// Alarms that are kept; what comes beyond is only counted, so that nobody can flush an older one out.
const MOST_ALARMS: usize = 32;

/// Comparisons that are over and not closed yet; callers who only come and go do not fill the window.
const MOST_OVER: usize = 4;

/// Comparisons closed here whose last words are still expected.
const MOST_CLOSED: usize = 64;

/// What the window knows about keys.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// This device's own key, once the engine has told it.
    pub own: Option<DeviceKey>,
    /// The own key is written out.
    pub own_open: bool,
    /// The QR code with the link to this device is shown.
    pub own_link_open: bool,
    /// *Verified* was clicked; the engine has not said yet that it is stored.
    pub confirming: BTreeSet<DeviceKey>,
    /// Comparisons without a file, oldest first.
    pub comparisons: Vec<ComparisonCard>,
    /// Oldest first: a new one never moves the others.
    pub alarms: Vec<Alarm>,
    last_alarm: u64,
    /// Closed here: what the engine still says of them is no new comparison.
    closed: VecDeque<TransferKey>,
}

/// Whom *Verified* is about, as it stood on the screen when it was clicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmed {
    pub key: DeviceKey,
    pub name: String,
    pub address: Option<PeerAddr>,
}

impl Confirmed {
    /// `None`: it has shown no key.
    pub fn of(peer: &Peer) -> Option<Self> {
        let key = peer.key.filter(|_| peer.encrypted)?;
        Some(Self { key, name: peer.name.clone(), address: peer.dial.clone() })
    }
}

/// A comparison of codes on the screen.
#[derive(Clone, Debug)]
pub struct ComparisonCard {
    pub snapshot: ComparisonSnapshot,
    /// When it was first drawn.
    pub shown_since: Option<Instant>,
    /// The engine knows that it stands before a person.
    pub code_asked: bool,
}

impl ComparisonCard {
    pub fn new(snapshot: ComparisonSnapshot) -> Self {
        Self { snapshot, shown_since: None, code_asked: false }
    }

    pub fn key(&self) -> TransferKey {
        self.snapshot.key
    }

    pub fn incoming(&self) -> bool {
        self.key().direction == Direction::Incoming
    }

    /// A caller's code is agreed on once its card stands before a person.
    pub fn wants_code(&self) -> bool {
        self.incoming() && !self.code_asked && !self.over()
    }

    pub fn code(&self) -> Option<ShortCode> {
        if let ComparisonState::Code(code) = self.snapshot.state { Some(code) } else { None }
    }

    /// Nothing follows from the engine.
    pub fn over(&self) -> bool {
        matches!(self.snapshot.state, ComparisonState::Code(_) | ComparisonState::Ended(_))
    }

    /// Something on it has moved: a click in the next moment may be meant for what stood there before.
    pub fn hold_still(&mut self, now: Instant) {
        self.shown_since = self.shown_since.map(|_| now);
    }

    /// Whether a click is meant for it.
    pub fn takes_clicks(&self, now: Instant) -> bool {
        self.shown_since.is_some_and(|since| now.duration_since(since) >= IGNORES_CLICKS)
    }
}

/// Something that stays at the top of the window until a person has dealt with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    pub id: u64,
    pub what: AlarmKind,
    /// Both keys are shown.
    pub open: bool,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlarmKind {
    /// A person saw two different codes.
    CodesDiffer {
        name: String,
        address: String,
    },
    WrongKey(KeyWarning),
}

impl Trust {
    /// Whether *Verified* holds for `peer`, also while it is being stored.
    pub fn verified(&self, peer: &Peer) -> bool {
        peer.verified || peer.key.is_some_and(|key| self.confirming.contains(&key))
    }

    /// How a comparison stands now; true when what is on the screen has moved.
    pub fn compared(&mut self, mut snapshot: ComparisonSnapshot, now: Instant) -> bool {
        if self.closed.contains(&snapshot.key) {
            return false;
        }
        if let Some(card) = self.comparison(snapshot.key) {
            let moved = card.snapshot.state != snapshot.state;
            snapshot.peer.keep_name_of(&card.snapshot.peer);
            card.snapshot = snapshot;
            if moved {
                card.hold_still(now);
            }
            self.drop_oldest_ended();
            return moved;
        }
        self.comparisons.push(ComparisonCard::new(snapshot));
        self.drop_oldest_ended();
        true
    }

    fn drop_oldest_ended(&mut self) {
        let ended = |card: &ComparisonCard| matches!(card.snapshot.state, ComparisonState::Ended(_));
        if self.comparisons.iter().filter(|card| ended(card)).count() > MOST_OVER
            && let Some(oldest) = self.comparisons.iter().position(ended)
        {
            self.comparisons.remove(oldest);
        }
    }

    pub fn comparison(&mut self, key: TransferKey) -> Option<&mut ComparisonCard> {
        self.comparisons.iter_mut().find(|card| card.key() == key)
    }

    pub fn close_comparison(&mut self, key: TransferKey) -> Option<ComparisonCard> {
        let at = self.comparisons.iter().position(|card| card.key() == key)?;
        self.closed.push_back(key);
        if self.closed.len() > MOST_CLOSED {
            self.closed.pop_front();
        }
        Some(self.comparisons.remove(at))
    }

    /// Puts up an alarm; the same again takes the place of the first. True when the list has grown.
    pub fn alarm(&mut self, what: AlarmKind) -> bool {
        if let Some(there) = self.alarms.iter_mut().find(|there| there.what.same_as(&what)) {
            there.what = what;
            return false;
        }
        if self.alarms.len() >= MOST_ALARMS {
            return false;
        }
        self.last_alarm += 1;
        self.alarms.push(Alarm { id: self.last_alarm, what, open: false });
        true
    }

    pub fn dismiss(&mut self, id: u64) {
        self.alarms.retain(|alarm| alarm.id != id);
    }
}

impl AlarmKind {
    fn same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::WrongKey(one), Self::WrongKey(other)) => one.met == other.met,
            (one, other) => one == other,
        }
    }
}
