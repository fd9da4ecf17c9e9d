//! How a link becomes a sealed session, and how it says goodbye.

use std::{
    io::{self, ErrorKind, Write},
    net::Shutdown,
};

use super::{SocketLink, transport::Trouble};
use crate::{
    crypto::session::{Established, Session},
    engine::call::SealError,
    transfer::link::LinkEnd,
};

impl SocketLink {
    /// Says that nothing more will be written, after all that was. A failure means that the peer is gone, which reading
    /// will show.
    pub fn shut_writing(&mut self) {
        self.transport.say_goodbye();
        self.flush().ok();
        self.stream().shutdown(Shutdown::Write).ok();
    }

    /// Whether this is a sealed session, or on the way to be one.
    pub fn is_sealed(&self) -> bool {
        self.transport.is_sealed()
    }

    /// Makes this a sealed session: everything from here on, and what was read ahead already, is TLS.
    ///
    /// # Errors
    /// How the link ended, or what TLS found wrong with the peer.
    pub fn seal(&mut self, session: Session) -> Result<Established, SealError> {
        let before = self.inbox.drain(..).collect();
        self.transport.seal(session, before);
        loop {
            self.check_limits().map_err(link_end)?;
            match self.transport.shake_hands() {
                Ok(Some(established)) => return Ok(established),
                Ok(None) => {
                    if self.transport.has_unsent() {
                        self.poll(true).map_err(link_end)?;
                    }
                }
                Err(Trouble::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                    self.poll(false).map_err(link_end)?;
                }
                Err(Trouble::Io(error)) => return Err(link_end(error)),
                Err(Trouble::Tls(error)) => return Err(SealError::Session(error)),
            }
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function for map_err")]
fn link_end(error: io::Error) -> SealError {
    SealError::Link(LinkEnd::of(&error))
}
