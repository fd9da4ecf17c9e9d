//! One TLS connection without its socket: bytes go in, bytes come out, and in between stands rustls.
//!
//! No plaintext passes in either direction before the handshake is over and version, protocol and certificate are what they
//! must be: a caller cannot forget to check. Memory is bounded whatever a peer sends: 16 KiB of unread plaintext and one read
//! more, 64 KiB of handshake, and about 64 KiB that wait to be written.

use std::{
    fmt,
    io::{self, BufRead, Read, Write},
};

use rustls::{Connection, HandshakeKind, ProtocolVersion};

use crate::model::device_key::DeviceKey;

use super::{identity::key_of_certificate, tls::ALPN};

pub use super::session_error::SessionError;

/// Four full records. More would only wait here instead of with the caller.
const WRITE_BUFFER_BYTES: usize = 64 * 1024;

const EXPORTER_LABEL: &[u8] = b"EXPORTER-sealdrop-code";

/// A sealed session at any stage.
pub struct Session {
    connection: Connection,
    /// Known once the handshake is over and everything about it is right.
    established: Option<Established>,
    failed: Option<SessionError>,
    has_plain: bool,
    peer_closed: bool,
    said_goodbye: bool,
}

/// What a session is known by; the same `exporter` at both of its ends and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Established {
    /// The device at the other end, which has proved that the key is its own.
    pub peer: DeviceKey,
    /// RFC 8446 section 7.5: label `EXPORTER-sealdrop-code`, empty context.
    pub exporter: [u8; 32],
}

impl Session {
    pub(super) fn over(mut connection: Connection) -> Self {
        connection.set_buffer_limit(Some(WRITE_BUFFER_BYTES));
        Self { connection, established: None, failed: None, has_plain: false, peer_closed: false, said_goodbye: false }
    }

    /// Takes in raw bytes from the socket, as many as there is room for, and decrypts them: returns how many were taken. 0 only
    /// if `raw` is empty or plaintext must be read first.
    ///
    /// An error is the session's end and is repeated from then on. What was said before it can still be read, and there may be
    /// an alert for the peer: write what `wants_write`.
    pub fn feed(&mut self, raw: &[u8]) -> Result<usize, SessionError> {
        if let Some(failed) = &self.failed {
            return Err(failed.clone());
        }
        let mut rest = raw;
        while !rest.is_empty() {
            if self.peer_closed {
                // RFC 8446 section 6.1: what follows a close_notify is ignored.
                return Ok(raw.len());
            }
            match self.take_in(&mut rest) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    self.failed = Some(error.clone());
                    return Err(error);
                }
            }
        }
        Ok(raw.len() - rest.len())
    }

    /// Takes and decrypts as much as rustls takes at once (4 KiB); false when there is no room.
    fn take_in(&mut self, rest: &mut &[u8]) -> Result<bool, SessionError> {
        match self.connection.read_tls(rest) {
            // How rustls says that its plaintext must be read first.
            Err(error) if error.kind() == io::ErrorKind::Other && self.has_plain => return Ok(false),
            Err(error) => return Err(SessionError::Tls(error.to_string())),
            Ok(0) => return Err(SessionError::Tls("a record has no place".to_owned())),
            Ok(_) => {}
        }
        let early = self.established.is_none();
        let processed = self.connection.process_new_packets();
        self.look_for_plain();
        let state = processed.map_err(|error| SessionError::from_tls(&error, early))?;
        self.peer_closed = state.peer_has_closed();
        if early && !self.connection.is_handshaking() {
            self.established = Some(establish(&self.connection).inspect_err(|_| self.connection.send_close_notify())?);
        }
        Ok(true)
    }

    fn look_for_plain(&mut self) {
        // An error means that there is nothing, now or for ever.
        self.has_plain = self.connection.reader().fill_buf().is_ok_and(|bytes| !bytes.is_empty());
    }

    /// Moves plaintext that is ready into `buffer`: how many bytes. 0: nothing is there now, or `buffer` is empty.
    pub fn read_plain(&mut self, buffer: &mut [u8]) -> usize {
        if self.established.is_none() {
            return 0;
        }
        // An error means that there is nothing: `feed` and `is_closed` say why.
        let read = self.connection.reader().read(buffer).unwrap_or(0);
        self.look_for_plain();
        read
    }

    pub fn has_plain(&self) -> bool {
        self.has_plain && self.established.is_some()
    }

    /// The peer said `close_notify`, and all plaintext before it was read.
    pub fn is_closed(&self) -> bool {
        self.peer_closed && !self.has_plain()
    }

    /// Whether plaintext can be said at all: not before the session is established, nor after a failure or `say_goodbye`.
    pub fn takes_plain(&self) -> bool {
        self.established.is_some() && self.failed.is_none() && !self.said_goodbye
    }

    /// Takes plaintext to encrypt, as much as there is room for: how many bytes. 0 unless `takes_plain`, and while about
    /// 64 KiB wait for `write_tls`.
    pub fn write_plain(&mut self, bytes: &[u8]) -> usize {
        if !self.takes_plain() {
            return 0;
        }
        // An error is one that `feed` has reported already.
        self.connection.writer().write(bytes).unwrap_or(0)
    }

    pub fn wants_write(&self) -> bool {
        self.connection.wants_write()
    }

    /// Writes encrypted bytes to `to`, a socket that does not block: how many. Its errors are passed through unchanged, and
    /// what was not written is kept.
    pub fn write_tls(&mut self, to: &mut dyn Write) -> io::Result<usize> {
        self.connection.write_tls(to)
    }

    pub fn is_handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    /// What the session is known by, once its handshake is over: version, ALPN and the peer's certificate were checked. It
    /// stays known after a later error. At the dialer it comes first: the listener's refusal may still arrive by `feed`.
    pub fn established(&self) -> Result<Established, SessionError> {
        match (&self.established, &self.failed) {
            (Some(established), _) => Ok(established.clone()),
            (None, Some(failed)) => Err(failed.clone()),
            (None, None) => Err(SessionError::Tls("the handshake is not over".to_owned())),
        }
    }

    /// Says `close_notify`: nothing more is written. Reading goes on.
    pub fn say_goodbye(&mut self) {
        self.said_goodbye = true;
        self.connection.send_close_notify();
    }

    /// Whether a handshake was left out. Never; for tests.
    pub fn was_resumed(&self) -> bool {
        self.connection.handshake_kind() == Some(HandshakeKind::Resumed)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let peer = self.established.as_ref().map(|established| established.peer);
        f.debug_struct("Session").field("peer", &peer).field("failed", &self.failed).finish_non_exhaustive()
    }
}

fn establish(connection: &Connection) -> Result<Established, SessionError> {
    if connection.protocol_version() != Some(ProtocolVersion::TLSv1_3) {
        return Err(SessionError::NotSealdrop("not TLS 1.3".to_owned()));
    }
    if connection.alpn_protocol() != Some(ALPN) {
        return Err(SessionError::NotSealdrop("no common application protocol".to_owned()));
    }
    let certificate =
        connection.peer_certificates().and_then(|chain| chain.first()).ok_or(SessionError::NoCertificate)?;
    let exporter = connection
        .export_keying_material([0; 32], EXPORTER_LABEL, Some(&[]))
        .map_err(|error| SessionError::from_tls(&error, false))?;
    Ok(Established { peer: key_of_certificate(certificate), exporter })
}
