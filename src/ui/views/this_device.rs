//! This device: its name, where others reach it, and the strip of the first start.

use std::net::IpAddr;

use egui::{RichText, Ui};

use super::{nearby, seal};
use crate::{
    model::{device::PeerAddr, device_key::DeviceKey, settings::Settings},
    ui::{
        action::{Action, Field, OwnLinkAction, SettingsAction},
        dialogs::Purpose,
        state::{Listening, State, notices::Tone},
        text::{self, Word},
        theme::palette,
        widgets::{button, card, field, line, primary_button, quiet_button, section, title, told, weak, weak_line},
    },
};

/// Side of the picture of this device's key.
const KEY_SIDE: f32 = 48.0;

/// Addresses shown; a machine with many adapters has many.
const MOST_ADDRESSES: usize = 6;

/// The card at the top of the left side.
pub(super) fn this_device_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    section(ui, Word::ThisDevice.text());
    card(ui).show(ui, |ui| {
        ui.set_width(ui.available_width());
        match state.trust.own {
            Some(key) => own_key_ui(ui, state, &key, actions),
            None => name_ui(ui, state),
        }
        listening_ui(ui, state, actions);
        nearby::visibility_ui(ui, state, actions);
    });
}

fn name_ui(ui: &mut Ui, state: &State) {
    match &state.settings {
        Some(settings) => title(ui, &settings.device_name),
        None => weak(ui, Word::WaitingForEngine.text()),
    };
}

/// Name and picture, and the key for who wants to read or copy it.
fn own_key_ui(ui: &mut Ui, state: &State, key: &DeviceKey, actions: &mut Vec<Action>) {
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 10.0;
        seal::key_picture_ui(ui, key, &text::own_key(key), KEY_SIDE);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            name_ui(ui, state);
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 2.0;
                // Flush with the name above it.
                ui.add_space(-5.0);
                let open = state.trust.own_open;
                let show = quiet_button(ui, if open { Word::HideKey } else { Word::ShowKey }.text());
                if show.on_hover_text(Word::OwnKeyTip.text()).clicked() {
                    actions.push(Action::ToggleOwnKey);
                }
                if quiet_button(ui, Word::CopyKey.text()).clicked() {
                    actions.push(Action::Copy(key.grouped()));
                }
            });
        });
    });
    if state.trust.own_open {
        let lines = RichText::new(text::key_lines(key, 4)).monospace().color(palette(ui).text);
        ui.add(egui::Label::new(lines).extend());
        ui.add_space(2.0);
    }
}

/// Name, folder and address, until the person has said that they are right.
pub(super) fn first_start_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let (Some(name), Some(settings)) = (&state.first_start, &state.settings) else { return };
    let colours = palette(ui);
    card(ui).fill(colours.accent_soft).stroke((1.0, colours.accent.gamma_multiply(0.4))).show(ui, |ui| {
        ui.set_width(ui.available_width());
        title(ui, Word::FirstStart.text());
        ui.add_space(2.0);
        labelled(ui, Word::DeviceNameLabel.text(), |ui| {
            ui.allocate_ui(egui::vec2(300.0_f32.min(ui.available_width()), 28.0), |ui| {
                field(ui, Field::FirstName, Word::DeviceNameLabel.text(), name, "", actions);
            });
        });
        labelled(ui, Word::ReceiveFolderLabel.text(), |ui| folder_line(ui, settings, actions));
        labelled(ui, Word::OwnAddress.text(), |ui| {
            ui.label(RichText::new(own_address(&state.listening)).monospace());
        });
        ui.add_space(4.0);
        ui.horizontal(|ui| {
            if primary_button(ui, Word::FirstStartDone.text(), true).clicked() {
                actions.push(Action::FirstStartDone);
            }
            if quiet_button(ui, Word::Settings.text()).clicked() {
                actions.push(Action::Settings(SettingsAction::Open));
            }
        });
    });
}

fn labelled(ui: &mut Ui, label: &str, contents: impl FnOnce(&mut Ui)) {
    let narrow = ui.available_width() < 480.0;
    if narrow {
        weak(ui, label);
        contents(ui);
        return;
    }
    ui.horizontal(|ui| {
        ui.allocate_ui_with_layout(egui::vec2(150.0, 28.0), egui::Layout::left_to_right(egui::Align::Center), |ui| {
            ui.set_min_width(150.0);
            weak_line(ui, label);
        });
        contents(ui);
    });
}

fn folder_line(ui: &mut Ui, settings: &Settings, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.label(text::fit(&text::path(&settings.receive_folder), 48));
        if button(ui, Word::Change.text()).clicked() {
            actions.push(Action::Ask(Purpose::FirstFolder));
        }
    });
}

fn listening_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    match &state.listening {
        Listening::Starting => {}
        Listening::At { port, reachable_at } => {
            if reachable_at.is_empty() {
                weak(ui, &text::listening_nowhere(*port));
            }
            for address in reachable_at.iter().take(MOST_ADDRESSES) {
                address_line(ui, *address, *port, actions);
            }
            if !reachable_at.is_empty() {
                link_line(ui, actions);
            }
        }
        Listening::NotListening { port, reason } => {
            told(ui, Tone::Problem, &text::not_listening(*port));
            weak(ui, Word::PortTaken.text());
            ui.horizontal_wrapped(|ui| {
                if button(ui, Word::ListenElsewhere.text()).clicked() {
                    actions.push(Action::ListenElsewhere);
                }
                if quiet_button(ui, Word::CopyDetails.text()).on_hover_text(reason.to_string()).clicked() {
                    actions.push(Action::Copy(reason.to_string()));
                }
            });
        }
    }
}

/// All of that in one: for a camera, or to be pasted.
fn link_line(ui: &mut Ui, actions: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        // Flush with the addresses.
        ui.add_space(-5.0);
        if quiet_button(ui, Word::ShowQrCode.text()).on_hover_text(Word::OwnLinkTip.text()).clicked() {
            actions.push(Action::OwnLink(OwnLinkAction::Show));
        }
        if quiet_button(ui, Word::CopyLink.text()).on_hover_text(Word::OwnLinkTip.text()).clicked() {
            actions.push(Action::OwnLink(OwnLinkAction::Copy));
        }
    });
}

fn address_line(ui: &mut Ui, address: IpAddr, port: u16, actions: &mut Vec<Action>) {
    let shown = shown(address, port);
    let address = |ui: &mut Ui| {
        ui.add(egui::Label::new(RichText::new(&shown).monospace()).truncate());
    };
    line(ui, address, |ui| {
        let copy = quiet_button(ui, Word::Copy.text()).accessible_name(text::copy_address(&shown));
        if copy.clicked() {
            actions.push(Action::Copy(shown.clone()));
        }
    });
}

fn own_address(listening: &Listening) -> String {
    match listening {
        Listening::Starting => Word::WaitingForEngine.text().to_owned(),
        Listening::At { port, reachable_at } => {
            let nowhere_else = IpAddr::from(std::net::Ipv4Addr::LOCALHOST);
            shown(reachable_at.first().copied().unwrap_or(nowhere_else), *port)
        }
        Listening::NotListening { port, .. } => text::not_listening(*port),
    }
}

fn shown(address: IpAddr, port: u16) -> String {
    PeerAddr { host: address.to_string(), port }.to_string()
}
