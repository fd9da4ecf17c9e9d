//! stub
use super::{error::StorageError, profile::Profile};
use crate::model::transfer::TransferKey;
pub fn add(_p: &Profile, _k: TransferKey) -> Result<(), StorageError> {
    Ok(())
}
pub fn holds(_p: &Profile, _k: TransferKey) -> bool {
    false
}
