//! Bodies that go by turns, so that they are hashed together as they move.

use std::mem;

use crate::{
    model::reason::Reason,
    storage::sources::Source,
    transfer::{
        hashing::{Hashing, SMALL},
        lane::{LaneError, Report},
        link::Link,
        rounds::{TOGETHER, TOGETHER_LEAST, TURN_BYTES},
    },
    wire::{
        chunk,
        header::{self, Message},
    },
};

use super::SendLane;

/// Larger files take long enough to go one after another, so that of those which are broken off there is one.
const LARGEST: u64 = 64 << 20;

/// All of them together: what has moved and has no seal yet comes again if the receiver is killed.
const MOST_BYTES: u64 = 256 << 20;

/// While it is not known how fast bodies move, no more than this take turns, of as few files as it needs: what is slow shows then.
const TRIAL_BYTES: u64 = 48 << 20;

/// Small files between them keep their place in the queue; so many entries are looked at.
const LOOK_AHEAD: usize = 64;

/// What a lane needs for such bodies.
#[derive(Default)]
pub(super) struct Turns {
    buffer: Vec<u8>,
    /// So many files are sent before it is looked again whether there are enough: there were not.
    not_for: usize,
}

/// One of the files.
struct Turn {
    index: u32,
    source: Source,
    hashing: Hashing,
    bytes: u64,
    is_over: bool,
    /// Why it did not go whole.
    wrong: Option<Reason>,
}

impl<L: Link, R: Report> SendLane<'_, L, R> {
    /// Files whose bodies may go by turns now, if it is worth it: they are out of the queue.
    pub(super) fn next_together(&mut self) -> Option<Vec<u32>> {
        if self.turns.not_for > 0 {
            self.turns.not_for -= 1;
            return None;
        }
        let (most, most_bytes) = match self.hashes.is_fast(&self.link.limits()) {
            Some(true) => (self.ahead.together(), MOST_BYTES),
            // Where few follow there is nothing to be gained by it.
            None if self.orders.queue.len() >= TOGETHER => (self.ahead.together().min(TOGETHER_LEAST), TRIAL_BYTES),
            Some(false) | None => return None,
        };
        if most < TOGETHER_LEAST {
            return None;
        }
        let unsealed = self.hashes.len();
        let (mut files, mut bytes) = (Vec::new(), 0);
        for (at, index) in self.orders.queue.iter().enumerate().take(LOOK_AHEAD) {
            let size = self.orders.entry(*index).size();
            if size <= SMALL || size > LARGEST || bytes + size > most_bytes || self.waits_for_parts(*index) {
                continue;
            }
            if files.len() == most || !self.orders.have_room(self.ahead, unsealed + files.len(), size) {
                break;
            }
            bytes += size;
            files.push((at, *index));
        }
        if files.len() < TOGETHER_LEAST {
            self.turns.not_for = LOOK_AHEAD / 2;
            return None;
        }
        for (at, _) in files.iter().rev() {
            self.orders.queue.remove(*at);
        }
        Some(files.into_iter().map(|(_, index)| index).collect())
    }

    /// Sends these files; those that cannot be read fail, and the others go nevertheless.
    pub(super) fn send_together(&mut self, indices: Vec<u32>) -> Result<(), LaneError> {
        let mut turns = Vec::with_capacity(indices.len());
        for index in indices {
            match self.orders.open(index) {
                Ok(source) => turns.push((index, source)),
                Err(reason) => self.fail(index, reason)?,
            }
        }
        if turns.is_empty() {
            return Ok(());
        }
        let turn = |(at, (index, source)): (usize, (u32, Source))| {
            let bytes = source.remaining();
            Turn { index, source, hashing: Hashing::Together(at), bytes, is_over: false, wrong: None }
        };
        let mut turns: Vec<Turn> = turns.into_iter().enumerate().map(turn).collect();
        self.write_kept()?;
        self.hashes.begin_together(turns.len());
        let indices = turns.iter().map(|turn| turn.index).collect();
        header::write_header(self.link, &Message::Files { indices })?;
        self.set_in_body(true);
        self.take_turns(&mut turns)?;
        self.set_in_body(false);
        self.end_together(turns)
    }

    fn end_together(&mut self, turns: Vec<Turn>) -> Result<(), LaneError> {
        let moved = turns.iter().map(|turn| turn.bytes - turn.source.remaining()).sum();
        self.hashes.moved_together(moved, &self.link.limits());
        let hashers = self.hashes.end_together(self.link)?;
        for (Turn { index, source, wrong, .. }, hasher) in turns.into_iter().zip(hashers) {
            match wrong.map_or_else(|| source.finish(), Err) {
                Ok(()) => self.seal(index, hasher.finish())?,
                Err(reason) => self.fail(index, reason)?,
            }
        }
        Ok(())
    }

    fn take_turns(&mut self, turns: &mut [Turn]) -> Result<(), LaneError> {
        let mut buffer = mem::take(&mut self.turns.buffer);
        buffer.resize(TURN_BYTES, 0);
        let mut current = turns.first().map(|turn| turn.index);
        let mut open = turns.len();
        while open > 0 {
            for turn in turns.iter_mut().filter(|turn| !turn.is_over) {
                self.stand_still()?;
                let admitted = self.wait_for_turn(turn.source.remaining().min(TURN_BYTES as u64))?;
                if current.replace(turn.index) != Some(turn.index) {
                    self.link.write_all(&chunk::turn(turn.index))?;
                }
                self.send_piece(turn, &mut buffer, admitted)?;
                if turn.wrong.is_some() || turn.source.remaining() == 0 {
                    self.link.write_all(&chunk::END)?;
                    turn.is_over = true;
                    self.hashes.one_is_over();
                    open -= 1;
                }
                self.orders.take_input(self.link, self.report)?;
            }
        }
        self.turns.buffer = buffer;
        Ok(())
    }

    /// So many bytes of one file.
    fn send_piece(&mut self, turn: &mut Turn, buffer: &mut Vec<u8>, admitted: usize) -> Result<(), LaneError> {
        let mut length = 0;
        while length < admitted {
            match turn.source.read(&mut buffer[length..admitted]) {
                Ok(0) => break,
                Ok(more) => length += more,
                Err(reason) => {
                    turn.wrong = Some(reason);
                    break;
                }
            }
        }
        if length > 0 {
            self.send_chunk(turn.index, &buffer[..length])?;
            // Nothing of it is left to another thread.
            let taken = self.hashes.take(&mut turn.hashing, buffer, length, self.link)?;
            turn.wrong = turn.wrong.take().or(taken.err());
        }
        Ok(())
    }
}
