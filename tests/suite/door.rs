//! The listener outlives whatever happens at the door.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::{Ipv4Addr, TcpStream},
    process::{Command, Stdio},
    time::Duration,
};

use sealdrop::model::{device::PeerAddr, outcome::Outcome};

use crate::{
    scripted::dial_plain_from,
    support::{Station, seeded},
};

fn knock(port: u16) -> TcpStream {
    TcpStream::connect_timeout(&(Ipv4Addr::LOCALHOST, port).into(), Duration::from_secs(10)).unwrap()
}

#[test]
fn callers_who_leave_at_once_do_not_close_the_door() {
    let mut b = Station::new("b");
    for _ in 0..200 {
        let stream = knock(b.port);
        // Leaving with a reset is the worst manner of leaving.
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    }
    let mut a = Station::new("a");
    let source = a.home.path().join("x");
    fs::write(&source, seeded(3, 1000)).unwrap();
    let sending = a.send(&b, &[&source]);
    let receiving = b.accept();
    assert_eq!(b.ending(receiving).outcome, Outcome::Verified);
    assert_eq!(a.ending(sending).outcome, Outcome::Verified);
}

#[test]
fn a_thousand_silent_callers_keep_nobody_else_out() {
    // With the program's own patience: not one of the silent ones is given up while this lasts.
    let mut b = Station::strict("b");
    let held: Vec<TcpStream> = (0..1000).map(|_| dial_plain_from(Ipv4Addr::new(127, 0, 0, 2), b.port)).collect();
    let mut a = Station::new("a");
    let source = a.home.path().join("x");
    fs::write(&source, seeded(4, 1000)).unwrap();
    let sending = a.send(&b, &[&source]);
    let receiving = b.accept();
    assert_eq!(b.ending(receiving).outcome, Outcome::Verified);
    assert_eq!(a.ending(sending).outcome, Outcome::Verified);
    drop(held);
}

/// The process may open 64 files: accepting fails while callers hold them, and goes on when they let go.
#[cfg(unix)]
#[test]
fn running_out_of_file_handles_is_survived() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("in")).unwrap();
    let program = env!("CARGO_BIN_EXE_sealdrop");
    let mut receiver = Command::new("sh")
        .args([
            "-c",
            "ulimit -n 64 && exec \"$@\"",
            "sh",
            program,
            "--nearby",
            "off",
            "--json",
            "--port",
            "0",
            "--profile",
        ])
        .arg(home.path().join("profile"))
        .args(["receive", "--accept", "all", "--once", "--into"])
        .arg(home.path().join("in"))
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(receiver.stdout.take().unwrap()).lines();
    let listening = lines.next().unwrap().unwrap();
    let port = listening.rsplit(':').next().unwrap().trim_end_matches(['"', '}']).parse().unwrap();
    let held: Vec<TcpStream> = (0..100).map(|_| knock(port)).collect();
    drop(held);
    let mut a = Station::new("a");
    let source = a.home.path().join("x");
    fs::write(&source, seeded(5, 1000)).unwrap();
    let sending = a.send_to(PeerAddr { host: "127.0.0.1".to_owned(), port }, &[&source], false);
    assert_eq!(a.ending(sending).outcome, Outcome::Verified);
    lines.for_each(drop);
    assert!(receiver.wait().unwrap().success());
}
