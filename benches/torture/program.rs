//! The real program, and what it said: verified files, states and ends.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, channel},
    thread::{Builder, JoinHandle},
    time::{Duration, Instant},
};

use serde_json::Value;

/// A program that is told to end does so within this time.
const END_LIMIT: Duration = Duration::from_secs(15);

/// All that one side has said in a round, over all its starts.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) verified: Vec<Verified>,
    /// Files that reached another end, with the reason.
    pub(crate) others: Vec<String>,
    /// Outcome and reason.
    pub(crate) finished: Vec<(String, String)>,
    pub(crate) offers: BTreeSet<String>,
    pub(crate) port: Option<u16>,
    /// The word and the reason.
    pub(crate) states: Vec<(String, String)>,
    /// The smallest figure of bytes that are there since it was last asked.
    pub(crate) least_moved: Option<u64>,
    /// Any bytes at all have moved since the program was started.
    pub(crate) has_moved: bool,
}

/// A file that was called verified.
#[derive(Clone, Debug)]
pub(crate) struct Verified {
    /// As the sender calls it.
    pub(crate) path: String,
    /// Where the receiver says that it stands.
    pub(crate) saved: Option<PathBuf>,
    pub(crate) md5: String,
}

impl Log {
    fn hear(&mut self, line: &str) {
        // The last line of one that was killed may be torn.
        let Ok(value) = serde_json::from_str::<Value>(line) else { return };
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        match value["event"].as_str() {
            Some("file") if value["state"] == "verified" => self.verified.push(Verified {
                path: text("path"),
                saved: value["saved"].as_str().map(PathBuf::from),
                md5: text("md5"),
            }),
            Some("file") => self.others.push(format!("{} {}: {}", text("state"), text("path"), text("reason"))),
            Some("finished") => self.finished.push((text("outcome"), text("reason"))),
            Some("offer") => drop(self.offers.insert(text("transfer"))),
            Some("listening") => {
                let address = text("address");
                self.port = address.rsplit(':').next().and_then(|port| port.parse().ok());
            }
            Some("state") => self.states.push((text("state"), text("reason"))),
            Some("progress") => {
                let moved = value["moved"].as_u64().unwrap_or_default();
                self.has_moved |= moved > 0;
                self.least_moved = Some(self.least_moved.map_or(moved, |least| least.min(moved)));
            }
            _ => {}
        }
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.finished.iter().any(|(outcome, _)| outcome == "verified")
    }
}

/// One running program; killed when dropped.
pub(crate) struct Program {
    child: Child,
    lines: Receiver<String>,
    reader: Option<JoinHandle<()>>,
}

impl Program {
    /// Starts `sealdrop` behind `prefix`; all that it says is kept in `said`, too.
    pub(crate) fn start(prefix: &[String], arguments: &[String], said: &Path) -> std::io::Result<Self> {
        let mut words = prefix.to_vec();
        match std::env::var("TORTURE_PROGRAM") {
            Ok(other) => words.push(other),
            Err(_) => words.extend([env!("CARGO_BIN_EXE_sealdrop"), "--nearby", "off"].map(str::to_owned)),
        }
        words.extend_from_slice(arguments);
        let mut kept = File::options().create(true).append(true).open(said)?;
        writeln!(kept, "$ {}", words.join(" "))?;
        let mut child = Command::new(&words[0])
            .args(&words[1..])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(kept.try_clone()?)
            .spawn()?;
        let (telling, lines) = channel();
        let stdout = child.stdout.take().map(BufReader::new);
        let reader = Builder::new().name("lines".to_owned()).spawn(move || {
            for line in stdout.into_iter().flat_map(BufRead::lines).map_while(Result::ok) {
                writeln!(kept, "{line}").ok();
                telling.send(line).ok();
            }
        })?;
        Ok(Self { child, lines, reader: Some(reader) })
    }

    /// Takes in what was said so far.
    pub(crate) fn hear(&self, log: &mut Log) {
        self.lines.try_iter().for_each(|line| log.hear(&line));
    }

    /// How it ended, once it has.
    pub(crate) fn ended(&mut self, log: &mut Log) -> Option<ExitStatus> {
        let status = self.child.try_wait().ok()??;
        self.hear_all(log);
        Some(status)
    }

    /// Kill -9, and what it had said until then.
    pub(crate) fn kill(mut self, log: &mut Log) {
        self.child.kill().ok();
        self.child.wait().ok();
        self.hear_all(log);
    }

    /// Ends it in order; an error if it does not end.
    pub(crate) fn interrupt(&mut self, log: &mut Log) -> Result<ExitStatus, String> {
        let id = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw);
        let told = id.map(|id| rustix::process::kill_process(id, rustix::process::Signal::INT));
        let deadline = Instant::now() + END_LIMIT;
        while Instant::now() < deadline && told.is_some() {
            if let Some(status) = self.ended(log) {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Err("the receiver did not end when it was told to".to_owned())
    }

    fn hear_all(&mut self, log: &mut Log) {
        if let Some(reader) = self.reader.take() {
            reader.join().ok();
        }
        self.hear(log);
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already, mostly.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
