//! The receiver's lane: answer and plan out, files in, verified parts on to the committer, its receipts out.

mod checks;
mod files;
mod in_body;
mod owed;
mod planner;
mod together;

use crate::{
    digest::Hasher,
    model::{outcome::FileState, reason::Reason, seal::Md5Digest},
    storage::{
        journal::Recovered,
        landing::Landing,
        part_file::{Flusher, PartFile},
    },
    wire::header::{self, Answer, Message, Receipt},
};

use super::{
    aside::Aside,
    body::{self, Arrived, Open, Stored},
    check::{Check, Matter},
    hashing::Hashing,
    lane::{Farewell, LaneEnd, LaneError, Report, ended_early, last_word, read_message, unexpected},
    link::Link,
    rounds::TOGETHER,
};
use checks::Told;
use files::{Files, Ways};
use in_body::InBody;
use owed::Owed;

/// No more is gathered than this, so that the sender never has to be waited for: it may be busy sending.
const MOST_QUEUED: usize = 16 << 10;

/// A part whose seal agrees on both sides; only such a one may get its real name.
pub struct VerifiedPart {
    pub index: u32,
    pub part: PartFile,
    pub md5: Md5Digest,
}

/// Bytes of a part that are to be put on the disk for good, up to `offset`.
pub struct Flush {
    pub index: u32,
    pub flusher: Flusher,
    pub offset: u64,
}

/// What a committer could not do, for a reason that the sender need not know (yet).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// None: nothing of the transfer can be published.
    pub index: Option<u32>,
    pub reason: Reason,
}

/// The way from a lane to its committer and back. Never blocks: what is granted to the sender bounds what is under way.
pub trait Commit {
    fn commit(&mut self, part: VerifiedPart);
    /// What stands at the place of this file is what was to come, byte for byte.
    fn keep(&mut self, index: u32, md5: Md5Digest);
    /// Whether the flush before has been done.
    fn can_flush(&mut self) -> bool;
    fn flush(&mut self, flush: Flush);
    /// The connection is over, and this file goes on over another: what has come of it stays.
    fn suspend(&mut self, part: PartFile);
    /// Nothing can be read right now: publish what is there.
    fn idle(&mut self);
    /// Every file of the selection has ended: links may be made.
    fn all_files_ended(&mut self);
    fn try_receipt(&mut self) -> Option<Receipt>;
    fn try_trouble(&mut self) -> Option<Trouble>;
}

/// How a transfer came to its end in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Selected entries that did not arrive.
    pub failed: u64,
}

/// One lane of an incoming transfer.
pub struct ReceiveLane<'a, L, R, C, K> {
    link: &'a mut L,
    report: &'a mut R,
    owed: Owed<'a, C, K>,
    landing: Landing,
    files: Files<'a>,
    buffer: Vec<u8>,
    /// For bodies that come by turns.
    turn_buffer: Vec<u8>,
}

/// Who works beside a lane: for putting files in their places, for checking what was there, for hashing what came.
pub struct Helpers<'a, C, K> {
    pub commit: &'a mut C,
    pub check: &'a mut K,
    /// Hashes what is left to it; `None`: the lane hashes everything.
    pub aside: Option<&'a mut dyn Aside>,
}

impl<'a, L: Link, R: Report, C: Commit, K: Check> ReceiveLane<'a, L, R, C, K> {
    /// Goes on with what `recovered` says, which is nothing on the first connection of a transfer. What is wanted stands in
    /// the terms of `landing`.
    pub fn new(
        link: &'a mut L,
        report: &'a mut R,
        helpers: Helpers<'a, C, K>,
        landing: Landing,
        recovered: Recovered,
    ) -> Self {
        let Helpers { commit, check, aside } = helpers;
        for index in &recovered.gone {
            report.started_again(*index);
        }
        let owed = Owed::new(commit, check, landing.clone(), recovered);
        let (buffer, turn_buffer) = (vec![0; body::BUFFER_BYTES], Vec::new());
        Self { link, report, owed, landing, files: Files::new(aside), buffer, turn_buffer }
    }

    /// Carries the transfer out, from `answer` to the echoed `done`. When it can go on another time, what has come of files
    /// that are not whole is kept.
    ///
    /// # Errors
    /// Why the lane ended; the `Farewell` is what the closer owes to the peer.
    pub fn run(mut self) -> Result<Tally, Box<LaneEnd>> {
        match self.carry_out() {
            Ok(()) => Ok(Tally { failed: self.owed.failed() }),
            Err(error) => {
                let error = last_word(self.link, error);
                // What has come whole, with its seal, is not lost with the connection. Nobody may be there to be told.
                self.files.hashes.hash_kept();
                self.take_hashed();
                if error.is_break() || error.is_hold() {
                    let parts = self.files.drain().filter_map(|arrived| arrived.stored.part());
                    parts.for_each(|part| self.owed.commit.suspend(part));
                }
                let last = error.last_message();
                Err(Box::new(LaneEnd { error, farewell: Farewell { last, ..Farewell::default() } }))
            }
        }
    }

    fn carry_out(&mut self) -> Result<(), LaneError> {
        let ahead = u32::try_from(self.link.limits().files_ahead).ok();
        let together = u32::try_from(TOGETHER).ok();
        header::write_header(self.link, &Message::Answer(Answer::Accept { ahead, together }))?;
        self.owed.write_plan(self.link, self.report)?;
        self.link.flush()?;
        loop {
            self.take_hashed();
            self.write_owed()?;
            if self.link.pending() {
                if self.take_message()? {
                    return self.echo_done();
                }
            } else {
                self.files.hashes.hash_kept();
                self.take_hashed();
                self.owed.commit.idle();
                if self.owed.is_planning() {
                    // The next header of the plan follows as soon as this one has left: nobody else brings it on.
                    self.link.tick()?;
                    if self.link.queued() == 0 {
                        continue;
                    }
                }
                self.link.wait()?;
            }
        }
    }

    fn write_owed(&mut self) -> Result<(), LaneError> {
        let trouble = self.owed.write(self.link, self.report, MOST_QUEUED)?;
        trouble.map_or(Ok(()), |(index, reason)| self.files.trouble(index, reason))
    }

    /// Handles one message; true when the sender said `done`.
    fn take_message(&mut self) -> Result<bool, LaneError> {
        match read_message(self.link)?.ok_or_else(ended_early)? {
            Message::Done => return Ok(true),
            Message::Failed { index, reason } => self.failed(index, reason)?,
            Message::File { index, offset } => self.file(index, offset)?,
            Message::Files { indices } => self.files_by_turns(&indices)?,
            Message::Seal { index, md5 } => {
                let (files, mut ways) = self.ways();
                files.sealed(index, md5, &mut ways)?;
            }
            other => beside(&mut self.owed, other, self.report)?,
        }
        Ok(false)
    }

    fn echo_done(&mut self) -> Result<(), LaneError> {
        if let Some(receipts) = self.owed.unwritten() {
            return Err(LaneError::Protocol(format!("done before {receipts} receipts")));
        }
        // As soon as it has read the echo the sender forgets the transfer, and whoever came back to it then would wait for ever. If
        // that cannot be noted, it is so after a crash only.
        self.landing.note_ended(self.owed.failed()).ok();
        let said = header::write_header(self.link, &Message::Done).map_err(LaneError::from);
        match said.and_then(|()| Ok(self.link.flush()?)) {
            // A sender that is gone has all receipts all the same, and remembers that.
            Err(error) if !error.is_break() => Err(error),
            _ => {
                self.report.ended();
                Ok(())
            }
        }
    }

    fn file(&mut self, index: u32, offset: u64) -> Result<(), LaneError> {
        let (size, told) = self.next_file(index)?;
        if offset != 0 && told.as_ref().is_none_or(|told| told.offset != offset) {
            return Err(LaneError::Protocol(format!("entry {index} begins at {offset}, which nobody asked for")));
        }
        let arrived = self.begin(index, offset, size, told)?;
        if !matches!(arrived.hashing, Hashing::Kept(..)) {
            self.files.hashes.hash_kept();
        }
        let mut open = [Open::new(index, arrived)];
        let Self { link, report, owed, buffer, files, .. } = self;
        let mut in_body = InBody { report: *report, owed, files };
        let received = body::receive_bodies(*link, &mut open, buffer, &mut in_body)
            .and_then(|()| in_body.collect(*link, &mut open[0].arrived));
        let received = received.and(in_body.wait_for_writes(*link, &mut open[0].arrived));
        let [open] = open;
        self.files.hashes.moved(open.arrived.bytes - open.arrived.before);
        self.came(open, received.is_ok());
        received
    }

    /// One more file begins that was not begun before.
    fn next_file(&mut self, index: u32) -> Result<(u64, Option<Told>), LaneError> {
        let begun = self.owed.begin(index)?;
        self.owed.ahead += 1;
        // The sender counts a receipt when it has read it, we count it when we write it: never more.
        let granted = self.link.limits().files_ahead;
        if self.owed.ahead > granted {
            return Err(LaneError::Protocol(format!("more than {granted} files without a receipt")));
        }
        Ok(begun)
    }

    /// All that comes of a file over this connection has come.
    fn came(&mut self, open: Open, is_whole: bool) {
        let Open { index, arrived, told, .. } = open;
        let unsaid = arrived.bytes.saturating_sub(told);
        if unsaid > 0 {
            self.report.moved(index, unsaid);
        }
        if is_whole {
            self.files.came(index, arrived);
        } else {
            // Also of a body that broke off there is something to keep.
            self.files.broke_off(index, arrived);
        }
    }

    /// Makes or takes up what the bytes of a file go to, and says how they are hashed.
    fn begin(&mut self, index: u32, offset: u64, size: u64, told: Option<Told>) -> Result<Arrived, LaneError> {
        let (stored, hasher) = self.place(index, offset, told);
        let hashing = self.files.hashes.begin(hasher, size.saturating_sub(offset), self.link);
        let mut arrived = Arrived::going_on(stored, hashing, offset, size);
        if let Stored::Failed(reason) = &arrived.stored {
            arrived.fail(reason.clone())?;
        } else if offset > 0 {
            self.report.kept(index, offset);
        }
        Ok(arrived)
    }

    /// Makes or takes up what the bytes of a file go to.
    fn place(&mut self, index: u32, offset: u64, told: Option<Told>) -> (Stored, Hasher) {
        match told {
            Some(Told { offset: there, matter: Matter::There, hasher, .. }) if offset == there => {
                (Stored::There, hasher)
            }
            Some(Told { matter: Matter::Part, hasher, .. }) if offset > 0 => {
                let part = self.landing.continue_part(index, offset);
                (part.map_or_else(Stored::Failed, Stored::Part), hasher)
            }
            told => {
                if told.is_some_and(|told| told.matter == Matter::Part) {
                    self.report.started_again(index);
                }
                let part = self.landing.create_part(index);
                (part.map_or_else(Stored::Failed, Stored::Part), Hasher::new())
            }
        }
    }

    fn ways(&mut self) -> (&mut Files<'a>, Ways<'_, 'a, R, C, K>) {
        let Self { report, owed, files, .. } = self;
        (files, Ways { report: *report, owed })
    }

    fn take_hashed(&mut self) {
        let (files, mut ways) = self.ways();
        files.take_hashed(&mut ways);
    }

    /// `failed` stands after a body or in place of `file`; there is no receipt for it.
    fn failed(&mut self, index: u32, reason: Reason) -> Result<(), LaneError> {
        if self.files.failed(index).is_some() {
            self.owed.ahead -= 1;
        } else {
            self.owed.begin(index)?;
        }
        self.owed.no_receipt();
        self.owed.end_file(index, FileState::Failed, None, reason, self.report);
        Ok(())
    }
}

/// Words that may come between files as well as inside one.
fn beside<C: Commit, K: Check>(
    owed: &mut Owed<'_, C, K>,
    message: Message,
    report: &mut impl Report,
) -> Result<(), LaneError> {
    match message {
        Message::Pause { reason, .. } => owed.hold.heard(Some(reason), report),
        Message::Ping => {}
        Message::Resume => owed.hold.heard(None, report),
        Message::Working { done, total, .. } => owed.heard_working(done, total, report),
        other => return Err(unexpected(&other)),
    }
    Ok(())
}
