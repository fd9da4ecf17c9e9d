//! Accepts connections and outlives bad accepts. What callers want is the doormen's business.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    time::Duration,
};

use crossbeam_channel::Sender;
use polling::{Event, Events, Poller};
use socket2::{Domain, Protocol, Socket, Type};

use crate::model::reason::{Reason, ReasonCode};

use super::{
    cancel::CancelFlag,
    handles,
    note::{ListenerId, Note},
    poll::watch,
    threads,
};

/// Connections that may wait in the system's queue.
const QUEUE: i32 = 128;
/// After a failed accept (no file handles left, ...) the listener waits this long, doubling up to `MAX_BACK_OFF`.
const BACK_OFF: Duration = Duration::from_millis(20);
const MAX_BACK_OFF: Duration = Duration::from_secs(1);

/// A listening thread; dropping this stops it and frees the port.
pub struct Listener {
    stop: CancelFlag,
    poller: Arc<Poller>,
}

impl Listener {
    /// Binds `port` (0 lets the system choose) on all addresses, on a thread of its own, and says
    /// `ListeningOn` or `ListenerFailed`; then `Came` for each connection.
    ///
    /// # Errors
    /// No thread or no poll handle.
    pub fn start(id: ListenerId, port: u16, notes: Sender<Note>) -> io::Result<Self> {
        let poller = Arc::new(Poller::new()?);
        let stop = CancelFlag::default();
        let this = Self { stop: stop.clone(), poller: Arc::clone(&poller) };
        threads::spawn("listener", move || match bind(port) {
            Ok(socket) => accept_all(id, &socket, &poller, &stop, &notes),
            Err(error) => {
                let code =
                    if error.kind() == io::ErrorKind::AddrInUse { ReasonCode::PortInUse } else { ReasonCode::Io };
                let reason = Reason::here(code, format!("port {port}: {error}"));
                // Only a dispatch that is shutting down does not hear it.
                notes.send(Note::ListenerFailed { id, port, reason }).ok();
            }
        })?;
        Ok(this)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.set();
        // Fails only when the thread, and with it the port, is gone.
        self.poller.notify().ok();
    }
}

/// One socket for IPv6 and IPv4 where the system has both, else IPv4.
fn bind(port: u16) -> io::Result<TcpListener> {
    let six = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
    match bind_to(six) {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(error),
        Err(_) => bind_to(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))),
    }
}

fn bind_to(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    // On Unix this only lets us take a port whose old connections linger; on Windows it would let others share ours.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(QUEUE)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

fn accept_all(id: ListenerId, socket: &TcpListener, poller: &Poller, stop: &CancelFlag, notes: &Sender<Note>) {
    let address = socket.local_addr();
    let watched = watch(poller, socket, Event::readable(0));
    let (Ok(address), Ok(())) = (address, watched) else {
        let reason = Reason::here(ReasonCode::Io, "the listening socket cannot be watched");
        notes.send(Note::ListenerFailed { id, port: 0, reason }).ok();
        return;
    };
    if notes.send(Note::ListeningOn { id, address }).is_err() {
        return;
    }
    let mut events = Events::new();
    let mut back_off = BACK_OFF;
    while !stop.is_set() {
        match accept(socket) {
            Ok((stream, from)) => {
                back_off = BACK_OFF;
                if notes.send(Note::Came { stream, from: from.ip().to_canonical() }).is_err() {
                    break;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => wait(poller, &mut events, socket, None),
            Err(error) if is_callers_fault(&error) => {}
            Err(_) => {
                wait(poller, &mut events, socket, Some(back_off));
                back_off = (back_off * 2).min(MAX_BACK_OFF);
            }
        }
    }
    // The socket is closed right after, whatever this says.
    poller.delete(socket).ok();
}

/// The next caller. None is taken while handles are short: they wait where the system keeps them.
fn accept(socket: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    if handles::are_short(socket) {
        return Err(io::Error::other("no handles left for callers"));
    }
    socket.accept()
}

/// The caller went away between knocking and being let in: the next one may be fine.
fn is_callers_fault(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    )
}

/// Waits for a caller, or (when accepting fails) for a while; a stop ends both.
fn wait(poller: &Poller, events: &mut Events, socket: &TcpListener, back_off: Option<Duration>) {
    let event = if back_off.is_some() { Event::none(0) } else { Event::readable(0) };
    events.clear();
    // A poll that fails shows in the next accept.
    if poller.modify(socket, event).is_ok() {
        poller.wait(events, back_off).ok();
    }
}
