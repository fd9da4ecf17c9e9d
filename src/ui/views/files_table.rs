//! The files of one transfer with their seals and states. Only the rows in sight are laid out.

use egui::{Label, RichText, Ui};
use egui_extras::{Column, Table, TableBuilder};

use super::seal;
use crate::{
    engine::messages::Checked,
    model::{
        outcome::{FileEnd, FileState},
        reason::ReasonCode,
    },
    ui::{
        action::{Action, RowAction},
        state::rows::{Check, Row},
        text::{self, Word},
        theme::palette,
        widgets::{Sign, focus_ring, sign, weak},
    },
};

pub(super) const ROW_HEIGHT: f32 = 30.0;
const MOST_ROWS: f32 = 8.0;

/// Below this width the sizes and the hex are left out.
const HEX_FROM: f32 = 560.0;

/// From this width the hex is there in full; below it, its beginning.
const WHOLE_HEX_FROM: f32 = 860.0;

/// A character of a name is about this wide.
const CHAR_WIDTH: f32 = 7.4;

/// How much of a seal has room beside its picture.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    Beginning,
    Picture,
    Whole,
}

/// How the columns of a table of files share the room. Names take what the others leave.
#[derive(Clone, Copy)]
pub(super) struct Widths {
    /// There is room for the sizes.
    pub(super) wide: bool,
    pub(super) seal: f32,
    pub(super) state: f32,
}

/// A table of files with its header, for `rows` lines of `ROW_HEIGHT`.
pub(super) fn table_of_files(ui: &mut Ui, salt: impl egui::AsIdSalt, rows: usize, widths: Widths) -> Table<'_> {
    // As tall as its rows: what room the window has left below must not cut the last of them.
    let height = (ROW_HEIGHT + ui.spacing().item_spacing.y) * (rows as f32).min(MOST_ROWS);
    let mut table = TableBuilder::new(ui)
        .id_salt(salt)
        .striped(true)
        .sense(egui::Sense::CLICK)
        .cell_layout(egui::Layout::left_to_right(egui::Align::Center))
        .auto_shrink([false, true])
        .min_scrolled_height(height)
        .max_scroll_height(height)
        .column(Column::remainder().clip(true).at_least(90.0));
    if widths.wide {
        table = table.column(Column::exact(76.0));
    }
    table = table.column(Column::exact(widths.seal)).column(Column::exact(widths.state));
    table.header(22.0, |mut header| {
        let size = widths.wide.then_some(Word::SizeColumn);
        let words = [Some(Word::FileColumn), size, Some(Word::SealColumn), Some(Word::StateColumn)];
        for word in words.into_iter().flatten() {
            header.col(|ui| {
                weak(ui, word.text());
            });
        }
    })
}

pub(super) fn files_ui(ui: &mut Ui, row: &Row, actions: &mut Vec<Action>) {
    ui.add_space(4.0);
    let room = match ui.available_width() {
        width if width >= WHOLE_HEX_FROM => Room::Whole,
        width if width >= HEX_FROM => Room::Beginning,
        _ => Room::Picture,
    };
    let wide = room != Room::Picture;
    let seal_width = match room {
        Room::Whole => 322.0,
        Room::Beginning => 130.0,
        Room::Picture => 36.0,
    };
    let widths = Widths { wide, seal: seal_width, state: if wide { 150.0 } else { 110.0 } };
    let table = table_of_files(ui, ("files", row.key()), row.files.len(), widths);
    table.body(|body| {
        body.rows(ROW_HEIGHT, row.files.len(), |mut line| {
            let Some(index) = row.files.get(line.index()).copied() else { return };
            line.set_selected(row.picked == Some(index));
            let by_name = line_ui(&mut line, row, index, room);
            if line.response().clicked() || by_name {
                actions.push(Action::Row(row.key(), RowAction::Pick(index)));
            }
        });
    });
    picked_ui(ui, row);
}

/// The name of a file in its cell; true when it was clicked, which is how the keyboard gets at a file.
pub(super) fn name_ui(ui: &mut Ui, name: &str) -> bool {
    // Files of one folder begin alike: the end of the path tells them apart.
    let shown = text::fit(name, whole_chars(ui.available_width()));
    let label = ui.add(Label::new(shown).selectable(false).truncate().sense(egui::Sense::click()));
    label.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, name));
    focus_ring(ui, &label);
    let clicked = label.clicked();
    label.on_hover_text(name);
    clicked
}

/// True when the name was clicked: that is where the keyboard gets at a file.
fn line_ui(line: &mut egui_extras::TableRow<'_, '_>, row: &Row, index: u32, room: Room) -> bool {
    let end = row.ends.get(&index);
    let mut chosen = false;
    line.col(|ui| chosen = name_ui(ui, &row.name_of(index)));
    if room != Room::Picture {
        line.col(|ui| {
            let size = row.snapshot.manifest.entries.get(index as usize).map_or(0, crate::model::manifest::Entry::size);
            ui.add(Label::new(RichText::new(text::size(size)).size(13.0).color(palette(ui).weak)).selectable(false));
        });
    }
    line.col(|ui| {
        if let Some((end, md5)) = end.and_then(|end| Some((end, end.md5?))) {
            match room {
                Room::Whole => seal::line_ui(ui, &md5, end.state, seal::GROUPS),
                Room::Beginning => seal::line_ui(ui, &md5, end.state, 2),
                Room::Picture => seal::picture_ui(ui, &md5, end.state, seal::SMALL),
            }
        }
    });
    line.col(|ui| state_ui(ui, row, index, end));
    chosen
}

fn state_ui(ui: &mut Ui, row: &Row, index: u32, end: Option<&FileEnd>) {
    let colours = palette(ui);
    let there = end.and_then(|end| end.reason.as_ref()).is_some_and(|reason| reason.code == ReasonCode::AlreadyThere);
    let (picture, ink, word) = match (row.checks.get(&index), end.map(|end| end.state)) {
        (Some(Check::Asked), _) => (Sign::Ring, colours.weak, Word::Checking),
        (Some(Check::Done(Checked::Different(_))), _) => (Sign::Cross, colours.bad, Word::StateChangedSince),
        (Some(Check::Done(Checked::Gone(_))), _) => (Sign::Cross, colours.bad, Word::StateGone),
        (Some(Check::Done(Checked::Same)), _) => (Sign::Tick, colours.good, Word::StateChecked),
        (None, Some(FileState::Verified)) => (Sign::Tick, colours.good, Word::StateVerified),
        (None, Some(FileState::Mismatch)) => (Sign::Cross, colours.bad, Word::StateMismatch),
        (None, Some(FileState::Failed)) => (Sign::Cross, colours.bad, Word::StateFailed),
        (None, Some(FileState::Skipped)) if there => (Sign::Dash, colours.weak, Word::StateThere),
        (None, Some(FileState::Skipped)) => (Sign::Dash, colours.weak, Word::StateSkipped),
        (None, Some(FileState::Unchecked)) => (Sign::Ring, colours.warn, Word::StateNotCompared),
        (None, None) if row.snapshot.current == Some(index) => (Sign::Ring, colours.accent, Word::Moving),
        (None, None) if row.anew.contains(&index) => (Sign::Ring, colours.warn, Word::BeganAnew),
        (None, None) if row.ending().is_some() => (Sign::Dash, colours.weak, Word::StateNotSent),
        (None, None) => (Sign::Ring, colours.weak, Word::QueuedFile),
    };
    sign(ui, picture, ink);
    let label = ui.add(Label::new(RichText::new(word.text()).size(13.0).color(ink)).selectable(false).truncate());
    let anew = row.anew.contains(&index).then(|| text::started_again(&row.name_of(index), 0));
    let reason = end.and_then(|end| end.reason.as_ref()).map(text::one_line);
    if let Some(tip) = reason.or(anew) {
        label.on_hover_text(tip);
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a width of the window is small and positive"
)]
fn whole_chars(width: f32) -> usize {
    (width / CHAR_WIDTH).max(8.0) as usize
}

/// The file that was clicked, in full.
fn picked_ui(ui: &mut Ui, row: &Row) {
    let Some(index) = row.picked else {
        weak(ui, Word::InspectFile.text());
        return;
    };
    ui.add_space(4.0);
    ui.add(Label::new(row.name_of(index)).wrap());
    if row.anew.contains(&index) {
        weak(ui, &text::started_again(&row.name_of(index), 0));
    }
    let Some(end) = row.ends.get(&index) else { return };
    if let Some(md5) = &end.md5 {
        seal::seal_ui(ui, md5, end.state, seal::LARGE);
    }
    if let Some(Check::Done(Checked::Different(now))) = row.checks.get(&index) {
        weak(ui, Word::StateChangedSince.text());
        seal::seal_ui(ui, now, FileState::Mismatch, seal::LARGE);
    }
    let check_reason = match row.checks.get(&index) {
        Some(Check::Done(Checked::Gone(reason))) => Some(reason),
        _ => None,
    };
    for reason in end.reason.iter().chain(check_reason) {
        weak(ui, &text::one_line(reason));
    }
}
