//! A real program at each end of one transfer: what it says, what it takes, and how it is ended.

use std::{
    collections::VecDeque,
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender, bounded};
use sealdrop::{
    crypto::identity::Identity,
    storage::{devices_file, profile::Profile},
};
use serde_json::Value;
use tempfile::TempDir;

/// Between two looks at what the programs take.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// A transfer of which nothing was heard for so long hangs.
const SILENCE: Duration = Duration::from_mins(2);
/// Lines under way to the bench: the ends never wait for it.
const LINES: usize = 1 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Receiver,
    Sender,
}

/// One line of somebody's standard output.
pub(crate) struct Heard {
    pub(crate) who: Who,
    pub(crate) at: Instant,
    line: String,
}

impl Heard {
    /// Whether it is an event of this name; quicker than reading all of it.
    pub(crate) fn is(&self, event: &str) -> bool {
        self.line
            .strip_prefix("{\"event\":\"")
            .and_then(|rest| rest.strip_prefix(event))
            .is_some_and(|rest| rest.starts_with('"'))
    }

    pub(crate) fn read(&self) -> Value {
        serde_json::from_str(&self.line).unwrap_or_else(|error| panic!("{error}: {}", self.line))
    }
}

/// Figures of one program; KiB and seconds.
#[derive(Clone, Copy, Default)]
pub(crate) struct Taken {
    pub(crate) memory: u64,
    pub(crate) peak: u64,
    pub(crate) processor: f64,
}

/// One running `sealdrop`; killed when dropped.
struct Program {
    child: Child,
    stdin: ChildStdin,
    taken: Taken,
}

impl Program {
    fn start(who: Who, words: &[&str], tell: &Sender<Heard>) -> Self {
        let built = || env!("CARGO_BIN_EXE_sealdrop").into();
        let other = std::env::var_os("SCALE_PROGRAM");
        let alone: &[&str] = if other.is_some() { &[] } else { &["--nearby", "off"] };
        let mut command = Command::new(other.unwrap_or_else(built));
        command.args(alone);
        let mut child = command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a program");
        let lines = BufReader::with_capacity(1 << 20, child.stdout.take().expect("a pipe")).lines();
        let tell = tell.clone();
        let reader = move || {
            for line in lines.map_while(Result::ok) {
                tell.send(Heard { who, at: Instant::now(), line }).ok();
            }
        };
        std::thread::Builder::new().spawn(reader).expect("a thread");
        let stdin = child.stdin.take().expect("a pipe");
        Self { child, stdin, taken: Taken::default() }
    }

    /// The last figures stay when it has ended.
    fn look(&mut self) {
        let about = |file: &str| fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).unwrap_or_default();
        let status = about("status");
        let field = |name: &str| -> Option<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim_start_matches(':').split_whitespace().next()?.parse().ok()
        };
        let (Some(memory), Some(peak)) = (field("VmRSS"), field("VmHWM")) else { return };
        let stat = about("stat");
        let after_name = stat.rsplit(") ").next().unwrap_or_default();
        // Fields 14 and 15 of proc_pid_stat(5), in hundredths of a second.
        let ticks = after_name.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok());
        self.taken = Taken { memory, peak, processor: ticks.sum::<f64>() / 100.0 };
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Both ends, with profiles in which each has verified the other.
pub(crate) struct Ends {
    home: TempDir,
    port: u16,
    receiver: Option<Program>,
    sender: Option<Program>,
    heard: Receiver<Heard>,
    tell: Sender<Heard>,
    /// What came while something else was waited for, and may matter.
    kept: VecDeque<Heard>,
    looked: Instant,
    last: Instant,
}

impl Ends {
    pub(crate) fn new(below: &Path) -> Self {
        let home = tempfile::Builder::new().prefix("scale-").tempdir_in(below).expect("scratch space");
        let (tell, heard) = bounded(LINES);
        let now = Instant::now();
        let ends = Self {
            home,
            port: 0,
            receiver: None,
            sender: None,
            heard,
            tell,
            kept: VecDeque::new(),
            looked: now,
            last: now,
        };
        for folder in ["source", "received"] {
            fs::create_dir(ends.path(folder)).expect("a folder");
        }
        let profiles =
            [Who::Receiver, Who::Sender].map(|who| Profile::open(Some(ends.profile(who))).expect("a profile"));
        let keys = profiles.each_ref().map(|profile| Identity::open(profile).expect("a key").key());
        for ((profile, other), name) in profiles.iter().zip(keys.iter().rev()).zip(["Sender", "Receiver"]) {
            devices_file::change(profile, |book| book.verify(*other, name, None, 1)).expect("a device book");
        }
        ends
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn profile(&self, who: Who) -> PathBuf {
        self.path(if who == Who::Receiver { "receiver" } else { "sender" })
    }

    fn start(&self, who: Who, words: &[&str]) -> Program {
        let profile = self.profile(who);
        let mut all = vec!["--json", "--profile", profile.to_str().expect("a path in UTF-8")];
        all.extend(words);
        Program::start(who, &all, &self.tell)
    }

    /// Starts the receiver and waits until it listens: at its old port, when it was started before.
    pub(crate) fn receive(&mut self) {
        let into = self.path("received");
        let port = self.port.to_string();
        let into = into.to_str().expect("a path in UTF-8");
        self.receiver = Some(self.start(Who::Receiver, &["--port", &port, "receive", "--into", into]));
        let listening = self.until(Who::Receiver, "listening").read();
        let address = listening["address"].as_str().unwrap_or_default();
        self.port = address.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        self.look();
    }

    /// Starts the sender with all that is in `source`.
    pub(crate) fn send(&mut self) {
        let paths: Vec<PathBuf> = entries_of(&self.path("source"));
        let to = format!("127.0.0.1:{}", self.port);
        let mut words = vec!["send", "--to", &to];
        words.extend(paths.iter().map(|path| path.to_str().expect("a path in UTF-8")));
        self.sender = Some(self.start(Who::Sender, &words));
    }

    /// Waits for the offer, and for the sender to come to rest.
    pub(crate) fn offered(&mut self) -> String {
        let offer = self.until(Who::Receiver, "offer").read();
        self.look();
        offer["transfer"].as_str().expect("a transfer").to_owned()
    }

    /// Says *Accept*; returns when.
    pub(crate) fn accept(&mut self, transfer: &str) -> Instant {
        let line = serde_json::json!({"transfer": transfer, "answer": "accept"});
        let receiver = self.receiver.as_mut().expect("a receiver");
        let now = Instant::now();
        writeln!(receiver.stdin, "{line}").expect("a receiver that hears");
        now
    }

    /// The next line, if one comes soon; what the programs take is looked at meanwhile.
    pub(crate) fn next(&mut self) -> Option<Heard> {
        if self.looked.elapsed() >= LOOK_EVERY {
            self.look();
        }
        let heard = self.kept.pop_front().or_else(|| self.heard.recv_timeout(LOOK_EVERY).ok());
        if heard.is_some() {
            self.last = Instant::now();
        }
        assert!(self.last.elapsed() < SILENCE, "nothing was heard of either program for {SILENCE:?}");
        heard
    }

    /// Waits for an event, dropping all others but the ends of the other program.
    pub(crate) fn until(&mut self, who: Who, event: &str) -> Heard {
        self.last = Instant::now();
        let mut kept = VecDeque::new();
        loop {
            let Some(heard) = self.next() else { continue };
            if heard.who == who && heard.is(event) {
                self.kept = kept;
                return heard;
            }
            if heard.is("finished") {
                assert!(heard.who != who, "ended before {event:?}: {}", heard.read());
                kept.push_back(heard);
            }
        }
    }

    fn look(&mut self) {
        self.looked = Instant::now();
        [&mut self.receiver, &mut self.sender].into_iter().flatten().for_each(Program::look);
    }

    pub(crate) fn taken(&self, who: Who) -> Taken {
        let program = if who == Who::Receiver { &self.receiver } else { &self.sender };
        program.as_ref().map_or_else(Taken::default, |program| program.taken)
    }

    /// As `kill -9` does.
    pub(crate) fn kill(&mut self, who: Who) {
        let program = if who == Who::Receiver { &mut self.receiver } else { &mut self.sender };
        drop(program.take());
        self.last = Instant::now();
    }
}

/// What is directly in a folder.
fn entries_of(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}
