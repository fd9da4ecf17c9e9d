//! Folders and links of a landing: made here, nothing of them moves.

use std::{io, path::PathBuf};

use crate::{
    model::{
        conflict::Conflict,
        manifest::EntryKind,
        reason::{Reason, ReasonCode},
    },
    storage::{
        disk::Folder,
        error::{Doing, io_reason, reason_at},
        folder_handles::first_free,
        journal::Line,
        leftovers::part_name,
        path_map::NodeId,
        receive_folder::outside_reason,
        volume::Volume,
    },
};

use super::{Landing, Named, is_marked, mark};

/// How one entry ended: where it stands, or why it does not.
pub(super) type Made = (u32, Result<PathBuf, Reason>);

impl Landing {
    /// Makes all selected folders that are not there, and puts their names on the disk for good; returns how each ended.
    pub fn make_folders(&self) -> Vec<Made> {
        self.end(self.name_folders())
    }

    /// As `make_folders`, but their names need not be on the disk for good yet: that comes with the first batch of files, or with
    /// `end`.
    pub fn name_folders(&self) -> Named {
        Named::folders(self.each_selected(|kind| matches!(kind, EntryKind::Folder), |index| self.make_folder(index)))
    }

    /// Makes one selected folder, unless it stands already.
    ///
    /// # Errors
    /// Not selected, or the disk's reason.
    pub fn make_folder(&self, index: u32) -> Result<PathBuf, Reason> {
        let (_entry, node) = self.selected(index)?;
        self.make_dir(node)?;
        Ok(self.path_of(node))
    }

    /// Makes all selected links; to be called after all files. Returns how each ended. One that
    /// stands there and says the same is left as it is; with *skip*, one that says something else is `AlreadyThere`.
    pub fn make_links(&self) -> Vec<Made> {
        let made = self.each_selected(|kind| matches!(kind, EntryKind::Link { .. }), |index| self.make_link(index));
        self.note_made(made, None)
    }

    /// Makes one selected link, if it stays inside the transfer; to be called after all files.
    ///
    /// # Errors
    /// As `make_links` says, or the disk's reason.
    pub fn make_link(&self, index: u32) -> Result<PathBuf, Reason> {
        let (entry, node) = self.selected(index)?;
        let map = self.map();
        let target = map.link(index).ok_or_else(|| outside_reason(&entry.shown_path()))?;
        let parent = map.parent(node);
        let folder = self.make_dir(parent)?;
        let failed = |error: io::Error| io_reason(&error, &self.path_of(node), Doing::Writing);
        let name = map.name(node);
        let there = folder.look(name).ok();
        let is_link = there.as_ref().is_some_and(cap_std::fs::Metadata::is_symlink);
        if is_link && says(&folder, name, target) {
            return Ok(self.path_of(node));
        }
        match self.shared.terms.conflict {
            Conflict::Skip if there.is_some() => {
                return Err(reason_at(ReasonCode::AlreadyThere, "something is there", &self.path_of(node)));
            }
            Conflict::Replace if is_link => {
                self.replace_link(&folder, target, index, name).map_err(failed)?;
                return Ok(self.path_of(node));
            }
            _ => {}
        }
        let made = self.link_beside(&folder, parent, target, name).map_err(failed)?;
        Ok(self.path_of(parent).join(made))
    }

    fn replace_link(&self, folder: &Folder, target: &str, index: u32, name: &str) -> io::Result<()> {
        let beside = part_name(self.id(), index);
        if folder.look(&beside).is_ok() {
            folder.remove(&beside)?;
        }
        folder.link(target, &beside)?;
        folder.rename_over(&beside, name)
    }

    /// Under its own name or with a number, where no other entry is to stand.
    fn link_beside(&self, folder: &Folder, parent: NodeId, target: &str, own: &str) -> io::Result<String> {
        first_free(own, |name| {
            if name != own && self.used.get_or_init(|| self.map().used_names()).holds(parent, name) {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            // Made over an earlier connection.
            if says(folder, name, target) { Ok(()) } else { folder.link(target, name) }
        })
    }

    /// Flushes the names of what was made and journals what was not journaled before. `volume`: it has been flushed since.
    pub(super) fn note_made(&self, mut made: Vec<Made>, volume: Option<&Volume>) -> Vec<Made> {
        if made.is_empty() {
            return made;
        }
        let map = self.map();
        let is_new = |made: &&mut Made| made.1.is_ok() && !is_marked(&self.shared.marks.done, made.0);
        let parent = |index: u32| map.node_of(index).map(|node| map.parent(node));
        let new: Vec<_> = made.iter_mut().filter(is_new).collect();
        let failed = self.flush_names(new.iter().filter_map(|(index, _)| parent(*index)), volume);
        let mut lines = Vec::new();
        for (index, result) in new {
            if let Some(reason) = parent(*index).and_then(|parent| failed.get(&parent)) {
                *result = Err(reason.clone());
            } else if let Some(line) = self.made_line(*index, result) {
                lines.push(line);
            }
        }
        // Lost, it is looked for again, and found.
        if !lines.is_empty() && self.journal(&lines, false).is_ok() {
            for line in lines {
                if let Line::Done { index, .. } = line {
                    mark(&self.shared.marks.done, index, true);
                }
            }
        }
        made
    }

    fn made_line(&self, index: u32, result: &Result<PathBuf, Reason>) -> Option<Line> {
        let place = result.as_ref().ok()?;
        let name = place.file_name()?.to_str()?;
        let is_own = self.map().node_of(index).is_some_and(|node| self.map().name(node) == name);
        Some(Line::Done { index, name: (!is_own).then(|| name.to_owned()), md5: None, time: None })
    }

    pub(super) fn each_selected<T>(
        &self,
        wanted: impl Fn(&EntryKind) -> bool,
        make: impl Fn(u32) -> T,
    ) -> Vec<(u32, T)> {
        let terms = &self.shared.terms;
        let left = if self.has_ended() { 0 } else { terms.manifest.entries.len() };
        let entries = (0..).zip(&terms.manifest.entries).take(left);
        let wanted = entries.filter(|(index, entry)| wanted(&entry.kind) && terms.selection.holds(*index));
        wanted.map(|(index, _entry)| (index, make(index))).collect()
    }
}

fn says(folder: &Folder, name: &str, target: &str) -> bool {
    folder.target(name).is_ok_and(|said| said.to_str() == Some(target))
}
