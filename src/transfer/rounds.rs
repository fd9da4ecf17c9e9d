//! Hashing of bodies that come by turns: a piece of each file is kept until there is one of every file, then all of them are
//! hashed in one go, which costs a quarter to an eighth of hashing each by itself; and nothing is read twice for it.

use std::mem;

use crate::{
    digest::{Hasher, update_together},
    model::reason::{Reason, ReasonCode},
};

use super::{
    aside::{Aside, Back},
    lane::LaneError,
    link::Link,
};

/// Files at once, as many as the widest vectors take: a receiver grants so many, and a sender uses no more.
pub const TOGETHER: usize = 16;

/// Fewer are not worth it: vectors cost the same however many files are in them.
pub const TOGETHER_LEAST: usize = 4;

/// Bytes of one file that move before it is another one's turn: those of all files fit into the cache of a core.
pub const TURN_BYTES: usize = 32 << 10;

/// Pieces of files, with the hashers of these.
#[derive(Default)]
pub struct Round {
    hashers: Vec<Hasher>,
    pieces: Vec<Piece>,
}

/// Bytes of one file that are not hashed yet.
struct Piece {
    of: usize,
    buffer: Vec<u8>,
    length: usize,
}

impl Round {
    /// Hashes all pieces.
    pub fn hash(&mut self) {
        let mut pieces: Vec<&[u8]> = vec![&[]; self.hashers.len()];
        for Piece { of, buffer, length } in &self.pieces {
            if let (Some(piece), Some(bytes)) = (pieces.get_mut(*of), buffer.get(..*length)) {
                *piece = bytes;
            }
        }
        let mut streams: Vec<(&mut Hasher, &[u8])> = self.hashers.iter_mut().zip(pieces).collect();
        update_together(&mut streams);
    }
}

/// The files whose bodies come by turns, by their position among them.
#[derive(Default)]
pub struct Rounds {
    /// What is gathered. Its hashers are here unless a round is away.
    round: Round,
    is_away: bool,
    /// Files whose bodies have not ended.
    open: usize,
    /// Files of which this round will have a piece.
    width: usize,
    /// Buffers that may be filled.
    free: Vec<Vec<u8>>,
}

impl Rounds {
    /// So many files begin.
    pub fn begin(&mut self, files: usize) {
        self.round.hashers.clear();
        self.round.hashers.resize_with(files, Hasher::new);
        (self.open, self.width) = (files, files);
    }

    /// The next `length` bytes of a file, with which `buffer` begins: afterwards it is one that may be filled.
    pub fn take(
        &mut self,
        of: usize,
        (buffer, length): (&mut Vec<u8>, usize),
        mut aside: Option<&mut (dyn Aside + '_)>,
        link: &mut impl Link,
    ) -> Result<(), LaneError> {
        if self.round.pieces.iter().any(|piece| piece.of == of) {
            self.hash(aside.as_deref_mut(), link)?;
        }
        let spare = self.free.pop().unwrap_or_else(|| vec![0; buffer.len()]);
        let buffer = mem::replace(buffer, spare);
        self.round.pieces.push(Piece { of, buffer, length });
        if self.round.pieces.len() < self.width {
            return Ok(());
        }
        self.hash(aside, link)
    }

    /// The body of one of them is over.
    pub fn over(&mut self) {
        self.open = self.open.saturating_sub(1);
    }

    /// The hashers of all of them, behind all that was taken.
    pub fn end(
        &mut self,
        aside: Option<&mut (dyn Aside + '_)>,
        link: &mut impl Link,
    ) -> Result<Vec<Hasher>, LaneError> {
        self.come_back(aside, link)?;
        self.round.hash();
        self.free.extend(self.round.pieces.drain(..).map(|piece| piece.buffer));
        Ok(mem::take(&mut self.round.hashers))
    }

    /// By whoever is there beside, while the next round is gathered; by this thread if nobody is.
    fn hash(&mut self, mut aside: Option<&mut (dyn Aside + '_)>, link: &mut impl Link) -> Result<(), LaneError> {
        self.come_back(aside.as_deref_mut(), link)?;
        self.width = self.open;
        let round = mem::take(&mut self.round);
        let left = match aside {
            Some(aside) => aside.hash_round(round),
            None => Err(round),
        };
        match left {
            Ok(()) => self.is_away = true,
            Err(mut round) => {
                round.hash();
                self.is_back(round);
            }
        }
        Ok(())
    }

    /// Waits for the round that is away; a cancel and a deadline are seen meanwhile.
    fn come_back(&mut self, aside: Option<&mut (dyn Aside + '_)>, link: &mut impl Link) -> Result<(), LaneError> {
        let Some(aside) = aside.filter(|_| self.is_away) else { return Ok(()) };
        loop {
            match aside.wait() {
                None => link.tick()?,
                Some(Back::Round(round)) => {
                    self.is_away = false;
                    self.is_back(round);
                    return Ok(());
                }
                Some(Back::Buffer(_) | Back::Hasher(_) | Back::Written(_) | Back::Lost) => {
                    let reason = Reason::here(ReasonCode::Internal, "the hasher stopped unexpectedly");
                    return Err(LaneError::Local(reason));
                }
            }
        }
    }

    fn is_back(&mut self, round: Round) {
        self.round.hashers = round.hashers;
        self.free.extend(round.pieces.into_iter().map(|piece| piece.buffer));
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{self, Read, Write},
        time::Instant,
    };

    use super::*;
    use crate::transfer::{
        limits::Limits,
        link::{Wake, Wrote},
    };

    /// Nothing moves over it.
    struct Idle;

    impl Read for Idle {
        fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
            Ok(0)
        }
    }

    impl Write for Idle {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Link for Idle {
        fn pending(&mut self) -> bool {
            false
        }

        fn wait(&mut self) -> io::Result<Wake> {
            Ok(Wake::Woken)
        }

        fn write_some(&mut self, bytes: &[u8]) -> io::Result<Wrote> {
            Ok(Wrote::Bytes(bytes.len()))
        }

        fn admit(&mut self, wanted: usize) -> io::Result<usize> {
            Ok(wanted)
        }

        fn limits(&self) -> Limits {
            Limits::default()
        }

        fn queued(&self) -> usize {
            0
        }

        fn set_in_body(&mut self, _in_body: bool) {}

        fn set_deadline(&mut self, _deadline: Option<Instant>) {}
    }

    /// Takes rounds as long as it may, and has them when they are asked for again.
    #[derive(Default)]
    struct Desk {
        left: usize,
        round: Option<Round>,
    }

    impl Aside for Desk {
        fn begin(&mut self, hasher: Hasher) -> Result<(), Hasher> {
            Err(hasher)
        }

        fn hash(&mut self, _buffer: Vec<u8>, _length: usize) {}

        fn end(&mut self) {}

        fn hash_round(&mut self, round: Round) -> Result<(), Round> {
            assert!(self.round.is_none(), "one at a time");
            if self.left == 0 {
                return Err(round);
            }
            self.left -= 1;
            self.round = Some(round);
            Ok(())
        }

        fn wait(&mut self) -> Option<Back> {
            let mut round = self.round.take()?;
            round.hash();
            Some(Back::Round(round))
        }
    }

    #[test]
    fn files_that_end_at_different_times_have_the_digests_that_each_has_alone() {
        let lengths = [0_usize, 1, 700, 64, 3000, 2999, 128, 1000];
        let content =
            |of: usize| -> Vec<u8> { (0..lengths[of]).map(|at| u8::try_from(at * (of + 3) % 251).unwrap()).collect() };
        let mut rounds = Rounds::default();
        for rounds_aside in [0, 3, usize::MAX] {
            let mut desk = Desk { left: rounds_aside, round: None };
            rounds.begin(lengths.len());
            let (mut buffer, mut moved) = (vec![0; 100], [0; 8]);
            let mut open: Vec<usize> = (0..lengths.len()).collect();
            while !open.is_empty() {
                open.retain(|&of| {
                    // Not all of them give as much, and one comes twice in a row.
                    for _ in 0..=usize::from(of == 4) {
                        let length = (lengths[of] - moved[of]).min(100 - of);
                        buffer[..length].copy_from_slice(&content(of)[moved[of]..][..length]);
                        rounds.take(of, (&mut buffer, length), Some(&mut desk), &mut Idle).unwrap();
                        assert_eq!(buffer.len(), 100, "it may be filled again");
                        moved[of] += length;
                    }
                    let is_open = moved[of] < lengths[of];
                    if !is_open {
                        rounds.over();
                    }
                    is_open
                });
            }
            let hashers = rounds.end(Some(&mut desk), &mut Idle).unwrap();
            assert_eq!(hashers.len(), lengths.len());
            for (of, hasher) in hashers.into_iter().enumerate() {
                let mut alone = Hasher::new();
                alone.update(&content(of));
                assert_eq!(hasher.finish(), alone.finish(), "{of}, {rounds_aside} rounds aside");
            }
        }
        assert!(rounds.free.len() <= 2 * lengths.len(), "buffers are used again");
    }

    #[test]
    fn a_round_that_is_lost_ends_the_lane() {
        struct Gone;
        impl Aside for Gone {
            fn begin(&mut self, hasher: Hasher) -> Result<(), Hasher> {
                Err(hasher)
            }

            fn hash(&mut self, _buffer: Vec<u8>, _length: usize) {}

            fn end(&mut self) {}

            fn hash_round(&mut self, _round: Round) -> Result<(), Round> {
                Ok(())
            }

            fn wait(&mut self) -> Option<Back> {
                Some(Back::Lost)
            }
        }
        let mut rounds = Rounds::default();
        rounds.begin(1);
        rounds.take(0, (&mut vec![0; 8], 8), Some(&mut Gone), &mut Idle).unwrap();
        let error = rounds.end(Some(&mut Gone), &mut Idle).err().map(|error| error.reason().code);
        assert_eq!(error, Some(ReasonCode::Internal));
    }
}
