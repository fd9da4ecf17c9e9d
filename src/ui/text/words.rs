//! The fixed texts, each behind a name.

macro_rules! words {
    ($($name:ident => $english:literal,)*) => {
        /// A text that carries no name and no figure.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Word { $($name,)* }

        impl Word {
            /// The text itself.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $english,)* }
            }

            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
}

words! {
    Accept => "Accept",
    Activity => "Activity",
    AddAddress => "Add",
    AddFiles => "Add files…",
    AddFilesTitle => "Add files to send",
    AddFolder => "Add folder…",
    AddFolderTitle => "Add a folder to send",
    AddressHint => "e.g. 192.168.1.20",
    AddressLabel => "Address",
    AllFiles => "All files",
    AppName => "Sealdrop",
    AskAgain => "Ask again",
    Cancel => "Cancel",
    Cancelling => "Cancelling…",
    Change => "Change…",
    CheckAgain => "Check again",
    Checking => "Checking…",
    ChecksumHint => "Paste an MD5 checksum here",
    ChecksumLabel => "Checksum",
    ChooseFolderTitle => "Choose the folder to save to",
    ClassicCaution => "Not encrypted, and the other side is not asked",
    ClassicLabel => "Plain protocol",
    ClassicSetting => "Let programs that are not Sealdrop offer files (plain protocol, not encrypted)",
    ClassicTip => "For programs that are not Sealdrop. Not encrypted; nothing comes back to confirm it",
    Clear => "Clear",
    Close => "Close",
    CloseAnyway => "Stop and close",
    CloseTitle => "Close Sealdrop?",
    Closing => "Closing…",
    Compare => "Compare…",
    CompareEmpty => "Paste what the other side publishes to see whether it is the same",
    CompareEqual => "Equal: the checksums are the same",
    Copied => "Copied",
    Copy => "Copy",
    CopyDetails => "Copy details",
    Decline => "Decline",
    DeviceNameLabel => "Device name",
    Devices => "Devices",
    DialogOpen => "A file dialog is open",
    Dismiss => "Dismiss",
    DoNotClose => "Keep running",
    DropHere => "Drop files and folders here",
    DropNow => "Let go to add them",
    DropNowDetail => "Nothing is sent until you press Send",
    EmptyFolder => "empty folder",
    EngineBusy => "Sealdrop is busy. Nothing was lost: try that again in a moment",
    EngineGone => "Sealdrop has stopped working inside. Please close it and start it again",
    FileColumn => "File",
    FirstStart => "Ready to use. Is this right?",
    FirstStartDone => "Looks good",
    FolderColumn => "Folder",
    Forget => "Forget",
    GotIt => "Got it",
    HideFiles => "Hide files",
    HideNames => "Hide names",
    InspectFile => "Choose a file to see its seal",
    LeftOutTitle => "Left out",
    Link => "link",
    ListenElsewhere => "Use another port",
    LostDrop => "Nothing arrived from that drag. If you let go over this window, the file manager could not hand it over: use Add files… instead",
    MarkClassic => "Plain protocol",
    MarkNotEncrypted => "Not encrypted",
    MarkNotVerified => "Not verified",
    MessageHint => "Message (optional)",
    MessageLabel => "Message",
    Moving => "Moving",
    NeedChoice => "Choose a device",
    NeedFiles => "Add something to send",
    NeedWalk => "Still counting",
    NoActivity => "Nothing sent or received yet",
    NoDevices => "Devices you send to are remembered here",
    NoPathsInClipboard => "The clipboard holds no files or paths",
    NoSelection => "Choose at least one file",
    NothingToSend => "nothing to send",
    NotEncryptedTip => "Whoever runs the network could read it",
    NotVerifiedTip => "Its key has not been compared with its owner",
    OpenDialogFailed => "The file dialog did not open. On Linux it needs a desktop portal (or zenity). Type a path instead",
    OwnAddress => "Others send to",
    Paste => "Paste",
    PasteTip => "Adds the files or paths on the clipboard (Ctrl+V)",
    PathHint => "/path/to/file or folder",
    PathLabel => "Path",
    PortLabel => "Port",
    PortTaken => "Another program, or another Sealdrop, may be using it. Files cannot be received until another port is used",
    PortTip => "0 lets the system choose a free one",
    QueuedFile => "Waiting",
    Receiving => "Receiving",
    ReceiveFolderLabel => "Save received files to",
    Remove => "Remove",
    Retry => "Retry",
    Save => "Save",
    SaveChecksums => "Save checksums…",
    SaveChecksumsTitle => "Save the checksums",
    SaveTo => "Save to",
    SealColumn => "Seal",
    SealNotChecked => "Not checked by the other side",
    SealVerified => "Verified: the same on both devices",
    Send => "Send",
    Settings => "Settings",
    ShowFiles => "Show files",
    ShowInFolder => "Show in folder",
    ShowNames => "Show names",
    ShowOffer => "Show",
    SizeColumn => "Size",
    StageFinishing => "Finishing…",
    StateChangedSince => "Changed on disk",
    StateChecked => "Still the same",
    StateColumn => "State",
    StateFailed => "Failed",
    StateGone => "Not there any more",
    StateHandedOver => "Handed over, not confirmed",
    StateMismatch => "Does not match",
    StateNotCompared => "No checksum came",
    StateNotSent => "Not sent",
    StateSkipped => "Not wanted",
    StateVerified => "Verified",
    ThemeDark => "Dark",
    ThemeLabel => "Theme",
    ThemeLight => "Light",
    ThemeSystem => "As the system",
    ThisDevice => "This device",
    TypePath => "Type a path…",
    UsePath => "Use",
    WaitingForEngine => "Starting…",
    WrongFolder => "The folder needs its whole path",
    WrongName => "The device name needs 1 to 64 characters",
    WrongPort => "The port is a number from 0 to 65535",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_labels_take_no_full_stop_and_start_with_a_capital_or_a_path() {
        for word in Word::ALL {
            let text = word.text();
            assert!(!text.is_empty() && text.trim() == text && !text.ends_with('.'), "{word:?}: {text:?}");
        }
    }
}
