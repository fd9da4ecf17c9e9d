//! The device book for commands that work without an engine. Only this file knows how the book is stored.

use crate::{
    model::{
        book::{DeviceId, KnownDevice, Rule},
        device_key::DeviceKey,
    },
    storage::{devices_file, error::StorageError, profile::Profile},
};

/// The devices, most recent first.
pub(super) fn load(profile: &Profile) -> Vec<KnownDevice> {
    devices_file::load(profile)
}

/// Sets what becomes of a verified device's offers; `false`: it is not verified (any more).
pub(super) fn set_rule(profile: &Profile, key: DeviceKey, rule: Rule) -> Result<bool, StorageError> {
    let mut found = false;
    devices_file::change(profile, |devices| {
        let trusted = devices.iter_mut().filter_map(|device| device.trusted.as_mut());
        if let Some(trusted) = trusted.into_iter().find(|trusted| trusted.key == key) {
            trusted.rule = rule;
            found = true;
        }
    })?;
    Ok(found)
}

/// Removes a device.
pub(super) fn forget(profile: &Profile, id: &DeviceId) -> Result<(), StorageError> {
    devices_file::forget(profile, id).map(drop)
}

/// A book for a test: the first stands first.
#[cfg(test)]
pub(super) fn store(profile: &Profile, devices: &[KnownDevice]) {
    devices_file::change(profile, |book| *book = devices.to_vec()).unwrap();
}
