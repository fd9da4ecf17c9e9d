//! *Get a file…*: an address, the name of a file there, and where it goes; over the window.

use egui::{RichText, Ui};

use crate::ui::{
    action::{Action, Field, GetAction},
    dialogs::Purpose,
    state::{
        State,
        notices::Tone,
        sharing::{GetError, GetForm},
    },
    text::{self, Word},
    theme::palette,
    widgets::{button, entered, field, modal, primary_button, quiet_button, told, weak},
};

const WIDTH: f32 = 440.0;

pub(super) fn get_file_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let Some(form) = &state.get_form else { return };
    let closed = modal(ui, "get", WIDTH, |ui| {
        ui.label(RichText::new(Word::GetTitle.text()).heading().color(palette(ui).strong));
        weak(ui, Word::GetTip.text());
        form_ui(ui, form, actions);
    });
    if closed && state.dialog.is_none() {
        actions.push(Action::Get(GetAction::Close));
    }
}

fn form_ui(ui: &mut Ui, form: &GetForm, actions: &mut Vec<Action>) {
    let request = form.request();
    let (from, name) = (Word::GetFrom.text(), Word::GetName.text());
    weak(ui, from);
    let address = field(ui, Field::GetAddress, from, &form.address, Word::GetFromHint.text(), actions);
    weak(ui, name);
    let file = field(ui, Field::GetName, name, &form.name, Word::GetNameHint.text(), actions);
    weak(ui, Word::SaveTo.text());
    ui.horizontal_wrapped(|ui| {
        ui.add(egui::Label::new(text::path(&form.folder)).wrap());
        if button(ui, Word::Change.text()).clicked() {
            actions.push(Action::Ask(Purpose::GetFolder));
        }
    });
    let is_typed = address.has_focus() || file.has_focus();
    if let (Err(error), true, false) = (&request, form.is_filled_in(), is_typed) {
        let wrong = match error {
            GetError::Address(bad) => text::bad_place(bad),
            GetError::Name(_) => Word::GetWrongName.text().to_owned(),
        };
        told(ui, Tone::Problem, &wrong);
    }
    let caution = if form.names_a_key() { Word::GetCautionKey } else { Word::GetCaution };
    told(ui, Tone::Warning, caution.text());
    ui.add_space(4.0);
    let started = entered(ui, &address) || entered(ui, &file);
    ui.horizontal(|ui| {
        if primary_button(ui, Word::Get.text(), request.is_ok()).clicked() || (started && request.is_ok()) {
            actions.push(Action::Get(GetAction::Start));
        }
        if quiet_button(ui, Word::Cancel.text()).clicked() {
            actions.push(Action::Get(GetAction::Close));
        }
    });
}
