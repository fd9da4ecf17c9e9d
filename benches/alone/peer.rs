//! The other end, as cheap as can be: a sink that drops what comes, a source that has encrypted everything before.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Instant,
};

use crossbeam_channel::Receiver;
use sealdrop::{
    crypto::{identity::Identity, session::Session, tls::Tls},
    digest::Hasher,
    wire::{
        chunk::{self, SEND_CHUNK_BYTES},
        header::{Message, PlanItem, Want, encode},
    },
};

/// A TLS session over a socket that waits.
pub(crate) struct Peer {
    socket: TcpStream,
    session: Session,
}

impl Peer {
    pub(crate) fn answer(socket: TcpStream, own: &Identity) -> Self {
        Self::shake_hands(socket, Tls::new(own).expect("TLS").answer().expect("a session"))
    }

    pub(crate) fn call(socket: TcpStream, own: &Identity) -> Self {
        Self::shake_hands(socket, Tls::new(own).expect("TLS").call(None).expect("a session"))
    }

    fn shake_hands(socket: TcpStream, session: Session) -> Self {
        socket.set_nodelay(true).expect("an option");
        let mut peer = Self { socket, session };
        peer.push();
        let mut raw = vec![0; 16 << 10];
        while peer.session.is_handshaking() {
            let read = peer.socket.read(&mut raw).expect("a handshake");
            let mut rest = raw.get(..read).unwrap_or_default();
            while !rest.is_empty() {
                let taken = peer.session.feed(rest).expect("a handshake");
                rest = rest.get(taken..).unwrap_or_default();
            }
            peer.push();
        }
        peer
    }

    fn push(&mut self) {
        while self.session.wants_write() {
            self.session.write_tls(&mut self.socket).expect("an open socket");
        }
    }

    /// Wants everything, and drops `bytes` of what comes, without decrypting it; how long that took.
    pub(crate) fn drop_all(mut self, bytes: u64) -> f64 {
        let items = vec![PlanItem { first: 0, count: 1, want: Want::Send }];
        let plan = encode(&Message::Plan { items, done: Vec::new() }).expect("a plan");
        assert_eq!(self.session.write_plain(&plan), plan.len());
        let begun = Instant::now();
        self.push();
        let mut buffer = vec![0; 256 << 10];
        let mut left = bytes;
        while left > 0 {
            let read = self.socket.read(&mut buffer).expect("an open socket");
            assert!(read > 0, "the sender ended with {left} bytes to go");
            left = left.saturating_sub(read as u64);
        }
        begun.elapsed().as_secs_f64()
    }

    /// Encrypts a file that repeats `block`, with its seal.
    pub(crate) fn prepare(&mut self, block: &[u8], bytes: u64) -> Vec<u8> {
        let mut all = Vec::with_capacity(usize::try_from(bytes + bytes / 64).expect("room"));
        let mut hasher = Hasher::new();
        self.say(&encode(&Message::File { index: 0, offset: 0 }).expect("a header"), &mut all);
        let mut left = bytes;
        while left > 0 {
            for piece in block.chunks(SEND_CHUNK_BYTES) {
                let piece = piece.get(..usize::try_from(left).unwrap_or(usize::MAX)).unwrap_or(piece);
                hasher.update(piece);
                self.say(&chunk::chunk_start(u32::try_from(piece.len()).expect("a chunk")), &mut all);
                self.say(piece, &mut all);
                left -= piece.len() as u64;
                if left == 0 {
                    break;
                }
            }
        }
        self.say(&chunk::END, &mut all);
        self.say(&encode(&Message::Seal { index: 0, md5: hasher.finish() }).expect("a header"), &mut all);
        all
    }

    fn say(&mut self, mut bytes: &[u8], to: &mut Vec<u8>) {
        while !bytes.is_empty() {
            let taken = self.session.write_plain(bytes);
            bytes = bytes.get(taken..).unwrap_or_default();
            while self.session.wants_write() {
                self.session.write_tls(to).expect("memory");
            }
        }
    }

    /// Sends what was prepared, and stays until the other end says that it is through.
    pub(crate) fn send(mut self, prepared: &[u8], through: &Receiver<()>) {
        self.socket.write_all(prepared).expect("an open socket");
        through.recv().ok();
    }
}
