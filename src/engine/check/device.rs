//! Whether another device answers, step by step, and whether it reaches us.

use std::{
    io::Write,
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use crate::{
    crypto::{
        session::{Established, SessionError},
        short_code::{Nonce, commitment},
    },
    engine::{
        call::SealError,
        closer,
        dial::{Connected, NotConnected, connect_within, resolve_all},
        link::SocketLink,
        probe::clock,
    },
    model::{
        book::Standing,
        check::{CLOCK_LIMIT, CheckTarget, Finding, Met, StepKind},
        device::{MAX_SHOWN_NAME_CHARS, shown_text},
        firewall::Opening,
        reason::{Reason, ReasonCode, Side},
    },
    transfer::{
        greet,
        lane::{Farewell, LaneError, ended_early, last_word, unexpected},
        link::{Link, LinkEnd},
    },
    wire::header::{self, Hello, Message},
};

use super::{Check, Outcome, Report, firewall::fix};

/// Somebody who answers does so at once; a lost packet or two are made up for within this.
const CONNECT: Duration = Duration::from_secs(5);
const HANDSHAKE: Duration = Duration::from_secs(5);
const HELLO: Duration = Duration::from_secs(5);
/// The other side dials back before it answers.
const PROBE: Duration = Duration::from_secs(8);

/// Does the steps one after the other; those behind one that failed are not begun. `port`: where this device listens.
pub(super) fn check(check: &Check, report: &Report, target: &CheckTarget, port: Option<u16>) {
    let mut addresses = Vec::new();
    if !report.step(StepKind::Name, || look_up(check, target, &mut addresses)) {
        return;
    }
    let mut connected = None;
    if !report.step(StepKind::Connection, || connect(check, &addresses, &mut connected)) {
        return;
    }
    let Some((mut link, round_trip)) = connected else { return };
    let mut established = None;
    let sealed = report.step(StepKind::Encryption, || seal(check, &mut link, target, &mut established));
    if let (true, Some(established)) = (sealed, established) {
        let mut verified = false;
        if report.step(StepKind::Greeting, || greet(check, &mut link, &established, &mut verified)) {
            ask_back(report, &mut link, port, verified, round_trip);
        }
    }
    closer::close(link, Farewell::default());
}

fn look_up(check: &Check, target: &CheckTarget, found: &mut Vec<SocketAddr>) -> Outcome {
    if target.places.is_empty() {
        return Outcome::failed(Finding::NoPlace);
    }
    match resolve_all(&target.places, &check.cancel) {
        Err(reason) => Outcome::failed(Finding::Unresolved(reason)),
        Ok(addresses) => {
            *found = addresses;
            if target.places.iter().all(|place| place.host.parse::<IpAddr>().is_ok()) {
                return Outcome::fine(Finding::NoNameNeeded);
            }
            Outcome::fine(Finding::Resolved(found.iter().map(SocketAddr::ip).collect()))
        }
    }
}

fn connect(check: &Check, places: &[SocketAddr], connected: &mut Option<(SocketLink, Duration)>) -> Outcome {
    let Connected { stream, round_trip } = match connect_within(places, CONNECT, &check.cancel) {
        Ok(connected) => connected,
        Err(why) => return Outcome::failed(not_connected(why, places.to_vec())),
    };
    let at = stream.peer_addr();
    match (at, SocketLink::new(stream, check.cancel.clone(), check.limits, check.notes.clone())) {
        (Ok(at), Ok(link)) => {
            *connected = Some((link, round_trip));
            Outcome::fine(Finding::Connected { at })
        }
        (Err(error), _) | (_, Err(error)) => {
            Outcome::failed(Finding::NotConnected(Reason::here(ReasonCode::ConnectionLost, error.to_string())))
        }
    }
}

fn not_connected(why: NotConnected, places: Vec<SocketAddr>) -> Finding {
    match why {
        NotConnected::Forbidden(_) => Finding::Forbidden { places },
        NotConnected::NoAnswer(_) => Finding::NoAnswer { places },
        NotConnected::NoRoute(_) => Finding::NoRoute { places },
        NotConnected::Refused(_) => Finding::Refused { places },
        other => Finding::NotConnected(other.reason()),
    }
}

fn seal(check: &Check, link: &mut SocketLink, target: &CheckTarget, established: &mut Option<Established>) -> Outcome {
    let session = match check.seal.tls.call(target.expect) {
        Ok(session) => session,
        Err(error) => {
            return Outcome::failed(Finding::Odd(Reason::here(ReasonCode::Internal, error.to_string())));
        }
    };
    link.set_deadline(Some(Instant::now() + HANDSHAKE));
    match link.seal(session) {
        Ok(made) => {
            let key = made.peer;
            *established = Some(made);
            Outcome::fine(Finding::Sealed { key })
        }
        Err(error) => Outcome::failed(not_sealed(error, target)),
    }
}

fn not_sealed(error: SealError, target: &CheckTarget) -> Finding {
    match error {
        SealError::Link(LinkEnd::Deadline) => Finding::Silent,
        // Whoever closes at the first bytes of TLS has not expected any.
        SealError::Link(LinkEnd::PeerGone(detail)) => Finding::NotSealdrop { detail },
        SealError::Link(end) => Finding::Broken(LaneError::Link(end).reason()),
        SealError::Session(SessionError::WrongKey { met }) => match target.expect {
            Some(expected) => Finding::OtherKey { expected, met },
            None => Finding::Broken(SessionError::WrongKey { met }.reason()),
        },
        SealError::Session(error) => {
            let reason = error.reason();
            if reason.code == ReasonCode::NotSealdrop {
                return Finding::NotSealdrop { detail: reason.detail.unwrap_or_default() };
            }
            Finding::Broken(reason)
        }
    }
}

fn greet(check: &Check, link: &mut SocketLink, established: &Established, verified: &mut bool) -> Outcome {
    let book = match check.seal.book(&check.notes) {
        Ok(book) => book,
        Err(error) => return Outcome::failed(Finding::Odd(error.reason())),
    };
    *verified = book.device(established.peer).is_some();
    link.set_deadline(Some(Instant::now() + HELLO));
    let hello = match say_hello(check, link, *verified) {
        Ok(hello) => hello,
        Err(error) => return Outcome::failed(not_greeted(&last_word(link, error))),
    };
    if let Standing::TakesName { name, .. } = book.standing(established.peer, &hello.name) {
        return Outcome::failed(Finding::TakesName { name });
    }
    let shown = |text: &str| shown_text(text.trim(), MAX_SHOWN_NAME_CHARS);
    let met =
        Met { name: shown(&hello.name), os: shown(&hello.os), program: shown(&hello.program), verified: *verified };
    Outcome::fine(Finding::Met(Box::new(met)))
}

fn say_hello(check: &Check, link: &mut SocketLink, verified: bool) -> Result<Hello, LaneError> {
    // Nobody compares a code here; but a hello without a commitment is refused.
    let nonce = Nonce::fresh().map_err(crate::engine::call::broken_tls)?;
    greet::greet_first(link, &check.seal.me, commitment(&nonce), verified)
}

fn not_greeted(error: &LaneError) -> Finding {
    if let LaneError::Version(ours, theirs) = error {
        return Finding::Versions { ours: *ours, theirs: *theirs };
    }
    let reason = error.reason();
    match (&reason.code, reason.side) {
        (ReasonCode::Blocked, Side::There) => Finding::Blocked,
        (ReasonCode::WrongKey, Side::There) => Finding::TakenForAnother,
        _ => Finding::Odd(reason),
    }
}

/// What `probed` has said, and when it came.
struct Answer {
    reachable: Option<bool>,
    clock: Option<i64>,
    came: i64,
}

fn ask_back(report: &Report, link: &mut SocketLink, port: Option<u16>, verified: bool, round_trip: Duration) {
    let mut answer = None;
    report.step(StepKind::WayBack, || way_back(link, port, &mut answer));
    report.step(StepKind::Clock, || their_clock(answer.as_ref().filter(|_| verified), round_trip));
}

fn way_back(link: &mut SocketLink, port: Option<u16>, told: &mut Option<Answer>) -> Outcome {
    let answer = match probe(link, port) {
        Ok(answer) => told.insert(answer),
        Err(error) => {
            let reason = last_word(link, error).reason();
            return match (&reason.code, reason.side) {
                (ReasonCode::UnknownType, Side::There) => Outcome::not_tried(Finding::NotServed),
                (ReasonCode::Blocked, Side::There) => Outcome::failed(Finding::Blocked),
                (ReasonCode::WrongKey, Side::There) => Outcome::failed(Finding::TakenForAnother),
                _ => Outcome::failed(Finding::Odd(reason)),
            };
        }
    };
    match (answer.reachable, port) {
        (Some(true), _) => Outcome::fine(Finding::Reached),
        (Some(false), Some(port)) => {
            Outcome::failed(Finding::NotReached { port, fix: fix(Opening::Transfers { port }) })
        }
        (_, None) => Outcome::not_tried(Finding::NotListening),
        (None, Some(_)) => Outcome::not_tried(Finding::NotAsked),
    }
}

fn probe(link: &mut SocketLink, port: Option<u16>) -> Result<Answer, LaneError> {
    link.set_deadline(Some(Instant::now() + PROBE));
    header::write_header(link, &Message::Probe { port })?;
    link.flush()?;
    loop {
        match header::read_header(link)?.ok_or_else(ended_early)? {
            Message::Probed { reachable, clock: theirs } => {
                return Ok(Answer { reachable, clock: theirs, came: clock() });
            }
            Message::Ping => {}
            Message::Abort(abort) => return Err(abort.into()),
            other => return Err(unexpected(&other)),
        }
    }
}

/// The answer was half a round trip under way.
fn their_clock(answer: Option<&Answer>, round_trip: Duration) -> Outcome {
    let Some((theirs, came)) = answer.and_then(|answer| Some((answer.clock?, answer.came))) else {
        return Outcome::not_tried(Finding::NoClock);
    };
    let half = i64::try_from((round_trip / 2).as_millis()).unwrap_or_default();
    let ahead_ms = theirs.saturating_add(half).saturating_sub(came);
    let finding = Finding::Clock { ahead_ms };
    let limit = u64::try_from(CLOCK_LIMIT.as_millis()).unwrap_or(u64::MAX);
    if ahead_ms.unsigned_abs() > limit { Outcome::warning(finding) } else { Outcome::fine(finding) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::check::StepState;

    #[test]
    fn clocks_may_differ_by_two_minutes_and_half_a_round_trip_is_no_difference() {
        let state = |clock: Option<i64>, came| {
            let answer = Answer { reachable: None, clock, came };
            let outcome = their_clock(Some(&answer), Duration::from_millis(80));
            (outcome.state, outcome.finding)
        };
        assert_eq!(state(Some(960), 1000), (StepState::Fine, Finding::Clock { ahead_ms: 0 }));
        assert_eq!(state(Some(120_960), 1000), (StepState::Fine, Finding::Clock { ahead_ms: 120_000 }));
        assert_eq!(state(Some(120_961), 1000), (StepState::Warning, Finding::Clock { ahead_ms: 120_001 }));
        assert_eq!(state(Some(-130_040), 0), (StepState::Warning, Finding::Clock { ahead_ms: -130_000 }));
        assert_eq!(state(Some(i64::MIN), i64::MAX).0, StepState::Warning);
        assert_eq!(state(None, 0), (StepState::NotTried, Finding::NoClock));
        assert_eq!(their_clock(None, Duration::ZERO).state, StepState::NotTried);
    }
}
