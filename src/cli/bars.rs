//! Progress bars on a terminal, one a transfer, below what has been said.

use std::{collections::HashMap, time::Duration};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::show::clean;
use crate::model::{
    reason::ReasonCode,
    transfer::{Direction, Pause, QueuedFor, Stage, TransferKey, TransferSnapshot},
};

/// The bars of all running transfers.
pub(super) struct Bars {
    all: MultiProgress,
    of: HashMap<TransferKey, ProgressBar>,
}

impl Bars {
    pub(super) fn new() -> Self {
        Self { all: MultiProgress::new(), of: HashMap::new() }
    }

    /// Shows how a transfer stands. One that nobody works on has no bar.
    pub(super) fn stands(&mut self, snapshot: &TransferSnapshot) {
        if snapshot.stage == Stage::Interrupted {
            return self.end(snapshot.key);
        }
        let (position, length) = match snapshot.stage {
            Stage::Checking { done, total } | Stage::Hashing { done, total } => (done, total),
            _ => (snapshot.moved, snapshot.total),
        };
        let all = &self.all;
        let bar = self.of.entry(snapshot.key).or_insert_with(|| new_bar(all));
        bar.set_message(message(snapshot));
        bar.set_length(length.max(1));
        bar.set_position(position);
    }

    pub(super) fn end(&mut self, key: TransferKey) {
        if let Some(bar) = self.of.remove(&key) {
            bar.finish_and_clear();
            self.all.remove(&bar);
        }
    }

    /// Leaves the terminal to a question, or takes it back.
    pub(super) fn give_way(&mut self, to_a_question: bool) {
        if to_a_question {
            // What cannot be wiped away stays above the question.
            self.all.clear().ok();
            self.all.set_draw_target(ProgressDrawTarget::hidden());
        } else {
            self.all.set_draw_target(ProgressDrawTarget::stderr());
        }
    }

    /// Runs `write` while no bar stands in its way.
    pub(super) fn aside(&self, write: impl FnOnce()) {
        self.all.suspend(write);
    }
}

fn new_bar(all: &MultiProgress) -> ProgressBar {
    let bar = all.add(ProgressBar::new(1));
    let template = "{msg:28!} {bar:24} {percent:>3}% {decimal_bytes:>10} {decimal_bytes_per_sec:>12} {eta:>4}";
    // A template that does not parse would only look plainer.
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(500));
    bar
}

fn message(snapshot: &TransferSnapshot) -> String {
    let peer = clean(&snapshot.peer.name);
    match (&snapshot.stage, snapshot.key.direction) {
        (Stage::Listing { found }, _) => format!("Listing files: {found}"),
        (Stage::Resolving, _) => format!("Looking up {peer}"),
        (Stage::Connecting, _) => format!("Connecting to {peer}"),
        (Stage::Requesting, _) => format!("Asking {peer}"),
        (Stage::Offering, _) => format!("Offering to {peer}"),
        (Stage::Hashing { .. }, _) => "Checksum first".to_owned(),
        (Stage::Waiting, Direction::Outgoing) => format!("Waiting for {peer}"),
        (Stage::Waiting, Direction::Incoming) => "Waiting for your answer".to_owned(),
        (Stage::Moving, Direction::Outgoing) => format!("To {peer}"),
        (Stage::Moving, Direction::Incoming) => format!("From {peer}"),
        (Stage::Queued(QueuedFor::Busy { .. }), _) => format!("Waiting: {peer} is busy"),
        (Stage::Queued(QueuedFor::Device), _) => format!("Queued for {peer}"),
        (Stage::Queued(QueuedFor::Turn), _) => "Waiting for its turn".to_owned(),
        (Stage::Checking { .. }, _) => "Checking what is there".to_owned(),
        (Stage::Paused(pause), _) => paused(pause),
        (Stage::Reconnecting { .. }, _) => "Connection lost, waiting".to_owned(),
        (Stage::Interrupted, _) => "Interrupted".to_owned(),
        (Stage::Finishing, _) => "Finishing".to_owned(),
        (Stage::Cancelling, _) => "Cancelling".to_owned(),
        (Stage::Ended(_), _) => String::new(),
    }
}

fn paused(pause: &Pause) -> String {
    let why = match pause {
        Pause { here: true, there: true, .. } => "on both sides",
        Pause { here: true, .. } => "here",
        Pause { there: true, .. } => "there",
        Pause { reason: Some(reason), .. } if reason.code == ReasonCode::DiskFull => "the disk is full",
        Pause { .. } => "the folder is away",
    };
    format!("Paused, {why}")
}
