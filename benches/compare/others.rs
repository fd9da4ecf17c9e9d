//! The programs that Sealdrop is measured beside, with servers of their own where they need one.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::{
    Medium,
    process::{Taken, timed},
    work::{Work, entries_of},
};

/// How long a server may take to listen.
const START: Duration = Duration::from_secs(10);

pub(crate) trait Other {
    fn name(&self) -> &'static str;

    /// Whether it can do this by itself.
    fn can(&self, _work: Work) -> bool {
        true
    }

    fn run(&mut self, work: Work, source: &Path, into: &Path, medium: &Medium) -> Taken;
}

/// All that are installed, with their servers running; those that are not are named. What they keep is below `home`.
pub(crate) fn installed(home: &Path) -> Vec<Box<dyn Other>> {
    let mut all: Vec<Box<dyn Other>> = Vec::new();
    let mut missing = Vec::new();
    let mut add = |name: &'static str, other: Option<Box<dyn Other>>| match other {
        Some(other) => all.push(other),
        None => missing.push(name),
    };
    add("rsync", RsyncDaemon::start(home).map(|rsync| Box::new(rsync) as _));
    add("scp with sshd", Ssh::start(home, Way::Scp(None)).map(|scp| Box::new(scp) as _));
    add("scp (AES-128-GCM)", Ssh::start(home, Way::Scp(Some("aes128-gcm@openssh.com"))).map(|scp| Box::new(scp) as _));
    add("rsync over ssh", Ssh::start(home, Way::Rsync).map(|rsync| Box::new(rsync) as _));
    add("nc", is_there("nc").then(|| Box::new(Nc) as _));
    if !missing.is_empty() {
        println!("not here, so not measured: {}", missing.join(", "));
    }
    all
}

fn is_there(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// A server that ends with the bench.
struct Server(Child);

impl Server {
    fn start(command: &mut Command, port: u16) -> Option<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
        let server = Self(child);
        listens(port).then_some(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn free_port() -> u16 {
    let door = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    door.local_addr().expect("an address").port()
}

/// Waits until somebody listens there, without calling: some serve one caller only.
fn listens(port: u16) -> bool {
    let begun = Instant::now();
    let there = format!(":{port:04X} ");
    while begun.elapsed() < START {
        let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|table| fs::read_to_string(table).unwrap_or_default());
        // State 0A of proc_net_tcp(5).
        if tables.iter().flat_map(|table| table.lines()).any(|line| line.contains(&there) && line.contains(" 0A ")) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

fn run(command: &mut Command) {
    let done = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().expect("a program");
    assert!(done.success(), "{command:?} failed");
}

fn timed_run(command: &mut Command, into: &Path, medium: &Medium) -> Taken {
    Taken { seconds: timed(medium, into, || run(command)), ends: None }
}

/// In clear, checked by a quick sum.
struct RsyncDaemon {
    port: u16,
    _server: Server,
}

impl RsyncDaemon {
    fn start(home: &Path) -> Option<Self> {
        let (port, config) = (free_port(), home.join("rsyncd.conf"));
        let text =
            format!("use chroot = no\nuid = root\ngid = root\n[all]\npath = {}\nread only = no\n", home.display());
        fs::write(&config, text).expect("a file");
        let mut command = Command::new("rsync");
        command.args(["--daemon", "--no-detach", "--address=127.0.0.1"]).arg(format!("--port={port}"));
        let server = Server::start(command.arg(format!("--config={}", config.display())), port)?;
        Some(Self { port, _server: server })
    }
}

impl Other for RsyncDaemon {
    fn name(&self) -> &'static str {
        "rsync daemon (in clear)"
    }

    fn run(&mut self, _work: Work, source: &Path, into: &Path, medium: &Medium) -> Taken {
        let name = into.file_name().and_then(|name| name.to_str()).expect("a name");
        let to = format!("rsync://127.0.0.1:{}/all/{name}/", self.port);
        timed_run(Command::new("rsync").arg("-aW").args(entries_of(source)).arg(to), into, medium)
    }
}

#[derive(Clone, Copy)]
enum Way {
    Rsync,
    Scp(Option<&'static str>),
}

/// Encrypted, by a server of its own.
struct Ssh {
    way: Way,
    port: u16,
    key: PathBuf,
    _server: Server,
}

impl Ssh {
    fn start(home: &Path, way: Way) -> Option<Self> {
        let sshd = ["/usr/sbin/sshd", "/usr/bin/sshd"].into_iter().find(|place| Path::new(place).is_file())?;
        let client = if matches!(way, Way::Rsync) { "rsync" } else { "scp" };
        let keep = tempfile::tempdir_in(home).ok()?.keep();
        let key = keep.join("key");
        if !is_there(client) || !is_there("ssh-keygen") {
            return None;
        }
        run(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key));
        fs::create_dir_all("/run/sshd").ok()?;
        let (port, config) = (free_port(), keep.join("sshd_config"));
        let text = format!(
            "ListenAddress 127.0.0.1:{port}\nHostKey {key}\nAuthorizedKeysFile {key}.pub\nStrictModes no\n\
             PermitRootLogin yes\nPasswordAuthentication no\nPidFile none\nSubsystem sftp internal-sftp\n",
            key = key.display()
        );
        fs::write(&config, text).ok()?;
        let server = Server::start(Command::new(sshd).arg("-D").arg("-f").arg(&config), port)?;
        Some(Self { way, port, key, _server: server })
    }

    fn options(&self) -> Vec<String> {
        let mut words = vec!["-F".to_owned(), "none".to_owned(), "-i".to_owned(), self.key.display().to_string()];
        for option in ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"] {
            words.extend(["-o".to_owned(), option.to_owned()]);
        }
        if let Way::Scp(Some(cipher)) = self.way {
            words.extend(["-c".to_owned(), cipher.to_owned()]);
        }
        words
    }
}

impl Other for Ssh {
    fn name(&self) -> &'static str {
        match self.way {
            Way::Rsync => "rsync over ssh",
            Way::Scp(None) => "scp",
            Way::Scp(Some(_)) => "scp (AES-128-GCM)",
        }
    }

    fn run(&mut self, _work: Work, source: &Path, into: &Path, medium: &Medium) -> Taken {
        let to = format!("127.0.0.1:{}/", into.display());
        let mut command = match self.way {
            Way::Rsync => {
                let mut command = Command::new("rsync");
                command.args(["-aW", "-e"]).arg(format!("ssh -p {} {}", self.port, self.options().join(" ")));
                command
            }
            Way::Scp(_) => {
                let mut command = Command::new("scp");
                command.args(["-r", "-q", "-P"]).arg(self.port.to_string()).args(self.options());
                command
            }
        };
        timed_run(command.args(entries_of(source)).arg(to), into, medium)
    }
}

/// In clear, checked by nothing; folders as a tar.
struct Nc;

impl Other for Nc {
    fn name(&self) -> &'static str {
        "nc (in clear, unchecked)"
    }

    fn run(&mut self, work: Work, source: &Path, into: &Path, medium: &Medium) -> Taken {
        let (port, name) = (free_port(), work.name());
        let (from, to) = match work {
            Work::Large | Work::Tiny => (format!("nc -N 127.0.0.1 {port} < {name}"), format!("> {name}")),
            Work::Many | Work::Middle => (format!("tar c {name} | nc -N 127.0.0.1 {port}"), "| tar x".to_owned()),
        };
        let shell = |words: &str, place: &Path| {
            let mut command = Command::new("sh");
            command.args(["-c", words]).current_dir(place);
            command
        };
        let listen = format!("nc -l 127.0.0.1 {port} {to}");
        let mut receiver = shell(&listen, into).stdin(Stdio::null()).spawn().expect("a shell");
        assert!(listens(port), "nc does not listen");
        let seconds = timed(medium, into, || {
            run(&mut shell(&from, source));
            assert!(receiver.wait().expect("a process").success(), "nc failed");
        });
        Taken { seconds, ends: None }
    }
}
