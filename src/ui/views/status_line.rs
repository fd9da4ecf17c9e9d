//! The line at the foot of the window: whether this device listens or which folder it shares, who takes what, the list of
//! downloads, and the way to the network check.

use egui::{Frame, Label, Margin, Panel, RichText, ScrollArea, Ui, UiBuilder, accesskit::Role};

use crate::{
    model::transfer::Stage,
    ui::{
        action::{Action, NetworkCheckAction, ShareAction},
        state::{Listening, State, rows::Row, sharing::MOST_LISTED},
        text::{self, Word},
        theme::palette,
        widgets::{Sign, line, progress, quiet_button, section, sign, weak, weak_line},
    },
};

/// Highest that the list of downloads gets.
const LIST: f32 = 220.0;

/// Where there is less room than this, the buttons would leave none for the name of the shared folder.
const ONE_LINE: f32 = 640.0;

/// Whether this device is heard, what is shared, and the way to the network check.
pub(super) fn status_line_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let shared = state.settings.as_ref().and_then(|settings| settings.shared_folder.as_deref());
    let frame = Frame::new().fill(palette(ui).side).inner_margin(Margin::symmetric(16, 6));
    Panel::bottom("status").frame(frame).show_separator_line(true).show(ui, |ui| {
        if state.sharing.open && shared.is_some() {
            list_ui(ui, state);
        }
        let name = if shared.is_some() { Word::SharedFolder } else { Word::StatusLine };
        let group = UiBuilder::new().accessibility_role(Role::Status).accessibility_label(name.text());
        ui.scope_builder(group, |ui| match shared {
            None => line(ui, |ui| listening_ui(ui, state), |ui| check_ui(ui, actions)),
            Some(folder) if ui.available_width() < ONE_LINE => {
                ui.horizontal(|ui| sentence_ui(ui, state, folder));
                let (mut asked, mut wished) = (Vec::new(), Vec::new());
                line(ui, |ui| list_button(ui, state, &mut asked), |ui| check_ui(ui, &mut wished));
                actions.extend(asked.into_iter().chain(wished));
            }
            Some(folder) => line(
                ui,
                |ui| sentence_ui(ui, state, folder),
                |ui| {
                    check_ui(ui, actions);
                    list_button(ui, state, actions);
                },
            ),
        });
    });
}

fn check_ui(ui: &mut Ui, actions: &mut Vec<Action>) {
    if quiet_button(ui, Word::NetworkCheck.text()).clicked() {
        actions.push(Action::NetworkCheck(NetworkCheckAction::Open));
    }
}

fn list_button(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let word = if state.sharing.open { Word::HideDownloads } else { Word::ShowDownloads };
    if quiet_button(ui, word.text()).clicked() {
        actions.push(Action::Share(ShareAction::ShowDownloads));
    }
}

fn listening_ui(ui: &mut Ui, state: &State) {
    let Some(sentence) = text::status(&state.listening) else { return };
    let colours = palette(ui);
    if matches!(state.listening, Listening::NotListening { .. }) {
        sign(ui, Sign::Warning, colours.warn);
        ui.add(Label::new(RichText::new(sentence).size(13.0).color(colours.warn)).truncate());
    } else {
        weak_line(ui, &sentence);
    }
}

fn sentence_ui(ui: &mut Ui, state: &State, folder: &std::path::Path) {
    let colours = palette(ui);
    if let Some(reason) = &state.sharing.trouble {
        sign(ui, Sign::Warning, colours.warn);
        let told = RichText::new(Word::ShareTrouble.text()).size(13.0).color(colours.warn);
        ui.add(Label::new(told).truncate()).on_hover_text(reason.to_string());
        return;
    }
    sign(ui, Sign::Folder, colours.weak);
    let mut running = downloads(state).filter(|row| row.ending().is_none());
    let sentence = match running.next() {
        None => text::shares(folder),
        Some(row) => text::takes(&row.snapshot, running.count()),
    };
    weak_line(ui, &sentence).on_hover_text(text::shares_everybody(folder));
}

fn downloads(state: &State) -> impl Iterator<Item = &Row> {
    state.transfers.iter().filter(|row| row.is_download())
}

fn list_ui(ui: &mut Ui, state: &State) {
    section(ui, Word::Downloads.text());
    ScrollArea::vertical().max_height(LIST).auto_shrink([false, true]).show(ui, |ui| {
        let mut any = false;
        for row in downloads(state).take(MOST_LISTED) {
            any = true;
            ui.push_id(row.key(), |ui| one_ui(ui, row));
        }
        if !any {
            weak(ui, Word::NoDownloads.text());
        }
    });
    ui.add_space(4.0);
}

fn one_ui(ui: &mut Ui, row: &Row) {
    let snapshot = &row.snapshot;
    let sentence = match &snapshot.stage {
        Stage::Ended(ending) => text::took_file(&snapshot.peer.name, &row.title, ending),
        _ => text::takes(snapshot, 0),
    };
    weak_line(ui, &sentence).on_hover_text(&sentence);
    if matches!(snapshot.stage, Stage::Moving) {
        progress(ui, &row.title, snapshot.moved, snapshot.total, palette(ui).accent);
    }
}
