//! What is on its way to the window: facts in order, and of each transfer only the newest snapshot.

use std::collections::{HashMap, VecDeque};

use crate::{
    engine::{inspection::InspectionNews, messages::Event},
    model::{
        handed::Handed,
        outcome::FileEnd,
        transfer::{Stage, TransferKey, TransferSnapshot},
    },
};

use super::record::Record;

/// Lines about callers that were turned away, at most, while nobody reads: strangers make as many as they like.
const MAX_LINES: usize = 32;

/// Paths and links that other starts have handed over, at most, while nobody reads.
const MAX_HANDED: usize = 100_000;

/// Ends of files in one event, at most: a million folders end at once, and the window takes in a little at each frame.
const MOST_ENDS: usize = 1024;

/// Ends that are made at once, of those that are made when they are read: hundreds of events wait to be read.
const MADE_AT_ONCE: usize = 64;

/// Ends of entries in their order.
type Ends = Box<dyn Iterator<Item = FileEnd> + Send>;

/// A queue that never blocks its writer. It grows with facts only, which the manifests bound.
#[derive(Default)]
pub(super) struct Outbox {
    queue: VecDeque<Item>,
    /// `Refused` events in the queue.
    lines: usize,
    snapshots: HashMap<TransferKey, TransferSnapshot>,
}

enum Item {
    /// Ends of entries that were before this run of the program: they are made when they leave.
    Ends(TransferKey, Ends),
    Fact(Box<Event>),
    /// The newest snapshot of this transfer, whatever it is by then.
    Newest(TransferKey),
}

impl Item {
    fn offers(&self, key: TransferKey) -> bool {
        matches!(self, Self::Fact(event) if matches!(&**event, Event::Offered(offer) if offer.snapshot.key == key))
    }
}

impl Outbox {
    pub(super) fn fact(&mut self, event: Event) {
        self.queue.push_back(Item::Fact(Box::new(event)));
    }

    /// Entries of a transfer that have ended, in their order.
    pub(super) fn files_ended(&mut self, key: TransferKey, ends: Vec<FileEnd>) {
        let mut all = ends.into_iter();
        while all.len() > 0 {
            let ends = all.by_ref().take(MOST_ENDS).collect();
            self.fact(Event::FilesEnded { key, ends });
        }
    }

    /// As `files_ended`, for very many: none is made before it is read.
    pub(super) fn files_ended_before(
        &mut self,
        key: TransferKey,
        ends: impl Iterator<Item = FileEnd> + Send + 'static,
    ) {
        self.queue.push_back(Item::Ends(key, Box::new(ends)));
    }

    /// Something that is worth a line, but not one in a thousand.
    pub(super) fn line(&mut self, event: Event) {
        if self.lines < MAX_LINES {
            self.lines += 1;
            self.fact(event);
        }
    }

    /// What other starts of the program were given, gathered while nobody reads; beyond a bound it is dropped.
    pub(super) fn handed_over(&mut self, mut more: Vec<Handed>) {
        let waiting = self.queue.iter_mut().find_map(|item| match item {
            Item::Fact(fact) => match &mut **fact {
                Event::HandedOver(handed) => Some(handed),
                _ => None,
            },
            Item::Ends(..) | Item::Newest(_) => None,
        });
        match waiting {
            Some(handed) => {
                more.truncate(MAX_HANDED.saturating_sub(handed.len()));
                handed.append(&mut more);
            }
            None => self.fact(Event::HandedOver(more)),
        }
    }

    /// Something that is said once, however often it happens while nobody reads.
    pub(super) fn once(&mut self, event: Event) {
        let kind = std::mem::discriminant(&event);
        if !self.queue.iter().any(|item| matches!(item, Item::Fact(fact) if std::mem::discriminant(&**fact) == kind)) {
            self.fact(event);
        }
    }

    /// Something of which only the newest counts: it takes the place of an earlier one that has not left.
    pub(super) fn newest(&mut self, event: Event) {
        let kind = std::mem::discriminant(&event);
        let earlier = self.queue.iter_mut().find_map(|item| match item {
            Item::Fact(fact) if std::mem::discriminant(&**fact) == kind => Some(fact),
            _ => None,
        });
        match earlier {
            Some(fact) => **fact = event,
            None => self.fact(event),
        }
    }

    /// How far a file was read: it takes the place of the figure just before it.
    pub(super) fn reading(&mut self, event: Event) {
        match self.queue.back_mut() {
            Some(Item::Fact(last))
                if matches!(**last, Event::Inspection { news: InspectionNews::Reading { .. }, .. }) =>
            {
                **last = event;
            }
            _ => self.fact(event),
        }
    }

    /// How a transfer stands, unless nobody is to see it.
    pub(super) fn show(&mut self, record: &Record) {
        if !record.is_unseen() {
            self.snapshot(record.snapshot.clone());
        }
    }

    /// Replaces an earlier snapshot that has not left; an `Ended` one goes behind all that was said before.
    pub(super) fn snapshot(&mut self, snapshot: TransferSnapshot) {
        let key = snapshot.key;
        if matches!(snapshot.stage, Stage::Ended(_)) {
            self.snapshots.remove(&key);
            // An offer that is over before the window heard of it needs no card.
            self.queue.retain(|item| !item.offers(key));
            self.fact(Event::Snapshot(snapshot));
        } else if self.snapshots.insert(key, snapshot).is_none() {
            self.queue.push_back(Item::Newest(key));
        }
    }

    /// As `snapshot`, when nothing but figures has changed, as it does with every file.
    pub(super) fn figures(&mut self, snapshot: &TransferSnapshot) {
        let Some(waiting) = self.snapshots.get_mut(&snapshot.key) else { return self.snapshot(snapshot.clone()) };
        let TransferSnapshot { moved, kept, total, files_ended, files, current, .. } = *snapshot;
        (waiting.moved, waiting.kept, waiting.total) = (moved, kept, total);
        (waiting.files_ended, waiting.files, waiting.current) = (files_ended, files, current);
    }

    pub(super) fn pop(&mut self) -> Option<Event> {
        loop {
            match self.queue.pop_front()? {
                Item::Fact(event) => {
                    self.lines -= usize::from(matches!(*event, Event::Refused { .. }));
                    return Some(*event);
                }
                Item::Ends(key, mut left) => {
                    let ends: Vec<FileEnd> = left.by_ref().take(MADE_AT_ONCE).collect();
                    if !ends.is_empty() {
                        self.queue.push_front(Item::Ends(key, left));
                        return Some(Event::FilesEnded { key, ends });
                    }
                }
                Item::Newest(key) => {
                    if let Some(snapshot) = self.snapshots.remove(&key) {
                        return Some(Event::Snapshot(snapshot));
                    }
                }
            }
        }
    }

    /// What waits to be read.
    pub(super) fn unread(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    use super::*;
    use crate::model::{
        device::Peer,
        outcome::{Ending, FileState, Outcome},
        transfer::{Direction, TransferId},
    };

    fn snapshot(moved: u64, stage: Stage) -> TransferSnapshot {
        let key = TransferKey { id: TransferId([1; 16]), direction: Direction::Incoming };
        let peer = Peer::at(String::new(), false);
        TransferSnapshot {
            key,
            peer,
            stage,
            manifest: Arc::default(),
            folder: None,
            moved,
            kept: 0,
            total: 0,
            files_ended: 0,
            files: 0,
            current: None,
            message: None,
            place: None,
            retryable: false,
            roots: Arc::default(),
            code: None,
        }
    }

    #[test]
    fn sleeping_reader_finds_one_snapshot_however_many_were_made() {
        let mut outbox = Outbox::default();
        for moved in 0..1000 {
            outbox.snapshot(snapshot(moved, Stage::Moving));
        }
        assert!(matches!(outbox.pop(), Some(Event::Snapshot(newest)) if newest.moved == 999));
        assert!(outbox.pop().is_none());
    }

    #[test]
    fn a_million_ends_are_no_single_event() {
        let mut outbox = Outbox::default();
        let key = snapshot(0, Stage::Moving).key;
        let end = |index| FileEnd { index, state: FileState::Verified, md5: None, place: None, reason: None };
        outbox.files_ended(key, Vec::new());
        outbox.files_ended(key, (0..1_000_000).map(end).collect());
        let mut indexes = 0..1_000_000;
        while let Some(event) = outbox.pop() {
            let Event::FilesEnded { ends, .. } = event else { panic!("something else") };
            assert!((1..=MOST_ENDS).contains(&ends.len()));
            assert!(ends.iter().all(|end| indexes.next() == Some(end.index)));
        }
        assert_eq!(indexes.next(), None);
    }

    #[test]
    fn ends_from_before_are_made_as_they_are_read() {
        let mut outbox = Outbox::default();
        let key = snapshot(0, Stage::Moving).key;
        let made = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&made);
        let end = move |index| {
            counted.fetch_add(1, Ordering::Relaxed);
            FileEnd { index, state: FileState::Verified, md5: None, place: None, reason: None }
        };
        outbox.files_ended_before(key, (0..5000).map(end));
        outbox.fact(Event::Restored);
        let mut indexes = 0..5000;
        assert_eq!(made.load(Ordering::Relaxed), 0);
        while let Some(Event::FilesEnded { ends, .. }) = outbox.pop() {
            assert!(ends.iter().all(|end| indexes.next() == Some(end.index)));
            assert_eq!(made.load(Ordering::Relaxed), indexes.start, "no more than was read");
        }
        assert_eq!(indexes.start, 5000, "and all of them before what was said behind them");
        assert!(outbox.is_empty());
    }

    #[test]
    fn figures_are_as_new_as_the_last_and_change_nothing_else() {
        let mut outbox = Outbox::default();
        outbox.figures(&snapshot(1, Stage::Moving));
        outbox.snapshot(snapshot(2, Stage::Finishing));
        let mut last = snapshot(3, Stage::Moving);
        (last.kept, last.total, last.files_ended, last.files, last.current) = (4, 5, 6, 7, Some(8));
        outbox.figures(&last);
        let Some(Event::Snapshot(told)) = outbox.pop() else { panic!("no snapshot") };
        assert_eq!((told.moved, told.kept, told.total), (3, 4, 5));
        assert_eq!((told.files_ended, told.files, told.current), (6, 7, Some(8)));
        assert_eq!(told.stage, Stage::Finishing);
        assert!(outbox.pop().is_none());
    }

    #[test]
    fn strangers_cannot_fill_it_while_nobody_reads() {
        let mut outbox = Outbox::default();
        let refused = || Event::Refused {
            address: "1.2.3.4".to_owned(),
            reason: crate::model::reason::Reason::bare(crate::model::reason::ReasonCode::BadHeader),
        };
        (0..1000).for_each(|_| outbox.line(refused()));
        assert_eq!(std::iter::from_fn(|| outbox.pop()).count(), MAX_LINES);
        outbox.line(refused());
        assert!(outbox.pop().is_some(), "there is room again once they were read");
    }

    #[test]
    fn what_is_said_once_is_not_repeated_until_it_was_read() {
        let mut outbox = Outbox::default();
        (0..3).for_each(|_| outbox.once(Event::HistoryChanged));
        assert!(outbox.pop().is_some() && outbox.pop().is_none());
        outbox.once(Event::HistoryChanged);
        assert!(outbox.pop().is_some());
    }

    #[test]
    fn of_what_is_nearby_only_the_newest_is_told() {
        let mut outbox = Outbox::default();
        outbox.newest(Event::Nearby(Vec::new()));
        outbox.fact(Event::Restored);
        outbox.newest(Event::Interfaces(Vec::new()));
        let interface =
            crate::model::nearby::InterfaceUse { name: "a".into(), address: [10, 0, 0, 1].into(), problem: None };
        outbox.newest(Event::Interfaces(vec![interface]));
        assert!(matches!(outbox.pop(), Some(Event::Nearby(_))));
        assert!(matches!(outbox.pop(), Some(Event::Restored)));
        assert!(matches!(outbox.pop(), Some(Event::Interfaces(told)) if told.len() == 1));
        assert!(outbox.pop().is_none());
    }

    #[test]
    fn the_end_comes_after_every_fact_and_once() {
        let mut outbox = Outbox::default();
        outbox.snapshot(snapshot(1, Stage::Moving));
        outbox.fact(Event::Devices(Vec::new()));
        let ending =
            Ending { outcome: Outcome::Verified, reason: None, files: 1, bytes: 1, took: std::time::Duration::ZERO };
        outbox.snapshot(snapshot(2, Stage::Ended(ending)));
        assert!(matches!(outbox.pop(), Some(Event::Devices(_))));
        assert!(matches!(outbox.pop(), Some(Event::Snapshot(last)) if matches!(last.stage, Stage::Ended(_))));
        assert!(outbox.pop().is_none());
    }
}
