//! The place to drop on, the staged list, and *Send*.

use egui::{Label, RichText, ScrollArea, Sense, Stroke, Ui};

use super::sending;
use crate::ui::{
    action::{Action, Field, PromptAction},
    dialogs::Purpose,
    state::{
        State,
        notices::Tone,
        staging::{Item, Walk},
    },
    text::{self, Word},
    theme::palette,
    widgets::{Sign, button, card, field, line, quiet_button, sign, title, told, weak, weak_line},
};

/// Staged items shown before the list scrolls by itself.
const LIST_HEIGHT: f32 = 220.0;

/// Characters of the path of what is left out: why it is must stay in sight.
const MOST_OF_PLACE: usize = 60;

/// Names of left out items shown.
const MOST_LEFT_OUT: usize = 5;

/// Everything about what is going to be sent.
pub(super) fn drop_area_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let drawn = card(ui).show(ui, |ui| {
        ui.set_width(ui.available_width());
        if state.staging.is_empty() {
            empty_ui(ui, state, actions);
        } else {
            staged_ui(ui, state, actions);
        }
        sending::sending_ui(ui, state, actions);
        if !state.prompts_on_page() && !state.prompts_to_verify() {
            prompt_ui(ui, state, actions);
        }
    });
    if state.show_staged {
        ui.scroll_to_rect(drawn.response.rect, Some(egui::Align::TOP));
    }
}

fn empty_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let quiet = state.offers.is_empty() && state.transfers.is_empty();
    let room = if quiet { 44.0 } else { 14.0 };
    ui.vertical_centered(|ui| {
        ui.add_space(room);
        arrow_ui(ui);
        ui.add_space(4.0);
        ui.add(Label::new(RichText::new(Word::DropHere.text()).size(18.0).color(palette(ui).strong)).selectable(false));
        ui.add_space(6.0);
    });
    centred_row(ui, "add", |ui| add_buttons(ui, state, actions));
    ui.add_space(room - 2.0);
}

/// Lays a row out once to learn its width, then in the middle.
fn centred_row(ui: &mut Ui, salt: &str, contents: impl FnOnce(&mut Ui)) {
    let id = ui.scope_id().with((salt, "width"));
    let width = ui.data(|data| data.get_temp::<f32>(id)).unwrap_or(ui.available_width());
    let indent = ((ui.available_width() - width) / 2.0).max(0.0);
    ui.horizontal_wrapped(|ui| {
        ui.add_space(indent);
        let start = ui.cursor().left();
        contents(ui);
        let used = ui.min_rect().right() - start;
        if (used - width).abs() > 0.5 {
            ui.data_mut(|data| data.insert_temp(id, used));
            ui.ctx().request_repaint();
        }
    });
}

fn add_buttons(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    if button(ui, Word::AddFiles.text()).clicked() {
        actions.push(Action::Ask(Purpose::AddFiles));
    }
    if button(ui, Word::AddFolder.text()).clicked() {
        actions.push(Action::Ask(Purpose::AddFolder));
    }
    if button(ui, Word::Paste.text()).on_hover_text(Word::PasteTip.text()).clicked() {
        actions.push(Action::Paste);
    }
    if let Some(purpose) = state
        .dialog
        .as_ref()
        .filter(|purpose| !matches!(purpose, Purpose::RuleFolder(_) | Purpose::VerifyFiles | Purpose::VerifyList))
    {
        other_way_ui(ui, state, purpose, actions);
    }
}

/// A dialog that hangs looks like one that is open: there is always another way.
pub(super) fn other_way_ui(ui: &mut Ui, state: &State, purpose: &Purpose, actions: &mut Vec<Action>) {
    if state.dialog.as_ref() == Some(purpose)
        && state.path_prompt.is_none()
        && quiet_button(ui, Word::TypePath.text()).clicked()
    {
        actions.push(Action::PathPrompt(PromptAction::Open(purpose.clone())));
    }
}

/// An arrow into a tray, as the sign of the place.
pub(super) fn arrow_ui(ui: &mut Ui) {
    let ink = palette(ui).accent;
    let (rect, _) = ui.allocate_exact_size(egui::vec2(44.0, 40.0), Sense::hover());
    let pen = Stroke::new(2.4, ink);
    let at = |x: f32, y: f32| rect.min + egui::vec2(x, y);
    let painter = ui.painter();
    painter.line_segment([at(22.0, 4.0), at(22.0, 24.0)], pen);
    painter.line(vec![at(14.0, 16.5), at(22.0, 24.5), at(30.0, 16.5)], pen);
    painter.line(vec![at(5.0, 24.0), at(5.0, 35.0), at(39.0, 35.0), at(39.0, 24.0)], pen);
}

fn staged_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let (files, bytes) = state.staging.totals();
    ui.horizontal_wrapped(|ui| {
        title(ui, &text::files_and_size(files, bytes));
        add_buttons(ui, state, actions);
        if quiet_button(ui, Word::Clear.text()).clicked() {
            actions.push(Action::ClearStaged);
        }
    });
    ui.add_space(2.0);
    ScrollArea::vertical().id_salt("staged").max_height(LIST_HEIGHT).auto_shrink([false, true]).show(ui, |ui| {
        for (index, item) in state.staging.items.iter().enumerate() {
            item_ui(ui, index, item, actions);
        }
        for walk in &state.staging.walks {
            walk_ui(ui, walk, actions);
        }
    });
    left_out_ui(ui, state);
    ui.add_space(4.0);
    ui.separator();
}

fn item_ui(ui: &mut Ui, index: usize, item: &Item, actions: &mut Vec<Action>) {
    let root = &item.tree.root;
    let name = root.file_name().map_or_else(|| root.to_string_lossy(), |name| name.to_string_lossy());
    let name = text::name(&name);
    let folder = !item.tree.entries.first().is_some_and(crate::model::manifest::Entry::is_file);
    let left = |ui: &mut Ui| {
        sign(ui, if folder { Sign::Folder } else { Sign::File }, palette(ui).weak);
        ui.add(Label::new(&name).truncate()).on_hover_text(text::path(root));
    };
    line(ui, left, |ui| {
        if quiet_button(ui, Word::Remove.text()).accessible_name(text::remove(&name)).clicked() {
            actions.push(Action::Unstage(index));
        }
        let figures = match (folder, item.files) {
            (true, 0) => Word::EmptyFolder.text().to_owned(),
            (true, files) => text::files_and_size(files, item.tree.bytes),
            (false, _) => text::size(item.tree.bytes),
        };
        let figures = if item.sendable() { figures } else { Word::NothingToSend.text().to_owned() };
        ui.label(RichText::new(figures).size(13.0).color(palette(ui).weak));
    });
}

fn walk_ui(ui: &mut Ui, walk: &Walk, actions: &mut Vec<Action>) {
    let left = |ui: &mut Ui| {
        sign(ui, Sign::Ring, palette(ui).weak);
        weak_line(ui, &text::walking(walk.entries, walk.bytes));
    };
    line(ui, left, |ui| {
        if button(ui, Word::Cancel.text()).clicked() {
            actions.push(Action::CancelWalk(walk.id));
        }
    });
}

fn left_out_ui(ui: &mut Ui, state: &State) {
    let number = state.staging.left_out().count();
    if number == 0 {
        return;
    }
    told(ui, Tone::Warning, &text::left_out_count(number));
    for left_out in state.staging.left_out().take(MOST_LEFT_OUT) {
        let (why, _) = text::explain(&left_out.reason);
        let place = text::fit(&text::path(&left_out.place), MOST_OF_PLACE);
        weak(ui, &text::left_out(&place, &why)).on_hover_text(left_out.reason.to_string());
    }
    if number > MOST_LEFT_OUT {
        weak(ui, &text::more(number - MOST_LEFT_OUT));
    }
}

/// The field for a path, where no dialog helps.
pub(super) fn prompt_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let Some(prompt) = &state.path_prompt else { return };
    ui.add_space(6.0);
    weak(ui, text::path_for(&prompt.purpose).text());
    let typed = field(ui, Field::Path, Word::PathLabel.text(), &prompt.text, Word::PathHint.text(), actions);
    let entered = crate::ui::widgets::entered(ui, &typed);
    ui.horizontal(|ui| {
        if button(ui, Word::UsePath.text()).clicked() || entered {
            actions.push(Action::PathPrompt(PromptAction::Use));
        }
        if quiet_button(ui, Word::Close.text()).clicked() {
            actions.push(Action::PathPrompt(PromptAction::Close));
        }
    });
}
