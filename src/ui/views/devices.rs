//! Whom to send to: remembered devices, and the field for any other address.

use egui::{Checkbox, Label, RichText, Ui};

use crate::{
    model::book::KnownDevice,
    ui::{
        action::{Action, Field},
        state::{State, devices::shown_name, notices::Tone},
        text::{self, Word},
        theme::palette,
        widgets::{button, card, entered, field, line, quiet_button, section, tag, weak},
    },
};

/// The list and the field.
pub(super) fn devices_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    section(ui, Word::Devices.text());
    card(ui).show(ui, |ui| {
        ui.set_width(ui.available_width());
        let mut any = false;
        for device in state.devices.listed() {
            ui.scope(|ui| device_ui(ui, state, device, actions));
            any = true;
        }
        if !any {
            weak(ui, Word::NoDevices.text());
        }
        ui.add_space(6.0);
        address_ui(ui, state, actions);
    });
}

fn device_ui(ui: &mut Ui, state: &State, device: &KnownDevice, actions: &mut Vec<Action>) {
    let Some(id) = device.id() else { return };
    let mut chosen = state.devices.chosen.contains(&id);
    let (name, address) = (shown_name(device), device.address().map(ToString::to_string).unwrap_or_default());
    ui.spacing_mut().item_spacing.y = 0.0;
    let (mut ticked, mut forgotten) = (false, false);
    let check = |ui: &mut Ui| {
        let box_ = ui.add(Checkbox::new(&mut chosen, text::fit(&name, 24)));
        ticked = box_.accessible_name(name.clone()).on_hover_text(&name).changed();
    };
    line(ui, check, |ui| {
        let forget = quiet_button(ui, Word::Forget.text()).accessible_name(text::forget(&name));
        forgotten = forget.clicked();
    });
    if ticked {
        actions.push(Action::ChooseDevice(id.clone()));
    }
    if forgotten {
        actions.push(Action::Forget(id));
    }
    if !device.classic && address == name {
        return;
    }
    ui.horizontal(|ui| {
        ui.spacing_mut().interact_size.y = 16.0;
        ui.add_space(14.0);
        if device.classic {
            tag(ui, Word::MarkClassic.text(), Tone::Warning, Word::ClassicTip.text());
        }
        if address != name {
            ui.add(Label::new(RichText::new(&address).monospace().size(12.0).color(palette(ui).weak)).truncate());
        }
    });
    ui.add_space(6.0);
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
    let address = devices.typed_address();
    if entered(ui, &typed) && matches!(address, Some(Ok(_))) {
        actions.push(Action::AddAddress);
        typed.request_focus();
    }
    // While it is being typed nearly every address is wrong for a moment: only a finished one is judged.
    if let (Some(Err(error)), false) = (&address, typed.has_focus()) {
        ui.colored_label(palette(ui).bad, text::bad_address(error));
    }
    let mut classic = devices.classic;
    ui.horizontal_wrapped(|ui| {
        let switch = ui.checkbox(&mut classic, Word::ClassicLabel.text()).on_hover_text(Word::ClassicTip.text());
        if switch.changed() {
            actions.push(Action::ToggleClassic);
        }
        ui.add_enabled_ui(matches!(address, Some(Ok(_))), |ui| {
            if button(ui, Word::AddAddress.text()).clicked() {
                actions.push(Action::AddAddress);
            }
        });
    });
    if classic {
        weak(ui, Word::ClassicCaution.text());
    }
}
