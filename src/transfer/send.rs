//! The sender's lane: files out, plan and receipts in. Nothing waits for a receipt but the window's end.

mod judge;
mod orders;
mod together;

use std::{sync::Arc, time::Instant};

use crate::{
    digest::Hasher,
    model::{
        by_index::ByIndex,
        manifest::Manifest,
        reason::{Reason, Side},
        seal::Md5Digest,
    },
    storage::sources::{Source, SourcePlaces},
    wire::{
        chunk,
        header::{self, Message},
    },
};

use super::{
    ahead::Ahead,
    aside::Aside,
    hashing::{Hashed, Hashes, Hashing},
    lane::{Farewell, LaneEnd, LaneError, Report, ended_early, last_word, next_message, told, unexpected},
    link::{Link, Way, Wrote},
};
use judge::Ready;
use orders::Orders;
use together::Turns;

/// A file larger than this does not begin while files that were broken off are being checked: it would be one more of them
/// if the connection broke again.
const LARGE: u64 = 16 << 20;

/// What the least file counts for when sending and hashing take turns.
const LEAST: u64 = 4 << 10;

/// What earlier connections of the same transfer have brought, as far as this side has written it down.
#[derive(Clone, Debug, Default)]
pub struct SentBefore {
    /// Files that were verified.
    pub receipts: ByIndex<Md5Digest>,
    /// Whether there was an earlier connection at all.
    pub again: bool,
}

/// What is to be sent over one connection.
pub struct Sending<'a> {
    pub manifest: Arc<Manifest>,
    /// Where its entries are read from.
    pub places: &'a SourcePlaces,
    pub before: SentBefore,
    /// What the answer grants.
    pub ahead: Ahead,
}

/// One lane of an outgoing transfer.
pub struct SendLane<'a, L, R> {
    link: &'a mut L,
    report: &'a mut R,
    orders: Orders<'a>,
    ahead: Ahead,
    /// Of files whose seals are owed.
    hashes: Hashes<'a>,
    /// Bytes that were sent and not yet matched by as many hashed ones: neither waits for all of the other.
    credit: u64,
    buffer: Vec<u8>,
    turns: Turns,
    farewell: Farewell,
}

impl<'a, L: Link, R: Report> SendLane<'a, L, R> {
    /// `aside` hashes what is left to it; `None`: the lane hashes everything.
    pub fn new(link: &'a mut L, report: &'a mut R, aside: Option<&'a mut dyn Aside>, what: Sending<'a>) -> Self {
        let Sending { manifest, places, before, ahead } = what;
        let orders = Orders::new(manifest, places, before);
        let buffer = vec![0; chunk::SEND_CHUNK_BYTES];
        let (turns, farewell) = (Turns::default(), Farewell::default());
        Self { link, report, orders, ahead, hashes: Hashes::new(aside), credit: 0, buffer, turns, farewell }
    }

    /// Carries the transfer out, from the plan to the echoed `done`. The answer has been read already.
    ///
    /// # Errors
    /// Why the lane ended; the `Farewell` is what the closer owes to the peer.
    pub fn run(mut self) -> Result<(), Box<LaneEnd>> {
        match self.carry_out() {
            Ok(()) => Ok(()),
            Err(error) => {
                let error = last_word(self.link, error);
                // Zeros behind what has come of a file would be taken for its bytes when it goes on: it breaks off instead.
                let breaks_off = error.is_break() && self.farewell.chunk_left > 0;
                self.farewell.last = error.abort().filter(|_| !breaks_off).map(Message::Abort);
                Err(Box::new(LaneEnd { error, farewell: self.farewell }))
            }
        }
    }

    fn carry_out(&mut self) -> Result<(), LaneError> {
        let mut told_finishing = false;
        loop {
            self.orders.take_input(self.link, self.report)?;
            self.write_seals()?;
            if self.orders.is_complete() && self.hashes.is_empty() {
                return self.say_done();
            }
            self.orders.hold.tell(self.link, false)?;
            if !self.orders.hold.is_held() && self.work()? {
                continue;
            }
            self.write_kept()?;
            if self.orders.is_all_sent() && !told_finishing {
                told_finishing = true;
                self.report.finishing();
            }
            self.link.wait()?;
        }
    }

    /// The seals of files that were hashed meanwhile.
    fn write_seals(&mut self) -> Result<(), LaneError> {
        while let Some(Hashed { index, md5 }) = self.hashes.next_hashed() {
            self.seal(index, md5)?;
        }
        Ok(())
    }

    fn say_done(&mut self) -> Result<(), LaneError> {
        self.report.has_receipts();
        header::write_header(self.link, &Message::Done)?;
        self.link.flush()?;
        loop {
            match next_message(self.link)? {
                Some(Message::Done) => return Ok(()),
                // Written before the receiver had read ours: nothing is left to stand still.
                Some(Message::Pause { .. } | Message::Resume | Message::Working { .. }) => {}
                Some(other) => return Err(unexpected(&other)),
                None => return Err(ended_early()),
            }
        }
    }

    /// Sends one file, or hashes a piece of one; false when neither can be done now.
    fn work(&mut self) -> Result<bool, LaneError> {
        if self.credit >= self.buffer.len() as u64 && self.hash()? {
            return Ok(true);
        }
        if let Some(first) = self.orders.judge.first_ready() {
            // It waits for room, and others do not take that: there would be none for it as long as small files follow.
            if self.may_begin(first)
                && let Some(ready) = self.orders.judge.next_ready()
            {
                self.send_checked(ready)?;
                return Ok(true);
            }
        } else if let Some(indices) = self.next_together() {
            for index in &indices {
                self.credit(*index);
            }
            self.send_together(indices)?;
            return Ok(true);
        } else if let Some(index) = self.next_in_queue() {
            self.credit(index);
            self.send_file(index)?;
            return Ok(true);
        }
        self.hash()
    }

    /// Now a file moves: so much may be hashed in turn.
    fn credit(&mut self, index: u32) {
        self.credit = LARGE.min(self.credit + self.orders.entry(index).size().min(LARGE) + LEAST);
    }

    /// Whether one more file may be on its way, and be this one.
    fn may_begin(&self, index: u32) -> bool {
        self.orders.have_room(self.ahead, self.hashes.len(), self.orders.entry(index).size())
    }

    fn hash(&mut self) -> Result<bool, LaneError> {
        if !self.orders.judge(&mut self.buffer, self.report) {
            return Ok(false);
        }
        self.credit = self.credit.saturating_sub(self.buffer.len() as u64);
        self.orders.judge.progress.tell(self.link, self.report, None)?;
        Ok(self.link.tick().map(|()| true)?)
    }

    fn next_in_queue(&mut self) -> Option<u32> {
        let first = *self.orders.queue.front()?;
        if self.waits_for_parts(first) || !self.may_begin(first) {
            return None;
        }
        self.orders.queue.pop_front()
    }

    fn waits_for_parts(&self, index: u32) -> bool {
        self.orders.entry(index).size() > LARGE && self.orders.awaits_parts()
    }

    fn send_checked(&mut self, ready: Ready) -> Result<(), LaneError> {
        match ready {
            Ready::GoOn { index, offset, source, hasher } => {
                if offset > 0 {
                    self.report.kept(index, offset);
                }
                self.send_from(index, offset, *source, hasher)
            }
            Ready::Again { index } => {
                self.report.started_again(index);
                self.send_file(index)
            }
            Ready::Failed { index, reason } => self.fail(index, reason),
        }
    }

    fn send_file(&mut self, index: u32) -> Result<(), LaneError> {
        match self.orders.open(index) {
            Ok(source) => self.send_from(index, 0, source, Hasher::new()),
            Err(reason) => self.fail(index, reason),
        }
    }

    /// `source` and `hasher` stand behind the first `offset` bytes.
    fn send_from(&mut self, index: u32, offset: u64, mut source: Source, hasher: Hasher) -> Result<(), LaneError> {
        let bytes = source.remaining();
        let mut hashing = self.hashes.begin(hasher, bytes, self.link);
        if !matches!(hashing, Hashing::Kept(..)) {
            self.write_kept()?;
        }
        header::write_header(self.link, &Message::File { index, offset })?;
        self.orders.began(index);
        self.set_in_body(true);
        let read = self.send_body(index, &mut source, &mut hashing)?;
        self.link.write_all(&chunk::END)?;
        self.set_in_body(false);
        let read = read.and(self.hashes.collect(&mut hashing, self.link)?);
        self.hashes.moved(bytes);
        let ended = match (read, hashing) {
            (Ok(()), Hashing::Kept(hasher, kept)) => source.finish().map(|()| self.hashes.keep(index, hasher, kept)),
            (Ok(()), Hashing::Along(hasher)) => match source.finish() {
                Ok(()) => return self.seal(index, hasher.finish()),
                Err(reason) => Err(reason),
            },
            // What was left aside was collected.
            (Ok(()), Hashing::Aside | Hashing::Together(_) | Hashing::Over) => Ok(()),
            (Err(reason), _) => Err(reason),
        };
        if ended.is_err() {
            self.orders.is_over(index);
        }
        ended.or_else(|reason| self.fail(index, reason))
    }

    /// Between the bytes of a body there is no place for the seals of others, and they are not to wait long.
    fn write_kept(&mut self) -> Result<(), LaneError> {
        self.hashes.hash_kept();
        self.write_seals()
    }

    fn set_in_body(&mut self, in_body: bool) {
        self.farewell.in_body = in_body;
        self.link.set_in_body(in_body);
    }

    /// The outer error ends the lane, the inner one only this file.
    fn send_body(
        &mut self,
        index: u32,
        source: &mut Source,
        hashing: &mut Hashing,
    ) -> Result<Result<(), Reason>, LaneError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut admitted = 0;
        let ended = loop {
            if let Err(error) = self.stand_still() {
                break Err(error);
            }
            if admitted == 0 {
                match self.wait_for_turn(source.remaining()) {
                    Ok(bytes) => admitted = bytes,
                    Err(error) => break Err(error),
                }
            }
            match source.read(&mut buffer[..admitted]) {
                Ok(0) => break Ok(Ok(())),
                Ok(n) => {
                    admitted -= n;
                    let mut sent = self.send_chunk(index, &buffer[..n]);
                    if source.remaining() > 0 {
                        // Behind the last chunk it is looked for anyway.
                        sent = sent.and_then(|()| self.orders.take_input(self.link, self.report));
                    }
                    if let Err(error) = sent {
                        break Err(error);
                    }
                    match self.hashes.take(hashing, &mut buffer, n, self.link) {
                        Ok(Ok(())) => {}
                        Ok(Err(reason)) => break Ok(Err(reason)),
                        Err(error) => break Err(error),
                    }
                }
                Err(reason) => break Ok(Err(reason)),
            }
        };
        self.buffer = buffer;
        ended
    }

    /// At the border of a chunk: as long as anybody holds the transfer.
    fn stand_still(&mut self) -> Result<(), LaneError> {
        self.orders.hold.tell(self.link, true)?;
        let since = Instant::now();
        while self.orders.hold.is_held() {
            self.link.set_at_border(true);
            let waited = self.link.wait();
            self.link.set_at_border(false);
            waited?;
            self.orders.take_input(self.link, self.report)?;
            self.orders.hold.tell(self.link, true)?;
        }
        self.hashes.stood_still(since.elapsed());
        Ok(())
    }

    /// How many of the `left` bytes of a file may go next, at most as many as the buffer holds; 0 only at its end.
    fn wait_for_turn(&mut self, left: u64) -> Result<usize, LaneError> {
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(chunk::SEND_CHUNK_BYTES);
        loop {
            match self.link.admit(wanted)? {
                0 if wanted > 0 => {
                    self.orders.take_input(self.link, self.report)?;
                    self.stand_still()?;
                }
                admitted => return Ok(admitted),
            }
        }
    }

    /// All of `bytes`, in pieces over further connections as long as there are some.
    fn send_chunk(&mut self, index: u32, bytes: &[u8]) -> Result<(), LaneError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.link.next_way()? {
                Way::Input => self.orders.take_input(self.link, self.report)?,
                Way::Here => self.send_here(index, std::mem::take(&mut rest))?,
                Way::Beside(number) => {
                    let (piece, later) = rest.split_at(rest.len().min(chunk::BESIDE_BYTES));
                    // At most BESIDE_BYTES, which fits.
                    let length = u32::try_from(piece.len()).unwrap_or(u32::MAX);
                    self.link.write_all(&chunk::elsewhere(number, length))?;
                    self.link.write_beside(number, piece)?;
                    self.report.moved(index, length.into());
                    rest = later;
                }
            }
        }
        Ok(())
    }

    fn send_here(&mut self, index: u32, bytes: &[u8]) -> Result<(), LaneError> {
        // At most SEND_CHUNK_BYTES, which fits.
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.link.write_all(&chunk::chunk_start(length))?;
        self.farewell.chunk_left = length;
        let written = self.write_chunk(bytes);
        // Also of a chunk that broke off something has moved.
        self.report.moved(index, u64::from(length - self.farewell.chunk_left));
        written
    }

    fn write_chunk(&mut self, mut rest: &[u8]) -> Result<(), LaneError> {
        while !rest.is_empty() {
            match self.link.write_some(rest)? {
                Wrote::Bytes(n) => {
                    rest = &rest[n..];
                    self.farewell.chunk_left -= u32::try_from(n).unwrap_or(0);
                }
                Wrote::Input => self.orders.take_input(self.link, self.report)?,
            }
        }
        Ok(())
    }

    fn seal(&mut self, index: u32, md5: Md5Digest) -> Result<(), LaneError> {
        self.orders.sealed(index, md5);
        Ok(header::write_header(self.link, &Message::Seal { index, md5 })?)
    }

    fn fail(&mut self, index: u32, reason: Reason) -> Result<(), LaneError> {
        let reason = Reason { side: Side::Here, ..reason };
        header::write_header(self.link, &Message::Failed { index, reason: told(&reason) })?;
        self.orders.failed(index, reason, self.report);
        Ok(())
    }
}
