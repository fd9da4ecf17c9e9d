//! The ends of a landing: for now, for good, and in between.

use std::sync::atomic::Ordering;

use crate::{
    model::{manifest::EntryKind, reason::Reason, transfer::TransferId},
    storage::{
        agreement,
        disk::Disk,
        journal::{self, Line},
        leftovers::{Record, remove_record},
        part_file::time_of,
        profile::Profile,
    },
};

use super::{Landing, Names, Paper, top_folders};

impl Landing {
    /// A person here said *Pause* or *Resume*.
    ///
    /// # Errors
    /// The profile cannot be written.
    pub fn note_paused(&self, paused: bool) -> Result<(), Reason> {
        self.journal(&[Line::Paused(paused)], true)
    }

    /// The other side has every receipt, and may forget the transfer as soon as it is told that this one knows; so much failed. To be
    /// called before it is told: whatever happens then, the transfer has ended that way.
    ///
    /// # Errors
    /// The profile cannot be written.
    pub fn note_ended(&self, failed: u64) -> Result<(), Reason> {
        self.journal(&[Line::Ended { failed }], true)
    }

    /// The lane is over and goes on another time: nothing is removed.
    pub fn suspend(&self) {
        // What is not flushed now is found out again.
        self.journal(&[], true).ok();
    }

    /// The end in order: no part file is left, folders get their times, what stands in the profile goes. To be called when
    /// no lane has a part file any more.
    pub fn finish(&self) {
        self.set_folder_times();
        if self.remove_parts() {
            self.forget();
        }
    }

    /// As `finish`, but what was agreed and the journal stay until the history has it: the end itself is not to be lost with a
    /// crash. Then they go (`kept::forget_incoming`), or are for a retry (`kept::note_over`).
    pub fn close(&self) {
        if !self.is_kept() {
            return self.finish();
        }
        self.set_folder_times();
        if self.remove_parts() {
            remove_record(&self.shared.profile, self.id());
        } else {
            // The next start sweeps them.
            self.record().save(&self.shared.profile, self.id()).ok();
        }
    }

    /// The end without anything more: parts and folders that hold nothing go too. A folder that was there before the
    /// transfer stays, and all that is in it.
    pub fn discard(&self) {
        let removed = self.remove_parts();
        self.remove_empty_folders();
        self.set_folder_times();
        if removed {
            self.forget();
        }
    }

    /// False when some may be left; then the next start tries again.
    fn remove_parts(&self) -> bool {
        if self.shared.parts.load(Ordering::Relaxed) == 0 {
            return true;
        }
        self.record().remove_parts(self.id()).is_ok()
    }

    /// Where parts may be.
    fn record(&self) -> Record {
        match &self.shared.paper {
            Paper::Record(record) => record.clone(),
            Paper::Agreement(_) => Record::new(self.folder(), top_folders(self.map(), &self.shared.tops)),
        }
    }

    fn forget(&self) {
        if self.is_kept() {
            forget(self.handles.disk(), &self.shared.profile, self.id());
        }
        remove_record(&self.shared.profile, self.id());
    }

    /// Removes the folders of this transfer that hold nothing, but for those below one that was there before.
    fn remove_empty_folders(&self) {
        self.handles.close_all();
        if !self.has_folders() {
            return;
        }
        let (Names { map, found }, tops) = (self.names(), &self.shared.tops);
        let is_ours = |top| tops.contains(&top) && !found.contains(&top);
        for node in map.folders().rev().filter(|node| is_ours(map.top_of(*node))) {
            if let Ok(parent) = self.find_dir(map.parent(node)) {
                // Not empty, or not there.
                parent.remove_folder(map.name(node)).ok();
            }
        }
    }

    /// Whether its top-level folders have been made; else what has their names is somebody else's.
    fn has_folders(&self) -> bool {
        match &self.shared.paper {
            Paper::Agreement(agreed) => agreed.get().is_some_and(Result::is_ok),
            Paper::Record(_) => true,
        }
    }

    fn set_folder_times(&self) {
        if !self.has_folders() {
            return;
        }
        let map = self.map();
        self.each_selected(
            |kind| matches!(kind, EntryKind::Folder),
            |index| {
                let (entry, node) = self.selected(index).ok()?;
                let time = time_of(entry.mtime?)?;
                let parent = self.find_dir(map.parent(node)).ok()?;
                // A courtesy that some file systems do not offer.
                parent.set_folder_time(map.name(node), time).ok()
            },
        );
    }
}

/// Removes what stands in the profile about `id`. The agreement goes first: a journal alone means nothing, an agreement alone
/// would mean that nothing has come yet.
pub(in crate::storage) fn forget(disk: &Disk, profile: &Profile, id: TransferId) {
    let running = disk.folder(&profile.running_folder());
    let Ok(running) = running else { return };
    // What cannot be removed shows up at the next start, where a person can discard it.
    running.remove(&agreement::file_name(id)).and_then(|()| running.flush()).ok();
    if running.look(&agreement::file_name(id)).is_err() {
        running.remove(&journal::file_name(id)).ok();
    }
}
