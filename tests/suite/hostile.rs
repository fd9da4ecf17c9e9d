//! Bad input gets a clear reason and loses nothing: a scripted peer does each thing that it must not.
//!
//! After each, an honest transfer still goes through, and the folder holds nothing that was not verified.

use std::{fs, io::Write, time::Duration};

use sealdrop::{
    engine::messages::{Acceptance, Event},
    model::{
        manifest::{Entry, EntryKind, Selection},
        outcome::{FileState, Outcome},
        reason::{Reason, ReasonCode},
        seal::Md5Digest,
        transfer::TransferKey,
    },
    wire::{
        chunk,
        header::{self, Message, Receipt, ReceiptState},
    },
};

use crate::{
    scripted::{Door, Scripted, dial_plain, file_entry, folder_entry, md5_of},
    support::{Station, finished, honest, seeded, tree},
};

/// Bytes to a fresh connection of `b` in clear, then the reason it gives.
fn refusal_of(b: &Station, bytes: &[u8]) -> Reason {
    let mut peer = dial_plain(b.port);
    peer.write_all(bytes).unwrap();
    peer.shutdown(std::net::Shutdown::Write).unwrap();
    match header::read_header(&mut peer).unwrap() {
        Some(Message::Abort(abort)) => abort.reason,
        other => panic!("{other:?}"),
    }
}

/// The same as the first bytes of a sealed session.
fn sealed_refusal_of(b: &Station, bytes: &[u8]) -> Reason {
    let mut peer = Scripted::dial(b.port);
    peer.raw(bytes);
    peer.stream.say_goodbye();
    peer.hear_abort()
}

fn frame(json: &[u8]) -> Vec<u8> {
    let mut bytes = i32::try_from(json.len()).unwrap().to_le_bytes().to_vec();
    bytes.extend_from_slice(json);
    bytes
}

#[test]
fn header_lengths_that_cannot_be() {
    let mut b = Station::new("b");
    for length in [0_i32, -1, i32::MIN, 65_536, i32::MAX] {
        for refusal in [refusal_of, sealed_refusal_of] {
            let reason = refusal(&b, &length.to_le_bytes());
            assert_eq!(reason.code, ReasonCode::BadHeader, "{length}");
            assert!(reason.detail.unwrap().contains(&length.to_string()), "{length}");
        }
    }
    honest(&mut b);
}

#[test]
fn headers_that_are_no_json_object() {
    let mut b = Station::new("b");
    for json in [&b"\xff\xfe{}"[..], b"{", b"[1,2]", b"17", b"null", b"{\"file_name\":\"x\"}trailing"] {
        for refusal in [refusal_of, sealed_refusal_of] {
            let reason = refusal(&b, &frame(json));
            assert!(
                matches!(reason.code, ReasonCode::BadHeader | ReasonCode::BadMessage),
                "{reason:?} for {}",
                String::from_utf8_lossy(json)
            );
        }
    }
    let reason = sealed_refusal_of(&b, &frame(b"{\"type\":\"frobnicate\"}"));
    assert_eq!(reason.code, ReasonCode::UnknownType);
    assert!(reason.detail.unwrap().contains("frobnicate"));
    honest(&mut b);
}

#[test]
fn classic_sizes_that_cannot_be() {
    let mut b = Station::new("b");
    let huge = "9".repeat(300);
    for size in ["", ",\"file_size\":-1", ",\"file_size\":1.5", &format!(",\"file_size\":{huge}")] {
        let reason = refusal_of(&b, &frame(format!("{{\"file_name\":\"x\"{size}}}").as_bytes()));
        assert_eq!(reason.code, ReasonCode::BadMessage, "{size}");
        assert!(reason.detail.unwrap().contains("size"), "{size}");
    }
    honest(&mut b);
}

#[test]
fn names_that_lead_elsewhere() {
    let mut b = Station::new("b");
    let path = |parts: &[&str]| file_entry(parts, 1);
    for parts in [
        &["..", "x"][..],
        &["/etc/x"],
        &["C:\\x"],
        &["\\\\host\\x"],
        &["a", "..", "..", "x"],
        &["a/../../x"],
        &["."],
        &[""],
        &["nul\0byte"],
        &["new\nline"],
        &[".sealdrop-1-1.part"],
    ] {
        let mut peer = Scripted::dial(b.port);
        peer.offer(vec![path(parts)]);
        assert_eq!(peer.hear_abort().code, ReasonCode::BadPath, "{parts:?}");
        let reason = b.wait("the refusal here", |event| match event {
            Event::Refused { reason, .. } => Some(reason.clone()),
            _ => None,
        });
        assert_eq!(reason.code, ReasonCode::BadPath);
    }
    for name in ["../x", "a/b", "/etc/x"] {
        let json = format!("{{\"file_name\":\"{name}\",\"file_size\":1}}");
        assert_eq!(refusal_of(&b, &frame(json.as_bytes())).code, ReasonCode::BadPath, "{name}");
    }
    assert_eq!(tree(&b.received()), []);
    honest(&mut b);
}

#[test]
fn entries_that_contradict_each_other() {
    let mut b = Station::new("b");
    let twice = vec![file_entry(&["x"], 1), file_entry(&["x"], 1)];
    let both = vec![file_entry(&["x"], 1), folder_entry(&["x"])];
    let below = vec![file_entry(&["x"], 1), file_entry(&["x", "y"], 1)];
    for entries in [twice, both, below] {
        let mut peer = Scripted::dial(b.port);
        peer.offer(entries.clone());
        assert_eq!(peer.hear_abort().code, ReasonCode::BadPath, "{entries:?}");
    }
    honest(&mut b);
}

#[test]
fn offer_that_its_entries_do_not_bear_out() {
    let mut b = Station::new("b");
    let mut peer = Scripted::dial(b.port);
    peer.greet();
    let id = "00112233445566778899aabbccddeeff";
    let digest = "0".repeat(64);
    peer.json(&format!(
        r#"{{"type":"offer","transfer":"{id}","epoch":1,"manifest":"{digest}","files":1,"folders":0,"links":0,"bytes":1}}"#
    ));
    peer.json(r#"{"type":"entries","entries":[{"path":["x"],"kind":"file","size":1}]}"#);
    assert_eq!(peer.hear_abort().code, ReasonCode::BadMessage);
    let mut peer = Scripted::dial(b.port);
    peer.greet();
    peer.json(&format!(
        r#"{{"type":"offer","transfer":"{id}","epoch":1,"manifest":"{digest}","files":1000001,"folders":0,"links":0,"bytes":1}}"#
    ));
    assert_eq!(peer.hear_abort().code, ReasonCode::Limit);
    honest(&mut b);
}

#[test]
fn names_that_only_need_another_spelling_are_shown_before_accepting() {
    let mut b = Station::new("b");
    let long = "ü".repeat(150);
    let names = ["a\\b", "ab:c", "gut\u{202e}txt.exe", &long];
    let mut peer = Scripted::dial(b.port);
    peer.offer(names.iter().map(|name| file_entry(&[name], 1)).collect());
    let offer = b.offer();
    let renamed: Vec<&str> = offer.preflight.renamed.iter().map(|r| r.becomes.as_str()).collect();
    assert_eq!(renamed.len(), 4, "{renamed:?}");
    assert!(renamed.contains(&"a_b") && renamed.iter().all(|name| name.len() <= 255), "{renamed:?}");
}

#[test]
fn two_names_that_differ_in_case_only_both_arrive() {
    let mut b = Station::new("b");
    let mut peer = Scripted::dial(b.port);
    peer.offer(vec![file_entry(&["Read.me"], 3), file_entry(&["READ.ME"], 3)]);
    let key = b.accept();
    peer.hear_accept(2);
    peer.file_and_seal(0, b"one");
    peer.file_and_seal(1, b"two");
    for _ in 0..2 {
        assert!(matches!(peer.hear(), Some(Message::Receipt(Receipt { state: ReceiptState::Verified, .. }))));
    }
    peer.say(&Message::Done);
    assert_eq!(peer.hear(), Some(Message::Done));
    assert_eq!(b.ending(key).outcome, Outcome::Verified);
    let mut contents: Vec<_> = tree(&b.received()).into_iter().map(|(_, bytes)| bytes.unwrap()).collect();
    contents.sort();
    assert_eq!(contents, [b"one".to_vec(), b"two".to_vec()]);
}

/// Offers one file of 1,000 bytes, is accepted, and then does `wrong`; the engine has to say `bad_message`.
fn accepted_then(entries: Vec<Entry>, wrong: impl FnOnce(&mut Scripted)) -> Reason {
    let mut b = Station::new("b");
    let count = u32::try_from(entries.len()).unwrap();
    let mut peer = Scripted::dial(b.port);
    peer.offer(entries);
    let key = b.accept();
    peer.hear_accept(count);
    wrong(&mut peer);
    let told = peer.hear_abort();
    let ending = b.ending(key);
    assert_eq!(ending.outcome, Outcome::Failed);
    assert_eq!(ending.reason.unwrap().code, told.code, "both sides give the same reason");
    assert_eq!(tree(&b.received()), [], "nothing unverified under any name");
    honest(&mut b);
    told
}

#[test]
fn more_bytes_than_announced() {
    let reason = accepted_then(vec![file_entry(&["x"], 5)], |peer| {
        peer.say(&Message::File { index: 0, offset: 0 });
        peer.raw(&chunk::chunk_start(6));
        peer.raw(b"123456");
    });
    assert_eq!(reason.code, ReasonCode::BadMessage);
    assert!(reason.detail.unwrap().contains('5'));
}

#[test]
fn chunk_lengths_that_lie() {
    for length in [-4_i32, (1 << 20) + 1, i32::MIN, i32::MAX] {
        let reason = accepted_then(vec![file_entry(&["x"], 1 << 22)], |peer| {
            peer.say(&Message::File { index: 0, offset: 0 });
            peer.raw(&length.to_le_bytes());
        });
        assert!(matches!(reason.code, ReasonCode::BadMessage | ReasonCode::BadHeader), "{reason:?}");
    }
}

#[test]
fn more_than_the_disk_holds_is_declined_with_the_figures() {
    let mut b = Station::new("b");
    let mut peer = Scripted::dial(b.port);
    peer.offer(vec![file_entry(&["x"], u64::MAX / 2)]);
    let offer = b.offer();
    assert_eq!(offer.preflight.problem.as_ref().unwrap().code, ReasonCode::DiskFull);
    let key = offer.snapshot.key;
    offer.reply.accept(Acceptance::new(b.received(), Selection::All));
    let told = peer.hear_abort();
    assert_eq!(told.code, ReasonCode::DiskFull);
    assert!(told.detail.unwrap().contains(&(u64::MAX / 2).to_string()));
    assert_eq!(b.ending(key).outcome, Outcome::Failed);
}

#[test]
fn files_outside_the_manifest_or_twice_or_from_the_middle() {
    let file = |index, offset| Message::File { index, offset };
    let one = || vec![file_entry(&["x"], 1), file_entry(&["y"], 1)];
    assert_eq!(accepted_then(one(), |peer| peer.say(&file(2, 0))).code, ReasonCode::BadMessage);
    assert_eq!(accepted_then(one(), |peer| peer.say(&file(u32::MAX, 0))).code, ReasonCode::BadMessage);
    assert_eq!(accepted_then(one(), |peer| peer.say(&file(0, 1))).code, ReasonCode::BadMessage);
    let twice = accepted_then(one(), |peer| {
        peer.file(0, b"1");
        peer.say(&file(0, 0));
    });
    assert_eq!(twice.code, ReasonCode::BadMessage);
}

#[test]
fn seals_and_ends_out_of_place() {
    let one = || vec![file_entry(&["x"], 1)];
    let seal = Message::Seal { index: 0, md5: Md5Digest([0; 16]) };
    assert_eq!(accepted_then(one(), |peer| peer.say(&seal)).code, ReasonCode::BadMessage);
    assert_eq!(accepted_then(one(), |peer| peer.say(&Message::Done)).code, ReasonCode::BadMessage);
    let answer = Message::Answer(sealdrop::wire::header::Answer::Accept { ahead: None, together: None });
    assert_eq!(accepted_then(one(), |peer| peer.say(&answer)).code, ReasonCode::BadMessage);
    assert_eq!(accepted_then(one(), |peer| peer.json("{\"type\":\"nonsense\"}")).code, ReasonCode::UnknownType);
    assert_eq!(accepted_then(one(), |peer| peer.raw(&0_i32.to_le_bytes())).code, ReasonCode::BadHeader);
}

#[test]
fn folder_entry_sent_as_a_file() {
    let entries = vec![folder_entry(&["d"]), file_entry(&["d", "x"], 1)];
    let mut b = Station::new("b");
    let mut peer = Scripted::dial(b.port);
    peer.offer(entries);
    let key = b.accept();
    peer.hear_accept(2);
    peer.say(&Message::File { index: 0, offset: 0 });
    assert_eq!(peer.hear_abort().code, ReasonCode::BadMessage);
    assert_eq!(b.ending(key).outcome, Outcome::Failed);
}

#[test]
fn wrong_seal_never_gets_a_name() {
    let mut b = Station::new("b");
    let mut peer = Scripted::dial(b.port);
    peer.offer(vec![file_entry(&["x"], 3), file_entry(&["y"], 3)]);
    let key = b.accept();
    peer.hear_accept(2);
    peer.file(0, b"abc");
    peer.say(&Message::Seal { index: 0, md5: md5_of(b"abd") });
    let Some(Message::Receipt(receipt)) = peer.hear() else { panic!("no receipt") };
    assert_eq!(receipt, Receipt { index: 0, state: ReceiptState::Mismatch, md5: Some(md5_of(b"abc")) });
    peer.file_and_seal(1, b"yes");
    assert!(matches!(peer.hear(), Some(Message::Receipt(Receipt { index: 1, state: ReceiptState::Verified, .. }))));
    peer.say(&Message::Done);
    assert_eq!(peer.hear(), Some(Message::Done));
    assert_eq!(b.ending(key).outcome, Outcome::Partial);
    assert_eq!(tree(&b.received()), [("y".to_owned(), Some(b"yes".to_vec()))]);
    assert!(b.file_ends(key).iter().any(|end| end.index == 0 && end.state == FileState::Mismatch));
}

#[test]
fn fewer_bytes_than_announced_fail_that_file_only() {
    let mut b = Station::new("b");
    let mut peer = Scripted::dial(b.port);
    peer.offer(vec![file_entry(&["x"], 4), file_entry(&["y"], 3)]);
    let key = b.accept();
    peer.hear_accept(2);
    peer.file_and_seal(0, b"abc");
    assert!(matches!(peer.hear(), Some(Message::Receipt(Receipt { index: 0, state: ReceiptState::Failed(_), .. }))));
    peer.file_and_seal(1, b"yes");
    peer.hear();
    peer.say(&Message::Done);
    peer.hear();
    assert_eq!(b.ending(key).outcome, Outcome::Partial);
    assert_eq!(tree(&b.received()).len(), 1);
}

/// A station that has offered one file of one byte to a scripted recipient.
fn offered_to_script() -> (Station, Scripted, TransferKey) {
    let door = Door::open();
    let a = Station::new("a");
    let source = a.home.path().join("x");
    fs::write(&source, b"x").unwrap();
    let key = a.send_to(door.address(), &[&source], false);
    let mut peer = door.accept();
    peer.hear_offer();
    (a, peer, key)
}

#[test]
fn receipts_for_what_was_not_sent() {
    let (mut a, mut peer, key) = offered_to_script();
    peer.say(&Message::Answer(sealdrop::wire::header::Answer::Accept { ahead: None, together: None }));
    peer.say(&Message::Receipt(Receipt { index: 0, state: ReceiptState::Verified, md5: Some(md5_of(b"x")) }));
    assert_eq!(peer.hear_abort().code, ReasonCode::BadMessage);
    let ending = a.ending(key);
    assert_eq!((ending.outcome, ending.files), (Outcome::Failed, 0));
}

#[test]
fn receipt_with_another_seal_is_no_success() {
    let (mut a, mut peer, key) = offered_to_script();
    peer.accept_all(1);
    loop {
        match peer.hear() {
            Some(Message::File { .. }) => {
                let mut body = [0; 9];
                std::io::Read::read_exact(&mut peer.stream, &mut body).unwrap();
            }
            Some(Message::Seal { .. }) => break,
            other => panic!("{other:?}"),
        }
    }
    peer.say(&Message::Receipt(Receipt { index: 0, state: ReceiptState::Verified, md5: Some(md5_of(b"y")) }));
    assert_eq!(peer.hear(), Some(Message::Done));
    peer.say(&Message::Done);
    let ending = a.ending(key);
    assert_eq!(ending.outcome, Outcome::Failed);
    assert_eq!(a.file_ends(key)[0].state, FileState::Mismatch);
}

#[test]
fn silence_at_each_stage_ends_by_a_limit() {
    let mut b = Station::impatient("b");
    // Nothing at all; half a prefix; hello and then nothing; half an offer.
    let mut peer = Scripted::dial(b.port);
    assert_eq!(peer.hear_abort().code, ReasonCode::Timeout);
    let mut peer = Scripted::dial(b.port);
    peer.raw(&[1, 0]);
    assert_eq!(peer.hear_abort().code, ReasonCode::Timeout);
    let mut peer = Scripted::dial(b.port);
    peer.greet();
    assert_eq!(peer.hear_abort().code, ReasonCode::Timeout);
    let mut peer = Scripted::dial(b.port);
    peer.greet();
    peer.raw(&[200, 0, 0, 0, b'{']);
    assert_eq!(peer.hear_abort().code, ReasonCode::Timeout);
    // In the middle of a body; the other side waits in vain for pings.
    let mut peer = Scripted::dial(b.port);
    peer.offer(vec![file_entry(&["x"], 1000)]);
    let key = b.accept();
    peer.hear_accept(1);
    peer.say(&Message::File { index: 0, offset: 0 });
    assert_eq!(b.broken(key).code, ReasonCode::ConnectionLost);
    assert_eq!(finished(&b.received()), []);
}

#[test]
fn silent_recipient_ends_by_a_limit() {
    let door = Door::open();
    let mut a = Station::impatient("a");
    let source = a.home.path().join("x");
    fs::write(&source, seeded(1, 100_000)).unwrap();
    // No hello.
    let key = a.send_to(door.address(), &[&source], false);
    let _held = door.accept();
    let reason = a.ending(key).reason.unwrap();
    assert_eq!(reason.code, ReasonCode::Timeout);
    // No answer and no pings.
    let key = a.send_to(door.address(), &[&source], false);
    let mut peer = door.accept();
    peer.hear_offer();
    assert_eq!(a.ending(key).reason.unwrap().code, ReasonCode::ConnectionLost);
    // Accepted, and then no plan.
    let key = a.send_to(door.address(), &[&source], false);
    let mut peer = door.accept();
    peer.hear_offer();
    peer.say(&Message::Answer(sealdrop::wire::header::Answer::Accept { ahead: None, together: None }));
    assert_eq!(a.broken(key).code, ReasonCode::ConnectionLost);
}

#[test]
fn peer_that_vanishes_at_each_stage() {
    let mut b = Station::new("b");
    Scripted::dial(b.port).hang_up();
    let mut peer = Scripted::dial(b.port);
    peer.greet();
    peer.hang_up();
    // While a person looks at the card.
    let mut peer = Scripted::dial(b.port);
    peer.offer(vec![file_entry(&["x"], 1000)]);
    let offer = b.offer();
    peer.hang_up();
    let ending = b.ending(offer.snapshot.key);
    assert_eq!(ending.reason.unwrap().code, ReasonCode::ConnectionLost);
    // An answer that comes too late changes nothing.
    offer.reply.accept(Acceptance::new(b.received(), Selection::All));
    // After a whole file, and in the middle of the next.
    let mut peer = Scripted::dial(b.port);
    peer.offer(vec![file_entry(&["x"], 3), file_entry(&["y"], 1000)]);
    let key = b.accept();
    peer.hear_accept(2);
    peer.file_and_seal(0, b"abc");
    peer.hear();
    peer.say(&Message::File { index: 1, offset: 0 });
    peer.raw(&[100, 0, 0, 0, 1, 2, 3]);
    peer.hang_up();
    assert_eq!(b.broken(key).code, ReasonCode::ConnectionLost);
    assert_eq!(finished(&b.received()), [("x".to_owned(), Some(b"abc".to_vec()))]);
    honest(&mut b);
}

#[test]
fn unanswered_offer_lapses_on_both_sides() {
    let (mut a, mut b) = (Station::new("a"), Station::impatient("b"));
    let source = a.home.path().join("x");
    fs::write(&source, b"x").unwrap();
    let key = a.send(&b, &[&source]);
    let offer = b.offer();
    assert_eq!(b.ending(offer.snapshot.key).reason.unwrap().code, ReasonCode::NoAnswer);
    let ending = a.ending(key);
    assert_eq!((ending.outcome, ending.reason.unwrap().code), (Outcome::Declined, ReasonCode::NoAnswer));
}

#[test]
fn other_version_is_told_both_versions() {
    let b = Station::new("b");
    let mut peer = Scripted::dial(b.port);
    let commit = "00".repeat(32);
    peer.json(&format!(
        r#"{{"type":"hello","versions":[7,9],"program":"future","name":"f","os":"x","commit":"{commit}"}}"#
    ));
    let reason = peer.hear_abort();
    assert_eq!(reason.code, ReasonCode::Version);
    let detail = reason.detail.unwrap();
    assert!(detail.contains("7 to 9") && detail.contains('1'), "{detail}");
}

#[test]
fn pings_and_slow_bytes_keep_an_offer_alive() {
    let mut b = Station::impatient("b");
    let mut peer = Scripted::dial(b.port);
    peer.offer(vec![file_entry(&["x"], 3)]);
    let key = b.accept();
    peer.hear_accept(1);
    peer.say(&Message::File { index: 0, offset: 0 });
    for byte in b"abc" {
        // Slower than the limit in all, faster than it each: interludes in the body count as signs of life.
        for _ in 0..3 {
            std::thread::park_timeout(Duration::from_millis(200));
            peer.raw(&chunk::INTERLUDE);
            peer.say(&Message::Ping);
        }
        peer.raw(&chunk::chunk_start(1));
        peer.raw(&[*byte]);
    }
    peer.raw(&chunk::END);
    peer.say(&Message::Seal { index: 0, md5: md5_of(b"abc") });
    assert!(matches!(peer.hear(), Some(Message::Receipt(Receipt { state: ReceiptState::Verified, .. }))));
    peer.say(&Message::Done);
    assert_eq!(b.ending(key).outcome, Outcome::Verified);
}

#[test]
fn link_that_leads_outside_is_left_out() {
    let mut b = Station::new("b");
    let link = |name: &str, target: &str| Entry {
        kind: EntryKind::Link { target: target.to_owned() },
        ..file_entry(&["d", name], 0)
    };
    let mut peer = Scripted::dial(b.port);
    peer.offer(vec![
        folder_entry(&["d"]),
        file_entry(&["d", "x"], 1),
        link("in", "x"),
        link("out", "../../x"),
        link("abs", "/etc/passwd"),
    ]);
    let offer = b.offer();
    let left_out: Vec<u32> = offer.preflight.left_out.iter().map(|(index, _)| *index).collect();
    assert_eq!(left_out, [3, 4]);
    offer.reply.accept(Acceptance::new(b.received(), Selection::All));
    peer.hear_accept(5);
    peer.file_and_seal(1, b"1");
    let mut receipts = 0;
    while receipts < 5 {
        if let Some(Message::Receipt(receipt)) = peer.hear() {
            assert_eq!(matches!(receipt.state, ReceiptState::Failed(_)), receipt.index >= 3, "{receipt:?}");
            receipts += 1;
        }
    }
    peer.say(&Message::Done);
    assert_eq!(peer.hear(), Some(Message::Done));
    let names: Vec<String> = tree(&b.received()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["d", "d/in", "d/x"]);
}
