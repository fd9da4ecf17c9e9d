//! What standard input says: lines of JSON from a script (answers to offers, orders about transfers), or a person's few
//! letters.

use std::{
    io::{self, BufRead, IsTerminal},
    time::Duration,
};

use clap::ValueEnum;
use crossbeam_channel::{Receiver, bounded};
use serde_json::Value;

use super::args::Existing;
use crate::{
    engine::{messages::Command, threads},
    model::{
        conflict::Conflict,
        transfer::{TransferId, TransferKey},
    },
};

/// Lines that may wait to be heard.
const LINES: usize = 64;
/// A line that was typed before a question could be read is no answer to it.
pub(super) const READING_TIME: Duration = Duration::from_millis(500);
/// A longer line is no answer.
const MAX_LINE_BYTES: u64 = 64 * 1024;

/// Reads standard input on a thread of its own; the channel closes at its end.
pub(super) fn lines() -> io::Result<Receiver<String>> {
    let (telling, heard) = bounded(LINES);
    threads::spawn("answers", move || {
        let mut input = io::stdin().lock();
        while let Some(line) = next_line(&mut input) {
            if telling.send(line).is_err() {
                return;
            }
        }
    })?;
    Ok(heard)
}

/// Whether a person can be asked: what is typed is heard, and the question is seen.
pub(super) fn somebody_is_there() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Whether lines may be read although nobody is asked: a terminal stops a program in the background that reads from it.
pub(super) fn orders_can_come(json: bool) -> bool {
    json && !io::stdin().is_terminal()
}

/// `None` at the end, or when it cannot be read any more.
fn next_line(input: &mut impl BufRead) -> Option<String> {
    let mut line = Vec::new();
    let read = io::Read::take(&mut *input, MAX_LINE_BYTES).read_until(b'\n', &mut line).ok()?;
    (read > 0).then(|| String::from_utf8_lossy(&line).trim().to_owned())
}

/// What can be said about an offer, or about two codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Accept,
    Decline,
    /// The codes are the same: the device is who it says it is.
    Verify,
}

/// One line of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Answer(Answer),
    Order(Order),
}

/// What an offer or a comparison is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) transfer: TransferId,
    pub(super) word: Word,
    /// What becomes of names that are taken, if it says so.
    pub(super) existing: Option<Conflict>,
}

/// What is to be done with a transfer that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) transfer: TransferId,
    pub(super) verb: Verb,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Cancel,
    Discard,
    Pause,
    Resume,
    Retry,
}

impl Verb {
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "cancel" => Self::Cancel,
            "discard" => Self::Discard,
            "pause" => Self::Pause,
            "resume" => Self::Resume,
            "retry" => Self::Retry,
            _ => return None,
        })
    }

    pub(super) fn command(self, key: TransferKey) -> Command {
        match self {
            Self::Cancel => Command::Cancel(key),
            Self::Discard => Command::Discard(key),
            Self::Pause => Command::Pause(key),
            Self::Resume => Command::Resume(key),
            Self::Retry => Command::Retry(key),
        }
    }
}

/// Reads `{"transfer":ID,"answer":"accept","existing":"skip"}` or `{"transfer":ID,"command":"pause"}`; the error says what is
/// wrong with it.
pub(super) fn parse(line: &str) -> Result<Line, String> {
    let value: Value = serde_json::from_str(line).map_err(|error| format!("not JSON ({error})"))?;
    let transfer = value.get("transfer").and_then(Value::as_str).and_then(|id| id.parse().ok());
    let transfer = transfer.ok_or("\"transfer\" has to be the id of an offer or transfer")?;
    if let Some(command) = value.get("command") {
        let verb = command.as_str().and_then(Verb::of);
        let verb = verb.ok_or("\"command\" has to be \"pause\", \"resume\", \"cancel\", \"discard\" or \"retry\"")?;
        return Ok(Line::Order(Order { transfer, verb }));
    }
    let word = match value.get("answer").and_then(Value::as_str) {
        Some("accept") => Word::Accept,
        Some("decline") => Word::Decline,
        Some("verify") => Word::Verify,
        _ => return Err("\"answer\" has to be \"accept\", \"decline\" or \"verify\"".to_owned()),
    };
    let existing = value.get("existing").map(existing).transpose()?;
    Ok(Line::Answer(Answer { transfer, word, existing }))
}

fn existing(value: &Value) -> Result<Conflict, String> {
    let word = value.as_str().and_then(|word| Existing::from_str(word, false).ok());
    let word = word.ok_or("\"existing\" has to be \"keep\", \"replace\", \"skip\" or \"identical\"")?;
    Ok(word.into())
}

/// The complaint about a line that is of no use.
pub(super) fn not_understood(problem: &str) -> String {
    format!("an answer was not understood: {problem}")
}

/// A person's word at the prompt; an empty line is a no, `None` was not understood.
pub(super) fn word(line: &str) -> Option<Word> {
    match line.to_lowercase().as_str() {
        "y" | "yes" => Some(Word::Accept),
        "" | "n" | "no" => Some(Word::Decline),
        "v" | "verify" => Some(Word::Verify),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "00112233445566778899aabbccddeeff";

    #[test]
    fn only_whole_answers_count() {
        let line = |answer: &str| format!(r#"{{"transfer":"{ID}","answer":"{answer}"}}"#);
        let transfer = ID.parse().unwrap();
        for (answer, word) in [("accept", Word::Accept), ("decline", Word::Decline), ("verify", Word::Verify)] {
            assert_eq!(parse(&line(answer)), Ok(Line::Answer(Answer { transfer, word, existing: None })));
        }
        for bad in [line("yes"), "accept".to_owned(), "[]".to_owned(), r#"{"answer":"accept"}"#.to_owned()] {
            assert!(parse(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_answer_may_say_what_becomes_of_taken_names() {
        let line = |existing: &str| format!(r#"{{"transfer":"{ID}","answer":"accept","existing":{existing}}}"#);
        let transfer = ID.parse().unwrap();
        for (existing, conflict) in [
            (r#""keep""#, Conflict::KeepBoth),
            (r#""replace""#, Conflict::Replace),
            (r#""skip""#, Conflict::Skip),
            (r#""identical""#, Conflict::SkipIdentical),
        ] {
            let answer = Answer { transfer, word: Word::Accept, existing: Some(conflict) };
            assert_eq!(parse(&line(existing)), Ok(Line::Answer(answer)));
        }
        // Nothing is overwritten because of a word that was not understood.
        for wrong in [r#""overwrite""#, "1", "null"] {
            assert!(parse(&line(wrong)).unwrap_err().contains("existing"), "{wrong}");
        }
    }

    #[test]
    fn transfers_take_orders() {
        let line = |command: &str| format!(r#"{{"transfer":"{ID}","command":{command}}}"#);
        let transfer = ID.parse().unwrap();
        for (word, verb) in [
            ("cancel", Verb::Cancel),
            ("discard", Verb::Discard),
            ("pause", Verb::Pause),
            ("resume", Verb::Resume),
            ("retry", Verb::Retry),
        ] {
            assert_eq!(parse(&line(&format!("\"{word}\""))), Ok(Line::Order(Order { transfer, verb })));
        }
        for wrong in [r#""stop""#, "1"] {
            assert!(parse(&line(wrong)).unwrap_err().contains("command"), "{wrong}");
        }
    }

    #[test]
    fn silence_is_a_no_and_only_the_word_itself_verifies() {
        assert_eq!((word(""), word("V"), word("Yes")), (Some(Word::Decline), Some(Word::Verify), Some(Word::Accept)));
        assert_eq!((word("yv"), word("ok")), (None, None));
    }

    #[test]
    fn an_endless_line_is_cut() {
        let mut input = io::BufReader::new(io::Read::take(io::repeat(b'x'), 3 * MAX_LINE_BYTES));
        assert_eq!(next_line(&mut input).unwrap().len() as u64, MAX_LINE_BYTES);
    }
}
