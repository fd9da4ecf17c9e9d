//! The beginning of a landing: names are looked for at once; what was agreed is written down while the sender hears the answer, and
//! only then anything is made.

use std::{
    collections::{HashMap, HashSet},
    io,
    path::Path,
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
        folder_handles::FolderHandles,
        journal::{Desk, Journal, Line},
        leftovers::{Record, remove_record},
        path_map::{NodeId, PathMap},
        probe::probe_folding,
        profile::Profile,
        receive_folder::{check_folder, folder_reason},
        volume::Volume,
    },
};

use super::{
    Agreed, Keep, Landing, Marks, Paper, Shared,
    claim::{Claim, Names, Usable},
    may_pass, top_folders,
};

impl Landing {
    /// A new transfer: checks the folder, decides the names, notes in the profile what was agreed or at least where part files
    /// will be, and makes the top-level folders.
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

    /// As `prepare`, but leaves it to `agree` to write down what was agreed, which takes as long as the list is. Until then nothing
    /// is made in the receive folder: after a crash there is nothing to be found.
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
        let usable = usable_for(&terms);
        let is_taken = |name: &str| usable == Usable::Nothing && root.look(name).is_ok();
        let mut map = lay_out(&terms.manifest, folds, &is_taken)?;
        let tops = selected_tops(&terms, &map);
        let claim = Claim { root: &root, terms: &terms, tops: &tops, usable };
        let found = claim.look(&mut map, &HashSet::new()).map_err(failed)?;
        let mut first_names = Names { map, found };
        let paper = match keep {
            Keep::Agreement => Paper::Agreement(OnceLock::new()),
            Keep::Nothing => {
                let record = |map: &PathMap| Record::new(&folder, top_folders(map, &tops));
                let made = claim.make((&first_names.map, &first_names.found), |map, _found| {
                    record(map).save(profile, terms.id).map_err(|error| error.reason())
                });
                first_names = made.inspect_err(|_| remove_record(profile, terms.id))?.unwrap_or(first_names);
                Paper::Record(record(&first_names.map))
            }
        };
        terms.folder = folder;
        let marks = Marks::new(terms.manifest.entries.len(), first_names.map.len());
        let (parts, earlier) = (Arc::default(), HashMap::new());
        let profile = profile.clone();
        Ok(Self::over(
            root,
            Shared { profile, terms, first_names, tops, paper, parts, earlier, marks, has_ended: false },
        ))
    }

    pub(super) fn over(root: Folder, shared: Shared) -> Self {
        let volume = Volume::of(&root);
        let handles = FolderHandles::new(Arc::new(root));
        Self { shared: Arc::new(shared), handles, volume, used: std::cell::OnceCell::new() }
    }

    /// Returns when what was agreed is on the disk for good, and the top-level folders are there; whoever comes first does it.
    ///
    /// # Errors
    /// The profile cannot be written: nothing will come then, and nothing can be gone on with. Or the folders cannot be made.
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
            Paper::Agreement(agreed) => {
                let agreed = agreed.get_or_init(|| self.write_agreement());
                agreed.as_ref().map(|agreed| Some(&agreed.desk)).map_err(Reason::clone)
            }
            Paper::Record(_) => Ok(None),
        }
    }

    fn write_agreement(&self) -> Result<Agreed, Reason> {
        let Shared { profile, terms, first_names, tops, .. } = &*self.shared;
        let running = running_on(self.handles.disk(), profile).map_err(lasting)?;
        let failed = |error: io::Error| lasting(io_reason(&error, &profile.running_folder(), Doing::Writing));
        let journal = Journal::create(&running, terms.id, terms.manifest.entries.len()).map_err(failed)?;
        let claim = Claim { root: self.handles.root(), terms, tops, usable: usable_for(terms) };
        let place = profile.running_folder();
        settle_names(&claim, (&running, &place), Desk::new(journal), (&first_names.map, &first_names.found))
    }
}

/// The folder of the profile that all of this is written to.
pub(super) fn running_on(disk: &Disk, profile: &Profile) -> Result<Folder, Reason> {
    let place = profile.running_folder();
    disk.folder(&place).map_err(|error| io_reason(&error, &place, Doing::Writing))
}

/// Writes what was agreed, makes the top-level folders, and notes that they are there.
pub(super) fn settle_names(
    claim: &Claim<'_>,
    (running, place): (&Folder, &Path),
    desk: Desk,
    first: (&PathMap, &HashSet<NodeId>),
) -> Result<Agreed, Reason> {
    let failed = |error: io::Error| lasting(io_reason(&error, place, Doing::Writing));
    let names = claim
        .make(first, |map, found| agreement::save(running, claim.terms, &claim.layout(map, found)?).map_err(failed))?;
    let (map, found) = names.as_ref().map_or(first, |names| (&names.map, &names.found));
    if claim.makes_some(map, found) {
        // Before anything is put there: what stands there without this line is nobody's.
        desk.write(&[Line::Over(false)], true).map_err(failed).inspect_err(|_| claim.unmake(map, found))?;
    }
    Ok(Agreed { desk, names })
}

/// What was there before is this transfer's place only where it is to be merged.
fn usable_for(terms: &Terms) -> Usable {
    if terms.conflict == Conflict::KeepBoth { Usable::Nothing } else { Usable::Every }
}

/// As `usable_for`, when the folders may have been made before a crash.
pub(super) fn usable_again(terms: &Terms) -> Usable {
    if terms.conflict == Conflict::KeepBoth { Usable::Empty } else { Usable::Every }
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
pub(super) fn names_of_tops(terms: &Terms, map: &PathMap) -> Result<Vec<(u32, String)>, Reason> {
    let plain = lay_out(&terms.manifest, map.folds(), &|_| false)?;
    let changed = map.tops().filter(|top| map.name(*top) != plain.name(*top));
    Ok(changed.map(|top| (top.position(), map.name(top).to_owned())).collect())
}

pub(super) fn selected_tops(terms: &Terms, map: &PathMap) -> HashSet<NodeId> {
    let selected = (0..).take(terms.manifest.entries.len()).filter(|index| terms.selection.holds(*index));
    selected.filter_map(|index| map.node_of(index)).map(|node| map.top_of(node)).collect()
}
