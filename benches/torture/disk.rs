//! A small disk of its own for the receiver: a tmpfs in a mount namespace that only a sleeping process and the receiver see.

use std::{
    fs,
    io::{BufRead, BufReader, ErrorKind, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

pub(crate) struct SmallDisk {
    /// The namespace lives as long as it does.
    holder: Child,
    /// The same place, seen from outside the namespace.
    outside: PathBuf,
}

impl SmallDisk {
    /// Puts a disk of so many bytes at `place`, with a folder `in` on it; nothing where that is not allowed.
    pub(crate) fn mount(place: &Path, bytes: u64) -> Option<Self> {
        let script = "mount -t tmpfs -o size=$1 tmpfs \"$2\" && mkdir \"$2/in\" && echo ready && exec sleep 100000";
        let mut holder = Command::new("unshare")
            .args(["--mount", "--propagation", "private", "sh", "-c", script, "sh"])
            .arg(bytes.to_string())
            .arg(place)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut line = String::new();
        BufReader::new(holder.stdout.take()?).read_line(&mut line).ok()?;
        let outside = PathBuf::from(format!("/proc/{}/root", holder.id())).join(place.strip_prefix("/").ok()?);
        let disk = Self { holder, outside };
        (line.trim() == "ready").then_some(disk)
    }

    /// What stands before a command that is to see it.
    pub(crate) fn prefix(&self) -> Vec<String> {
        let holder = self.holder.id().to_string();
        ["nsenter", "--target", &holder, "--mount", "--"].map(str::to_owned).to_vec()
    }

    /// The folder to receive into, seen from outside.
    pub(crate) fn folder(&self) -> PathBuf {
        self.outside.join("in")
    }

    /// Takes all the room there is.
    pub(crate) fn fill(&self) -> std::io::Result<()> {
        let mut ballast = fs::OpenOptions::new().create(true).append(true).open(self.outside.join("ballast"))?;
        let mut block = vec![0; 1 << 20];
        while !block.is_empty() {
            match ballast.write(&block) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => block.truncate(block.len() / 2 / 4096 * 4096),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    pub(crate) fn make_room(&self) -> std::io::Result<()> {
        fs::remove_file(self.outside.join("ballast"))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // It is gone already, then.
        self.holder.kill().ok();
        self.holder.wait().ok();
    }
}
