//! The speed limit of one direction: a rate, and a clock that all lanes of the direction push forward by what they move.
//!
//! A lane asks before it moves a piece. The clock says until when what has moved is paid for at the rate: while that is at
//! most `SLACK` ahead of the time, a piece may go, and its cost is added. Nobody reserves anything: a lane that has to wait
//! asks again, so a new rate holds for everybody from the next question on, and a lane that ends leaves no gap.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

const NANOS: u64 = 1_000_000_000;

/// How far the clock may be ahead: a lane that wakes up late by no more than this loses nothing. Together with one piece
/// this is all that can go at once after an idle time: a quarter of a second's worth.
const SLACK: u64 = NANOS / 8;
/// The largest piece, as a part of a second's worth: the turns of several lanes follow each other soon.
const PIECES_A_SECOND: u64 = 8;

/// The limit of one direction; clones share it.
#[derive(Clone, Debug)]
pub struct Pace(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Bytes of bodies per second; 0 is no limit.
    rate: AtomicU64,
    /// Until when what has moved is paid for, in nanoseconds since `start`.
    paid_until: AtomicU64,
    start: Instant,
}

/// The answer to a lane that wants to move bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// So many may go now, at most as many as were asked for.
    Now(usize),
    /// None before so much time has passed.
    Later(Duration),
}

impl Default for Pace {
    /// No limit.
    fn default() -> Self {
        let zero = || AtomicU64::new(0);
        Self(Arc::new(Shared { rate: zero(), paid_until: zero(), start: Instant::now() }))
    }
}

impl Pace {
    /// `limit` in bytes per second; `None` is no limit.
    pub fn new(limit: Option<u64>) -> Self {
        let pace = Self::default();
        pace.set(limit);
        pace
    }

    /// From now on this is the limit, also for lanes that wait.
    pub fn set(&self, limit: Option<u64>) {
        self.0.rate.store(limit.unwrap_or(0), Ordering::Relaxed);
    }

    /// Asks for `wanted` bytes; those that are granted count as moved.
    pub fn take(&self, wanted: usize) -> Turn {
        // Without a limit this is all that it costs.
        if self.0.rate.load(Ordering::Relaxed) == 0 {
            return Turn::Now(wanted);
        }
        let now = u64::try_from(self.0.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.take_at(wanted, now)
    }

    fn take_at(&self, wanted: usize, now: u64) -> Turn {
        let rate = self.0.rate.load(Ordering::Relaxed);
        if rate == 0 {
            return Turn::Now(wanted);
        }
        let granted = wanted.min(usize::try_from(rate / PIECES_A_SECOND).unwrap_or(usize::MAX).max(1));
        let cost = granted as u128 * u128::from(NANOS) / u128::from(rate);
        let cost = u64::try_from(cost).unwrap_or(u64::MAX);
        // The clock is the only thing that lanes agree on here; nothing else is published by it.
        let mut paid = self.0.paid_until.load(Ordering::Relaxed);
        loop {
            let ahead = paid.saturating_sub(now);
            if ahead > SLACK {
                return Turn::Later(Duration::from_nanos(ahead - SLACK));
            }
            let next = paid.max(now).saturating_add(cost);
            match self.0.paid_until.compare_exchange_weak(paid, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Turn::Now(granted),
                Err(meanwhile) => paid = meanwhile,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = NANOS;
    const CHUNK: usize = 256 << 10;

    /// Lets `lanes` ask from `from` to `to`, every `step` nanoseconds and whoever comes first; how many bytes each has moved.
    fn drive(pace: &Pace, lanes: usize, from: u64, to: u64, step: u64) -> Vec<u64> {
        let mut moved = vec![0; lanes];
        let mut now = from;
        let mut chance = 0x9e37_79b9_u32;
        while now < to {
            chance ^= chance << 13;
            chance ^= chance >> 17;
            chance ^= chance << 5;
            for i in 0..lanes {
                let lane = (chance as usize % lanes + i) % lanes;
                if let Turn::Now(bytes) = pace.take_at(CHUNK, now) {
                    moved[lane] += bytes as u64;
                }
            }
            now += step;
        }
        moved
    }

    fn assert_near(moved: u64, expected: u64) {
        let ratio = moved as f64 / expected as f64;
        assert!((0.95..=1.05).contains(&ratio), "{moved} bytes where {expected} were allowed: {ratio}");
    }

    #[test]
    fn lanes_together_keep_the_rate_over_ten_seconds() {
        for rate in [1 << 10, 100_000, 1 << 20, 30_000_000, 1_000_000_000] {
            for lanes in [1, 2, 5] {
                let pace = Pace::new(Some(rate));
                let moved = drive(&pace, lanes, 0, 10 * SECOND, SECOND / 20_000);
                assert_near(moved.iter().sum(), 10 * rate);
                // The smaller limits are 80 turns, given out by chance.
                let fair = 10 * rate / lanes as u64;
                assert!(moved.iter().all(|lane| *lane > fair / 4), "{moved:?}");
            }
        }
    }

    #[test]
    fn who_wakes_up_late_loses_nothing() {
        let pace = Pace::new(Some(1 << 20));
        assert_near(drive(&pace, 3, 0, 10 * SECOND, SECOND / 11).iter().sum(), 10 << 20);
    }

    #[test]
    fn a_new_rate_holds_at_once() {
        let pace = Pace::new(Some(1 << 20));
        assert_near(drive(&pace, 2, 0, 5 * SECOND, SECOND / 1000).iter().sum(), 5 << 20);
        pace.set(Some(8 << 20));
        assert_near(drive(&pace, 2, 5 * SECOND, 15 * SECOND, SECOND / 1000).iter().sum(), 80 << 20);
        pace.set(Some(10_000));
        assert_near(drive(&pace, 2, 15 * SECOND, 25 * SECOND, SECOND / 1000).iter().sum(), 100_000);
        while let Turn::Now(_) = pace.take_at(CHUNK, 25 * SECOND) {}
        pace.set(None);
        assert_eq!(pace.take_at(CHUNK, 25 * SECOND), Turn::Now(CHUNK));
    }

    #[test]
    fn an_idle_time_saves_up_a_quarter_of_a_second_at_most() {
        for rate in [1 << 10, 1 << 20, 100_000_000] {
            let pace = Pace::new(Some(rate));
            drive(&pace, 1, 0, SECOND, SECOND / 1000);
            let mut burst = 0;
            while let Turn::Now(bytes) = pace.take_at(CHUNK, 3600 * SECOND) {
                burst += bytes as u64;
            }
            assert!(burst <= rate / 4, "{burst} bytes at once at {rate} a second");
        }
    }

    #[test]
    fn pieces_of_a_tiny_limit_are_small_and_waits_are_short() {
        let pace = Pace::new(Some(1 << 10));
        assert_eq!(pace.take_at(CHUNK, 0), Turn::Now(128));
        assert_eq!(pace.take_at(CHUNK, 0), Turn::Now(128));
        let Turn::Later(wait) = pace.take_at(CHUNK, 0) else { panic!("no limit") };
        assert!(wait <= Duration::from_millis(125), "{wait:?}");
    }

    #[test]
    fn clones_share_one_limit() {
        let pace = Pace::new(Some(1 << 20));
        let other = pace.clone();
        while let Turn::Now(_) = pace.take_at(CHUNK, 0) {}
        assert!(matches!(other.take_at(1, 0), Turn::Later(_)));
    }
}
