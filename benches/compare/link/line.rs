//! What one direction of a link does to a packet: it waits its turn, takes its time, travels, and may not arrive.

use std::time::Duration;

/// What a link is like, the same in both directions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// Bits of IP packets a second, their headers counted, the framing below them not.
    pub(crate) rate: u64,
    /// From one end to the other, once the last bit has left.
    pub(crate) delay: Duration,
    /// Bytes that wait for their turn; what comes when there are more is dropped, as most routers do.
    pub(crate) queue: u64,
    /// The part of all segments that is lost, each by itself.
    pub(crate) loss: f64,
    pub(crate) seed: u64,
}

/// What becomes of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// At this time, on the clock of the line.
    Arrives(Duration),
    /// There was no room for it.
    Dropped,
    /// On its way, after it took its turn.
    Lost,
}

/// Segments so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) arrived: u64,
    pub(crate) dropped: u64,
    pub(crate) lost: u64,
}

impl std::ops::Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            arrived: self.arrived + other.arrived,
            dropped: self.dropped + other.dropped,
            lost: self.lost + other.lost,
        }
    }
}

/// One direction.
pub(crate) struct Line {
    kind: Kind,
    /// When the last bit of all that waits will have left.
    free: Duration,
    random: u64,
    pub(crate) counts: Counts,
}

impl Line {
    /// `way` keeps the two directions of a link from losing the same.
    pub(crate) fn new(kind: Kind, way: u64) -> Self {
        let random = kind.seed ^ way.wrapping_mul(0xd1b5_4a32_d192_ed03);
        Self { kind, free: Duration::ZERO, random, counts: Counts::default() }
    }

    /// Takes one segment of so many bytes that comes at `now`; later ones do not come earlier.
    pub(crate) fn take(&mut self, now: Duration, bytes: usize) -> Fate {
        let waiting = self.free.saturating_sub(now);
        if waiting + self.takes(bytes as u64) > self.takes(self.kind.queue) {
            self.counts.dropped += 1;
            return Fate::Dropped;
        }
        self.free = self.free.max(now) + self.takes(bytes as u64);
        // The chance is drawn for each, so that the same seed loses the same of the same segments.
        if self.draw() < self.kind.loss {
            self.counts.lost += 1;
            return Fate::Lost;
        }
        self.counts.arrived += 1;
        Fate::Arrives(self.free + self.kind.delay)
    }

    /// How long so many bytes take.
    fn takes(&self, bytes: u64) -> Duration {
        Duration::from_nanos(bytes * 8 * 1_000_000_000 / self.kind.rate)
    }

    /// From 0 to below 1: the top 53 bits of splitmix64.
    fn draw(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        (mixed >> 11) as f64 / (1_u64 << 53) as f64
    }
}
