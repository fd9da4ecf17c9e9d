//! What the sealed session promises, tried between two sessions in memory.

mod handshake;
mod stream;

use std::sync::Arc;

use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection};

use super::{
    identity::Identity,
    session::{Session, SessionError},
    tls::Tls,
};

fn tls() -> Tls {
    Tls::new(&Identity::make().unwrap().0).unwrap()
}

#[test]
fn sessions_go_from_thread_to_thread() {
    fn goes<T: Send>() {}
    fn is_shared<T: Send + Sync + Clone>() {}
    goes::<Session>();
    is_shared::<Tls>();
    is_shared::<Identity>();
}

/// Two sessions that have shaken hands.
fn pair() -> (Session, Session) {
    let (mut dialer, mut listener) = (tls().call(None).unwrap(), tls().answer().unwrap());
    shake_hands(&mut dialer, &mut listener).unwrap();
    (dialer, listener)
}

/// Everything that `session` wants to write now.
fn written(session: &mut Session) -> Vec<u8> {
    let mut bytes = Vec::new();
    while session.wants_write() {
        session.write_tls(&mut bytes).unwrap();
    }
    bytes
}

/// Feeds all of `raw` and returns the plaintext that came out of it.
fn feed_all(session: &mut Session, mut raw: &[u8]) -> Result<Vec<u8>, SessionError> {
    let mut plain = Vec::new();
    let mut buffer = vec![0; 40_000];
    while !raw.is_empty() {
        let fed = session.feed(raw)?;
        raw = &raw[fed..];
        let before = plain.len();
        while session.has_plain() {
            let read = session.read_plain(&mut buffer);
            plain.extend_from_slice(&buffer[..read]);
        }
        assert!(fed > 0 || plain.len() > before, "a session that takes nothing and gives nothing");
    }
    Ok(plain)
}

/// Carries bytes both ways until neither side has any left; no plaintext may come out. The error with the side that had it.
fn shake_hands(dialer: &mut Session, listener: &mut Session) -> Result<(), (&'static str, SessionError)> {
    while dialer.wants_write() || listener.wants_write() {
        let raw = written(dialer);
        assert!(feed_all(listener, &raw).map_err(|error| ("listener", error))?.is_empty());
        let raw = written(listener);
        assert!(feed_all(dialer, &raw).map_err(|error| ("dialer", error))?.is_empty());
    }
    Ok(())
}

/// As `shake_hands`, but goes on after an error, so that the other side hears of it: the errors of dialer and listener.
fn fail_to_shake_hands(dialer: &mut Session, listener: &mut Session) -> [Option<SessionError>; 2] {
    let (mut at_dialer, mut at_listener) = (None, None);
    while dialer.wants_write() || listener.wants_write() {
        let raw = written(dialer);
        at_listener = at_listener.or(feed_all(listener, &raw).err());
        let raw = written(listener);
        at_dialer = at_dialer.or(feed_all(dialer, &raw).err());
    }
    [at_dialer, at_listener]
}

fn call_with(config: ClientConfig) -> Session {
    let name = "sealdrop".try_into().unwrap();
    Session::over(Connection::Client(ClientConnection::new(Arc::new(config), name).unwrap()))
}

fn answer_with(config: ServerConfig) -> Session {
    Session::over(Connection::Server(ServerConnection::new(Arc::new(config)).unwrap()))
}

/// Type and body of each record in `raw` (RFC 8446 section 5.1).
fn records(mut raw: &[u8]) -> Vec<(u8, &[u8])> {
    let mut found = Vec::new();
    while let [kind, _, _, high, low, rest @ ..] = raw {
        let (body, after) = rest.split_at(usize::from(u16::from_be_bytes([*high, *low])));
        found.push((*kind, body));
        raw = after;
    }
    assert!(raw.is_empty());
    found
}
