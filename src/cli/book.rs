//! The device book for commands that work without an engine. Only this file knows how the book is stored.

use std::path::PathBuf;

use crate::{
    model::{
        book::{DeviceId, KnownDevice, Rule},
        device_key::DeviceKey,
    },
    storage::{devices_file, error::StorageError, profile::Profile},
};

use super::show;

/// The devices, most recent first. A damaged book is named on standard error.
pub(super) fn load(profile: &Profile) -> Vec<KnownDevice> {
    let devices_file::Loaded { book, damaged } = devices_file::load(profile);
    if let Some(kept_at) = damaged {
        show::complain(&show::devices_damaged(&kept_at));
    }
    book.devices
}

/// Where the damaged book is kept, if it is not known who was in it: it is damaged now, or was at an earlier start and
/// nothing has been written in its place.
pub(super) fn lost(profile: &Profile) -> Option<PathBuf> {
    devices_file::load(profile).damaged.or_else(|| devices_file::missing_since_damaged(profile))
}

/// Sets what becomes of a verified device's offers; `false`: it is not verified (any more).
pub(super) fn set_rule(profile: &Profile, key: DeviceKey, rule: Rule) -> Result<bool, StorageError> {
    let mut found = false;
    devices_file::change(profile, |book| found = book.set_rule(key, rule))?;
    Ok(found)
}

/// Removes a device.
pub(super) fn forget(profile: &Profile, id: &DeviceId) -> Result<(), StorageError> {
    devices_file::change(profile, |book| book.forget(id)).map(drop)
}

/// A book for a test: the first stands first.
#[cfg(test)]
pub(super) fn store(profile: &Profile, devices: &[KnownDevice]) {
    devices_file::change(profile, |book| book.devices = devices.to_vec()).unwrap();
}
