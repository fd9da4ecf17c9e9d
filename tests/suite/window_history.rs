//! The history in the window: looking something up, sending the same once more, forgetting it all.

use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use sealdrop::{
    engine::messages::{Command, Event, HistoryAsked, HistoryFound, What},
    model::{
        book::{DeviceId, Rule},
        history::{HistoryEntry, HistoryFile, HistoryPeer},
        outcome::{FileState, Outcome},
        reason::{Reason, ReasonCode},
        transfer::{Direction, TransferId, TransferKey},
    },
    ui::action::{Action, PageAction},
};

use crate::{
    fake_engine::{device_key, digest, ending, key, key_warning, manifest, sealed_peer, snapshot, verified_device},
    window_scene::Window,
};

/// What `Anna` sent: `names`, all verified.
fn received(id: u8, names: &[&str]) -> HistoryEntry {
    let file = |(n, name): (usize, &&str)| HistoryFile {
        path: (*name).to_owned(),
        place: Some(format!("/home/anna/Downloads/{name}").into()),
        size: 1000,
        md5: Some(digest(n as u64)),
        state: FileState::Verified,
    };
    HistoryEntry {
        key: key(id, Direction::Incoming),
        ended_at: 1_795_219_200 + u64::from(id) * 60,
        peer: HistoryPeer {
            name: "Anna".to_owned(),
            address: "192.168.1.20:50112".to_owned(),
            dial: "192.168.1.20:9527".parse().ok(),
            key: Some(device_key(20)),
            ..HistoryPeer::default()
        },
        outcome: Outcome::Verified,
        reason: None,
        files: names.len() as u64,
        selected: names.len() as u64,
        bytes: 1000 * names.len() as u64,
        kept: 0,
        took: Duration::from_secs(2),
        message: None,
        folder: Some("/home/anna/Downloads".into()),
        roots: Vec::new(),
        list: names.iter().enumerate().map(file).collect(),
        more: 0,
    }
}

/// The same the other way round.
fn sent(id: u8, names: &[&str]) -> HistoryEntry {
    let entry = received(id, names);
    let roots = names.iter().map(|name| format!("/home/me/{name}").into()).collect();
    HistoryEntry { key: key(id, Direction::Outgoing), folder: None, roots, ..entry }
}

/// A window with its history open, and what it asked for answered.
fn open(entries: Vec<HistoryEntry>) -> Window {
    opened(Window::new(), entries)
}

fn opened(mut window: Window, entries: Vec<HistoryEntry>) -> Window {
    window.click("History");
    answer(&mut window, entries);
    window
}

/// Answers what was asked last.
fn answer(window: &mut Window, entries: Vec<HistoryEntry>) {
    let asked = looked_up(window);
    let (found, all) = (entries.len(), entries.len());
    window.tell(Event::History(Box::new(HistoryFound { asked, entries, found, all })));
}

fn looked_up(window: &Window) -> HistoryAsked {
    match window.engine.asked().as_slice() {
        [Command::LoadHistory(asked)] => asked.clone(),
        other => panic!("{other:?}"),
    }
}

const ROW: &str = "a.txt and 1 more, Received from Anna, 2 files, 2.0 kB, Verified, 21 Nov 2026, 00:01 UTC";

#[test]
fn an_entry_shows_every_seal_once_it_is_opened() {
    let mut window = open(vec![received(1, &["a.txt", "b.txt"]), sent(2, &["c.txt"])]);
    assert!(window.shows("Received from Anna  ·  2 files, 2.0 kB") && window.shows("Sent to Anna  ·  1 file, 1.0 kB"));
    assert!(window.shows("21 Nov 2026, 00:01 UTC") && window.shows("2 entries"));
    window.click(ROW);
    for seed in [0, 1] {
        window.harness.get_by_role_and_label(Role::Image, &format!("MD5 {}, verified", digest(seed)));
    }
    assert!(window.shows("Saved in /home/anna/Downloads") && window.controls("Send again").is_empty());
    window.click("Show in folder");
    window.click("b.txt");
    window.click("Show in folder");
    let revealed = ["/home/anna/Downloads/a.txt", "/home/anna/Downloads/b.txt"].map(std::path::PathBuf::from);
    assert_eq!(window.desktop.borrow().revealed, revealed);
    window.click("Copy details");
    let copied =
        window.harness.output().platform_output.commands.iter().any(
            |command| matches!(command, egui::OutputCommand::CopyText(text) if text.contains(&digest(1).to_string())),
        );
    assert!(copied || window.shows("Copied"));
    window.click("Back");
    assert!(window.controls(ROW).len() == 1);
    window.click("Close");
    assert!(!window.shows("Search by device, file, seal or message") && window.controls(ROW).is_empty());
}

#[test]
fn typing_asks_the_engine_once_when_it_pauses() {
    let mut window = open(vec![received(1, &["a.txt"])]);
    for letters in ["b", "i", "ll"] {
        window.type_into("Search history", letters);
        window.wait(100);
    }
    assert!(window.engine.asked().is_empty(), "still typing");
    window.wait(300);
    let asked = looked_up(&window);
    assert_eq!((asked.search.as_str(), asked.with), ("bill", None));
    window.wait(2000);
    assert!(window.engine.asked().is_empty(), "asked once");
    // What was asked for earlier is not what the field says.
    let late = HistoryAsked { search: "bi".to_owned(), ..asked.clone() };
    let late = HistoryFound { asked: late, entries: vec![received(3, &["bible.txt"])], found: 1, all: 2 };
    window.tell(Event::History(Box::new(late)));
    assert!(!window.shows("bible.txt"));
    window.tell(Event::History(Box::new(HistoryFound { asked, entries: Vec::new(), found: 0, all: 2 })));
    assert!(window.shows("Nothing in the history holds that") && window.shows("0 of 2 entries"));
}

#[test]
fn a_window_that_waits_for_a_pause_wakes_by_itself() {
    let mut window = open(Vec::new());
    window.type_into("Search history", "b");
    assert!(window.sleeps() <= Duration::from_millis(250), "{:?}", window.sleeps());
}

#[test]
fn send_again_asks_for_the_same_paths_at_the_same_device() {
    for verified in [false, true] {
        let mut entry = sent(2, &["c.txt", "d"]);
        entry.peer.verified = verified;
        entry.message = Some("once more".to_owned());
        let mut window = open(vec![entry]);
        window.click("c.txt and 1 more, Sent to Anna, 2 files, 2.0 kB, Verified, 21 Nov 2026, 00:02 UTC");
        window.click("Send again");
        let asked = window.engine.asked();
        let [Command::Send(request)] = asked.as_slice() else { panic!("{asked:?}") };
        assert_eq!(request.to, "192.168.1.20:9527".parse().unwrap());
        assert_eq!((request.expect, request.classic), (verified.then(|| device_key(20)), false));
        assert_eq!(request.message.as_deref(), Some("once more"));
        let What::Paths(paths) = &request.what else { panic!("{:?}", request.what) };
        assert_eq!(paths, &["/home/me/c.txt", "/home/me/d"].map(std::path::PathBuf::from));
        assert!(window.shows("Sending to Anna") && window.controls("Search history").is_empty(), "its row is in sight");
    }
}

#[test]
fn send_again_goes_where_a_verified_device_is_now_and_to_no_other_key() {
    let mut entry = sent(2, &["c.txt"]);
    entry.peer.dial = "10.9.9.9:1".parse().ok();
    let mut window = open(vec![entry]);
    window.tell(Event::Devices(vec![verified_device("Anna", 20, Rule::Ask)]));
    window.click("c.txt, Sent to Anna, 1 file, 1.0 kB, Verified, 21 Nov 2026, 00:02 UTC");
    window.click("Send again");
    let asked = window.engine.asked();
    let [Command::Send(request)] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!((request.to.to_string().as_str(), request.expect), ("192.168.1.20:9527", Some(device_key(20))));
}

#[test]
fn clearing_asks_first() {
    let mut window = open(vec![received(1, &["a.txt"])]);
    window.click("Clear history");
    assert!(window.engine.asked().is_empty());
    assert!(window.shows("What was sent and received is forgotten. The files stay where they are"));
    window.click("Keep");
    assert!(window.engine.asked().is_empty() && window.controls("Keep").is_empty());
    window.click("Clear history");
    window.click("Clear history");
    assert!(matches!(window.engine.asked().as_slice(), [Command::ClearHistory]));
    window.tell(Event::HistoryChanged);
    window.wait(300);
    answer(&mut window, Vec::new());
    assert!(
        window
            .shows("Nothing has been sent or received yet. Everything that ends is listed here, also after a restart")
    );
    assert!(window.controls("Clear history").is_empty());
}

#[test]
fn what_ends_while_the_history_is_open_appears_in_it() {
    let mut window = open(Vec::new());
    window.tell(Event::HistoryChanged);
    window.wait(300);
    answer(&mut window, vec![received(1, &["new.txt"])]);
    assert!(window.shows("new.txt"));
}

#[test]
fn escape_goes_back_and_then_closes() {
    let mut window = open(vec![received(1, &["a.txt", "b.txt"])]);
    window.click(ROW);
    window.harness.key_press(egui::Key::Escape);
    window.harness.run();
    assert!(window.controls("Back").is_empty() && window.controls(ROW).len() == 1);
    window.harness.key_press(egui::Key::Escape);
    window.harness.run();
    assert!(window.controls(ROW).is_empty());
}

#[test]
fn ten_thousand_entries_lay_out_only_those_in_sight() {
    let many = (0..10_000_u32).map(|n| {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&n.to_be_bytes());
        let key = TransferKey { id: TransferId(id), direction: Direction::Incoming };
        HistoryEntry { key, ..received(1, &[&format!("file {n}.txt"), "文件.txt"]) }
    });
    let mut window = open(many.collect());
    assert!(window.shows("file 0.txt and 1 more") && !window.shows("file 500.txt and 1 more"));
    let start = Instant::now();
    (0..20).for_each(|_| window.harness.step());
    // Generous: laying all of them out takes seconds.
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[test]
fn a_history_that_cannot_be_read_says_so() {
    let mut window = Window::new();
    window.click("History");
    window.tell(Event::HistoryFailed(Reason::bare(ReasonCode::Io)));
    let told = "The history could not be read or written. This device could not read or write its disk. Check the disk, then try again";
    assert!(window.shows(told), "{:?}", window.harness.root());
    window.tell(Event::HistoryDamaged { kept_at: "/p/history.damaged-1.jsonl".into() });
    assert!(window.shows(
        "The history was damaged. The old file is kept as /p/history.damaged-1.jsonl; what could be read of it is still shown"
    ));
}

#[test]
fn a_device_page_shows_what_the_history_has_of_its_key_without_repeating_this_session() {
    let mut window = Window::new();
    window.tell(Event::Devices(vec![verified_device("Anna", 20, Rule::Ask)]));
    let mut now =
        snapshot(key(7, Direction::Incoming), ending(Outcome::Verified, None, 1, 5), manifest(&[("x", Some(5))]));
    now.peer = sealed_peer("Anna", 20);
    window.tell(Event::Snapshot(now));
    let context = window.harness.ctx.clone();
    let open = Action::Page(PageAction::Open(DeviceId::Key(device_key(20))));
    window.harness.state_mut().perform(open, &context);
    let asked = looked_up(&window);
    assert_eq!((asked.with, asked.search.as_str()), (Some(device_key(20)), ""));
    let entries = vec![received(7, &["x"]), received(1, &["older.txt"])];
    window.tell(Event::History(Box::new(HistoryFound { asked, entries, found: 2, all: 9 })));
    assert!(window.shows("Incoming: older.txt") && window.shows("Verified, 21 Nov 2026"));
    assert_eq!(window.harness.query_all_by_label("Incoming: x").count(), 1);
}

#[test]
fn an_alarm_is_not_hidden_below_the_history() {
    let mut window = open(vec![received(1, &["a.txt", "b.txt"])]);
    window.tell(Event::WrongKey(key_warning(66, Direction::Incoming)));
    assert!(window.shows("Somebody uses the name of “Anna’s laptop”") && window.controls(ROW).is_empty());
}

/// An offer of four files that nobody answered.
fn missed(id: u8) -> HistoryEntry {
    let mut entry = received(id, &[]);
    (entry.selected, entry.folder, entry.took) = (4, None, Duration::ZERO);
    (entry.outcome, entry.reason) = (Outcome::Declined, Some(Reason::bare(ReasonCode::NoAnswer)));
    entry
}

#[test]
fn rows_are_as_high_as_each_other_whatever_they_say() {
    for size in [[420.0, 900.0], [1040.0, 900.0]] {
        let entries = (0..4).map(|n| if n == 1 { missed(9) } else { received(n, &["a.txt"]) }).collect();
        let window = opened(Window::of(size, false), entries);
        let name = |n: u8| format!("a.txt, Received from Anna, 1 file, 1.0 kB, Verified, 21 Nov 2026, 00:0{n} UTC");
        let names = [
            name(0),
            "4 files, Missed an offer from Anna, Missed, 21 Nov 2026, 00:09 UTC".to_owned(),
            name(2),
            name(3),
        ];
        let tops = names.map(|name| window.control(&name).rect().top());
        let steps: Vec<f32> = tops.windows(2).map(|two| two[1] - two[0]).collect();
        assert!(steps.iter().all(|step| (step - steps[0]).abs() < 0.5 && *step > 30.0), "{steps:?}");
    }
}

#[test]
fn an_offer_that_nobody_took_is_one_line_without_names() {
    let mut window = open(vec![missed(3)]);
    assert!(window.shows("4 files") && window.shows("Missed an offer from Anna"));
    window.click("4 files, Missed an offer from Anna, Missed, 21 Nov 2026, 00:03 UTC");
    assert!(window.shows("Nobody answered on this device in time. Ask the sender to offer it again"));
    assert!(window.controls("Show in folder").is_empty() && window.controls("Send again").is_empty());
}
