//! MD5 of one stream, and of several side by side ([`update_together`]). Nobody else knows the `md5` crate, which is the
//! reference: property tests hold all that is here against it.
//!
//! MD5 is three quarters of all processor time that a transfer costs, on either end. One stream is a chain of 64 steps for
//! each 64 bytes, every step waiting for the one before, so a core stands half idle and nothing makes it quicker; but steps
//! of different streams have nothing to do with each other, and a vector register takes one of each of 4, 8 or 16.
//!
//! | one core of an EPYC (Zen 4), pieces of 256 KiB | GB/s in sum |
//! | --- | --- |
//! | one stream, `md-5` | 0.64 |
//! | one stream, `alone.rs` | 0.80 |
//! | 4 streams, the vectors that every x86-64 has (SSE2) | 1.9 |
//! | 8 streams, AVX2 | 4.4 |
//! | 16 streams, AVX-512 | 6.1 |
//!
//! Hence: whoever has more than one stream at hand should hash them together, be it only two.

#![expect(
    clippy::inline_always,
    reason = "rounds are to be one stretch of code, compiled for the processor of its caller"
)]

mod alone;
mod lanes;
mod together;

use crate::model::seal::Md5Digest;

pub use together::update_together;

/// What MD5 takes in one go, in bytes (RFC 1321).
const BLOCK_BYTES: usize = 64;

type Block = [u8; BLOCK_BYTES];

/// The four words that 64 bytes after the other are worked into: A, B, C, D.
type State = [u32; 4];

/// RFC 1321, section 3.3.
const START: State = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

/// Words of four bytes in a block, and steps in a round.
const WORDS: usize = 16;

/// By how many bits the sums of a round are turned, four in turn (RFC 1321, section 3.4).
const TURNS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// Which word of a block each step of a round takes (RFC 1321, section 3.4).
const PLACES: [Place; 4] = [
    Place { times: 1, plus: 0 },
    Place { times: 5, plus: 1 },
    Place { times: 3, plus: 5 },
    Place { times: 7, plus: 0 },
];

struct Place {
    times: usize,
    plus: usize,
}

impl Place {
    #[inline(always)]
    const fn of(&self, step: usize) -> usize {
        (self.times * step + self.plus) % WORDS
    }
}

/// RFC 1321, section 3.4: the integer part of 2^32 times |sin(i + 1)|.
const SINES: [u32; 64] = [
    0xd76a_a478,
    0xe8c7_b756,
    0x2420_70db,
    0xc1bd_ceee,
    0xf57c_0faf,
    0x4787_c62a,
    0xa830_4613,
    0xfd46_9501,
    0x6980_98d8,
    0x8b44_f7af,
    0xffff_5bb1,
    0x895c_d7be,
    0x6b90_1122,
    0xfd98_7193,
    0xa679_438e,
    0x49b4_0821,
    0xf61e_2562,
    0xc040_b340,
    0x265e_5a51,
    0xe9b6_c7aa,
    0xd62f_105d,
    0x0244_1453,
    0xd8a1_e681,
    0xe7d3_fbc8,
    0x21e1_cde6,
    0xc337_07d6,
    0xf4d5_0d87,
    0x455a_14ed,
    0xa9e3_e905,
    0xfcef_a3f8,
    0x676f_02d9,
    0x8d2a_4c8a,
    0xfffa_3942,
    0x8771_f681,
    0x6d9d_6122,
    0xfde5_380c,
    0xa4be_ea44,
    0x4bde_cfa9,
    0xf6bb_4b60,
    0xbebf_bc70,
    0x289b_7ec6,
    0xeaa1_27fa,
    0xd4ef_3085,
    0x0488_1d05,
    0xd9d4_d039,
    0xe6db_99e5,
    0x1fa2_7cf8,
    0xc4ac_5665,
    0xf429_2244,
    0x432a_ff97,
    0xab94_23a7,
    0xfc93_a039,
    0x655b_59c3,
    0x8f0c_cc92,
    0xffef_f47d,
    0x8584_5dd1,
    0x6fa8_7e4f,
    0xfe2c_e6e0,
    0xa301_4314,
    0x4e08_11a1,
    0xf753_7e82,
    0xbd3a_f235,
    0x2ad7_d2bb,
    0xeb86_d391,
];

/// A running MD5 (RFC 1321).
#[derive(Clone)]
pub struct Hasher {
    state: State,
    /// Of the block that was begun, the first `length % 64` bytes.
    begun: Block,
    /// Bytes so far.
    length: u64,
}

impl Default for Hasher {
    fn default() -> Self {
        Self { state: START, begun: [0; BLOCK_BYTES], length: 0 }
    }
}

impl Hasher {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn update(&mut self, bytes: &[u8]) {
        let blocks = self.take_ends(bytes);
        alone::compress(&mut self.state, blocks);
    }

    pub fn finish(mut self) -> Md5Digest {
        let begun = self.begun_bytes();
        // One byte that ends the message, zeros, and its length in bits: in the block that was begun or, without room, in one more.
        let mut last = [[0; BLOCK_BYTES]; 2];
        let blocks = if begun < BLOCK_BYTES - 8 { 1 } else { 2 };
        let bytes = last.as_flattened_mut();
        bytes[..begun].copy_from_slice(&self.begun[..begun]);
        bytes[begun] = 0x80;
        bytes[blocks * BLOCK_BYTES - 8..][..8].copy_from_slice(&self.length.wrapping_mul(8).to_le_bytes());
        alone::compress(&mut self.state, &last[..blocks]);
        let mut digest = [0; 16];
        for (bytes, word) in digest.as_chunks_mut().0.iter_mut().zip(self.state) {
            *bytes = word.to_le_bytes();
        }
        Md5Digest(digest)
    }

    #[expect(clippy::cast_possible_truncation, reason = "64 divides what is cut off")]
    fn begun_bytes(&self) -> usize {
        (self.length as usize) % BLOCK_BYTES
    }

    /// Takes what of `bytes` completes the block that was begun, and what begins another; gives back the blocks between, which
    /// are to be worked in next.
    fn take_ends<'b>(&mut self, bytes: &'b [u8]) -> &'b [Block] {
        let begun = self.begun_bytes();
        self.length = self.length.wrapping_add(bytes.len() as u64);
        let mut rest = bytes;
        if begun > 0 {
            let (first, behind) = bytes.split_at(bytes.len().min(BLOCK_BYTES - begun));
            self.begun[begun..][..first.len()].copy_from_slice(first);
            if begun + first.len() < BLOCK_BYTES {
                return &[];
            }
            alone::compress(&mut self.state, &[self.begun]);
            rest = behind;
        }
        let (blocks, last) = rest.as_chunks();
        self.begun[..last.len()].copy_from_slice(last);
        blocks
    }
}

#[inline(always)]
fn words(block: &Block) -> [u32; WORDS] {
    let mut words = [0; WORDS];
    for (word, bytes) in words.iter_mut().zip(block.as_chunks().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    words
}

#[cfg(test)]
mod tests {
    use md5::{Digest, Md5};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn digests_are_those_of_rfc_1321() {
        let of = |text: &str| {
            let mut hasher = Hasher::new();
            hasher.update(text.as_bytes());
            hasher.finish().to_string()
        };
        assert_eq!(of(""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(of("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
    }

    proptest! {
        #[test]
        fn a_stream_in_any_pieces_has_the_digest_that_md_5_gives(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..8),
        ) {
            let mut hasher = Hasher::new();
            for piece in &pieces {
                hasher.update(piece);
            }
            // A copy goes its own way.
            let other = hasher.clone();
            hasher.update(b"more");
            let expected: [u8; 16] = Md5::digest(pieces.concat()).into();
            prop_assert_eq!(other.finish().0, expected);
            let expected: [u8; 16] = Md5::digest([&pieces.concat()[..], b"more"].concat()).into();
            prop_assert_eq!(hasher.finish().0, expected);
        }
    }
}
