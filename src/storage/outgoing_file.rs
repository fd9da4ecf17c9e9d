//! stub
use super::{error::StorageError, profile::Profile, sources::Outgoing};
use crate::model::{
    device::{Peer, PeerAddr},
    device_key::DeviceKey,
    seal::Md5Digest,
    transfer::TransferId,
};
use std::sync::Arc;
#[derive(Clone, Debug)]
pub struct KeptOutgoing {
    pub id: TransferId,
    pub to: PeerAddr,
    pub peer: Peer,
    pub key: Option<DeviceKey>,
    pub verified: bool,
    pub message: Option<String>,
    pub outgoing: Arc<Outgoing>,
    pub digest: [u8; 32],
    pub accepted: bool,
    pub started_at: u64,
}
#[derive(Clone, Debug, Default)]
pub struct SentSoFar {
    pub epoch: u32,
    pub receipts: Vec<(u32, Md5Digest)>,
    pub paused: bool,
    pub over: bool,
}
pub struct OutgoingFile;
type R = Result<(), StorageError>;
impl OutgoingFile {
    pub fn create(_p: &Profile, _k: &KeptOutgoing) -> Result<Self, StorageError> {
        Ok(Self)
    }
    pub fn open(_p: &Profile, _id: TransferId) -> Result<Option<(Self, KeptOutgoing, SentSoFar)>, StorageError> {
        Ok(None)
    }
    pub fn note_epoch(&mut self, _e: u32) -> R {
        Ok(())
    }
    pub fn note_receipt(&mut self, _i: u32, _m: Md5Digest) -> R {
        Ok(())
    }
    pub fn note_accepted(&mut self) -> R {
        Ok(())
    }
    pub fn note_paused(&mut self, _p: bool) -> R {
        Ok(())
    }
    pub fn note_over(&mut self) -> R {
        Ok(())
    }
    pub fn remove(self) -> R {
        Ok(())
    }
}
pub fn list(_p: &Profile) -> Vec<TransferId> {
    Vec::new()
}
