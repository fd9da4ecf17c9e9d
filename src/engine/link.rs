//! A lane's connection: a non-blocking socket that is waited for with a poll, so that cancel and deadlines are seen.

mod beside;
mod inbox;
mod io_of_lanes;
mod sealing;
mod seen;
mod transport;
mod turns;

use std::{
    collections::VecDeque,
    io::{self, ErrorKind},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::{Duration, Instant},
};

use crossbeam_channel::Sender;
use polling::{Event, Events, Poller};
use socket2::{SockRef, TcpKeepalive};

use crate::{
    transfer::{limits::Limits, link::LinkEnd, pace::Pace},
    wire::chunk::INTERLUDE,
};

use super::{
    cancel::{CancelFlag, HoldFlag, LinkWaker},
    note::Note,
    poll::watch,
};
use beside::Beside;
pub use beside::Joined;
use transport::{Transport, canonical};

/// No wait is longer than this without a look at cancel and deadlines.
const TICK: Duration = Duration::from_millis(100);
/// After this a full socket is tried again. Linux says that there is room only when a third of a socket's buffer is free
/// (`sk_stream_is_writeable`), but takes more as soon as any is. Where the buffer is what limits the bytes under way, whoever
/// waits to be told lets them shrink to two thirds, and a long link stands idle each time.
const ROOM: Duration = Duration::from_millis(4);
/// Where nothing moves, it is tried again after as long as that already lasts, divided by this.
const ROOM_LATER: u32 = 4;
/// Bytes read ahead while waiting to write; always holds one whole header.
const INBOX_BYTES: usize = 128 << 10;
/// One read into the inbox.
const READ_BYTES: usize = 64 << 10;
/// Small writes are gathered up to this size.
const GATHER_BYTES: usize = 64 << 10;

/// What of a file's body is going out on this side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    None,
    /// Its bytes: no ping may come between them.
    Flows,
    /// Nothing, between two chunks: a ping goes as an interlude.
    StandsStill,
}

/// A connected socket, plain or sealed, with what was read ahead and what is gathered to be written.
pub struct SocketLink {
    transport: Transport,
    poller: Arc<Poller>,
    events: Events,
    cancel: CancelFlag,
    inbox: VecDeque<u8>,
    scratch: Vec<u8>,
    outbox: Vec<u8>,
    /// Bytes of `outbox` that have left.
    left: usize,
    ended: bool,
    /// How it ended, if not in order.
    broken: Option<LinkEnd>,
    deadline: Option<Instant>,
    last_received: Instant,
    last_written: Instant,
    /// How long it has been waited for in all.
    waited: Duration,
    /// Since when somebody has waited without a sign of life: a byte that came in, or room for one that goes out.
    waiting_since: Option<Instant>,
    /// The last write found no room.
    is_stuck: bool,
    /// What of a file is going out.
    body: Body,
    limits: Limits,
    /// When bodies may move.
    pace: Pace,
    /// Whether they may.
    hold: HoldFlag,
    /// What to write when nothing was written for a while; nothing on classic connections.
    ping: Option<Vec<u8>>,
    /// Connections beside this one, that bytes of bodies go over.
    beside: Beside,
    /// The engine waits at its end until nobody holds one of these: last words need a process to say them.
    _engine: Sender<Note>,
}

impl SocketLink {
    /// Takes over a connected stream for the engine that hears `notes`. Polls and cancel checks begin here.
    ///
    /// # Errors
    /// The system refuses non-blocking mode or another poll handle.
    pub fn new(stream: TcpStream, cancel: CancelFlag, limits: Limits, notes: Sender<Note>) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let poller = Arc::new(Poller::new()?);
        watch(&poller, &stream, Event::none(0))?;
        let now = Instant::now();
        Ok(Self {
            transport: Transport::plain(stream),
            poller,
            events: Events::new(),
            cancel,
            inbox: VecDeque::new(),
            scratch: Vec::new(),
            outbox: Vec::new(),
            left: 0,
            ended: false,
            broken: None,
            deadline: None,
            last_received: now,
            last_written: now,
            waited: Duration::ZERO,
            waiting_since: None,
            is_stuck: false,
            body: Body::None,
            limits,
            pace: Pace::default(),
            hold: HoldFlag::default(),
            ping: None,
            beside: Beside::default(),
            _engine: notes,
        })
    }

    /// From now on waits take this long.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
        self.waiting_since = None;
    }

    pub fn waker(&self) -> LinkWaker {
        LinkWaker::new(Arc::clone(&self.poller))
    }

    /// From now on this flag ends the lane.
    pub fn set_cancel(&mut self, cancel: CancelFlag) {
        self.cancel = cancel;
    }

    /// Whoever sets this flag holds the lane.
    pub fn set_hold(&mut self, hold: HoldFlag) {
        self.hold = hold;
    }

    /// Lets the system find out whether somebody who has nothing to say is still there, and keep the way open that far.
    pub fn keep_alive(&self) {
        let probing = TcpKeepalive::new().with_time(Duration::from_secs(15)).with_interval(Duration::from_secs(5));
        // A system without it notices later.
        SockRef::from(self.stream()).set_tcp_keepalive(&probing).ok();
    }

    /// The frame to write when nothing was written for 15 s, as an interlude if a body of ours stands still, and
    /// not while its bytes go out.
    pub fn set_ping(&mut self, frame: Option<Vec<u8>>) {
        self.ping = frame;
    }

    /// Whether nothing has come for so long that the connection counts as broken.
    pub fn is_silent(&self) -> bool {
        self.last_received.elapsed() >= self.limits.silence
    }

    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.stream().local_addr()
    }

    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream().peer_addr().map(canonical)
    }

    /// The error that the system holds for this connection, such as a reset, without reading from it.
    pub fn take_error(&self) -> Option<io::Error> {
        self.stream().take_error().ok().flatten()
    }

    /// Sends what can be sent without waiting; writes a ping if one is due.
    ///
    /// # Errors
    /// The connection is broken.
    pub fn poll_output(&mut self) -> io::Result<()> {
        self.take_joined();
        self.ping_if_due();
        self.push_beside()?;
        self.push_out(&[]).map(|_| ())
    }

    /// Gives back what reading took up, for whoever may now be waited for a long time.
    pub fn let_go_of_room(&mut self) {
        self.scratch = Vec::new();
        self.inbox.shrink_to_fit();
        if self.outbox.is_empty() {
            self.outbox = Vec::new();
        }
        self.transport.let_go_of_room();
    }

    /// The socket, to be watched by somebody else's poll.
    pub(super) fn stream(&self) -> &TcpStream {
        self.transport.stream()
    }

    /// Whether more can be read although the socket has nothing: decrypted bytes that had no room in the inbox.
    pub(super) fn has_more(&self) -> bool {
        self.transport.has_plain()
    }

    /// Whether something still has to leave.
    fn has_unsent(&self) -> bool {
        !self.outbox.is_empty() || self.transport.has_unsent()
    }

    /// One non-blocking read into the inbox.
    fn fill(&mut self) -> bool {
        self.scratch.resize(READ_BYTES, 0);
        loop {
            match self.transport.read(&mut self.scratch) {
                Ok(0) => self.ended = true,
                Ok(n) => {
                    self.inbox.extend(&self.scratch[..n]);
                    self.received();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
                // Told to whoever has read what came before.
                Err(error) => {
                    self.ended = true;
                    self.broken = Some(LinkEnd::of(&error));
                }
            }
            return true;
        }
    }

    fn received(&mut self) {
        self.last_received = Instant::now();
        self.waiting_since = None;
    }

    /// Writes as much of the outbox and then of `bytes` as goes without waiting; how much of `bytes` was taken.
    fn push_out(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let before = self.transport.sent();
        let taken = self.hand_over(bytes)?;
        if self.left == self.outbox.len() || self.left >= GATHER_BYTES {
            // Also where it is never empty, it does not grow.
            self.outbox.drain(..self.left);
            self.left = 0;
        }
        let all_left = match self.transport.push() {
            Ok(all_left) => all_left,
            // It is found again by the next call: what was taken before it counts.
            Err(_) if taken > 0 => return Ok(taken),
            Err(error) => return Err(gone(error)),
        };
        if self.transport.sent() > before {
            self.last_written = Instant::now();
            if std::mem::take(&mut self.is_stuck) {
                // There is room again because the peer took something: it is alive, though it may have nothing to say.
                self.waiting_since = None;
            }
        }
        self.is_stuck |= !all_left || taken < bytes.len();
        Ok(taken)
    }

    /// Gives the transport what it takes.
    fn hand_over(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut taken = 0;
        while self.left < self.outbox.len() || taken < bytes.len() {
            let wrote = match self.transport.write([&self.outbox[self.left..], &bytes[taken..]]) {
                Ok(0) => return Err(LinkEnd::PeerGone("nothing more can be written".to_owned()).into()),
                Ok(n) => n,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock || taken > 0 => break,
                Err(error) => return Err(gone(error)),
            };
            let of_outbox = wrote.min(self.outbox.len() - self.left);
            self.left += of_outbox;
            taken += wrote - of_outbox;
        }
        Ok(taken)
    }

    fn ping_if_due(&mut self) {
        if !self.has_unsent()
            && self.body != Body::Flows
            && self.last_written.elapsed() >= self.limits.ping
            && let Some(ping) = &self.ping
        {
            if self.body == Body::StandsStill {
                self.outbox.extend_from_slice(&INTERLUDE);
            }
            self.outbox.extend_from_slice(ping);
        }
    }

    /// For whoever never has to wait for bytes: what was gathered leaves soon all the same, and so does a ping that is due.
    fn send_what_is_due(&mut self) {
        let since = self.last_received.saturating_duration_since(self.last_written);
        let limit = if self.has_unsent() { TICK } else { self.limits.ping };
        if since >= limit {
            // What it said before it left is read first; then the end shows.
            self.poll_output().ok();
        }
    }

    /// What ends a link also while bytes come in without a pause: who never stops talking keeps to limits, too.
    fn check_limits(&self) -> io::Result<()> {
        if self.cancel.is_set() {
            return Err(self.ended_here());
        }
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(LinkEnd::Deadline.into());
        }
        Ok(())
    }

    /// Why this side ends it.
    fn ended_here(&self) -> io::Error {
        if self.cancel.is_final() { LinkEnd::Cancelled.into() } else { LinkEnd::Suspended.into() }
    }

    /// For how long there has been no sign of life.
    fn check(&mut self) -> io::Result<Duration> {
        self.check_limits()?;
        let now = Instant::now();
        let waiting = now - *self.waiting_since.get_or_insert(now);
        // Bytes that came while the lane was busy elsewhere count.
        if waiting >= self.limits.silence && !(self.may_be_heard() && self.fill()) {
            return Err(LinkEnd::Silent(self.limits.silence.as_secs()).into());
        }
        Ok(waiting)
    }

    /// Whether more may come that counts as a sign of life: not after the end, nor over and over while a further connection
    /// owes bytes that were named.
    fn may_be_heard(&self) -> bool {
        !self.ended && (self.inbox.len() < INBOX_BYTES || !self.beside.is_awaited())
    }

    /// Waits until the socket is ready, a tick has passed or somebody woke us.
    fn poll(&mut self, writable: bool) -> io::Result<()> {
        self.poll_for(writable, TICK)
    }

    fn poll_for(&mut self, writable: bool, mut wait: Duration) -> io::Result<()> {
        let waiting = self.check()?;
        let readable = !self.ended && self.inbox.len() < INBOX_BYTES;
        if readable && self.transport.has_plain() {
            return Ok(());
        }
        let interest = Event::new(0, readable, writable);
        if let Some(deadline) = self.deadline {
            wait = wait.min(deadline.saturating_duration_since(Instant::now()));
        }
        if writable {
            wait = wait.min(ROOM.max(waiting / ROOM_LATER));
        }
        // A connection that was reset would end each wait at once, whatever is waited for.
        if readable || writable {
            self.poller.modify(self.transport.stream(), interest).map_err(gone)?;
        }
        self.beside.watch(&self.poller).map_err(gone)?;
        match self.wait_for_events(wait) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(gone(error)),
            _ => {}
        }
        // Whatever was waited for here: the other side may wait for nothing else than what was named before.
        self.push_beside()
    }
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function for map_err")]
fn gone(error: io::Error) -> io::Error {
    LinkEnd::of(&error).into()
}

impl Drop for SocketLink {
    fn drop(&mut self) {
        // Fails only when it was not registered, and then there is nothing to undo.
        self.poller.delete(self.transport.stream()).ok();
    }
}
