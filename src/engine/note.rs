//! What workers tell dispatch.

mod over;

use std::{
    net::{IpAddr, SocketAddr, TcpStream},
    path::PathBuf,
    sync::Arc,
};

use crate::{
    model::{
        book::{Book, Rule},
        check::{CheckId, CheckStep},
        conflict::Conflict,
        device::{Peer, PeerAddr},
        device_key::DeviceKey,
        manifest::Manifest,
        nearby::{InterfaceUse, Nearby},
        outcome::FileEnd,
        preflight::Preflight,
        reason::Reason,
        seal::Md5Digest,
        shared_path::SharedPath,
        short_code::ShortCode,
        transfer::{Stage, TransferId, TransferKey},
    },
    storage::{
        kept::KeptIncoming,
        outgoing_file::{KeptOutgoing, SentSoFar},
        sources::{LeftOut, Outgoing, SourceTree},
    },
    transfer::{ahead::Ahead, compare::Comparing},
    wire::header::Answer,
};

use super::{
    door::memory::Share,
    inspection::{InspectionId, InspectionNews},
    link::SocketLink,
    messages::{Checked, HistoryFound, KeyWarning, StageId},
};

pub use over::{EndNews, Over, OverKind};

/// Tells the notes of a listener that was replaced from those of the present one.
pub type ListenerId = u64;

/// Tells one stretch of work on a transfer (a call, a lane) from those before it, which have nothing to say any more.
pub type Life = u32;

/// One note to dispatch. Facts wait in the channel; figures (`Moved`, `Staging`) are dropped when it is full.
pub enum Note {
    /// Somebody takes up a transfer that it began earlier.
    AgainCame(Box<AgainCame>),
    /// Whom we called goes on with the transfer that was broken.
    Again {
        key: TransferKey,
        life: Life,
        link: Box<SocketLink>,
        ahead: Ahead,
    },
    /// Somebody who was answered may ask for another file.
    NextRequest {
        link: Box<SocketLink>,
    },
    /// The shared folder cannot be opened.
    NotShared(Reason),
    /// What has to change here before a connection that is there can go on; nothing: it goes on.
    Obstacle {
        key: TransferKey,
        life: Life,
        obstacle: Option<Reason>,
    },
    /// The one file of a download, as soon as its size is known; `place` is where it stands here, if it goes out.
    Announced {
        key: TransferKey,
        manifest: Arc<Manifest>,
        place: Option<PathBuf>,
    },
    /// Somebody asks for a file of the shared folder.
    Asked(Box<Asked>),
    /// Somebody whom the lobby keeps asks for another file.
    AsksOn {
        key: TransferKey,
        link: Box<SocketLink>,
    },
    /// The lobby has the other side's answer.
    Answered {
        key: TransferKey,
        link: Box<SocketLink>,
        answer: Answer,
    },
    /// Somebody knocked.
    Came {
        stream: TcpStream,
        from: IpAddr,
    },
    CheckEnded {
        id: CheckId,
    },
    CheckStep {
        id: CheckId,
        step: Box<CheckStep>,
    },
    Checked {
        key: TransferKey,
        index: u32,
        result: Checked,
    },
    /// What both sides have is being hashed: bytes.
    Checking {
        key: TransferKey,
        done: u64,
        total: u64,
    },
    /// A classic sender's connection after its file: another may follow.
    ClassicGoesOn {
        link: Box<SocketLink>,
    },
    /// The device book as it is now.
    Devices(Book),
    /// A doorman is free again.
    DoormanLeft {
        from: IpAddr,
    },
    /// How far the end of a transfer has come.
    End(TransferKey, EndNews),
    FilesEnded {
        key: TransferKey,
        ends: Vec<FileEnd>,
    },
    /// The digest of a shared file, as it is now; none: what was known of it does not hold any more.
    Hashed {
        place: PathBuf,
        seal: Option<FileSeal>,
    },
    /// The other side holds the transfer, or has let go of it.
    HeldThere {
        key: TransferKey,
        held: Option<Reason>,
    },
    /// What was looked up in the history.
    History(Box<HistoryFound>),
    HistoryChanged,
    HistoryDamaged(PathBuf),
    HistoryFailed(Reason),
    /// From a look at files; figures may be lost.
    Inspection {
        id: InspectionId,
        news: InspectionNews,
    },
    /// What earlier runs of the program have left unfinished, and what was cancelled.
    Kept(Box<Kept>),
    /// Somebody opens a further connection for a transfer.
    LaneCame(Box<super::lanes::LaneCame>),
    /// What comes before a lane (listing, dialling, waiting) is over without one. `life`: of the call that it was.
    Left {
        key: TransferKey,
        life: Option<Life>,
        reason: Reason,
    },
    /// What an outgoing transfer will not send; comes before `Listed`, also when nothing is left to send.
    LeftOut {
        key: TransferKey,
        left_out: Vec<LeftOut>,
    },
    /// An outgoing transfer's list is complete.
    Listed {
        key: TransferKey,
        outgoing: Arc<Outgoing>,
        digest: [u8; 32],
    },
    /// The network interfaces that discovery uses.
    Interfaces(Vec<InterfaceUse>),
    ListenerFailed {
        id: ListenerId,
        port: u16,
        reason: Reason,
    },
    ListeningOn {
        id: ListenerId,
        address: SocketAddr,
    },
    /// Bytes of bodies that have moved over this connection, and those that did not have to; may be lost, but for the last.
    Moved {
        key: TransferKey,
        index: u32,
        moved: u64,
        kept: u64,
    },
    /// Both sides have the code.
    CodeKnown {
        key: TransferKey,
        code: ShortCode,
    },
    /// Somebody wants to compare codes.
    CompareCame(Box<Arrived>),
    /// A comparison that we asked for stands before the other side.
    Met {
        key: TransferKey,
        link: Box<SocketLink>,
        comparing: Option<Box<Comparing>>,
    },
    /// The device book was damaged and kept aside there; an empty one follows.
    DevicesDamaged(PathBuf),
    DevicesNotSaved(Reason),
    /// Who says that it is nearby: all of them.
    Nearby(Vec<Nearby>),
    /// A doorman has a whole offer.
    OfferCame(Box<ArrivedOffer>),
    /// TLS has shown who answered, and it has said what it is called.
    PeerKnown {
        key: TransferKey,
        introduced: Introduced,
    },
    /// The archive has written down whether an incoming transfer is paused, or the historian that it is over; or could not.
    JournalFree(TransferKey),
    Preflighted {
        key: TransferKey,
        preflight: Preflight,
        /// Where the device book puts this device's offers now, if that was asked for, and what it does with taken names.
        ruled: Option<(PathBuf, Conflict)>,
    },
    /// A call to see whether a verified device is there has ended: where its key was shown, if it was.
    Present {
        device: DeviceKey,
        found: Option<PeerAddr>,
    },
    /// Somebody asks whether this device is there. It has shown its key.
    ProbeCame {
        peer: Box<Peer>,
        link: Box<SocketLink>,
        /// Where it listens, and would be dialled back.
        port: Option<u16>,
    },
    /// The offer lies before the other person: `link` waits in the lobby for the answer.
    Proposed {
        key: TransferKey,
        link: Box<SocketLink>,
        comparing: Option<Box<Comparing>>,
    },
    ReachableAt(Vec<IpAddr>),
    /// A caller was turned away at the door.
    Refused {
        address: String,
        reason: Reason,
    },
    SettingsNotSaved(Reason),
    /// A file that was interrupted begins anew.
    StartedAgain {
        key: TransferKey,
        index: u32,
    },
    StageChanged {
        key: TransferKey,
        stage: Stage,
    },
    Staged {
        stage: StageId,
        trees: Vec<Arc<SourceTree>>,
        left_out: Vec<LeftOut>,
    },
    Staging {
        stage: StageId,
        entries: u64,
        bytes: u64,
    },
    /// The lobby gives a connection back.
    Taken {
        key: TransferKey,
        link: Box<SocketLink>,
    },
    /// A receiver asks us to go on with a transfer.
    WantCame {
        transfer: TransferId,
        peer: Box<Peer>,
        link: Box<SocketLink>,
    },
    /// How a sender that was asked to go on has answered.
    Wanted {
        key: TransferKey,
        life: Life,
        result: Result<(), Reason>,
    },
    /// Somebody who may not be who they seem was turned away.
    WrongKey(KeyWarning),
    /// A lane is over.
    WorkEnded {
        key: TransferKey,
        life: Life,
        result: Result<(), Over>,
    },
    Wrote {
        path: PathBuf,
        result: Result<(), Reason>,
    },
}

/// A sender that goes on.
pub struct AgainCame {
    pub key: TransferKey,
    pub link: SocketLink,
    pub peer: Peer,
    pub epoch: u32,
    /// Of the list of entries.
    pub digest: [u8; 32],
}

/// What stands in the profile.
pub struct Kept {
    pub incoming: Vec<KeptIncoming>,
    pub outgoing: Vec<(KeptOutgoing, SentSoFar)>,
    /// What could not be read, by name.
    pub lost: Vec<(TransferKey, Reason)>,
}

/// What a doorman read.
pub struct ArrivedOffer {
    pub caller: Arrived,
    pub manifest: Arc<Manifest>,
    /// Of the list of entries, as offered; zeros in the plain protocol.
    pub digest: [u8; 32],
    pub message: Option<String>,
    /// What kind of session it came in.
    pub session: Session,
    /// The room that its list takes up while it waits.
    pub share: Option<Share>,
}

/// Somebody who came with an offer, or to compare codes.
pub struct Arrived {
    pub key: TransferKey,
    pub link: SocketLink,
    pub peer: Peer,
    /// What it may do, if it is verified.
    pub rule: Option<Rule>,
    /// For the code; nothing when each side has verified the other, and in the plain protocol.
    pub comparing: Option<Box<Comparing>>,
}

/// Somebody who asks for a file of the shared folder.
pub struct Asked {
    pub link: SocketLink,
    pub peer: Peer,
    pub path: SharedPath,
}

/// What was found out about a shared file, which holds as long as its size and time stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileSeal {
    /// Size in bytes, and when it was changed last, in nanoseconds since 1970.
    pub stamp: (u64, Option<i64>),
    pub md5: Md5Digest,
}

/// Who answered a call.
pub struct Introduced {
    /// The place it was called at.
    pub at: PeerAddr,
    /// Safe to show; empty if it gave none.
    pub name: String,
    pub os: String,
    pub key: DeviceKey,
    /// A person here has confirmed this key.
    pub verified: bool,
}

/// How the other side is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Session {
    /// The plain protocol, with the digest of the header if that had a usable one.
    Classic {
        md5: Option<Md5Digest>,
    },
    /// The plain protocol: a file of the shared folder goes out.
    Download,
    /// The plain protocol: a file comes from a classic server.
    Fetch,
    Sealed,
}
