//! Bodies: the lengths that stand before each chunk of a file's bytes. The bytes themselves pass by elsewhere.

use std::io::Read;

use super::{
    error::WireError,
    frame::{PREFIX_BYTES, fill},
};

/// Most bytes a chunk may hold; a reader needs room for no more.
pub const MAX_CHUNK_BYTES: u32 = 1024 * 1024;

/// Most bytes in the chunks that we send: small, so that a cancel can be said soon.
pub const SEND_CHUNK_BYTES: usize = 256 * 1024;

/// Most bytes that we send over a further connection in one piece: small, as those behind them wait for the slowest.
pub const BESIDE_BYTES: usize = 64 * 1024;

/// Ends a body.
pub const END: [u8; PREFIX_BYTES] = 0_i32.to_le_bytes();

/// Says that one header follows, and then the body goes on.
pub const INTERLUDE: [u8; PREFIX_BYTES] = (-1_i32).to_le_bytes();

/// Says that a number of bytes come over another connection: `LANE_BYTES` follow that tell which and how many.
const ELSEWHERE: [u8; PREFIX_BYTES] = (-2_i32).to_le_bytes();

/// Says that the next bytes are of another of the files that are open: its index follows.
const TURN: [u8; PREFIX_BYTES] = (-3_i32).to_le_bytes();

/// The index of a file.
const INDEX_BYTES: usize = 4;

/// The number of a connection and of bytes.
const LANE_BYTES: usize = 8;

/// What follows in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkStart {
    /// This many bytes of the file, 1 to `MAX_CHUNK_BYTES`.
    Data(u32),
    /// Nothing: the body is over.
    End,
    /// Bytes of the file, over another connection: `read_elsewhere` tells which and how many.
    Elsewhere,
    /// One header, then the body goes on.
    Interlude,
    /// Bytes of another file that is open: `read_turn` tells which.
    Turn,
}

impl ChunkStart {
    /// What the four bytes before a chunk say.
    ///
    /// # Errors
    /// `ChunkLength` below -3 or above 1 MiB.
    pub fn parse(prefix: [u8; PREFIX_BYTES]) -> Result<Self, WireError> {
        let announced = i32::from_le_bytes(prefix);
        match (announced, u32::try_from(announced)) {
            (0, _) => Ok(Self::End),
            (-1, _) => Ok(Self::Interlude),
            (-2, _) => Ok(Self::Elsewhere),
            (-3, _) => Ok(Self::Turn),
            (_, Ok(length @ 1..=MAX_CHUNK_BYTES)) => Ok(Self::Data(length)),
            _ => Err(WireError::ChunkLength { announced }),
        }
    }
}

/// Reads what follows in a body. A stream that ends here is torn: a body ends with a length of 0.
///
/// # Errors
/// A chunk length that cannot be, a torn body, I/O.
pub fn read_chunk_start(from: &mut impl Read) -> Result<ChunkStart, WireError> {
    let mut prefix = [0; PREFIX_BYTES];
    let got = fill(from, &mut prefix)?;
    if got < PREFIX_BYTES {
        return Err(WireError::Torn { wanted: PREFIX_BYTES, got });
    }
    ChunkStart::parse(prefix)
}

/// The bytes before a chunk of `length` bytes (1 to `MAX_CHUNK_BYTES`).
pub fn chunk_start(length: u32) -> [u8; PREFIX_BYTES] {
    debug_assert!((1..=MAX_CHUNK_BYTES).contains(&length), "a chunk of {length} bytes");
    length.to_le_bytes()
}

/// Says that the next `length` bytes of the file (1 to `MAX_CHUNK_BYTES`) come over connection `number`.
pub fn elsewhere(number: u32, length: u32) -> [u8; PREFIX_BYTES + LANE_BYTES] {
    let mut bytes = [0; PREFIX_BYTES + LANE_BYTES];
    bytes[..PREFIX_BYTES].copy_from_slice(&ELSEWHERE);
    bytes[PREFIX_BYTES..][..4].copy_from_slice(&number.to_le_bytes());
    bytes[PREFIX_BYTES + 4..].copy_from_slice(&chunk_start(length));
    bytes
}

/// Over which connection the next bytes of the file come, and how many: what stands behind `ChunkStart::Elsewhere`.
///
/// # Errors
/// `ChunkLength` for a number of bytes that cannot be, a torn body, I/O.
pub fn read_elsewhere(from: &mut impl Read) -> Result<(u32, u32), WireError> {
    let mut bytes = [0; LANE_BYTES];
    let got = fill(from, &mut bytes)?;
    if got < LANE_BYTES {
        return Err(WireError::Torn { wanted: LANE_BYTES, got });
    }
    let [a, b, c, d, length @ ..] = bytes;
    match ChunkStart::parse(length)? {
        ChunkStart::Data(length) => Ok((u32::from_le_bytes([a, b, c, d]), length)),
        _ => Err(WireError::ChunkLength { announced: i32::from_le_bytes(length) }),
    }
}

/// Says that the next bytes are of file `index`.
pub fn turn(index: u32) -> [u8; PREFIX_BYTES + INDEX_BYTES] {
    let mut bytes = [0; PREFIX_BYTES + INDEX_BYTES];
    bytes[..PREFIX_BYTES].copy_from_slice(&TURN);
    bytes[PREFIX_BYTES..].copy_from_slice(&index.to_le_bytes());
    bytes
}

/// Whose bytes come next: what stands behind `ChunkStart::Turn`.
///
/// # Errors
/// A torn body, I/O.
pub fn read_turn(from: &mut impl Read) -> Result<u32, WireError> {
    let mut bytes = [0; INDEX_BYTES];
    let got = fill(from, &mut bytes)?;
    if got < INDEX_BYTES {
        return Err(WireError::Torn { wanted: INDEX_BYTES, got });
    }
    Ok(u32::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(announced: i32) -> Result<ChunkStart, WireError> {
        read_chunk_start(&mut &announced.to_le_bytes()[..])
    }

    #[test]
    fn a_chunk_start_says_what_follows() {
        assert_eq!(read(1).unwrap(), ChunkStart::Data(1));
        assert_eq!(read(1_048_576).unwrap(), ChunkStart::Data(MAX_CHUNK_BYTES));
        assert_eq!(ChunkStart::parse(END).unwrap(), ChunkStart::End);
        assert_eq!(ChunkStart::parse(INTERLUDE).unwrap(), ChunkStart::Interlude);
        assert_eq!(ChunkStart::parse(chunk_start(262_144)).unwrap(), ChunkStart::Data(262_144));
    }

    #[test]
    fn chunk_lengths_that_lie_are_refused() {
        for announced in [-4, i32::MIN, 1_048_577, i32::MAX] {
            assert!(matches!(read(announced), Err(WireError::ChunkLength { announced: said }) if said == announced));
        }
    }

    #[test]
    fn bytes_that_come_elsewhere_are_told_with_their_connection_and_number() {
        let told = elsewhere(7, 65_536);
        assert_eq!(read_chunk_start(&mut &told[..]).unwrap(), ChunkStart::Elsewhere);
        assert_eq!(read_elsewhere(&mut &told[PREFIX_BYTES..]).unwrap(), (7, 65_536));
        assert!(matches!(read_elsewhere(&mut &told[PREFIX_BYTES..11]), Err(WireError::Torn { got: 7, .. })));
        for announced in [0, -1, -2, 1_048_577] {
            let lie = [7_i32.to_le_bytes(), i32::to_le_bytes(announced)].concat();
            let read = read_elsewhere(&mut &lie[..]);
            assert!(matches!(read, Err(WireError::ChunkLength { announced: said }) if said == announced), "{read:?}");
        }
    }

    #[test]
    fn a_turn_is_told_with_its_file() {
        let told = turn(70_000);
        assert_eq!(read_chunk_start(&mut &told[..]).unwrap(), ChunkStart::Turn);
        assert_eq!(read_turn(&mut &told[PREFIX_BYTES..]).unwrap(), 70_000);
        assert!(matches!(read_turn(&mut &told[PREFIX_BYTES..7]), Err(WireError::Torn { got: 3, .. })));
    }

    #[test]
    fn an_end_inside_a_body_is_torn() {
        for cut in 0..4 {
            assert!(matches!(read_chunk_start(&mut &END[..cut]), Err(WireError::Torn { got, .. }) if got == cut));
        }
    }
}
