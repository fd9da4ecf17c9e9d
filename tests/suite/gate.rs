//! A way between two engines that a test can cut, stall and open again, as often as it wants; it counts what goes through.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering},
    },
    thread::Builder,
    time::Duration,
};

use sealdrop::model::device::PeerAddr;

/// How often a closed gate is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// Passes connections on as long as it is open.
pub(crate) struct Gate {
    port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// Bytes towards the listener, of all connections.
    forward: AtomicU64,
    /// A connection ends when so many have gone towards the listener in all; 0: never.
    cut_at: AtomicU64,
    shut: AtomicBool,
    /// Where it leads.
    to: AtomicU16,
    /// Counts up with each cut: connections of an earlier time end.
    time: AtomicU64,
}

impl Gate {
    /// In front of an engine's port.
    pub(crate) fn before(port: u16) -> Self {
        let door = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let own = door.local_addr().unwrap().port();
        let state = Arc::new(State { to: AtomicU16::new(port), ..State::default() });
        let shared = Arc::clone(&state);
        spawn(move || {
            for dialer in door.incoming().map_while(Result::ok) {
                if shared.shut.load(Ordering::SeqCst) {
                    // Closed at once, as by a machine that went away.
                    continue;
                }
                let to = (Ipv4Addr::LOCALHOST, shared.to.load(Ordering::SeqCst)).into();
                let Ok(listener) = TcpStream::connect_timeout(&to, Duration::from_secs(5)) else { continue };
                let now = shared.time.load(Ordering::SeqCst);
                for (from, to, counts) in [
                    (dialer.try_clone().unwrap(), listener.try_clone().unwrap(), true),
                    (listener.try_clone().unwrap(), dialer.try_clone().unwrap(), false),
                ] {
                    let state = Arc::clone(&shared);
                    spawn(move || pass_on(&from, &to, &state, now, counts));
                }
            }
        });
        Self { port: own, state }
    }

    pub(crate) fn address(&self) -> PeerAddr {
        PeerAddr { host: "127.0.0.1".to_owned(), port: self.port }
    }

    /// From now on it leads to another port.
    pub(crate) fn lead_to(&self, port: u16) {
        self.state.to.store(port, Ordering::SeqCst);
    }

    /// Bytes that have gone towards the listener.
    pub(crate) fn forward(&self) -> u64 {
        self.state.forward.load(Ordering::SeqCst)
    }

    /// Ends the connection that carries the byte at this place; counted over all connections.
    pub(crate) fn cut_at(&self, bytes: u64) {
        self.state.cut_at.store(bytes, Ordering::SeqCst);
    }

    /// Ends all connections now.
    pub(crate) fn cut(&self) {
        self.state.time.fetch_add(1, Ordering::SeqCst);
    }

    /// Ends all connections and takes no others.
    pub(crate) fn shut(&self) {
        self.state.shut.store(true, Ordering::SeqCst);
        self.cut();
    }

    pub(crate) fn open(&self) {
        self.state.shut.store(false, Ordering::SeqCst);
    }
}

fn pass_on(mut from: &TcpStream, mut to: &TcpStream, state: &State, time: u64, counts: bool) {
    from.set_read_timeout(Some(LOOK)).unwrap();
    let mut buffer = vec![0; 64 << 10];
    while state.time.load(Ordering::SeqCst) == time {
        let read = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                continue;
            }
            Err(_) => break,
        };
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
        if counts {
            let gone = state.forward.fetch_add(read as u64, Ordering::SeqCst) + read as u64;
            let limit = state.cut_at.load(Ordering::SeqCst);
            if limit > 0 && gone >= limit {
                state.cut_at.store(0, Ordering::SeqCst);
                state.time.fetch_add(1, Ordering::SeqCst);
            }
        }
    }
    let cut = state.time.load(Ordering::SeqCst) != time;
    // The other side may be gone already.
    to.shutdown(if cut { Shutdown::Both } else { Shutdown::Write }).ok();
    if cut {
        from.shutdown(Shutdown::Both).ok();
    }
}

fn spawn(work: impl FnOnce() + Send + 'static) {
    Builder::new().name("gate".to_owned()).spawn(work).unwrap();
}
