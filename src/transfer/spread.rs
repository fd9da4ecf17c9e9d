//! Over how many further connections a body goes: none, unless the first one loses; then as many as help.
//!
//! One TCP stream does not fill a long way on which something is lost: each loss takes a part of what it may have under way, and
//! it takes many round trips until that has grown again (RFC 9438 section 4.6, RFC 5681 section 3.1). Several streams lose one
//! at a time. Where nothing is lost they do not help, as what is sent is one sequence and all wait for the slowest; and where
//! things are lost because a queue is full they only fill it sooner. So others are tried where losses are seen again and again
//! ([`Seen`]) while round trips are short: a full queue makes them as long as they get. Then it is measured: a few, and
//! many if these move more; and later half as many, if a queue has filled.
//!
//! Measured over 1 Gbit/s and 20 ms (`benches/compare`): a trial without a cause cost the half of a clean link, as the first
//! connection carried nothing meanwhile, its congestion window fell from 1,712 to 447 segments and took 15 s to grow again. Where a
//! system offers BBR, one connection with that moves more than several with CUBIC (256 MiB with 0.1 % lost: 4.3 s, 9 to 25 s, and 95 s
//! of one CUBIC stream), so that is taken first (`engine::link::seen`).

use std::{
    collections::VecDeque,
    mem,
    time::{Duration, Instant},
};

use super::limits::Limits;

/// Bytes after which it is looked at: less is over before others would stand.
const SOON: u64 = 1 << 20;

/// So many losses while no queue was full are reason enough,
const ENOUGH: usize = 3;

/// within this time; as long it is remembered how long round trips were. A stream that is alone on a way with a short queue fills
/// it ever again, and loses that often only where the way is so narrow that a trial costs nothing.
const LATELY: Duration = Duration::from_secs(10);

/// Nobody's clock is better, and nobody's processor always free: a round trip may take this much longer on an empty way.
const JITTER: Duration = Duration::from_micros(500);

/// After one alone.
const FIRST: usize = 4;

/// At most, and after those: more steps would take longer than they save.
pub const MOST: usize = 16;

/// The first connection has to send so much at most before others are judged: what goes over them can be used after that.
const BACKLOG: u64 = 256 << 10;

/// They have this long to stand; then it is measured with those that do.
const OPENING: Duration = Duration::from_secs(3);

/// After that they begin for so long (and at least ten round trips), and what moves is measured for so long (and at least twenty),
/// where it is only asked whether they do any good, or whether fewer do as well.
const QUICK: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(1));

/// Each begins fast and gets slower as it loses (RFC 5681 section 3.1): where more are compared with fewer, this is over first.
const STEADY: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(1));

/// How much more has to move over more of them, in percent; over fewer not much less.
const GAIN: u64 = 115;
const NO_LOSS: u64 = 95;

/// The way may be another after this long; after each trial in vain it is not looked at for twice as long.
const AGAIN: Duration = Duration::from_secs(5);

/// A device on the way may end connections when there are several, and one that ends costs all of them: after such a break the first
/// is alone for so long, after each later one for four times as long.
const AFTER_BREAK: Duration = Duration::from_mins(2);

/// What the system knows of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Segments that were sent again so far, as they were taken for lost.
    pub again: u64,
    /// Bytes that may be under way at a time.
    pub window: u64,
    /// Bytes that it has been given beyond those that were sent.
    pub unsent: u64,
    /// What a round trip takes now, and took at least.
    pub round_trip: Duration,
    pub least: Duration,
}

impl Seen {
    /// Whether what is sent finds no queue on its way that is worth mentioning.
    fn is_way_empty(&self) -> bool {
        self.round_trip <= self.least + self.least / 8 + JITTER
    }

    /// Bytes a second that it makes do with.
    fn rate(&self) -> u64 {
        per_second(self.window, self.round_trip)
    }
}

/// Losses of a connection that a full queue does not explain.
#[derive(Default)]
struct Losses {
    again: u64,
    was_short: bool,
    last: Option<Instant>,
    lately: VecDeque<Instant>,
    longest: Longest,
}

/// The longest round trip of the last while, in two halves of it.
#[derive(Default)]
struct Longest {
    since: Option<Instant>,
    halves: [Duration; 2],
}

impl Longest {
    fn with(&mut self, round_trip: Duration, now: Instant) -> Duration {
        if now - *self.since.get_or_insert(now) >= LATELY / 2 {
            (self.since, self.halves) = (Some(now), [self.halves[1], Duration::ZERO]);
        }
        self.halves[1] = self.halves[1].max(round_trip);
        self.halves[0].max(self.halves[1])
    }
}

impl Losses {
    /// Whether these are enough.
    fn are_enough(&mut self, seen: &Seen, now: Instant) -> bool {
        let (is_short, is_loss) = (self.is_short(seen, now), seen.again > self.again);
        self.again = seen.again;
        let was_short = mem::replace(&mut self.was_short, is_short);
        if !is_loss {
            return false;
        }
        // What a full queue drops at once is sent again in one go, of which the last part may find an empty one.
        let is_same = self.last.replace(now).is_some_and(|last| now - last < seen.least * 2);
        if is_same || !is_short || !was_short {
            return false;
        }
        self.lately.push_back(now);
        self.lately.retain(|then| now - *then < LATELY);
        self.lately.len() >= ENOUGH
    }

    /// Whether no queue can be full: the way is empty, or it takes much longer at other times.
    fn is_short(&mut self, seen: &Seen, now: Instant) -> bool {
        let longest = self.longest.with(seen.round_trip, now);
        let more = |than: Duration| than.saturating_sub(seen.least);
        seen.is_way_empty() || more(seen.round_trip) * 2 <= more(longest)
    }
}

/// Decides for one transfer.
pub struct Spread {
    round_trip: Duration,
    least: usize,
    wanted: usize,
    /// How many there were before those, and bytes a second over them; none: it is not known.
    before: Option<(usize, u64)>,
    /// The first ones have done good: more are to be tried.
    is_rising: bool,
    /// How long they begin and are measured.
    times: (Duration, Duration),
    rest: Duration,
    state: State,
}

enum State {
    /// The first one alone, and what it has lost.
    Alone(Losses),
    Opening {
        since: Instant,
    },
    Growing {
        since: Instant,
    },
    /// `empty` counts looks that found the way so, and takes the others off.
    Measuring {
        since: Instant,
        from: u64,
        empty: i32,
    },
    Settled {
        since: Instant,
    },
}

impl Spread {
    /// For a way with this round trip. On a short one a single connection does it, and the answer is none: what is lost is
    /// made good at once.
    pub fn over(round_trip: Duration, limits: &Limits) -> Option<Self> {
        (round_trip >= limits.long_way).then(|| Self {
            round_trip,
            least: limits.lanes_at_least,
            wanted: 0,
            before: None,
            is_rising: false,
            times: QUICK,
            rest: AGAIN,
            state: State::Alone(Losses::default()),
        })
    }

    /// So many connections of this transfer have broken while further ones stood beside them: if any, the next is alone for a while.
    #[must_use]
    pub fn after_breaks(self, breaks: u32, now: Instant) -> Self {
        let Some(more) = breaks.checked_sub(1) else { return self };
        let rest = AFTER_BREAK.saturating_mul(4_u32.saturating_pow(more));
        Self { least: 0, rest, state: State::Settled { since: now }, ..self }
    }

    /// Whether the first connection has been seen to lose, and others shall make up for that.
    pub fn is_needed(&self) -> bool {
        self.wanted > 0
    }

    /// Whether the first connection may not be alone for long: it should be given no more than it can send soon.
    pub fn is_wary(&self) -> bool {
        self.is_needed() || matches!(&self.state, State::Alone(losses) if !losses.lately.is_empty())
    }

    /// How many there should be, when `moved` bytes have been sent so far, `open` of them stand and `seen` is what the system
    /// knows of the first one. A system that does not say anything gets none.
    pub fn wanted(&mut self, moved: u64, open: usize, seen: Option<&Seen>, now: Instant) -> usize {
        // What this side measured as it called holds also the second after which a first word that was lost is said again.
        self.round_trip = seen.map_or(self.round_trip, |seen| self.round_trip.min(seen.round_trip));
        match &mut self.state {
            State::Alone(losses) => {
                if let Some(seen) = seen
                    && losses.are_enough(seen, now)
                    && moved >= SOON
                {
                    self.before = Some((0, seen.rate()));
                    self.want(FIRST, QUICK, now);
                }
            }
            State::Opening { since } => {
                let is_ready = open >= self.wanted && seen.is_none_or(|seen| seen.unsent <= BACKLOG);
                if is_ready || now - *since >= OPENING {
                    self.state = State::Growing { since: now };
                }
            }
            State::Growing { since } if now - *since >= self.times.0.max(self.round_trip * 10) => {
                self.state = State::Measuring { since: now, from: moved, empty: 0 };
            }
            State::Measuring { since, from, empty } => {
                *empty += if seen.is_some_and(Seen::is_way_empty) { 1 } else { -1 };
                if now - *since >= self.times.1.max(self.round_trip * 20) {
                    let (rate, is_way_empty) = (per_second(moved - *from, now - *since), *empty > 0);
                    self.judge(rate, open, is_way_empty, now);
                }
            }
            State::Settled { since } if now - *since >= self.rest => self.look_again(moved, now),
            _ => {}
        }
        self.wanted.max(self.least)
    }

    /// Nothing was sent for a while, and not because of the way: what was measured says nothing.
    pub fn stood_still(&mut self, now: Instant) {
        match &mut self.state {
            State::Alone(losses) => losses.lately.clear(),
            State::Growing { since } => *since = now,
            State::Measuring { .. } => self.state = State::Growing { since: now },
            State::Opening { .. } | State::Settled { .. } => {}
        }
    }

    fn judge(&mut self, rate: u64, open: usize, is_way_empty: bool, now: Instant) {
        let before = self.before.take();
        if let Some((others, before)) = before {
            let needed = if self.wanted > others { GAIN } else { NO_LOSS };
            if rate.saturating_mul(100) < before.saturating_mul(needed) {
                self.wanted = others;
                self.rest = self.rest.saturating_mul(2);
                return self.settle(now);
            }
        }
        match before {
            Some((0, _)) => {
                self.is_rising = true;
                self.times = STEADY;
                self.state = State::Growing { since: now };
            }
            None if self.wanted < MOST && open >= self.wanted && (self.is_rising || is_way_empty) => {
                self.before = Some((self.wanted, rate));
                self.want(MOST, STEADY, now);
            }
            _ if !is_way_empty && before.is_none_or(|(others, _)| others > self.wanted) => {
                self.before = Some((self.wanted, rate));
                self.want(self.wanted / 2, QUICK, now);
            }
            _ => self.settle(now),
        }
    }

    fn want(&mut self, wanted: usize, times: (Duration, Duration), now: Instant) {
        self.wanted = wanted;
        self.times = times;
        self.state = State::Opening { since: now };
    }

    fn settle(&mut self, now: Instant) {
        self.is_rising = false;
        self.state = State::Settled { since: now };
    }

    fn look_again(&mut self, moved: u64, now: Instant) {
        self.before = None;
        self.state = if self.wanted == 0 {
            State::Alone(Losses::default())
        } else {
            State::Measuring { since: now, from: moved, empty: 0 }
        };
    }
}

fn per_second(bytes: u64, took: Duration) -> u64 {
    u64::try_from(u128::from(bytes) * 1_000_000 / took.as_micros().max(1)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: Duration = Duration::from_millis(20);

    /// A way as a transfer finds it: a round trip takes 20 ms and what its queue adds.
    struct Simulated {
        spread: Spread,
        begin: Instant,
        /// Tenths of a second since then.
        tick: u32,
        moved: u64,
        open: usize,
        /// So many connections are let in.
        doors: usize,
        seen: Seen,
        most: usize,
    }

    impl Simulated {
        fn new() -> Self {
            let seen = Seen { again: 0, window: 60_000, unsent: 0, round_trip: LEAST, least: LEAST };
            let spread = Spread::over(LEAST, &Limits::default()).unwrap();
            Self { spread, begin: Instant::now(), tick: 0, moved: 2 << 20, open: 0, doors: 99, seen, most: 0 }
        }

        /// Runs for `seconds`, in which `rate(connections)` bytes a second are moved; how many connections are used then.
        fn run(&mut self, seconds: u32, rate: impl Fn(usize) -> u64) -> usize {
            (0..seconds * 10).for_each(|_| self.step(&rate));
            self.spread.wanted
        }

        /// The same for a tenth of a second.
        fn step(&mut self, rate: impl Fn(usize) -> u64) {
            self.tick += 1;
            self.moved += rate(self.open.min(self.spread.wanted)) / 10;
            let wanted = self.spread.wanted(self.moved, self.open, Some(&self.seen), self.now());
            self.open = self.open.max(wanted.min(self.doors));
            self.most = self.most.max(wanted);
        }

        /// The same, while the first connection loses a segment each second.
        fn lose(&mut self, seconds: u32, rate: impl Fn(usize) -> u64) -> usize {
            for _ in 0..seconds {
                self.run(1, &rate);
                self.seen.again += 1;
            }
            self.spread.wanted
        }

        fn now(&self) -> Instant {
            self.begin + Duration::from_millis(100) * self.tick
        }
    }

    /// Each of them 3 MB/s, as the window of one is.
    fn each(open: usize) -> u64 {
        3_000_000 * open.max(1) as u64
    }

    #[test]
    fn a_short_way_has_one_connection() {
        assert!(Spread::over(Duration::from_micros(300), &Limits::default()).is_none());
    }

    #[test]
    fn little_is_over_before_others_would_stand() {
        let mut way = Simulated::new();
        way.moved = 0;
        assert_eq!(way.lose(9, |_| 50_000), 0);
        assert_eq!(way.most, 0);
    }

    #[test]
    fn a_way_that_loses_nothing_has_one_connection_however_slow_it_is() {
        let mut way = Simulated::new();
        way.run(600, each);
        assert_eq!(way.most, 0);
    }

    #[test]
    fn a_way_that_loses_gets_more_as_long_as_they_help() {
        assert_eq!(Simulated::new().lose(20, each), MOST);
        let mut way = Simulated::new();
        assert_eq!(way.lose(20, |open| each(open.min(4))), FIRST);
        assert_eq!(way.most, MOST);
    }

    #[test]
    fn what_a_full_queue_drops_is_no_reason() {
        let mut way = Simulated::new();
        way.seen.round_trip = LEAST * 3 / 2;
        way.lose(60, each);
        assert_eq!(way.most, 0);
        // The last part of it may be sent again when the queue is empty; and one such time is one, however much was dropped.
        for _ in 0..60 {
            way.seen.round_trip = LEAST * 3 / 2;
            way.run(1, each);
            way.seen.again += 1;
            way.tick += 1;
            let now = way.now();
            way.spread.wanted(way.moved, 0, Some(&way.seen), now);
            way.seen.round_trip = LEAST;
            for late in [5, 10] {
                way.seen.again += 1;
                way.spread.wanted(way.moved, 0, Some(&way.seen), now + Duration::from_millis(late));
            }
        }
        assert_eq!(way.most, 0);
        assert!(!way.spread.is_needed());
    }

    #[test]
    fn losses_now_and_then_are_no_reason() {
        let mut way = Simulated::new();
        for _ in 0..60 {
            way.lose(1, each);
            way.run(5, each);
        }
        assert_eq!(way.most, 0);
    }

    #[test]
    fn a_system_that_says_nothing_gets_no_others() {
        let mut spread = Spread::over(LEAST, &Limits::default()).unwrap();
        let begin = Instant::now();
        assert!((0..600).all(|tick: u32| {
            let now = begin + Duration::from_millis(100) * tick;
            spread.wanted(u64::from(tick) * 100_000, 0, None, now) == 0
        }));
    }

    #[test]
    fn where_others_do_not_help_one_connection_goes_on_alone() {
        for worse in [3_000_000, 1_500_000] {
            let mut way = Simulated::new();
            let alone = |open| if open > 0 { worse } else { 3_000_000 };
            assert_eq!(way.lose(20, alone), 0);
            assert_eq!(way.most, FIRST);
        }
        // Later it is tried again, and ever more rarely.
        let trials = |seconds| {
            let tried = std::cell::Cell::new(0);
            Simulated::new().lose(seconds, |open| {
                tried.set(tried.get() + u64::from(open > 0));
                3_000_000
            });
            tried.get()
        };
        let (minute, hour) = (trials(60), trials(3600));
        assert!(minute > 0 && minute < 60, "{minute} tenths of a second in a minute");
        assert!(hour > minute && hour < 200, "{hour} tenths of a second in an hour");
    }

    #[test]
    fn round_trips_of_any_length_hide_no_losses() {
        let mut way = Simulated::new();
        for tick in 0..200 {
            // 24 to 36 ms, up and down, and a loss every second, whatever it takes then.
            way.seen.round_trip = LEAST + Duration::from_millis(4 + (tick % 24_u64).abs_diff(12));
            way.seen.again += u64::from(tick % 10 == 0);
            way.step(each);
        }
        assert!(way.spread.wanted >= FIRST);
    }

    #[test]
    fn fewer_are_tried_when_a_queue_has_filled() {
        let mut way = Simulated::new();
        let few = |open: usize| each(open.min(4));
        assert_eq!(way.lose(20, few), FIRST);
        // It loses nothing any more, and one fills it.
        way.seen.round_trip = LEAST * 2;
        assert_eq!(way.run(90, |_| 12_000_000), 0);
    }

    #[test]
    fn fewer_that_move_less_are_not_kept() {
        let mut way = Simulated::new();
        assert_eq!(way.lose(20, each), MOST);
        way.seen.round_trip = LEAST * 2;
        let tried = std::cell::Cell::new(0);
        let counted = |open: usize| {
            tried.set(tried.get() + u64::from(open < MOST));
            each(open)
        };
        assert_eq!(way.run(3600, counted), MOST);
        assert!((1..200).contains(&tried.get()), "{} tenths of a second in an hour", tried.get());
    }

    #[test]
    fn a_pause_is_no_slowness() {
        let mut way = Simulated::new();
        way.lose(3, each);
        (0..6).for_each(|_| way.step(each));
        // It is being measured.
        assert!(matches!(way.spread.state, State::Measuring { .. }));
        for _ in 0..20 {
            way.step(|_| 0);
            way.spread.stood_still(way.now());
        }
        assert_eq!(way.spread.wanted, FIRST);
        assert_eq!(way.run(10, each), MOST);
    }

    #[test]
    fn others_are_judged_when_what_the_first_has_been_given_is_sent() {
        let mut way = Simulated::new();
        way.lose(2, each);
        assert!(way.spread.is_wary());
        way.lose(1, each);
        way.seen.unsent = 4 << 20;
        // Nothing that goes over others can be used so far.
        (0..25).for_each(|_| way.step(|open| if open > 0 { 0 } else { 3_000_000 }));
        assert_eq!(way.spread.wanted, FIRST);
        way.seen.unsent = 0;
        assert_eq!(way.run(10, each), MOST);
    }

    #[test]
    fn a_first_word_that_was_lost_makes_no_trial_longer() {
        let mut way = Simulated::new();
        // It was said once more after a second (RFC 6298 section 2).
        way.spread = Spread::over(LEAST + Duration::from_secs(1), &Limits::default()).unwrap();
        assert_eq!(way.lose(20, each), MOST);
    }

    #[test]
    fn after_a_break_with_others_the_first_is_alone_for_longer_each_time() {
        for (breaks, minutes) in [(1, 2), (2, 8), (3, 32)] {
            let mut way = Simulated::new();
            way.spread = way.spread.after_breaks(breaks, way.begin);
            assert_eq!(way.lose(minutes * 60, each), 0);
            assert_eq!((way.most, way.spread.is_wary()), (0, false), "{breaks} breaks");
            assert_eq!(way.lose(20, each), MOST);
        }
        let mut way = Simulated::new();
        way.spread = way.spread.after_breaks(u32::MAX, way.begin);
        assert_eq!(way.lose(3600, each), 0);
    }

    #[test]
    fn a_device_that_lets_no_others_in_is_not_asked_for_ever_more() {
        for (doors, most) in [(0, FIRST), (4, MOST)] {
            let mut way = Simulated::new();
            way.doors = doors;
            way.lose(60, each);
            assert_eq!(way.most, most);
        }
    }
}
