//! Nearby devices in the window: one click chooses, nobody stands there twice, and who may find this device is said and
//! changed in the panel.

use std::time::Duration;

use egui_kittest::kittest::NodeT;
use sealdrop::{
    engine::messages::{Command, Event, ShowTo},
    model::{
        book::Rule,
        device_key::DeviceKey,
        nearby::{Nearby, Proof, Visibility},
        settings::Settings,
    },
    ui::text::Word,
};

use crate::{
    fake_engine::{device_key, settings, tree, verified_device},
    window_scene::Window,
};

fn nearby(name: &str, address: &str, key: Option<DeviceKey>, proof: Proof) -> Nearby {
    let addresses = vec![address.parse().unwrap()];
    Nearby { name: name.to_owned(), os: Some("linux".to_owned()), version: None, addresses, key, proof }
}

fn sends(window: &Window) -> Vec<sealdrop::engine::messages::SendRequest> {
    let asked = window.engine.asked().into_iter();
    asked.filter_map(|it| if let Command::Send(request) = it { Some(request) } else { None }).collect()
}

#[test]
fn one_click_on_a_device_nearby_and_send_sends_to_it() {
    let mut window = Window::new();
    assert!(window.shows(Word::NobodyNearby.text()), "nobody nearby: it says what to do");
    window.stage(&[tree("/home/anna/thesis.pdf", &[("", 5)], Vec::new())]);
    window.tell(Event::Nearby(vec![nearby("桌面 Bert", "192.168.1.33", None, Proof::Claimed)]));
    assert!(!window.shows(Word::NobodyNearby.text()));
    assert!(window.shows("Device 桌面 Bert, nearby, not verified"));
    assert!(!window.enabled("Send"), "nothing is chosen for the person");
    window.click("桌面 Bert");
    window.click("Send");
    let sent = sends(&window);
    assert_eq!((sent.len(), sent[0].expect), (1, None));
    assert_eq!(sent[0].to.to_string(), "192.168.1.33:9527");
}

#[test]
fn a_verified_device_is_one_row_that_says_whether_it_is_here() {
    let mut window = Window::new();
    let anna = verified_device("Anna", 20, Rule::Ask);
    window.tell(Event::Devices(vec![sealdrop::model::book::KnownDevice { last_seen: 1_795_219_200, ..anna }]));
    assert!(window.shows("Last seen 21 Nov 2026"));
    let key = Some(device_key(20));
    window.tell(Event::Nearby(vec![nearby("Anna", "10.0.0.9", key, Proof::Claimed)]));
    assert!(window.shows("May be here") && !window.shows("Last seen 21 Nov 2026"));
    window.tell(Event::Nearby(vec![nearby("Anna", "10.0.0.9", key, Proof::Shown)]));
    assert!(window.shows("Here now") && !window.shows("May be here"));
    assert_eq!(window.controls("Device Anna, verified").len(), 1, "one row for one key");
    assert_eq!(window.controls("Device Anna, nearby, not verified").len(), 0);
    window.stage(&[tree("/x", &[("", 1)], Vec::new())]);
    window.click("Anna");
    window.click("Send");
    let sent = sends(&window);
    assert_eq!(
        (sent[0].expect, sent[0].to.to_string().as_str()),
        (key, "10.0.0.9:9527"),
        "where it is now, with its key expected"
    );
    window.tell(Event::Nearby(Vec::new()));
    assert!(!window.shows("Here now"));
}

#[test]
fn who_may_find_this_device_is_said_and_one_click_away() {
    let mut window = Window::new();
    window.tell(Event::Visible { to: Visibility::Everybody, until: None });
    let chosen = |window: &mut Window, name: &str| {
        window.control(name).accesskit_node().toggled() == Some(egui::accesskit::Toggled::True)
    };
    assert!(chosen(&mut window, "Visible to everybody"));
    assert!(!window.shows("Everybody for 10 minutes"), "it is everybody already");
    window.click("Visible to nobody");
    let asked = window.engine.asked();
    assert!(matches!(asked.as_slice(), [Command::ShowTo(ShowTo::Always(Visibility::Nobody))]), "{asked:?}");
    window.tell(Event::Settings(Settings { visibility: Visibility::Nobody, ..settings() }));
    window.tell(Event::Visible { to: Visibility::Nobody, until: None });
    assert!(chosen(&mut window, "Visible to nobody"));
    window.click("Everybody for 10 minutes");
    let asked = window.engine.asked();
    assert!(matches!(asked.as_slice(), [Command::ShowTo(ShowTo::EverybodyForAWhile)]), "{asked:?}");
    let until = Some(window.now() + Duration::from_mins(10));
    window.tell(Event::Visible { to: Visibility::Everybody, until });
    assert!(window.shows("Everybody, 10 min left"));
    window.wait(61_000);
    assert!(window.shows("Everybody, 9 min left"));
    window.click("End now");
    let asked = window.engine.asked();
    assert!(matches!(asked.as_slice(), [Command::ShowTo(ShowTo::Always(Visibility::Nobody))]), "{asked:?}");
}

#[test]
fn the_settings_hold_it_too() {
    let mut window = Window::new();
    window.click("Settings");
    window.click("Who finds this device nearby: Verified devices");
    window.click("Save");
    let asked = window.engine.asked();
    let saved = asked
        .iter()
        .any(|command| matches!(command, Command::SaveSettings(it) if it.visibility == Visibility::Verified));
    assert!(saved, "{asked:?}");
}

#[test]
fn a_neighbourhood_that_stays_the_same_costs_no_frames() {
    let mut window = Window::new();
    let crowd =
        (0..100).map(|n| nearby(&format!("Device {n}"), &format!("10.0.0.{n}"), None, Proof::Claimed)).collect();
    window.tell(Event::Nearby(crowd));
    window.tell(Event::Visible { to: Visibility::Everybody, until: None });
    assert_eq!(window.sleeps(), Duration::MAX);
}
