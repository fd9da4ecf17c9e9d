//! What earlier runs of the program have left unfinished comes back as it was.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    sync::Arc,
    time::Instant,
};

use crate::{
    engine::{
        messages::{Acceptance, Event, SendRequest, Wait, What},
        note::{Kept, Session},
    },
    model::{
        manifest::Selection,
        outcome::{FileEnd, FileState},
        seal::Md5Digest,
        transfer::{Direction, QueuedFor, Stage, TransferKey, TransferSnapshot},
    },
    storage::{
        agreement::Terms,
        journal::Recovered,
        outgoing_file::{KeptOutgoing, SentSoFar},
    },
};

use super::{
    Dispatch,
    record::{Hands, Record},
};

impl Dispatch {
    pub(super) fn restored(&mut self, kept: Kept) {
        let Kept { incoming, outgoing, lost } = kept;
        if self.stopping_until.is_some() {
            return;
        }
        for (terms, recovered) in incoming {
            self.restore_incoming(terms, &recovered);
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

    fn restore_incoming(&mut self, terms: Terms, recovered: &Recovered) {
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
        let ends = recovered.done.iter().map(|done| FileEnd {
            index: done.index,
            state: FileState::Verified,
            md5: done.md5,
            place: Some(done.place.clone()),
            reason: None,
        });
        let begun = recovered.parts.values().fold(0_u64, |sum, bytes| sum.saturating_add(*bytes));
        let mut ends: Vec<FileEnd> = ends.collect();
        if recovered.over {
            for end in &ends {
                record.file_ended(end);
            }
            return self.rest(record);
        }
        let Some(failed) = recovered.ended else {
            return self.come_back(record, ends, begun, recovered.paused);
        };
        let rest = not_done(&record, recovered);
        if rest.len() as u64 == failed {
            ends.extend(rest.into_iter().map(failed_end));
        } else {
            // Some were left out, and which is not known any more.
            record.missed.count = failed;
        }
        self.come_back(record, ends, begun, false);
        self.end_again(key);
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
        snapshot.roots = outgoing.tops().map(Path::to_owned).collect();
        let mut record = Record::new(snapshot, Hands::Nobody, Session::Sealed);
        record.select(&Selection::All);
        record.digest = digest;
        record.missed = missed;
        record.going.epoch = sent.epoch.max(1);
        record.going.all_verified = sent.all_verified;
        record.going.rank = self.next_rank();
        record.accepted_at = accepted.then(Instant::now);
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
        let receipts: HashMap<u32, Md5Digest> = sent.receipts.into_iter().collect();
        let ends = receipts.iter().map(|(index, md5)| FileEnd {
            index: *index,
            state: FileState::Verified,
            md5: Some(*md5),
            place: outgoing.places.get(*index as usize).cloned(),
            reason: None,
        });
        let ends = ends.collect();
        if !accepted {
            record.going.queued = Some(QueuedFor::Device);
            record.going.next_try = (self.listener_id > 0 && !sent.paused).then(Instant::now);
        }
        self.come_back(record, ends, 0, sent.paused);
    }

    fn come_back(&mut self, mut record: Record, mut ends: Vec<FileEnd>, begun: u64, paused: bool) {
        let key = record.snapshot.key;
        record.going.interrupted = true;
        record.going.paused_here = paused;
        ends.sort_by_key(|end| end.index);
        for end in &ends {
            record.file_ended(end);
        }
        let there = record.tally_bytes().saturating_add(begun).min(record.snapshot.total);
        (record.snapshot.moved, record.snapshot.kept) = (there, there);
        record.snapshot.stage = record.standing();
        self.outbox.snapshot(record.snapshot.clone());
        self.records.insert(key, record);
        self.outbox.files_ended(key, ends);
    }
}

/// Entries that were wanted and do not stand at their places.
fn not_done(record: &Record, recovered: &Recovered) -> Vec<u32> {
    let done: HashSet<u32> = recovered.done.iter().map(|done| done.index).collect();
    let wanted = |index: &u32| record.acceptance.as_ref().is_some_and(|acceptance| acceptance.selection.holds(*index));
    (0..).take(record.snapshot.manifest.entries.len()).filter(wanted).filter(|index| !done.contains(index)).collect()
}

/// Why is not known any more.
fn failed_end(index: u32) -> FileEnd {
    FileEnd { index, state: FileState::Failed, md5: None, place: None, reason: None }
}
