//! Who never stops talking costs only their own connection: nobody else waits for it, and limits hold all the same.

use std::{
    collections::HashSet,
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use sealdrop::{
    engine::messages::{Command, Event},
    model::reason::ReasonCode,
    wire::{frame::encode_frame, header::Message},
};

use crate::{
    scripted::{Scripted, dial_plain, file_entry},
    sealed_stream::new_identity,
    support::Station,
};

/// Longer than any limit of an impatient station, with room for a slow machine.
const SOON: Duration = Duration::from_secs(15);

/// Somebody who says `ping` as fast as the connection takes it.
struct Flood {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Flood {
    /// Goes on until it is stopped or the other side closes.
    fn from(mut peer: Scripted) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        // Cheap to say and dear to read.
        let json = format!(r#"{{"type":"ping","x":[{}0]}}"#, "[0],".repeat(16_000));
        let pings = encode_frame(json.as_bytes()).unwrap();
        let thread = std::thread::Builder::new()
            .spawn(move || while !stopped.load(Ordering::Relaxed) && peer.stream.write_all(&pings).is_ok() {})
            .unwrap();
        Self { stop, thread }
    }

    /// Whether the other side has had enough by `deadline`.
    fn is_cut_off(&self, deadline: Instant) -> bool {
        while !self.thread.is_finished() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
        self.thread.is_finished()
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_list_that_never_comes_for_all_the_talking_ends_by_its_limit() {
    let b = Station::impatient("b");
    let mut talker = Scripted::dial(b.port);
    talker.greet();
    let offer = talker.offer_bytes(vec![file_entry(&["x"], 1)]).remove(0);
    talker.raw(&offer);
    let flood = Flood::from(talker);
    assert!(flood.is_cut_off(Instant::now() + SOON), "a doorman listens for ever");
}

#[test]
fn one_who_never_stops_talking_keeps_no_other_offer_waiting() {
    let mut b = Station::new("b");
    let mut talker = Scripted::dial(b.port);
    talker.offer(vec![file_entry(&["x"], 1)]);
    let first = b.offer();
    let flood = Flood::from(talker);
    let mut quiet = Scripted::dial(b.port);
    quiet.offer(vec![file_entry(&["y"], 1)]);
    let second = b.offer();
    assert_eq!(second.snapshot.key.id, quiet.id);
    quiet.stream.socket.set_read_timeout(Some(SOON)).unwrap();
    second.reply.decline(None);
    assert_eq!(quiet.hear_abort().code, ReasonCode::Declined);
    first.reply.decline(None);
    assert!(flood.is_cut_off(Instant::now() + SOON), "the talker was declined, too");
}

#[test]
fn an_offer_that_was_held_back_and_never_shown_leaves_no_row() {
    let mut b = Station::strict("b");
    let header = encode_frame(br#"{"file_name":"x","file_size":1}"#).unwrap();
    let port = b.port;
    let offered = || {
        let mut caller = dial_plain(port);
        caller.write_all(&header).unwrap();
        caller
    };
    let mut shown = vec![offered(), offered(), offered()];
    let seen: Vec<_> = (0..3).map(|_| b.offer().snapshot.key).collect();
    drop(shown.drain(..));
    shown.extend([offered(), offered(), offered(), offered(), offered()]);
    // Four may wait. When one is turned away, they do.
    let deadline = Instant::now() + SOON;
    let turned_away = |caller: &std::net::TcpStream| {
        caller.set_nonblocking(true).unwrap();
        !matches!(caller.peek(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
    };
    while !shown.iter().any(turned_away) {
        assert!(Instant::now() < deadline, "all five wait");
        std::thread::sleep(Duration::from_millis(5));
    }
    b.say(Command::Shutdown);
    let mut rows = HashSet::new();
    b.wait("the end", |event| match event {
        Event::Snapshot(snapshot) if !seen.contains(&snapshot.key) => {
            rows.insert(snapshot.key);
            None
        }
        Event::Stopped => Some(()),
        _ => None,
    });
    assert!(rows.is_empty(), "{} rows of offers that nobody saw", rows.len());
}

/// Threads of this process. Other tests may run beside this one, with a few dozen of their own.
#[cfg(target_os = "linux")]
fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

#[cfg(target_os = "linux")]
#[test]
fn strangers_who_are_turned_away_and_stay_cost_no_thread_each() {
    let b = Station::strict("b");
    let own = new_identity();
    let before = threads();
    let mut most = 0;
    let held: Vec<Scripted> = (0..400)
        .map(|_| {
            let mut caller = Scripted::dial_as(b.port, &own);
            caller.greet();
            caller.say(&Message::Verify);
            most = most.max(threads());
            caller
        })
        .collect();
    assert!(most < before + 250, "{most} threads for {} callers", held.len());
}

#[test]
fn a_short_list_of_deep_folders_is_not_a_way_to_fill_the_memory() {
    let b = Station::new("b");
    let mut caller = Scripted::dial(b.port);
    let deep = |n: u32| {
        let name = n.to_string();
        let mut path = vec!["a"; 127];
        path.push(&name);
        file_entry(&path, 1)
    };
    let frames = caller.offer_bytes((0..12_000).map(deep).collect());
    assert!(frames.iter().map(Vec::len).sum::<usize>() < 8 << 20, "far less than a stranger's list may have");
    caller.greet();
    for frame in &frames {
        caller.raw(frame);
    }
    assert_eq!(caller.hear_abort().code, ReasonCode::Limit);
}
