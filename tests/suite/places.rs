//! A device that may be at several addresses: the one that answers is used, somebody else at one of them is passed over, and
//! only when it is nowhere is that a failure.

use std::{net::TcpListener, time::Duration};

use sealdrop::{
    engine::messages::Event,
    model::{
        device::PeerAddr,
        outcome::Outcome,
        reason::{ReasonCode, Side},
    },
};

use crate::support::{Station, seeded};

/// Where nobody listens.
fn nobody() -> PeerAddr {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    PeerAddr { host: "127.0.0.1".to_owned(), port }
}

#[test]
fn the_address_that_answers_is_used_and_remembered() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    let (file, key, there) = (a.file("x", &seeded(1, 1000)), b.key(), b.address());
    let sending = a.request(nobody(), &[&file], |request| {
        request.also = vec![nobody(), there.clone()];
        request.expect = Some(key);
    });
    b.accept();
    assert_eq!(a.ending(sending).outcome, Outcome::Verified);
    let dial = a.snapshot(sending, "who answered", |snapshot| snapshot.peer.key.map(|_| snapshot.peer.dial.clone()));
    assert_eq!(dial, Some(there.clone()));
    a.find("the device in the book", |event| match event {
        Event::Devices(devices) => devices.iter().any(|device| device.addresses == [there.clone()]).then_some(()),
        _ => None,
    });
}

#[test]
fn somebody_else_at_one_address_does_not_hide_the_device_at_the_next() {
    let (mut a, mut b, mut c) = (Station::new("a"), Station::new("b"), Station::new("c"));
    let (file, key) = (a.file("x", &seeded(1, 1000)), b.key());
    let sending = a.request(c.address(), &[&file], |request| {
        request.also = vec![b.address()];
        request.expect = Some(key);
    });
    b.accept();
    assert_eq!(a.ending(sending).outcome, Outcome::Verified);
    assert!(!a.seen.iter().any(|event| matches!(event, Event::WrongKey(_))), "it was found");
    assert!(!c.has_card());
}

#[test]
fn somebody_who_takes_the_call_and_says_nothing_does_not_hide_the_device_at_the_next() {
    let mut a = Station::limited("a", |limits| limits.hello = Duration::from_secs(2));
    let mut b = Station::new("b");
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let (file, key) = (a.file("x", &seeded(1, 1000)), b.key());
    let sending = a.request(PeerAddr { host: "127.0.0.1".to_owned(), port }, &[&file], |request| {
        request.also = vec![b.address()];
        request.expect = Some(key);
    });
    b.accept();
    assert_eq!(a.ending(sending).outcome, Outcome::Verified);
}

#[test]
fn another_device_than_the_link_names_is_refused_without_an_accusation() {
    let (mut a, mut b, mut c) = (Station::new("a"), Station::new("b"), Station::new("c"));
    let (file, key) = (a.file("x", &seeded(1, 1000)), b.key());
    let sending = a.request(c.address(), &[&file], |request| {
        request.also = vec![nobody()];
        request.expect = Some(key);
    });
    let ending = a.ending(sending);
    let reason = ending.reason.unwrap();
    assert_eq!((ending.outcome, reason.code, reason.side), (Outcome::Failed, ReasonCode::Refused, Side::Here));
    let sending = a.request(c.address(), &[&file], |request| request.expect = Some(key));
    let reason = a.ending(sending).reason.unwrap();
    assert_eq!((reason.code, reason.side), (ReasonCode::OtherKey, Side::Here));
    assert!(!a.seen.iter().any(|event| matches!(event, Event::WrongKey(_))), "nobody has confirmed that key");
    assert!(!c.has_card());
}

#[test]
fn a_verified_device_that_is_at_none_of_its_addresses_is_a_warning() {
    let (mut a, mut b, mut c) = (Station::new("a"), Station::new("b"), Station::new("c"));
    let (file, key) = (a.file("x", &seeded(1, 1000)), b.key());
    a.verify(key, "b");
    let sending = a.request(c.address(), &[&file], |request| request.expect = Some(key));
    let warning = a.wait("a warning", |event| match event {
        Event::WrongKey(warning) => Some(warning.clone()),
        _ => None,
    });
    assert_eq!((warning.expected, warning.met), (key, c.key()));
    assert_eq!(a.ending(sending).reason.unwrap().code, ReasonCode::WrongKey);
}
