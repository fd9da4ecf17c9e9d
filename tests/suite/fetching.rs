//! Files from classic servers, good and bad: what is whole gets its name, and everything else is a sentence.

use std::{
    fs,
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    thread::JoinHandle,
    time::Duration,
};

use sealdrop::{
    engine::{
        messages::{Command, Event, FetchRequest, HistoryAsked},
        new_transfer_id,
    },
    model::{
        conflict::Conflict,
        device::PeerAddr,
        outcome::{FileState, Outcome},
        reason::{ReasonCode, Side},
        transfer::{Direction, Stage, TransferKey},
    },
};
use serde_json::{Value, json};

use crate::support::{LIMIT, Station, nothing_left, seeded, tree};

/// MD5 of `abc` (RFC 1321).
const ABC: &str = "900150983cd24fb0d6963f7d28e17f72";

/// A server for one caller: what it was asked, and then whatever `serve` does.
fn server(serve: impl FnOnce(&mut TcpStream) + Send + 'static) -> (PeerAddr, JoinHandle<String>) {
    let door = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = PeerAddr { host: "127.0.0.1".to_owned(), port: door.local_addr().unwrap().port() };
    let work = move || {
        let (mut stream, _) = door.accept().unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream.set_write_timeout(Some(LIMIT)).unwrap();
        let mut request = [0; 1024];
        // As tutorials do: one recv.
        let read = stream.read(&mut request).unwrap();
        serve(&mut stream);
        String::from_utf8(request[..read].to_vec()).unwrap()
    };
    (address, std::thread::Builder::new().spawn(work).unwrap())
}

fn frame(header: &Value) -> Vec<u8> {
    let json = header.to_string();
    let mut frame = i32::try_from(json.len()).unwrap().to_le_bytes().to_vec();
    frame.extend_from_slice(json.as_bytes());
    frame
}

/// Says nothing more, and waits for the other side to go.
fn wait_for_end(stream: &mut TcpStream) {
    stream.read_to_end(&mut Vec::new()).ok();
}

/// Answers with `header` and `body`, and closes.
fn answering(header: &Value, body: &[u8]) -> (PeerAddr, JoinHandle<String>) {
    let all = [frame(header), body.to_vec()].concat();
    // Who is not wanted any more is not listened to.
    server(move |stream| drop(stream.write_all(&all)))
}

#[test]
fn a_server_that_may_be_at_several_addresses_is_asked_where_it_answers() {
    let mut b = Station::new("b");
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let (there, _) = answering(&json!({"lenth": 3, "md5": ABC}), b"abc");
    let (id, folder, conflict) = (new_transfer_id(), b.received(), Conflict::KeepBoth);
    let to = PeerAddr { host: "127.0.0.1".to_owned(), port: nobody };
    b.say(Command::Fetch(FetchRequest { id, to, also: vec![there], name: "a.txt".to_owned(), folder, conflict }));
    assert_eq!(b.ending(TransferKey { id, direction: Direction::Incoming }).outcome, Outcome::Verified);
}

#[test]
fn a_file_with_its_checksum_is_verified_and_kept_beside_what_is_there() {
    let mut b = Station::new("b");
    for (size, md5) in [(json!(3), ABC.to_owned()), (json!("3"), ABC.to_uppercase())] {
        let header = json!({"lenth": size, "md5": md5, "size(MB)": 0.0, "filename": "../../elsewhere"});
        let (to, asked) = answering(&header, b"abc");
        let key = b.fetch(to, "sub/a.txt");
        let ending = b.ending(key);
        assert_eq!((ending.outcome, ending.files, ending.bytes), (Outcome::Verified, 1, 3), "{ending:?}");
        let end = b.file_ends(key).pop().unwrap();
        assert_eq!((end.state, end.md5.unwrap().to_string()), (FileState::Verified, ABC.to_owned()));
        assert_eq!(asked.join().unwrap(), "sub/a.txt", "nothing but the name is sent");
    }
    let names: Vec<String> = tree(&b.received()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a (2).txt", "a.txt"]);
    let (to, _) = answering(&json!({"lenth": 4, "md5": "d41d8cd98f00b204e9800998ecf8427e"}), b"wrong");
    let key = b.fetch_as(to, "a.txt", Conflict::Replace);
    assert_eq!(b.ending(key).outcome, Outcome::Failed);
    let (to, _) = answering(&json!({"lenth": 0}), b"");
    let key = b.fetch_as(to, "a.txt", Conflict::Replace);
    assert_eq!(b.ending(key).outcome, Outcome::Unchecked);
    assert_eq!(
        tree(&b.received()),
        [("a (2).txt".to_owned(), Some(b"abc".to_vec())), ("a.txt".to_owned(), Some(vec![]))]
    );
    nothing_left(&b);
}

#[test]
fn a_large_file_shows_how_far_it_is_and_where_it_comes_from() {
    let mut b = Station::new("b");
    let body = seeded(9, 8 << 20);
    let (to, _) = answering(&json!({"len": body.len()}), &body);
    let key = b.fetch(to.clone(), "large.bin");
    assert_eq!(b.ending(key).outcome, Outcome::Unchecked);
    let stages = b.seen.iter().filter_map(|event| match event {
        Event::Snapshot(row) if row.key == key => Some((row.stage.clone(), row.total, row.peer.clone())),
        _ => None,
    });
    let stages: Vec<_> = stages.collect();
    assert!(stages.iter().any(|(stage, total, _)| *stage == Stage::Moving && *total == body.len() as u64));
    let peer = &stages[0].2;
    assert!(peer.classic && !peer.encrypted && peer.dial == Some(to));
    assert_eq!(fs::read(b.received().join("large.bin")).unwrap(), body);
    b.say(Command::LoadHistory(HistoryAsked { limit: 10, ..HistoryAsked::default() }));
    let entries = b.find("the history", |event| match event {
        Event::History(found) if !found.entries.is_empty() => Some(found.entries.clone()),
        _ => None,
    });
    assert_eq!((entries[0].list[0].path.as_str(), entries[0].outcome), ("large.bin", Outcome::Unchecked));
}

#[test]
fn what_is_not_there_is_said_in_a_sentence_of_its_own() {
    let mut b = Station::new("b");
    let (to, _) = answering(&json!({}), b"");
    let key = b.fetch(to, "a.txt");
    let ending = b.ending(key);
    let reason = ending.reason.unwrap();
    assert_eq!((ending.outcome, reason.code, reason.side), (Outcome::Failed, ReasonCode::NotShared, Side::There));
    assert_eq!(tree(&b.received()), []);
    b.say(Command::LoadHistory(HistoryAsked { limit: 10, ..HistoryAsked::default() }));
    let entries = b.find("the history", |event| match event {
        Event::History(found) if !found.entries.is_empty() => Some(found.entries.clone()),
        _ => None,
    });
    let [file] = entries[0].list.as_slice() else { panic!("{entries:?}") };
    assert_eq!((file.path.as_str(), file.state), ("a.txt", FileState::Failed), "what was wanted has its name there");
}

#[test]
fn a_wrong_checksum_never_gets_a_name() {
    let mut b = Station::new("b");
    let (to, _) = answering(&json!({"lenth": 3, "md5": "d41d8cd98f00b204e9800998ecf8427e"}), b"abc");
    let key = b.fetch(to, "a.txt");
    let ending = b.ending(key);
    assert_eq!((ending.outcome, ending.reason.unwrap().code), (Outcome::Failed, ReasonCode::Mismatch));
    let end = b.file_ends(key).pop().unwrap();
    assert_eq!((end.state, end.place), (FileState::Mismatch, None));
    assert_eq!(tree(&b.received()), []);
}

#[test]
fn servers_that_break_the_rules_get_nothing_stored() {
    let mut b = Station::new("b");
    let cases: [(Vec<u8>, ReasonCode); 13] = [
        (Vec::new(), ReasonCode::ConnectionLost),
        (b"\x10\0".to_vec(), ReasonCode::ConnectionLost),
        (frame(&json!({"lenth": 5}))[..9].to_vec(), ReasonCode::ConnectionLost),
        ([frame(&json!({"lenth": 5})), b"abc".to_vec()].concat(), ReasonCode::ConnectionLost),
        ([frame(&json!({"lenth": 5, "md5": ABC})), b"abc".to_vec()].concat(), ReasonCode::ConnectionLost),
        // No checksum tells, so the number of bytes has to be right.
        ([frame(&json!({"lenth": 3})), b"abc and more".to_vec()].concat(), ReasonCode::BadMessage),
        (b"file not found\n".to_vec(), ReasonCode::BadHeader),
        (b"\x05\0\0\0hello".to_vec(), ReasonCode::BadHeader),
        (frame(&json!([])), ReasonCode::BadHeader),
        (frame(&json!({"lenth": -1})), ReasonCode::BadMessage),
        (frame(&json!({"lenth": 3, "size": 4})), ReasonCode::BadMessage),
        (b"\x20\0\0\0{\"lenth\":18446744073709551616}  ".to_vec(), ReasonCode::BadMessage),
        (frame(&json!({"md5": ABC})), ReasonCode::BadMessage),
    ];
    for (answer, code) in cases {
        let shown = String::from_utf8_lossy(&answer).into_owned();
        let (to, _) = server(move |stream| drop(stream.write_all(&answer)));
        let key = b.fetch(to, "a.txt");
        let ending = b.ending(key);
        let reason = ending.reason.unwrap();
        assert_eq!((ending.outcome, &reason.code), (Outcome::Failed, &code), "{shown:?}: {reason}");
        assert_eq!(tree(&b.received()), [], "{shown:?}");
    }
    // What a checksum proves is whole, whatever else the server says.
    let (to, _) = server(|stream| {
        drop(stream.write_all(&[frame(&json!({"lenth": 3, "md5": ABC})), b"abc more".to_vec()].concat()));
    });
    let key = b.fetch(to, "a.txt");
    assert_eq!(b.ending(key).outcome, Outcome::Verified);
    nothing_left(&b);
}

#[test]
fn more_than_fits_on_the_disk_is_refused_before_it_comes() {
    let mut b = Station::new("b");
    let (to, _) = server(|stream| {
        stream.write_all(&frame(&json!({"lenth": u64::MAX}))).unwrap();
        wait_for_end(stream);
    });
    let key = b.fetch(to, "a.txt");
    let reason = b.ending(key).reason.unwrap();
    assert_eq!(reason.code, ReasonCode::DiskFull, "{reason}");
    assert_eq!(tree(&b.received()), []);
}

#[test]
fn a_silent_server_is_waited_for_and_can_be_cancelled() {
    let mut b = Station::new("b");
    let (to, served) = server(wait_for_end);
    let key = b.fetch(to, "a.txt");
    b.wait("the request", |event| match event {
        Event::Snapshot(row) if row.key == key && row.stage == Stage::Requesting => Some(()),
        _ => None,
    });
    let start = std::time::Instant::now();
    b.say(Command::Cancel(key));
    assert_eq!(b.ending(key).outcome, Outcome::Cancelled);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    served.join().unwrap();
    let mut impatient = Station::impatient("c");
    let (to, _) = server(wait_for_end);
    let key = impatient.fetch(to, "a.txt");
    let reason = impatient.ending(key).reason.unwrap();
    assert!(matches!(reason.code, ReasonCode::Timeout | ReasonCode::ConnectionLost), "{reason}");
    let (to, _) = server(|stream| {
        stream.write_all(&frame(&json!({"lenth": 100}))).unwrap();
        stream.write_all(b"abc").unwrap();
        wait_for_end(stream);
    });
    let key = impatient.fetch(to, "a.txt");
    assert_eq!(impatient.ending(key).reason.unwrap().code, ReasonCode::ConnectionLost);
    nothing_left(&impatient);
}

#[test]
fn names_that_cannot_be_used_here_are_refused_and_nobody_is_called() {
    let mut b = Station::new("b");
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    nobody.set_nonblocking(true).unwrap();
    let to = PeerAddr { host: "127.0.0.1".to_owned(), port: nobody.local_addr().unwrap().port() };
    for name in ["", "a/..", "a\0b", ".sealdrop-1"] {
        let key = b.fetch(to.clone(), name);
        assert_eq!(b.ending(key).reason.unwrap().code, ReasonCode::BadPath, "{name:?}");
    }
    assert!(nobody.accept().is_err());
    drop(nobody);
    let key = b.fetch(to, "a.txt");
    assert_eq!(b.ending(key).reason.unwrap().code, ReasonCode::Refused);
}

#[test]
fn one_sealdrop_fetches_from_the_shared_folder_of_another() {
    let body = seeded(11, 2_000_000);
    let mut a = Station::with("a", |settings| {
        settings.shared_folder = Some(settings.receive_folder.with_file_name("shared"));
    });
    fs::create_dir_all(a.home.path().join("shared/sub")).unwrap();
    fs::write(a.home.path().join("shared/sub/星.bin"), &body).unwrap();
    let mut b = Station::new("b");
    let key = b.fetch(a.address(), "sub/星.bin");
    assert_eq!(b.ending(key).outcome, Outcome::Verified);
    assert_eq!(fs::read(b.received().join("星.bin")).unwrap(), body);
    let sent = a.wait("the end there", |event| match event {
        Event::Snapshot(row) => match &row.stage {
            Stage::Ended(ending) => Some(ending.outcome),
            _ => None,
        },
        _ => None,
    });
    assert_eq!(sent, Outcome::Unchecked);
    let key = b.fetch(a.address(), "sub/nothing");
    assert_eq!(b.ending(key).reason.unwrap().code, ReasonCode::NotShared);
}

/// What a process that was killed leaves behind is swept; what another one is at work on is not.
#[test]
fn a_window_that_starts_leaves_a_running_fetch_alone() {
    let mut b = Station::new("b");
    let (to, _) = server(|stream| {
        stream.write_all(&frame(&json!({"lenth": 6, "size(MB)": 0}))).unwrap();
        stream.write_all(b"abc").unwrap();
        wait_for_end(stream);
    });
    let key = b.fetch(to, "a.txt");
    b.wait("its first bytes", |event| match event {
        Event::Snapshot(row) if row.key == key && row.stage == Stage::Moving => Some(()),
        _ => None,
    });
    // Not what the folder is probed with for a moment before.
    let is_part = |name: &str| name.starts_with(".sealdrop-") && name.ends_with("-0.part");
    let parts = || tree(&b.received()).into_iter().filter(|(name, _)| is_part(name)).count();
    let deadline = std::time::Instant::now() + LIMIT;
    while parts() == 0 {
        assert!(std::time::Instant::now() < deadline, "no part file");
        std::thread::park_timeout(Duration::from_millis(10));
    }
    sealdrop::storage::landing::sweep_leftovers(&b.profile());
    assert_eq!(parts(), 1, "swept under its hands");
    b.say(Command::Cancel(key));
    assert_eq!(b.ending(key).outcome, Outcome::Cancelled);
    nothing_left(&b);
}
