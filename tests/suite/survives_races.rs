//! Commands at every moment, connections that break, programs that end: whatever comes together, a transfer ends once, whole or
//! not at all, and leaves nothing behind.

use std::{
    fs,
    time::{Duration, Instant},
};

use sealdrop::{
    engine::messages::{Command, Event},
    model::{
        outcome::Outcome,
        transfer::{Stage, TransferKey},
    },
    transfer::limits::Limits,
};

use crate::{
    gate::Gate,
    support::{Station, nothing_left, seeded, tree},
};

const MIB: usize = 1 << 20;

fn soon(limits: &mut Limits) {
    limits.retry = Duration::from_millis(20);
    limits.retry_most = Duration::from_millis(200);
    limits.room = Duration::from_millis(20);
}

/// Numbers that are the same for the same seed.
struct Dice(Vec<u8>, usize);

impl Dice {
    fn roll(&mut self, sides: u8) -> u8 {
        self.1 += 1;
        self.0[self.1] % sides
    }
}

fn ends(station: &mut Station, key: TransferKey) -> usize {
    let now: Vec<Event> = station.engine.events().try_iter().collect();
    station.seen.extend(now);
    let is_end =
        |event: &&Event| matches!(event, Event::Snapshot(it) if it.key == key && matches!(it.stage, Stage::Ended(_)));
    station.seen.iter().filter(is_end).count()
}

fn small_tree(a: &Station) -> std::path::PathBuf {
    let source = a.home.path().join("tree");
    fs::create_dir_all(source.join("empty/below")).unwrap();
    for i in 0..30 {
        fs::write(source.join(format!("{i:03}.bin")), seeded(i, 10_000)).unwrap();
    }
    fs::write(source.join("big.bin"), seeded(7, 3 * MIB)).unwrap();
    source
}

/// Many things happen; then everybody wants it to go on.
fn goes_on_after(seed: u64) {
    let mut dice = Dice(seeded(seed + 1, 4096), 0);
    let mut a = Station::limited("a", soon);
    let mut b = Station::limited("b", soon);
    a = a.restart_with("a", soon, |settings| settings.send_limit = Some(2 << 20));
    let gate = Gate::before(b.port);
    let source = small_tree(&a);
    let sending = a.request(gate.address(), &[&source], |_| {});
    let receiving = b.accept();
    a.snapshot(sending, "the lane", |snapshot| (snapshot.stage == Stage::Moving).then_some(()));
    for _ in 0..14 {
        match dice.roll(12) {
            0 | 1 => a.say(Command::Pause(sending)),
            2 | 3 => b.say(Command::Pause(receiving)),
            4 => a.say(Command::Resume(sending)),
            5 => b.say(Command::Resume(receiving)),
            6 | 7 => gate.cut(),
            8 => {
                gate.shut();
                std::thread::sleep(Duration::from_millis(u64::from(dice.roll(60))));
                gate.open();
            }
            9 => {
                a = a.restart_with("a", soon, |settings| settings.send_limit = Some(2 << 20));
            }
            10 => {
                b = b.restart_with("b", soon, |_| {});
                gate.lead_to(b.port);
            }
            _ => a.say(Command::Retry(sending)),
        }
        std::thread::sleep(Duration::from_millis(u64::from(dice.roll(50))));
    }
    a.find("what was kept", |event| matches!(event, Event::Restored).then_some(()));
    b.find("what was kept", |event| matches!(event, Event::Restored).then_some(()));
    a.say(Command::Resume(sending));
    b.say(Command::Resume(receiving));
    for (station, key) in [(&mut a, sending), (&mut b, receiving)] {
        let ending = station.snapshot(key, "its end", |snapshot| match &snapshot.stage {
            Stage::Ended(ending) => Some(ending.clone()),
            _ => None,
        });
        assert_eq!(ending.outcome, Outcome::Verified, "seed {seed}: {ending:?}");
        assert_eq!(ends(station, key), 1, "seed {seed}");
    }
    assert_eq!(tree(&b.received().join("tree")), tree(&source), "seed {seed}");
    nothing_left(&a);
    nothing_left(&b);
}

#[test]
fn whatever_happens_together_it_arrives_in_the_end() {
    for seed in seeds(6) {
        goes_on_after(seed);
    }
}

/// The first ones, or those that somebody asks for.
fn seeds(usual: u64) -> std::ops::Range<u64> {
    let asked = std::env::var("SEALDROP_RACES").ok().and_then(|asked| asked.parse().ok());
    asked.map_or(0..usual, |count: u64| 0..count)
}

/// Somebody cancels at some moment; both know within half a second, where they can hear of each other.
fn is_cancelled_after(seed: u64) {
    let mut dice = Dice(seeded(seed + 1000, 4096), 0);
    let mut a = Station::limited("a", soon);
    let mut b = Station::limited("b", soon);
    a = a.restart_with("a", soon, |settings| settings.send_limit = Some(2 << 20));
    let gate = Gate::before(b.port);
    let source = small_tree(&a);
    let sending = a.request(gate.address(), &[&source], |_| {});
    let receiving = b.accept();
    a.snapshot(sending, "the lane", |snapshot| (snapshot.stage == Stage::Moving).then_some(()));
    for _ in 0..dice.roll(6) {
        match dice.roll(6) {
            0 => a.say(Command::Pause(sending)),
            1 => b.say(Command::Pause(receiving)),
            2 => a.say(Command::Resume(sending)),
            3 => b.say(Command::Resume(receiving)),
            4 => gate.cut(),
            _ => gate.shut(),
        }
        std::thread::sleep(Duration::from_millis(u64::from(dice.roll(50))));
    }
    let here = dice.roll(2) == 0;
    let (first, first_key, second, second_key) =
        if here { (&mut a, sending, &mut b, receiving) } else { (&mut b, receiving, &mut a, sending) };
    let before = Instant::now();
    first.say(Command::Cancel(first_key));
    first.say(Command::Discard(first_key));
    let outcome = first.ending(first_key).outcome;
    let took = before.elapsed();
    assert_eq!(outcome, Outcome::Cancelled, "seed {seed}");
    assert!(took < Duration::from_millis(900), "seed {seed}: {took:?}");
    gate.open();
    second.say(Command::Resume(second_key));
    let told = second.snapshot(second_key, "its end", |snapshot| match &snapshot.stage {
        Stage::Ended(ending) => Some(ending.outcome),
        _ => None,
    });
    assert_eq!(told, Outcome::Cancelled, "seed {seed}");
    for (station, key) in [(&mut a, sending), (&mut b, receiving)] {
        station.say(Command::Resume(key));
        station.say(Command::Retry(key));
        nothing_left(station);
        assert_eq!(ends(station, key), 1, "seed {seed}");
    }
    for (name, bytes) in tree(&b.received()) {
        let from = source.parent().unwrap().join(&name);
        match bytes {
            Some(bytes) => assert_eq!(bytes, fs::read(from).unwrap(), "seed {seed}"),
            None => assert!(
                fs::read_dir(b.received().join(&name)).unwrap().next().is_some(),
                "seed {seed}: {name} is empty"
            ),
        }
    }
}

#[test]
fn a_cancel_is_true_at_every_stage_and_leaves_nothing() {
    for seed in seeds(10) {
        is_cancelled_after(seed);
    }
}
