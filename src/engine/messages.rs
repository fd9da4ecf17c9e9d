//! What the window (or the command line) says to the engine, and what the engine says back.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Instant,
};

use crate::{
    model::{
        book::{DeviceId, KnownDevice, Rule},
        check::{CheckId, CheckStep, CheckTarget},
        conflict::Conflict,
        device::{Peer, PeerAddr},
        device_key::DeviceKey,
        handed::Handed,
        history::HistoryEntry,
        manifest::Selection,
        nearby::{InterfaceUse, Nearby, Visibility},
        outcome::FileEnd,
        preflight::Preflight,
        reason::Reason,
        settings::Settings,
        short_code::ShortCode,
        transfer::{Direction, TransferId, TransferKey, TransferSnapshot},
    },
    storage::sources::{LeftOut, SourceTree},
};

use super::inspection::{InspectionAsked, InspectionId, InspectionNews};
pub use super::{
    inspection::Checked,
    reply::{HandOver, OfferAnswer, OfferReply},
    requests::{FetchRequest, FileToCheck, SendRequest, Wait, What},
};
pub use crate::model::nearby::ShowTo;

/// Called after something was put where the window will find it; asks for a frame.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// Names one walk of dropped paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StageId(pub u64);

/// What the engine can be asked for. None of it waits.
#[derive(Debug)]
pub enum Command {
    /// *This is a different device*: a key that came under a verified device's name may call as a stranger.
    AllowDifferent(DeviceKey),
    /// Stop a transfer or a comparison at whatever stage it is; harmless when it is over.
    Cancel(TransferKey),
    /// Stop a check of the network; its steps say how far they came.
    CancelCheck(CheckId),
    /// Stop a walk.
    CancelStage(StageId),
    /// Check the network; answered by `CheckStep`s and one `CheckEnded`.
    Check {
        /// Made by whoever asks.
        id: CheckId,
        /// This device's own side: port, adapters, multicast.
        own: bool,
        /// Whose answer is wanted as well.
        device: Option<CheckTarget>,
    },
    /// Hash these files again and compare; `FileChecked` for each.
    CheckAgain {
        key: TransferKey,
        files: Vec<FileToCheck>,
    },
    /// Delete what an interrupted, paused or broken transfer has left here, and tell the other side that it will not go on.
    /// On a transfer that is running it is a `Cancel`.
    Discard(TransferKey),
    /// Delete the history.
    ClearHistory,
    /// Compare codes with a device, without a file; answered by `Comparison`s.
    Compare {
        /// Made by whoever asks (`engine::new_transfer_id`); the direction is outgoing.
        id: TransferId,
        to: PeerAddr,
        /// Where else it may be.
        also: Vec<PeerAddr>,
        expect: Option<DeviceKey>,
    },
    /// Fetch a file from a classic server.
    Fetch(FetchRequest),
    /// Remove a device from the book: its addresses, its key, its rule.
    ForgetDevice(DeviceId),
    /// Hash files that a person wants to verify, and what lists of checksums name; answered by `Inspection`s.
    Inspect(InspectionAsked),
    /// Leave a listening port and take another (the one in the settings is not changed).
    Listen {
        port: u16,
    },
    /// Another start of the program was given this; told as `HandedOver`.
    HandOver(HandOver),
    /// Look something up in the history; answered by `History`.
    LoadHistory(HistoryAsked),
    /// Somebody looks at the list of devices: look who is there.
    LookAround,
    /// Hold a transfer, also one that waits to be connected again.
    Pause(TransferKey),
    /// Look again at what saving a waiting offer into `folder` would mean; answered by `Preflighted`.
    Preflight {
        key: TransferKey,
        folder: PathBuf,
        selection: Selection,
    },
    /// Put a queued transfer at this place of the queue, from 0.
    Reorder {
        key: TransferKey,
        place: usize,
    },
    /// Let go of a held transfer; go on with an interrupted one; try a broken or queued one now.
    Resume(TransferKey),
    /// Send just the files that failed of a `retryable` transfer: its row goes on.
    Retry(TransferKey),
    /// Store these settings and go by them from now on.
    SaveSettings(Settings),
    /// Write `text` into the file at `path` (a checksum file); answered by `Wrote`.
    SaveText {
        path: PathBuf,
        text: String,
    },
    Send(SendRequest),
    /// What is to be done with taken names in offers of a verified device; nothing: ask anew each time.
    SetConflict {
        key: DeviceKey,
        conflict: Option<Conflict>,
    },
    /// What may become of a verified device's offers.
    SetRule {
        key: DeviceKey,
        rule: Rule,
    },
    /// The card of an offer, or of somebody who wants to compare codes, now stands before a person: the code may be
    /// agreed on.
    ShowCode(TransferKey),
    /// Who may find this device nearby.
    ShowTo(ShowTo),
    /// A person has compared the codes: the device with this key is who it says it is.
    Verify {
        key: DeviceKey,
        name: String,
        /// Where it can be dialled, if that is known.
        address: Option<PeerAddr>,
    },
    /// Walk what was dropped or chosen; answered by `Staging` and `Staged`.
    Stage {
        stage: StageId,
        paths: Vec<PathBuf>,
    },
    /// Stop a look at files; its last event is `Done`, as ever.
    StopInspection(InspectionId),
    /// Stop everything in order; the last event is `Stopped`.
    Shutdown,
}

/// What the engine tells. Facts come in order, none is lost; of snapshots only the newest is kept.
#[derive(Debug)]
pub enum Event {
    /// A check is over; nothing of it follows.
    CheckEnded {
        id: CheckId,
    },
    /// How one step of a check stands; the newest counts.
    CheckStep {
        id: CheckId,
        step: Box<CheckStep>,
    },
    /// How a comparison of codes without a file stands.
    Comparison(ComparisonSnapshot),
    /// The devices that were used before or verified, most recent first.
    Devices(Vec<KnownDevice>),
    /// The device book was damaged and kept aside at `kept_at`; nobody is verified any more.
    DevicesDamaged {
        kept_at: PathBuf,
    },
    /// A change of the device book could not be stored and does not count.
    DevicesNotSaved(Reason),
    /// Answer to `CheckAgain` for one file.
    FileChecked {
        key: TransferKey,
        index: u32,
        result: Checked,
    },
    /// Entries of a transfer reached their ends.
    FilesEnded {
        key: TransferKey,
        ends: Vec<FileEnd>,
    },
    /// Another start of the program was given this, perhaps nothing: the window comes to the front.
    HandedOver(Vec<Handed>),
    /// Answer to `LoadHistory`.
    History(Box<HistoryFound>),
    /// Entries were added to the history, or it was cleared.
    HistoryChanged,
    /// The history was damaged and kept aside at `kept_at`; what could be read of it goes on.
    HistoryDamaged {
        kept_at: PathBuf,
    },
    /// The history could not be read or written.
    HistoryFailed(Reason),
    /// What a look at files brings.
    Inspection {
        id: InspectionId,
        news: InspectionNews,
    },
    /// What an outgoing transfer will not send, by name.
    LeftOut {
        key: TransferKey,
        left_out: Vec<LeftOut>,
    },
    /// This device's own key; the first event of all.
    Identity(DeviceKey),
    /// The network interfaces that nearby devices are looked for on, and what is wrong with each: only a warning.
    Interfaces(Vec<InterfaceUse>),
    /// Listening; with the addresses under which this device can be reached.
    Listening {
        address: SocketAddr,
        reachable_at: Vec<IpAddr>,
    },
    /// Who is nearby or says so, at most a few hundred: verified devices first, each once. Replaces the list before.
    Nearby(Vec<Nearby>),
    /// Not listening (port in use, ...), with the port that was asked for.
    NotListening {
        port: u16,
        reason: Reason,
    },
    /// Somebody wants to send something. A `Snapshot` in stage `Waiting` has gone before.
    Offered(IncomingOffer),
    Preflighted {
        key: TransferKey,
        preflight: Arc<Preflight>,
    },
    /// What earlier runs left in this profile has been told, by a `Snapshot` each; comes once.
    Restored,
    /// A caller was turned away at the door (bad header, bad name, too much, other version).
    Refused {
        address: String,
        reason: Reason,
    },
    /// The settings in force, at start and after each change.
    Settings(Settings),
    /// The settings file was damaged and kept aside at `kept_at`; defaults are in force.
    SettingsDamaged {
        kept_at: PathBuf,
        reason: Reason,
    },
    SettingsNotSaved(Reason),
    /// The shared folder cannot be opened, or (nothing) can again; found out when somebody asks for a file of it.
    Sharing(Option<Reason>),
    /// How a transfer stands. The one whose stage is `Ended` is the last for its key, and comes exactly once, unless it was
    /// `retryable` and is taken up again.
    Snapshot(TransferSnapshot),
    /// A file that was interrupted begins anew, because what one side has is not how it begins on the other any more.
    StartedAgain {
        key: TransferKey,
        index: u32,
    },
    /// A walk goes on: entries and bytes so far.
    Staging {
        stage: StageId,
        entries: u64,
        bytes: u64,
    },
    /// A walk is done: one tree for each path that could be read, and the paths that could not. Both are empty after
    /// `CancelStage`.
    Staged {
        stage: StageId,
        trees: Vec<Arc<SourceTree>>,
        left_out: Vec<LeftOut>,
    },
    /// The engine has stopped; nothing follows.
    Stopped,
    /// Who may find this device now; `until`: when that ends by itself.
    Visible {
        to: Visibility,
        until: Option<Instant>,
    },
    /// A verified device's name, or the place where one was expected, came with another key: it was turned away.
    WrongKey(KeyWarning),
    /// Answer to `SaveText`.
    Wrote {
        path: PathBuf,
        result: Result<(), Reason>,
    },
}

/// What to look up in the history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryAsked {
    /// A part of a device's name or address, of a path, a seal or a message; empty: everything.
    pub search: String,
    /// Only what was exchanged with the device of this key.
    pub with: Option<DeviceKey>,
    /// Entries at most.
    pub limit: usize,
}

/// What was found in the history.
#[derive(Debug)]
pub struct HistoryFound {
    pub asked: HistoryAsked,
    /// Newest first.
    pub entries: Vec<HistoryEntry>,
    /// How many there are; `entries` are the newest of them.
    pub found: usize,
    /// Entries in the whole history.
    pub all: usize,
}

/// A comparison of codes without a file. The newest replaces all earlier ones of its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparisonSnapshot {
    pub key: TransferKey,
    pub peer: Peer,
    pub state: ComparisonState,
}

/// How far a comparison has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ComparisonState {
    /// Outgoing: looking up, connecting, greeting.
    Connecting,
    /// Outgoing: the other side has to look at its card. Incoming: our card has to be shown (`ShowCode`).
    Waiting,
    /// Both sides show this code. The connection is not needed any more; nothing follows.
    Code(ShortCode),
    /// Over without a code; nothing follows.
    Ended(Reason),
}

/// Somebody who may not be who they seem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyWarning {
    /// Name of the verified device.
    pub name: String,
    /// Key of the verified device.
    pub expected: DeviceKey,
    /// The key that was met instead, with the name it gave itself if it came so far.
    pub met: DeviceKey,
    pub met_name: Option<String>,
    pub address: String,
    /// Incoming: it called us. Outgoing: we dialled it.
    pub direction: Direction,
}

/// An offer that waits for a person.
#[derive(Debug)]
pub struct IncomingOffer {
    /// Peer, manifest and message: as in the snapshot before it.
    pub snapshot: TransferSnapshot,
    /// For the receive folder of the settings.
    pub preflight: Arc<Preflight>,
    /// When it will be withdrawn without an answer.
    pub expires: Instant,
    pub reply: OfferReply,
}

/// Where and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    pub folder: PathBuf,
    pub selection: Selection,
    pub conflict: Conflict,
}

impl Acceptance {
    /// Into `folder`, keeping both where a name is taken.
    pub fn new(folder: PathBuf, selection: Selection) -> Self {
        Self { folder, selection, conflict: Conflict::default() }
    }
}
