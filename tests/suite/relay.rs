//! Somebody in the middle: one who only listens, and one who ends TLS on both sides with keys of their own.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::mpsc::{Receiver, channel},
    thread::{Builder, JoinHandle},
    time::Duration,
};

use sealdrop::{crypto::identity::Identity, model::device::PeerAddr};

use crate::{
    scripted::dial_plain,
    sealed_stream::{SealedStream, new_identity},
    support::LIMIT,
};

/// How long a look for more bytes takes.
const LOOK: Duration = Duration::from_millis(5);

/// Passes one connection on unchanged, and keeps what went through.
pub(crate) struct Recorder {
    port: u16,
    heard: JoinHandle<Recorded>,
}

/// The bytes of one connection.
pub(crate) struct Recorded {
    pub(crate) from_dialer: Vec<u8>,
    pub(crate) from_listener: Vec<u8>,
}

/// What is done to a connection's bytes on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meddling {
    /// One bit of the byte at this place is turned round.
    Change(usize),
    /// Both directions end before this place.
    Cut(usize),
    Nothing,
}

impl Recorder {
    /// In front of an engine's port.
    pub(crate) fn before(port: u16) -> Self {
        Self::meddling(port, Meddling::Nothing, Meddling::Nothing)
    }

    /// As `before`, changing what the dialer and what the listener says.
    pub(crate) fn meddling(port: u16, of_dialer: Meddling, of_listener: Meddling) -> Self {
        let (door, own) = door();
        let heard = spawn(move || {
            let dialer = door.accept().unwrap().0;
            let listener = dial_plain(port);
            let (from, to) = (dialer.try_clone().unwrap(), listener.try_clone().unwrap());
            let forward = spawn(move || pass_on(from, to, of_dialer));
            let from_listener = pass_on(listener, dialer, of_listener);
            Recorded { from_dialer: forward.join().unwrap(), from_listener }
        });
        Self { port: own, heard }
    }

    pub(crate) fn address(&self) -> PeerAddr {
        address_of(self.port)
    }

    /// Waits until both sides have closed.
    pub(crate) fn recorded(self) -> Recorded {
        self.heard.join().unwrap()
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, meddling: Meddling) -> Vec<u8> {
    let mut heard = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        let (before, mut read) = (heard.len(), read);
        match meddling {
            Meddling::Change(at) if (before..before + read).contains(&at) => buffer[at - before] ^= 0x10,
            Meddling::Cut(at) if before + read > at => read = at - before,
            _ => {}
        }
        heard.extend_from_slice(&buffer[..read]);
        let cut = meddling == Meddling::Cut(heard.len());
        if to.write_all(&buffer[..read]).is_err() || cut {
            // Neither side hears any more of the other.
            from.shutdown(Shutdown::Both).ok();
            break;
        }
    }
    // The other side may be gone already.
    to.shutdown(Shutdown::Write).ok();
    heard
}

/// Passes on as many connections as come, unchanged.
pub(crate) struct Crossing {
    port: u16,
    made: Receiver<[TcpStream; 2]>,
}

impl Crossing {
    /// In front of an engine's port.
    pub(crate) fn before(port: u16) -> Self {
        let (door, own) = door();
        let (making, made) = channel();
        spawn(move || {
            for dialer in door.incoming().map_while(Result::ok) {
                let listener = dial_plain(port);
                let ends = [dialer.try_clone().unwrap(), listener.try_clone().unwrap()];
                let (back, forth) = (listener.try_clone().unwrap(), dialer.try_clone().unwrap());
                spawn(move || pass(dialer, listener));
                spawn(move || pass(back, forth));
                if making.send(ends).is_err() {
                    return;
                }
            }
        });
        Self { port: own, made }
    }

    pub(crate) fn address(&self) -> PeerAddr {
        address_of(self.port)
    }

    /// The next connection, to be cut by shutting it down.
    pub(crate) fn next(&self) -> [TcpStream; 2] {
        self.made.recv_timeout(LIMIT).expect("no further connection")
    }

    /// How many have come since the last look.
    pub(crate) fn count(&self) -> usize {
        self.made.try_iter().count()
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    std::io::copy(&mut from, &mut to).ok();
    // The other side may be gone already.
    to.shutdown(Shutdown::Write).ok();
}

/// Ends TLS on both sides and passes on what is said inside, for as many connections as come.
pub(crate) struct Middle {
    port: u16,
}

impl Middle {
    /// In front of an engine's port.
    pub(crate) fn before(port: u16) -> Self {
        let (door, own) = door();
        spawn(move || {
            for dialer in door.incoming().map_while(Result::ok) {
                spawn(move || stand_between(dialer, port, &new_identity(), &new_identity()));
            }
        });
        Self { port: own }
    }

    pub(crate) fn address(&self) -> PeerAddr {
        address_of(self.port)
    }
}

fn stand_between(dialer: TcpStream, port: u16, towards_dialer: &Identity, towards_listener: &Identity) {
    let Ok(mut one) = SealedStream::answer(dialer, towards_dialer) else { return };
    let Ok(mut other) = SealedStream::call(dial_plain(port), towards_listener, None) else { return };
    for stream in [&one, &other] {
        stream.socket.set_read_timeout(Some(LOOK)).unwrap();
    }
    while move_some(&mut one, &mut other) && move_some(&mut other, &mut one) {}
    for mut stream in [one, other] {
        stream.say_goodbye();
        stream.socket.shutdown(Shutdown::Both).ok();
    }
}

/// Passes on what is there; false at the end.
fn move_some(from: &mut SealedStream, to: &mut SealedStream) -> bool {
    let mut buffer = vec![0; 64 << 10];
    match from.read(&mut buffer) {
        Ok(0) => false,
        Ok(read) => to.write_all(&buffer[..read]).is_ok(),
        Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

fn door() -> (TcpListener, u16) {
    let door = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = door.local_addr().unwrap().port();
    (door, port)
}

fn address_of(port: u16) -> PeerAddr {
    PeerAddr { host: "127.0.0.1".to_owned(), port }
}

fn spawn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    Builder::new().name("relay".to_owned()).spawn(work).unwrap()
}
