//! Who offers again and again without being accepted is shown later and later, so that cards cannot be rained on a person.

use std::{
    collections::HashMap,
    net::IpAddr,
    time::{Duration, Instant},
};

use super::{Source, source};

/// How long the next one is held back; each further one twice as long, at most `LONGEST`.
const FIRST: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_mins(1);
/// A source that offers nothing for this long is forgotten.
const QUIET: Duration = Duration::from_mins(10);
/// Sources remembered; the ones that were quiet longest go.
const MAX_SOURCES: usize = 1024;

/// Counts the offers that were declined or not answered, by source.
#[derive(Clone, Debug)]
pub struct Patience {
    /// Offers from one source that are shown at once.
    at_once: u32,
    tries: HashMap<Source, Tries>,
}

#[derive(Clone, Copy, Debug)]
struct Tries {
    count: u32,
    last: Instant,
}

impl Patience {
    /// Shows the first `at_once` offers of each source without delay.
    pub fn new(at_once: u32) -> Self {
        Self { at_once, tries: HashMap::new() }
    }

    /// An offer came: how long it is held back before its card is shown. Counts it until `accepted`.
    pub fn offer(&mut self, from: IpAddr, now: Instant) -> Duration {
        let from = source(from);
        if !self.tries.contains_key(&from) {
            self.make_room(now);
        }
        let tries = self.tries.entry(from).or_insert(Tries { count: 0, last: now });
        if is_over(tries, now) {
            tries.count = 0;
        }
        *tries = Tries { count: tries.count.saturating_add(1), last: now };
        held_back(tries.count.saturating_sub(self.at_once))
    }

    /// A person accepted an offer from there: the next ones are shown at once.
    pub fn accepted(&mut self, from: IpAddr) {
        self.tries.remove(&source(from));
    }

    /// For one more source.
    fn make_room(&mut self, now: Instant) {
        if self.tries.len() < MAX_SOURCES {
            return;
        }
        self.tries.retain(|_, tries| !is_over(tries, now));
        if self.tries.len() >= MAX_SOURCES
            && let Some(quietest) = self.tries.iter().min_by_key(|(_, tries)| tries.last).map(|(from, _)| *from)
        {
            self.tries.remove(&quietest);
        }
    }
}

fn is_over(tries: &Tries, now: Instant) -> bool {
    now.saturating_duration_since(tries.last) >= QUIET
}

/// How long the offer is held back that is the `beyond`th which is not shown at once; none is the zeroth.
fn held_back(beyond: u32) -> Duration {
    match beyond.checked_sub(1) {
        None => Duration::ZERO,
        Some(doublings) => FIRST.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn ip(n: u32) -> IpAddr {
        Ipv4Addr::from_bits(n).into()
    }

    fn secs(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn offers_that_nobody_accepts_come_later_and_later() {
        let (mut patience, now) = (Patience::new(3), Instant::now());
        let held: Vec<u64> = (0..12).map(|_| patience.offer(ip(1), now).as_secs()).collect();
        assert_eq!(held, [0, 0, 0, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
        assert_eq!(patience.offer(ip(2), now), secs(0), "others do not wait for it");
        assert_eq!(held_back(u32::MAX), LONGEST);
    }

    #[test]
    fn accepting_one_clears_the_count() {
        let (mut patience, now) = (Patience::new(3), Instant::now());
        for _ in 0..5 {
            patience.offer(ip(1), now);
        }
        patience.accepted("::ffff:0.0.0.1".parse().unwrap());
        assert_eq!(patience.offer(ip(1), now), secs(0));
    }

    #[test]
    fn ten_quiet_minutes_clear_the_count() {
        let (mut patience, mut now) = (Patience::new(3), Instant::now());
        for held in [0, 0, 0, 2, 4] {
            now += secs(599);
            assert_eq!(patience.offer(ip(1), now), secs(held));
        }
        assert_eq!(patience.offer(ip(1), now + secs(600)), secs(0));
    }

    #[test]
    fn no_more_sources_are_remembered_than_there_is_room_for() {
        let (mut patience, start) = (Patience::new(3), Instant::now());
        for n in 0..2 * u32::try_from(MAX_SOURCES).unwrap() {
            for _ in 0..4 {
                patience.offer(ip(n), start + Duration::from_millis(n.into()));
            }
            assert!(patience.tries.len() <= MAX_SOURCES);
        }
        let now = start + secs(3);
        assert_eq!((patience.offer(ip(2047), now), patience.offer(ip(0), now)), (secs(4), secs(0)), "the oldest go");
        patience.offer(ip(9999), now + QUIET);
        assert_eq!(patience.tries.len(), 1, "whoever is quiet goes first");
    }
}
