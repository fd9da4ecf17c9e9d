//! Bytes through a session: all of them, in order, unchanged or not at all.

use std::io::{self, Write};

use proptest::prelude::*;

use crate::model::reason::ReasonCode;

use super::*;

/// Bytes without a pattern that could hide a mix-up; another stream for each `seed`.
fn sample(seed: u32, length: usize) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

/// A socket that takes a few bytes at a time, and now and then none.
struct Trickle {
    taken: Vec<u8>,
    calls: usize,
}

impl Write for Trickle {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.calls += 1;
        if self.calls.is_multiple_of(3) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let some = bytes.len().min(1 + self.calls * 7919 % 30_011);
        self.taken.extend_from_slice(&bytes[..some]);
        Ok(some)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One direction: offers a piece of `left`, lets the socket take something, and gives what came out at the other end.
fn carry(from: &mut Session, to: &mut Session, left: &mut &[u8], piece: usize, socket: &mut Trickle) -> Vec<u8> {
    let taken = from.write_plain(&left[..piece.min(left.len())]);
    *left = &left[taken..];
    while from.wants_write() {
        if let Err(error) = from.write_tls(socket) {
            assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
            break;
        }
    }
    feed_all(to, &std::mem::take(&mut socket.taken)).unwrap()
}

#[test]
fn megabytes_pass_both_ways_in_pieces_of_any_size() {
    let (mut one, mut other) = pair();
    let (there, back) = (sample(1, 5_000_011), sample(2, 3_000_017));
    let (mut left_there, mut left_back) = (&there[..], &back[..]);
    let (mut arrived_there, mut arrived_back) = (Vec::new(), Vec::new());
    let [mut socket_there, mut socket_back] = [0, 1].map(|calls| Trickle { taken: Vec::new(), calls });
    let mut sizes = [1, 17, 4_095, 4_097, 16_384, 16_385, 65_537, 300_001].into_iter().cycle();
    while arrived_there.len() < there.len() || arrived_back.len() < back.len() {
        let piece = sizes.next().unwrap();
        arrived_there.extend(carry(&mut one, &mut other, &mut left_there, piece, &mut socket_there));
        arrived_back.extend(carry(&mut other, &mut one, &mut left_back, piece, &mut socket_back));
    }
    assert!(arrived_there == there && arrived_back == back);
}

#[test]
fn no_more_is_taken_in_than_somebody_reads() {
    let (mut one, mut other) = pair();
    let sent = sample(3, 1_000_000);
    let (mut left, mut raw) = (&sent[..], Vec::new());
    while !left.is_empty() {
        left = &left[one.write_plain(left)..];
        raw.extend(written(&mut one));
    }
    let fed = other.feed(&raw).unwrap();
    assert!((16_384..65_536).contains(&fed), "{fed} bytes were taken in");
    assert_eq!(other.feed(&raw[fed..]), Ok(0));
    let mut unread = vec![0; 200_000];
    let held = other.read_plain(&mut unread);
    assert!(held < 65_536 && unread[..held] == sent[..held], "{held} bytes were held");
    assert!(!other.has_plain());
    assert_eq!(feed_all(&mut other, &raw[fed..]).unwrap(), sent[held..]);
}

#[test]
fn no_more_waits_to_be_written_than_64_kib() {
    let (mut one, mut other) = pair();
    let sent = sample(4, 1_000_000);
    let taken = one.write_plain(&sent);
    assert!((60_000..=65_536).contains(&taken), "{taken}");
    assert_eq!(one.write_plain(&sent[taken..]), 0);
    let raw = written(&mut one);
    assert_eq!(feed_all(&mut other, &raw).unwrap(), sent[..taken]);
    assert!(one.write_plain(&sent[taken..]) > 0);
}

#[test]
fn nothing_is_taken_to_be_written_before_the_session_is_established() {
    let (mut dialer, mut listener) = (tls().call(None).unwrap(), tls().answer().unwrap());
    assert_eq!((dialer.write_plain(b"early"), listener.write_plain(b"early")), (0, 0));
    let hello = written(&mut dialer);
    feed_all(&mut listener, &hello).unwrap();
    // The listener could speak already, to somebody who has not shown a certificate yet.
    assert_eq!(listener.write_plain(b"early"), 0);
    shake_hands(&mut dialer, &mut listener).unwrap();
    assert_eq!((dialer.write_plain(b"now"), listener.write_plain(b"now")), (3, 3));
}

#[test]
fn a_goodbye_is_heard_after_all_that_was_said_before_it() {
    let (mut one, mut other) = pair();
    one.write_plain(b"last words");
    one.say_goodbye();
    assert_eq!(one.write_plain(b"more"), 0);
    let raw = [written(&mut one), b"anything at all".to_vec()].concat();
    assert_eq!(other.feed(&raw), Ok(raw.len()));
    assert!(other.has_plain() && !other.is_closed());
    let mut buffer = [0; 100];
    assert_eq!(other.read_plain(&mut buffer), 10);
    assert!(other.is_closed() && other.read_plain(&mut buffer) == 0);
    assert_eq!(other.feed(b"still ignored"), Ok(13));
    // The other direction goes on.
    other.write_plain(b"I heard you");
    let raw = written(&mut other);
    assert_eq!(feed_all(&mut one, &raw).unwrap(), b"I heard you");
    assert!(!one.is_closed());
}

#[test]
fn an_end_without_goodbye_is_not_a_close() {
    let (mut one, mut other) = pair();
    one.write_plain(b"half of");
    let said = written(&mut one);
    one.say_goodbye();
    let goodbye = written(&mut one);
    assert_eq!(feed_all(&mut other, &said).unwrap(), b"half of");
    assert_eq!(feed_all(&mut other, &goodbye[..goodbye.len() - 1]).unwrap(), b"");
    assert!(!other.is_closed());
}

#[test]
fn what_was_said_before_an_error_can_still_be_read() {
    let (mut one, mut other) = pair();
    one.write_plain(b"the reason");
    let raw = [written(&mut one), vec![23, 3, 3, 0, 20], vec![0; 20]].concat();
    assert!(matches!(other.feed(&raw), Err(SessionError::Tls(_))));
    let mut buffer = [0; 100];
    assert!(other.has_plain());
    assert_eq!(other.read_plain(&mut buffer), 10);
    assert_eq!(&buffer[..10], b"the reason");
    assert!(!other.has_plain() && !other.is_closed() && other.write_plain(b"more") == 0);
    // The other side is told.
    let alert = written(&mut other);
    assert!(matches!(feed_all(&mut one, &alert), Err(SessionError::Tls(_))));
}

#[test]
fn garbage_in_a_sealdrops_session_is_damage_and_not_another_program() {
    let (mut one, _other) = pair();
    let damaged = one.feed(b"GET / HTTP/1.1").unwrap_err();
    assert!(matches!(damaged, SessionError::Tls(_)), "{damaged:?}");
    assert_eq!(damaged.reason().code, ReasonCode::ConnectionLost);
}

#[test]
fn garbage_after_our_goodbye_is_an_error_like_any_other() {
    let (mut one, mut other) = pair();
    one.say_goodbye();
    written(&mut one);
    other.write_plain(b"what was on its way");
    let mut raw = written(&mut other);
    raw[30] ^= 1;
    assert!(matches!(one.feed(&raw), Err(SessionError::Tls(_))));
}

#[test]
fn errors_of_the_socket_are_passed_through_and_lose_nothing() {
    struct Broken(io::ErrorKind);
    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (mut one, mut other) = pair();
    one.write_plain(b"kept");
    for kind in [io::ErrorKind::WouldBlock, io::ErrorKind::Interrupted, io::ErrorKind::BrokenPipe] {
        assert_eq!(one.write_tls(&mut Broken(kind)).unwrap_err().kind(), kind);
    }
    let raw = written(&mut one);
    assert_eq!(feed_all(&mut other, &raw).unwrap(), b"kept");
}

/// One session's end: what it read, and how it stands.
struct End {
    session: Session,
    arrived: Vec<u8>,
    failed: bool,
    spoke: bool,
}

impl End {
    fn of(session: Session) -> Self {
        Self { session, arrived: Vec::new(), failed: false, spoke: false }
    }

    /// Takes in `raw`; says its words and goodbye as soon as it can.
    fn hear(&mut self, raw: &[u8], words: &[u8]) {
        if !self.failed {
            match feed_all(&mut self.session, raw) {
                Ok(plain) => self.arrived.extend(plain),
                Err(_) => self.failed = true,
            }
        }
        if !self.spoke && self.session.established().is_ok() && !self.failed {
            self.spoke = true;
            assert_eq!(self.session.write_plain(words), words.len());
            self.session.say_goodbye();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn one_changed_byte_anywhere_never_gives_other_plaintext(from_dialer: bool, at in 0_usize..5_000, mask in 1_u8..) {
        let words = [sample(5, 2_000), sample(6, 2_000)];
        let mut ends = [End::of(tls().call(None).unwrap()), End::of(tls().answer().unwrap())];
        let changed_side = usize::from(!from_dialer);
        let (mut streams, mut changed) = ([Vec::new(), Vec::new()], false);
        while ends.iter().any(|end| end.session.wants_write()) {
            for side in [0, 1] {
                let mut raw = written(&mut ends[side].session);
                let start = streams[side].len();
                streams[side].extend_from_slice(&raw);
                if side == changed_side && (start..start + raw.len()).contains(&at) {
                    raw[at - start] ^= mask;
                    changed = true;
                }
                ends[1 - side].hear(&raw, &words[1 - side]);
            }
        }
        for side in [0, 1] {
            let (end, sent) = (&ends[side], &words[1 - side]);
            prop_assert!(sent.starts_with(&end.arrived), "{} other bytes arrived", end.arrived.len());
            prop_assert!(!end.session.is_closed() || end.arrived == *sent, "a close before the end");
        }
        let whole = ends.iter().all(|end| !end.failed && end.session.is_closed());
        // Type and version before a sealed record mean nothing (RFC 8446 section 5.2): some values are refused, some ignored.
        if !changed || !in_a_record_type_or_version(&streams[changed_side], at) {
            prop_assert_eq!(whole, !changed, "changed byte {} of {}", at, streams[changed_side].len());
        }
    }
}

fn in_a_record_type_or_version(stream: &[u8], at: usize) -> bool {
    let mut start = 0;
    records(stream).iter().any(|(_, body)| {
        let meaningless = start..start + 3;
        start += 5 + body.len();
        meaningless.contains(&at)
    })
}
