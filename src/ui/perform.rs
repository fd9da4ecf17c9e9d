//! Doing what the person asked for: changing the window's state and telling the engine.

use std::path::PathBuf;

use super::{
    action::{Action, CloseAction, Field, OwnLinkAction, PromptAction, SettingsAction},
    app::App,
    dialogs::{Answer, Purpose},
    state::{
        Closing, PathPrompt,
        notices::{Saying, Tone},
        pasted::{self, Pasted},
        settings_form::{SettingsForm, checked_name},
    },
    text::{self, Word},
};
use crate::{
    engine::messages::Command,
    model::{
        book::Rule,
        place::{Place, is_link},
        settings::Settings,
        transfer::TransferKey,
    },
};

impl App {
    /// Does one thing, as if it had been clicked.
    pub fn perform(&mut self, action: Action, context: &egui::Context) {
        match action {
            Action::AddAddress => self.state.devices.add_typed(),
            Action::Alarm(id, action) => self.alarm(id, action),
            Action::Ask(purpose) => self.ask(purpose),
            Action::CancelWalk(id) => {
                self.state.staging.walks.retain(|walk| walk.id != id);
                self.tell(Command::CancelStage(id));
            }
            Action::Card(key, action) => self.card(key, &action),
            Action::ChooseDevice(id) => self.state.devices.choose(id),
            Action::ClearStaged => self.state.staging.clear(),
            Action::Close(CloseAction::Keep) => self.state.closing = Closing::No,
            Action::Close(CloseAction::Stop) => self.stop(),
            Action::Comparison(key, action) => self.comparison(key, action),
            Action::Copy(text) => {
                context.copy_text(text);
                self.state.notices.pass(Tone::Good, Word::Copied, self.state.now);
            }
            Action::DismissNotice(id) => self.state.notices.dismiss(id),
            Action::Edit(field, text) => self.edit(field, text),
            Action::FirstStartDone => self.first_start_done(),
            Action::Get(action) => self.get(action),
            Action::History(action) => self.history(action),
            Action::ListenElsewhere => {
                self.tell(Command::Listen { port: 0 });
            }
            Action::NetworkCheck(action) => self.network_check(action),
            Action::OwnLink(action) => self.own_link(action, context),
            Action::Page(action) => self.page(action),
            Action::Paste => {
                self.state.paste_asked = true;
                context.send_viewport_cmd(egui::ViewportCommand::RequestPaste);
            }
            Action::Pasted(text) => self.pasted(&text),
            Action::PathPrompt(action) => self.path_prompt(action),
            Action::Row(key, action) => self.row(key, &action),
            Action::Send => self.send(),
            Action::Settings(action) => self.settings(action),
            Action::Share(action) => self.sharing(action),
            Action::ShowOffers => self.state.show_offers = true,
            Action::ShowTo(whom) => {
                self.tell(Command::ShowTo(whom));
            }
            Action::Stage(paths) => self.stage(paths),
            Action::ToggleClassic => self.state.devices.classic ^= true,
            Action::ToggleOwnKey => self.state.trust.own_open ^= true,
            Action::Unstage(index) => self.state.staging.remove(index),
            Action::Verifying(action) => self.verifying(action),
            Action::Verify(confirmed) => self.verify(confirmed),
        }
    }

    /// A dialog has ended.
    pub(super) fn answered(&mut self, purpose: Option<Purpose>, answer: Answer) {
        if self.state.dialog == purpose {
            self.state.dialog = None;
        }
        match (answer, purpose) {
            (Answer::Chosen(paths), Some(purpose)) => {
                if self.state.path_prompt.as_ref().is_some_and(|prompt| prompt.purpose == purpose) {
                    self.state.path_prompt = None;
                }
                self.use_paths(purpose, paths);
            }
            (Answer::Failed, Some(purpose)) => {
                self.state.notices.stay(Tone::Warning, Word::OpenDialogFailed, None);
                self.state.path_prompt = Some(PathPrompt { purpose, text: String::new() });
            }
            (Answer::NotShown(place, error), _) => {
                let told = Saying::new(move || text::not_shown(&place));
                self.state.notices.stay(Tone::Warning, told, Some(error));
            }
            (Answer::Cancelled, _) | (_, None) => {}
        }
    }

    /// Has these paths walked.
    pub(super) fn stage(&mut self, paths: Vec<PathBuf>) {
        if paths.is_empty() {
            return;
        }
        let stage = self.state.staging.next_id();
        if self.tell(Command::Stage { stage, paths: paths.clone() }) {
            self.state.staging.begin(stage, paths);
        }
    }

    fn ask(&mut self, purpose: Purpose) {
        let start_in = self.start_in(&purpose);
        self.dialogs.ask(&purpose, start_in.as_deref());
        self.state.dialog = Some(purpose);
    }

    fn start_in(&self, purpose: &Purpose) -> Option<PathBuf> {
        match purpose {
            Purpose::AddFiles | Purpose::AddFolder | Purpose::VerifyFiles | Purpose::VerifyList => None,
            Purpose::CardFolder(key) => {
                self.state.offers.iter().find(|card| card.key() == *key).map(|card| card.folder.clone())
            }
            Purpose::GetFolder => self.state.get_form.as_ref().map(|form| form.folder.clone()),
            Purpose::SharedFolder => self.state.settings_form.as_ref().and_then(|form| form.shared.clone()),
            Purpose::FirstFolder | Purpose::SettingsFolder => self.state.receive_folder().cloned(),
            Purpose::RuleFolder(key) => self.rule_folder(*key),
            Purpose::SaveChecksums { folder, .. } => folder.clone(),
        }
    }

    fn use_paths(&mut self, purpose: Purpose, paths: Vec<PathBuf>) {
        let first = paths.first().cloned();
        match (purpose, first) {
            (Purpose::AddFiles | Purpose::AddFolder, _) => self.stage(paths),
            (Purpose::VerifyFiles, _) => self.inspect(paths, false),
            (Purpose::VerifyList, _) => self.inspect(paths, true),
            (Purpose::CardFolder(key), Some(folder)) => self.card_folder(key, folder),
            (Purpose::FirstFolder, Some(folder)) => {
                if let Some(settings) = self.state.settings.clone() {
                    self.save(Settings { receive_folder: folder, ..settings });
                }
            }
            (Purpose::GetFolder, Some(folder)) => {
                if let Some(form) = &mut self.state.get_form {
                    form.folder = folder;
                }
            }
            (Purpose::SharedFolder, Some(folder)) => {
                if let Some(form) = &mut self.state.settings_form {
                    form.shared = Some(folder);
                }
            }
            (Purpose::RuleFolder(key), Some(folder)) => self.set_rule(key, Rule::Accept(folder)),
            (Purpose::SettingsFolder, Some(folder)) => {
                if let Some(form) = &mut self.state.settings_form {
                    form.choose_folder(folder);
                }
            }
            (Purpose::SaveChecksums { key, .. }, Some(path)) => self.save_checksums(key, path),
            (_, None) => {}
        }
    }

    fn save_checksums(&mut self, key: TransferKey, path: PathBuf) {
        if let Some(text) = self.state.transfers.row(key).map(super::state::rows::Row::checksum_list) {
            self.tell(Command::SaveText { path, text });
        }
    }

    fn edit(&mut self, field: Field, text: String) {
        let state = &mut self.state;
        let place = match field {
            Field::Address => Some(&mut state.devices.address),
            Field::CheckWhom => state.network_check.as_mut().map(|check| &mut check.whom),
            Field::Compare(key) => state.transfers.row_mut(key).and_then(|row| row.compare.as_mut()),
            Field::FirstName => state.first_start.as_mut(),
            Field::GetAddress => state.get_form.as_mut().map(|form| &mut form.address),
            Field::GetName => state.get_form.as_mut().map(|form| &mut form.name),
            Field::HistorySearch => state.history.as_mut().map(|view| &mut view.search),
            Field::Message => Some(&mut state.staging.message),
            Field::Path => state.path_prompt.as_mut().map(|prompt| &mut prompt.text),
            Field::SettingsFolder => state.settings_form.as_mut().map(|form| &mut form.folder_text),
            Field::SettingsLimit(of) => state.settings_form.as_mut().map(|form| &mut form.limit_mut(of).number),
            Field::SettingsName => state.settings_form.as_mut().map(|form| &mut form.name),
            Field::SettingsParallel => state.settings_form.as_mut().map(|form| &mut form.parallel),
            Field::Verify(index) => Some(state.verify.pasted.entry(index).or_default()),
            Field::SettingsPort => state.settings_form.as_mut().map(|form| &mut form.port),
        };
        if let Some(place) = place {
            *place = text;
        }
        if let (Field::HistorySearch, Some(view)) = (field, &mut state.history) {
            view.look_soon(state.now);
        }
    }

    fn own_link(&mut self, action: OwnLinkAction, context: &egui::Context) {
        match action {
            OwnLinkAction::Close => self.state.trust.own_link_open = false,
            OwnLinkAction::Show => self.state.trust.own_link_open = true,
            OwnLinkAction::Copy => {
                if let Some(place) = self.state.own_place() {
                    self.perform(Action::Copy(place.link()), context);
                }
            }
        }
    }

    /// A link that was pasted or clicked goes into the address field.
    pub(super) fn take_link(&mut self, link: &str) {
        if let Err(error) = link.parse::<Place>() {
            let whole = link.to_owned();
            let told = Saying::new(move || text::link_not_understood(&whole));
            return self.state.notices.stay(Tone::Warning, told, Some(text::bad_place(&error)));
        }
        link.trim().clone_into(&mut self.state.devices.address);
        self.state.notices.pass(Tone::Info, Word::LinkTaken, self.state.now);
    }

    fn pasted(&mut self, text: &str) {
        self.state.paste_asked = false;
        let read = pasted::read(text);
        if self.state.verify.open {
            return self.pasted_to_verify(text, read);
        }
        // A text that begins with one is a message all the same.
        if is_link(text) && !text.trim().contains(char::is_whitespace) {
            return self.take_link(text);
        }
        match read {
            Pasted::Nothing => {
                self.state.notices.pass(Tone::Info, Word::NoPathsInClipboard, self.state.now);
            }
            Pasted::Paths(paths) => self.stage(paths),
            Pasted::Text if !self.state.staging.add_text(text) => {
                self.state.notices.stay(Tone::Warning, Word::PastedTooLong, None);
            }
            Pasted::Text => {}
        }
    }

    fn path_prompt(&mut self, action: PromptAction) {
        match action {
            PromptAction::Close => self.state.path_prompt = None,
            PromptAction::Open(purpose) => {
                self.state.path_prompt = Some(PathPrompt { purpose, text: String::new() });
            }
            PromptAction::Use => {
                let Some(prompt) = self.state.path_prompt.take() else { return };
                let typed = pasted::paths(&prompt.text);
                if typed.is_empty() {
                    self.state.path_prompt = Some(prompt);
                } else {
                    self.use_paths(prompt.purpose, typed);
                }
            }
        }
    }

    fn settings(&mut self, action: SettingsAction) {
        match action {
            SettingsAction::Open => self.state.settings_form = self.state.settings.as_ref().map(SettingsForm::new),
            SettingsAction::Close => self.state.settings_form = None,
            SettingsAction::Save => {
                let made = self.state.settings_form.as_ref().and_then(|form| form.settings().ok());
                if let Some(settings) = made
                    && self.save(settings)
                {
                    self.state.settings_form = None;
                }
            }
            SettingsAction::Classic
            | SettingsAction::Language(_)
            | SettingsAction::LimitUnit(..)
            | SettingsAction::Notifications
            | SettingsAction::Theme(_)
            | SettingsAction::Visibility(_) => {
                let Some(form) = &mut self.state.settings_form else { return };
                match action {
                    SettingsAction::Language(language) => form.language = language.into(),
                    SettingsAction::LimitUnit(of, unit) => form.limit_mut(of).unit = unit,
                    SettingsAction::Notifications => form.notifications ^= true,
                    SettingsAction::Theme(theme) => form.theme = theme,
                    SettingsAction::Visibility(visibility) => form.visibility = visibility,
                    _ => form.classic ^= true,
                }
            }
        }
    }

    fn first_start_done(&mut self) {
        let Some((name, settings)) = self.state.first_start.clone().zip(self.state.settings.clone()) else { return };
        let device_name = checked_name(&name).unwrap_or_else(|| settings.device_name.clone());
        if self.save(Settings { device_name, ..settings }) {
            self.state.first_start = None;
        }
    }

    fn save(&mut self, settings: Settings) -> bool {
        self.tell(Command::SaveSettings(settings))
    }
}
