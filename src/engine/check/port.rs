//! Whether this device answers on its own port; if not, who does.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use crate::{
    engine::{
        dial::{NotConnected, connect_within},
        link::SocketLink,
    },
    model::check::Finding,
    transfer::link::Link,
};

use super::{Check, Outcome, holder::holder_of};

/// On one computer all of it takes milliseconds.
const LIMIT: Duration = Duration::from_secs(2);

/// Who answers where we should.
enum Answer {
    Nobody,
    SomebodyElse,
    Us,
}

pub(super) fn check(check: &Check) -> Outcome {
    let port = check.listening.unwrap_or(check.port);
    if port == 0 {
        return Outcome::failed(Finding::PortClosed { port });
    }
    match who_answers(check, port) {
        Answer::Us => Outcome::fine(Finding::Listening { port }),
        Answer::Nobody | Answer::SomebodyElse if check.listening.is_some() => Outcome::failed(Finding::Deaf { port }),
        Answer::Nobody => Outcome::failed(Finding::PortClosed { port }),
        Answer::SomebodyElse => Outcome::failed(Finding::PortTaken { port, by: holder_of(port) }),
    }
}

/// Calls the port from this computer itself: who shows our key there is us, in this process or another.
fn who_answers(check: &Check, port: u16) -> Answer {
    let at = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let stream = match connect_within(&[at], LIMIT, &check.cancel) {
        Ok(connected) => connected.stream,
        Err(NotConnected::NoAnswer(_)) => return Answer::SomebodyElse,
        Err(_) => return Answer::Nobody,
    };
    let link = SocketLink::new(stream, check.cancel.clone(), check.limits, check.notes.clone());
    let (Ok(mut link), Ok(session)) = (link, check.seal.tls.call(None)) else { return Answer::SomebodyElse };
    link.set_deadline(Some(Instant::now() + LIMIT));
    let is_us = link.seal(session).is_ok_and(|established| established.peer == check.seal.tls.own_key());
    link.shut_writing();
    if is_us { Answer::Us } else { Answer::SomebodyElse }
}
