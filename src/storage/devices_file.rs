//! `devices.json` of a profile: the device book. What it means lives in `model/book.rs`.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::model::{
    book::{Book, KnownDevice},
    device::PeerAddr,
};

use super::{
    error::StorageError,
    kept_aside::{keep_aside, kept_aside},
    no_replace::write_whole,
    profile::Profile,
};

/// A longer file was not written by this program: a book of some thousand devices is shorter.
const MAX_BYTES: u64 = 4 << 20;

/// The book in force after reading the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    pub book: Book,
    /// The file could not be read or understood, and this is where it is now; the book is empty. Rules that were in it,
    /// *block* among them, are not in force, so a person has to be told.
    pub damaged: Option<PathBuf>,
}

/// Reads the book. A missing file is an empty one; one that cannot be understood is kept aside.
///
/// A book is only ever replaced as a whole, so a sound one is read without waiting for a turn: a process that hangs while it
/// holds the lock must not keep everybody waiting who calls.
pub fn load(profile: &Profile) -> Loaded {
    if let Ok(book) = read(&profile.devices_path()) {
        return Loaded { book, damaged: None };
    }
    match Turn::take(profile) {
        Ok(turn) => turn.load(),
        // A profile that cannot be written to can still be read; nothing is kept aside there.
        Err(_no_turn) => {
            let path = profile.devices_path();
            match read(&path) {
                Ok(book) => Loaded { book, damaged: None },
                Err(_) => Loaded { book: Book::default(), damaged: Some(path) },
            }
        }
    }
}

/// Where a damaged book was put, as long as no other has been written in its place. Who was in it is not known since
/// then, and a name that stood in it must not be taken for something else.
pub fn missing_since_damaged(profile: &Profile) -> Option<PathBuf> {
    let path = profile.devices_path();
    let is_missing = path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    if is_missing { kept_aside(&path) } else { None }
}

/// Changes the book: read, edit and write are one step, as several processes may share a profile.
///
/// # Errors
/// As `Turn::change`.
pub fn change(profile: &Profile, edit: impl FnOnce(&mut Book)) -> Result<Book, StorageError> {
    Turn::take(profile)?.change(edit)
}

/// Nobody else reads or changes the book until this is dropped. Who tells others of a change tells it before that, so
/// that they hear of changes in the order in which they were made.
#[derive(Debug)]
pub struct Turn {
    path: PathBuf,
    _lock: File,
}

impl Turn {
    /// Waits for the turn of this process. A second one taken by the same thread would wait for ever.
    pub fn take(profile: &Profile) -> Result<Self, StorageError> {
        Ok(Self { path: profile.devices_path(), _lock: profile.lock_shared_files()? })
    }

    /// As the function of this name.
    pub fn load(&self) -> Loaded {
        match read(&self.path) {
            Ok(book) => Loaded { book, damaged: None },
            Err(unread) => {
                let kept_at = match unread {
                    // Where even renaming fails, the file stays where it is; `change` will not write over it.
                    Unread::Damaged => keep_aside(&self.path).unwrap_or_else(|_| self.path.clone()),
                    Unread::Io(_) => self.path.clone(),
                };
                Loaded { book: Book::default(), damaged: Some(kept_at) }
            }
        }
    }

    /// As the function of this name.
    ///
    /// # Errors
    /// `Damaged`: the file was damaged meanwhile and is kept aside; nothing is changed and the book is empty now. Other
    /// errors leave the file as it is.
    pub fn change(&self, edit: impl FnOnce(&mut Book)) -> Result<Book, StorageError> {
        let path = &self.path;
        let mut book = match read(path) {
            Ok(book) => book,
            Err(Unread::Io(error)) => return Err(StorageError::at(path)(error)),
            Err(Unread::Damaged) => return Err(StorageError::Damaged { kept_at: keep_aside(path)? }),
        };
        edit(&mut book);
        let json = serde_json::to_vec_pretty(&book).map_err(|error| invalid(path, error))?;
        if json.len() as u64 > MAX_BYTES {
            return Err(invalid(path, "more devices than this file can hold"));
        }
        write_whole(path, &json, true).map_err(StorageError::at(path))?;
        Ok(book)
    }
}

fn invalid(path: &Path, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StorageError {
    StorageError::at(path)(io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Why there is no book.
enum Unread {
    Damaged,
    Io(io::Error),
}

fn read(path: &Path) -> Result<Book, Unread> {
    let mut bytes = Vec::new();
    match File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes)) {
        Ok(_) if bytes.len() as u64 > MAX_BYTES => Err(Unread::Damaged),
        Ok(_) => parse(&bytes).ok_or(Unread::Damaged),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Book::default()),
        Err(error) => Err(Unread::Io(error)),
    }
}

fn parse(bytes: &[u8]) -> Option<Book> {
    if bytes.trim_ascii_start().starts_with(b"[") {
        let old: Vec<OldDevice> = serde_json::from_slice(bytes).ok()?;
        return Some(Book { devices: old.into_iter().map(OldDevice::renewed).collect(), different: Vec::new() });
    }
    serde_json::from_slice(bytes).ok()
}

/// An entry of the list that stood here before devices could be verified: one address each.
#[derive(Deserialize)]
struct OldDevice {
    address: PeerAddr,
    name: String,
    #[serde(default)]
    classic: bool,
    #[serde(default)]
    last_used: u64,
}

impl OldDevice {
    fn renewed(self) -> KnownDevice {
        KnownDevice::at(self.address, self.name, self.classic, self.last_used)
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{book::Rule, device_key::DeviceKey};

    use super::*;

    const ANNA: DeviceKey = DeviceKey([7; 32]);

    fn profile() -> (tempfile::TempDir, Profile) {
        let folder = tempfile::tempdir().unwrap();
        let profile = Profile::open(Some(folder.path().to_owned())).unwrap();
        (folder, profile)
    }

    fn addr(host: &str) -> PeerAddr {
        host.parse().unwrap()
    }

    fn sound(book: Book) -> Loaded {
        Loaded { book, damaged: None }
    }

    #[test]
    fn what_is_changed_is_there_at_the_next_start() {
        let (_folder, profile) = profile();
        assert_eq!(load(&profile), sound(Book::default()));
        for rule in [Rule::Ask, Rule::Block, Rule::Accept("/in/文件".into())] {
            let book = change(&profile, |book| {
                book.verify(ANNA, "Anna", Some(addr("[fe80::1%eth0]:7")), 1);
                assert!(book.set_rule(ANNA, rule));
                book.met(None, "old", Some(addr("old")), true, 2);
                book.allow_different(DeviceKey([8; 32]));
            });
            assert_eq!(load(&profile), sound(book.unwrap()));
        }
        let book = load(&profile).book;
        assert_eq!((book.devices.len(), book.different.len()), (2, 1));
        assert_eq!(book.device(ANNA).unwrap().trusted.as_ref().unwrap().rule, Rule::Accept("/in/文件".into()));
    }

    #[test]
    fn the_list_of_older_versions_is_still_read() {
        let (_folder, profile) = profile();
        let old = r#" [{"address":"10.0.0.7:9000","name":"Anna","classic":true,"last_used":5},{"address":"b:9527","name":"b"}]"#;
        std::fs::write(profile.devices_path(), old).unwrap();
        let devices = vec![
            KnownDevice::at(addr("10.0.0.7:9000"), "Anna".to_owned(), true, 5),
            KnownDevice::at(addr("b"), "b".to_owned(), false, 0),
        ];
        let book = Book { devices, different: Vec::new() };
        assert_eq!(load(&profile), sound(book.clone()));
        assert_eq!(change(&profile, |_| ()).unwrap(), book);
        assert_eq!(load(&profile), sound(book), "written in the new form");
    }

    #[test]
    fn who_only_reads_does_not_wait_for_who_changes() {
        let (_folder, profile) = profile();
        let there = change(&profile, |book| book.verify(ANNA, "Anna", None, 1)).unwrap();
        let _turn = Turn::take(&profile).unwrap();
        let (said, heard) = crossbeam_channel::bounded(1);
        let reader = profile.clone();
        let reading = move || said.send(load(&reader));
        std::thread::Builder::new().spawn(reading).unwrap();
        assert_eq!(heard.recv_timeout(std::time::Duration::from_secs(10)), Ok(sound(there)));
    }

    #[cfg(unix)]
    #[test]
    fn the_book_is_for_this_user_alone() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, profile) = profile();
        std::fs::write(profile.devices_path(), "[]").unwrap();
        std::fs::set_permissions(profile.devices_path(), PermissionsExt::from_mode(0o644)).unwrap();
        change(&profile, |_| ()).unwrap();
        assert_eq!(std::fs::metadata(profile.devices_path()).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn writers_at_the_same_time_lose_nothing() {
        let (_folder, profile) = profile();
        std::thread::scope(|scope| {
            for n in 0..8 {
                let profile = &profile;
                scope.spawn(move || {
                    for m in 0..5 {
                        let host = addr(&format!("host{n}-{m}"));
                        change(profile, |book| book.met(None, "", Some(host), false, 0)).unwrap();
                    }
                });
            }
        });
        assert_eq!(load(&profile).book.devices.len(), 40);
    }

    /// Files that must not pass for an empty book: that would take back every *block*.
    fn damaged_files() -> Vec<String> {
        let key = ANNA.to_string();
        let trusted = |trusted: &str| format!(r#"{{"devices":[{{"name":"a","trusted":{trusted}}}]}}"#);
        vec![
            String::new(),
            "{".to_owned(),
            "[{]".to_owned(),
            "{}".to_owned(),
            "null".to_owned(),
            r#"{"device":[]}"#.to_owned(),
            r#"{"devices":[]} {}"#.to_owned(),
            r#"[{"name":"no address"}]"#.to_owned(),
            trusted(r#"{"key":"12"}"#),
            trusted(&format!(r#"{{"key":"{key}","rule":"blocked"}}"#)),
            trusted(&format!(r#"{{"key":"{key}","rule":{{"accept":7}}}}"#)),
            format!("{}[]", " ".repeat(4 << 20)),
        ]
    }

    #[test]
    fn a_damaged_book_is_kept_aside_and_reported() {
        let (_folder, profile) = profile();
        for (n, text) in damaged_files().iter().enumerate() {
            std::fs::write(profile.devices_path(), text).unwrap();
            let kept_at = profile.root().join(format!("devices.damaged-{}.json", n + 1));
            assert_eq!(load(&profile), Loaded { book: Book::default(), damaged: Some(kept_at.clone()) });
            assert_eq!(std::fs::read_to_string(kept_at).unwrap(), *text);
            assert_eq!(load(&profile), sound(Book::default()));
        }
    }

    #[test]
    fn a_damaged_book_is_missed_until_another_is_written() {
        let (_folder, profile) = profile();
        assert_eq!(missing_since_damaged(&profile), None);
        for n in [1, 2, 10] {
            std::fs::write(profile.root().join(format!("devices.damaged-{n}.json")), "{").unwrap();
        }
        for other in ["devices.damaged-x.json", "settings.damaged-11.json", "devices.damaged-12.json.old"] {
            std::fs::write(profile.root().join(other), "{").unwrap();
        }
        assert_eq!(missing_since_damaged(&profile), Some(profile.root().join("devices.damaged-10.json")));
        change(&profile, |_| ()).unwrap();
        assert_eq!(missing_since_damaged(&profile), None);
    }

    #[test]
    fn a_book_damaged_meanwhile_is_never_written_over() {
        let (_folder, profile) = profile();
        for (n, text) in damaged_files().iter().enumerate() {
            std::fs::write(profile.devices_path(), text).unwrap();
            let wanted = profile.root().join(format!("devices.damaged-{}.json", n + 1));
            match change(&profile, |_| panic!("there is no book to change")) {
                Err(StorageError::Damaged { kept_at }) => assert_eq!(kept_at, wanted),
                other => panic!("{other:?} for {text:.99}"),
            }
            assert_eq!(std::fs::read_to_string(wanted).unwrap(), *text);
            assert_eq!(change(&profile, |_| ()).unwrap(), Book::default(), "the next change works");
        }
    }

    #[test]
    fn a_book_that_cannot_be_read_is_reported_and_stays() {
        let (_folder, profile) = profile();
        std::fs::create_dir(profile.devices_path()).unwrap();
        assert_eq!(load(&profile).damaged, Some(profile.devices_path()));
        assert!(change(&profile, |_| ()).is_err());
        assert!(profile.devices_path().is_dir());
    }

    #[test]
    fn a_book_too_long_to_be_read_again_is_not_written() {
        let (_folder, profile) = profile();
        change(&profile, |book| book.verify(ANNA, "Anna", None, 1)).unwrap();
        let endless = Rule::Accept("x".repeat(4 << 20).into());
        assert!(change(&profile, |book| assert!(book.set_rule(ANNA, endless))).is_err());
        assert!(load(&profile).book.device(ANNA).is_some());
    }
}
