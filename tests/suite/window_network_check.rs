//! The network check in the window: one click begins it, each step says how it stands and what to do, and a command that
//! helps is ready to copy.

use std::time::Duration;

use egui_kittest::kittest::{NodeT, Queryable};

use sealdrop::{
    engine::messages::{Command, Event},
    model::{
        book::Rule,
        check::{CheckId, CheckStep, CheckTarget, Finding, Fix, StepKind, StepState},
        firewall::Firewall,
    },
};

use crate::{
    fake_engine::{device_key, verified_device},
    window_scene::Window,
};

fn asked(window: &mut Window) -> (CheckId, Option<CheckTarget>) {
    let mut asked = window.engine.asked();
    match asked.pop() {
        Some(Command::Check { id, own: true, device }) => (id, device),
        other => panic!("{other:?}"),
    }
}

fn step(id: CheckId, kind: StepKind, state: StepState, finding: Finding) -> Event {
    let took = Some(Duration::from_millis(12));
    Event::CheckStep { id, step: Box::new(CheckStep { kind, state, took, finding }) }
}

#[test]
fn one_click_checks_this_device_and_says_how_it_came_out() {
    let mut window = Window::new();
    window.click("Network check…");
    let (id, device) = asked(&mut window);
    assert_eq!(device, None);
    window.tell(step(id, StepKind::Port, StepState::Fine, Finding::Listening { port: 9527 }));
    assert!(window.shows("This device listens on port 9527") && window.shows("Listening: Fine"));
    window.tell(step(CheckId(99), StepKind::Clock, StepState::Fine, Finding::NoClock));
    assert!(!window.shows("Clock: Fine"), "of another check");
    window.tell(Event::CheckEnded { id });
    assert!(window.shows("Everything is fine"));
    window.click("Close");
    assert!(!window.shows("Everything is fine"));
    assert!(window.engine.asked().is_empty(), "there is nothing to cancel");
}

#[test]
fn a_firewall_is_named_with_the_command_that_opens_it() {
    let mut window = Window::new();
    window.tell(Event::Devices(vec![verified_device("Anna’s laptop", 20, Rule::Ask)]));
    window.click("Network check…");
    asked(&mut window);
    window.type_into("Device to check", "anna’s LAPTOP");
    window.click("Check");
    let (id, device) = match window.engine.asked().as_slice() {
        [Command::CancelCheck(_), Command::Check { id, device, .. }] => (*id, device.clone()),
        other => panic!("{other:?}"),
    };
    let device = device.expect("a device");
    assert_eq!(device.expect, Some(device_key(20)));
    assert_eq!(device.places.len(), 1, "{device:?}");
    let fix = Some(Fix { firewall: Firewall::Ufw, command: "sudo ufw allow 9527/tcp".to_owned() });
    window.tell(step(id, StepKind::WayBack, StepState::Failed, Finding::NotReached { port: 9527, fix }));
    window.tell(Event::CheckEnded { id });
    assert!(window.shows("Way back: Failed") && window.shows("1 step has failed"));
    assert!(window.shows("It cannot reach port 9527 of this device: most likely a firewall here lets nothing in"));
    window.control("Copy command").click();
    window.harness.step();
    let copied = window
        .harness
        .output()
        .platform_output
        .commands
        .iter()
        .any(|command| matches!(command, egui::OutputCommand::CopyText(text) if text == "sudo ufw allow 9527/tcp"));
    assert!(copied);
}

#[test]
fn a_check_that_is_under_way_moves_no_button_away_from_the_pointer() {
    let mut window = Window::new();
    window.click("Network check…");
    let (id, _) = asked(&mut window);
    window.wait(300);
    let before = window.control("Check").rect();
    window.tell(step(id, StepKind::Port, StepState::Fine, Finding::Listening { port: 9527 }));
    window.tell(step(id, StepKind::WayBack, StepState::Failed, Finding::NotReached { port: 9527, fix: None }));
    window.wait(300);
    assert_eq!(window.control("Check").rect(), before);
}

#[test]
fn a_command_is_in_sight_as_a_whole_and_no_scroll_bar_stands_on_words() {
    let mut window = Window::of([420.0, 460.0], false);
    window.click("Network check…");
    let (id, _) = asked(&mut window);
    let command = "sudo nft insert rule inet filter input tcp dport 9527 accept";
    let fix = Some(Fix { firewall: Firewall::Nftables, command: command.to_owned() });
    window.tell(step(id, StepKind::Port, StepState::Fine, Finding::Listening { port: 9527 }));
    window.tell(step(id, StepKind::WayBack, StepState::Failed, Finding::NotReached { port: 9527, fix }));
    window.tell(Event::CheckEnded { id });
    window.wait(1000);
    let lines = window.harness.get_by_value(command).children().count();
    assert!(lines > 1, "it is wrapped");
    let (state, edge) = (window.harness.get_by_label("Fine").rect().right(), window.control("Close").rect().right());
    assert!(state + 8.0 <= edge, "the word ends at {state}, the bar begins at {edge}");
}

#[test]
fn nonsense_is_not_checked_and_a_check_can_be_stopped() {
    let mut window = Window::new();
    window.click("Network check…");
    let (id, _) = asked(&mut window);
    window.click("Cancel");
    assert!(matches!(window.engine.asked().as_slice(), [Command::CancelCheck(of)] if *of == id));
    window.type_into("Device to check", "a b");
    assert!(!window.enabled("Check"));
}
