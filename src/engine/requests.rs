//! What `Command`s ask for that takes more than a word: a transfer, a file to fetch, a file to hash again.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use crate::{
    model::{conflict::Conflict, device::PeerAddr, device_key::DeviceKey, seal::Md5Digest, transfer::TransferId},
    storage::{outgoing_file::KeptOutgoing, sources::SourceTree},
};

/// A file to hash again, and the seal it should have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileToCheck {
    pub index: u32,
    pub place: PathBuf,
    pub md5: Md5Digest,
}

/// One transfer to one recipient.
#[derive(Clone, Debug)]
pub struct SendRequest {
    /// Made by whoever asks (`engine::new_transfer_id`), so that the row is there at once.
    pub id: TransferId,
    pub to: PeerAddr,
    /// Where else the device may be: tried as well, `to` first.
    pub also: Vec<PeerAddr>,
    /// The only key to send to. Any other is refused; with a `WrongKey` where a person has confirmed this one, otherwise (it
    /// stood in a link) with the reason `OtherKey`.
    pub expect: Option<DeviceKey>,
    /// Speak the plain protocol for programs that are not Sealdrop.
    pub classic: bool,
    pub what: What,
    pub message: Option<String>,
    pub wait: Wait,
}

impl SendRequest {
    /// Whether `kept` is this: the same files and folders to the same recipient.
    pub(super) fn asks_for(&self, kept: &KeptOutgoing) -> bool {
        let What::Paths(paths) = &self.what else { return false };
        let same_peer = match self.expect {
            Some(key) => kept.peer.key.or(kept.key) == Some(key),
            None => kept.to == self.to || kept.peer.dial.as_ref() == Some(&self.to),
        };
        let chosen: BTreeSet<PathBuf> = paths.iter().cloned().collect();
        let kept_tops: BTreeSet<PathBuf> = kept.outgoing.tops().collect();
        same_peer && kept.peer.classic == self.classic && !chosen.is_empty() && kept_tops == chosen
    }
}

/// What a send waits for that is not accepted yet; anything else is its end. But for a break: where a verified device has met it, it
/// is offered again for as long as an answer may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wait {
    /// For nothing.
    #[default]
    No,
    /// For a device that is busy: it asks again.
    WhileBusy,
    /// Also for one that is away: it gets it when it is there again.
    WhileAway,
}

/// One file to fetch from a classic server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchRequest {
    /// Made by whoever asks (`engine::new_transfer_id`), so that the row is there at once; the direction is incoming.
    pub id: TransferId,
    pub to: PeerAddr,
    /// Where else the server may be: whoever answers first is asked. The plain protocol knows no keys.
    pub also: Vec<PeerAddr>,
    /// As the server is asked for it; its last part is the name here.
    pub name: String,
    /// Where it goes.
    pub folder: PathBuf,
    pub conflict: Conflict,
}

/// What to send.
#[derive(Clone, Debug)]
pub enum What {
    /// Not walked yet (the command line, Retry, Ask again).
    Paths(Vec<PathBuf>),
    /// Walked before, by `Command::Stage`; may be shared between several recipients.
    Staged(Vec<Arc<SourceTree>>),
}
