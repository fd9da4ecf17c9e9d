//! The files of *Verify*: a table of them, and the one that was chosen with its seal in full.

use egui::{Label, RichText, Ui};
use egui_extras::TableRow;

use super::{
    compare,
    files_table::{ROW_HEIGHT, Widths, name_ui, table_of_files},
    seal,
};
use crate::{
    model::{comparison, outcome, seal::Md5Digest},
    ui::{
        action::{Action, Field, VerifyAction},
        state::{
            notices::Tone,
            verify::{FileToVerify, Verdict, Verify},
        },
        text::{self, Word},
        theme::palette,
        widgets::{Sign, button, sign, told, tone_colours, weak},
    },
};

/// Below this width the sizes and the hex are left out.
const HEX_FROM: f32 = 560.0;

pub(super) fn files_ui(ui: &mut Ui, view: &Verify, actions: &mut Vec<Action>) {
    if view.files.len() > 1 {
        let wide = ui.available_width() >= HEX_FROM;
        let widths = Widths { wide, seal: if wide { 130.0 } else { 36.0 }, state: 132.0 };
        let table = table_of_files(ui, "files to verify", view.files.len(), widths);
        table.body(|body| {
            body.rows(ROW_HEIGHT, view.files.len(), |mut row| {
                let index = row.index();
                let Some(file) = view.files.get(index) else { return };
                row.set_selected(view.spoken_of().is_some_and(|(picked, _)| picked == index));
                let by_name = row_ui(&mut row, file, wide);
                if by_name || row.response().clicked() {
                    actions.push(Action::Verifying(VerifyAction::Pick(index)));
                }
            });
        });
    }
    match view.spoken_of() {
        Some((index, file)) => file_ui(ui, view, index, file, actions),
        None if view.files.len() > 1 => drop(weak(ui, Word::InspectFile.text())),
        None => {}
    }
}

/// True when the name was clicked: that is where the keyboard gets at a file.
fn row_ui(row: &mut TableRow<'_, '_>, file: &FileToVerify, wide: bool) -> bool {
    let mut chosen = false;
    row.col(|ui| chosen = name_ui(ui, &text::name(&file.name)));
    let sealed = file.sealed();
    if wide {
        row.col(|ui| {
            if let Some((_, size)) = sealed {
                ui.add(
                    Label::new(RichText::new(text::size(size)).size(13.0).color(palette(ui).weak)).selectable(false),
                );
            }
        });
    }
    row.col(|ui| match sealed {
        Some((md5, _)) if wide => seal::line_ui(ui, &md5, worth(file, &md5), 2),
        Some((md5, _)) => seal::picture_ui(ui, &md5, worth(file, &md5), seal::SMALL),
        None => {}
    });
    row.col(|ui| verdict_ui(ui, file.verdict()));
    chosen
}

fn verdict_ui(ui: &mut Ui, verdict: Verdict) {
    let (picture, tone) = match verdict {
        Verdict::Same => (Sign::Tick, Some(Tone::Good)),
        Verdict::Differs => (Sign::Cross, Some(Tone::Problem)),
        Verdict::Changed | Verdict::Missing | Verdict::Outside | Verdict::Unreadable => {
            (Sign::Warning, Some(Tone::Warning))
        }
        Verdict::Sealed => (Sign::Tick, None),
        Verdict::Reading | Verdict::Stopped | Verdict::Waiting => (Sign::Ring, None),
    };
    let ink = tone.map_or(palette(ui).weak, |tone| tone_colours(ui, tone).0);
    sign(ui, picture, ink);
    let word = RichText::new(text::verdict(verdict).text()).size(13.0).color(ink);
    ui.add(Label::new(word).selectable(false).truncate());
}

/// One file: its name, its seal, and whether that is what it should be.
fn file_ui(ui: &mut Ui, view: &Verify, index: usize, file: &FileToVerify, actions: &mut Vec<Action>) {
    ui.add_space(2.0);
    let name = RichText::new(text::name(&file.name)).size(15.0).color(palette(ui).strong);
    ui.add(Label::new(name).wrap()).on_hover_text(text::path(&file.place));
    if let Some(why) = text::no_seal(file) {
        told(ui, Tone::Warning, &why);
    }
    let Some((md5, size)) = file.sealed() else {
        ui.horizontal(|ui| verdict_ui(ui, file.verdict()));
        return;
    };
    weak(ui, &text::size(size));
    seal::hex_and_picture_ui(ui, &md5, worth(file, &md5));
    ui.horizontal_wrapped(|ui| {
        if button(ui, Word::Copy.text()).clicked() {
            actions.push(Action::Copy(md5.to_string()));
        }
        if button(ui, Word::ShowInFolder.text()).clicked() {
            actions.push(Action::Verifying(VerifyAction::ShowInFolder));
        }
    });
    if let Some(expected) = file.expected {
        weak(ui, Word::VerifyListed.text());
        compare::result_ui(ui, &md5, &comparison::compare(&md5, &expected.to_string()));
    }
    let pasted = view.pasted.get(&index).map(String::as_str).unwrap_or_default();
    weak(ui, Word::ChecksumLabel.text());
    compare::field_ui(ui, Field::Verify(index), &md5, pasted, actions);
}

/// What its picture is called: whether the seal is the one that is listed.
fn worth(file: &FileToVerify, md5: &Md5Digest) -> outcome::FileState {
    match file.expected {
        None => outcome::FileState::Unchecked,
        Some(expected) if expected == *md5 => outcome::FileState::Verified,
        Some(_) => outcome::FileState::Mismatch,
    }
}
