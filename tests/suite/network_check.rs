//! The network check names the step that fails, in time, and says nothing that is not so.

use std::{
    collections::BTreeMap,
    io::Write,
    net::TcpListener,
    time::{Duration, Instant},
};

use sealdrop::{
    engine::messages::{Command, Event},
    model::{
        check::{CheckId, CheckStep, CheckTarget, Finding, Holder, StepKind, StepState},
        device::PeerAddr,
        device_key::DeviceKey,
        nearby::Visibility,
    },
    wire::header::Message,
};

use crate::{scripted::Door, sealed_stream::new_identity, support::Station};

const ID: CheckId = CheckId(7);

/// Everything that a check of that place finds, without this device's own side: tests ask nothing on real networks.
fn check(station: &mut Station, place: PeerAddr, expect: Option<DeviceKey>) -> BTreeMap<StepKind, CheckStep> {
    begin(station, place, expect);
    end(station)
}

fn begin(station: &Station, place: PeerAddr, expect: Option<DeviceKey>) {
    let device = Some(CheckTarget { places: vec![place], expect });
    station.say(Command::Check { id: ID, own: false, device });
}

fn end(station: &mut Station) -> BTreeMap<StepKind, CheckStep> {
    station.wait("the end of the check", |event| matches!(event, Event::CheckEnded { id: ID }).then_some(()));
    let steps = station.seen.iter().filter_map(|event| match event {
        Event::CheckStep { id: ID, step } => Some((step.kind, (**step).clone())),
        _ => None,
    });
    steps.collect()
}

/// The one step that failed; all behind it were not tried, all before it were fine.
fn failed(steps: &BTreeMap<StepKind, CheckStep>) -> &CheckStep {
    let mut failed = steps.values().filter(|step| step.state == StepState::Failed);
    let first = failed.next().unwrap_or_else(|| panic!("nothing failed: {steps:#?}"));
    assert!(failed.next().is_none(), "{steps:#?}");
    for step in steps.values() {
        match step.kind.cmp(&first.kind) {
            std::cmp::Ordering::Less => assert_eq!(step.state, StepState::Fine, "{steps:#?}"),
            std::cmp::Ordering::Equal => assert!(step.took.is_some()),
            std::cmp::Ordering::Greater => assert_eq!(step.state, StepState::NotTried, "{steps:#?}"),
        }
    }
    first
}

fn at(listener: &TcpListener) -> PeerAddr {
    listener.local_addr().unwrap().to_string().parse().unwrap()
}

#[test]
fn two_devices_that_reach_each_other_are_fine() {
    let mut a = Station::new("a");
    let mut b = Station::with("b", |settings| settings.visibility = Visibility::Everybody);
    let steps = check(&mut a, b.address(), Some(b.key()));
    for kind in [StepKind::Name, StepKind::Connection, StepKind::Encryption, StepKind::Greeting, StepKind::WayBack] {
        assert_eq!(steps[&kind].state, StepState::Fine, "{steps:#?}");
    }
    assert_eq!(steps[&StepKind::WayBack].finding, Finding::Reached);
    assert!(matches!(&steps[&StepKind::Greeting].finding, Finding::Met(met) if met.name == "b" && !met.verified));
    assert_eq!(steps[&StepKind::Clock].finding, Finding::NoClock, "strangers are not told the time");
    assert!(!b.has_card());

    let (a_key, b_key) = (a.key(), b.key());
    a.verify(b_key, "b");
    b.verify(a_key, "a");
    a.seen.clear();
    let place = PeerAddr { host: "localhost".to_owned(), ..b.address() };
    let steps = check(&mut a, place, Some(b_key));
    assert!(matches!(steps[&StepKind::Clock].finding, Finding::Clock { ahead_ms } if ahead_ms.abs() < 5000));
    assert!(matches!(&steps[&StepKind::Name].finding, Finding::Resolved(found) if !found.is_empty()));
    // A second one so soon is not dialled back, which is no failure.
    assert_eq!(steps[&StepKind::WayBack].finding, Finding::NotAsked);
}

#[test]
fn a_closed_port_is_a_refusal() {
    let mut a = Station::new("a");
    let closed = at(&TcpListener::bind("127.0.0.1:0").unwrap());
    let steps = check(&mut a, closed, None);
    let step = failed(&steps);
    assert!(step.kind == StepKind::Connection && matches!(step.finding, Finding::Refused { .. }), "{step:?}");
}

#[test]
fn a_name_that_nobody_knows_is_the_first_step() {
    let mut a = Station::new("a");
    let steps = check(&mut a, "no-such-host.invalid".parse().unwrap(), None);
    let step = failed(&steps);
    assert!(step.kind == StepKind::Name && matches!(step.finding, Finding::Unresolved(_)), "{step:?}");
}

#[test]
fn a_server_that_says_nothing_is_silent_and_one_that_says_something_else_is_no_sealdrop() {
    let mut a = Station::new("a");
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let steps = check(&mut a, at(&silent), None);
    let step = failed(&steps);
    assert_eq!((step.kind, &step.finding), (StepKind::Encryption, &Finding::Silent));
    assert!(step.took.unwrap() < Duration::from_secs(10));

    let web = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = at(&web);
    let server = std::thread::Builder::new()
        .spawn(move || web.accept().unwrap().0.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap())
        .unwrap();
    a.seen.clear();
    let steps = check(&mut a, place, None);
    server.join().unwrap();
    let step = failed(&steps);
    assert!(step.kind == StepKind::Encryption && matches!(step.finding, Finding::NotSealdrop { .. }), "{step:?}");
}

#[test]
fn another_key_and_another_version_are_told_apart() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    let expected = new_identity().key();
    let steps = check(&mut a, b.address(), Some(expected));
    let step = failed(&steps);
    assert_eq!((step.kind, &step.finding), (StepKind::Encryption, &Finding::OtherKey { expected, met: b.key() }));
    assert!(!a.seen.iter().any(|event| matches!(event, Event::WrongKey(_))), "the check says it itself");

    let door = Door::open();
    a.seen.clear();
    begin(&a, door.address(), None);
    let mut peer = door.accept();
    let Some(Message::Hello(hello)) = peer.hear() else { panic!("no hello") };
    peer.say(&Message::Hello(sealdrop::wire::header::Hello { versions: [2, 3], commit: None, ..hello }));
    let steps = end(&mut a);
    let step = failed(&steps);
    assert_eq!((step.kind, &step.finding), (StepKind::Greeting, &Finding::Versions { ours: [1, 1], theirs: [2, 3] }));
}

#[test]
fn a_cancel_ends_it_within_half_a_second_and_says_where() {
    let mut a = Station::new("a");
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    begin(&a, at(&silent), None);
    a.wait("TLS to begin", |event| match event {
        Event::CheckStep { step, .. } => {
            (step.kind == StepKind::Encryption && step.state == StepState::Running).then_some(())
        }
        _ => None,
    });
    let begun = Instant::now();
    a.say(Command::CancelCheck(ID));
    let steps = end(&mut a);
    assert!(begun.elapsed() < Duration::from_millis(500), "{:?}", begun.elapsed());
    assert_eq!(steps[&StepKind::Encryption].finding, Finding::Stopped);
    assert_eq!(steps[&StepKind::Greeting].state, StepState::NotTried);
}

#[test]
fn the_own_port_is_called_and_somebody_else_on_it_is_named() {
    // The device is this computer: nothing is asked on real networks.
    let own = |station: &mut Station| {
        let device = Some(CheckTarget { places: vec![station.address()], expect: None });
        station.say(Command::Check { id: ID, own: true, device });
        end(station)
    };
    let mut a = Station::new("a");
    let steps = own(&mut a);
    assert_eq!(steps[&StepKind::Port].finding, Finding::Listening { port: a.port });
    assert_eq!(steps[&StepKind::Multicast].finding, Finding::MulticastNotNeeded);
    assert_ne!(steps[&StepKind::Adapters].state, StepState::Failed);

    let taken = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let (accepting, held) = (taken.try_clone().unwrap(), taken);
    let mut c = Station::new("c");
    c.say(Command::Listen { port });
    c.wait("that it does not listen", |event| matches!(event, Event::NotListening { .. }).then_some(()));
    let mut settings = c.find("settings", |event| match event {
        Event::Settings(settings) => Some(settings.clone()),
        _ => None,
    });
    settings.port = port;
    c.say(Command::SaveSettings(settings));
    let hanging_up = std::thread::Builder::new().spawn(move || drop(accepting.accept())).unwrap();
    let steps = own(&mut c);
    hanging_up.join().unwrap();
    drop(held);
    let step = &steps[&StepKind::Port];
    let Finding::PortTaken { port: told, by } = &step.finding else { panic!("{step:?}") };
    assert_eq!((step.state, *told), (StepState::Failed, port));
    if cfg!(target_os = "linux") {
        assert!(matches!(by, Holder::Program { id, .. } if *id == std::process::id()), "{by:?}");
    }
}
