//! What stands between a link and its socket: nothing in the plain protocol, TLS in a sealed session.

use std::{
    io::{self, ErrorKind, IoSlice, Read, Write},
    net::{IpAddr, SocketAddr, TcpStream},
};

use crate::{
    crypto::session::{Established, Session, SessionError},
    transfer::link::LinkEnd,
};

/// One read of encrypted bytes. TLS records hold at most 16 KiB; several in one call save calls.
const RAW_BYTES: usize = 128 << 10;

/// An end of the stream that TLS was not told of: anybody on the way can make one.
const CUT_OFF: &str = "the other side closed the connection without a word";

/// A sealed session that is not there (yet, or any more) carries no word.
const NOTHING_SAID: &str = "the encrypted connection takes nothing more";

/// A non-blocking socket, plain or sealed. Nothing in here waits: what cannot go on says `WouldBlock`.
pub(super) struct Transport {
    stream: TcpStream,
    sealed: Option<Box<Sealed>>,
    /// Bytes that have gone into the socket.
    sent: u64,
}

struct Sealed {
    session: Session,
    /// Encrypted bytes that were read: those from `taken` to `filled` have not been taken in.
    raw: Vec<u8>,
    taken: usize,
    filled: usize,
}

/// Why a sealed session cannot go on.
pub(super) enum Trouble {
    Io(io::Error),
    Tls(SessionError),
}

impl Transport {
    pub(super) fn plain(stream: TcpStream) -> Self {
        Self { stream, sealed: None, sent: 0 }
    }

    /// From now on everything goes through `session`; `before` are bytes of it that were read already.
    pub(super) fn seal(&mut self, session: Session, before: Vec<u8>) {
        let filled = before.len();
        self.sealed = Some(Box::new(Sealed { session, raw: before, taken: 0, filled }));
    }

    pub(super) fn is_sealed(&self) -> bool {
        self.sealed.is_some()
    }

    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Whether a read would give bytes although the socket has none.
    pub(super) fn has_plain(&self) -> bool {
        self.sealed.as_ref().is_some_and(|sealed| sealed.session.has_plain() || sealed.taken < sealed.filled)
    }

    /// Whether encrypted bytes wait for room in the socket.
    pub(super) fn has_unsent(&self) -> bool {
        self.sealed.as_ref().is_some_and(|sealed| sealed.session.wants_write())
    }

    /// Gives back room for encrypted bytes, unless some are in it.
    pub(super) fn let_go_of_room(&mut self) {
        if let Some(sealed) = self.sealed.as_mut().filter(|sealed| sealed.taken >= sealed.filled) {
            (sealed.raw, sealed.taken, sealed.filled) = (Vec::new(), 0, 0);
        }
    }

    /// Bytes that have gone into the socket so far, encrypted or not.
    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    /// Reads what is there; 0 is the end in order. Records are gathered as long as there is room: whoever hashes and writes
    /// what was read does so in pieces as large as without TLS.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut read = 0;
        loop {
            let Some(sealed) = &mut self.sealed else { return self.stream.read(buffer) };
            read += sealed.session.read_plain(buffer.get_mut(read..).unwrap_or_default());
            if read == buffer.len() || sealed.session.is_closed() {
                return Ok(read);
            }
            match sealed.feed(&mut self.stream) {
                Ok(()) => {}
                // Whatever it is, it is found again by the next call.
                Err(_) if read > 0 => return Ok(read),
                Err(Trouble::Io(error)) => return Err(error),
                Err(Trouble::Tls(error)) => {
                    // The alert that tells the peer why; it may be gone already.
                    self.push().ok();
                    return Err(LinkEnd::Sealed(error.reason()).into());
                }
            }
        }
    }

    /// Writes some of two pieces, one behind the other; how many bytes were taken. Before a session is established, and
    /// once it has failed, nothing can be said any more: that is an error and not `WouldBlock`.
    pub(super) fn write(&mut self, pieces: [&[u8]; 2]) -> io::Result<usize> {
        if self.sealed.is_none() {
            let wrote = self.stream.write_vectored(&pieces.map(IoSlice::new))?;
            self.sent += wrote as u64;
            return Ok(wrote);
        }
        if self.sealed.as_ref().is_some_and(|sealed| !sealed.session.takes_plain()) {
            return Err(io::Error::new(ErrorKind::BrokenPipe, NOTHING_SAID));
        }
        let mut taken = 0;
        for piece in pieces {
            let mut rest = piece;
            while !rest.is_empty() {
                let now = self.sealed.as_mut().map_or(0, |sealed| sealed.session.write_plain(rest));
                taken += now;
                rest = rest.get(now..).unwrap_or_default();
                if now > 0 {
                    continue;
                }
                match self.push() {
                    Ok(true) => {}
                    // Whatever it is, it is found again by the next call: what was taken before it is on its way.
                    Ok(false) | Err(_) if taken > 0 => return Ok(taken),
                    Ok(false) => return Err(ErrorKind::WouldBlock.into()),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(taken)
    }

    /// Sends encrypted bytes that wait; true when none are left.
    pub(super) fn push(&mut self) -> io::Result<bool> {
        let Some(sealed) = &mut self.sealed else { return Ok(true) };
        while sealed.session.wants_write() {
            match sealed.session.write_tls(&mut self.stream) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(sent) => self.sent += sent as u64,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// One step of the handshake. `WouldBlock` inside: the peer has to speak first.
    pub(super) fn shake_hands(&mut self) -> Result<Option<Established>, Trouble> {
        if !self.push().map_err(Trouble::Io)? {
            return Ok(None);
        }
        let Some(sealed) = &mut self.sealed else { return Ok(None) };
        if !sealed.session.is_handshaking() {
            return sealed.session.established().map(Some).map_err(Trouble::Tls);
        }
        let fed = sealed.feed(&mut self.stream);
        // Also the alert that tells the peer what was wrong; it may be gone already.
        let pushed = self.push();
        fed?;
        pushed.map(|_all_left| None).map_err(Trouble::Io)
    }

    /// Says that nothing more will be written, in TLS's own way; it leaves with the next `push`.
    pub(super) fn say_goodbye(&mut self) {
        if let Some(sealed) = &mut self.sealed {
            sealed.session.say_goodbye();
        }
    }
}

impl Sealed {
    /// Gives TLS what was read, or reads more for it.
    fn feed(&mut self, stream: &mut TcpStream) -> Result<(), Trouble> {
        if self.taken >= self.filled {
            self.raw.resize(RAW_BYTES, 0);
            (self.taken, self.filled) = (0, 0);
            self.filled = loop {
                match stream.read(&mut self.raw) {
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Ok(0) => return Err(Trouble::Io(io::Error::new(ErrorKind::UnexpectedEof, CUT_OFF))),
                    read => break read.map_err(Trouble::Io)?,
                }
            };
        }
        let fresh = self.raw.get(self.taken..self.filled).unwrap_or_default();
        self.taken += self.session.feed(fresh).map_err(Trouble::Tls)?;
        Ok(())
    }
}

/// An IPv4 address that came in through an IPv6 socket, as IPv4.
pub(super) fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        // As it was, with the interface that a link-local one is meant on.
        IpAddr::V6(_) => address,
        four @ IpAddr::V4(_) => SocketAddr::new(four, address.port()),
    }
}
