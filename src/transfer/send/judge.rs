//! What a sender hashes of its own files to find out whether the receiver has the same: the beginning of a file whose rest is
//! to follow, or a file that went whole over an earlier connection. It is done in slices, between messages.

use std::collections::VecDeque;

use crate::{
    digest::Hasher,
    model::{
        manifest::Manifest,
        reason::{Reason, ReasonCode},
        seal::Md5Digest,
    },
    storage::sources::{Source, SourcePlaces},
    transfer::progress::Progress,
};

/// Files that may wait for their turn with their beginning hashed: each of them is open.
const MOST_READY: usize = 4;

/// Where the bytes are that are hashed.
pub(super) struct Desk<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) places: &'a SourcePlaces,
}

/// A file whose `at` has been judged.
pub(super) enum Ready {
    /// The receiver has its first `offset` bytes; `source` and `hasher` stand behind them.
    GoOn {
        index: u32,
        offset: u64,
        source: Box<Source>,
        hasher: Hasher,
    },
    /// What the receiver has is not its beginning.
    Again {
        index: u32,
    },
    Failed {
        index: u32,
        reason: Reason,
    },
}

/// A file that went whole over an earlier connection, and that the receiver says it has with this digest.
pub(super) struct Verdict {
    pub(super) index: u32,
    pub(super) md5: Option<Md5Digest>,
    /// Why it cannot be said to be the same.
    pub(super) wrong: Option<Reason>,
}

/// What was done in one go.
pub(super) enum Step {
    /// There is nothing to hash now.
    Nothing,
    Hashed,
    /// A file that went before is the same, or it is not.
    Judged(Verdict),
}

/// All that has to be hashed.
#[derive(Default)]
pub(super) struct Judge {
    /// Beginnings that were not begun; without a digest: the receiver hashes it itself.
    beginnings: VecDeque<Beginning>,
    beginning: Option<(Reading, Option<Md5Digest>)>,
    ready: VecDeque<Ready>,
    wholes: VecDeque<(u32, Md5Digest)>,
    whole: Option<(Reading, Md5Digest)>,
    pub(super) progress: Progress,
}

struct Beginning {
    index: u32,
    offset: u64,
    md5: Option<Md5Digest>,
}

/// A file that is being hashed, up to an offset.
struct Reading {
    index: u32,
    source: Source,
    hasher: Hasher,
    hashed: u64,
    until: u64,
}

impl Judge {
    /// The receiver has begun to hash this much of a file: so does this side, if it has nothing else to hash.
    pub(super) fn announced(&mut self, index: u32, offset: u64) {
        if self.beginning.is_none() && self.beginnings.is_empty() {
            self.begin(index, offset, None);
        }
    }

    /// The receiver has these first bytes.
    pub(super) fn at(&mut self, index: u32, offset: u64, md5: Md5Digest) {
        self.progress.there_is_over();
        if let Some((reading, known)) = &mut self.beginning
            && reading.index == index
            && reading.until == offset
        {
            *known = Some(md5);
            return;
        }
        self.forget(index);
        self.begin(index, offset, Some(md5));
    }

    fn begin(&mut self, index: u32, offset: u64, md5: Option<Md5Digest>) {
        self.progress.more(offset);
        self.beginnings.push_back(Beginning { index, offset, md5 });
    }

    /// Nothing has to be known about the beginning of this file any more.
    pub(super) fn forget(&mut self, index: u32) {
        if self.beginning.as_ref().is_some_and(|(reading, _)| reading.index == index)
            && let Some((reading, _)) = self.beginning.take()
        {
            self.progress.hashed(reading.left());
        }
        // One that was announced stands first, and alone: others are only there once the receiver is through with it.
        if self.beginnings.front().is_some_and(|first| first.index == index)
            && let Some(first) = self.beginnings.pop_front()
        {
            self.progress.hashed(first.offset);
        }
    }

    /// The receiver has this file whole, it says.
    pub(super) fn whole(&mut self, index: u32, size: u64, md5: Md5Digest) {
        self.progress.more(size);
        self.wholes.push_back((index, md5));
    }

    /// The next file that may be sent.
    pub(super) fn first_ready(&self) -> Option<u32> {
        self.ready.front().map(|ready| match ready {
            Ready::Again { index } | Ready::Failed { index, .. } | Ready::GoOn { index, .. } => *index,
        })
    }

    /// The same, taken.
    pub(super) fn next_ready(&mut self) -> Option<Ready> {
        self.ready.pop_front()
    }

    /// Whether there is nothing to hash or to send.
    pub(super) fn is_idle(&self) -> bool {
        self.beginnings.is_empty()
            && self.beginning.is_none()
            && self.ready.is_empty()
            && self.wholes.is_empty()
            && self.whole.is_none()
    }

    /// Hashes as much as `buffer` holds.
    pub(super) fn step(&mut self, desk: &Desk<'_>, buffer: &mut [u8]) -> Step {
        self.open_beginning(desk);
        if self.step_beginning(buffer) {
            return Step::Hashed;
        }
        if let Err(verdict) = self.open_whole(desk) {
            return Step::Judged(verdict);
        }
        let Some((mut reading, theirs)) = self.whole.take() else { return Step::Nothing };
        match reading.step(buffer, &mut self.progress) {
            Ok(()) if reading.left() > 0 => {
                self.whole = Some((reading, theirs));
                Step::Hashed
            }
            Ok(()) => Step::Judged(reading.verdict(theirs)),
            Err(reason) => {
                self.progress.hashed(reading.left());
                Step::Judged(Verdict { index: reading.index, md5: None, wrong: Some(reason) })
            }
        }
    }

    fn open_beginning(&mut self, desk: &Desk<'_>) {
        // What was only announced gives way to what is asked for.
        if matches!(self.beginning, Some((_, None)))
            && !self.beginnings.is_empty()
            && let Some((reading, _)) = self.beginning.take()
        {
            self.progress.hashed(reading.left());
        }
        while self.beginning.is_none() && self.ready.len() < MOST_READY {
            let Some(Beginning { index, offset, md5 }) = self.beginnings.pop_front() else { return };
            let opened = Reading::open(desk, index, offset);
            let settled = match opened {
                // A file that was written to meanwhile starts again, unless all of it can be compared.
                Ok((reading, same)) if same || offset == desk.size(index) => {
                    self.beginning = Some((reading, md5));
                    return;
                }
                Ok(_) => Ready::Again { index },
                Err(reason) => Ready::Failed { index, reason },
            };
            self.progress.hashed(offset);
            // It is found out again, and told, once the receiver is through with its own.
            self.ready.extend(md5.map(|_asked_for| settled));
        }
    }

    /// True when a piece was hashed or judged.
    fn step_beginning(&mut self, buffer: &mut [u8]) -> bool {
        let Some((mut reading, theirs)) = self.beginning.take() else { return false };
        if reading.left() > 0 {
            match reading.step(buffer, &mut self.progress) {
                Ok(()) => self.beginning = Some((reading, theirs)),
                Err(reason) => {
                    self.progress.hashed(reading.left());
                    let index = reading.index;
                    self.ready.extend(theirs.map(|_asked_for| Ready::Failed { index, reason }));
                }
            }
            return true;
        }
        let Some(md5) = theirs else {
            self.beginning = Some((reading, None));
            return false;
        };
        let Reading { index, source, hasher, until: offset, .. } = reading;
        self.ready.push_back(if hasher.clone().finish() == md5 {
            Ready::GoOn { index, offset, source: Box::new(source), hasher }
        } else {
            Ready::Again { index }
        });
        true
    }

    fn open_whole(&mut self, desk: &Desk<'_>) -> Result<(), Verdict> {
        if self.whole.is_some() {
            return Ok(());
        }
        let Some((index, md5)) = self.wholes.pop_front() else { return Ok(()) };
        let size = desk.size(index);
        match Reading::open(desk, index, size) {
            Ok((reading, _same)) => self.whole = Some((reading, md5)),
            Err(reason) => {
                self.progress.hashed(size);
                return Err(Verdict { index, md5: None, wrong: Some(reason) });
            }
        }
        Ok(())
    }
}

impl Desk<'_> {
    fn size(&self, index: u32) -> u64 {
        self.manifest.entries[index as usize].size()
    }
}

impl Reading {
    /// The flag says whether the file is as it was listed.
    fn open(desk: &Desk<'_>, index: u32, until: u64) -> Result<(Self, bool), Reason> {
        let entry = &desk.manifest.entries[index as usize];
        let place = desk.places.get(index, entry).unwrap_or_default();
        let (source, same) = Source::open_again(&place, entry.size(), entry.mtime)?;
        Ok((Self { index, source, hasher: Hasher::new(), hashed: 0, until }, same))
    }

    fn left(&self) -> u64 {
        self.until - self.hashed
    }

    fn step(&mut self, buffer: &mut [u8], progress: &mut Progress) -> Result<(), Reason> {
        let most = usize::try_from(self.left()).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.source.read(&mut buffer[..most])?;
        self.hasher.update(&buffer[..read]);
        self.hashed += read as u64;
        progress.hashed(read as u64);
        Ok(())
    }

    fn verdict(self, theirs: Md5Digest) -> Verdict {
        let ours = self.hasher.finish();
        let changed = || Reason::here(ReasonCode::Changed, format!("{theirs} went before, {ours} is there now"));
        let wrong = self.source.finish().err().or_else(|| (ours != theirs).then(changed));
        Verdict { index: self.index, md5: Some(ours), wrong }
    }
}
