//! Who works beside a lane, without threads: hashes or writes at once what is left to it, and tells at once or when nothing else is to be done.

use std::collections::VecDeque;

use sealdrop::{
    digest::Hasher,
    model::seal::Md5Digest,
    storage::{
        landing::Landing,
        part_file::{Piece, StoredBytes},
    },
    transfer::{
        aside::{Aside, Back, PIECES},
        check::{Check, CheckJob, CheckNews, Matter},
        rounds::Round,
    },
};

use super::input::Input;

pub(crate) fn md5_of(bytes: &[u8]) -> Md5Digest {
    let mut hasher = Hasher::new();
    hasher.update(bytes);
    hasher.finish()
}

/// Hashes one stream aside, or a round of several, or writes pieces.
#[derive(Default)]
pub(crate) struct Stream {
    hasher: Option<Hasher>,
    back: VecDeque<Back>,
}

impl Stream {
    /// `None`: nobody hashes aside.
    pub(crate) fn of(input: &mut Input<'_>) -> Option<Self> {
        (input.byte() & 4 > 0).then(Self::default)
    }
}

impl Aside for Stream {
    fn begin(&mut self, hasher: Hasher) -> Result<(), Hasher> {
        assert!(self.hasher.replace(hasher).is_none(), "a stream while another one is hashed");
        Ok(())
    }

    fn hash(&mut self, buffer: Vec<u8>, length: usize) {
        self.hasher.as_mut().expect("a stream has begun").update(&buffer[..length]);
        self.back.push_back(Back::Buffer(buffer));
        assert!(self.back.len() <= PIECES, "{} buffers are under way", self.back.len());
    }

    fn end(&mut self) {
        self.back.extend(self.hasher.take().map(Back::Hasher));
    }

    fn hash_round(&mut self, mut round: Round) -> Result<(), Round> {
        assert!(self.hasher.is_none() && self.back.is_empty(), "a round while something else is hashed");
        round.hash();
        self.back.push_back(Back::Round(round));
        Ok(())
    }

    fn write(&mut self, piece: Piece) -> Result<(), Piece> {
        assert!(self.hasher.is_none(), "a piece to be written while a stream is hashed");
        self.back.push_back(Back::Written(piece.write()));
        assert!(self.back.len() < PIECES, "{} pieces are under way", self.back.len());
        Ok(())
    }

    fn wait(&mut self) -> Option<Back> {
        self.back.pop_front()
    }

    fn window(&self) -> u64 {
        0
    }
}

/// Checks what is there in the lane's own thread.
pub(crate) struct Checking {
    pub(crate) landing: Landing,
    pub(crate) news: VecDeque<CheckNews>,
}

impl Check for Checking {
    fn check(&mut self, job: CheckJob) {
        let CheckJob { index, matter, bytes, name } = job;
        let there = match matter {
            Matter::Done => self.landing.done_bytes(index, name.as_deref()),
            Matter::Part => self.landing.part_prefix(index),
            Matter::There => self.landing.there_bytes(index),
        };
        let wanted = usize::try_from(bytes).expect("small");
        let hashed = there.and_then(all_of).map(|there| {
            let mut hasher = Hasher::new();
            hasher.update(&there[..wanted]);
            hasher
        });
        self.news.extend([CheckNews::Hashed(bytes / 2), CheckNews::Over(hashed)]);
    }

    fn try_news(&mut self) -> Option<CheckNews> {
        self.news.pop_front()
    }
}

pub(crate) fn all_of(mut stored: StoredBytes) -> Result<Vec<u8>, sealdrop::model::reason::Reason> {
    let mut all = vec![0; usize::try_from(stored.size()).expect("small")];
    let mut got = 0;
    while got < all.len() {
        match stored.read(&mut all[got..])? {
            0 => break,
            read => got += read,
        }
    }
    all.truncate(got);
    Ok(all)
}
