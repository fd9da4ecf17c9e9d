//! The sender's lane: files out, plan and receipts in. Nothing waits for a receipt but the window's end.

use std::{
    collections::{HashMap, VecDeque},
    path::PathBuf,
    sync::Arc,
};

use crate::{
    digest::Hasher,
    model::{
        manifest::Manifest,
        outcome::{FileEnd, FileState},
        reason::{Reason, ReasonCode, Side},
        seal::Md5Digest,
    },
    storage::sources::Source,
    wire::{
        chunk,
        header::{self, Message, PlanItem, Receipt, ReceiptState, Want},
    },
};

use super::{
    lane::{
        Farewell, LaneEnd, LaneError, Report, ended_early, last_word, next_message, read_message, told, unexpected,
    },
    link::{Link, Wrote},
    plan::{self, Standing},
};

/// Files between `file` and `receipt`, at most.
pub const WINDOW: usize = 256;
pub struct SentBefore {
    pub receipts: HashMap<u32, Md5Digest>,
    pub again: bool,
}

/// One lane of an outgoing transfer.
pub struct SendLane<'a, L, R> {
    link: &'a mut L,
    report: &'a mut R,
    manifest: Arc<Manifest>,
    places: &'a [PathBuf],
    standing: Vec<Standing>,
    unanswered: usize,
    queue: VecDeque<u32>,
    /// Folders and links whose receipt has not come.
    unmade: usize,
    sealed: HashMap<u32, Md5Digest>,
    buffer: Vec<u8>,
    farewell: Farewell,
}

impl<'a, L: Link, R: Report> SendLane<'a, L, R> {
    /// `places[i]` is where entry `i` of the manifest is read from.
    pub fn new(
        link: &'a mut L,
        report: &'a mut R,
        manifest: Arc<Manifest>,
        places: &'a [PathBuf],
        _before: SentBefore,
    ) -> Self {
        let entries = manifest.entries.len();
        Self {
            link,
            report,
            manifest,
            places,
            standing: vec![Standing::Unanswered; entries],
            unanswered: entries,
            queue: VecDeque::new(),
            unmade: 0,
            sealed: HashMap::new(),
            buffer: vec![0; chunk::SEND_CHUNK_BYTES],
            farewell: Farewell::default(),
        }
    }

    /// Carries the transfer out, from the plan to the echoed `done`. The answer has been read already.
    ///
    /// # Errors
    /// Why the lane ended; the `Farewell` is what the closer owes to the peer.
    pub fn run(mut self) -> Result<(), Box<LaneEnd>> {
        match self.carry_out() {
            Ok(()) => Ok(()),
            Err(error) => {
                let error = last_word(self.link, error);
                self.farewell.last = error.abort().map(Message::Abort);
                Err(Box::new(LaneEnd { error, farewell: self.farewell }))
            }
        }
    }

    fn carry_out(&mut self) -> Result<(), LaneError> {
        let mut told_finishing = false;
        while !self.complete() {
            self.take_input()?;
            if self.sealed.len() < WINDOW
                && let Some(index) = self.queue.pop_front()
            {
                self.send_file(index)?;
                continue;
            }
            if self.unanswered == 0 && self.queue.is_empty() && !told_finishing {
                told_finishing = true;
                self.report.finishing();
            }
            if !self.complete() {
                self.link.wait()?;
            }
        }
        header::write_header(self.link, &Message::Done)?;
        self.link.flush()?;
        match next_message(self.link)? {
            Some(Message::Done) => Ok(()),
            Some(other) => Err(unexpected(&other)),
            None => Err(ended_early()),
        }
    }

    fn complete(&self) -> bool {
        self.unanswered == 0 && self.queue.is_empty() && self.sealed.is_empty() && self.unmade == 0
    }

    fn take_input(&mut self) -> Result<(), LaneError> {
        while self.link.pending() {
            match read_message(self.link)?.ok_or_else(ended_early)? {
                Message::Plan { items } => items.into_iter().try_for_each(|item| self.plan(item))?,
                Message::Receipt(receipt) => self.receipt(receipt)?,
                Message::Ping | Message::Pause { .. } | Message::Resume | Message::Working { .. } => {}
                other => return Err(unexpected(&other)),
            }
        }
        Ok(())
    }

    fn plan(&mut self, item: PlanItem) -> Result<(), LaneError> {
        for index in plan::apply(&mut self.standing, item)?.into_iter().flatten() {
            self.unanswered -= 1;
            match (self.manifest.entries[index as usize].is_file(), item.want) {
                (true, Want::Skip) => self.ended(index, FileState::Skipped, None, None),
                (true, _) => self.queue.push_back(index),
                (false, Want::Skip) => {}
                (false, _) => self.unmade += 1,
            }
        }
        Ok(())
    }

    fn receipt(&mut self, receipt: Receipt) -> Result<(), LaneError> {
        let not_sent = || LaneError::Protocol(format!("a receipt for entry {} which was not sent", receipt.index));
        let standing = self.standing.get_mut(receipt.index as usize).ok_or_else(not_sent)?;
        let ours = self.sealed.remove(&receipt.index);
        let is_file = self.manifest.entries[receipt.index as usize].is_file();
        match (*standing, ours) {
            (Standing::Sealed, Some(_)) => {}
            (Standing::Wanted, None) if !is_file => self.unmade -= 1,
            _ => return Err(not_sent()),
        }
        *standing = Standing::Ended;
        let (state, reason) = match receipt.state {
            ReceiptState::Verified if receipt.md5 == ours => (FileState::Verified, None),
            ReceiptState::Verified | ReceiptState::Mismatch => {
                let theirs = receipt.md5.map_or_else(|| "none".to_owned(), |md5| md5.to_string());
                let reason = Reason::there(ReasonCode::Mismatch, Some(format!("the receiver computed {theirs}")));
                (FileState::Mismatch, Some(reason))
            }
            ReceiptState::Failed(reason) => (FileState::Failed, Some(reason)),
        };
        self.ended(receipt.index, state, ours, reason);
        Ok(())
    }

    fn ended(&mut self, index: u32, state: FileState, md5: Option<Md5Digest>, reason: Option<Reason>) {
        let place = self.places.get(index as usize).cloned();
        self.report.file_ended(FileEnd { index, state, md5, place, reason });
    }

    fn send_file(&mut self, index: u32) -> Result<(), LaneError> {
        let entry = &self.manifest.entries[index as usize];
        let opened = Source::open(&self.places[index as usize], entry.size(), entry.mtime);
        let mut source = match opened {
            Ok(source) => source,
            Err(reason) => return self.fail(index, reason),
        };
        header::write_header(self.link, &Message::File { index, offset: 0 })?;
        self.set_in_body(true);
        let mut hasher = Hasher::new();
        let read = self.send_body(index, &mut source, &mut hasher)?;
        self.link.write_all(&chunk::END)?;
        self.set_in_body(false);
        match read.and_then(|()| source.finish()) {
            Ok(()) => self.seal(index, hasher.finish()),
            Err(reason) => self.fail(index, reason),
        }
    }

    fn set_in_body(&mut self, in_body: bool) {
        self.farewell.in_body = in_body;
        self.link.set_in_body(in_body);
    }

    /// The outer error ends the lane, the inner one only this file.
    fn send_body(
        &mut self,
        index: u32,
        source: &mut Source,
        hasher: &mut Hasher,
    ) -> Result<Result<(), Reason>, LaneError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut admitted = 0;
        let ended = loop {
            if admitted == 0 {
                match self.wait_for_turn(source.remaining()) {
                    Ok(bytes) => admitted = bytes,
                    Err(error) => break Err(error),
                }
            }
            match source.read(&mut buffer[..admitted]) {
                Ok(0) => break Ok(Ok(())),
                Ok(n) => {
                    admitted -= n;
                    hasher.update(&buffer[..n]);
                    if let Err(error) = self.send_chunk(index, &buffer[..n]) {
                        break Err(error);
                    }
                }
                Err(reason) => break Ok(Err(reason)),
            }
        };
        self.buffer = buffer;
        ended
    }

    /// How many of the `left` bytes of a file may go next, at most as many as the buffer holds; 0 only at its end.
    fn wait_for_turn(&mut self, left: u64) -> Result<usize, LaneError> {
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(chunk::SEND_CHUNK_BYTES);
        loop {
            match self.link.admit(wanted)? {
                0 if wanted > 0 => self.take_input()?,
                admitted => return Ok(admitted),
            }
        }
    }

    fn send_chunk(&mut self, index: u32, bytes: &[u8]) -> Result<(), LaneError> {
        // At most SEND_CHUNK_BYTES, which fits.
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.link.write_all(&chunk::chunk_start(length))?;
        self.farewell.chunk_left = length;
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.link.write_some(rest)? {
                Wrote::Bytes(n) => {
                    rest = &rest[n..];
                    self.farewell.chunk_left -= u32::try_from(n).unwrap_or(0);
                }
                Wrote::Input => self.take_input()?,
            }
        }
        self.report.moved(index, bytes.len() as u64);
        self.take_input()
    }

    fn seal(&mut self, index: u32, md5: Md5Digest) -> Result<(), LaneError> {
        self.standing[index as usize] = Standing::Sealed;
        self.sealed.insert(index, md5);
        Ok(header::write_header(self.link, &Message::Seal { index, md5 })?)
    }

    fn fail(&mut self, index: u32, reason: Reason) -> Result<(), LaneError> {
        self.standing[index as usize] = Standing::Ended;
        let reason = Reason { side: Side::Here, ..reason };
        header::write_header(self.link, &Message::Failed { index, reason: told(&reason) })?;
        self.ended(index, FileState::Failed, None, Some(reason));
        Ok(())
    }
}
