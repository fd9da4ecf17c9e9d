//! stub
use crate::model::{
    conflict::Conflict,
    device::Peer,
    manifest::{Manifest, Selection},
    transfer::TransferId,
};
use std::{path::PathBuf, sync::Arc};
#[derive(Clone, Debug)]
pub struct Terms {
    pub id: TransferId,
    pub peer: Peer,
    pub digest: [u8; 32],
    pub manifest: Arc<Manifest>,
    pub message: Option<String>,
    pub folder: PathBuf,
    pub selection: Selection,
    pub conflict: Conflict,
    pub accepted_at: u64,
}
