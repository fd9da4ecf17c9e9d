//! The two things that threads share besides channel ends: a flag that ends work, and a bell that ends a wait.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use polling::Poller;

/// Set once, seen by whoever works at the next wait or piece at the latest.
#[derive(Clone, Debug, Default)]
pub struct CancelFlag(Arc<AtomicBool>);

impl CancelFlag {
    pub fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
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
