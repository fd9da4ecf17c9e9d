//! Devices that know each other are here when TLS has shown their keys, wherever they are, and nobody is taken for another.
//!
//! Multicast is tried between namespaces (tests/namespaces); here nobody may depend on it, and calls within this computer do.

use std::{sync::Arc, time::Duration};

use sealdrop::{
    crypto::{identity::Identity, tls::Tls},
    engine::messages::{Command, Event, SendRequest, ShowTo, Wait, What},
    engine::new_transfer_id,
    model::{
        book::Book,
        device::PeerAddr,
        device_key::DeviceKey,
        nearby::{Nearby, Proof, Visibility},
        transfer::{QueuedFor, Stage},
    },
    storage::{devices_file, profile::Profile, settings_file},
};
use tempfile::TempDir;

use crate::support::{LIMIT, Station};

fn home() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Writes into the device book of the station that will start in `home`.
fn write_book(home: &TempDir, edit: impl FnOnce(&mut Book)) {
    let profile = Profile::open(Some(home.path().join("profile"))).unwrap();
    devices_file::change(&profile, edit).unwrap();
}

/// The key that a station in `home` will have.
fn key_of(home: &TempDir) -> DeviceKey {
    let profile = Profile::open(Some(home.path().join("profile"))).unwrap();
    Tls::new(&Identity::open(&profile).unwrap()).unwrap().own_key()
}

fn at(port: u16) -> PeerAddr {
    PeerAddr { host: "127.0.0.1".to_owned(), port }
}

/// Waits until `key` is listed as one that was shown; where.
fn here(station: &mut Station, key: DeviceKey) -> Nearby {
    station.find("the device to be here", |event| match event {
        Event::Nearby(nearby) => nearby.iter().find(|it| it.is_shown(key)).cloned(),
        _ => None,
    })
}

#[test]
fn a_remembered_device_is_here_when_it_shows_its_key_and_gone_when_it_ends() {
    let (home_a, home_b) = (home(), home());
    let mut bert = Station::around(home_b, "Bert", |_| {});
    let (key, address) = (bert.key(), bert.address());
    write_book(&home_a, |book| book.verify(key, "Bert", Some(address.clone()), 1));
    let mut anna = Station::around(home_a, "Anna", |_| {});
    let nearby = here(&mut anna, key);
    assert_eq!((nearby.name.as_str(), nearby.address(), nearby.proof), ("Bert", Some(&address), Proof::Shown));
    anna.seen.clear();
    bert.engine.shut_down(LIMIT);
    // Somebody looks; by itself it would take half a minute.
    anna.wait("the device to be gone", |event| match event {
        Event::Nearby(nearby) => (!nearby.iter().any(|it| it.key == Some(key))).then_some(()),
        _ => None,
    });
}

#[test]
fn whoever_is_asked_for_knows_that_the_other_is_here_and_where() {
    let (home_a, home_b) = (home(), home());
    let (key_a, key_b) = (key_of(&home_a), key_of(&home_b));
    // Bert knows Anna's key, and no address of hers.
    write_book(&home_b, |book| book.verify(key_a, "Anna", None, 1));
    let mut bert = Station::around(home_b, "Bert", |_| {});
    let address = bert.address();
    write_book(&home_a, |book| book.verify(key_b, "Bert", Some(address), 1));
    let mut anna = Station::around(home_a, "Anna", |_| {});
    here(&mut anna, key_b);
    assert_eq!(here(&mut bert, key_a).address(), Some(&anna.address()), "with the port that she listens on");
    let learnt = bert.find("the address to be learnt", |event| match event {
        Event::Devices(devices) => devices.iter().find_map(|device| device.address().cloned()),
        _ => None,
    });
    assert_eq!(learnt, anna.address());
}

#[test]
fn another_device_at_a_remembered_address_is_nobody_and_no_alarm() {
    let (home_a, home_b) = (home(), home());
    let mut other = Station::around(home_b, "Other", |_| {});
    let (expected, address) = (DeviceKey([9; 32]), other.address());
    write_book(&home_a, |book| book.verify(expected, "Bert", Some(address), 1));
    let anna = Station::around(home_a, "Anna", |_| {});
    anna.say(Command::LookAround);
    // Long enough for several calls.
    while let Ok(event) = anna.engine.events().recv_timeout(Duration::from_secs(2)) {
        assert!(!matches!(event, Event::WrongKey(_)), "nobody was about to send anything");
        if let Event::Nearby(nearby) = &event {
            assert!(!nearby.iter().any(|it| it.key == Some(expected)), "{nearby:?}");
        }
    }
    while let Ok(event) = other.engine.events().try_recv() {
        assert!(!matches!(event, Event::Refused { .. }), "whoever looks for somebody else bothers nobody: {event:?}");
    }
    other.seen.clear();
}

#[test]
fn what_waits_for_a_device_goes_when_it_comes_back_elsewhere() {
    let (home_a, home_b) = (home(), home());
    let (key_a, key_b) = (key_of(&home_a), key_of(&home_b));
    // Where Bert was once, nobody is.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    write_book(&home_a, |book| book.verify(key_b, "Bert", Some(at(gone)), 1));
    // Slow to try again by itself: it has to be told.
    let mut anna = Station::around(home_a, "Anna", |limits| {
        limits.retry = Duration::from_mins(5);
        limits.retry_most = Duration::from_mins(5);
    });
    let file = anna.file("letter.txt", b"dear Bert");
    let id = new_transfer_id();
    anna.say(Command::Send(SendRequest {
        id,
        to: at(gone),
        also: Vec::new(),
        expect: Some(key_b),
        classic: false,
        what: What::Paths(vec![file]),
        message: None,
        wait: Wait::WhileAway,
    }));
    anna.wait("the transfer to wait for the device", |event| match event {
        Event::Snapshot(it) => matches!(it.stage, Stage::Queued(QueuedFor::Device)).then_some(()),
        _ => None,
    });
    let address = anna.address();
    write_book(&home_b, |book| book.verify(key_a, "Anna", Some(address), 1));
    let mut bert = Station::around(home_b, "Bert", |_| {});
    let offer = bert.wait("the offer", |event| match event {
        Event::Offered(offer) => Some(Arc::clone(&offer.snapshot.manifest)),
        _ => None,
    });
    assert_eq!(offer.files, 1);
}

#[test]
fn everybody_for_a_while_ends_by_itself_and_is_not_stored() {
    let home = home();
    let mut station = Station::around(home, "Anna", |limits| limits.shown = Duration::from_millis(300));
    let shown = |event: &Event| match event {
        Event::Visible { to, until } => Some((*to, until.is_some())),
        _ => None,
    };
    assert_eq!(station.find("how it is at first", shown), (Visibility::Everybody, false));
    station.say(Command::ShowTo(ShowTo::Always(Visibility::Nobody)));
    assert_eq!(station.wait("what was chosen", shown), (Visibility::Nobody, false));
    station.say(Command::ShowTo(ShowTo::EverybodyForAWhile));
    assert_eq!(station.wait("the ten minutes", shown), (Visibility::Everybody, true));
    assert_eq!(station.wait("their end", shown), (Visibility::Nobody, false));
    station.say(Command::ShowTo(ShowTo::EverybodyForAWhile));
    assert_eq!(station.wait("the ten minutes again", shown), (Visibility::Everybody, true));
    station.say(Command::ShowTo(ShowTo::Always(Visibility::Verified)));
    assert_eq!(station.wait("another choice", shown), (Visibility::Verified, false));
    let profile = station.profile();
    let deadline = std::time::Instant::now() + LIMIT;
    while settings_file::load(&profile).settings.visibility != Visibility::Verified {
        assert!(std::time::Instant::now() < deadline, "what was chosen is stored");
        std::thread::sleep(Duration::from_millis(10));
    }
}
