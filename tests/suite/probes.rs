//! Dialling others back so that they learn whether they can be reached: only to where they came from, rarely, and never as a
//! way to find out what else listens there.

use std::{
    io::{ErrorKind, Read},
    net::{Ipv4Addr, TcpListener, TcpStream},
    time::{Duration, Instant},
};

use sealdrop::{
    engine::messages::Command,
    model::{book::Rule, nearby::Visibility, reason::ReasonCode},
    wire::header::Message,
};

use crate::{
    scripted::Scripted,
    sealed_stream::{SealedStream, new_identity},
    support::{Station, honest},
};

/// What the engine answers to a probe on this connection.
fn probed(mut peer: Scripted, port: Option<u16>) -> (Option<bool>, Option<i64>) {
    peer.greet();
    peer.say(&Message::Probe { port });
    match peer.hear() {
        Some(Message::Probed { reachable, clock }) => (reachable, clock),
        other => panic!("{other:?}"),
    }
}

/// A listener that has not been called.
fn quiet(at: Ipv4Addr) -> TcpListener {
    let listener = TcpListener::bind((at, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    listener
}

fn port_of(listener: &TcpListener) -> u16 {
    listener.local_addr().unwrap().port()
}

fn was_called(listener: &TcpListener) -> Option<TcpStream> {
    match listener.accept() {
        Ok((stream, _)) => Some(stream),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
            None
        }
    }
}

fn visible(to: Visibility) -> Station {
    Station::with("b", |settings| settings.visibility = to)
}

#[test]
fn who_listens_where_it_came_from_is_reached_and_somebody_else_there_is_not() {
    let (mut b, own) = (visible(Visibility::Everybody), new_identity());
    let open = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, answering) = (port_of(&open), own.clone());
    let listener = std::thread::Builder::new()
        .spawn(move || SealedStream::answer(open.accept().unwrap().0, &answering).unwrap())
        .unwrap();
    assert_eq!(probed(Scripted::dial_as(b.port, &own), Some(port)), (Some(true), None));
    listener.join().unwrap();

    // From another address, so that the first does not count: another key, then nobody.
    let stranger = Scripted::dial_from(7, b.port);
    let other = TcpListener::bind("127.0.0.7:0").unwrap();
    let port = port_of(&other);
    let listener = std::thread::Builder::new()
        .spawn(move || SealedStream::answer(other.accept().unwrap().0, &new_identity()).ok())
        .unwrap();
    assert_eq!(probed(stranger, Some(port)), (Some(false), None));
    listener.join().unwrap();
    let closed = port_of(&quiet(Ipv4Addr::new(127, 0, 0, 8)));
    assert_eq!(probed(Scripted::dial_from(8, b.port), Some(closed)), (Some(false), None));
    assert!(!b.has_card());
    honest(&mut b);
}

#[test]
fn nobody_is_called_but_who_asked_and_nothing_is_said_to_it_before_it_speaks_tls() {
    let b = visible(Visibility::Everybody);
    let here = quiet(Ipv4Addr::new(127, 0, 0, 9));
    let port = port_of(&here);
    let elsewhere = TcpListener::bind(("127.0.0.1", port)).unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let mut peer = Scripted::dial_from(9, b.port);
    peer.greet();
    // Whatever else stands in it is not heard.
    peer.json(&format!(r#"{{"type":"probe","port":{port},"address":"127.0.0.1","host":"127.0.0.1"}}"#));
    let begun = Instant::now();
    assert!(matches!(peer.hear(), Some(Message::Probed { reachable: Some(false), .. })));
    assert!(begun.elapsed() < Duration::from_secs(8), "a listener that is silent holds nobody up for long");
    let mut called = was_called(&here).expect("the place it came from was called");
    called.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut said = Vec::new();
    called.read_to_end(&mut said).ok();
    assert!(said.len() < 2048 && said.starts_with(&[0x16, 3, 1]), "one client hello: {} bytes", said.len());
    assert!(was_called(&here).is_none(), "once");
    assert!(was_called(&elsewhere).is_none());
}

#[test]
fn a_flood_of_probes_is_answered_and_dials_back_once() {
    let b = visible(Visibility::Everybody);
    let here = quiet(Ipv4Addr::LOCALHOST);
    let port = port_of(&here);
    let first = probed(Scripted::dial(b.port), Some(port));
    assert_eq!(first, (Some(false), None));
    for _ in 0..20 {
        assert_eq!(probed(Scripted::dial(b.port), Some(port)), (None, None));
    }
    assert!(was_called(&here).is_some() && was_called(&here).is_none());
    // Many addresses at once: four of strangers in a minute.
    let granted = (20..40).filter(|last| {
        let closed = port_of(&quiet(Ipv4Addr::new(127, 0, 0, *last)));
        probed(Scripted::dial_from(*last, b.port), Some(closed)).0.is_some()
    });
    assert_eq!(granted.count(), 3, "with the one before");
}

#[test]
fn a_port_that_is_none_and_no_port_at_all_are_not_dialled() {
    let b = visible(Visibility::Everybody);
    assert_eq!(probed(Scripted::dial(b.port), Some(0)), (None, None));
    assert_eq!(probed(Scripted::dial(b.port), None), (None, None));
    let mut peer = Scripted::dial(b.port);
    peer.greet();
    peer.json(r#"{"type":"probe","port":65536}"#);
    assert_eq!(peer.hear_abort().code, ReasonCode::BadMessage);
}

#[test]
fn strangers_are_dialled_back_only_while_everybody_may_see_this_device() {
    for to in [Visibility::Nobody, Visibility::Verified] {
        let b = visible(to);
        let here = quiet(Ipv4Addr::LOCALHOST);
        assert_eq!(probed(Scripted::dial(b.port), Some(port_of(&here))), (None, None), "{to:?}");
        assert!(was_called(&here).is_none(), "{to:?}");
    }
}

#[test]
fn a_verified_device_is_dialled_back_and_told_the_time_unless_it_is_blocked() {
    let (mut b, own) = (visible(Visibility::Nobody), new_identity());
    b.verify(own.key(), "scripted");
    let closed = port_of(&quiet(Ipv4Addr::LOCALHOST));
    let (reachable, clock) = probed(Scripted::dial_as(b.port, &own), Some(closed));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let apart = u128::try_from(clock.unwrap()).unwrap().abs_diff(now);
    assert!(reachable == Some(false) && apart < 60_000, "{apart} ms");
    b.say(Command::SetRule { key: own.key(), rule: Rule::Block });
    b.wait("the rule", |event| match event {
        sealdrop::engine::messages::Event::Devices(devices) => devices
            .iter()
            .any(|device| device.trusted.as_ref().is_some_and(|trusted| trusted.rule == Rule::Block))
            .then_some(()),
        _ => None,
    });
    let mut peer = Scripted::dial_as(b.port, &own);
    peer.say(&peer.hello());
    assert_eq!(peer.hear_abort().code, ReasonCode::Blocked);
}
