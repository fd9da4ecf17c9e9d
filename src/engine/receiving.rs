//! One incoming connection from its plan to its end: lane, committer and checker together, and what becomes of what has come.

use crate::{
    model::{
        reason::{Reason, ReasonCode},
        transfer::TransferKey,
    },
    storage::{journal::Recovered, landing::Landing},
    transfer::{
        aside::Aside,
        lane::{Farewell, LaneEnd, LaneError, Report},
        limits::Limits,
        link::Link,
        receive::{Helpers, ReceiveLane, Tally},
    },
};

use crossbeam_channel::Sender;

use super::{aside::AsideHandle, cancel::CancelFlag, checker, committer, link::SocketLink, note::Note};

/// Whose connection it is.
pub struct Whose {
    pub key: TransferKey,
    pub cancel: CancelFlag,
    pub notes: Sender<Note>,
}

/// Receives over `link`, going on with what `recovered` says. When this returns, nobody writes to the landing any more: it
/// is as its end says (`settle`).
///
/// # Errors
/// As `ReceiveLane::run`.
pub fn receive(
    link: &mut SocketLink,
    report: &mut impl Report,
    landing: &Landing,
    recovered: Recovered,
    whose: &Whose,
) -> Result<Tally, Box<LaneEnd>> {
    receive_with(link, report, landing, recovered, (whose, &mut AsideHandle::default()))
}

/// The same with somebody else who hashes.
fn receive_with(
    link: &mut SocketLink,
    report: &mut impl Report,
    landing: &Landing,
    recovered: Recovered,
    (whose, aside): (&Whose, &mut dyn Aside),
) -> Result<Tally, Box<LaneEnd>> {
    let Whose { key, cancel, notes } = whose;
    let limits = link.limits();
    link.set_limits(Limits { files_ahead: landing.most_ahead(limits.files_ahead), ..limits });
    let works_for = committer::Whose { key: *key, notes: notes.clone(), waker: link.waker(), cancel: cancel.clone() };
    // The committer last: it writes, so that it is waited for in any case.
    let started = checker::start(landing.clone(), link.waker()).and_then(|check| {
        committer::start(landing.clone(), works_for, link.limits().files_ahead).map(|commit| (check, commit))
    });
    let ended = match started {
        Ok((mut check, (mut commit, thread))) => {
            let helpers = Helpers { commit: &mut commit, check: &mut check, aside: Some(aside) };
            let ended = ReceiveLane::new(link, report, helpers, landing.clone(), recovered).run();
            drop(commit);
            // It has nothing left to do but its last batch; a panic in it has been printed.
            thread.join().ok();
            ended
        }
        Err(error) => Err(no_thread(&error)),
    };
    let ended = ended.map_err(|end| unagreed(landing, end));
    settle(landing, &ended, cancel);
    ended
}

/// A transfer of which nothing could be written down cannot go on another time, whatever this connection ended with.
fn unagreed(landing: &Landing, end: Box<LaneEnd>) -> Box<LaneEnd> {
    match landing.agree() {
        Ok(()) => end,
        Err(reason) => Box::new(LaneEnd { error: LaneError::Local(reason), ..*end }),
    }
}

fn no_thread(error: &std::io::Error) -> Box<LaneEnd> {
    let error = LaneError::Local(Reason::here(ReasonCode::Internal, error.to_string()));
    let farewell = Farewell { last: error.last_message(), ..Farewell::default() };
    Box::new(LaneEnd { error, farewell })
}

/// What stays of a transfer after one of its connections.
fn settle(landing: &Landing, ended: &Result<Tally, Box<LaneEnd>>, cancel: &CancelFlag) {
    match ended {
        Ok(_) => landing.close(),
        Err(end) if !cancel.is_final() && (end.error.is_break() || end.error.is_hold()) => landing.suspend(),
        // All of it is its owner's.
        Err(_) if landing.has_ended() => landing.suspend(),
        Err(_) => landing.discard(),
    }
}

#[cfg(test)]
mod tests;
