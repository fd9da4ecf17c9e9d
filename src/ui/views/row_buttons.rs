//! The buttons of a transfer: what ends it, holds it, goes on with it, tries it once more.

use egui::{Button, Response, Ui};

use crate::{
    model::transfer::Stage,
    ui::{
        action::{Action, RowAction},
        state::{
            chances::{Again, Chance},
            rows::Row,
        },
        text::{self, Word},
        widgets::{button, quiet_button},
    },
};

/// Beside the name, from the right: what ends it stays where it is whatever the others become.
pub(super) fn beside_ui(ui: &mut Ui, row: &Row, actions: &mut Vec<Action>) {
    end_ui(ui, row, actions);
    hold_ui(ui, row, actions);
    again_ui(ui, row, actions);
    files_ui(ui, row, actions);
}

/// Below the name, from the left.
pub(super) fn below_ui(ui: &mut Ui, row: &Row, actions: &mut Vec<Action>) {
    again_ui(ui, row, actions);
    hold_ui(ui, row, actions);
    end_ui(ui, row, actions);
    files_ui(ui, row, actions);
}

fn wish(actions: &mut Vec<Action>, row: &Row, clicked: bool, action: RowAction) {
    if clicked {
        actions.push(Action::Row(row.key(), action));
    }
}

fn end_ui(ui: &mut Ui, row: &Row, actions: &mut Vec<Action>) {
    match row.snapshot.stage {
        Stage::Ended(_) => {
            let remove = quiet_button(ui, Word::Remove.text()).accessible_name(text::remove(&row.title));
            wish(actions, row, remove.clicked(), RowAction::Remove);
        }
        Stage::Cancelling => {
            ui.add_enabled(false, Button::new(Word::Cancel.text()));
        }
        Stage::Reconnecting { .. } if row.snapshot.is_all_here() => {
            let (label, tip) = text::finish(&row.snapshot.peer.name);
            wish(actions, row, button(ui, &label).on_hover_text(tip).clicked(), RowAction::Cancel);
        }
        // The question stands below.
        Stage::Interrupted if row.discarding => {}
        Stage::Interrupted => {
            wish(actions, row, button(ui, Word::Discard.text()).clicked(), RowAction::AskToDiscard);
        }
        _ => wish(actions, row, button(ui, Word::Cancel.text()).clicked(), RowAction::Cancel),
    }
}

fn hold_ui(ui: &mut Ui, row: &Row, actions: &mut Vec<Action>) {
    let pause = chance_ui(ui, row.pause(), Word::Pause);
    wish(actions, row, pause, RowAction::Pause);
    let resume = chance_ui(ui, row.resume(), Word::Resume);
    wish(actions, row, resume, RowAction::Resume);
}

fn chance_ui(ui: &mut Ui, chance: Chance, label: Word) -> bool {
    let add = |ui: &mut Ui, enabled| -> Response { ui.add_enabled(enabled, Button::new(label.text())) };
    match chance {
        Chance::Absent => false,
        Chance::Barred(why) => {
            add(ui, false).on_disabled_hover_text(why.text());
            false
        }
        Chance::Offered(None) => add(ui, true).clicked(),
        Chance::Offered(Some(what)) => add(ui, true).on_hover_text(what.text()).clicked(),
    }
}

fn again_ui(ui: &mut Ui, row: &Row, actions: &mut Vec<Action>) {
    let Some(again) = row.another_try() else { return };
    let (label, tip) = match again {
        Again::AskAgain => (Word::AskAgain, Word::RetryAllTip.text().to_owned()),
        Again::Failed => (Word::Retry, text::retry_failed(row.failed_files(), row.key().direction)),
        Again::Retry if row.fetched.is_some() => (Word::Retry, Word::GetAgainTip.text().to_owned()),
        Again::Retry => (Word::Retry, Word::RetryAllTip.text().to_owned()),
    };
    wish(actions, row, button(ui, label.text()).on_hover_text(tip).clicked(), RowAction::Again);
}

fn files_ui(ui: &mut Ui, row: &Row, actions: &mut Vec<Action>) {
    if row.files.len() > 1 {
        let label = if row.open { Word::HideFiles } else { Word::ShowFiles };
        wish(actions, row, quiet_button(ui, label.text()).clicked(), RowAction::Open);
    }
}
