//! How a lane waits, and how long it has; for its turn under a speed limit like for anything else, but nobody's silence counts.

use std::{
    io::{self, ErrorKind},
    time::{Duration, Instant},
};

use polling::Event;

use super::{SocketLink, TICK, beside, gone};
use crate::transfer::pace::{Pace, Turn};

impl SocketLink {
    /// From now on bodies move at this pace, together with those of all other links that have it.
    pub fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
    }

    /// How many of `wanted` bytes may go now. 0: none, and a moment has passed.
    pub(super) fn next_turn(&mut self, wanted: usize) -> io::Result<usize> {
        match self.pace.take(wanted) {
            Turn::Now(granted) => Ok(granted),
            Turn::Later(pause) if self.rest(pause)? => Ok(0),
            // What a peer that is gone has left behind lies on this device already: no network is spared by a wait.
            Turn::Later(_) => Ok(wanted),
        }
    }

    /// Lets at most `pause` pass without reading, so that a peer that sends too fast is made to wait by TCP; what was
    /// gathered and pings leave. False when the peer is gone. A wait of our own making says nothing about the peer, so its
    /// silence is not measured here.
    fn rest(&mut self, pause: Duration) -> io::Result<bool> {
        self.check_limits()?;
        self.stands_still();
        if self.poll_output().is_err() {
            // What it said before it left is read first; then the end shows.
            return Ok(false);
        }
        let interest = Event::new(0, false, self.has_unsent());
        self.poller.modify(self.transport.stream(), interest).map_err(gone)?;
        match self.wait_for_events(pause.min(TICK)) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(gone(error)),
            _ => {}
        }
        self.check_limits()?;
        let is_gone = |event: Event| event.key != beside::KEY && (event.is_interrupt() || event.is_err() == Some(true));
        Ok(!self.events.iter().any(is_gone))
    }

    /// Waits at most so long for what was asked of the poller, and counts that.
    pub(super) fn wait_for_events(&mut self, most: Duration) -> io::Result<()> {
        self.events.clear();
        let since = Instant::now();
        let waited = self.poller.wait(&mut self.events, Some(most));
        self.waited += since.elapsed();
        waited.map(drop)
    }
}
