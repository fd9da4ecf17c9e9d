//! Over how many further connections a body goes: as many as help.
//!
//! One TCP stream does not fill a long or lossy way: each loss halves what it may have under way, and it takes many round trips
//! until that has grown again (RFC 9438 section 4.6, RFC 5681 section 3.1). Several streams lose one at a time. What helps is
//! found out by trying: twice as many as long as that moves more.

use std::time::{Duration, Instant};

/// Bytes after which the first ones are opened: less is over before they stand.
const SOON: u64 = 1 << 20;

/// To begin with.
const FIRST: usize = 4;

/// At most.
pub const MOST: usize = 16;

/// They have this long to stand; then it is measured with those that do.
const OPENING: Duration = Duration::from_secs(3);

/// After that they grow for so long (and at least ten round trips),
const GROWING: Duration = Duration::from_millis(500);

/// and what moves is measured for so long (and at least twenty).
const MEASURED: Duration = Duration::from_millis(1500);

/// How much more has to move over twice as many, in percent.
const GAIN: u64 = 115;

/// The way may be another after this long.
const AGAIN: Duration = Duration::from_secs(10);

/// Decides for one transfer.
pub struct Spread {
    round_trip: Duration,
    wanted: usize,
    /// Bytes a second over half as many.
    before: u64,
    state: State,
}

enum State {
    Begin,
    Opening { since: Instant },
    Growing { since: Instant },
    Measuring { since: Instant, from: u64 },
    Settled { since: Instant },
}

impl Spread {
    /// For a way with this round trip. On one that is shorter than `long` one connection does it, and the answer is none:
    /// what is lost is made good at once.
    pub fn over(round_trip: Duration, long: Duration) -> Option<Self> {
        (round_trip >= long).then_some(Self { round_trip, wanted: 0, before: 0, state: State::Begin })
    }

    /// How many there should be, when `moved` bytes have been sent so far and `open` of them stand.
    pub fn wanted(&mut self, moved: u64, open: usize, now: Instant) -> usize {
        match self.state {
            State::Begin if moved >= SOON => self.want(FIRST, now),
            State::Opening { since } if open >= self.wanted || now - since >= OPENING => {
                self.state = State::Growing { since: now };
            }
            State::Growing { since } if now - since >= GROWING.max(self.round_trip * 10) => {
                self.state = State::Measuring { since: now, from: moved };
            }
            State::Measuring { since, from } if now - since >= MEASURED.max(self.round_trip * 20) => {
                self.judge(per_second(moved - from, now - since), open, now);
            }
            State::Settled { since } if self.wanted < MOST && now - since >= AGAIN => {
                self.before = 0;
                self.state = State::Measuring { since: now, from: moved };
            }
            _ => {}
        }
        self.wanted
    }

    fn judge(&mut self, rate: u64, open: usize, now: Instant) {
        let is_better = rate.saturating_mul(100) >= self.before.saturating_mul(GAIN);
        if is_better && self.wanted < MOST && open >= self.wanted {
            self.before = rate;
            return self.want(self.wanted * 2, now);
        }
        if !is_better && self.wanted > FIRST {
            self.wanted /= 2;
        }
        self.state = State::Settled { since: now };
    }

    fn want(&mut self, wanted: usize, now: Instant) {
        self.wanted = wanted;
        self.state = State::Opening { since: now };
    }
}

fn per_second(bytes: u64, took: Duration) -> u64 {
    u64::try_from(u128::from(bytes) * 1000 / took.as_millis().max(1)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs for `seconds` over a way that moves `rate(connections)` bytes a second; how many were wanted in the end, and at most.
    fn run(spread: &mut Spread, seconds: u64, most_open: usize, rate: impl Fn(usize) -> u64) -> (usize, usize) {
        let begin = Instant::now();
        let (mut moved, mut open, mut most) = (0, 0, 0);
        for tick in 1..=seconds * 10 {
            moved += rate(open) / 10;
            let wanted = spread.wanted(moved, open, begin + Duration::from_millis(tick * 100));
            open = wanted.min(most_open);
            most = most.max(wanted);
        }
        (open, most)
    }

    fn spread(millis: u64) -> Spread {
        Spread::over(Duration::from_millis(millis), Duration::from_millis(1)).unwrap()
    }

    #[test]
    fn a_short_way_has_one_connection() {
        assert!(Spread::over(Duration::from_micros(300), Duration::from_millis(1)).is_none());
    }

    #[test]
    fn little_is_over_before_others_would_stand() {
        assert_eq!(spread(20).wanted(SOON - 1, 0, Instant::now()), 0);
    }

    #[test]
    fn a_lossy_way_gets_more_as_long_as_they_help() {
        let each = |open: usize| 3_000_000 * open.max(1) as u64;
        assert_eq!(run(&mut spread(20), 20, 99, each), (MOST, MOST));
        assert_eq!(run(&mut spread(20), 12, 99, |open| each(open.min(8))), (8, 16));
    }

    #[test]
    fn where_others_do_not_help_there_are_few() {
        let (open, most) = run(&mut spread(5), 25, 99, |_| 100_000_000);
        assert_eq!((open, most), (FIRST, 2 * FIRST));
        // And now and then it is tried again.
        assert_eq!(run(&mut spread(5), 40, 99, |open| if open > 4 { 200_000_000 } else { 100_000_000 }).0, 8);
    }

    #[test]
    fn a_device_that_lets_no_others_in_is_not_asked_for_ever_more() {
        assert_eq!(run(&mut spread(5), 60, 0, |_| 1_000_000).1, FIRST);
        assert_eq!(run(&mut spread(5), 60, 4, |_| 1_000_000).1, 2 * FIRST);
    }
}
