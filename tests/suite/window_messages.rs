//! Messages in the window: written in one field, read in full before anything is answered, copied, kept.

use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use sealdrop::{
    engine::messages::{Command, Event, HistoryFound, SendRequest, What},
    model::{
        book::KnownDevice,
        history::{HistoryEntry, HistoryPeer},
        manifest::Manifest,
        message::MAX_MESSAGE_BYTES,
        outcome::Outcome,
        preflight::Preflight,
        reason::{Reason, ReasonCode},
        transfer::{Direction, Stage, TransferKey},
    },
};

use crate::{
    fake_engine::{ending, key, manifest, preflight, snapshot, tree},
    window_scene::Window,
};

fn sent(window: &Window) -> Vec<SendRequest> {
    let sent = |command| if let Command::Send(request) = command { Some(request) } else { None };
    window.engine.asked().into_iter().filter_map(sent).collect()
}

fn copied(window: &Window) -> Option<String> {
    let commands = &window.harness.output().platform_output.commands;
    commands.iter().find_map(|command| match command {
        egui::OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    })
}

/// A window before which a message waits.
fn window_with(text: &str) -> Window {
    let mut window = Window::new();
    let mut message = snapshot(key(9, Direction::Incoming), Stage::Waiting, Manifest::default());
    message.message = Some(text.to_owned());
    let expires = window.now() + Duration::from_mins(10);
    window.engine.offer_of(message, Preflight::default(), expires);
    window.harness.run();
    window.wait(600);
    window
}

/// Clicks *Copy* and takes the frame in which the text went to the clipboard.
fn copy(window: &mut Window) -> Option<String> {
    window.control("Copy message").click();
    window.harness.step();
    let first = copied(window);
    window.harness.step();
    first.or_else(|| copied(window))
}

#[test]
fn a_message_alone_is_sent_by_its_own_button() {
    let mut window = Window::new();
    assert!(window.controls("Send message").is_empty() && window.controls("Send").is_empty());
    window.type_into("Message", "Dinner at eight?");
    assert!(window.shows("Choose a device") && !window.enabled("Send message"));
    window.type_into("Address", "192.168.1.44");
    window.click("Send message");
    let requests = sent(&window);
    let [request] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!(request.message.as_deref(), Some("Dinner at eight?"));
    assert!(matches!(&request.what, What::Staged(trees) if trees.is_empty()));
    assert!(window.shows("Sending to 192.168.1.44:9527") && window.shows("Dinner at eight?"));
    assert!(window.controls("Send message").is_empty(), "what was sent is not there to be sent again");
    assert!(window.harness.query_all_by_role(Role::ProgressIndicator).next().is_none());
}

#[test]
fn enter_breaks_the_line_and_ctrl_enter_sends() {
    let mut window = Window::new();
    window.tell(Event::Devices(vec![KnownDevice::at("a.local".parse().unwrap(), "Anna".to_owned(), false, 1)]));
    window.click("Anna");
    window.type_into("Message", "one");
    window.harness.key_press(egui::Key::Enter);
    window.harness.run();
    window.field("Message").type_text("two");
    window.harness.run();
    assert!(sent(&window).is_empty());
    window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Enter);
    window.harness.run();
    assert_eq!(sent(&window)[0].message.as_deref(), Some("one\ntwo"));
}

#[test]
fn pasted_text_becomes_the_message_with_its_lines() {
    let mut window = Window::new();
    for text in ["first\r\nline\n", "look at\n/etc/hosts"] {
        window.harness.event(egui::Event::Paste(text.to_owned()));
        window.harness.run();
    }
    assert!(window.engine.asked().is_empty(), "a line that looks like a path is none in a text");
    window.type_into("Address", "10.0.0.7");
    window.click("Send message");
    assert_eq!(sent(&window)[0].message.as_deref(), Some("first\nline\nlook at\n/etc/hosts"));
}

#[test]
fn a_text_that_is_too_long_is_never_cut_and_sent() {
    let mut window = Window::new();
    window.harness.event(egui::Event::Paste("x".repeat(10_000_000)));
    window.harness.run();
    assert!(
        window.shows("The text on the clipboard is too long for a message. Save it as a file and send that instead")
    );
    assert!(window.controls("Send message").is_empty());
    window.type_into("Address", "10.0.0.7");
    window.field("Message").focus();
    window.harness.run();
    window.harness.event(egui::Event::Paste("文".repeat(MAX_MESSAGE_BYTES / 3 + 1)));
    window.harness.run();
    assert!(window.shows("The message is too long by 2 bytes. Save it as a file and send that instead"));
    assert!(!window.enabled("Send message"));
}

#[test]
fn the_plain_protocol_carries_no_message_and_that_is_said() {
    let mut window = Window::new();
    window.type_into("Message", "hello");
    window.type_into("Address", "10.0.0.9");
    window.click("Plain protocol");
    assert!(window.shows("10.0.0.9:9527 speaks the plain protocol, which carries no messages"));
    assert!(!window.enabled("Send message"));
    window.stage(&[tree("/x", &[("", 1)], Vec::new())]);
    assert!(window.shows("10.0.0.9:9527 gets the files without the message: the plain protocol carries none"));
    window.click("Send");
    assert_eq!(sent(&window)[0].message, None);
}

#[test]
fn a_message_is_read_in_full_before_it_is_answered() {
    let text = (1..=200).fold(String::new(), |text, n| text + &format!("line {n}\n"));
    let mut window = window_with(&format!("{text}end\u{202e}\u{1b}"));
    window.harness.get_by_role_and_label(Role::Group, "Message from Anna’s laptop");
    assert!(window.shows("Anna’s laptop sends a message"));
    assert!(window.shows(&format!("{text}end\u{fffd}\u{fffd}")), "all of it, and what turns text round as what it is");
    let below = window.control("Accept").rect().top() - window.control("Copy message").rect().top();
    assert!(below < 320.0, "it scrolls in itself: {below}");
    assert_eq!(copy(&mut window).as_deref(), Some(format!("{text}end\u{fffd}\u{fffd}").as_str()));
    assert!(window.engine.answered().is_empty(), "to copy is no answer");
    window.click("Accept");
    assert!(window.engine.answered()[0].accepted.is_some());
}

#[test]
fn a_received_message_stays_in_its_row_with_copy() {
    let mut window = window_with("dinner\nat eight");
    window.click("Accept");
    let mut over = snapshot(key(9, Direction::Incoming), ending(Outcome::Verified, None, 0, 0), Manifest::default());
    over.message = Some("dinner\nat eight".to_owned());
    window.tell(Event::Snapshot(over));
    for text in ["Message", "From Anna’s laptop", "dinner\nat eight", "Received"] {
        assert!(window.shows(text), "{text:?} is missing");
    }
    window.harness.get_by_role_and_label(Role::Group, "dinner, From Anna’s laptop");
    assert_eq!(copy(&mut window).as_deref(), Some("dinner\nat eight"));
    assert!(window.controls("Show in folder").is_empty() && window.controls("Compare…").is_empty());
}

#[test]
fn only_an_answered_message_is_called_delivered() {
    let mut window = Window::new();
    window.type_into("Message", "hello");
    window.type_into("Address", "10.0.0.7");
    window.click("Send message");
    let id = sent(&window)[0].id;
    let of = |stage| {
        let key = TransferKey { id, direction: Direction::Outgoing };
        let mut snapshot = snapshot(key, stage, Manifest::default());
        snapshot.message = Some("hello".to_owned());
        Event::Snapshot(snapshot)
    };
    for stage in [Stage::Listing { found: 0 }, Stage::Waiting, Stage::Moving] {
        window.tell(of(stage));
        assert!(!window.shows("Delivered"));
        assert!(window.harness.query_all_by_role(Role::ProgressIndicator).next().is_none());
    }
    assert!(window.controls("Pause").is_empty());
    let no_answer = Some(Reason::bare(ReasonCode::NoAnswer));
    window.tell(of(ending(Outcome::Declined, no_answer, 0, 0)));
    assert!(!window.shows("Delivered"));
    window.click("Ask again");
    let again = sent(&window);
    assert_eq!(again[0].message.as_deref(), Some("hello"));
    assert!(matches!(&again[0].what, What::Paths(paths) if paths.is_empty()));
    window.tell(of(ending(Outcome::Verified, None, 0, 0)));
    assert!(window.shows("Delivered"));
}

#[test]
fn a_note_with_files_is_read_on_the_card_and_in_the_row() {
    let mut window = Window::new();
    let files = || manifest(&[("plan.pdf", Some(100))]);
    let mut offer = snapshot(key(9, Direction::Incoming), Stage::Waiting, files());
    offer.message = Some("page two".to_owned());
    let expires = window.now() + Duration::from_mins(10);
    window.engine.offer_of(offer, preflight(5_000_000), expires);
    window.harness.run();
    window.wait(600);
    assert!(window.shows("page two"));
    window.click("Accept");
    let mut over = snapshot(key(9, Direction::Incoming), ending(Outcome::Verified, None, 1, 100), files());
    over.message = Some("page two".to_owned());
    window.tell(Event::Snapshot(over));
    assert!(window.shows("page two") && window.shows("plan.pdf"));
}

#[test]
fn the_history_shows_a_message_and_copies_and_sends_it_again() {
    let mut window = Window::new();
    let entry = HistoryEntry {
        key: key(3, Direction::Outgoing),
        ended_at: 1_795_219_200,
        peer: HistoryPeer { name: "Anna".to_owned(), dial: "10.0.0.7:9527".parse().ok(), ..HistoryPeer::default() },
        outcome: Outcome::Verified,
        reason: None,
        files: 0,
        selected: 0,
        bytes: 0,
        kept: 0,
        took: Duration::from_secs(2),
        message: Some("see you\nat eight".to_owned()),
        folder: None,
        roots: Vec::new(),
        list: Vec::new(),
        more: 0,
    };
    window.click("History");
    let asked = window.engine.asked();
    let Some(Command::LoadHistory(asked)) = asked.into_iter().next_back() else { panic!("the history was not asked") };
    window.tell(Event::History(Box::new(HistoryFound { asked, entries: vec![entry], found: 1, all: 1 })));
    window.click("see you, Sent to Anna, Message, Delivered, 21 Nov 2026, 00:00 UTC");
    assert!(window.shows("see you\nat eight"));
    assert_eq!(copy(&mut window).as_deref(), Some("see you\nat eight"));
    window.click("Send again");
    let request = &sent(&window)[0];
    assert_eq!(
        (request.message.as_deref(), request.to.to_string().as_str()),
        (Some("see you\nat eight"), "10.0.0.7:9527")
    );
}

#[test]
fn a_long_message_costs_a_frame_little() {
    let mut window = window_with(&"文字 and text ".repeat(MAX_MESSAGE_BYTES / 24));
    window.harness.step();
    let begun = Instant::now();
    for _ in 0..20 {
        window.harness.step();
    }
    let frame = begun.elapsed() / 20;
    assert!(frame < Duration::from_millis(100), "{frame:?} a frame");
    let read = window.harness.query_all_by_role(Role::Label).filter_map(|node| node.value());
    assert!(read.map(|text| text.len()).max().unwrap_or_default() > 10_000);
}
