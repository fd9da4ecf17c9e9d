//! Frames: a length, then that many bytes of header.

use std::io::Read;

use super::error::WireError;

/// Reads one frame's JSON bytes, refusing a bad length before making room for it. `None`: end before the first byte.
///
/// # Errors
/// Bad length, torn header, I/O.
pub fn read_frame(_from: &mut impl Read) -> Result<Option<Vec<u8>>, WireError> {
    Err(WireError::Empty)
}
