//! What was read ahead of whoever wants it: looking at it, taking of it, reading more.

use std::{io, time::Duration};

use super::{INBOX_BYTES, SocketLink};

impl SocketLink {
    /// Reads what is there without waiting, into the inbox. True when something (or the end) is there to be read.
    pub fn poll_input(&mut self) -> bool {
        if self.inbox.is_empty() && !self.ended {
            self.fill();
        }
        !self.inbox.is_empty() || self.ended
    }

    /// The bytes that were read ahead, without taking them.
    pub fn peek(&mut self) -> &[u8] {
        self.inbox.make_contiguous()
    }

    /// Reads more into the inbox without waiting, up to its bound; true when the stream has ended.
    pub fn poll_more(&mut self) -> bool {
        if !self.ended && self.inbox.len() < INBOX_BYTES {
            self.fill();
        }
        self.ended
    }

    /// Whether the stream has ended, as far as it was read.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Takes `count` bytes out of the inbox.
    pub fn consume(&mut self, count: usize) {
        self.inbox.drain(..count.min(self.inbox.len()));
    }

    /// Waits at most `pause` for more bytes than were read ahead, with the checks of every wait.
    ///
    /// # Errors
    /// A `LinkEnd`.
    pub fn wait_for_more(&mut self, pause: Duration) -> io::Result<()> {
        self.poll_for(false, pause)
    }
}
