//! Ways in: a pasted link is whom it names and nobody else, nonsense is called that, and this device shows its own link.

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use sealdrop::{
    engine::messages::{Command, Event, SendRequest, Wait},
    model::{
        book::{KnownDevice, Rule},
        handed::Handed,
        place::Place,
        reason::{Reason, ReasonCode},
    },
    ui::action::Action,
};

use crate::{
    fake_engine::{device_key, tree, verified_device},
    window_scene::Window,
};

fn link_of(seed: u8) -> String {
    format!("sealdrop://10.0.0.7:81?also=anna.local&key={}&name=Anna", device_key(seed))
}

fn sent(window: &mut Window) -> SendRequest {
    window.click("Send");
    let mut asked = window.engine.asked();
    match asked.pop() {
        Some(Command::Send(request)) => request,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_pasted_link_is_sent_to_at_all_its_addresses_and_to_its_key_only() {
    let mut window = Window::new();
    window.stage(&[tree("/x", &[("", 1)], Vec::new())]);
    window.harness.event(egui::Event::Paste(format!(" {}\n", link_of(1))));
    window.harness.run();
    assert!(window.shows("The link is in the field Address"));
    assert!(window.shows("A link to Anna: 2 addresses, and nobody with another key is spoken to"));
    assert!(!window.enabled("Plain protocol"), "which has no keys");
    assert!(window.shows("to Anna"));
    let request = sent(&mut window);
    assert_eq!((request.to.to_string().as_str(), request.expect), ("10.0.0.7:81", Some(device_key(1))));
    assert_eq!(request.also, ["anna.local".parse().unwrap()]);
    assert!(!request.classic && request.wait != Wait::WhileAway, "nobody has confirmed this key");
}

#[test]
fn a_link_of_a_verified_device_is_that_device() {
    let mut window = Window::new();
    window.tell(Event::Devices(vec![verified_device("Anna’s laptop", 20, Rule::Ask)]));
    window.stage(&[tree("/x", &[("", 1)], Vec::new())]);
    window.type_into("Address", &link_of(20));
    window.click("Add");
    assert_eq!(window.controls("Anna’s laptop").len(), 1);
    let request = sent(&mut window);
    assert!(request.wait == Wait::WhileAway && request.expect == Some(device_key(20)));
    let places: Vec<String> = std::iter::once(&request.to).chain(&request.also).map(ToString::to_string).collect();
    assert_eq!(places, ["10.0.0.7:81", "anna.local:9527", "192.168.1.20:9527"]);
}

#[test]
fn what_another_start_was_given_is_staged_and_a_link_is_filled_in() {
    let mut window = Window::new();
    let given_paths = ["/home/anna/a.txt", "/home/anna/b c.txt"].map(std::path::PathBuf::from);
    let mut given = given_paths.clone().map(Handed::Path).to_vec();
    given.insert(1, Handed::Link(link_of(1)));
    window.tell(Event::HandedOver(given));
    let asked = window.engine.asked();
    let [Command::Stage { paths, .. }] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(*paths, given_paths);
    assert_eq!(window.harness.state().state().devices.address, link_of(1));
}

#[test]
fn nonsense_is_called_what_it_is() {
    let table = [
        ("what is this", "“what is this” is not a name such as anna.local, or an address such as 192.168.1.20"),
        ("sealdrop://a?key=00", "This sealdrop:// link is damaged: the key in it is not whole. Ask for it again"),
    ];
    for (typed, said) in table {
        let mut window = Window::new();
        window.type_into("Address", typed);
        assert!(!window.shows(said), "while it is being typed");
        window.control("Add files…").focus();
        window.harness.run();
        assert!(window.shows(said), "{typed}");
        assert!(!window.enabled("Add"));
    }
}

#[test]
fn the_own_link_is_a_picture_with_a_name_and_can_be_copied() {
    let mut window = Window::new();
    window.tell(Event::Identity(device_key(9)));
    let link = format!("sealdrop://192.168.1.7:9527?key={}&name=Reading%20room", device_key(9));
    window.click("Show QR code");
    window.harness.get_by_role_and_label(Role::Image, &format!("QR code: {link}"));
    assert!(window.shows("Link to this device") && window.shows(&link));
    let place: Place = link.parse().unwrap();
    assert_eq!((place.key, place.name.as_deref()), (Some(device_key(9)), Some("Reading room")));
    let inside = |window: &Window| window.harness.state().state().trust.own_link_open;
    window.harness.key_press(egui::Key::Escape);
    window.harness.run();
    assert!(!inside(&window));
    window.click("Copy link");
    let copied =
        |command: &egui::OutputCommand| matches!(command, egui::OutputCommand::CopyText(text) if *text == link);
    assert!(window.shows("Copied") || window.harness.output().platform_output.commands.iter().any(copied));
    // Without a network there is nothing to give away.
    window.tell(Event::Listening { address: "0.0.0.0:9527".parse().unwrap(), reachable_at: Vec::new() });
    assert!(window.controls("Show QR code").is_empty());
    let reason = Reason::bare(ReasonCode::PortInUse);
    window.tell(Event::NotListening { port: 9527, reason });
    assert!(window.controls("Copy link").is_empty());
}

#[test]
fn a_device_of_a_link_that_was_sent_to_keeps_its_key_until_it_is_forgotten() {
    let mut window = Window::new();
    window.type_into("Address", &link_of(1));
    window.click("Add");
    window.tell(Event::Devices(vec![KnownDevice::at("10.0.0.7:81".parse().unwrap(), "Anna".to_owned(), false, 1)]));
    window.click("Details of Anna");
    window.click("Compare codes");
    let asked = window.engine.asked();
    let Some(Command::Compare { expect, also, .. }) = asked.last() else { panic!("{asked:?}") };
    assert_eq!((*expect, also.len()), (Some(device_key(1)), 1));
    let context = window.harness.ctx.clone();
    let id = sealdrop::model::book::DeviceId::Addr("10.0.0.7:81".parse().unwrap());
    window.harness.state_mut().perform(Action::ChooseDevice(id), &context);
}
