//! Incoming transfers that stand in the profile after a restart.

use std::{
    io,
    path::Path,
    time::{Duration, SystemTime},
};

use crate::model::{hex::parse_lower_hex, reason::Reason, transfer::TransferId};

pub use super::done_list::FinalPaths;
use super::{
    agreement::{self, Terms},
    disk::{Disk, Folder},
    error::{Doing, io_reason},
    journal::{self, Recovered},
    landing::{Landing, as_journaled, forget, load, unread},
    profile::Profile,
};

/// A transfer that ended with files that failed can be retried this long; so long one that has ended without its sender tells it so.
const KEEP_OVER: Duration = Duration::from_hours(30 * 24);

/// One of them.
#[derive(Debug)]
pub struct KeptIncoming {
    pub terms: Terms,
    pub recovered: Recovered,
    pub paths: FinalPaths,
}

/// Every incoming transfer that was not ended, or that ended with files that failed; or why one of them cannot be understood.
/// Only the profile is looked at, so that a receive folder on a device that hangs holds nobody up.
pub fn incoming(profile: &Profile) -> Vec<Result<KeptIncoming, (TransferId, Reason)>> {
    let Ok(running) = Disk::default().folder(&profile.running_folder()) else { return Vec::new() };
    let mut ids = ids_in(&running, agreement::id_of);
    ids.sort_unstable();
    ids.into_iter().map(|id| read(&running, profile, id).map_err(|reason| (id, reason))).collect()
}

fn read(running: &Folder, profile: &Profile, id: TransferId) -> Result<KeptIncoming, Reason> {
    let (terms, layout) = load(running, id, profile, None)?;
    let (recovered, paths) = as_journaled(running, &terms, &layout)?;
    Ok(KeptIncoming { terms, recovered, paths })
}

/// A person does not want it any more: part files and empty folders go, if the receive folder is there, and what stands in
/// the profile goes in any case. Of one that has come to its end, nothing else goes: an empty folder of it is one that was sent.
pub fn discard_incoming(profile: &Profile, id: TransferId) {
    let running = Disk::default().folder(&profile.running_folder());
    let story = running.and_then(|running| journal::read(&running, id, 0));
    let has_ended = story.is_ok_and(|story| story.over || story.ended.is_some());
    if !has_ended && let Ok((landing, _terms, _recovered)) = Landing::reopen(profile, id) {
        landing.discard();
    }
    forget_incoming(profile, id);
}

/// Does what is left to do of the end of a transfer, if the receive folder is there; `failed`: both sides know that so much did.
/// What stands in the profile stays, until the history has it.
pub fn end_incoming(profile: &Profile, id: TransferId, failed: Option<u64>) {
    // A folder that is gone keeps nothing from having come.
    Landing::end_again_on(&Disk::default(), profile, id, failed).ok();
}

/// Nothing stands in the profile any more of a transfer that is over.
pub fn forget_incoming(profile: &Profile, id: TransferId) {
    forget(&Disk::default(), profile, id);
}

/// Notes that a person paused it or lets it go on, while no lane has it.
///
/// # Errors
/// `UnknownTransfer`, or the profile cannot be written.
pub fn note_paused(profile: &Profile, id: TransferId, paused: bool) -> Result<(), Reason> {
    note(profile, id, journal::Line::Paused(paused))
}

/// Notes that the history has the end of a transfer which its sender may take up; while no lane has it.
///
/// # Errors
/// As `note_paused`: it ends once more after a restart.
pub fn note_over(profile: &Profile, id: TransferId) -> Result<(), Reason> {
    note(profile, id, journal::Line::Over(true))
}

fn note(profile: &Profile, id: TransferId, line: journal::Line) -> Result<(), Reason> {
    let place = profile.running_folder();
    let failed = |error: io::Error| io_reason(&error, &place, Doing::Writing);
    let running = Disk::default().folder(&place).map_err(failed)?;
    let entries = agreement::count(&running, id).map_err(|error| unread(&error, id, profile))?;
    let mut journal = journal::Journal::open_to_add(&running, id, entries).map_err(failed)?;
    journal.add(&[line]).and_then(|()| journal.flush(None)).map_err(failed)
}

/// Forgets transfers that ended long ago, journals whose agreement is gone, and agreements that a kill has left half written.
pub(super) fn sweep_over(profile: &Profile) {
    let Ok(running) = Disk::default().folder(&profile.running_folder()) else { return };
    for id in ids_in(&running, agreement::id_of_new) {
        // If it stays, it is swept the next time.
        running.remove(&agreement::name_of_new(id)).ok();
    }
    for id in ids_in(&running, agreement::id_of) {
        let path = profile.running_folder().join(journal::file_name(id));
        if is_old(&path) && journal::read(&running, id, 0).is_ok_and(|story| story.over) {
            forget(&Disk::default(), profile, id);
        }
    }
    let of_journal = |name: &str| name.strip_suffix(".journal").and_then(parse_lower_hex).map(TransferId);
    for id in ids_in(&running, of_journal) {
        let is_gone =
            running.look(&agreement::file_name(id)).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
        if is_gone {
            // If it stays, it is swept the next time.
            running.remove(&journal::file_name(id)).ok();
        }
    }
}

fn ids_in(running: &Folder, id_of: impl Fn(&str) -> Option<TransferId>) -> Vec<TransferId> {
    let Ok(entries) = running.dir().entries() else { return Vec::new() };
    entries.filter_map(|entry| id_of(entry.ok()?.file_name().to_str()?)).collect()
}

fn is_old(path: &Path) -> bool {
    let written = std::fs::metadata(path).and_then(|metadata| metadata.modified());
    written.is_ok_and(|written| SystemTime::now().duration_since(written).is_ok_and(|age| age > KEEP_OVER))
}
