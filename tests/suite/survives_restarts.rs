//! What a program finds in its profile when it starts, and what comes to its door meanwhile.

use std::{
    fs,
    time::{Duration, Instant},
};

use sealdrop::{
    engine::messages::{Command, Event},
    model::{
        outcome::Outcome,
        reason::ReasonCode,
        transfer::{Pause, Stage},
    },
    storage::kept,
    wire::header::{Message, Offer},
};

use crate::{
    gate::Gate,
    scripted::{Scripted, file_entry},
    sealed_stream::new_identity,
    support::{LIMIT, Station, honest, seeded, tree},
};

const MIB: usize = 1 << 20;

#[test]
fn who_comes_back_before_the_profile_has_been_read_is_not_sent_away_for_good() {
    let mut b = Station::new("b");
    let anna = new_identity();
    let mut caller = Scripted::dial_as(b.port, &anna);
    let entries: Vec<_> = (0..30_000).map(|i| file_entry(&["d", &format!("{i}")], 10)).collect();
    let frames = caller.offer_bytes(entries.clone());
    let mut digest = sealdrop::wire::entries::ManifestDigest::new();
    frames.iter().skip(1).for_each(|frame| digest.add_frame(frame));
    let manifest = digest.finish();
    caller.offer(entries);
    let key = b.accept();
    caller.hear_accept(30_000);
    caller.hang_up();
    b.broken(key);
    let b = b.restart("b");
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        assert!(Instant::now() < deadline);
        let mut back = Scripted::dial_as(b.port, &anna);
        back.greet();
        back.say(&Message::Offer(Offer {
            transfer: caller.id,
            epoch: 2,
            manifest,
            files: 30_000,
            folders: 0,
            links: 0,
            bytes: 300_000,
            message: None,
            again: Some(true),
        }));
        match back.hear() {
            Some(Message::Answer(_)) => break,
            Some(Message::Abort(abort)) => assert_ne!(abort.reason.code, ReasonCode::UnknownTransfer),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_was_paused_by_its_receiver_is_paused_after_a_restart() {
    let (mut a, mut b) = (Station::with("a", |settings| settings.send_limit = Some(4 << 20)), Station::new("b"));
    let gate = Gate::before(b.port);
    let source = a.file("large.bin", &seeded(1, 6 * MIB));
    let sending = a.request(gate.address(), &[&source], |_| {});
    let receiving = b.accept();
    b.moved(receiving, MIB as u64);
    b.say(Command::Pause(receiving));
    let here = |stage: &Stage| matches!(stage, Stage::Paused(Pause { here: true, .. }));
    let there = |stage: &Stage| matches!(stage, Stage::Paused(Pause { there: true, .. }));
    b.stage(receiving, "a pause", here);
    a.stage(sending, "their pause", there);
    let mut b = b.restart("b");
    b.snapshot(receiving, "still a pause", |snapshot| here(&snapshot.stage).then_some(()));
    gate.lead_to(b.port);
    a.stage(sending, "their pause again", there);
    b.say(Command::Resume(receiving));
    assert_eq!(b.ending(receiving).outcome, Outcome::Verified);
    assert_eq!(a.ending(sending).outcome, Outcome::Verified);
}

/// Waits until the profile says of the one incoming transfer whether it is paused.
fn noted(b: &Station, paused: bool) {
    let deadline = Instant::now() + LIMIT;
    let says = || matches!(kept::incoming(&b.profile()).as_slice(), [Ok(kept)] if kept.recovered.paused == paused);
    while !says() {
        assert!(Instant::now() < deadline, "the profile never said so");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

#[test]
fn what_its_receiver_paused_without_a_connection_is_paused_after_a_kill() {
    let (mut a, mut b) = (Station::with("a", |settings| settings.send_limit = Some(4 << 20)), Station::new("b"));
    let gate = Gate::before(b.port);
    let bytes = seeded(1, 6 * MIB);
    let source = a.file("large.bin", &bytes);
    let sending = a.request(gate.address(), &[&source], |_| {});
    let receiving = b.accept();
    b.moved(receiving, MIB as u64);
    gate.shut();
    b.stage(receiving, "the break", |stage| matches!(stage, Stage::Reconnecting { .. }));
    let here = |stage: &Stage| matches!(stage, Stage::Paused(Pause { here: true, .. }));
    b.say(Command::Pause(receiving));
    b.stage(receiving, "a pause", here);
    noted(&b, true);
    let mut b = b.kill("b");
    b.snapshot(receiving, "still a pause", |snapshot| here(&snapshot.stage).then_some(()));
    // Let go of without a connection, it is not paused after another kill either.
    b.say(Command::Resume(receiving));
    b.stage(receiving, "no pause", |stage| !here(stage));
    noted(&b, false);
    let mut b = b.kill("b");
    b.snapshot(receiving, "no pause", |snapshot| (snapshot.stage == Stage::Interrupted).then_some(()));
    gate.lead_to(b.port);
    gate.open();
    assert_eq!(b.ending(receiving).outcome, Outcome::Verified);
    assert_eq!(a.ending(sending).outcome, Outcome::Verified);
    assert_eq!(fs::read(b.received().join("large.bin")).unwrap(), bytes);
}

#[test]
fn a_folder_that_is_gone_after_a_restart_holds_the_transfer_until_it_is_back() {
    let mut a = Station::with("a", |settings| settings.send_limit = Some(4 << 20));
    let mut b = Station::limited("b", |limits| limits.room = Duration::from_millis(50));
    let gate = Gate::before(b.port);
    let bytes = seeded(1, 6 * MIB);
    let source = a.file("large.bin", &bytes);
    let sending = a.request(gate.address(), &[&source], |_| {});
    let receiving = b.accept();
    b.moved(receiving, 2 * MIB as u64);
    let elsewhere = b.home.path().join("stick");
    let folder = b.received();
    let mut b = {
        let b = b;
        gate.shut();
        let fresh = b.restart_with("b", |limits| limits.room = Duration::from_millis(50), |_| {});
        fs::rename(&folder, &elsewhere).unwrap();
        fresh
    };
    gate.lead_to(b.port);
    gate.open();
    let missing = |stage: &Stage| matches!(stage, Stage::Paused(Pause { reason: Some(reason), .. }) if reason.code == ReasonCode::FolderMissing);
    b.stage(receiving, "the missing folder", missing);
    a.stage(sending, "the missing folder", missing);
    fs::rename(&elsewhere, &folder).unwrap();
    assert_eq!(b.ending(receiving).outcome, Outcome::Verified);
    assert_eq!(a.ending(sending).outcome, Outcome::Verified);
    assert_eq!(fs::read(folder.join("large.bin")).unwrap(), bytes);
}

#[test]
fn damaged_files_in_the_profile_keep_nobody_from_working() {
    let (mut a, mut b) = (Station::with("a", |settings| settings.send_limit = Some(4 << 20)), Station::new("b"));
    let source = a.file("large.bin", &seeded(1, 6 * MIB));
    let sending = a.send(&b, &[&source]);
    let receiving = b.accept();
    b.moved(receiving, 2 * MIB as u64);
    a.say(Command::Pause(sending));
    a.stage(sending, "a pause", |stage| matches!(stage, Stage::Paused(_)));
    let mut stations = [Some(a), Some(b)];
    for round in 0..8_u64 {
        for station in &mut stations {
            let mut it = station.take().unwrap();
            let running = it.home.path().join("profile/running");
            it.say(Command::Shutdown);
            it.wait("the end", |event| matches!(event, Event::Stopped).then_some(()));
            for (name, bytes) in tree(&running) {
                let Some(mut bytes) = bytes else { continue };
                let noise = seeded(round * 31 + name.len() as u64, 64);
                let at = usize::from(noise[0]) * bytes.len() / 256;
                match round % 4 {
                    0 => bytes.truncate(at),
                    1 => bytes.splice(at..at, noise).for_each(drop),
                    2 => bytes.iter_mut().skip(at).take(3).for_each(|byte| *byte ^= noise[1] | 1),
                    _ => bytes = noise,
                }
                fs::write(running.join(name), bytes).unwrap();
            }
            fs::write(running.join(format!("{}.out", "0".repeat(32))), seeded(round, 1000)).unwrap();
            fs::create_dir_all(running.join(format!("{}.journal", "1".repeat(32)))).unwrap();
            let mut fresh = it.restart("again");
            fresh.find("what was kept", |event| matches!(event, Event::Restored).then_some(()));
            *station = Some(fresh);
        }
    }
    let [_, Some(mut b)] = stations else { unreachable!() };
    honest(&mut b);
}

#[test]
fn who_stands_at_the_door_when_the_program_ends_is_not_told_that_anybody_cancelled() {
    let mut b = Station::new("b");
    let mut caller = Scripted::dial(b.port);
    caller.greet();
    b.say(Command::Shutdown);
    assert_eq!(caller.hear_abort().code, ReasonCode::ConnectionLost);
    b.wait("its end", |event| matches!(event, Event::Stopped).then_some(()));
}
