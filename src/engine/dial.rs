//! From a typed address to a connected socket: look-up on a thread that can be abandoned, then non-blocking connects.

mod local_name;
mod look_up;

use std::{
    io::{self, ErrorKind},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use polling::{Event, Events, Poller};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use crate::model::{
    device::PeerAddr,
    reason::{Reason, ReasonCode},
};

use super::{cancel::CancelFlag, poll::watch};

pub use look_up::{resolve, resolve_all};

/// Connecting has this long.
const LIMIT: Duration = Duration::from_secs(10);
/// Between the starts of two attempts (RFC 8305, section 5).
const STAGGER: Duration = Duration::from_millis(250);
/// No wait is longer than this without a look at cancel.
const TICK: Duration = Duration::from_millis(50);
/// More addresses of one name than this are not tried.
const MAX_ADDRESSES: usize = 8;

/// A connection, and how long it took: one round trip.
#[derive(Debug)]
pub struct Connected {
    pub stream: TcpStream,
    pub round_trip: Duration,
}

/// Where somebody can be dialled who is there. A link-local address means nothing without its interface.
pub fn place_of(at: SocketAddr) -> PeerAddr {
    let host = match at {
        SocketAddr::V6(six) if six.ip().is_unicast_link_local() => format!("{}%{}", six.ip(), six.scope_id()),
        _ => at.ip().to_string(),
    };
    PeerAddr { host, port: at.port() }
}

/// Why no connection came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotConnected {
    Cancelled,
    /// This computer itself lets nothing out to there.
    Forbidden(String),
    /// Nobody said anything in time.
    NoAnswer(String),
    /// No way leads there, or somebody on the way said that none does.
    NoRoute(String),
    Other(String),
    /// Somebody said no.
    Refused(String),
}

impl NotConnected {
    /// `Refused`, `Unreachable` or `Cancelled`.
    pub fn reason(self) -> Reason {
        match self {
            Self::Cancelled => Reason::bare(ReasonCode::Cancelled),
            Self::Refused(detail) => Reason::here(ReasonCode::Refused, detail),
            Self::Forbidden(detail) | Self::NoAnswer(detail) | Self::NoRoute(detail) | Self::Other(detail) => {
                Reason::here(ReasonCode::Unreachable, detail)
            }
        }
    }

    /// Why one attempt failed.
    fn of(address: SocketAddr, error: &io::Error) -> Self {
        let detail = format!("{address}: {error}");
        match error.kind() {
            ErrorKind::ConnectionRefused => Self::Refused(detail),
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => Self::NoRoute(detail),
            ErrorKind::PermissionDenied => Self::Forbidden(detail),
            ErrorKind::TimedOut => Self::NoAnswer(detail),
            _ => Self::Other(detail),
        }
    }

    /// Which of several says most to a person.
    fn weight(&self) -> u8 {
        match self {
            Self::Cancelled => 5,
            Self::Refused(_) => 4,
            Self::NoAnswer(_) => 3,
            Self::Forbidden(_) => 2,
            Self::NoRoute(_) => 1,
            Self::Other(_) => 0,
        }
    }
}

/// Connects to the first of `addresses` that answers.
///
/// # Errors
/// `Refused` when somebody said no, `Unreachable` when nobody answered, `Cancelled`.
pub fn connect(addresses: &[SocketAddr], cancel: &CancelFlag) -> Result<Connected, Reason> {
    connect_within(addresses, LIMIT, cancel).map_err(NotConnected::reason)
}

/// As `connect`, within `limit`.
///
/// # Errors
/// Of all attempts, the one that says most.
pub fn connect_within(
    addresses: &[SocketAddr],
    limit: Duration,
    cancel: &CancelFlag,
) -> Result<Connected, NotConnected> {
    let other = |error: io::Error| NotConnected::Other(error.to_string());
    let mut race = Race::new().map_err(other)?;
    let deadline = Instant::now() + limit;
    let mut next_start = Instant::now();
    let mut waiting = addresses.iter().enumerate();
    loop {
        if cancel.is_set() {
            return Err(NotConnected::Cancelled);
        }
        let now = Instant::now();
        if now >= deadline {
            race.note(NotConnected::NoAnswer(format!("no answer within {} s", limit.as_secs_f32())));
            return Err(race.verdict());
        }
        if now >= next_start || race.running() == 0 {
            next_start = now + STAGGER;
            match waiting.next() {
                Some((key, address)) => race.start(key, *address),
                None if race.running() == 0 => return Err(race.verdict()),
                None => {}
            }
        }
        if let Some(connected) = race.winner().map_err(other)? {
            return Ok(connected);
        }
    }
}

struct Attempt {
    address: SocketAddr,
    socket: Socket,
    since: Instant,
}

/// Connection attempts that run side by side.
struct Race {
    poller: Poller,
    attempts: Vec<Option<Attempt>>,
    failed: Option<NotConnected>,
}

impl Race {
    fn new() -> io::Result<Self> {
        Ok(Self { poller: Poller::new()?, attempts: Vec::new(), failed: None })
    }

    fn running(&self) -> usize {
        self.attempts.iter().flatten().count()
    }

    fn start(&mut self, key: usize, address: SocketAddr) {
        let since = Instant::now();
        match begin(address).and_then(|socket| watch(&self.poller, &socket, Event::writable(key)).map(|()| socket)) {
            Ok(socket) => {
                self.attempts.resize_with(self.attempts.len().max(key + 1), || None);
                self.attempts[key] = Some(Attempt { address, socket, since });
            }
            Err(error) => self.note(NotConnected::of(address, &error)),
        }
    }

    fn note(&mut self, failed: NotConnected) {
        if self.failed.as_ref().is_none_or(|before| before.weight() <= failed.weight()) {
            self.failed = Some(failed);
        }
    }

    fn winner(&mut self) -> io::Result<Option<Connected>> {
        let mut events = Events::new();
        match self.poller.wait(&mut events, Some(TICK)) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(None),
            Err(error) => return Err(error),
        }
        for event in events.iter() {
            let Some(Attempt { address, socket, since }) = self.attempts.get_mut(event.key).and_then(Option::take)
            else {
                continue;
            };
            self.poller.delete(&socket)?;
            match socket.take_error()? {
                None => return Ok(Some(Connected { stream: socket.into(), round_trip: since.elapsed() })),
                Some(error) => self.note(NotConnected::of(address, &error)),
            }
        }
        Ok(None)
    }

    fn verdict(self) -> NotConnected {
        let none = || NotConnected::Other("no address".to_owned());
        // A race that is over has no use for what it holds; its drop closes the attempts that still run.
        self.failed.clone().unwrap_or_else(none)
    }
}

impl Drop for Race {
    fn drop(&mut self) {
        for Attempt { socket, .. } in self.attempts.iter().flatten() {
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
    fn a_link_local_caller_is_dialled_through_its_interface() {
        let link_local = std::net::SocketAddrV6::new("fe80::1".parse().unwrap(), 50_000, 0, 3);
        for (from, host) in [
            (SocketAddr::V6(link_local), "fe80::1%3"),
            ("[2001:db8::1]:50000".parse().unwrap(), "2001:db8::1"),
            ("10.0.0.1:50000".parse().unwrap(), "10.0.0.1"),
        ] {
            let dial = place_of(from);
            assert_eq!(dial.host, host);
            assert_eq!(dial.to_string().parse(), Ok(dial));
        }
    }

    #[test]
    fn refusal_is_told_apart_from_silence() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let reason = connect(&[port], &CancelFlag::default()).err().unwrap();
        assert_eq!(reason.code, ReasonCode::Refused);
    }

    #[test]
    fn second_address_is_tried_when_the_first_refuses() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let open = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let connected = connect(&[closed, open.local_addr().unwrap()], &CancelFlag::default()).unwrap();
        assert_eq!(connected.stream.peer_addr().unwrap(), open.local_addr().unwrap());
    }

    #[test]
    fn of_several_failures_the_one_that_says_most_is_told() {
        let mut race = Race::new().unwrap();
        let at = |kind: ErrorKind| NotConnected::of("10.0.0.7:1".parse().unwrap(), &kind.into());
        for kind in [ErrorKind::NetworkUnreachable, ErrorKind::ConnectionRefused, ErrorKind::HostUnreachable] {
            race.note(at(kind));
        }
        assert!(matches!(race.verdict(), NotConnected::Refused(detail) if detail.starts_with("10.0.0.7:1: ")));
        assert!(matches!(at(ErrorKind::PermissionDenied), NotConnected::Forbidden(_)));
        assert!(matches!(at(ErrorKind::TimedOut), NotConnected::NoAnswer(_)));
        assert_eq!(at(ErrorKind::HostUnreachable).reason().code, ReasonCode::Unreachable);
    }

    #[test]
    fn a_race_ends_in_time_when_nobody_answers() {
        // A full queue: the system answers no further SYN.
        let full = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        full.bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into()).unwrap();
        full.listen(0).unwrap();
        let address = full.local_addr().unwrap().as_socket().unwrap();
        let _first = connect(&[address], &CancelFlag::default()).unwrap();
        let start = Instant::now();
        let limit = Duration::from_millis(400);
        let end = connect_within(&[address], limit, &CancelFlag::default());
        if cfg!(target_os = "linux") {
            assert!(matches!(end, Err(NotConnected::NoAnswer(_))), "{end:?}");
        }
        assert!(start.elapsed() < Duration::from_secs(2));
    }
}
