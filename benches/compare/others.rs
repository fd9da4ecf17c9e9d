//! The programs that Sealdrop is measured beside, with servers of their own where they need one.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use super::{
    Medium,
    far::Far,
    plain::Plain,
    process::{Taken, timed},
    stream::Stream,
    work::{Work, entries_of},
};

pub(crate) trait Other {
    fn name(&self) -> &'static str;

    /// Whether it can do this by itself.
    fn can(&self, _work: Work) -> bool {
        true
    }

    fn run(&mut self, work: Work, source: &Path, into: &Path, medium: &Medium) -> Taken;
}

/// All that are installed, with their servers running where they are to receive; those that are not are named. What they keep
/// is below `home`.
pub(crate) fn installed(home: &Path, far: Far) -> Vec<Box<dyn Other>> {
    let mut all: Vec<Box<dyn Other>> = Vec::new();
    let mut missing = Vec::new();
    let mut add = |name: &'static str, other: Option<Box<dyn Other>>| match other {
        Some(other) => all.push(other),
        None => missing.push(name),
    };
    add("one stream", Some(Box::new(Stream(far))));
    add("creating", Some(Box::new(Plain(1))));
    add("creating", Some(Box::new(Plain(2))));
    add("rsync", RsyncDaemon::start(home, far).map(|rsync| Box::new(rsync) as _));
    let mut ssh = |name, way| add(name, Ssh::start(home, way, far).map(|ssh| Box::new(ssh) as _));
    ssh("scp with sshd", Way::Scp(None));
    ssh("scp (AES-128-GCM)", Way::Scp(Some("aes128-gcm@openssh.com")));
    ssh("rsync over ssh", Way::Rsync);
    add("nc", is_there("nc").then(|| Box::new(Nc(far)) as _));
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
pub(crate) struct Server(pub(crate) Child);

impl Server {
    pub(crate) fn start(command: &mut Command, far: Far, port: u16) -> Option<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
        let server = Self(child);
        far.listens(port).then_some(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// The networks of both ends are the bench's own: what is free here is free there.
pub(crate) fn free_port() -> u16 {
    let door = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    door.local_addr().expect("an address").port()
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
    home: PathBuf,
    far: Far,
    port: u16,
    _server: Server,
}

impl RsyncDaemon {
    fn start(home: &Path, far: Far) -> Option<Self> {
        let (port, config) = (free_port(), home.join("rsyncd.conf"));
        let text = format!(
            "use chroot = no\nreverse lookup = no\nuid = root\ngid = root\n[all]\npath = {}\nread only = no\n",
            home.display()
        );
        fs::write(&config, text).expect("a file");
        let mut command = far.command("rsync");
        command.args(["--daemon", "--no-detach"]).arg(format!("--address={}", far.address));
        command.arg(format!("--port={port}")).arg(format!("--config={}", config.display()));
        let server = Server::start(&mut command, far, port)?;
        Some(Self { home: home.to_owned(), far, port, _server: server })
    }
}

impl Other for RsyncDaemon {
    fn name(&self) -> &'static str {
        "rsync daemon (in clear)"
    }

    fn run(&mut self, _work: Work, source: &Path, into: &Path, medium: &Medium) -> Taken {
        let below = into.strip_prefix(&self.home).expect("a folder of the server's");
        let to = format!("rsync://{}:{}/all/{}/", self.far.address, self.port, below.display());
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
    far: Far,
    port: u16,
    key: PathBuf,
    _server: Server,
}

impl Ssh {
    fn start(home: &Path, way: Way, far: Far) -> Option<Self> {
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
            "ListenAddress {address}:{port}\nHostKey {key}\nAuthorizedKeysFile {key}.pub\nStrictModes no\n\
             PermitRootLogin yes\nPasswordAuthentication no\nPidFile none\nSubsystem sftp internal-sftp\n",
            address = far.address,
            key = key.display()
        );
        fs::write(&config, text).ok()?;
        let server = Server::start(far.command(sshd).arg("-D").arg("-f").arg(&config), far, port)?;
        Some(Self { way, far, port, key, _server: server })
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

    /// Over a link, only the quickest of them.
    fn can(&self, work: Work) -> bool {
        work.link().is_none() || matches!(self.way, Way::Scp(Some(_)))
    }

    fn run(&mut self, _work: Work, source: &Path, into: &Path, medium: &Medium) -> Taken {
        let to = format!("{}:{}/", self.far.address, into.display());
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
struct Nc(Far);

impl Other for Nc {
    fn name(&self) -> &'static str {
        "nc (in clear, unchecked)"
    }

    /// Over a link a stream of our own stands for it.
    fn can(&self, work: Work) -> bool {
        work.link().is_none()
    }

    fn run(&mut self, work: Work, source: &Path, into: &Path, medium: &Medium) -> Taken {
        let (port, name, there) = (free_port(), work.name(), self.0.address);
        let (from, to) = match work {
            Work::Many | Work::Middle => (format!("tar c {name} | nc -N {there} {port}"), "| tar x".to_owned()),
            Work::Large | Work::Tiny | Work::Link | Work::Lossy => {
                (format!("nc -N {there} {port} < {name}"), format!("> {name}"))
            }
        };
        let listen = format!("nc -l {there} {port} {to}");
        let mut receiver = self.0.command("sh");
        receiver.args(["-c", &listen]).current_dir(into).stdin(Stdio::null());
        let mut receiver = receiver.spawn().expect("a shell");
        assert!(self.0.listens(port), "nc does not listen");
        let seconds = timed(medium, into, || {
            run(Command::new("sh").args(["-c", &from]).current_dir(source));
            assert!(receiver.wait().expect("a process").success(), "nc failed");
        });
        Taken { seconds, ends: None }
    }
}
