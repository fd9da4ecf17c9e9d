//! What earlier runs of the program have left unfinished comes back as it was.

use std::{path::PathBuf, sync::Arc, time::Instant};

use crate::{
    engine::{
        messages::{Acceptance, Event, SendRequest, Wait, What},
        note::{Kept, Session},
    },
    model::{
        manifest::{Entry, Selection},
        outcome::{FileEnd, FileState},
        seal::Md5Digest,
        transfer::{Direction, QueuedFor, Stage, TransferKey, TransferSnapshot},
    },
    storage::{
        agreement::Terms,
        journal::DoneList,
        kept::{FinalPaths, KeptIncoming},
        outgoing_file::{KeptOutgoing, SentSoFar},
    },
};

use super::{
    Dispatch,
    record::{Hands, KnownEnd, Record},
};

impl Dispatch {
    pub(super) fn restored(&mut self, kept: Kept) {
        let Kept { incoming, outgoing, lost } = kept;
        if self.stopping_until.is_some() {
            return;
        }
        for kept in incoming {
            self.restore_incoming(kept);
        }
        for (kept, sent) in outgoing {
            self.restore_outgoing(kept, sent);
        }
        for (key, reason) in lost {
            let address = format!("{}", key.id);
            self.outbox.line(Event::Refused { address, reason });
        }
        self.restored = true;
        self.show_places();
        self.outbox.fact(Event::Restored);
    }

    fn restore_incoming(&mut self, kept: KeptIncoming) {
        let KeptIncoming { terms, recovered, paths } = kept;
        let key = TransferKey { id: terms.id, direction: Direction::Incoming };
        if self.records.contains_key(&key) {
            return;
        }
        let Terms { peer, digest, manifest, message, folder, selection, conflict, .. } = terms;
        let mut snapshot = TransferSnapshot::new(key, peer, Stage::Interrupted, message);
        snapshot.manifest = manifest;
        // A message has no place among files.
        snapshot.folder = (!snapshot.manifest.entries.is_empty()).then(|| folder.clone());
        let mut record = Record::new(snapshot, Hands::Nobody, Session::Sealed);
        record.select(&selection);
        record.acceptance = Some(Acceptance { folder, selection, conflict });
        record.announced = true;
        record.digest = digest;
        record.accepted_at = Some(Instant::now());
        self.spend(&record);
        let begun = recovered.parts.values().fold(0_u64, |sum, bytes| sum.saturating_add(*bytes));
        let (paused, over) = (recovered.paused, recovered.over);
        // Those of what is over are tried again.
        let lost = recovered.ended.filter(|_lost| !over);
        let ends = EndsBefore::new(recovered.done, paths, &record, lost);
        if lost.is_some() && ends.lost.is_none() {
            record.missed.count = lost.unwrap_or_default();
        }
        if over {
            record.ended_before(&|index| ends.of(index));
            return self.rest(record);
        }
        self.come_back(record, move |index| ends.of(index), begun, paused && lost.is_none());
        if lost.is_some() {
            self.end_again(key);
        } else {
            self.wait_to_tell(key);
        }
    }

    fn restore_outgoing(&mut self, kept: KeptOutgoing, sent: SentSoFar) {
        let key = TransferKey { id: kept.id, direction: Direction::Outgoing };
        if self.records.contains_key(&key) {
            return;
        }
        let KeptOutgoing { to, peer, key: known, verified, message, outgoing, digest, missed, accepted, .. } = kept;
        let mut snapshot = TransferSnapshot::new(key, peer, Stage::Interrupted, message.clone());
        snapshot.manifest = Arc::clone(&outgoing.manifest);
        snapshot.peer.key = snapshot.peer.key.or(known);
        snapshot.roots = outgoing.tops().collect();
        let mut record = Record::new(snapshot, Hands::Nobody, Session::Sealed);
        record.select(&Selection::All);
        record.digest = digest;
        record.missed = missed;
        record.going.epoch = sent.epoch.max(1);
        (record.going.all_verified, record.going.receipts_complete) = (sent.all_verified, sent.all_verified);
        record.going.rank = self.next_rank();
        // All receipts are here: nothing can change its end.
        let has_ended = sent.all_verified;
        let accepted = accepted || has_ended;
        record.accepted_at = accepted.then(Instant::now);
        record.end = if has_ended { KnownEnd::Before } else { KnownEnd::No };
        record.request = Some(SendRequest {
            id: key.id,
            to,
            also: Vec::new(),
            expect: known.filter(|_| verified),
            classic: false,
            what: What::Paths(record.snapshot.roots.to_vec()),
            message,
            wait: Wait::WhileAway,
        });
        record.outgoing = Some(Arc::clone(&outgoing));
        let receipts = sent.receipts;
        let end_of = move |index| {
            let place = outgoing.place(index);
            let is_file = outgoing.manifest.entries.get(index as usize).is_some_and(Entry::is_file);
            match receipts.get(index) {
                Some(md5) => Some(arrived(index, Some(md5), place)),
                // It was not wanted.
                None if has_ended && is_file => Some(FileEnd { state: FileState::Skipped, ..failed(index) }),
                None => has_ended.then(|| arrived(index, None, place)),
            }
        };
        if !accepted {
            record.going.queued = Some(QueuedFor::Device);
            record.going.next_try = (self.listener_id > 0 && !sent.paused).then(Instant::now);
        }
        self.come_back(record, end_of, 0, sent.paused);
        // Whoever asks for the same again hears of it when that is asked for.
        if has_ended && self.setup.restore.holds(Direction::Outgoing) {
            self.end(key, Ok(()));
        }
    }

    /// `end_of`: how an entry has ended, if it has.
    fn come_back(
        &mut self,
        mut record: Record,
        end_of: impl Fn(u32) -> Option<FileEnd> + Send + 'static,
        begun: u64,
        paused: bool,
    ) {
        let key = record.snapshot.key;
        record.going.interrupted = true;
        record.going.paused_here = paused;
        record.ended_before(&end_of);
        let there = record.tally_bytes().saturating_add(begun).min(record.snapshot.total);
        (record.snapshot.moved, record.snapshot.kept) = (there, there);
        record.snapshot.stage = record.standing();
        self.outbox.snapshot(record.snapshot.clone());
        self.outbox.files_ended_before(key, record.entries().filter_map(end_of));
        self.records.insert(key, record);
    }
}

impl Record {
    /// Counts the ends of all entries that have one.
    fn ended_before(&mut self, end_of: &impl Fn(u32) -> Option<FileEnd>) {
        for end in self.entries().filter_map(end_of) {
            self.file_ended(&end);
        }
    }
}

/// How the entries of an incoming transfer had ended, as far as that is known.
struct EndsBefore {
    done: DoneList,
    paths: FinalPaths,
    /// What was wanted, if all of it that is not done has failed.
    lost: Option<Selection>,
}

impl EndsBefore {
    /// `lost`: so many had failed, which may be fewer than are missing: some were left out then, and which is not known any more.
    fn new(done: DoneList, paths: FinalPaths, record: &Record, lost: Option<u64>) -> Self {
        let selection = record.acceptance.as_ref().map(|acceptance| &acceptance.selection);
        let is_missing =
            |index: &u32| selection.is_some_and(|selection| selection.holds(*index)) && done.get(*index).is_none();
        let are_missing = || record.entries().filter(is_missing).count() as u64;
        let lost = selection.filter(|_| lost.is_some_and(|lost| lost == are_missing())).cloned();
        Self { done, paths, lost }
    }

    fn of(&self, index: u32) -> Option<FileEnd> {
        match self.done.get(index) {
            Some(md5) => Some(arrived(index, md5, self.paths.of(index, self.done.name(index)))),
            None => self.lost.as_ref().filter(|lost| lost.holds(index)).map(|_| failed(index)),
        }
    }
}

fn arrived(index: u32, md5: Option<Md5Digest>, place: Option<PathBuf>) -> FileEnd {
    FileEnd { index, state: FileState::Verified, md5, place, reason: None }
}

/// Why is not known any more.
fn failed(index: u32) -> FileEnd {
    FileEnd { index, state: FileState::Failed, md5: None, place: None, reason: None }
}
