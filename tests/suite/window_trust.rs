//! Who is who: the code is agreed on before a person's eyes, *Verified* means the key that stood there, and nobody is trusted,
//! warned of or forgotten by accident.

use std::{path::PathBuf, time::Duration};

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable};
use sealdrop::{
    engine::messages::{Command, ComparisonSnapshot, ComparisonState, Event, KeyWarning},
    model::{
        book::{DeviceId, KnownDevice, Rule},
        device::Peer,
        outcome::Outcome,
        reason::{Reason, ReasonCode},
        short_code::ShortCode,
        transfer::{Direction, Stage, TransferKey, TransferSnapshot},
    },
    ui::dialogs::{Answer, Purpose},
};

use crate::{
    fake_engine::{
        device_key, ending, key, key_warning, manifest, peer, preflight, sealed_peer, snapshot, tree, verified_device,
    },
    window_scene::Window,
};

const CODE: &str = "Code 123456";

fn code() -> ShortCode {
    ShortCode::from_number(123_456)
}

fn offer_from(peer: Peer) -> TransferSnapshot {
    TransferSnapshot { peer, ..snapshot(key(9, Direction::Incoming), Stage::Waiting, manifest(&[("a", Some(1))])) }
}

fn offer(window: &mut Window, snapshot: &TransferSnapshot) {
    let expires = window.now() + Duration::from_mins(10);
    window.engine.offer_of(snapshot.clone(), preflight(5_000_000), expires);
    window.harness.run();
}

/// A card of a stranger, with its code, on which clicks count.
fn stranger_with_code() -> Window {
    let mut window = Window::new();
    let mut stranger = offer_from(sealed_peer("Anna’s laptop", 20));
    offer(&mut window, &stranger);
    stranger.code = Some(code());
    window.tell(Event::Snapshot(stranger));
    window.wait(600);
    window.engine.asked();
    window
}

fn sending(stage: Stage, code: Option<ShortCode>) -> TransferSnapshot {
    let peer = sealed_peer("Anna’s laptop", 20);
    TransferSnapshot { peer, code, ..snapshot(key(1, Direction::Outgoing), stage, manifest(&[("a", Some(1))])) }
}

fn codes_asked(window: &Window) -> Vec<TransferKey> {
    let asked = window.engine.asked().into_iter();
    asked.filter_map(|command| if let Command::ShowCode(key) = command { Some(key) } else { None }).collect()
}

#[test]
fn the_code_is_asked_for_once_and_only_when_the_card_stands_before_the_person() {
    let mut window = Window::of([1040.0, 420.0], false);
    for id in 20..32 {
        window.tell(Event::Snapshot(snapshot(
            key(id, Direction::Outgoing),
            Stage::Moving,
            manifest(&[("a", Some(9))]),
        )));
    }
    for id in 1..5 {
        let expires = window.now() + Duration::from_mins(10);
        let first = TransferSnapshot { key: key(id, Direction::Incoming), ..offer_from(peer("A plain one")) };
        window.engine.offer_of(first, preflight(5_000_000), expires);
    }
    offer(&mut window, &offer_from(sealed_peer("Anna’s laptop", 20)));
    window.wait(5_000);
    assert_eq!(codes_asked(&window), [], "four cards are in front of it");
    for id in 1..5 {
        window.tell(Event::Snapshot(snapshot(key(id, Direction::Incoming), Stage::Cancelling, manifest(&[]))));
    }
    assert_eq!(codes_asked(&window), [key(9, Direction::Incoming)]);
    window.wait(5_000);
    assert_eq!(codes_asked(&window), []);
    assert!(window.shows("Agreeing on a code…") && !window.enabled("Verified"));
}

#[test]
fn a_code_that_could_not_be_asked_for_is_asked_for_later() {
    let mut window = Window::new();
    window.engine.fill_up();
    offer(&mut window, &offer_from(sealed_peer("Anna’s laptop", 20)));
    window.engine.asked();
    window.wait(1000);
    assert_eq!(codes_asked(&window), [key(9, Direction::Incoming)]);
}

#[test]
fn verified_means_the_key_on_the_card_and_no_other() {
    let mut window = stranger_with_code();
    assert!(window.shows("Is this really Anna’s laptop?") && window.shows(CODE) && window.shows("Not verified"));
    assert!(window.shows("Linux") && !window.shows("Not encrypted"));
    window.click("Verified");
    let asked = window.engine.asked();
    let [Command::Verify { key, name, address }] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!((*key, name.as_str()), (device_key(20), "Anna’s laptop"));
    assert_eq!(*address, "192.168.1.20:9527".parse().ok());
    assert!(window.shows("Verified: the other device is remembered") && !window.shows("Not verified"));
    assert!(window.controls("Verified").is_empty() && window.engine.answered().is_empty());
    assert!(window.shows(CODE), "the other person may still be asking for it");
}

#[test]
fn a_stranger_who_is_called_like_a_verified_device_is_not_taken_for_it() {
    let mut window = Window::new();
    window.tell(Event::Devices(vec![verified_device("Anna’s laptop", 20, Rule::Ask)]));
    offer(&mut window, &offer_from(sealed_peer("anna’s laptop", 66)));
    let warned = |window: &Window| window.shows("This is not the “Anna’s laptop” you verified: it has another key");
    assert!(warned(&window) && window.shows("Not verified"));
    let mut window = Window::new();
    window.tell(Event::Devices(vec![verified_device("Anna’s laptop", 20, Rule::Ask)]));
    offer(&mut window, &offer_from(sealed_peer("Ben", 66)));
    assert!(!warned(&window));
}

#[test]
fn a_device_that_never_answered_keeps_the_name_it_was_chosen_by() {
    let mut window = Window::new();
    window.tell(Event::Devices(vec![verified_device("Anna’s laptop", 20, Rule::Ask)]));
    window.stage(&[tree("/home/anna/a.txt", &[("", 1)], Vec::new())]);
    window.click("Anna’s laptop");
    window.click("Send");
    let asked = window.engine.asked();
    let Some(Command::Send(request)) = asked.into_iter().next_back() else { panic!("nothing was sent") };
    let key = TransferKey { id: request.id, direction: Direction::Outgoing };
    let nameless = Peer::at(request.to.to_string(), false);
    let failed = ending(Outcome::Failed, Some(Reason::bare(ReasonCode::WrongKey)), 0, 0);
    window.tell(Event::Snapshot(TransferSnapshot { peer: nameless, ..snapshot(key, failed, manifest(&[])) }));
    assert!(window.shows("To Anna’s laptop"));
}

#[test]
fn a_caller_who_hung_up_was_not_turned_away_here() {
    let mut window = Window::new();
    let reason = Reason::there(ReasonCode::WrongKey, None);
    window.tell(Event::Refused { address: "192.168.1.66".to_owned(), reason });
    let said =
        "A device at 192.168.1.66 called and hung up. The other device knows a device of this name by another key";
    assert!(window.harness.query_all_by_label_contains(said).next().is_some());
}

#[test]
fn in_a_narrow_window_the_code_of_what_was_sent_stands_above_the_devices() {
    let mut window = Window::of([420.0, 720.0], false);
    window.tell(Event::Devices((30..36).map(|seed| verified_device("Anna’s laptop", seed, Rule::Ask)).collect()));
    window.tell(Event::Snapshot(sending(Stage::Waiting, Some(code()))));
    let place = window.control("They differ").rect();
    assert!(place.bottom() < 720.0, "it is at {place:?}");
}

#[test]
fn each_card_verifies_its_own_device() {
    let mut window = Window::new();
    for (id, seed) in [(1, 21), (2, 22)] {
        let key = key(id, Direction::Incoming);
        let mut stranger = TransferSnapshot { key, ..offer_from(sealed_peer("Anna’s laptop", seed)) };
        offer(&mut window, &stranger);
        stranger.code = Some(code());
        window.tell(Event::Snapshot(stranger));
    }
    window.wait(600);
    window.engine.asked();
    window.controls("Verified")[1].click();
    window.harness.run();
    let asked = window.engine.asked();
    assert!(matches!(asked.as_slice(), [Command::Verify { key, .. }] if *key == device_key(22)), "{asked:?}");
    assert_eq!(window.controls("Verified").len(), 1, "the other one of the same name is still a stranger");
}

#[test]
fn accept_does_not_wait_for_a_code() {
    let mut window = Window::new();
    offer(&mut window, &offer_from(sealed_peer("Anna’s laptop", 20)));
    window.wait(600);
    window.click("Accept");
    assert!(window.engine.answered()[0].accepted.is_some());
}

#[test]
fn what_verified_moved_up_takes_no_click_by_accident() {
    let mut window = stranger_with_code();
    window.click("Verified");
    window.click("Accept");
    assert!(window.engine.answered().is_empty(), "the second half of a double click");
    window.wait(600);
    window.click("Accept");
    assert_eq!(window.engine.answered().len(), 1);
}

#[test]
fn codes_that_differ_decline_and_warn_until_dismissed() {
    let mut window = stranger_with_code();
    window.click("They differ");
    let answers = window.engine.answered();
    assert_eq!(answers.iter().map(|answer| &answer.accepted).collect::<Vec<_>>(), [&None]);
    assert!(window.engine.asked().is_empty(), "nobody is verified");
    window.harness.get_by_role_and_label(Role::Alert, "The codes differ");
    window.wait(60_000);
    window.harness.key_press(egui::Key::Escape);
    window.harness.run();
    assert!(window.shows("The codes differ"));
    window.click("Dismiss");
    assert!(!window.shows("The codes differ"));
}

#[test]
fn a_new_code_ignores_clicks_for_half_a_second() {
    let mut window = Window::new();
    let mut stranger = offer_from(sealed_peer("Anna’s laptop", 20));
    offer(&mut window, &stranger);
    window.wait(600);
    window.engine.asked();
    stranger.code = Some(code());
    window.tell(Event::Snapshot(stranger));
    window.wait(400);
    window.click("Verified");
    window.click("They differ");
    assert!(window.engine.asked().is_empty() && window.engine.answered().is_empty());
    window.wait(200);
    window.click("Verified");
    assert_eq!(window.engine.asked().len(), 1);
}

#[test]
fn a_code_that_comes_moves_nothing() {
    let mut window = Window::new();
    let mut stranger = offer_from(sealed_peer("Anna’s laptop", 20));
    offer(&mut window, &stranger);
    let before = window.control("Accept").rect();
    stranger.code = Some(code());
    window.tell(Event::Snapshot(stranger));
    assert_eq!(window.control("Accept").rect(), before);
}

#[test]
fn a_plain_offer_has_no_code_and_cannot_be_verified() {
    let mut window = Window::new();
    let mut plain = offer_from(Peer { classic: true, ..peer("a script") });
    offer(&mut window, &plain);
    plain.code = Some(code());
    window.tell(Event::Snapshot(plain));
    window.wait(600);
    assert_eq!(codes_asked(&window), []);
    assert!(!window.shows(CODE) && window.controls("Verified").is_empty());
    assert!(window.shows("Not encrypted"));
}

#[test]
fn a_verified_device_is_said_to_be_verified_and_asks_nothing() {
    let mut window = Window::new();
    offer(&mut window, &offer_from(Peer { verified: true, ..sealed_peer("Anna’s laptop", 20) }));
    window.wait(600);
    assert!(window.shows("Verified") && !window.shows("Not verified"));
    assert!(window.controls("They differ").is_empty() && !window.shows("Agreeing on a code…"));
}

#[test]
fn a_verified_sender_who_has_not_verified_us_is_shown_the_code_too() {
    let mut window = Window::new();
    let mut verified = offer_from(Peer { verified: true, ..sealed_peer("Anna’s laptop", 20) });
    offer(&mut window, &verified);
    assert_eq!(codes_asked(&window), [key(9, Direction::Incoming)]);
    verified.code = Some(code());
    window.tell(Event::Snapshot(verified));
    assert!(window.shows(CODE) && window.shows("If the other person asks for the code:"));
    assert!(window.controls("They differ").is_empty());
}

#[test]
fn a_device_that_could_not_be_stored_is_not_verified() {
    let mut window = stranger_with_code();
    window.click("Verified");
    window.tell(Event::DevicesNotSaved(Reason::here(ReasonCode::DiskFull, "no space left")));
    window.wait(600);
    assert!(window.shows("Not verified") && window.enabled("Verified"));
    let told = "The change to the list of devices could not be stored and does not count. Not enough space on this \
                device. Free some space or choose another folder, then try again";
    window.harness.get_by_role_and_label(Role::Alert, told);
}

#[test]
fn the_sender_compares_the_code_while_it_waits() {
    let mut window = Window::new();
    window.tell(Event::Snapshot(sending(Stage::Waiting, None)));
    assert!(window.controls("Verified").is_empty());
    window.tell(Event::Snapshot(sending(Stage::Waiting, Some(code()))));
    window.click("Verified");
    assert!(window.engine.asked().is_empty(), "it has only just come");
    window.wait(600);
    assert!(window.shows(CODE));
    window.click("Verified");
    let asked = window.engine.asked();
    assert!(matches!(asked.as_slice(), [Command::Verify { key, .. }] if *key == device_key(20)), "{asked:?}");
}

#[test]
fn a_sender_who_sees_another_code_cancels_and_is_warned() {
    let mut window = Window::new();
    window.tell(Event::Snapshot(sending(Stage::Waiting, Some(code()))));
    window.wait(600);
    window.click("They differ");
    let asked = window.engine.asked();
    assert!(matches!(asked.as_slice(), [Command::Cancel(asked)] if *asked == key(1, Direction::Outgoing)), "{asked:?}");
    assert!(window.shows("The codes differ"));
}

#[test]
fn a_transfer_that_began_or_ended_does_not_nag() {
    for stage in [Stage::Moving, ending(Outcome::Verified, None, 1, 1)] {
        let mut window = Window::new();
        window.tell(Event::Snapshot(sending(Stage::Waiting, Some(code()))));
        window.tell(Event::Snapshot(sending(stage, Some(code()))));
        window.wait(600);
        assert!(!window.shows(CODE) && window.controls("They differ").is_empty() && !window.shows("Not verified"));
    }
}

#[test]
fn this_device_shows_its_key_and_copies_it() {
    let mut window = Window::new();
    window.tell(Event::Identity(device_key(1)));
    window.harness.get_by_role_and_label(Role::Image, &format!("Key of this device {}", device_key(1)));
    let first_line = &device_key(1).grouped()[..19];
    let shows_key = |window: &Window| window.harness.query_by_label_contains(first_line).is_some();
    assert!(!shows_key(&window));
    window.click("Show key");
    assert!(shows_key(&window));
    window.click("Copy key");
    assert!(window.shows("Copied"));
}

/// A window with one verified device whose page is open.
fn page_of(device: KnownDevice) -> Window {
    let details = format!("Details of {}", device.name);
    let mut window = Window::new();
    window.tell(Event::Devices(vec![device]));
    window.click(&details);
    // What the history has of it.
    window.engine.asked();
    window
}

#[test]
fn verified_and_blocked_devices_say_so_in_words() {
    let mut window = Window::new();
    let blocked = verified_device("Ben", 21, Rule::Block);
    let called_only = KnownDevice { addresses: Vec::new(), ..verified_device("Chen", 22, Rule::Ask) };
    window.tell(Event::Devices(vec![verified_device("Anna", 20, Rule::Ask), blocked, called_only]));
    for name in ["Device Anna, verified", "Device Ben, verified, blocked", "Device Chen, verified"] {
        window.harness.get_by_role_and_label(Role::Group, name);
    }
    assert!(window.shows("Blocked"));
    assert!(!window.enabled("Chen"), "nobody knows where to send");
    assert!(window.shows("It has only called us: where to send to is not known"));
}

#[test]
fn the_page_of_a_device_says_what_is_known_and_closes_with_escape() {
    let mut window = page_of(verified_device("Anna’s laptop", 20, Rule::Ask));
    for text in ["Verified since 21 Nov 2026", "Ask each time", "Accept into a folder", "Block"] {
        assert!(window.shows(text), "{text}");
    }
    window.harness.get_by_role_and_label(Role::Image, &format!("Key of Anna’s laptop {}", device_key(20)));
    let over = sending(ending(Outcome::Verified, None, 1, 1), None);
    window.tell(Event::Snapshot(over));
    assert!(window.shows("Outgoing: a") && window.shows("Verified on both devices"));
    window.harness.key_press(egui::Key::Escape);
    window.harness.run();
    assert!(!window.shows("Verified since 21 Nov 2026"));
}

#[test]
fn a_rule_is_set_for_the_key_of_the_page() {
    let mut window = page_of(verified_device("Anna’s laptop", 20, Rule::Ask));
    window.click("Block");
    let asked = window.engine.asked();
    assert!(
        matches!(asked.as_slice(), [Command::SetRule { key, rule: Rule::Block }] if *key == device_key(20)),
        "{asked:?}"
    );
}

#[test]
fn accepting_without_asking_needs_a_folder_first() {
    let mut window = page_of(verified_device("Anna’s laptop", 20, Rule::Ask));
    window.click("Accept into a folder");
    assert!(window.shows("Choose a folder first. Until then it goes on as before"));
    assert!(window.engine.asked().is_empty());
    window.click("Choose folder…");
    let purpose = Purpose::RuleFolder(device_key(20));
    assert_eq!(window.desktop.borrow().asked, [(purpose.clone(), Some("/home/anna/Downloads".into()))]);
    window.dialog_answers(purpose.clone(), Answer::Cancelled);
    assert!(window.engine.asked().is_empty());
    window.dialog_answers(purpose, Answer::Chosen(vec!["/srv/inbox".into()]));
    let asked = window.engine.asked();
    let rule = Rule::Accept(PathBuf::from("/srv/inbox"));
    assert!(
        matches!(asked.as_slice(), [Command::SetRule { key, rule: set }] if *key == device_key(20) && *set == rule),
        "{asked:?}"
    );
    window.tell(Event::Devices(vec![verified_device("Anna’s laptop", 20, rule)]));
    assert!(window.shows("/srv/inbox"));
}

#[test]
fn a_rules_folder_can_be_typed_where_no_dialog_opens() {
    let mut window = page_of(verified_device("Anna’s laptop", 20, Rule::Ask));
    window.click("Accept into a folder");
    window.click("Choose folder…");
    window.dialog_answers(Purpose::RuleFolder(device_key(20)), Answer::Failed);
    window.type_into("Path", "/srv/inbox");
    window.click("Use");
    let asked = window.engine.asked();
    assert!(matches!(asked.as_slice(), [Command::SetRule { rule: Rule::Accept(_), .. }]), "{asked:?}");
}

#[test]
fn codes_can_be_compared_with_a_typed_address_that_nothing_was_sent_to() {
    let mut window = Window::new();
    window.type_into("Address", "192.168.1.20");
    window.click("Add");
    window.click("Details of 192.168.1.20:9527");
    window.click("Compare codes");
    let asked = window.engine.asked();
    assert!(matches!(asked.as_slice(), [Command::Compare { expect: None, .. }]), "{asked:?}");
    window.click("Forget");
    assert!(!window.shows("Details of 192.168.1.20:9527"), "there was nothing to be asked about");
}

#[test]
fn forgetting_asks_once() {
    let mut window = page_of(verified_device("Anna’s laptop", 20, Rule::Ask));
    window.click("Forget");
    assert!(window.shows("Its files will be asked for like a stranger’s") && window.engine.asked().is_empty());
    window.click("Keep");
    window.click("Forget");
    window.click("Forget");
    let asked = window.engine.asked();
    assert!(
        matches!(asked.as_slice(), [Command::ForgetDevice(DeviceId::Key(key))] if *key == device_key(20)),
        "{asked:?}"
    );
    assert!(!window.shows("Anna’s laptop"));
}

#[test]
fn comparing_from_a_page_expects_the_verified_key() {
    let mut window = page_of(verified_device("Anna’s laptop", 20, Rule::Ask));
    window.click("Compare codes");
    let asked = window.engine.asked();
    let [Command::Compare { id, to, expect, .. }] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!((to.to_string().as_str(), *expect), ("192.168.1.20:9527", Some(device_key(20))));
    let comparison = TransferKey { id: *id, direction: Direction::Outgoing };
    assert!(window.shows("Connecting to Anna’s laptop…"));
    window.click("Close");
    window.harness.get_by_role_and_label(Role::Group, "Compare codes with Anna’s laptop");
    window.wait(600);
    window.click("Close");
    assert!(matches!(window.engine.asked().as_slice(), [Command::Cancel(cancelled)] if *cancelled == comparison));
    let late = ComparisonState::Ended(Reason::bare(ReasonCode::Cancelled));
    let peer = sealed_peer("Anna’s laptop", 20);
    window.tell(Event::Comparison(ComparisonSnapshot { key: comparison, peer, state: late }));
    assert!(!window.shows("Compare codes with Anna’s laptop"), "closed is closed");
}

#[test]
fn a_page_follows_its_device_when_that_is_verified() {
    let address = "192.168.1.20:9527".parse().unwrap();
    let mut window = page_of(KnownDevice::at(address, "Anna’s laptop".to_owned(), false, 1));
    assert!(window.shows("Not verified") && window.controls("Block").is_empty(), "strangers have no rule");
    window.click("Compare codes");
    let asked = window.engine.asked();
    let [Command::Compare { id, expect: None, .. }] = asked.as_slice() else { panic!("{asked:?}") };
    let comparison = TransferKey { id: *id, direction: Direction::Outgoing };
    let (peer, state) = (sealed_peer("Anna’s laptop", 20), ComparisonState::Code(code()));
    window.tell(Event::Comparison(ComparisonSnapshot { key: comparison, peer, state }));
    window.wait(600);
    window.click("Verified");
    assert!(matches!(window.engine.asked().as_slice(), [Command::Verify { key, .. }] if *key == device_key(20)));
    window.tell(Event::Devices(vec![verified_device("Anna’s laptop", 20, Rule::Ask)]));
    assert!(window.shows("Verified since 21 Nov 2026") && window.shows("Ask each time") && window.shows(CODE));
    window.tell(Event::Devices(Vec::new()));
    assert!(!window.shows("Ask each time"), "nobody knows it any more");
}

#[test]
fn somebody_who_waits_out_of_sight_is_spoken_of() {
    let mut window = Window::of([1040.0, 420.0], false);
    for id in 1..4 {
        let first = TransferSnapshot { key: key(id, Direction::Incoming), ..offer_from(peer("A plain one")) };
        offer(&mut window, &first);
    }
    for id in 1..4 {
        window.tell(Event::Snapshot(snapshot(key(id, Direction::Incoming), Stage::Moving, manifest(&[]))));
    }
    assert!(!window.shows("1 device wants to compare codes"));
    window.stage(&[crate::fake_engine::tree("/x", &[("", 1)], Vec::new())]);
    for id in 1..9 {
        compared_as(&mut window, id, Direction::Outgoing, ComparisonState::Connecting);
    }
    compared_as(&mut window, 9, Direction::Incoming, ComparisonState::Waiting);
    assert_eq!(codes_asked(&window), [], "it is below the others");
    window.click("Show");
    window.wait(600);
    assert_eq!(codes_asked(&window), [key(9, Direction::Incoming)]);
    assert!(!window.shows("1 device wants to compare codes"));
}

fn compared_as(window: &mut Window, id: u8, direction: Direction, state: ComparisonState) {
    let peer = sealed_peer("Anna’s laptop", 20);
    window.tell(Event::Comparison(ComparisonSnapshot { key: key(id, direction), peer, state }));
}

fn compared(window: &mut Window, direction: Direction, state: ComparisonState) {
    compared_as(window, 5, direction, state);
}

#[test]
fn a_caller_who_wants_to_compare_codes_gets_a_card_that_is_seen_first() {
    let mut window = Window::new();
    compared(&mut window, Direction::Incoming, ComparisonState::Waiting);
    window.harness.get_by_role_and_label(Role::Group, "Compare codes with Anna’s laptop");
    assert_eq!(codes_asked(&window), [key(5, Direction::Incoming)]);
    compared(&mut window, Direction::Incoming, ComparisonState::Code(code()));
    assert!(window.shows(CODE));
    window.click("Verified");
    assert!(window.engine.asked().is_empty(), "it has only just come");
    window.wait(600);
    window.click("Verified");
    let asked = window.engine.asked();
    assert!(matches!(asked.as_slice(), [Command::Verify { key, .. }] if *key == device_key(20)), "{asked:?}");
    assert!(window.shows("Verified: the other device is remembered") && window.shows(CODE));
    assert!(window.controls("They differ").is_empty(), "that is settled");
}

#[test]
fn an_outgoing_comparison_says_where_to_look_and_why_it_ended() {
    let mut window = Window::new();
    compared(&mut window, Direction::Outgoing, ComparisonState::Waiting);
    assert!(window.shows("Look at the other screen: the code comes as soon as Sealdrop is in sight on Anna’s laptop"));
    assert_eq!(codes_asked(&window), []);
    compared(&mut window, Direction::Outgoing, ComparisonState::Ended(Reason::bare(ReasonCode::Refused)));
    assert!(window.shows("Nothing is listening at that address"));
    window.wait(600);
    window.click("Close");
    assert!(!window.shows("Compare codes with Anna’s laptop"));
}

#[test]
fn codes_that_differ_in_a_comparison_end_it_with_a_warning() {
    let mut window = Window::new();
    compared(&mut window, Direction::Incoming, ComparisonState::Waiting);
    compared(&mut window, Direction::Incoming, ComparisonState::Code(code()));
    window.wait(600);
    window.engine.asked();
    window.click("They differ");
    assert!(matches!(window.engine.asked().as_slice(), [Command::Cancel(_)]));
    assert!(window.shows("The codes differ") && !window.shows(CODE));
}

#[test]
fn callers_who_come_and_go_do_not_fill_the_window() {
    let mut window = Window::new();
    for id in 0..100 {
        let (key, peer) = (key(id, Direction::Incoming), sealed_peer("nobody", id));
        for state in [ComparisonState::Waiting, ComparisonState::Ended(Reason::bare(ReasonCode::ConnectionLost))] {
            window.engine.tell(Event::Comparison(ComparisonSnapshot { key, peer: peer.clone(), state }));
        }
    }
    window.harness.run();
    assert!(window.harness.query_all_by_role_and_label(Role::Group, "Compare codes with nobody").count() < 10);
}

#[test]
fn a_wrong_key_is_an_alarm_that_no_accident_closes() {
    let mut window = Window::new();
    window.tell(Event::Devices(vec![verified_device("Anna’s laptop", 20, Rule::Ask)]));
    window.tell(Event::WrongKey(key_warning(66, Direction::Incoming)));
    window.click("Dismiss");
    assert!(window.shows("Somebody uses the name of “Anna’s laptop”"), "it has only just come");
    window.harness.key_press(egui::Key::Escape);
    window.harness.key_press(egui::Key::Enter);
    window.wait(3_600_000);
    window.harness.get_by_role_and_label(Role::Alert, "Somebody uses the name of “Anna’s laptop”");
    assert!(window.shows(
        "A device that calls itself “Anna’s laptop” called from 192.168.1.66:9527 with another key than the one you \
         verified. It was turned away"
    ));
    window.click("Show keys");
    for (name, seed) in [("Anna’s laptop", 20), ("Anna’s laptop", 66)] {
        window.harness.get_by_role_and_label(Role::Image, &format!("Key of {name} {}", device_key(seed)));
    }
    window.click("Open device page");
    assert!(window.shows("Verified since 21 Nov 2026"));
}

#[test]
fn an_alarm_ignores_and_makes_ignore_clicks_for_half_a_second() {
    let mut window = stranger_with_code();
    window.tell(Event::WrongKey(key_warning(66, Direction::Incoming)));
    window.click("Accept");
    assert!(window.engine.answered().is_empty(), "everything has just moved");
    window.wait(600);
    window.click("Accept");
    assert_eq!(window.engine.answered().len(), 1);
}

#[test]
fn a_different_device_is_let_in_as_a_stranger_with_the_key_that_was_met() {
    let mut window = Window::new();
    window.tell(Event::WrongKey(key_warning(66, Direction::Incoming)));
    window.wait(600);
    window.click("This is a different device");
    let asked = window.engine.asked();
    assert!(matches!(asked.as_slice(), [Command::AllowDifferent(met)] if *met == device_key(66)), "{asked:?}");
    assert!(!window.shows("Somebody uses the name of “Anna’s laptop”"));
}

#[test]
fn a_wrong_key_that_we_dialled_offers_no_way_round() {
    let mut window = Window::new();
    window.tell(Event::WrongKey(key_warning(66, Direction::Outgoing)));
    window.wait(600);
    assert!(window.shows(
        "The device at 192.168.1.66:9527 is not the “Anna’s laptop” you verified: it has another key. Nothing was sent \
         to it"
    ));
    assert!(window.controls("This is a different device").is_empty());
}

#[test]
fn the_same_warning_does_not_stack_and_many_are_counted() {
    let mut window = Window::new();
    for (met, address) in [(60, "a"), (60, "b"), (61, "c"), (62, "d"), (63, "e"), (64, "f")] {
        let warning = KeyWarning { address: address.to_owned(), ..key_warning(met, Direction::Incoming) };
        window.tell(Event::WrongKey(warning));
    }
    let alarms = window.harness.query_all_by_role(Role::Alert).count();
    assert_eq!(alarms, 3);
    assert!(window.shows("and 2 more"));
}

#[test]
fn a_damaged_device_book_is_said_and_stays() {
    let mut window = Window::new();
    window.tell(Event::DevicesDamaged { kept_at: "/home/anna/.config/sealdrop/devices.json.bad".into() });
    window.wait(60_000);
    assert!(window.shows(
        "The list of devices could not be read, so no device counts as verified any more. The old list is kept as \
         /home/anna/.config/sealdrop/devices.json.bad. Compare codes again before you rely on a name"
    ));
}

#[test]
fn all_of_it_fits_a_narrow_window() {
    let mut window = Window::of([420.0, 2600.0], false);
    let name = "一台名字特别长的笔记本电脑，放在三楼阅览室靠窗的那张桌子上 and a very long English name";
    window.tell(Event::Identity(device_key(1)));
    window.tell(Event::Devices(vec![verified_device(name, 20, Rule::Block)]));
    let mut warning = key_warning(66, Direction::Incoming);
    warning.name = name.to_owned();
    window.tell(Event::WrongKey(warning));
    let mut stranger = offer_from(sealed_peer(name, 30));
    offer(&mut window, &stranger);
    stranger.code = Some(code());
    window.tell(Event::Snapshot(stranger));
    compared(&mut window, Direction::Incoming, ComparisonState::Ended(Reason::bare(ReasonCode::ConnectionLost)));
    window.wait(600);
    window.click("Show keys");
    let details = format!("Details of {name}");
    let narrow = |window: &Window, labels: &[&str]| {
        for label in labels {
            let place = window.control(label).rect();
            assert!(place.left() >= 0.0 && place.right() <= 420.0, "{label} is at {place:?}");
        }
    };
    narrow(
        &window,
        &["Verified", "They differ", &details, "Copy key", "This is a different device", "Dismiss", "Close"],
    );
    window.click(&details);
    narrow(&window, &["Compare codes", "Accept into a folder", "Forget"]);
    assert!(window.harness.query_all_by_role(Role::Image).all(|picture| picture.rect().right() <= 420.0));
}

#[test]
fn a_window_with_alarms_and_codes_still_sleeps() {
    let mut window = stranger_with_code();
    window.tell(Event::WrongKey(key_warning(66, Direction::Incoming)));
    compared(&mut window, Direction::Outgoing, ComparisonState::Code(ShortCode::from_number(1)));
    window.wait(10_000);
    window.harness.run();
    assert!(window.sleeps() > Duration::from_mins(1), "{:?}", window.sleeps());
    assert!(window.harness.query_all_by_role(Role::Group).any(|node| node.accesskit_node().label().is_some()));
}
