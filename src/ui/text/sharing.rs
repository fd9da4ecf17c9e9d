//! The shared folder and what others take from it, in words.

use std::path::Path;

use super::{
    catalogue::say,
    figures::{fit, percent, size},
    reasons, sentences,
};
use crate::model::{
    manifest::Entry,
    outcome::{Ending, Outcome},
    transfer::TransferSnapshot,
};

/// Characters of a name in a line.
const MOST: usize = 48;

/// The folder by its own name.
fn folder_name(folder: &Path) -> String {
    let name = folder.file_name().map_or_else(|| folder.to_string_lossy(), |name| name.to_string_lossy());
    fit(&sentences::name(&name), MOST)
}

/// What the status line says while nobody takes anything.
pub fn shares(folder: &Path) -> String {
    say!("shares", folder = folder_name(folder))
}

/// The whole path, and what it means.
pub fn shares_everybody(folder: &Path) -> String {
    say!("shares-everybody", folder = sentences::path(folder))
}

/// Who takes what, how far it is, and how many others take something.
pub fn takes(snapshot: &TransferSnapshot, others: usize) -> String {
    let file = snapshot.manifest.entries.first().map(Entry::shown_path).unwrap_or_default();
    let (peer, file) = (&snapshot.peer.name, fit(&sentences::name(&file), MOST));
    let percent = u64::from(percent(snapshot.moved, snapshot.total));
    if others == 0 { say!("takes", peer, file, percent) } else { say!("takes-and-others", peer, file, percent, others) }
}

/// Who took what, or why not.
pub fn took_file(peer: &str, title: &str, ending: &Ending) -> String {
    let file = fit(title, MOST);
    match (&ending.outcome, &ending.reason) {
        (Outcome::Unchecked | Outcome::Verified, _) | (_, None) => {
            say!("took-file", peer, file, size = size(ending.bytes))
        }
        (_, Some(reason)) => say!("took-not", peer, file, why = reasons::explain(reason).0),
    }
}
