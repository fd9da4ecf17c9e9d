//! A sender and a receiver of one transfer, and a wire between them that breaks where a test says.

mod side;
mod watched;
mod wire;

use std::{
    net::TcpStream,
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
    thread::{self, JoinHandle},
    time::Duration,
};

use crossbeam_channel::{Receiver, Sender, bounded};
use tempfile::TempDir;

use crate::{
    engine::{
        aside::AsideHandle,
        cancel::{CancelFlag, HoldFlag},
        closer, handles,
        link::SocketLink,
        note::Note,
        receiving::{Whose, receive_with},
    },
    model::{
        conflict::Conflict,
        device::Peer,
        manifest::{Entry, EntryKind, Manifest, Selection},
        outcome::{FileEnd, FileState},
        transfer::{Direction, TransferId, TransferKey},
    },
    storage::{
        journal::Recovered,
        kept,
        landing::{Keep, Landing, Terms},
        profile::Profile,
        sources::SourcePlaces,
    },
    transfer::{
        ahead::Ahead,
        aside::Aside,
        lane::{Farewell, LaneEnd, LaneError, next_message},
        limits::Limits,
        link::Held,
        receive::Tally,
        send::{SendLane, Sending, SentBefore},
    },
    wire::header::{Answer, Message, encode},
};

pub(super) use side::{Ran, Said, Side, Teller, moved};
pub(super) use watched::{BeforePiece, BeforeWrite, Does, Watched, Writes};
pub(super) use wire::{Wire, pair};

pub(super) const LIMIT: Duration = Duration::from_secs(30);
const ID: TransferId = TransferId([5; 16]);

/// A transfer of some files, and what its two sides remember of it.
pub(super) struct Scene {
    home: TempDir,
    pub(super) manifest: Arc<Manifest>,
    pub(super) places: Vec<PathBuf>,
    pub(super) selection: Selection,
    pub(super) conflict: Conflict,
    pub(super) limits: Limits,
    pub(super) before: SentBefore,
    /// What holds sender and receiver from the start.
    pub(super) held: [Option<Held>; 2],
    /// Asked by sender and receiver before each piece of a file that is left to its second thread, in turn with the lane.
    pub(super) aside: [Option<BeforePiece>; 2],
    /// Asked by the receiver before each piece of a file that is left to its second thread to be written.
    pub(super) writing: Option<BeforeWrite>,
}

/// Whoever hashes beside a lane.
fn beside(before: Option<BeforePiece>, writing: Option<BeforeWrite>) -> Box<dyn Aside + Send> {
    if before.is_none() && writing.is_none() {
        return Box::new(AsideHandle::default());
    }
    let before = before.unwrap_or_else(|| Arc::new(|_| Does::Goes));
    Box::new(Watched::new(before, writing.unwrap_or_else(|| Arc::new(|_| Writes::AtOnce))))
}

impl Scene {
    /// Files of these sizes, with seeded bytes.
    pub(super) fn of(sizes: &[usize]) -> Self {
        // As a program does at its start: many files are open at the same time, in many tests.
        handles::raise_limit();
        let home = tempfile::tempdir().unwrap();
        for folder in ["sent", "received"] {
            std::fs::create_dir(home.path().join(folder)).unwrap();
        }
        let places: Vec<PathBuf> = (0..sizes.len()).map(|i| home.path().join("sent").join(name(i))).collect();
        for (seed, (place, size)) in places.iter().zip(sizes).enumerate() {
            std::fs::write(place, seeded(seed as u64 + 1, *size)).unwrap();
        }
        let entry = |(i, place): (usize, &PathBuf)| {
            let metadata = std::fs::metadata(place).unwrap();
            let mtime = metadata.modified().unwrap().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
            let kind = EntryKind::File { size: metadata.len() };
            Entry { path: [name(i)].into(), kind, mtime: Some(i64::try_from(mtime).unwrap()), exec: false }
        };
        let manifest = Arc::new(Manifest::from_entries(places.iter().enumerate().map(entry).collect()).unwrap());
        Self {
            home,
            manifest,
            places,
            selection: Selection::All,
            conflict: Conflict::KeepBoth,
            // Whatever the machine does, files are hashed in every way.
            limits: Limits { flush_bytes: 1 << 20, by_turns: 0, ..Limits::default() },
            before: SentBefore::default(),
            held: [None, None],
            aside: [None, None],
            writing: None,
        }
    }

    /// Adds a folder or a link.
    pub(super) fn and(&mut self, path: &[&str], kind: EntryKind) {
        let mut entries = self.manifest.entries.clone();
        self.places.push(self.home.path().join("sent").join(path.join("/")));
        let path = path.iter().collect();
        entries.push(Entry { path, kind, mtime: None, exec: false });
        self.manifest = Arc::new(Manifest::from_entries(entries).unwrap());
    }

    pub(super) fn profile(&self) -> Profile {
        Profile::open(Some(self.home.path().join("profile"))).unwrap()
    }

    pub(super) fn received(&self) -> PathBuf {
        self.home.path().join("received")
    }

    /// What the receiver's disk holds of the transfer: its agreement, or a new one.
    pub(super) fn landing(&self) -> (Landing, Recovered) {
        if self.before.again {
            let (landing, _terms, recovered) = Landing::reopen(&self.profile(), ID).unwrap();
            return (landing, recovered);
        }
        let terms = Terms {
            id: ID,
            peer: Peer::at("a".to_owned(), false),
            digest: [1; 32],
            manifest: Arc::clone(&self.manifest),
            message: None,
            folder: self.received(),
            selection: self.selection.clone(),
            conflict: self.conflict,
            accepted_at: 1,
        };
        (Landing::begin(&self.profile(), terms, Keep::Agreement).unwrap(), Recovered::default())
    }

    /// One connection that breaks when `cut` bytes have gone from the sender to the receiver.
    pub(super) fn run(&mut self, cut: Option<u64>) -> Ran {
        self.run_with(cut, |_, _| {})
    }

    /// While it lasts, `meddle` happens.
    pub(super) fn run_with(&mut self, cut: Option<u64>, meddle: impl FnOnce(&mut Side, &mut Side)) -> Ran {
        let (landing, recovered) = self.landing();
        let wire = Wire::new(cut);
        let (sender, mut send_side) = self.sender(wire.sender);
        let (receiver, mut receive_side, notes) = self.receiver(wire.receiver, landing, recovered);
        meddle(&mut send_side, &mut receive_side);
        let (sent, taken) = (sender.join().unwrap(), receiver.join().unwrap());
        let all = |mut side: Side| {
            side.heard.extend(side.said.try_iter());
            side.heard
        };
        let committed = notes
            .try_iter()
            .filter_map(|note| if let Note::FilesEnded { ends, .. } = note { Some(ends) } else { None })
            .flatten()
            .collect();
        let bytes = wire.bytes.load(Ordering::Relaxed);
        let ran = Ran { sent, received: taken, sender: all(send_side), receiver: all(receive_side), committed, bytes };
        self.before.again = true;
        for said in &ran.sender {
            if let Said::Ended(FileEnd { index, state: FileState::Verified, md5: Some(md5), .. }) = said {
                self.before.receipts.insert(*index, *md5);
            }
        }
        ran
    }

    pub(super) fn sender(&self, stream: TcpStream) -> (Ending<()>, Side) {
        let End { mut link, side, tell, .. } = self.end(stream, self.held[0]);
        let (manifest, before) = (Arc::clone(&self.manifest), self.before.clone());
        let places = SourcePlaces::listed(&manifest.entries, &self.places);
        let mut aside = beside(self.aside[0].clone(), None);
        let thread = spawn(move || {
            let ahead = match next_message(&mut link) {
                Ok(Some(Message::Answer(Answer::Accept { ahead, together }))) => Ahead::granted(ahead, together),
                Ok(other) => panic!("{other:?}"),
                Err(error) => return Err(Box::new(LaneEnd { error, farewell: Farewell::default() })),
            };
            let what = Sending { manifest, places: &places, before, ahead };
            let ended = SendLane::new(&mut link, &mut Teller(tell), Some(&mut *aside), what).run();
            close(link, &ended);
            ended
        });
        (thread, side)
    }

    pub(super) fn receiver(
        &self,
        stream: TcpStream,
        landing: Landing,
        recovered: Recovered,
    ) -> (Ending<Tally>, Side, Receiver<Note>) {
        let End { mut link, side, tell, notes, heard } = self.end(stream, self.held[1]);
        let key = TransferKey { id: ID, direction: Direction::Incoming };
        let whose = Whose { key, cancel: side.cancel.clone(), notes };
        let mut aside = beside(self.aside[1].clone(), self.writing.clone());
        let thread = spawn(move || {
            let ended = receive_with(&mut link, &mut Teller(tell), &landing, recovered, (&whose, &mut *aside));
            close(link, &ended);
            ended
        });
        (thread, side, heard)
    }

    fn end(&self, stream: TcpStream, from_start: Option<Held>) -> End {
        let (tell, said) = bounded(1 << 20);
        let (notes, heard) = bounded(1 << 16);
        let (cancel, hold) = (CancelFlag::default(), HoldFlag::default());
        hold.set(from_start);
        let mut link = SocketLink::new(stream, cancel.clone(), self.limits, notes.clone()).unwrap();
        link.set_hold(hold.clone());
        link.set_ping(Some(encode(&Message::Ping).unwrap()));
        End { link, side: Side { cancel, hold, said, heard: Vec::new() }, tell, notes, heard }
    }

    /// Every file stands under its name with the bytes of its source.
    pub(super) fn assert_arrived(&self) {
        for (place, entry) in self.places.iter().zip(&self.manifest.entries) {
            if entry.is_file() {
                let arrived = std::fs::read(self.received().join(entry.shown_path())).unwrap();
                assert!(arrived == std::fs::read(place).unwrap(), "{:?} differs", entry.path);
            }
        }
    }

    /// Names in the receive folder.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.received())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Nothing of the transfer is left in the profile but its end, which the history is to have, and no part in the receive folder.
    pub(super) fn assert_clean(&self) {
        for kept in kept::incoming(&self.profile()) {
            assert_eq!(kept.unwrap().recovered.ended, Some(0));
        }
        kept::forget_incoming(&self.profile(), ID);
        let left: Vec<_> =
            std::fs::read_dir(self.profile().running_folder()).map(|all| all.flatten().collect()).unwrap_or_default();
        assert!(left.is_empty(), "{left:?}");
        let names = self.names();
        assert!(!names.iter().any(|name| name.starts_with(".sealdrop")), "{names:?}");
    }
}

type Ending<T> = JoinHandle<Result<T, Box<LaneEnd>>>;

/// One end of a wire, and what is heard of it.
struct End {
    link: SocketLink,
    side: Side,
    tell: Sender<Said>,
    notes: Sender<Note>,
    heard: Receiver<Note>,
}

fn close<T>(link: SocketLink, ended: &Result<T, Box<LaneEnd>>) {
    let farewell = ended.as_ref().err().map(|end| &end.farewell);
    let owed = |owed: &Farewell| Farewell { last: owed.last.clone(), ..*owed };
    closer::close_here(link, &farewell.map_or_else(Farewell::default, owed));
}

pub(super) fn error<T>(ended: &Result<T, Box<LaneEnd>>) -> &LaneError {
    match ended {
        Ok(_) => panic!("came to its end"),
        Err(end) => &end.error,
    }
}

pub(super) fn name(index: usize) -> String {
    format!("file {index}")
}

pub(super) fn spawn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    thread::Builder::new().spawn(work).unwrap()
}

/// The same bytes for the same seed (xorshift64*).
pub(super) fn seeded(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        bytes.extend_from_slice(&state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}
