//! A receive folder with a profile beside it, and entries to land there: what the tests of the disk begin with.

use std::{fs, path::PathBuf};

use sealdrop::{
    model::{
        manifest::{Entry, EntryKind},
        transfer::TransferId,
    },
    storage::{landing::Landing, part_file::PartFile, profile::Profile},
};
use tempfile::TempDir;

pub(crate) const ID: TransferId = TransferId([7; 16]);

/// A receive folder, a profile, and a folder that nothing may be written to.
pub(crate) struct Desk {
    pub(crate) temp: TempDir,
    pub(crate) profile: Profile,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        for name in ["inbox", "outside"] {
            fs::create_dir(temp.path().join(name)).unwrap();
        }
        let profile = Profile::open(Some(temp.path().join("profile"))).unwrap();
        Self { temp, profile }
    }

    pub(crate) fn inbox(&self) -> PathBuf {
        self.temp.path().join("inbox")
    }

    pub(crate) fn outside(&self) -> PathBuf {
        self.temp.path().join("outside")
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.inbox().join(name)
    }

    /// All that is in the receive folder, folders with a `/` at the end.
    pub(crate) fn landed(&self) -> Vec<String> {
        let inbox = self.inbox();
        let all = walkdir::WalkDir::new(&inbox).min_depth(1).sort_by_file_name();
        let name = |found: walkdir::DirEntry| {
            let name = found.path().strip_prefix(&inbox).unwrap().to_str().unwrap().to_owned();
            if found.file_type().is_dir() { name + "/" } else { name }
        };
        all.into_iter().map(|found| name(found.unwrap())).collect()
    }
}

pub(crate) fn entry(path: &str, kind: EntryKind) -> Entry {
    Entry { path: path.split('/').map(str::to_owned).collect(), kind, mtime: None, exec: false }
}

pub(crate) fn file(path: &str, size: u64) -> Entry {
    entry(path, EntryKind::File { size })
}

pub(crate) fn folder(path: &str) -> Entry {
    entry(path, EntryKind::Folder)
}

pub(crate) fn link(path: &str, target: &str) -> Entry {
    entry(path, EntryKind::Link { target: target.to_owned() })
}

/// A part of this file that has these bytes.
pub(crate) fn part(landing: &Landing, index: u32, bytes: &[u8]) -> PartFile {
    let mut part = landing.create_part(index).unwrap();
    part.write_all(bytes).unwrap();
    assert_eq!(part.written(), bytes.len() as u64);
    part
}
