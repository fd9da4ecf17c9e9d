//! Who gets through the handshake, and who does not.

use proptest::prelude::*;
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use crate::{
    crypto::{provider::provider, tls::server_config},
    model::reason::{ReasonCode, Side},
};

use super::*;

#[test]
fn both_sides_see_the_other_ones_key_and_the_same_exporter() {
    let (dialer_tls, listener_tls) = (tls(), tls());
    for expect in [None, Some(listener_tls.own_key())] {
        let (mut dialer, mut listener) = (dialer_tls.call(expect).unwrap(), listener_tls.answer().unwrap());
        assert!(dialer.is_handshaking() && dialer.established().is_err());
        shake_hands(&mut dialer, &mut listener).unwrap();
        assert!(!dialer.is_handshaking() && !listener.is_handshaking());
        let (at_dialer, at_listener) = (dialer.established().unwrap(), listener.established().unwrap());
        assert_eq!((at_dialer.peer, at_listener.peer), (listener_tls.own_key(), dialer_tls.own_key()));
        assert_eq!(at_dialer.exporter, at_listener.exporter);
    }
}

#[test]
fn every_session_has_an_exporter_of_its_own() {
    let (dialer_tls, listener_tls) = (tls(), tls());
    let exporter = || {
        let (mut dialer, mut listener) = (dialer_tls.call(None).unwrap(), listener_tls.answer().unwrap());
        shake_hands(&mut dialer, &mut listener).unwrap();
        dialer.established().unwrap().exporter
    };
    assert_ne!(exporter(), exporter());
}

#[test]
fn another_key_than_the_expected_one_is_refused_before_our_certificate_leaves() {
    let (dialer_tls, listener_tls) = (tls(), tls());
    let (mut dialer, mut listener) = (dialer_tls.call(Some(tls().own_key())).unwrap(), listener_tls.answer().unwrap());
    let hello = written(&mut dialer);
    feed_all(&mut listener, &hello).unwrap();
    let answer = written(&mut listener);
    let refused = SessionError::WrongKey { met: listener_tls.own_key() };
    assert_eq!(feed_all(&mut dialer, &answer), Err(refused.clone()));
    assert_eq!((dialer.write_plain(b"secret"), dialer.established()), (0, Err(refused.clone())));

    // An encrypted alert has two bytes, the hidden record type and 16 bytes of authentication. There is nothing else.
    let last_words = written(&mut dialer);
    let records: Vec<(u8, usize)> = records(&last_words).into_iter().map(|(kind, body)| (kind, body.len())).collect();
    assert_eq!(records, [(CHANGE_CIPHER_SPEC, 1), (APPLICATION_DATA, 2 + 1 + 16)]);
    assert_eq!(feed_all(&mut listener, &last_words), Err(SessionError::RefusedByPeer));
    assert_eq!(listener.established(), Err(SessionError::RefusedByPeer));

    let (here, there) = (refused.reason(), SessionError::RefusedByPeer.reason());
    assert_eq!((here.code, here.side), (ReasonCode::WrongKey, Side::Here));
    assert_eq!((there.code, there.side), (ReasonCode::WrongKey, Side::There));
    assert!(here.detail.unwrap().contains(&listener_tls.own_key().grouped()));
}

#[test]
fn a_certificate_shown_by_somebody_who_lacks_its_key_is_refused() {
    let (owner, thief) = (Identity::make().unwrap().0, Identity::make().unwrap().0);
    let stolen = CertifiedKey::new(owner.certified().cert.clone(), Arc::clone(&thief.certified().key));
    let resolver = Arc::new(SingleCertAndKey::from(stolen));

    let mut config = server_config(&provider(), thief.certified()).unwrap();
    config.cert_resolver = resolver.clone();
    let mut dialer = tls().call(Some(owner.key())).unwrap();
    let [at_dialer, at_listener] = fail_to_shake_hands(&mut dialer, &mut answer_with(config));
    assert!(matches!(at_dialer, Some(SessionError::Tls(_))), "{at_dialer:?}");
    assert!(matches!(at_listener, Some(SessionError::Tls(_))), "{at_listener:?}");

    let mut config = tls().client_config(None).unwrap();
    config.client_auth_cert_resolver = resolver;
    let mut listener = tls().answer().unwrap();
    let [at_dialer, at_listener] = fail_to_shake_hands(&mut call_with(config), &mut listener);
    assert!(matches!(at_dialer, Some(SessionError::Tls(_))), "{at_dialer:?}");
    assert!(matches!(at_listener, Some(SessionError::Tls(_))), "{at_listener:?}");
    assert!(listener.established().is_err());
}

#[test]
fn who_shows_no_certificate_is_refused() {
    let mut config = tls().client_config(None).unwrap();
    config.client_auth_cert_resolver = Arc::new(Nobody);
    let (mut dialer, mut listener) = (call_with(config), tls().answer().unwrap());
    let [at_dialer, at_listener] = fail_to_shake_hands(&mut dialer, &mut listener);
    assert_eq!(at_listener, Some(SessionError::NoCertificate));
    assert!(matches!(at_dialer, Some(SessionError::Tls(_))), "{at_dialer:?}");
    assert_eq!(SessionError::NoCertificate.reason().code, ReasonCode::NotSealdrop);
}

#[derive(Debug)]
struct Nobody;

impl rustls::client::ResolvesClientCert for Nobody {
    fn resolve(&self, _: &[&[u8]], _: &[rustls::SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

#[test]
fn another_protocol_or_none_inside_tls_is_no_sealdrop() {
    let own = Identity::make().unwrap().0;
    for protocols in [vec![], vec![b"h2".to_vec()], vec![b"Sealdrop".to_vec()]] {
        let mut config = tls().client_config(None).unwrap();
        config.alpn_protocols.clone_from(&protocols);
        let (mut dialer, mut listener) = (call_with(config), tls().answer().unwrap());
        let [_, at_listener] = fail_to_shake_hands(&mut dialer, &mut listener);
        assert!(matches!(at_listener, Some(SessionError::NotSealdrop(_))), "{protocols:?}: {at_listener:?}");
        assert_eq!(listener.write_plain(b"secret"), 0);

        let mut config = server_config(&provider(), own.certified()).unwrap();
        config.alpn_protocols.clone_from(&protocols);
        let (mut dialer, mut listener) = (tls().call(None).unwrap(), answer_with(config));
        let [at_dialer, _] = fail_to_shake_hands(&mut dialer, &mut listener);
        assert!(matches!(at_dialer, Some(SessionError::NotSealdrop(_))), "{protocols:?}: {at_dialer:?}");
        assert_eq!(dialer.write_plain(b"secret"), 0);
        assert_eq!(at_dialer.unwrap().reason().code, ReasonCode::NotSealdrop);
    }
}

#[test]
fn what_a_stranger_says_before_the_checks_are_done_is_not_read() {
    // A client without ALPN, by hand: its data comes in one piece with the end of its handshake.
    let mut config = tls().client_config(None).unwrap();
    config.alpn_protocols.clear();
    let mut client = rustls::ClientConnection::new(Arc::new(config), "sealdrop".try_into().unwrap()).unwrap();
    std::io::Write::write_all(&mut client.writer(), b"do something").unwrap();
    let mut listener = tls().answer().unwrap();
    let mut raw = Vec::new();
    client.write_tls(&mut raw).unwrap();
    feed_all(&mut listener, &raw).unwrap();
    let answer = written(&mut listener);
    let mut rest = &answer[..];
    while !rest.is_empty() {
        client.read_tls(&mut rest).unwrap();
        client.process_new_packets().unwrap();
    }
    let mut raw = Vec::new();
    while client.wants_write() {
        client.write_tls(&mut raw).unwrap();
    }
    assert!(matches!(listener.feed(&raw), Err(SessionError::NotSealdrop(_))));
    assert!(!listener.has_plain());
    assert_eq!(listener.read_plain(&mut [0; 100]), 0);
}

#[test]
fn a_caller_who_knows_only_tls_1_2_is_refused() {
    // TLS 1.2 is not compiled in, so the hello is made by hand (RFC 5246 section 7.4.1.2): one cipher suite, P-256, ECDSA.
    let extensions: &[u8] = &[0, 10, 0, 4, 0, 2, 0, 23, 0, 13, 0, 4, 0, 2, 4, 3];
    let mut body = vec![3, 3];
    body.extend_from_slice(&[7; 32]);
    body.extend_from_slice(&[0, 0, 2, 0xC0, 0x2B, 1, 0, 0, u8::try_from(extensions.len()).unwrap()]);
    body.extend_from_slice(extensions);
    let length = u8::try_from(body.len()).unwrap();
    let mut raw = vec![22, 3, 1, 0, length + 4, 1, 0, 0, length];
    raw.extend_from_slice(&body);
    let mut listener = tls().answer().unwrap();
    let refused = feed_all(&mut listener, &raw);
    assert!(matches!(&refused, Err(SessionError::NotSealdrop(_))), "{refused:?}");
    // `protocol_version`, in the clear: RFC 8446 section 6.2.
    assert_eq!(written(&mut listener), [21, 3, 3, 0, 2, 2, 70]);
}

#[test]
fn nothing_is_remembered_from_one_connection_to_the_next() {
    let (dialer_tls, listener_tls) = (tls(), tls());
    for _ in 0..2 {
        let (mut dialer, mut listener) = (dialer_tls.call(None).unwrap(), listener_tls.answer().unwrap());
        let hello = written(&mut dialer);
        let named = extensions(&hello);
        assert!(named.contains(&ALPN) && named.contains(&SUPPORTED_VERSIONS), "{named:?}");
        assert!(![SERVER_NAME, PRE_SHARED_KEY, EARLY_DATA].iter().any(|one| named.contains(one)), "{named:?}");
        assert!(said_after_the_handshake(&hello, &mut dialer, &mut listener).is_empty(), "a ticket was sent");
        assert!(!dialer.was_resumed() && !listener.was_resumed());
        dialer.established().unwrap();
        listener.established().unwrap();
    }
    // What the check above would see if rustls were left as it is.
    let mut config = server_config(&provider(), Identity::make().unwrap().0.certified()).unwrap();
    config.send_tls13_tickets = 2;
    config.session_storage = rustls::server::ServerSessionMemoryCache::new(8);
    let (mut dialer, mut listener) = (dialer_tls.call(None).unwrap(), answer_with(config));
    let hello = written(&mut dialer);
    assert!(!said_after_the_handshake(&hello, &mut dialer, &mut listener).is_empty());
}

/// What the listener writes once it has the dialer's last message.
fn said_after_the_handshake(hello: &[u8], dialer: &mut Session, listener: &mut Session) -> Vec<u8> {
    feed_all(listener, hello).unwrap();
    let answer = written(listener);
    feed_all(dialer, &answer).unwrap();
    let finished = written(dialer);
    feed_all(listener, &finished).unwrap();
    written(listener)
}

#[test]
fn what_is_not_tls_is_an_error_and_stays_one() {
    let text = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for mut session in [tls().answer().unwrap(), tls().call(None).unwrap()] {
        let first = session.feed(text);
        assert!(matches!(first, Err(SessionError::NotSealdrop(_))), "{first:?}");
        assert_eq!(session.feed(text), first);
        assert!(session.established().is_err() && !session.has_plain() && !session.is_closed());
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_session_panic_or_speak(start in 0_usize..6, junk in prop::collection::vec(any::<u8>(), 1..40_000)) {
        let starts: [&[u8]; 6] =
            [b"", &[22, 3, 1], &[22, 3, 3, 0x40, 0, 1, 0, 0x3F, 0xFC], &[23, 3, 3], &[21, 3, 3, 0, 2], &[20, 3, 3, 0, 1, 1]];
        let raw = [starts[start], &junk].concat();
        for mut session in [tls().answer().unwrap(), tls().call(None).unwrap()] {
            let plain = feed_all(&mut session, &raw);
            prop_assert!(plain.is_err() || plain == Ok(Vec::new()));
            prop_assert!(session.established().is_err() && !session.is_closed());
        }
    }
}

const CHANGE_CIPHER_SPEC: u8 = 20;
const APPLICATION_DATA: u8 = 23;
const SERVER_NAME: u16 = 0;
const ALPN: u16 = 16;
const PRE_SHARED_KEY: u16 = 41;
const EARLY_DATA: u16 = 42;
const SUPPORTED_VERSIONS: u16 = 43;

/// The numbers of the extensions in a `ClientHello` (RFC 8446 section 4.1.2) that is one record.
fn extensions(raw: &[u8]) -> Vec<u16> {
    let number = |at: usize| u16::from_be_bytes([raw[at], raw[at + 1]]);
    // Record, handshake header, version and random; then session id, cipher suites and compression methods with lengths.
    let mut at = 5 + 4 + 2 + 32;
    at += 1 + usize::from(raw[at]);
    at += 2 + usize::from(number(at));
    at += 1 + usize::from(raw[at]);
    at += 2;
    let mut named = Vec::new();
    while at < raw.len() {
        named.push(number(at));
        at += 4 + usize::from(number(at + 2));
    }
    named
}
