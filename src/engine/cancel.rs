//! What threads share besides channel ends: flags that end work or hold it, and a bell that ends a wait.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use polling::Poller;

use crate::transfer::link::Held;

/// Set once, seen by whoever works at the next wait or piece at the latest.
#[derive(Clone, Debug, Default)]
pub struct CancelFlag(Arc<AtomicU8>);

const CANCEL: u8 = 2;
const SUSPEND: u8 = 1;

impl CancelFlag {
    /// The work is over for good.
    pub fn set(&self) {
        self.0.fetch_max(CANCEL, Ordering::AcqRel);
    }

    /// The work ends now, and may go on another time: what there is of it stays. A `set` is stronger.
    pub fn suspend(&self) {
        self.0.fetch_max(SUSPEND, Ordering::AcqRel);
    }

    /// Whether the work has to end, in either way.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire) > 0
    }

    /// Whether nothing of it is to stay.
    pub fn is_final(&self) -> bool {
        self.0.load(Ordering::Acquire) == CANCEL
    }
}

/// Why a lane of this side has to stand still; seen at the next wait or piece at the latest.
#[derive(Clone, Debug, Default)]
pub struct HoldFlag(Arc<AtomicU8>);

impl HoldFlag {
    pub fn set(&self, held: Option<Held>) {
        let value = match held {
            None => 0,
            Some(Held::Person) => 1,
            Some(Held::Turn) => 2,
        };
        self.0.store(value, Ordering::Release);
    }

    pub fn get(&self) -> Option<Held> {
        match self.0.load(Ordering::Acquire) {
            0 => None,
            1 => Some(Held::Person),
            _ => Some(Held::Turn),
        }
    }
}

/// Ends a link's wait from another thread.
#[derive(Clone)]
pub struct LinkWaker(Arc<Poller>);

impl LinkWaker {
    /// Rings at whoever waits on `poller`.
    pub fn new(poller: Arc<Poller>) -> Self {
        Self(poller)
    }

    pub fn wake(&self) {
        // The only failure is a poller that is gone, and then nobody waits.
        self.0.notify().ok();
    }
}
