//! Part files of a landing, and what stands under the real names already.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
};

use crate::{
    model::{
        conflict::Conflict,
        reason::{Reason, ReasonCode},
        seal::Md5Digest,
    },
    storage::{
        error::{Doing, io_reason, reason_at},
        journal::Line,
        leftovers::part_name,
        part_file::{Flusher, PartFile, StoredBytes},
    },
};

use super::{Landing, is_marked, mark};

/// A regular file that stands under the name which an entry is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct There {
    pub place: PathBuf,
    pub size: u64,
}

impl Landing {
    /// Opens a new part file for a selected file, making the folders above it as needed. An own leftover is replaced.
    ///
    /// # Errors
    /// Not a selected file, or the disk's reason.
    pub fn create_part(&self, index: u32) -> Result<PartFile, Reason> {
        let (size, node) = self.selected_file(index)?;
        let folder = self.make_dir(self.map().parent(node))?;
        if is_marked(&self.shared.marks.noted, index) {
            // Other bytes come under the name of the part: nothing may pass them for what was flushed or verified before.
            self.journal(&[Line::Again { index }], true)?;
            mark(&self.shared.marks.noted, index, false);
        }
        let left = Arc::clone(&self.shared.parts);
        PartFile::create(folder, part_name(self.id(), index), (index, size), left)
    }

    /// Opens the part file of an earlier connection, cut to `offset` bytes.
    ///
    /// # Errors
    /// It is not there, or is shorter; or as for `create_part`.
    pub fn continue_part(&self, index: u32, offset: u64) -> Result<PartFile, Reason> {
        let (size, node) = self.selected_file(index)?;
        let flushed = self.shared.earlier.get(&index).copied().unwrap_or_default();
        if offset > flushed {
            return Err(super::internal("not on the disk so far", index));
        }
        if offset < flushed {
            // Other bytes may come in place of those.
            self.journal(&[Line::Again { index }, Line::Flushed { index, to: offset }], true)?;
        }
        let parent = self.map().parent(node);
        let folder = self.find_dir(parent).map_err(|error| self.write_reason(&error, parent))?;
        PartFile::go_on(folder, part_name(self.id(), index), (index, size), offset, Arc::clone(&self.shared.parts))
    }

    /// What is on the disk of a file that has not arrived whole, from its first byte. How much of it counts is in `Recovered`.
    ///
    /// # Errors
    /// It is not there, or cannot be read.
    pub fn part_prefix(&self, index: u32) -> Result<StoredBytes, Reason> {
        let (_size, node) = self.selected_file(index)?;
        let parent = self.map().parent(node);
        let folder = self.find_dir(parent).map_err(|error| self.write_reason(&error, parent))?;
        StoredBytes::open(&folder, &part_name(self.id(), index))
    }

    /// The regular file that stands under the real name of this one. Never for *keep both*, where it is nobody's business.
    pub fn there(&self, index: u32) -> Option<There> {
        if self.shared.terms.conflict == Conflict::KeepBoth {
            return None;
        }
        let (_size, node) = self.selected_file(index).ok()?;
        let folder = self.find_dir(self.map().parent(node)).ok()?;
        let name = self.map().name(node);
        let metadata = folder.look(name).ok().filter(cap_std::fs::Metadata::is_file)?;
        Some(There { place: folder.place().join(name), size: metadata.len() })
    }

    /// The bytes of what `there` found.
    ///
    /// # Errors
    /// It is gone, or cannot be read.
    pub fn there_bytes(&self, index: u32) -> Result<StoredBytes, Reason> {
        self.done_bytes(index, None)
    }

    /// What stands there was found to be the same: the file is done without having been sent.
    ///
    /// # Errors
    /// It is gone meanwhile, or has another size.
    pub fn already_done(&self, index: u32, md5: Md5Digest) -> Result<PathBuf, Reason> {
        let (size, node) = self.selected_file(index)?;
        let there = self.there(index).filter(|there| there.size == size);
        let changed = || reason_at(ReasonCode::Changed, "changed since it was checked", &self.path_of(node));
        let place = there.ok_or_else(changed)?.place;
        let time = self.there_bytes(index).ok().and_then(|bytes| bytes.time());
        // Lost with the power, it is checked again.
        self.journal(&[Line::Done { index, name: None, md5: Some(md5.to_string()), time }], false)?;
        mark(&self.shared.marks.noted, index, false);
        mark(&self.shared.marks.done, index, true);
        Ok(place)
    }

    /// Puts the first `offset` bytes of a part on the disk for good and notes it, while its lane may go on writing.
    ///
    /// # Errors
    /// The disk's reason. What was flushed before stays so.
    pub fn flush_at(&self, flusher: Flusher, offset: u64) -> Result<(), Reason> {
        if !self.is_kept() {
            return Ok(());
        }
        let Flusher { index, file, folder, flushed } = flusher;
        let (_size, node) = self.selected_file(index)?;
        file.flush().map_err(|error| io_reason(&error, folder.place(), Doing::Writing))?;
        if flushed.load(Ordering::Acquire) == 0 {
            // It is no use when a crash takes its name away, or that of a folder above it.
            folder.flush().map_err(|error| io_reason(&error, folder.place(), Doing::Writing))?;
            let failed = self.flush_folder_names([self.map().parent(node)], None);
            failed.into_values().next().map_or(Ok(()), Err)?;
        }
        mark(&self.shared.marks.noted, index, true);
        self.journal(&[Line::Flushed { index, to: offset }], true)?;
        flushed.fetch_max(offset, Ordering::AcqRel);
        Ok(())
    }

    /// The connection broke: puts what has come of a file on the disk for good and keeps it for the next one.
    ///
    /// # Errors
    /// The disk's reason; then only what was flushed before counts.
    pub fn suspend_part(&self, mut part: PartFile) -> Result<(), Reason> {
        if !self.is_kept() || part.settled() == 0 {
            return Ok(());
        }
        let offset = part.settled();
        let flushed = if part.flushed() == offset {
            Ok(())
        } else {
            part.flusher().and_then(|flusher| self.flush_at(flusher, offset))
        };
        if part.flushed() > 0 {
            part.keep();
        }
        flushed
    }
}
