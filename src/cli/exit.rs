//! The exit codes, and what leads to them.

use std::process::ExitCode;

use crate::model::{
    outcome::{Ending, Outcome},
    reason::ReasonCode,
};

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// Everything was verified, or could not be checked (classic).
    Done = 0,
    /// Failed or partial; also when `receive` cannot listen.
    Failed = 1,
    // 2 is wrong usage: the parser of arguments ends the process with it.
    Declined = 3,
    /// Nobody there, or not a Sealdrop.
    NotReachable = 4,
    /// By this side or the other.
    Cancelled = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Exit {
    /// What the end of a transfer means for a process that ends with it.
    pub(super) fn of(ending: &Ending) -> Self {
        let code = ending.reason.as_ref().map(|reason| &reason.code);
        match ending.outcome {
            Outcome::Unchecked | Outcome::Verified => Self::Done,
            Outcome::Cancelled | Outcome::Interrupted => Self::Cancelled,
            Outcome::Declined => Self::Declined,
            Outcome::Failed if code.is_some_and(is_about_the_way) => Self::NotReachable,
            Outcome::Failed | Outcome::Partial => Self::Failed,
        }
    }
}

fn is_about_the_way(code: &ReasonCode) -> bool {
    matches!(code, ReasonCode::NotSealdrop | ReasonCode::Refused | ReasonCode::Unreachable | ReasonCode::Unresolved)
}

/// Why a command cannot even begin: a sentence for standard error.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) sentence: String,
    pub(super) exit: Exit,
}

impl Problem {
    pub(super) fn failed(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), exit: Exit::Failed }
    }

    /// Says it.
    pub(super) fn report(self) -> Exit {
        super::show::complain(&self.sentence);
        self.exit
    }
}
