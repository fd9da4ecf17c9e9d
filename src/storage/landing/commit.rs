//! From verified parts to files under their real names, many at a time: each step is taken for all of them before the next,
//! so that they share the disk's waiting.

use std::{
    collections::{HashMap, HashSet},
    io,
    path::PathBuf,
    sync::Arc,
};

use crate::{
    model::{conflict::Conflict, file_name::numbered, reason::Reason, seal::Md5Digest},
    storage::{
        disk::Folder,
        done_list::path_below,
        error::{Doing, io_reason},
        folder_handles::MAX_NUMBER,
        journal::Line,
        part_file::PartFile,
        path_map::NodeId,
        volume::Volume,
    },
};

use super::{Landing, make::Made, mark, may_pass};

/// How often a name may be taken between choosing it and renaming.
const MAX_ROUNDS: u32 = 100;

/// No name was tried yet; numbers begin behind this.
const UNTRIED: u32 = 1;

/// What has its real name (or failed to get it), and the names may not be on the disk for good yet.
#[derive(Default)]
pub struct Named {
    files: Vec<Job>,
    folders: Vec<Made>,
}

impl Named {
    /// Folders that were made.
    pub(super) fn folders(folders: Vec<Made>) -> Self {
        Self { files: Vec::new(), folders }
    }

    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.folders.is_empty()
    }

    /// Whether there are folders, and no files.
    pub fn has_only_folders(&self) -> bool {
        self.files.is_empty() && !self.folders.is_empty()
    }
}

/// Verified parts that are on the disk for good (or failed to get there), and have to get their real names.
pub struct Flushed {
    jobs: Vec<Job>,
    chosen: Chosen,
    /// So is what the journal says of their names, if it lies on the volume.
    with_volume: bool,
}

/// What became of files, by index; `Ok` says that one is on the disk for good under that name.
pub type Ends = Vec<(u32, Result<PathBuf, Reason>)>;

/// One file on its way.
pub(super) struct Job {
    pub(super) index: u32,
    pub(super) md5: Md5Digest,
    node: NodeId,
    /// The name that is tried.
    name: String,
    /// The number that is tried when that is taken, or `UNTRIED`.
    next: u32,
    step: Step,
    /// When its file was written to, if that is not the time on the list.
    time: Option<i64>,
    /// Something of its part is on the disk for good, and the journal says so.
    is_known: bool,
}

impl Job {
    /// Where it has its name.
    fn folder(&self) -> Option<&Arc<Folder>> {
        if let Step::Named(folder) = &self.step { Some(folder) } else { None }
    }
}

enum Step {
    Part(PartFile),
    /// It has its name in this folder, wherever that was moved meanwhile.
    Named(Arc<Folder>),
    Failed(Reason),
}

/// How a part gets its name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    New,
    Over,
}

/// Files with the names that they are about to get, by position.
type Chosen = Vec<(usize, Way)>;

impl Landing {
    /// Flushes verified parts and gives them their real names, or numbered ones where those are taken; one result each, in
    /// order.
    pub fn commit(&self, batch: Vec<(PartFile, Md5Digest)>) -> Ends {
        let together = self.is_better_together(batch.len());
        let (_none, flushed) = self.flush(batch, together, Named::default());
        self.end(self.name(flushed))
    }

    /// Whether so many files are better flushed with their whole volume. To be asked once for each batch.
    pub fn is_better_together(&self, files: usize) -> bool {
        self.volume.is_better_for(files)
    }

    /// The first half of `commit`, without the real names. A flush that is taken `together` also puts the names on the disk that
    /// were given `before`, so that nobody waits for these any more: what became of them comes back.
    pub fn flush(&self, batch: Vec<(PartFile, Md5Digest)>, together: bool, before: Named) -> (Ends, Flushed) {
        self.flush_jobs(batch.into_iter().map(|(part, md5)| self.job(part, md5, None)).collect(), together, before)
    }

    /// Gives them their real names, which need not be on the disk for good yet: that comes with the next batch that is flushed
    /// `together`, or with `end`.
    pub fn name(&self, Flushed { mut jobs, chosen, with_volume }: Flushed) -> Named {
        self.give_names(&mut jobs, chosen, with_volume.then_some(&self.volume));
        Named { files: jobs, folders: Vec::new() }
    }

    /// Puts names on the disk for good.
    pub fn end(&self, Named { mut files, folders }: Named) -> Ends {
        let mut ends = self.note_made(folders, None);
        if files.is_empty() {
            return ends;
        }
        let places: HashSet<_> = files.iter().filter_map(Job::folder).map(Arc::as_ptr).collect();
        Self::flush_folders(&mut files, self.flush_volume_for(places.len()));
        ends.append(&mut self.ended(files));
        ends
    }

    /// Gives a verified part what it has to have besides its bytes, for whoever has the time before it is flushed. What fails here
    /// fails again then, and is told.
    pub fn complete(&self, part: &mut PartFile) {
        if let Ok((entry, _node)) = self.selected(part.index()) {
            part.complete(entry).ok();
        }
    }

    /// `name`: the one that the journal says was tried before.
    pub(super) fn job(&self, part: PartFile, md5: Md5Digest, name: Option<String>) -> Job {
        let index = part.index();
        let (node, step) = match self.selected(index) {
            Ok((_entry, node)) => (node, Step::Part(part)),
            Err(reason) => (super::ROOT, Step::Failed(reason)),
        };
        let name = name.unwrap_or_else(|| self.map().name(node).to_owned());
        let is_known = super::is_marked(&self.shared.marks.noted, index);
        Job { index, md5, node, name, next: UNTRIED, step, time: None, is_known }
    }

    pub(super) fn flush_jobs(&self, mut jobs: Vec<Job>, together: bool, before: Named) -> (Ends, Flushed) {
        self.complete_all(&mut jobs);
        // Of a part that nothing is known of, the line may come to the disk before the part: it leads to nothing then.
        let may_write_down = together && jobs.iter().all(|job| !job.is_known);
        let written_down = may_write_down.then(|| self.write_down(&mut jobs));
        let volume = (together && self.volume.flush().is_ok()).then_some(&self.volume);
        self.flush_parts(&mut jobs, volume);
        self.flush_above(&mut jobs, volume);
        let Named { mut files, folders } = before;
        let mut ends = self.note_made(folders, volume);
        Self::flush_folders(&mut files, volume);
        ends.append(&mut self.ended(files));
        let chosen = written_down.unwrap_or_else(|| self.write_down(&mut jobs));
        (ends, Flushed { jobs, chosen, with_volume: may_write_down && volume.is_some() })
    }

    fn complete_all(&self, jobs: &mut [Job]) {
        for job in jobs.iter_mut() {
            let Step::Part(part) = &mut job.step else { continue };
            let completed = self.selected(job.index).and_then(|(entry, _node)| {
                let time = part.complete(entry)?;
                job.time = time.filter(|time| entry.mtime != Some(*time));
                Ok(())
            });
            self.settle(job, completed);
        }
    }

    /// `volume`: it has been flushed since they were complete.
    fn flush_parts(&self, jobs: &mut [Job], volume: Option<&Volume>) {
        if volume.is_none() {
            let parts = jobs.iter().filter_map(|job| if let Step::Part(part) = &job.step { Some(part) } else { None });
            parts.for_each(PartFile::begin_flush);
        }
        for job in jobs.iter_mut() {
            let Step::Part(part) = &mut job.step else { continue };
            let flushed = part.end_flush(volume);
            self.settle(job, flushed);
        }
    }

    /// What is above the files is put on the disk first: where that fails, nothing has a real name yet.
    fn flush_above(&self, jobs: &mut [Job], volume: Option<&Volume>) {
        let map = self.map();
        let parts = jobs.iter().filter(|job| matches!(job.step, Step::Part(_)));
        let failed = self.flush_folder_names(parts.map(|job| map.parent(job.node)), volume);
        for job in jobs {
            if let Some(reason) = failed.get(&map.parent(job.node)) {
                self.settle(job, Err(reason.clone()));
            }
        }
    }

    /// Notes a failure. Of a part that may be gone on with, what counts is what was flushed before.
    fn settle(&self, job: &mut Job, done: Result<(), Reason>) {
        let Err(reason) = done else { return };
        let keeps = job.is_known && self.is_kept() && may_pass(&reason);
        if let Step::Part(part) = std::mem::replace(&mut job.step, Step::Failed(reason))
            && keeps
        {
            part.keep();
        }
    }

    /// Chooses names and writes them down: after a crash the journal says where to look.
    fn write_down(&self, jobs: &mut [Job]) -> Chosen {
        let mut chosen = Vec::new();
        for (at, job) in jobs.iter_mut().enumerate() {
            if let Step::Part(part) = &job.step {
                match self.choose(part, job.node, &mut job.name, &mut job.next) {
                    Ok(way) => chosen.push((at, way)),
                    Err(error) => {
                        let reason = part.reason(&error);
                        self.settle(job, Err(reason));
                    }
                }
            }
        }
        let lines: Vec<Line> = chosen.iter().filter_map(|(at, _)| jobs.get(*at).map(commit_line)).collect();
        let written = if lines.is_empty() { Ok(()) } else { self.journal(&lines, false) };
        for (at, _) in &chosen {
            let Some(job) = jobs.get_mut(*at) else { continue };
            mark(&self.shared.marks.noted, job.index, true);
            self.settle(job, written.clone());
        }
        chosen
    }

    /// Names are given when what was written down is on the disk for good; the volume may have been flushed since.
    fn give_names(&self, jobs: &mut [Job], mut chosen: Chosen, mut volume: Option<&Volume>) {
        for _ in 0..MAX_ROUNDS {
            if chosen.is_empty() {
                return;
            }
            let noted = self.flush_journal(volume.take());
            for (at, way) in chosen {
                let Some(job) = jobs.get_mut(at) else { continue };
                job.is_known |= matches!(job.step, Step::Part(_));
                match &noted {
                    Ok(()) => self.rename(job, way),
                    Err(reason) => self.settle(job, Err(reason.clone())),
                }
            }
            chosen = self.write_down(jobs);
        }
        for job in jobs {
            if let Step::Part(part) = &job.step {
                let reason = part.reason(&io::ErrorKind::AlreadyExists.into());
                self.settle(job, Err(reason));
            }
        }
    }

    /// How the name that is tried can be had; `name` becomes another where it cannot.
    fn choose(&self, part: &PartFile, node: NodeId, name: &mut String, next: &mut u32) -> io::Result<Way> {
        let own = self.map().name(node);
        let replaces = self.shared.terms.conflict == Conflict::Replace && name == own;
        if *next == UNTRIED {
            *next += 1;
            if !replaces {
                // Most names are free; the rename will tell.
                return Ok(Way::New);
            }
        }
        if replaces {
            match part.folder().look(own) {
                Ok(there) if there.is_file() || there.is_symlink() => return Ok(Way::Over),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Way::New),
                Err(error) => return Err(error),
            }
        }
        let parent = self.map().parent(node);
        let used = self.used.get_or_init(|| self.map().used_names());
        while *next < MAX_NUMBER {
            *name = numbered(own, *next);
            *next += 1;
            if used.holds(parent, name) {
                continue;
            }
            match part.folder().look(name) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Way::New),
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    fn rename(&self, job: &mut Job, way: Way) {
        let Step::Part(part) = &job.step else { return };
        let renamed = match way {
            Way::New => part.folder().rename_new(part.part_name(), &job.name),
            Way::Over => part.folder().rename_over(part.part_name(), &job.name),
        };
        match renamed {
            Ok(()) => {
                let named = Step::Named(Arc::clone(part.folder()));
                if let Step::Part(part) = std::mem::replace(&mut job.step, named) {
                    part.published();
                }
            }
            // Another try with what stands there now, or with the next number.
            Err(error) if is_taken(&error) => {}
            Err(error) => {
                let reason = part.reason(&error);
                self.settle(job, Err(reason));
            }
        }
    }

    /// `volume`: it has been flushed since they got their names.
    fn flush_folders(jobs: &mut [Job], volume: Option<&Volume>) {
        let mut flushed: HashMap<*const Folder, Result<(), Reason>> = HashMap::new();
        for job in jobs {
            let Some(folder) = job.folder() else { continue };
            let flush =
                || folder.flush_unless(volume).map_err(|error| io_reason(&error, folder.place(), Doing::Writing));
            if let Err(reason) = flushed.entry(Arc::as_ptr(folder)).or_insert_with(flush) {
                job.step = Step::Failed(reason.clone());
            }
        }
    }

    /// Their names are on the disk for good, or they failed.
    fn ended(&self, jobs: Vec<Job>) -> Ends {
        self.note_done(&jobs);
        jobs.into_iter().map(|job| (job.index, self.result(job))).collect()
    }

    fn note_done(&self, jobs: &[Job]) {
        let done: Vec<&Job> = jobs.iter().filter(|job| matches!(job.step, Step::Named(_))).collect();
        let lines: Vec<Line> = done.iter().map(|job| self.done_line(job)).collect();
        // If that fails, or is lost with the power, the commit's line leads to the file, and its digest tells.
        if lines.is_empty() || self.journal(&lines, false).is_err() {
            return;
        }
        for job in done {
            mark(&self.shared.marks.noted, job.index, false);
            mark(&self.shared.marks.done, job.index, true);
        }
    }

    fn done_line(&self, job: &Job) -> Line {
        let name = (job.name != self.map().name(job.node)).then(|| job.name.clone());
        Line::Done { index: job.index, name, md5: Some(job.md5.to_string()), time: job.time }
    }

    fn result(&self, job: Job) -> Result<PathBuf, Reason> {
        match job.step {
            Step::Named(_) => Ok(path_below(self.folder(), self.map(), self.map().parent(job.node), Some(&job.name))),
            Step::Failed(reason) => Err(reason),
            Step::Part(_) => Err(super::internal("neither published nor failed", job.index)),
        }
    }
}

fn commit_line(job: &Job) -> Line {
    let size = match &job.step {
        Step::Part(part) => part.written(),
        Step::Named(_) | Step::Failed(_) => 0,
    };
    Line::Commit { index: job.index, name: job.name.clone(), size, md5: job.md5.to_string() }
}

/// Something has come to stand there meanwhile.
fn is_taken(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::AlreadyExists | io::ErrorKind::IsADirectory | io::ErrorKind::DirectoryNotEmpty
    )
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use tempfile::TempDir;

    use super::*;
    use crate::{
        digest::Hasher,
        model::{
            device::Peer,
            manifest::{Entry, EntryKind, Manifest, Selection},
            reason::ReasonCode,
            transfer::TransferId,
        },
        storage::{
            journal::Recovered,
            landing::{Keep, Terms},
            profile::Profile,
        },
    };

    const ID: TransferId = TransferId([1; 16]);
    const BYTES: &[u8] = b"0123456789";

    struct Desk {
        temp: TempDir,
        profile: Profile,
    }

    impl Desk {
        /// Ten bytes in each of so many files of one folder.
        fn land(files: u32) -> (Self, Landing) {
            let temp = tempfile::tempdir().unwrap();
            let profile = Profile::open(Some(temp.path().join("profile"))).unwrap();
            let folder = temp.path().join("inbox");
            fs::create_dir(&folder).unwrap();
            let entry = |at| Entry {
                path: ["d".to_owned(), format!("f{at}")].into(),
                kind: EntryKind::File { size: 10 },
                mtime: None,
                exec: false,
            };
            let terms = Terms {
                id: ID,
                peer: Peer::at(String::new(), false),
                digest: [0; 32],
                manifest: Arc::new(Manifest::from_entries((0..files).map(entry).collect()).unwrap()),
                message: None,
                folder,
                selection: Selection::All,
                conflict: Conflict::KeepBoth,
                accepted_at: 0,
            };
            let landing = Landing::prepare(&profile, terms, Keep::Agreement).unwrap();
            (Self { temp, profile }, landing)
        }

        fn reopen(&self) -> Recovered {
            Landing::reopen(&self.profile, ID).unwrap().2
        }

        fn names(&self) -> Vec<String> {
            names_in(&self.temp.path().join("inbox/d"))
        }
    }

    fn names_in(folder: &Path) -> Vec<String> {
        let found = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = found.collect();
        names.sort();
        names
    }

    fn whole(landing: &Landing, index: u32) -> (PartFile, Md5Digest) {
        let mut part = landing.create_part(index).unwrap();
        part.write_all(BYTES).unwrap();
        (part, seal())
    }

    fn seal() -> Md5Digest {
        let mut hasher = Hasher::new();
        hasher.update(BYTES);
        hasher.finish()
    }

    fn indices(ends: &Ends) -> Vec<u32> {
        ends.iter().filter(|(_, place)| place.is_ok()).map(|(index, _)| *index).collect()
    }

    #[test]
    fn nothing_is_said_of_a_name_before_it_is_on_the_disk() {
        let (desk, landing) = Desk::land(5);
        let batch = |indices: [u32; 2]| indices.map(|index| whole(&landing, index)).into();
        let (ends, flushed) = landing.flush(batch([0, 1]), true, Named::default());
        assert_eq!(ends.len(), 0);
        let named = landing.name(flushed);
        assert_eq!(desk.names(), ["f0", "f1"]);
        let (ends, flushed) = landing.flush(batch([2, 3]), true, named);
        assert_eq!(indices(&ends), [0, 1], "with the next");
        assert!(!desk.names().contains(&"f2".to_owned()), "and before that has its names");
        let named = landing.name(flushed);
        assert!(!named.is_empty());
        assert_eq!(indices(&landing.end(named)), [2, 3], "by itself");
        let (ends, flushed) = landing.flush(vec![whole(&landing, 4)], false, Named::default());
        assert_eq!(ends.len(), 0);
        let _named = landing.name(flushed);
        // As after a kill: what has its name is done, whatever had been said of it.
        let done: Vec<_> = desk.reopen().done.iter().collect();
        assert_eq!(done, [0, 1, 2, 3, 4].map(|index| (index, Some(seal()))));
    }

    #[test]
    fn what_is_written_down_but_could_not_be_flushed_does_not_count() {
        let (desk, landing) = Desk::land(2);
        let mut known = landing.create_part(0).unwrap();
        known.write_all(&BYTES[..4]).unwrap();
        landing.flush_at(known.flusher().unwrap(), 4).unwrap();
        known.write_all(&BYTES[4..]).unwrap();
        let (new, md5) = whole(&landing, 1);
        let mut jobs = vec![landing.job(known, seal(), None), landing.job(new, md5, None)];
        assert_eq!(jobs.iter().map(|job| job.is_known).collect::<Vec<_>>(), [true, false]);
        // Only of the one that nothing is known of is the name written down before.
        assert_eq!(landing.write_down(&mut jobs[1..]).len(), 1);
        for job in &mut jobs {
            landing.settle(job, Err(Reason::bare(ReasonCode::DiskFull)));
        }
        drop(jobs);
        assert_eq!(desk.names().len(), 1, "what was flushed before is kept");
        let recovered = desk.reopen();
        assert_eq!((recovered.done.len(), recovered.parts), (0, [(0, 4)].into()));
    }

    #[test]
    fn a_line_about_other_bytes_leads_to_nothing() {
        let (desk, landing) = Desk::land(1);
        let (part, md5) = whole(&landing, 0);
        let mut jobs = vec![landing.job(part, md5, None)];
        landing.write_down(&mut jobs);
        // As after a loss of power: the line is there, and of the part only its length.
        std::mem::forget(jobs);
        let place = desk.temp.path().join("inbox/d").join(&desk.names()[0]);
        fs::write(place, [0; 10]).unwrap();
        let recovered = desk.reopen();
        assert_eq!((recovered.done.len(), recovered.parts), (0, [].into()));
    }
}
