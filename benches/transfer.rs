//! How fast files move between two engines on this machine, as ratios to what one core can hash in the same run.
//!
//! `cargo bench --bench transfer` takes its scratch space from `TMPDIR` (put it on a tmpfs to take the disk out) and
//! `BENCH_GIB` for the size of the large file (2). Both ends share this machine, so quote the ratios. `-- limits` measures
//! only how well the speed limits are kept.

#![allow(clippy::expect_used, reason = "a bench that cannot go on says so by panicking")]

use std::{
    fs::{self, File},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use sealdrop::{
    crypto::identity::Identity,
    digest::Hasher,
    engine::{
        Config, Engine, Restore,
        messages::{Acceptance, Command, Event, SendRequest, Wait, What},
        new_transfer_id,
    },
    model::{
        device::PeerAddr,
        manifest::Selection,
        nearby::Reach,
        outcome::Outcome,
        settings::Settings,
        transfer::{Direction, Stage},
    },
    storage::profile::Profile,
    transfer::limits::Limits,
};

const ROUNDS: usize = 3;
/// Small transfers, for the time until a card is there.
const OFFERS: usize = 21;

/// Speed limits that are measured, in bytes per second, and for how many seconds.
const RATES: [u64; 2] = [100_000, 20_000_000];
const SECONDS: u64 = 10;

/// From Send to the card on the other side, and to the end on both sides.
struct Took {
    card: Duration,
    all: Duration,
}

fn main() {
    let gib: u64 = std::env::var("BENCH_GIB").ok().and_then(|text| text.parse().ok()).unwrap_or(2);
    let home = tempfile::tempdir().expect("scratch space");
    if std::env::args().all(|word| word != "limits") {
        speed(home.path(), gib);
    }
    for rate in RATES {
        for of in [Direction::Outgoing, Direction::Incoming] {
            limit(home.path(), rate, of);
        }
    }
}

/// How fast a transfer is that takes ten seconds at its limit.
fn limit(home: &Path, rate: u64, of: Direction) {
    let source = home.join("limited");
    write_noise(&source, rate * SECONDS);
    let took = transfer(home, &source, |settings| match of {
        Direction::Incoming => settings.receive_limit = Some(rate),
        Direction::Outgoing => settings.send_limit = Some(rate),
    });
    let measured = (rate * SECONDS) as f64 / (took.all.as_secs_f64() - took.card.as_secs_f64());
    let what = if of == Direction::Incoming { "receiving" } else { "sending" };
    say(&format!(
        "limit for {what} {:.1} MB/s: {:.3} of it over {SECONDS} s",
        rate as f64 / 1e6,
        measured / rate as f64
    ));
}

fn speed(home: &Path, gib: u64) {
    let large = home.join("large.bin");
    write_noise(&large, gib << 30);
    let many = home.join("many");
    for folder in 0..100 {
        let folder = many.join(format!("{folder}"));
        fs::create_dir_all(&folder).expect("a folder");
        for file in 0..100 {
            write_noise(&folder.join(format!("{file}")), 4096);
        }
    }
    let (mut ratios, mut small) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        touch_memory(gib << 30);
        let md5 = md5_rate();
        let before = processor_seconds();
        let took = transfer(home, &large, |_| {}).all;
        let worked = processor_seconds() - before;
        let rate = (gib << 30) as f64 / took.as_secs_f64();
        ratios.push(rate / md5);
        let took_many = transfer(home, &many, |_| {}).all;
        small.push(took_many.as_secs_f64());
        say(&format!(
            "round {round}: MD5 of one core {:.0} MB/s; {gib} GiB file {:.0} MB/s = {:.2} of it, \
             {:.1} processor seconds of which MD5 {:.1}; 10,000 x 4 KiB in {:.2} s",
            md5 / 1e6,
            rate / 1e6,
            rate / md5,
            worked,
            2.0 * (gib << 30) as f64 / md5,
            took_many.as_secs_f64(),
        ));
    }
    say(&format!("median: large file {:.2} of the MD5 rate; many files {:.2} s", median(ratios), median(small)));
    let tiny = home.join("tiny");
    write_noise(&tiny, 1024);
    let cards = (0..OFFERS).map(|_| transfer(home, &tiny, |_| {}).card.as_secs_f64() * 1000.0).collect();
    say(&format!("median of {OFFERS}: {:.1} ms from Send to the card on the other side", median(cards)));
}

#[expect(clippy::print_stdout, reason = "a bench speaks to a person")]
fn say(text: &str) {
    println!("{text}");
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Bytes that no disk compresses away, the same in every run.
fn write_noise(path: &Path, len: u64) {
    use std::io::Write;
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let block: Vec<u8> = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    })
    .take(1 << 17)
    .flatten()
    .collect();
    let mut file = File::create(path).expect("a source file");
    let mut left = len;
    while left > 0 {
        let piece = usize::try_from(left).unwrap_or(usize::MAX).min(block.len());
        file.write_all(&block[..piece]).expect("room for the source");
        left -= piece as u64;
    }
}

/// A virtual machine may have handed free memory back to its host, and the first touch of it is slow: that is done here,
/// so that it is not measured.
fn touch_memory(bytes: u64) {
    let mut ballast = vec![0_u8; usize::try_from(bytes).expect("an address space of 64 bits")];
    ballast.iter_mut().step_by(4096).for_each(|page| *page = 1);
    std::hint::black_box(&ballast);
}

/// Bytes per second that one core hashes, in pieces as large as the lanes'.
fn md5_rate() -> f64 {
    let piece = vec![0x5a; 256 << 10];
    let start = Instant::now();
    let mut hasher = Hasher::new();
    let pieces = 4096;
    for _ in 0..pieces {
        hasher.update(&piece);
    }
    std::hint::black_box(hasher.finish());
    (piece.len() * pieces) as f64 / start.elapsed().as_secs_f64()
}

/// Processor time of this process so far, both ends together, in seconds; 0 where the system does not say.
fn processor_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    // Fields 14 and 15 of proc_pid_stat(5), in hundredths of a second.
    after_name.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// One transfer between two new engines; `change` sets what is different for both.
fn transfer(home: &Path, source: &Path, change: impl Fn(&mut Settings)) -> Took {
    let scratch = tempfile::tempdir_in(home).expect("scratch space");
    let (sender, receiver) = (start(&scratch.path().join("a"), &change), start(&scratch.path().join("b"), &change));
    let port = loop {
        if let Event::Listening { address, .. } = receiver.events().recv().expect("an engine") {
            break address.port();
        }
    };
    let begun = Instant::now();
    let request = SendRequest {
        expect: None,
        id: new_transfer_id(),
        to: PeerAddr { host: "127.0.0.1".to_owned(), port },
        also: Vec::new(),
        classic: false,
        what: What::Paths(vec![source.to_owned()]),
        message: None,
        wait: Wait::No,
    };
    sender.commands().send(Command::Send(request)).expect("an engine");
    let (mut ended, mut card) = (0, Duration::ZERO);
    while ended < 2 {
        crossbeam_channel::select! {
            recv(receiver.events()) -> event => {
                let event = event.expect("an engine");
                if matches!(event, Event::Offered(_)) {
                    card = begun.elapsed();
                }
                ended += take(event, scratch.path());
            },
            recv(sender.events()) -> event => ended += take(event.expect("an engine"), scratch.path()),
        }
    }
    let all = begun.elapsed();
    sender.shut_down(Duration::from_secs(5));
    receiver.shut_down(Duration::from_secs(5));
    Took { card, all }
}

fn take(event: Event, home: &Path) -> usize {
    match event {
        Event::Offered(offer) => {
            let folder = home.join("b/received");
            offer.reply.accept(Acceptance::new(folder, Selection::All));
            0
        }
        Event::Snapshot(snapshot) => match snapshot.stage {
            Stage::Ended(ending) => {
                assert_eq!(ending.outcome, Outcome::Verified, "{ending:?}");
                1
            }
            _ => 0,
        },
        _ => 0,
    }
}

fn start(home: &Path, change: impl Fn(&mut Settings)) -> Engine {
    fs::create_dir_all(home.join("received")).expect("a folder");
    let profile = Profile::open(Some(home.join("profile"))).expect("a profile");
    let mut settings = Settings::first_start("bench".to_owned(), home.join("received"));
    change(&mut settings);
    let identity = Identity::open(&profile).expect("a key");
    let (limits, waker) = (Limits::default(), Arc::new(|| {}));
    let restore = Restore::Both;
    let listen = Some(0);
    let config = Config {
        profile,
        settings,
        identity,
        attended: false,
        listen,
        only_shares: false,
        restore,
        nearby: Reach::Nowhere,
        damaged: None,
        limits,
        waker,
    };
    Engine::start(config).expect("an engine")
}
