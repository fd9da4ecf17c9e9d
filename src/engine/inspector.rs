//! Takes one look at files: finds out which there are, then hashes them one after the other, and tells.

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    rc::Rc,
    time::{Duration, Instant},
};

use crossbeam_channel::Sender;

use crate::{
    digest::Hasher,
    model::{
        checksum_list::{self, Listed},
        seal::Md5Digest,
    },
    storage::{
        checksum_file::{Beside, NotOpened, is_list, path_of, read_list},
        text_file::Opened,
    },
};

use super::{
    cancel::CancelFlag,
    inspection::{
        FileFound, Inspected, InspectionAsked, InspectionFound, InspectionId, InspectionNews, ListFound, MOST_FILES,
    },
    note::Note,
    outgoing::walk_all,
};

/// Figures are told this often at most.
const FIGURES_EVERY: Duration = Duration::from_millis(80);

/// One look under way. Whatever ends it, also a panic, its end is told.
pub struct Inspector {
    id: InspectionId,
    notes: Sender<Note>,
    cancel: CancelFlag,
    told: Instant,
}

/// Where the bytes of a file are.
enum Bytes {
    At(PathBuf),
    /// Listed, so only below the folder of the list.
    Beside(Rc<Beside>, PathBuf),
    /// Listed under a name that no file here can have.
    Nowhere,
}

impl Inspector {
    pub fn new(id: InspectionId, notes: Sender<Note>, cancel: CancelFlag) -> Self {
        Self { id, notes, cancel, told: Instant::now() }
    }

    /// Does it all; a cancel is heard at the next piece of a file.
    pub fn look(mut self, asked: &InspectionAsked) {
        let mut found = InspectionFound::default();
        let mut bytes = Vec::new();
        for path in &asked.paths {
            if self.cancel.is_set() {
                return;
            }
            if asked.lists || is_list(path) {
                list(path, asked.lists, &mut found, &mut bytes);
            } else if path.is_dir() {
                self.folder(path, &mut found, &mut bytes);
            } else {
                take(&mut found, &mut bytes, name_of(path), None, Bytes::At(path.clone()));
            }
        }
        self.tell(InspectionNews::Found(found));
        for (index, bytes) in (0..).zip(&bytes) {
            let result = match opened(bytes) {
                Ok(file) => match self.read(index, file) {
                    Some(result) => result,
                    None => return,
                },
                Err(NotOpened::Failed(reason)) => Inspected::Failed(reason),
                Err(NotOpened::Missing) => Inspected::Missing,
                Err(NotOpened::Outside) => Inspected::Outside,
            };
            self.tell(InspectionNews::Ended { index, result });
        }
    }

    /// Every file of a folder.
    fn folder(&mut self, path: &Path, found: &mut InspectionFound, bytes: &mut Vec<Bytes>) {
        let walked = walk_all(&[path.to_owned()], &self.cancel, &mut |_entries, _bytes| {});
        let Some((trees, left_out)) = walked else { return };
        found.left_out.extend(left_out);
        for tree in trees {
            found.left_out.extend(tree.left_out.iter().cloned());
            for (index, entry) in (0..).zip(&tree.entries).filter(|(_, entry)| entry.is_file()) {
                if let Some(place) = tree.places.get(index, entry) {
                    take(found, bytes, entry.shown_path(), None, Bytes::At(place));
                }
            }
        }
    }

    /// None: cancelled.
    fn read(&mut self, index: u32, file: Opened) -> Option<Inspected> {
        let (total, mut done) = (file.size(), 0);
        let mut hasher = Hasher::new();
        self.figure(index, 0, total);
        let whole = file.read(&mut |piece| {
            hasher.update(piece);
            done += piece.len() as u64;
            if self.told.elapsed() >= FIGURES_EVERY {
                self.figure(index, done, total);
            }
            if self.cancel.is_set() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        match whole {
            Err(reason) => Some(Inspected::Failed(reason)),
            Ok(false) => None,
            Ok(true) => Some(Inspected::Sealed { md5: hasher.finish(), size: done }),
        }
    }

    fn figure(&mut self, index: u32, done: u64, total: u64) {
        self.told = Instant::now();
        let news = InspectionNews::Reading { index, done, total };
        // The next one follows.
        self.notes.try_send(Note::Inspection { id: self.id, news }).ok();
    }

    fn tell(&self, news: InspectionNews) {
        // Only a dispatch that is shutting down does not hear it.
        self.notes.send(Note::Inspection { id: self.id, news }).ok();
    }
}

impl Drop for Inspector {
    fn drop(&mut self) {
        self.tell(InspectionNews::Done);
    }
}

/// What a list names; `sure`: a person said that it is one.
fn list(path: &Path, sure: bool, found: &mut InspectionFound, bytes: &mut Vec<Bytes>) {
    let read = read_list(path).and_then(|text| Ok((checksum_list::parse(&text, MOST_FILES), Beside::of(path)?)));
    let mut told = ListFound { place: path.to_owned(), files: 0, not_understood: 0, problem: None };
    match read {
        Err(reason) => told.problem = Some(reason),
        Ok((list, beside)) => {
            told.not_understood = list.not_understood;
            found.more += list.more as u64;
            let beside = Rc::new(beside);
            for file in list.files {
                match target(path, &file) {
                    Some(place) => {
                        told.files += 1;
                        let name = place.to_string_lossy().into_owned();
                        take(found, bytes, name, Some(file.md5), Bytes::Beside(Rc::clone(&beside), place));
                    }
                    None if file.name.is_some() => {
                        told.files += 1;
                        let name = String::from_utf8_lossy(file.name.as_deref().unwrap_or_default()).into_owned();
                        take(found, bytes, name, Some(file.md5), Bytes::Nowhere);
                    }
                    None => told.not_understood += 1,
                }
            }
        }
    }
    // It is called like a list, but is none: then it is a file like others.
    if told.files == 0 && told.problem.is_none() && !sure {
        take(found, bytes, name_of(path), None, Bytes::At(path.to_owned()));
    }
    found.lists.push(told);
}

/// The file that a line is about: by its name, or, where `thesis.pdf.md5` holds nothing but a checksum, `thesis.pdf`.
fn target(list: &Path, file: &Listed) -> Option<PathBuf> {
    match &file.name {
        Some(name) => path_of(name),
        None => is_list(list).then(|| list.file_stem().map(PathBuf::from)).flatten(),
    }
}

fn take(found: &mut InspectionFound, bytes: &mut Vec<Bytes>, name: String, expected: Option<Md5Digest>, from: Bytes) {
    if found.files.len() >= MOST_FILES {
        found.more += 1;
        return;
    }
    let place = match &from {
        Bytes::At(place) => place.clone(),
        Bytes::Beside(beside, below) => beside.place(below),
        Bytes::Nowhere => PathBuf::from(&name),
    };
    found.files.push(FileFound { name, place, expected });
    bytes.push(from);
}

fn opened(bytes: &Bytes) -> Result<Opened, NotOpened> {
    match bytes {
        Bytes::At(place) => Opened::at(place).map_err(NotOpened::Failed),
        Bytes::Beside(beside, name) => beside.open(name),
        Bytes::Nowhere => Err(NotOpened::Outside),
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
