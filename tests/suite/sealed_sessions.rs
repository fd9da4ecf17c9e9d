//! What goes from one Sealdrop to another is sealed: nothing of it can be read on the way, nothing goes in clear, and a key
//! that is not the expected one is shown nothing.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
};

use sealdrop::{
    crypto::session::SessionError,
    engine::messages::{Acceptance, Event},
    model::{
        device_key::DeviceKey,
        manifest::Selection,
        outcome::{Ending, Outcome},
        reason::{Reason, ReasonCode, Side},
        transfer::{Direction, TransferKey},
    },
    ui::text::one_line,
    wire::header::{self, Hello, Message, encode},
};

use crate::{
    relay::{Recorded, Recorder},
    scripted::{Door, Scripted, dial_plain},
    sealed_stream::{SealedStream, new_identity},
    support::{Station, honest},
};

const NAMES: [&str; 2] = ["Quittenrechner", "Mirabellenkiste"];
const FOLDER: &str = "Holunderordner";
const FILE: &str = "Schlehenliste.txt";
const MESSAGE: &str = "Wacholder fuer dich";
const CONTENT: &str = "Sanddorn steht nur in dieser Datei. ";

/// Everything a listener on the way would like to read.
fn secrets(a: &Station) -> Vec<String> {
    let place = a.home.path().file_name().unwrap().to_str().unwrap().to_owned();
    let mut secrets: Vec<String> = [FOLDER, FILE, MESSAGE, CONTENT].map(str::to_owned).to_vec();
    secrets.extend(NAMES.map(str::to_owned));
    secrets.push(place);
    secrets
}

/// As it is, as UTF-16 in both orders, as base64 at each of the three places it can begin, and as hex.
fn spellings(secret: &str) -> Vec<Vec<u8>> {
    let bytes = secret.as_bytes();
    let mut spellings = vec![
        bytes.to_vec(),
        secret.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        secret.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        bytes.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect(),
    ];
    for begins in 0..3 {
        // Whole groups only: the first and the last character depend on what stands beside them.
        spellings.push(base64(&bytes[begins..begins + (bytes.len() - begins) / 3 * 3]));
    }
    spellings
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |three: &[u8]| {
        let number = three.iter().fold(0_usize, |number, byte| number << 8 | usize::from(*byte));
        [18, 12, 6, 0].map(|shift| DIGITS[number >> shift & 63])
    };
    bytes.chunks_exact(3).flat_map(group).collect()
}

fn holds(heard: &[u8], needle: &[u8]) -> bool {
    heard.windows(needle.len()).any(|window| window == needle)
}

/// One transfer from a new device through a recorder, with the name of its sender.
fn overheard(classic: bool) -> (Station, Recorded) {
    let (mut a, mut b) = (Station::new(NAMES[0]), Station::new(NAMES[1]));
    let folder = a.home.path().join(FOLDER);
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join(FILE), CONTENT.repeat(2000)).unwrap();
    let recorder = Recorder::before(b.port);
    let source = if classic { folder.join(FILE) } else { folder };
    let sending = a.request(recorder.address(), &[&source], |request| {
        request.classic = classic;
        request.message = (!classic).then(|| MESSAGE.to_owned());
    });
    let offer = b.offer();
    let receiving = offer.snapshot.key;
    if !classic {
        assert_eq!((offer.snapshot.message.as_deref(), offer.snapshot.peer.name.as_str()), (Some(MESSAGE), NAMES[0]));
        assert!(offer.snapshot.peer.encrypted && !offer.snapshot.peer.verified);
    }
    offer.reply.accept(Acceptance::new(b.received(), Selection::All));
    b.ending(receiving);
    a.ending(sending);
    (a, recorder.recorded())
}

#[test]
fn nothing_of_a_transfer_can_be_read_on_the_way() {
    let (a, heard) = overheard(false);
    assert!(heard.from_dialer.len() > 2000 * CONTENT.len(), "the transfer went another way");
    for secret in secrets(&a) {
        for spelling in spellings(&secret) {
            assert!(!holds(&heard.from_dialer, &spelling) && !holds(&heard.from_listener, &spelling), "{secret}");
        }
    }
    // The same look finds it where it can be read.
    let (_a, heard) = overheard(true);
    assert!(holds(&heard.from_dialer, FILE.as_bytes()) && holds(&heard.from_dialer, CONTENT.as_bytes()));
    assert_eq!(
        spellings("abcdefg")[4..],
        [b"YWJjZGVm".to_vec(), b"YmNkZWZn".to_vec(), b"Y2Rl".to_vec()].map(|it| it)[..]
    );
}

/// What `read` gives until the other side closes.
fn rest_of(mut stream: TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    // A reset is an end too.
    stream.read_to_end(&mut rest).ok();
    rest
}

/// One whole TLS record.
fn record(stream: &mut TcpStream) -> Vec<u8> {
    let mut record = vec![0; 5];
    stream.read_exact(&mut record).unwrap();
    let length = usize::from(u16::from_be_bytes([record[3], record[4]]));
    record.resize(5 + length, 0);
    stream.read_exact(&mut record[5..]).unwrap();
    record
}

#[test]
fn a_listener_that_does_not_speak_tls_hears_nothing_but_its_beginning() {
    let hello =
        r#"{"type":"hello","versions":[1,1],"program":"sealdrop 9","name":"n","os":"o","commit":"00","verified":true}"#;
    let frame = |json: &str| sealdrop::wire::frame::encode_frame(json.as_bytes()).unwrap();
    let answers = [
        frame(r#"{"file_name":"x","file_size":1}"#),
        frame(hello),
        frame(r#"{"type":"abort","code":"version","detail":"speak plainly"}"#),
        b"HTTP/1.1 426 Upgrade Required\r\n\r\n".to_vec(),
        b"SSH-2.0-OpenSSH_9.9\r\n".to_vec(),
        // An alert that TLS is not spoken here, and a server hello of TLS 1.2.
        vec![0x15, 3, 3, 0, 2, 2, 70],
        [&[0x16, 3, 3, 0, 42, 2, 0, 0, 38, 3, 3][..], &[7; 32], &[0, 0xc0, 0x2f, 0]].concat(),
        Vec::new(),
    ];
    let mut a = Station::new("a");
    let source = a.file("x", b"x");
    for answer in answers {
        let door = Door::open();
        let sending = a.send_to(door.address(), &[&source], false);
        let mut listener = door.accept_plain();
        let first = record(&mut listener);
        assert_eq!(first[..2], [0x16, 3]);
        listener.write_all(&answer).unwrap();
        listener.shutdown(Shutdown::Write).unwrap();
        let rest = rest_of(listener);
        assert!(rest.is_empty() || rest[0] == 0x15 && rest.len() == 7, "more than an alert: {rest:?}");
        let Ending { outcome, reason, .. } = a.ending(sending);
        let reason = reason.unwrap();
        assert_eq!((outcome, &reason.code), (Outcome::Failed, &ReasonCode::NotSealdrop), "{answer:?} {reason}");
        assert!(one_line(&reason).contains("not Sealdrop"), "{}", one_line(&reason));
    }
    let mut b = Station::new("b");
    honest(&mut b);
}

#[test]
fn a_hello_in_clear_is_refused_with_a_sentence() {
    for classic in [true, false] {
        let mut b = Station::with("b", |settings| settings.classic = classic);
        let script = Scripted::dial(b.port);
        let mut peer = dial_plain(b.port);
        peer.write_all(&encode(&script.hello()).unwrap()).unwrap();
        let Some(Message::Abort(abort)) = header::read_header(&mut peer).unwrap() else { panic!("no abort") };
        assert!(abort.reason.detail.as_ref().is_some_and(|detail| detail.contains("hello")), "{:?}", abort.reason);
        assert!(rest_of(peer).is_empty(), "nothing but the refusal");
        drop(script);
        let refused = b.wait("the refusal here", |event| match event {
            Event::Refused { reason, .. } => Some(reason.clone()),
            _ => None,
        });
        assert_eq!((refused.code, refused.detail), (abort.reason.code, abort.reason.detail));
        assert!(!b.has_card());
        honest(&mut b);
    }
}

#[test]
fn a_second_connection_makes_a_whole_handshake_and_no_tickets_are_given() {
    let mut b = Station::new("b");
    let own = new_identity();
    let mut exporters = Vec::new();
    for _ in 0..3 {
        let mut peer = Scripted::dial_as(b.port, &own);
        assert!(!peer.stream.was_resumed());
        exporters.push(peer.stream.established().exporter);
        peer.say(&peer.hello());
        // A ticket would come before the hello, as a record of its own.
        let mut first = [0; 5];
        while peer.stream.socket.peek(&mut first).unwrap() < first.len() {}
        let Some(hello @ Message::Hello(_)) = peer.hear() else { panic!("no hello") };
        let sealed = encode(&hello).unwrap().len() + 1 + 16;
        assert_eq!(first[..3], [0x17, 3, 3]);
        assert_eq!(usize::from(u16::from_be_bytes([first[3], first[4]])), sealed, "hello is the first thing said");
    }
    exporters.dedup();
    assert_eq!(exporters.len(), 3, "each connection has secrets of its own");
    // The same from the other side: a listener sees two whole handshakes of the same engine.
    let door = Door::open();
    let source = b.file("x", b"x");
    let mut keys = Vec::new();
    for _ in 0..2 {
        b.send_to(door.address(), &[&source], false);
        let peer = door.accept_as(&own);
        assert!(!peer.stream.was_resumed());
        keys.push(peer.stream.established().peer);
    }
    assert_eq!(keys, [b.key(), b.key()]);
    honest(&mut b);
}

/// What a wrong key looks like at the sender.
fn assert_wrong_key(a: &mut Station, sending: TransferKey, expected: DeviceKey, met: DeviceKey) {
    let warning = a.wait("the warning", |event| match event {
        Event::WrongKey(warning) => Some(warning.clone()),
        _ => None,
    });
    assert_eq!((warning.expected, warning.met, warning.direction), (expected, met, Direction::Outgoing));
    let ending = a.ending(sending);
    let reason = ending.reason.unwrap();
    assert_eq!((ending.outcome, &reason.code, reason.side), (Outcome::Failed, &ReasonCode::WrongKey, Side::Here));
}

#[test]
fn another_key_than_the_expected_one_is_shown_nothing() {
    let mut a = Station::new("a");
    let source = a.file("x", b"x");
    let (door, own, expected) = (Door::open(), new_identity(), new_identity().key());
    a.verify(expected, "somebody");
    let sending = a.request(door.address(), &[&source], |request| request.expect = Some(expected));
    let refused = SealedStream::answer(door.accept_plain(), &own);
    assert!(matches!(refused, Err(SessionError::RefusedByPeer)), "{:?}", refused.err());
    assert_wrong_key(&mut a, sending, expected, own.key());

    // Before an engine, and by the bytes: behind the client hello there is only room for an alert.
    let mut b = Station::new("b");
    let recorder = Recorder::before(b.port);
    let sending = a.request(recorder.address(), &[&source], |request| request.expect = Some(expected));
    let heard = recorder.recorded();
    let hello = 5 + usize::from(u16::from_be_bytes([heard.from_dialer[3], heard.from_dialer[4]]));
    let rest = heard.from_dialer.get(hello..).unwrap();
    // RFC 8446 appendix D.4: a change_cipher_spec record of 6 bytes, which means nothing, and a sealed alert of 24.
    assert!(rest.len() <= 6 + 24, "{} bytes behind the client hello", rest.len());
    assert_wrong_key(&mut a, sending, expected, b.key());
    let reason = b.wait("the refusal there", |event| match event {
        Event::Refused { reason, .. } => Some(reason.clone()),
        _ => None,
    });
    assert_eq!((reason.code, reason.side), (ReasonCode::WrongKey, Side::There));
    assert!(!b.has_card());
    honest(&mut b);
}

/// Both versions are named, in the detail and in the line for a person.
fn assert_names_both(reason: &Reason, theirs: &str) {
    assert_eq!(reason.code, ReasonCode::Version, "{reason}");
    for text in [reason.detail.clone().unwrap(), one_line(reason)] {
        assert!(text.contains("version 1,") || text.contains("other 1"), "{text}");
        assert!(text.contains(&format!("version {theirs},")) || text.contains(&format!("other {theirs}")), "{text}");
    }
}

#[test]
fn peers_of_other_versions_are_told_both_versions_and_so_is_the_person_here() {
    let mut b = Station::new("b");
    let source = b.file("x", b"x");
    for (versions, shown) in [([0, 0], "0"), ([7, 9], "7 to 9")] {
        let other = |hello: Message| match hello {
            Message::Hello(hello) => Message::Hello(Hello { versions, ..hello }),
            other => other,
        };
        let mut peer = Scripted::dial(b.port);
        peer.say(&other(peer.hello()));
        assert_names_both(&peer.hear_abort(), shown);
        let refused = b.wait("the refusal here", |event| match event {
            Event::Refused { reason, .. } => Some(reason.clone()),
            _ => None,
        });
        assert_names_both(&refused, shown);

        // As the listener, which answers the hello, and which ends it at once.
        for answers in [true, false] {
            let door = Door::open();
            let sending = b.send_to(door.address(), &[&source], false);
            let mut peer = door.accept();
            assert!(matches!(peer.hear(), Some(Message::Hello(_))));
            if answers {
                peer.say(&other(peer.hello()));
                assert_names_both(&peer.hear_abort(), shown);
            } else {
                let [oldest, newest] = versions;
                peer.json(&format!(
                    r#"{{"type":"abort","code":"version","detail":"no","ours":[{oldest},{newest}],"theirs":[1,1]}}"#
                ));
            }
            assert_names_both(&b.ending(sending).reason.unwrap(), shown);
        }
    }
    honest(&mut b);
}
