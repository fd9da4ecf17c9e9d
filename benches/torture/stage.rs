//! Where a round is played: the tree, the proxy, the two programs, and what they have said.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::{
    Options, Said, Scale,
    check::{self, Checker, Found},
    disk::SmallDisk,
    plan::Whom,
    program::{Log, Program},
    proxy::Proxy,
    random::Random,
    report::Tally,
    tree::Tree,
};

/// How often who waits looks.
const LOOK: Duration = Duration::from_millis(3);
/// A receiver listens within this time.
const LISTEN_LIMIT: Duration = Duration::from_secs(20);
/// Senders that may give up one after the other, without being disturbed.
const MOST_IN_A_ROW: u32 = 5;

pub(crate) struct Stage {
    pub(crate) tree: Tree,
    pub(crate) proxy: Proxy,
    pub(crate) disk: Option<SmallDisk>,
    home: PathBuf,
    sender: Option<Program>,
    receiver: Option<Program>,
    pub(crate) sent: Log,
    pub(crate) received: Log,
    checker: Checker,
    /// Senders that ended by themselves since the last blow.
    in_a_row: u32,
    deadline: Instant,
    pub(crate) lenient: bool,
    /// A receiver that was killed at the very end cannot say any more that it is over.
    receiver_killed: bool,
}

impl Stage {
    pub(crate) fn set(random: &mut Random, options: &Options, home: &Path, small_disk: bool) -> Result<Self, String> {
        for name in ["out", "in", "disk"] {
            std::fs::create_dir_all(home.join(name)).said()?;
        }
        let tree = Tree::plant(random, options.scale, &home.join("out")).said()?;
        let rate = match options.scale {
            Scale::Small => random.between(10, 30) << 20,
            Scale::Full => random.between(20, 90) << 20,
        };
        let proxy = Proxy::start(rate).said()?;
        // Room for the tree and the blocks that small files round up to.
        let room = tree.bytes + tree.entries.len() as u64 * 8192 + (8 << 20);
        let disk = if small_disk { SmallDisk::mount(&home.join("disk"), room) } else { None };
        let patience = Duration::from_secs(90 + tree.bytes / 1_000_000);
        let mut stage = Self {
            tree,
            proxy,
            disk,
            home: home.to_owned(),
            sender: None,
            receiver: None,
            sent: Log::default(),
            received: Log::default(),
            checker: Checker::default(),
            in_a_row: 0,
            deadline: Instant::now() + patience,
            lenient: options.lenient,
            receiver_killed: false,
        };
        stage.start_receiver()?;
        stage.start_sender()?;
        Ok(stage)
    }

    pub(crate) fn start_receiver(&mut self) -> Result<(), String> {
        let into = if self.disk.is_some() { "disk/in" } else { "in" };
        let (into, profile) = (self.path(into), self.path("receiver"));
        let words = ["receive", "--json", "--accept", "all", "--port", "0", "--into", &into, "--profile", &profile];
        let prefix = self.disk.as_ref().map(SmallDisk::prefix).unwrap_or_default();
        self.received.port = None;
        let program = Program::start(&prefix, &words.map(str::to_owned), &self.home.join("receiver.log"));
        self.receiver = Some(program.said()?);
        let deadline = Instant::now() + LISTEN_LIMIT;
        while self.received.port.is_none() {
            self.look()?;
            if Instant::now() > deadline {
                return Err("the receiver does not listen".to_owned());
            }
        }
        self.proxy.lead_to(self.received.port.unwrap_or_default());
        Ok(())
    }

    pub(crate) fn start_sender(&mut self) -> Result<(), String> {
        let (to, profile) = (self.proxy.address(), self.path("sender"));
        let mut words = ["send", "--json", "--to", &to, "--profile", &profile].map(str::to_owned).to_vec();
        words.extend(self.tree.roots());
        self.sent.has_moved = false;
        self.sender = Some(Program::start(&[], &words, &self.home.join("sender.log")).said()?);
        Ok(())
    }

    /// Kills, and hears what was said until then.
    pub(crate) fn kill(&mut self, whom: Whom, tally: &mut Tally) {
        if let Some(sender) = self.sender.take_if(|_| whom != Whom::Receiver) {
            sender.kill(&mut self.sent);
            tally.sender_kills += 1;
        }
        if let Some(receiver) = self.receiver.take_if(|_| whom != Whom::Sender) {
            receiver.kill(&mut self.received);
            self.receiver_killed = true;
            tally.receiver_kills += 1;
        }
    }

    /// Who was killed is started again, by the same commands.
    pub(crate) fn start_again(&mut self) -> Result<(), String> {
        if self.receiver.is_none() {
            self.start_receiver()?;
        }
        if self.sender.is_none() && !self.is_over() {
            self.start_sender()?;
        }
        Ok(())
    }

    /// A blow was dealt: who gives up now has a reason.
    pub(crate) fn disturbed(&mut self) {
        self.in_a_row = 0;
    }

    /// Whether everything has arrived, by the word of either side.
    pub(crate) fn is_over(&self) -> bool {
        self.sent.is_finished() || self.received.is_finished()
    }

    /// Hears both, and starts a sender that gave up once more.
    pub(crate) fn watch(&mut self, tally: &mut Tally) -> Result<(), String> {
        self.look()?;
        if Instant::now() > self.deadline {
            let (ups, total) = (self.proxy.up(), self.tree.bytes);
            return Err(format!("not over in time: {ups} bytes have gone through for {total}; see the logs"));
        }
        let ended = self.sender.as_mut().and_then(|sender| sender.ended(&mut self.sent));
        let Some(status) = ended else { return Ok(()) };
        self.sender = None;
        // The other side's last words may still be on their way to us.
        self.look()?;
        if self.sent.is_finished() && !status.success() {
            return Err(format!("the sender said that all was verified, and ended with {status}"));
        }
        if self.is_over() {
            return Ok(());
        }
        let why = format!("{status}, {:?}, {:?}", self.sent.finished.last(), self.sent.others.last());
        if self.sent.has_moved && !self.lenient {
            return Err(format!("the sender gave up although bytes had moved: {why}"));
        }
        tally.gave_up += 1;
        self.in_a_row += 1;
        if self.in_a_row > MOST_IN_A_ROW && !self.lenient {
            return Err(format!("the sender gives up again and again: {why}"));
        }
        self.start_sender()
    }

    fn look(&mut self) -> Result<(), String> {
        std::thread::sleep(LOOK);
        if let Some(sender) = &self.sender {
            sender.hear(&mut self.sent);
        }
        let Some(receiver) = &mut self.receiver else { return Ok(()) };
        receiver.hear(&mut self.received);
        match receiver.ended(&mut self.received) {
            Some(status) => Err(format!("the receiver ended by itself: {status}")),
            None => Ok(()),
        }
    }

    /// Looks at everything that stands there.
    pub(crate) fn check(&mut self, tally: &mut Tally) -> Result<Found, String> {
        tally.checks += 1;
        let folder = self.folder();
        self.checker.check(&self.tree, &folder, &self.received, &self.sent)
    }

    /// Waits until it is over on both sides, ends the receiver, and looks whether all is there and nothing else.
    pub(crate) fn close(mut self, tally: &mut Tally) -> Result<(), String> {
        while !self.is_over() {
            self.watch(tally)?;
        }
        let both = Instant::now() + Duration::from_secs(20);
        // A sender that was killed at the very end cannot say it any more.
        while !(self.received.is_finished() || self.receiver_killed)
            || (self.sender.is_some() && !self.sent.is_finished())
        {
            self.watch(tally)?;
            if Instant::now() > both {
                let sides = (self.sent.finished.last(), self.received.finished.last());
                return Err(format!("over on one side only: {sides:?}"));
            }
        }
        if let Some(mut receiver) = self.receiver.take() {
            let status = receiver.interrupt(&mut self.received)?;
            if status.code() != Some(5) {
                return Err(format!("the receiver was told to end, and ended with {status}"));
            }
        }
        let found = self.check(tally)?;
        check::is_whole(&self.tree, &found)?;
        let left = check::parts(&self.folder());
        if self.received.offers.len() == 1 && !left.is_empty() {
            return Err(format!("part files were left: {left:?}"));
        }
        Ok(())
    }

    fn folder(&self) -> PathBuf {
        self.disk.as_ref().map_or_else(|| self.home.join("in"), SmallDisk::folder)
    }

    fn path(&self, name: &str) -> String {
        self.home.join(name).to_string_lossy().into_owned()
    }
}
