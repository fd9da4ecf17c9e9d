//! *Verify*: the seals of any files, compared with what somebody publishes, or with a checksum file.

use egui::{Label, RichText, ScrollArea, Ui};

use super::{drop_area, verify_files};
use crate::ui::{
    action::{Action, VerifyAction},
    dialogs::Purpose,
    state::{State, notices::Tone, verify::Verify},
    text::{self, Word},
    theme::palette,
    widgets::{button, line, modal, progress, quiet_button, told, weak, weak_line},
};

const WIDTH: f32 = 760.0;

/// What the view leaves of the window's height, with its own margins.
const AROUND: f32 = 96.0;

/// The line with *Close*, and what is above it.
const FOOT: f32 = 44.0;

/// Room for the sign of a place to drop on.
const ARROW_AND_WORDS: f32 = 84.0;

/// Lists with something wrong that are told of by name.
const MOST_LISTS: usize = 4;

pub(super) fn verify_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let view = &state.verify;
    if !view.open {
        return;
    }
    let height = (ui.ctx().content_rect().height() - AROUND - FOOT).max(160.0);
    let closed = modal(ui, "verify", WIDTH, |ui| {
        // Always as tall: what comes in must not move what is about to be clicked.
        ScrollArea::vertical().max_height(height).min_scrolled_height(height).auto_shrink([false, false]).show(
            ui,
            |ui| {
                ui.spacing_mut().item_spacing.y = 8.0;
                contents_ui(ui, state, height, actions);
            },
        );
        let mut close = false;
        line(ui, |ui| foot_ui(ui, view, actions), |ui| close = button(ui, Word::Close.text()).clicked());
        if close {
            actions.push(Action::Verifying(VerifyAction::Close));
        }
    });
    if closed {
        actions.push(Action::Verifying(VerifyAction::Close));
    }
}

fn contents_ui(ui: &mut Ui, state: &State, height: f32, actions: &mut Vec<Action>) {
    let (view, top) = (&state.verify, ui.cursor().top());
    ui.label(RichText::new(Word::VerifyView.text()).heading().color(palette(ui).strong));
    weak(ui, Word::VerifyIntro.text());
    ui.horizontal_wrapped(|ui| {
        for (purpose, word) in [(Purpose::VerifyFiles, Word::ChooseFiles), (Purpose::VerifyList, Word::ChooseList)] {
            if button(ui, word.text()).clicked() {
                actions.push(Action::Ask(purpose.clone()));
            }
            drop_area::other_way_ui(ui, state, &purpose, actions);
        }
    });
    if state.prompts_to_verify() {
        drop_area::prompt_ui(ui, state, actions);
    }
    if view.is_empty() {
        empty_ui(ui, height - (ui.cursor().top() - top));
        return;
    }
    reading_ui(ui, view, actions);
    tally_ui(ui, view);
    verify_files::files_ui(ui, view, actions);
}

/// A place that looks like one to drop on.
fn empty_ui(ui: &mut Ui, height: f32) {
    let height = height.max(ARROW_AND_WORDS);
    let frame = egui::Frame::new().fill(palette(ui).panel).corner_radius(10);
    frame.show(ui, |ui| {
        ui.set_min_size(egui::vec2(ui.available_width(), height));
        ui.vertical_centered(|ui| {
            ui.add_space((height - ARROW_AND_WORDS) / 2.0);
            drop_area::arrow_ui(ui);
            ui.add_space(4.0);
            let text = RichText::new(Word::DropFilesToVerify.text()).size(16.0).color(palette(ui).strong);
            ui.add(Label::new(text).selectable(false));
        });
    });
}

/// How far it is, with *Cancel*.
fn reading_ui(ui: &mut Ui, view: &Verify, actions: &mut Vec<Action>) {
    if !view.busy() {
        return;
    }
    let reading = view.reading();
    let sentence = match reading {
        Some((index, file)) => text::verify_reading(index, view.files.len(), &file.name),
        None => Word::VerifyLooking.text().to_owned(),
    };
    let mut stop = false;
    let left = |ui: &mut Ui| {
        weak_line(ui, &sentence);
    };
    line(ui, left, |ui| stop = button(ui, Word::Cancel.text()).clicked());
    if let Some((done, total)) = reading.and_then(|(_, file)| file.read()) {
        progress(ui, &sentence, done, total, palette(ui).accent);
        weak_line(ui, &text::moved(done, total, 0, 1));
    }
    if stop {
        actions.push(Action::Verifying(VerifyAction::Stop));
    }
}

/// What it has come to, and what could not be looked at.
fn tally_ui(ui: &mut Ui, view: &Verify) {
    let tally = view.tally();
    if tally.says_something() && !(view.files.len() == 1 && tally.not_read + tally.missing == 1) {
        let tone = if tally.is_good() { Tone::Good } else { Tone::Problem };
        told(ui, tone, &text::verify_tally(tally, view.files.len()));
    }
    for problem in view.lists.iter().filter_map(text::list_problem).take(MOST_LISTS) {
        told(ui, Tone::Warning, &problem);
    }
    if !view.left_out.is_empty() {
        let names: Vec<String> = view.left_out.iter().map(|left| left.place.to_string_lossy().into_owned()).collect();
        let details: Vec<String> = view.left_out.iter().map(|left| left.reason.to_string()).collect();
        told(ui, Tone::Warning, &text::unreadable_drop(&names)).on_hover_text(details.join("\n"));
    }
    if view.more > 0 {
        told(ui, Tone::Warning, &text::verify_more(view.more));
    }
}

fn foot_ui(ui: &mut Ui, view: &Verify, actions: &mut Vec<Action>) {
    if !view.is_empty() && quiet_button(ui, Word::Clear.text()).clicked() {
        actions.push(Action::Verifying(VerifyAction::Clear));
    }
}
