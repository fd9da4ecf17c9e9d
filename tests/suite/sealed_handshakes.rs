//! Handshakes that are none: each is refused within a limit, nobody sees a card, and the listener goes on.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    scripted::{Scripted, dial_plain},
    sealed_stream::new_identity,
    support::{LIMIT, Station, honest},
};

/// Reads until the engine closes; how much it said.
fn closes(stream: &mut TcpStream) -> usize {
    let mut said = Vec::new();
    match stream.read_to_end(&mut said) {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            panic!("the connection stays open")
        }
        // A reset is an end too.
        _ => said.len(),
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
