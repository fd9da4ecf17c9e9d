//! One transfer's place on this disk: what was agreed, part files, publishing, folders and links. All of it goes through
//! handles of folders, so that nothing leads outside.
//!
//! The disk is the only truth. Whenever a connection ends, everything is put there, and the next one, in this process or
//! after a restart, begins with `reopen`. In the profile stand the agreement (`storage::agreement`) and the journal
//! (`storage::journal`). Nothing is made in the receive folder before the agreement is safe, so that a crash leaves nothing there
//! that nobody knows of; top-level folders come right behind it (`claim`). Where nothing is kept, a small record says what
//! there is to be swept.
//!
//! The order for a file is: flush the part and what the journal says of its commit, rename, flush the folder, journal that it is
//! done, release the receipt. The last three wait for the next batch where more has come and all of it is flushed with the volume:
//! the parts of one batch, its lines of the journal, the folders above it and the names of the batch before are then on the disk
//! by one flush in place of four; so are the names of folders, with the first batch. Receipts are released before the next batch gets
//! its names: more can come meanwhile. Of a part that the journal has spoken of before (it has been flushed on the way) its commit is
//! written down only when it has been flushed: until then what counts of it is what was said before.
//!
//! # Names that are taken
//!
//! - *Keep both*: a taken top-level name gets a number, a whole folder as one; the new folder is this transfer's alone.
//! - *Replace*, *skip*, *skip identical*: a top-level folder that is there is used, unless something of another kind stands
//!   there; then a number, as above. A file that is to have the name of one that is there is renamed over it when it has been
//!   verified and flushed (*replace*; never over a folder), was not sent at all (*skip*, by `there`), or gets a number beside
//!   it (*skip identical*, when it is not). A link is replaced by a link only.
//! - A number never leads to a name that another entry of the transfer is to have.
//!
//! # What it costs to keep the promise
//!
//! What is told to be verified has been flushed, so 10,000 files of 4 KiB have to be on the disk one batch after the other. On
//! an ext4 disk shared with builds (figures went up and down by half; without any flush it is 3,200 to 3,900 files a second),
//! in batches of 64: flushing one file after the other 210 to 370 files a second, asking the system to begin with all of them
//! first 310 to 800, flushing the volume once for each batch 930 to 1,900. In memory (tmpfs) all are alike. This landing itself
//! comes to 240 to 630 files a second without the volume's flush, and to 1,800 with it.
//!
//! Those figures stand for each other only: they were taken where many files had been deleted just before, and ext4 then looks at
//! the number of each of them again for every new file (its `recently_deleted`, for up to six minutes). Elsewhere on the same disk making,
//! writing and renaming a file takes 0.024 ms and not 0.35; 10,000 take 0.34 s with one `syncfs` at the end. A file without
//! a name that is linked to its place in the end (`O_TMPFILE`) costs the same there as one that is renamed (0.32 s), and two
//! threads take 0.22 s; but with both ends on two processors a second one for making files has none to run on.
//!
//! How many go together is left to the disk: what has come while it was at work, up to a third of what may be on its way
//! (`transfer::ahead`), since as many wait for their names to be safe, and as many can come meanwhile. 10,000 files of 4 KiB wait for
//! the disk 44 times. Where a tracer made each flush take 20 ms, as disks that turn do, they took 1.33 s; with a flush for each step
//! of a batch (254, up to half of 1,024 files in a batch, names by a further thread while the next batch was flushed) 4.1 s, with 256
//! on their way 8.6 s. With 4,096 on their way, ten flushes are left (0.93 s and then 0.49 s, traced on another day). On an ext4 of
//! their own, where a flush takes one or two milliseconds, 0.65 s in place of 0.69; there it took four per cent less if names were
//! given by a further thread while the next batch was flushed, and a quarter more with the slow flushes, since one batch more has to
//! wait. Waiting until 256 have come before a flush begins was no quicker.
//!
//! So a batch is flushed with its volume where that is known to be as good (`storage::volume`): on Linux from 5.8 on, which
//! tells errors, on file systems of local disks. It waits for what other programs write there too; when it does for long, the
//! next batches do without. Everywhere else, and for few files, each file is flushed after all were begun. The journal is
//! flushed once for each batch, and each folder once; many folders with their volume, too (500 that hold one each, with flushes that
//! take 20 ms: 0.35 s in place of 14.5).

mod begin;
mod claim;
mod commit;
mod end;
mod flush;
mod make;
mod parts;
mod recover;

use std::{
    cell::OnceCell,
    collections::{HashMap, HashSet},
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use crate::model::{
    manifest::{Entry, EntryKind},
    reason::{Reason, ReasonCode},
    transfer::TransferId,
};

use super::{
    disk::Folder,
    done_list::{path_below, place_below},
    error::{Doing, io_reason},
    folder_handles::{FolderHandles, Missing},
    journal::Desk,
    leftovers::Record,
    path_map::{NodeId, PathMap, ROOT, UsedNames},
    profile::Profile,
    receive_folder::folder_reason,
    volume::Volume,
};

pub use super::{
    agreement::Terms,
    journal::{DoneList, Recovered},
    leftovers::{hold, sweep_leftovers},
};
use claim::Names;
pub use commit::{Ends, Flushed, Named};
pub use parts::There;

pub(in crate::storage) use end::forget;
pub(in crate::storage) use recover::{as_journaled, load, unread};

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
    volume: Volume,
    /// Made when a number is looked for.
    used: OnceCell<UsedNames>,
}

#[derive(Debug)]
struct Shared {
    profile: Profile,
    terms: Terms,
    /// As they were looked for, or came out before.
    first_names: Names,
    /// Top-level names of what is selected.
    tops: HashSet<NodeId>,
    paper: Paper,
    /// Part files that may be on the disk.
    parts: Arc<AtomicUsize>,
    /// How far parts of earlier connections are flushed.
    earlier: HashMap<u32, u64>,
    marks: Marks,
    /// It had ended before with all that was wanted.
    has_ended: bool,
}

/// What stands in the profile about this transfer.
#[derive(Debug)]
enum Paper {
    /// The agreement, from when it is there; or why it is not. Until then nothing stands in the receive folder.
    Agreement(OnceLock<Result<Agreed, Reason>>),
    /// Where to sweep.
    Record(Record),
}

/// An agreement that is on the disk, with its top-level folders.
#[derive(Debug)]
struct Agreed {
    desk: Desk,
    /// Where they are not the first ones.
    names: Option<Names>,
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
        let (handles, volume) = (self.handles.fresh(), self.volume.clone());
        Self { shared: Arc::clone(&self.shared), handles, volume, used: OnceCell::new() }
    }
}

impl Landing {
    /// What was agreed.
    pub fn terms(&self) -> &Terms {
        &self.shared.terms
    }

    /// Whether it had ended before with all that was wanted, and only its sender has still to hear so. What became of it since is its
    /// owner's business: nothing of it is made again.
    pub fn has_ended(&self) -> bool {
        self.shared.has_ended
    }

    /// Where an entry will stand (a name that is taken at the last moment apart).
    pub fn final_path(&self, index: u32) -> PathBuf {
        let node = self.map().node_of(index);
        node.map_or_else(|| self.folder().to_owned(), |node| self.path_of(node))
    }

    /// Where an entry stands that `done` tells of.
    pub fn place_of(&self, index: u32, done: &DoneList) -> PathBuf {
        let place = place_below(self.folder(), self.map(), index, done.name(index));
        place.unwrap_or_else(|| self.folder().to_owned())
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
        match (entry, self.map().node_of(index)) {
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

    /// Waits until what was agreed is on the disk.
    fn make_dir(&self, node: NodeId) -> Result<Arc<Folder>, Reason> {
        self.agree()?;
        let dir = self.handles.get(self.map(), node, Missing::Make);
        dir.map_err(|error| self.write_reason(&error, node))
    }

    fn find_dir(&self, node: NodeId) -> io::Result<Arc<Folder>> {
        self.handles.get(self.map(), node, Missing::Fail)
    }

    fn write_reason(&self, error: &io::Error, node: NodeId) -> Reason {
        match node {
            ROOT => folder_reason(error, self.folder()),
            _ => io_reason(error, &self.path_of(node), Doing::Writing),
        }
    }

    fn path_of(&self, node: NodeId) -> PathBuf {
        path_below(self.folder(), self.map(), node, None)
    }

    fn is_kept(&self) -> bool {
        matches!(self.shared.paper, Paper::Agreement(_))
    }

    fn names(&self) -> &Names {
        let agreed = match &self.shared.paper {
            Paper::Agreement(agreed) => agreed.get().and_then(|agreed| agreed.as_ref().ok()),
            Paper::Record(_) => None,
        };
        agreed.and_then(|agreed| agreed.names.as_ref()).unwrap_or(&self.shared.first_names)
    }

    fn map(&self) -> &PathMap {
        &self.names().map
    }
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
