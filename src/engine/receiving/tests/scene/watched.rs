//! A thread that hashes a large file beside its lane, and what happens to it.

use std::{sync::Arc, thread, time::Duration};

use crate::{
    digest::Hasher,
    engine::aside::AsideHandle,
    transfer::{
        aside::{Aside, Back},
        rounds::Round,
    },
};

/// What becomes of the thread before its n-th piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Does {
    Dies,
    Goes,
    /// It never comes back, and is not gone.
    Hangs,
}

pub(in super::super) type BeforePiece = Arc<dyn Fn(usize) -> Does + Send + Sync>;

pub(in super::super) struct Watched {
    inner: AsideHandle,
    before: BeforePiece,
    pieces: usize,
    does: Does,
}

impl Watched {
    pub(in super::super) fn new(before: BeforePiece) -> Self {
        Self { inner: AsideHandle::default(), before, pieces: 0, does: Does::Goes }
    }
}

impl Aside for Watched {
    fn begin(&mut self, hasher: Hasher) -> Result<(), Hasher> {
        self.inner.begin(hasher)
    }

    fn hash(&mut self, buffer: Vec<u8>, length: usize) {
        self.pieces += 1;
        if self.does == Does::Goes {
            self.does = (self.before)(self.pieces);
        }
        match self.does {
            Does::Goes => self.inner.hash(buffer, length),
            // More than there is: it panics.
            Does::Dies => self.inner.hash(Vec::new(), length),
            Does::Hangs => {}
        }
    }

    fn end(&mut self) {
        self.inner.end();
    }

    fn window(&self) -> u64 {
        0
    }

    fn hash_round(&mut self, round: Round) -> Result<(), Round> {
        self.inner.hash_round(round)
    }

    fn wait(&mut self) -> Option<Back> {
        if self.does == Does::Hangs {
            thread::sleep(Duration::from_millis(10));
            return None;
        }
        self.inner.wait()
    }
}
