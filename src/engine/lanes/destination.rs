//! Where an incoming transfer goes, and waiting until it can.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use crate::{
    engine::{link::SocketLink, note::Note},
    model::{
        conflict::Conflict,
        manifest::{Manifest, Selection},
        reason::{Reason, ReasonCode},
    },
    storage::{
        agreement::Terms,
        journal::Recovered,
        landing::{Keep, Landing},
        profile::Profile,
        receive_folder::preflight,
        space,
    },
    transfer::{
        lane::{LaneError, concerns_all, ended_early, read_message, told, unexpected},
        link::Link,
    },
    wire::header::{self, By, Message},
};

use super::{Begin, Lane};

/// So many entries are written down within a few milliseconds.
const QUICKLY_WRITTEN: usize = 5_000;

/// What one connection of an incoming transfer has to know of its place.
pub struct Destination {
    pub profile: Profile,
    pub terms: Terms,
    /// Folders of other running transfers, and what they still need.
    pub reserved: Vec<(PathBuf, u64)>,
    pub begin: Begin,
}

impl Destination {
    /// Looks whether there is room, then makes the place ready.
    pub(super) fn prepare(&self, keep: Keep) -> Result<Landing, Reason> {
        let Terms { manifest, selection, folder, conflict, .. } = &self.terms;
        let chosen = selected_bytes(manifest, selection);
        if let Err(full) = self.check_room(chosen) {
            // What is there already is looked at, one by one, only where it makes the difference.
            let least = preflight(folder, manifest, selection).least(*conflict, chosen);
            self.check_room(least).map_err(|less| if least < chosen { less } else { full })?;
        }
        // A long list is written down while the sender hears the answer; a short one costs nothing, and a crash right after the
        // answer then finds what was agreed.
        if self.terms.manifest.entries.len() > QUICKLY_WRITTEN {
            return Landing::begin(&self.profile, self.terms.clone(), keep);
        }
        Landing::prepare(&self.profile, self.terms.clone(), keep)
    }

    fn check_room(&self, needed: u64) -> Result<(), Reason> {
        let folder = &self.terms.folder;
        let reserved = reserved_at(folder, &self.reserved);
        if let Some(free) = space::free_bytes(folder)
            && free.saturating_sub(reserved) < needed
        {
            let detail = format!("{needed} bytes needed, {free} free, {reserved} of them spoken for");
            return Err(Reason::here(ReasonCode::DiskFull, detail));
        }
        Ok(())
    }

    /// Takes up what an earlier connection has begun, if the disk allows it now.
    fn reopen(&self) -> Result<(Landing, Recovered), Reason> {
        let (landing, terms, recovered) = Landing::reopen_known(&self.profile, &self.terms)?;
        if self.terms.conflict == Conflict::KeepBoth {
            self.check_room(recovered.bytes_left(&terms))?;
        }
        Ok((landing, recovered))
    }
}

impl Lane {
    /// Takes up what an earlier connection has begun. While the disk does not allow it, both sides are told why, and the
    /// connection waits.
    pub(super) fn reopen(&self, link: &mut SocketLink, to: &Destination) -> Result<(Landing, Recovered), LaneError> {
        let ping = header::encode(&Message::Ping)?;
        link.set_ping(Some(ping));
        let mut told_of: Option<Reason> = None;
        loop {
            match to.reopen() {
                Ok(ready) => {
                    if told_of.is_some() {
                        header::write_header(link, &Message::Resume)?;
                        self.obstacle(None);
                    }
                    return Ok(ready);
                }
                Err(reason) if !concerns_all(&reason) => return Err(LaneError::Local(reason)),
                Err(reason) => {
                    if told_of.as_ref() != Some(&reason) {
                        header::write_header(link, &Message::Pause { by: By::Receiver, reason: told(&reason) })?;
                        self.obstacle(Some(reason.clone()));
                        told_of = Some(reason);
                    }
                    self.wait_a_moment(link)?;
                }
            }
        }
    }

    fn obstacle(&self, obstacle: Option<Reason>) {
        // Dispatch outlives its lanes but for the last moments of a shutdown.
        self.notes.send(Note::Obstacle { key: self.key, life: self.life, obstacle }).ok();
    }

    /// Nothing but pings comes before the answer.
    fn wait_a_moment(&self, link: &mut SocketLink) -> Result<(), LaneError> {
        let until = Instant::now() + self.limits.room;
        while Instant::now() < until {
            link.wait()?;
            while link.pending() {
                match read_message(link)?.ok_or_else(ended_early)? {
                    Message::Ping | Message::Pause { .. } | Message::Resume => {}
                    other => return Err(unexpected(&other)),
                }
            }
        }
        Ok(())
    }
}

/// Bytes of the files in `selection`.
pub fn selected_bytes(manifest: &Manifest, selection: &Selection) -> u64 {
    (0..).zip(&manifest.entries).filter(|(i, _)| selection.holds(*i)).map(|(_, entry)| entry.size()).sum()
}

/// What running transfers still need on the volume of `folder`.
pub fn reserved_at(folder: &Path, running: &[(PathBuf, u64)]) -> u64 {
    let here = running.iter().filter(|(other, _)| space::same_volume(folder, other));
    here.fold(0, |sum, (_, bytes)| sum.saturating_add(*bytes))
}
