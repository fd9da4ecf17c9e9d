//! Handshakes that are none, and sessions that are damaged later: each is refused within a limit, nobody sees a card, and
//! the listener goes on.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    sync::Arc,
    time::{Duration, Instant},
};

use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme,
    client::{
        Resumption,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::aws_lc_rs::{default_provider, sign::any_supported_type},
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime},
    sign::{CertifiedKey, SingleCertAndKey},
};
use sealdrop::{
    model::reason::{Reason, ReasonCode},
    wire::{
        chunk,
        header::{Message, encode},
    },
};

use crate::{
    scripted::{Door, Scripted, dial_plain, file_entry},
    sealed_stream::new_identity,
    support::{Station, finished, honest, seeded},
};

/// What a dialer offers to speak (RFC 7301).
type Protocols = &'static [&'static [u8]];

/// A dialer that believes anybody.
#[derive(Debug)]
struct Believer;

impl ServerCertVerifier for Believer {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}

/// A certificate, and the key that signs: of the same pair, or of another one.
fn certified(certificate_of: &rcgen::KeyPair, signs: &rcgen::KeyPair) -> Arc<CertifiedKey> {
    let certificate = rcgen::CertificateParams::default().self_signed(certificate_of).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signs.serialize_der()));
    Arc::new(CertifiedKey::new(vec![certificate.der().clone()], any_supported_type(&key).unwrap()))
}

/// Shakes hands with `b` by hand and says hello: how much of the engine's hello comes back.
fn shake_hands(b: &Station, certified: Option<Arc<CertifiedKey>>, alpn: &[&[u8]]) -> Result<usize, std::io::Error> {
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Believer));
    let mut config = match certified {
        Some(certified) => config.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(certified))),
        None => config.with_no_client_auth(),
    };
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    config.resumption = Resumption::disabled();
    let name = ServerName::try_from("sealdrop").unwrap();
    let mut stream =
        rustls::StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), dial_plain(b.port));
    stream.write_all(&encode(&Scripted::dial(b.port).hello()).unwrap())?;
    stream.read(&mut [0; 1024])
}

/// Reads until the engine closes.
fn closes(stream: &mut TcpStream) -> Vec<u8> {
    let mut said = Vec::new();
    match stream.read_to_end(&mut said) {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            panic!("the connection stays open")
        }
        // A reset is an end too.
        _ => said,
    }
}

/// The client hello of this program.
fn client_hello() -> Vec<u8> {
    let mut session = sealdrop::crypto::tls::Tls::new(&new_identity()).unwrap().call(None).unwrap();
    let mut hello = Vec::new();
    while session.wants_write() {
        session.write_tls(&mut hello).unwrap();
    }
    hello
}

#[test]
fn a_handshake_that_stands_still_is_closed_when_its_time_is_over() {
    let mut b = Station::impatient("b");
    let hello = client_hello();
    for upto in [4, 5, 6, 100, hello.len() - 1, hello.len()] {
        let mut peer = dial_plain(b.port);
        peer.write_all(&hello[..upto]).unwrap();
        closes(&mut peer);
    }
    assert!(!b.has_card());
    honest(&mut b);
}

#[test]
fn a_handshake_byte_by_byte_ends_by_the_same_limit() {
    let mut b = Station::impatient("b");
    let mut peer = dial_plain(b.port);
    peer.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let begun = Instant::now();
    let ended = client_hello().iter().any(|byte| {
        // Nobody takes it any more once the engine has closed.
        let taken = peer.write_all(&[*byte]).is_ok();
        let silent = |error: &std::io::Error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
        !taken || !peer.read(&mut [0; 64]).is_err_and(|error| silent(&error))
    });
    assert!(ended && begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert!(!b.has_card());
    honest(&mut b);
}

#[test]
fn bytes_behind_a_client_hello_that_are_no_tls_are_refused() {
    let mut b = Station::new("b");
    let hello = client_hello();
    let mut again = hello.clone();
    again.extend_from_slice(&hello);
    let mut damaged = hello.clone();
    damaged[5 + 4 + 2..5 + 4 + 2 + 32 + 8].fill(0xff);
    // A record longer than any may be, and one that announces more than ever comes.
    let long = [&[0x16, 3, 1, 0xff, 0xff][..], &vec![1; 70_000]].concat();
    // Only TLS 1.2 (no supported_versions), with a cipher of that time.
    let old = [&[0x16, 3, 1, 0, 47, 1, 0, 0, 43, 3, 3][..], &[7; 32], &[0, 0, 2, 0xc0, 0x2f, 1, 0, 0, 0]].concat();
    let garbage = [&hello[..], b"\x17\x03\x03\x00\x20garbage garbage garbage garbage "].concat();
    let frames = [&hello[..], &encode(&Message::Ping).unwrap()].concat();
    for bytes in [again, damaged, long, old, garbage, frames] {
        let mut peer = dial_plain(b.port);
        // The engine may have heard enough before all of it is written.
        peer.write_all(&bytes).ok();
        let begun = Instant::now();
        let said = closes(&mut peer);
        assert!(begun.elapsed() < Duration::from_secs(5), "it was waited for: {:?}", begun.elapsed());
        assert!(said.is_empty() || [0x15, 0x16].contains(&said[0]), "{said:?}");
    }
    assert!(!b.has_card());
    honest(&mut b);
}

#[test]
fn whoever_cannot_prove_a_key_or_speaks_another_protocol_is_not_let_in() {
    let mut b = Station::new("b");
    let [anna, bert] = [0; 2].map(|_| rcgen::KeyPair::generate().unwrap());
    let own = || Some(certified(&anna, &anna));
    assert!(matches!(shake_hands(&b, own(), &[b"h2", b"sealdrop"]), Ok(1..)), "the same with nothing wrong");
    let refused: [(&str, Option<Arc<CertifiedKey>>, Protocols); 5] = [
        ("a certificate of one key, signed with another", Some(certified(&anna, &bert)), &[b"sealdrop"]),
        ("no certificate", None, &[b"sealdrop"]),
        ("no protocol", own(), &[]),
        ("another protocol", own(), &[b"h2"]),
        ("nearly the protocol", own(), &[b"Sealdrop", b"sealdrop/1", b"sealdro"]),
    ];
    for (what, certified, alpn) in refused {
        let heard = shake_hands(&b, certified, alpn);
        assert!(!matches!(heard, Ok(1..)), "{what}: {heard:?}");
    }
    assert!(!b.has_card());
    honest(&mut b);
}

/// A record that nobody has sealed.
fn damage(peer: &mut Scripted) {
    let record = [&[0x17, 3, 3, 0, 64][..], &[0x5a; 64]].concat();
    peer.stream.socket.write_all(&record).unwrap();
}

fn assert_lost(reason: Option<Reason>) {
    assert_eq!(reason.map(|reason| reason.code), Some(ReasonCode::ConnectionLost));
}

#[test]
fn a_damaged_record_ends_the_session_at_every_stage() {
    let mut b = Station::new("b");
    // While a person looks at the card.
    let mut peer = Scripted::dial(b.port);
    peer.offer(vec![file_entry(&["x"], 3)]);
    let offer = b.offer();
    damage(&mut peer);
    assert_lost(b.ending(offer.snapshot.key).reason);
    // In the middle of a body, with a file that has arrived and waits for its seal.
    let mut peer = Scripted::dial(b.port);
    peer.offer(vec![file_entry(&["x"], 3), file_entry(&["y"], 3)]);
    let key = b.accept();
    peer.hear_accept(2);
    peer.file(0, b"abc");
    peer.say(&Message::File { index: 1, offset: 0 });
    peer.raw(&chunk::chunk_start(3));
    damage(&mut peer);
    assert_lost(Some(b.broken(key)));
    assert_eq!(finished(&b.received()), []);
    // A sender that waits for an answer, and one that stands in the middle of a write.
    let mut a = Station::new("a");
    let source = a.file("x", &seeded(6, 40 << 20));
    for accepts in [false, true] {
        let door = Door::open();
        let sending = a.send_to(door.address(), &[&source], false);
        let mut peer = door.accept();
        peer.hear_offer();
        if accepts {
            peer.accept_all(1);
            a.stand_still();
        }
        let begun = Instant::now();
        damage(&mut peer);
        assert_lost(if accepts { Some(a.broken(sending)) } else { a.ending(sending).reason });
        assert!(begun.elapsed() < Duration::from_secs(10), "it was waited for: {:?}", begun.elapsed());
    }
    honest(&mut b);
}
