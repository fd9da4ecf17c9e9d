//! What the window looks like. Each view reads the state and pushes what the person asked for; none of them does anything.

mod activity;
mod alarms;
mod card_conflict;
mod code;
mod compare;
mod comparisons;
mod device_page;
mod devices;
mod drop_area;
mod entry_tree;
mod files_table;
mod get_file;
mod history;
mod history_entry;
mod incoming;
mod message;
mod nearby;
mod network_check;
mod notices;
mod overlays;
mod own_link;
mod qr_code;
mod row_buttons;
mod row_ended;
mod row_running;
mod seal;
mod sending;
mod settings;
mod status_line;
mod this_device;
mod transfer_row;
mod verify;
mod verify_files;

use egui::{CentralPanel, Frame, Margin, Panel, ScrollArea, Ui};

use super::{
    action::{Action, CardAction, ComparisonAction, GetAction, HistoryAction, SettingsAction, VerifyAction},
    state::State,
    text::Word,
    theme::palette,
    widgets::{quiet_button, section},
};

/// Below this width everything stands in one column.
const TWO_COLUMNS_FROM: f32 = 760.0;

/// The devices' column.
const SIDE_WIDTH: f32 = 268.0;

/// The centre gets no wider than this: longer lines are harder to follow.
const WIDEST: f32 = 980.0;

/// The whole window.
pub(super) fn window_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let before = actions.len();
    alarms::alarms_ui(ui, state, actions);
    status_line::status_line_ui(ui, state, actions);
    let wide = ui.available_width() >= TWO_COLUMNS_FROM;
    if wide {
        let frame = Frame::new().fill(palette(ui).side).inner_margin(Margin::same(16));
        let side =
            Panel::left("devices").resizable(false).exact_size(SIDE_WIDTH).show_separator_line(false).frame(frame);
        side.show(ui, |ui| side_ui(ui, state, actions));
    }
    let frame = Frame::new().fill(palette(ui).panel);
    CentralPanel::default().frame(frame).show(ui, |ui| {
        let margin = if wide { 20 } else { 12 };
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            Frame::new().inner_margin(Margin::same(margin)).show(ui, |ui| {
                ui.set_max_width(ui.available_width().min(WIDEST));
                ui.spacing_mut().item_spacing.y = 10.0;
                centre_ui(ui, state, wide, actions);
                // What lies under the notices can be scrolled out from below them.
                ui.add_space(notices::height(ui));
            });
        });
    });
    notices::notices_ui(ui, state, actions);
    settings::settings_ui(ui, state, actions);
    get_file::get_file_ui(ui, state, actions);
    device_page::page_ui(ui, state, actions);
    history::history_ui(ui, state, actions);
    network_check::network_check_ui(ui, state, actions);
    own_link::own_link_ui(ui, state, actions);
    verify::verify_ui(ui, state, actions);
    overlays::closing_ui(ui, state, actions);
    overlays::hover_ui(ui, state);
    if state.jolted_until.is_some() {
        drop_clicks(actions, before);
    }
}

/// Leaves only what no click has made.
fn drop_clicks(actions: &mut Vec<Action>, from: usize) {
    let made = actions.split_off(from);
    let by_itself = |action: &Action| {
        matches!(
            action,
            Action::Card(_, CardAction::Shown) | Action::Comparison(_, ComparisonAction::Shown) | Action::Edit(..)
        )
    };
    actions.extend(made.into_iter().filter(by_itself));
}

fn side_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    Panel::bottom("settings")
        .frame(Frame::new())
        .show_separator_line(false)
        .show(ui, |ui| settings_button(ui, state, actions));
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        this_device::this_device_ui(ui, state, actions);
        ui.add_space(18.0);
        devices::devices_ui(ui, state, actions);
    });
}

fn centre_ui(ui: &mut Ui, state: &State, wide: bool, actions: &mut Vec<Action>) {
    this_device::first_start_ui(ui, state, actions);
    drop_area::drop_area_ui(ui, state, actions);
    incoming::incoming_ui(ui, state, actions);
    let before = actions.len();
    // What was just sent, with its code, stands above the devices; what is still to be sent has them at hand.
    let sent = state.staging.is_empty() && !state.transfers.is_empty();
    if !wide && !sent {
        devices_and_this_one_ui(ui, state, actions);
    }
    ui.add_space(6.0);
    ui.horizontal_wrapped(|ui| {
        section(ui, Word::Activity.text());
        if quiet_button(ui, Word::History.text()).clicked() {
            actions.push(Action::History(HistoryAction::Open));
        }
        if quiet_button(ui, Word::VerifyView.text()).on_hover_text(Word::VerifyViewTip.text()).clicked() {
            actions.push(Action::Verifying(VerifyAction::Open));
        }
        if quiet_button(ui, Word::GetFile.text()).on_hover_text(Word::GetTip.text()).clicked() {
            actions.push(Action::Get(GetAction::Open));
        }
        if !wide {
            settings_button(ui, state, actions);
        }
    });
    activity::activity_ui(ui, state, actions);
    if !wide && sent {
        devices_and_this_one_ui(ui, state, actions);
    }
    // A card or a row has just pushed these down: a click here was meant for something else.
    if state.settling() {
        drop_clicks(actions, before);
    }
}

fn devices_and_this_one_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    ui.add_space(6.0);
    devices::devices_ui(ui, state, actions);
    ui.add_space(6.0);
    this_device::this_device_ui(ui, state, actions);
}

fn settings_button(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    ui.add_enabled_ui(state.settings.is_some(), |ui| {
        if quiet_button(ui, Word::Settings.text()).clicked() {
            actions.push(Action::Settings(SettingsAction::Open));
        }
    });
}
