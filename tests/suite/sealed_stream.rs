//! A blocking TLS stream for scripted peers: the same TLS as the program's, over a plain socket.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
};

use sealdrop::{
    crypto::{
        identity::Identity,
        session::{Established, Session, SessionError},
        tls::Tls,
    },
    model::device_key::DeviceKey,
};

/// A new key for a test's device.
pub(crate) fn new_identity() -> Identity {
    Identity::make().unwrap().0
}

/// A socket whose bytes go through a TLS session.
pub(crate) struct SealedStream {
    pub(crate) socket: TcpStream,
    session: Session,
    raw: Vec<u8>,
}

impl SealedStream {
    /// As the dialer, up to the end of the handshake.
    pub(crate) fn call(socket: TcpStream, own: &Identity, expect: Option<DeviceKey>) -> Result<Self, SessionError> {
        Self::shake(socket, Tls::new(own).unwrap().call(expect).unwrap())
    }

    /// As the listener.
    pub(crate) fn answer(socket: TcpStream, own: &Identity) -> Result<Self, SessionError> {
        Self::shake(socket, Tls::new(own).unwrap().answer().unwrap())
    }

    fn shake(socket: TcpStream, session: Session) -> Result<Self, SessionError> {
        let mut this = Self { socket, session, raw: Vec::new() };
        while this.session.is_handshaking() {
            this.push().map_err(|error| SessionError::Tls(error.to_string()))?;
            if this.session.is_handshaking() {
                this.take_in().map_err(|error| SessionError::Tls(error.to_string()))??;
            }
        }
        this.push().map_err(|error| SessionError::Tls(error.to_string()))?;
        this.session.established()?;
        Ok(this)
    }

    pub(crate) fn established(&self) -> Established {
        self.session.established().unwrap()
    }

    pub(crate) fn was_resumed(&self) -> bool {
        self.session.was_resumed()
    }

    /// Says that nothing more comes, in TLS's way; the socket stays open.
    pub(crate) fn say_goodbye(&mut self) {
        self.session.say_goodbye();
        self.push().ok();
    }

    /// Whether something can be read, without waiting for it.
    pub(crate) fn has_input(&mut self) -> bool {
        if !self.session.has_plain() {
            self.socket.set_nonblocking(true).unwrap();
            self.take_in().ok();
            self.socket.set_nonblocking(false).unwrap();
        }
        self.session.has_plain()
    }

    fn push(&mut self) -> io::Result<()> {
        while self.session.wants_write() {
            self.session.write_tls(&mut self.socket)?;
        }
        Ok(())
    }

    /// Outer error: the socket's. Inner: what TLS found.
    fn take_in(&mut self) -> io::Result<Result<(), SessionError>> {
        if self.raw.is_empty() {
            let mut buffer = vec![0; 64 << 10];
            let read = self.socket.read(&mut buffer)?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            buffer.truncate(read);
            self.raw = buffer;
        }
        let fed = self.session.feed(&self.raw);
        let pushed = self.push();
        Ok(fed.map(|taken| {
            self.raw.drain(..taken);
            pushed.ok();
        }))
    }
}

impl Read for SealedStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.session.read_plain(buffer);
            if read > 0 || self.session.is_closed() || buffer.is_empty() {
                return Ok(read);
            }
            self.take_in()?.map_err(io::Error::other)?;
        }
    }
}

impl Write for SealedStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.session.write_plain(bytes);
        self.push()?;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.push()
    }
}
