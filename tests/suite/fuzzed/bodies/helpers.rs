//! Who works beside a lane, without threads: hashes at once what is left to it, and tells at once or when nothing else is to be done.

use std::collections::VecDeque;

use sealdrop::{
    digest::Hasher,
    model::seal::Md5Digest,
    storage::{landing::Landing, part_file::StoredBytes},
    transfer::{
        aside::{Aside, Back, PIECES},
        behind::{Behind, Hashed, Job},
        check::{Check, CheckJob, CheckNews, Matter},
    },
};

use super::input::Input;

pub(crate) fn md5_of(bytes: &[u8]) -> Md5Digest {
    let mut hasher = Hasher::new();
    hasher.update(bytes);
    hasher.finish()
}

/// Hashes files behind in the lane's own thread.
#[derive(Default)]
pub(crate) struct InPlace {
    has_room: bool,
    is_late: bool,
    hashed: VecDeque<Hashed>,
    /// Digests that may be heard.
    out: usize,
    stream: Option<Stream>,
}

/// Hashes one stream aside.
#[derive(Default)]
struct Stream {
    hasher: Option<Hasher>,
    back: VecDeque<Back>,
}

impl InPlace {
    pub(crate) fn of(input: &mut Input<'_>) -> Self {
        let bits = input.byte();
        let stream = (bits & 4 > 0).then(Stream::default);
        Self { has_room: bits & 1 > 0, is_late: bits & 2 > 0, stream, ..Self::default() }
    }
}

impl Behind for InPlace {
    fn has_room(&mut self, _: u64) -> bool {
        self.has_room
    }

    fn hash(&mut self, job: Job) {
        let Job { index, mut from, bytes, mut hasher } = job;
        let mut buffer = vec![0; 16 << 10];
        let mut left = usize::try_from(bytes).expect("small");
        let read = loop {
            let most = left.min(buffer.len());
            match from.read(&mut buffer[..most]) {
                Ok(0) => break Ok(()),
                Ok(read) => {
                    hasher.update(&buffer[..read]);
                    left -= read;
                }
                Err(reason) => break Err(reason),
            }
        };
        assert!(read.is_err() || left == 0, "{left} of {bytes} bytes of entry {index} are not there");
        let md5 = read.and_then(|()| from.finish()).map(|()| hasher.finish());
        self.hashed.push_back(Hashed { index, md5 });
        self.out += usize::from(!self.is_late);
    }

    fn hurry(&mut self) {
        self.out = self.hashed.len();
    }

    fn try_hashed(&mut self) -> Option<Hashed> {
        self.out = self.out.checked_sub(1)?;
        self.hashed.pop_front()
    }

    fn aside(&mut self) -> Option<&mut dyn Aside> {
        self.stream.as_mut().map(|stream| stream as &mut dyn Aside)
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
        let CheckJob { index, matter, bytes } = job;
        let there = match matter {
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
