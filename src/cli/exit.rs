//! The exit codes, and what leads to them.

use std::{path::Path, process::ExitCode};

use clap::{CommandFactory, error::ErrorKind};

use super::{
    args::Arguments,
    show::{clean_path, complain, sentence},
};
use crate::model::{
    outcome::{Ending, Outcome},
    reason::{Reason, ReasonCode, Side},
};

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// Everything was verified, or could not be checked (classic).
    Done = 0,
    /// Failed or partial; also when `receive` cannot listen.
    Failed = 1,
    /// Wrong usage; mostly it is the parser of arguments that ends the process with it.
    Usage = 2,
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

    /// What it means that two codes could not be compared.
    pub(super) fn of_comparison(reason: &Reason) -> Self {
        match (&reason.code, reason.side) {
            (ReasonCode::Cancelled, Side::Here) => Self::Cancelled,
            // Who does not want to compare cancels.
            (
                ReasonCode::Blocked
                | ReasonCode::Busy
                | ReasonCode::Cancelled
                | ReasonCode::Declined
                | ReasonCode::NoAnswer,
                _,
            ) => Self::Declined,
            (code, _) if is_about_the_way(code) => Self::NotReachable,
            _ => Self::Failed,
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

    pub(super) fn usage(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), exit: Exit::Usage }
    }

    /// This device's own key, which stands in the file at `place`, cannot be used.
    pub(super) fn own_key(reason: &Reason, place: &Path) -> Self {
        let mut text = sentence(reason);
        let shown = clean_path(place);
        if !text.contains(&shown) {
            text = format!("{text}: {shown}");
        }
        if reason.code == ReasonCode::KeyExposed && cfg!(unix) {
            text = format!("{text}; this command does it: chmod 600 {}", for_a_shell(&shown));
        }
        Self::failed(text)
    }

    /// Says it.
    pub(super) fn report(self) -> Exit {
        if self.exit == Exit::Usage {
            // As the parser of arguments says it. Standard error is gone: nowhere else is left to say it.
            Arguments::command().error(ErrorKind::ValueValidation, &self.sentence).print().ok();
        } else {
            complain(&self.sentence);
        }
        self.exit
    }
}

/// A path as a word of a command that can be copied.
fn for_a_shell(path: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '+');
    if path.chars().all(plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_wrong_key_is_a_failure_and_not_a_matter_of_the_way() {
        let reason = Reason::bare(ReasonCode::WrongKey);
        assert_eq!(Exit::of_comparison(&reason), Exit::Failed);
        let ending =
            Ending { outcome: Outcome::Failed, reason: Some(reason), files: 0, bytes: 0, took: Duration::ZERO };
        assert_eq!(Exit::of(&ending), Exit::Failed);
    }

    #[test]
    fn who_ended_a_comparison_decides_the_code() {
        let cases = [
            (Reason::bare(ReasonCode::Cancelled), Exit::Cancelled),
            (Reason::there(ReasonCode::Cancelled, None), Exit::Declined),
            (Reason::there(ReasonCode::NoAnswer, None), Exit::Declined),
            (Reason::bare(ReasonCode::Refused), Exit::NotReachable),
            (Reason::bare(ReasonCode::ConnectionLost), Exit::Failed),
        ];
        for (reason, exit) in cases {
            assert_eq!(Exit::of_comparison(&reason), exit, "{reason}");
        }
    }

    #[test]
    fn a_key_that_others_may_read_is_named_with_the_command_that_helps() {
        let place = Path::new("/home/anna/my key.pem");
        let exposed = Problem::own_key(&Reason::bare(ReasonCode::KeyExposed), place).sentence;
        assert!(exposed.contains("Others may read") && exposed.matches("my key").count() == 2, "{exposed}");
        assert_eq!(exposed.ends_with("chmod 600 '/home/anna/my key.pem'"), cfg!(unix), "{exposed}");
        let damaged = Problem::own_key(&Reason::here(ReasonCode::KeyDamaged, "no key: /home/anna/my key.pem"), place);
        assert_eq!(damaged.exit, Exit::Failed);
        assert!(damaged.sentence.contains("is damaged") && damaged.sentence.matches("my key").count() == 1);
        assert!(!damaged.sentence.contains("chmod"));
    }
}
