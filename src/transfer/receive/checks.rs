//! What a receiver hashes of files that may be there already, in whole or in part; and what it has told its sender of them.

use std::collections::{HashMap, VecDeque};

use crate::{
    digest::Hasher,
    model::{conflict::Conflict, seal::Md5Digest},
    storage::landing::{Landing, There},
    transfer::{
        check::{Check, CheckJob, CheckNews, MOST_JOBS, Matter},
        lane::{LaneError, Report},
        link::Link,
        progress::Progress,
    },
    wire::header::{self, Message, PlanItem, Want},
};

use super::planner::Planner;

/// Files of which the sender knows what is there, and has not begun to send the rest: more are not checked meanwhile. It is a rule of
/// the protocol, whatever else a sender may have on its way.
const MOST_TOLD: usize = 256;

/// Several files are checked one behind the other only as long as they are no larger together: whoever pauses waits for no more.
const MOST_BYTES: u64 = 1 << 20;

/// Files that are checked, one after another.
#[derive(Default)]
pub(super) struct Checks {
    waiting: VecDeque<u32>,
    /// The first of those that wait, if it is known what there is of it: it waits for those that run.
    next: Option<Running>,
    /// Whoever hashes has them, in this order.
    running: VecDeque<Running>,
    /// Files of which the sender knows what is there, and has said nothing yet.
    told: HashMap<u32, Told>,
    progress: Progress,
}

#[derive(Clone, Copy)]
struct Running {
    index: u32,
    matter: Matter,
    bytes: u64,
    hashed: u64,
}

/// What the sender was told of a file.
pub(super) struct Told {
    pub(super) offset: u64,
    pub(super) matter: Matter,
    /// Has gone over the first `offset` bytes.
    pub(super) hasher: Hasher,
}

/// How the check of a file ended.
pub(super) enum Checked {
    /// A file that was done holds this now.
    Holds(u32, Md5Digest),
    /// The sender was told what is there.
    Told(u32),
    /// There is nothing to go on with: all of it has to come.
    Nothing(u32),
}

impl Checks {
    pub(super) fn add(&mut self, index: u32) {
        self.waiting.push_back(index);
    }

    /// What the sender was told of this file, which begins now or is given up.
    pub(super) fn take(&mut self, index: u32) -> Option<Told> {
        self.progress.there_is_over();
        self.told.remove(&index)
    }

    /// What the sender says of its own hashing.
    pub(super) fn heard(&mut self, done: u64, total: u64, report: &mut impl Report) {
        self.progress.heard(done, total, report);
    }

    /// Begins the next checks, unless the sender has enough to answer.
    pub(super) fn begin(&mut self, planner: &Planner, landing: &Landing, check: &mut impl Check) -> Option<Checked> {
        while self.running.len() < MOST_JOBS && self.running.len() + self.told.len() < MOST_TOLD {
            if self.next.is_none() {
                let index = self.waiting.pop_front()?;
                let Some((matter, bytes)) = matter(index, planner, landing) else {
                    return Some(Checked::Nothing(index));
                };
                self.next = Some(Running { index, matter, bytes, hashed: 0 });
            }
            let under_way: u64 = self.running.iter().map(|running| running.bytes).sum();
            let fits =
                |next: &mut Running| self.running.is_empty() || under_way.saturating_add(next.bytes) <= MOST_BYTES;
            let next = self.next.take_if(fits)?;
            self.start(next, planner, check);
        }
        None
    }

    fn start(&mut self, next: Running, planner: &Planner, check: &mut impl Check) {
        let Running { index, matter, bytes, .. } = next;
        self.progress.more(bytes);
        if self.running.is_empty() {
            self.progress.begin();
        }
        let name = planner.done().name(index).filter(|_| matter == Matter::Done).map(str::to_owned);
        check.check(CheckJob { index, matter, bytes, name });
        self.running.push_back(next);
    }

    /// Takes what is heard of the first check that runs, and tells the sender.
    ///
    /// # Errors
    /// The link is over.
    pub(super) fn listen(
        &mut self,
        check: &mut impl Check,
        link: &mut impl Link,
        report: &mut impl Report,
    ) -> Result<Option<Checked>, LaneError> {
        let Some(mut running) = self.running.pop_front() else { return Ok(None) };
        while let Some(news) = check.try_news() {
            match news {
                CheckNews::Hashed(bytes) => {
                    let fresh = bytes.min(running.bytes).saturating_sub(running.hashed);
                    running.hashed += fresh;
                    self.progress.hashed(fresh);
                }
                CheckNews::Over(result) => {
                    self.progress.hashed(running.bytes - running.hashed);
                    let Ok(hasher) = result else { return Ok(Some(Checked::Nothing(running.index))) };
                    if running.matter == Matter::Done {
                        return Ok(Some(Checked::Holds(running.index, hasher.finish())));
                    }
                    return self.tell(running, hasher, link).map(Some);
                }
            }
        }
        self.progress.tell(link, report, Some((running.index, running.hashed, running.bytes)))?;
        self.running.push_front(running);
        Ok(None)
    }

    fn tell(&mut self, running: Running, hasher: Hasher, link: &mut impl Link) -> Result<Checked, LaneError> {
        let Running { index, matter, bytes: offset, .. } = running;
        let md5 = hasher.clone().finish();
        header::write_header(link, &Message::At { index, offset, md5 })?;
        self.told.insert(index, Told { offset, matter, hasher });
        Ok(Checked::Told(index))
    }
}

/// What there is of a file to be hashed, and how much of it.
fn matter(index: u32, planner: &Planner, landing: &Landing) -> Option<(Matter, u64)> {
    if planner.is_touched(index) {
        let size = landing.terms().manifest.entries.get(index as usize)?.size();
        return Some((Matter::Done, size));
    }
    if let Some(bytes) = planner.part(index) {
        return Some((Matter::Part, bytes));
    }
    let terms = landing.terms();
    let size = terms.manifest.entries.get(index as usize)?.size();
    match landing.there(index) {
        Some(There { size: there, .. }) if there == size && terms.conflict == Conflict::SkipIdentical => {
            Some((Matter::There, size))
        }
        _ => None,
    }
}

/// The plan item that takes the place of a check which found nothing.
pub(super) fn send_after_all(index: u32) -> Message {
    let item = PlanItem { first: index, count: 1, want: Want::Send };
    Message::Plan { items: vec![item], done: Vec::new() }
}

/// The plan item that takes the place of a check which found a file as it was.
pub(super) fn done_after_all(index: u32, md5: Md5Digest) -> Message {
    let item = PlanItem { first: index, count: 1, want: Want::Skip };
    Message::Plan { items: vec![item], done: vec![(index, md5)] }
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::Arc};

    use super::*;
    use crate::{
        model::{
            device::Peer,
            manifest::{Entry, EntryKind, Manifest, Selection},
            transfer::TransferId,
        },
        storage::{
            journal::Recovered,
            landing::{Keep, Terms},
            profile::Profile,
        },
    };

    struct Jobs(Vec<u32>);

    impl Check for Jobs {
        fn check(&mut self, job: CheckJob) {
            self.0.push(job.index);
        }

        fn try_news(&mut self) -> Option<CheckNews> {
            None
        }
    }

    /// What is begun at once of files with these sizes that all are there.
    fn begun(sizes: &[u64]) -> Vec<u32> {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("inbox");
        fs::create_dir(&folder).unwrap();
        let entry = |(index, size): (usize, &u64)| {
            fs::File::create(folder.join(index.to_string())).unwrap().set_len(*size).unwrap();
            Entry { path: [index.to_string()].into(), kind: EntryKind::File { size: *size }, mtime: None, exec: false }
        };
        let terms = Terms {
            id: TransferId([1; 16]),
            peer: Peer::at(String::new(), false),
            digest: [0; 32],
            manifest: Arc::new(Manifest::from_entries(sizes.iter().enumerate().map(entry).collect()).unwrap()),
            message: None,
            folder: folder.clone(),
            selection: Selection::All,
            conflict: Conflict::SkipIdentical,
            accepted_at: 0,
        };
        let profile = Profile::open(Some(temp.path().join("profile"))).unwrap();
        let landing = Landing::prepare(&profile, terms, Keep::Agreement).unwrap();
        let planner = Planner::new(&landing, Recovered::default());
        let (mut checks, mut jobs) = (Checks::default(), Jobs(Vec::new()));
        (0..u32::try_from(sizes.len()).unwrap()).for_each(|index| checks.add(index));
        assert!(checks.begin(&planner, &landing, &mut jobs).is_none());
        assert!(checks.begin(&planner, &landing, &mut jobs).is_none(), "no more are begun until one is over");
        jobs.0
    }

    #[test]
    fn small_files_are_checked_many_at_a_time_and_large_ones_alone() {
        assert_eq!(begun(&[10; 100]), (0..64).collect::<Vec<_>>());
        assert_eq!(begun(&[10, 10, 2 << 20, 10]), [0, 1], "none passes another");
        assert_eq!(begun(&[2 << 20, 10]), [0]);
        assert_eq!(begun(&[600 << 10, 424 << 10, 1]), [0, 1]);
    }
}
