//! `identity.pem` of a profile: the bytes of this device's key and certificate. What they mean is known in `crypto`.
//!
//! The key is what a device is known by, so nothing here replaces, repairs or deletes it by itself. A file that others could
//! read or that is no plain file is reported and left as it is; `make_private` and `set_aside` are for a person's click.
//! On Windows the file is as private as the profile's folder, which lies in the user's own data.

use std::{
    fs::{File, Metadata, OpenOptions},
    io::{self, Read},
    path::{Path, PathBuf},
};

use crate::model::reason::{Reason, ReasonCode};

use super::{
    error::{Doing, StorageError, io_reason, reason_at},
    kept_aside::keep_aside,
    no_replace::write_new,
    profile::Profile,
};

/// A key and a certificate of the kinds that exist take 1 to 4 KiB.
const MAX_BYTES: u64 = 64 * 1024;

/// What the group and the rest of the world may do.
#[cfg(unix)]
const OTHERS: u32 = 0o077;

/// The text of the file; `None`: there is none yet.
///
/// `KeyExposed`: others than its owner may read or write it. `KeyDamaged`: it is no plain file, longer than 64 KiB or not
/// UTF-8. What is judged is what was opened, so the file cannot be exchanged in between.
pub fn load(profile: &Profile) -> Result<Option<String>, Reason> {
    let path = profile.identity_path();
    let Some((file, metadata)) = open(&path)? else { return Ok(None) };
    refuse_exposed(&metadata, &path)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| io_reason(&error, &path, Doing::Reading))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(damaged("longer than any key", &path));
    }
    String::from_utf8(bytes).map(Some).map_err(|_no_text| damaged("not a text file", &path))
}

/// Writes `pem` for this user alone, flushed, and never over another: returns the text that is in force, which is `pem` or
/// what another process wrote first.
pub fn create(profile: &Profile, pem: &str) -> Result<String, Reason> {
    let path = profile.identity_path();
    let _turn = profile.lock_shared_files().map_err(|error| error.reason())?;
    if let Some(first) = load(profile)? {
        return Ok(first);
    }
    match write_new(&path, pem.as_bytes()) {
        // Where there are no locks, somebody may still have been quicker.
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(io_reason(&error, &path, Doing::Writing));
        }
        _ => {}
    }
    load(profile)?.ok_or_else(|| io_reason(&io::ErrorKind::NotFound.into(), &path, Doing::Reading))
}

/// Takes the file away from everybody but its owner; for a person's click. Who has read it before still knows the key.
pub fn make_private(profile: &Profile) -> Result<(), Reason> {
    let path = profile.identity_path();
    let opened = open(&path)?;
    let (file, _metadata) = opened.ok_or_else(|| io_reason(&io::ErrorKind::NotFound.into(), &path, Doing::Reading))?;
    restrict(&file)
        .and_then(|()| file.metadata())
        .map_err(|error| io_reason(&error, &path, Doing::Writing))
        // Some file systems take the call and change nothing.
        .and_then(|metadata| refuse_exposed(&metadata, &path))
}

/// Renames the file to the first free `identity.damaged-N.pem`, for a person's click; returns where it is now. The next
/// start makes a new key, and this device is a stranger to everybody.
pub fn set_aside(profile: &Profile) -> Result<PathBuf, Reason> {
    let aside = || {
        let _turn = profile.lock_shared_files()?;
        keep_aside(&profile.identity_path())
    };
    aside().map_err(|error: StorageError| error.reason())
}

/// Opens a plain file, no link, without waiting for a pipe's other end.
fn open(path: &Path) -> Result<Option<(File, Metadata)>, Reason> {
    let failed = |error: io::Error| io_reason(&error, path, Doing::Reading);
    // Looking first tells a link from other errors, and even opening a device can do something.
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
        Ok(metadata) => refuse_no_file(&metadata, path)?,
    }
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOFOLLOW;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits().cast_signed());
    }
    let file = match options.open(path) {
        // Set aside by another process just now.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(failed)?,
    };
    let metadata = file.metadata().map_err(failed)?;
    refuse_no_file(&metadata, path)?;
    Ok(Some((file, metadata)))
}

fn refuse_no_file(metadata: &Metadata, path: &Path) -> Result<(), Reason> {
    if metadata.is_file() { Ok(()) } else { Err(damaged("not a regular file", path)) }
}

fn damaged(what: &str, path: &Path) -> Reason {
    reason_at(ReasonCode::KeyDamaged, what, path)
}

#[cfg(unix)]
fn refuse_exposed(metadata: &Metadata, path: &Path) -> Result<(), Reason> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777;
    if mode & OTHERS == 0 {
        return Ok(());
    }
    Err(reason_at(ReasonCode::KeyExposed, &format!("others may use it, mode {mode:04o} instead of 0600"), path))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as on Unix")]
fn refuse_exposed(_metadata: &Metadata, _path: &Path) -> Result<(), Reason> {
    Ok(())
}

#[cfg(unix)]
fn restrict(file: &File) -> io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as on Unix")]
fn restrict(_file: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile() -> (tempfile::TempDir, Profile) {
        let folder = tempfile::tempdir().unwrap();
        let profile = Profile::open(Some(folder.path().to_owned())).unwrap();
        (folder, profile)
    }

    fn code_of<T: std::fmt::Debug>(result: Result<T, Reason>) -> ReasonCode {
        result.unwrap_err().code
    }

    #[test]
    fn the_first_text_stays_in_force() {
        let (_folder, profile) = profile();
        assert_eq!(load(&profile), Ok(None));
        assert_eq!(create(&profile, "first"), Ok("first".to_owned()));
        assert_eq!(create(&profile, "second"), Ok("first".to_owned()));
        assert_eq!(load(&profile), Ok(Some("first".to_owned())));
    }

    #[test]
    fn all_who_start_at_the_same_moment_agree() {
        let (_folder, profile) = profile();
        let barrier = std::sync::Barrier::new(8);
        let texts: Vec<String> = std::thread::scope(|scope| {
            let start = |n: u32| {
                let (profile, barrier) = (&profile, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    create(profile, &format!("text {n}")).unwrap()
                })
            };
            let running: Vec<_> = (0..8).map(start).collect();
            running.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
        assert_eq!(load(&profile).unwrap().as_ref(), texts.first());
    }

    #[test]
    fn what_is_no_key_file_is_damaged_and_stays() {
        let (_folder, profile) = profile();
        let path = profile.identity_path();
        for bytes in [vec![b'a'; 64 * 1024 + 1], vec![0xFF, 0xFE]] {
            write_new(&path, &bytes).unwrap();
            assert_eq!(code_of(load(&profile)), ReasonCode::KeyDamaged);
            assert_eq!(code_of(create(&profile, "new")), ReasonCode::KeyDamaged);
            assert_eq!(std::fs::read(&path).unwrap(), bytes);
            std::fs::remove_file(&path).unwrap();
        }
        std::fs::create_dir(&path).unwrap();
        assert_eq!(code_of(load(&profile)), ReasonCode::KeyDamaged);
        assert_eq!(code_of(make_private(&profile)), ReasonCode::KeyDamaged);
    }

    #[test]
    fn a_set_aside_file_is_kept_and_its_place_is_free() {
        let (folder, profile) = profile();
        for n in 1..3 {
            create(&profile, &format!("text {n}")).unwrap();
            let aside = set_aside(&profile).unwrap();
            assert_eq!(aside, folder.path().join(format!("identity.damaged-{n}.pem")));
            assert_eq!(std::fs::read_to_string(aside).unwrap(), format!("text {n}"));
            assert_eq!(load(&profile), Ok(None));
        }
        assert!(set_aside(&profile).is_err());
    }

    #[cfg(unix)]
    mod on_unix {
        use std::os::unix::fs::{PermissionsExt, symlink};

        use super::*;

        fn mode(path: &Path) -> u32 {
            std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
        }

        #[test]
        fn the_file_is_for_its_owner_alone() {
            let (_folder, profile) = profile();
            create(&profile, "text").unwrap();
            assert_eq!(mode(&profile.identity_path()), 0o600);
        }

        #[test]
        fn a_key_that_others_may_use_is_refused_until_a_person_makes_it_private() {
            let (_folder, profile) = profile();
            let path = profile.identity_path();
            create(&profile, "text").unwrap();
            for exposed in [0o640, 0o620, 0o610, 0o604, 0o602, 0o601, 0o666] {
                std::fs::set_permissions(&path, PermissionsExt::from_mode(exposed)).unwrap();
                let reason = load(&profile).unwrap_err();
                assert_eq!(reason.code, ReasonCode::KeyExposed);
                let detail = reason.detail.unwrap();
                assert!(detail.contains(&format!("{exposed:04o}")) && detail.contains("identity.pem"), "{detail}");
                assert_eq!(code_of(create(&profile, "new")), ReasonCode::KeyExposed);
                assert_eq!((mode(&path), std::fs::read_to_string(&path).unwrap()), (exposed, "text".to_owned()));
            }
            make_private(&profile).unwrap();
            assert_eq!((mode(&path), load(&profile)), (0o600, Ok(Some("text".to_owned()))));
        }

        #[test]
        fn a_link_is_not_followed_and_a_pipe_is_not_waited_for() {
            let (folder, profile) = profile();
            let path = profile.identity_path();
            let target = folder.path().join("target");
            std::fs::write(&target, "text").unwrap();
            std::fs::set_permissions(&target, PermissionsExt::from_mode(0o644)).unwrap();
            symlink(&target, &path).unwrap();
            assert_eq!(code_of(load(&profile)), ReasonCode::KeyDamaged);
            assert_eq!(code_of(make_private(&profile)), ReasonCode::KeyDamaged);
            assert_eq!(mode(&target), 0o644);
            assert!(set_aside(&profile).unwrap().is_symlink());
            assert!(target.is_file());

            rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
            assert_eq!(code_of(load(&profile)), ReasonCode::KeyDamaged);
        }

        #[test]
        fn a_link_to_nowhere_is_not_no_key() {
            let (folder, profile) = profile();
            symlink(folder.path().join("missing"), profile.identity_path()).unwrap();
            assert_eq!(code_of(load(&profile)), ReasonCode::KeyDamaged);
        }
    }
}
