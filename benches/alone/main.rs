//! What a second thread for hashing is worth to one end of a transfer that has the machine nearly to itself, and that it costs
//! nothing where both ends share it. One large file, encrypted, over loopback: the real sender before a sink that drops what
//! comes without decrypting it; the real receiver behind a source that has encrypted everything before; both real ends together.
//!
//! `cargo bench --bench alone` takes its scratch space from `TMPDIR` (put it on a tmpfs), `BENCH_GIB` for the size of the file
//! (1) and `BENCH_ROUNDS` (5). `-- sender`, `-- receiver` or `-- both` measures only that. Each round is one run without the second
//! thread and one in which each lane takes it when it finds that it pays; quote the ratios.
//!
//! | medians in s, two cores, tmpfs | one thread | as it chooses | ratio |
//! | --- | --- | --- | --- |
//! | sender alone, 1 GiB (3 rounds) | 2.22 | 1.57 | 0.71 |
//! | receiver alone, 1 GiB (5) | 2.40 | 1.62 | 0.68 |
//! | both ends on the two cores, 2 GiB (5) | 4.68 | 4.71 | 1.01 |
//!
//! On another machine (a Xeon, 1 GiB, 5 rounds) these were 0.69, 0.71 and 0.99; with the files on a disk, which is flushed in the end, the
//! receiver came to 0.85.
//!
//! Once chosen, a lane moves as fast as one core hashes (0.77 GB/s here). Beside other work on the same two cores the sender came
//! to 1.01 and 0.97 (the other work took two thirds of a core in the second case), and both together to 1.05, where single runs
//! differed by a fifth. With the second thread always on, the ends alone came to 0.71 and 0.76, both together to 0.96 (3 rounds):
//! here it would not cost anything. A prototype with TLS lost a quarter that way, which is why it is tried first.

#![allow(clippy::expect_used, reason = "a bench that cannot go on says so by panicking")]

mod lanes;
mod peer;

use std::{
    fs::{self, File},
    io::Write,
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use lanes::Hands;
use peer::Peer;
use sealdrop::crypto::identity::Identity;

/// One run; how many seconds it took.
type Run = fn(&Bench, Hands) -> f64;

struct Bench {
    home: tempfile::TempDir,
    block: Vec<u8>,
    bytes: u64,
    own: Identity,
}

fn main() {
    let number = |name: &str, or: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(or);
    let bytes = number("BENCH_GIB", 1) << 30;
    let rounds = number("BENCH_ROUNDS", 5);
    let home = tempfile::tempdir().expect("scratch space");
    let own = Identity::make().expect("a key").0;
    let bench = Bench { home, block: noise(16 << 20), bytes, own };
    bench.write_source();
    let all: [(&str, Run); 3] = [("sender", Bench::sender), ("receiver", Bench::receiver), ("both", Bench::both)];
    let named: Vec<String> = std::env::args().skip(1).filter(|word| all.iter().any(|(name, _)| name == word)).collect();
    for (name, run) in all {
        if named.is_empty() || named.iter().any(|word| word == name) {
            bench.compare(name, rounds, run);
        }
    }
}

impl Bench {
    fn write_source(&self) {
        let mut file = File::create(self.home.path().join("large")).expect("a source file");
        let mut left = self.bytes;
        while left > 0 {
            let piece = usize::try_from(left).unwrap_or(usize::MAX).min(self.block.len());
            file.write_all(&self.block[..piece]).expect("room for the source");
            left -= piece as u64;
        }
    }

    fn compare(&self, name: &str, rounds: u64, run: Run) {
        let (mut one, mut two) = (Vec::new(), Vec::new());
        run(self, Hands::One);
        for round in 0..rounds {
            // What the machine does meanwhile is to favour neither.
            if round % 2 == 0 {
                one.push(run(self, Hands::One));
                two.push(run(self, Hands::Two));
            } else {
                two.push(run(self, Hands::Two));
                one.push(run(self, Hands::One));
            }
        }
        let shown = |figures: &[f64]| figures.iter().map(|it| format!("{it:.2}")).collect::<Vec<_>>().join(" ");
        say(&format!(
            "{name}: one thread {:.2} s ({}), as it chooses {:.2} s ({}): {:.3}",
            median(&one),
            shown(&one),
            median(&two),
            shown(&two),
            median(&two) / median(&one)
        ));
    }

    fn sender(&self, hands: Hands) -> f64 {
        let (near, far) = sockets();
        let file = self.home.path().join("large");
        thread::scope(|scope| {
            let sink = scope.spawn(move || Peer::answer(far, &self.own).drop_all(self.bytes));
            lanes::send(near, &self.own, &file, self.bytes, hands, false);
            sink.join().expect("a sink")
        })
    }

    fn receiver(&self, hands: Hands) -> f64 {
        let (near, far) = sockets();
        let home = tempfile::tempdir_in(self.home.path()).expect("scratch space");
        thread::scope(|scope| {
            let (tell, through) = crossbeam_channel::bounded(1);
            let source = scope.spawn(move || {
                let mut peer = Peer::call(far, &self.own);
                let prepared = peer.prepare(&self.block, self.bytes);
                let begun = Instant::now();
                peer.send(&prepared, &through);
                begun
            });
            let end = lanes::receive(near, &self.own, home.path(), (self.bytes, hands), Some(tell));
            (end - source.join().expect("a source")).as_secs_f64()
        })
    }

    fn both(&self, hands: Hands) -> f64 {
        let (near, far) = sockets();
        let home = tempfile::tempdir_in(self.home.path()).expect("scratch space");
        let file = self.home.path().join("large");
        let begun = Instant::now();
        let end = thread::scope(|scope| {
            scope.spawn(move || lanes::send(far, &self.own, &file, self.bytes, hands, true));
            lanes::receive(near, &self.own, home.path(), (self.bytes, hands), None)
        });
        assert!(same(&home.path().join("received/large"), &self.home.path().join("large")), "it came whole");
        (end - begun).as_secs_f64()
    }
}

fn same(left: &Path, right: &Path) -> bool {
    fs::metadata(left).expect("a file").len() == fs::metadata(right).expect("a file").len()
}

fn sockets() -> (TcpStream, TcpStream) {
    let door = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = door.local_addr().expect("an address");
    let near = TcpStream::connect_timeout(&address, Duration::from_secs(5)).expect("a connection");
    (near, door.accept().expect("a connection").0)
}

/// Bytes that are the same in every run.
fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    words.take(bytes / 8).flatten().collect()
}

fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

#[expect(clippy::print_stdout, reason = "a bench speaks to a person")]
fn say(text: &str) {
    println!("{text}");
}
