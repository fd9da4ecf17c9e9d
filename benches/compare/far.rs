//! Where receiving ends stand: beside the senders on the loopback, or behind an emulated link.

use std::{
    ffi::OsStr,
    fs,
    net::Ipv4Addr,
    process::Command,
    time::{Duration, Instant},
};

/// How long a server may take to listen, or to answer.
pub(crate) const START: Duration = Duration::from_secs(10);

#[derive(Clone, Copy)]
pub(crate) struct Far {
    /// How it is reached from here.
    pub(crate) address: Ipv4Addr,
    /// A process in its network, where that is not this one.
    process: Option<u32>,
}

impl Far {
    pub(crate) fn beside() -> Self {
        Self { address: Ipv4Addr::LOCALHOST, process: None }
    }

    pub(crate) fn in_the_network_of(process: u32, address: Ipv4Addr) -> Self {
        Self { address, process: Some(process) }
    }

    /// What will run there. It is the process that is started, not a child of it.
    pub(crate) fn command(self, program: impl AsRef<OsStr>) -> Command {
        let Some(process) = self.process else { return Command::new(program) };
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/proc/{process}/ns/net")).arg("--").arg(program);
        command
    }

    /// Waits until somebody listens there, without calling: some serve one caller only.
    pub(crate) fn listens(self, port: u16) -> bool {
        let begun = Instant::now();
        let there = format!(":{port:04X} ");
        let whose = self.process.map_or_else(|| "self".to_owned(), |process| process.to_string());
        let tables = ["tcp", "tcp6"].map(|table| format!("/proc/{whose}/net/{table}"));
        while begun.elapsed() < START {
            let tables = tables.each_ref().map(|table| fs::read_to_string(table).unwrap_or_default());
            // State 0A of proc_net_tcp(5).
            if tables.iter().flat_map(|table| table.lines()).any(|line| line.contains(&there) && line.contains(" 0A "))
            {
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        false
    }
}
