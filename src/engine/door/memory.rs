//! A budget of bytes that many share: the manifests that wait for a person's answer.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Bytes of headers that manifests may hold in all while they wait for an answer.
pub const MANIFESTS_WAITING: u64 = 512 << 20;

/// Bytes that may be held in all; clones are the same budget.
#[derive(Clone)]
pub struct Budget {
    limit: u64,
    held: Arc<AtomicU64>,
}

/// Bytes that are held until this is dropped. The default holds none and cannot grow.
pub struct Share {
    bytes: u64,
    budget: Budget,
}

impl Budget {
    pub fn new(limit: u64) -> Self {
        Self { limit, held: Arc::default() }
    }

    /// Holds `bytes`, if that many are left.
    pub fn take(&self, bytes: u64) -> Option<Share> {
        let mut share = Share { bytes: 0, budget: self.clone() };
        share.grow(bytes).then_some(share)
    }

    /// Bytes that are held now.
    pub fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(MANIFESTS_WAITING)
    }
}

impl Share {
    /// Holds `more` bytes as well. False: that many are not left, and nothing changes.
    #[must_use]
    pub fn grow(&mut self, more: u64) -> bool {
        let limit = self.budget.limit;
        let grown = |held: u64| held.checked_add(more).filter(|held| *held <= limit);
        // Only a count: nothing else is ordered by it.
        let done = self.budget.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, grown).is_ok();
        if done {
            self.bytes += more;
        }
        done
    }

    /// Bytes that this holds.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Default for Share {
    fn default() -> Self {
        Self { bytes: 0, budget: Budget::new(0) }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Budget({} of {} bytes)", self.held(), self.limit)
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Share({} bytes)", self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_is_given_back() {
        let budget = Budget::new(100);
        let mut first = budget.take(60).unwrap();
        assert!(budget.take(41).is_none());
        assert!(!first.grow(41) && !first.grow(u64::MAX));
        assert!(first.grow(20));
        let second = budget.clone().take(20).unwrap();
        assert_eq!((first.bytes(), budget.held()), (80, 100));
        assert!(budget.take(1).is_none() && budget.take(0).is_some());
        drop(first);
        assert_eq!(budget.held(), 20);
        drop(second);
        assert_eq!(budget.held(), 0);
        assert!(budget.take(100).is_some());
        assert!(!Share::default().grow(1));
    }

    #[test]
    fn many_threads_never_hold_more_than_the_limit() {
        let budget = Budget::new(10);
        std::thread::scope(|scope| {
            for n in 0..8 {
                let budget = &budget;
                scope.spawn(move || {
                    for m in 0..2000 {
                        let share = budget.take((n + m) % 7);
                        assert!(budget.held() <= 10);
                        drop(share);
                    }
                });
            }
        });
        assert_eq!(budget.held(), 0);
    }
}
