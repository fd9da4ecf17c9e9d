//! The texts about messages.

use super::figures::{count, fit};
use crate::model::{
    message::{self, BadMessage, MAX_MESSAGE_BYTES},
    transfer::Direction,
};

/// Characters of a message that stands for a name.
const MOST_OF_MESSAGE: usize = 60;

/// What a message is called where there is room for one line.
pub fn message_title(message: &str) -> String {
    fit(&message::first_line(message), MOST_OF_MESSAGE)
}

/// The accessible name of a message's card.
pub fn message_card(device: &str) -> String {
    format!("Message from {device}")
}

/// The accessible name of *Copy* beside a message.
pub fn copy_message() -> &'static str {
    "Copy message"
}

/// The button that sends a message alone.
pub fn send_message() -> &'static str {
    "Send message"
}

/// In the empty field for a message, while nothing else is staged.
pub fn write_message_hint() -> &'static str {
    "Or write a message"
}

/// On the button that sends a message.
pub fn send_message_tip() -> &'static str {
    "Ctrl+Enter in the message sends it, too"
}

/// What *Accept* on a message's card does.
pub fn accept_message_tip() -> &'static str {
    "Keeps the message, and tells the sender that it was delivered"
}

/// A message that got to a person.
pub fn message_arrived(direction: Direction) -> &'static str {
    match direction {
        Direction::Incoming => "Received",
        Direction::Outgoing => "Delivered",
    }
}

/// A message that is being handed over: a moment.
pub fn message_moves(direction: Direction) -> &'static str {
    match direction {
        Direction::Incoming => "Receiving…",
        Direction::Outgoing => "Delivering…",
    }
}

/// Why what was typed cannot be sent.
pub fn bad_message(error: BadMessage) -> String {
    match error {
        BadMessage::Empty => "Write something to send".to_owned(),
        BadMessage::TooLong { bytes } => {
            let over = count((bytes - MAX_MESSAGE_BYTES.min(bytes)) as u64, "byte", "bytes");
            format!("The message is too long by {over}. Save it as a file and send that instead")
        }
    }
}

/// What was pasted is longer than any message.
pub fn pasted_too_long() -> &'static str {
    "The text on the clipboard is too long for a message. Save it as a file and send that instead"
}

/// A message alone, chosen for somebody who cannot read it.
pub fn no_messages_there(device: &str) -> String {
    format!("{device} speaks the plain protocol, which carries no messages")
}

/// Files with a message, chosen for somebody who cannot read that.
pub fn goes_without_message(device: &str) -> String {
    format!("{device} gets the files without the message: the plain protocol carries none")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_is_too_long_says_by_how_much_and_what_to_do() {
        let said = bad_message(BadMessage::TooLong { bytes: MAX_MESSAGE_BYTES + 1 });
        assert_eq!(said, "The message is too long by 1 byte. Save it as a file and send that instead");
    }

    #[test]
    fn a_long_first_line_is_cut_in_the_middle() {
        let title = message_title(&format!("{}\nsecond", "x".repeat(200)));
        assert!(title.chars().count() == MOST_OF_MESSAGE && title.contains('…'), "{title}");
    }
}
