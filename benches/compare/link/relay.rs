//! Carries the packets of both directions of a link, each on a thread of its own, and says what that took.

use std::{
    collections::VecDeque,
    fs::{self, File},
    io::{ErrorKind, Read, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use super::{
    line::{Counts, Fate, Kind, Line},
    segments,
};

/// Between two looks whether it is over.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What carrying took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Carried {
    pub(crate) counts: Counts,
    /// Packets that the device at the end did not take.
    pub(crate) refused: u64,
    /// Seconds of a processor, with what the kernel does for the receiving socket meanwhile.
    pub(crate) processor: f64,
}

pub(crate) struct Relay {
    over: Arc<AtomicBool>,
    ways: Vec<JoinHandle<Carried>>,
}

impl Relay {
    pub(crate) fn start(ends: [File; 2], kind: Kind) -> std::io::Result<Self> {
        let over = Arc::new(AtomicBool::new(false));
        let [near, far] = ends;
        let pairs = [(near.try_clone()?, far.try_clone()?), (far, near)];
        let mut ways = Vec::new();
        for ((from, to), number) in pairs.into_iter().zip(1..) {
            let way = Way {
                from,
                to,
                line: Line::new(kind, number),
                moving: VecDeque::new(),
                begun: Instant::now(),
                refused: 0,
            };
            let over = Arc::clone(&over);
            ways.push(std::thread::Builder::new().name("relay".to_owned()).spawn(move || way.run(&over))?);
        }
        Ok(Self { over, ways })
    }

    /// Both directions together.
    pub(crate) fn end(self) -> Carried {
        self.over.store(true, Ordering::Relaxed);
        let mut all = Carried::default();
        for way in self.ways {
            let carried = way.join().expect("a relay that does not panic");
            all.counts = all.counts + carried.counts;
            all.refused += carried.refused;
            all.processor += carried.processor;
        }
        all
    }
}

struct Way {
    from: File,
    to: File,
    line: Line,
    /// What is to be handed over, and when, in order.
    moving: VecDeque<(Duration, Vec<u8>)>,
    begun: Instant,
    refused: u64,
}

impl Way {
    fn run(mut self, over: &AtomicBool) -> Carried {
        come_first();
        let mut packet = vec![0; segments::FRONT + (64 << 10)];
        while !over.load(Ordering::Relaxed) {
            while let Some(length) = self.read(&mut packet) {
                self.take(&packet[..length]);
            }
            self.hand_over();
            self.wait();
        }
        Carried { counts: self.line.counts, refused: self.refused, processor: processor_seconds() }
    }

    fn read(&mut self, packet: &mut [u8]) -> Option<usize> {
        match self.from.read(packet) {
            Ok(length) => Some(length),
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Err(error) => panic!("a device of the link: {error}"),
        }
    }

    /// Of a packet of many segments some may not arrive: what is left goes on in as few pieces as there are gaps.
    fn take(&mut self, packet: &[u8]) {
        let now = self.begun.elapsed();
        let fates: Vec<Fate> = segments::sizes(packet).map(|bytes| self.line.take(now, bytes)).collect();
        let arrives = |fate: &Fate| matches!(fate, Fate::Arrives(_));
        let mut first = 0;
        for piece in fates.chunk_by(|a, b| arrives(a) == arrives(b)) {
            if let Some(Fate::Arrives(at)) = piece.last() {
                let whole = piece.len() == fates.len();
                let part = if whole { packet.to_vec() } else { segments::part(packet, first..first + piece.len()) };
                self.moving.push_back((*at, part));
            }
            first += piece.len();
        }
    }

    fn hand_over(&mut self) {
        let now = self.begun.elapsed();
        while let Some((_, packet)) = self.moving.pop_front_if(|(at, _)| *at <= now) {
            if self.to.write(&packet).is_err() {
                self.refused += 1;
            }
        }
    }

    /// Until something comes or is to be handed over.
    fn wait(&self) {
        let next = self.moving.front().map_or(LOOK_EVERY, |(at, _)| at.saturating_sub(self.begun.elapsed()));
        wait_for(&self.from, next.min(LOOK_EVERY));
    }
}

#[cfg(target_os = "linux")]
fn wait_for(device: &File, longest: Duration) {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    let nanoseconds = i64::from(longest.subsec_nanos());
    let longest = Timespec { tv_sec: longest.as_secs().cast_signed(), tv_nsec: nanoseconds };
    // Whoever is woken too early looks again.
    poll(&mut [PollFd::new(device, PollFlags::IN)], Some(&longest)).ok();
}

#[cfg(not(target_os = "linux"))]
fn wait_for(_device: &File, longest: Duration) {
    std::thread::sleep(longest);
}

/// A relay that waits for a processor would be a slower link.
fn come_first() {
    #[cfg(target_os = "linux")]
    rustix::process::setpriority_process(None, -15).ok();
}

/// Of this thread; the first number is in nanoseconds (Documentation/scheduler/sched-stats).
fn processor_seconds() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|number| number.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1e9
}
