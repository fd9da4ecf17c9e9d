//! Comparing a seal with a checksum that somebody pasted: equal, or where it differs.

use egui::{Color32, FontId, Label, TextFormat, Ui, text::LayoutJob};

use crate::{
    model::{
        comparison::{self, Comparison},
        seal::Md5Digest,
    },
    ui::{
        action::{Action, Field, RowAction},
        state::{notices::Tone, rows::Row},
        text::{self, Word},
        theme::palette,
        widgets::{field, quiet_button, told, weak},
    },
};

pub(super) fn compare_ui(ui: &mut Ui, row: &Row, pasted: &str, actions: &mut Vec<Action>) {
    ui.add_space(4.0);
    let Some(md5) = row.spoken_of().and_then(|end| end.md5) else {
        weak(ui, Word::InspectFile.text());
        return;
    };
    field_ui(ui, Field::Compare(row.key()), &md5, pasted, actions);
    if quiet_button(ui, Word::Close.text()).clicked() {
        actions.push(Action::Row(row.key(), RowAction::Compare));
    }
}

/// The field for a pasted checksum, and what it says about a seal.
pub(super) fn field_ui(ui: &mut Ui, of: Field, md5: &Md5Digest, pasted: &str, actions: &mut Vec<Action>) {
    field(ui, of, Word::ChecksumLabel.text(), pasted, Word::ChecksumHint.text(), actions);
    result_ui(ui, md5, &comparison::compare(md5, pasted));
}

/// What a comparison has come to, in words, and where the two part.
pub(super) fn result_ui(ui: &mut Ui, md5: &Md5Digest, result: &Comparison) {
    let sentence = text::comparison(result);
    match result {
        Comparison::Empty => {
            weak(ui, &sentence);
        }
        Comparison::Equal => {
            told(ui, Tone::Good, &sentence);
        }
        Comparison::Differs { other, first } => {
            told(ui, Tone::Problem, &sentence);
            digits_ui(ui, md5, *first);
            digits_ui(ui, other, *first);
        }
        Comparison::NotMd5 { .. } | Comparison::OtherKind(_) => {
            told(ui, Tone::Warning, &sentence);
        }
    }
}

/// The hex in groups, the first differing digit in a box.
fn digits_ui(ui: &mut Ui, md5: &Md5Digest, first: usize) {
    let colours = palette(ui);
    let format = |ink: Color32, ground: Color32| TextFormat {
        font_id: FontId::monospace(14.0),
        color: ink,
        background: ground,
        ..TextFormat::default()
    };
    let plain = format(colours.text, Color32::TRANSPARENT);
    let marked = format(colours.bad_soft, colours.bad);
    let mut job = LayoutJob::default();
    for (i, digit) in md5.to_string().chars().enumerate() {
        if i > 0 && i % 4 == 0 {
            job.append(" ", 0.0, plain.clone());
        }
        let chosen = if i == first { &marked } else { &plain };
        job.append(digit.encode_utf8(&mut [0; 4]), 0.0, chosen.clone());
    }
    ui.add(Label::new(job).extend());
}
