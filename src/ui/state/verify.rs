//! Files that the person wants to verify, while their view is open and after: what each is, how far it was read, and what came.

use std::{collections::HashMap, path::PathBuf};

use crate::{
    engine::inspection::{FileFound, Inspected, InspectionFound, InspectionId, InspectionNews, ListFound},
    model::{reason::ReasonCode, seal::Md5Digest},
    storage::sources::LeftOut,
};

/// Everything about the view *Verify*.
#[derive(Debug, Default)]
pub struct Verify {
    /// The view is open: what is dropped comes here.
    pub open: bool,
    pub files: Vec<FileToVerify>,
    pub lists: Vec<ListFound>,
    pub left_out: Vec<LeftOut>,
    /// Files for which there was no room any more.
    pub more: u64,
    /// The file whose seal is shown in full.
    picked: Option<usize>,
    /// What is pasted to be compared, by the file.
    pub pasted: HashMap<usize, String>,
    /// Looks that have not ended, oldest first, with the place of their first file once that is known.
    looks: Vec<(InspectionId, Option<usize>)>,
    last_id: u64,
    tally: Tally,
}

/// One file.
#[derive(Clone, Debug)]
pub struct FileToVerify {
    pub name: String,
    pub place: PathBuf,
    /// What a list says its checksum is.
    pub expected: Option<Md5Digest>,
    pub state: FileState,
}

/// How far a file has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileState {
    Ended(Inspected),
    Reading {
        done: u64,
        total: u64,
    },
    /// It was stopped before it was read.
    Stopped,
    Waiting,
}

/// What a file has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    Changed,
    Differs,
    Missing,
    Outside,
    Reading,
    Same,
    /// Its seal is known; no list says what it should be.
    Sealed,
    Stopped,
    Unreadable,
    Waiting,
}

/// How many files have come to what. Kept as they come: it is asked for at every frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub same: usize,
    pub differs: usize,
    pub missing: usize,
    /// Not read, for whatever reason.
    pub not_read: usize,
    pub sealed: usize,
}

impl Tally {
    /// Files that a list says something about, or that could not be read.
    pub fn says_something(&self) -> bool {
        self.same + self.differs + self.missing + self.not_read > 0
    }

    /// Whether nothing is wrong with any of them.
    pub fn is_good(&self) -> bool {
        self.differs + self.missing + self.not_read == 0
    }
}

impl FileToVerify {
    pub fn verdict(&self) -> Verdict {
        match &self.state {
            FileState::Ended(Inspected::Failed(reason)) if reason.code == ReasonCode::Changed => Verdict::Changed,
            FileState::Ended(Inspected::Failed(_)) => Verdict::Unreadable,
            FileState::Ended(Inspected::Missing) => Verdict::Missing,
            FileState::Ended(Inspected::Outside) => Verdict::Outside,
            FileState::Ended(Inspected::Sealed { md5, .. }) => match self.expected {
                None => Verdict::Sealed,
                Some(expected) if expected == *md5 => Verdict::Same,
                Some(_) => Verdict::Differs,
            },
            FileState::Reading { .. } => Verdict::Reading,
            FileState::Stopped => Verdict::Stopped,
            FileState::Waiting => Verdict::Waiting,
        }
    }

    /// Bytes read so far, of how many.
    pub fn read(&self) -> Option<(u64, u64)> {
        if let FileState::Reading { done, total } = self.state { Some((done, total)) } else { None }
    }

    /// Its seal and size, once it was read whole.
    pub fn sealed(&self) -> Option<(Md5Digest, u64)> {
        match self.state {
            FileState::Ended(Inspected::Sealed { md5, size }) => Some((md5, size)),
            _ => None,
        }
    }
}

impl Verify {
    /// A name for the next look.
    pub fn next_id(&mut self) -> InspectionId {
        self.last_id += 1;
        InspectionId(self.last_id)
    }

    /// The engine was asked for it.
    pub fn begin(&mut self, id: InspectionId) {
        self.looks.push((id, None));
    }

    /// Whether anything is still being looked at.
    pub fn busy(&self) -> bool {
        !self.looks.is_empty()
    }

    /// Whether there is nothing to show but where to drop.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.lists.is_empty() && self.left_out.is_empty() && !self.busy()
    }

    /// The file that is being read.
    pub fn reading(&self) -> Option<(usize, &FileToVerify)> {
        // Looks are taken in turn, so it belongs to the first that has its files.
        let (_, first) = self.looks.first()?;
        let first = (*first)?;
        let mut files = self.files.iter().enumerate().skip(first + self.read_before(first));
        files.next().filter(|(_, file)| matches!(file.state, FileState::Reading { .. }))
    }

    /// How many files from `first` on have ended.
    fn read_before(&self, first: usize) -> usize {
        let rest = self.files.get(first..).unwrap_or_default();
        rest.partition_point(|file| matches!(file.state, FileState::Ended(_)))
    }

    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Forgets everything; the looks that have to be stopped.
    pub fn clear(&mut self) -> Vec<InspectionId> {
        let stop = std::mem::take(&mut self.looks).into_iter().map(|(id, _)| id).collect();
        *self = Self { open: self.open, last_id: self.last_id, ..Self::default() };
        stop
    }

    /// The looks to stop; what has been read stays.
    pub fn stop(&mut self) -> Vec<InspectionId> {
        for file in &mut self.files {
            if matches!(file.state, FileState::Reading { .. } | FileState::Waiting) {
                file.state = FileState::Stopped;
            }
        }
        std::mem::take(&mut self.looks).into_iter().map(|(id, _)| id).collect()
    }

    /// Takes in what a look brings; what was stopped comes too late.
    pub fn take(&mut self, id: InspectionId, news: InspectionNews) {
        let Some(at) = self.looks.iter().position(|(look, _)| *look == id) else { return };
        match news {
            InspectionNews::Done => {
                let (_, first) = self.looks.remove(at);
                // A look that died over its files has not read them.
                let end = self.looks.iter().find_map(|(_, first)| *first).unwrap_or(self.files.len());
                for file in self.files.get_mut(first.unwrap_or(end)..end).unwrap_or_default() {
                    if !matches!(file.state, FileState::Ended(_)) {
                        file.state = FileState::Stopped;
                    }
                }
            }
            InspectionNews::Found(found) => {
                if let Some((_, first)) = self.looks.get_mut(at) {
                    *first = Some(self.files.len());
                }
                self.found(found);
            }
            InspectionNews::Reading { index, done, total } => {
                self.set(at, index, FileState::Reading { done, total });
            }
            InspectionNews::Ended { index, result } => {
                if let Some(verdict) = self.set(at, index, FileState::Ended(result)) {
                    self.count(verdict);
                }
            }
        }
    }

    fn found(&mut self, found: InspectionFound) {
        let InspectionFound { files, lists, left_out, more } = found;
        let waiting =
            |FileFound { name, place, expected }| FileToVerify { name, place, expected, state: FileState::Waiting };
        self.files.extend(files.into_iter().map(waiting));
        self.lists.extend(lists);
        self.left_out.extend(left_out);
        self.more += more;
    }

    fn set(&mut self, look: usize, index: u32, state: FileState) -> Option<Verdict> {
        let (_, first) = self.looks.get(look)?;
        let file = self.files.get_mut((*first)? + index as usize)?;
        file.state = state;
        Some(file.verdict())
    }

    fn count(&mut self, verdict: Verdict) {
        let tally = &mut self.tally;
        match verdict {
            Verdict::Changed | Verdict::Outside | Verdict::Unreadable => tally.not_read += 1,
            Verdict::Differs => tally.differs += 1,
            Verdict::Missing => tally.missing += 1,
            Verdict::Same => tally.same += 1,
            Verdict::Sealed => tally.sealed += 1,
            Verdict::Reading | Verdict::Stopped | Verdict::Waiting => {}
        }
    }

    /// The file whose seal is shown: the one that was chosen, or the only one.
    pub fn spoken_of(&self) -> Option<(usize, &FileToVerify)> {
        let index = if self.files.len() == 1 { Some(0) } else { self.picked };
        index.and_then(|index| Some((index, self.files.get(index)?)))
    }

    /// Shows one file, or none when it was shown.
    pub fn pick(&mut self, index: usize) {
        self.picked = (self.picked != Some(index)).then_some(index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, expected: Option<u8>) -> FileFound {
        FileFound { name: name.to_owned(), place: name.into(), expected: expected.map(|byte| Md5Digest([byte; 16])) }
    }

    fn sealed(byte: u8) -> Inspected {
        Inspected::Sealed { md5: Md5Digest([byte; 16]), size: 5 }
    }

    /// A view into which one look has brought these files.
    fn view(files: Vec<FileFound>) -> (Verify, InspectionId) {
        let mut view = Verify::default();
        let id = view.next_id();
        view.begin(id);
        view.take(id, InspectionNews::Found(InspectionFound { files, ..InspectionFound::default() }));
        (view, id)
    }

    #[test]
    fn what_a_list_says_decides_what_a_file_has_come_to() {
        let (mut view, id) = view(vec![file("a", Some(1)), file("b", Some(1)), file("c", None), file("d", Some(1))]);
        for (index, result) in (0..).zip([sealed(1), sealed(2), sealed(1), Inspected::Missing]) {
            view.take(id, InspectionNews::Ended { index, result });
        }
        let verdicts: Vec<_> = view.files.iter().map(FileToVerify::verdict).collect();
        assert_eq!(verdicts, [Verdict::Same, Verdict::Differs, Verdict::Sealed, Verdict::Missing]);
        assert_eq!(view.tally(), Tally { same: 1, differs: 1, missing: 1, not_read: 0, sealed: 1 });
    }

    #[test]
    fn what_was_stopped_stays_stopped_whatever_comes_too_late() {
        let (mut view, id) = view(vec![file("a", None), file("b", None)]);
        view.take(id, InspectionNews::Ended { index: 0, result: sealed(1) });
        view.take(id, InspectionNews::Reading { index: 1, done: 1, total: 2 });
        assert_eq!(view.reading().map(|(index, _)| index), Some(1));
        assert_eq!(view.stop(), [id]);
        view.take(id, InspectionNews::Ended { index: 1, result: sealed(1) });
        assert_eq!(view.files[1].verdict(), Verdict::Stopped);
        assert!(!view.busy() && view.reading().is_none());
    }

    #[test]
    fn a_look_that_ends_without_a_word_leaves_nothing_waiting() {
        let (mut view, first) = view(vec![file("a", None), file("b", None)]);
        let second = view.next_id();
        view.begin(second);
        view.take(first, InspectionNews::Ended { index: 0, result: sealed(1) });
        view.take(first, InspectionNews::Done);
        view.take(
            second,
            InspectionNews::Found(InspectionFound { files: vec![file("c", None)], ..Default::default() }),
        );
        let verdicts: Vec<_> = view.files.iter().map(FileToVerify::verdict).collect();
        assert_eq!(verdicts, [Verdict::Sealed, Verdict::Stopped, Verdict::Waiting]);
        assert!(view.busy());
    }

    #[test]
    fn the_only_file_is_shown_and_of_several_the_chosen_one() {
        let (mut view, id) = view(vec![file("a", None)]);
        assert_eq!(view.spoken_of().map(|(index, _)| index), Some(0));
        view.take(id, InspectionNews::Done);
        assert_eq!(view.clear(), []);
        let (mut view, _) = self::view(vec![file("a", None), file("b", None)]);
        assert!(view.spoken_of().is_none());
        view.pick(1);
        assert_eq!(view.spoken_of().map(|(index, _)| index), Some(1));
        view.pick(1);
        assert!(view.spoken_of().is_none());
    }
}
