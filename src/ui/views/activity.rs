//! The rows of all transfers, newest first.

use egui::Ui;

use super::transfer_row;
use crate::{
    model::transfer::{Direction, Stage, TransferKey},
    ui::{
        action::Action,
        state::{State, rows::Row},
        text::Word,
        widgets::weak,
    },
};

/// With more rows than this, those out of sight keep their place without being laid out.
const DRAW_ALL_UP_TO: usize = 40;

pub(super) fn activity_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let rows: Vec<&Row> = state.transfers.iter().filter(|row| !has_card(state, row)).collect();
    if rows.is_empty() {
        weak(ui, Word::NoActivity.text());
        return;
    }
    let skip = rows.len() > DRAW_ALL_UP_TO;
    for row in rows {
        ui.push_id(row.key(), |ui| {
            if skip { skipping_row_ui(ui, state, row, actions) } else { transfer_row::row_ui(ui, state, row, actions) }
        });
    }
}

/// Its offer is being answered above.
fn has_card(state: &State, row: &Row) -> bool {
    matches!(row.snapshot.stage, Stage::Waiting)
        && row.key().direction == Direction::Incoming
        && state.offers.iter().any(|card| card.key() == row.key())
}

/// Draws the row if it is in sight; otherwise leaves the room it took last time.
fn skipping_row_ui(ui: &mut Ui, state: &State, row: &Row, actions: &mut Vec<Action>) {
    let id = egui::Id::unique(("row height", RowId(row.key())));
    let known = ui.data(|data| data.get_temp::<f32>(id));
    if let Some(height) = known {
        let place = egui::Rect::from_min_size(ui.cursor().min, egui::vec2(ui.available_width(), height));
        if !ui.is_rect_visible(place) {
            ui.allocate_space(place.size());
            return;
        }
    }
    let height = ui.scope(|ui| transfer_row::row_ui(ui, state, row, actions)).response.rect.height();
    ui.data_mut(|data| data.insert_temp(id, height));
}

#[derive(Debug, Hash)]
struct RowId(TransferKey);
