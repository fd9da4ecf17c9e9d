//! Transfers that are held, broken, queued or taken up again: each row says who holds it and what goes on by itself, and its
//! buttons ask the engine for just that.

use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable};
use sealdrop::{
    engine::messages::{Command, Event},
    model::{
        outcome::{FileState, Outcome},
        reason::{Reason, ReasonCode},
        transfer::{Direction, Pause, QueuedFor, Stage, TransferId, TransferKey, TransferSnapshot},
    },
};

use crate::{
    fake_engine::{ending, file_end, key, manifest, snapshot},
    window_scene::Window,
};

const BOTH: [Direction; 2] = [Direction::Outgoing, Direction::Incoming];

/// Three files, a part of which is there.
fn half(direction: Direction, stage: Stage) -> TransferSnapshot {
    let files = manifest(&[("a.bin", Some(1_000_000)), ("b.bin", Some(2_000_000)), ("c.bin", Some(1_000_000))]);
    let mut half = snapshot(key(1, direction), stage, files);
    (half.moved, half.files_ended) = (1_680_000, 1);
    half
}

fn window_with(snapshot: TransferSnapshot) -> Window {
    let mut window = Window::new();
    window.tell(Event::Snapshot(snapshot));
    window.wait(1000);
    window
}

fn lost() -> Reason {
    Reason::bare(ReasonCode::ConnectionLost)
}

fn percent(window: &Window) -> Option<f64> {
    window.harness.get_by_role(Role::ProgressIndicator).accesskit_node().numeric_value()
}

/// The one command that the window has asked for.
fn asked(window: &Window) -> Command {
    let mut asked = window.engine.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    asked.remove(0)
}

#[test]
fn what_runs_can_be_paused_and_goes_on_again() {
    for direction in BOTH {
        let mut window = window_with(half(direction, Stage::Moving));
        window.click("Pause");
        assert!(matches!(asked(&window), Command::Pause(paused) if paused == key(1, direction)));
        window.tell(Event::Snapshot(half(direction, Stage::Paused(Pause { here: true, ..Pause::default() }))));
        assert!(window.shows("Paused on this device") && window.shows("1.7 MB of 4.0 MB, 1 of 3 files"));
        assert_eq!(percent(&window), Some(42.0));
        assert!(window.controls("Pause").is_empty());
        assert_eq!(window.sleeps(), Duration::MAX, "nothing moves, nothing is drawn");
        window.click("Resume");
        assert!(matches!(asked(&window), Command::Resume(resumed) if resumed == key(1, direction)));
        window.click("Cancel");
        assert!(matches!(asked(&window), Command::Cancel(_)));
    }
}

#[test]
fn both_screens_say_who_holds_it() {
    for (here, there, told, resumes) in [
        (true, false, "Paused on this device", true),
        (false, true, "Paused on the other device", false),
        (true, true, "Paused on both devices", true),
    ] {
        for direction in BOTH {
            let window = window_with(half(direction, Stage::Paused(Pause { here, there, reason: None })));
            assert!(window.shows(told), "{told}");
            assert_eq!(window.enabled("Resume"), resumes, "{told}");
        }
    }
}

#[test]
fn a_full_disk_says_on_both_screens_what_is_needed_and_that_it_goes_on_by_itself() {
    let detail = "needed 3400000000 bytes, free 1200000000: No space left on device".to_owned();
    let full = [
        (
            Reason::here(ReasonCode::DiskFull, detail.clone()),
            Direction::Incoming,
            "Paused: Not enough space on this device (needs 3.4 GB, 1.2 GB free). Free some space: it goes on by itself",
            true,
        ),
        (
            Reason::there(ReasonCode::DiskFull, Some(detail)),
            Direction::Outgoing,
            "Paused: Not enough space on the other device (needs 3.4 GB, 1.2 GB free). It goes on by itself once there is room",
            false,
        ),
    ];
    for (reason, direction, told, resumes) in full {
        let pause = Pause { reason: Some(reason), ..Pause::default() };
        let window = window_with(half(direction, Stage::Paused(pause)));
        assert!(window.shows(told), "{told}");
        assert_eq!(window.enabled("Resume"), resumes);
    }
}

#[test]
fn a_folder_that_is_gone_or_read_only_says_what_to_do() {
    for (code, told) in [
        (
            ReasonCode::FolderMissing,
            "Paused: The folder to save to is not there. Put the folder back or connect its disk: it goes on by itself",
        ),
        (
            ReasonCode::FolderReadOnly,
            "Paused: The folder to save to may not be written to. Make it writable: it goes on by itself",
        ),
    ] {
        let pause = Pause { reason: Some(Reason::bare(code)), ..Pause::default() };
        let window = window_with(half(Direction::Incoming, Stage::Paused(pause)));
        assert!(window.shows(told), "{told}");
    }
}

#[test]
fn a_lost_connection_counts_down_once_a_second_and_can_be_tried_at_once() {
    let mut window = Window::new();
    let next_try = Some(window.now() + Duration::from_millis(8_600));
    let broken = half(Direction::Outgoing, Stage::Reconnecting { reason: lost(), next_try });
    window.tell(Event::Snapshot(broken));
    assert!(window.shows("The connection was lost. Trying again in 9 s"));
    window.wait(1000);
    assert!(window.shows("The connection was lost. Trying again in 8 s"));
    let mut frames = 0;
    while !window.shows("The connection was lost. Trying again in 1 s") {
        let sleeps = window.sleeps();
        assert!(sleeps <= Duration::from_millis(1002), "{sleeps:?} would skip a second");
        window.wait(u64::try_from(sleeps.as_millis()).unwrap() + 1);
        frames += 1;
    }
    assert!(frames <= 8, "{frames} frames in seven seconds");
    window.click("Resume");
    assert!(matches!(asked(&window), Command::Resume(_)));
    window.click("Pause");
    assert!(matches!(asked(&window), Command::Pause(_)));
    window.wait(2000);
    assert!(window.shows("The connection was lost. Trying again now…"));
    assert_eq!(window.sleeps(), Duration::MAX);
}

#[test]
fn many_countdowns_need_no_more_frames_than_one() {
    let mut window = Window::new();
    for id in 0..20 {
        let next_try = Some(window.now() + Duration::from_millis(20_000 + u64::from(id) * 37));
        let stage = Stage::Reconnecting { reason: lost(), next_try };
        window.engine.tell(Event::Snapshot(snapshot(key(id, Direction::Outgoing), stage, manifest(&[("a", Some(9))]))));
    }
    window.wait(1000);
    let (began, mut frames) = (window.now(), 0);
    while window.now() - began < Duration::from_secs(10) {
        let sleeps = window.sleeps();
        window.wait(u64::try_from(sleeps.as_millis()).unwrap() + 1);
        frames += 1;
    }
    assert!(frames <= 11, "{frames} frames in ten seconds");
}

#[test]
fn who_waits_to_be_called_says_for_whom() {
    let broken = Stage::Reconnecting { reason: lost(), next_try: None };
    let window = window_with(half(Direction::Incoming, broken.clone()));
    assert!(window.shows("The connection was lost. Waiting for Anna’s laptop to come back"));
    assert!(window.enabled("Resume"));
    assert_eq!(window.sleeps(), Duration::MAX);
    let window = window_with(half(Direction::Outgoing, broken));
    assert!(window.shows("The connection was lost. Trying again now…"));
    assert!(!window.enabled("Resume"), "it is being tried already");
}

#[test]
fn what_is_checked_before_it_goes_on_shows_how_far_it_is_on_both_sides() {
    for direction in BOTH {
        let window = window_with(half(direction, Stage::Checking { done: 1_700_000, total: 4_000_000 }));
        assert!(window.shows("Checking what is there already: 42 %, 1.7 MB of 4.0 MB"));
        assert_eq!(percent(&window), Some(42.0));
        assert!(window.enabled("Pause"));
    }
}

#[test]
fn what_was_interrupted_goes_on_or_is_discarded_after_a_question() {
    for (direction, question) in [
        (
            Direction::Incoming,
            "This transfer will not go on. What has arrived of unfinished files is removed; the file that is there in full stays",
        ),
        (
            Direction::Outgoing,
            "This transfer will not go on. What has arrived of unfinished files is removed on the other device; \
             the file that is there in full stays",
        ),
    ] {
        let mut window = window_with(half(direction, Stage::Interrupted));
        assert!(window.shows("Interrupted: Sealdrop was closed before all was there. Resume goes on from here"));
        assert!(window.shows("1.7 MB of 4.0 MB, 1 of 3 files"));
        assert_eq!(percent(&window), Some(42.0));
        assert!(window.controls("Cancel").is_empty() && window.controls("Pause").is_empty());
        window.click("Resume");
        assert!(matches!(asked(&window), Command::Resume(_)));
        window.click("Discard");
        assert!(window.engine.asked().is_empty(), "it asks first");
        assert!(window.shows(question), "{question}");
        window.click("Keep");
        assert!(!window.shows(question) && window.engine.asked().is_empty());
        window.click("Discard");
        window.click("Discard");
        assert!(matches!(asked(&window), Command::Discard(discarded) if discarded == key(1, direction)));
    }
}

/// Three that wait for their turn.
fn queue() -> Window {
    let mut window = Window::new();
    for place in 0..3_u8 {
        let waits = Stage::Queued(QueuedFor::Turn);
        let name = format!("file {place}.bin");
        let mut queued = snapshot(key(place, Direction::Outgoing), waits, manifest(&[(&name, Some(9))]));
        queued.place = Some(place.into());
        window.tell(Event::Snapshot(queued));
    }
    window.wait(1000);
    window
}

#[test]
fn the_queue_says_who_is_before_and_can_be_put_in_another_order() {
    let mut window = queue();
    for told in ["it is next", "1 transfer before it", "2 transfers before it"] {
        assert!(window.shows(&format!("Waiting for its turn: {told}")), "{told}");
    }
    assert!(window.harness.query_all_by_role(Role::ProgressIndicator).next().is_none());
    // The newest stands at the top: it is the last in the queue.
    let enabled = |window: &Window, label| {
        let buttons = window.controls(label);
        buttons.iter().map(|button| !button.accesskit_node().is_disabled()).collect::<Vec<_>>()
    };
    assert_eq!(enabled(&window, "Move up"), [true, true, false]);
    assert_eq!(enabled(&window, "Move down"), [false, true, true]);
    window.controls("Move up")[0].click();
    window.harness.run();
    let last: TransferKey = key(2, Direction::Outgoing);
    assert!(matches!(asked(&window), Command::Reorder { key, place: 1 } if key == last));
    window.controls("Move down")[2].click();
    window.harness.run();
    let first = key(0, Direction::Outgoing);
    assert!(matches!(asked(&window), Command::Reorder { key, place: 1 } if key == first));
    assert_eq!(window.controls("Cancel").len(), 3);
    assert_eq!(window.sleeps(), Duration::MAX);
}

#[test]
fn a_device_that_is_away_gets_it_when_it_is_there() {
    let mut window = window_with(snapshot(
        key(1, Direction::Outgoing),
        Stage::Queued(QueuedFor::Device),
        manifest(&[("a.bin", Some(9))]),
    ));
    assert!(window.shows("Anna’s laptop is not there now. It is sent as soon as the device is there"));
    assert!(window.controls("Move up").is_empty());
    window.click("Resume");
    assert!(matches!(asked(&window), Command::Resume(_)));
}

#[test]
fn the_plain_protocol_says_that_it_cannot_be_paused() {
    let mut moving = half(Direction::Outgoing, Stage::Moving);
    moving.peer.classic = true;
    let window = window_with(moving);
    assert!(!window.enabled("Pause") && window.enabled("Cancel"));
}

#[test]
fn retry_sends_just_what_failed_and_the_row_goes_on() {
    let mut over = half(Direction::Outgoing, ending(Outcome::Partial, Some(lost()), 1, 1_000_000));
    over.retryable = true;
    let mut window = window_with(over);
    let mut changed = file_end(1, FileState::Failed);
    changed.reason = Some(Reason::bare(ReasonCode::Changed));
    for end in [file_end(0, FileState::Verified), changed, file_end(2, FileState::Mismatch)] {
        window.tell(Event::FilesEnded { key: key(1, Direction::Outgoing), ends: vec![end] });
    }
    window.wait(1000);
    window.control("Retry").hover();
    window.harness.run_steps(30);
    assert!(window.shows("Sends the 2 files that failed"));
    window.click("Retry");
    assert!(matches!(asked(&window), Command::Retry(retried) if retried == key(1, Direction::Outgoing)));
    assert!(window.controls("Retry").is_empty(), "it is asked for once");
    window.tell(Event::Snapshot(half(Direction::Outgoing, Stage::Moving)));
    assert!(window.shows("Sending to Anna’s laptop") && window.enabled("Pause"));
    window.click("Show files");
    assert_eq!(window.harness.query_all_by_label("Verified").count(), 1, "what is done stays done");
    assert_eq!(window.harness.query_all_by_label("Waiting").count(), 2, "what failed is open again");
    window.tell(Event::FilesEnded { key: key(1, Direction::Outgoing), ends: vec![file_end(1, FileState::Verified)] });
    window.tell(Event::FilesEnded { key: key(1, Direction::Outgoing), ends: vec![file_end(2, FileState::Verified)] });
    window.tell(Event::Snapshot(half(Direction::Outgoing, ending(Outcome::Verified, None, 3, 4_000_000))));
    assert!(window.shows("All 3 files verified on both devices"));
    assert!(!window.shows("Failed: 1 file"));
}

#[test]
fn what_was_there_before_counts_for_the_bar_and_not_for_the_speed() {
    let mut window = Window::new();
    let mut moving = half(Direction::Incoming, Stage::Moving);
    (moving.total, moving.moved, moving.kept) = (4_000_000_000, 3_000_000_000, 3_000_000_000);
    for step in 0..60_u64 {
        moving.moved = 3_000_000_000 + step * 50_000;
        if step == 30 {
            // A file that stood there was found to be the same.
            (moving.moved, moving.kept) = (moving.moved + 500_000_000, moving.kept + 500_000_000);
        } else if step > 30 {
            moving.moved += 500_000_000;
        }
        window.engine.tell(Event::Snapshot(moving.clone()));
        window.wait(100);
    }
    assert_eq!(percent(&window), Some(87.0));
    let figures = window.harness.query_all_by_role(Role::Label);
    let texts: Vec<String> = figures.filter_map(|node| node.accesskit_node().value()).collect();
    assert!(texts.iter().any(|text| text.starts_with("3.5 GB of 4.0 GB") && text.contains("500 kB/s")), "{texts:?}");
}

#[test]
fn a_file_that_began_anew_is_named_in_the_row_and_in_the_table() {
    let mut window = window_with(half(Direction::Outgoing, Stage::Moving));
    let told = "b.bin began anew: what had arrived is not how it begins any more";
    window.tell(Event::StartedAgain { key: key(1, Direction::Outgoing), index: 1 });
    assert!(window.shows(told));
    window.click("Show files");
    assert!(window.shows("Began anew"));
    window.click("b.bin");
    assert_eq!(window.harness.query_all_by_label(told).count(), 2, "also where the file is shown in full");
    window.tell(Event::StartedAgain { key: key(1, Direction::Outgoing), index: 2 });
    assert!(window.shows("b.bin and 1 more began anew: what had arrived is not how it begins any more"));
}

#[test]
fn files_that_were_there_say_so() {
    let mut over = half(Direction::Incoming, ending(Outcome::Verified, None, 1, 1_000_000));
    over.folder = Some("/home/anna/Downloads".into());
    let mut window = window_with(over);
    for index in [1, 2] {
        let mut there = file_end(index, FileState::Skipped);
        (there.reason, there.place) = (Some(Reason::bare(ReasonCode::AlreadyThere)), None);
        window.tell(Event::FilesEnded { key: key(1, Direction::Incoming), ends: vec![there] });
    }
    assert!(window.shows("Was there already: 2 files"));
    window.wait(1000);
    window.click("Show files");
    assert_eq!(window.harness.query_all_by_label("Was there already").count(), 2, "in the table, too");
    window.click("c.bin");
    assert!(window.shows("A file of this name is there already on this device. It stays as it is"));
}

#[test]
fn buttons_and_sentences_fit_a_narrow_window() {
    let name =
        "下载的论文（最终版）a very long file name that goes on and on, as the names of papers do (final) (2).pdf";
    let next_try = Some(Instant::now() + Duration::from_hours(1));
    for stage in [
        Stage::Moving,
        Stage::Interrupted,
        Stage::Reconnecting { reason: lost(), next_try },
        Stage::Queued(QueuedFor::Turn),
        Stage::Paused(Pause { reason: Some(Reason::bare(ReasonCode::FolderMissing)), ..Pause::default() }),
    ] {
        let mut window = Window::of([420.0, 1600.0], false);
        let mut narrow = snapshot(key(1, Direction::Outgoing), stage, manifest(&[(name, Some(100)), ("b", Some(1))]));
        narrow.place = Some(1);
        window.tell(Event::Snapshot(narrow));
        window.wait(1000);
        let labels = ["Pause", "Resume", "Cancel", "Discard", "Move up", "Move down", "Show files"];
        let places: Vec<_> = labels.iter().flat_map(|label| window.controls(label)).map(|node| node.rect()).collect();
        assert!(places.len() >= 3);
        for (at, place) in places.iter().enumerate() {
            assert!(place.left() >= 0.0 && place.right() <= 420.0, "{place:?}");
            assert!(places.iter().skip(at + 1).all(|other| !other.shrink(1.0).intersects(*place)), "they overlap");
        }
    }
}

#[test]
fn ten_thousand_rows_cost_no_more_than_those_in_sight() {
    let mut window = Window::new();
    let files = manifest(&[("a.bin", Some(9)), ("b.bin", Some(9))]);
    for number in 0..10_000_u16 {
        let [high, low] = number.to_be_bytes();
        let mut id = [low; 16];
        id[0] = high;
        let key = TransferKey { id: TransferId(id), direction: Direction::Outgoing };
        let mut queued = snapshot(key, Stage::Queued(QueuedFor::Turn), files.clone());
        queued.place = Some(number.into());
        window.engine.tell(Event::Snapshot(queued));
        if number % 4000 == 0 {
            window.harness.run();
        }
    }
    window.harness.run();
    let laid_out = window.controls("Cancel").len();
    assert!((5..40).contains(&laid_out), "{laid_out} rows");
    let frames = 20;
    let began = Instant::now();
    window.harness.run_steps(frames);
    let each = began.elapsed() / u32::try_from(frames).unwrap();
    // Many times what it takes, for machines that are busy and programs that are not optimised.
    assert!(each < Duration::from_millis(100), "{each:?}");
}

#[test]
fn what_was_interrupted_does_not_keep_the_window_from_closing() {
    let mut window = window_with(half(Direction::Incoming, Stage::Interrupted));
    window.close();
    assert!(matches!(window.engine.asked().as_slice(), [Command::Shutdown]));
}
