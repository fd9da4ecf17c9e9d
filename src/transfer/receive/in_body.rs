//! What a receiver does besides while bodies come in.

use crate::{
    transfer::{
        body::{Arrived, Beside, Open},
        check::Check,
        hashing::Hashing,
        lane::{LaneError, Report},
        link::Link,
    },
    wire::header::Message,
};

use super::{
    Commit, MOST_QUEUED, beside,
    files::{Files, Ways},
    owed::Owed,
    together,
};

pub(super) struct InBody<'b, 'a, R, C, K> {
    pub(super) report: &'b mut R,
    pub(super) owed: &'b mut Owed<'a, C, K>,
    pub(super) files: &'b mut Files<'a>,
}

impl<R, C, K> InBody<'_, '_, R, C, K> {
    /// All of it was taken.
    pub(super) fn collect(&mut self, link: &mut impl Link, arrived: &mut Arrived) -> Result<(), LaneError> {
        let collected = self.files.hashes.collect(&mut arrived.hashing, link)?;
        collected.or_else(|reason| arrived.fail(reason))
    }

    /// Waits until nobody writes to the part any more: only then it is whole, or may be gone on with.
    pub(super) fn wait_for_writes(&mut self, link: &mut impl Link, arrived: &mut Arrived) -> Result<(), LaneError> {
        self.files.hashes.wait_for_writes(link);
        self.tell_written(arrived)
    }

    fn tell_written(&mut self, arrived: &mut Arrived) -> Result<(), LaneError> {
        let told = self.files.hashes.tell_written(arrived.part());
        told.or_else(|reason| arrived.fail(reason))
    }
}

impl<L: Link, R: Report, C: Commit, K: Check> Beside<L> for InBody<'_, '_, R, C, K> {
    fn take(
        &mut self,
        link: &mut L,
        Open { arrived, .. }: &mut Open,
        buffer: &mut Vec<u8>,
        length: usize,
    ) -> Result<(), LaneError> {
        // Whoever hashes them elsewhere takes the buffer.
        let is_along = matches!(arrived.hashing, Hashing::Along(_));
        if !is_along {
            arrived.store(&buffer[..length])?;
        }
        let hashes = &mut self.files.hashes;
        if arrived.part().is_some() {
            let taken = hashes.take(&mut arrived.hashing, buffer, length, link)?;
            taken.or_else(|reason| arrived.fail(reason))?;
        }
        if is_along
            && !arrived.leave(length, |hashing, part| hashes.leave_writing(hashing, part, (buffer, length), link))
        {
            arrived.store(&buffer[..length])?;
        }
        self.tell_written(arrived)
    }

    /// A long file must not keep the receipts of those before it, nor the word that this side stands still.
    fn look_up(&mut self, link: &mut L, open: &mut [Open], at: usize, moved: usize) -> Result<(), LaneError> {
        if moved == 0 {
            // A link may stand still for long: what has been written by now is to be put on the disk for good all the same.
            self.files.hashes.look_for_writes();
            self.tell_written(&mut open[at].arrived)?;
        }
        let Self { report, owed, files } = self;
        if moved > 0 {
            let Open { index, told, .. } = &mut open[at];
            *told += moved as u64;
            report.moved(*index, moved as u64);
        } else {
            owed.commit.idle();
        }
        files.take_hashed(&mut Ways { report: *report, owed });
        if let Some((troubled, reason)) = owed.write(link, *report, MOST_QUEUED)? {
            match open.iter_mut().find(|open| open.index == troubled) {
                Some(open) => open.arrived.fail(reason)?,
                None => files.trouble(troubled, reason)?,
            }
        }
        // It may be a long time until it is the turn of the others again.
        let looked_at = if moved > 0 { at..at + 1 } else { 0..open.len() };
        together::flush_one(owed.commit, &mut open[looked_at], &link.limits())
    }

    fn over(&mut self) {
        self.files.hashes.one_is_over();
    }

    fn interlude(&mut self, message: Message) -> Result<(), LaneError> {
        beside(self.owed, message, self.report)
    }
}
