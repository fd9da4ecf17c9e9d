//! `Read`, `Write` and `Link` of a `SocketLink`: the face that lanes see.

use std::{
    io::{self, ErrorKind, Read, Write},
    time::{Duration, Instant},
};

use super::{Body, GATHER_BYTES, SocketLink, gone};
use crate::transfer::{
    limits::Limits,
    link::{Held, Link, Wake, Way, Wrote},
};

/// Reads of at least this many bytes go straight into the caller's buffer: a copy by way of the inbox would cost more than
/// the calls it saves.
const DIRECT_BYTES: usize = 4 << 10;

impl Read for SocketLink {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(read) = self.read_some(buffer)? {
                return Ok(read);
            }
        }
    }
}

impl SocketLink {
    /// Reads what is there without waiting. Large reads go straight into the caller's buffer, small ones by way of the inbox.
    pub(super) fn read_now(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        loop {
            if self.cancel.is_set() {
                return Err(self.ended_here());
            }
            if !self.inbox.is_empty() {
                return self.inbox.read(buffer).map(Some);
            }
            if self.ended {
                return self.broken.clone().map_or(Ok(Some(0)), |end| Err(end.into()));
            }
            self.check_limits()?;
            if buffer.len() < DIRECT_BYTES {
                if self.fill() {
                    continue;
                }
                return Ok(None);
            }
            match self.transport.read(buffer) {
                Ok(n) => {
                    self.ended = n == 0;
                    self.received();
                    self.send_what_is_due();
                    return Ok(Some(n));
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(gone(error)),
            }
        }
    }
}

impl Write for SocketLink {
    /// Takes all of `bytes`, or fails without having taken any.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.outbox.len() - self.left + bytes.len() > GATHER_BYTES {
            self.flush()?;
        }
        self.outbox.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        loop {
            self.push_out(&[])?;
            self.push_beside()?;
            if !self.has_unsent() && !self.beside.has_unsent() {
                return Ok(());
            }
            self.poll(self.has_unsent())?;
            self.poll_more();
        }
    }
}

impl Link for SocketLink {
    fn pending(&mut self) -> bool {
        self.poll_input()
    }

    fn wait(&mut self) -> io::Result<Wake> {
        self.take_joined();
        self.stands_still();
        self.poll_output()?;
        if self.poll_input() {
            return Ok(Wake::Input);
        }
        self.poll(self.has_unsent())?;
        self.poll_output()?;
        Ok(if self.poll_input() { Wake::Input } else { Wake::Woken })
    }

    fn write_some(&mut self, bytes: &[u8]) -> io::Result<Wrote> {
        if self.cancel.is_set() {
            return Err(self.ended_here());
        }
        if self.outbox.len() - self.left + bytes.len() <= GATHER_BYTES {
            self.outbox.extend_from_slice(bytes);
            return Ok(Wrote::Bytes(bytes.len()));
        }
        let known = self.inbox.len();
        loop {
            let taken = self.push_out(bytes)?;
            if taken > 0 {
                return Ok(Wrote::Bytes(taken));
            }
            self.poll(true)?;
            self.poll_more();
            if self.inbox.len() > known {
                return Ok(Wrote::Input);
            }
        }
    }

    fn read_some(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        if buffer.is_empty() {
            return Ok(Some(0));
        }
        let read = self.read_now(buffer)?;
        if read.is_none() {
            self.poll_output()?;
            self.poll(self.has_unsent())?;
            // What came meanwhile is there at once.
            return self.read_now(buffer);
        }
        Ok(read)
    }

    fn tick(&mut self) -> io::Result<()> {
        self.check_limits()?;
        self.poll_output()
    }

    fn admit(&mut self, wanted: usize) -> io::Result<usize> {
        self.take_joined();
        let admitted = self.next_turn(wanted)?;
        self.spread(admitted);
        Ok(admitted)
    }

    fn next_way(&mut self) -> io::Result<Way> {
        self.way()
    }

    fn write_beside(&mut self, number: u32, bytes: &[u8]) -> io::Result<()> {
        self.put_beside(number, bytes)
    }

    fn has_beside(&mut self, number: u32) -> bool {
        self.is_beside(number)
    }

    fn read_beside(&mut self, number: u32, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        self.get_beside(number, buffer)
    }

    fn held(&self) -> Option<Held> {
        self.hold.get()
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn waited(&self) -> Duration {
        self.waited
    }

    fn queued(&self) -> usize {
        self.outbox.len() - self.left
    }

    fn set_in_body(&mut self, in_body: bool) {
        self.body = if in_body { Body::Flows } else { Body::None };
    }

    fn set_at_border(&mut self, at_border: bool) {
        if self.body != Body::None {
            self.body = if at_border { Body::StandsStill } else { Body::Flows };
        }
    }

    fn set_deadline(&mut self, deadline: Option<Instant>) {
        self.deadline = deadline;
    }
}

#[cfg(test)]
mod tests {
    use std::{
        net::{Ipv4Addr, TcpListener, TcpStream},
        time::Duration,
    };

    use socket2::SockRef;

    use super::*;
    use crate::engine::{cancel::CancelFlag, link::TICK};

    fn connected() -> (TcpStream, TcpStream) {
        let door = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let peer = TcpStream::connect_timeout(&door.local_addr().unwrap(), Duration::from_secs(5)).unwrap();
        peer.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        (peer, door.accept().unwrap().0)
    }

    #[test]
    fn whoever_never_waits_for_bytes_says_ping_all_the_same() {
        let (mut peer, stream) = connected();
        let (notes, _heard) = crossbeam_channel::bounded(1);
        let limits = Limits { ping: Duration::ZERO, ..Limits::default() };
        let mut link = SocketLink::new(stream, CancelFlag::default(), limits, notes).unwrap();
        link.set_ping(Some(b"ping".to_vec()));
        peer.write_all(&[7; 8192]).unwrap();
        // All bytes are there before they are asked for.
        while link.stream().peek(&mut [0; 8192]).unwrap_or(0) < 8192 {}
        assert!(link.read(&mut [0; 8192]).unwrap() > 0);
        let mut said = [0; 4];
        peer.read_exact(&mut said).unwrap();
        assert_eq!(&said, b"ping");
    }

    #[test]
    fn what_has_left_is_not_kept_though_there_is_always_more() {
        let (mut peer, stream) = connected();
        let (notes, _heard) = crossbeam_channel::bounded(1);
        // So little fits at once that the rest never leaves whole.
        SockRef::from(&peer).set_recv_buffer_size(4 << 10).unwrap();
        SockRef::from(&stream).set_send_buffer_size(4 << 10).unwrap();
        let mut link = SocketLink::new(stream, CancelFlag::default(), Limits::default(), notes).unwrap();
        let (piece, mut heard) = ([7; 8 << 10], [0; 1 << 10]);
        let (mut said, mut taken, mut most) = (0, 0, 0);
        while taken < 3 * GATHER_BYTES {
            while link.queued() < 4 * piece.len() {
                said += link.write(&piece).unwrap();
            }
            link.push_out(&[]).unwrap();
            most = most.max(link.outbox.len());
            taken += peer.read(&mut heard).unwrap();
        }
        assert!(said > taken);
        assert!(most <= 2 * GATHER_BYTES, "{most} bytes are held for {} that wait", 4 * piece.len());
    }

    #[test]
    fn room_is_used_before_the_system_speaks_of_it() {
        let (mut peer, stream) = connected();
        let (notes, _heard) = crossbeam_channel::bounded(1);
        let mut link = SocketLink::new(stream, CancelFlag::default(), Limits::default(), notes).unwrap();
        let (piece, mut heard) = (vec![7; 64 << 10], vec![0; 64 << 10]);
        let fill = |link: &mut SocketLink| while link.push_out(&piece).unwrap() > 0 {};
        fill(&mut link);
        let mut shortest = TICK;
        for _ in 0..10 {
            // Less than a third of what waits.
            peer.read_exact(&mut heard).unwrap();
            link.waited = Duration::ZERO;
            link.poll(true).unwrap();
            shortest = shortest.min(link.waited());
            fill(&mut link);
        }
        assert!(shortest < TICK / 2, "{shortest:?}");
    }
}
