//! Bodies that come by turns, and are hashed together.

use std::mem;

use crate::{
    transfer::{
        body::{self, Arrived, Open, Stored},
        check::Check,
        hashing::Hashing,
        lane::{LaneError, Report},
        limits::Limits,
        link::Link,
        rounds::{TOGETHER, TURN_BYTES},
    },
    wire::frame::PREFIX_BYTES,
};

use super::{Commit, Flush, InBody, ReceiveLane};

impl<L: Link, R: Report, C: Commit, K: Check> ReceiveLane<'_, L, R, C, K> {
    /// The bodies of these files follow, each from its beginning.
    pub(super) fn files_by_turns(&mut self, indices: &[u32]) -> Result<(), LaneError> {
        if indices.is_empty() || indices.len() > TOGETHER {
            return Err(LaneError::Protocol(format!("{} files by turns, {TOGETHER} may be", indices.len())));
        }
        self.files.hashes.hash_kept();
        let mut open = Vec::with_capacity(indices.len());
        let received = self.open_all(indices, &mut open).and_then(|()| self.take_turns(&mut open));
        let hashers = self.files.hashes.end_together(self.link);
        let is_whole = received.is_ok();
        let (hashers, lost) = hashers.map_or_else(|error| (Vec::new(), Err(error)), |hashers| (hashers, Ok(())));
        let mut hashers = hashers.into_iter();
        for mut open in open {
            open.arrived.hashing = hashers.next().map_or(Hashing::Over, Hashing::Along);
            self.came(open, is_whole);
        }
        received.and(lost)
    }

    fn open_all(&mut self, indices: &[u32], all: &mut Vec<Open>) -> Result<(), LaneError> {
        self.files.hashes.begin_together(indices.len());
        for (at, index) in indices.iter().enumerate() {
            let (size, told) = self.next_file(*index)?;
            let (stored, _new) = self.place(*index, 0, told);
            all.push(Open::new(*index, Arrived::going_on(stored, Hashing::Together(at), 0, size)));
        }
        for Open { arrived, .. } in all {
            if let Stored::Failed(reason) = &arrived.stored {
                arrived.fail(reason.clone())?;
            }
        }
        Ok(())
    }

    fn take_turns(&mut self, open: &mut [Open]) -> Result<(), LaneError> {
        let mut buffer = mem::take(&mut self.turn_buffer);
        buffer.resize(TURN_BYTES + PREFIX_BYTES, 0);
        let Self { link, report, owed, files, .. } = self;
        let received = body::receive_bodies(*link, open, &mut buffer, &mut InBody { report: *report, owed, files });
        self.turn_buffer = buffer;
        received
    }
}

/// Puts on the disk for good what has come of one of these files, if it is time and nothing else is being put there.
pub(super) fn flush_one(commit: &mut impl Commit, open: &mut [Open], limits: &Limits) -> Result<(), LaneError> {
    if !commit.can_flush() {
        return Ok(());
    }
    for Open { index, arrived, .. } in open {
        match arrived.flush_due(limits) {
            Some(Ok((flusher, offset))) => {
                commit.flush(Flush { index: *index, flusher, offset });
                break;
            }
            Some(Err(reason)) => arrived.fail(reason)?,
            None => {}
        }
    }
    Ok(())
}
