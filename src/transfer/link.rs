//! What a lane reads from and writes to, and the ways in which that can be over.

use std::{
    io::{self, Read, Write},
    time::{Duration, Instant},
};

use super::limits::Limits;
use crate::model::reason::Reason;

/// A connection as lanes see it. `read` and `write` wait as long as the lane lives, so they never fail with
/// `WouldBlock`, `TimedOut` or `Interrupted`: an error means that the lane is over and holds a [`LinkEnd`].
///
/// Writes are gathered and leave at the latest when the lane waits; `flush` sends them now.
pub trait Link: Read + Write {
    /// Whether `read` would return at once (bytes or the end). Looks at the socket.
    fn pending(&mut self) -> bool;

    /// Sends what was gathered and waits until something can be read, or until somebody woke this link.
    ///
    /// # Errors
    /// A `LinkEnd`.
    fn wait(&mut self) -> io::Result<Wake>;

    /// Writes some of `bytes`, waiting if need be; comes back early when input arrives meanwhile.
    ///
    /// # Errors
    /// A `LinkEnd`.
    fn write_some(&mut self, bytes: &[u8]) -> io::Result<Wrote>;

    /// Reads some bytes into `buffer`, waiting no longer than a moment. `None`: none have come yet, or somebody woke this link;
    /// 0 is the end of the stream.
    ///
    /// # Errors
    /// A `LinkEnd`.
    fn read_some(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        self.read(buffer).map(Some)
    }

    /// Sends what can be sent without waiting, and a ping if one is due: for a lane that is busy with something else.
    ///
    /// # Errors
    /// A `LinkEnd`.
    fn tick(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// How many of `wanted` bytes of bodies may be moved now, under the speed limit of this direction; those that may count
    /// as moved. 0: none yet, though what was gathered has left and a moment has passed. Look at your input and ask again.
    ///
    /// # Errors
    /// A `LinkEnd`.
    fn admit(&mut self, wanted: usize) -> io::Result<usize>;

    /// Which connection takes the next bytes of a body. Waits if need be, and comes back early when input arrives meanwhile.
    ///
    /// # Errors
    /// A `LinkEnd`.
    fn next_way(&mut self) -> io::Result<Way> {
        Ok(Way::Here)
    }

    /// Takes all of `bytes` for the further connection that `next_way` has just named.
    ///
    /// # Errors
    /// A `LinkEnd`.
    fn write_beside(&mut self, number: u32, _bytes: &[u8]) -> io::Result<()> {
        Err(LinkEnd::no_such(number).into())
    }

    /// Whether there is a further connection of this number.
    fn has_beside(&mut self, _number: u32) -> bool {
        false
    }

    /// As `read_some`, from a further connection.
    ///
    /// # Errors
    /// A `LinkEnd`.
    fn read_beside(&mut self, number: u32, _buffer: &mut [u8]) -> io::Result<Option<usize>> {
        Err(LinkEnd::no_such(number).into())
    }

    /// Why this side has to stand still, if it has to.
    fn held(&self) -> Option<Held> {
        None
    }

    /// How long the waits of this connection may take.
    fn limits(&self) -> Limits;

    /// How long this connection has been waited for so far: for its peer, for the network, for its turn.
    fn waited(&self) -> Duration {
        Duration::ZERO
    }

    /// Bytes gathered and not yet sent.
    fn queued(&self) -> usize;

    /// Whether a body is open on this side: nothing but the lane's own bytes may then be written.
    fn set_in_body(&mut self, in_body: bool);

    /// Whether the open body stands still between two of its chunks: a ping may then go as an interlude.
    fn set_at_border(&mut self, _at_border: bool) {}

    /// From `deadline` on every wait fails with `LinkEnd::Deadline`; `None` lifts it.
    fn set_deadline(&mut self, deadline: Option<Instant>);
}

/// Where the next bytes of a body go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Over the further connection of this number.
    Beside(u32),
    /// Between the headers, over the first connection.
    Here,
    /// Nowhere yet, and there is something to read.
    Input,
}

/// Why a side holds its transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// A person said *Pause*.
    Person,
    /// Others have their turn.
    Turn,
}

/// Why `Link::wait` came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// Bytes or the end of the stream can be read.
    Input,
    /// Somebody else has something for this lane, or a moment passed.
    Woken,
}

/// What `Link::write_some` did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrote {
    /// So many bytes were taken.
    Bytes(usize),
    /// None, but there is something to read.
    Input,
}

/// Why a link is over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkEnd {
    #[error("cancelled on this side")]
    Cancelled,
    #[error("a deadline passed")]
    Deadline,
    #[error("the connection broke: {0}")]
    PeerGone(String),
    /// TLS ended it, for a reason of its own; nothing can be said to the peer any more.
    #[error("{0}")]
    Sealed(Reason),
    #[error("nothing came for {0} s")]
    Silent(u64),
    /// It ends here for now and goes on another time.
    #[error("the program there was closed, or took up the transfer over another connection")]
    Suspended,
}

impl From<LinkEnd> for io::Error {
    fn from(end: LinkEnd) -> Self {
        Self::other(end)
    }
}

impl LinkEnd {
    fn no_such(number: u32) -> Self {
        Self::PeerGone(format!("there is no connection {number}"))
    }

    /// The `LinkEnd` inside an error of a link; any other error counts as a broken connection.
    pub fn of(error: &io::Error) -> Self {
        error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<Self>())
            .cloned()
            .unwrap_or_else(|| Self::PeerGone(error.to_string()))
    }
}
