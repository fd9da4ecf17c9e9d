//! Whom to send to: devices nearby, remembered ones, and the field for any other address.

use egui::{Checkbox, Label, RichText, Ui, UiBuilder, accesskit::Role};

use super::nearby;
use crate::{
    model::{
        book::{DeviceId, KnownDevice, Rule},
        device::{DEFAULT_PORT, PeerAddr},
        place::{Place, is_link},
    },
    ui::{
        action::{Action, Field, PageAction},
        state::{State, devices::shown_name, nearby::Presence, notices::Tone},
        text::{self, Word},
        theme::palette,
        widgets::{button, card, entered, field, line, quiet_button, section, signed_tag, tag, told, weak},
    },
};

/// The list and the field.
pub(super) fn devices_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    section(ui, Word::Devices.text());
    card(ui).show(ui, |ui| {
        ui.set_width(ui.available_width());
        // One's own devices before any number of strangers.
        let any_saved = state.devices.listed().next().is_some();
        if any_saved {
            saved_ui(ui, state, actions);
        }
        nearby::strangers_ui(ui, state, actions);
        if !any_saved {
            nearby::part_ui(ui, Word::Saved.text());
            weak(ui, Word::NoDevices.text());
        }
        ui.add_space(6.0);
        address_ui(ui, state, actions);
    });
}

fn saved_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    nearby::part_ui(ui, Word::Saved.text());
    for device in state.devices.listed() {
        device_ui(ui, state, device, actions);
    }
    ui.add_space(6.0);
}

fn device_ui(ui: &mut Ui, state: &State, device: &KnownDevice, actions: &mut Vec<Action>) {
    let Some(id) = device.id() else { return };
    let name = shown_name(device);
    let blocked = device.trusted.as_ref().is_some_and(|trusted| trusted.rule == Rule::Block);
    let group = UiBuilder::new().id_salt(&id).accessibility_role(Role::Group).accessibility_label(text::device(
        &name,
        device.trusted.is_some(),
        blocked,
    ));
    ui.scope_builder(group, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        choice_ui(ui, state, device, &id, actions);
        marks_ui(ui, state, device, blocked);
        ui.add_space(6.0);
    });
}

/// The check box, and the way to everything else about the device.
fn choice_ui(ui: &mut Ui, state: &State, device: &KnownDevice, id: &DeviceId, actions: &mut Vec<Action>) {
    let name = shown_name(device);
    let mut chosen = state.devices.chosen.contains(id);
    let reachable = state.around.address(device).is_some();
    let mut ticked = false;
    let check = |ui: &mut Ui| {
        let box_ = ui.add_enabled(reachable, Checkbox::new(&mut chosen, &name));
        ticked = box_.accessible_name(name.clone()).on_hover_text(&name).changed();
    };
    let mut opened = false;
    line(ui, check, |ui| {
        opened = quiet_button(ui, Word::Details.text()).accessible_name(text::details(&name)).clicked();
    });
    if ticked {
        actions.push(Action::ChooseDevice(id.clone()));
    }
    if opened {
        actions.push(Action::Page(PageAction::Open(id.clone())));
    }
}

fn marks_ui(ui: &mut Ui, state: &State, device: &KnownDevice, blocked: bool) {
    let (name, address) = (shown_name(device), state.around.address(device));
    // Where one is that is here matters to nobody; its page has it.
    let is_here = state.around.presence(device) == Presence::Here;
    let address = address.filter(|address| address.to_string() != name && !is_here);
    // As high as what stands in it: these lines are read, not clicked.
    ui.spacing_mut().interact_size.y = 18.0;
    if device.classic
        || blocked
        || device.trusted.is_some()
        || address.is_some()
        || state.around.presence(device) != Presence::Away
    {
        indented(ui, |ui| {
            if device.classic {
                tag(ui, Word::MarkClassic.text(), Tone::Warning, Word::ClassicTip.text());
            }
            if blocked {
                signed_tag(ui, Word::BadgeBlocked.text(), Tone::Problem, Word::BadgeBlockedTip.text());
            } else if device.trusted.is_some() {
                signed_tag(ui, Word::Verified.text(), Tone::Good, Word::VerifiedBadgeTip.text());
            }
            nearby::presence_ui(ui, state, device);
            if let Some(address) = address {
                let shown = RichText::new(short(address)).monospace().size(12.0).color(palette(ui).weak);
                ui.add(Label::new(shown).truncate()).on_hover_text(address.to_string());
            }
        });
    }
    nearby::last_seen_ui(ui, state, device);
    if state.around.address(device).is_none() {
        ui.add_space(3.0);
        indented(ui, |ui| {
            weak(ui, Word::NoAddress.text());
        });
    }
}

/// Below the name, not below its check box.
pub(super) fn indented(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        ui.add_space(ui.spacing().icon_width + ui.spacing().icon_spacing - ui.spacing().item_spacing.x);
        contents(ui);
    });
}

/// Without the port that needs no saying.
pub(super) fn short(address: &PeerAddr) -> String {
    let whole = address.to_string();
    let usual = address.port == DEFAULT_PORT && !address.host.contains(':');
    if usual { address.host.clone() } else { whole }
}

fn address_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let devices = &state.devices;
    // Clicked, but never focused: a label gives focus back at once, and Tab would begin again at the top.
    let label = weak(ui, Word::AddressLabel.text()).interact(egui::Sense::CLICK);
    let typed =
        field(ui, Field::Address, Word::AddressLabel.text(), &devices.address, Word::AddressHint.text(), actions);
    let typed = typed.labelled_by(label.id);
    if label.clicked() {
        typed.request_focus();
    }
    let place = devices.typed_place();
    if entered(ui, &typed) && matches!(place, Some(Ok(_))) {
        actions.push(Action::AddAddress);
        typed.request_focus();
    }
    // While it is being typed nearly every address is wrong for a moment: only a finished one is judged.
    match &place {
        Some(Err(error)) if !typed.has_focus() => {
            told(ui, Tone::Problem, &text::bad_place(error));
        }
        Some(Ok(place)) if is_link(&devices.address) => {
            weak(ui, &text::link_understood(place));
        }
        _ => {}
    }
    // The plain protocol has no keys to compare with that of a link.
    let has_key = matches!(&place, Some(Ok(Place { key: Some(_), .. })));
    let mut classic = devices.classic && !has_key;
    ui.horizontal_wrapped(|ui| {
        ui.add_enabled_ui(!has_key, |ui| {
            let switch = ui.checkbox(&mut classic, Word::ClassicLabel.text()).on_hover_text(Word::ClassicTip.text());
            if switch.changed() {
                actions.push(Action::ToggleClassic);
            }
        });
        ui.add_enabled_ui(matches!(place, Some(Ok(_))), |ui| {
            if button(ui, Word::AddAddress.text()).clicked() {
                actions.push(Action::AddAddress);
            }
        });
    });
    if classic {
        weak(ui, Word::ClassicCaution.text());
    }
}
