//! One TCP stream of the bench's own, from file to file: what CUBIC makes of a link, with nothing on top.

use std::{
    fs::File,
    io::{Read, copy, sink},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{ExitCode, Stdio},
};

use super::{
    Medium,
    far::{Far, START},
    others::{Other, free_port},
    process::{Taken, timed},
    table,
    work::{Work, entries_of},
};

/// Set for a process of this program that receives: the port, and the file.
const PORT: &str = "SEALDROP_COMPARE_PORT";
const INTO: &str = "SEALDROP_COMPARE_INTO";

/// Receives one stream, if this process was started for that.
pub(crate) fn received() -> Option<ExitCode> {
    let port: u16 = std::env::var(PORT).ok()?.parse().ok()?;
    let into = PathBuf::from(std::env::var_os(INTO)?);
    let door = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).expect("a port");
    let (mut stream, _) = door.accept().expect("a caller");
    copy(&mut stream, &mut File::create(into).expect("a file")).expect("a stream");
    Some(ExitCode::SUCCESS)
}

pub(crate) struct Stream(pub(crate) Far);

impl Other for Stream {
    fn name(&self) -> &'static str {
        table::STREAM
    }

    fn can(&self, work: Work) -> bool {
        work.link().is_some()
    }

    fn run(&mut self, _work: Work, source: &Path, into: &Path, medium: &Medium) -> Taken {
        let port = free_port();
        let from = entries_of(source).pop().expect("a file");
        let target = into.join(from.file_name().expect("a name"));
        let mut command = self.0.command(std::env::current_exe().expect("this program"));
        command.env(PORT, port.to_string()).env(INTO, target).stdin(Stdio::null());
        let mut receiver = command.spawn().expect("a program");
        assert!(self.0.listens(port), "the stream's other end does not listen");
        let seconds = timed(medium, into, || {
            let mut stream = TcpStream::connect_timeout(&(self.0.address, port).into(), START).expect("a connection");
            copy(&mut File::open(&from).expect("a source"), &mut stream).expect("a stream");
            stream.shutdown(Shutdown::Write).expect("a stream");
            // Its end comes when all is there.
            copy(&mut stream.by_ref(), &mut sink()).expect("an end");
            assert!(receiver.wait().expect("a process").success(), "the stream's other end failed");
        });
        Taken { seconds, ends: None }
    }
}
