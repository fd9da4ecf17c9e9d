//! Slow is not silent: whoever takes bytes, however slowly, is alive, and what is owed to it is still said.

use std::{
    fs,
    io::Read,
    net::{Ipv4Addr, TcpListener},
    thread,
    time::Duration,
};

use sealdrop::{
    engine::messages::Acceptance,
    model::{device::PeerAddr, manifest::Selection, outcome::Outcome},
    wire::{
        chunk::{ChunkStart, read_chunk_start},
        header::{self, Message, Receipt, ReceiptState},
    },
};

use crate::{
    scripted::{Door, Scripted, file_entry, md5_of},
    support::{LIMIT, Station, seeded},
};

/// Several times what an impatient station bears in silence, at the pace of these tests.
const BYTES: usize = 48 << 20;

/// Reads a piece, rests, and so on: about 20 MB a second.
fn read_slowly(from: &mut impl Read, mut left: usize) -> Vec<u8> {
    let mut all = Vec::new();
    while left > 0 {
        let mut piece = vec![0; left.min(200 << 10)];
        from.read_exact(&mut piece).unwrap();
        left -= piece.len();
        all.append(&mut piece);
        thread::sleep(Duration::from_millis(10));
    }
    all
}

#[test]
fn plain_program_that_reads_slowly_and_says_nothing_gets_the_whole_file() {
    let mut a = Station::impatient("a");
    let source = a.home.path().join("x");
    let bytes = seeded(1, BYTES);
    fs::write(&source, &bytes).unwrap();
    let door = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let to = PeerAddr { host: "127.0.0.1".to_owned(), port: door.local_addr().unwrap().port() };
    let key = a.send_to(to, &[&source], true);
    let mut stream = door.accept().unwrap().0;
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let mut prefix = [0; 4];
    stream.read_exact(&mut prefix).unwrap();
    read_slowly(&mut stream, usize::try_from(i32::from_le_bytes(prefix)).unwrap());
    assert!(read_slowly(&mut stream, BYTES) == bytes);
    drop(stream);
    assert_eq!(a.ending(key).outcome, Outcome::Unchecked);
}

#[test]
fn a_person_may_take_longer_than_a_silence_to_accept_what_comes_in_the_plain_protocol() {
    let (mut a, mut b) =
        (Station::limited("a", |limits| limits.silence = Duration::from_millis(700)), Station::new("b"));
    let source = a.file("x", &seeded(1, BYTES));
    let sending = a.send_to(b.address(), &[&source], true);
    let offer = b.offer();
    let key = offer.snapshot.key;
    // A person thinks.
    thread::sleep(Duration::from_secs(2));
    offer.reply.accept(Acceptance::new(b.received(), Selection::All));
    assert_eq!(b.ending(key).outcome, Outcome::Verified);
    assert_eq!(a.ending(sending).outcome, Outcome::Unchecked);
}

#[test]
fn half_a_header_from_a_slow_reader_does_not_put_a_ping_into_the_file() {
    let door = Door::open();
    let mut a = Station::impatient("a");
    let source = a.home.path().join("x");
    let bytes = seeded(2, BYTES);
    fs::write(&source, &bytes).unwrap();
    let key = a.send_to(door.address(), &[&source], false);
    let mut peer = door.accept();
    assert_eq!(peer.hear_offer().len(), 1);
    peer.accept_all(1);
    assert!(matches!(peer.hear(), Some(Message::File { index: 0, .. })));
    // The sender fills the buffers, stands still, and is then made to wait for the rest of a header, longer than a ping is due.
    a.stand_still();
    let ping = header::encode(&Message::Ping).unwrap();
    peer.raw(&ping[..7]);
    thread::sleep(Duration::from_millis(500));
    peer.raw(&ping[7..]);
    let mut came = Vec::new();
    while let ChunkStart::Data(length) = read_chunk_start(&mut peer.stream).unwrap() {
        let mut piece = vec![0; length as usize];
        peer.stream.read_exact(&mut piece).unwrap();
        came.append(&mut piece);
    }
    assert!(came == bytes, "the body has exactly the bytes of the file");
    let md5 = md5_of(&bytes);
    assert_eq!(peer.hear(), Some(Message::Seal { index: 0, md5 }));
    peer.say(&Message::Receipt(Receipt { index: 0, state: ReceiptState::Verified, md5: Some(md5) }));
    assert_eq!(peer.hear(), Some(Message::Done));
    peer.say(&Message::Done);
    assert_eq!(a.ending(key).outcome, Outcome::Verified);
}

#[test]
fn receipts_do_not_wait_for_the_end_of_a_long_file() {
    let mut b = Station::new("b");
    let mut peer = Scripted::dial(b.port);
    peer.offer(vec![file_entry(&["small"], 3), file_entry(&["large"], 1 << 30)]);
    b.accept();
    peer.hear_accept(2);
    peer.file_and_seal(0, b"abc");
    peer.say(&Message::File { index: 1, offset: 0 });
    let chunk = seeded(3, 64 << 10);
    let start = sealdrop::wire::chunk::chunk_start(64 << 10);
    let mut pieces = 0;
    while !peer.stream.has_input() {
        pieces += 1;
        assert!(pieces < 1 << 14, "no receipt before the end of the file");
        peer.raw(&[&start[..], &chunk].concat());
        thread::sleep(Duration::from_millis(1));
    }
    let receipt = peer.hear();
    assert!(matches!(receipt, Some(Message::Receipt(Receipt { index: 0, .. }))), "{receipt:?}");
    peer.hang_up();
}

#[cfg(target_os = "linux")]
#[test]
fn many_files_of_many_transfers_may_be_open_at_once() {
    use std::{
        io::{BufRead, BufReader},
        process::{Command, Stdio},
    };
    let home = tempfile::tempdir().unwrap();
    let mut program = Command::new("sh")
        .args([
            "-c",
            "ulimit -Sn 512 && exec \"$0\" receive --nearby off --json --port 0 --profile \"$1\" --into \"$1\"",
        ])
        .args([env!("CARGO_BIN_EXE_sealdrop").as_ref(), home.path().as_os_str()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let limits = fs::read_to_string(format!("/proc/{}/limits", program.id())).unwrap();
    program.kill().unwrap();
    program.wait().unwrap();
    let open = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let soft: u64 = open.split_whitespace().nth(3).unwrap().parse().unwrap();
    let hard: u64 = open.split_whitespace().nth(4).unwrap().parse().unwrap_or(u64::MAX);
    assert_eq!(soft, hard.min(65_536), "{line}");
}
