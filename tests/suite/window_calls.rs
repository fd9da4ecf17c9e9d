//! Notifications: they tell of what came while nobody looked, ask nothing that a code has to answer first, and go by themselves.

use std::time::Duration;

use egui::ViewportCommand;
use sealdrop::{
    engine::messages::Event,
    model::{
        book::Rule,
        device::Peer,
        manifest::Manifest,
        outcome::Outcome,
        preflight::Preflight,
        reason::{Reason, ReasonCode},
        settings::Settings,
        transfer::{Direction, Stage},
    },
    ui::state::calls::{Answer, Call, CallId},
};

use crate::{
    fake_engine::{ending, key, manifest, preflight, sealed_peer, settings, snapshot, verified_device},
    window_scene::Window,
};

/// A window that nobody looks at and that knows Anna.
fn window() -> Window {
    let mut window = Window::new();
    window.tell(Event::Devices(vec![verified_device("Anna", 20, Rule::Ask)]));
    window.in_front(false);
    window
}

fn anna() -> Peer {
    Peer { verified: true, ..sealed_peer("Anna", 20) }
}

fn stranger(name: &str) -> Peer {
    sealed_peer(name, 66)
}

fn offer(window: &mut Window, id: u8, peer: Peer, files: Manifest, message: Option<&str>, found: Preflight) {
    let mut offer = snapshot(key(id, Direction::Incoming), Stage::Waiting, files);
    (offer.peer, offer.message) = (peer, message.map(str::to_owned));
    let expires = window.now() + Duration::from_mins(10);
    window.engine.offer_of(offer, found, expires);
    window.harness.run();
}

fn photos() -> Manifest {
    manifest(&[("sea.jpg", Some(3000)), ("<b>notes</b>.md", Some(1))])
}

fn only(window: &Window) -> Call {
    let [call] = window.notifications().try_into().unwrap_or_else(|all| panic!("{all:?}"));
    call
}

fn answers(call: &Call) -> Vec<Answer> {
    call.answers.iter().map(|(answer, _)| *answer).collect()
}

#[test]
fn nobody_is_told_of_what_stands_before_him() {
    let mut window = window();
    window.in_front(true);
    offer(&mut window, 1, anna(), photos(), None, preflight(5_000_000));
    assert!(window.notifications().is_empty());
    window.in_front(false);
    assert!(window.notifications().is_empty(), "it was seen");
}

#[test]
fn a_verified_device_s_offer_can_be_answered_there() {
    let mut window = window();
    offer(&mut window, 1, anna(), photos(), None, preflight(5_000_000));
    let call = only(&window);
    assert_eq!(
        (call.title.as_str(), call.body.as_str()),
        ("Anna wants to send you 2 files", "sea.jpg and 1 more, 3.0 kB")
    );
    assert_eq!(answers(&call), [Answer::Show, Answer::Accept, Answer::Decline]);
    window.click_notification(call.id, Some(Answer::Accept));
    let answered = window.engine.answered();
    assert_eq!(answered.len(), 1);
    assert!(answered[0].accepted.is_some() && answered[0].key == key(1, Direction::Incoming));
    window.harness.run();
    assert!(window.notifications().is_empty());

    offer(&mut window, 2, anna(), photos(), None, preflight(5_000_000));
    let told = window.click_notification(CallId::Offer(key(2, Direction::Incoming)), Some(Answer::Decline));
    assert_eq!(window.engine.answered().iter().map(|answer| &answer.accepted).collect::<Vec<_>>(), [&None]);
    assert!(!told.contains(&ViewportCommand::Focus), "who declines goes on with what he does");
}

#[test]
fn a_stranger_can_only_be_looked_at() {
    let mut window = window();
    offer(&mut window, 1, stranger("Mallory"), photos(), Some("click me"), preflight(5_000_000));
    let call = only(&window);
    assert_eq!((call.title.as_str(), call.body.as_str()), ("Mallory wants to send you 2 files", "Not verified"));
    assert_eq!(answers(&call), [Answer::Show], "no code was compared");
    // Whatever comes back, nothing is accepted.
    let told = window.click_notification(call.id, Some(Answer::Accept));
    assert!(window.engine.answered().is_empty());
    assert!(told.contains(&ViewportCommand::Focus), "{told:?}");
}

#[test]
fn the_plain_protocol_is_never_accepted_there() {
    let mut window = window();
    let peer = Peer { classic: true, verified: true, ..Peer::at("192.168.1.20:50112".to_owned(), true) };
    offer(&mut window, 1, peer, photos(), None, preflight(5_000_000));
    assert_eq!(answers(&only(&window)), [Answer::Show]);
}

#[test]
fn what_cannot_be_accepted_as_it_stands_has_no_accept() {
    let mut window = window();
    offer(&mut window, 1, anna(), photos(), None, preflight(5));
    assert_eq!(answers(&only(&window)), [Answer::Show, Answer::Decline]);
    let id = CallId::Offer(key(1, Direction::Incoming));
    let told = window.click_notification(id, Some(Answer::Accept));
    assert!(window.engine.answered().is_empty() && told.contains(&ViewportCommand::Focus), "it is shown instead");
}

#[test]
fn a_known_device_s_message_begins_to_be_read_there() {
    let mut window = window();
    let long = format!("dinner\u{202e} at eight\n{}", "secret ".repeat(100));
    offer(&mut window, 1, anna(), Manifest::default(), Some(&long), Preflight::default());
    let call = only(&window);
    assert_eq!((call.title.as_str(), call.body.as_str()), ("Anna sends a message", "dinner\u{fffd} at eight"));
}

#[test]
fn a_flood_of_strangers_is_one_notification_that_changes_slowly() {
    let mut window = window();
    for id in 0..30 {
        offer(&mut window, id, stranger(&format!("Mallory {id}")), photos(), None, preflight(5_000_000));
    }
    assert_eq!((window.notifications().len(), window.notified.borrow().times), (1, 1));
    window.wait(3_000);
    assert_eq!(only(&window).title, "30 devices wait for your answer");
    assert_eq!(window.notified.borrow().times, 2);
    for id in 30..33 {
        offer(&mut window, id, anna(), photos(), None, preflight(5_000_000));
    }
    offer(&mut window, 33, anna(), photos(), None, preflight(5_000_000));
    assert_eq!(window.notifications().len(), 4, "three known ones stand alone");
    window.in_front(true);
    assert!(window.notifications().is_empty(), "who looks needs none");
}

#[test]
fn a_notification_goes_when_its_offer_does_and_does_not_come_back_once_put_away() {
    let mut window = window();
    for (id, peer) in [(1, anna()), (2, stranger("Mallory"))] {
        offer(&mut window, id, peer, photos(), None, preflight(5_000_000));
    }
    window.click_notification(CallId::Gathered, None);
    window.wait(5_000);
    assert_eq!(only(&window).id, CallId::Offer(key(1, Direction::Incoming)));
    let withdrawn = Some(Reason::there(ReasonCode::Cancelled, None));
    window.tell(Event::Snapshot(snapshot(
        key(1, Direction::Incoming),
        ending(Outcome::Declined, withdrawn, 0, 0),
        photos(),
    )));
    assert!(window.notifications().is_empty());
    // Another one calls again.
    offer(&mut window, 3, stranger("Trudy"), photos(), None, preflight(5_000_000));
    assert_eq!(only(&window).title, "Trudy wants to send you 2 files");
}

#[test]
fn ends_are_told_one_by_its_name_and_several_by_their_number() {
    let mut window = window();
    let end = |id, direction, outcome, reason: Option<Reason>| {
        let mut over = snapshot(key(id, direction), ending(outcome, reason, 1, 3000), photos());
        over.peer = anna();
        Event::Snapshot(over)
    };
    window.tell(end(1, Direction::Incoming, Outcome::Verified, None));
    let call = only(&window);
    assert_eq!((call.title.as_str(), call.body.as_str()), ("Received from Anna", "sea.jpg and 1 more"));
    assert!(!call.stays);
    let lost = Some(Reason::here(ReasonCode::ConnectionLost, "x"));
    window.tell(end(2, Direction::Outgoing, Outcome::Failed, lost));
    // What the person did, or had a card for, is nothing new.
    window.tell(end(3, Direction::Outgoing, Outcome::Cancelled, Some(Reason::bare(ReasonCode::Cancelled))));
    window.tell(end(4, Direction::Incoming, Outcome::Declined, Some(Reason::bare(ReasonCode::NoAnswer))));
    window.wait(3_000);
    let call = only(&window);
    assert_eq!((call.title.as_str(), call.body.as_str()), ("2 transfers have ended", "1 of them did not come through"));
    let told = window.click_notification(call.id, Some(Answer::Show));
    assert!(told.contains(&ViewportCommand::Focus), "{told:?}");
}

#[test]
fn who_switched_them_off_has_none() {
    let mut window = window();
    window.tell(Event::Settings(Settings { notifications: false, ..settings() }));
    offer(&mut window, 1, anna(), photos(), None, preflight(5_000_000));
    assert!(window.notifications().is_empty());
    window.click("Settings");
    window.click("Show notifications while the window is not in front");
    window.click("Save");
    let asked = window.engine.asked();
    let saved = asked.iter().find_map(|command| match command {
        sealdrop::engine::messages::Command::SaveSettings(settings) => Some(settings.notifications),
        _ => None,
    });
    assert_eq!(saved, Some(true), "{asked:?}");
}

#[test]
fn an_idle_window_behind_others_sleeps() {
    let mut window = window();
    offer(&mut window, 1, stranger("Mallory"), photos(), None, preflight(5_000_000));
    window.wait(10_000);
    assert!(window.sleeps() > Duration::from_mins(1), "{:?}", window.sleeps());
    assert_eq!(window.notified.borrow().times, 1);
}
