//! Transfers that survive: a connection that breaks, a program that ends, a person who pauses; nothing is lost and hardly a
//! byte goes twice.

use std::fs;

use sealdrop::{
    engine::messages::{Acceptance, Command, Event, Wait},
    model::{
        conflict::Conflict,
        manifest::Selection,
        outcome::{FileState, Outcome},
        reason::ReasonCode,
        transfer::{Pause, QueuedFor, Stage, TransferKey},
    },
};

use crate::{
    gate::Gate,
    support::{Station, nothing_left, seeded, tree},
};

const MIB: usize = 1 << 20;

impl Station {
    /// Waits for a stage that `look` likes.
    pub(crate) fn stage(&mut self, key: TransferKey, what: &str, look: impl Fn(&Stage) -> bool) {
        self.wait(what, |event| match event {
            Event::Snapshot(snapshot) if snapshot.key == key && look(&snapshot.stage) => Some(()),
            _ => None,
        });
    }

    /// After a restart, which may have heard of it already.
    fn interrupted(&mut self, key: TransferKey) {
        self.find("the interrupted transfer", |event| match event {
            Event::Snapshot(snapshot) if snapshot.key == key && snapshot.stage == Stage::Interrupted => Some(()),
            _ => None,
        });
    }

    pub(crate) fn moved(&mut self, key: TransferKey, bytes: u64) {
        self.wait("bytes", |event| match event {
            Event::Snapshot(snapshot) if snapshot.key == key && snapshot.moved >= bytes => Some(()),
            _ => None,
        });
    }

    pub(crate) fn accept_with(&mut self, conflict: Conflict) -> TransferKey {
        let offer = self.offer();
        let key = offer.snapshot.key;
        let folder = self.received();
        offer.reply.accept(Acceptance { conflict, ..Acceptance::new(folder, Selection::All) });
        key
    }
}

/// Slow enough that a test can do something meanwhile.
fn slow(name: &str) -> Station {
    Station::with(name, |settings| settings.send_limit = Some(4 << 20))
}

/// How much of what arrived was there before, as the row says it in the end.
fn kept(station: &Station, key: TransferKey) -> u64 {
    let ends = station.seen.iter().rev().filter_map(|event| match event {
        Event::Snapshot(it) if it.key == key && matches!(it.stage, Stage::Ended(_)) => Some(it.kept),
        _ => None,
    });
    ends.take(1).sum()
}

/// What was told to be there, since the restart if there was one: it never becomes less.
fn never_less(station: &Station, key: TransferKey) -> Vec<u64> {
    let told = station.seen.iter().filter_map(|event| match event {
        Event::Snapshot(it) if it.key == key => Some(it.moved),
        _ => None,
    });
    let told: Vec<u64> = told.collect();
    assert!(told.is_sorted(), "{told:?}");
    told
}

fn verified(a: &mut Station, sending: TransferKey, b: &mut Station, receiving: TransferKey) {
    let (sent, received) = (a.ending(sending), b.ending(receiving));
    assert_eq!((sent.outcome, received.outcome), (Outcome::Verified, Outcome::Verified), "{sent:?} {received:?}");
    // What the receiver kept goes when the history has it.
    nothing_left(b);
}

#[test]
fn a_broken_connection_is_taken_up_again_and_only_the_rest_is_sent() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    let gate = Gate::before(b.port);
    let bytes = seeded(1, 24 * MIB);
    let source = a.file("large.bin", &bytes);
    gate.cut_at(10 * MIB as u64);
    let sending = a.request(gate.address(), &[&source], |_| {});
    let receiving = b.accept();
    verified(&mut a, sending, &mut b, receiving);
    assert_eq!(fs::read(b.received().join("large.bin")).unwrap(), bytes);
    let over = gate.forward().saturating_sub(bytes.len() as u64);
    // What was in sockets and buffers when it broke.
    assert!(over < 8 * MIB as u64, "{over} bytes too many");
    assert_eq!((kept(&a, sending), kept(&b, receiving)), (0, 0), "all of it moved");
}

#[test]
fn a_tree_survives_many_cuts() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    let gate = Gate::before(b.port);
    let source = a.home.path().join("tree");
    fs::create_dir_all(source.join("empty/below")).unwrap();
    for i in 0..200 {
        fs::write(source.join(format!("{i:03}.bin")), seeded(i, 20_000 + usize::try_from(i).unwrap() * 100)).unwrap();
    }
    fs::write(source.join("big.bin"), seeded(7, 5 * MIB)).unwrap();
    let sending = a.request(gate.address(), &[&source], |_| {});
    let receiving = b.accept();
    for at in 1..6 {
        gate.cut_at(at * 1_500_000);
        a.stage(sending, "a break", |stage| matches!(stage, Stage::Reconnecting { .. }));
    }
    verified(&mut a, sending, &mut b, receiving);
    assert_eq!(tree(&b.received().join("tree")), tree(&source));
    never_less(&a, sending);
    never_less(&b, receiving);
    let ends = |station: &Station, key| station.file_ends(key).iter().filter(|end| end.md5.is_some()).count();
    assert_eq!((ends(&a, sending), ends(&b, receiving)), (201, 201), "each end is told once");
}

#[test]
fn a_receiver_that_was_closed_goes_on_when_it_is_back() {
    let (mut a, mut b) = (slow("a"), Station::new("b"));
    let bytes = seeded(2, 12 * MIB);
    let source = a.file("large.bin", &bytes);
    let sending = a.send(&b, &[&source]);
    let receiving = b.accept();
    b.moved(receiving, 4 * MIB as u64);
    let mut b = b.restart("b");
    b.interrupted(receiving);
    // Its port is another one now: it calls.
    b.say(Command::Resume(receiving));
    verified(&mut a, sending, &mut b, receiving);
    assert_eq!(kept(&a, sending), 0, "all of it moved in one run");
    let there = kept(&b, receiving);
    assert!((4 * MIB as u64..12 * MIB as u64).contains(&there), "{there} bytes were there when it began");
    assert_eq!(fs::read(b.received().join("large.bin")).unwrap(), bytes);
}

#[test]
fn a_sender_that_was_closed_goes_on_when_somebody_says_so() {
    let (a, mut b) = (slow("a"), Station::new("b"));
    let bytes = seeded(3, 12 * MIB);
    let source = a.file("large.bin", &bytes);
    let sending = a.send(&b, &[&source]);
    let receiving = b.accept();
    b.moved(receiving, 4 * MIB as u64);
    let mut a = a.restart("a");
    // Unless the receiver has asked for it before anybody here could look.
    a.find("what was left", |event| matches!(event, Event::Restored).then_some(()));
    a.say(Command::Resume(sending));
    verified(&mut a, sending, &mut b, receiving);
    assert_eq!(fs::read(b.received().join("large.bin")).unwrap(), bytes);
}

#[test]
fn a_sender_that_is_closed_in_the_middle_of_a_chunk_spoils_nothing_that_has_arrived() {
    // The receiver is the slow one: the sender stands in the middle of a chunk.
    let mut b = Station::with("b", |settings| settings.receive_limit = Some(4 << 20));
    let a = Station::new("a");
    let bytes = seeded(12, 16 * MIB);
    let source = a.file("large.bin", &bytes);
    let sending = a.send(&b, &[&source]);
    let receiving = b.accept();
    b.moved(receiving, 2 * MIB as u64);
    let mut a = a.restart("a");
    a.interrupted(sending);
    b.stage(receiving, "the break", |stage| matches!(stage, Stage::Reconnecting { .. }));
    a.say(Command::Resume(sending));
    let kept = b.wait("bytes that need not move", |event| match event {
        Event::StartedAgain { .. } => panic!("what had arrived began anew"),
        Event::Snapshot(snapshot) if snapshot.key == receiving && snapshot.kept > 0 => Some(snapshot.kept),
        _ => None,
    });
    assert!(kept >= 2 * MIB as u64, "it went on behind {kept} bytes");
    verified(&mut a, sending, &mut b, receiving);
    assert_eq!(fs::read(b.received().join("large.bin")).unwrap(), bytes);
}

#[test]
fn either_side_holds_a_transfer_and_both_show_it() {
    let (mut a, mut b) = (slow("a"), Station::new("b"));
    let bytes = seeded(4, 10 * MIB);
    let source = a.file("large.bin", &bytes);
    let sending = a.send(&b, &[&source]);
    let receiving = b.accept();
    b.moved(receiving, 2 * MIB as u64);
    let here = |stage: &Stage| matches!(stage, Stage::Paused(Pause { here: true, there: false, reason: None }));
    let there = |stage: &Stage| matches!(stage, Stage::Paused(Pause { here: false, there: true, reason: None }));
    a.say(Command::Pause(sending));
    a.stage(sending, "a pause of ours", here);
    b.stage(receiving, "a pause of theirs", there);
    a.say(Command::Resume(sending));
    b.stage(receiving, "moving", |stage| matches!(stage, Stage::Moving));
    b.moved(receiving, 4 * MIB as u64);
    b.say(Command::Pause(receiving));
    b.stage(receiving, "a pause of ours", here);
    a.stage(sending, "a pause of theirs", there);
    b.say(Command::Resume(receiving));
    verified(&mut a, sending, &mut b, receiving);
    assert_eq!(fs::read(b.received().join("large.bin")).unwrap(), bytes);
}

#[test]
fn a_pause_holds_while_the_connection_is_gone() {
    let (mut a, mut b) = (slow("a"), Station::new("b"));
    let gate = Gate::before(b.port);
    let source = a.file("large.bin", &seeded(5, 8 * MIB));
    let sending = a.request(gate.address(), &[&source], |_| {});
    let receiving = b.accept();
    b.moved(receiving, 2 * MIB as u64);
    a.say(Command::Pause(sending));
    b.stage(receiving, "a pause of theirs", |stage| matches!(stage, Stage::Paused(_)));
    gate.cut();
    b.stage(receiving, "the break", |stage| matches!(stage, Stage::Reconnecting { .. }));
    a.say(Command::Resume(sending));
    verified(&mut a, sending, &mut b, receiving);
}

#[test]
fn what_a_receiver_has_paused_is_still_paused_after_a_restart() {
    let (mut a, mut b) = (slow("a"), Station::new("b"));
    let source = a.file("large.bin", &seeded(13, 8 * MIB));
    let sending = a.send(&b, &[&source]);
    let receiving = b.accept();
    b.moved(receiving, MIB as u64);
    let here = |stage: &Stage| matches!(stage, Stage::Paused(Pause { here: true, .. }));
    b.say(Command::Pause(receiving));
    a.stage(sending, "that the receiver has paused", |stage| matches!(stage, Stage::Paused(Pause { there: true, .. })));
    let mut b = b.restart("b");
    b.find("the pause", |event| match event {
        Event::Snapshot(snapshot) if snapshot.key == receiving && here(&snapshot.stage) => Some(()),
        _ => None,
    });
    b.say(Command::Resume(receiving));
    verified(&mut a, sending, &mut b, receiving);
}

#[test]
fn what_failed_is_sent_again_alone_and_lands_where_it_belongs() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    let gate = Gate::before(b.port);
    let source = a.home.path().join("photos");
    fs::create_dir(&source).unwrap();
    fs::write(source.join("good.bin"), seeded(1, 3 * MIB)).unwrap();
    fs::write(source.join("bad.bin"), seeded(2, MIB)).unwrap();
    let stage = sealdrop::engine::messages::StageId(1);
    a.say(Command::Stage { stage, paths: vec![source.clone()] });
    let trees = a.wait("the walk", |event| match event {
        Event::Staged { trees, .. } => Some(trees.clone()),
        _ => None,
    });
    fs::rename(source.join("bad.bin"), a.home.path().join("away")).unwrap();
    let what = sealdrop::engine::messages::What::Staged(trees);
    let sending = a.request(gate.address(), &[], |request| request.what = what);
    let receiving = b.accept();
    assert_eq!((a.ending(sending).outcome, b.ending(receiving).outcome), (Outcome::Partial, Outcome::Partial));
    let retryable = a.seen.iter().rev().find_map(|event| match event {
        Event::Snapshot(snapshot) if snapshot.key == sending => Some(snapshot.retryable),
        _ => None,
    });
    assert_eq!(retryable, Some(true));
    let before = gate.forward();
    fs::rename(a.home.path().join("away"), source.join("bad.bin")).unwrap();
    a.say(Command::Retry(sending));
    verified(&mut a, sending, &mut b, receiving);
    assert!(gate.forward() - before < 3 * MIB as u64, "only what failed went again");
    assert_eq!(
        tree(&b.received()),
        tree(a.home.path()).into_iter().filter(|(name, _)| name.starts_with("photos")).collect::<Vec<_>>()
    );
}

#[test]
fn what_is_there_already_costs_no_bytes() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    let gate = Gate::before(b.port);
    let source = a.home.path().join("photos");
    fs::create_dir(&source).unwrap();
    fs::write(source.join("same.bin"), seeded(1, 4 * MIB)).unwrap();
    fs::write(source.join("other.bin"), seeded(2, 100_000)).unwrap();
    fs::write(source.join("new.bin"), seeded(3, 100_000)).unwrap();
    let there = b.received().join("photos");
    fs::create_dir(&there).unwrap();
    fs::write(there.join("same.bin"), seeded(1, 4 * MIB)).unwrap();
    fs::write(there.join("other.bin"), seeded(4, 100_000)).unwrap();
    let sending = a.request(gate.address(), &[&source], |_| {});
    let receiving = b.accept_with(Conflict::SkipIdentical);
    verified(&mut a, sending, &mut b, receiving);
    assert!(gate.forward() < MIB as u64, "{} bytes", gate.forward());
    assert_eq!((kept(&a, sending), kept(&b, receiving)), (4 * MIB as u64, 4 * MIB as u64));
    assert_eq!(fs::read(there.join("other.bin")).unwrap(), seeded(4, 100_000), "what was there stays");
    assert_eq!(fs::read(there.join("other (2).bin")).unwrap(), seeded(2, 100_000));
    assert_eq!(fs::read(there.join("new.bin")).unwrap(), seeded(3, 100_000));
}

#[test]
fn replacing_and_skipping_do_what_they_say() {
    for conflict in [Conflict::Replace, Conflict::Skip] {
        let (mut a, mut b) = (Station::new("a"), Station::new("b"));
        let source = a.home.path().join("d");
        fs::create_dir(&source).unwrap();
        fs::write(source.join("f"), b"new").unwrap();
        fs::create_dir(b.received().join("d")).unwrap();
        fs::write(b.received().join("d/f"), b"old").unwrap();
        let sending = a.send(&b, &[&source]);
        let receiving = b.accept_with(conflict);
        verified(&mut a, sending, &mut b, receiving);
        let expected: &[u8] = if conflict == Conflict::Replace { b"new" } else { b"old" };
        assert_eq!(tree(&b.received()), [("d".to_owned(), None), ("d/f".to_owned(), Some(expected.to_vec()))]);
        if conflict == Conflict::Skip {
            let end = b.file_ends(receiving).into_iter().find(|end| end.state == FileState::Skipped).unwrap();
            assert_eq!(end.reason.unwrap().code, ReasonCode::AlreadyThere);
        }
    }
}

#[test]
fn discarding_leaves_nothing_unfinished_behind() {
    let (mut a, mut b) = (slow("a"), Station::new("b"));
    let source = a.file("large.bin", &seeded(6, 12 * MIB));
    let sending = a.send(&b, &[&source]);
    let receiving = b.accept();
    b.moved(receiving, 4 * MIB as u64);
    let mut b = b.restart("b");
    b.interrupted(receiving);
    assert_eq!(tree(&b.received()).len(), 1, "the part");
    b.say(Command::Discard(receiving));
    assert_eq!(b.ending(receiving).outcome, Outcome::Cancelled);
    let deadline = std::time::Instant::now() + crate::support::LIMIT;
    while !tree(&b.received()).is_empty() {
        assert!(std::time::Instant::now() < deadline, "{:?}", tree(&b.received()).len());
        std::thread::yield_now();
    }
    a.say(Command::Cancel(sending));
    a.ending(sending);
}

#[test]
fn no_more_move_at_once_than_the_settings_say_and_the_order_can_be_changed() {
    let mut a = Station::with("a", |settings| {
        settings.parallel = 1;
        settings.send_limit = Some(2 << 20);
    });
    let mut b = Station::new("b");
    let files: Vec<_> = (0..3).map(|i| a.file(&format!("{i}.bin"), &seeded(i, MIB))).collect();
    let keys: Vec<TransferKey> = files
        .iter()
        .map(|file| {
            let key = a.send(&b, &[file]);
            b.accept();
            a.snapshot(key, "an answer", |snapshot| {
                matches!(snapshot.stage, Stage::Moving | Stage::Queued(QueuedFor::Turn)).then_some(())
            });
            key
        })
        .collect();
    a.say(Command::Reorder { key: keys[2], place: 0 });
    let mut order = Vec::new();
    for _ in 0..3 {
        order.push(a.wait("an end", |event| match event {
            Event::Snapshot(snapshot) if matches!(snapshot.stage, Stage::Ended(_)) => Some(snapshot.key),
            _ => None,
        }));
    }
    assert_eq!(order, [keys[0], keys[2], keys[1]]);
}

#[test]
fn a_device_that_is_away_gets_it_when_it_is_there() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    let gate = Gate::before(b.port);
    gate.shut();
    let (key, own) = (b.key(), a.key());
    a.verify(key, "b");
    b.verify(own, "a");
    let source = a.file("later.bin", &seeded(8, 100_000));
    let sending = a.request(gate.address(), &[&source], |request| {
        request.expect = Some(key);
        request.wait = Wait::WhileAway;
    });
    a.stage(sending, "the queue", |stage| matches!(stage, Stage::Queued(QueuedFor::Device)));
    gate.open();
    let receiving = b.accept();
    verified(&mut a, sending, &mut b, receiving);
}

/// Many files, so that it takes the receiver several headers to say what it has, and two of some size.
#[test]
fn what_is_known_to_be_there_is_told_from_the_start_whoever_was_closed() {
    let (a, mut b) = (slow("a"), Station::new("b"));
    let gate = Gate::before(b.port);
    let source = a.home.path().join("tree");
    fs::create_dir(&source).unwrap();
    for at in 0..1500 {
        fs::write(source.join(format!("{at:04}")), seeded(at, 2000)).unwrap();
    }
    (0..2).for_each(|at| fs::write(source.join(format!("large {at}")), seeded(at, 4 * MIB)).unwrap());
    let sending = a.request(gate.address(), &[&source], |_| {});
    let receiving = b.accept();
    b.moved(receiving, 6 * MIB as u64);
    let mut b = b.restart("b");
    gate.lead_to(b.port);
    b.say(Command::Resume(receiving));
    b.moved(receiving, 7 * MIB as u64);
    let mut a = a.restart("a");
    a.find("what was left", |event| matches!(event, Event::Restored).then_some(()));
    a.say(Command::Resume(sending));
    verified(&mut a, sending, &mut b, receiving);
    let (sent, received) = (never_less(&a, sending), never_less(&b, receiving));
    // How much there is of a file that is not whole only its receiver knows.
    assert!(sent[0] >= 2_500_000 && received[0] >= 4 * MIB as u64, "{} {}", sent[0], received[0]);
}

/// The owner of the receiver's folder is at it while the connection is gone: a file is written over, one is written to and holds the
/// same, one is removed. Only what differs comes again, and lies beside what somebody has made of it.
#[test]
fn what_was_written_to_while_the_connection_was_gone_is_not_told_to_be_verified() {
    let (mut a, mut b) = (slow("a"), Station::new("b"));
    let gate = Gate::before(b.port);
    let source = a.home.path().join("tree");
    fs::create_dir(&source).unwrap();
    (0..5).for_each(|at| fs::write(source.join(format!("{at}")), seeded(at, 2 * MIB)).unwrap());
    let sending = a.request(gate.address(), &[&source], |_| {});
    let receiving = b.accept();
    a.find("files that were verified", |event| match event {
        Event::Snapshot(snapshot) if snapshot.key == sending && snapshot.files_ended >= 3 => Some(()),
        _ => None,
    });
    let mut b = b.restart("b");
    let place = |name: &str| b.received().join("tree").join(name);
    let original = fs::read(place("0")).unwrap();
    let mut edited = original.clone();
    edited[MIB] ^= 1;
    for (name, bytes) in [("0", &edited), ("1", &fs::read(place("1")).unwrap())] {
        fs::write(place(name), bytes).unwrap();
    }
    fs::remove_file(place("2")).unwrap();
    gate.lead_to(b.port);
    b.say(Command::Resume(receiving));
    verified(&mut a, sending, &mut b, receiving);
    let there = kept(&b, receiving) / MIB as u64;
    assert!((2..=6).contains(&there), "{there} MiB: two files come again, one does not");
    let place = |name: &str| b.received().join("tree").join(name);
    assert!(fs::read(place("0")).unwrap() == edited, "it is its owner's");
    assert!(fs::read(place("0 (2)")).unwrap() == original);
    for name in ["1", "2", "3", "4"] {
        assert!(fs::read(place(name)).unwrap() == fs::read(source.join(name)).unwrap(), "{name}");
    }
    let again = |station: &Station, key| {
        let told = station.seen.iter().filter_map(|event| match event {
            Event::StartedAgain { key: of, index } if *of == key => Some(*index),
            _ => None,
        });
        let mut told: Vec<u32> = told.collect();
        told.sort_unstable();
        told.len()
    };
    assert_eq!((again(&a, sending), again(&b, receiving)), (2, 2), "and both are told which");
    let last = |station: &Station, key| station.file_ends(key).into_iter().rev().find(|end| end.index == 1).unwrap();
    assert_eq!(last(&b, receiving).place, Some(place("0 (2)")), "the seal is that of the file that came");
    assert_eq!(last(&a, sending).md5, last(&b, receiving).md5);
}
