//! How far both sides are with hashing what there is already: told to the other one, and shown here, a few times a second.

use std::time::{Duration, Instant};

use crate::wire::header::{self, Message};

use super::{
    lane::{LaneError, Report},
    link::Link,
};

/// Between two words about it.
const GAP: Duration = Duration::from_millis(200);

/// Less than this is hashed before anybody could read about it.
pub const WORTH_TELLING: u64 = 1 << 20;

/// Bytes that are hashed, here and there.
#[derive(Debug, Default)]
pub struct Progress {
    here: Bytes,
    there: Bytes,
    told: Option<Instant>,
    shown: Option<Instant>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bytes {
    done: u64,
    total: u64,
}

impl Bytes {
    fn left(self) -> u64 {
        self.total.saturating_sub(self.done)
    }
}

impl Progress {
    /// So many more have to be hashed here.
    pub fn more(&mut self, bytes: u64) {
        self.here.total = self.here.total.saturating_add(bytes);
    }

    /// So many of them have been, or need not be any more.
    pub fn hashed(&mut self, bytes: u64) {
        self.here.done = self.here.done.saturating_add(bytes).min(self.here.total);
    }

    /// What the peer says of itself.
    pub fn heard(&mut self, done: u64, total: u64, report: &mut impl Report) {
        self.there = Bytes { done: done.min(total), total };
        self.show(report);
    }

    /// The peer is ready with what it said last.
    pub fn there_is_over(&mut self) {
        self.there = Bytes::default();
    }

    /// Tells the peer how far this side is, if it is time; of one file, if `index` says so.
    ///
    /// # Errors
    /// The link is over.
    pub fn tell(
        &mut self,
        link: &mut impl Link,
        report: &mut impl Report,
        of_one: Option<(u32, u64, u64)>,
    ) -> Result<(), LaneError> {
        self.show(report);
        let (index, done, total) =
            of_one.map_or((None, self.here.done, self.here.total), |(index, done, total)| (Some(index), done, total));
        if total < WORTH_TELLING || self.told.is_some_and(|told| told.elapsed() < GAP) {
            return Ok(());
        }
        self.told = Some(Instant::now());
        Ok(header::write_header(link, &Message::Working { index, done, total })?)
    }

    /// From now on the next word is due at once.
    pub fn begin(&mut self) {
        self.told = None;
    }

    fn show(&mut self, report: &mut impl Report) {
        let busier = if self.there.left() > self.here.left() { self.there } else { self.here };
        let over = busier.left() == 0;
        if busier.total >= WORTH_TELLING && (over || self.shown.is_none_or(|shown| shown.elapsed() >= GAP / 2)) {
            self.shown = Some(Instant::now());
            report.checking(busier.done, busier.total);
        }
    }
}
