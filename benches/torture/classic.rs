//! A round of the plain protocol: files whose bytes are changed on the way get no real name, and arrive when sent once more.

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

use super::{
    Said, Scale,
    check::{self, Checker},
    program::{Log, Program},
    proxy::Proxy,
    random::Random,
    report::Tally,
    tree::{Entry, Tree},
};

/// One file is through, and judged, within this time.
const LIMIT: Duration = Duration::from_mins(1);
/// How often who waits looks.
const LOOK: Duration = Duration::from_millis(2);
/// No header is longer.
const HEADER: u64 = 4096;

pub(crate) fn round(random: &mut Random, scale: Scale, home: &Path, tally: &mut Tally) -> Result<(), String> {
    for name in ["out", "in"] {
        std::fs::create_dir_all(home.join(name)).said()?;
    }
    let (files, most) = match scale {
        Scale::Small => (4, 1 << 20),
        Scale::Full => (10, 8 << 20),
    };
    let mut tree = Tree { place: home.join("out"), entries: BTreeMap::new(), bytes: 0 };
    let names: Vec<String> = (0..files).map(|i| format!("plain {i} 写真.bin")).collect();
    for name in &names {
        let size = random.between(100_000, most);
        tree.file(random, name, size).said()?;
    }
    let mut round = Round::begin(home, tree)?;
    for name in &names {
        while random.chance(60) {
            round.send(random, name, true, tally)?;
        }
        round.send(random, name, false, tally)?;
    }
    tally.tree_bytes += round.tree.bytes;
    round.end()
}

struct Round<'a> {
    home: &'a Path,
    tree: Tree,
    proxy: Proxy,
    receiver: Program,
    received: Log,
    checker: Checker,
}

impl<'a> Round<'a> {
    fn begin(home: &'a Path, tree: Tree) -> Result<Self, String> {
        let (into, profile) = (below(home, "in"), below(home, "receiver"));
        let words = ["receive", "--json", "--accept", "all", "--port", "0", "--into", &into, "--profile", &profile];
        let receiver = Program::start(&[], &words.map(str::to_owned), &home.join("receiver.log")).said()?;
        let proxy = Proxy::start(64 << 20).said()?;
        let mut round = Self { home, tree, proxy, receiver, received: Log::default(), checker: Checker::default() };
        round.hear_until(|log| log.port.is_some(), "the receiver does not listen")?;
        round.proxy.lead_to(round.received.port.unwrap_or_default());
        Ok(round)
    }

    /// Sends one file; a bit of its body is turned round, or none.
    fn send(&mut self, random: &mut Random, name: &str, flipped: bool, tally: &mut Tally) -> Result<(), String> {
        let Some(Entry::File { size, .. }) = self.tree.entries.get(name) else { return Ok(()) };
        if flipped {
            // Behind the header: a changed name would only be another name.
            self.proxy.flip_next_at(random.between(HEADER, *size));
        }
        let (to, profile, file) = (self.proxy.address(), below(self.home, "sender"), below(&self.tree.place, name));
        let words = ["send", "--json", "--classic", "--to", &to, "--profile", &profile, &file].map(str::to_owned);
        let mut sender = Program::start(&[], &words, &self.home.join("sender.log")).said()?;
        let (ends, verified) = (self.received.finished.len(), self.received.verified.len());
        self.hear_until(|log| log.finished.len() > ends, "a file is not through")?;
        let (deadline, mut sent) = (Instant::now() + LIMIT, Log::default());
        while sender.ended(&mut sent).is_none() {
            std::thread::sleep(LOOK);
            if Instant::now() > deadline {
                return Err("the sender does not end".to_owned());
            }
        }
        tally.classic_flips += u64::from(flipped);
        self.look(tally)?;
        let arrived = self.received.verified.len() - verified;
        match (flipped, arrived) {
            (true, 0) | (false, 1) => Ok(()),
            _ => Err(format!("{name}, changed: {flipped}, was verified {arrived} times; {:?}", self.received.others)),
        }
    }

    fn hear_until(&mut self, is_there: impl Fn(&Log) -> bool, otherwise: &str) -> Result<(), String> {
        let deadline = Instant::now() + LIMIT;
        while !is_there(&self.received) {
            self.receiver.hear(&mut self.received);
            std::thread::sleep(LOOK);
            if Instant::now() > deadline {
                return Err(otherwise.to_owned());
            }
        }
        Ok(())
    }

    fn look(&mut self, tally: &mut Tally) -> Result<(), String> {
        tally.checks += 1;
        let folder = self.home.join("in");
        self.checker.check(&self.tree, &folder, &self.received, &Log::default())?;
        let left = check::parts(&folder);
        if left.is_empty() { Ok(()) } else { Err(format!("part files were left: {left:?}")) }
    }

    fn end(mut self) -> Result<(), String> {
        self.receiver.interrupt(&mut self.received).map(drop)
    }
}

fn below(folder: &Path, name: &str) -> String {
    folder.join(name).to_string_lossy().into_owned()
}
