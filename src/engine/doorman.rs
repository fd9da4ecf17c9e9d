//! Finds out what a caller wants, within absolute deadlines, and tells dispatch when it is an offer.

use std::{
    io::Write,
    net::TcpStream,
    sync::Arc,
    time::{Duration, Instant},
};

use crossbeam_channel::Sender;
use socket2::{SockRef, TcpKeepalive};

use crate::{
    model::{
        device::{MAX_SHOWN_NAME_CHARS, Peer, shown_text},
        file_name::NameRules,
        manifest::{Entry, EntryKind, Manifest},
        reason::{Reason, ReasonCode},
        transfer::{Direction, TransferId, TransferKey},
    },
    storage::receive_folder::parse_paths,
    transfer::{
        greet::{self, Me, UNVERIFIED},
        lane::{Farewell, LaneError, ended_early},
        limits::Limits,
        link::Link,
    },
    wire::{
        caller::{self, Caller, FirstHeader},
        classic::ClassicHeader,
        error::WireError,
        frame,
        header::{Hello, Message},
    },
};

use super::{
    cancel::CancelFlag,
    closer,
    link::SocketLink,
    new_transfer_id,
    note::{ArrivedOffer, Note, Session},
};

/// A text request is judged when no further byte came for this long,
const TEXT_PAUSE: Duration = Duration::from_millis(50);
/// or after this long in all.
const TEXT_LIMIT: Duration = Duration::from_millis(300);

/// A text request is at most this long.
const TEXT_BYTES: usize = 1024;

/// What a doorman has to know.
#[derive(Clone)]
pub struct Orders {
    pub me: Me,
    /// Programs that are not Sealdrop may offer files.
    pub classic: bool,
    pub limits: Limits,
    /// Set when the engine stops.
    pub stop: CancelFlag,
    pub notes: Sender<Note>,
}

/// Tells dispatch that this doorman is free again, also after a panic.
pub struct OnDuty(pub Sender<Note>);

impl Drop for OnDuty {
    fn drop(&mut self) {
        // Nobody counts doormen after the engine has stopped.
        self.0.send(Note::DoormanLeft).ok();
    }
}

/// Attends to a connection that was just accepted.
pub fn attend(stream: TcpStream, orders: &Orders) {
    // A socket that breaks already here has nobody at its other end.
    if let Ok(link) = SocketLink::new(stream, orders.stop.clone(), orders.limits, orders.notes.clone()) {
        attend_link(link, orders);
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
    match open(&mut link, orders) {
        Ok(Some(offer)) => {
            link.set_deadline(None);
            let Offered { peer, manifest, message, session, id } = offer;
            let key = TransferKey { id, direction: Direction::Incoming };
            let arrived = ArrivedOffer { key, link, peer, manifest: Arc::new(manifest), message, session };
            // A stopped engine takes no offers: the connection closes.
            orders.notes.send(Note::OfferCame(Box::new(arrived))).ok();
        }
        Ok(None) => closer::close_here(link, &Farewell::default()),
        Err(error) => {
            refused(&link, orders, &error);
            let last = error.abort().map(Message::Abort);
            closer::close_here(link, &Farewell { last, ..Farewell::default() });
        }
    }
}

/// Somebody who tried to offer something and was turned away at the door: worth a line for the person here.
fn refused(link: &SocketLink, orders: &Orders, error: &LaneError) {
    if !matches!(error, LaneError::Link(_) | LaneError::Peer(_)) {
        // A line that nobody reads any more at shutdown.
        let address = link.peer_addr().map_or_else(|_| "unknown".to_owned(), |address| address.ip().to_string());
        orders.notes.try_send(Note::Refused { address, reason: error.reason() }).ok();
    }
}

struct Offered {
    id: TransferId,
    peer: Peer,
    manifest: Manifest,
    message: Option<String>,
    session: Session,
}

/// `None`: somebody who was answered and is done.
fn open(link: &mut SocketLink, orders: &Orders) -> Result<Option<Offered>, LaneError> {
    match who_calls(link)? {
        Caller::Framed => {}
        Caller::Http => return answered(link, HTTP_ANSWER),
        Caller::Text => return answer_text(link),
        Caller::Nonsense { announced } => return Err(WireError::BadLength { announced }.into()),
        Caller::Tls => {
            let detail = "this build does not speak TLS";
            return Err(LaneError::Local(Reason::here(ReasonCode::BadHeader, detail)));
        }
    }
    let json = frame::read_frame(link)?.ok_or_else(ended_early)?;
    match caller::parse_first(&json)? {
        FirstHeader::Sealed(hello) => sealed(link, orders, &hello).map(Some),
        FirstHeader::Classic(header) if orders.classic => classic(link, &header).map(Some),
        FirstHeader::Classic(_) => {
            let detail = "offers in the plain protocol are switched off here";
            Err(LaneError::Local(Reason::here(ReasonCode::Blocked, detail)))
        }
    }
}

const HTTP_ANSWER: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n\
    This is Sealdrop, not a web server. Send files here with Sealdrop.\n";

fn answered(link: &mut SocketLink, bytes: &[u8]) -> Result<Option<Offered>, LaneError> {
    link.write_all(bytes)?;
    link.flush()?;
    Ok(None)
}

/// A classic download request, if it is UTF-8. Nothing is shared: the plain protocol's answer for what is not there.
fn answer_text(link: &mut SocketLink) -> Result<Option<Offered>, LaneError> {
    let start = Instant::now();
    while !link.poll_more() && link.peek().len() < TEXT_BYTES && start.elapsed() < TEXT_LIMIT {
        let before = link.peek().len();
        link.wait_for_more(TEXT_PAUSE)?;
        if !link.poll_more() && link.peek().len() == before {
            break;
        }
    }
    let request = link.peek();
    match request.first_chunk::<4>() {
        Some(first) if std::str::from_utf8(request).is_err() => {
            Err(WireError::BadLength { announced: i32::from_le_bytes(*first) }.into())
        }
        _ => answered(link, &frame::encode_frame(b"{}")?),
    }
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

fn sealed(link: &mut SocketLink, orders: &Orders, hello: &Hello) -> Result<Offered, LaneError> {
    greet::greet_back(link, &orders.me, hello)?;
    link.set_deadline(Some(Instant::now() + link.limits().hello));
    let (offer, manifest) = greet::receive_offer(link, UNVERIFIED)?;
    check_paths(&manifest)?;
    Ok(Offered {
        id: offer.transfer,
        peer: peer(link, hello),
        manifest,
        message: offer.message,
        session: Session::Sealed,
    })
}

fn check_paths(manifest: &Manifest) -> Result<(), LaneError> {
    match parse_paths(manifest, NameRules::here()) {
        Ok(_) => Ok(()),
        Err((_, bad)) => Err(LaneError::Local(bad.reason())),
    }
}

fn peer(link: &SocketLink, hello: &Hello) -> Peer {
    let name = shown_text(hello.name.trim(), MAX_SHOWN_NAME_CHARS);
    let address = address_of(link);
    Peer {
        name: if name.is_empty() { address.clone() } else { name },
        address,
        os: Some(shown_text(&hello.os, MAX_SHOWN_NAME_CHARS)),
        ..Peer::at(String::new(), false)
    }
}

fn address_of(link: &SocketLink) -> String {
    link.peer_addr().map_or_else(|_| "unknown".to_owned(), |address| address.to_string())
}

/// Lets the system find out whether a sender that says nothing while a person decides is still there.
fn keep_alive(link: &SocketLink) {
    let probing = TcpKeepalive::new().with_time(Duration::from_secs(15)).with_interval(Duration::from_secs(5));
    // A system without it notices later.
    SockRef::from(link.stream()).set_tcp_keepalive(&probing).ok();
}

fn classic(link: &SocketLink, header: &ClassicHeader) -> Result<Offered, LaneError> {
    keep_alive(link);
    let entry = Entry {
        path: vec![header.name.clone()],
        kind: EntryKind::File { size: header.size },
        mtime: None,
        exec: false,
    };
    let manifest = Manifest::from_entries(vec![entry]).unwrap_or_default();
    check_paths(&manifest)?;
    let peer = Peer::at(address_of(link), true);
    Ok(Offered { id: new_transfer_id(), peer, manifest, message: None, session: Session::Classic { md5: header.md5 } })
}
