//! How often others may have us dial them back to find out whether they can be reached.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::Source;

/// Dialled back within any minute, for whomever,
pub const PROBES_A_MINUTE: usize = 6;
/// the last of which are kept for verified devices.
pub const KEPT_FOR_VERIFIED: usize = 2;
/// For one source, only once in this time.
pub const PROBE_GAP: Duration = Duration::from_secs(10);

const MINUTE: Duration = Duration::from_mins(1);

/// Counts those of the last minute.
#[derive(Clone, Debug, Default)]
pub struct Probes {
    /// When each was granted and for whom, oldest first; at most `PROBES_A_MINUTE`.
    granted: VecDeque<(Instant, Source)>,
}

impl Probes {
    /// Whether `source` may have us dial it back now; if so, that counts.
    pub fn take(&mut self, source: Source, verified: bool, now: Instant) -> bool {
        let age = |at: Instant| now.saturating_duration_since(at);
        while self.granted.front().is_some_and(|(at, _)| age(*at) >= MINUTE) {
            self.granted.pop_front();
        }
        let places = if verified { PROBES_A_MINUTE } else { PROBES_A_MINUTE - KEPT_FOR_VERIFIED };
        let too_soon = self.granted.iter().any(|(at, whom)| *whom == source && age(*at) < PROBE_GAP);
        if too_soon || self.granted.len() >= places {
            return false;
        }
        self.granted.push_back((now, source));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::door::source;

    fn from(last: u8) -> Source {
        source([10, 0, 0, last].into())
    }

    fn secs(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn one_address_has_one_in_ten_seconds() {
        let (mut probes, start) = (Probes::default(), Instant::now());
        assert!(probes.take(from(1), true, start));
        assert!(!probes.take(from(1), true, start + secs(9)));
        assert!(probes.take(from(2), true, start + secs(9)));
        assert!(probes.take(from(1), true, start + secs(10)), "asking in vain costs nothing");
    }

    #[test]
    fn no_minute_holds_more_than_six_and_strangers_leave_two() {
        let (mut probes, start) = (Probes::default(), Instant::now());
        let strangers = (0..100).filter(|n| probes.take(from(*n), false, start)).count();
        assert_eq!(strangers, PROBES_A_MINUTE - KEPT_FOR_VERIFIED);
        let verified = (100..200).filter(|n| probes.take(from(*n), true, start + secs(1))).count();
        assert_eq!(verified, KEPT_FOR_VERIFIED);
        assert!(!probes.take(from(201), true, start + secs(59)));
        assert!(probes.take(from(201), true, start + secs(60)));
        let mut probes = Probes::default();
        let granted: Vec<u64> =
            (0..600).filter(|n| probes.take(from(u8::try_from(n % 251).unwrap()), true, start + secs(*n))).collect();
        let most = granted.iter().map(|from| granted.iter().filter(|n| (*from..from + 60).contains(n)).count()).max();
        assert_eq!(most, Some(PROBES_A_MINUTE));
    }
}
