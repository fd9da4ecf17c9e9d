//! How fast something moves and how long it will still take, from figures and a clock that others bring.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Speed is the mean over this long: short enough to follow a change, long enough to be read.
pub const RATE_WINDOW: Duration = Duration::from_secs(3);

/// Time left goes by the mean over this long, so that one stall does not make hours out of minutes.
pub const LEFT_WINDOW: Duration = Duration::from_secs(12);

/// No figure is shown before this much time has been seen: the first moments say nothing.
pub const FIRST_FIGURE: Duration = Duration::from_millis(1500);

/// Shown figures change at most this often.
pub const SHOWN_FOR: Duration = Duration::from_millis(700);

/// One point of the graph stands for this long.
pub const GRAPH_STEP: Duration = Duration::from_millis(500);

/// Points the graph keeps: half a minute.
pub const GRAPH_POINTS: usize = 60;

/// The pace of one transfer.
#[derive(Clone, Debug)]
pub struct Pace {
    /// What had moved when, oldest first; covers `LEFT_WINDOW`.
    seen: VecDeque<(Instant, u64)>,
    started: Instant,
    graph: VecDeque<f32>,
    graph_until: Instant,
    graph_moved: u64,
    shown: Option<Shown>,
}

/// What stands on the screen until the next change is due.
#[derive(Clone, Copy, Debug)]
struct Shown {
    since: Instant,
    moved: u64,
    rate: u64,
    left: Option<Duration>,
}

impl Pace {
    /// Starts at `now` with `moved` bytes already there.
    pub fn new(now: Instant, moved: u64) -> Self {
        Self {
            seen: VecDeque::from([(now, moved)]),
            started: now,
            graph: VecDeque::new(),
            graph_until: now,
            graph_moved: moved,
            shown: None,
        }
    }

    /// Notes that `moved` of `total` bytes have moved by `now`. Also to be told when nothing has moved, or the speed stays.
    pub fn tell(&mut self, now: Instant, moved: u64, total: u64) {
        if self.seen.back().is_some_and(|(_, before)| moved < *before) {
            // It began again: what was measured belongs to another run.
            *self = Self::new(now, moved);
            return;
        }
        self.seen.push_back((now, moved));
        while self.seen.len() > 2 && self.seen.get(1).is_some_and(|(at, _)| now.duration_since(*at) >= LEFT_WINDOW) {
            self.seen.pop_front();
        }
        self.extend_graph(now, moved);
        self.refresh(now, moved, total);
    }

    /// Bytes moved, held still for as long as the other figures.
    pub fn moved(&self) -> Option<u64> {
        self.shown.map(|shown| shown.moved)
    }

    /// Bytes a second, once there is something to say.
    pub fn rate(&self) -> Option<u64> {
        self.shown.map(|shown| shown.rate)
    }

    /// Time until `total`, once there is something to say; never while nothing moves.
    pub fn time_left(&self) -> Option<Duration> {
        self.shown.and_then(|shown| shown.left)
    }

    /// Bytes a second in steps of `GRAPH_STEP`, oldest first.
    pub fn graph(&self) -> &VecDeque<f32> {
        &self.graph
    }

    fn refresh(&mut self, now: Instant, moved: u64, total: u64) {
        let early = now.duration_since(self.started) < FIRST_FIGURE;
        let fresh = self.shown.is_some_and(|shown| now.duration_since(shown.since) < SHOWN_FOR);
        if early || fresh {
            return;
        }
        let rate = self.mean(now, RATE_WINDOW);
        let slow = self.mean(now, LEFT_WINDOW);
        let left = (rate > 0.0 && slow > 0.0).then(|| seconds(total.saturating_sub(moved) as f64 / slow));
        self.shown = Some(Shown { since: now, moved, rate: whole(rate), left });
    }

    /// Bytes a second over the last `window`.
    fn mean(&self, now: Instant, window: Duration) -> f64 {
        let Some((_, newest)) = self.seen.back() else { return 0.0 };
        let from = self.seen.iter().rev().find(|(at, _)| now.duration_since(*at) >= window);
        let Some((at, moved)) = from.or_else(|| self.seen.front()) else { return 0.0 };
        let seconds = now.duration_since(*at).as_secs_f64();
        if seconds > 0.0 { newest.saturating_sub(*moved) as f64 / seconds } else { 0.0 }
    }

    fn extend_graph(&mut self, now: Instant, moved: u64) {
        let passed = now.duration_since(self.graph_until);
        if passed < GRAPH_STEP {
            return;
        }
        let rate = moved.saturating_sub(self.graph_moved) as f64 / passed.as_secs_f64();
        // A window that was asleep gets as many points as it missed, up to a full graph.
        let points = (passed.as_millis() / GRAPH_STEP.as_millis()).min(GRAPH_POINTS as u128);
        for _ in 0..points {
            #[expect(clippy::cast_possible_truncation, reason = "a graph needs no more digits")]
            self.graph.push_back(rate as f32);
        }
        while self.graph.len() > GRAPH_POINTS {
            self.graph.pop_front();
        }
        self.graph_until = now;
        self.graph_moved = moved;
    }
}

/// The part of `total` that has moved, 0 to 1. Nothing to move counts as all moved.
pub fn fraction(moved: u64, total: u64) -> f32 {
    if total == 0 {
        return 1.0;
    }
    #[expect(clippy::cast_possible_truncation, reason = "a bar needs no more digits")]
    let part = (moved.min(total) as f64 / total as f64) as f32;
    part
}

fn seconds(left: f64) -> Duration {
    // Over a year is no estimate any more, and keeps the conversion from overflowing.
    Duration::from_secs_f64(left.clamp(0.0, 3.2e7))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate is positive and rounded for people"
)]
fn whole(rate: f64) -> u64 {
    rate.max(0.0).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steady(seconds: u64, step: u64, total: u64) -> Pace {
        let start = Instant::now();
        let mut pace = Pace::new(start, 0);
        for i in 1..=seconds * 10 {
            pace.tell(start + Duration::from_millis(i * 100), i * step / 10, total);
        }
        pace
    }

    #[test]
    fn a_steady_pace_is_shown_as_it_is() {
        let pace = steady(10, 1_000_000, 20_000_000);
        assert!(pace.rate().is_some_and(|rate| rate.abs_diff(1_000_000) < 20_000), "{:?}", pace.rate());
        let left = pace.time_left().map(|left| left.as_secs());
        assert!(matches!(left, Some(9..=11)), "{left:?}");
    }

    #[test]
    fn the_first_moment_says_nothing() {
        let start = Instant::now();
        let mut pace = Pace::new(start, 0);
        pace.tell(start + Duration::from_millis(900), 50_000_000, 100_000_000);
        assert_eq!((pace.rate(), pace.time_left()), (None, None));
    }

    #[test]
    fn a_stall_brings_the_speed_to_zero_and_hides_the_time() {
        let start = Instant::now();
        let mut pace = steady(10, 1_000_000, 20_000_000);
        for i in 1..=60 {
            pace.tell(start + Duration::from_millis(10_000 + i * 100), 10_000_000, 20_000_000);
        }
        assert_eq!(pace.rate(), Some(0));
        assert_eq!(pace.time_left(), None);
    }

    #[test]
    fn shown_figures_do_not_flicker() {
        let start = Instant::now();
        let mut pace = Pace::new(start, 0);
        let mut changes = 0;
        let mut last = None;
        for i in 1..=600_u64 {
            pace.tell(start + Duration::from_millis(i * 16), i * i * 1000, u64::MAX);
            if pace.rate() != last {
                changes += 1;
                last = pace.rate();
            }
        }
        assert!((5..=14).contains(&changes), "{changes} changes in 9.6 s");
    }

    #[test]
    fn beginning_again_forgets_the_old_pace() {
        let start = Instant::now();
        let mut pace = steady(5, 1_000_000, 20_000_000);
        pace.tell(start + Duration::from_mins(1), 0, 20_000_000);
        assert_eq!(pace.rate(), None);
        assert!(pace.graph().is_empty());
    }

    #[test]
    fn the_graph_is_bounded_and_survives_a_sleeping_window() {
        let start = Instant::now();
        let mut pace = Pace::new(start, 0);
        pace.tell(start + Duration::from_hours(1), 3_600_000, 7_200_000);
        assert_eq!(pace.graph().len(), GRAPH_POINTS);
        assert!(pace.graph().iter().all(|rate| (*rate - 1000.0).abs() < 1.0));
    }

    #[test]
    fn nothing_to_move_is_all_moved() {
        assert!((fraction(0, 0) - 1.0).abs() < f32::EPSILON);
        assert!((fraction(5, 10) - 0.5).abs() < f32::EPSILON);
        assert!((fraction(20, 10) - 1.0).abs() < f32::EPSILON);
    }
}
