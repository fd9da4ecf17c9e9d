//! A round between two Sealdrops: blow after blow, a look at the disk after each, and all of it there in the end.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use sealdrop::transfer::limits::Limits;

use super::{
    Options, Said,
    plan::{Blow, Kind, When, Whom, blows},
    random::Random,
    report::{Tally, mb},
    stage::Stage,
};

/// One chunk of a body.
const CHUNK: u64 = 256 << 10;
/// What the buffers of both systems may hold between the proxy and the receiver.
const IN_FLIGHT: u64 = 8 << 20;
/// A moment that is counted in bytes comes after this time, too.
const LONGEST: Duration = Duration::from_secs(10);
/// Both sides say within this time that the disk is full, and that it goes on.
const DISK_LIMIT: Duration = Duration::from_secs(30);

pub(crate) fn run(
    random: &mut Random,
    options: &Options,
    kind: Kind,
    place: &Path,
    tally: &mut Tally,
) -> Result<(), String> {
    let mut stage = Stage::set(random, options, place, kind == Kind::Full)?;
    if kind == Kind::Full && stage.disk.is_none() {
        tally.skipped += 1;
        return Ok(());
    }
    let mut costs = Costs::default();
    for (when, blow) in blows(random, kind, stage.tree.bytes) {
        if !wait_for(&mut stage, when, tally)? {
            break;
        }
        let done = strike(&mut stage, blow, random, tally).map_err(|what| format!("at {blow:?}: {what}"))?;
        if done {
            costs.interrupted(&mut stage, blow);
        }
        stage.check(tally).map_err(|what| format!("after {blow:?}: {what}"))?;
        stage.start_again().map_err(|what| format!("after {blow:?}: {what}"))?;
        stage.disturbed();
    }
    stage.proxy.flip_no_more();
    let (tree, entries) = (stage.tree.bytes, stage.tree.entries.len() as u64);
    while !stage.is_over() {
        stage.watch(tally)?;
    }
    stage.proxy.end_silence();
    costs.resumed(&mut stage);
    let (up, connections, offers) = (stage.proxy.up(), stage.proxy.connections(), stage.received.offers.len() as u64);
    stage.close(tally)?;
    tally.tree_bytes += tree;
    tally.new_offers += offers.saturating_sub(1);
    if kind == Kind::Calm {
        tally.calm_overhead = tally.calm_overhead.max(up.saturating_sub(tree) * 1000 / tree.max(1));
    }
    costs.count(tree, up, frames(tree, entries, connections, offers), options.lenient, tally)
}

/// What frames, names, greetings and the records of TLS add to the files at most.
fn frames(tree: u64, entries: u64, connections: u64, offers: u64) -> u64 {
    tree / 200 + entries * 300 + offers * entries * 400 + connections * (16 << 10)
}

/// `false`: it was over before.
fn wait_for(stage: &mut Stage, when: When, tally: &mut Tally) -> Result<bool, String> {
    let (start, before) = (Instant::now(), stage.proxy.up());
    loop {
        stage.watch(tally)?;
        if stage.is_over() {
            return Ok(false);
        }
        let is_time = match when {
            When::Bytes(bytes) => stage.proxy.up() - before >= bytes || start.elapsed() > LONGEST,
            When::Time(time) => start.elapsed() >= time,
        };
        if is_time {
            return Ok(true);
        }
    }
}

/// Deals a blow; whether it interrupts what moves.
fn strike(stage: &mut Stage, blow: Blow, random: &mut Random, tally: &mut Tally) -> Result<bool, String> {
    match blow {
        Blow::Kill(whom) => {
            stage.kill(whom, tally);
            return Ok(true);
        }
        Blow::Cut(whom) => {
            stage.proxy.cut(whom);
            *(if whom == Whom::Both { &mut tally.cuts } else { &mut tally.half_cuts }) += 1;
            if whom == Whom::Receiver {
                // Who sends does not see that it is gone, and takes a while to hear it.
                pause(stage, Duration::from_millis(random.between(200, 2500)), tally)?;
                stage.proxy.end_silence();
            }
        }
        Blow::Stall(time) => {
            stage.proxy.stall(time);
            tally.stalls += 1;
            pause(stage, time, tally)?;
            return Ok(false);
        }
        Blow::Flip(way) => {
            let before = stage.proxy.flipped();
            stage.proxy.flip(way);
            let deadline = Instant::now() + LONGEST;
            while stage.proxy.flipped() == before && !stage.is_over() && Instant::now() < deadline {
                stage.watch(tally)?;
            }
            tally.sealed_flips += stage.proxy.flipped() - before;
        }
        Blow::Fill(time, whom) => fill(stage, time, whom, tally)?,
    }
    Ok(true)
}

fn pause(stage: &mut Stage, time: Duration, tally: &mut Tally) -> Result<(), String> {
    let until = Instant::now() + time;
    while Instant::now() < until && !stage.is_over() {
        stage.watch(tally)?;
    }
    Ok(())
}

/// The disk is full: both sides say so with the reason, perhaps somebody is killed, and it goes on once there is room.
fn fill(stage: &mut Stage, time: Duration, whom: Option<Whom>, tally: &mut Tally) -> Result<(), String> {
    stage.sent.states.clear();
    stage.received.states.clear();
    stage.disk.as_ref().ok_or("no disk")?.fill().said()?;
    tally.full_disks += 1;
    let deadline = Instant::now() + DISK_LIMIT;
    while !(stage.lenient || is_full(&stage.sent.states) && is_full(&stage.received.states)) {
        stage.watch(tally)?;
        if stage.is_over() {
            return Ok(());
        }
        if Instant::now() > deadline {
            let states = (stage.sent.states.last(), stage.received.states.last());
            return Err(format!("not both sides say that the disk is full: {states:?}"));
        }
    }
    pause(stage, time, tally)?;
    stage.check(tally)?;
    if let Some(whom) = whom {
        stage.kill(whom, tally);
        stage.check(tally)?;
        stage.start_again()?;
        pause(stage, time, tally)?;
    }
    stage.disk.as_ref().ok_or("no disk")?.make_room().said()
}

fn is_full(states: &[(String, String)]) -> bool {
    states.iter().any(|(state, reason)| state == "paused" && reason.contains("space"))
}

/// What the interruptions of a round have cost.
#[derive(Default)]
struct Costs {
    /// What may have been sent in vain by all so far.
    allowed: u64,
    /// Of the one that nothing has been sent since: bytes sent until then.
    sent: Option<u64>,
    /// In vain so far, as the receiver's figures tell it.
    told: u64,
    worst: u64,
    interruptions: u64,
}

impl Costs {
    fn interrupted(&mut self, stage: &mut Stage, blow: Blow) {
        self.resumed(stage);
        self.sent = Some(stage.proxy.up());
        stage.received.least_moved = None;
        // What a living receiver has, it puts on the disk when the connection ends.
        let unflushed = match blow {
            Blow::Kill(Whom::Receiver | Whom::Both) | Blow::Fill(..) => Limits::default().flush_bytes,
            _ => 0,
        };
        self.interruptions += 1;
        self.allowed += unflushed + CHUNK + IN_FLIGHT;
    }

    /// The smallest figure since then says what was there when it went on.
    fn resumed(&mut self, stage: &mut Stage) {
        if let (Some(sent), Some(there)) = (self.sent.take(), stage.received.least_moved) {
            let in_vain = sent.saturating_sub(there);
            self.worst = self.worst.max(in_vain.saturating_sub(self.told));
            self.told = self.told.max(in_vain);
        }
    }

    fn count(&self, tree: u64, up: u64, frames: u64, lenient: bool, tally: &mut Tally) -> Result<(), String> {
        let again = up.saturating_sub(tree + frames);
        tally.again += again;
        // The figures come a little late; what one has cost is at least the mean of all.
        let worst = self.worst.max(again / self.interruptions.max(1)).min(again);
        tally.again_worst = tally.again_worst.max(worst);
        if again <= self.allowed || lenient {
            return Ok(());
        }
        Err(format!("{:.1} MB were sent again, and {:.1} were unflushed at most", mb(again), mb(self.allowed)))
    }
}
