//! The listener outlives whatever happens at the door.

use std::{
    fs,
    net::{Ipv4Addr, TcpStream},
    time::{Duration, Instant},
};

use sealdrop::model::{device::PeerAddr, outcome::Outcome};

use crate::{
    cli::program::Program,
    scripted::dial_plain_from,
    support::{LIMIT, Station, seeded},
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

/// The process may open 128 files: callers who use them up keep others waiting until they let go, but never make a
/// transfer fail.
#[cfg(target_os = "linux")]
#[test]
fn running_out_of_file_handles_is_survived() {
    let mut a = Station::new("a");
    let source = a.home.path().join("x");
    fs::write(&source, seeded(5, 1000)).unwrap();
    let home = tempfile::tempdir().unwrap();
    let (profile, into) = (home.path().join("profile"), home.path().join("in"));
    fs::create_dir(&into).unwrap();
    let [profile, into] = [&profile, &into].map(|path| path.to_str().unwrap());
    let receive = ["--json", "--port", "0", "--profile", profile, "receive", "--accept", "all", "--into", into];
    let mut receiver = Program::with_handles(128, &receive);
    let listening = receiver.event("listening");
    let address = listening["address"].as_str().unwrap();
    let port = address.rsplit(':').next().unwrap().parse().unwrap();
    let open = format!("/proc/{}/fd", receiver.id());
    for callers in 22_u8..34 {
        // From so many addresses that all of them are attended to.
        let from = |caller| Ipv4Addr::new(127, 0, 0, 2 + caller / 8);
        let held: Vec<TcpStream> = (0..callers).map(|caller| dial_plain_from(from(caller), port)).collect();
        let deadline = Instant::now() + LIMIT;
        while fs::read_dir(&open).unwrap().count() < 32 {
            assert!(Instant::now() < deadline, "the callers are not attended to");
            std::thread::sleep(Duration::from_millis(1));
        }
        let sending = a.send_to(PeerAddr { host: "127.0.0.1".to_owned(), port }, &[&source], false);
        // They stay for a moment longer.
        std::thread::sleep(Duration::from_millis(200));
        drop(held);
        let ending = a.ending(sending);
        assert_eq!(ending.outcome, Outcome::Verified, "with {callers} callers: {ending:?}");
        assert_eq!(receiver.event("finished")["outcome"], "verified", "with {callers} callers");
    }
}
