//! What a script and a person are told of how a transfer stands: the word, who holds it, and why.

use serde::Serialize;

use super::show::sentence;
use crate::model::{
    reason::{ReasonCode, Side},
    transfer::{Pause, QueuedFor, Stage},
};

/// The word in `--json` output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Queued,
    Checking,
    Moving,
    Paused,
    Reconnecting,
    Interrupted,
}

/// Who holds a paused transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum By {
    Here,
    There,
}

impl From<Side> for By {
    fn from(side: Side) -> Self {
        match side {
            Side::Here => Self::Here,
            Side::There => Self::There,
        }
    }
}

/// How a transfer stands, as far as it is worth a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) state: State,
    pub(super) by: Option<By>,
    /// A sentence.
    pub(super) reason: Option<String>,
}

impl Standing {
    /// Nothing for the steps before an offer is answered, and for those after all has moved: they have events of their own.
    pub(super) fn of(stage: &Stage) -> Option<Self> {
        let plain = |state| Some(Self { state, by: None, reason: None });
        match stage {
            Stage::Queued(why) => Some(Self { reason: Some(queued(*why).to_owned()), ..plain(State::Queued)? }),
            Stage::Checking { .. } => plain(State::Checking),
            Stage::Moving => plain(State::Moving),
            Stage::Paused(pause) => Some(Self::paused(pause)),
            Stage::Reconnecting { reason, .. } => {
                Some(Self { reason: Some(sentence(reason)), ..plain(State::Reconnecting)? })
            }
            Stage::Interrupted => plain(State::Interrupted),
            _ => None,
        }
    }

    fn paused(pause: &Pause) -> Self {
        let Pause { here, there, reason } = pause;
        let by = match (here, there) {
            (true, _) => Some(By::Here),
            (false, true) => Some(By::There),
            (false, false) => reason.as_ref().map(|reason| reason.side.into()),
        };
        // Others have their turn there: nothing has to change.
        let reason = reason.as_ref().filter(|reason| reason.code != ReasonCode::Busy);
        Self { state: State::Paused, by, reason: reason.map(sentence) }
    }
}

fn queued(why: QueuedFor) -> &'static str {
    match why {
        QueuedFor::Busy { .. } => "The device is busy",
        QueuedFor::Device => "The device is not there",
        QueuedFor::Turn => "Other transfers come first",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        outcome::{Ending, Outcome},
        reason::Reason,
    };

    #[test]
    fn a_person_who_holds_it_comes_before_the_disk() {
        let full = || Some(Reason::there(ReasonCode::DiskFull, Some("needs 3 GB, 1 GB free".to_owned())));
        let by = |here, there, reason| Standing::of(&Stage::Paused(Pause { here, there, reason })).unwrap();
        assert_eq!(by(true, true, full()).by, Some(By::Here));
        assert_eq!(by(false, true, None), Standing { state: State::Paused, by: Some(By::There), reason: None });
        let held = by(false, false, full());
        assert_eq!(held.by, Some(By::There));
        assert!(held.reason.unwrap().ends_with("(needs 3 GB, 1 GB free)"));
    }

    #[test]
    fn steps_with_events_of_their_own_have_no_state() {
        let ending =
            Ending { outcome: Outcome::Verified, reason: None, files: 0, bytes: 0, took: std::time::Duration::ZERO };
        for stage in
            [Stage::Listing { found: 1 }, Stage::Connecting, Stage::Waiting, Stage::Finishing, Stage::Ended(ending)]
        {
            assert_eq!(Standing::of(&stage), None, "{stage:?}");
        }
        let lost = Stage::Reconnecting { reason: Reason::bare(ReasonCode::ConnectionLost), next_try: None };
        assert!(Standing::of(&lost).unwrap().reason.unwrap().starts_with("The connection was lost"));
    }
}
