//! Names that are taken: the card says what becomes of them and does what was chosen, and remembers it only where asked to.

use std::{sync::Arc, time::Duration};

use egui::accesskit::{Role, Toggled};
use egui_kittest::kittest::{NodeT, Queryable};
use sealdrop::{
    engine::messages::{Acceptance, Command, Event},
    model::{
        book::{KnownDevice, Rule, Trusted},
        conflict::Conflict,
        device::Peer,
        manifest::{Manifest, Selection},
        preflight::{Least, Preflight, Taken},
        reason::{Reason, ReasonCode},
        transfer::{Direction, Stage},
    },
};

use crate::{
    fake_engine::{device_key, key, manifest, preflight, sealed_peer, snapshot, verified_device},
    window_scene::Window,
};

fn photos() -> Manifest {
    manifest(&[("Photos", None), ("Photos/sea.jpg", Some(3000)), ("Photos/sun.jpg", Some(2000)), ("notes.md", Some(1))])
}

/// `Photos` is there, with one of its files.
fn taken(free: u64) -> Preflight {
    let taken = vec![Taken { name: "Photos".into(), becomes: "Photos (2)".into() }];
    Preflight { taken, there: 1, ..preflight(free) }
}

fn anna() -> Peer {
    Peer { verified: true, ..sealed_peer("Anna’s laptop", 20) }
}

fn anna_known(conflict: Option<Conflict>) -> KnownDevice {
    let mut known = verified_device("Anna’s laptop", 20, Rule::Ask);
    known.trusted = known.trusted.map(|trusted| Trusted { conflict, ..trusted });
    known
}

/// A card of Anna’s, whose choice for taken names was remembered or not.
fn card_of(peer: Peer, remembered: Option<Conflict>, preflight: Preflight) -> Window {
    let mut window = Window::of([1040.0, 1200.0], false);
    window.tell(Event::Devices(vec![anna_known(remembered)]));
    let expires = window.now() + Duration::from_mins(10);
    let mut offer = snapshot(key(9, Direction::Incoming), Stage::Waiting, photos());
    offer.peer = peer;
    window.engine.offer_of(offer, preflight, expires);
    window.harness.run();
    window.wait(600);
    window.engine.asked();
    window
}

fn chosen(window: &Window, label: &str) -> bool {
    let radio = window.harness.get_by_role_and_label(Role::RadioButton, label);
    radio.accesskit_node().toggled() == Some(Toggled::True)
}

fn accepted(window: &mut Window) -> Option<Conflict> {
    window.click("Accept");
    let answers = window.engine.answered();
    answers.first().and_then(|answer| answer.accepted.as_ref()).map(|acceptance| acceptance.conflict)
}

/// What was asked to be remembered for Anna.
fn remembered(window: &Window) -> Vec<Option<Conflict>> {
    let asked = window.engine.asked().into_iter();
    let remembered = asked.filter_map(|command| match command {
        Command::SetConflict { key, conflict } if key == device_key(20) => Some(conflict),
        _ => None,
    });
    remembered.collect()
}

#[test]
fn each_choice_says_what_it_does_with_the_names_that_are_taken() {
    let window = card_of(anna(), None, taken(5_000_000));
    for told in [
        "Photos is there already, with 1 of the 3 files",
        "The new one becomes Photos (2)",
        "Goes into Photos; the file that is there is replaced once the new one is verified",
        "Goes into Photos; the file that is there stays as it is, and the new one is not sent",
        "Goes into Photos; if the file that is there is the same, it is not sent again. Otherwise it stays, \
         and the new one gets a number",
    ] {
        assert!(window.shows(told), "{told:?} is missing");
    }
    assert!(chosen(&window, "Keep both"), "nothing is replaced unless it was chosen");
}

#[test]
fn the_answer_carries_what_was_chosen() {
    for (label, conflict) in [
        ("Keep both", Conflict::KeepBoth),
        ("Replace", Conflict::Replace),
        ("Skip", Conflict::Skip),
        ("Skip if identical", Conflict::SkipIdentical),
    ] {
        let mut window = card_of(anna(), None, taken(5_000_000));
        window.click(label);
        assert!(chosen(&window, label));
        window.click("Accept");
        let answers = window.engine.answered();
        let expected = Acceptance { conflict, ..Acceptance::new(preflight(0).folder, Selection::All) };
        assert_eq!(answers.iter().map(|answer| answer.accepted.clone()).collect::<Vec<_>>(), [Some(expected)]);
        assert!(remembered(&window).is_empty(), "it was not asked to be remembered");
    }
}

#[test]
fn where_no_name_is_taken_nothing_is_asked() {
    let mut window = card_of(anna(), None, preflight(5_000_000));
    assert!(window.controls("Replace").is_empty() && window.controls("Remember for Anna’s laptop").is_empty());
    assert_eq!(accepted(&mut window), Some(Conflict::KeepBoth));
}

#[test]
fn a_choice_is_remembered_for_a_verified_device_when_it_is_wished() {
    let mut window = card_of(anna(), None, taken(5_000_000));
    window.click("Skip if identical");
    window.click("Remember for Anna’s laptop");
    assert!(remembered(&window).is_empty(), "not before it is accepted");
    assert_eq!(accepted(&mut window), Some(Conflict::SkipIdentical));
    assert_eq!(remembered(&window), [Some(Conflict::SkipIdentical)]);
}

#[test]
fn what_was_remembered_is_chosen_already_and_can_be_changed_or_forgotten() {
    let mut window = card_of(anna(), Some(Conflict::Skip), taken(5_000_000));
    assert!(chosen(&window, "Skip"));
    assert_eq!(accepted(&mut window), Some(Conflict::Skip));
    assert!(remembered(&window).is_empty(), "it is so already");

    let mut window = card_of(anna(), Some(Conflict::Skip), taken(5_000_000));
    window.click("Replace");
    assert_eq!(accepted(&mut window), Some(Conflict::Replace));
    assert_eq!(remembered(&window), [Some(Conflict::Replace)]);

    let mut window = card_of(anna(), Some(Conflict::Skip), taken(5_000_000));
    window.click("Remember for Anna’s laptop");
    assert_eq!(accepted(&mut window), Some(Conflict::Skip));
    assert_eq!(remembered(&window), [None]);
}

#[test]
fn nothing_is_remembered_for_strangers() {
    let window = card_of(sealed_peer("Ben", 30), None, taken(5_000_000));
    assert!(window.shows("Replace") && window.controls("Remember for Ben").is_empty());
}

#[test]
fn the_figures_of_a_full_disk_fit_the_choice() {
    // As the engine finds it: for all that was offered.
    let full = Reason::here(ReasonCode::DiskFull, "5001 bytes needed, 4000 free, 0 of them spoken for");
    let mut window = card_of(anna(), None, Preflight { problem: Some(full), ..taken(4000) });
    assert!(!window.enabled("Accept"));
    assert!(window.shows("Needs 5.0 kB, 4.0 kB free"));
    assert!(window.shows("Not enough space: 1.0 kB more needed. Choose another folder or fewer files"));
    window.click("Skip if identical");
    assert!(window.enabled("Accept"), "what is there needs no room");
    assert!(window.shows("Needs at most 5.0 kB, 4.0 kB free"));
    assert!(window.shows("If all of it is sent, 1.0 kB more are needed. It would pause then until there is room"));
    window.click("Keep both");
    assert!(!window.enabled("Accept"));
}

#[test]
fn what_cannot_fit_whatever_is_there_is_refused_with_its_figures() {
    let least = Least { replace: 4500, skip: 3000, skip_identical: 4800 };
    let mut window = card_of(anna(), None, Preflight { least, ..taken(4000) });
    for (choice, told) in [("Replace", "500 bytes"), ("Skip if identical", "800 bytes")] {
        window.click(choice);
        assert!(!window.enabled("Accept"), "{choice}");
        assert!(window.shows(&format!("Not enough space: {told} more needed. Choose another folder or fewer files")));
    }
    window.click("Skip");
    assert!(window.enabled("Accept"), "what is left fits");
    assert!(window.shows("Needs 3.0 kB, 4.0 kB free"));
}

#[test]
fn a_full_disk_is_full_for_every_choice_when_no_file_is_there() {
    let mut window = card_of(anna(), None, Preflight { there: 0, ..taken(4000) });
    for choice in ["Keep both", "Replace", "Skip", "Skip if identical"] {
        window.click(choice);
        assert!(!window.enabled("Accept"), "{choice}");
    }
}

#[test]
fn another_folder_has_other_names_and_keeps_the_choice() {
    let mut window = card_of(anna(), None, taken(5_000_000));
    window.click("Skip");
    let (key, found) = (key(9, Direction::Incoming), taken(5_000_000));
    window.tell(Event::Preflighted {
        key,
        preflight: Arc::new(Preflight { taken: Vec::new(), there: 0, ..found.clone() }),
    });
    assert!(!window.shows("Photos is there already, with 1 of the 3 files") && window.controls("Skip").is_empty());
    window.tell(Event::Preflighted { key, preflight: Arc::new(found) });
    assert!(chosen(&window, "Skip"));
}

#[test]
fn the_choices_fit_a_narrow_window() {
    let mut window = Window::of([420.0, 2400.0], false);
    let name =
        "下载的论文（最终版）a folder whose name goes on and on, as the names of folders sometimes do".to_owned();
    let offered = manifest(&[(&format!("{name}/a"), Some(1)), (&format!("{name}/b"), Some(1))]);
    let taken = vec![Taken { becomes: format!("{name} (2)"), name }];
    let mut offer = snapshot(key(9, Direction::Incoming), Stage::Waiting, offered);
    offer.peer = anna();
    window.tell(Event::Devices(vec![anna_known(None)]));
    let expires = window.now() + Duration::from_mins(10);
    window.engine.offer_of(offer, Preflight { taken, there: 1, ..preflight(99) }, expires);
    window.harness.run();
    window.wait(1000);
    for label in ["Keep both", "Replace", "Skip", "Skip if identical", "Remember for Anna’s laptop", "Accept"] {
        let place = window.control(label).rect();
        assert!(place.left() >= 0.0 && place.right() <= 420.0, "{label} is at {place:?}");
    }
}

#[test]
fn the_page_of_a_device_shows_and_changes_what_is_remembered() {
    let mut window = Window::new();
    window.tell(Event::Devices(vec![anna_known(Some(Conflict::Replace))]));
    window.click("Details of Anna’s laptop");
    window.engine.asked();
    assert!(window.shows("When a name is taken") && chosen(&window, "Replace"));
    window.click("Skip");
    assert_eq!(remembered(&window), [Some(Conflict::Skip)]);
    window.click("Choose on each card");
    assert_eq!(remembered(&window), [None]);
    window.tell(Event::Devices(vec![anna_known(None)]));
    assert!(chosen(&window, "Choose on each card"));
}
