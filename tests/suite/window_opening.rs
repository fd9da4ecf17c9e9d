//! What another start of the program was given is staged in the window that runs, which comes to the front.

use std::path::PathBuf;

use egui::ViewportCommand;
use sealdrop::{
    engine::messages::{Command, Event},
    model::handed::Handed,
};

use crate::window_scene::Window;

/// Lets the window hear of another start; what it tells the window system then.
fn started_again(window: &mut Window, handed: Vec<Handed>) -> Vec<ViewportCommand> {
    window.engine.tell(Event::HandedOver(handed));
    window.harness.step();
    window.commands()
}

#[test]
fn paths_are_staged_and_the_window_comes_forward() {
    let mut window = Window::new();
    let paths = ["/home/anna/a.txt", "/home/anna/Photos"].map(PathBuf::from);
    let told = started_again(&mut window, paths.iter().cloned().map(Handed::Path).collect());
    assert!(told.contains(&ViewportCommand::Focus) && told.contains(&ViewportCommand::Minimized(false)), "{told:?}");
    let asked = window.engine.asked();
    assert!(matches!(asked.as_slice(), [Command::Stage { paths: asked, .. }] if *asked == paths), "{asked:?}");
}

#[test]
fn a_start_with_nothing_only_brings_the_window_forward() {
    let mut window = Window::new();
    let told = started_again(&mut window, Vec::new());
    assert!(told.contains(&ViewportCommand::Focus), "{told:?}");
    assert!(window.engine.asked().is_empty());
    // Nobody called: it stays where it is.
    window.harness.step();
    assert!(!window.commands().contains(&ViewportCommand::Focus));
}

#[test]
fn a_window_that_is_in_front_asks_for_no_attention() {
    let mut window = Window::new();
    window.harness.input_mut().viewports.entry(egui::ViewportId::ROOT).or_default().focused = Some(true);
    window.harness.step();
    let told = started_again(&mut window, Vec::new());
    assert!(!told.iter().any(|it| matches!(it, ViewportCommand::RequestUserAttention(_))), "{told:?}");
    // Whether it still is in front it may not know: one that was minimized meanwhile has drawn no frame since.
    assert!(told.contains(&ViewportCommand::Minimized(false)), "{told:?}");
}

#[test]
fn a_link_that_leads_nowhere_is_said_to() {
    let mut window = Window::new();
    started_again(&mut window, vec![Handed::Link("sealdrop://unheard-of\u{202e}/x".to_owned())]);
    window.harness.run();
    assert!(window.shows("This version of Sealdrop cannot follow the link sealdrop://unheard-of\u{fffd}/x"));
}
