//! One entry of the history in full: who, what, when, and every file with its seal.

use egui::{Label, RichText, ScrollArea, Ui};
use egui_extras::TableBody;

use super::{
    files_table::{ROW_HEIGHT, Widths, name_ui, table_of_files},
    message, seal,
};
use crate::{
    model::{history::HistoryEntry, outcome::FileState, transfer::Direction},
    ui::{
        action::{Action, HistoryAction},
        state::{
            history::{Opened, tone},
            notices::Tone,
        },
        text::{self, Word},
        theme::palette,
        widgets::{button, line, signed_tag, tag, told, weak},
    },
};

/// Below this width the sizes and the hex are left out.
const HEX_FROM: f32 = 520.0;

/// Height of the buttons below.
const FOOT: f32 = 52.0;

pub(super) fn entry_ui(ui: &mut Ui, opened: &Opened, height: f32, actions: &mut Vec<Action>) {
    let height = (height - FOOT).max(120.0);
    ScrollArea::vertical().max_height(height).min_scrolled_height(height).auto_shrink([false, true]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        head_ui(ui, &opened.entry, actions);
        files_ui(ui, opened, actions);
        buttons_ui(ui, opened, actions);
    });
    ui.add_space(4.0);
    let (mut back, mut close) = (false, false);
    let left = |ui: &mut Ui| back = button(ui, Word::Back.text()).clicked();
    line(ui, left, |ui| close = button(ui, Word::Close.text()).clicked());
    if back {
        actions.push(Action::History(HistoryAction::Back));
    }
    if close {
        actions.push(Action::History(HistoryAction::Close));
    }
}

fn head_ui(ui: &mut Ui, entry: &HistoryEntry, actions: &mut Vec<Action>) {
    let title = RichText::new(text::entry_title(entry)).heading().color(palette(ui).strong);
    ui.add(Label::new(title).wrap());
    weak(ui, &format!("{}  ·  {}", text::entry_way(entry), text::date_time(entry.ended_at)));
    ui.horizontal_wrapped(|ui| {
        if entry.peer.verified {
            signed_tag(ui, Word::DeviceVerified.text(), Tone::Good, Word::VerifiedBadgeTip.text());
        } else if entry.peer.classic {
            tag(ui, Word::MarkClassic.text(), Tone::Warning, Word::ClassicTip.text());
        } else {
            tag(ui, Word::MarkNotVerified.text(), Tone::Warning, Word::NotVerifiedTip.text());
        }
        weak(ui, &text::name(&entry.peer.address));
    });
    told(ui, tone(entry.outcome), &text::entry_ended(entry));
    if let Some(reason) = &entry.reason {
        weak(ui, &text::one_line(reason));
    }
    if let Some(written) = &entry.message {
        message::message_ui(ui, entry.key, written, message::ALONE, actions);
    }
    if let Some(folder) = &entry.folder {
        weak(ui, &text::entry_folder(folder));
    }
}

fn files_ui(ui: &mut Ui, opened: &Opened, actions: &mut Vec<Action>) {
    let entry = &opened.entry;
    if entry.list.len() > 1 || entry.more > 0 {
        ui.add_space(4.0);
        table_ui(ui, opened, actions);
    }
    if entry.more > 0 {
        weak(ui, &text::more(usize::try_from(entry.more).unwrap_or(usize::MAX)));
    }
    match opened.spoken_of() {
        Some(file) => {
            ui.add_space(4.0);
            ui.add(Label::new(text::entry_file(entry, file)).wrap());
            match &file.md5 {
                Some(md5) => seal::seal_ui(ui, md5, file.state, seal::LARGE),
                None => drop(weak(ui, state(file.state).text())),
            }
        }
        None if !entry.list.is_empty() => drop(weak(ui, Word::InspectFile.text())),
        None => {}
    }
}

fn table_ui(ui: &mut Ui, opened: &Opened, actions: &mut Vec<Action>) {
    let wide = ui.available_width() >= HEX_FROM;
    let widths = Widths { wide, seal: if wide { 130.0 } else { 36.0 }, state: 118.0 };
    let table = table_of_files(ui, "history files", opened.entry.list.len(), widths);
    table.body(|body| rows_ui(body, opened, wide, actions));
}

fn rows_ui(body: TableBody<'_>, opened: &Opened, wide: bool, actions: &mut Vec<Action>) {
    let entry = &opened.entry;
    body.rows(ROW_HEIGHT, entry.list.len(), |mut row| {
        let index = row.index();
        let Some(file) = entry.list.get(index) else { return };
        row.set_selected(opened.picked == Some(index));
        let mut chosen = false;
        row.col(|ui| chosen = name_ui(ui, &text::entry_file(entry, file)));
        if wide {
            row.col(|ui| small(ui, &text::size(file.size)));
        }
        row.col(|ui| match &file.md5 {
            Some(md5) if wide => seal::line_ui(ui, md5, file.state, 2),
            Some(md5) => seal::picture_ui(ui, md5, file.state, seal::SMALL),
            None => {}
        });
        row.col(|ui| small(ui, state(file.state).text()));
        if chosen || row.response().clicked() {
            actions.push(Action::History(HistoryAction::Pick(index)));
        }
    });
}

fn small(ui: &mut Ui, text: &str) {
    ui.add(Label::new(RichText::new(text).size(13.0).color(palette(ui).weak)).selectable(false).truncate());
}

fn state(state: FileState) -> Word {
    match state {
        FileState::Failed => Word::StateFailed,
        FileState::Mismatch => Word::StateMismatch,
        FileState::Skipped => Word::StateSkipped,
        FileState::Unchecked => Word::StateNotCompared,
        FileState::Verified => Word::StateVerified,
    }
}

fn buttons_ui(ui: &mut Ui, opened: &Opened, actions: &mut Vec<Action>) {
    let entry = &opened.entry;
    let outgoing = entry.key.direction == Direction::Outgoing;
    ui.add_space(4.0);
    ui.horizontal_wrapped(|ui| {
        if opened.place_to_show().is_some() && button(ui, Word::ShowInFolder.text()).clicked() {
            actions.push(Action::History(HistoryAction::ShowInFolder));
        }
        let again = outgoing && (!entry.roots.is_empty() || entry.is_message());
        if again && button(ui, Word::SendAgain.text()).on_hover_text(Word::SendAgainTip.text()).clicked() {
            actions.push(Action::History(HistoryAction::SendAgain));
        }
        if button(ui, Word::CopyDetails.text()).clicked() {
            actions.push(Action::Copy(text::entry_details(entry)));
        }
    });
}
