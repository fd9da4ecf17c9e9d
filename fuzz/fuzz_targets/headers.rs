//! Any bytes into every reader of headers and chunk lengths: nothing panics, and what is understood can be said again.

#![no_main]

mod common;

use libfuzzer_sys::fuzz_target;
use sealdrop::wire::{
    caller, chunk, classic,
    error::WireError,
    frame::{self, PREFIX_BYTES},
    header,
};

use common::is_fair;

fuzz_target!(|bytes: &[u8]| {
    a_header(bytes);
    a_classic_header(bytes);
    a_stream(bytes);
    chunk_starts(bytes);
    let text = |error: WireError| assert!(error.to_string().chars().count() < 400);
    caller::parse_first(bytes).map_err(text).ok();
    if let Some(first) = bytes.first_chunk() {
        caller::classify(*first);
    }
});

/// What was understood, said again, is understood the same.
fn a_header(json: &[u8]) {
    let message = match header::parse(json) {
        Ok(message) => message,
        Err(error) => {
            return is_fair(&error);
        }
    };
    match header::encode(&message) {
        Ok(frame) => assert_eq!(header::parse(&frame[PREFIX_BYTES..]).unwrap(), message),
        // Cleaning and implied fields can make it longer than it came.
        Err(error) => assert!(matches!(error, WireError::TooLong { .. }), "{error}"),
    }
}

fn a_classic_header(json: &[u8]) {
    let Ok(header) = classic::parse_classic(json) else { return };
    let Some(md5) = header.md5 else { return };
    let Ok(frame) = classic::classic_header_frame(&header.name, header.size, md5) else { return };
    let again = classic::parse_classic(&frame[PREFIX_BYTES..]).unwrap();
    assert_eq!((again.name, again.size, again.md5, again.folder), (header.name, header.size, header.md5, None));
}

/// Both ways of reading a stream of frames see the same frames.
fn a_stream(bytes: &[u8]) {
    let mut stream = bytes;
    let mut buffer = bytes.to_vec();
    loop {
        let taken = frame::take_frame(&mut buffer);
        match frame::read_frame(&mut stream) {
            Ok(Some(json)) => assert_eq!(taken.unwrap(), Some(json)),
            Ok(None) => return assert!(buffer.is_empty()),
            Err(WireError::Torn { .. }) => return assert_eq!(taken.unwrap(), None),
            Err(error) => return assert_eq!(taken.unwrap_err().to_string(), error.to_string()),
        }
    }
}

fn chunk_starts(bytes: &[u8]) {
    let mut stream = bytes;
    while let Ok(start) = chunk::read_chunk_start(&mut stream) {
        if let chunk::ChunkStart::Data(length) = start {
            assert!((1..=chunk::MAX_CHUNK_BYTES).contains(&length));
            assert_eq!(chunk::ChunkStart::parse(chunk::chunk_start(length)).unwrap(), start);
        }
    }
}
