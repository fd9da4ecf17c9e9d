//! The shared folder in the window: chosen in the settings, told at the foot of the window; and *Get a file…*.

use std::{path::PathBuf, time::Duration};

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use sealdrop::{
    engine::messages::{Command, Event, FetchRequest},
    model::{
        device::Peer,
        outcome::Outcome,
        reason::{Reason, ReasonCode},
        settings::Settings,
        transfer::{Direction, Stage, TransferKey, TransferSnapshot},
    },
    ui::{
        dialogs::{Answer, Purpose},
        state::rows::Row,
    },
};

use crate::{
    fake_engine::{ending, key, manifest, settings, snapshot},
    window_scene::Window,
};

fn shared(folder: &str) -> Settings {
    Settings { shared_folder: Some(PathBuf::from(folder)), ..settings() }
}

/// Somebody takes `a b.txt`.
fn download(id: u8, stage: Stage, moved: u64) -> TransferSnapshot {
    let peer = Peer::at("192.168.1.9".to_owned(), true);
    let list = manifest(&[("a b.txt", Some(1000))]);
    TransferSnapshot { peer, moved, ..snapshot(key(id, Direction::Outgoing), stage, list) }
}

fn saved(window: &Window) -> Settings {
    let asked = window.engine.asked();
    match asked.last() {
        Some(Command::SaveSettings(settings)) => settings.clone(),
        _ => panic!("nothing was saved: {asked:?}"),
    }
}

#[test]
fn a_folder_is_shared_when_it_was_chosen_and_saved_and_no_longer_than_that() {
    let mut window = Window::new();
    window.click("Settings");
    assert!(window.shows("Nothing is shared"));
    window.click("Share a folder…");
    assert_eq!(window.desktop.borrow().asked.last().unwrap().0, Purpose::SharedFolder);
    window.dialog_answers(Purpose::SharedFolder, Answer::Chosen(vec!["/srv/public".into()]));
    assert!(window.shows("/srv/public"));
    window.click("Save");
    assert_eq!(saved(&window), shared("/srv/public"));
    window.tell(Event::Settings(shared("/srv/public")));
    // What is saved besides leaves it alone.
    window.click("Settings");
    window.click("Save");
    assert_eq!(saved(&window), shared("/srv/public"));
    window.click("Settings");
    window.click("Stop sharing");
    assert!(window.shows("Nothing is shared"));
    window.click("Save");
    assert_eq!(saved(&window), settings());
}

#[test]
fn a_home_or_a_whole_disk_is_not_shared_without_a_warning() {
    for folder in [directories_home(), Some(PathBuf::from("/"))].into_iter().flatten() {
        let mut window = Window::new();
        window.click("Settings");
        window.click("Share a folder…");
        window.dialog_answers(Purpose::SharedFolder, Answer::Chosen(vec![folder.clone()]));
        let warned = window.harness.query_all_by_label_contains("Better choose a folder in it").count();
        assert_eq!(warned, 1, "{}", folder.display());
    }
}

fn directories_home() -> Option<PathBuf> {
    std::env::home_dir().filter(|home| home.is_absolute())
}

#[test]
fn the_foot_of_the_window_says_what_is_shared_and_who_takes_it() {
    let mut window = Window::new();
    assert!(!window.shows("Show downloads"));
    window.tell(Event::Settings(shared("/srv/public")));
    let told = "Shared with everybody, not encrypted: public";
    assert!(window.shows(told));
    assert!(window.sleeps() > Duration::from_mins(1), "idle means no frames");
    window.tell(Event::Snapshot(download(1, Stage::Moving, 420)));
    assert!(window.shows("192.168.1.9 takes a b.txt, 42 %"));
    window.tell(Event::Snapshot(download(2, Stage::Moving, 0)));
    assert!(window.harness.query_all_by_label_contains(", and 1 other download").count() >= 1);
    window.click("Show downloads");
    for id in [1, 2] {
        window.tell(Event::Snapshot(download(id, ending(Outcome::Unchecked, None, 1, 1000), 1000)));
    }
    assert!(window.shows("192.168.1.9 took a b.txt, 1.0 kB") && window.shows(told));
    let why = Reason::bare(ReasonCode::ConnectionLost);
    window.tell(Event::Snapshot(download(3, ending(Outcome::Failed, Some(why), 0, 0), 10)));
    assert!(window.shows("192.168.1.9 did not get a b.txt: The connection was lost"));
    window.click("Hide downloads");
    window.tell(Event::Sharing(Some(Reason::bare(ReasonCode::FolderMissing))));
    assert!(window.shows("The shared folder cannot be opened: nobody can download now"));
    window.tell(Event::Sharing(None));
    assert!(window.shows(told));
    window.tell(Event::Settings(settings()));
    assert!(!window.shows("Show downloads"));
}

#[test]
fn a_download_is_a_row_that_says_it_is_not_confirmed() {
    let mut window = Window::new();
    window.tell(Event::Settings(shared("/srv/public")));
    window.tell(Event::Snapshot(download(1, ending(Outcome::Unchecked, None, 1, 1000), 1000)));
    assert!(window.shows("Handed over, not confirmed") && window.shows("Plain protocol"));
}

#[test]
fn a_narrow_window_leaves_room_for_the_name_of_the_folder() {
    let told = "Shared with everybody, not encrypted: public";
    let [wide, narrow] = [1040.0, 420.0].map(|width| {
        let mut window = Window::of([width, 900.0], false);
        window.tell(Event::Settings(shared("/srv/public")));
        window.wait(300);
        for button in ["Show downloads", "Network check…"] {
            assert!(window.control(button).rect().right() <= width, "{button}");
        }
        window.harness.get_by_label(told).rect().width()
    });
    assert!((wide - narrow).abs() < 1.0, "{narrow} of {wide} points are left of it");
}

#[test]
fn only_so_many_downloads_keep_their_rows() {
    let mut window = Window::new();
    for id in 0..150 {
        window.engine.tell(Event::Snapshot(download(id, ending(Outcome::Unchecked, None, 1, 1000), 1000)));
    }
    let own =
        snapshot(key(200, Direction::Incoming), ending(Outcome::Verified, None, 1, 1), manifest(&[("own", Some(1))]));
    window.tell(Event::Snapshot(own));
    let rows: Vec<_> = window.harness.state().state().transfers.iter().map(Row::key).collect();
    assert!(
        rows.len() <= 102
            && rows.contains(&key(200, Direction::Incoming))
            && rows.contains(&key(149, Direction::Outgoing))
    );
    assert!(!rows.contains(&key(0, Direction::Outgoing)), "the oldest go");
}

#[test]
fn get_a_file_asks_for_what_was_typed() {
    let mut window = Window::new();
    window.type_into("Address", "10.0.0.7");
    window.click("Get a file…");
    assert!(!window.enabled("Get"), "no name yet");
    window.type_into("Name of the file there", "sub/notes.txt");
    window.click("Get");
    let asked = window.engine.asked();
    let Some(Command::Fetch(FetchRequest { id, to, name, folder, .. })) = asked.last() else { panic!("{asked:?}") };
    assert_eq!((to.to_string(), name.as_str()), ("10.0.0.7:9527".to_owned(), "sub/notes.txt"));
    assert_eq!(*folder, settings().receive_folder);
    assert!(!window.shows("Get a file"), "the form is closed");
    let key = TransferKey { id: *id, direction: Direction::Incoming };
    let rows: Vec<_> =
        window.harness.state().state().transfers.iter().map(|row| (row.key(), row.title.clone())).collect();
    assert_eq!(rows, [(key, "notes.txt".to_owned())], "its row is there at once");
}

#[test]
fn a_file_that_was_not_got_is_asked_for_again_with_one_click() {
    let mut window = Window::new();
    window.click("Get a file…");
    window.type_into("Get from", "10.0.0.7");
    window.type_into("Name of the file there", "sub/notes.txt");
    window.click("Get");
    let Some(Command::Fetch(first)) = window.engine.asked().pop() else { panic!("nothing was asked for") };
    let key = TransferKey { id: first.id, direction: Direction::Incoming };
    let lost = Reason::here(ReasonCode::ConnectionLost, "half of it");
    let not_got = ending(Outcome::Failed, Some(lost), 0, 0);
    let ended = snapshot(key, not_got, manifest(&[("notes.txt", Some(9))]));
    window.tell(Event::Snapshot(TransferSnapshot { folder: Some("/srv/in".into()), ..ended }));
    assert!(!window.shows("Show in folder"), "nothing of it is there");
    window.click("Retry");
    let Some(Command::Fetch(again)) = window.engine.asked().pop() else { panic!("nothing was asked for again") };
    assert_ne!(again.id, first.id);
    assert_eq!(again, FetchRequest { id: again.id, ..first });
    assert!(!window.shows("Retry"), "once is enough");
}

#[test]
fn get_a_file_takes_a_link_and_says_that_its_key_is_not_checked() {
    let mut window = Window::new();
    window.type_into("Address", &format!("sealdrop://10.0.0.7?also=a.local&key={}", "ab".repeat(32)));
    window.click("Get a file…");
    window.type_into("Name of the file there", "notes.txt");
    let caution =
        "Not encrypted, and the key in the link is not checked: whoever runs the network can read and change it";
    assert!(window.shows(caution));
    window.click("Get");
    let Some(Command::Fetch(FetchRequest { to, also, .. })) = window.engine.asked().pop() else { panic!("nothing") };
    assert_eq!((to.to_string(), also), ("10.0.0.7:9527".to_owned(), vec!["a.local".parse().unwrap()]));
}

#[test]
fn get_a_file_goes_where_it_is_told_and_nowhere_when_it_is_closed() {
    let mut window = Window::new();
    window.click("Get a file…");
    window.type_into("Get from", "10.0.0.7:1");
    window.type_into("Name of the file there", "a/..");
    assert!(!window.enabled("Get"));
    window.harness.get_by_role_and_label(Role::TextInput, "Get from").focus();
    window.click("Change…");
    window.dialog_answers(Purpose::GetFolder, Answer::Chosen(vec!["/srv/in".into()]));
    assert!(window.shows("/srv/in"));
    window.click("Cancel");
    assert!(!window.shows("/srv/in") && window.engine.asked().is_empty());
}
