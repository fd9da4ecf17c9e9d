//! `devices.json` of a profile: the devices that were used lately, most recent first.

use std::io;

use crate::model::book::{DeviceId, KnownDevice};

use super::{error::StorageError, kept_aside::keep_aside, no_replace::write_whole, profile::Profile};

/// More than a person looks through; the oldest go.
const MAX_DEVICES: usize = 50;

/// The remembered devices. A file that cannot be understood is kept aside and counts as empty.
pub fn load(profile: &Profile) -> Vec<KnownDevice> {
    read(profile).unwrap_or_default()
}

/// Puts a device first, in place of what was known under its address.
pub fn remember(profile: &Profile, device: KnownDevice) -> Result<Vec<KnownDevice>, StorageError> {
    change(profile, |devices| {
        devices.retain(|known| known.id() != device.id());
        devices.insert(0, device);
        devices.truncate(MAX_DEVICES);
    })
}

/// Removes what is known under an address.
pub fn forget(profile: &Profile, id: &DeviceId) -> Result<Vec<KnownDevice>, StorageError> {
    change(profile, |devices| devices.retain(|known| known.id().as_ref() != Some(id)))
}

/// Several processes may share a profile: read, change and write are one step.
pub fn change(profile: &Profile, edit: impl FnOnce(&mut Vec<KnownDevice>)) -> Result<Vec<KnownDevice>, StorageError> {
    let path = profile.devices_path();
    let _turn = profile.lock_shared_files()?;
    let mut devices = read(profile)?;
    edit(&mut devices);
    let json = serde_json::to_vec_pretty(&devices)
        .map_err(|error| StorageError::at(&path)(io::Error::new(io::ErrorKind::InvalidData, error)))?;
    write_whole(&path, &json, true).map_err(StorageError::at(&path))?;
    Ok(devices)
}

fn read(profile: &Profile) -> Result<Vec<KnownDevice>, StorageError> {
    let path = profile.devices_path();
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StorageError::at(&path)(error)),
    };
    match serde_json::from_slice(&bytes) {
        Ok(devices) => Ok(devices),
        Err(_damaged) => keep_aside(&path).map(|_kept_at| Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile() -> (tempfile::TempDir, Profile) {
        let folder = tempfile::tempdir().unwrap();
        let profile = Profile::open(Some(folder.path().to_owned())).unwrap();
        (folder, profile)
    }

    fn device(host: &str, last_used: u64) -> KnownDevice {
        KnownDevice::at(host.parse().unwrap(), host.to_owned(), false, last_used)
    }

    #[test]
    fn the_device_used_last_comes_first_and_once() {
        let (_folder, profile) = profile();
        for (n, host) in ["a", "b", "c", "a"].iter().enumerate() {
            remember(&profile, device(host, n as u64)).unwrap();
        }
        assert_eq!(load(&profile), [device("a", 3), device("c", 2), device("b", 1)]);
        assert_eq!(forget(&profile, &DeviceId::Addr("c".parse().unwrap())).unwrap(), [device("a", 3), device("b", 1)]);
    }

    #[test]
    fn no_more_than_fifty_are_kept() {
        let (_folder, profile) = profile();
        for n in 0..60 {
            remember(&profile, device(&format!("host{n}"), n)).unwrap();
        }
        let devices = load(&profile);
        assert_eq!((devices.len(), devices[0].last_used, devices[49].last_used), (50, 59, 10));
    }

    #[test]
    fn writers_at_the_same_time_lose_nothing() {
        let (_folder, profile) = profile();
        std::thread::scope(|scope| {
            for n in 0..8 {
                let profile = &profile;
                scope.spawn(move || {
                    for m in 0..5 {
                        remember(profile, device(&format!("host{n}-{m}"), 0)).unwrap();
                    }
                });
            }
        });
        assert_eq!(load(&profile).len(), 40);
    }

    #[test]
    fn a_damaged_list_is_kept_aside() {
        let (_folder, profile) = profile();
        std::fs::write(profile.devices_path(), "[{]").unwrap();
        assert_eq!(load(&profile), []);
        assert_eq!(std::fs::read_to_string(profile.root().join("devices.damaged-1.json")).unwrap(), "[{]");
    }
}
