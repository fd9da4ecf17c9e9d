//! An engine that only says what it is told to say: the far ends of the window's channels, and nouns to fill them with.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender, bounded};
use sealdrop::{
    engine::messages::{Command, Event, IncomingOffer, KeyWarning, OfferAnswer, OfferReply},
    model::{
        book::{KnownDevice, Rule, Trusted},
        device::Peer,
        device_key::DeviceKey,
        manifest::{Entry, EntryKind, Manifest},
        outcome::{Ending, FileEnd, FileState, Outcome},
        preflight::Preflight,
        reason::Reason,
        seal::Md5Digest,
        settings::Settings,
        transfer::{Direction, Stage, TransferId, TransferKey, TransferSnapshot},
    },
    storage::sources::{LeftOut, SourcePlaces, SourceTree},
    ui::app::EngineDoor,
};

/// Room for what a test says and hears in one go.
const ROOM: usize = 20_000;

/// The engine's side.
pub(crate) struct FakeEngine {
    pub commands: Receiver<Command>,
    pub events: Sender<Event>,
    answer: Sender<OfferAnswer>,
    /// The window's end, to fill it up.
    to_engine: Sender<Command>,
    pub answers: Receiver<OfferAnswer>,
}

impl FakeEngine {
    /// The engine and the door that the window gets.
    pub(crate) fn new() -> (Self, EngineDoor) {
        let (to_engine, commands) = bounded(ROOM);
        let (events, to_window) = bounded(ROOM);
        let (answer, answers) = bounded(ROOM);
        (
            Self { commands, events, answer, answers, to_engine: to_engine.clone() },
            EngineDoor { commands: to_engine, events: to_window },
        )
    }

    pub(crate) fn tell(&self, event: Event) {
        self.events.try_send(event).expect("the window takes its events in");
    }

    /// Leaves no room for a further command.
    pub(crate) fn fill_up(&self) {
        while self.to_engine.try_send(Command::Listen { port: 1 }).is_ok() {}
    }

    /// What the window has asked for since.
    pub(crate) fn asked(&self) -> Vec<Command> {
        self.commands.try_iter().collect()
    }

    /// What was answered to offers since.
    pub(crate) fn answered(&self) -> Vec<OfferAnswer> {
        self.answers.try_iter().collect()
    }

    /// An offer as the engine brings it: the snapshot first.
    pub(crate) fn offer(&self, id: u8, manifest: Manifest, preflight: Preflight, expires: Instant) {
        let snapshot = snapshot(key(id, Direction::Incoming), Stage::Waiting, manifest);
        self.offer_of(snapshot, preflight, expires);
    }

    pub(crate) fn offer_of(&self, snapshot: TransferSnapshot, preflight: Preflight, expires: Instant) {
        let reply = OfferReply::new(snapshot.key, self.answer.clone());
        self.tell(Event::Snapshot(snapshot.clone()));
        self.tell(Event::Offered(IncomingOffer { snapshot, preflight: Arc::new(preflight), expires, reply }));
    }
}

pub(crate) fn key(id: u8, direction: Direction) -> TransferKey {
    TransferKey { id: TransferId([id; 16]), direction }
}

pub(crate) fn peer(name: &str) -> Peer {
    let dial = "192.168.1.20:9527".parse().ok();
    Peer { name: name.to_owned(), dial, ..Peer::at("192.168.1.20:9527".to_owned(), false) }
}

/// A key that is different for each `seed`.
pub(crate) fn device_key(seed: u8) -> DeviceKey {
    DeviceKey(std::array::from_fn(|i| seed.wrapping_mul(37).wrapping_add(u8::try_from(i * 7 % 251).unwrap_or(0))))
}

/// Somebody whose key TLS has shown.
pub(crate) fn sealed_peer(name: &str, seed: u8) -> Peer {
    Peer { os: Some("Linux".to_owned()), encrypted: true, key: Some(device_key(seed)), ..peer(name) }
}

/// A device whose key a person has confirmed.
pub(crate) fn verified_device(name: &str, seed: u8, rule: Rule) -> KnownDevice {
    let address = format!("192.168.1.{seed}:9527").parse().expect("an address");
    let trusted = Some(Trusted { key: device_key(seed), since: 1_795_219_200, rule, conflict: None });
    KnownDevice { trusted, ..KnownDevice::at(address, name.to_owned(), false, 1) }
}

/// `Anna’s laptop` with another key than the verified one.
pub(crate) fn key_warning(met: u8, direction: Direction) -> KeyWarning {
    KeyWarning {
        name: "Anna’s laptop".to_owned(),
        expected: device_key(20),
        met: device_key(met),
        met_name: Some("Anna’s laptop".to_owned()),
        address: "192.168.1.66:9527".to_owned(),
        direction,
    }
}

pub(crate) fn settings() -> Settings {
    Settings::first_start("Reading room".to_owned(), PathBuf::from("/home/anna/Downloads"))
}

/// Files by path and size; `None` is a folder.
pub(crate) fn manifest(entries: &[(&str, Option<u64>)]) -> Manifest {
    let entry = |(path, size): &(&str, Option<u64>)| Entry {
        path: path.split('/').map(str::to_owned).collect(),
        kind: size.map_or(EntryKind::Folder, |size| EntryKind::File { size }),
        mtime: None,
        exec: false,
    };
    Manifest::from_entries(entries.iter().map(entry).collect()).expect("sizes that fit")
}

/// `count` files in folders of a hundred.
pub(crate) fn many_files(count: usize) -> Manifest {
    let entry = |i: usize| Entry {
        path: ["archive".to_owned(), format!("part {:03}", i / 100), format!("file {i:05}.bin")].into(),
        kind: EntryKind::File { size: 4096 + i as u64 },
        mtime: None,
        exec: false,
    };
    Manifest::from_entries((0..count).map(entry).collect()).expect("sizes that fit")
}

pub(crate) fn snapshot(key: TransferKey, stage: Stage, manifest: Manifest) -> TransferSnapshot {
    TransferSnapshot {
        key,
        peer: peer("Anna’s laptop"),
        stage,
        code: None,
        place: None,
        retryable: false,
        roots: Arc::default(),
        moved: 0,
        kept: 0,
        total: manifest.bytes,
        files_ended: 0,
        files: manifest.files,
        manifest: Arc::new(manifest),
        folder: None,
        current: None,
        message: None,
    }
}

pub(crate) fn preflight(free: u64) -> Preflight {
    Preflight { folder: PathBuf::from("/home/anna/Downloads"), free: Some(free), ..Preflight::default() }
}

pub(crate) fn ending(outcome: Outcome, reason: Option<Reason>, files: u64, bytes: u64) -> Stage {
    Stage::Ended(Ending { outcome, reason, files, bytes, took: Duration::from_millis(3_700) })
}

/// A digest that is different for each `seed`.
pub(crate) fn digest(seed: u64) -> Md5Digest {
    let a = seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let b = (a ^ (a >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&a.to_be_bytes());
    bytes[8..].copy_from_slice(&b.to_be_bytes());
    Md5Digest(bytes)
}

pub(crate) fn file_end(index: u32, state: FileState) -> FileEnd {
    let md5 = (state != FileState::Skipped).then(|| digest(u64::from(index)));
    FileEnd { index, state, md5, place: Some(format!("/home/anna/Downloads/file {index}").into()), reason: None }
}

/// A walked path with files in it.
pub(crate) fn tree(root: &str, files: &[(&str, u64)], left_out: Vec<LeftOut>) -> Arc<SourceTree> {
    let root = PathBuf::from(root);
    let name = root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let entry = |path: &[&str], kind| Entry { path: path.iter().collect(), kind, mtime: None, exec: false };
    let (mut entries, mut places) = (Vec::new(), vec![root.clone()]);
    if let [("", size)] = files {
        entries.push(entry(&[&name], EntryKind::File { size: *size }));
    } else {
        entries.push(entry(&[&name], EntryKind::Folder));
        entries.extend(files.iter().map(|(file, size)| entry(&[&name, file], EntryKind::File { size: *size })));
        places.extend(files.iter().map(|(file, _)| root.join(file)));
    }
    let bytes = files.iter().map(|(_, size)| size).sum();
    Arc::new(SourceTree { root, places: SourcePlaces::listed(&entries, places), entries, left_out, bytes })
}
