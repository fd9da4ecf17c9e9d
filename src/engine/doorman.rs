//! Finds out what a caller wants, within absolute deadlines, and tells dispatch when it is an offer.

mod requests;
mod sealed;

use std::{
    net::{IpAddr, TcpStream},
    sync::Arc,
    time::{Duration, Instant},
};

use crossbeam_channel::Sender;

use crate::{
    model::{
        book::Rule,
        device::Peer,
        file_name::NameRules,
        manifest::{Entry, EntryKind, Manifest},
        reason::{Reason, ReasonCode},
        shared_path::SharedPath,
        transfer::{Direction, TransferId, TransferKey},
    },
    storage::receive_folder,
    transfer::{
        compare::Comparing,
        lane::{Farewell, LaneError, ended_early},
        limits::Limits,
        link::{Link, LinkEnd},
    },
    wire::{
        caller::{self, Caller},
        classic::ClassicHeader,
        error::WireError,
        frame,
        header::Message,
    },
};

use super::{
    call::Seal,
    cancel::CancelFlag,
    closer,
    door::memory::{Budget, Share},
    lanes::LaneCame,
    link::SocketLink,
    new_transfer_id,
    note::{AgainCame, Arrived, ArrivedOffer, Asked, Note, Session},
};

/// Text of fewer than four bytes is known as such when no further byte came for this long,
const TEXT_PAUSE: Duration = Duration::from_millis(50);
/// or after this long in all.
const TEXT_LIMIT: Duration = Duration::from_millis(300);

/// What a doorman has to know.
#[derive(Clone)]
pub struct Orders {
    pub seal: Seal,
    /// Programs that are not Sealdrop may offer files.
    pub classic: bool,
    /// A folder is shared.
    pub shares: bool,
    /// And nothing else is to be had here.
    pub only_shares: bool,
    /// Room for lists that wait for an answer.
    pub budget: Budget,
    pub limits: Limits,
    /// Set when the engine stops.
    pub stop: CancelFlag,
    pub notes: Sender<Note>,
}

/// Tells dispatch that this doorman is free again, also after a panic.
pub struct OnDuty {
    pub from: IpAddr,
    pub notes: Sender<Note>,
}

impl Drop for OnDuty {
    fn drop(&mut self) {
        // Nobody counts doormen after the engine has stopped.
        self.notes.send(Note::DoormanLeft { from: self.from }).ok();
    }
}

/// Attends to a connection that was just accepted.
pub fn attend(stream: TcpStream, orders: &Orders) {
    // A socket that breaks already here has nobody at its other end.
    if let Ok(link) = SocketLink::new(stream, orders.stop.clone(), orders.limits, orders.notes.clone()) {
        attend_link(link, orders);
    }
}

/// Somebody who was answered asks on.
pub fn attend_request(mut link: SocketLink, orders: &Orders) {
    link.set_cancel(orders.stop.clone());
    requests::drop_marks(&mut link);
    if !link.peek().is_empty() {
        attend_link(link, orders);
    } else if !link.has_ended() {
        // Only the end of the request before.
        link.set_deadline(None);
        orders.notes.send(Note::NextRequest { link: Box::new(link) }).ok();
    }
}

/// A classic sender may let a further file follow its last; closing is its way to say that it is done.
pub fn attend_further(mut link: SocketLink, orders: &Orders) {
    link.set_cancel(orders.stop.clone());
    link.set_deadline(Some(Instant::now() + link.limits().hello));
    while !link.pending() {
        if link.wait().is_err() {
            return;
        }
    }
    if !link.peek().is_empty() {
        attend_link(link, orders);
    }
}

fn attend_link(mut link: SocketLink, orders: &Orders) {
    link.set_deadline(Some(Instant::now() + link.limits().hello));
    match open(link, orders) {
        // A stopped engine takes nothing: the connection closes.
        Ok(note) => drop(orders.notes.send(note)),
        Err(Turned { link, error: None }) => closer::close_here(*link, &Farewell::default()),
        Err(Turned { link, error: Some(error) }) => {
            refused(&link, orders, &error);
            let last = error.abort().map(Message::Abort);
            closer::close_here(*link, &Farewell { last, ..Farewell::default() });
        }
    }
}

/// Somebody who tried to offer something and was turned away at the door: worth a line for the person here.
fn refused(link: &SocketLink, orders: &Orders, error: &LaneError) {
    let reason = error.reason();
    let quiet = match error {
        // A device that calls a verified one finds another key here: its person may ask ours about it.
        LaneError::Link(LinkEnd::Sealed(_)) => reason.code != ReasonCode::WrongKey,
        LaneError::Link(_) | LaneError::Peer(_) => true,
        // It has a warning of its own; and who is blocked is not to be heard of.
        _ => {
            matches!(reason.code, ReasonCode::WrongKey | ReasonCode::Blocked | ReasonCode::Cancelled)
                && link.is_sealed()
        }
    };
    if !quiet {
        // A line that nobody reads any more at shutdown.
        let address = link.peer_addr().map_or_else(|_| "unknown".to_owned(), |address| address.ip().to_string());
        orders.notes.try_send(Note::Refused { address, reason }).ok();
    }
}

/// Somebody who goes again: answered and done (no error), or turned away.
struct Turned {
    link: Box<SocketLink>,
    error: Option<LaneError>,
}

/// What dispatch has to be told of a caller.
fn open(mut link: SocketLink, orders: &Orders) -> Result<Note, Turned> {
    match judge(&mut link, orders) {
        Ok(Some(came)) => {
            link.set_deadline(None);
            Ok(came.note(link))
        }
        Ok(None) => Err(Turned { link: Box::new(link), error: None }),
        Err(error) => Err(Turned { link: Box::new(link), error: Some(error) }),
    }
}

/// A caller with something for a person.
struct Came {
    id: TransferId,
    peer: Peer,
    rule: Option<Rule>,
    comparing: Option<Comparing>,
    what: What,
}

enum What {
    Again {
        epoch: u32,
        digest: [u8; 32],
    },
    Compare,
    Download(SharedPath),
    Lane {
        epoch: u32,
        number: u32,
    },
    /// Nothing yet: it was answered, and may ask on.
    NextRequest,
    Offer {
        manifest: Arc<Manifest>,
        digest: [u8; 32],
        message: Option<String>,
        session: Session,
        share: Option<Share>,
    },
    Probe {
        port: Option<u16>,
    },
    Want,
}

impl Came {
    fn note(self, link: SocketLink) -> Note {
        let key = TransferKey { id: self.id, direction: Direction::Incoming };
        let Self { id, peer, rule, comparing, what } = self;
        let comparing = comparing.map(Box::new);
        match what {
            What::Again { epoch, digest } => Note::AgainCame(Box::new(AgainCame { key, link, peer, epoch, digest })),
            What::Compare => Note::CompareCame(Box::new(Arrived { key, link, peer, rule, comparing })),
            What::Download(path) => Note::Asked(Box::new(Asked { link, peer, path })),
            What::Lane { epoch, number } => Note::LaneCame(Box::new(LaneCame { key, link, peer, epoch, number })),
            What::NextRequest => Note::NextRequest { link: Box::new(link) },
            What::Offer { manifest, digest, message, session, share } => {
                let caller = Arrived { key, link, peer, rule, comparing };
                Note::OfferCame(Box::new(ArrivedOffer { caller, manifest, digest, message, session, share }))
            }
            What::Probe { port } => Note::ProbeCame { peer: Box::new(peer), link: Box::new(link), port },
            What::Want => Note::WantCame { transfer: id, peer: Box::new(peer), link: Box::new(link) },
        }
    }
}

/// `None`: somebody who was answered and is done.
fn judge(link: &mut SocketLink, orders: &Orders) -> Result<Option<Came>, LaneError> {
    match who_calls(link)? {
        Caller::Framed => {}
        Caller::Http | Caller::Text => return requests::hear(link, orders),
        Caller::Nonsense { announced } => return Err(WireError::BadLength { announced }.into()),
        Caller::Tls => return sealed::receive(link, orders).map(Some),
    }
    let json = frame::read_frame(link)?.ok_or_else(ended_early)?;
    let header = caller::parse_first(&json)?;
    if orders.only_shares {
        return Err(only_shares());
    }
    if orders.classic {
        return classic(link, &header).map(Some);
    }
    let detail = "offers in the plain protocol are switched off here";
    Err(LaneError::Local(Reason::here(ReasonCode::Blocked, detail)))
}

/// Looks at the first four bytes without taking them. Text may be shorter than that.
fn who_calls(link: &mut SocketLink) -> Result<Caller, LaneError> {
    let start = Instant::now();
    let mut seen = 0;
    let mut last_byte = start;
    loop {
        let ended = link.poll_more();
        let bytes = link.peek();
        if let Some(first) = bytes.first_chunk::<4>() {
            return Ok(caller::classify(*first));
        }
        if bytes.len() > seen {
            (seen, last_byte) = (bytes.len(), Instant::now());
        }
        let is_text = bytes.first().is_some_and(|byte| *byte >= 0x20 && *byte != 0x7f);
        let quiet = last_byte.elapsed() >= TEXT_PAUSE || start.elapsed() >= TEXT_LIMIT;
        if is_text && (quiet || ended) {
            return Ok(Caller::Text);
        }
        if ended {
            return Err(if bytes.is_empty() {
                ended_early()
            } else {
                WireError::Torn { wanted: 4, got: bytes.len() }.into()
            });
        }
        link.wait_for_more(TEXT_PAUSE)?;
    }
}

/// The refusal of offers by a process that does nothing but share a folder.
fn only_shares() -> LaneError {
    LaneError::Local(Reason::here(ReasonCode::Declined, "this Sealdrop only shares a folder; it takes no files"))
}

fn check_paths(manifest: &Arc<Manifest>) -> Result<(), LaneError> {
    receive_folder::check_paths(manifest, NameRules::here()).map_err(|(_, bad)| LaneError::Local(bad.reason()))
}

fn address_of(link: &SocketLink) -> String {
    link.peer_addr().map_or_else(|_| "unknown".to_owned(), |address| address.to_string())
}

fn classic(link: &SocketLink, header: &ClassicHeader) -> Result<Came, LaneError> {
    // A person decides, and the sender has nothing to say meanwhile.
    link.keep_alive();
    let entry =
        Entry { path: [&header.name].into(), kind: EntryKind::File { size: header.size }, mtime: None, exec: false };
    let manifest = Arc::new(Manifest::from_entries(vec![entry]).unwrap_or_default());
    check_paths(&manifest)?;
    let session = Session::Classic { md5: header.md5 };
    let what = What::Offer { manifest, digest: [0; 32], message: None, session, share: None };
    let peer = Peer::at(address_of(link), true);
    Ok(Came { id: new_transfer_id(), peer, rule: None, comparing: None, what })
}
