//! From a typed address to a connected socket: look-up on a thread that can be abandoned, then non-blocking connects.

use std::{
    io::{self, ErrorKind},
    net::{SocketAddr, TcpStream, ToSocketAddrs},
    time::{Duration, Instant},
};

use crossbeam_channel::{RecvTimeoutError, bounded};
use polling::{Event, Events, Poller};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use crate::model::{
    device::PeerAddr,
    reason::{Reason, ReasonCode},
};

use super::{cancel::CancelFlag, poll::watch, threads};

/// Looking up and connecting have this long each.
const LIMIT: Duration = Duration::from_secs(10);
/// Between the starts of two attempts (RFC 8305, section 5).
const STAGGER: Duration = Duration::from_millis(250);
/// No wait is longer than this without a look at cancel.
const TICK: Duration = Duration::from_millis(50);
/// More addresses of one name than this are not tried.
const MAX_ADDRESSES: usize = 8;

/// Looks `to` up. The look-up itself cannot be stopped: when it hangs, its thread is left behind and its result dropped.
///
/// # Errors
/// `Unresolved`, `Timeout`, `Cancelled`.
pub fn resolve(to: &PeerAddr, cancel: &CancelFlag) -> Result<Vec<SocketAddr>, Reason> {
    let target = (to.host.clone(), to.port);
    resolve_by(&to.host, cancel, move || target.to_socket_addrs().map(|all| all.take(64).collect()))
}

fn resolve_by(
    host: &str,
    cancel: &CancelFlag,
    look_up: impl FnOnce() -> io::Result<Vec<SocketAddr>> + Send + 'static,
) -> Result<Vec<SocketAddr>, Reason> {
    let unresolved = |detail: String| Reason::here(ReasonCode::Unresolved, format!("{host}: {detail}"));
    let (found, results) = bounded(1);
    threads::spawn("resolve", move || {
        // Nobody listens any more when this came too late.
        found.send(look_up()).ok();
    })
    .map_err(|error| unresolved(error.to_string()))?;
    let deadline = Instant::now() + LIMIT;
    loop {
        match results.recv_timeout(TICK) {
            Ok(Ok(addresses)) if addresses.is_empty() => return Err(unresolved("no address".to_owned())),
            Ok(Ok(addresses)) => return Ok(interleaved(addresses)),
            Ok(Err(error)) => return Err(unresolved(error.to_string())),
            Err(RecvTimeoutError::Disconnected) => return Err(unresolved("the look-up broke off".to_owned())),
            Err(RecvTimeoutError::Timeout) if cancel.is_set() => return Err(Reason::bare(ReasonCode::Cancelled)),
            Err(RecvTimeoutError::Timeout) if Instant::now() >= deadline => {
                return Err(unresolved("no answer in time".to_owned()));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// IPv6 and IPv4 in turn, in the order the system gave, without repeats.
fn interleaved(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let (mut six, mut four): (Vec<_>, Vec<_>) = addresses.into_iter().partition(SocketAddr::is_ipv6);
    six.dedup();
    four.dedup();
    let mut mixed = Vec::new();
    let (mut six, mut four) = (six.into_iter(), four.into_iter());
    loop {
        let pair = [six.next(), four.next()];
        if pair == [None, None] || mixed.len() >= MAX_ADDRESSES {
            return mixed;
        }
        mixed.extend(pair.into_iter().flatten());
    }
}

/// Connects to the first of `addresses` that answers.
///
/// # Errors
/// `Refused` when somebody said no, `Unreachable` when nobody answered, `Cancelled`.
pub fn connect(addresses: &[SocketAddr], cancel: &CancelFlag) -> Result<TcpStream, Reason> {
    let mut race = Race::new().map_err(|error| unreachable(&error))?;
    let deadline = Instant::now() + LIMIT;
    let mut next_start = Instant::now();
    let mut waiting = addresses.iter().enumerate();
    loop {
        if cancel.is_set() {
            return Err(Reason::bare(ReasonCode::Cancelled));
        }
        let now = Instant::now();
        if now >= deadline {
            return Err(race.verdict("no answer within 10 s"));
        }
        if now >= next_start || race.running() == 0 {
            next_start = now + STAGGER;
            match waiting.next() {
                Some((key, address)) => race.start(key, *address),
                None if race.running() == 0 => return Err(race.verdict("no address left")),
                None => {}
            }
        }
        if let Some(stream) = race.winner().map_err(|error| unreachable(&error))? {
            return Ok(stream);
        }
    }
}

fn unreachable(error: &io::Error) -> Reason {
    Reason::here(ReasonCode::Unreachable, error.to_string())
}

/// Connection attempts that run side by side.
struct Race {
    poller: Poller,
    attempts: Vec<Option<(SocketAddr, Socket)>>,
    refused: Option<String>,
    other: Option<String>,
}

impl Race {
    fn new() -> io::Result<Self> {
        Ok(Self { poller: Poller::new()?, attempts: Vec::new(), refused: None, other: None })
    }

    fn running(&self) -> usize {
        self.attempts.iter().flatten().count()
    }

    fn start(&mut self, key: usize, address: SocketAddr) {
        match begin(address).and_then(|socket| watch(&self.poller, &socket, Event::writable(key)).map(|()| socket)) {
            Ok(socket) => {
                self.attempts.resize_with(self.attempts.len().max(key + 1), || None);
                self.attempts[key] = Some((address, socket));
            }
            Err(error) => self.failed(address, &error),
        }
    }

    fn failed(&mut self, address: SocketAddr, error: &io::Error) {
        let detail = Some(format!("{address}: {error}"));
        if error.kind() == ErrorKind::ConnectionRefused {
            self.refused = detail;
        } else {
            self.other = detail;
        }
    }

    fn winner(&mut self) -> io::Result<Option<TcpStream>> {
        let mut events = Events::new();
        match self.poller.wait(&mut events, Some(TICK)) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(None),
            Err(error) => return Err(error),
        }
        for event in events.iter() {
            let Some((address, socket)) = self.attempts.get_mut(event.key).and_then(Option::take) else { continue };
            self.poller.delete(&socket)?;
            match socket.take_error()? {
                None => return Ok(Some(socket.into())),
                Some(error) => self.failed(address, &error),
            }
        }
        Ok(None)
    }

    fn verdict(&mut self, otherwise: &str) -> Reason {
        match (self.refused.take(), self.other.take()) {
            (Some(detail), _) => Reason::here(ReasonCode::Refused, detail),
            (None, Some(detail)) => Reason::here(ReasonCode::Unreachable, detail),
            (None, None) => Reason::here(ReasonCode::Unreachable, otherwise),
        }
    }
}

impl Drop for Race {
    fn drop(&mut self) {
        for (_, socket) in self.attempts.iter().flatten() {
            // They were registered; what fails here is closed with the poller anyway.
            self.poller.delete(socket).ok();
        }
    }
}

fn begin(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    match socket.connect(&SockAddr::from(address)) {
        Ok(()) => Ok(socket),
        Err(error) if in_progress(&error) => Ok(socket),
        Err(error) => Err(error),
    }
}

fn in_progress(error: &io::Error) -> bool {
    // EINPROGRESS has no ErrorKind of its own on stable.
    error.kind() == ErrorKind::WouldBlock || cfg!(unix) && error.raw_os_error() == Some(in_progress_code())
}

#[cfg(unix)]
fn in_progress_code() -> i32 {
    rustix::io::Errno::INPROGRESS.raw_os_error()
}

#[cfg(not(unix))]
fn in_progress_code() -> i32 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_families_get_their_turn() {
        let all: Vec<SocketAddr> =
            ["[::1]:1", "[::2]:1", "1.1.1.1:1"].iter().map(|text| text.parse().unwrap()).collect();
        let mixed: Vec<String> = interleaved(all).iter().map(ToString::to_string).collect();
        assert_eq!(mixed, ["[::1]:1", "1.1.1.1:1", "[::2]:1"]);
    }

    #[test]
    fn refusal_is_told_apart_from_silence() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let reason = connect(&[port], &CancelFlag::default()).unwrap_err();
        assert_eq!(reason.code, ReasonCode::Refused);
    }

    #[test]
    fn second_address_is_tried_when_the_first_refuses() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let open = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = connect(&[closed, open.local_addr().unwrap()], &CancelFlag::default()).unwrap();
        assert_eq!(stream.peer_addr().unwrap(), open.local_addr().unwrap());
    }

    #[test]
    fn look_up_that_hangs_is_abandoned_on_cancel() {
        let (release, hanging) = bounded::<()>(0);
        let cancel = CancelFlag::default();
        cancel.set();
        let start = Instant::now();
        let resolved = resolve_by("slow.example", &cancel, move || {
            hanging.recv().ok();
            Ok(Vec::new())
        });
        assert_eq!(resolved.unwrap_err().code, ReasonCode::Cancelled);
        assert!(start.elapsed() < Duration::from_millis(500));
        drop(release);
    }

    #[test]
    fn unknown_name_is_unresolved() {
        let to = PeerAddr { host: "no-such-host.invalid".to_owned(), port: 1 };
        assert_eq!(resolve(&to, &CancelFlag::default()).unwrap_err().code, ReasonCode::Unresolved);
    }
}
