//! Finding out for another device whether it can be reached: one connection and one TLS handshake back to where it came from.

use std::{
    net::SocketAddr,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use crossbeam_channel::Sender;

use crate::{
    crypto::tls::Tls,
    model::device_key::DeviceKey,
    transfer::{lane::Farewell, limits::Limits, link::Link},
    wire::header::Message,
};

use super::{
    cancel::CancelFlag,
    closer,
    dial::{Connected, connect_within},
    link::SocketLink,
    note::Note,
};

/// Both together have this long: whoever asked waits for it.
const LIMIT: Duration = Duration::from_secs(4);

/// What a thread that dials back has to know.
pub struct DialBack {
    /// To whoever asked.
    pub link: SocketLink,
    /// Where it came from, with the port that it named. Nothing else of it was said by the peer.
    pub to: SocketAddr,
    /// What it has shown: only who shows the same there was reached.
    pub key: DeviceKey,
    /// It is told what time it is here.
    pub tells_clock: bool,
    pub tls: Tls,
    /// Set when the engine stops.
    pub stop: CancelFlag,
    pub limits: Limits,
    pub notes: Sender<Note>,
}

impl DialBack {
    /// Dials back, answers and closes both connections.
    pub fn run(self) {
        let reachable = self.reaches();
        let last = Some(probed(Some(reachable), self.tells_clock));
        closer::close_here(self.link, &Farewell { last, ..Farewell::default() });
    }

    fn reaches(&self) -> bool {
        let deadline = Instant::now() + LIMIT;
        let Ok(Connected { stream, .. }) = connect_within(&[self.to], LIMIT, &self.stop) else { return false };
        let Ok(mut link) = SocketLink::new(stream, self.stop.clone(), self.limits, self.notes.clone()) else {
            return false;
        };
        // Whom it finds there is not told our opinion: a handshake that is complete and a silent goodbye disturb nobody.
        let Ok(session) = self.tls.call(None) else { return false };
        link.set_deadline(Some(deadline));
        let reached = link.seal(session).is_ok_and(|established| established.peer == self.key);
        link.shut_writing();
        reached
    }
}

/// The answer to `probe`.
pub fn probed(reachable: Option<bool>, tells_clock: bool) -> Message {
    Message::Probed { reachable, clock: tells_clock.then(clock) }
}

/// Milliseconds since 1970, by this computer's clock.
pub fn clock() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
