//! What the tests share: engines in temporary profiles, seeded bytes, waiting with a deadline.

use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use sealdrop::{
    crypto::identity::Identity,
    engine::{
        Config, Engine, Restore,
        messages::{
            Acceptance, Command, ComparisonSnapshot, Event, FetchRequest, IncomingOffer, SendRequest, Wait, What,
        },
        new_transfer_id,
    },
    model::{
        conflict::Conflict,
        device::PeerAddr,
        device_key::DeviceKey,
        manifest::Selection,
        nearby::Reach,
        outcome::{Ending, FileEnd, Outcome},
        reason::Reason,
        settings::Settings,
        short_code::ShortCode,
        transfer::{Direction, Stage, TransferKey, TransferSnapshot},
    },
    storage::profile::Profile,
    transfer::limits::Limits,
};
use tempfile::TempDir;

/// No test waits longer than this for anything.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);

/// An engine in a profile of its own, with a receive folder.
pub(crate) struct Station {
    pub(crate) engine: Engine,
    pub(crate) home: TempDir,
    pub(crate) port: u16,
    /// Events that were passed over while something else was waited for.
    pub(crate) seen: Vec<Event>,
    /// Those of them that came before it was known where this one listens: nobody has waited for anything else by then.
    early: Range<usize>,
}

impl Station {
    pub(crate) fn new(name: &str) -> Self {
        Self::with(name, |_| {})
    }

    pub(crate) fn with(name: &str, change: impl FnOnce(&mut Settings)) -> Self {
        Self::start(name, &generous(), change)
    }

    /// A station with the program's own limits for strangers.
    pub(crate) fn strict(name: &str) -> Self {
        Self::start(name, &Limits::default(), |_| {})
    }

    /// A station that loses patience soon.
    pub(crate) fn impatient(name: &str) -> Self {
        let soon = Duration::from_millis(700);
        let limits = Limits {
            answer: soon,
            header: soon,
            hello: soon,
            manifest: soon,
            ping: Duration::from_millis(200),
            silence: soon,
            ..generous()
        };
        Self::start(name, &limits, |_| {})
    }

    /// A station with limits of its own, the others being generous.
    pub(crate) fn limited(name: &str, change: impl FnOnce(&mut Limits)) -> Self {
        let mut limits = generous();
        change(&mut limits);
        Self::start(name, &limits, |_| {})
    }

    fn start(name: &str, limits: &Limits, change: impl FnOnce(&mut Settings)) -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("received")).unwrap();
        Self::start_at(home, name, limits, change)
    }

    /// A new engine on the profile of one that has stopped.
    pub(crate) fn restart(self, name: &str) -> Self {
        let Self { engine, home, .. } = self;
        engine.shut_down(LIMIT);
        Self::start_at(home, name, &generous(), |_| {})
    }

    /// As `restart`, with limits and settings of its own. What had ended before is among what was seen.
    pub(crate) fn restart_with(
        self,
        name: &str,
        change_limits: impl FnOnce(&mut Limits),
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let mut before = self;
        before.say(Command::Shutdown);
        before.wait("the end of the engine", |event| matches!(event, Event::Stopped).then_some(()));
        let is_end = |event: &Event| matches!(event, Event::Snapshot(it) if matches!(it.stage, Stage::Ended(_)));
        let Self { engine, home, seen, .. } = before;
        engine.shut_down(LIMIT);
        let mut limits = generous();
        change_limits(&mut limits);
        let mut station = Self::start_at(home, name, &limits, change);
        station.seen.extend(seen.into_iter().filter(is_end));
        station
    }

    /// A new engine on the profile as it is at this moment, as if the program had been killed: what it would have done in the
    /// end it has not done. The profile's old folder is left alone.
    pub(crate) fn kill(self, name: &str) -> Self {
        self.kill_and(name, |_profile| {})
    }

    /// As `kill`; `change` is made to what it has left in its profile.
    pub(crate) fn kill_and(self, name: &str, change: impl FnOnce(&Profile)) -> Self {
        self.kill_holding((), name, change)
    }

    /// As `kill_and`; `held` is what kept it from going on. It is let go of before another profile takes the place of the old one, to
    /// which alone what was held up belongs.
    pub(crate) fn kill_holding<T>(self, held: T, name: &str, change: impl FnOnce(&Profile)) -> Self {
        let (old, copy) = (self.home.path().join("profile"), self.home.path().join("copy"));
        copy_of_a_moment(&old, &copy);
        drop(held);
        let Self { engine, home, .. } = self;
        engine.shut_down(LIMIT);
        let aside = tempfile::tempdir_in(home.path()).unwrap();
        fs::rename(&old, aside.keep().join("old profile")).unwrap();
        fs::rename(&copy, &old).unwrap();
        change(&Profile::open(Some(old)).unwrap());
        Self::start_at(home, name, &generous(), |_| {})
    }

    /// A station that finds others within this computer, and is found, on the profile in `home`.
    pub(crate) fn around(home: TempDir, name: &str, change: impl FnOnce(&mut Limits)) -> Self {
        fs::create_dir_all(home.path().join("received")).unwrap();
        let mut limits = generous();
        change(&mut limits);
        Self::start_within(home, name, &limits, Reach::Loopback, |_| {})
    }

    fn start_at(home: TempDir, name: &str, limits: &Limits, change: impl FnOnce(&mut Settings)) -> Self {
        Self::start_within(home, name, limits, Reach::Nowhere, change)
    }

    fn start_within(
        home: TempDir,
        name: &str,
        limits: &Limits,
        nearby: Reach,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let profile = Profile::open(Some(home.path().join("profile"))).unwrap();
        let mut settings = Settings::first_start(name.to_owned(), home.path().join("received"));
        settings.port = 0;
        change(&mut settings);
        let waker = Arc::new(|| {});
        let identity = Identity::open(&profile).unwrap();
        let attended = true;
        let restore = Restore::Both;
        let listen = Some(0);
        let (damaged, only_shares) = (None, false);
        let config = Config {
            profile,
            settings,
            identity,
            attended,
            listen,
            only_shares,
            restore,
            nearby,
            damaged,
            limits: *limits,
            waker,
        };
        let engine = Engine::start(config).unwrap();
        let mut station = Self { engine, home, port: 0, seen: Vec::new(), early: 0..0 };
        station.port = station.wait("listening", |event| match event {
            Event::Listening { address, .. } => Some(address.port()),
            _ => None,
        });
        station.early = 0..station.seen.len();
        station
    }

    pub(crate) fn received(&self) -> PathBuf {
        self.home.path().join("received")
    }

    /// Where the engine keeps what it knows.
    pub(crate) fn profile(&self) -> Profile {
        Profile::open(Some(self.home.path().join("profile"))).unwrap()
    }

    /// What other devices know this one by.
    pub(crate) fn key(&mut self) -> DeviceKey {
        self.find("the identity", |event| match event {
            Event::Identity(key) => Some(*key),
            _ => None,
        })
    }

    pub(crate) fn address(&self) -> PeerAddr {
        PeerAddr { host: "127.0.0.1".to_owned(), port: self.port }
    }

    pub(crate) fn say(&self, command: Command) {
        self.engine.commands().send_timeout(command, LIMIT).unwrap();
    }

    /// Waits for the first event that `look` finds something in; others are kept in `seen`.
    pub(crate) fn wait<T>(&mut self, what: &str, mut look: impl FnMut(&Event) -> Option<T>) -> T {
        let deadline = Instant::now() + LIMIT;
        let seen = &self.seen;
        if let Some(found) = self.early.find_map(|at| seen.get(at).and_then(&mut look)) {
            return found;
        }
        loop {
            let event = self.engine.events().recv_deadline(deadline);
            let event = event.unwrap_or_else(|_| panic!("waited in vain for {what}; seen: {:#?}", self.seen));
            let found = look(&event);
            self.seen.push(event);
            if let Some(found) = found {
                return found;
            }
        }
    }

    /// As `wait`, but what is looked for may have come while something else was waited for.
    pub(crate) fn find<T>(&mut self, what: &str, mut look: impl FnMut(&Event) -> Option<T>) -> T {
        match self.seen.iter().enumerate().find_map(|(at, event)| Some((at, look(event)?))) {
            Some((at, found)) => {
                // What came up to it is not waited for any more.
                self.early.start = self.early.start.max(at + 1);
                found
            }
            None => self.wait(what, look),
        }
    }

    /// Waits until bytes have moved and then nothing is heard for a while: the lane is blocked in a write.
    pub(crate) fn stand_still(&mut self) {
        self.wait("bytes", |event| match event {
            Event::Snapshot(snapshot) if snapshot.moved > 0 => Some(()),
            _ => None,
        });
        while let Ok(event) = self.engine.events().recv_timeout(Duration::from_millis(200)) {
            self.seen.push(event);
        }
    }

    /// A file of its own to send.
    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.home.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// A person has compared the codes: from now on the engine takes `key` for who it says it is.
    pub(crate) fn verify(&mut self, key: DeviceKey, name: &str) {
        self.say(Command::Verify { key, name: name.to_owned(), address: None });
        self.wait("the verified device", |event| match event {
            Event::Devices(devices) => devices.iter().any(|device| device.key() == Some(key)).then_some(()),
            _ => None,
        });
    }

    /// The first snapshot of a transfer that `look` finds something in.
    pub(crate) fn snapshot<T>(
        &mut self,
        key: TransferKey,
        what: &str,
        look: impl Fn(&TransferSnapshot) -> Option<T>,
    ) -> T {
        self.find(what, |event| match event {
            Event::Snapshot(snapshot) if snapshot.key == key => look(snapshot),
            _ => None,
        })
    }

    /// The code of a transfer, once it is known here.
    pub(crate) fn code(&mut self, key: TransferKey) -> ShortCode {
        self.snapshot(key, "a code", |snapshot| snapshot.code)
    }

    /// Whether any snapshot so far has shown a code.
    pub(crate) fn has_code(&self, key: TransferKey) -> bool {
        let shows = |event: &Event| matches!(event, Event::Snapshot(it) if it.key == key && it.code.is_some());
        self.seen.iter().any(shows)
    }

    /// The first comparison of codes that `look` finds something in, with its key.
    pub(crate) fn comparison<T>(
        &mut self,
        what: &str,
        look: impl Fn(&ComparisonSnapshot) -> Option<T>,
    ) -> (TransferKey, T) {
        self.find(what, |event| match event {
            Event::Comparison(comparison) => look(comparison).map(|found| (comparison.key, found)),
            _ => None,
        })
    }

    /// Whether a card was ever shown, or is on its way.
    pub(crate) fn has_card(&mut self) -> bool {
        let now: Vec<Event> = self.engine.events().try_iter().collect();
        self.seen.extend(now);
        self.seen.iter().any(|event| matches!(event, Event::Offered(_) | Event::Comparison(_)))
    }

    pub(crate) fn offer(&mut self) -> IncomingOffer {
        self.wait("an offer", |event| matches!(event, Event::Offered(_)).then_some(()));
        match self.seen.pop() {
            Some(Event::Offered(offer)) => offer,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn send(&self, to: &Station, paths: &[&Path]) -> TransferKey {
        self.send_to(to.address(), paths, false)
    }

    pub(crate) fn send_to(&self, to: PeerAddr, paths: &[&Path], classic: bool) -> TransferKey {
        self.request(to, paths, |request| request.classic = classic)
    }

    /// Sends `paths` with whatever `change` wants of the request.
    pub(crate) fn request(&self, to: PeerAddr, paths: &[&Path], change: impl FnOnce(&mut SendRequest)) -> TransferKey {
        let id = new_transfer_id();
        let what = What::Paths(paths.iter().map(|path| (*path).to_owned()).collect());
        let mut request =
            SendRequest { id, to, also: Vec::new(), expect: None, classic: false, what, message: None, wait: Wait::No };
        change(&mut request);
        self.say(Command::Send(request));
        TransferKey { id, direction: Direction::Outgoing }
    }

    /// Fetches a file from a classic server, keeping both where its name is taken.
    pub(crate) fn fetch(&self, to: PeerAddr, name: &str) -> TransferKey {
        self.fetch_as(to, name, Conflict::KeepBoth)
    }

    pub(crate) fn fetch_as(&self, to: PeerAddr, name: &str, conflict: Conflict) -> TransferKey {
        let id = new_transfer_id();
        let (also, folder) = (Vec::new(), self.received());
        self.say(Command::Fetch(FetchRequest { id, to, also, name: name.to_owned(), folder, conflict }));
        TransferKey { id, direction: Direction::Incoming }
    }

    /// Waits for the end of a transfer; all its file ends have come before.
    pub(crate) fn ending(&mut self, key: TransferKey) -> Ending {
        self.wait("the end", |event| match event {
            Event::Snapshot(snapshot) if snapshot.key == key => match &snapshot.stage {
                Stage::Ended(ending) => Some(ending.clone()),
                _ => None,
            },
            _ => None,
        })
    }

    /// Waits until the connection of a transfer is lost; why.
    pub(crate) fn broken(&mut self, key: TransferKey) -> Reason {
        self.wait("a break", |event| match event {
            Event::Snapshot(snapshot) if snapshot.key == key => match &snapshot.stage {
                Stage::Reconnecting { reason, .. } => Some(reason.clone()),
                _ => None,
            },
            _ => None,
        })
    }

    pub(crate) fn file_ends(&self, key: TransferKey) -> Vec<FileEnd> {
        let of_key = |event: &Event| match event {
            Event::FilesEnded { key: of, ends } if *of == key => Some(ends.clone()),
            _ => None,
        };
        self.seen.iter().filter_map(of_key).flatten().collect()
    }

    pub(crate) fn accept(&mut self) -> TransferKey {
        let offer = self.offer();
        let key = offer.snapshot.key;
        let folder = self.received();
        offer.reply.accept(Acceptance::new(folder, Selection::All));
        key
    }
}

/// An honest transfer to `b` goes through.
pub(crate) fn honest(b: &mut Station) {
    let mut a = Station::new("honest");
    let source = a.file("honest.bin", &seeded(77, 10_000));
    let sending = a.send(b, &[&source]);
    let receiving = b.accept();
    assert_eq!(b.ending(receiving).outcome, Outcome::Verified);
    assert_eq!(a.ending(sending).outcome, Outcome::Verified);
    fs::remove_file(b.received().join("honest.bin")).unwrap();
}

/// The program's limits, but as many strangers as a test sends.
fn generous() -> Limits {
    Limits {
        callers_of_one: 64,
        offers_of_one: 32,
        offers_at_once: 1_000_000,
        codes_a_minute: 10_000,
        codes_an_hour: 10_000,
        // One connection for each transfer, however long a busy machine takes to make one.
        long_way: Duration::from_hours(1),
        ..Limits::default()
    }
}

/// The same bytes for the same seed (xorshift64*).
pub(crate) fn seeded(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        bytes.extend_from_slice(&state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// Waits until neither the profile nor the receive folder holds anything unfinished.
pub(crate) fn nothing_left(station: &Station) {
    let deadline = Instant::now() + LIMIT;
    loop {
        let running = tree(&station.home.path().join("profile/running"));
        let parts: Vec<_> =
            tree(&station.received()).into_iter().filter(|(name, _)| name.contains(".sealdrop-")).collect();
        if running.is_empty() && parts.is_empty() {
            return;
        }
        let names = |found: &[(String, Option<Vec<u8>>)]| found.iter().map(|it| it.0.clone()).collect::<Vec<_>>();
        assert!(Instant::now() < deadline, "{:?} {:?}", names(&running), names(&parts));
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// As `tree`, without what is not finished.
pub(crate) fn finished(folder: &Path) -> Vec<(String, Option<Vec<u8>>)> {
    tree(folder).into_iter().filter(|(name, _)| !name.contains(".sealdrop-")).collect()
}

/// Every file and folder below `folder`, by relative path, with what the files hold.
pub(crate) fn tree(folder: &Path) -> Vec<(String, Option<Vec<u8>>)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !path.is_symlink() {
                found.push((name, None));
                open.push(path);
            } else {
                found.push((name, Some(fs::read(&path).unwrap_or_default())));
            }
        }
    }
    found.sort();
    found
}

/// Copies a folder as it is at one moment, as what a kill leaves is: somebody who works there may be between two files that belong together.
fn copy_of_a_moment(from: &Path, to: &Path) {
    let deadline = Instant::now() + LIMIT;
    loop {
        copy_all(from, to);
        // What is as it was when it was copied has been so when the last of it was copied.
        if tree(from) == tree(to) {
            return;
        }
        assert!(Instant::now() < deadline, "it is written to all the time");
        fs::remove_dir_all(to).unwrap();
    }
}

/// Copies a folder with all that is in it, as far as it stays there meanwhile.
pub(crate) fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    // What is running before the history: an end is written there first, and is not to be missing in both.
    for folders in [true, false] {
        for entry in fs::read_dir(from).unwrap().map_while(Result::ok) {
            let (source, place) = (entry.path(), to.join(entry.file_name()));
            match source.is_dir() {
                is_folder if is_folder != folders => {}
                true => copy_all(&source, &place),
                // One that is gone was on its way.
                false => drop(fs::copy(&source, &place)),
            }
        }
    }
}
