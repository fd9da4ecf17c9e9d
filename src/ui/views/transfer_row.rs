//! One transfer: how it goes while it runs, and what it came to when it is over.

use egui::{Label, RichText, Sense, Stroke, Ui, UiBuilder, accesskit::Role, pos2, vec2};

use super::{code, compare, files_table, seal};
use crate::{
    model::{
        outcome::{Ending, Outcome},
        transfer::{Direction, Stage},
    },
    ui::{
        action::{Action, RowAction},
        dialogs::Purpose,
        state::{
            State, history,
            notices::Tone,
            rows::{Again, Row},
            trust::Confirmed,
        },
        text::{self, Word},
        theme::palette,
        widgets::{button, card, line, progress, quiet_button, tag, title, told, weak, weak_line},
    },
};

pub(super) fn row_ui(ui: &mut Ui, state: &State, row: &Row, actions: &mut Vec<Action>) {
    let group = UiBuilder::new().accessibility_role(Role::Group).accessibility_label(name(row));
    ui.scope_builder(group, |ui| {
        card(ui).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 6.0;
            head_ui(ui, row, actions);
            match row.ending() {
                None => {
                    running_ui(ui, row);
                    code_ui(ui, state, row, actions);
                }
                Some(ending) => ended_ui(ui, row, ending, actions),
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
    let direction = text::direction(row.key().direction, row.ending().is_some(), &row.snapshot.peer.name);
    format!("{}, {direction}", row.title)
}

fn head_ui(ui: &mut Ui, row: &Row, actions: &mut Vec<Action>) {
    ui.with_layout(egui::Layout::right_to_left(egui::Align::TOP), |ui| {
        let buttons = egui::Layout::right_to_left(egui::Align::Center);
        let room = vec2(ui.available_width() / 2.0, ui.spacing().interact_size.y);
        ui.allocate_ui_with_layout(room, buttons, |ui| head_buttons(ui, row, actions));
        ui.with_layout(egui::Layout::top_down(egui::Align::LEFT), |ui| {
            ui.spacing_mut().item_spacing.y = 3.0;
            ui.horizontal(|ui| {
                direction_ui(ui, row.key().direction);
                title(ui, &row.title).on_hover_text(&row.title);
            });
            let missed = row.missed();
            let peer = &row.snapshot.peer.name;
            let line = if missed {
                text::missed(peer)
            } else {
                text::direction(row.key().direction, row.ending().is_some(), peer)
            };
            weak_line(ui, &line).on_hover_text(&row.snapshot.peer.address);
        });
    });
    if row.snapshot.peer.classic {
        ui.horizontal(|ui| tag(ui, Word::MarkClassic.text(), Tone::Warning, Word::ClassicTip.text()));
    }
}

fn head_buttons(ui: &mut Ui, row: &Row, actions: &mut Vec<Action>) {
    let key = row.key();
    let mut on = |clicked: bool, action: RowAction| {
        if clicked {
            actions.push(Action::Row(key, action));
        }
    };
    if row.ending().is_some() {
        let remove = quiet_button(ui, Word::Remove.text()).accessible_name(text::remove(&row.title));
        on(remove.clicked(), RowAction::Remove);
    } else if matches!(row.snapshot.stage, Stage::Cancelling) {
        ui.add_enabled(false, egui::Button::new(Word::Cancel.text()));
    } else {
        on(button(ui, Word::Cancel.text()).clicked(), RowAction::Cancel);
    }
    match row.another_try() {
        Some(Again::AskAgain) => on(button(ui, Word::AskAgain.text()).clicked(), RowAction::Again),
        Some(Again::Retry) => on(button(ui, Word::Retry.text()).clicked(), RowAction::Again),
        None => {}
    }
    if row.files.len() > 1 {
        let label = if row.open { Word::HideFiles } else { Word::ShowFiles };
        on(quiet_button(ui, label.text()).clicked(), RowAction::Open);
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

fn running_ui(ui: &mut Ui, row: &Row) {
    let snapshot = &row.snapshot;
    let (moved, total) = match snapshot.stage {
        Stage::Hashing { done, total } => (done, total),
        // Before the first byte there is no part of the whole, and an empty whole would read as all of it.
        Stage::Moving | Stage::Finishing | Stage::Cancelling => (snapshot.moved, snapshot.total),
        _ => (0, 1),
    };
    progress(ui, &row.title, moved, total);
    let sentence = text::stage(&snapshot.stage, row.key().direction, &snapshot.peer.name);
    if !sentence.is_empty() {
        weak_line(ui, &sentence);
        return;
    }
    let left = |ui: &mut Ui| {
        weak_line(ui, &figures(row));
    };
    line(ui, left, |ui| graph_ui(ui, row));
    if let Some(current) = snapshot.current.filter(|_| row.files.len() > 1) {
        weak_line(ui, &row.name_of(current));
    }
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

fn figures(row: &Row) -> String {
    let snapshot = &row.snapshot;
    let moved = row.pace.moved().unwrap_or(snapshot.moved);
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

fn ended_ui(ui: &mut Ui, row: &Row, ending: &Ending, actions: &mut Vec<Action>) {
    if let Some((end, md5)) = row.only_file().and_then(|end| Some((end, end.md5?))) {
        ui.add_space(2.0);
        seal::seal_ui(ui, &md5, end.state, seal::LARGE);
    }
    outcome_ui(ui, row, ending);
    reason_ui(ui, row, ending, actions);
    checked_ui(ui, row);
    ended_buttons(ui, row, actions);
}

fn outcome_ui(ui: &mut Ui, row: &Row, ending: &Ending) {
    let tone = history::tone(ending.outcome);
    // Where the seal stands, it has said so already.
    let said = ending.outcome == Outcome::Verified && row.only_file().is_some_and(|end| end.md5.is_some());
    ui.horizontal_wrapped(|ui| {
        if !said {
            told(ui, tone, &headline(row, ending));
        }
        if ending.bytes > 0 {
            weak(ui, &text::took(ending.bytes, ending.took));
        }
    });
    if let Some(name) = row.saved_under() {
        weak(ui, &text::saved_as(&name));
    }
    let tally = row.tally();
    let lesser =
        [(tally.mismatch, Word::StateMismatch), (tally.failed, Word::StateFailed), (tally.skipped, Word::StateSkipped)];
    let lesser = lesser.into_iter().filter(|(number, _)| *number > 0 && row.files.len() > 1);
    let line = lesser.map(|(number, word)| text::tally(number, word)).collect::<Vec<_>>().join("  ·  ");
    if !line.is_empty() {
        weak(ui, &line);
    }
}

/// What happened; the reason itself where nothing arrived, because that says more than *Failed*.
fn headline(row: &Row, ending: &Ending) -> String {
    let arrived = matches!(ending.outcome, Outcome::Verified | Outcome::Unchecked | Outcome::Partial);
    match &ending.reason {
        Some(reason) if !arrived => text::explain(reason).0,
        _ => text::outcome(ending, row.key().direction, row.snapshot.files),
    }
}

fn reason_ui(ui: &mut Ui, row: &Row, ending: &Ending, actions: &mut Vec<Action>) {
    let Some(reason) = &ending.reason else { return };
    let (what, advice) = text::explain(reason);
    if headline(row, ending) != what {
        ui.add(Label::new(RichText::new(what).color(palette(ui).strong)).wrap());
    }
    if advice.is_empty() && reason.detail.is_none() {
        return;
    }
    // What is left out of a transfer that did arrive has its name only in the detail.
    if let Some(detail) = reason.detail.as_ref().filter(|_| ending.outcome == Outcome::Partial) {
        weak(ui, &text::name(detail));
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().interact_size.y = 20.0;
        ui.spacing_mut().button_padding.y = 2.0;
        if !advice.is_empty() {
            weak(ui, &advice);
        }
        let copy = |ui: &mut Ui| quiet_button(ui, Word::CopyDetails.text()).on_hover_text(reason.to_string());
        if reason.detail.is_some() && copy(ui).clicked() {
            actions.push(Action::Copy(reason.to_string()));
        }
    });
}

fn checked_ui(ui: &mut Ui, row: &Row) {
    let (same, different, gone, asked) = row.checked();
    let all = same + different + gone + asked;
    if all == 0 {
        return;
    }
    if asked > 0 {
        weak(ui, &text::checking(all - asked, all));
        return;
    }
    let tone = if different + gone > 0 { Tone::Problem } else { Tone::Good };
    told(ui, tone, &text::checked_again(same, different, gone));
}

fn ended_buttons(ui: &mut Ui, row: &Row, actions: &mut Vec<Action>) {
    let key = row.key();
    let sealed = row.ends.values().any(|end| end.md5.is_some());
    let place = row.place_to_show().is_some();
    if !sealed && !place {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        if sealed {
            let comparable = row.spoken_of().is_some_and(|end| end.md5.is_some());
            let compare = ui.add_enabled(comparable, egui::Button::new(Word::Compare.text()));
            if compare.on_disabled_hover_text(Word::InspectFile.text()).clicked() {
                actions.push(Action::Row(key, RowAction::Compare));
            }
            if button(ui, Word::CheckAgain.text()).clicked() {
                actions.push(Action::Row(key, RowAction::CheckAgain));
            }
        }
        if place && button(ui, Word::ShowInFolder.text()).clicked() {
            actions.push(Action::Row(key, RowAction::ShowInFolder));
        }
        if sealed && button(ui, Word::SaveChecksums.text()).clicked() {
            actions.push(Action::Ask(Purpose::SaveChecksums { key, folder: row.checksum_folder() }));
        }
    });
}
