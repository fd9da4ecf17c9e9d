//! Pieces of a large part that the second thread writes, while it has nothing to hash.
//!
//! A receiver has a fifth more to do than its sender: where both share two cores, one of them would be idle for that long. With what
//! the second thread takes from the lane, 2 GiB in memory took 3 to 5 % less time (4.64 and 4.52, 4.59 and 4.39, 4.86 and 4.59 s, medians
//! of five and seven in alternation), 3 % more than half the processor time of both ends in place of 8 %; that itself is up to 2 %
//! more. A lane that waits for its link has time enough, and writes by itself. Fewer pieces at a time are no better (one and two were
//! tried), nor is leaving none after any wait at all (4.64 and 4.50 s).

use std::{
    mem,
    time::{Duration, Instant},
};

use crate::{
    model::reason::{Reason, ReasonCode},
    storage::part_file::{PartFile, Written},
    transfer::{
        aside::{Aside, Back, PIECES},
        choice::IDLE,
        link::Link,
    },
};

/// One less than there are buffers: the lane fills one.
const MOST: usize = PIECES - 1;

/// What of the body that moves is being written elsewhere.
#[derive(Default)]
pub(super) struct Writes {
    under_way: usize,
    came_back: Vec<Written>,
    is_lost: bool,
    /// When the piece before came, and how long the link had been waited for then.
    before: Option<(Instant, Duration)>,
}

impl Writes {
    /// Leaves the writing of `length` bytes, with which `buffer` begins, to the second thread, if it has room and the lane has
    /// not waited for its link for long since it was asked before. Then `buffer` is another one.
    pub(super) fn leave(
        &mut self,
        part: &mut PartFile,
        (buffer, length): (&mut Vec<u8>, usize),
        aside: &mut dyn Aside,
        link: &impl Link,
        free: &mut Vec<Vec<u8>>,
    ) -> bool {
        let is_idle = self.is_idle(link);
        self.look(aside);
        if (is_idle && aside.window() > 0) || self.is_lost || self.under_way == MOST {
            return false;
        }
        let size = buffer.len();
        let left =
            part.piece(mem::take(buffer), length).and_then(|piece| aside.write(piece).map_err(|back| back.buffer));
        match left {
            Ok(()) => {
                part.leave(length);
                self.under_way += 1;
                *buffer = free.pop().unwrap_or_else(|| vec![0; size]);
                true
            }
            Err(back) => {
                *buffer = back;
                false
            }
        }
    }

    /// Whether the lane has waited for its link for more than a part of the time since it was asked before.
    fn is_idle(&mut self, link: &impl Link) -> bool {
        let (now, waited) = (Instant::now(), link.waited());
        let (then, before) = self.before.replace((now, waited)).unwrap_or((now, waited));
        waited.saturating_sub(before) > (now - then).mul_f64(IDLE)
    }

    /// Takes what has come back.
    pub(super) fn look(&mut self, aside: &mut dyn Aside) {
        while let Some(back) = (self.under_way > 0).then(|| aside.look()).flatten() {
            self.is_back(back);
        }
    }

    /// Waits for all that was left, also when the link is over: the file is nobody else's before.
    pub(super) fn wait(&mut self, aside: &mut dyn Aside, link: &mut impl Link) {
        while self.under_way > 0 {
            match aside.wait() {
                Some(back) => self.is_back(back),
                None => {
                    link.tick().ok();
                }
            }
        }
    }

    fn is_back(&mut self, back: Back) {
        match back {
            Back::Written(written) => {
                self.under_way -= 1;
                self.came_back.push(written);
            }
            Back::Buffer(_) | Back::Hasher(_) | Back::Round(_) | Back::Lost => {
                (self.under_way, self.is_lost) = (0, true);
            }
        }
    }

    /// Says to `part`, if there still is one, what has been written of it.
    ///
    /// # Errors
    /// Not all of it could be.
    pub(super) fn tell(&mut self, mut part: Option<&mut PartFile>, free: &mut Vec<Vec<u8>>) -> Result<(), Reason> {
        let mut told = Ok(());
        for written in self.came_back.drain(..) {
            if let Some(part) = &mut part {
                told = told.and(part.wrote(&written));
            }
            free.push(written.buffer);
        }
        if mem::take(&mut self.is_lost) && told.is_ok() && part.is_some() {
            told = Err(Reason::here(ReasonCode::Internal, "the writer stopped unexpectedly"));
        }
        told
    }
}
