//! The rows of all transfers, newest first.

use std::collections::HashMap;

use egui::{Id, Rangef, Ui};

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

/// A row that was never in sight is taken for so high.
const ABOUT: f32 = 104.0;

/// How high rows were when they were last in sight.
type Heights = HashMap<TransferKey, f32>;

/// What stands below one another.
enum Piece<'a> {
    /// Room for rows that are out of sight.
    Gap(f32),
    Row(&'a Row),
}

pub(super) fn activity_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let rows: Vec<&Row> = state.transfers.iter().filter(|row| !has_card(state, row)).collect();
    if rows.is_empty() {
        weak(ui, Word::NoActivity.text());
        return;
    }
    if rows.len() <= DRAW_ALL_UP_TO {
        for row in rows {
            row_ui(ui, state, row, actions);
        }
        return;
    }
    let (top, space, clip) = (ui.cursor().top(), ui.spacing().item_spacing.y, ui.clip_rect().y_range());
    let pieces = ui.data_mut(|data| {
        let heights: &mut Heights = data.get_temp_mut_or_default(heights_id());
        pieces(rows, heights, top, space, clip)
    });
    for piece in pieces {
        match piece {
            Piece::Gap(height) => {
                ui.allocate_space(egui::vec2(ui.available_width(), height));
            }
            Piece::Row(row) => {
                let height = row_ui(ui, state, row, actions);
                ui.data_mut(|data| data.get_temp_mut_or_default::<Heights>(heights_id()).insert(row.key(), height));
            }
        }
    }
}

fn heights_id() -> Id {
    Id::unique("heights of the rows")
}

/// Its offer is being answered above.
fn has_card(state: &State, row: &Row) -> bool {
    matches!(row.snapshot.stage, Stage::Waiting)
        && row.key().direction == Direction::Incoming
        && state.offers.iter().any(|card| card.key() == row.key())
}

/// Returns how high it is.
fn row_ui(ui: &mut Ui, state: &State, row: &Row, actions: &mut Vec<Action>) -> f32 {
    ui.push_id(row.key(), |ui| transfer_row::row_ui(ui, state, row, actions)).response.rect.height()
}

/// The rows in sight, and one gap for each run of those that are not.
fn pieces<'a>(rows: Vec<&'a Row>, heights: &Heights, top: f32, space: f32, clip: Rangef) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let mut y = top;
    for row in rows {
        let height = heights.get(&row.key()).copied().unwrap_or(ABOUT);
        let in_sight = Rangef::new(y, y + height).intersects(clip);
        match pieces.last_mut() {
            _ if in_sight => pieces.push(Piece::Row(row)),
            Some(Piece::Gap(gap)) => *gap += space + height,
            _ => pieces.push(Piece::Gap(height)),
        }
        y += height + space;
    }
    pieces
}
