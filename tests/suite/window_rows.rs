//! A row of *Activity*: every stage and every end is said in words, and each button asks once.

use std::{path::PathBuf, sync::Arc, time::Duration};

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable};
use sealdrop::{
    engine::messages::{Checked, Command, Event, What},
    model::{
        outcome::{FileState, Outcome},
        reason::{Reason, ReasonCode},
        transfer::{Direction, Stage, TransferKey, TransferSnapshot},
    },
    ui::dialogs::{Answer, Purpose},
};

use crate::{
    fake_engine::{digest, ending, file_end, key, manifest, many_files, snapshot, tree},
    window_scene::Window,
};

fn outgoing(stage: Stage) -> TransferSnapshot {
    snapshot(key(1, Direction::Outgoing), stage, manifest(&[("a.bin", Some(1000)), ("b.bin", Some(3000))]))
}

fn incoming(stage: Stage) -> TransferSnapshot {
    let mut snapshot = snapshot(key(2, Direction::Incoming), stage, manifest(&[("iso/debian.iso", Some(4000))]));
    snapshot.folder = Some("/home/anna/Downloads".into());
    snapshot
}

#[test]
fn every_stage_has_its_sentence() {
    for (stage, sentence) in [
        (Stage::Listing { found: 12 }, "Listing… 12 items so far"),
        (Stage::Resolving, "Looking up Anna’s laptop…"),
        (Stage::Connecting, "Connecting to Anna’s laptop…"),
        (Stage::Offering, "Offering to Anna’s laptop…"),
        (Stage::Waiting, "Waiting for Anna’s laptop to accept"),
        (Stage::Hashing { done: 1000, total: 4000 }, "Making the checksum first… 1.0 kB of 4.0 kB"),
        (Stage::Finishing, "Finishing: waiting for Anna’s laptop to confirm"),
        (Stage::Cancelling, "Cancelling…"),
    ] {
        let mut window = Window::new();
        window.tell(Event::Snapshot(outgoing(stage)));
        assert!(window.shows(sentence), "{sentence}");
        assert!(window.shows("Sending to Anna’s laptop") && window.shows("a.bin and 1 more"));
    }
}

#[test]
fn a_moving_transfer_shows_bar_bytes_speed_and_time() {
    let mut window = Window::new();
    let mut moving = outgoing(Stage::Moving);
    (moving.total, moving.files) = (40_000_000, 2);
    for step in 0..60 {
        (moving.moved, moving.files_ended, moving.current) = (step * 50_000, step / 40, Some(1));
        window.engine.tell(Event::Snapshot(moving.clone()));
        window.wait(100);
    }
    let bar = window.harness.get_by_role_and_label(Role::ProgressIndicator, "a.bin and 1 more");
    assert_eq!(bar.accesskit_node().numeric_value(), Some(7.0));
    assert!(window.shows("2.9 MB of 40 MB, 1 of 2 files  ·  500 kB/s  ·  1 min left"), "{:?}", window.harness.root());
    assert!(window.shows("b.bin"));
}

#[test]
fn cancel_button_asks_the_engine_once() {
    let mut window = Window::new();
    window.tell(Event::Snapshot(outgoing(Stage::Moving)));
    window.wait(1000);
    window.click("Cancel");
    assert!(
        matches!(window.engine.asked().as_slice(), [Command::Cancel(asked)] if *asked == key(1, Direction::Outgoing))
    );
    window.tell(Event::Snapshot(outgoing(Stage::Cancelling)));
    assert!(!window.enabled("Cancel"));
}

#[test]
fn one_verified_file_shows_its_seal_on_both_ends() {
    for (snapshot, peer) in [
        (incoming(ending(Outcome::Verified, None, 1, 4000)), "From Anna’s laptop"),
        (
            TransferSnapshot { key: key(2, Direction::Outgoing), ..incoming(ending(Outcome::Verified, None, 1, 4000)) },
            "To Anna’s laptop",
        ),
    ] {
        let mut window = Window::new();
        let key = snapshot.key;
        window.tell(Event::Snapshot(snapshot));
        window.tell(Event::FilesEnded { key, ends: vec![file_end(0, FileState::Verified)] });
        window.harness.get_by_role_and_label(Role::Image, &format!("MD5 {}, verified", digest(0)));
        assert!(window.shows(&digest(0).grouped()));
        assert!(window.shows("Verified: the same on both devices") && window.shows(peer));
        assert!(window.shows("4.0 kB in 3.7 s"));
    }
}

#[test]
fn seals_that_differ_or_could_not_be_compared_say_so() {
    for (state, outcome, name, sentence) in [
        (FileState::Mismatch, Outcome::Failed, "does not match", "Does not match"),
        (FileState::Unchecked, Outcome::Unchecked, "not checked", "Received, no checksum to compare with"),
    ] {
        let mut window = Window::new();
        let over = incoming(ending(outcome, None, 1, 4000));
        let key = over.key;
        window.tell(Event::Snapshot(over));
        window.tell(Event::FilesEnded { key, ends: vec![file_end(0, state)] });
        window.harness.get_by_role_and_label(Role::Image, &format!("MD5 {}, {name}", digest(0)));
        assert!(window.shows(sentence), "{sentence}");
    }
}

#[test]
fn every_end_is_a_sentence() {
    let there = |code| Some(Reason::there(code, None));
    let here = |code| Some(Reason::bare(code));
    for (outcome, reason, sentence) in [
        (Outcome::Verified, None, "All 2 files verified on both devices"),
        (Outcome::Partial, here(ReasonCode::Changed), "1 of 2 files arrived"),
        (Outcome::Unchecked, None, "Handed over, not confirmed"),
        (Outcome::Declined, there(ReasonCode::Declined), "Declined on the other device"),
        (Outcome::Declined, there(ReasonCode::NoAnswer), "Nobody answered on the other device in time"),
        (Outcome::Cancelled, here(ReasonCode::Cancelled), "Cancelled on this device"),
        (Outcome::Cancelled, there(ReasonCode::Cancelled), "Cancelled on the other device"),
        (Outcome::Failed, here(ReasonCode::Refused), "Nothing is listening at that address"),
        (Outcome::Failed, there(ReasonCode::DiskFull), "Not enough space on the other device"),
        (Outcome::Failed, None, "Failed"),
    ] {
        let files = if outcome == Outcome::Verified { 2 } else { 1 };
        let mut window = Window::new();
        window.tell(Event::Snapshot(outgoing(ending(outcome, reason, files, 10))));
        assert!(window.shows(sentence), "{sentence}");
        assert!(window.harness.query_all_by_role(Role::ProgressIndicator).next().is_none());
    }
}

#[test]
fn a_failure_says_what_to_do_and_gives_its_details() {
    let mut window = Window::new();
    let reason = Reason::here(ReasonCode::Refused, "os error 111");
    window.tell(Event::Snapshot(outgoing(ending(Outcome::Failed, Some(reason), 0, 0))));
    assert!(window.shows("Check the address and port, and that Sealdrop is open there"));
    window.wait(1000);
    window.click("Copy details");
    assert!(window.shows("Copied"));
}

/// A transfer that was sent from this window, and its key.
fn sent(window: &mut Window) -> TransferKey {
    window.stage(&[tree("/home/anna/a.bin", &[("", 1000)], Vec::new())]);
    window.type_into("Address", "10.0.0.9");
    window.click("Plain protocol");
    window.click("Send");
    let asked = window.engine.asked();
    let Some(Command::Send(request)) = asked.into_iter().next() else { panic!("nothing was sent") };
    TransferKey { id: request.id, direction: Direction::Outgoing }
}

#[test]
fn what_did_not_come_through_can_be_sent_again_by_one_click() {
    for (outcome, code, button) in [
        (Outcome::Failed, ReasonCode::ConnectionLost, "Retry"),
        (Outcome::Cancelled, ReasonCode::Cancelled, "Retry"),
        (Outcome::Partial, ReasonCode::Changed, "Retry"),
        (Outcome::Declined, ReasonCode::NoAnswer, "Ask again"),
        (Outcome::Declined, ReasonCode::Busy, "Ask again"),
    ] {
        let mut window = Window::new();
        let key = sent(&mut window);
        let over = ending(outcome, Some(Reason::there(code, None)), 0, 0);
        window.tell(Event::Snapshot(snapshot(key, over, manifest(&[("a.bin", Some(1000))]))));
        window.wait(1000);
        window.click(button);
        let asked = window.engine.asked();
        let [Command::Send(again)] = asked.as_slice() else { panic!("{asked:?}") };
        assert_ne!(again.id, key.id);
        assert!(again.classic && again.to.host == "10.0.0.9");
        assert!(matches!(&again.what, What::Paths(paths) if *paths == [PathBuf::from("/home/anna/a.bin")]));
        assert!(window.controls(button).is_empty(), "{button} is offered once");
    }
}

#[test]
fn what_has_arrived_whole_is_not_offered_again() {
    let mut window = Window::new();
    window.stage(&[
        tree("/home/anna/a.bin", &[("", 1000)], Vec::new()),
        tree("/home/anna/b.bin", &[("", 1000)], Vec::new()),
    ]);
    window.type_into("Address", "10.0.0.9");
    window.click("Send");
    let Some(Command::Send(request)) = window.engine.asked().into_iter().next() else { panic!("nothing was sent") };
    let key = TransferKey { id: request.id, direction: Direction::Outgoing };
    let reason = Reason::bare(ReasonCode::Changed);
    let over = ending(Outcome::Partial, Some(reason), 1, 1000);
    window.tell(Event::Snapshot(snapshot(key, over, manifest(&[("a.bin", Some(1000)), ("b.bin", Some(1000))]))));
    window.tell(Event::FilesEnded { key, ends: vec![file_end(0, FileState::Verified)] });
    window.tell(Event::FilesEnded { key, ends: vec![file_end(1, FileState::Failed)] });
    window.wait(1000);
    window.click("Retry");
    let Some(Command::Send(again)) = window.engine.asked().into_iter().next() else { panic!("nothing was sent again") };
    assert!(matches!(&again.what, What::Paths(paths) if *paths == [PathBuf::from("/home/anna/b.bin")]));
}

#[test]
fn a_person_who_declined_is_not_asked_again() {
    let mut window = Window::new();
    let key = sent(&mut window);
    let over = ending(Outcome::Declined, Some(Reason::there(ReasonCode::Declined, None)), 0, 0);
    window.tell(Event::Snapshot(snapshot(key, over, manifest(&[("a.bin", Some(1000))]))));
    assert!(window.controls("Ask again").is_empty() && window.controls("Retry").is_empty());
}

/// One received file, verified.
fn received() -> Window {
    let mut window = Window::new();
    let over = incoming(ending(Outcome::Verified, None, 1, 4000));
    let key = over.key;
    window.tell(Event::Snapshot(over));
    let mut end = file_end(0, FileState::Verified);
    end.place = Some("/home/anna/Downloads/iso/debian.iso".into());
    window.tell(Event::FilesEnded { key, ends: vec![end] });
    window.wait(1000);
    window
}

#[test]
fn a_name_that_was_taken_is_told_where_the_files_are() {
    let mut window = Window::new();
    let over = incoming(ending(Outcome::Verified, None, 1, 4000));
    let key = over.key;
    window.tell(Event::Snapshot(over));
    let mut end = file_end(0, FileState::Verified);
    end.place = Some("/home/anna/Downloads/iso (2)/debian.iso".into());
    window.tell(Event::FilesEnded { key, ends: vec![end] });
    assert!(window.shows("Saved as iso (2)"));
    assert!(!received().shows("Saved as iso"), "its own name is not worth a line");
}

#[test]
fn a_pasted_checksum_is_equal_or_differs_from_a_digit_on() {
    let mut window = received();
    window.click("Compare…");
    let hex = digest(0).to_string();
    window.type_into("Checksum", &format!("{}  debian.iso", hex.to_uppercase()));
    assert!(window.shows("Equal: the checksums are the same"));
    window.click("Compare…");
    window.click("Compare…");
    let other: String =
        hex.chars().enumerate().map(|(i, c)| if i == 6 { if c == '0' { '1' } else { '0' } } else { c }).collect();
    window.type_into("Checksum", &other);
    assert!(window.shows("Different, from digit 7 on"));
}

#[test]
fn check_again_asks_for_the_file_where_it_stands() {
    let mut window = received();
    window.click("Check again");
    let asked = window.engine.asked();
    let [Command::CheckAgain { key, files }] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(files[0].place, PathBuf::from("/home/anna/Downloads/iso/debian.iso"));
    assert_eq!(files[0].md5, digest(0));
    assert!(window.shows("Checking again… 0 of 1 file"));
    window.tell(Event::FileChecked { key: *key, index: 0, result: Checked::Same });
    assert!(window.shows("Checked again: 1 file unchanged"));
    window.tell(Event::FileChecked { key: *key, index: 0, result: Checked::Different(digest(7)) });
    assert!(window.shows("Checked again: 0 unchanged, 1 changed, 0 not there"));
}

#[test]
fn show_in_folder_shows_the_file() {
    let mut window = received();
    window.click("Show in folder");
    assert_eq!(window.desktop.borrow().revealed, [PathBuf::from("/home/anna/Downloads/iso/debian.iso")]);
}

#[test]
fn saved_checksums_are_what_md5sum_checks_in_that_folder() {
    let mut window = received();
    window.click("Save checksums…");
    let folder = Some(PathBuf::from("/home/anna/Downloads"));
    let purpose = Purpose::SaveChecksums { key: key(2, Direction::Incoming), folder: folder.clone() };
    assert_eq!(window.desktop.borrow().asked, [(purpose.clone(), folder)]);
    window.dialog_answers(purpose, Answer::Chosen(vec!["/home/anna/Downloads/checksums.md5".into()]));
    let asked = window.engine.asked();
    let [Command::SaveText { path, text }] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(*text, format!("{}  iso/debian.iso\n", digest(0)));
    window.tell(Event::Wrote { path: path.clone(), result: Err(Reason::here(ReasonCode::Io, "read-only")) });
    let sentence = "/home/anna/Downloads/checksums.md5 was not written. This device could not read or write its disk. \
                    Check the disk, then try again";
    assert!(window.shows(sentence));
    window.tell(Event::Wrote { path: path.clone(), result: Ok(()) });
    assert!(window.shows("Checksums saved as /home/anna/Downloads/checksums.md5"));
}

#[test]
fn a_row_that_is_over_can_be_removed() {
    let mut window = received();
    window.click("Remove iso");
    assert!(window.shows("Nothing sent or received yet"));
}

#[test]
fn only_the_rows_in_sight_of_a_huge_table_are_laid_out() {
    let mut window = Window::new();
    let all = many_files(10_000);
    let mut over = snapshot(key(1, Direction::Outgoing), ending(Outcome::Verified, None, 10_000, 1), all);
    over.manifest = Arc::clone(&over.manifest);
    let key = over.key;
    window.tell(Event::Snapshot(over));
    for index in 0..10_000 {
        window.engine.tell(Event::FilesEnded { key, ends: vec![file_end(index, FileState::Verified)] });
        if index % 4000 == 0 {
            window.harness.run();
        }
    }
    window.wait(1000);
    window.click("Show files");
    let seals = window.harness.query_all_by_role(Role::Image).count();
    assert!((3..40).contains(&seals), "{seals} seals");
    assert!(window.shows("All 10,000 files verified on both devices"));
}

#[test]
fn a_file_of_a_table_is_shown_in_full_when_it_is_chosen() {
    let mut window = Window::new();
    let over = outgoing(ending(Outcome::Partial, None, 1, 1000));
    let key = over.key;
    window.tell(Event::Snapshot(over));
    window.tell(Event::FilesEnded { key, ends: vec![file_end(0, FileState::Verified)] });
    let mut failed = file_end(1, FileState::Failed);
    failed.reason = Some(Reason::bare(ReasonCode::Unreadable));
    window.tell(Event::FilesEnded { key, ends: vec![failed] });
    window.wait(1000);
    assert!(!window.enabled("Compare…"));
    window.click("Show files");
    window.harness.get_by_label("a.bin").click();
    window.harness.run();
    assert!(window.enabled("Compare…"));
    assert!(window.shows("Verified: the same on both devices"));
    window.harness.get_by_label("b.bin").click();
    window.harness.run();
    assert!(window.shows("It could not be read on this device. Check that it exists and that you may open it"));
}

#[test]
fn a_window_that_was_asleep_for_a_minute_takes_everything_in() {
    let mut window = Window::new();
    let mut moving = outgoing(Stage::Moving);
    window.tell(Event::Snapshot(moving.clone()));
    for index in 0..10_000 {
        window.engine.tell(Event::FilesEnded { key: moving.key, ends: vec![file_end(index, FileState::Verified)] });
    }
    moving.moved = 4000;
    window.engine.tell(Event::Snapshot(moving));
    window.wait(60_000);
    let bar = window.harness.get_by_role(Role::ProgressIndicator);
    assert_eq!(bar.accesskit_node().numeric_value(), Some(100.0));
    assert!(window.sleeps() >= Duration::from_millis(300));
}
