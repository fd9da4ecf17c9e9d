//! The plain protocol, spoken by programs that are not Sealdrop: what they send arrives or is refused with its reason, and
//! what is sent to them is what they read.

pub(crate) mod programs;

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    io::{Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use sealdrop::{
    engine::messages::{Acceptance, Event},
    model::{
        device::PeerAddr,
        manifest::Selection,
        outcome::{Ending, FileEnd, FileState, Outcome},
        reason::ReasonCode,
        transfer::{Stage, TransferKey, TransferSnapshot},
    },
};
use serde_json::{Value, json};

use crate::support::{LIMIT, Station, seeded, tree};

/// MD5 of `abc` (RFC 1321).
const ABC: &str = "900150983cd24fb0d6963f7d28e17f72";

/// A tutorial's sender: the length, the header, the bytes.
struct Caller(TcpStream);

impl Caller {
    fn dial(port: u16) -> Self {
        let stream = TcpStream::connect_timeout(&(Ipv4Addr::LOCALHOST, port).into(), LIMIT).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream.set_write_timeout(Some(LIMIT)).unwrap();
        Self(stream)
    }

    fn upload(port: u16, header: &Value, body: &[u8]) -> Self {
        let mut caller = Self::dial(port);
        caller.send(header, body);
        caller
    }

    fn send(&mut self, header: &Value, body: &[u8]) {
        self.0.write_all(&frame(header)).unwrap();
        self.0.write_all(body).unwrap();
    }

    /// Whether the other side has ended the connection, in whatever way, without a byte.
    fn wait_for_end(mut self) -> bool {
        let mut rest = Vec::new();
        match self.0.read_to_end(&mut rest) {
            Ok(_) => rest.is_empty(),
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}

fn frame(header: &Value) -> Vec<u8> {
    let json = header.to_string();
    let mut frame = i32::try_from(json.len()).unwrap().to_le_bytes().to_vec();
    frame.extend_from_slice(json.as_bytes());
    frame
}

/// Accepts, and gives the end of the transfer and of its one file.
fn accepted(b: &mut Station) -> (Ending, Option<FileEnd>) {
    let key = b.accept();
    (b.ending(key), b.file_ends(key).pop())
}

/// Accepts as many offers as come until `number` have ended; by the name of their one file.
fn accept_all(b: &Station, number: usize) -> BTreeMap<String, (Ending, Option<FileEnd>)> {
    let (mut ended, mut file_ends) = (BTreeMap::new(), HashMap::new());
    let deadline = Instant::now() + LIMIT;
    while ended.len() < number {
        match b.engine.events().recv_deadline(deadline).expect("not all of them came") {
            Event::Offered(offer) => offer.reply.accept(Acceptance::new(b.received(), Selection::All)),
            Event::FilesEnded { key, ends } => {
                for end in ends {
                    assert!(file_ends.insert(key, end).is_none());
                }
            }
            Event::Snapshot(TransferSnapshot { key, stage: Stage::Ended(ending), manifest, .. }) => {
                ended.insert(manifest.entries[0].shown_path(), (ending, file_ends.remove(&key)));
            }
            _ => {}
        }
    }
    ended
}

#[test]
fn upload_with_its_checksum_is_verified_in_either_case() {
    let mut b = Station::new("b");
    for md5 in [ABC.to_owned(), ABC.to_uppercase()] {
        let _caller = Caller::upload(b.port, &json!({"file_name": "a", "file_size": 3, "md5": md5}), b"abc");
        let (ending, end) = accepted(&mut b);
        assert_eq!((ending.outcome, ending.files, ending.bytes), (Outcome::Verified, 1, 3));
        let end = end.unwrap();
        assert_eq!((end.state, end.md5.unwrap().to_string()), (FileState::Verified, ABC.to_owned()));
    }
    let names: Vec<String> = tree(&b.received()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a", "a (2)"], "both are kept");
}

#[test]
fn upload_is_shown_as_not_encrypted_and_classic() {
    let mut b = Station::new("b");
    let _caller = Caller::upload(b.port, &json!({"file_name": "a", "file_size": 3}), b"abc");
    let peer = b.offer().snapshot.peer;
    assert!(peer.classic && !peer.encrypted && !peer.verified, "{peer:?}");
}

#[test]
fn upload_without_a_usable_checksum_is_kept_and_unchecked() {
    let mut b = Station::new("b");
    for md5 in [Value::Null, json!(""), json!("abc"), json!(5), json!(format!("{ABC}0"))] {
        let mut header = json!({"file_name": "a", "file_size": 3, "md5": md5});
        if md5.is_null() {
            header.as_object_mut().unwrap().remove("md5");
        }
        let _caller = Caller::upload(b.port, &header, b"abc");
        let (ending, end) = accepted(&mut b);
        assert_eq!(ending.outcome, Outcome::Unchecked, "{header}");
        let end = end.unwrap();
        assert_eq!((end.state, end.md5.unwrap().to_string()), (FileState::Unchecked, ABC.to_owned()), "{header}");
        assert_eq!(fs::read(end.place.unwrap()).unwrap(), b"abc");
    }
}

#[test]
fn upload_that_does_not_match_its_checksum_never_gets_a_name() {
    let mut b = Station::new("b");
    let header = json!({"file_name": "a", "file_size": 3, "md5": "d41d8cd98f00b204e9800998ecf8427e"});
    let _caller = Caller::upload(b.port, &header, b"abc");
    let (ending, end) = accepted(&mut b);
    let end = end.unwrap();
    assert_eq!((ending.outcome, end.state, end.place), (Outcome::Failed, FileState::Mismatch, None));
    assert_eq!(ending.reason.unwrap().code, ReasonCode::Mismatch);
    assert_eq!(end.md5.unwrap().to_string(), ABC);
    assert_eq!(tree(&b.received()), []);
}

#[test]
fn every_name_of_a_field_is_understood() {
    let mut b = Station::new("b");
    for size in ["file_size", "filesize", "total_size", "lenth", "length", "len", "size"] {
        for (name, count) in [("file_name", json!(3)), ("filename", json!("3"))] {
            let header =
                json!({name: format!("{name} {size}"), size: count, "filepath": "/home/someone/docs", "kind": "x"});
            let _caller = Caller::upload(b.port, &header, b"abc");
            let (ending, _) = accepted(&mut b);
            assert_eq!(ending.outcome, Outcome::Unchecked, "{header}");
        }
    }
    let received = tree(&b.received());
    assert_eq!(received.len(), 14);
    assert!(
        received.iter().all(|(_, bytes)| bytes.as_deref() == Some(b"abc")),
        "the folder it lay in is not made here"
    );
}

#[test]
fn files_that_follow_each_other_on_one_connection_are_one_offer_each() {
    let b = Station::new("b");
    let mut caller = Caller::dial(b.port);
    let bodies = [seeded(1, 100_000), Vec::new(), seeded(2, 1), seeded(3, 70_000)];
    // All in one go: nothing waits for an answer on the wire.
    let mut all = Vec::new();
    for (i, body) in bodies.iter().enumerate() {
        all.extend(frame(&json!({"file_name": format!("{i}"), "file_size": body.len()})));
        all.extend(body);
    }
    caller.0.write_all(&all).unwrap();
    drop(caller);
    let ends = accept_all(&b, bodies.len());
    for (body, (ending, end)) in bodies.iter().zip(ends.into_values()) {
        assert_eq!(ending.outcome, Outcome::Unchecked);
        assert_eq!(&fs::read(end.unwrap().place.unwrap()).unwrap(), body);
    }
}

#[test]
fn sender_that_closed_long_before_the_person_looks_has_sent_all_the_same() {
    let mut b = Station::new("b");
    drop(Caller::upload(b.port, &json!({"file_name": "a", "file_size": 3, "md5": ABC}), b"abc"));
    let offer = b.offer();
    let key = offer.snapshot.key;
    // Longer than the lobby needs to look after all who wait.
    let long_after = Instant::now() + Duration::from_millis(2500);
    while let Ok(event) = b.engine.events().recv_deadline(long_after) {
        let is_withdrawn =
            matches!(&event, Event::Snapshot(it) if it.key == key && matches!(it.stage, Stage::Ended(_)));
        assert!(!is_withdrawn, "{event:?}");
    }
    let folder = b.received();
    offer.reply.accept(Acceptance::new(folder, Selection::All));
    assert_eq!(b.ending(key).outcome, Outcome::Verified);
}

#[test]
fn sender_that_resets_while_it_waits_withdraws_its_offer() {
    let mut b = Station::new("b");
    let caller = Caller::upload(b.port, &json!({"file_name": "a", "file_size": 3}), b"abc");
    let offer = b.offer();
    socket2::SockRef::from(&caller.0).set_linger(Some(Duration::ZERO)).unwrap();
    drop(caller);
    let ending = b.ending(offer.snapshot.key);
    assert_eq!((ending.outcome, ending.reason.unwrap().code), (Outcome::Failed, ReasonCode::ConnectionLost));
}

#[test]
fn large_body_waits_unread_until_the_person_accepts() {
    let mut b = Station::new("b");
    let body = seeded(5, 40 << 20);
    let header = json!({"file_name": "large", "file_size": body.len()});
    let port = b.port;
    let sender = {
        let body = body.clone();
        spawn(move || {
            let _caller = Caller::upload(port, &header, &body);
        })
    };
    let offer = b.offer();
    let key = offer.snapshot.key;
    std::thread::park_timeout(Duration::from_millis(300));
    assert!(!sender.is_finished(), "somebody read the body before it was accepted");
    let folder = b.received();
    offer.reply.accept(Acceptance::new(folder, Selection::All));
    assert_eq!(b.ending(key).outcome, Outcome::Unchecked);
    sender.join().unwrap();
    assert_eq!(fs::read(b.received().join("large")).unwrap(), body);
}

#[test]
fn declining_closes_the_connection() {
    let mut b = Station::new("b");
    for body in [3, 12 << 20] {
        let (header, port) = (json!({"file_name": "a", "file_size": body}), b.port);
        let sender = spawn(move || {
            let mut caller = Caller::dial(port);
            caller.0.write_all(&frame(&header)).unwrap();
            // It is broken off in the middle, as far as it gets.
            let written = caller.0.write_all(&vec![0; body]);
            (written.is_ok(), caller.wait_for_end())
        });
        let key = {
            let offer = b.offer();
            let key = offer.snapshot.key;
            offer.reply.decline(None);
            key
        };
        assert_eq!(b.ending(key).outcome, Outcome::Declined);
        let (all_taken, ended) = sender.join().unwrap();
        assert!(ended);
        assert!(!all_taken || body == 3, "a declined body was read to its end");
    }
    assert_eq!(tree(&b.received()), []);
}

#[test]
fn sender_that_stops_in_the_middle_leaves_nothing() {
    let mut b = Station::new("b");
    drop(Caller::upload(b.port, &json!({"file_name": "a", "file_size": 5, "md5": ABC}), b"abc"));
    let (ending, end) = accepted(&mut b);
    assert_eq!((ending.outcome, ending.reason.unwrap().code), (Outcome::Failed, ReasonCode::ConnectionLost));
    assert_eq!((ending.files, end), (0, None));
    assert_eq!(tree(&b.received()), []);
}

#[test]
fn bytes_beyond_the_announced_ones_are_no_part_of_the_file() {
    let mut b = Station::new("b");
    let _caller = Caller::upload(b.port, &json!({"file_name": "a", "file_size": 3, "md5": ABC}), b"abc\0\0\0\0more");
    assert_eq!(accepted(&mut b).0.outcome, Outcome::Verified);
    // The further frame is looked at while the first file comes to its end.
    let reason = b.find("a refusal", |event| match event {
        Event::Refused { reason, .. } => Some(reason.clone()),
        _ => None,
    });
    assert_eq!(reason.code, ReasonCode::BadHeader);
    assert_eq!(fs::read(b.received().join("a")).unwrap(), b"abc");
}

#[test]
fn header_that_comes_in_single_bytes_is_understood() {
    let mut b = Station::new("b");
    let mut caller = Caller::dial(b.port);
    caller.0.set_nodelay(true).unwrap();
    for byte in frame(&json!({"filename": "a", "filesize": 3})) {
        caller.0.write_all(&[byte]).unwrap();
    }
    caller.0.write_all(b"abc").unwrap();
    assert_eq!(accepted(&mut b).0.outcome, Outcome::Unchecked);
}

#[test]
fn names_with_a_separator_are_refused() {
    let mut b = Station::new("b");
    for name in ["../a", "/etc/a", "a/b", "..", "", "C:\\a"] {
        let _caller = Caller::upload(b.port, &json!({"file_name": name, "file_size": 3}), b"abc");
        let reason = b.wait("a refusal", |event| match event {
            Event::Refused { reason, .. } => Some(reason.clone()),
            _ => None,
        });
        assert!(matches!(reason.code, ReasonCode::BadPath | ReasonCode::BadMessage), "{name}: {reason}");
    }
    assert_eq!(tree(b.home.path()).iter().filter(|(name, _)| name.ends_with('a')).count(), 0);
}

#[test]
fn switched_off_means_turned_away() {
    let mut b = Station::with("b", |settings| settings.classic = false);
    let _caller = Caller::upload(b.port, &json!({"file_name": "a", "file_size": 3}), b"abc");
    let reason = b.wait("a refusal", |event| match event {
        Event::Refused { reason, .. } => Some(reason.clone()),
        _ => None,
    });
    assert_eq!(reason.code, ReasonCode::Blocked);
}

/// What a tutorial's receiver read from one connection.
struct Taken {
    header: Value,
    body: Vec<u8>,
}

/// A tutorial's receiver: four bytes, the whole header in one read, then as many bytes as it says.
fn receiver(connections: usize) -> (PeerAddr, JoinHandle<Vec<Taken>>) {
    let door = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = PeerAddr { host: "127.0.0.1".to_owned(), port: door.local_addr().unwrap().port() };
    (address, spawn(move || (0..connections).map(|_| take(door.accept().unwrap().0)).collect()))
}

fn take(mut from: TcpStream) -> Taken {
    from.set_read_timeout(Some(LIMIT)).unwrap();
    let mut prefix = [0; 4];
    from.read_exact(&mut prefix).unwrap();
    let length = usize::try_from(i32::from_le_bytes(prefix)).unwrap();
    assert!(length + 4 <= 1400, "one read would not hold {length} bytes");
    let mut header = vec![0; length];
    // The one read: prefix and header leave in one piece.
    assert_eq!(from.read(&mut header).unwrap(), length);
    let header: Value = serde_json::from_slice(&header).unwrap();
    let mut body = Vec::new();
    let mut piece = [0; 1024];
    while (body.len() as u64) < header["file_size"].as_u64().unwrap() {
        let read = from.read(&mut piece).unwrap();
        assert!(read > 0, "ended early");
        body.extend_from_slice(&piece[..read]);
    }
    assert_eq!(from.read(&mut piece).unwrap(), 0, "more than announced");
    Taken { header, body }
}

#[test]
fn upload_from_us_is_what_a_tutorial_reads_and_is_called_unchecked() {
    let mut a = Station::new("a");
    let folder = a.home.path().join("out");
    fs::create_dir_all(folder.join("sub")).unwrap();
    let files = [("a b.txt", b"abc".to_vec()), ("empty", Vec::new()), ("sub/星.bin", seeded(3, 1_500_000))];
    for (name, bytes) in &files {
        fs::write(folder.join(name), bytes).unwrap();
    }
    let (address, taken) = receiver(files.len());
    let key = a.send_to(address, &[&folder], true);
    let ending = a.ending(key);
    assert_eq!((ending.outcome, ending.files, ending.bytes), (Outcome::Unchecked, 3, 1_500_003));
    let taken = taken.join().unwrap();
    for (one, (name, bytes)) in taken.iter().zip(&files) {
        let header = &one.header;
        assert_eq!(&one.body, bytes);
        let last = name.rsplit('/').next().unwrap();
        assert_eq!(
            (&header["file_name"], &header["filename"], &header["filepath"]),
            (&json!(last), &json!(last), &json!(""))
        );
        for size in ["file_size", "filesize", "total_size", "lenth", "length", "len", "size"] {
            assert_eq!(header[size], bytes.len(), "{size}");
        }
    }
    assert_eq!(taken[0].header["md5"], ABC);
    let seals: Vec<Value> = a.file_ends(key).iter().map(|end| json!(end.md5.unwrap().to_string())).collect();
    assert_eq!(seals, taken.iter().map(|one| one.header["md5"].clone()).collect::<Vec<_>>());
    assert!(a.file_ends(key).iter().all(|end| end.state == FileState::Unchecked));
}

#[test]
fn receiver_that_breaks_off_is_a_failure() {
    let mut a = Station::new("a");
    for bytes in [100, 20 << 20] {
        let source = a.home.path().join("x");
        fs::write(&source, seeded(1, bytes)).unwrap();
        let door = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let to = PeerAddr { host: "127.0.0.1".to_owned(), port: door.local_addr().unwrap().port() };
        let key = a.send_to(to, &[&source], true);
        let mut stream = door.accept().unwrap().0;
        // The header and no more: what lies there unread makes the close a reset.
        stream.read_exact(&mut [0; 64]).unwrap();
        wait_for_bytes(&stream);
        drop(stream);
        let ending = a.ending(key);
        assert_eq!((ending.outcome, ending.files), (Outcome::Failed, 0), "{bytes} {ending:?}");
        assert_eq!(ending.reason.unwrap().code, ReasonCode::ConnectionLost);
    }
}

fn wait_for_bytes(stream: &TcpStream) {
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    assert!(stream.peek(&mut [0; 1]).unwrap() > 0);
}

#[test]
fn receiver_that_never_closes_is_left_after_a_while() {
    let mut a = Station::new("a");
    let source = a.home.path().join("x");
    fs::write(&source, b"abc").unwrap();
    let door = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let to = PeerAddr { host: "127.0.0.1".to_owned(), port: door.local_addr().unwrap().port() };
    let key = a.send_to(to, &[&source], true);
    let mut stream = door.accept().unwrap().0;
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    let start = Instant::now();
    assert_eq!(a.ending(key).outcome, Outcome::Unchecked);
    assert!(start.elapsed() < Duration::from_secs(15));
    stream.shutdown(Shutdown::Both).ok();
}

#[cfg(unix)]
#[test]
fn links_and_empty_folders_are_named_as_left_out() {
    let mut a = Station::new("a");
    let folder = a.home.path().join("d");
    fs::create_dir_all(folder.join("empty")).unwrap();
    fs::create_dir(folder.join("full")).unwrap();
    fs::write(folder.join("full/x"), b"abc").unwrap();
    std::os::unix::fs::symlink("full/x", folder.join("link")).unwrap();
    let (address, taken) = receiver(1);
    let key = a.send_to(address, &[&folder], true);
    let ending = a.ending(key);
    assert_eq!((ending.outcome, ending.files), (Outcome::Unchecked, 1), "{ending:?}");
    assert_eq!(taken.join().unwrap().len(), 1);
    let skipped: Vec<FileEnd> = a.file_ends(key).into_iter().filter(|end| end.state == FileState::Skipped).collect();
    let names: Vec<_> = skipped.iter().map(|end| end.place.as_ref().unwrap().file_name().unwrap().to_owned()).collect();
    assert_eq!(names, ["empty", "link"], "the folder that holds a file is no loss");
    for end in skipped {
        assert_eq!(end.reason.unwrap().code, ReasonCode::FilesOnly);
    }
}

#[test]
fn folders_without_a_file_are_nothing_to_hand_over() {
    let mut a = Station::new("a");
    let source = a.home.path().join("empty");
    fs::create_dir(&source).unwrap();
    let (address, _taken) = receiver(0);
    let key = a.send_to(address, &[&source], true);
    let ending = a.ending(key);
    assert_eq!(ending.outcome, Outcome::Failed, "{ending:?}");
}

#[test]
fn one_sealdrop_hands_over_to_another() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    let source = a.home.path().join("x");
    fs::write(&source, seeded(1, 300_000)).unwrap();
    let sending = a.send_to(b.address(), &[&source], true);
    let receiving: TransferKey = b.accept();
    assert_eq!((a.ending(sending).outcome, b.ending(receiving).outcome), (Outcome::Unchecked, Outcome::Verified));
    assert_eq!(a.file_ends(sending)[0].md5, b.file_ends(receiving)[0].md5);
    // Declined, it must not look as if it had arrived.
    let sending = a.send_to(b.address(), &[&source], true);
    let offer = b.offer();
    a.wait("the bytes to leave", |event| match event {
        Event::Snapshot(snapshot) if snapshot.key == sending && snapshot.moved > 0 => Some(()),
        _ => None,
    });
    offer.reply.decline(None);
    assert_eq!(a.ending(sending).outcome, Outcome::Failed);
}

fn spawn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    std::thread::Builder::new().spawn(work).unwrap()
}
