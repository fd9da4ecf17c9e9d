//! An offer's card: it says who, what and where, answers once, and never takes a click that was not meant for it.

use std::{path::PathBuf, sync::Arc, time::Duration};

use egui::accesskit::{Role, Toggled};
use egui_kittest::kittest::{NodeT, Queryable};
use sealdrop::{
    engine::messages::{Acceptance, Command, Event},
    model::{
        manifest::{Manifest, Selection},
        outcome::Outcome,
        preflight::{Preflight, Renamed, Taken},
        reason::{Reason, ReasonCode},
        transfer::{Direction, Stage},
    },
    ui::dialogs::{Answer, Purpose},
};

use crate::{
    fake_engine::{ending, key, manifest, many_files, preflight, snapshot},
    window_scene::Window,
};

fn photos() -> Manifest {
    manifest(&[("Photos", None), ("Photos/sea.jpg", Some(3000)), ("Photos/con.txt", Some(20)), ("notes.md", Some(1))])
}

fn window_with(manifest: Manifest, preflight: Preflight) -> Window {
    let mut window = Window::new();
    let expires = window.now() + Duration::from_mins(10);
    window.engine.offer(9, manifest, preflight, expires);
    window.harness.run();
    window.wait(600);
    window
}

fn folder() -> PathBuf {
    preflight(0).folder
}

#[test]
fn a_card_is_a_group_that_says_who_what_and_where() {
    let mut conflicts = preflight(5_000_000);
    conflicts.reserved = 1_000_000;
    conflicts.taken = vec![Taken { name: "Photos".into(), becomes: "Photos (2)".into() }];
    conflicts.renamed = vec![Renamed { index: 2, becomes: "con_.txt".into() }];
    conflicts.left_out = vec![(3, Reason::here(ReasonCode::BadPath, "leads outside"))];
    let mut window = window_with(photos(), conflicts);
    window.harness.get_by_role_and_label(Role::Group, "Offer from Anna’s laptop, 3 files");
    for text in [
        "Anna’s laptop wants to send you 3 files, 1 folder",
        "192.168.1.20:9527",
        "Not encrypted",
        "Not verified",
        "sea.jpg",
        "will be saved as con_.txt",
        "Photos is there already, with none of the files",
        "The new one becomes Photos (2)",
        "1 name will be changed",
        "1 item is left out",
        "notes.md: A name in it is not allowed",
        "/home/anna/Downloads",
        "Needs 3.0 kB, 5.0 MB free, 1.0 MB of it kept for other transfers",
    ] {
        assert!(window.shows(text), "{text:?} is missing");
    }
    window.click("Show names");
    assert!(window.shows("Photos/con.txt will be saved as con_.txt"));
}

#[test]
fn accept_answers_once_with_folder_and_selection() {
    let mut window = window_with(photos(), preflight(5_000_000));
    window.click("Accept");
    let answers = window.engine.answered();
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].accepted, Some(Acceptance::new(folder(), Selection::All)));
    assert!(window.controls("Accept").is_empty());
    assert!(window.shows("Waiting for Anna’s laptop to start"), "its row is there at once");
    window.wait(1000);
    assert!(window.engine.answered().is_empty());
}

#[test]
fn decline_answers_once() {
    let mut window = window_with(photos(), preflight(5_000_000));
    window.click("Decline");
    let answers = window.engine.answered();
    assert_eq!(answers.iter().map(|answer| &answer.accepted).collect::<Vec<_>>(), [&None]);
    window.wait(1000);
    assert!(window.engine.answered().is_empty());
}

#[test]
fn clicks_in_the_first_half_second_are_ignored() {
    let mut window = Window::new();
    let expires = window.now() + Duration::from_mins(10);
    window.engine.offer(9, photos(), preflight(5_000_000), expires);
    window.harness.run();
    window.wait(400);
    window.click("Accept");
    window.click("Decline");
    assert!(window.engine.answered().is_empty());
    window.wait(200);
    window.click("Decline");
    assert_eq!(window.engine.answered().len(), 1);
}

#[test]
fn what_a_new_card_pushed_down_ignores_clicks_too() {
    let mut window = Window::new();
    let moving = snapshot(key(1, Direction::Outgoing), Stage::Moving, manifest(&[("a", Some(100))]));
    window.tell(Event::Snapshot(moving));
    window.wait(1000);
    let expires = window.now() + Duration::from_mins(10);
    window.engine.offer(9, photos(), preflight(5_000_000), expires);
    window.harness.run();
    window.click("Cancel");
    assert!(window.engine.asked().is_empty());
    window.wait(600);
    window.click("Cancel");
    assert_eq!(window.engine.asked().len(), 1);
}

#[test]
fn new_cards_go_below_and_take_no_focus() {
    let mut window = window_with(photos(), preflight(5_000_000));
    window.type_into("Address", "10.0");
    let before = window.control("Accept").rect();
    let expires = window.now() + Duration::from_mins(10);
    window.engine.offer(10, manifest(&[("later.txt", Some(1))]), preflight(5_000_000), expires);
    window.harness.run();
    let accepts = window.controls("Accept");
    assert_eq!(accepts.len(), 2);
    assert_eq!(accepts[0].rect(), before);
    assert!(accepts[1].rect().top() > before.bottom());
    assert!(window.harness.get_by_role_and_label(Role::TextInput, "Address").is_focused());
}

#[test]
fn single_entries_and_folders_can_be_left_out() {
    let mut window = window_with(photos(), preflight(5_000_000));
    window.click("sea.jpg");
    assert!(window.shows("2 of 3 files, 21 bytes"));
    assert_eq!(window.control("Photos").accesskit_node().toggled(), Some(Toggled::Mixed));
    let asked = window.engine.asked();
    let selection = Selection::Some(vec![true, false, true, true]);
    assert!(
        matches!(asked.as_slice(), [Command::Preflight { selection: asked, folder: f, .. }] if *asked == selection && *f == folder()),
        "{asked:?}"
    );
    window.click("Accept");
    assert_eq!(window.engine.answered()[0].accepted.as_ref().map(|yes| &yes.selection), Some(&selection));
}

#[test]
fn nothing_chosen_is_nothing_to_accept() {
    let mut window = window_with(photos(), preflight(5_000_000));
    window.click("All files");
    assert!(!window.enabled("Accept"));
    assert!(window.shows("Choose at least one file"));
    window.click("All files");
    assert!(window.enabled("Accept"));
}

#[test]
fn a_folder_that_cannot_be_used_says_why() {
    for (code, sentence) in [
        (ReasonCode::FolderMissing, "The folder to save to is not there. Choose another folder"),
        (ReasonCode::FolderReadOnly, "The folder to save to may not be written to. Choose another folder"),
    ] {
        let window = window_with(photos(), Preflight { problem: Some(Reason::bare(code)), ..preflight(5_000_000) });
        assert!(!window.enabled("Accept"));
        assert!(window.enabled("Decline"));
        assert!(window.shows(sentence));
    }
}

#[test]
fn too_little_space_counts_what_others_still_need() {
    let mut window = window_with(photos(), Preflight { reserved: 2000, ..preflight(4000) });
    assert!(!window.enabled("Accept"));
    assert!(window.shows("Not enough space: 1.0 kB more needed. Choose another folder or fewer files"));
    window.click("sea.jpg");
    assert!(window.enabled("Accept"));
}

#[test]
fn another_folder_is_looked_at_before_it_can_be_accepted() {
    let mut window = window_with(photos(), preflight(5_000_000));
    window.click("Change…");
    let purpose = Purpose::CardFolder(key(9, Direction::Incoming));
    assert_eq!(window.desktop.borrow().asked, [(purpose.clone(), Some(folder()))]);
    window.dialog_answers(purpose, Answer::Chosen(vec!["/mnt/disk".into()]));
    assert!(!window.enabled("Accept"));
    let asked = window.engine.asked();
    let [Command::Preflight { key, folder, .. }] = asked.as_slice() else { panic!("{asked:?}") };
    let found = Preflight { folder: folder.clone(), ..preflight(9_000_000) };
    window.tell(Event::Preflighted { key: *key, preflight: Arc::new(found) });
    window.click("Accept");
    let answers = window.engine.answered();
    assert_eq!(answers[0].accepted.as_ref().map(|yes| yes.folder.clone()), Some("/mnt/disk".into()));
}

#[test]
fn the_countdown_is_shown_in_the_last_minute_only() {
    let mut window = window_with(photos(), preflight(5_000_000));
    assert!(!window.shows("Answer within 30 s"));
    window.wait(569_400);
    assert!(window.shows("Answer within 30 s"));
}

#[test]
fn an_offer_that_is_withdrawn_leaves_a_missed_row() {
    let mut window = window_with(photos(), preflight(5_000_000));
    let reason = Some(Reason::here(ReasonCode::NoAnswer, "10 min"));
    let over = snapshot(key(9, Direction::Incoming), ending(Outcome::Declined, reason, 0, 0), photos());
    window.tell(Event::Snapshot(over));
    assert!(window.controls("Accept").is_empty());
    assert!(window.shows("Missed an offer from Anna’s laptop"));
    assert!(window.shows("Nobody answered on this device in time"));
}

#[test]
fn a_closed_window_declines() {
    let mut window = window_with(photos(), preflight(5_000_000));
    window.close();
    window.harness.run();
    window.click("Stop and close");
    assert_eq!(window.engine.answered().iter().map(|answer| &answer.accepted).collect::<Vec<_>>(), [&None]);
}

#[test]
fn a_message_alone_can_be_accepted() {
    let mut window = Window::new();
    let mut message = snapshot(key(9, Direction::Incoming), Stage::Waiting, Manifest::default());
    message.message = Some("dinner at eight?\u{202e}".to_owned());
    let expires = window.now() + Duration::from_mins(10);
    window.engine.offer_of(message, Preflight::default(), expires);
    window.harness.run();
    window.wait(600);
    assert!(window.shows("Anna’s laptop sends a message"));
    assert!(window.shows("dinner at eight?\u{fffd}"), "what turns text round is shown as what it is");
    window.click("Accept");
    assert!(window.engine.answered()[0].accepted.is_some());
}

#[test]
fn only_the_rows_in_sight_of_a_huge_offer_are_laid_out() {
    let mut window = window_with(many_files(100_000), preflight(u64::MAX));
    window.click("Unfold archive");
    window.click("Unfold part 003");
    let boxes = window.harness.query_all_by_role(Role::CheckBox).count();
    assert!(boxes < 40, "{boxes} check boxes");
}
