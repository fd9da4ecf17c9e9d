//! What was sent and received, over the window: a search field above all entries, newest first, or one of them in full.

use egui::{Label, RichText, ScrollArea, Sense, Ui, UiBuilder, WidgetInfo, vec2};

use super::history_entry;
use crate::{
    engine::messages::HistoryFound,
    model::history::HistoryEntry,
    ui::{
        action::{Action, Field, HistoryAction},
        state::{
            State,
            history::{HistoryView, tone},
            notices::Tone,
        },
        text::{self, Word},
        theme::palette,
        widgets::{button, field, focus_ring, line, modal, quiet_button, told, tone_colours, weak, weak_line},
    },
};

const WIDTH: f32 = 760.0;

/// What the view leaves of the window's height, with its own margins.
const AROUND: f32 = 96.0;

/// Headline, search field and the line of buttons, with what is between them.
const HEAD_AND_FOOT: f32 = 132.0;

/// The question before clearing, with its buttons, is so much taller than the line of buttons.
const QUESTION: f32 = 44.0;

/// Below this width the size stands on a line of its own.
const TWO_LINES_FROM: f32 = 480.0;

const LINE: f32 = 20.0;
const PADDING: f32 = 7.0;

pub(super) fn history_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let Some(view) = &state.history else { return };
    let height = (ui.ctx().content_rect().height() - AROUND).max(200.0);
    let closed = modal(ui, "history", WIDTH, |ui| match &view.opened {
        Some(opened) => history_entry::entry_ui(ui, opened, height, actions),
        None => list_ui(ui, view, height, actions),
    });
    if closed {
        let back = if view.opened.is_some() { HistoryAction::Back } else { HistoryAction::Close };
        actions.push(Action::History(back));
    }
}

fn list_ui(ui: &mut Ui, view: &HistoryView, height: f32, actions: &mut Vec<Action>) {
    ui.label(RichText::new(Word::History.text()).heading().color(palette(ui).strong));
    let name = Word::SearchHistory.text();
    field(ui, Field::HistorySearch, name, &view.search, Word::SearchHistoryHint.text(), actions);
    let around = HEAD_AND_FOOT + if view.clearing { QUESTION } else { 0.0 };
    let room = vec2(ui.available_width(), (height - around).max(80.0));
    ui.allocate_ui(room, |ui| {
        ui.set_min_size(room);
        match (&view.found, &view.problem) {
            (_, Some(reason)) => drop(told(ui, Tone::Problem, &text::history_failed(&text::one_line(reason)))),
            (None, None) => drop(weak(ui, Word::HistoryLooking.text())),
            (Some(found), None) if found.all == 0 => drop(weak(ui, Word::HistoryEmpty.text())),
            (Some(found), None) if found.entries.is_empty() => drop(weak(ui, Word::HistoryNotFound.text())),
            (Some(found), None) => entries_ui(ui, found, actions),
        }
    });
    foot_ui(ui, view, actions);
}

fn entries_ui(ui: &mut Ui, found: &HistoryFound, actions: &mut Vec<Action>) {
    let wide = ui.available_width() >= TWO_LINES_FROM;
    let height = LINE * if wide { 2.0 } else { 3.0 } + 2.0 * PADDING;
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().auto_shrink([false, false]).show_rows(ui, height, found.entries.len(), |ui, shown| {
        let first = shown.start;
        for (index, entry) in (first..).zip(found.entries.get(shown).unwrap_or_default()) {
            if entry_row_ui(ui, entry, height, wide) {
                actions.push(Action::History(HistoryAction::Show(index)));
            }
        }
    });
}

/// True when it was clicked.
fn entry_row_ui(ui: &mut Ui, entry: &HistoryEntry, height: f32, wide: bool) -> bool {
    let colours = palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, text::entry_name(entry)));
    if response.hovered() {
        ui.painter().rect_filled(rect, 6.0, colours.side);
    }
    focus_ring(ui, &response);
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, (1.0, colours.border));
    let inside = UiBuilder::new().max_rect(rect.shrink2(vec2(8.0, PADDING)));
    // A child that takes no room of its own: every row is as high as the others.
    row_texts_ui(&mut ui.new_child(inside), entry, wide);
    response.clicked()
}

fn row_texts_ui(ui: &mut Ui, entry: &HistoryEntry, wide: bool) {
    let colours = palette(ui);
    ui.spacing_mut().interact_size.y = LINE;
    let title = |ui: &mut Ui| {
        let title = RichText::new(text::entry_title(entry)).color(colours.strong);
        ui.add(Label::new(title).truncate().selectable(false));
    };
    let (ink, _) = tone_colours(ui, tone(entry.outcome));
    line(ui, title, |ui| {
        let outcome = RichText::new(text::entry_outcome(entry)).size(13.0).color(ink);
        ui.add(Label::new(outcome).selectable(false));
    });
    let (way, contents) = (text::entry_way(entry), text::entry_contents(entry));
    let second = match contents {
        // Said already.
        contents if contents == text::entry_title(entry) => way.clone(),
        contents if wide => format!("{way}  ·  {contents}"),
        contents => contents,
    };
    if !wide && way != second {
        line(ui, |ui| still(ui, &way), |_| {});
    }
    line(ui, |ui| still(ui, &second), |ui| still(ui, &text::date_time(entry.ended_at)));
}

/// Text of the second rank that takes no clicks.
fn still(ui: &mut Ui, text: &str) {
    let text = RichText::new(text).size(13.0).color(palette(ui).weak);
    ui.add(Label::new(text).truncate().selectable(false));
}

fn foot_ui(ui: &mut Ui, view: &HistoryView, actions: &mut Vec<Action>) {
    let mut wish = |action| actions.push(Action::History(action));
    if view.clearing {
        told(ui, Tone::Warning, Word::ClearHistorySure.text());
        ui.horizontal(|ui| {
            if button(ui, Word::ClearHistory.text()).clicked() {
                wish(HistoryAction::Clear);
            }
            if button(ui, Word::Keep.text()).clicked() {
                wish(HistoryAction::Keep);
            }
        });
        return;
    }
    let found = view.found.as_ref().filter(|found| found.all > 0);
    let (mut clear, mut close) = (false, false);
    let left = |ui: &mut Ui| {
        if let Some(found) = found {
            clear = quiet_button(ui, Word::ClearHistory.text()).clicked();
            weak_line(ui, &text::entries(found.found, found.all));
        }
    };
    line(ui, left, |ui| close = button(ui, Word::Close.text()).clicked());
    if clear {
        wish(HistoryAction::AskToClear);
    }
    if close {
        wish(HistoryAction::Close);
    }
}
