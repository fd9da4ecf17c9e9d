//! Whatever bytes come, reading them ends with a message or a named error; and what is written is read back the same.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::io::Read;

use proptest::{collection::vec, option, prelude::*};
use sealdrop::{
    model::{
        manifest::{Entry, EntryKind, Manifest},
        reason::{Reason, ReasonCode},
        seal::Md5Digest,
        transfer::TransferId,
    },
    wire::{
        caller::{classify, parse_first},
        chunk::{self, ChunkStart, chunk_start, read_chunk_start},
        classic::{classic_header_frame, parse_classic},
        code,
        entries::{ManifestDigest, entries_headers},
        error::WireError,
        frame::{PREFIX_BYTES, encode_frame, read_frame, take_frame},
        header::{
            Abort, Answer, By, Hello, Message, Offer, PlanItem, Receipt, ReceiptState, Want, encode, parse, read_header,
        },
    },
};

fn reason() -> impl Strategy<Value = Reason> {
    let words = vec!["busy", "cancelled", "disk_full", "io", "version", "a newer code"];
    // Through the reader once, so that what is compared is already clean.
    (prop::sample::select(words), ".{0,30}").prop_map(|(word, detail)| code::reason_from_peer(word, Some(&detail)))
}

fn md5() -> impl Strategy<Value = Md5Digest> {
    any::<[u8; 16]>().prop_map(Md5Digest)
}

fn id() -> impl Strategy<Value = TransferId> {
    any::<[u8; 16]>().prop_map(TransferId)
}

fn versions() -> impl Strategy<Value = [u32; 2]> {
    any::<[u32; 2]>().prop_map(|[one, other]| [one.min(other), one.max(other)])
}

fn entry() -> impl Strategy<Value = Entry> {
    let kind = prop_oneof![
        any::<u64>().prop_map(|size| EntryKind::File { size }),
        Just(EntryKind::Folder),
        ".{0,40}".prop_map(|target| EntryKind::Link { target }),
    ];
    (vec(".{0,20}", 1..8), kind, any::<Option<i64>>(), any::<bool>()).prop_map(|(path, kind, mtime, exec)| Entry {
        path: path.into_iter().collect(),
        kind,
        mtime,
        exec,
    })
}

fn hello() -> impl Strategy<Value = Message> {
    let fields = (
        versions(),
        ".{0,20}",
        ".{0,80}",
        ".{0,20}",
        any::<Option<[u8; 32]>>(),
        any::<Option<bool>>(),
        any::<Option<u16>>(),
    );
    fields.prop_map(|(versions, program, name, os, commit, verified, port)| {
        Message::Hello(Hello { versions, program, name, os, commit, verified, port })
    })
}

fn offer() -> impl Strategy<Value = Message> {
    let counts = (0..u64::MAX / 3, 0..u64::MAX / 3, 0..u64::MAX / 3, any::<u64>());
    let rest = (option::of(".{0,200}"), any::<Option<bool>>());
    (id(), 1..=u32::MAX, any::<[u8; 32]>(), counts, rest).prop_map(
        |(transfer, epoch, manifest, (files, folders, links, bytes), (message, again))| {
            Message::Offer(Offer { transfer, epoch, manifest, files, folders, links, bytes, message, again })
        },
    )
}

fn plan() -> impl Strategy<Value = Message> {
    let want = prop::sample::select(vec![Want::Check, Want::Send, Want::Skip]);
    let item = (any::<u32>(), 1..=u32::MAX, want).prop_map(|(first, count, want)| PlanItem {
        first: first.min(u32::MAX - count),
        count,
        want,
    });
    (vec(item, 0..50), vec((any::<u32>(), md5()), 0..50)).prop_map(|(items, done)| Message::Plan { items, done })
}

fn receipt() -> impl Strategy<Value = Message> {
    let state = prop_oneof![
        Just(ReceiptState::Mismatch),
        Just(ReceiptState::Verified),
        reason().prop_map(|reason| ReceiptState::Failed(reason.into())),
    ];
    (any::<u32>(), state, option::of(md5()))
        .prop_map(|(index, state, md5)| Message::Receipt(Receipt { index, state, md5 }))
}

fn answer() -> impl Strategy<Value = Message> {
    prop_oneof![
        (option::of(1..=u32::MAX), option::of(1..=u32::MAX))
            .prop_map(|(ahead, together)| Answer::Accept { ahead, together }),
        reason().prop_map(Answer::Busy),
        reason().prop_map(Answer::Decline),
    ]
    .prop_map(Message::Answer)
}

fn abort() -> impl Strategy<Value = Message> {
    (reason(), option::of(versions()), option::of(versions()))
        .prop_map(|(reason, ours, theirs)| Message::Abort(Abort { reason, ours, theirs }))
}

fn small() -> impl Strategy<Value = Message> {
    prop_oneof![
        (any::<u32>(), any::<u64>(), md5()).prop_map(|(index, offset, md5)| Message::At { index, offset, md5 }),
        any::<[u8; 32]>().prop_map(|nonce| Message::Code { nonce }),
        any::<[u8; 32]>().prop_map(|nonce| Message::Reveal { nonce }),
        (any::<u32>(), any::<u64>()).prop_map(|(index, offset)| Message::File { index, offset }),
        vec(any::<u32>(), 0..20).prop_map(|indices| Message::Files { indices }),
        (any::<u32>(), reason()).prop_map(|(index, reason)| Message::Failed { index, reason }),
        (any::<u32>(), md5()).prop_map(|(index, md5)| Message::Seal { index, md5 }),
        (id(), 1..=u32::MAX, 1..=u32::MAX).prop_map(|(transfer, epoch, number)| Message::Lane {
            transfer,
            epoch,
            number
        }),
        (any::<bool>(), reason())
            .prop_map(|(here, reason)| { Message::Pause { by: if here { By::Sender } else { By::Receiver }, reason } }),
        any::<Option<u16>>().prop_map(|port| Message::Probe { port }),
        any::<(Option<bool>, Option<i64>)>().prop_map(|(reachable, clock)| Message::Probed { reachable, clock }),
        any::<(Option<u32>, u64, u64)>().prop_map(|(index, done, total)| Message::Working { index, done, total }),
        id().prop_map(|transfer| Message::Want { transfer }),
        prop::sample::select(vec![Message::Done, Message::Ping, Message::Resume, Message::Verify]),
    ]
}

fn message() -> impl Strategy<Value = Message> {
    let entries = vec(entry(), 0..20).prop_map(|entries| Message::Entries { entries });
    prop_oneof![abort(), answer(), entries, hello(), offer(), plan(), receipt(), small(), small(), small()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_message_is_read_back_as_it_was_written(messages in vec(message(), 1..5)) {
        let stream: Vec<u8> = messages.iter().flat_map(|message| encode(message).unwrap()).collect();
        let mut from = &stream[..];
        for message in &messages {
            let read = read_header(&mut from).unwrap();
            prop_assert_eq!(read.as_ref(), Some(message));
        }
        prop_assert_eq!(read_header(&mut from).unwrap(), None);
    }

    #[test]
    fn random_bytes_end_in_a_message_or_a_named_error(bytes in vec(any::<u8>(), 0..300)) {
        read_everything(&bytes);
    }

    #[test]
    fn random_json_ends_in_a_message_or_a_named_error(
        name in "abort|answer|entries|hello|offer|plan|receipt|file|seal|working|x",
        field in "index|offset|md5|code|versions|items|entries|files|state|transfer",
        value in r#"-?[0-9]{1,30}(\.[0-9]{1,3})?(e[0-9]{1,3})?|null|true|"[^"\\]{0,40}"|\[(1,)*2\]|\{\}"#,
    ) {
        let json = format!(r#"{{"type":"{name}","{field}":{value}}}"#);
        if let Err(error) = parse(json.as_bytes()) {
            // `value` may hold a control character or a leading zero; all else is a matter of fields.
            named(&error);
        }
    }

    #[test]
    fn a_classic_header_is_read_back_as_it_was_written(name in ".{1,200}", size in any::<u64>(), md5 in md5()) {
        let frame = classic_header_frame(&name, size, md5).unwrap();
        let header = parse_classic(&frame[PREFIX_BYTES..]).unwrap();
        prop_assert_eq!((header.name, header.size, header.md5, header.folder), (name, size, Some(md5), None));
    }
}

proptest! {
    // Fewer and larger: the borders between headers are what matters.
    #![proptest_config(ProptestConfig { cases: 20, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_manifest_comes_back_whole_with_its_digest(entries in vec(entry(), 0..1500)) {
        let frames: Vec<_> = entries_headers(&entries).map(Result::unwrap).collect();
        let (mut sent, mut received) = (ManifestDigest::new(), ManifestDigest::new());
        for frame in &frames {
            sent.add_frame(frame);
        }
        let stream = frames.concat();
        let mut from = &stream[..];
        let mut came = Vec::new();
        while let Some(json) = read_frame(&mut from).unwrap() {
            received.add(&json);
            let Message::Entries { entries } = parse(&json).unwrap() else { panic!("not entries") };
            came.extend(entries);
        }
        prop_assert_eq!(came, entries);
        prop_assert_eq!(sent.finish(), received.finish());
    }
}

#[test]
fn every_truncation_of_a_good_session_is_a_torn_one_or_ends_between_messages() {
    for recorded in [sender_stream(), receiver_stream(), classic_stream()] {
        assert!(matches!(read_session(&recorded), Ok(())));
        for cut in 0..recorded.len() {
            match read_session(&recorded[..cut]) {
                Ok(()) | Err(WireError::Torn { .. }) => {}
                Err(error) => panic!("cut at {cut}: {error}"),
            }
        }
    }
}

#[test]
fn single_byte_changes_of_a_good_session_never_panic_and_each_error_is_named() {
    let mut changed = 0;
    for recorded in [sender_stream(), receiver_stream(), classic_stream()] {
        for at in 0..recorded.len() {
            // Every bit, and the bytes that mean something to JSON or to a length.
            let flips = (0..8).map(|bit| recorded[at] ^ (1 << bit));
            for byte in flips.chain(*b"\0\xff\"{}[],:\\-.e9n") {
                let mut stream = recorded.clone();
                stream[at] = byte;
                read_everything(&stream);
                changed += 1;
            }
        }
    }
    assert!(changed > 20_000, "{changed} changes tried");
}

#[test]
fn bad_headers_are_told_apart() {
    let frame = |json: &[u8]| encode_frame(json).unwrap();
    let read = |stream: &[u8]| read_header(&mut &stream[..]).unwrap_err();
    for announced in [0, -1, i32::MIN, 65_536, i32::MAX] {
        let error = read(&announced.to_le_bytes());
        assert_eq!(error.to_string(), format!("bad header length {announced}: must be 1 to 65535"));
        assert_eq!(error.reason().code, ReasonCode::BadHeader);
    }
    let torn = read(b"\x09\0\0\0{\"ty");
    assert_eq!(torn.to_string(), "the connection ended after 4 of 9 bytes");
    assert_eq!(torn.reason().code, ReasonCode::ConnectionLost);
    assert!(matches!(read(&frame(b"{\"type\":\"p\xffng\"}")), WireError::NotUtf8));
    assert!(matches!(read(&frame(b"{\"type\":ping}")), WireError::NotJson { .. }));
    assert!(matches!(read(&frame(b"[\"ping\"]")), WireError::NotObject));
    assert!(matches!(read(&frame(b"{\"typ\":\"ping\"}")), WireError::NoType));
    let twice = read(&frame(b"{\"type\":\"ping\",\"type\":\"done\"}"));
    assert_eq!(twice.to_string(), "key \"type\" is given twice");
    let unknown = read(&frame(b"{\"type\":\"teleport\"}"));
    assert_eq!(unknown.to_string(), "unknown header type \"teleport\"");
    assert_eq!(unknown.reason().code, ReasonCode::UnknownType);
}

#[test]
fn a_bad_size_is_an_error_that_names_the_field() {
    let nines = "9".repeat(300);
    let table = [
        (r#"{"path":["a"],"kind":"file"}"#.to_owned(), "field entries[0].size is missing".to_owned()),
        (size("-5"), "field entries[0].size: expected a whole number in range, not -5".to_owned()),
        (size("0.5"), "field entries[0].size: expected a whole number in range, not 0.5".to_owned()),
        (size("1e3"), "field entries[0].size: expected a whole number in range, not 1e3".to_owned()),
        (size(&nines), "field entries[0].size: a number this large does not fit".to_owned()),
        (size("18446744073709551616"), "field entries[0].size: a number this large does not fit".to_owned()),
    ];
    for (entry, expected) in table {
        let error = parse(format!(r#"{{"type":"entries","entries":[{entry}]}}"#).as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.reason().code, ReasonCode::BadMessage);
    }
    let entry = |bytes| Entry { path: ["a"].into(), kind: EntryKind::File { size: bytes }, mtime: None, exec: false };
    assert!(Manifest::from_entries(vec![entry(u64::MAX), entry(1)]).is_none(), "the total wraps");
}

#[test]
fn a_first_header_may_come_byte_by_byte() {
    let stream = classic_stream();
    let mut buffer = Vec::new();
    let taken = stream.iter().find_map(|byte| {
        buffer.push(*byte);
        take_frame(&mut buffer).unwrap()
    });
    let Ok(header) = parse_first(&taken.unwrap()) else { panic!("not classic") };
    assert_eq!((header.name.as_str(), header.size), ("a b.txt", 3));
}

fn size(number: &str) -> String {
    format!(r#"{{"path":["a"],"kind":"file","size":{number}}}"#)
}

/// What a sender says in a session: two files, one of which fails, a ping inside a body.
fn sender_stream() -> Vec<u8> {
    let hello = Hello {
        versions: [1, 1],
        program: "sealdrop 0.1.0".into(),
        name: "鸡 \"laptop\"".into(),
        os: "linux".into(),
        commit: Some([7; 32]),
        verified: Some(false),
        port: None,
    };
    let entry = |name: &str, kind| Entry { path: ["d", name].into(), kind, mtime: Some(1), exec: true };
    let entries = [
        entry("one", EntryKind::File { size: 5 }),
        entry("two", EntryKind::File { size: 0 }),
        entry("three", EntryKind::Link { target: "one".into() }),
    ];
    let frames: Vec<_> = entries_headers(&entries).map(Result::unwrap).collect();
    let mut manifest = ManifestDigest::new();
    for frame in &frames {
        manifest.add_frame(frame);
    }
    let offer = Offer {
        transfer: TransferId([3; 16]),
        epoch: 1,
        manifest: manifest.finish(),
        files: 2,
        folders: 0,
        links: 1,
        bytes: 5,
        message: Some("for you".into()),
        again: None,
    };
    let says = |message| encode(&message).unwrap();
    [
        says(Message::Hello(hello)),
        says(Message::Offer(offer)),
        frames.concat(),
        says(Message::File { index: 0, offset: 0 }),
        chunk_start(2).to_vec(),
        b"he".to_vec(),
        chunk::INTERLUDE.to_vec(),
        says(Message::Ping),
        chunk_start(3).to_vec(),
        b"llo".to_vec(),
        chunk::END.to_vec(),
        says(Message::Seal { index: 0, md5: Md5Digest([9; 16]) }),
        says(Message::Files { indices: vec![2, 3] }),
        chunk_start(2).to_vec(),
        b"by".to_vec(),
        chunk::turn(3).to_vec(),
        chunk::END.to_vec(),
        chunk::turn(2).to_vec(),
        chunk::END.to_vec(),
        says(Message::Failed { index: 1, reason: Reason::bare(ReasonCode::Unreadable) }),
        says(Message::Done),
    ]
    .concat()
}

fn receiver_stream() -> Vec<u8> {
    let plan = vec![PlanItem { first: 0, count: 3, want: Want::Send }];
    let receipt = |index, state, md5| Message::Receipt(Receipt { index, state, md5 });
    let messages = [
        Message::Answer(Answer::Accept { ahead: None, together: None }),
        Message::Plan { items: plan, done: vec![(1, Md5Digest([9; 16]))] },
        receipt(0, ReceiptState::Verified, Some(Md5Digest([9; 16]))),
        receipt(2, ReceiptState::Failed(Reason::here(ReasonCode::DiskFull, "3 bytes missing").into()), None),
        Message::Working { index: Some(1), done: 0, total: 0 },
        Message::Abort(Abort { reason: Reason::bare(ReasonCode::Version), ours: Some([1, 1]), theirs: Some([2, 3]) }),
    ];
    messages.iter().flat_map(|message| encode(message).unwrap()).collect()
}

fn classic_stream() -> Vec<u8> {
    let mut stream = classic_header_frame("a b.txt", 3, Md5Digest([5; 16])).unwrap();
    stream.extend_from_slice(b"abc");
    stream
}

/// Reads `stream` as a session of whichever kind its first header says, up to its end.
fn read_session(stream: &[u8]) -> Result<(), WireError> {
    let mut from = stream;
    let Some(first) = read_frame(&mut from)? else { return Ok(()) };
    if let Ok(header) = parse_first(&first) {
        return skip(&mut from, header.size);
    }
    let mut next = Some(parse(&first)?);
    while let Some(message) = next {
        let bodies = match message {
            Message::File { .. } => 1,
            Message::Files { indices } => indices.len(),
            _ => 0,
        };
        (0..bodies).try_for_each(|_| read_body(&mut from))?;
        next = read_header(&mut from)?;
    }
    Ok(())
}

fn read_body(from: &mut &[u8]) -> Result<(), WireError> {
    loop {
        match read_chunk_start(from)? {
            ChunkStart::Data(length) => skip(from, length.into())?,
            ChunkStart::Elsewhere => drop(chunk::read_elsewhere(from)?),
            ChunkStart::End => return Ok(()),
            ChunkStart::Turn => drop(chunk::read_turn(from)?),
            ChunkStart::Interlude => {
                read_header(from)?.ok_or(WireError::Torn { wanted: PREFIX_BYTES, got: 0 })?;
            }
        }
    }
}

fn skip(from: &mut &[u8], bytes: u64) -> Result<(), WireError> {
    let skipped = std::io::copy(&mut from.take(bytes), &mut std::io::sink())?;
    if skipped < bytes {
        let wanted = usize::try_from(bytes).unwrap_or(usize::MAX);
        return Err(WireError::Torn { wanted, got: usize::try_from(skipped).unwrap_or(usize::MAX) });
    }
    Ok(())
}

/// Every reader over the same bytes.
fn read_everything(stream: &[u8]) {
    read_session(stream).map_err(|error| named(&error)).ok();
    parse(stream).map_err(|error| named(&error)).ok();
    parse_classic(stream).map_err(|error| named(&error)).ok();
    parse_first(stream).map_err(|error| named(&error)).ok();
    take_frame(&mut stream.to_vec()).map_err(|error| named(&error)).ok();
    read_chunk_start(&mut &stream[..]).map_err(|error| named(&error)).ok();
    stream.first_chunk().copied().map(classify);
}

/// An error of bytes in memory is never one of input and output, and its text is fit to be shown.
fn named(error: &WireError) {
    assert!(!matches!(error, WireError::Io(_)), "{error}");
    let text = error.to_string();
    assert!(!text.is_empty() && text.chars().count() < 400, "{text}");
    assert!(!text.contains(sealdrop::model::device::is_hidden), "{text:?}");
}
