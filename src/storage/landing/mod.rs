//! One transfer's place on this disk: what was agreed, part files, publishing, folders and links. All of it goes through
//! handles of folders, so that nothing leads outside.
//!
//! The disk is the only truth. Whenever a connection ends, everything is put there, and the next one, in this process or
//! after a restart, begins with `reopen`. In the profile stand the agreement (`storage::agreement`) and the journal
//! (`storage::journal`); the order for a file is: flush the part, journal its commit, rename, flush the folder, journal that it
//! is done, release the receipt.
//!
//! # Names that are taken
//!
//! - *Keep both*: a taken top-level name gets a number, a whole folder as one; the new folder is this transfer's alone.
//! - *Replace*, *skip*, *skip identical*: a top-level folder that is there is used, unless something of another kind stands
//!   there; then a number, as above. A file that is to have the name of one that is there is renamed over it when it has been
//!   verified and flushed (*replace*; never over a folder), was not sent at all (*skip*, by `there`), or gets a number beside
//!   it (*skip identical*, when it is not). A link is replaced by a link only.
//! - A number never leads to a name that another entry of the transfer is to have.

mod commit;
mod end;
mod make;
mod parts;
mod recover;

use std::{
    cell::OnceCell,
    collections::{HashMap, HashSet},
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use crate::model::{
    conflict::Conflict,
    file_name::NameRules,
    manifest::{Entry, EntryKind, Manifest},
    reason::{Reason, ReasonCode},
    transfer::TransferId,
};

use super::{
    agreement::{self, Layout},
    disk::{Disk, Folder},
    error::{Doing, io_reason},
    folder_handles::{FolderHandles, Missing, claim_tops},
    journal::{Desk, Journal, Line},
    leftovers::Record,
    path_map::{NodeId, PathMap, ROOT, UsedNames},
    probe::probe_folding,
    profile::Profile,
    receive_folder::{check_folder, folder_reason},
};

pub use super::{
    agreement::Terms,
    journal::{Done, Recovered},
    leftovers::sweep_leftovers,
};
pub use parts::There;

pub(in crate::storage) use end::forget;
pub(in crate::storage) use recover::{as_journaled, load};

/// What of a transfer is kept when it does not come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// All that is needed to go on.
    Agreement,
    /// Nothing: what it left is swept at the next start.
    Nothing,
}

/// Where one incoming transfer goes. Each thread has its own clone.
#[derive(Debug)]
pub struct Landing {
    shared: Arc<Shared>,
    handles: FolderHandles,
    /// Made when a number is looked for.
    used: OnceCell<UsedNames>,
}

#[derive(Debug)]
struct Shared {
    profile: Profile,
    terms: Terms,
    map: PathMap,
    /// Top-level names of what is selected.
    tops: HashSet<NodeId>,
    /// Those of them that were there before.
    found: HashSet<NodeId>,
    paper: Paper,
    /// Part files that may be on the disk.
    parts: Arc<AtomicUsize>,
    /// How far parts of earlier connections are flushed.
    earlier: HashMap<u32, u64>,
    marks: Marks,
}

/// What stands in the profile about this transfer.
#[derive(Debug)]
enum Paper {
    /// The agreement and this journal.
    Journal(Desk),
    /// Where to sweep.
    Record(Record),
}

/// What all threads have to know of single entries and folders.
#[derive(Debug)]
struct Marks {
    /// By index: it stands at its place, and the journal says so.
    done: Vec<AtomicBool>,
    /// By index: the journal speaks of its part.
    noted: Vec<AtomicBool>,
    /// By position in the map: the folder's own name may not be on the disk for good.
    unsafe_name: Vec<AtomicBool>,
}

impl Marks {
    fn new(entries: usize, nodes: usize) -> Self {
        let all = |count, value| (0..count).map(|_| AtomicBool::new(value)).collect();
        Self { done: all(entries, false), noted: all(entries, false), unsafe_name: all(nodes, true) }
    }
}

fn is_marked(marks: &[AtomicBool], index: u32) -> bool {
    marks.get(index as usize).is_some_and(|mark| mark.load(Ordering::Acquire))
}

fn mark(marks: &[AtomicBool], index: u32, value: bool) {
    if let Some(mark) = marks.get(index as usize) {
        mark.store(value, Ordering::Release);
    }
}

impl Clone for Landing {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), handles: self.handles.fresh(), used: OnceCell::new() }
    }
}

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
    pub fn prepare_on(disk: &Disk, profile: &Profile, mut terms: Terms, keep: Keep) -> Result<Self, Reason> {
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
        let paper = match keep {
            Keep::Agreement => Paper::Journal(agree(disk, profile, &terms, &map, &found)?),
            Keep::Nothing => {
                let record = Record::new(&terms.folder, top_folders(&map, &tops));
                record.save(profile, terms.id).map_err(|error| error.reason())?;
                Paper::Record(record)
            }
        };
        let marks = Marks::new(terms.manifest.entries.len(), map.len());
        let (parts, earlier) = (Arc::default(), HashMap::new());
        let profile = profile.clone();
        Ok(Self::over(root, Shared { profile, terms, map, tops, found, paper, parts, earlier, marks }))
    }

    fn over(root: Folder, shared: Shared) -> Self {
        let handles = FolderHandles::new(Arc::new(root));
        Self { shared: Arc::new(shared), handles, used: OnceCell::new() }
    }

    /// What was agreed.
    pub fn terms(&self) -> &Terms {
        &self.shared.terms
    }

    /// Where an entry will stand (a name that is taken at the last moment apart).
    pub fn final_path(&self, index: u32) -> PathBuf {
        let node = self.shared.map.node_of(index);
        node.map_or_else(|| self.folder().to_owned(), |node| self.path_of(node))
    }

    /// The receive folder.
    pub fn folder(&self) -> &Path {
        &self.shared.terms.folder
    }

    fn id(&self) -> TransferId {
        self.shared.terms.id
    }

    fn selected(&self, index: u32) -> Result<(&Entry, NodeId), Reason> {
        let entry = self.shared.terms.manifest.entries.get(index as usize);
        match (entry, self.shared.map.node_of(index)) {
            (Some(entry), Some(node)) if self.shared.terms.selection.holds(index) => Ok((entry, node)),
            _ => Err(internal("not selected", index)),
        }
    }

    fn selected_file(&self, index: u32) -> Result<(u64, NodeId), Reason> {
        let (entry, node) = self.selected(index)?;
        match entry.kind {
            EntryKind::File { size } => Ok((size, node)),
            EntryKind::Folder | EntryKind::Link { .. } => Err(internal("not a file", index)),
        }
    }

    fn make_dir(&self, node: NodeId) -> Result<Arc<Folder>, Reason> {
        let dir = self.handles.get(&self.shared.map, node, Missing::Make);
        dir.map_err(|error| self.write_reason(&error, node))
    }

    fn find_dir(&self, node: NodeId) -> io::Result<Arc<Folder>> {
        self.handles.get(&self.shared.map, node, Missing::Fail)
    }

    fn write_reason(&self, error: &io::Error, node: NodeId) -> Reason {
        match node {
            ROOT => folder_reason(error, self.folder()),
            _ => io_reason(error, &self.path_of(node), Doing::Writing),
        }
    }

    fn path_of(&self, node: NodeId) -> PathBuf {
        path_below(self.folder(), &self.shared.map, node)
    }

    /// Adds lines to the journal, if there is one. `flushed`: they must not be lost.
    fn journal(&self, lines: &[Line], flushed: bool) -> Result<(), Reason> {
        match &self.shared.paper {
            Paper::Journal(desk) => desk
                .write(lines, flushed)
                .map_err(|error| io_reason(&error, &self.shared.profile.running_folder(), Doing::Writing)),
            Paper::Record(_) => Ok(()),
        }
    }

    fn is_kept(&self) -> bool {
        matches!(self.shared.paper, Paper::Journal(_))
    }

    /// Puts the names in these folders on the disk for good, and the names of the folders themselves where that was not
    /// done yet; each is flushed once. Returns which failed.
    fn flush_names(&self, folders: impl IntoIterator<Item = NodeId>) -> HashMap<NodeId, Reason> {
        let (map, unsafe_name) = (&self.shared.map, &self.shared.marks.unsafe_name);
        let mut flushed: HashMap<NodeId, Result<(), Reason>> = HashMap::new();
        let mut failed = HashMap::new();
        for folder in folders.into_iter().collect::<HashSet<_>>() {
            let (mut node, mut below) = (folder, None::<NodeId>);
            loop {
                let done = flushed.entry(node).or_insert_with(|| self.flush_dir(node));
                if let Err(reason) = done {
                    failed.insert(folder, reason.clone());
                    break;
                }
                if let Some(below) = below.replace(node) {
                    mark(unsafe_name, below.position(), false);
                }
                if node == ROOT || !is_marked(unsafe_name, node.position()) {
                    break;
                }
                node = map.parent(node);
            }
        }
        failed
    }

    fn flush_dir(&self, node: NodeId) -> Result<(), Reason> {
        let flushed = self.find_dir(node).and_then(|dir| dir.flush());
        flushed.map_err(|error| self.write_reason(&error, node))
    }
}

/// Names and claims are settled: writes the agreement and begins its journal.
fn agree(
    disk: &Disk,
    profile: &Profile,
    terms: &Terms,
    map: &PathMap,
    found: &HashSet<NodeId>,
) -> Result<Desk, Reason> {
    let place = profile.running_folder();
    let failed = |error: io::Error| io_reason(&error, &place, Doing::Writing);
    let names = if map.has_changed_top() { names_of_tops(terms, map)? } else { Vec::new() };
    let layout = Layout { folds: map.folds(), names, found: found.iter().map(|top| top.position()).collect() };
    let running = disk.folder(&place).map_err(failed)?;
    let journal = Journal::create(&running, terms.id, terms.manifest.entries.len() as u64).map_err(failed)?;
    agreement::save(&running, terms, &layout).map_err(failed)?;
    Ok(Desk::new(journal))
}

/// Top-level names that are not as the manifest alone would have them.
fn names_of_tops(terms: &Terms, map: &PathMap) -> Result<Vec<(u32, String)>, Reason> {
    let plain = lay_out(&terms.manifest, map.folds(), &|_| false)?;
    let changed = map.tops().filter(|top| map.name(*top) != plain.name(*top));
    Ok(changed.map(|top| (top.position(), map.name(top).to_owned())).collect())
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

pub(super) fn path_below(folder: &Path, map: &PathMap, node: NodeId) -> PathBuf {
    let mut path = folder.to_owned();
    path.extend(map.names(node));
    path
}

fn selected_tops(terms: &Terms, map: &PathMap) -> HashSet<NodeId> {
    let selected = (0..).take(terms.manifest.entries.len()).filter(|index| terms.selection.holds(*index));
    selected.filter_map(|index| map.node_of(index)).map(|node| map.top_of(node)).collect()
}

/// Where part files can be, besides the receive folder itself.
fn top_folders(map: &PathMap, tops: &HashSet<NodeId>) -> Vec<String> {
    tops.iter().filter(|node| map.is_folder(**node)).map(|node| map.name(*node).to_owned()).collect()
}

fn internal(what: &str, index: u32) -> Reason {
    Reason::here(ReasonCode::Internal, format!("entry {index} is {what}"))
}

/// What concerns every file of the transfer and may pass: a full, missing or read-only folder.
fn may_pass(reason: &Reason) -> bool {
    matches!(reason.code, ReasonCode::DiskFull | ReasonCode::FolderMissing | ReasonCode::FolderReadOnly)
}
