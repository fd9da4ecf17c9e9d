//! Frames: a length, then that many bytes of header. What stands in the header is not looked at here.

use std::io::{ErrorKind, Read};

use super::error::WireError;

/// Most bytes of JSON in one header. Small enough that a peer's word never costs memory worth mentioning.
pub const MAX_HEADER_BYTES: usize = 65_535;

/// Bytes of the length that stands before a header or a chunk: an `i32`, little-endian.
pub const PREFIX_BYTES: usize = 4;

/// Reads one frame's JSON bytes, refusing a bad length before making room for it. `None`: end before the first byte.
///
/// # Errors
/// Bad length, torn header, I/O.
pub fn read_frame(from: &mut impl Read) -> Result<Option<Vec<u8>>, WireError> {
    let mut prefix = [0; PREFIX_BYTES];
    match fill(from, &mut prefix)? {
        0 => return Ok(None),
        PREFIX_BYTES => {}
        got => return Err(WireError::Torn { wanted: PREFIX_BYTES, got }),
    }
    let wanted = header_length(prefix)?;
    let mut json = vec![0; wanted];
    let got = fill(from, &mut json)?;
    if got < wanted {
        return Err(WireError::Torn { wanted, got });
    }
    Ok(Some(json))
}

/// Takes the first frame out of `buffer` and returns its JSON bytes; `None` while it is not there as a whole.
/// For whoever polls many connections and cannot wait in a read.
///
/// # Errors
/// Bad length, as soon as its four bytes are there.
pub fn take_frame(buffer: &mut Vec<u8>) -> Result<Option<Vec<u8>>, WireError> {
    let Some(prefix) = buffer.first_chunk::<PREFIX_BYTES>() else {
        return Ok(None);
    };
    let end = PREFIX_BYTES + header_length(*prefix)?;
    if buffer.len() < end {
        return Ok(None);
    }
    Ok(Some(buffer.drain(..end).skip(PREFIX_BYTES).collect()))
}

/// The whole frame of a header: prefix and JSON.
///
/// # Errors
/// `TooLong` when it does not fit.
pub fn encode_frame(json: &[u8]) -> Result<Vec<u8>, WireError> {
    let mut frame = Vec::with_capacity(PREFIX_BYTES + json.len());
    frame.extend_from_slice(&[0; PREFIX_BYTES]);
    frame.extend_from_slice(json);
    seal_frame(&mut frame)?;
    Ok(frame)
}

/// Writes the length of the JSON that stands behind the room for its prefix.
///
/// # Errors
/// `TooLong` when it does not fit.
pub(super) fn seal_frame(frame: &mut [u8]) -> Result<(), WireError> {
    let bytes = frame.len().saturating_sub(PREFIX_BYTES);
    let too_long = || WireError::TooLong { what: "header".to_owned(), bytes };
    let length = u16::try_from(bytes).map_err(|_does_not_fit| too_long())?;
    *frame.first_chunk_mut().ok_or_else(too_long)? = i32::from(length).to_le_bytes();
    Ok(())
}

/// What an announced header length means.
///
/// # Errors
/// `BadLength` unless it is 1 to 65535.
pub fn header_length(prefix: [u8; PREFIX_BYTES]) -> Result<usize, WireError> {
    let announced = i32::from_le_bytes(prefix);
    match u16::try_from(announced) {
        Ok(length) if length > 0 => Ok(usize::from(length)),
        _ => Err(WireError::BadLength { announced }),
    }
}

/// Reads until `buffer` is full or the stream ends; how many bytes came.
pub(super) fn fill(from: &mut impl Read, buffer: &mut [u8]) -> Result<usize, WireError> {
    let mut got = 0;
    while let Some(rest) = buffer.get_mut(got..).filter(|rest| !rest.is_empty()) {
        match from.read(rest) {
            Ok(0) => break,
            Ok(more) => got += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(got)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_a_little_endian_length_and_the_json() {
        assert_eq!(encode_frame(b"{}").unwrap(), b"\x02\0\0\0{}");
        assert_eq!(read_frame(&mut &b"\x02\0\0\0{}rest"[..]).unwrap().unwrap(), b"{}");
    }

    #[test]
    fn bad_lengths_are_refused_before_anything_is_read_for_them() {
        for announced in [0, -1, 65_536, i32::MAX, i32::MIN] {
            let stream = announced.to_le_bytes();
            let error = read_frame(&mut &stream[..]).unwrap_err();
            assert!(matches!(error, WireError::BadLength { announced: said } if said == announced), "{error}");
            assert!(matches!(take_frame(&mut stream.to_vec()), Err(WireError::BadLength { .. })));
        }
    }

    #[test]
    fn an_end_before_the_first_byte_is_not_a_torn_header() {
        assert!(read_frame(&mut &b""[..]).unwrap().is_none());
        for cut in 1..6 {
            let error = read_frame(&mut &b"\x02\0\0\0{}"[..cut]).unwrap_err();
            assert!(matches!(error, WireError::Torn { .. }), "{error}");
        }
    }

    #[test]
    fn what_the_reader_says_is_passed_on() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                Err(std::io::Error::other("cancelled"))
            }
        }
        assert!(matches!(read_frame(&mut Broken), Err(WireError::Io(error)) if error.to_string() == "cancelled"));
    }

    #[test]
    fn frames_are_taken_out_of_a_buffer_one_by_one_as_they_become_whole() {
        let stream = [encode_frame(b"{}").unwrap(), encode_frame(b"[1]").unwrap()].concat();
        let mut buffer = Vec::new();
        let mut taken = Vec::new();
        for byte in stream {
            buffer.push(byte);
            taken.extend(take_frame(&mut buffer).unwrap());
        }
        assert_eq!(taken, [b"{}".to_vec(), b"[1]".to_vec()]);
        assert!(buffer.is_empty());
    }

    #[test]
    fn the_longest_header_fits_and_one_byte_more_does_not() {
        let longest = vec![b' '; MAX_HEADER_BYTES];
        let frame = encode_frame(&longest).unwrap();
        assert_eq!(read_frame(&mut &frame[..]).unwrap().unwrap(), longest);
        assert!(matches!(
            encode_frame(&vec![b' '; MAX_HEADER_BYTES + 1]),
            Err(WireError::TooLong { bytes: 65_536, .. })
        ));
    }
}
