//! The real program, driven as a script drives it: arguments, lines in, lines out, exit code.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread::JoinHandle,
    time::Instant,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::LIMIT;

/// One running `sealdrop`; killed when dropped.
pub(crate) struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    stderr: Option<JoinHandle<String>>,
    /// All lines of standard output so far.
    pub(crate) seen: Vec<String>,
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// `None`: by a signal.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<String>,
    pub(crate) stderr: String,
}

impl Program {
    /// Starts it; standard input stays open and empty.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::run(Command::new(env!("CARGO_BIN_EXE_sealdrop")), arguments)
    }

    /// Starts it where a process may have no more than `handles` files and connections open.
    #[cfg(target_os = "linux")]
    pub(crate) fn with_handles(handles: u32, arguments: &[&str]) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit -n {handles} && exec \"$@\""), "sh", env!("CARGO_BIN_EXE_sealdrop")]);
        Self::run(shell, arguments)
    }

    fn run(mut program: Command, arguments: &[&str]) -> Self {
        let mut child = program
            // Nobody who is not part of the test is to be found, or to be bothered.
            .args(["--nearby", "off"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (telling, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::Builder::new()
            .spawn(move || {
                for line in stdout.split(b'\n').map_while(Result::ok) {
                    telling.send(String::from_utf8_lossy(&line).into_owned()).ok();
                }
            })
            .unwrap();
        let mut errors = child.stderr.take().unwrap();
        let stderr = std::thread::Builder::new().spawn(move || {
            let mut text = Vec::new();
            errors.read_to_end(&mut text).ok();
            String::from_utf8_lossy(&text).into_owned()
        });
        let stdin = child.stdin.take();
        Self { child, stdin, lines, stderr: Some(stderr.unwrap()), seen: Vec::new() }
    }

    pub(crate) fn say(&mut self, line: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    pub(crate) fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// The next line of standard output; `None` at its end.
    pub(crate) fn line(&mut self, deadline: Instant) -> Option<String> {
        use std::sync::mpsc::RecvTimeoutError;
        match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => {
                self.seen.push(line.clone());
                Some(line)
            }
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("waited in vain for a line; seen: {:#?}", self.seen),
        }
    }

    /// The next JSON line with this event.
    pub(crate) fn event(&mut self, event: &str) -> Value {
        let deadline = Instant::now() + LIMIT;
        while let Some(line) = self.line(deadline) {
            let value: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
            if value["event"] == event {
                return value;
            }
        }
        panic!("standard output ended before {event:?}: {:#?}", self.seen)
    }

    /// Sends a signal as the keyboard or the system would.
    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let id = i32::try_from(self.child.id()).unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
    }

    /// Waits for the end by itself.
    pub(crate) fn end(mut self) -> Ended {
        let deadline = Instant::now() + LIMIT;
        while self.line(deadline).is_some() {}
        let code = self.child.wait().unwrap().code();
        let stderr = self.stderr.take().unwrap().join().unwrap();
        Ended { code, stdout: std::mem::take(&mut self.seen), stderr }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already, mostly.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Ended {
    /// The JSON lines with this event.
    pub(crate) fn events(&self, event: &str) -> Vec<Value> {
        let parse = |line: &String| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.stdout.iter().map(parse).filter(|value: &Value| value["event"] == event).collect()
    }

    pub(crate) fn finished(&self) -> Value {
        let all = self.events("finished");
        assert_eq!(all.len(), 1, "{self:#?}");
        all[0].clone()
    }
}

/// Two profiles, a folder to receive into and one to send from, with what stands in a test's lines.
pub(crate) struct Home {
    folder: TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["in", "out"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path("out").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Gives a profile a device name of its own, before its first start: else all on this machine have one name, and who
    /// comes under a verified device's name with another key is turned away.
    pub(crate) fn call(&self, profile: &str, device_name: &str) {
        let folder = self.path(profile);
        fs::create_dir(&folder).unwrap();
        let settings = serde_json::json!({"device_name": device_name}).to_string();
        fs::write(folder.join("settings.json"), settings).unwrap();
    }

    /// A file of zeros that takes no room.
    pub(crate) fn sparse(&self, name: &str, bytes: u64) -> String {
        let path = self.path("out").join(name);
        fs::File::create(&path).unwrap().set_len(bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// `receive --json` on any port, and that port.
    pub(crate) fn receive(&self, more: &[&str]) -> (Program, String) {
        self.receive_at("127.0.0.1:0", more)
    }

    /// As `receive`, with the port of an address.
    pub(crate) fn receive_at(&self, at: &str, more: &[&str]) -> (Program, String) {
        let (profile, into) = (self.text("receiver"), self.text("in"));
        let port = at.rsplit(':').next().unwrap();
        let mut arguments = vec!["receive", "--json", "--port", port, "--profile", &profile, "--into", &into];
        arguments.extend(more);
        let mut program = Program::start(&arguments);
        let listening = program.event("listening");
        let port = listening["address"].as_str().unwrap().rsplit(':').next().unwrap().to_owned();
        (program, format!("127.0.0.1:{port}"))
    }

    pub(crate) fn send(&self, to: &str, more: &[&str]) -> Program {
        let profile = self.text("sender");
        let mut arguments = vec!["send", "--json", "--profile", &profile, "--to", to];
        arguments.extend(more);
        Program::start(&arguments)
    }

    /// What stands in the folder to receive into, with what the files hold.
    pub(crate) fn received(&self) -> Vec<(String, Option<Vec<u8>>)> {
        crate::support::tree(&self.path("in"))
    }
}

/// Whether nothing but folders stands below `folder`.
pub(crate) fn holds_no_file(folder: &Path) -> bool {
    crate::support::tree(folder).iter().all(|(_, bytes)| bytes.is_none())
}
