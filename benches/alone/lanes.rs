//! The real lanes, with a second thread for hashing or without.

use std::{net::TcpStream, path::Path, sync::Arc, time::Instant};

use crossbeam_channel::Sender;
use sealdrop::{
    crypto::{identity::Identity, tls::Tls},
    engine::{aside::AsideHandle, cancel::CancelFlag, checker, committer, link::SocketLink, note::Note, threads},
    model::{
        conflict::Conflict,
        device::Peer,
        manifest::{Entry, EntryKind, Manifest, Selection},
        outcome::{FileEnd, FileState},
        transfer::{Direction, TransferId, TransferKey},
    },
    storage::{
        journal::Recovered,
        landing::{Keep, Landing, Terms},
        profile::Profile,
        sources::SourcePlaces,
    },
    transfer::{
        ahead::Ahead,
        aside::Aside,
        lane::{Report, next_message},
        limits::Limits,
        receive::{Helpers, ReceiveLane},
        send::{SendLane, Sending, SentBefore},
    },
};

/// Who may hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hands {
    /// Only the lane.
    One,
    /// The lane or a second thread, whichever it finds to be faster.
    Two,
}

impl Hands {
    /// The second thread, if there is one.
    fn aside(self, handle: &mut AsideHandle) -> Option<&mut dyn Aside> {
        if self == Self::One { None } else { Some(handle) }
    }
}

/// Knows when all files are in, and tells it.
struct Ends {
    at: Option<Instant>,
    tell: Option<Sender<()>>,
}

impl Report for Ends {
    fn moved(&mut self, _index: u32, _bytes: u64) {}
    fn file_ended(&mut self, end: FileEnd) {
        assert_eq!(end.state, FileState::Verified, "{end:?}");
    }
    fn finishing(&mut self) {
        self.at.get_or_insert_with(Instant::now);
        // Its end may be gone.
        self.tell.take().map(|tell| tell.send(()).ok());
    }
}

fn manifest(bytes: u64) -> Arc<Manifest> {
    let kind = EntryKind::File { size: bytes };
    let entry = Entry { path: ["large"].into(), kind, mtime: None, exec: false };
    Arc::new(Manifest::from_entries(vec![entry]).expect("a manifest"))
}

/// Somebody who hears notes and makes nothing of them.
fn notes() -> Sender<Note> {
    let (notes, heard) = crossbeam_channel::bounded(64);
    threads::spawn("notes", move || heard.iter().for_each(drop)).expect("a thread");
    notes
}

fn link(socket: TcpStream) -> SocketLink {
    SocketLink::new(socket, CancelFlag::default(), Limits::default(), notes()).expect("a link")
}

/// Sends `file` to whoever answers, until it is through or gone.
pub(crate) fn send(socket: TcpStream, own: &Identity, file: &Path, bytes: u64, hands: Hands, has_answer: bool) {
    let mut link = link(socket);
    link.seal(Tls::new(own).expect("TLS").call(None).expect("a session")).ok().expect("a sealed link");
    if has_answer {
        next_message(&mut link).expect("an answer");
    }
    let manifest = manifest(bytes);
    let places = SourcePlaces::listed(&manifest.entries, [file]);
    let mut aside = AsideHandle::default();
    let (before, ahead) = (SentBefore::default(), Ahead::granted(None, None));
    let what = Sending { manifest, places: &places, before, ahead };
    let mut ends = Ends { at: None, tell: None };
    let ended = SendLane::new(&mut link, &mut ends, hands.aside(&mut aside), what).run();
    assert!(ended.is_ok() || !has_answer, "{ended:?}");
    link.shut_writing();
}

/// Receives a file of so many bytes into `home`; when it was in and found to be right, which is told as well.
pub(crate) fn receive(
    socket: TcpStream,
    own: &Identity,
    home: &Path,
    (bytes, hands): (u64, Hands),
    tell: Option<Sender<()>>,
) -> Instant {
    let cancel = CancelFlag::default();
    let mut link = link(socket);
    link.seal(Tls::new(own).expect("TLS").answer().expect("a session")).ok().expect("a sealed link");
    let landing = landing(home, bytes);
    let key = TransferKey { id: TransferId([7; 16]), direction: Direction::Incoming };
    let whose = committer::Whose { key, notes: notes(), waker: link.waker(), cancel };
    let (mut commit, thread) =
        committer::start(landing.clone(), whose, Limits::default().files_ahead).expect("a thread");
    let mut check = checker::start(landing.clone(), link.waker()).expect("a thread");
    let mut aside = AsideHandle::default();
    let mut ends = Ends { at: None, tell };
    let helpers = Helpers { commit: &mut commit, check: &mut check, aside: hands.aside(&mut aside) };
    let ended = ReceiveLane::new(&mut link, &mut ends, helpers, landing.clone(), Recovered::default()).run();
    drop(commit);
    thread.join().expect("a committer");
    link.shut_writing();
    landing.finish();
    ends.at.unwrap_or_else(|| panic!("not in: {ended:?}"))
}

fn landing(home: &Path, bytes: u64) -> Landing {
    let folder = home.join("received");
    std::fs::create_dir_all(&folder).expect("a folder");
    let profile = Profile::open(Some(home.join("profile"))).expect("a profile");
    let terms = Terms {
        id: TransferId([7; 16]),
        peer: Peer::at("bench".to_owned(), false),
        digest: [1; 32],
        manifest: manifest(bytes),
        message: None,
        folder,
        selection: Selection::All,
        conflict: Conflict::KeepBoth,
        accepted_at: 1,
    };
    Landing::begin(&profile, terms, Keep::Agreement).expect("a landing")
}
