//! Every truncation and thousands of single-byte changes of a good session: nothing panics, nothing hangs past a
//! deadline, and no file stands under a real name whose bytes are not those that its seal vouches for.

use std::{
    collections::HashMap,
    fs,
    io::{ErrorKind, Read, Write},
    net::Shutdown,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use sealdrop::{
    engine::messages::{Acceptance, Event},
    model::{
        manifest::Selection,
        outcome::FileState,
        transfer::{Stage, TransferKey},
    },
    wire::{
        chunk,
        header::{Message, encode},
    },
};

use crate::{
    scripted::{Scripted, dial_plain, file_entry, folder_entry, md5_of},
    sealed_stream::{SealedStream, new_identity},
    support::Station,
};

/// What a dialer says in a small good session, before and after the answer.
fn good_session(script: &Scripted) -> (Vec<u8>, Vec<u8>) {
    let entries =
        vec![folder_entry(&["d"]), file_entry(&["d", "one"], 3), file_entry(&["d", "two"], 0), file_entry(&["x"], 5)];
    let mut bytes = encode(&script.hello()).unwrap();
    bytes.extend(script.offer_bytes(entries).concat());
    let offer = std::mem::take(&mut bytes);
    for (index, content) in [(1, &b"abc"[..]), (2, b""), (3, b"hello")] {
        bytes.extend(encode(&Message::File { index, offset: 0 }).unwrap());
        for piece in content.chunks(2) {
            bytes.extend(chunk::chunk_start(u32::try_from(piece.len()).unwrap()));
            bytes.extend(piece);
        }
        bytes.extend(chunk::INTERLUDE);
        bytes.extend(encode(&Message::Ping).unwrap());
        bytes.extend(chunk::END);
        bytes.extend(encode(&Message::Seal { index, md5: md5_of(content) }).unwrap());
    }
    (offer, bytes)
}

/// Counts panics of any thread of the engine.
fn count_panics() -> Arc<AtomicUsize> {
    let panics = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&panics);
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let thread = std::thread::current();
        let engine = ["dispatch", "doorman", "lobby", "lane-", "committer", "closer", "listener", "preflight"];
        if engine.iter().any(|name| thread.name().is_some_and(|of| of.starts_with(name))) {
            counter.fetch_add(1, Ordering::SeqCst);
        }
        before(info);
    }));
    panics
}

/// Plays a session to `b`, which accepts whatever it is offered, until it closes. `files` go out after the accept, if one
/// comes; a session that ends before that says so by closing its side.
fn play(b: &mut Station, offer: &[u8], files: Option<&[u8]>) {
    let mut stream = SealedStream::call(dial_plain(b.port), &new_identity(), None).unwrap();
    stream.socket.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    let deadline = Instant::now() + Duration::from_secs(15);
    // An engine that has heard enough may close while we still write.
    stream.write_all(offer).ok();
    let mut files = files;
    if files.is_none() {
        hang_up(&mut stream);
    }
    let mut heard = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        assert!(Instant::now() < deadline, "the engine neither answers nor closes");
        for event in b.engine.events().try_iter().collect::<Vec<_>>() {
            take(b, event);
        }
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => heard.extend_from_slice(&buffer[..n]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => break,
        }
        if heard.windows(8).any(|word| word == b"\"accept\"")
            && let Some(files) = files.take()
        {
            stream.write_all(files).ok();
            hang_up(&mut stream);
        }
    }
}

/// Nothing more comes from this side.
fn hang_up(stream: &mut SealedStream) {
    stream.say_goodbye();
    stream.socket.shutdown(Shutdown::Write).ok();
}

fn take(b: &mut Station, event: Event) {
    match event {
        Event::Offered(offer) => {
            let folder = b.received();
            offer.reply.accept(Acceptance::new(folder, Selection::All));
        }
        other => b.seen.push(other),
    }
}

/// Waits until no transfer is under way, then compares every file there is with what its seal said.
fn settle_and_check(b: &mut Station, what: &str) -> usize {
    let mut open: HashMap<TransferKey, bool> = HashMap::new();
    let deadline = Instant::now() + Duration::from_secs(15);
    loop {
        for event in &b.seen {
            if let Event::Snapshot(snapshot) = event {
                open.insert(snapshot.key, !matches!(snapshot.stage, Stage::Ended(_) | Stage::Reconnecting { .. }));
            }
        }
        if !open.values().any(|open| *open) {
            break;
        }
        assert!(Instant::now() < deadline, "{what}: a transfer does not end");
        if let Ok(event) = b.engine.events().recv_timeout(Duration::from_millis(100)) {
            take(b, event);
        }
    }
    let mut verified: HashMap<_, _> = HashMap::new();
    let files = loop {
        for event in b.seen.drain(..) {
            let Event::FilesEnded { ends, .. } = event else { continue };
            let right = ends.into_iter().filter(|end| end.state == FileState::Verified);
            verified.extend(right.filter_map(|end| Some((end.place?, end.md5?))));
        }
        let there = crate::support::finished(&b.received());
        let files: Vec<_> = there.into_iter().filter_map(|(name, bytes)| Some((name, bytes?))).collect();
        let is_known =
            |name: &str, bytes: &[u8]| verified.get(&b.received().join(name)).is_some_and(|md5| *md5 == md5_of(bytes));
        let Some((name, _)) = files.iter().find(|(name, bytes)| !is_known(name, bytes)) else { break files.len() };
        // How a broken transfer stands may be told before the ends of its files.
        assert!(Instant::now() < deadline, "{what}: {name} stands there unverified");
        if let Ok(event) = b.engine.events().recv_timeout(Duration::from_millis(100)) {
            take(b, event);
        }
    };
    fs::remove_dir_all(b.received()).unwrap();
    fs::create_dir(b.received()).unwrap();
    files
}

#[test]
fn damaged_sessions_publish_nothing_unverified() {
    let panics = count_panics();
    let mut b = Station::impatient("b");
    let script = Scripted::dial(b.port);
    let (offer, files) = good_session(&script);
    play(&mut b, &offer, Some(&files));
    assert_eq!(settle_and_check(&mut b, "whole"), 3, "the recorded session is good");
    for cut in 0..offer.len() {
        play(&mut b, &offer[..cut], None);
    }
    for cut in 0..files.len() {
        play(&mut b, &offer, Some(&files[..cut]));
        if cut % 16 == 0 {
            settle_and_check(&mut b, &format!("cut at {cut}"));
        }
    }
    settle_and_check(&mut b, "the cuts");
    // One change of each byte, of a kind that varies.
    for at in 0..offer.len() + files.len() {
        let (mut offer, mut files) = (offer.clone(), files.clone());
        let byte = if at < offer.len() { &mut offer[at] } else { &mut files[at - offer.len()] };
        *byte ^= [1, 0x80, 0xff, 0x20, 2][at % 5];
        play(&mut b, &offer, Some(&files));
        if at % 16 == 0 {
            settle_and_check(&mut b, &format!("changed at {at}"));
        }
    }
    settle_and_check(&mut b, "the last ones");
    assert_eq!(panics.load(Ordering::SeqCst), 0);
}
