//! One transfer: what it is, with whom, and its buttons.

use egui::{Sense, Stroke, Ui, UiBuilder, accesskit::Role, pos2, vec2};

use super::{code, compare, files_table, message, row_buttons, row_ended, row_running};
use crate::{
    model::transfer::Direction,
    ui::{
        action::{Action, RowAction},
        state::{State, notices::Tone, rows::Row, trust::Confirmed},
        text::{self, Word},
        theme::palette,
        widgets::{card, tag, title, weak_line},
    },
};

/// Below this width the buttons stand under the name instead of beside it.
const BESIDE_FROM: f32 = 600.0;

/// The part of the width that buttons beside the name may take.
const OF_WIDTH: f32 = 0.58;

pub(super) fn row_ui(ui: &mut Ui, state: &State, row: &Row, actions: &mut Vec<Action>) {
    let group = UiBuilder::new().accessibility_role(Role::Group).accessibility_label(name(row));
    ui.scope_builder(group, |ui| {
        card(ui).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 6.0;
            head_ui(ui, row, actions);
            message_ui(ui, row, actions);
            match row.ending() {
                None => {
                    row_running::running_ui(ui, state, row, actions);
                    code_ui(ui, state, row, actions);
                }
                Some(ending) => row_ended::ended_ui(ui, row, ending, actions),
            }
            if row.open {
                files_table::files_ui(ui, row, actions);
            }
            if let Some(pasted) = &row.compare {
                compare::compare_ui(ui, row, pasted, actions);
            }
        });
    });
}

/// What a screen reader calls the row.
fn name(row: &Row) -> String {
    let direction = text::direction(row.key().direction, row.stands_still(), &row.snapshot.peer.name);
    text::row(&row.title, &direction)
}

fn head_ui(ui: &mut Ui, row: &Row, actions: &mut Vec<Action>) {
    if ui.available_width() < BESIDE_FROM {
        ui.vertical(|ui| what_ui(ui, row));
        classic_ui(ui, row);
        ui.horizontal_wrapped(|ui| row_buttons::below_ui(ui, row, actions));
        return;
    }
    ui.with_layout(egui::Layout::right_to_left(egui::Align::TOP), |ui| {
        let buttons = egui::Layout::right_to_left(egui::Align::Center);
        let room = vec2(ui.available_width() * OF_WIDTH, ui.spacing().interact_size.y);
        ui.allocate_ui_with_layout(room, buttons, |ui| row_buttons::beside_ui(ui, row, actions));
        ui.with_layout(egui::Layout::top_down(egui::Align::LEFT), |ui| what_ui(ui, row));
    });
    classic_ui(ui, row);
}

/// Its name, and to whom or from whom.
fn what_ui(ui: &mut Ui, row: &Row) {
    ui.spacing_mut().item_spacing.y = 3.0;
    ui.horizontal(|ui| {
        direction_ui(ui, row.key().direction);
        if row.is_message() {
            // The text itself stands below.
            title(ui, Word::Message.text());
        } else {
            title(ui, &row.title).on_hover_text(&row.title);
        }
    });
    let peer = &row.snapshot.peer.name;
    let line =
        if row.missed() { text::missed(peer) } else { text::direction(row.key().direction, row.stands_still(), peer) };
    weak_line(ui, &line).on_hover_text(&row.snapshot.peer.address);
}

/// What came or went with it, or alone.
fn message_ui(ui: &mut Ui, row: &Row, actions: &mut Vec<Action>) {
    if let Some(written) = &row.snapshot.message {
        let height = if row.is_message() { message::IN_A_ROW } else { message::BESIDE_FILES };
        message::message_ui(ui, row.key(), written, height, actions);
    }
}

fn classic_ui(ui: &mut Ui, row: &Row) {
    if row.snapshot.peer.classic {
        ui.horizontal(|ui| tag(ui, Word::MarkClassic.text(), Tone::Warning, Word::ClassicTip.text()));
    }
}

/// An arrow up (goes out) or down (comes in); the line below says it in words.
fn direction_ui(ui: &mut Ui, direction: Direction) {
    let (rect, _) = ui.allocate_exact_size(vec2(16.0, 16.0), Sense::hover());
    let c = rect.center();
    let up = if direction == Direction::Outgoing { -1.0 } else { 1.0 };
    let pen = Stroke::new(1.8, palette(ui).accent);
    let at = |x: f32, y: f32| pos2(c.x + x, c.y + y * up);
    ui.painter().line_segment([at(0.0, -5.5), at(0.0, 5.5)], pen);
    ui.painter().line(vec![at(-4.5, 1.0), at(0.0, 5.5), at(4.5, 1.0)], pen);
}

/// Who waits for the other side to answer may find out meanwhile whether it is the right one.
fn code_ui(ui: &mut Ui, state: &State, row: &Row, actions: &mut Vec<Action>) {
    let peer = &row.snapshot.peer;
    let Some(code) = row.snapshot.code.filter(|_| row.shows_code()) else { return };
    if state.verified(peer) {
        code::verified_ui(ui, code);
        return;
    }
    match code::ask_ui(ui, state, peer, Some(code)) {
        Some(code::Answer::Verified) => actions.extend(Confirmed::of(peer).map(Action::Verify)),
        Some(code::Answer::Differ) => actions.push(Action::Row(row.key(), RowAction::Differ)),
        None => {}
    }
}
