//! From verified parts to files under their real names, many at a time: each step is taken for all of them before the next,
//! so that they share the disk's waiting.

use std::{collections::HashMap, io, path::PathBuf, sync::Arc};

use crate::{
    model::{conflict::Conflict, file_name::numbered, reason::Reason, seal::Md5Digest},
    storage::{
        disk::Folder,
        error::{Doing, io_reason},
        folder_handles::MAX_NUMBER,
        journal::Line,
        part_file::PartFile,
        path_map::NodeId,
    },
};

use super::{Landing, mark, may_pass};

/// How often a name may be taken between choosing it and renaming.
const MAX_ROUNDS: u32 = 100;

/// No name was tried yet; numbers begin behind this.
const UNTRIED: u32 = 1;

/// Verified parts that are on the disk for good (or failed to be), and have no names yet.
pub struct Flushed(Vec<Job>);

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

impl Landing {
    /// Flushes verified parts and gives them their real names, or numbered ones where those are taken; one result each, in
    /// order. `Ok` says that the file is on the disk for good under that name.
    pub fn commit(&self, batch: Vec<(PartFile, Md5Digest)>) -> Vec<(u32, Result<PathBuf, Reason>)> {
        self.name(self.flush(batch))
    }

    /// The first half of `commit`. What comes next may be flushed while another thread goes on with these.
    pub fn flush(&self, batch: Vec<(PartFile, Md5Digest)>) -> Flushed {
        self.flushed(batch.into_iter().map(|(part, md5)| self.job(part, md5, None)).collect())
    }

    /// The second half.
    pub fn name(&self, Flushed(mut jobs): Flushed) -> Vec<(u32, Result<PathBuf, Reason>)> {
        self.give_names(&mut jobs);
        Self::flush_folders(&mut jobs);
        self.note_done(&jobs);
        jobs.into_iter().map(|job| (job.index, self.result(job))).collect()
    }

    /// `name`: the one that the journal says was tried before.
    pub(super) fn job(&self, part: PartFile, md5: Md5Digest, name: Option<String>) -> Job {
        let index = part.index();
        let (node, step) = match self.selected(index) {
            Ok((_entry, node)) => (node, Step::Part(part)),
            Err(reason) => (super::ROOT, Step::Failed(reason)),
        };
        let name = name.unwrap_or_else(|| self.shared.map.name(node).to_owned());
        Job { index, md5, node, name, next: UNTRIED, step }
    }

    pub(super) fn flushed(&self, mut jobs: Vec<Job>) -> Flushed {
        self.flush_parts(&mut jobs);
        self.flush_above(&mut jobs);
        Flushed(jobs)
    }

    fn flush_parts(&self, jobs: &mut [Job]) {
        for job in jobs.iter_mut() {
            let Step::Part(part) = &mut job.step else { continue };
            let completed = self.selected(job.index).and_then(|(entry, _node)| part.complete(entry));
            self.settle(job, completed);
        }
        let parts = || jobs.iter().filter_map(|job| if let Step::Part(part) = &job.step { Some(part) } else { None });
        let together = self.volume.is_better_for(parts().count()) && self.volume.flush().is_ok();
        if !together {
            parts().for_each(PartFile::begin_flush);
        }
        for job in jobs.iter_mut() {
            let Step::Part(part) = &mut job.step else { continue };
            let flushed = part.end_flush(together.then_some(&self.volume));
            self.settle(job, flushed);
        }
    }

    /// What is above the files is put on the disk first: where that fails, nothing has a real name yet.
    fn flush_above(&self, jobs: &mut [Job]) {
        let map = &self.shared.map;
        let parts = jobs.iter().filter(|job| matches!(job.step, Step::Part(_)));
        let failed = self.flush_folder_names(parts.map(|job| map.parent(job.node)));
        for job in jobs {
            if let Some(reason) = failed.get(&map.parent(job.node)) {
                self.settle(job, Err(reason.clone()));
            }
        }
    }

    /// Notes a failure. Of a part that may be gone on with, what counts is what was flushed before.
    fn settle(&self, job: &mut Job, done: Result<(), Reason>) {
        let Err(reason) = done else { return };
        let keeps = self.is_kept() && may_pass(&reason);
        if let Step::Part(part) = std::mem::replace(&mut job.step, Step::Failed(reason))
            && keeps
            && super::is_marked(&self.shared.marks.noted, job.index)
        {
            part.keep();
        }
    }

    /// Names are first written down, then given: after a crash the journal says where to look.
    fn give_names(&self, jobs: &mut [Job]) {
        for _ in 0..MAX_ROUNDS {
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
            if chosen.is_empty() {
                return;
            }
            let lines: Vec<Line> = chosen.iter().filter_map(|(at, _)| jobs.get(*at).map(commit_line)).collect();
            let noted = self.journal(&lines, true);
            for (at, way) in chosen {
                let Some(job) = jobs.get_mut(at) else { continue };
                mark(&self.shared.marks.noted, job.index, true);
                match &noted {
                    Ok(()) => self.rename(job, way),
                    Err(reason) => self.settle(job, Err(reason.clone())),
                }
            }
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
        let own = self.shared.map.name(node);
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
        let parent = self.shared.map.parent(node);
        let used = self.used.get_or_init(|| self.shared.map.used_names());
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

    fn flush_folders(jobs: &mut [Job]) {
        let mut flushed: HashMap<*const Folder, Result<(), Reason>> = HashMap::new();
        for job in jobs {
            let Step::Named(folder) = &job.step else { continue };
            let flush = || folder.flush().map_err(|error| io_reason(&error, folder.place(), Doing::Writing));
            if let Err(reason) = flushed.entry(Arc::as_ptr(folder)).or_insert_with(flush) {
                job.step = Step::Failed(reason.clone());
            }
        }
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
        let name = (job.name != self.shared.map.name(job.node)).then(|| job.name.clone());
        Line::Done { index: job.index, name, md5: Some(job.md5.to_string()) }
    }

    fn result(&self, job: Job) -> Result<PathBuf, Reason> {
        match job.step {
            Step::Named(_) => Ok(self.path_of(self.shared.map.parent(job.node)).join(job.name)),
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
