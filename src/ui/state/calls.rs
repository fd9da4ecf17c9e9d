//! What calls for a person who does not look at the window: offers, messages, and transfers that have ended, as notifications.
//! Showing them lives in `ui/notifier.rs`; here is what is to stand there.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use super::{State, offers::OfferCard, rows::Row};
use crate::{
    model::{
        outcome::Outcome,
        reason::Side,
        transfer::{Direction, TransferKey},
    },
    ui::text,
};

/// Offers that stand alone; what comes beyond is gathered.
const MOST_ALONE: usize = 3;
/// Ends that are counted while nobody looks.
const MOST_ENDED: usize = 1000;
/// One that stands there already is not changed more often than this: strangers may come as often as they like.
const MIN_GAP: Duration = Duration::from_secs(3);

/// Names one notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CallId {
    /// What has ended.
    Ended,
    /// All who are not known, and whoever finds no place of his own.
    Gathered,
    /// One offer of a verified device.
    Offer(TransferKey),
}

/// What a click means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Accept,
    Decline,
    Show,
}

/// One notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub id: CallId,
    pub title: String,
    pub body: String,
    /// Buttons, with their labels. `Show` is also what a click beside them means.
    pub answers: Vec<(Answer, &'static str)>,
    /// Until it is answered or taken back.
    pub stays: bool,
}

/// What the notifier is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    Close(CallId),
    Show(Call),
}

/// What was told, and what has come since the person last looked.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    /// Offers and wishes to compare codes that came unseen.
    unseen: BTreeSet<TransferKey>,
    /// All that wait, so that a new one is known as new.
    known: BTreeSet<TransferKey>,
    ended: Vec<Ended>,
    shown: BTreeMap<CallId, (Call, Instant)>,
    /// When one that has to change may.
    due: Option<Instant>,
}

/// A transfer that has ended.
#[derive(Clone, Debug)]
struct Ended {
    title: String,
    body: String,
    well: bool,
}

impl Calls {
    /// Takes in who waits now. What the person has before the eyes needs no notification.
    pub fn see(&mut self, waiting: BTreeSet<TransferKey>, in_front: bool) {
        if in_front {
            self.unseen.clear();
            self.ended.clear();
        } else {
            self.unseen.extend(waiting.difference(&self.known));
            self.unseen.retain(|key| waiting.contains(key));
        }
        self.known = waiting;
    }

    /// A transfer has come to its end.
    pub fn ended(&mut self, row: &Row) {
        if self.ended.len() < MOST_ENDED
            // Strangers take from the shared folder as often as they like.
            && !row.is_download()
            && let Some(ended) = Ended::of(row)
        {
            self.ended.push(ended);
        }
    }

    /// It was put away: what it told of counts as seen.
    pub fn put_away(&mut self, id: CallId, state: &State) {
        self.shown.remove(&id);
        match id {
            CallId::Ended => self.ended.clear(),
            CallId::Gathered => {
                let alone = self.alone(state);
                self.unseen.retain(|key| alone.iter().any(|card| card.key() == *key));
            }
            CallId::Offer(key) => {
                self.unseen.remove(&key);
            }
        }
    }

    /// When to look again.
    pub fn next_look(&self) -> Option<Instant> {
        self.due
    }

    /// What has to change of what is shown.
    pub fn orders(&mut self, state: &State) -> Vec<Order> {
        let on = state.settings.as_ref().is_some_and(|settings| settings.notifications);
        let wanted = if on { self.wanted(state) } else { Vec::new() };
        let gone: Vec<CallId> =
            self.shown.keys().copied().filter(|id| !wanted.iter().any(|call| call.id == *id)).collect();
        let mut orders: Vec<Order> = gone.iter().copied().map(Order::Close).collect();
        self.shown.retain(|id, _| !gone.contains(id));
        self.due = None;
        for call in wanted {
            match self.shown.get(&call.id) {
                Some((shown, _)) if *shown == call => continue,
                Some((_, at)) if state.now.saturating_duration_since(*at) < MIN_GAP => {
                    let due = *at + MIN_GAP;
                    self.due = Some(self.due.map_or(due, |other| other.min(due)));
                    continue;
                }
                _ => {}
            }
            self.shown.insert(call.id, (call.clone(), state.now));
            orders.push(Order::Show(call));
        }
        orders
    }

    fn wanted(&self, state: &State) -> Vec<Call> {
        let alone = self.alone(state);
        let mut calls: Vec<Call> = alone.iter().map(|card| offer(card, state)).collect();
        let others: BTreeSet<TransferKey> =
            self.unseen.iter().copied().filter(|key| !alone.iter().any(|card| card.key() == *key)).collect();
        calls.extend(gathered(&others, state));
        calls.extend(ends(&self.ended));
        calls
    }

    /// Offers of verified devices, as many as may stand alone.
    fn alone<'a>(&self, state: &'a State) -> Vec<&'a OfferCard> {
        let unseen = state.offers.iter().filter(|card| self.unseen.contains(&card.key()));
        unseen.filter(|card| is_known(card, state)).take(MOST_ALONE).collect()
    }
}

/// Whether no code has to be compared before it may be answered.
fn is_known(card: &OfferCard, state: &State) -> bool {
    let peer = &card.snapshot.peer;
    peer.encrypted && !peer.classic && state.verified(peer)
}

/// Whether an offer may be accepted from a notification: its card would take the click, and would ask nothing.
pub fn may_accept(card: &OfferCard, state: &State) -> bool {
    is_known(card, state) && card.obstacle(state.conflict(card)).is_none()
}

fn offer(card: &OfferCard, state: &State) -> Call {
    let snapshot = &card.snapshot;
    let mut answers = vec![(Answer::Show, text::Word::ShowOffer.text())];
    if may_accept(card, state) {
        answers.push((Answer::Accept, text::Word::Accept.text()));
    }
    answers.push((Answer::Decline, text::Word::Decline.text()));
    Call {
        id: CallId::Offer(card.key()),
        title: text::offer_title(&snapshot.peer.name, &snapshot.manifest),
        body: text::call_of_offer(snapshot),
        answers,
        stays: true,
    }
}

/// Of strangers only who they say they are: what they write is for the window, beside the code.
fn gathered(keys: &BTreeSet<TransferKey>, state: &State) -> Option<Call> {
    let first = keys.first()?;
    let card = state.offers.iter().find(|card| card.key() == *first);
    let comparison = state.trust.comparisons.iter().find(|card| card.key() == *first);
    let (title, peer) = match (keys.len(), card, comparison) {
        (1, Some(card), _) => {
            let peer = &card.snapshot.peer;
            (text::offer_title(&peer.name, &card.snapshot.manifest), Some(peer))
        }
        (1, None, Some(comparison)) => {
            let peer = &comparison.snapshot.peer;
            (text::wants_to_compare(&peer.name), Some(peer))
        }
        (number, ..) => (text::call_of_many(number), None),
    };
    let unverified = peer.is_some_and(|peer| !state.verified(peer));
    let body = if unverified { text::Word::MarkNotVerified.text() } else { "" };
    let answers = vec![(Answer::Show, text::Word::ShowOffer.text())];
    Some(Call { id: CallId::Gathered, title, body: body.to_owned(), answers, stays: true })
}

fn ends(ended: &[Ended]) -> Option<Call> {
    let (title, body) = match ended {
        [] => return None,
        [one] => (one.title.clone(), one.body.clone()),
        many => text::call_of_ends(many.len(), many.iter().filter(|one| !one.well).count()),
    };
    let answers = vec![(Answer::Show, text::Word::ShowOffer.text())];
    Some(Call { id: CallId::Ended, title, body, answers, stays: false })
}

impl Ended {
    /// None: nobody has to hear of it who did it.
    fn of(row: &Row) -> Option<Self> {
        let ending = row.ending()?;
        let here = ending.reason.as_ref().is_some_and(|reason| reason.side == Side::Here);
        let incoming = row.key().direction == Direction::Incoming;
        match ending.outcome {
            // Also what was missed here: its card has called already.
            Outcome::Declined if incoming => return None,
            Outcome::Cancelled if here => return None,
            Outcome::Interrupted => return None,
            _ => {}
        }
        let well = matches!(ending.outcome, Outcome::Verified | Outcome::Unchecked);
        let (title, body) = text::call_of_end(row.key().direction, &row.snapshot.peer.name, &row.title, ending);
        Some(Self { title, body, well })
    }
}
