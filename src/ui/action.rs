//! What a person can ask for. Views only collect these; they are performed after drawing.

use std::path::PathBuf;

use super::dialogs::Purpose;
use crate::{
    engine::messages::StageId,
    model::{book::DeviceId, settings::Theme, transfer::TransferKey},
};

/// One wish of the person, or something a view has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    AddAddress,
    /// Opens a file dialog.
    Ask(Purpose),
    CancelWalk(StageId),
    Card(TransferKey, CardAction),
    ChooseDevice(DeviceId),
    ClearStaged,
    Close(CloseAction),
    Copy(String),
    DismissNotice(u64),
    /// Something was typed.
    Edit(Field, String),
    FirstStartDone,
    Forget(DeviceId),
    /// Listen on another port than the one that is taken.
    ListenElsewhere,
    /// Reads the clipboard.
    Paste,
    /// Text came from the clipboard.
    Pasted(String),
    PathPrompt(PromptAction),
    Row(TransferKey, RowAction),
    Send,
    Settings(SettingsAction),
    ShowOffers,
    Stage(Vec<PathBuf>),
    ToggleClassic,
    Unstage(usize),
}

/// A text field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Address,
    Compare(TransferKey),
    FirstName,
    Message,
    Path,
    SettingsFolder,
    SettingsName,
    SettingsPort,
}

/// On an offer's card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardAction {
    Accept,
    Decline,
    Fold(u32),
    /// Drawn for the first time.
    Shown,
    Toggle(u32),
    ToggleAll,
    ToggleNames,
}

/// On a row of *Activity*.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowAction {
    Again,
    Cancel,
    CheckAgain,
    Compare,
    Open,
    Pick(u32),
    Remove,
    ShowInFolder,
}

/// In the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsAction {
    Classic,
    Close,
    Open,
    Save,
    Theme(Theme),
}

/// The answer to *Close Sealdrop?*
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseAction {
    Keep,
    Stop,
}

/// The field for a typed path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PromptAction {
    Close,
    Open(Purpose),
    Use,
}
