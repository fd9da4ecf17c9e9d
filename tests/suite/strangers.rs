//! Strangers cost bounded memory, few file handles and nobody's turn, however many they are and whatever they announce.

use std::{
    fs,
    io::Write,
    net::{Ipv4Addr, TcpStream},
    time::{Duration, Instant},
};

use sealdrop::{
    engine::messages::{Acceptance, IncomingOffer},
    model::{
        manifest::Selection,
        outcome::Outcome,
        reason::{Reason, ReasonCode},
    },
    wire::{
        entries::ManifestDigest,
        frame::encode_frame,
        header::{Message, Offer},
    },
};

#[cfg(target_os = "linux")]
use crate::cli::program::Home;
use crate::{
    scripted::{Scripted, dial_plain_from, file_entry},
    sealed_stream::new_identity,
    support::{Station, honest, seeded, tree},
};

/// The offer of a list with these counts.
fn announce(peer: &Scripted, manifest: [u8; 32], counts: [u64; 3], bytes: u64) -> Message {
    let [files, folders, links] = counts;
    let transfer = peer.id;
    Message::Offer(Offer { transfer, epoch: 1, manifest, files, folders, links, bytes, message: None, again: None })
}

#[test]
fn lists_over_the_limit_are_refused_when_they_are_announced() {
    let mut b = Station::new("b");
    let own = new_identity();
    let huge = u64::MAX / 4;
    let stranger: [[u64; 3]; 5] =
        [[100_001, 0, 0], [0, 100_001, 0], [50_000, 50_000, 1], [huge, 1, 0], [huge, huge, huge]];
    let verified: [[u64; 3]; 3] = [[1_000_001, 0, 0], [0, 500_001, 500_000], [huge, huge, 2]];
    for (all, limit) in [(&stranger[..], 100_000), (&verified[..], 1_000_000)] {
        for counts in all {
            let mut peer = Scripted::dial_as(b.port, &own);
            peer.greet();
            peer.say(&announce(&peer, [0; 32], *counts, 0));
            let reason = peer.hear_abort();
            assert_eq!(reason.code, ReasonCode::Limit, "{reason}");
            assert!(reason.detail.unwrap().contains(&limit.to_string()), "{counts:?}");
        }
        b.verify(own.key(), "Anna");
    }
    assert!(!b.has_card());
    honest(&mut b);
}

/// Frames of `count` empty files in one folder, made without much ado.
fn long_list(count: usize) -> (Vec<Vec<u8>>, [u8; 32]) {
    let mut digest = ManifestDigest::new();
    let numbers: Vec<usize> = (0..count).collect();
    let frames = numbers.chunks(1000).map(|numbers| {
        let entries: Vec<String> =
            numbers.iter().map(|n| format!(r#"{{"path":["d","{n}"],"kind":"file","size":0}}"#)).collect();
        let frame = encode_frame(format!(r#"{{"type":"entries","entries":[{}]}}"#, entries.join(",")).as_bytes());
        let frame = frame.unwrap();
        digest.add_frame(&frame);
        frame
    });
    (frames.collect(), digest.finish())
}

fn offer_long_list(peer: &mut Scripted, count: usize) {
    let (frames, digest) = long_list(count);
    peer.say(&announce(peer, digest, [count as u64, 0, 0], 0));
    for frame in frames {
        peer.raw(&frame);
    }
}

/// Offers lists of these lengths, the first one as a stranger, and is declined.
fn offer_lists(counts: &[usize]) {
    let mut b = Station::new("b");
    let own = new_identity();
    for count in counts {
        let mut peer = Scripted::dial_as(b.port, &own);
        peer.greet();
        offer_long_list(&mut peer, *count);
        let offer = b.offer();
        assert_eq!(offer.snapshot.manifest.entries.len(), *count);
        drop(offer);
        assert_eq!(peer.hear_abort().code, ReasonCode::Declined);
        b.verify(own.key(), "Anna");
    }
    honest(&mut b);
}

#[test]
fn as_many_entries_as_a_stranger_may_offer_make_a_card_and_more_of_a_verified_device() {
    offer_lists(&[100_000, 130_000]);
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "takes 20 s without optimisation: .ci/run runs it by itself"]
fn a_million_entries_of_a_verified_device_make_a_card() {
    let (before, begun) = (kib_of("self", "VmHWM"), Instant::now());
    offer_lists(&[1, 1_000_000]);
    eprintln!(
        "a million entries: {:?}, at most {} MiB more",
        begun.elapsed(),
        (kib_of("self", "VmHWM") - before) >> 10
    );
}

/// A figure of a process's status.
#[cfg(target_os = "linux")]
fn kib_of(process: &str, figure: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(figure)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_list_of_long_names_ends_at_its_bytes() {
    let mut b = Station::new("b");
    let name = "x".repeat(250);
    let mut peer = Scripted::dial(b.port);
    let entries: Vec<_> = (0..4600)
        .map(|n| {
            let mut path = vec![name.as_str(); 15];
            let last = n.to_string();
            path.push(&last);
            file_entry(&path, 0)
        })
        .collect();
    peer.offer(entries);
    let reason = peer.hear_abort();
    assert_eq!(reason.code, ReasonCode::Limit, "{reason}");
    assert!(reason.detail.unwrap().contains("16 MiB"));
    assert!(!b.has_card());
    honest(&mut b);
}

fn knock(b: &Station, last: u8) -> Scripted {
    let mut peer = Scripted::dial_from(last, b.port);
    peer.offer(vec![file_entry(&["x"], 1)]);
    peer
}

fn assert_busy(reason: &Reason, how: &str) {
    assert_eq!(reason.code, ReasonCode::Busy, "{reason}");
    assert!(reason.detail.as_ref().is_some_and(|detail| detail.contains(how)), "{reason}");
}

#[test]
fn only_so_many_offers_wait_for_a_person() {
    let mut b = Station::limited("b", |limits| limits.offers_of_one = 4);
    let mut waiting: Vec<(Scripted, IncomingOffer)> = Vec::new();
    for source in 0..6 {
        for _ in 0..4 {
            let peer = knock(&b, 10 + source);
            waiting.push((peer, b.offer()));
        }
        if source < 5 {
            assert_busy(&knock(&b, 10 + source).hear_abort(), "4 offers from this address");
        }
    }
    assert_busy(&knock(&b, 50).hear_abort(), "24 offers");
    // One that is answered makes room for one.
    let (mut peer, offer) = waiting.swap_remove(0);
    drop(offer);
    assert_eq!(peer.hear_abort().code, ReasonCode::Declined);
    let peer = knock(&b, 50);
    let key = b.accept();
    let mut peer = peer;
    peer.hear_accept(1);
    peer.file_and_seal(0, b"1");
    peer.hear();
    peer.say(&Message::Done);
    assert_eq!(b.ending(key).outcome, Outcome::Verified);
    drop(waiting);
    assert_eq!(tree(&b.received()).len(), 1);
    honest(&mut b);
}

#[test]
fn offers_in_a_row_come_later_without_holding_up_others() {
    let mut b = Station::limited("b", |limits| limits.offers_at_once = 3);
    for _ in 0..3 {
        let mut peer = knock(&b, 10);
        drop(b.offer());
        assert_eq!(peer.hear_abort().code, ReasonCode::Declined);
    }
    let begun = Instant::now();
    let _held_back = knock(&b, 10);
    let other = knock(&b, 11);
    let first = b.offer();
    assert!(first.snapshot.peer.address.starts_with("127.0.0.11:"), "{}", first.snapshot.peer.address);
    assert!(begun.elapsed() < Duration::from_secs(2));
    let second = b.offer();
    assert!(second.snapshot.peer.address.starts_with("127.0.0.10:"));
    assert!(begun.elapsed() >= Duration::from_secs(2), "{:?}", begun.elapsed());
    second.reply.accept(Acceptance::new(b.received(), Selection::All));
    drop((first, other));
}

/// A thousand who say nothing and a thousand who begin a handshake byte by byte, from so many addresses.
#[cfg(target_os = "linux")]
fn besiege(port: u16, addresses: u8) -> (Vec<TcpStream>, Vec<TcpStream>) {
    let call = |n: u16| {
        let last = 2 + u8::try_from(n % u16::from(addresses)).unwrap();
        dial_plain_from(Ipv4Addr::new(127, 0, 0, last), port)
    };
    let silent = (0..1000).map(call).collect();
    let slow: Vec<TcpStream> = (0..1000).map(call).collect();
    (silent, slow)
}

#[cfg(target_os = "linux")]
#[test]
fn a_siege_costs_bounded_memory_and_handles_and_a_known_device_gets_through() {
    let home = Home::new();
    let mut a = Station::new("a");
    let profile = sealdrop::storage::profile::Profile::open(Some(home.path("receiver"))).unwrap();
    let friend = sealdrop::model::device::PeerAddr { host: "127.0.0.1".to_owned(), port: 9 };
    sealdrop::storage::devices_file::change(&profile, |book| book.met(None, "friend", Some(friend), false, 1)).unwrap();
    let (receiver, to) = home.receive(&["--accept", "all"]);
    let process = receiver.id().to_string();
    let handles = || fs::read_dir(format!("/proc/{process}/fd")).unwrap().count();
    let to: sealdrop::model::device::PeerAddr = to.parse().unwrap();
    // What is needed once, whoever comes.
    let source = a.file("first", &seeded(1, 1 << 20));
    let sending = a.send_to(to.clone(), &[&source], false);
    assert_eq!(a.ending(sending).outcome, Outcome::Verified);
    let before = kib_of(&process, "VmRSS");

    let (silent, mut slow) = besiege(to.port, 200);
    let source = a.file("second", &seeded(2, 8 << 20));
    let sending = a.send_to(to, &[&source], false);
    let mut most = 0;
    for byte in [0x16, 3] {
        for stream in &mut slow {
            // Most are closed by now.
            stream.write_all(&[byte]).ok();
        }
        most = most.max(handles());
        let next = Instant::now() + Duration::from_secs(1);
        while Instant::now() < next {
            most = most.max(handles());
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }
    assert_eq!(a.ending(sending).outcome, Outcome::Verified);
    let grown = kib_of(&process, "VmHWM").saturating_sub(before);
    eprintln!("a siege of 2,000: {most} handles at most, {} MiB more than before", grown >> 10);
    assert!(most > 64, "nobody was let in");
    assert!(most < 600, "{most} handles");
    assert!(grown < 100 << 10, "{grown} KiB more");
    drop((silent, slow));
}
