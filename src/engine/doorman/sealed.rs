//! A caller that speaks TLS: who it is, whether it may come in, and what it wants.

use std::{sync::Arc, time::Instant};

use crate::{
    crypto::{session::Established, short_code::Comparison},
    engine::{
        call::{SealError, blocked, broken_tls, takes_name},
        dial::place_of,
        link::SocketLink,
        messages::KeyWarning,
        new_transfer_id,
        note::{Note, Session},
    },
    model::{
        book::{Book, Rule, Standing},
        device::{MAX_SHOWN_NAME_CHARS, Peer, PeerAddr, shown_text},
        reason::{Reason, ReasonCode},
        transfer::{Direction, TransferId, TransferKey},
    },
    storage::cancelled_file,
    transfer::{
        compare::Comparing,
        greet::{self, UNVERIFIED, VERIFIED},
        lane::{LaneError, ended_early, unexpected},
        link::{Link, LinkEnd},
    },
    wire::header::{self, Hello, Message, Offer},
};

use super::{Came, Orders, What, check_paths};

/// Somebody who was let in.
struct Guest {
    hello: Hello,
    established: Established,
    /// What it may do, if it is verified.
    rule: Option<Rule>,
}

/// TLS, hello, and what the caller wants.
pub(super) fn receive(link: &mut SocketLink, orders: &Orders) -> Result<Came, LaneError> {
    let mut guest = let_in(link, orders)?;
    let agreement = comparing(orders, &guest)?;
    link.set_deadline(Some(Instant::now() + link.limits().hello));
    match header::read_header(link)?.ok_or_else(ended_early)? {
        Message::Offer(offer) if offer.again == Some(true) => {
            let key = TransferKey { id: offer.transfer, direction: Direction::Incoming };
            not_cancelled(orders, key)?;
            let what = What::Again { epoch: offer.epoch, digest: offer.manifest };
            Ok(Came { id: offer.transfer, peer: peer(link, &guest), rule: guest.rule, comparing: None, what })
        }
        Message::Want { transfer } => {
            not_cancelled(orders, TransferKey { id: transfer, direction: Direction::Outgoing })?;
            Ok(Came { id: transfer, peer: peer(link, &guest), rule: guest.rule, comparing: None, what: What::Want })
        }
        Message::Offer(offer) => {
            let (id, what) = take_offer(link, orders, &guest, offer)?;
            // A list can take its time, and what a person has said meanwhile holds.
            guest.rule = welcome(link, orders, &guest.hello, &guest.established, &orders.seal.book(&orders.notes)?)?;
            let both = guest.rule.is_some() && guest.hello.verified == Some(true);
            let comparing = comparing(orders, &guest)?.filter(|_| !both);
            Ok(Came { id, peer: peer(link, &guest), rule: guest.rule, comparing, what })
        }
        Message::Verify => {
            let (id, peer) = (new_transfer_id(), peer(link, &guest));
            Ok(Came { id, peer, rule: guest.rule, comparing: agreement, what: What::Compare })
        }
        Message::Abort(abort) => Err(abort.into()),
        Message::Lane { transfer, epoch, number } => {
            let what = What::Lane { epoch, number };
            Ok(Came { id: transfer, peer: peer(link, &guest), rule: guest.rule, comparing: None, what })
        }
        Message::Probe { port } => {
            let (id, peer) = (new_transfer_id(), peer(link, &guest));
            Ok(Came { id, peer, rule: guest.rule, comparing: None, what: What::Probe { port } })
        }
        other => Err(unexpected(&other)),
    }
}

fn let_in(link: &mut SocketLink, orders: &Orders) -> Result<Guest, LaneError> {
    let session = orders.seal.tls.answer().map_err(broken_tls)?;
    let established = link.seal(session).map_err(|error| match error {
        SealError::Link(end) => LaneError::Link(end),
        SealError::Session(error) => LaneError::Link(LinkEnd::Sealed(error.reason())),
    })?;
    let hello = greet::read_hello(link)?;
    let book = orders.seal.book(&orders.notes)?;
    let verified = book.device(established.peer).is_some();
    greet::greet_back(link, &orders.seal.me, &hello, verified)?;
    let rule = welcome(link, orders, &hello, &established, &book)?;
    if orders.only_shares {
        return Err(super::only_shares());
    }
    Ok(Guest { hello, established, rule })
}

/// What a caller may do by the book: the rule of a verified device, nothing for a stranger. Others are turned away.
fn welcome(
    link: &SocketLink,
    orders: &Orders,
    hello: &Hello,
    established: &Established,
    book: &Book,
) -> Result<Option<Rule>, LaneError> {
    match book.standing(established.peer, &hello.name) {
        Standing::Verified(Rule::Block) => Err(LaneError::Local(blocked())),
        Standing::Verified(rule) => Ok(Some(rule)),
        Standing::Stranger => Ok(None),
        Standing::TakesName { name, expected } => {
            let warning = KeyWarning {
                name,
                expected,
                met: established.peer,
                met_name: Some(shown_text(hello.name.trim(), MAX_SHOWN_NAME_CHARS)),
                address: super::address_of(link),
                direction: Direction::Incoming,
            };
            // Heard by all but a dispatch that shuts down.
            orders.notes.send(Note::WrongKey(warning)).ok();
            Err(takes_name())
        }
    }
}

/// Who comes back for a transfer that a person here has cancelled is told so.
fn not_cancelled(orders: &Orders, key: TransferKey) -> Result<(), LaneError> {
    if cancelled_file::holds(&orders.seal.profile, key) {
        return Err(LaneError::Local(Reason::bare(ReasonCode::Cancelled)));
    }
    Ok(())
}

/// How this side agrees on a code. Whoever calls has to have committed to a nonce.
fn comparing(orders: &Orders, guest: &Guest) -> Result<Option<Comparing>, LaneError> {
    let Guest { hello, established, rule } = guest;
    match hello.commit {
        Some(commit) => {
            let comparison = Comparison {
                exporter: established.exporter,
                dialer: established.peer,
                listener: orders.seal.tls.own_key(),
            };
            Ok(Some(Comparing::listener(comparison, commit)))
        }
        None if rule.is_some() && hello.verified == Some(true) => Ok(None),
        None => Err(LaneError::Protocol("hello holds no commitment".to_owned())),
    }
}

fn take_offer(
    link: &mut SocketLink,
    orders: &Orders,
    guest: &Guest,
    offer: Offer,
) -> Result<(TransferId, What), LaneError> {
    let limits = if guest.rule.is_some() { VERIFIED } else { UNVERIFIED };
    let mut share = orders.budget.take(0);
    let mut room = |bytes| share.as_mut().is_some_and(|share| share.grow(bytes));
    let manifest = Arc::new(greet::receive_entries(link, &offer, limits, &mut room)?);
    check_paths(&manifest)?;
    if manifest.entries.is_empty() && offer.message.as_ref().is_none_or(|message| message.trim().is_empty()) {
        return Err(LaneError::Protocol("an offer of nothing, not even a message".to_owned()));
    }
    let (digest, message) = (offer.manifest, offer.message);
    Ok((offer.transfer, What::Offer { manifest, digest, message, session: Session::Sealed, share }))
}

fn peer(link: &SocketLink, guest: &Guest) -> Peer {
    let Guest { hello, established, rule } = guest;
    let name = shown_text(hello.name.trim(), MAX_SHOWN_NAME_CHARS);
    let address = super::address_of(link);
    let dial = hello.port.filter(|port| *port != 0).zip(link.peer_addr().ok());
    Peer {
        name: if name.is_empty() { address.clone() } else { name },
        address,
        os: Some(shown_text(&hello.os, MAX_SHOWN_NAME_CHARS)),
        classic: false,
        encrypted: true,
        verified: rule.is_some(),
        key: Some(established.peer),
        dial: dial.map(|(port, from)| PeerAddr { port, ..place_of(from) }),
    }
}
