//! The text of a message: what is fit to be sent, and how a text from elsewhere is shown.

use super::device::is_hidden;

/// Most bytes of a message, as UTF-8.
pub const MAX_MESSAGE_BYTES: usize = 16 * 1024;

/// A tab is shown, and sent, as so many blanks.
const TAB: &str = "    ";

/// Why a text cannot be sent as a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMessage {
    #[error("a message needs some text")]
    Empty,
    #[error("a message has at most {MAX_MESSAGE_BYTES} bytes; this one has {bytes}")]
    TooLong { bytes: usize },
}

/// The text as it is sent: lines end with `\n`, no blanks at either end, nothing that the other side would not show.
///
/// # Errors
/// Nothing is left, or too much.
pub fn parse(text: &str) -> Result<String, BadMessage> {
    let sent: String = plain_lines(text).chars().filter(|c| *c == '\n' || !is_hidden(*c)).collect();
    // A first line that is indented keeps that: it may be a piece of a program.
    let sent = sent.trim_end().trim_start_matches('\n');
    match sent.len() {
        _ if sent.trim().is_empty() => Err(BadMessage::Empty),
        bytes if bytes > MAX_MESSAGE_BYTES => Err(BadMessage::TooLong { bytes }),
        _ => Ok(sent.to_owned()),
    }
}

/// A text from elsewhere as it is shown and copied: line breaks stay, every other control or direction character becomes
/// `\u{fffd}`, so that no line holds more than can be seen.
pub fn shown(text: &str) -> String {
    plain_lines(text).chars().map(|c| if c != '\n' && is_hidden(c) { '\u{fffd}' } else { c }).collect()
}

/// What stands for the whole text where there is room for one line: the first one with something on it.
pub fn first_line(text: &str) -> String {
    let shown = shown(text);
    shown.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned()
}

fn plain_lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n").replace('\t', TAB)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_shown_as_it_was_sent() {
        let sent = parse("\u{feff}\r\n  one\r\ntwo\tthree\u{200b}\u{1b}[31m\r four\u{202e} 👩\u{200d}💻 \n\n").unwrap();
        assert_eq!(sent, "  one\ntwo    three[31m\n four 👩\u{200d}💻");
        assert_eq!(shown(&sent), sent);
    }

    #[test]
    fn what_turns_text_round_or_steers_a_terminal_is_shown_as_what_it_is() {
        assert_eq!(shown("a\u{202e}b\u{1b}[2J\u{7}\0\nc\rd"), "a\u{fffd}b\u{fffd}[2J\u{fffd}\u{fffd}\nc\nd");
        // Letters that nobody sees, and that are copied all the same.
        assert_eq!(shown("ls\u{e0072}\u{e006d}\u{206f}\u{fff9}"), "ls\u{fffd}\u{fffd}\u{fffd}\u{fffd}");
    }

    #[test]
    fn a_message_has_some_text_and_at_most_sixteen_kibibytes() {
        for nothing in ["", " \n\t ", "\u{200b}\0"] {
            assert_eq!(parse(nothing), Err(BadMessage::Empty));
        }
        let most = "文".repeat(MAX_MESSAGE_BYTES / 3);
        assert_eq!(parse(&most).as_deref(), Ok(most.as_str()));
        assert_eq!(parse(&format!("{most}ab")), Err(BadMessage::TooLong { bytes: MAX_MESSAGE_BYTES + 1 }));
    }

    #[test]
    fn a_text_is_called_by_its_first_line() {
        assert_eq!(first_line("\n  \n  see you\u{202e} at eight \nBert"), "see you\u{fffd} at eight");
        assert_eq!(first_line(" \n"), "");
    }
}
