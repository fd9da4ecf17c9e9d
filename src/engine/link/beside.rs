//! The further connections of a transfer: what a body's bytes go over besides the first one, so that a long way that loses is
//! filled. The first one says where each piece goes; the others hold nothing but the pieces.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use crossbeam_channel::Receiver;
use polling::{Event, Poller};

use super::{GATHER_BYTES, SocketLink, seen};
use crate::{
    engine::{cancel::CancelFlag, poll::watch},
    transfer::{
        link::Way,
        spread::{self, Spread},
    },
};

/// What the system is to hold of each connection without having sent it: the next pieces go where there is room by then.
#[cfg(any(target_os = "android", target_os = "linux"))]
const NOT_SENT: u32 = 128 << 10;

/// How often it is looked at whether more of them would help.
const LOOK: Duration = Duration::from_millis(10);

/// What all of them are called in the poll of the first one, whose own name is 0.
pub(super) const KEY: usize = 1;

/// A further connection that stands: both sides have said `lane`, or this side has to say it.
pub struct Joined {
    pub number: u32,
    pub link: SocketLink,
    /// What this side still has to say.
    pub answer: Option<Vec<u8>>,
}

/// All further connections of a link.
#[derive(Default)]
pub(super) struct Beside {
    lanes: Vec<Lane>,
    /// New ones come from here.
    joining: Option<Receiver<Joined>>,
    /// The sender's: decides how many there are to be.
    opener: Option<Opener>,
    /// That of them which is waited for.
    awaited: Option<u32>,
    /// Of the way to the other side, if this side has called.
    round_trip: Option<Duration>,
}

struct Lane {
    number: u32,
    link: SocketLink,
}

struct Opener {
    spread: Spread,
    /// When it was asked last.
    looked: Option<Instant>,
    /// What is given to the first connection is little since then.
    is_wary: bool,
    /// None if the other side has called: nobody knows where it would answer.
    dial: Option<Box<dyn Fn(u32) + Send>>,
    /// So many have been dialled, and so many are to be used.
    dialled: usize,
    wanted: usize,
    /// Bytes that were sent.
    moved: u64,
}

impl Beside {
    /// Lets `poller` wake whoever waits for room in one of them, or for bytes of the one that is waited for.
    pub(super) fn watch(&self, poller: &Poller) -> io::Result<()> {
        for Lane { number, link } in &self.lanes {
            let (readable, writable) = (self.awaited == Some(*number) && !link.ended, link.has_unsent());
            if readable || writable {
                poller.modify(link.stream(), Event::new(KEY, readable, writable))?;
            }
        }
        Ok(())
    }

    pub(super) fn is_awaited(&self) -> bool {
        self.awaited.is_some()
    }

    pub(super) fn has_unsent(&self) -> bool {
        self.lanes.iter().any(|lane| lane.link.has_unsent())
    }

    fn lane(&mut self, number: u32) -> Option<&mut SocketLink> {
        self.lanes.iter_mut().find(|lane| lane.number == number).map(|lane| &mut lane.link)
    }

    fn join(&mut self, joined: Joined, cancel: &CancelFlag, poller: &Arc<Poller>) {
        let Joined { number, mut link, answer } = joined;
        let is_new = self.lanes.len() < spread::MOST && self.lanes.iter().all(|lane| lane.number != number);
        // Nobody says anything over it before the answer; whoever is not taken is closed.
        if !is_new || !link.peek().is_empty() || link.wake_by(poller).is_err() {
            return;
        }
        link.set_cancel(cancel.clone());
        link.set_ping(None);
        link.deadline = None;
        link.hold_little_back();
        link.outbox.extend(answer.unwrap_or_default());
        // The other side waits for it, while this one may not wait for anything for long. A failure is found when it is used.
        link.push_out(&[]).ok();
        self.lanes.push(Lane { number, link });
    }

    /// One that has room for more.
    fn with_room(&mut self) -> Option<u32> {
        let wanted = self.opener.as_ref().map_or(0, |opener| opener.wanted);
        let free = |lane: &&Lane| lane.link.unsent() < GATHER_BYTES;
        self.lanes.iter().take(wanted).find(free).map(|lane| lane.number)
    }
}

impl SocketLink {
    pub fn set_round_trip(&mut self, round_trip: Duration) {
        self.beside.round_trip = Some(round_trip);
    }

    /// If this side has called.
    pub fn round_trip(&self) -> Option<Duration> {
        self.beside.round_trip
    }

    /// What the shortest round trip took, if the system says that.
    pub fn least_round_trip(&self) -> Option<Duration> {
        seen::seen(self.stream()).map(|seen| seen.least)
    }

    /// From now on further connections may come out of `joining`.
    pub fn set_joining(&mut self, joining: Receiver<Joined>) {
        self.beside.joining = Some(joining);
    }

    /// From now on bodies go over as many connections as help: `dial` is asked for each, and brings it by way of `joining`.
    /// Where the system has something better against losses, or nobody can be dialled, one it is.
    pub fn set_spread(&mut self, spread: Spread, dial: Option<Box<dyn Fn(u32) + Send>>) {
        self.beside.opener =
            Some(Opener { spread, looked: None, is_wary: false, dial, dialled: 0, wanted: 0, moved: 0 });
    }

    /// Whether there are any.
    pub fn has_several(&self) -> bool {
        !self.beside.lanes.is_empty()
    }

    /// Closes all of them, with what they have not sent. None come any more.
    pub fn close_beside(&mut self) {
        self.beside = Beside::default();
    }

    /// Leaves its own poll for that of the first connection: each handle counts when there are many.
    fn wake_by(&mut self, poller: &Arc<Poller>) -> io::Result<()> {
        self.poller.delete(self.stream())?;
        self.poller = Arc::clone(poller);
        watch(poller, self.stream(), Event::none(KEY))
    }

    /// Takes those in that have come.
    pub(super) fn take_joined(&mut self) {
        while let Some(joined) = self.beside.joining.as_ref().and_then(|joining| joining.try_recv().ok()) {
            self.beside.join(joined, &self.cancel, &self.poller);
        }
    }

    /// `bytes` more go out: opens further connections when that may help.
    pub(super) fn spread(&mut self, bytes: usize) {
        let Some(opener) = &mut self.beside.opener else { return };
        opener.moved += bytes as u64;
        let now = Instant::now();
        if opener.looked.is_some_and(|looked| now - looked < LOOK) {
            return;
        }
        opener.looked = Some(now);
        let seen = seen::seen(self.transport.stream());
        opener.wanted = opener.spread.wanted(opener.moved, self.beside.lanes.len(), seen.as_ref(), now);
        let is_first = opener.dialled == 0 && opener.spread.is_needed();
        if is_first && (seen::bear_losses(self.transport.stream()) || opener.dial.is_none()) {
            self.beside.opener = None;
            return;
        }
        let is_wary_now = opener.spread.is_wary() && !opener.is_wary;
        opener.is_wary |= is_wary_now;
        let Some(dial) = &opener.dial else { return };
        while opener.dialled < opener.wanted {
            opener.dialled += 1;
            dial(u32::try_from(opener.dialled).unwrap_or(u32::MAX));
        }
        if is_wary_now {
            self.hold_little_back();
        }
    }

    /// Nothing goes out for a while, for other reasons than the way.
    pub(super) fn stands_still(&mut self) {
        if let Some(opener) = &mut self.beside.opener {
            opener.spread.stood_still(Instant::now());
        }
    }

    /// Sends what the further connections can send without waiting.
    pub(super) fn push_beside(&mut self) -> io::Result<()> {
        self.beside.lanes.iter_mut().try_for_each(|lane| lane.link.push_out(&[]).map(drop))
    }

    pub(super) fn way(&mut self) -> io::Result<Way> {
        self.push_beside()?;
        // Those that were opened in vain stay, and carry nothing more.
        if self.beside.lanes.is_empty() || self.beside.opener.as_ref().is_none_or(|opener| opener.wanted == 0) {
            return Ok(Way::Here);
        }
        if self.cancel.is_set() {
            return Err(self.ended_here());
        }
        let known = self.inbox.len();
        loop {
            // What stands where is told at once: nothing of it can be used before.
            self.push_out(&[])?;
            self.push_beside()?;
            if let Some(number) = self.beside.with_room() {
                return Ok(Way::Beside(number));
            }
            self.poll(self.has_unsent())?;
            self.poll_more();
            if self.ended || self.inbox.len() > known {
                return Ok(Way::Input);
            }
        }
    }

    pub(super) fn put_beside(&mut self, number: u32, bytes: &[u8]) -> io::Result<()> {
        let Some(lane) = self.beside.lane(number) else { return Ok(()) };
        lane.outbox.extend_from_slice(bytes);
        lane.push_out(&[])?;
        Ok(())
    }

    pub(super) fn is_beside(&mut self, number: u32) -> bool {
        self.take_joined();
        self.beside.lane(number).is_some()
    }

    /// Reads what has come over a further connection, waiting no longer than a moment.
    pub(super) fn get_beside(&mut self, number: u32, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        for _ in 0..2 {
            let Some(lane) = self.beside.lane(number) else { return Ok(Some(0)) };
            if let Some(read) = lane.read_now(buffer)? {
                self.received();
                self.send_what_is_due();
                return Ok(Some(read));
            }
            self.poll_output()?;
            // Room for what the first connection says meanwhile.
            self.poll_more();
            self.beside.awaited = Some(number);
            let polled = self.poll(self.has_unsent());
            self.beside.awaited = None;
            polled?;
        }
        Ok(None)
    }

    /// Bytes that wait for room in the socket.
    fn unsent(&self) -> usize {
        self.outbox.len() - self.left + usize::from(self.transport.has_unsent()) * GATHER_BYTES
    }

    #[cfg(any(target_os = "android", target_os = "linux"))]
    fn hold_little_back(&self) {
        // Where it is refused the next pieces go where there was room earlier.
        socket2::SockRef::from(self.stream()).set_tcp_notsent_lowat(NOT_SENT).ok();
    }

    #[cfg(not(any(target_os = "android", target_os = "linux")))]
    fn hold_little_back(&self) {}
}

#[cfg(test)]
mod tests {
    use std::{
        io::Read,
        net::{Ipv4Addr, TcpListener, TcpStream},
    };

    use super::{
        super::{INBOX_BYTES, READ_BYTES},
        *,
    };
    use crate::transfer::{
        limits::Limits,
        link::{Link, LinkEnd, Wrote},
    };

    /// A link with one further connection, and the other ends of both.
    fn with_further(limits: &Limits) -> (SocketLink, [TcpStream; 2]) {
        let door = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (notes, _heard) = crossbeam_channel::bounded(1);
        let [(mut link, first), (further, other)] = [(), ()].map(|()| {
            let far = TcpStream::connect_timeout(&door.local_addr().unwrap(), Duration::from_secs(5)).unwrap();
            let near = door.accept().unwrap().0;
            (SocketLink::new(near, CancelFlag::default(), *limits, notes.clone()).unwrap(), far)
        });
        let (joined, joining) = crossbeam_channel::bounded(1);
        link.set_joining(joining);
        joined.send(Joined { number: 9, link: further, answer: None }).unwrap();
        assert!(link.is_beside(9));
        (link, [first, other])
    }

    #[test]
    fn a_wait_for_a_further_connection_is_one_also_when_the_first_was_reset() {
        let (mut link, [first, _other]) = with_further(&Limits::default());
        socket2::SockRef::from(&first).set_linger(Some(Duration::ZERO)).unwrap();
        drop(first);
        let begin = Instant::now();
        while !link.poll_more() {
            assert!(begin.elapsed() < Duration::from_secs(5));
        }
        let (begin, mut waits) = (Instant::now(), 0);
        while begin.elapsed() < Duration::from_millis(500) {
            assert_eq!(link.get_beside(9, &mut [0; 8192]).unwrap(), None);
            waits += 1;
        }
        assert!(waits < 20, "{waits} waits in half a second");
    }

    #[test]
    fn a_further_connection_that_says_nothing_is_not_waited_for_when_the_first_is_over() {
        let soon = Duration::from_millis(300);
        let (mut link, [first, _other]) = with_further(&Limits { silence: soon, ..Limits::default() });
        first.shutdown(std::net::Shutdown::Write).unwrap();
        ends_as_silent(&mut link);
    }

    #[test]
    fn no_more_is_read_ahead_while_a_further_connection_says_nothing() {
        let soon = Duration::from_millis(300);
        let (mut link, [mut first, _other]) = with_further(&Limits { silence: soon, ..Limits::default() });
        std::thread::Builder::new()
            .spawn(move || while std::io::Write::write_all(&mut first, &[7; 8192]).is_ok() {})
            .unwrap();
        ends_as_silent(&mut link);
        assert!(link.peek().len() < INBOX_BYTES + READ_BYTES, "{}", link.peek().len());
    }

    #[test]
    fn a_further_connection_needs_no_poll_of_its_own() {
        let (link, _others) = with_further(&Limits::default());
        assert!(Arc::ptr_eq(&link.poller, &link.beside.lanes[0].link.poller));
    }

    #[test]
    fn a_sender_that_always_finds_room_sees_a_cancel() {
        let (mut link, _others) = with_further(&Limits::default());
        let limits = Limits { lanes_at_least: 4, long_way: Duration::ZERO, ..Limits::default() };
        let spread = Spread::over(Duration::from_secs(1), &limits).unwrap();
        link.set_spread(spread, Some(Box::new(|_| {})));
        link.spread(2 << 20);
        assert_eq!(link.way().unwrap(), Way::Beside(9));
        link.cancel.set();
        assert_eq!(LinkEnd::of(&link.way().unwrap_err()), LinkEnd::Cancelled);
    }

    #[test]
    fn what_was_named_is_sent_also_when_further_connections_are_given_up() {
        let (mut link, [mut first, mut further]) = with_further(&Limits::default());
        let named = vec![5; 16 << 20];
        link.put_beside(9, &named).unwrap();
        // The other side reads all that was named before anything else.
        let reader = std::thread::Builder::new().spawn(move || {
            further.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
            let whole = further.read_exact(&mut vec![0; 16 << 20]).is_ok();
            let mut taken = vec![0; 1 << 20];
            while let Ok(1..) = first.read(&mut taken) {}
            whole
        });
        assert_eq!(link.way().unwrap(), Way::Here);
        for _ in 0..1000 {
            let mut rest = &named[..64 << 10];
            while !rest.is_empty() {
                let Wrote::Bytes(wrote) = link.write_some(rest).unwrap() else { continue };
                rest = &rest[wrote..];
            }
        }
        drop(link);
        assert!(reader.unwrap().join().unwrap());
    }

    fn ends_as_silent(link: &mut SocketLink) {
        let begin = Instant::now();
        let error = loop {
            match link.get_beside(9, &mut [0; 8192]) {
                Ok(read) => assert_eq!(read, None),
                Err(error) => break error,
            }
            assert!(begin.elapsed() < Duration::from_secs(3), "waits on");
        };
        assert_eq!(LinkEnd::of(&error), LinkEnd::Silent(0));
    }
}
