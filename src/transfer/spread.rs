//! Over how many further connections a body goes: as many as help.
//!
//! One TCP stream does not fill a long or lossy way: each loss halves what it may have under way, and it takes many round trips
//! until that has grown again (RFC 9438 section 4.6, RFC 5681 section 3.1). Several streams lose one at a time. What helps is
//! found out by trying: the first ones, and then twice as many, as long as that moves more. Where nothing is lost it does not: what
//! is sent is one sequence, and all wait for the slowest.

use std::time::{Duration, Instant};

use super::limits::Limits;

/// Bytes after which it is looked at: less is over before others would stand.
const SOON: u64 = 1 << 20;

/// After one alone.
const FIRST: usize = 4;

/// At most.
pub const MOST: usize = 16;

/// They have this long to stand; then it is measured with those that do.
const OPENING: Duration = Duration::from_secs(3);

/// After that they grow for so long (and at least ten round trips),
const GROWING: Duration = Duration::from_millis(500);

/// and what moves is measured for so long (and at least twenty).
const MEASURED: Duration = Duration::from_secs(1);

/// How much more has to move over more of them, in percent.
const GAIN: u64 = 115;

/// The way may be another after this long; after each trial in vain it is not looked at for twice as long.
const AGAIN: Duration = Duration::from_secs(30);

/// Decides for one transfer.
pub struct Spread {
    round_trip: Duration,
    least: usize,
    wanted: usize,
    /// How many there were before those, and bytes a second over them; none: it is not known.
    before: Option<(usize, u64)>,
    rest: Duration,
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
    /// For a way with this round trip. On a short one a single connection does it, and the answer is none: what is lost is
    /// made good at once.
    pub fn over(round_trip: Duration, limits: &Limits) -> Option<Self> {
        (round_trip >= limits.long_way).then_some(Self {
            round_trip,
            least: limits.lanes_at_least,
            wanted: 0,
            before: None,
            rest: AGAIN,
            state: State::Begin,
        })
    }

    /// How many there should be, when `moved` bytes have been sent so far and `open` of them stand.
    pub fn wanted(&mut self, moved: u64, open: usize, now: Instant) -> usize {
        match self.state {
            State::Begin if moved >= SOON => self.state = State::Growing { since: now },
            State::Opening { since } if open >= self.wanted || now - since >= OPENING => {
                self.state = State::Growing { since: now };
            }
            State::Growing { since } if now - since >= GROWING.max(self.round_trip * 10) => {
                self.state = State::Measuring { since: now, from: moved };
            }
            State::Measuring { since, from } if now - since >= MEASURED.max(self.round_trip * 20) => {
                self.judge(per_second(moved - from, now - since), open, now);
            }
            State::Settled { since } if self.wanted < MOST && now - since >= self.rest => {
                self.before = None;
                self.state = State::Measuring { since: now, from: moved };
            }
            _ => {}
        }
        self.wanted.max(self.least)
    }

    fn judge(&mut self, rate: u64, open: usize, now: Instant) {
        match self.before {
            Some((fewer, before)) if rate.saturating_mul(100) < before.saturating_mul(GAIN) => {
                self.wanted = fewer;
                self.rest = self.rest.saturating_mul(2);
                self.state = State::Settled { since: now };
            }
            _ if self.wanted < MOST && open >= self.wanted => {
                self.before = Some((self.wanted, rate));
                self.want((self.wanted * 2).max(FIRST), now);
            }
            _ => self.state = State::Settled { since: now },
        }
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

    fn far() -> Limits {
        Limits { long_way: Duration::from_millis(1), ..Limits::default() }
    }

    fn spread(millis: u64) -> Spread {
        Spread::over(Duration::from_millis(millis), &far()).unwrap()
    }

    #[test]
    fn a_short_way_has_one_connection() {
        assert!(Spread::over(Duration::from_micros(300), &far()).is_none());
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
    fn where_others_do_not_help_one_connection_goes_on_alone() {
        assert_eq!(run(&mut spread(5), 20, 99, |_| 100_000_000), (0, FIRST));
        assert_eq!(run(&mut spread(5), 20, 99, |open| if open > 0 { 60_000_000 } else { 100_000_000 }), (0, FIRST));
        // Later it is tried again, and ever more rarely.
        let trials = |seconds| {
            let tried = std::cell::Cell::new(0);
            run(&mut spread(5), seconds, 99, |open| {
                tried.set(tried.get() + u64::from(open > 0));
                100_000_000
            });
            tried.get()
        };
        let (minute, hour) = (trials(60), trials(3600));
        assert!(minute > 0 && minute < 60, "{minute} tenths of a second in a minute");
        assert!(hour > minute && hour < 200, "{hour} tenths of a second in an hour");
    }

    #[test]
    fn a_device_that_lets_no_others_in_is_not_asked_for_ever_more() {
        assert_eq!(run(&mut spread(5), 60, 0, |_| 1_000_000).1, FIRST);
        assert_eq!(run(&mut spread(5), 60, 4, |open| 1_000_000 * open.max(1) as u64).1, 2 * FIRST);
    }
}
