//! A thread that hashes and writes a large file beside its lane, and what happens to it.

use std::{collections::VecDeque, io, sync::Arc, thread, time::Duration};

use crate::{
    digest::Hasher,
    engine::aside::AsideHandle,
    storage::part_file::Piece,
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

/// What becomes of the n-th piece that it is to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Writes {
    AtOnce,
    /// Not before the lane waits for it.
    Late,
    /// There is no room for it.
    Fails,
    /// The thread dies with it.
    Dies,
}

pub(in super::super) type BeforeWrite = Arc<dyn Fn(usize) -> Writes + Send + Sync>;

pub(in super::super) struct Watched {
    inner: AsideHandle,
    before: BeforePiece,
    pieces: usize,
    does: Does,
    before_write: BeforeWrite,
    writes: usize,
    /// Pieces that are not written yet, and what has come back of others.
    late: VecDeque<Piece>,
    back: VecDeque<Back>,
}

impl Watched {
    pub(in super::super) fn new(before: BeforePiece, before_write: BeforeWrite) -> Self {
        let (late, back) = (VecDeque::new(), VecDeque::new());
        let inner = AsideHandle::default();
        Self { inner, before, pieces: 0, does: Does::Goes, before_write, writes: 0, late, back }
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

    fn write(&mut self, piece: Piece) -> Result<(), Piece> {
        self.writes += 1;
        match (self.before_write)(self.writes) {
            Writes::AtOnce => return self.inner.write(piece),
            Writes::Late => self.late.push_back(piece),
            Writes::Fails => self.back.push_back(Back::Written(piece.fail(io::ErrorKind::StorageFull.into()))),
            // More than there is to hash: it panics.
            Writes::Dies => self.inner.hash(Vec::new(), 1),
        }
        Ok(())
    }

    fn look(&mut self) -> Option<Back> {
        self.back.pop_front().or_else(|| self.inner.look())
    }

    fn wait(&mut self) -> Option<Back> {
        if let Some(back) = self.back.pop_front() {
            return Some(back);
        }
        if let Some(late) = self.late.pop_front() {
            return Some(Back::Written(late.write()));
        }
        if self.does == Does::Hangs {
            thread::sleep(Duration::from_millis(10));
            return None;
        }
        self.inner.wait()
    }
}
