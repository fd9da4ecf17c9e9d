//! Somebody on the way who changes a bit or cuts the connection breaks it, at whatever place: no file is ever other than it
//! was sent, a cut is never taken for an end, and success is never said of what did not arrive.

use std::{
    collections::{HashMap, HashSet},
    fs,
    time::{Duration, Instant},
};

use sealdrop::{
    engine::messages::{Acceptance, Event},
    model::{
        manifest::Selection,
        outcome::{Ending, Outcome},
        transfer::{Stage, TransferId, TransferKey},
    },
};

use crate::{
    relay::{Meddling, Recorder},
    support::{LIMIT, Station, honest, seeded},
};

const BYTES: usize = 20_000;

/// Two engines that lose patience with each other soon.
fn pair() -> (Station, Station) {
    let [a, b] = ["a", "b"].map(|name| {
        Station::limited(name, |limits| {
            let soon = Duration::from_millis(1200);
            (limits.hello, limits.header, limits.silence) = (soon, soon, soon);
            limits.ping = Duration::from_millis(300);
            (limits.retry, limits.retry_most) = (Duration::from_millis(10), Duration::from_millis(50));
        })
    });
    (a, b)
}

/// Ends of transfers, and those that broke; offers are accepted as they come.
fn take_in(
    station: &mut Station,
    ends: &mut HashMap<TransferId, Ending>,
    cards: &mut Vec<TransferId>,
    broken: &mut HashSet<TransferId>,
) {
    for event in station.engine.events().try_iter().collect::<Vec<_>>() {
        match event {
            Event::Offered(offer) => {
                cards.push(offer.snapshot.key.id);
                offer.reply.accept(Acceptance::new(station.received(), Selection::All));
            }
            Event::Snapshot(snapshot) => match snapshot.stage {
                Stage::Ended(ending) => {
                    ends.insert(snapshot.key.id, ending);
                }
                Stage::Reconnecting { .. } => {
                    broken.insert(snapshot.key.id);
                }
                _ => {}
            },
            _ => {}
        }
    }
}

/// One transfer of one file through somebody who meddles, once: it goes on over another connection, or ends with a reason.
/// Whether it noticed nothing.
fn send_through(a: &mut Station, b: &mut Station, name: &str, [dialer, listener]: [Meddling; 2]) -> bool {
    let content = seeded(name.len() as u64, BYTES);
    let source = a.file(name, &content);
    let recorder = Recorder::meddling(b.port, dialer, listener);
    let TransferKey { id, .. } = a.send_to(recorder.address(), &[&source], false);
    let (mut sent, mut received, mut cards, mut broken) = (HashMap::new(), HashMap::new(), Vec::new(), HashSet::new());
    let deadline = Instant::now() + LIMIT;
    while !sent.contains_key(&id) || cards.contains(&id) && !received.contains_key(&id) {
        assert!(Instant::now() < deadline, "{dialer:?} {listener:?}: not over, {sent:?} {received:?}");
        take_in(a, &mut sent, &mut Vec::new(), &mut broken);
        take_in(b, &mut received, &mut cards, &mut broken);
        std::thread::park_timeout(Duration::from_millis(2));
    }
    let ending = sent.remove(&id).unwrap();
    let there = fs::read(b.received().join(name)).ok();
    assert!(there.is_none() || there.as_ref() == Some(&content), "{dialer:?} {listener:?}: other bytes");
    if ending.files > 0 || ending.outcome == Outcome::Verified {
        assert!(there.is_some(), "{dialer:?} {listener:?}: success is said of what did not arrive");
    }
    assert!(ending.outcome == Outcome::Verified || ending.reason.is_some(), "{ending:?}");
    ending.outcome == Outcome::Verified && !broken.contains(&id)
}

/// How many bytes each side says in a whole session.
fn lengths(a: &mut Station, b: &mut Station) -> [usize; 2] {
    let source = a.file("first", &seeded(5, BYTES));
    let recorder = Recorder::before(b.port);
    let sending = a.send_to(recorder.address(), &[&source], false);
    let receiving = b.accept();
    assert_eq!(a.ending(sending).outcome, Outcome::Verified);
    assert_eq!(b.ending(receiving).outcome, Outcome::Verified);
    let heard = recorder.recorded();
    [heard.from_dialer.len(), heard.from_listener.len()]
}

/// `count` places from the first byte to the last.
fn places(length: usize, count: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |n| n * (length - 1) / (count - 1))
}

#[test]
fn one_changed_bit_anywhere_breaks_the_session() {
    let (mut a, mut b) = pair();
    let [of_dialer, of_listener] = lengths(&mut a, &mut b);
    let mut unharmed = Vec::new();
    let dialer = places(of_dialer, 40).map(|at| [Meddling::Change(at), Meddling::Nothing]);
    let listener = places(of_listener, 24).map(|at| [Meddling::Nothing, Meddling::Change(at)]);
    for (n, meddling) in dialer.chain(listener).enumerate() {
        if send_through(&mut a, &mut b, &format!("changed {n}"), meddling) {
            unharmed.push(meddling);
        }
    }
    // The last words of each side may be lost without harm: all is said by then.
    assert!(unharmed.len() <= 4, "{unharmed:?} of {of_dialer} and {of_listener}");
    honest(&mut b);
}

#[test]
fn a_cut_anywhere_is_no_end() {
    let (mut a, mut b) = pair();
    let [of_dialer, of_listener] = lengths(&mut a, &mut b);
    let mut unharmed = Vec::new();
    let dialer = places(of_dialer, 24).map(|at| [Meddling::Cut(at), Meddling::Nothing]);
    let listener = places(of_listener, 24).map(|at| [Meddling::Nothing, Meddling::Cut(at)]);
    for (n, meddling) in dialer.chain(listener).enumerate() {
        if send_through(&mut a, &mut b, &format!("cut {n}"), meddling) {
            unharmed.push(meddling);
        }
    }
    assert!(unharmed.len() <= 4, "{unharmed:?} of {of_dialer} and {of_listener}");
    honest(&mut b);
}
