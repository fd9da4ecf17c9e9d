//! A receiver that hears anything: the lane ends, what gets its real name is whole, and never more files than granted are open.

use std::{
    collections::VecDeque,
    fs,
    path::{Path, PathBuf},
};

use sealdrop::{
    model::{
        conflict::Conflict, device::Peer, manifest::Selection, outcome::FileEnd, reason::Reason, seal::Md5Digest,
        transfer::TransferId,
    },
    storage::{
        journal::Recovered,
        landing::{Keep, Landing, Terms},
        part_file::PartFile,
        profile::Profile,
    },
    transfer::{
        aside::Aside,
        lane::{Report, told},
        limits::Limits,
        receive::{Commit, Flush, Helpers, ReceiveLane, Trouble, VerifiedPart},
    },
    wire::header::{Receipt, ReceiptState},
};

use super::{
    FILES, MORE, UNWANTED, content,
    helpers::{Checking, Stream, md5_of},
    input::Input,
    manifest,
    recorded::{Habits, OnTheWay, Recorded},
    spoken,
};

const ID: TransferId = TransferId([7; 16]);

/// Bytes of a file that came over an earlier connection.
const BEFORE: usize = 100;

/// One connection; how it ended.
///
/// # Errors
/// Not in order.
pub(crate) fn receive(mut input: Input<'_>) -> Result<(), String> {
    let home = scratch();
    let folder = home.path().join("in");
    fs::create_dir(&folder).expect("a folder");
    let (landing, recovered) = landing(home.path(), &folder, input.below(4));
    let granted = input.pick(&[2, 1, 3, 256]);
    let limits = Limits { files_ahead: granted, flush_bytes: 100, by_turns: 0, ..Limits::default() };
    let habits = Habits::of(&mut input);
    let mut aside = Stream::of(&mut input);
    let is_late = input.flag();
    // One of them may be there from an earlier connection.
    let most_open = granted + recovered.parts.len();
    let mut commit = Committing { landing: landing.clone(), is_late, out: 0, parts: VecDeque::new(), most_open };
    let mut check = Checking { landing: landing.clone(), news: VecDeque::new() };
    let mut report = Looking { landing: landing.clone(), most_open };
    let speech = spoken::sender(&mut input);
    let mut link = Recorded::new(speech, habits, &limits, OnTheWay::granted(0));
    let helpers =
        Helpers { commit: &mut commit, check: &mut check, aside: aside.as_mut().map(|aside| aside as &mut dyn Aside) };
    let ended = ReceiveLane::new(&mut link, &mut report, helpers, landing.clone(), recovered).run();
    drop(commit);
    landing.finish();
    let standing = names(&landing);
    assert!(!standing.iter().any(|name| name.starts_with(".sealdrop")), "left behind: {standing:?}");
    match ended {
        Ok(tally) => {
            let all = FILES.iter().filter(|(name, _)| standing.iter().any(|there| there.contains(name))).count();
            let selected = FILES.len() - 1;
            assert!(tally.failed > 0 || all == selected, "{standing:?} of {selected}");
            Ok(())
        }
        Err(end) => Err(format!("{:?}", end.error)),
    }
}

pub(crate) fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("scratch space")
}

/// A new transfer, one for which something stands there, or one that goes on.
fn landing(home: &Path, folder: &Path, kind: u8) -> (Landing, Recovered) {
    let profile = Profile::open(Some(home.join("profile"))).expect("a profile");
    let manifest = manifest();
    let selection = (0..).zip(&manifest.entries).map(|(index, _)| index != UNWANTED).collect();
    let mut terms = Terms {
        id: ID,
        peer: Peer::at("a".to_owned(), true),
        digest: [1; 32],
        manifest,
        message: None,
        folder: folder.to_owned(),
        selection: Selection::Some(selection),
        conflict: Conflict::KeepBoth,
        accepted_at: 1,
    };
    if kind == 1 {
        terms.conflict = Conflict::SkipIdentical;
        fs::create_dir(folder.join("d")).expect("a folder");
        for index in [1, MORE] {
            fs::write(folder.join("d").join(FILES[index as usize].0), content(index)).expect("a file");
        }
    }
    let keep = if kind == 2 { Keep::Agreement } else { Keep::Nothing };
    let landing = Landing::prepare(&profile, terms, keep).expect("a folder that may be written to");
    if kind != 2 {
        return (landing, Recovered::default());
    }
    let mut part = landing.create_part(MORE).expect("a part");
    part.write_all(&content(MORE)[..BEFORE]).expect("room");
    landing.suspend_part(part).expect("kept");
    landing.suspend();
    drop(landing);
    let (landing, _terms, recovered) = Landing::reopen(&profile, ID).expect("goes on");
    assert_eq!(recovered.parts.get(&MORE), Some(&(BEFORE as u64)));
    (landing, recovered)
}

/// Names where the files are to stand.
fn names(landing: &Landing) -> Vec<String> {
    let place = landing.final_path(0);
    let entries = fs::read_dir(place.parent().expect("below a folder")).into_iter().flatten();
    entries.map(|entry| entry.expect("listable").file_name().to_string_lossy().into_owned()).collect()
}

/// Each of them costs a handle.
fn at_most(most_open: usize, landing: &Landing) {
    let open = names(landing).iter().filter(|name| name.starts_with(".sealdrop")).count();
    assert!(open <= most_open, "{open} files are open, not only {most_open}");
}

struct Looking {
    landing: Landing,
    most_open: usize,
}

impl Report for Looking {
    fn moved(&mut self, _: u32, _: u64) {
        at_most(self.most_open, &self.landing);
    }
    fn file_ended(&mut self, _: FileEnd) {}
    fn finishing(&mut self) {}
}

/// Publishes what it is given, once somebody asks for receipts.
struct Committing {
    landing: Landing,
    /// Only when nothing else can be done.
    is_late: bool,
    /// Receipts that may be heard.
    out: usize,
    parts: VecDeque<Settled>,
    most_open: usize,
}

enum Settled {
    Made(u32, Result<PathBuf, Reason>),
    Part(VerifiedPart),
    There(u32, Md5Digest),
}

impl Committing {
    fn add(&mut self, settled: Settled) {
        at_most(self.most_open, &self.landing);
        self.parts.push_back(settled);
        self.out += usize::from(!self.is_late);
    }

    /// What stands there has this digest and all its bytes.
    fn look(&self, index: u32, place: &Path, md5: Md5Digest) {
        let bytes = fs::read(place).expect("it stands there");
        assert_eq!(bytes.len() as u64, self.landing.terms().manifest.entries[index as usize].size());
        assert_eq!(md5_of(&bytes), md5, "{} is not what its seal says", place.display());
    }
}

impl Commit for Committing {
    fn commit(&mut self, part: VerifiedPart) {
        let size = self.landing.terms().manifest.entries[part.index as usize].size();
        assert_eq!(part.part.written(), size, "a verified part is whole");
        self.add(Settled::Part(part));
    }

    fn keep(&mut self, index: u32, md5: Md5Digest) {
        self.add(Settled::There(index, md5));
    }

    fn can_flush(&mut self) -> bool {
        true
    }

    fn flush(&mut self, flush: Flush) {
        self.landing.flush_at(flush.flusher, flush.offset).expect("room");
    }

    fn suspend(&mut self, part: PartFile) {
        self.landing.suspend_part(part).expect("room");
    }

    fn idle(&mut self) {
        self.out = self.parts.len();
    }

    fn all_files_ended(&mut self) {
        for (index, made) in self.landing.make_folders().into_iter().chain(self.landing.make_links()) {
            self.add(Settled::Made(index, made));
        }
    }

    fn try_receipt(&mut self) -> Option<Receipt> {
        self.out = self.out.checked_sub(1)?;
        let (index, md5, settled) = match self.parts.pop_front()? {
            Settled::Made(index, made) => (index, None, made),
            Settled::Part(VerifiedPart { index, part, md5 }) => {
                let (of, named) = self.landing.commit(vec![(part, md5)]).pop()?;
                assert_eq!(of, index);
                (index, Some(md5), named)
            }
            Settled::There(index, md5) => (index, Some(md5), self.landing.already_done(index, md5)),
        };
        let state = match settled {
            Ok(place) => {
                if let Some(md5) = md5 {
                    self.look(index, &place, md5);
                }
                ReceiptState::Verified
            }
            Err(reason) => ReceiptState::Failed(told(&reason).into()),
        };
        Some(Receipt { index, md5: md5.filter(|_| state == ReceiptState::Verified), state })
    }

    fn try_trouble(&mut self) -> Option<Trouble> {
        None
    }
}
