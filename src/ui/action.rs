//! What a person can ask for. Views only collect these; they are performed after drawing.

use std::path::PathBuf;

use super::{
    dialogs::Purpose,
    state::{settings_form::SpeedUnit, trust::Confirmed},
    text::Language,
};
use crate::{
    engine::messages::{ShowTo, StageId},
    model::{
        book::DeviceId,
        conflict::Conflict,
        nearby::Visibility,
        settings::Theme,
        transfer::{Direction, TransferKey},
    },
};

/// One wish of the person, or something a view has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    AddAddress,
    Alarm(u64, AlarmAction),
    /// Opens a file dialog.
    Ask(Purpose),
    CancelWalk(StageId),
    Card(TransferKey, CardAction),
    ChooseDevice(DeviceId),
    ClearStaged,
    Close(CloseAction),
    Comparison(TransferKey, ComparisonAction),
    Copy(String),
    DismissNotice(u64),
    /// Something was typed.
    Edit(Field, String),
    FirstStartDone,
    Get(GetAction),
    History(HistoryAction),
    /// Listen on another port than the one that is taken.
    ListenElsewhere,
    NetworkCheck(NetworkCheckAction),
    OwnLink(OwnLinkAction),
    Page(PageAction),
    /// Reads the clipboard.
    Paste,
    /// Text came from the clipboard.
    Pasted(String),
    PathPrompt(PromptAction),
    Row(TransferKey, RowAction),
    Send,
    Settings(SettingsAction),
    Share(ShareAction),
    ShowOffers,
    /// Who may find this device.
    ShowTo(ShowTo),
    Stage(Vec<PathBuf>),
    ToggleClassic,
    ToggleOwnKey,
    Unstage(usize),
    Verifying(VerifyAction),
    /// The codes are the same: this is who it says it is.
    Verify(Confirmed),
}

/// A text field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Address,
    CheckWhom,
    Compare(TransferKey),
    FirstName,
    GetAddress,
    GetName,
    HistorySearch,
    Message,
    Path,
    SettingsFolder,
    SettingsLimit(Direction),
    SettingsName,
    SettingsParallel,
    SettingsPort,
    /// The checksum that a file is compared with.
    Verify(usize),
}

/// On an offer's card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardAction {
    Accept,
    Conflict(Conflict),
    Decline,
    /// The codes are not the same.
    Differ,
    Fold(u32),
    /// Whether the choice for taken names is kept for the device.
    Remember(bool),
    /// Stands before the person for the first time.
    Shown,
    Toggle(u32),
    ToggleAll,
    ToggleNames,
}

/// On a row of *Activity*.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowAction {
    Again,
    AskToDiscard,
    Cancel,
    CheckAgain,
    Compare,
    /// The codes are not the same.
    Differ,
    Discard,
    /// Not *Discard* after all.
    Keep,
    MoveDown,
    MoveUp,
    Open,
    Pause,
    Pick(u32),
    Remove,
    Resume,
    ShowInFolder,
}

/// On an alarm at the top of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlarmAction {
    /// *This is a different device*.
    Allow,
    Dismiss,
    ToggleKeys,
}

/// On a comparison of codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComparisonAction {
    Close,
    /// The codes are not the same.
    Differ,
    /// Stands before the person for the first time.
    Shown,
}

/// On the link to this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnLinkAction {
    Close,
    Copy,
    Show,
}

/// On the page of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageAction {
    /// *Accept into a folder* was chosen; the folder comes next.
    AcceptInto,
    AskEachTime,
    AskToForget,
    Block,
    Close,
    CompareCodes,
    /// What is done with taken names; none: chosen on each card.
    Conflict(Option<Conflict>),
    Forget,
    Keep,
    Open(DeviceId),
}

/// In the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryAction {
    AskToClear,
    /// From one entry to all of them.
    Back,
    Clear,
    Close,
    Keep,
    Open,
    Pick(usize),
    SendAgain,
    /// One of those that were found.
    Show(usize),
    ShowInFolder,
}

/// In the view *Verify*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyAction {
    Clear,
    Close,
    Open,
    /// Shows the seal of a file.
    Pick(usize),
    ShowInFolder,
    Stop,
}

/// In the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsAction {
    Classic,
    Close,
    /// None: as the system has it.
    Language(Option<Language>),
    LimitUnit(Direction, SpeedUnit),
    Notifications,
    Open,
    Save,
    Theme(Theme),
    Visibility(Visibility),
}

/// In the network check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkCheckAction {
    Cancel,
    Close,
    /// Opens the view and begins at once.
    Open,
    Start,
}

/// In *Get a file…*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GetAction {
    Close,
    Open,
    Start,
}

/// About the shared folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShareAction {
    /// Opens or closes the list of downloads.
    ShowDownloads,
    /// *Stop sharing* in the settings: it counts with *Save*.
    Stop,
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
