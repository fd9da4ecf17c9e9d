//! How many lines strangers may make a command print: a log of all they can do would fill the disk it lies on.

use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_mins(1);

/// Downloads that are listed within a minute, a few lines each.
pub(super) const DOWNLOADS: u32 = 200;

/// Callers that are named within a minute who were turned away.
pub(super) const REFUSALS: u32 = 60;

/// Counts the lines of one kind.
pub(super) struct Ration {
    most: u32,
    since: Option<Instant>,
    said: u32,
    held_back: u64,
}

impl Ration {
    /// `most` in a minute.
    pub(super) fn new(most: u32) -> Self {
        Self { most, since: None, said: 0, held_back: 0 }
    }

    /// Whether one more is told: then with the number of those before it that were not.
    pub(super) fn one_more(&mut self, now: Instant) -> Option<u64> {
        if self.since.is_none_or(|since| now.duration_since(since) >= MINUTE) {
            (self.since, self.said) = (Some(now), 0);
        }
        if self.said >= self.most {
            self.held_back += 1;
            return None;
        }
        self.said += 1;
        Some(std::mem::take(&mut self.held_back))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_has_so_many_and_the_next_one_tells_how_many_were_left_out() {
        let (mut ration, start) = (Ration::new(3), Instant::now());
        let told = (0..10_000).filter(|_| ration.one_more(start).is_some()).count();
        assert_eq!(told, 3);
        assert_eq!(ration.one_more(start + MINUTE), Some(9_997));
        assert_eq!(ration.one_more(start + MINUTE), Some(0));
    }
}
