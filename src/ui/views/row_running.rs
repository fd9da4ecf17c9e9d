//! How a transfer goes while it is not over: its bar, its sentence, its figures.

use egui::{Button, Color32, Label, RichText, Sense, Stroke, Ui, pos2, vec2};

use crate::{
    model::{
        reason::ReasonCode,
        transfer::{Direction, QueuedFor, Stage},
    },
    ui::{
        action::{Action, RowAction},
        state::{State, notices::Tone, rows::Row},
        text::{self, Word},
        theme::palette,
        widgets::{Sign, button, line, progress, quiet_button, sign, told, weak, weak_line},
    },
};

/// From this width on a place in the queue and the buttons that change it stand on one line.
const ONE_LINE_FROM: f32 = 500.0;

pub(super) fn running_ui(ui: &mut Ui, state: &State, row: &Row, actions: &mut Vec<Action>) {
    // A message has no part of it on the way.
    if !row.is_message() {
        bar_ui(ui, row);
    }
    let snapshot = &row.snapshot;
    let sentence = text::stage(snapshot, state.now);
    match snapshot.stage {
        Stage::Moving | Stage::Finishing if row.is_message() => {
            weak_line(ui, text::message_moves(row.key().direction).text());
        }
        Stage::Moving => moving_ui(ui, row),
        // How much of the whole is there would only be mistaken for how much is checked.
        Stage::Checking { .. } => {
            weak(ui, &sentence);
        }
        Stage::Queued(why) => queued_ui(ui, state, row, why, &sentence, actions),
        Stage::Paused(ref pause) => {
            let troubled = pause.reason.as_ref().is_some_and(|reason| reason.code != ReasonCode::Busy);
            let ink = if troubled { palette(ui).warn } else { palette(ui).strong };
            standing_ui(ui, Sign::Pause, ink, &sentence);
            kept_ui(ui, row);
        }
        Stage::Reconnecting { .. } => {
            standing_ui(ui, Sign::Warning, palette(ui).warn, &sentence);
            kept_ui(ui, row);
        }
        Stage::Interrupted => {
            standing_ui(ui, Sign::Pause, palette(ui).strong, &sentence);
            kept_ui(ui, row);
            discard_ui(ui, row, actions);
        }
        _ => {
            weak_line(ui, &sentence);
        }
    }
    anew_ui(ui, row);
}

/// What is left of a whole; quiet while nothing moves.
fn bar_ui(ui: &mut Ui, row: &Row) {
    let snapshot = &row.snapshot;
    let colours = palette(ui);
    let quiet = colours.track.lerp_to_gamma(colours.weak, 0.6);
    let (moved, total, ink) = match snapshot.stage {
        Stage::Hashing { done, total } => (done, total, colours.accent),
        // Nothing known yet is no whole.
        Stage::Checking { done, total } => (done, total.max(1), colours.accent),
        Stage::Moving | Stage::Finishing | Stage::Cancelling => (snapshot.moved, snapshot.total, colours.accent),
        // A queue is read more easily without bars that are all empty.
        Stage::Queued(_) if snapshot.moved == 0 => return,
        Stage::Paused(_) | Stage::Reconnecting { .. } | Stage::Interrupted | Stage::Queued(_) => {
            (snapshot.moved, snapshot.total, quiet)
        }
        // Before the first byte there is no part of the whole, and an empty whole would read as all of it.
        _ => (0, 1, colours.accent),
    };
    progress(ui, &row.title, moved, total, ink);
}

fn moving_ui(ui: &mut Ui, row: &Row) {
    let left = |ui: &mut Ui| {
        weak_line(ui, &figures(row));
    };
    line(ui, left, |ui| graph_ui(ui, row));
    if let Some(current) = row.snapshot.current.filter(|_| row.files.len() > 1) {
        weak_line(ui, &row.name_of(current));
    }
}

/// Why nothing moves: a sign and a sentence that may be long.
fn standing_ui(ui: &mut Ui, what: Sign, ink: Color32, sentence: &str) {
    ui.horizontal_top(|ui| {
        ui.vertical(|ui| {
            ui.add_space(1.0);
            sign(ui, what, ink);
        });
        ui.add(Label::new(RichText::new(sentence).color(ink)).wrap());
    });
}

/// How much of it is there.
fn kept_ui(ui: &mut Ui, row: &Row) {
    let snapshot = &row.snapshot;
    if snapshot.moved == 0 && row.key().direction == Direction::Outgoing {
        // After a restart, what has arrived of an unfinished file only the receiver knows.
        return;
    }
    weak_line(ui, &text::moved(snapshot.moved, snapshot.total, snapshot.files_ended, snapshot.files));
}

fn queued_ui(ui: &mut Ui, state: &State, row: &Row, why: QueuedFor, sentence: &str, actions: &mut Vec<Action>) {
    let ink = palette(ui).text;
    let Some(place) = row.snapshot.place.filter(|_| why == QueuedFor::Turn) else {
        return standing_ui(ui, Sign::Ring, ink, sentence);
    };
    let last = state.transfers.last_place().unwrap_or(place);
    let together = ui.available_width() >= ONE_LINE_FROM;
    ui.horizontal_wrapped(|ui| {
        sign(ui, Sign::Ring, ink);
        ui.label(RichText::new(sentence).color(ink));
        if together {
            moves_ui(ui, row, (place, last), actions);
        }
    });
    if !together {
        ui.horizontal_wrapped(|ui| moves_ui(ui, row, (place, last), actions));
    }
}

fn moves_ui(ui: &mut Ui, row: &Row, (place, last): (usize, usize), actions: &mut Vec<Action>) {
    let moves = [(Word::MoveUp, place > 0, RowAction::MoveUp), (Word::MoveDown, place < last, RowAction::MoveDown)];
    for (word, possible, action) in moves {
        if ui.add_enabled(possible, Button::new(word.text())).clicked() {
            actions.push(Action::Row(row.key(), action));
        }
    }
}

/// Asked before it is done: it removes what has arrived.
fn discard_ui(ui: &mut Ui, row: &Row, actions: &mut Vec<Action>) {
    if !row.discarding {
        return;
    }
    let snapshot = &row.snapshot;
    told(ui, Tone::Warning, &text::discard_question(row.key().direction, snapshot.moved, snapshot.files_ended));
    ui.horizontal_wrapped(|ui| {
        if button(ui, Word::Discard.text()).clicked() {
            actions.push(Action::Row(row.key(), RowAction::Discard));
        }
        if quiet_button(ui, Word::Keep.text()).clicked() {
            actions.push(Action::Row(row.key(), RowAction::Keep));
        }
    });
}

/// Files whose beginning on the two sides was not the same any more.
pub(super) fn anew_ui(ui: &mut Ui, row: &Row) {
    if let Some(first) = row.anew.first() {
        weak(ui, &text::started_again(&row.name_of(*first), row.anew.len() - 1));
    }
}

fn figures(row: &Row) -> String {
    let snapshot = &row.snapshot;
    // Only what moves now is held still between two figures.
    let moved = row.pace.moved().map_or(snapshot.moved, |moved| moved.saturating_add(snapshot.kept));
    let moved = text::moved(moved, snapshot.total, snapshot.files_ended, snapshot.files);
    let rate = row.pace.rate().map(text::rate);
    let left = row.pace.time_left().map(text::left);
    [Some(moved), rate, left].into_iter().flatten().collect::<Vec<_>>().join("  ·  ")
}

/// The speed of the last half minute. What it shows stands beside it as a figure.
fn graph_ui(ui: &mut Ui, row: &Row) {
    let (rect, _) = ui.allocate_exact_size(vec2(96.0, 22.0), Sense::hover());
    let graph = row.pace.graph();
    let top = graph.iter().copied().fold(1.0_f32, f32::max);
    if graph.len() < 2 || !ui.is_rect_visible(rect) {
        return;
    }
    let step = rect.width() / (crate::model::progress::GRAPH_POINTS - 1) as f32;
    let start = rect.right() - step * (graph.len() - 1) as f32;
    let points: Vec<_> = graph
        .iter()
        .enumerate()
        .map(|(i, rate)| pos2(start + step * i as f32, rect.bottom() - 1.0 - (rect.height() - 3.0) * rate / top))
        .collect();
    let colours = palette(ui);
    ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, colours.border));
    ui.painter().line(points, Stroke::new(1.5, colours.accent));
}
