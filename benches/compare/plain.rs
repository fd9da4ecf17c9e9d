//! What the disk asks of anybody: a plain loop that makes the same small files, and nothing else.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    thread,
};

use super::{
    Medium,
    others::Other,
    process::{Taken, timed},
    work::{Work, entries_of},
};

/// No rivals: what they make was not sent.
pub(crate) const NAMES: [&str; 2] = ["creating them, 1 thread", "creating them, 2 threads"];

/// With so many threads, each of which has folders of its own.
pub(crate) struct Plain(pub(crate) usize);

impl Other for Plain {
    fn name(&self) -> &'static str {
        NAMES[usize::from(self.0 > 1)]
    }

    fn can(&self, work: Work) -> bool {
        work == Work::Many
    }

    fn run(&mut self, work: Work, source: &Path, into: &Path, medium: &Medium) -> Taken {
        let from = source.join(work.name());
        let folders: Vec<_> = entries_of(&from);
        let bytes = fs::read(&entries_of(&folders[0])[0]).expect("a file");
        let names: Vec<_> = folders.iter().map(|folder| entries_of(folder)).collect();
        let seconds = timed(medium, into, || {
            let top = into.join(work.name());
            let places: Vec<_> = folders.iter().map(|folder| top.join(folder.file_name().expect("a name"))).collect();
            for place in &places {
                fs::create_dir_all(place).expect("a folder");
            }
            thread::scope(|scope| {
                for thread in 0..self.0 {
                    let mine = places.iter().zip(&names).skip(thread).step_by(self.0);
                    let work = || mine.for_each(|(place, names)| make_all(place, names, &bytes));
                    thread::Builder::new().spawn_scoped(scope, work).expect("a thread");
                }
            });
        });
        Taken { seconds, ends: None }
    }
}

/// Each under a name of its own first, as one does who promises that the real name never holds half a file.
fn make_all(folder: &Path, names: &[std::path::PathBuf], bytes: &[u8]) {
    for name in names {
        let name = name.file_name().expect("a name");
        let part = folder.join(format!(".plain-0123456789abcdef-{}.part", name.display()));
        File::create_new(&part).expect("a new file").write_all(bytes).expect("room");
        fs::rename(&part, folder.join(name)).expect("a name that is free");
    }
}
