//! The lines of `--json`: one object each on standard output, in the shapes that scripts rely on.

use std::{
    collections::HashMap,
    io::Write,
    net::{IpAddr, SocketAddr},
    path::Path,
    time::{Duration, Instant},
};

use serde::Serialize;

use super::show::{Show, is_failure, sentence};
use crate::{
    engine::messages::IncomingOffer,
    model::{
        outcome::{Ending, FileEnd, FileState},
        reason::Reason,
        transfer::{TransferKey, TransferSnapshot},
    },
    storage::sources::LeftOut,
};

/// At most 20 figures a second of one transfer.
const MIN_GAP: Duration = Duration::from_millis(50);

/// One line, with its fields in the order of the documentation.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line<'a> {
    Listening {
        address: String,
    },
    Offer {
        transfer: String,
        from: From<'a>,
        files: u64,
        bytes: u64,
    },
    Progress {
        transfer: String,
        moved: u64,
        total: u64,
    },
    File {
        transfer: String,
        path: String,
        saved: Option<String>,
        size: u64,
        md5: Option<String>,
        state: &'static str,
        reason: Option<String>,
    },
    Finished {
        transfer: String,
        outcome: &'static str,
        files: u64,
        bytes: u64,
        seconds: f64,
        reason: Option<String>,
    },
}

/// Who offers.
#[derive(Serialize)]
struct From<'a> {
    name: &'a str,
    address: &'a str,
    verified: bool,
    encrypted: bool,
}

/// Writes the lines.
#[derive(Default)]
pub(super) struct Json {
    /// When the last figure was told, and which.
    figures: HashMap<TransferKey, (Instant, u64)>,
}

impl Show for Json {
    fn listening(&mut self, address: SocketAddr, _reachable_at: &[IpAddr]) {
        print(&Line::Listening { address: address.to_string() });
    }

    fn offered(&mut self, offer: &IncomingOffer) {
        let TransferSnapshot { key, peer, manifest, .. } = &offer.snapshot;
        let from =
            From { name: &peer.name, address: &peer.address, verified: peer.verified, encrypted: peer.encrypted };
        print(&Line::Offer { transfer: key.id.to_string(), from, files: manifest.files, bytes: manifest.bytes });
    }

    fn stands(&mut self, snapshot: &TransferSnapshot) {
        let now = Instant::now();
        let told = self.figures.get(&snapshot.key);
        if told.is_none() && snapshot.moved == 0
            || told.is_some_and(|(at, moved)| now.duration_since(*at) < MIN_GAP || *moved == snapshot.moved)
        {
            return;
        }
        self.figures.insert(snapshot.key, (now, snapshot.moved));
        print(&Line::Progress { transfer: snapshot.key.id.to_string(), moved: snapshot.moved, total: snapshot.total });
    }

    fn left_out(&mut self, snapshot: &TransferSnapshot, left_out: &[LeftOut]) {
        for LeftOut { place, reason } in left_out {
            let state = if is_failure(reason) { FileState::Failed } else { FileState::Skipped };
            print(&Line::File {
                transfer: snapshot.key.id.to_string(),
                path: text(place),
                saved: None,
                size: 0,
                md5: None,
                state: state.word(),
                reason: Some(sentence(reason)),
            });
        }
    }

    fn file_ended(&mut self, snapshot: &TransferSnapshot, end: &FileEnd) {
        let Some(entry) = snapshot.manifest.entries.get(end.index as usize) else { return };
        // A folder or link that is there needs no line.
        if !entry.is_file() && end.state == FileState::Verified {
            return;
        }
        let saved = end.place.as_deref().filter(|_| is_incoming(snapshot.key));
        print(&Line::File {
            transfer: snapshot.key.id.to_string(),
            path: entry.shown_path(),
            saved: saved.map(text),
            size: entry.size(),
            md5: end.md5.map(|md5| md5.to_string()),
            state: end.state.word(),
            reason: why(end.reason.as_ref()),
        });
    }

    fn finished(&mut self, snapshot: &TransferSnapshot, ending: &Ending) {
        self.figures.remove(&snapshot.key);
        print(&Line::Finished {
            transfer: snapshot.key.id.to_string(),
            outcome: ending.outcome.word(),
            files: ending.files,
            bytes: ending.bytes,
            seconds: ending.took.as_secs_f64(),
            reason: why(ending.reason.as_ref()),
        });
    }
}

fn is_incoming(key: TransferKey) -> bool {
    key.direction == crate::model::transfer::Direction::Incoming
}

fn why(reason: Option<&Reason>) -> Option<String> {
    reason.map(sentence)
}

/// JSON has no bytes that are not Unicode.
fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn print(line: &Line<'_>) {
    let mut out = std::io::stdout().lock();
    let Ok(line) = serde_json::to_string(line) else { return };
    // A reader that is gone must not end a transfer; the exit code still tells how it went.
    writeln!(out, "{line}").and_then(|()| out.flush()).ok();
}
