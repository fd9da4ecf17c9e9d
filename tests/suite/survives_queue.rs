//! What waits is not lost: neither while a device is away, nor when a program ends, nor because much waits at the same time.

use std::{path::PathBuf, time::Duration};

use sealdrop::{
    engine::messages::{Command, Event, Wait},
    model::{
        book::Rule,
        device_key::DeviceKey,
        outcome::Outcome,
        reason::{ReasonCode, Side},
        settings::Settings,
        transfer::{QueuedFor, Stage, TransferKey},
    },
    transfer::limits::Limits,
};

use crate::{
    gate::Gate,
    scripted::Door,
    support::{Station, nothing_left, seeded},
};

/// A sender that tries again soon, with the program's own limits for how many may come.
fn soon(limits: &mut Limits) {
    let Limits { callers_of_one, offers_of_one, .. } = Limits::default();
    *limits = Limits {
        callers_of_one,
        offers_of_one,
        retry: Duration::from_millis(50),
        retry_most: Duration::from_millis(400),
        ..*limits
    };
}

/// Two stations that have verified each other; the second takes without asking what the first sends.
fn friends() -> (Station, Station, DeviceKey) {
    let (mut a, mut b) = (Station::limited("a", soon), Station::limited("b", soon));
    let (key, own) = (b.key(), a.key());
    a.verify(key, "b");
    b.verify(own, "a");
    b.say(Command::SetRule { key: own, rule: Rule::Accept(b.received()) });
    b.wait("the rule", |event| match event {
        Event::Devices(devices) => devices
            .iter()
            .any(|device| device.trusted.as_ref().is_some_and(|trusted| matches!(trusted.rule, Rule::Accept(_))))
            .then_some(()),
        _ => None,
    });
    (a, b, key)
}

/// A sender that asks a busy device again soon, and strangers to it of whom only one may wait for an answer.
fn busy() -> (Station, Station) {
    let a = Station::limited("a", |limits| {
        soon(limits);
        limits.busy = Duration::from_millis(50);
    });
    (a, Station::limited("b", |limits| limits.offers_of_one = 1))
}

fn while_busy(a: &Station, b: &Station, files: &[PathBuf]) -> Vec<TransferKey> {
    let send = |file: &PathBuf| a.request(b.address(), &[file], |request| request.wait = Wait::WhileBusy);
    files.iter().map(send).collect()
}

fn is_asking(stage: &Stage) -> bool {
    matches!(stage, Stage::Queued(QueuedFor::Busy { next_try: Some(_) }))
}

fn files(a: &Station, count: u64, size: usize) -> Vec<PathBuf> {
    (0..count).map(|i| a.file(&format!("{i}.bin"), &seeded(i, size))).collect()
}

fn patient(a: &Station, gate: &Gate, key: DeviceKey, files: &[PathBuf]) -> Vec<TransferKey> {
    let send = |file: &PathBuf| {
        a.request(gate.address(), &[file], |request| {
            request.expect = Some(key);
            request.wait = Wait::WhileAway;
        })
    };
    files.iter().map(send).collect()
}

/// Ten transfers to a friend who is away, all of them in the queue.
fn ten_for_one_that_is_away() -> (Station, Station, Gate, Vec<TransferKey>) {
    let (mut a, b, key) = friends();
    let gate = Gate::before(b.port);
    gate.shut();
    let files = files(&a, 10, 50_000);
    let keys = patient(&a, &gate, key, &files);
    for key in &keys {
        a.snapshot(*key, "the queue", |snapshot| matches!(snapshot.stage, Stage::Queued(_)).then_some(()));
    }
    (a, b, gate, keys)
}

/// One transfer to a verified device where a person has to answer, on its way there.
fn an_offer_that_waits() -> (Station, Station, Gate, Vec<TransferKey>) {
    let (mut a, mut b) = (Station::limited("a", soon), Station::new("b"));
    let (key, own) = (b.key(), a.key());
    a.verify(key, "b");
    b.verify(own, "a");
    let gate = Gate::before(b.port);
    let files = files(&a, 1, 50_000);
    let keys = patient(&a, &gate, key, &files);
    (a, b, gate, keys)
}

fn all_verified(a: &mut Station, keys: &[TransferKey]) {
    for key in keys {
        let ending = a.snapshot(*key, "its end", |snapshot| match &snapshot.stage {
            Stage::Ended(ending) => Some(ending.clone()),
            _ => None,
        });
        assert_eq!(ending.outcome, Outcome::Verified, "{ending:?}");
    }
}

#[test]
fn ten_for_a_device_that_was_away_arrive_when_it_is_back() {
    let (mut a, mut b, gate, keys) = ten_for_one_that_is_away();
    gate.open();
    all_verified(&mut a, &keys);
    for _ in 0..10 {
        b.wait("an end", |event| match event {
            Event::Snapshot(it) if matches!(it.stage, Stage::Ended(_)) => Some(()),
            _ => None,
        });
    }
    nothing_left(&a);
    nothing_left(&b);
}

#[test]
fn ten_in_the_queue_survive_a_restart_and_arrive() {
    let (a, _b, gate, keys) = ten_for_one_that_is_away();
    let mut a = a.restart_with("a", soon, |_| {});
    gate.open();
    all_verified(&mut a, &keys);
    nothing_left(&a);
}

#[test]
fn a_queue_survives_that_the_program_ends_while_it_calls() {
    let (mut a, b, key) = friends();
    let silent = Door::open();
    let files = files(&a, 1, 50_000);
    let sending = a.request(silent.address(), &[&files[0]], |request| {
        request.expect = Some(key);
        request.wait = Wait::WhileAway;
    });
    let _call = silent.accept_plain();
    a.snapshot(sending, "the call", |snapshot| (snapshot.stage == Stage::Offering).then_some(()));
    let mut a = a.restart_with("a", soon, |_| {});
    a.snapshot(sending, "the queue", |snapshot| {
        matches!(snapshot.stage, Stage::Queued(QueuedFor::Device)).then_some(())
    });
    drop(b);
}

#[test]
fn what_finds_a_device_busy_is_offered_again_until_it_is_taken() {
    let (mut a, mut b) = busy();
    let files = files(&a, 5, 50_000);
    let keys = while_busy(&a, &b, &files);
    a.find("that it is busy", |event| matches!(event, Event::Snapshot(it) if is_asking(&it.stage)).then_some(()));
    for _ in &keys {
        b.accept();
    }
    all_verified(&mut a, &keys);
    nothing_left(&a);
}

#[test]
fn a_busy_device_is_asked_about_what_a_person_has_put_first() {
    let (mut a, mut b) = busy();
    let files = files(&a, 3, 50_000);
    let first = while_busy(&a, &b, &files[..1]);
    let card = b.offer();
    let rest = while_busy(&a, &b, &files[1..2]);
    a.stage(rest[0], "that it is busy", is_asking);
    let urgent = while_busy(&a, &b, &files[2..]);
    a.stage(urgent[0], "that another asks", |stage| *stage == Stage::Queued(QueuedFor::Turn));
    a.say(Command::Reorder { key: urgent[0], place: 0 });
    a.stage(urgent[0], "that it asks instead", is_asking);
    a.snapshot(rest[0], "that another asks", |it| (it.stage == Stage::Queued(QueuedFor::Turn)).then_some(()));
    let folder = b.received();
    card.reply.accept(sealdrop::engine::messages::Acceptance::new(folder, sealdrop::model::manifest::Selection::All));
    assert_eq!(b.accept().id, urgent[0].id);
    assert_eq!(b.accept().id, rest[0].id);
    all_verified(&mut a, &[first, urgent, rest].concat());
}

#[test]
fn who_does_not_wait_hears_that_a_device_is_busy() {
    let (mut a, mut b) = busy();
    let files = files(&a, 2, 1000);
    let waits = while_busy(&a, &b, &files[..1]);
    let _card = b.offer();
    let hurried = a.send(&b, &[&files[1]]);
    let ending = a.ending(hurried);
    assert_eq!(ending.reason.map(|reason| (reason.code, reason.side)), Some((ReasonCode::Busy, Side::There)));
    a.say(Command::Cancel(waits[0]));
    assert_eq!(a.ending(waits[0]).outcome, Outcome::Cancelled);
}

#[test]
fn what_nobody_keeps_says_that_it_is_over_when_the_program_ends() {
    let mut a = Station::new("a");
    let mut b = Station::new("b");
    let files = files(&a, 4, 1000);
    let keys: Vec<_> = files.iter().map(|file| a.send(&b, &[file])).collect();
    let _cards: Vec<_> = (0..3).map(|_| b.offer()).collect();
    let waits = |event: &Event| match event {
        Event::Snapshot(it) if matches!(it.stage, Stage::Queued(_)) => Some(it.key),
        _ => None,
    };
    let last = a.find("the queue", waits);
    assert!(keys.contains(&last));
    a.say(Command::Shutdown);
    assert_eq!(a.ending(last).outcome, Outcome::Cancelled);
}

#[test]
fn an_offer_that_waits_for_an_answer_survives_a_broken_connection() {
    let (mut a, mut b, gate, keys) = an_offer_that_waits();
    let first = b.offer();
    gate.shut();
    a.stage(keys[0], "the queue", |stage| matches!(stage, Stage::Queued(QueuedFor::Device)));
    gate.open();
    let second = b.offer();
    assert_eq!(first.snapshot.key, second.snapshot.key);
    // What a person may say to the card that is gone means nothing.
    first.reply.decline(None);
    b.seen.push(Event::Offered(second));
    let Some(Event::Offered(second)) = b.seen.pop() else { unreachable!() };
    let folder = b.received();
    second.reply.accept(sealdrop::engine::messages::Acceptance::new(folder, sealdrop::model::manifest::Selection::All));
    all_verified(&mut a, &keys);
}

/// As `an_offer_that_waits`, from somebody who waits for nothing.
fn a_hurried_offer(verified: bool, answer: Duration) -> (Station, Station, Gate, TransferKey) {
    let limits = |limits: &mut Limits| {
        soon(limits);
        limits.answer = answer;
    };
    let (mut a, mut b) = (Station::limited("a", limits), Station::new("b"));
    let (key, own) = (b.key(), a.key());
    if verified {
        a.verify(key, "b");
        b.verify(own, "a");
    }
    let gate = Gate::before(b.port);
    let files = files(&a, 1, 50_000);
    let sending = a.request(gate.address(), &[&files[0]], |_| {});
    (a, b, gate, sending)
}

#[test]
fn a_break_before_the_answer_of_a_verified_device_is_a_break_like_any_other() {
    let (mut a, mut b, gate, key) = a_hurried_offer(true, Duration::from_mins(1));
    // A card that is let go of says no.
    let mut cards = Vec::new();
    for _ in 0..2 {
        cards.push(b.offer());
        gate.shut();
        a.snapshot(key, "the queue", |it| matches!(it.stage, Stage::Queued(QueuedFor::Device)).then_some(()));
        gate.open();
    }
    b.accept();
    all_verified(&mut a, &[key]);
    nothing_left(&a);
}

#[test]
fn a_device_that_is_gone_before_its_answer_is_waited_for_as_long_as_for_an_answer() {
    let (mut a, mut b, gate, key) = a_hurried_offer(true, Duration::from_secs(2));
    let _card = b.offer();
    gate.shut();
    a.stage(key, "the queue", |stage| matches!(stage, Stage::Queued(QueuedFor::Device)));
    let ending = a.ending(key);
    assert_eq!(ending.outcome, Outcome::Failed, "{ending:?}");
    nothing_left(&a);
}

#[test]
fn a_stranger_that_closes_the_door_before_its_answer_is_not_asked_again() {
    let (mut a, mut b, gate, key) = a_hurried_offer(false, Duration::from_mins(1));
    let _card = b.offer();
    gate.shut();
    let ending = a.ending(key);
    assert_eq!(ending.reason.map(|reason| reason.code), Some(ReasonCode::ConnectionLost));
}

#[test]
fn who_declines_after_a_break_is_not_asked_again() {
    let (mut a, mut b, gate, key) = a_hurried_offer(true, Duration::from_mins(1));
    let _card = b.offer();
    gate.shut();
    a.stage(key, "the queue", |stage| matches!(stage, Stage::Queued(QueuedFor::Device)));
    gate.open();
    b.offer().reply.decline(None);
    assert_eq!(a.ending(key).outcome, Outcome::Declined);
}

#[test]
fn an_offer_that_waits_for_an_answer_survives_that_its_sender_is_killed() {
    let (mut a, mut b, gate, keys) = an_offer_that_waits();
    let _card = b.offer();
    a.snapshot(keys[0], "the wait", |snapshot| (snapshot.stage == Stage::Waiting).then_some(()));
    gate.shut();
    let mut a = a.kill("a");
    gate.open();
    b.accept();
    all_verified(&mut a, &keys);
}

#[test]
fn those_that_are_paused_do_not_stop_the_others() {
    let (a, b, key) = friends();
    let more = |settings: &mut Settings| {
        settings.parallel = 8;
        settings.send_limit = Some(1 << 20);
    };
    let mut a = a.restart_with("a", soon, more);
    let gate = Gate::before(b.port);
    let many = files(&a, 17, 2_000_000);
    let mut keys = Vec::new();
    for file in &many {
        let sending = patient(&a, &gate, key, std::slice::from_ref(file))[0];
        a.snapshot(sending, "a lane", |snapshot| matches!(snapshot.stage, Stage::Moving).then_some(()));
        a.say(Command::Pause(sending));
        a.snapshot(sending, "its pause", |snapshot| matches!(snapshot.stage, Stage::Paused(_)).then_some(()));
        keys.push(sending);
    }
    let urgent = a.file("urgent", &seeded(99, 1000));
    let urgent = patient(&a, &gate, key, &[urgent]);
    all_verified(&mut a, &urgent);
    for key in &keys {
        a.say(Command::Discard(*key));
    }
    for key in &keys {
        a.snapshot(*key, "its end", |snapshot| matches!(snapshot.stage, Stage::Ended(_)).then_some(()));
    }
    nothing_left(&a);
    nothing_left(&b);
}

#[test]
fn one_at_a_time_on_both_sides_with_one_paused_and_another_order_all_arrive() {
    let (a, b, key) = friends();
    let slow = |settings: &mut Settings| {
        settings.parallel = 1;
        settings.send_limit = Some(4 << 20);
    };
    let mut a = a.restart_with("a", soon, slow);
    let mut b = b.restart_with("b", soon, |settings| settings.parallel = 1);
    let gate = Gate::before(b.port);
    let files = files(&a, 10, 300_000);
    let keys = patient(&a, &gate, key, &files);
    a.snapshot(keys[0], "bytes", |snapshot| (snapshot.moved > 0).then_some(()));
    a.say(Command::Pause(keys[4]));
    a.say(Command::Reorder { key: keys[9], place: 0 });
    a.say(Command::Reorder { key: keys[1], place: 99 });
    a.say(Command::Reorder { key: keys[1], place: 99 });
    let others: Vec<_> = keys.iter().copied().filter(|key| *key != keys[4]).collect();
    all_verified(&mut a, &others);
    a.say(Command::Resume(keys[4]));
    a.say(Command::Resume(keys[4]));
    all_verified(&mut a, &keys);
    for _ in 0..10 {
        b.wait("an end", |event| match event {
            Event::Snapshot(it) if matches!(it.stage, Stage::Ended(_)) => Some(()),
            _ => None,
        });
    }
    nothing_left(&a);
    nothing_left(&b);
}
