//! All rows of *Activity*, found by their transfer.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use super::rows::{Check, Row, Sent};
use crate::{
    engine::messages::{Checked, FetchRequest},
    model::{
        outcome::FileEnd,
        transfer::{Stage, TransferKey, TransferSnapshot},
    },
};

/// Rows of downloads that are over.
const MOST_DOWNLOADS: usize = 100;

const SECOND: Duration = Duration::from_secs(1);

/// Rows in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Transfers {
    rows: Vec<Row>,
    last_place: Option<usize>,
    at: HashMap<TransferKey, usize>,
}

impl Transfers {
    /// Newest first.
    pub fn iter(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().rev()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn row(&self, key: TransferKey) -> Option<&Row> {
        self.at.get(&key).and_then(|at| self.rows.get(*at))
    }

    pub fn row_mut(&mut self, key: TransferKey) -> Option<&mut Row> {
        self.at.get(&key).and_then(|at| self.rows.get_mut(*at))
    }

    /// The row of something sent from here, before the engine has said a word about it.
    pub fn begin(&mut self, snapshot: TransferSnapshot, sent: Sent, now: Instant) {
        let roots = sent.roots.clone();
        let key = snapshot.key;
        self.add(Row::new(snapshot, Some(sent), now));
        if let Some(row) = self.row_mut(key) {
            row.title_from(&roots);
        }
    }

    /// The row of a file that is fetched, before the engine has said a word about it.
    pub fn begin_fetch(&mut self, snapshot: TransferSnapshot, title: String, request: FetchRequest, now: Instant) {
        let mut row = Row::new(snapshot, None, now);
        (row.title, row.fetched) = (title, Some(request));
        self.add(row);
    }

    /// The language has changed.
    pub fn say_again(&mut self) {
        for row in &mut self.rows {
            row.say_again();
        }
    }

    /// How a transfer stands now. True for one that was not known.
    pub fn put(&mut self, mut snapshot: TransferSnapshot, now: Instant) -> bool {
        if let Some(row) = self.row_mut(snapshot.key) {
            snapshot.peer.keep_name_of(&row.snapshot.peer);
            row.update(snapshot, now);
            return false;
        }
        self.add(Row::new(snapshot, None, now));
        self.forget_old_downloads();
        true
    }

    pub fn files_ended(&mut self, key: TransferKey, ends: Vec<FileEnd>) {
        if let Some(row) = self.row_mut(key) {
            for end in ends {
                row.file_ended(end);
            }
        }
    }

    pub fn started_again(&mut self, key: TransferKey, index: u32) {
        if let Some(row) = self.row_mut(key) {
            row.started_again(index);
        }
    }

    pub fn file_checked(&mut self, key: TransferKey, index: u32, result: Checked) {
        if let Some(row) = self.row_mut(key) {
            row.checks.insert(index, Check::Done(result));
        }
    }

    /// Takes a row away that is over.
    pub fn remove(&mut self, key: TransferKey) {
        self.rows.retain(|row| row.key() != key || row.ending().is_none());
        self.at = self.rows.iter().enumerate().map(|(at, row)| (row.key(), at)).collect();
    }

    pub fn tick(&mut self, now: Instant) {
        for row in self.rows.iter_mut().filter(|row| row.moving()) {
            row.tick(now);
        }
        let queued = self.rows.iter().filter(|row| matches!(row.snapshot.stage, Stage::Queued(_)));
        self.last_place = queued.filter_map(|row| row.snapshot.place).max();
    }

    pub fn any_moving(&self) -> bool {
        self.rows.iter().any(Row::moving)
    }

    /// When the countdown to the next try has to change: once a second, however many rows count.
    pub fn next_second(&self, now: Instant) -> Option<Duration> {
        let soonest = self.rows.iter().filter_map(|row| row.tries_again_in(now)).min()?;
        let part = Duration::from_nanos(soonest.subsec_nanos().into());
        // A little later than that, so that the figure has changed when it is drawn.
        Some(if part.is_zero() { SECOND } else { part } + Duration::from_millis(1))
    }

    /// The highest place in the queue, as it was at the last tick.
    pub fn last_place(&self) -> Option<usize> {
        self.last_place
    }

    /// Transfers that closing would stop. An unanswered offer and what was interrupted before are none of them.
    pub fn running(&self) -> usize {
        self.rows.iter().filter(|row| runs(row)).count()
    }

    /// Those of them that closing ends for good.
    pub fn lost_by_closing(&self) -> usize {
        self.rows.iter().filter(|row| runs(row) && row.snapshot.peer.classic).count()
    }

    /// Strangers make as many as they like: the oldest that are over go.
    fn forget_old_downloads(&mut self) {
        let over = self.rows.iter().filter(|row| row.is_download() && row.ending().is_some());
        let over: Vec<TransferKey> = over.map(Row::key).collect();
        if let Some(many) = over.len().checked_sub(MOST_DOWNLOADS).filter(|many| *many > 0) {
            self.rows.retain(|row| !over[..many].contains(&row.key()));
            self.at = self.rows.iter().enumerate().map(|(at, row)| (row.key(), at)).collect();
        }
    }

    fn add(&mut self, row: Row) {
        self.at.insert(row.key(), self.rows.len());
        self.rows.push(row);
    }
}

fn runs(row: &Row) -> bool {
    use crate::model::transfer::Direction;
    let waits_here = row.key().direction == Direction::Incoming && matches!(row.snapshot.stage, Stage::Waiting);
    row.ending().is_none() && !waits_here && !matches!(row.snapshot.stage, Stage::Interrupted)
}
