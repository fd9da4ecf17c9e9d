//! Taking a landing up again: what the journal says is compared with what is there, and commits that were open are ended.

use std::{
    collections::{HashMap, HashSet},
    io,
    sync::Arc,
};

use cap_fs_ext::MetadataExt;

use crate::{
    digest::Hasher,
    model::{
        reason::{Reason, ReasonCode},
        seal::Md5Digest,
        transfer::TransferId,
    },
    storage::{
        agreement::{self, Layout, Terms},
        disk::{Disk, Folder},
        done_list::FinalPaths,
        error::{Doing, io_reason, reason_at},
        journal::{self, Desk, Journal, Line, OpenCommit, Recovered, Story},
        leftovers::part_name,
        part_file::{PartFile, StoredBytes, time_of_file},
        profile::Profile,
        receive_folder::{check_folder, folder_reason},
    },
};

use super::{
    Agreed, Landing, Marks, Names, Paper, Shared,
    begin::{lay_out_again, running_on, selected_tops, settle_names, usable_again},
    claim::Claim,
    commit::{Job, Named},
    mark, may_pass,
};

/// Commits that are ended together.
const BATCH: usize = 64;

const READ_BYTES: usize = 256 << 10;

/// Times that differ by no more than this are the same: some disks keep them in steps, which show when they are read again.
const TIME_GRAIN: u64 = 1000;

impl Landing {
    /// Takes a transfer up where its last connection ended, be it by a crash.
    ///
    /// # Errors
    /// `UnknownTransfer`: there is no agreement about it. `FolderMissing`, `FolderReadOnly`, `DiskFull`: nothing was changed
    /// that a later try would miss. Others: what is in the profile is damaged.
    pub fn reopen(profile: &Profile, id: TransferId) -> Result<(Self, Terms, Recovered), Reason> {
        Self::reopen_on(&Disk::default(), profile, id)
    }

    /// As `reopen`, of a transfer that is `known`: the list of its entries is in memory once, then.
    ///
    /// # Errors
    /// As `reopen`.
    pub fn reopen_known(profile: &Profile, known: &Terms) -> Result<(Self, Terms, Recovered), Reason> {
        Self::take_up(&Disk::default(), profile, known.id, Some(known)).and_then(Self::go_on)
    }

    /// As `reopen`, over a disk that may be recorded.
    ///
    /// # Errors
    /// As `reopen`.
    pub fn reopen_on(disk: &Disk, profile: &Profile, id: TransferId) -> Result<(Self, Terms, Recovered), Reason> {
        Self::take_up(disk, profile, id, None).and_then(Self::go_on)
    }

    /// Does what is left to do of the end of a transfer. `failed`: both sides know that so much failed, which is noted unless it was
    /// before; none: the other one may not have heard of the end. What stands in the profile stays there (`close`).
    ///
    /// # Errors
    /// As `reopen`: the receive folder is then left as it is.
    pub fn end_again_on(disk: &Disk, profile: &Profile, id: TransferId, failed: Option<u64>) -> Result<(), Reason> {
        let (landing, story) = Self::take_up(disk, profile, id, None)?;
        if let (None, Some(failed)) = (story.ended, failed) {
            // If it cannot be said, it is so after a crash only.
            landing.note_ended(failed).ok();
        }
        landing.close();
        Ok(())
    }

    fn go_on((landing, story): (Self, Story)) -> Result<(Self, Terms, Recovered), Reason> {
        let recovered = landing.recover(story)?;
        let terms = landing.terms().clone();
        Ok((landing, terms, recovered))
    }

    fn take_up(disk: &Disk, profile: &Profile, id: TransferId, known: Option<&Terms>) -> Result<(Self, Story), Reason> {
        let place = profile.running_folder();
        let failed = |error: io::Error| io_reason(&error, &place, Doing::Writing);
        let running = running_on(disk, profile)?;
        let (terms, layout) = load(&running, id, profile, known)?;
        check_folder(&terms.folder)?;
        let root = disk.folder(&terms.folder).map_err(|error| folder_reason(&error, &terms.folder))?;
        let entries = terms.manifest.entries.len();
        let (journal, story) = match Journal::open(&running, id, entries) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                (Journal::create(&running, id, entries).map_err(failed)?, Story::default())
            }
            opened => opened.map_err(failed)?,
        };
        // A crash while the agreement was made may have left names there that the next one takes away.
        running.flush().map_err(failed)?;
        let landing = Self::taken_up(root, profile, &running, (terms, &layout), Desk::new(journal), &story)?;
        Ok((landing, story))
    }

    fn taken_up(
        root: Folder,
        profile: &Profile,
        running: &Folder,
        (terms, layout): (Terms, &Layout),
        desk: Desk,
        story: &Story,
    ) -> Result<Self, Reason> {
        let mut map = lay_out_again(&terms, layout)?;
        let tops = selected_tops(&terms, &map);
        let mut found = layout.found.iter().filter_map(|position| map.top_at(*position)).collect();
        let mut agreed = Agreed { desk, names: None };
        if layout.tops_follow && !story.has_begun {
            // It ended before its folders were known to be there.
            let claim = Claim { root: &root, terms: &terms, tops: &tops, usable: usable_again(&terms) };
            found = claim.look(&mut map, &HashSet::new()).map_err(|error| folder_reason(&error, &terms.folder))?;
            agreed = settle_names(&claim, (running, &profile.running_folder()), agreed.desk, (&map, &found))?;
        }
        let marks = Marks::new(terms.manifest.entries.len(), map.len());
        story.done.iter().for_each(|(index, _)| mark(&marks.done, index, true));
        let noted = story.commits.keys().chain(story.flushed.keys());
        noted.for_each(|index| mark(&marks.noted, *index, true));
        let earlier = story.flushed.clone();
        // Parts that nobody knows of may be there, too.
        let parts = Arc::new(1.into());
        let has_ended = story.over && story.done.has_all(&terms);
        let (profile, paper) = (profile.clone(), Paper::Agreement(Ok(agreed).into()));
        let first_names = Names { map, found };
        Ok(Self::over(root, Shared { profile, terms, first_names, tops, paper, parts, earlier, marks, has_ended }))
    }

    fn recover(&self, mut story: Story) -> Result<Recovered, Reason> {
        let (mut gone, mut touched) = (Vec::new(), Vec::new());
        if self.has_ended() {
            // Whatever breaks off now, that stays so.
        } else if story.over || story.ended.is_some() {
            // What became of its files since it had ended is their owner's business: a retry is about those that failed.
            self.journal(&[Line::Over(false)], true)?;
        } else {
            (gone, touched) = self.look_for_done(&mut story)?;
        }
        let open: Vec<_> = std::mem::take(&mut story.commits).into_iter().collect();
        for batch in open.chunks(BATCH) {
            self.end_commits(batch, &mut story)?;
        }
        let Story { done, flushed, paused, over, ended, .. } = story;
        let parts = flushed.into_iter().filter(|(index, to)| self.has_part(*index, *to)).collect();
        Ok(Recovered { done, touched, gone, parts, paused, over, ended })
    }

    /// What the disk holds is the only truth: a file that was done and does not stand there any more, or has another size now, starts
    /// again. One that was written to since, as its time tells, is not read here, which may take long. Both are returned.
    fn look_for_done(&self, story: &mut Story) -> Result<(Vec<u32>, Vec<u32>), Reason> {
        let (mut gone, mut touched) = (Vec::new(), Vec::new());
        for (index, _md5) in story.done.iter().filter(|(_, md5)| md5.is_some()) {
            match self.standing(index, story) {
                Standing::As => {}
                Standing::Gone => gone.push(index),
                Standing::Touched => touched.push(index),
            }
        }
        self.start_again(&gone)?;
        for index in &gone {
            story.done.remove(*index);
        }
        Ok((gone, touched))
    }

    fn standing(&self, index: u32, story: &Story) -> Standing {
        let Ok((size, node)) = self.selected_file(index) else { return Standing::As };
        let name = story.done.name(index).unwrap_or_else(|| self.map().name(node));
        let there = self.find_dir(self.map().parent(node)).and_then(|folder| folder.look(name));
        let Some(there) = there.ok().filter(|there| there.is_file() && there.len() == size) else {
            return Standing::Gone;
        };
        let expected = story.times.get(index).or_else(|| self.selected(index).ok()?.0.mtime);
        match (expected, time_of_file(&there)) {
            (Some(expected), Some(time)) if expected.abs_diff(time) > TIME_GRAIN => Standing::Touched,
            _ => Standing::As,
        }
    }

    /// Nothing of these files counts any more.
    fn start_again(&self, files: &[u32]) -> Result<(), Reason> {
        if files.is_empty() {
            return Ok(());
        }
        let lines: Vec<Line> = files.iter().map(|index| Line::Again { index: *index }).collect();
        self.journal(&lines, true)?;
        for index in files {
            mark(&self.shared.marks.done, *index, false);
        }
        Ok(())
    }

    /// The bytes of a file that was done; `name`: what it got in place of its own.
    ///
    /// # Errors
    /// It is gone, or cannot be read.
    pub fn done_bytes(&self, index: u32, name: Option<&str>) -> Result<StoredBytes, Reason> {
        let (_size, node) = self.selected_file(index)?;
        let parent = self.map().parent(node);
        let folder = self.find_dir(parent).map_err(|error| io_reason(&error, &self.path_of(node), Doing::Reading))?;
        StoredBytes::open(&folder, name.unwrap_or_else(|| self.map().name(node)))
    }

    /// A file that was written to since it was done holds the same as before: from now on it counts as it is.
    ///
    /// # Errors
    /// The profile cannot be written: it is hashed once more after the next break.
    pub fn note_same(&self, index: u32, md5: Md5Digest, name: Option<&str>) -> Result<(), Reason> {
        let time = self.done_bytes(index, name)?.time();
        let name = name.map(str::to_owned);
        self.journal(&[Line::Done { index, name, md5: Some(md5.to_string()), time }], false)
    }

    /// A file that was done holds something else now, which is its owner's business: it comes again, beside it where both are kept.
    ///
    /// # Errors
    /// The profile cannot be written.
    pub fn note_other(&self, index: u32) -> Result<(), Reason> {
        self.start_again(&[index])
    }

    fn has_part(&self, index: u32, to: u64) -> bool {
        let stored = self.part_prefix(index);
        stored.is_ok_and(|stored| stored.size() >= to)
    }

    /// Part there, and what was verified: it gets its name. Part gone, and the file there is the one that was meant: done. Otherwise it starts again,
    /// and the journal says so before anything new comes under the part's name.
    fn end_commits(&self, batch: &[(u32, OpenCommit)], story: &mut Story) -> Result<(), Reason> {
        let (mut jobs, mut lines, mut renamed) = (Vec::<Job>::new(), Vec::new(), Vec::new());
        for (index, commit) in batch {
            match self.find(*index, commit) {
                Found::Part(part) => jobs.push(self.job(part, commit.md5, Some(commit.name.clone()))),
                Found::File => {
                    let name = Some(commit.name.clone());
                    let time = self.done_bytes(*index, Some(&commit.name)).ok().and_then(|bytes| bytes.time());
                    lines.push(Line::Done { index: *index, name, md5: Some(commit.md5.to_string()), time });
                    renamed.push(*index);
                    story.done.insert(*index, Some(commit.md5), self.unless_own(*index, &commit.name));
                }
                Found::Nothing => {
                    lines.push(Line::Again { index: *index });
                    story.flushed.remove(index);
                }
            }
        }
        let parents = renamed.iter().filter_map(|index| self.map().node_of(*index));
        let failed = self.flush_names(parents.map(|node| self.map().parent(node)), None);
        if let Some(reason) = failed.into_values().next() {
            return Err(reason);
        }
        self.journal(&lines, true)?;
        for line in &lines {
            if let Line::Done { index, .. } | Line::Again { index } = line {
                mark(&self.shared.marks.noted, *index, false);
            }
        }
        for index in &renamed {
            mark(&self.shared.marks.done, *index, true);
        }
        let seals: HashMap<u32, _> = jobs.iter().map(|job| (job.index, job.md5)).collect();
        let together = self.is_better_together(jobs.len());
        let (_none, flushed) = self.flush_jobs(jobs, together, Named::default());
        for (index, published) in self.end(self.name(flushed)) {
            match published {
                Ok(place) => {
                    let name = place.file_name().and_then(|name| self.unless_own(index, name.to_str()?));
                    story.done.insert(index, seals.get(&index).copied(), name);
                }
                Err(reason) if may_pass(&reason) => return Err(reason),
                Err(_starts_again) => drop(story.flushed.remove(&index)),
            }
        }
        Ok(())
    }

    /// A name, unless it is the one that the entry was to have.
    fn unless_own(&self, index: u32, name: &str) -> Option<String> {
        let own = self.map().node_of(index).map(|node| self.map().name(node));
        (own != Some(name)).then(|| name.to_owned())
    }

    fn find(&self, index: u32, commit: &OpenCommit) -> Found {
        let Ok((size, node)) = self.selected_file(index) else { return Found::Nothing };
        let Ok(folder) = self.find_dir(self.map().parent(node)) else { return Found::Nothing };
        if size != commit.size {
            return Found::Nothing;
        }
        let name = part_name(self.id(), index);
        if folder.look(&name).is_ok_and(|part| part.is_file() && part.len() == size) {
            if is_same_file(&folder, &name, &commit.name) {
                // Where renaming is linking and then removing, the second was missing.
                folder.remove(&name).ok();
                return Found::File;
            }
            // The name may have stood for an older part, and have come back with the power.
            if is_file_of(&folder, &name, commit) {
                let left = Arc::clone(&self.shared.parts);
                return PartFile::go_on(folder, name, (index, size), size, left).map_or(Found::Nothing, Found::Part);
            }
        }
        if is_file_of(&folder, &commit.name, commit) { Found::File } else { Found::Nothing }
    }
}

/// How a file stands that was done.
enum Standing {
    /// As it was.
    As,
    /// Not at all, or with another size.
    Gone,
    /// It was written to since.
    Touched,
}

/// What an open commit has left.
enum Found {
    Part(PartFile),
    /// The file stands under its name.
    File,
    Nothing,
}

fn is_same_file(folder: &Folder, a: &str, b: &str) -> bool {
    let id = |name: &str| folder.look(name).ok().map(|metadata| (metadata.dev(), metadata.ino()));
    id(a).is_some_and(|a| id(b) == Some(a))
}

fn is_file_of(folder: &Folder, name: &str, commit: &OpenCommit) -> bool {
    let Ok(mut stored) = StoredBytes::open(folder, name) else { return false };
    if stored.size() != commit.size {
        return false;
    }
    let mut hasher = Hasher::new();
    let mut buf = vec![0; READ_BYTES];
    loop {
        match stored.read(&mut buf) {
            Ok(0) => return hasher.finish() == commit.md5,
            Ok(read) => hasher.update(buf.get(..read).unwrap_or_default()),
            Err(_) => return false,
        }
    }
}

pub(in crate::storage) fn load(
    running: &Folder,
    id: TransferId,
    profile: &Profile,
    known: Option<&Terms>,
) -> Result<(Terms, Layout), Reason> {
    agreement::load(running, id, known).map_err(|error| unread(&error, id, profile))
}

/// Why an agreement could not be read.
pub(in crate::storage) fn unread(error: &io::Error, id: TransferId, profile: &Profile) -> Reason {
    let place = profile.running_folder().join(agreement::file_name(id));
    match error.kind() {
        io::ErrorKind::NotFound => reason_at(ReasonCode::UnknownTransfer, "nothing was agreed", &place),
        io::ErrorKind::InvalidData => reason_at(ReasonCode::Io, &format!("damaged ({error})"), &place),
        _ => io_reason(error, &place, Doing::Reading),
    }
}

/// What the journal alone says, without a look at the receive folder.
pub(in crate::storage) fn as_journaled(
    running: &Folder,
    terms: &Terms,
    layout: &Layout,
) -> Result<(Recovered, FinalPaths), Reason> {
    let map = lay_out_again(terms, layout)?;
    let mut story = match journal::read(running, terms.id, terms.manifest.entries.len()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Story::default(),
        read => read.map_err(|error| io_reason(&error, &terms.folder, Doing::Reading))?,
    };
    let whole = story.commits.iter().map(|(index, commit)| (*index, commit.size));
    story.flushed.extend(whole);
    let Story { done, flushed: parts, paused, over, ended, .. } = story;
    let recovered = Recovered { done, parts, paused, over, ended, ..Recovered::default() };
    Ok((recovered, FinalPaths::new(&terms.folder, map)))
}
