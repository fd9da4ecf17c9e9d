//! What a transfer came to when it is over: its seal, its outcome and why, and what can be done with the files.

use egui::{Label, RichText, Ui};

use super::{row_running, seal};
use crate::{
    model::outcome::{Ending, Outcome},
    ui::{
        action::{Action, RowAction},
        dialogs::Purpose,
        state::{history, notices::Tone, rows::Row},
        text::{self, Word},
        theme::palette,
        widgets::{button, quiet_button, told, weak},
    },
};

pub(super) fn ended_ui(ui: &mut Ui, row: &Row, ending: &Ending, actions: &mut Vec<Action>) {
    if let Some((end, md5)) = row.only_file().and_then(|end| Some((end, end.md5?))) {
        ui.add_space(2.0);
        seal::seal_ui(ui, &md5, end.state, seal::LARGE);
    }
    outcome_ui(ui, row, ending);
    reason_ui(ui, row, ending, actions);
    row_running::anew_ui(ui, row);
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
            weak(ui, &text::took(ending.bytes, row.snapshot.kept, ending.took));
        }
    });
    if let Some(name) = row.saved_under() {
        weak(ui, &text::saved_as(&name));
    }
    let tally = row.tally();
    let lesser = [
        (tally.mismatch, Word::StateMismatch),
        (tally.failed, Word::StateFailed),
        (tally.there, Word::StateThere),
        (tally.skipped, Word::StateSkipped),
    ];
    let lesser = lesser.into_iter().filter(|(number, _)| *number > 0 && row.files.len() > 1);
    let line = lesser.map(|(number, word)| text::tally(number, word)).collect::<Vec<_>>().join("  ·  ");
    if !line.is_empty() {
        weak(ui, &line);
    }
}

/// What happened; the reason itself where nothing arrived, because that says more than *Failed*.
fn headline(row: &Row, ending: &Ending) -> String {
    let arrived = matches!(ending.outcome, Outcome::Verified | Outcome::Unchecked | Outcome::Partial);
    let all_there = ending.outcome == Outcome::Verified && ending.files == 0 && row.tally().there > 0;
    match &ending.reason {
        None if row.is_message() && ending.outcome == Outcome::Verified => {
            text::message_arrived(row.key().direction).text().to_owned()
        }
        _ if all_there => Word::NothingNew.text().to_owned(),
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
    let sealed = row.tally().sealed > 0;
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
