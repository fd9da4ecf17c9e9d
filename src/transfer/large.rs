//! Hashing of large bodies, along or aside: pieces go one way or the other, and the faster way is found out by the way.

mod writes;

use std::{mem, time::Instant};

use crate::{
    model::reason::{Reason, ReasonCode},
    storage::part_file::PartFile,
};

use super::{
    aside::{Aside, Back, PIECES},
    choice::{Choice, Way, Window},
    hashing::Hashing,
    lane::LaneError,
    link::Link,
};
use writes::Writes;

/// The outer error ends the lane, the inner one only this file.
pub type Taken<T> = Result<Result<T, Reason>, LaneError>;

/// What buffers are filled with, or still hold, after a change of the way is not measured: this part of a window.
const RUN_IN: u64 = 4;

/// What a lane has to hash large bodies with.
#[derive(Default)]
pub struct Large {
    choice: Choice,
    /// What of the body that moves is measured; nothing of small ones.
    meter: Option<Meter>,
    /// Buffers that came back.
    free: Vec<Vec<u8>>,
    /// Buffers that have not come back.
    under_way: usize,
    writes: Writes,
}

/// Measures over `window` bytes.
struct Meter {
    window: u64,
    /// Bytes that are not measured yet.
    run_in: u64,
    bytes: u64,
    since: Instant,
    waited: std::time::Duration,
}

impl Large {
    /// A body of so many bytes begins.
    pub fn begin(&mut self, bytes: u64, aside: Option<&mut dyn Aside>, link: &impl Link) {
        let Some(window) = aside.map(|aside| aside.window()) else { return };
        if window == 0 {
            self.choice.take_turns();
        }
        self.meter = (bytes >= 2 * window).then(|| Meter::new(window, link));
    }

    /// Bytes of a body that have moved, with which `buffer` begins: afterwards it is one that may be filled.
    pub fn take(
        &mut self,
        hashing: &mut Hashing,
        piece: (&mut Vec<u8>, usize),
        aside: Option<&mut dyn Aside>,
        link: &mut impl Link,
    ) -> Taken<()> {
        let (buffer, length) = piece;
        let Some(aside) = aside else {
            hashing.take(buffer.get(..length).unwrap_or_default());
            return Ok(Ok(()));
        };
        if matches!(hashing, Hashing::Aside) {
            match self.spare(buffer.len(), aside, link)? {
                Ok(spare) => aside.hash(mem::replace(buffer, spare), length),
                Err(reason) => {
                    *hashing = Hashing::Over;
                    return Ok(Err(reason));
                }
            }
            self.under_way += 1;
        } else {
            hashing.take(buffer.get(..length).unwrap_or_default());
        }
        self.measure(length as u64, link);
        self.change(hashing, aside, link)
    }

    /// Leaves the writing of bytes that were hashed along, with which `buffer` begins, to the other thread, if that is faster; then
    /// `buffer` is another one. False: the lane has to write them.
    pub fn leave_writing(
        &mut self,
        part: &mut PartFile,
        piece: (&mut Vec<u8>, usize),
        aside: Option<&mut dyn Aside>,
        link: &impl Link,
    ) -> bool {
        let Some(aside) = aside.filter(|_| self.meter.is_some()) else { return false };
        self.writes.leave(part, piece, aside, link, &mut self.free)
    }

    /// Takes back what has been written, without waiting.
    pub fn look_for_writes(&mut self, aside: Option<&mut dyn Aside>) {
        if let Some(aside) = aside {
            self.writes.look(aside);
        }
    }

    /// Waits until all that was left to be written is, also when the link is over.
    pub fn wait_for_writes(&mut self, aside: Option<&mut dyn Aside>, link: &mut impl Link) {
        if let Some(aside) = aside {
            self.writes.wait(aside, link);
        }
    }

    /// Says to the part, if there still is one, what has been written of it.
    ///
    /// # Errors
    /// Not all of it could be.
    pub fn tell_written(&mut self, part: Option<&mut PartFile>) -> Result<(), Reason> {
        self.writes.tell(part, &mut self.free)
    }

    /// The body is over, or what was read of it is worth nothing: what was left to the other thread comes back.
    pub fn end(&mut self, hashing: &mut Hashing, aside: Option<&mut dyn Aside>, link: &mut impl Link) -> Taken<()> {
        self.meter = None;
        match aside {
            Some(aside) if matches!(hashing, Hashing::Aside) => self.collect(hashing, aside, link),
            _ => Ok(Ok(())),
        }
    }

    fn measure(&mut self, bytes: u64, link: &impl Link) {
        let before = self.choice.way();
        if let Some(meter) = &mut self.meter
            && let Some(window) = meter.count(bytes, link)
        {
            self.choice.measured(window);
            if self.choice.way() != before {
                meter.run_in = meter.window / RUN_IN;
            }
        }
    }

    /// Goes the way that is to be gone now.
    fn change(&mut self, hashing: &mut Hashing, aside: &mut dyn Aside, link: &mut impl Link) -> Taken<()> {
        if self.meter.is_none() {
            return Ok(Ok(()));
        }
        match (self.choice.way(), mem::replace(hashing, Hashing::Over)) {
            (Way::Aside, Hashing::Along(hasher)) => {
                self.writes.wait(aside, link);
                match aside.begin(hasher) {
                    Ok(()) => *hashing = Hashing::Aside,
                    Err(hasher) => {
                        self.choice.settle();
                        *hashing = Hashing::Along(hasher);
                    }
                }
            }
            (Way::Along, Hashing::Aside) => {
                *hashing = Hashing::Aside;
                return self.collect(hashing, aside, link);
            }
            (_, as_it_is) => *hashing = as_it_is,
        }
        Ok(Ok(()))
    }

    /// A buffer that may be filled.
    fn spare(&mut self, size: usize, aside: &mut dyn Aside, link: &mut impl Link) -> Taken<Vec<u8>> {
        if let Some(buffer) = self.free.pop() {
            return Ok(Ok(buffer));
        }
        if self.under_way < PIECES {
            return Ok(Ok(vec![0; size]));
        }
        match self.wait(aside, link)? {
            Back::Buffer(buffer) => Ok(Ok(buffer)),
            Back::Hasher(_) | Back::Round(_) | Back::Written(_) | Back::Lost => Ok(Err(self.lost())),
        }
    }

    fn collect(&mut self, hashing: &mut Hashing, aside: &mut dyn Aside, link: &mut impl Link) -> Taken<()> {
        aside.end();
        *hashing = Hashing::Over;
        loop {
            match self.wait(aside, link)? {
                Back::Buffer(buffer) => self.free.push(buffer),
                Back::Hasher(hasher) if self.under_way == 0 => {
                    *hashing = Hashing::Along(hasher);
                    return Ok(Ok(()));
                }
                Back::Hasher(_) | Back::Round(_) | Back::Written(_) | Back::Lost => return Ok(Err(self.lost())),
            }
        }
    }

    /// Waits for what comes back; a cancel and a deadline are seen meanwhile.
    fn wait(&mut self, aside: &mut dyn Aside, link: &mut impl Link) -> Result<Back, LaneError> {
        loop {
            if let Some(back) = aside.wait() {
                self.under_way -= usize::from(matches!(back, Back::Buffer(_)));
                return Ok(back);
            }
            link.tick()?;
        }
    }

    /// A digest of which something is missing is none; and nothing more is left to the other thread.
    fn lost(&mut self) -> Reason {
        self.choice.settle();
        self.under_way = 0;
        Reason::here(ReasonCode::Internal, "the hasher stopped unexpectedly")
    }
}

impl Meter {
    fn new(window: u64, link: &impl Link) -> Self {
        Self { window, run_in: 0, bytes: 0, since: Instant::now(), waited: link.waited() }
    }

    /// What was measured, when it is enough.
    fn count(&mut self, bytes: u64, link: &impl Link) -> Option<Window> {
        self.bytes += bytes;
        let is_run_in = self.run_in > 0;
        if self.bytes < if is_run_in { self.run_in } else { self.window } {
            return None;
        }
        let (now, waited) = (Instant::now(), link.waited());
        let window = Window { bytes: self.bytes, took: now - self.since, waited: waited.saturating_sub(self.waited) };
        *self = Self { window: self.window, run_in: 0, bytes: 0, since: now, waited };
        (!is_run_in).then_some(window)
    }
}
