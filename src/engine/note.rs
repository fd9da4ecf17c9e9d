//! What workers tell dispatch.

use std::{
    net::{IpAddr, SocketAddr, TcpStream},
    path::PathBuf,
    sync::Arc,
};

use crate::{
    model::{
        book::{Book, Rule},
        device::Peer,
        device_key::DeviceKey,
        manifest::Manifest,
        outcome::FileEnd,
        preflight::Preflight,
        reason::Reason,
        seal::Md5Digest,
        short_code::ShortCode,
        transfer::{Stage, TransferKey},
    },
    storage::sources::{LeftOut, Outgoing, SourceTree},
    transfer::compare::Comparing,
    wire::header::Answer,
};

use super::{
    door::memory::Share,
    link::SocketLink,
    messages::{Checked, HistoryFound, KeyWarning, StageId},
};

/// Tells the notes of a listener that was replaced from those of the present one.
pub type ListenerId = u64;

/// One note to dispatch. Facts wait in the channel; figures (`Moved`, `Staging`) are dropped when it is full.
pub enum Note {
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
    Checked {
        key: TransferKey,
        index: u32,
        result: Checked,
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
    FileEnded {
        key: TransferKey,
        end: FileEnd,
    },
    /// What was looked up in the history.
    History(Box<HistoryFound>),
    HistoryChanged,
    HistoryDamaged(PathBuf),
    HistoryFailed(Reason),
    /// What comes before a lane (listing, dialling, waiting) is over without one.
    Left {
        key: TransferKey,
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
    },
    ListenerFailed {
        id: ListenerId,
        port: u16,
        reason: Reason,
    },
    ListeningOn {
        id: ListenerId,
        address: SocketAddr,
    },
    /// Bytes of bodies that have moved in all; may be lost.
    Moved {
        key: TransferKey,
        index: u32,
        moved: u64,
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
    /// A doorman has a whole offer.
    OfferCame(Box<ArrivedOffer>),
    /// TLS has shown who answered, and it has said what it is called.
    PeerKnown {
        key: TransferKey,
        introduced: Introduced,
    },
    Preflighted {
        key: TransferKey,
        preflight: Preflight,
        /// Where the device book puts this device's offers now, if that was asked for.
        ruled: Option<PathBuf>,
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
    /// Somebody who may not be who they seem was turned away.
    WrongKey(KeyWarning),
    /// A lane is over.
    WorkEnded {
        key: TransferKey,
        result: Result<(), Reason>,
    },
    Wrote {
        path: PathBuf,
        result: Result<(), Reason>,
    },
}

/// What a doorman read.
pub struct ArrivedOffer {
    pub caller: Arrived,
    pub manifest: Arc<Manifest>,
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

/// Who answered a call.
pub struct Introduced {
    /// Safe to show; empty if it gave none.
    pub name: String,
    pub os: String,
    pub key: DeviceKey,
    /// A person here has confirmed this key.
    pub verified: bool,
}

/// How an incoming offer is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Session {
    /// The plain protocol, with the digest of the header if that had a usable one.
    Classic {
        md5: Option<Md5Digest>,
    },
    Sealed,
}
