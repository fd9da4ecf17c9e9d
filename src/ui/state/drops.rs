//! Files dragged over the window: one drop out of many events, and the drop that never comes.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

/// A drop comes as one event for each file; this long after the last one it counts as complete.
pub const GATHER: Duration = Duration::from_millis(150);

/// Hovering that ends without a drop within this time has brought nothing.
pub const LOST_AFTER: Duration = Duration::from_secs(1);

/// What is being dragged and dropped.
#[derive(Clone, Debug, Default)]
pub struct Drops {
    gathered: Vec<PathBuf>,
    last_drop: Option<Instant>,
    hovering: bool,
    hover_ended: Option<Instant>,
    /// The window system forgot to say that the drag is over: the pointer moves in the window again.
    stuck_since: Option<Instant>,
    ignore_hover: bool,
}

/// What one frame sees of it.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub hovered: usize,
    pub dropped: Vec<PathBuf>,
    /// While files hover, the pointer belongs to the window they come from.
    pub pointer_moved: bool,
}

/// What follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Dropped(Vec<PathBuf>),
    Lost,
    Nothing,
}

impl Drops {
    /// Whether to show that this is the place to let go.
    pub fn hovering(&self) -> bool {
        self.hovering
    }

    /// When to look again, if nothing else happens.
    pub fn next_look(&self, now: Instant) -> Option<Duration> {
        let gather = self.last_drop.map(|at| at + GATHER);
        let lost = self.hover_ended.or(self.stuck_since).map(|at| at + LOST_AFTER);
        gather.into_iter().chain(lost).min().map(|at| at.saturating_duration_since(now))
    }

    /// Takes in one frame.
    pub fn see(&mut self, now: Instant, seen: Seen) -> Outcome {
        self.ignore_hover &= seen.hovered > 0;
        if !seen.dropped.is_empty() {
            self.gathered.extend(seen.dropped);
            self.last_drop = Some(now);
            (self.hovering, self.hover_ended, self.stuck_since) = (false, None, None);
        } else if seen.hovered > 0 && !self.ignore_hover {
            self.hovering = true;
            self.hover_ended = None;
            self.stuck_since = self.stuck_since.or(seen.pointer_moved.then_some(now));
        } else if self.hovering {
            self.hovering = false;
            self.hover_ended = Some(now);
            self.stuck_since = None;
        }
        self.due(now)
    }

    fn due(&mut self, now: Instant) -> Outcome {
        let over = |since: Option<Instant>, wait| since.is_some_and(|at| now.duration_since(at) >= wait);
        if over(self.last_drop, GATHER) {
            self.last_drop = None;
            return Outcome::Dropped(std::mem::take(&mut self.gathered));
        }
        if over(self.hover_ended, LOST_AFTER) || over(self.stuck_since, LOST_AFTER) {
            self.ignore_hover = self.stuck_since.is_some();
            (self.hovering, self.hover_ended, self.stuck_since) = (false, None, None);
            return Outcome::Lost;
        }
        Outcome::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn dropped(name: &str) -> Seen {
        Seen { dropped: vec![name.into()], ..Seen::default() }
    }

    fn hovered() -> Seen {
        Seen { hovered: 2, ..Seen::default() }
    }

    #[test]
    fn files_that_come_one_by_one_are_one_drop() {
        let (start, mut drops) = (Instant::now(), Drops::default());
        assert_eq!(drops.see(start, hovered()), Outcome::Nothing);
        assert!(drops.hovering());
        assert_eq!(drops.see(start + ms(10), dropped("a")), Outcome::Nothing);
        assert!(!drops.hovering());
        assert_eq!(drops.see(start + ms(120), dropped("b")), Outcome::Nothing);
        assert_eq!(drops.see(start + ms(200), Seen::default()), Outcome::Nothing);
        assert_eq!(drops.next_look(start + ms(200)), Some(ms(70)));
        assert_eq!(drops.see(start + ms(280), Seen::default()), Outcome::Dropped(vec!["a".into(), "b".into()]));
        assert_eq!(drops.see(start + ms(5000), Seen::default()), Outcome::Nothing);
        assert_eq!(drops.next_look(start), None);
    }

    #[test]
    fn a_hover_that_brings_nothing_is_told_once() {
        let (start, mut drops) = (Instant::now(), Drops::default());
        drops.see(start, hovered());
        assert_eq!(drops.see(start + ms(100), Seen::default()), Outcome::Nothing);
        assert_eq!(drops.see(start + ms(1000), Seen::default()), Outcome::Nothing);
        assert_eq!(drops.see(start + ms(1200), Seen::default()), Outcome::Lost);
        assert_eq!(drops.see(start + ms(9000), Seen::default()), Outcome::Nothing);
    }

    #[test]
    fn a_hover_that_never_ends_is_found_out_by_the_pointer() {
        let (start, mut drops) = (Instant::now(), Drops::default());
        drops.see(start, hovered());
        assert_eq!(drops.see(start + ms(5000), hovered()), Outcome::Nothing);
        drops.see(start + ms(6000), Seen { pointer_moved: true, ..hovered() });
        assert_eq!(drops.see(start + ms(7100), hovered()), Outcome::Lost);
        drops.see(start + ms(7200), hovered());
        assert!(!drops.hovering());
        // The next drag counts again.
        drops.see(start + ms(8000), Seen::default());
        drops.see(start + ms(8100), hovered());
        assert!(drops.hovering());
    }
}
