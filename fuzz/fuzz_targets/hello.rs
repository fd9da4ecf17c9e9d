//! Who is calling, and with what first header: whichever it is, it is understood the same by every reader of it.

#![no_main]

// Each target uses what it needs.
#[allow(dead_code)]
#[path = "../../tests/suite/fuzzed/bodies/mod.rs"]
mod bodies;
mod common;

use libfuzzer_sys::{
    arbitrary::{self, Arbitrary},
    fuzz_target,
};
use sealdrop::{
    transfer::greet::{self, Me},
    wire::{
        caller::{self, Caller},
        classic,
        error::WireError,
        frame::{self, MAX_HEADER_BYTES, PREFIX_BYTES},
        header::{self, Hello, Message, VERSION},
    },
};

use bodies::recorded::Recorded;
use common::is_fair;

#[derive(Arbitrary, Debug)]
enum Input {
    /// The fields of a hello, each with any value.
    Fields(Said),
    /// Any bytes as the JSON of a first header.
    Header(Vec<u8>),
    /// Any bytes as they come out of a socket.
    Stream(Vec<u8>),
}

#[derive(Arbitrary, Debug)]
struct Said {
    versions: [u32; 2],
    program: String,
    name: String,
    os: String,
    commit: Option<[u8; 32]>,
    verified: Option<bool>,
    port: Option<u16>,
}

fuzz_target!(|input: Input| match input {
    Input::Fields(said) => fields(said),
    Input::Header(json) => first_header(&json),
    Input::Stream(bytes) => stream(&bytes),
});

/// A hello can be said if its versions are in order and it is short enough, and is then understood as it was meant.
fn fields(said: Said) {
    let Said { versions, program, name, os, commit, verified, port } = said;
    let hello = Hello { versions, program, name, os, commit, verified, port };
    let frame = match header::encode(&Message::Hello(hello.clone())) {
        Ok(frame) => frame,
        Err(error) => return assert!(matches!(error, WireError::TooLong { .. }), "{error}"),
    };
    assert!(frame.len() <= PREFIX_BYTES + MAX_HEADER_BYTES);
    match header::parse(&frame[PREFIX_BYTES..]) {
        Ok(message) => assert!(versions[0] <= versions[1] && message == Message::Hello(hello), "{message:?}"),
        Err(error) => assert!(versions[0] > versions[1], "{error}"),
    }
    let in_clear = caller::parse_first(&frame[PREFIX_BYTES..]);
    assert!(matches!(in_clear, Err(WireError::InClear { .. })), "{in_clear:?}");
    stream(&frame);
    first_header(&frame[PREFIX_BYTES..]);
}

/// Nobody is taken for a classic sender who says what a Sealdrop would, and what was understood can be said again.
fn first_header(json: &[u8]) {
    let message = header::parse(json);
    match caller::parse_first(json) {
        Ok(classic) => {
            assert!(message.is_err(), "{message:?}");
            assert_eq!(classic::parse_classic(json).unwrap(), classic);
        }
        Err(error) => is_fair(&error),
    }
    if let Ok(hello @ Message::Hello(_)) = message {
        match header::encode(&hello) {
            Ok(frame) => assert_eq!(header::parse(&frame[PREFIX_BYTES..]).unwrap(), hello),
            // Without its spaces and escapes it can only have become shorter, but for control characters.
            Err(error) => assert!(matches!(error, WireError::TooLong { .. }), "{error}"),
        }
    }
}

/// The first four bytes announce a frame exactly when one can be read behind them, and a dialer survives any answer.
fn stream(bytes: &[u8]) {
    if let Some(first) = bytes.first_chunk::<PREFIX_BYTES>() {
        let length_is_good = !matches!(frame::read_frame(&mut &bytes[..]), Err(WireError::BadLength { .. }));
        match caller::classify(*first) {
            Caller::Framed => assert!(length_is_good),
            Caller::Tls | Caller::Http | Caller::Text => assert!(!length_is_good),
            Caller::Nonsense { announced } => {
                assert!(!length_is_good);
                assert_eq!(announced, i32::from_le_bytes(*first));
            }
        }
    }
    let me = Me { name: "fuzz".to_owned(), port: None };
    match greet::greet_first(&mut Recorded::saying(bytes), &me, [0; 32], false) {
        Ok(hello) => assert!((hello.versions[0]..=hello.versions[1]).contains(&VERSION)),
        Err(error) => assert!(error.reason().detail.is_none_or(|detail| detail.chars().count() <= 1024)),
    }
}
