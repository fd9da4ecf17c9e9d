//! The window's promises: nothing is sent that nobody asked for, everything is said in words, and it sleeps when idle.

use std::{path::PathBuf, sync::Arc, time::Duration};

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable};
use sealdrop::{
    engine::messages::{Command, Event, What},
    model::{
        book::KnownDevice,
        reason::{Reason, ReasonCode},
        settings::Theme,
        transfer::{Direction, Stage},
    },
    storage::sources::LeftOut,
    ui::dialogs::{Answer, Purpose},
};

use crate::{
    fake_engine::{key, manifest, settings, snapshot, tree},
    window_scene::Window,
};

fn known(address: &str, name: &str) -> KnownDevice {
    KnownDevice::at(address.parse().unwrap(), name.to_owned(), false, 1)
}

#[test]
fn a_typed_address_is_sent_to_without_a_further_click() {
    let mut window = Window::new();
    let staged = tree("/home/anna/thesis.pdf", &[("", 1_234_567)], Vec::new());
    window.stage(std::slice::from_ref(&staged));
    assert!(!window.enabled("Send"));
    assert!(window.shows("Choose a device"));
    window.type_into("Address", "192.168.1.44:9600");
    window.click("Send");
    let asked = window.engine.asked();
    let [Command::Send(request)] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(request.to.to_string(), "192.168.1.44:9600");
    assert!(!request.classic && request.message.is_none());
    assert!(matches!(&request.what, What::Staged(trees) if Arc::ptr_eq(&trees[0], &staged)));
    assert!(window.shows("thesis.pdf") && window.shows("Sending to 192.168.1.44:9600"));
    assert!(window.shows("Drop files and folders here"), "what was sent is staged no more");
}

#[test]
fn several_recipients_get_one_request_each_and_share_the_trees() {
    let mut window = Window::new();
    window.tell(Event::Devices(vec![known("a.local", "Anna"), known("b.local", "Ben"), known("c.local", "Chen")]));
    let staged = tree("/home/anna/photos", &[("a.jpg", 5), ("b.jpg", 6)], Vec::new());
    window.stage(std::slice::from_ref(&staged));
    window.click("Anna");
    window.click("Chen");
    window.type_into("Message", "from the seaside");
    window.click("Send");
    let requests: Vec<_> = window.engine.asked().into_iter().filter_map(sent).collect();
    assert_eq!(requests.iter().map(|request| request.to.host.as_str()).collect::<Vec<_>>(), ["a.local", "c.local"]);
    assert_ne!(requests[0].id, requests[1].id);
    for request in &requests {
        assert!(matches!(&request.what, What::Staged(trees) if Arc::ptr_eq(&trees[0], &staged)));
        assert_eq!(request.message.as_deref(), Some("from the seaside"));
    }
}

fn sent(command: Command) -> Option<sealdrop::engine::messages::SendRequest> {
    if let Command::Send(request) = command { Some(request) } else { None }
}

#[test]
fn the_plain_protocol_is_a_switch_beside_the_address() {
    let mut window = Window::new();
    window.stage(&[tree("/x", &[("", 1)], Vec::new())]);
    window.type_into("Address", "10.0.0.9");
    window.click("Plain protocol");
    assert!(window.shows("Not encrypted, and the other side is not asked"));
    window.click("Send");
    let requests: Vec<_> = window.engine.asked().into_iter().filter_map(sent).collect();
    assert!(requests[0].classic);
}

#[test]
fn a_wrong_address_is_said_to_be_wrong_and_sends_nothing() {
    let mut window = Window::new();
    window.stage(&[tree("/x", &[("", 1)], Vec::new())]);
    window.type_into("Address", "10.0.0.9:port");
    assert!(!window.enabled("Send"));
    assert!(window.shows("“port” is not a port: use 1 to 65535"));
}

#[test]
fn enter_in_the_address_field_adds_the_device_and_chooses_it() {
    let mut window = Window::new();
    window.type_into("Address", "nas.local");
    window.harness.key_press(egui::Key::Enter);
    window.harness.run();
    let device = window.control("nas.local:9527");
    assert_eq!(device.accesskit_node().toggled(), Some(egui::accesskit::Toggled::True));
}

#[test]
fn a_drop_of_many_files_is_walked_once() {
    let mut window = Window::new();
    window.drop_paths(&["/a", "/b", "/c"]);
    let asked = window.engine.asked();
    assert!(
        matches!(asked.as_slice(), [Command::Stage { paths, .. }] if *paths == ["/a", "/b", "/c"].map(PathBuf::from)),
        "{asked:?}"
    );
}

#[test]
fn a_walk_shows_its_count_and_can_be_cancelled() {
    let mut window = Window::new();
    window.drop_paths(&["/big"]);
    let asked = window.engine.asked();
    let [Command::Stage { stage, .. }] = asked.as_slice() else { panic!("{asked:?}") };
    window.tell(Event::Staging { stage: *stage, entries: 1234, bytes: 5_000_000 });
    assert!(window.shows("Counting… 1,234 items so far, 5.0 MB"));
    assert!(window.shows("Still counting"));
    window.click("Cancel");
    assert!(matches!(window.engine.asked().as_slice(), [Command::CancelStage(id)] if id == stage));
    assert!(window.shows("Drop files and folders here"));
}

#[test]
fn what_is_left_out_is_named() {
    let mut window = Window::new();
    let left_out = LeftOut { place: "/p/secret".into(), reason: Reason::bare(ReasonCode::Unreadable), missed: true };
    window.stage(&[tree("/p", &[("a", 1), ("b", 2)], vec![left_out])]);
    assert!(window.shows("1 item is left out"));
    assert!(window.shows("/p/secret: It could not be read on this device"));
    window.click("Remove p");
    assert!(window.shows("Drop files and folders here"));
}

#[test]
fn paths_that_brought_nothing_are_told() {
    let mut window = Window::new();
    window.drop_paths(&["/gone"]);
    let asked = window.engine.asked();
    let [Command::Stage { stage, .. }] = asked.as_slice() else { panic!("{asked:?}") };
    let left_out = LeftOut { place: "/gone".into(), reason: Reason::bare(ReasonCode::Unreadable), missed: true };
    window.tell(Event::Staged { stage: *stage, trees: Vec::new(), left_out: vec![left_out] });
    assert!(window.shows("/gone could not be read"));
}

#[test]
fn hovering_files_are_welcomed_and_a_lost_drop_is_explained() {
    let mut window = Window::new();
    window.harness.input_mut().hovered_files.push(egui::HoveredFile::default());
    window.harness.run_steps(3);
    assert!(window.shows("Let go to add them"));
    window.harness.input_mut().hovered_files.clear();
    window.harness.run();
    assert!(!window.shows("Let go to add them"));
    window.wait(1100);
    let lost = "Nothing arrived from that drag. If you let go over this window, the file manager could not hand it over: \
                use Add files… instead";
    assert!(window.shows(lost));
    window.wait(60_000);
    assert!(!window.shows(lost), "it passes");
}

#[test]
fn pasted_paths_are_walked() {
    let mut window = Window::new();
    window.harness.event(egui::Event::Paste("copy\nfile:///home/anna/a%20b\n".to_owned()));
    window.harness.run();
    let asked = window.engine.asked();
    assert!(matches!(asked.as_slice(), [Command::Stage { paths, .. }] if *paths == [PathBuf::from("/home/anna/a b")]));
    window.harness.event(egui::Event::Paste(" \n".to_owned()));
    window.harness.run();
    assert!(window.engine.asked().is_empty());
    assert!(window.shows("The clipboard holds no files and no text"));
}

#[test]
fn text_pasted_into_a_field_stays_there() {
    let mut window = Window::new();
    window.type_into("Address", "");
    window.harness.event(egui::Event::Paste("/etc/hosts".to_owned()));
    window.harness.run();
    assert!(window.engine.asked().is_empty());
}

#[test]
fn a_dialog_that_cannot_open_is_not_taken_for_cancel() {
    let mut window = Window::new();
    window.click("Add files…");
    assert_eq!(window.desktop.borrow().asked, [(Purpose::AddFiles, None)]);
    window.dialog_answers(Purpose::AddFiles, Answer::Cancelled);
    assert!(!window.shows("Path"));
    window.click("Add folder…");
    window.dialog_answers(Purpose::AddFolder, Answer::Failed);
    window.type_into("Path", "/srv/music");
    window.click("Use");
    let asked = window.engine.asked();
    assert!(matches!(asked.as_slice(), [Command::Stage { paths, .. }] if *paths == [PathBuf::from("/srv/music")]));
}

#[test]
fn the_first_start_shows_who_and_where_and_saves_the_name() {
    let mut window = Window::of([1040.0, 900.0], true);
    assert!(window.shows("Ready to use. Is this right?"));
    window.type_into("Device name", " upstairs");
    window.click("Looks good");
    let asked = window.engine.asked();
    assert!(
        matches!(asked.as_slice(), [Command::SaveSettings(saved)] if saved.device_name == "Reading room upstairs"),
        "{asked:?}"
    );
    assert!(!window.shows("Ready to use. Is this right?"));
}

#[test]
fn settings_are_checked_and_saved() {
    let mut window = Window::new();
    window.click("Settings");
    window.click("Dark");
    window.type_into("Port", "99");
    assert!(!window.enabled("Save"), "952799 is no port");
    assert!(window.shows("The port is a number from 0 to 65535"));
    window.harness.key_press(egui::Key::Backspace);
    window.harness.key_press(egui::Key::Backspace);
    window.harness.run();
    window.click("Save");
    let asked = window.engine.asked();
    let expected = sealdrop::model::settings::Settings { theme: Theme::Dark, ..settings() };
    assert!(matches!(asked.as_slice(), [Command::SaveSettings(saved)] if *saved == expected), "{asked:?}");
    assert!(!window.shows("Save"));
}

#[test]
fn speed_limits_are_typed_with_their_unit() {
    let mut window = Window::new();
    window.click("Settings");
    window.type_into("Speed limit for sending", "500");
    window.click("Speed limit for sending: kB/s");
    window.type_into("Speed limit for receiving", "fast");
    assert!(!window.enabled("Save"));
    assert!(window.shows("A speed limit is a number, 1.024 kB/s at least, or nothing"));
    (0..4).for_each(|_| window.harness.key_press(egui::Key::Backspace));
    window.harness.run();
    window.type_into("Speed limit for receiving", "2.5");
    window.click("Save");
    let asked = window.engine.asked();
    let expected =
        sealdrop::model::settings::Settings { send_limit: Some(500_000), receive_limit: Some(2_500_000), ..settings() };
    assert!(matches!(asked.as_slice(), [Command::SaveSettings(saved)] if *saved == expected), "{asked:?}");
}

#[test]
fn transfers_at_the_same_time_are_a_number_from_1_to_16() {
    let mut window = Window::new();
    window.click("Settings");
    window.type_into("Transfers at the same time", "0");
    assert!(!window.enabled("Save"), "30 are too many");
    assert!(window.shows("Transfers at the same time is a number from 1 to 16"));
    (0..2).for_each(|_| window.harness.key_press(egui::Key::Backspace));
    window.harness.run();
    window.type_into("Transfers at the same time", "12");
    window.click("Save");
    let asked = window.engine.asked();
    let expected = sealdrop::model::settings::Settings { parallel: 12, ..settings() };
    assert!(matches!(asked.as_slice(), [Command::SaveSettings(saved)] if *saved == expected), "{asked:?}");
}

#[test]
fn settings_fit_a_low_window_and_a_narrow_one() {
    for size @ [width, height] in [[1040.0, 420.0], [380.0, 2200.0]] {
        let mut window = Window::of(size, false);
        window.click("Settings");
        window.type_into("Speed limit for receiving", "fast");
        for label in ["Save", "Speed limit for sending: MB/s"] {
            let place = window.control(label).rect();
            assert!(place.left() >= 0.0 && place.right() <= width, "{label} is at {place:?}");
        }
        let place = window.control("Save").rect();
        assert!(place.top() >= 0.0 && place.bottom() <= height, "Save is at {place:?}");
    }
}

#[test]
fn a_port_in_use_is_said_and_another_offered() {
    let mut window = Window::new();
    window.tell(Event::NotListening { port: 9527, reason: Reason::here(ReasonCode::Io, "address in use") });
    assert!(window.shows("Not listening on port 9527"));
    window.click("Use another port");
    assert!(matches!(window.engine.asked().as_slice(), [Command::Listen { port: 0 }]));
}

#[test]
fn an_engine_that_is_busy_loses_nothing() {
    let mut window = Window::new();
    window.stage(&[tree("/x.bin", &[("", 1)], Vec::new())]);
    window.type_into("Address", "10.0.0.9");
    window.engine.fill_up();
    window.click("Send");
    assert!(window.shows("Sealdrop is busy. Nothing was lost: try that again in a moment"));
    assert!(window.shows("x.bin"), "still staged");
    assert!(!window.shows("Sending to 10.0.0.9:9527"));
}

#[test]
fn an_idle_window_sleeps() {
    let mut window = Window::new();
    window.wait(60_000);
    window.harness.run();
    assert_eq!(window.sleeps(), Duration::MAX);
}

#[test]
fn a_running_transfer_is_redrawn_at_a_fixed_low_rate() {
    let mut window = Window::new();
    let moving = snapshot(key(1, Direction::Outgoing), Stage::Moving, manifest(&[("a", Some(100))]));
    window.tell(Event::Snapshot(moving));
    assert!(window.sleeps() >= Duration::from_millis(300), "{:?}", window.sleeps());
    assert!(window.sleeps() <= Duration::from_secs(1), "{:?}", window.sleeps());
}

#[test]
fn closing_waits_for_the_engine() {
    let mut window = Window::new();
    window.close();
    assert!(window.commands().contains(&egui::ViewportCommand::CancelClose));
    assert!(matches!(window.engine.asked().as_slice(), [Command::Shutdown]));
    window.engine.tell(Event::Stopped);
    window.harness.step();
    assert!(window.commands().contains(&egui::ViewportCommand::Close));
}

#[test]
fn closing_asks_first_when_something_runs() {
    let mut window = Window::new();
    let moving = snapshot(key(1, Direction::Outgoing), Stage::Moving, manifest(&[("a", Some(100))]));
    window.tell(Event::Snapshot(moving));
    window.close();
    window.harness.run();
    assert!(window.engine.asked().is_empty());
    assert!(window.shows("1 transfer is not finished. It stops and can be resumed later."));
    window.click("Keep running");
    assert!(!window.shows("Close Sealdrop?"));
    window.close();
    window.harness.run();
    window.click("Stop and close");
    assert!(matches!(window.engine.asked().as_slice(), [Command::Shutdown]));
    // An engine that hangs does not keep the window for ever.
    window.wait(6_000);
    assert!(window.harness.state().state().closing == sealdrop::ui::state::Closing::Now);
}

#[test]
fn everything_fits_a_narrow_window() {
    let mut window = Window::of([420.0, 2200.0], false);
    window.tell(Event::Devices(vec![known("a.local", "A device with a name that is much too long for any list")]));
    let name = "a very long file name that goes on and on, as the names of downloaded papers do (final) (2).pdf";
    window
        .stage(&[tree("/home/anna/p", &[("", 1_234_567)], Vec::new()), tree(&format!("/{name}"), &[("", 7)], vec![])]);
    let moving = snapshot(key(1, Direction::Outgoing), Stage::Moving, manifest(&[(name, Some(100)), ("b", Some(1))]));
    window.tell(Event::Snapshot(moving));
    window.wait(1000);
    for label in ["Send", "Add files…", "Add folder…", "Paste", "Address", "Settings", "Cancel", "Show files"] {
        let place = window.control(label).rect();
        assert!(place.left() >= 0.0 && place.right() <= 420.0, "{label} is at {place:?}");
    }
    assert!(window.harness.query_all_by_role(Role::ProgressIndicator).next().is_some());
}
