//! Ends a connection so that its last word arrives: fill the open chunk, write the header, shut down, drain, close.

use std::{
    io::{Read, Write},
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    transfer::{lane::Farewell, link::Link},
    wire::{chunk, header},
};

use super::{cancel::CancelFlag, link::SocketLink, threads};

/// A closer has this long; a peer that is slower reads "connection lost".
const LIMIT: Duration = Duration::from_secs(2);
/// Bytes of the peer that are read and dropped, so that no reset eats what we said.
const DRAIN_BYTES: usize = 16 << 20;

/// Connections that one owner closes at the same time. Who is turned away beyond that hears what goes out at once.
const MOST_AT_WORK: usize = 64;

/// Closes the connections of one owner on threads of their own, but not on any number of them: strangers who are turned
/// away could otherwise come faster than they are closed.
#[derive(Default)]
pub struct Closers {
    /// Each thread holds a clone.
    at_work: Arc<()>,
}

impl Closers {
    /// Closes `link` after its last word. Never waits.
    pub fn close(&self, link: SocketLink, farewell: Farewell) {
        if Arc::strong_count(&self.at_work) > MOST_AT_WORK {
            return close_within(link, &farewell, Duration::ZERO);
        }
        let at_work = Arc::clone(&self.at_work);
        // Without a thread for it the connection is simply dropped: the peer says "connection lost".
        threads::spawn("closer", move || {
            close_here(link, &farewell);
            drop(at_work);
        })
        .ok();
    }
}

/// Closes `link` on a thread of its own.
pub fn close(link: SocketLink, farewell: Farewell) {
    // Without a thread for it the connection is simply dropped: the peer says "connection lost".
    threads::spawn("closer", move || close_here(link, &farewell)).ok();
}

/// Breaks the connection off, so that the peer's writing fails: the only way to say no to a program that listens to nothing.
pub fn reset(link: SocketLink) {
    // Where this fails the connection just closes.
    socket2::SockRef::from(link.stream()).set_linger(Some(Duration::ZERO)).ok();
    drop(link);
}

/// Closes `link` on this thread, which that may keep for `LIMIT`: for doormen, whose number is bounded.
pub fn close_here(link: SocketLink, farewell: &Farewell) {
    close_within(link, farewell, LIMIT);
}

fn close_within(mut link: SocketLink, farewell: &Farewell, limit: Duration) {
    link.set_cancel(CancelFlag::default());
    link.set_ping(None);
    link.set_deadline(Some(Instant::now() + limit));
    if farewell.last.is_none() {
        // Nothing is said behind the bytes that they hold, and the peer need not take those any more.
        link.close_beside();
    }
    // Whatever fails here, the peer is gone or too slow: nothing is left to tell it.
    if say(&mut link, farewell).is_ok() {
        link.shut_writing();
        drain(&mut link);
    }
}

fn say(link: &mut SocketLink, farewell: &Farewell) -> Result<(), crate::wire::error::WireError> {
    let Some(last) = &farewell.last else {
        link.flush()?;
        return Ok(());
    };
    let zeros = [0; 16 << 10];
    let mut left = farewell.chunk_left as usize;
    while left > 0 {
        let piece = left.min(zeros.len());
        link.write_all(&zeros[..piece])?;
        left -= piece;
    }
    if farewell.in_body {
        link.write_all(&chunk::INTERLUDE)?;
    }
    header::write_header(link, last)?;
    link.flush()?;
    Ok(())
}

fn drain(link: &mut SocketLink) {
    let mut dropped = vec![0; 64 << 10];
    let mut total = 0;
    while total < DRAIN_BYTES {
        match link.read(&mut dropped) {
            Ok(0) | Err(_) => return,
            Ok(n) => total += n,
        }
    }
}
