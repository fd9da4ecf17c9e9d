//! Calling another Sealdrop: look up, connect, TLS, hello, and whether it is the device that it should be.

use std::{
    net::{SocketAddr, TcpStream},
    time::Instant,
};

use crossbeam_channel::Sender;

use crate::{
    crypto::{
        error::CryptoError,
        session::{Established, Session, SessionError},
        short_code::{Comparison, Nonce, commitment},
        tls::Tls,
    },
    model::{
        book::{Book, Standing},
        device::{MAX_SHOWN_NAME_CHARS, PeerAddr, shown_text},
        device_key::DeviceKey,
        reason::{Reason, ReasonCode, Side},
        transfer::{Direction, Stage, TransferKey},
    },
    storage::{devices_file, profile::Profile},
    transfer::{
        compare::Comparing,
        greet::{self, Me},
        lane::{Farewell, LaneError, last_word},
        limits::Limits,
        link::{Link, LinkEnd},
    },
    wire::header::{Hello, Message},
};

use super::{
    cancel::CancelFlag,
    closer,
    dial::{self, Connected},
    link::SocketLink,
    messages::KeyWarning,
    note::{Introduced, Note},
};

/// What everybody needs who opens a sealed session.
#[derive(Clone)]
pub struct Seal {
    pub me: Me,
    pub tls: Tls,
    /// Where the device book is.
    pub profile: Profile,
}

impl Seal {
    /// The device book as it is now.
    ///
    /// # Errors
    /// It cannot be read, or was damaged and lies aside since this moment, which is told: nobody may pass for a stranger
    /// because of that.
    pub fn book(&self, notes: &Sender<Note>) -> Result<Book, LaneError> {
        let loaded = devices_file::load(&self.profile);
        let Some(kept_at) = loaded.damaged else { return Ok(loaded.book) };
        // A dispatch that shuts down does not hear it; the file stays where it is.
        notes.send(Note::DevicesDamaged(kept_at)).ok();
        Err(LaneError::Local(Reason::here(ReasonCode::Io, "the list of devices could not be read")))
    }
}

/// Whom to call, and what that takes.
pub struct Call {
    pub key: TransferKey,
    pub to: PeerAddr,
    /// Where else it may be.
    pub also: Vec<PeerAddr>,
    /// The only key to speak to.
    pub expect: Option<DeviceKey>,
    /// For the code's own sake: also with a device that is verified on both sides.
    pub always_compare: bool,
    /// Another key than the expected one was told of before.
    pub quiet: bool,
    pub seal: Seal,
    pub cancel: CancelFlag,
    pub limits: Limits,
    pub notes: Sender<Note>,
}

/// A sealed session with somebody who answered.
pub struct Met {
    pub link: SocketLink,
    /// For the code; nothing when each side has verified the other.
    pub comparing: Option<Comparing>,
}

impl Call {
    /// Connects and greets. `PeerKnown` is told on the way, and `WrongKey` when it is somebody else.
    ///
    /// # Errors
    /// Why not; what was owed to the peer has been said.
    pub fn meet(&self, stage: &dyn Fn(Stage)) -> Result<Met, Reason> {
        let (met, introduced) = self.reach(stage, || self.seal.tls.call(self.expect))?;
        self.tell(Note::PeerKnown { key: self.key, introduced });
        Ok(met)
    }

    /// As `meet`, only to see whether `key` is there: nothing is told here, and nothing to anybody else who answers.
    ///
    /// # Errors
    /// As `meet`; another key is a failure like any other.
    pub fn look_for(&self, key: DeviceKey) -> Result<Met, Reason> {
        self.reach(&|_stage| {}, || self.seal.tls.look_for(key)).map(|(met, _)| met)
    }

    fn reach(
        &self,
        stage: &dyn Fn(Stage),
        session: impl Fn() -> Result<Session, CryptoError>,
    ) -> Result<(Met, Introduced), Reason> {
        stage(Stage::Resolving);
        let places: Vec<PeerAddr> = std::iter::once(&self.to).chain(&self.also).cloned().collect();
        let mut addresses = dial::resolve_all(&places, &self.cancel)?;
        loop {
            stage(Stage::Connecting);
            let Connected { stream, round_trip } = dial::connect(&addresses, &self.cancel)?;
            let others = without(&addresses, &stream);
            let is_last = self.also.is_empty() || others.is_empty();
            let mut link = SocketLink::new(stream, self.cancel.clone(), self.limits, self.notes.clone())
                .map_err(|error| Reason::here(ReasonCode::Internal, error.to_string()))?;
            link.set_round_trip(round_trip);
            stage(Stage::Offering);
            match session().map_err(broken_tls).and_then(|session| self.greet(&mut link, session, is_last)) {
                Ok((comparing, introduced)) => return Ok((Met { link, comparing }, introduced)),
                Err(error) if is_last || !may_be_elsewhere(&error.reason()) => return Err(give_up(link, error)),
                // An address that it had once, or that somebody made up: it may be at the next one.
                Err(error) => drop(give_up(link, error)),
            }
            addresses = others;
        }
    }

    /// `is_last`: nobody else is asked after this one, so that a wrong key is worth a warning.
    fn greet(
        &self,
        link: &mut SocketLink,
        session: Session,
        is_last: bool,
    ) -> Result<(Option<Comparing>, Introduced), LaneError> {
        link.set_deadline(Some(Instant::now() + link.limits().hello));
        let established = link.seal(session).map_err(|error| self.not_established(error, is_last))?;
        let book = self.seal.book(&self.notes)?;
        let verified = book.device(established.peer).is_some();
        let nonce = Nonce::fresh().map_err(broken_tls)?;
        let hello = greet::greet_first(link, &self.seal.me, commitment(&nonce), verified)?;
        link.set_deadline(None);
        self.check_name(&book, &established, &hello)?;
        let comparison = self.comparison(&established);
        let both = verified && hello.verified == Some(true);
        let comparing = (!both || self.always_compare).then(|| Comparing::dialer(comparison, nonce));
        Ok((comparing, self.introduced(link, &established, &hello, verified)))
    }

    fn comparison(&self, established: &Established) -> Comparison {
        let own = self.seal.tls.own_key();
        Comparison { exporter: established.exporter, dialer: own, listener: established.peer }
    }

    fn introduced(&self, link: &SocketLink, established: &Established, hello: &Hello, verified: bool) -> Introduced {
        let answered = link.peer_addr().ok();
        let is_it =
            |place: &&PeerAddr| answered.is_some_and(|at| at.port() == place.port && place.host.parse() == Ok(at.ip()));
        Introduced {
            at: self.also.iter().find(is_it).unwrap_or(&self.to).clone(),
            name: shown_text(hello.name.trim(), MAX_SHOWN_NAME_CHARS),
            os: shown_text(&hello.os, MAX_SHOWN_NAME_CHARS),
            key: established.peer,
            verified,
        }
    }

    /// What TLS found. Another key than that of a verified device is worth a warning.
    fn not_established(&self, error: SealError, is_last: bool) -> LaneError {
        match error {
            SealError::Link(LinkEnd::PeerGone(detail)) => {
                LaneError::Local(Reason::here(ReasonCode::NotSealdrop, detail))
            }
            SealError::Link(end) => LaneError::Link(end),
            SealError::Session(error) => {
                let (SessionError::WrongKey { met }, Some(expected)) = (&error, self.expect) else {
                    return LaneError::Link(LinkEnd::Sealed(error.reason()));
                };
                match name_of(&self.seal.profile, expected) {
                    Some(name) if is_last => self.warn(name, expected, *met, None),
                    Some(_) => {}
                    // The key stood in a link and nobody has confirmed it: nobody is accused.
                    None => return LaneError::Link(LinkEnd::Sealed(other_than_named(&error))),
                }
                LaneError::Link(LinkEnd::Sealed(error.reason()))
            }
        }
    }

    /// A key that nobody has verified, under a verified device's name.
    fn check_name(&self, book: &Book, established: &Established, hello: &Hello) -> Result<(), LaneError> {
        let standing = book.standing(established.peer, &hello.name);
        let Standing::TakesName { name, expected } = standing else { return Ok(()) };
        self.warn(name, expected, established.peer, Some(&hello.name));
        Err(takes_name())
    }

    fn warn(&self, name: String, expected: DeviceKey, met: DeviceKey, met_name: Option<&str>) {
        if self.quiet {
            return;
        }
        let warning = KeyWarning {
            name,
            expected,
            met,
            met_name: met_name.map(|name| shown_text(name.trim(), MAX_SHOWN_NAME_CHARS)),
            address: self.to.to_string(),
            direction: Direction::Outgoing,
        };
        self.tell(Note::WrongKey(warning));
    }

    fn tell(&self, note: Note) {
        // Dispatch hears all but the notes that come after a shutdown.
        self.notes.send(note).ok();
    }
}

/// Name of a verified device; nothing where nobody has confirmed `key`.
fn name_of(profile: &Profile, key: DeviceKey) -> Option<String> {
    let book = devices_file::load(profile).book;
    book.device(key).map(|device| device.name.clone())
}

fn other_than_named(error: &SessionError) -> Reason {
    Reason::here(ReasonCode::OtherKey, error.to_string())
}

/// The addresses that nobody has answered at yet; none when it is not known which one did.
fn without(addresses: &[SocketAddr], stream: &TcpStream) -> Vec<SocketAddr> {
    let answered = stream.peer_addr().ok();
    let others: Vec<SocketAddr> = addresses.iter().filter(|address| Some(**address) != answered).copied().collect();
    if others.len() < addresses.len() { others } else { Vec::new() }
}

/// Whether whoever answered is not who was called, or never says who it is: neither tells anything about other addresses.
fn may_be_elsewhere(reason: &Reason) -> bool {
    let is_nobody = matches!(reason.code, ReasonCode::ConnectionLost | ReasonCode::Timeout);
    let is_somebody_else = matches!(reason.code, ReasonCode::NotSealdrop | ReasonCode::OtherKey | ReasonCode::WrongKey);
    (is_nobody || is_somebody_else) && reason.side == Side::Here
}

/// The refusal of a key that comes under a verified device's name.
pub fn takes_name() -> LaneError {
    let detail = "a verified device has this name, and another key";
    LaneError::Local(Reason::here(ReasonCode::WrongKey, detail))
}

/// One answer for a transfer that is not there and for one that is somebody else's: strangers learn nothing.
pub fn unknown_transfer() -> Reason {
    Reason::here(ReasonCode::UnknownTransfer, "no such transfer with this device")
}

/// The refusal of a device that a person here has blocked.
pub fn blocked() -> Reason {
    Reason::here(ReasonCode::Blocked, "this device is blocked there")
}

/// The system has no randomness for us, or the like.
#[expect(clippy::needless_pass_by_value, reason = "used as a function for map_err")]
pub fn broken_tls(error: CryptoError) -> LaneError {
    LaneError::Local(Reason::here(ReasonCode::Internal, error.to_string()))
}

/// Ends a session that did not come about: reads what the peer said last, says what is owed to it.
pub fn give_up(mut link: SocketLink, error: LaneError) -> Reason {
    let error = last_word(&mut link, error);
    let last = error.abort().map(Message::Abort);
    closer::close(link, Farewell { last, ..Farewell::default() });
    error.reason()
}

/// Why a link was not sealed.
pub enum SealError {
    Link(LinkEnd),
    Session(SessionError),
}
