//! A caller that speaks text: a download request of the plain protocol, or a web client that has lost its way.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use crate::{
    engine::{link::SocketLink, new_transfer_id},
    model::{
        device::Peer,
        file_name::NameRules,
        shared_path::{MAX_REQUEST_BYTES, SharedPath},
    },
    transfer::{lane::LaneError, link::LinkEnd},
    wire::{caller, download, error::WireError},
};

use super::{Came, Orders, What};

/// A text request is judged when no further byte came for this long,
const TEXT_PAUSE: Duration = Duration::from_millis(50);
/// or after this long in all.
const TEXT_LIMIT: Duration = Duration::from_millis(300);

const HTTP_ANSWER: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n\
    This is Sealdrop, not a web server. Send files here with Sealdrop.\n";

/// Hears requests until one is for the shared folder, and answers those that cannot be. `None`: the caller was answered, and
/// that is all.
///
/// # Errors
/// The first request is not text at all; the link is over.
pub(super) fn hear(link: &mut SocketLink, orders: &Orders) -> Result<Option<Came>, LaneError> {
    loop {
        let request = next_request(link)?;
        if caller::is_http(&request) {
            return answered(link, HTTP_ANSWER).map(|()| None);
        }
        let text = match download::parse_request(&request) {
            Ok(text) => text,
            Err(WireError::NotUtf8) => return Err(not_text(&request)),
            // Where it ends is not known, so nothing more can be heard.
            Err(_too_long) => return answered(link, &download::not_there_frame()?).map(|()| None),
        };
        let path = SharedPath::parse(text, NameRules::here()).ok().filter(|_| orders.shares);
        if let Some(path) = path {
            return Ok(Some(came(link, What::Download(path))));
        }
        answered(link, &download::not_there_frame()?)?;
        drop_marks(link);
        if link.peek().is_empty() {
            // It may ask for more, as it likes: that holds no doorman.
            return Ok((!link.has_ended()).then(|| came(link, What::NextRequest)));
        }
    }
}

/// Takes what stands before a request: marks that came behind the one before.
pub(super) fn drop_marks(link: &mut SocketLink) {
    link.poll_more();
    let marks = download::marks_before(link.peek());
    link.consume(marks);
}

/// Each request may come from another port, which tells a person nothing: such a program goes by its IP address alone.
fn came(link: &SocketLink, what: What) -> Came {
    let mut peer = Peer::at(super::address_of(link), true);
    if let Ok(address) = link.peer_addr() {
        peer.name = address.ip().to_string();
    }
    Came { id: new_transfer_id(), peer, rule: None, comparing: None, what }
}

/// Takes one request, which has begun, without its end; as much of it as may be one.
fn next_request(link: &mut SocketLink) -> Result<Vec<u8>, LaneError> {
    let start = Instant::now();
    let mut seen = link.peek().len();
    let mut last_byte = start;
    let (end, taken) = loop {
        let ended = link.poll_more();
        let bytes = link.peek();
        if let Some(found) = download::end_of_request(bytes) {
            break found;
        }
        let there = bytes.len();
        if there > seen {
            (seen, last_byte) = (there, Instant::now());
        }
        let quiet = last_byte.elapsed() >= TEXT_PAUSE || start.elapsed() >= TEXT_LIMIT;
        if ended || quiet || there > MAX_REQUEST_BYTES {
            break (there, there);
        }
        link.wait_for_more(TEXT_PAUSE)?;
    };
    let request = link.peek().iter().take(end.min(MAX_REQUEST_BYTES + 1)).copied().collect();
    link.consume(taken);
    Ok(request)
}

/// The first bytes of what is neither frame nor text.
fn not_text(request: &[u8]) -> LaneError {
    let mut first = [0; 4];
    first.iter_mut().zip(request).for_each(|(to, from)| *to = *from);
    WireError::BadLength { announced: i32::from_le_bytes(first) }.into()
}

fn answered(link: &mut SocketLink, bytes: &[u8]) -> Result<(), LaneError> {
    let said = link.write_all(bytes).and_then(|()| link.flush());
    said.map_err(|error| LaneError::Link(LinkEnd::of(&error)))
}
