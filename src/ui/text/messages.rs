//! The texts about messages.

use super::{Word, catalogue::say, figures::fit};
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
    say!("message-card", device)
}

/// A message that got to a person.
pub fn message_arrived(direction: Direction) -> Word {
    match direction {
        Direction::Incoming => Word::MessageReceived,
        Direction::Outgoing => Word::MessageDelivered,
    }
}

/// A message that is being handed over: a moment.
pub fn message_moves(direction: Direction) -> Word {
    match direction {
        Direction::Incoming => Word::MessageReceiving,
        Direction::Outgoing => Word::MessageDelivering,
    }
}

/// Why what was typed cannot be sent.
pub fn bad_message(error: BadMessage) -> String {
    match error {
        BadMessage::Empty => say!("message-empty"),
        BadMessage::TooLong { bytes } => say!("message-too-long", bytes = bytes.saturating_sub(MAX_MESSAGE_BYTES)),
    }
}

/// A message alone, chosen for somebody who cannot read it.
pub fn no_messages_there(device: &str) -> String {
    say!("no-messages-there", device)
}

/// Files with a message, chosen for somebody who cannot read that.
pub fn goes_without_message(device: &str) -> String {
    say!("goes-without-message", device)
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
