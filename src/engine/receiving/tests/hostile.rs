//! Peers that say what they may not.

use std::{io::Write, net::TcpStream};

use super::{
    part,
    scene::{LIMIT, Scene, error, pair},
};
use crate::{
    digest::Hasher,
    model::{
        conflict::Conflict,
        manifest::EntryKind,
        reason::{Reason, ReasonCode},
        seal::Md5Digest,
    },
    transfer::lane::LaneError,
    wire::{
        chunk,
        header::{Answer, Message, PlanItem, Want, encode, read_header},
    },
};

fn say(peer: &mut TcpStream, messages: &[Message]) {
    for message in messages {
        peer.write_all(&encode(message).unwrap()).unwrap();
    }
}

fn hear(peer: &mut TcpStream) -> Option<Message> {
    loop {
        match read_header(peer).unwrap() {
            Some(Message::Ping | Message::Working { .. }) => {}
            other => return other,
        }
    }
}

fn md5(bytes: &[u8]) -> Md5Digest {
    let mut hasher = Hasher::new();
    hasher.update(bytes);
    hasher.finish()
}

fn plan(items: &[(u32, u32, Want)], done: &[u32]) -> Message {
    let items = items.iter().map(|(first, count, want)| PlanItem { first: *first, count: *count, want: *want });
    Message::Plan { items: items.collect(), done: done.iter().map(|index| (*index, md5(b"x"))).collect() }
}

fn at(index: u32, offset: u64) -> Message {
    Message::At { index, offset, md5: md5(b"") }
}

/// What a sender of two files of 1,000 bytes, a folder and a link says of what its receiver says.
fn sender_says(again: bool, words: &[Message]) -> String {
    let mut scene = Scene::of(&[1000, 1000]);
    scene.and(&["folder"], EntryKind::Folder);
    scene.before.again = again;
    let (ours, mut peer) = pair();
    peer.set_read_timeout(Some(LIMIT)).unwrap();
    let (thread, _side) = scene.sender(ours);
    say(&mut peer, &[Message::Answer(Answer::Accept { ahead: None, together: None })]);
    say(&mut peer, words);
    let ended = thread.join().unwrap();
    match error(&ended) {
        LaneError::Protocol(how) => how.clone(),
        other => panic!("{words:?}: {other:?}"),
    }
}

#[test]
fn a_sender_takes_no_offset_that_has_no_place() {
    let check = || plan(&[(0, 2, Want::Check)], &[]);
    let table = [
        (vec![at(0, 0)], "which was not being checked"),
        (vec![plan(&[(0, 2, Want::Send)], &[]), at(1, 0)], "which was not being checked"),
        (vec![check(), at(2, 0)], "which was not being checked"),
        (vec![check(), at(9, 0)], "which was not being checked"),
        (vec![check(), at(0, 1001)], "which is not as long"),
        (vec![check(), at(0, u64::MAX)], "which is not as long"),
        (vec![check(), at(0, 0), at(0, 0)], "which was not being checked"),
        (vec![check(), check()], "a second plan for entry 0"),
        (vec![check(), at(1, 5), plan(&[(1, 1, Want::Send)], &[])], "a second plan for entry 1"),
        (vec![plan(&[(2, 1, Want::Check)], &[])], "which is no file"),
        (vec![plan(&[(1, 2, Want::Check)], &[])], "which is no file"),
    ];
    for (words, expected) in table {
        let said = sender_says(true, &words);
        assert!(said.contains(expected), "{words:?}: {said}");
    }
}

#[test]
fn a_sender_takes_nothing_for_done_that_cannot_be() {
    let table = [
        (false, plan(&[(0, 2, Want::Skip)], &[0]), "nothing was sent before"),
        (true, plan(&[(0, 2, Want::Skip)], &[2]), "is no file"),
        (true, plan(&[(0, 2, Want::Skip)], &[u32::MAX]), "is no file"),
        (true, plan(&[(0, 2, Want::Skip)], &[1, 1]), "that twice"),
        (true, plan(&[(0, 1, Want::Skip)], &[0, 1]), "was not left out"),
        (true, plan(&[(0, 1, Want::Send)], &[0]), "was not left out"),
        (true, plan(&[], &[0]), "was not left out"),
    ];
    for (again, word, expected) in table {
        let said = sender_says(again, std::slice::from_ref(&word));
        assert!(said.contains(expected), "{word:?}: {said}");
    }
}

#[test]
fn words_about_hashing_are_only_hints() {
    let mut scene = Scene::of(&[1000, 1000]);
    scene.before.again = true;
    let (ours, mut peer) = pair();
    peer.set_read_timeout(Some(LIMIT)).unwrap();
    let (thread, _side) = scene.sender(ours);
    let working = |index, done, total| Message::Working { index, done, total };
    say(
        &mut peer,
        &[
            Message::Answer(Answer::Accept { ahead: None, together: None }),
            plan(&[(0, 1, Want::Check), (1, 1, Want::Check)], &[]),
            working(Some(0), u64::MAX, 0),
            working(Some(0), 0, u64::MAX),
            working(Some(9), 1, 2),
            working(Some(0), 0, 500),
            working(None, 5, 6),
            // Not what was announced, and then nothing after all.
            at(0, 400),
            working(Some(1), 0, 1000),
            plan(&[(1, 1, Want::Send)], &[]),
        ],
    );
    let (mut files, mut seals) = (Vec::new(), Vec::new());
    while seals.len() < 2 {
        match hear(&mut peer) {
            // Of the checked one the digest is wrong.
            Some(Message::File { index, offset: 0 }) => {
                std::io::Read::read_exact(&mut peer, &mut [0; 4 + 1000 + 4]).unwrap();
                files.push(index);
            }
            Some(Message::Seal { index, .. }) if files.contains(&index) => seals.push(index),
            other => panic!("{other:?}"),
        }
    }
    // Which comes first depends on how quickly the beginning was hashed.
    files.sort_unstable();
    assert_eq!(files, [0, 1]);
    drop(peer);
    assert!(error(&thread.join().unwrap()).is_break());
}

/// A receiver with a part of 2,000 bytes of its first file of 3,000; and what it says to its sender's words.
fn receiver_says(words: &[Message]) -> String {
    let mut scene = Scene::of(&[3000, 100]);
    scene.run(Some(2060));
    assert_eq!(scene.names(), [part(0)]);
    let (landing, recovered) = scene.landing();
    let (ours, mut peer) = pair();
    peer.set_read_timeout(Some(LIMIT)).unwrap();
    let (thread, _side, _notes) = scene.receiver(ours, landing, recovered);
    assert!(matches!(hear(&mut peer), Some(Message::Answer(Answer::Accept { .. }))));
    assert_eq!(hear(&mut peer), Some(plan(&[(0, 1, Want::Check), (1, 1, Want::Send)], &[])));
    assert!(matches!(hear(&mut peer), Some(Message::At { index: 0, offset: 1900..2060, .. })));
    say(&mut peer, words);
    let said = match error(&thread.join().unwrap()) {
        LaneError::Protocol(how) => how.clone(),
        other => panic!("{words:?}: {other:?}"),
    };
    assert!(matches!(hear(&mut peer), Some(Message::Abort(_))));
    said
}

#[test]
fn a_receiver_takes_no_offset_that_it_did_not_name() {
    let file = |index, offset| Message::File { index, offset };
    let table = [
        (file(0, 1), "which nobody asked for"),
        (file(0, 3000), "which nobody asked for"),
        (file(0, u64::MAX), "which nobody asked for"),
        (file(1, 100), "which nobody asked for"),
        (file(2, 0), "no entry 2"),
    ];
    for (word, expected) in table {
        let said = receiver_says(std::slice::from_ref(&word));
        assert!(said.contains(expected), "{word:?}: {said}");
    }
}

#[test]
fn a_receiver_takes_no_second_end_of_a_file_that_it_has_not_hashed() {
    let seal = Message::Seal { index: 0, md5: md5(b"x") };
    let failed = Message::Failed { index: 0, reason: Reason::bare(ReasonCode::Changed) };
    for (second, expected) in [(seal.clone(), "a seal for entry 0"), (failed, "entry 0 came twice")] {
        let scene = Scene::of(&[1000]);
        let (landing, recovered) = scene.landing();
        let (ours, mut peer) = pair();
        // All of it is there at once, so that nothing is hashed in between.
        let mut said = encode(&Message::File { index: 0, offset: 0 }).unwrap();
        said.extend(chunk::chunk_start(1000));
        said.extend([7; 1000]);
        said.extend(chunk::END);
        said.extend(encode(&seal).unwrap());
        said.extend(encode(&second).unwrap());
        peer.write_all(&said).unwrap();
        let (thread, _side, _notes) = scene.receiver(ours, landing, recovered);
        let ended = thread.join().unwrap();
        let LaneError::Protocol(how) = error(&ended) else { panic!("{:?}", error(&ended)) };
        assert!(how.contains(expected), "{how}");
    }
}

#[test]
fn a_receiver_takes_no_file_that_it_is_still_checking() {
    let mut scene = Scene::of(&[20 << 20]);
    scene.conflict = Conflict::SkipIdentical;
    std::fs::copy(&scene.places[0], scene.received().join("file 0")).unwrap();
    let (landing, recovered) = scene.landing();
    let (ours, mut peer) = pair();
    peer.set_read_timeout(Some(LIMIT)).unwrap();
    say(&mut peer, &[Message::File { index: 0, offset: 0 }]);
    let (thread, _side, _notes) = scene.receiver(ours, landing, recovered);
    let ended = thread.join().unwrap();
    let LaneError::Protocol(how) = error(&ended) else { panic!("{:?}", error(&ended)) };
    assert!(how.contains("before it was said what there is"), "{how}");
}

#[test]
fn a_seal_that_differs_from_what_stands_there_is_a_mismatch() {
    let mut scene = Scene::of(&[1000]);
    scene.conflict = Conflict::SkipIdentical;
    std::fs::copy(&scene.places[0], scene.received().join("file 0")).unwrap();
    let (landing, recovered) = scene.landing();
    let (ours, mut peer) = pair();
    peer.set_read_timeout(Some(LIMIT)).unwrap();
    let (thread, _side, _notes) = scene.receiver(ours, landing, recovered);
    assert!(matches!(hear(&mut peer), Some(Message::Answer(Answer::Accept { .. }))));
    assert_eq!(hear(&mut peer), Some(plan(&[(0, 1, Want::Check)], &[])));
    assert!(matches!(hear(&mut peer), Some(Message::At { index: 0, offset: 1000, .. })));
    say(&mut peer, &[Message::File { index: 0, offset: 1000 }]);
    peer.write_all(&chunk::END).unwrap();
    say(&mut peer, &[Message::Seal { index: 0, md5: md5(b"other") }]);
    assert!(matches!(hear(&mut peer), Some(Message::Receipt(_))));
    say(&mut peer, &[Message::Done]);
    assert_eq!(hear(&mut peer), Some(Message::Done));
    assert_eq!(thread.join().unwrap().unwrap().failed, 1);
    // What stood there is nobody's to remove.
    assert_eq!(scene.names(), ["file 0"]);
}
