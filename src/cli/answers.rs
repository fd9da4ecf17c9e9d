//! Answers to offers from standard input: lines of JSON from a script, or a person's yes and no.

use std::io::{self, BufRead};

use crossbeam_channel::{Receiver, bounded};
use serde_json::Value;

use crate::{engine::threads, model::transfer::TransferId};

/// Lines that may wait to be heard.
const LINES: usize = 64;
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

/// `None` at the end, or when it cannot be read any more.
fn next_line(input: &mut impl BufRead) -> Option<String> {
    let mut line = Vec::new();
    let read = io::Read::take(&mut *input, MAX_LINE_BYTES).read_until(b'\n', &mut line).ok()?;
    (read > 0).then(|| String::from_utf8_lossy(&line).trim().to_owned())
}

/// One line of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) transfer: TransferId,
    pub(super) accept: bool,
}

/// Reads `{"transfer":ID,"answer":"accept"}`; the error says what is wrong with it.
pub(super) fn parse(line: &str) -> Result<Answer, String> {
    let value: Value = serde_json::from_str(line).map_err(|error| format!("not JSON ({error})"))?;
    let transfer = value.get("transfer").and_then(Value::as_str).and_then(|id| id.parse().ok());
    let transfer = transfer.ok_or("\"transfer\" has to be the id of an offer")?;
    let accept = match value.get("answer").and_then(Value::as_str) {
        Some("accept") => true,
        Some("decline") => false,
        _ => return Err("\"answer\" has to be \"accept\" or \"decline\"".to_owned()),
    };
    Ok(Answer { transfer, accept })
}

/// A person's word at the prompt; an empty line is a no, `None` was not understood.
pub(super) fn yes_or_no(line: &str) -> Option<bool> {
    match line.to_lowercase().as_str() {
        "y" | "yes" => Some(true),
        "" | "n" | "no" => Some(false),
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
        assert_eq!(parse(&line("accept")), Ok(Answer { transfer, accept: true }));
        assert_eq!(parse(&line("decline")), Ok(Answer { transfer, accept: false }));
        for bad in [line("yes"), "accept".to_owned(), "[]".to_owned(), r#"{"answer":"accept"}"#.to_owned()] {
            assert!(parse(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_endless_line_is_cut() {
        let mut input = io::BufReader::new(io::Read::take(io::repeat(b'x'), 3 * MAX_LINE_BYTES));
        assert_eq!(next_line(&mut input).unwrap().len() as u64, MAX_LINE_BYTES);
    }
}
