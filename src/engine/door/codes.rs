//! The ration of new six-digit codes for keys that nobody has verified: each one is a guess for somebody in the middle.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Codes for unverified keys within any minute, from whomever.
pub const CODES_A_MINUTE: usize = 3;
/// Codes for unverified keys within any hour, from whomever.
pub const CODES_AN_HOUR: usize = 20;

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

/// Counts the codes of the last hour.
#[derive(Clone, Debug)]
pub struct Codes {
    per_minute: usize,
    per_hour: usize,
    /// When codes were given, oldest first; at most `per_hour`.
    given: VecDeque<Instant>,
}

impl Default for Codes {
    fn default() -> Self {
        Self::new(CODES_A_MINUTE, CODES_AN_HOUR)
    }
}

impl Codes {
    pub fn new(per_minute: usize, per_hour: usize) -> Self {
        Self { per_minute, per_hour, given: VecDeque::new() }
    }

    /// Takes one code from the ration.
    ///
    /// # Errors
    /// How long until there is one again. An hour, again and again, where a limit is zero.
    pub fn take(&mut self, now: Instant) -> Result<(), Duration> {
        while self.given.front().is_some_and(|given| now.saturating_duration_since(*given) >= HOUR) {
            self.given.pop_front();
        }
        let wait = self.wait(self.per_minute, MINUTE, now).max(self.wait(self.per_hour, HOUR, now));
        if !wait.is_zero() {
            return Err(wait);
        }
        self.given.push_back(now);
        Ok(())
    }

    /// Gives back what was taken at `at`: the code was never begun, so nobody has guessed.
    pub fn give_back(&mut self, at: Instant) {
        if let Some(place) = self.given.iter().rposition(|given| *given == at) {
            self.given.remove(place);
        }
    }

    /// How long until fewer than `limit` lie within the last `span`.
    fn wait(&self, limit: usize, span: Duration, now: Instant) -> Duration {
        if limit == 0 {
            return HOUR;
        }
        let in_the_way = self.given.len().checked_sub(limit).and_then(|at| self.given.get(at));
        in_the_way.map_or(Duration::ZERO, |given| span.saturating_sub(now.saturating_duration_since(*given)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn three_codes_a_minute_and_no_fourth() {
        let (mut codes, start) = (Codes::default(), Instant::now());
        for n in [0, 10, 30] {
            assert_eq!(codes.take(start + secs(n)), Ok(()));
        }
        assert_eq!(codes.take(start + secs(30)), Err(secs(30)));
        assert_eq!(codes.take(start + secs(59)), Err(secs(1)), "asking in vain costs nothing");
        assert_eq!(codes.take(start + secs(60)), Ok(()));
        assert_eq!(codes.take(start + secs(60)), Err(secs(10)));
    }

    #[test]
    fn twenty_codes_an_hour_and_no_more() {
        let (mut codes, start) = (Codes::default(), Instant::now());
        for n in 0..20 {
            assert_eq!(codes.take(start + secs(n * 60)), Ok(()));
        }
        assert_eq!(codes.take(start + secs(20 * 60)), Err(secs(40 * 60)));
        assert_eq!(codes.take(start + secs(3599)), Err(secs(1)));
        assert_eq!(codes.take(start + secs(3600)), Ok(()));
        assert_eq!(codes.take(start + secs(3600)), Err(secs(60)));
    }

    #[test]
    fn no_hour_and_no_minute_ever_holds_more() {
        let (mut codes, start) = (Codes::default(), Instant::now());
        let given: Vec<u64> = (0..20_000).filter(|n| codes.take(start + secs(*n)).is_ok()).collect();
        for (span, limit) in [(60, 3), (3600, 20)] {
            let most = given.iter().map(|from| given.iter().filter(|n| (*from..from + span).contains(n)).count()).max();
            assert_eq!(most, Some(limit));
        }
    }

    #[test]
    fn the_wait_that_is_named_is_long_enough_and_a_limit_of_zero_gives_none() {
        let (mut codes, mut now) = (Codes::new(2, 5), Instant::now());
        for _ in 0..50 {
            while let Err(wait) = codes.take(now) {
                assert!(codes.take(now + wait.checked_sub(Duration::from_nanos(1)).unwrap()).is_err());
                now += wait;
                assert!(codes.clone().take(now).is_ok());
            }
        }
        for mut none in [Codes::new(0, 5), Codes::new(5, 0)] {
            assert_eq!(none.take(now), Err(HOUR));
        }
    }

    #[test]
    fn what_was_given_back_can_be_taken_again() {
        let start = Instant::now();
        let mut codes = Codes::new(3, 20);
        for n in 0..3 {
            codes.take(start + secs(n)).unwrap();
        }
        assert!(codes.take(start + secs(4)).is_err());
        codes.give_back(start + secs(1));
        codes.give_back(start + secs(9));
        assert_eq!(codes.take(start + secs(5)), Ok(()));
        assert!(codes.take(start + secs(6)).is_err());
    }
}
