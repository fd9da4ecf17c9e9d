//! The beginning of a landing: names and top-level folders are settled at once, what was agreed is written down while the
//! first bytes come.

use std::{
    collections::{HashMap, HashSet},
    io,
    sync::{Arc, OnceLock},
};

use crate::{
    model::{
        conflict::Conflict,
        file_name::NameRules,
        manifest::Manifest,
        reason::{Reason, ReasonCode},
    },
    storage::{
        agreement::{self, Layout, Terms},
        disk::{Disk, Folder},
        error::{Doing, io_reason},
        folder_handles::{FolderHandles, claim_tops},
        journal::{Desk, Journal, Line},
        leftovers::{Record, remove_record},
        path_map::{NodeId, PathMap},
        probe::probe_folding,
        profile::Profile,
        receive_folder::{check_folder, folder_reason},
        volume::Volume,
    },
};

use super::{Keep, Landing, Marks, Paper, Shared, may_pass, top_folders};

impl Landing {
    /// A new transfer: checks the folder, decides the names, claims the top-level folders, and notes in the profile what was
    /// agreed or at least where part files will be.
    ///
    /// # Errors
    /// The folder is missing or may not be written to, a path is refused, the profile cannot be written.
    pub fn prepare(profile: &Profile, terms: Terms, keep: Keep) -> Result<Self, Reason> {
        Self::prepare_on(&Disk::default(), profile, terms, keep)
    }

    /// As `prepare`, over a disk that may be recorded.
    ///
    /// # Errors
    /// As `prepare`.
    pub fn prepare_on(disk: &Disk, profile: &Profile, terms: Terms, keep: Keep) -> Result<Self, Reason> {
        let landing = Self::begin_on(disk, profile, terms, keep)?;
        match landing.agree() {
            Ok(()) => Ok(landing),
            Err(reason) => {
                landing.discard();
                Err(reason)
            }
        }
    }

    /// As `prepare`, but leaves it to `agree` to write down what was agreed, which takes as long as the list is. What came until
    /// then is swept after a crash.
    ///
    /// # Errors
    /// As `prepare`.
    pub fn begin(profile: &Profile, terms: Terms, keep: Keep) -> Result<Self, Reason> {
        Self::begin_on(&Disk::default(), profile, terms, keep)
    }

    /// As `begin`, over a disk that may be recorded.
    ///
    /// # Errors
    /// As `prepare`.
    pub fn begin_on(disk: &Disk, profile: &Profile, mut terms: Terms, keep: Keep) -> Result<Self, Reason> {
        check_folder(&terms.folder)?;
        let failed = |error: io::Error| folder_reason(&error, &terms.folder);
        let folder = std::path::absolute(&terms.folder).map_err(failed)?;
        let root = disk.folder(&folder).map_err(failed)?;
        let folds = probe_folding(root.dir(), terms.id).map_err(failed)?;
        let merge = terms.conflict != Conflict::KeepBoth;
        let mut map = lay_out(&terms.manifest, folds, &|name| !merge && root.look(name).is_ok())?;
        let tops = selected_tops(&terms, &map);
        let found = claim_tops(&root, &mut map, &tops, merge).map_err(failed)?;
        terms.folder = folder;
        let record = Record::new(&terms.folder, top_folders(&map, &tops));
        record.save(profile, terms.id).map_err(|error| error.reason())?;
        let paper = match keep {
            Keep::Agreement => Paper::Journal(OnceLock::new()),
            Keep::Nothing => Paper::Record(record),
        };
        let marks = Marks::new(terms.manifest.entries.len(), map.len());
        let (parts, earlier) = (Arc::default(), HashMap::new());
        let profile = profile.clone();
        Ok(Self::over(root, Shared { profile, terms, map, tops, found, paper, parts, earlier, marks }))
    }

    pub(super) fn over(root: Folder, shared: Shared) -> Self {
        let volume = Volume::of(&root);
        let handles = FolderHandles::new(Arc::new(root));
        Self { shared: Arc::new(shared), handles, volume, used: std::cell::OnceCell::new() }
    }

    /// Returns when what was agreed is on the disk for good; whoever comes first writes it.
    ///
    /// # Errors
    /// The profile cannot be written. Nothing will get its real name then, and nothing can be gone on with.
    pub fn agree(&self) -> Result<(), Reason> {
        self.desk().map(drop)
    }

    /// Adds lines to the journal, if there is one, behind the agreement. `flushed`: they must not be lost.
    pub(super) fn journal(&self, lines: &[Line], flushed: bool) -> Result<(), Reason> {
        let Some(desk) = self.desk()? else { return Ok(()) };
        let written = desk.write(lines, flushed);
        written.map_err(|error| io_reason(&error, &self.shared.profile.running_folder(), Doing::Writing))
    }

    /// Puts on the disk for good what was added to the journal; if that lies on `volume`, it has been flushed since.
    pub(super) fn flush_journal(&self, volume: Option<&Volume>) -> Result<(), Reason> {
        let Some(desk) = self.desk()? else { return Ok(()) };
        let flushed = desk.flush(volume);
        flushed.map_err(|error| io_reason(&error, &self.shared.profile.running_folder(), Doing::Writing))
    }

    fn desk(&self) -> Result<Option<&Desk>, Reason> {
        match &self.shared.paper {
            Paper::Journal(desk) => {
                desk.get_or_init(|| self.write_agreement()).as_ref().map(Some).map_err(Reason::clone)
            }
            Paper::Record(_) => Ok(None),
        }
    }

    fn write_agreement(&self) -> Result<Desk, Reason> {
        let Shared { profile, terms, map, found, .. } = &*self.shared;
        let place = profile.running_folder();
        let failed = |error: io::Error| lasting(io_reason(&error, &place, Doing::Writing));
        let names = if map.has_changed_top() { names_of_tops(terms, map)? } else { Vec::new() };
        let layout = Layout { folds: map.folds(), names, found: found.iter().map(|top| top.position()).collect() };
        let running = self.handles.disk().folder(&place).map_err(failed)?;
        let journal = Journal::create(&running, terms.id, terms.manifest.entries.len()).map_err(failed)?;
        agreement::save(&running, terms, &layout).map_err(failed)?;
        // From here on nothing is swept any more, also if this fails.
        remove_record(profile, terms.id);
        Ok(Desk::new(journal))
    }
}

/// Without an agreement there is nothing to go on with once the disk has room again.
fn lasting(reason: Reason) -> Reason {
    let code = if may_pass(&reason) { ReasonCode::Io } else { reason.code };
    Reason { code, ..reason }
}

fn lay_out(manifest: &Arc<Manifest>, folds: bool, is_taken: &dyn Fn(&str) -> bool) -> Result<PathMap, Reason> {
    PathMap::build(manifest, NameRules::here(), folds, is_taken).map_err(|(_index, bad)| bad.reason())
}

/// The names as they came out when the transfer began.
pub(super) fn lay_out_again(terms: &Terms, layout: &Layout) -> Result<PathMap, Reason> {
    let mut map = lay_out(&terms.manifest, layout.folds, &|_| false)?;
    for (position, name) in &layout.names {
        if let Some(top) = map.top_at(*position) {
            map.rename(top, name.clone());
        }
    }
    Ok(map)
}

/// Top-level names that are not as the manifest alone would have them.
fn names_of_tops(terms: &Terms, map: &PathMap) -> Result<Vec<(u32, String)>, Reason> {
    let plain = lay_out(&terms.manifest, map.folds(), &|_| false)?;
    let changed = map.tops().filter(|top| map.name(*top) != plain.name(*top));
    Ok(changed.map(|top| (top.position(), map.name(top).to_owned())).collect())
}

pub(super) fn selected_tops(terms: &Terms, map: &PathMap) -> HashSet<NodeId> {
    let selected = (0..).take(terms.manifest.entries.len()).filter(|index| terms.selection.holds(*index));
    selected.filter_map(|index| map.node_of(index)).map(|node| map.top_of(node)).collect()
}
