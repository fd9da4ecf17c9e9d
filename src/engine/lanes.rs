//! The jobs of the worker pool: one lane each, between dispatch's record and the closer.

mod destination;
pub mod fetch;
mod further;
mod plain;
mod reporter;
pub mod share;

use std::{sync::Arc, time::Duration};

use crossbeam_channel::{Receiver, Sender};

use crate::{
    model::{
        by_index::ByIndex,
        reason::{Reason, ReasonCode},
        seal::Md5Digest,
        transfer::TransferKey,
    },
    storage::{journal::Recovered, landing::Keep, sources::Outgoing},
    transfer::{
        ahead::Ahead,
        lane::{Farewell, LaneEnd, LaneError, told},
        limits::Limits,
        pace::Pace,
        send::{SendLane, Sending, SentBefore},
    },
    wire::header::{Answer, Message},
};

use super::{
    archive::Archive,
    aside::AsideHandle,
    cancel::{CancelFlag, HoldFlag},
    closer,
    link::{Joined, SocketLink},
    note::{Life, Note, Over, OverKind},
    receiving::{self, Whose},
};
pub use destination::{Destination, reserved_at, selected_bytes};
pub use further::{Further, LaneCame};
use reporter::Reporter;

/// Between two figures of one lane.
const MIN_GAP: Duration = Duration::from_millis(50);

/// What every lane job has.
pub struct Lane {
    pub key: TransferKey,
    pub life: Life,
    pub cancel: CancelFlag,
    pub hold: HoldFlag,
    pub limits: Limits,
    /// The speed limit of its direction.
    pub pace: Pace,
    /// Where receipts are written down.
    pub archive: Archive,
    pub notes: Sender<Note>,
}

/// Whether a connection is the first of its transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    Again,
    Fresh,
}

/// What earlier connections of an outgoing transfer have achieved.
pub struct Before {
    pub receipts: ByIndex<Md5Digest>,
    pub again: bool,
}

/// Tells dispatch that a lane is over, also when it panicked.
struct LaneGuard {
    key: TransferKey,
    life: Life,
    notes: Sender<Note>,
    result: Option<Result<(), Over>>,
}

impl Drop for LaneGuard {
    fn drop(&mut self) {
        let broke = || Err(Over::finally(Reason::here(ReasonCode::Internal, "the worker stopped unexpectedly")));
        let result = self.result.take().unwrap_or_else(broke);
        // A dispatch that is gone has ended all transfers.
        self.notes.send(Note::WorkEnded { key: self.key, life: self.life, result }).ok();
    }
}

impl Lane {
    /// Runs `work`, and says how it ended exactly once.
    pub fn run(self, work: impl FnOnce(&Self) -> Result<(), Over>) {
        let mut guard = LaneGuard { key: self.key, life: self.life, notes: self.notes.clone(), result: None };
        guard.result = Some(work(&self));
    }

    /// What ends, holds and slows down this lane is that of its transfer.
    fn take_over(&self, link: &mut SocketLink) {
        link.set_cancel(self.cancel.clone());
        link.set_hold(self.hold.clone());
        link.set_pace(self.pace.clone());
    }

    fn reporter(&self) -> Reporter {
        Reporter::new(self.key, self.notes.clone(), self.archive.clone())
    }

    /// Sends all files of an accepted offer that have not arrived, over a connection whose other side grants so much.
    pub fn send(
        &self,
        (mut link, ahead): (SocketLink, Ahead),
        outgoing: &Outgoing,
        before: Before,
        further: Option<Further>,
    ) -> Result<(), Over> {
        self.take_over(&mut link);
        let _calling = further.and_then(|further| further.serve(&mut link));
        let mut report = self.reporter();
        let before = SentBefore { receipts: before.receipts, again: before.again };
        let manifest = Arc::clone(&outgoing.manifest);
        let mut aside = AsideHandle::default();
        let what = Sending { manifest, places: &outgoing.places, before, ahead };
        let ended = SendLane::new(&mut link, &mut report, Some(&mut aside), what).run();
        report.last_word();
        finish(link, ended)
    }

    /// Receives what a person here accepted. Further connections come out of `joining`.
    pub fn receive(&self, mut link: SocketLink, to: &Destination, joining: Receiver<Joined>) -> Result<(), Over> {
        self.take_over(&mut link);
        link.set_joining(joining);
        let ready = match to.begin {
            Begin::Fresh => to.prepare(Keep::Agreement).map(|landing| (landing, Recovered::default())),
            Begin::Again => match self.reopen(&mut link, to) {
                Ok(ready) => Ok(ready),
                Err(error) => {
                    let last = error.abort().map(Message::Abort);
                    closer::close(link, Farewell { last, ..Farewell::default() });
                    return Err(over(&error, false));
                }
            },
        };
        let (landing, recovered) = match ready {
            Ok(ready) => ready,
            Err(reason) => {
                let last = Some(Message::Answer(Answer::Decline(told(&reason))));
                closer::close(link, Farewell { last, ..Farewell::default() });
                return Err(Over::finally(reason));
            }
        };
        let mut report = self.reporter();
        let whose = Whose { key: self.key, cancel: self.cancel.clone(), notes: self.notes.clone() };
        let ended = receiving::receive(&mut link, &mut report, &landing, recovered, &whose);
        report.last_word();
        finish(link, ended.map(drop))
    }
}

/// Closes in order after a lane that did; or says the last word.
fn finish(link: SocketLink, ended: Result<(), Box<LaneEnd>>) -> Result<(), Over> {
    match ended {
        Ok(()) => {
            closer::close(link, Farewell::default());
            Ok(())
        }
        Err(end) => {
            let over = over(&end.error, link.has_several());
            closer::close(link, end.farewell);
            Err(over)
        }
    }
}

fn over(error: &LaneError, of_several: bool) -> Over {
    let kind = match error {
        _ if error.is_break() => OverKind::Break { of_several },
        _ if error.is_hold() => OverKind::Hold,
        _ => OverKind::Final,
    };
    Over { reason: error.reason(), kind }
}
