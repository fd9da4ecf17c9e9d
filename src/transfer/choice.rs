//! Whether a large body is hashed by its lane or by a second thread: whichever was found to be faster, here and now.
//!
//! A second thread pays on a machine that has a core to spare and is the slower end; it costs where both ends share two cores,
//! and brings nothing where the link is the limit. Nothing that could be asked of a system tells these apart, so it is tried: in
//! windows of so many bytes, one as before, two the other way, one as before again, so that a pace that rises or falls meanwhile
//! favours neither. It is tried again after 8 windows, then after twice as many each time: what else the machine does changes.

use std::{ops::AddAssign, time::Duration};

/// Who hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The lane itself, as the bytes move.
    Along,
    /// Another thread, meanwhile.
    Aside,
}

/// What was measured over some bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Window {
    pub bytes: u64,
    pub took: Duration,
    /// What of that the lane waited for its link.
    pub waited: Duration,
}

/// A lane that waits for its link longer than this part of the time is not what limits it.
pub const IDLE: f64 = 0.25;

/// So much faster a second thread has to be, to be taken
const GAIN: f64 = 0.05;
/// and to be kept.
const GAIN_KEPT: f64 = 0.02;

/// Where the other end is the limit, nothing shows in the pace: then the lane must have so much less to do, since the other end
/// may be about to do the same.
const SPARED: f64 = 0.15;
const SPARED_KEPT: f64 = 0.1;

/// A first window that is so much slower ends the trial.
const HOPELESS: f64 = 0.15;

/// Windows between two trials.
const FIRST_DISTANCE: u32 = 8;
const MOST_DISTANCE: u32 = 64;

/// What a lane has found out.
#[derive(Debug)]
pub struct Choice {
    way: Way,
    trial: Option<Trial>,
    /// Windows until the next trial, and after that one.
    left: u32,
    distance: u32,
    /// Nobody is there to hash aside.
    is_settled: bool,
    /// Nothing is measured.
    in_turn: bool,
}

#[derive(Debug)]
struct Trial {
    step: Step,
    /// Measured as before.
    own: Window,
    /// Measured the other way.
    other: Window,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Other,
    OtherAgain,
    Own,
}

impl Default for Choice {
    fn default() -> Self {
        // The first window is one in which connections gain speed.
        Self { way: Way::Along, trial: None, left: 1, distance: FIRST_DISTANCE, is_settled: false, in_turn: false }
    }
}

impl Choice {
    /// How to hash now.
    pub fn way(&self) -> Way {
        match &self.trial {
            Some(Trial { step: Step::Other | Step::OtherAgain, .. }) => self.way.other(),
            _ => self.way,
        }
    }

    /// Nobody is there to hash aside, and nobody will be.
    pub fn settle(&mut self) {
        *self = Self { is_settled: true, ..Self::default() };
    }

    /// From now on one way and the other in turn, whatever is faster: as tests want it.
    pub fn take_turns(&mut self) {
        self.in_turn = !self.is_settled;
    }

    /// What was measured since it was decided last, all of it one way.
    pub fn measured(&mut self, window: Window) {
        if self.is_settled || window.bytes == 0 {
            return;
        }
        let Some(mut trial) = self.trial.take() else {
            self.left = self.left.saturating_sub(1);
            if self.in_turn && self.left == 0 {
                (self.way, self.left) = (self.way.other(), FIRST_DISTANCE);
            } else if self.left == 0 && !self.in_turn && (self.way == Way::Aside || window.idle() <= IDLE) {
                self.trial = Some(Trial { step: Step::Other, own: window, other: Window::default() });
            }
            return;
        };
        match trial.step {
            Step::Own => trial.own += window,
            Step::Other | Step::OtherAgain => trial.other += window,
        }
        let is_hopeless = trial.other.pace() > trial.own.pace() * (1.0 + HOPELESS);
        trial.step = match trial.step {
            Step::Other if is_hopeless => {
                self.distance *= 2;
                return self.wait_longer();
            }
            Step::Other => Step::OtherAgain,
            Step::OtherAgain => Step::Own,
            Step::Own => return self.judge(&trial),
        };
        self.trial = Some(trial);
    }

    fn judge(&mut self, trial: &Trial) {
        let is_aside = self.way == Way::Aside;
        let (along, aside) = if is_aside { (trial.other, trial.own) } else { (trial.own, trial.other) };
        let (gain, spared) = if is_aside { (GAIN_KEPT, SPARED_KEPT) } else { (GAIN, SPARED) };
        let is_faster = aside.pace() <= along.pace() * (1.0 - gain);
        let is_no_slower = aside.pace() <= along.pace() * if is_aside { 1.0 + GAIN_KEPT } else { 1.0 };
        let is_lighter = along.idle() <= IDLE && aside.work() <= along.work() * (1.0 - spared);
        let best = if is_faster || (is_no_slower && is_lighter) { Way::Aside } else { Way::Along };
        if best == self.way {
            return self.wait_longer();
        }
        (self.way, self.left, self.distance) = (best, FIRST_DISTANCE, 2 * FIRST_DISTANCE);
    }

    fn wait_longer(&mut self) {
        self.left = self.distance.min(MOST_DISTANCE);
        self.distance = self.left * 2;
    }
}

impl Way {
    fn other(self) -> Self {
        match self {
            Self::Along => Self::Aside,
            Self::Aside => Self::Along,
        }
    }
}

impl Window {
    /// Seconds for each byte.
    fn pace(&self) -> f64 {
        self.took.as_secs_f64() / self.bytes as f64
    }

    /// Seconds for each byte in which the lane did not wait for its link.
    fn work(&self) -> f64 {
        self.took.saturating_sub(self.waited).as_secs_f64() / self.bytes as f64
    }

    /// Which part of the time the lane waited for its link.
    fn idle(&self) -> f64 {
        self.waited.as_secs_f64() / self.took.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

impl AddAssign for Window {
    fn add_assign(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.took += other.took;
        self.waited += other.waited;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: u64 = 32 << 20;

    /// A window of so many seconds, for some part of which the link was waited for.
    fn window(seconds: f64, idle: f64) -> Window {
        Window {
            bytes: WINDOW,
            took: Duration::from_secs_f64(seconds),
            waited: Duration::from_secs_f64(seconds * idle),
        }
    }

    /// Goes through so many windows, of which `measure` tells how they are that way; how many were hashed aside.
    fn aside(choice: &mut Choice, windows: u32, mut measure: impl FnMut(Way, u32) -> Window) -> u32 {
        let mut aside = 0;
        for at in 0..windows {
            let way = choice.way();
            aside += u32::from(way == Way::Aside);
            choice.measured(measure(way, at));
        }
        aside
    }

    fn by(way: Way, along: f64, aside: f64) -> f64 {
        if way == Way::Along { along } else { aside }
    }

    #[test]
    fn a_second_thread_that_is_faster_is_taken_at_once_and_kept() {
        let mut choice = Choice::default();
        let windows = aside(&mut choice, 200, |way, _| window(by(way, 0.06, 0.05), 0.05));
        assert_eq!(choice.way, Way::Aside);
        assert!(windows > 180, "{windows} of 200");
    }

    #[test]
    fn a_second_thread_that_costs_gets_few_windows() {
        let mut choice = Choice::default();
        let windows = aside(&mut choice, 64, |way, _| window(by(way, 0.06, 0.075), 0.05));
        assert_eq!(choice.way, Way::Along);
        assert!((1..=2).contains(&windows), "{windows} of 64");
        let windows = aside(&mut Choice::default(), 64, |way, _| window(by(way, 0.06, 0.061), 0.05));
        assert!((2..=6).contains(&windows), "{windows} of 64");
    }

    #[test]
    fn behind_a_slow_link_it_is_never_tried() {
        let mut choice = Choice::default();
        assert_eq!(aside(&mut choice, 100, |_, _| window(0.3, 0.7)), 0);
        // As soon as the link is no longer the limit, it is.
        assert!(aside(&mut choice, 8, |way, _| window(by(way, 0.06, 0.05), 0.0)) >= 6);
        assert_eq!(choice.way, Way::Aside);
    }

    #[test]
    fn a_lane_whose_peer_is_just_as_slow_does_its_part() {
        let mut choice = Choice::default();
        aside(&mut choice, 8, |way, _| window(0.06, by(way, 0.05, 0.3)));
        assert_eq!(choice.way, Way::Aside);
        // Also when its peer never does.
        assert!(aside(&mut choice, 200, |way, _| window(0.06, by(way, 0.05, 0.3))) > 180);
    }

    #[test]
    fn what_changes_is_found_out_again() {
        let mut choice = Choice::default();
        aside(&mut choice, 40, |way, _| window(by(way, 0.06, 0.045), 0.05));
        assert_eq!(choice.way, Way::Aside);
        // Somebody else wants the other core now.
        aside(&mut choice, 80, |way, _| window(by(way, 0.06, 0.075), 0.05));
        assert_eq!(choice.way, Way::Along);
        aside(&mut choice, 80, |way, _| window(by(way, 0.06, 0.045), 0.05));
        assert_eq!(choice.way, Way::Aside);
        // The link is slow now.
        aside(&mut choice, 80, |_, _| window(0.3, 0.8));
        assert_eq!(choice.way, Way::Along);
    }

    #[test]
    fn a_pace_that_rises_or_falls_all_the_time_favours_neither() {
        for change in [0.98_f64, 1.02] {
            let mut choice = Choice::default();
            aside(&mut choice, 60, |way, at| {
                let pace = 0.06 * change.powi(i32::try_from(at).unwrap());
                window(by(way, pace, pace * 1.005), 0.0)
            });
            assert_eq!(choice.way, Way::Along, "{change}");
        }
    }

    #[test]
    fn without_anybody_to_hash_aside_nothing_is_tried() {
        let mut choice = Choice::default();
        choice.settle();
        assert_eq!(aside(&mut choice, 100, |_, _| window(0.06, 0.0)), 0);
    }
}
