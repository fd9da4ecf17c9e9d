//! The window before the start, when the key cannot be used: it says why, and what each way out costs.

use std::{cell::Cell, rc::Rc};

use egui_kittest::{Harness, kittest::Queryable};
use sealdrop::{
    model::reason::{Reason, ReasonCode},
    ui::{
        key_trouble::{KeyChoice, KeyTrouble},
        text::Language,
    },
};

const FILE: &str = "/home/anna/.config/sealdrop/identity.pem";

fn window(code: ReasonCode) -> (Harness<'static, KeyTrouble>, Rc<Cell<KeyChoice>>) {
    let choice = Rc::new(Cell::new(KeyChoice::Quit));
    let (told, trouble) = (Rc::clone(&choice), Reason::here(code, FILE));
    let mut harness = Harness::builder()
        .with_size([520.0, 400.0])
        .build_eframe(move |creation| KeyTrouble::new(&creation.egui_ctx, trouble, told, Language::ENGLISH));
    harness.run();
    (harness, choice)
}

fn closes(harness: &Harness<'_, KeyTrouble>) -> bool {
    let output = &harness.output().viewport_output[&egui::ViewportId::ROOT];
    output.commands.contains(&egui::ViewportCommand::Close)
}

#[test]
fn an_exposed_key_can_be_made_private_replaced_or_left() {
    for (button, expected) in [
        ("Make it private and go on", KeyChoice::MakePrivate),
        ("Begin with a new key", KeyChoice::NewKey),
        ("Quit", KeyChoice::Quit),
    ] {
        let (mut harness, choice) = window(ReasonCode::KeyExposed);
        harness.get_by_label(FILE);
        harness.get_by_label("Others may read the key of this device");
        harness.get_by_label("The old file is kept aside. Other people will have to verify this device again");
        assert!(!closes(&harness), "a window that nobody has answered stays");
        harness.get_by_label(button).click();
        let mut closed = false;
        for _ in 0..3 {
            harness.step();
            closed |= closes(&harness);
        }
        assert!(closed, "{button}");
        assert_eq!(choice.get(), expected);
    }
}

#[test]
fn a_damaged_key_cannot_be_made_private() {
    let (harness, choice) = window(ReasonCode::KeyDamaged);
    harness.get_by_label("The key of this device is damaged");
    harness.get_by_label(FILE);
    assert!(harness.query_by_label("Make it private and go on").is_none());
    assert_eq!(choice.get(), KeyChoice::Quit, "closing the window decides nothing");
}

#[test]
fn every_way_out_is_in_sight_without_scrolling() {
    let (harness, _) = window(ReasonCode::KeyExposed);
    for button in ["Make it private and go on", "Begin with a new key", "Quit"] {
        let place = harness.get_by_label(button).rect();
        assert!(place.bottom() <= 400.0 && place.right() <= 520.0, "{button} is at {place:?}");
    }
}
