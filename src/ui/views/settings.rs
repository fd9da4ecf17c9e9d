//! The settings, over the window.

use egui::{RichText, ScrollArea, Ui};

use crate::{
    model::{
        nearby::Visibility,
        settings::{LanguageChoice, Theme},
        transfer::Direction,
    },
    storage::shared_folder::{Caution, caution},
    ui::{
        action::{Action, Field, SettingsAction, ShareAction},
        dialogs::Purpose,
        state::{
            State,
            notices::Tone,
            settings_form::{FormError, SettingsForm, SpeedUnit},
        },
        text::{self, Language, Word},
        theme::palette,
        widgets::{button, field, modal, primary_button, quiet_button, told, weak},
    },
};

const WIDTH: f32 = 440.0;
/// Height of what is around the fields: heading, a sentence about what is wrong, buttons, margins.
const AROUND: f32 = 230.0;

pub(super) fn settings_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let Some(form) = &state.settings_form else { return };
    let height = (ui.ctx().content_rect().height() - AROUND).max(160.0);
    let closed = modal(ui, "settings", WIDTH, |ui| {
        ui.label(RichText::new(Word::Settings.text()).heading().color(palette(ui).strong));
        ScrollArea::vertical().max_height(height).min_scrolled_height(height).auto_shrink([false, true]).show(
            ui,
            |ui| {
                fields_ui(ui, form, actions);
                limit_ui(ui, form, Direction::Outgoing, actions);
                limit_ui(ui, form, Direction::Incoming, actions);
                parallel_ui(ui, form, actions);
                theme_ui(ui, form, actions);
                language_ui(ui, form, actions);
                visibility_ui(ui, form, actions);
                let mut notifications = form.notifications;
                if ui.checkbox(&mut notifications, Word::NotificationsSetting.text()).changed() {
                    actions.push(Action::Settings(SettingsAction::Notifications));
                }
                let mut classic = form.classic;
                if ui.checkbox(&mut classic, Word::ClassicSetting.text()).changed() {
                    actions.push(Action::Settings(SettingsAction::Classic));
                }
                shared_ui(ui, form, actions);
            },
        );
        ui.add_space(6.0);
        buttons_ui(ui, form, actions);
    });
    if closed {
        actions.push(Action::Settings(SettingsAction::Close));
    }
}

fn fields_ui(ui: &mut Ui, form: &SettingsForm, actions: &mut Vec<Action>) {
    weak(ui, Word::DeviceNameLabel.text());
    field(ui, Field::SettingsName, Word::DeviceNameLabel.text(), &form.name, "", actions);
    weak(ui, Word::ReceiveFolderLabel.text());
    field(ui, Field::SettingsFolder, Word::ReceiveFolderLabel.text(), &form.folder_text, "", actions);
    if button(ui, Word::Change.text()).clicked() {
        actions.push(Action::Ask(Purpose::SettingsFolder));
    }
    weak(ui, Word::PortLabel.text());
    ui.horizontal(|ui| {
        ui.scope(|ui| {
            ui.set_max_width(110.0);
            field(ui, Field::SettingsPort, Word::PortLabel.text(), &form.port, "", actions);
        });
        weak(ui, Word::PortTip.text());
    });
}

/// The folder that others may download from.
fn shared_ui(ui: &mut Ui, form: &SettingsForm, actions: &mut Vec<Action>) {
    ui.add_space(4.0);
    weak(ui, Word::SharedFolder.text());
    match &form.shared {
        Some(folder) => ui.add(egui::Label::new(text::path(folder)).wrap()),
        None => ui.label(Word::ShareNothing.text()),
    };
    ui.horizontal_wrapped(|ui| {
        let choose = if form.shared.is_some() { Word::ShareAnother } else { Word::ShareFolder };
        if button(ui, choose.text()).clicked() {
            actions.push(Action::Ask(Purpose::SharedFolder));
        }
        if form.shared.is_some() && button(ui, Word::ShareStop.text()).clicked() {
            actions.push(Action::Share(ShareAction::Stop));
        }
    });
    match form.shared.as_deref().map(caution) {
        None => drop(weak(ui, Word::ShareTip.text())),
        Some(None) => drop(told(ui, Tone::Warning, Word::ShareTip.text())),
        Some(Some(Caution::Home)) => drop(told(ui, Tone::Problem, Word::ShareHome.text())),
        Some(Some(Caution::Everything)) => drop(told(ui, Tone::Problem, Word::ShareDisk.text())),
    }
}

fn limit_ui(ui: &mut Ui, form: &SettingsForm, of: Direction, actions: &mut Vec<Action>) {
    let (limit, label) = match of {
        Direction::Incoming => (&form.receive_limit, Word::ReceiveLimitLabel.text()),
        Direction::Outgoing => (&form.send_limit, Word::SendLimitLabel.text()),
    };
    weak(ui, label);
    ui.horizontal(|ui| {
        ui.scope(|ui| {
            ui.set_max_width(110.0);
            field(ui, Field::SettingsLimit(of), label, &limit.number, Word::NoLimit.text(), actions);
        });
        for (unit, word) in [(SpeedUnit::Kilobytes, Word::UnitKilobytes), (SpeedUnit::Megabytes, Word::UnitMegabytes)] {
            let radio = ui.radio(limit.unit == unit, word.text());
            if radio.accessible_name(text::labelled(label, word.text())).clicked() {
                actions.push(Action::Settings(SettingsAction::LimitUnit(of, unit)));
            }
        }
    });
}

fn parallel_ui(ui: &mut Ui, form: &SettingsForm, actions: &mut Vec<Action>) {
    let label = Word::ParallelLabel.text();
    weak(ui, label);
    ui.horizontal(|ui| {
        ui.scope(|ui| {
            ui.set_max_width(110.0);
            field(ui, Field::SettingsParallel, label, &form.parallel, "", actions);
        });
        weak(ui, Word::ParallelHint.text());
    });
}

fn theme_ui(ui: &mut Ui, form: &SettingsForm, actions: &mut Vec<Action>) {
    weak(ui, Word::ThemeLabel.text());
    ui.horizontal_wrapped(|ui| {
        let themes =
            [(Theme::System, Word::ThemeSystem), (Theme::Light, Word::ThemeLight), (Theme::Dark, Word::ThemeDark)];
        for (theme, word) in themes {
            if ui.radio(form.theme == theme, word.text()).clicked() {
                actions.push(Action::Settings(SettingsAction::Theme(theme)));
            }
        }
    });
}

/// Each language calls itself what its speakers call it, whatever is spoken now: they have to find it.
fn language_ui(ui: &mut Ui, form: &SettingsForm, actions: &mut Vec<Action>) {
    let label = Word::LanguageLabel.text();
    weak(ui, label);
    ui.horizontal_wrapped(|ui| {
        for language in std::iter::once(None).chain(Language::all().map(Some)) {
            let name = language.map_or(Word::LanguageSystem.text(), Language::native_name);
            let radio = ui.radio(form.language == LanguageChoice::from(language), name);
            if radio.accessible_name(text::labelled(label, name)).clicked() {
                actions.push(Action::Settings(SettingsAction::Language(language)));
            }
        }
    });
}

fn visibility_ui(ui: &mut Ui, form: &SettingsForm, actions: &mut Vec<Action>) {
    let label = Word::VisibilitySetting.text();
    weak(ui, label);
    ui.horizontal_wrapped(|ui| {
        for choice in [Visibility::Everybody, Visibility::Verified, Visibility::Nobody] {
            let word = text::visible(choice).text();
            let radio = ui.radio(form.visibility == choice, word);
            let named = radio.accessible_name(text::labelled(label, word));
            if named.on_hover_text(text::visible_tip(choice).text()).clicked() {
                actions.push(Action::Settings(SettingsAction::Visibility(choice)));
            }
        }
    });
}

fn buttons_ui(ui: &mut Ui, form: &SettingsForm, actions: &mut Vec<Action>) {
    let wrong = form.settings().err().map(|error| match error {
        FormError::Folder => Word::WrongFolder,
        FormError::Limit => Word::WrongLimit,
        FormError::Name => Word::WrongName,
        FormError::Parallel => Word::WrongParallel,
        FormError::Port => Word::WrongPort,
    });
    if let Some(word) = wrong {
        told(ui, Tone::Problem, word.text());
    }
    ui.horizontal(|ui| {
        if primary_button(ui, Word::Save.text(), wrong.is_none()).clicked() {
            actions.push(Action::Settings(SettingsAction::Save));
        }
        if quiet_button(ui, Word::Cancel.text()).clicked() {
            actions.push(Action::Settings(SettingsAction::Close));
        }
    });
}
