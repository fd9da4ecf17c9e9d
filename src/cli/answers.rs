//! Answers to offers from standard input: lines of JSON from a script, or a person's few letters.

use std::{
    io::{self, BufRead, IsTerminal},
    time::Duration,
};

use crossbeam_channel::{Receiver, bounded};
use serde_json::Value;

use crate::{engine::threads, model::transfer::TransferId};

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
pub(super) struct Answer {
    pub(super) transfer: TransferId,
    pub(super) word: Word,
}

/// Reads `{"transfer":ID,"answer":"accept"}`; the error says what is wrong with it.
pub(super) fn parse(line: &str) -> Result<Answer, String> {
    let value: Value = serde_json::from_str(line).map_err(|error| format!("not JSON ({error})"))?;
    let transfer = value.get("transfer").and_then(Value::as_str).and_then(|id| id.parse().ok());
    let transfer = transfer.ok_or("\"transfer\" has to be the id of an offer")?;
    let word = match value.get("answer").and_then(Value::as_str) {
        Some("accept") => Word::Accept,
        Some("decline") => Word::Decline,
        Some("verify") => Word::Verify,
        _ => return Err("\"answer\" has to be \"accept\", \"decline\" or \"verify\"".to_owned()),
    };
    Ok(Answer { transfer, word })
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

    #[test]
    fn only_whole_answers_count() {
        let id = "00112233445566778899aabbccddeeff";
        let line = |answer: &str| format!(r#"{{"transfer":"{id}","answer":"{answer}"}}"#);
        let transfer = id.parse().unwrap();
        for (answer, word) in [("accept", Word::Accept), ("decline", Word::Decline), ("verify", Word::Verify)] {
            assert_eq!(parse(&line(answer)), Ok(Answer { transfer, word }));
        }
        for bad in [line("yes"), "accept".to_owned(), "[]".to_owned(), r#"{"answer":"accept"}"#.to_owned()] {
            assert!(parse(&bad).is_err(), "{bad}");
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
