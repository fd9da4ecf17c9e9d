//! Who stands between the two programs: passes bytes on at a set speed, counts them, and cuts, stalls and flips when told to.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering::SeqCst},
    },
    thread::Builder,
    time::{Duration, Instant},
};

use super::plan::{Way, Whom};

/// How often who waits looks whether it is over.
const LOOK: Duration = Duration::from_millis(10);
/// What one of our sockets may hold: bytes that are there when a program is killed are lost.
const BUFFER: usize = 128 << 10;
const DIAL: Duration = Duration::from_secs(2);

pub(crate) struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    start: Instant,
    target: AtomicU16,
    up: AtomicU64,
    connections: AtomicU64,
    /// Milliseconds since `start` up to which nothing goes through.
    stalled: AtomicU64,
    flip: [AtomicBool; 2],
    /// At which byte of the next connection one is turned round, counted from 1.
    flip_next: AtomicU64,
    flipped: AtomicU64,
    /// Bytes a second, from sender to receiver.
    rate: u64,
    over: AtomicBool,
    alive: Mutex<Vec<Arc<Connection>>>,
    /// Ends that go on seeing a connection whose other end is gone.
    silent: Mutex<Vec<TcpStream>>,
}

#[derive(Default)]
struct Connection {
    sender_cut: AtomicBool,
    receiver_cut: AtomicBool,
}

impl Proxy {
    pub(crate) fn start(rate: u64) -> std::io::Result<Self> {
        let door = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = door.local_addr()?.port();
        let shared = Arc::new(Shared {
            start: Instant::now(),
            target: AtomicU16::new(0),
            up: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            stalled: AtomicU64::new(0),
            flip: [AtomicBool::new(false), AtomicBool::new(false)],
            flip_next: AtomicU64::new(0),
            flipped: AtomicU64::new(0),
            rate,
            over: AtomicBool::new(false),
            alive: Mutex::default(),
            silent: Mutex::default(),
        });
        let at_the_door = Arc::clone(&shared);
        Builder::new().name("door".to_owned()).spawn(move || attend(&door, &at_the_door))?;
        Ok(Self { port, shared })
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Where the receiver listens now.
    pub(crate) fn lead_to(&self, port: u16) {
        self.shared.target.store(port, SeqCst);
    }

    /// Bytes that were handed to the receiver's system.
    pub(crate) fn up(&self) -> u64 {
        self.shared.up.load(SeqCst)
    }

    pub(crate) fn connections(&self) -> u64 {
        self.shared.connections.load(SeqCst)
    }

    /// Bits that were flipped so far.
    pub(crate) fn flipped(&self) -> u64 {
        self.shared.flipped.load(SeqCst)
    }

    /// Ends what is connected, for `whom`; the other end learns nothing of it.
    pub(crate) fn cut(&self, whom: Whom) {
        let Ok(alive) = self.shared.alive.lock() else { return };
        for connection in alive.iter() {
            connection.sender_cut.fetch_or(whom != Whom::Receiver, SeqCst);
            connection.receiver_cut.fetch_or(whom != Whom::Sender, SeqCst);
        }
    }

    /// Lets go of the ends that see a connection although there is none.
    pub(crate) fn end_silence(&self) {
        if let Ok(mut silent) = self.shared.silent.lock() {
            silent.clear();
        }
    }

    pub(crate) fn stall(&self, time: Duration) {
        self.shared.stalled.store(millis(self.shared.start.elapsed() + time), SeqCst);
    }

    /// Turns round one bit of what goes this way next.
    pub(crate) fn flip(&self, way: Way) {
        self.shared.flip[way as usize].store(true, SeqCst);
    }

    /// Turns round one bit of the byte at this place of what the next sender says.
    pub(crate) fn flip_next_at(&self, place: u64) {
        self.shared.flip_next.store(place + 1, SeqCst);
    }

    pub(crate) fn flip_no_more(&self) {
        self.shared.flip.iter().for_each(|flip| flip.store(false, SeqCst));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.over.store(true, SeqCst);
        self.cut(Whom::Both);
        self.end_silence();
        // Wakes who waits at the door.
        TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)), DIAL).ok();
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn attend(door: &TcpListener, shared: &Arc<Shared>) {
    for sender in door.incoming() {
        if shared.over.load(SeqCst) {
            return;
        }
        // Where nobody listens, nobody is led to.
        if let Ok(sender) = sender {
            join(sender, shared).ok();
        }
    }
}

fn join(sender: TcpStream, shared: &Arc<Shared>) -> std::io::Result<()> {
    let target = SocketAddr::from((Ipv4Addr::LOCALHOST, shared.target.load(SeqCst)));
    let receiver = TcpStream::connect_timeout(&target, DIAL)?;
    for socket in [&sender, &receiver] {
        socket.set_read_timeout(Some(LOOK))?;
        socket.set_write_timeout(Some(LOOK))?;
        socket.set_nodelay(true)?;
        socket2::SockRef::from(socket).set_send_buffer_size(BUFFER)?;
        socket2::SockRef::from(socket).set_recv_buffer_size(BUFFER)?;
    }
    shared.connections.fetch_add(1, SeqCst);
    let connection = Arc::new(Connection::default());
    if let Ok(mut alive) = shared.alive.lock() {
        alive.retain(|connection| Arc::strong_count(connection) > 1);
        alive.push(Arc::clone(&connection));
    }
    for (from, to, way) in [(sender.try_clone()?, receiver.try_clone()?, Way::Up), (receiver, sender, Way::Down)] {
        let (shared, connection) = (Arc::clone(shared), Arc::clone(&connection));
        let flip_at = if way == Way::Up { shared.flip_next.swap(0, SeqCst) } else { 0 };
        let pump = Pump { from, to, way, shared, connection, due: Instant::now(), read: 0, flip_at };
        Builder::new().name("pump".to_owned()).spawn(move || pump.run())?;
    }
    Ok(())
}

/// Passes on one direction of one connection.
struct Pump {
    from: TcpStream,
    to: TcpStream,
    way: Way,
    shared: Arc<Shared>,
    connection: Arc<Connection>,
    /// When the next byte may go.
    due: Instant,
    read: u64,
    /// From 1; 0 is nowhere.
    flip_at: u64,
}

impl Pump {
    fn run(mut self) {
        let mut buffer = vec![0; 32 << 10];
        while !self.is_cut() {
            if self.is_stalled() {
                std::thread::sleep(LOOK);
                continue;
            }
            match self.from.read(&mut buffer) {
                Ok(0) => {
                    self.to.shutdown(Shutdown::Write).ok();
                    return self.hold_until_cut();
                }
                Ok(read) => {
                    self.meddle(&mut buffer[..read]);
                    if !self.pass_on(&buffer[..read]) {
                        break;
                    }
                }
                Err(error) if is_a_wait(&error) => {}
                Err(_) => break,
            }
        }
        self.end();
    }

    /// One direction has ended in order; the other one decides about the connection.
    fn hold_until_cut(self) {
        while !self.is_cut() && Arc::strong_count(&self.connection) > 2 {
            std::thread::sleep(LOOK);
        }
        self.end();
    }

    fn meddle(&mut self, bytes: &mut [u8]) {
        let (before, len) = (self.read, bytes.len() as u64);
        self.read += len;
        let is_here = self.flip_at > before && self.flip_at <= self.read;
        let place = if is_here { self.flip_at - before - 1 } else { len / 2 };
        if is_here || self.shared.flip[self.way as usize].swap(false, SeqCst) {
            bytes[usize::try_from(place).unwrap_or_default()] ^= 0x10;
            self.shared.flipped.fetch_add(1, SeqCst);
        }
    }

    /// `false`: it cannot be.
    fn pass_on(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            if self.is_cut() {
                return false;
            }
            if self.is_stalled() {
                std::thread::sleep(LOOK);
                continue;
            }
            match self.to.write(bytes) {
                Ok(0) => return false,
                Ok(written) => {
                    bytes = &bytes[written..];
                    self.wait_for_the_next(written as u64);
                }
                Err(error) if is_a_wait(&error) => {}
                Err(_) => return false,
            }
        }
        true
    }

    fn wait_for_the_next(&mut self, written: u64) {
        if self.way == Way::Down {
            return;
        }
        self.shared.up.fetch_add(written, SeqCst);
        let now = Instant::now();
        self.due = self.due.max(now.checked_sub(LOOK).unwrap_or(now));
        self.due += Duration::from_secs_f64(written as f64 / self.shared.rate as f64);
        if let Some(early) = self.due.checked_duration_since(now) {
            std::thread::sleep(early);
        }
    }

    fn is_stalled(&self) -> bool {
        self.shared.stalled.load(SeqCst) > millis(self.shared.start.elapsed())
    }

    fn is_cut(&self) -> bool {
        self.connection.sender_cut.load(SeqCst) || self.connection.receiver_cut.load(SeqCst)
    }

    /// Both directions end; an end that is to go on seeing a connection is kept.
    fn end(self) {
        let (sender_cut, receiver_cut) =
            (self.connection.sender_cut.swap(true, SeqCst), self.connection.receiver_cut.swap(true, SeqCst));
        let (sender, receiver) = match self.way {
            Way::Up => (self.from, self.to),
            Way::Down => (self.to, self.from),
        };
        let kept = match (sender_cut, receiver_cut) {
            (true, false) => Some(receiver),
            (false, true) => Some(sender),
            _ => None,
        };
        if let (Some(kept), Ok(mut silent)) = (kept, self.shared.silent.lock()) {
            silent.push(kept);
        }
    }
}

fn is_a_wait(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
