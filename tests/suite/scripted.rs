//! A peer that says exactly what a test tells it to, inside TLS or in clear, over a blocking socket.

use std::{
    io::Write,
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    time::Duration,
};

use sealdrop::{
    crypto::{
        identity::Identity,
        short_code::{Nonce, commitment},
    },
    digest::Hasher,
    engine::new_transfer_id,
    model::{
        device::PeerAddr,
        manifest::{Entry, EntryKind, Manifest},
        reason::Reason,
        seal::Md5Digest,
        transfer::TransferId,
    },
    transfer::greet::Me,
    wire::{
        chunk,
        entries::{ManifestDigest, entries_headers},
        header::{self, Answer, Message, Offer, PlanItem, Want},
    },
};

use socket2::{Domain, Socket, Type};

use crate::sealed_stream::{SealedStream, new_identity};

/// One end of a sealed session whose other end is an engine.
pub(crate) struct Scripted {
    pub(crate) stream: SealedStream,
    pub(crate) id: TransferId,
    /// What a dialer's hello commits to.
    pub(crate) nonce: Nonce,
}

/// Where an engine may dial to.
pub(crate) struct Door(TcpListener);

impl Door {
    pub(crate) fn open() -> Self {
        Self(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap())
    }

    pub(crate) fn address(&self) -> PeerAddr {
        PeerAddr { host: "127.0.0.1".to_owned(), port: self.0.local_addr().unwrap().port() }
    }

    pub(crate) fn accept(&self) -> Scripted {
        self.accept_as(&new_identity())
    }

    pub(crate) fn accept_as(&self, own: &Identity) -> Scripted {
        Scripted::over(SealedStream::answer(self.accept_plain(), own).unwrap())
    }

    /// Whether somebody stands before it.
    pub(crate) fn is_called(&self) -> bool {
        self.0.set_nonblocking(true).unwrap();
        let called = self.0.accept().is_ok();
        self.0.set_nonblocking(false).unwrap();
        called
    }

    /// A connection on which nothing has been said.
    pub(crate) fn accept_plain(&self) -> TcpStream {
        patient(self.0.accept().unwrap().0)
    }
}

/// Connects to an engine and says nothing, not even TLS.
pub(crate) fn dial_plain(port: u16) -> TcpStream {
    patient(TcpStream::connect_timeout(&(Ipv4Addr::LOCALHOST, port).into(), Duration::from_secs(10)).unwrap())
}

/// As somebody with another address would: all of 127.0.0.0/8 is this machine.
pub(crate) fn dial_plain_from(from: Ipv4Addr, port: u16) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((from, 0)).into()).unwrap();
    socket.connect(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into()).unwrap();
    patient(socket.into())
}

fn patient(stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

impl Scripted {
    fn over(stream: SealedStream) -> Self {
        Self { stream, id: new_transfer_id(), nonce: Nonce::fresh().unwrap() }
    }

    /// Connects to an engine with a new key, and says nothing inside TLS.
    pub(crate) fn dial(port: u16) -> Self {
        Self::dial_as(port, &new_identity())
    }

    pub(crate) fn dial_as(port: u16, own: &Identity) -> Self {
        Self::over(SealedStream::call(dial_plain(port), own, None).unwrap())
    }

    /// With a new key and another address of this machine.
    pub(crate) fn dial_from(last: u8, port: u16) -> Self {
        let socket = dial_plain_from(Ipv4Addr::new(127, 0, 0, last), port);
        Self::over(SealedStream::call(socket, &new_identity(), None).unwrap())
    }

    /// The hello of a dialer that nobody has verified.
    pub(crate) fn hello(&self) -> Message {
        scripted().hello(Some(commitment(&self.nonce)), false)
    }

    pub(crate) fn say(&mut self, message: &Message) {
        header::write_header(&mut self.stream, message).unwrap();
    }

    /// Bytes as they are; an engine that has closed already does not matter here.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).ok();
    }

    pub(crate) fn json(&mut self, json: &str) {
        self.raw(&sealdrop::wire::frame::encode_frame(json.as_bytes()).unwrap());
    }

    /// The next header that is not a ping; `None` at the end.
    pub(crate) fn hear(&mut self) -> Option<Message> {
        loop {
            match header::read_header(&mut self.stream).unwrap() {
                Some(Message::Ping) => {}
                other => return other,
            }
        }
    }

    /// Reads on until an `abort` comes; panics at the end of the stream.
    pub(crate) fn hear_abort(&mut self) -> Reason {
        loop {
            match self.hear().expect("the connection ended without an abort") {
                Message::Abort(abort) => return abort.reason,
                Message::Answer(Answer::Busy(reason) | Answer::Decline(reason)) => return reason,
                _ => {}
            }
        }
    }

    pub(crate) fn greet(&mut self) {
        self.say(&self.hello());
        assert!(matches!(self.hear(), Some(Message::Hello(_))));
    }

    /// Hello and a whole offer, as the dialer.
    pub(crate) fn offer(&mut self, entries: Vec<Entry>) {
        self.greet();
        self.offer_only(entries);
    }

    pub(crate) fn offer_only(&mut self, entries: Vec<Entry>) {
        for bytes in self.offer_bytes(entries) {
            self.raw(&bytes);
        }
    }

    pub(crate) fn offer_bytes(&self, entries: Vec<Entry>) -> Vec<Vec<u8>> {
        let frames: Vec<Vec<u8>> = entries_headers(&entries).map(Result::unwrap).collect();
        let mut digest = ManifestDigest::new();
        for frame in &frames {
            digest.add_frame(frame);
        }
        let manifest = Manifest::from_entries(entries).unwrap();
        let offer = Message::Offer(Offer {
            transfer: self.id,
            epoch: 1,
            manifest: digest.finish(),
            files: manifest.files,
            folders: manifest.folders,
            links: manifest.links,
            bytes: manifest.bytes,
            message: None,
            again: None,
        });
        let mut all = vec![header::encode(&offer).unwrap()];
        all.extend(frames);
        all
    }

    /// Waits for accept and the whole plan of `entries` entries.
    pub(crate) fn hear_accept(&mut self, entries: u32) {
        assert!(matches!(self.hear(), Some(Message::Answer(Answer::Accept { .. }))));
        let mut planned = 0;
        while planned < entries {
            match self.hear() {
                Some(Message::Plan { items, .. }) => planned += items.iter().map(|item| item.count).sum::<u32>(),
                other => panic!("{other:?}"),
            }
        }
    }

    /// Hears the dialer's hello and answers it.
    pub(crate) fn greet_back(&mut self) {
        assert!(matches!(self.hear(), Some(Message::Hello(_))));
        self.say(&scripted().hello(None, false));
    }

    /// Greets back, reads the offer and its entries: the receiver's side.
    pub(crate) fn hear_offer(&mut self) -> Vec<Entry> {
        self.greet_back();
        let Some(Message::Offer(offer)) = self.hear() else { panic!("no offer") };
        self.id = offer.transfer;
        let mut all = Vec::new();
        while (all.len() as u64) < offer.files + offer.folders + offer.links {
            let Some(Message::Entries { entries }) = self.hear() else { panic!("no entries") };
            all.extend(entries);
        }
        all
    }

    /// Accepts and wants all `count` entries.
    pub(crate) fn accept_all(&mut self, count: u32) {
        self.say(&Message::Answer(Answer::Accept { ahead: None, together: None }));
        let items = vec![PlanItem { first: 0, count, want: Want::Send }];
        self.say(&Message::Plan { items, done: Vec::new() });
    }

    pub(crate) fn file_and_seal(&mut self, index: u32, bytes: &[u8]) {
        self.file(index, bytes);
        self.say(&Message::Seal { index, md5: md5_of(bytes) });
    }

    pub(crate) fn file(&mut self, index: u32, bytes: &[u8]) {
        self.say(&Message::File { index, offset: 0 });
        for piece in bytes.chunks(chunk::SEND_CHUNK_BYTES) {
            self.raw(&chunk::chunk_start(u32::try_from(piece.len()).unwrap()));
            self.raw(piece);
        }
        self.raw(&chunk::END);
    }

    pub(crate) fn hang_up(&self) {
        self.stream.socket.shutdown(Shutdown::Both).ok();
    }
}

fn scripted() -> Me {
    Me { name: "scripted".to_owned(), port: None }
}

pub(crate) fn md5_of(bytes: &[u8]) -> Md5Digest {
    let mut hasher = Hasher::new();
    hasher.update(bytes);
    hasher.finish()
}

pub(crate) fn file_entry(path: &[&str], size: u64) -> Entry {
    let path = path.iter().map(|part| (*part).to_owned()).collect();
    Entry { path, kind: EntryKind::File { size }, mtime: None, exec: false }
}

pub(crate) fn folder_entry(path: &[&str]) -> Entry {
    Entry { kind: EntryKind::Folder, ..file_entry(path, 0) }
}
