//! The jobs of the worker pool: one lane each, between dispatch's record and the closer.

use std::{
    collections::HashSet,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use crossbeam_channel::Sender;

use crate::{
    model::{
        device::Peer,
        manifest::{Manifest, Selection},
        outcome::{FileEnd, FileState},
        reason::{Reason, ReasonCode},
        seal::Md5Digest,
        transfer::{Stage, TransferKey},
    },
    storage::{
        journal::Recovered,
        landing::{Keep, Landing, Terms},
        profile::Profile,
        sources::Outgoing,
        space,
    },
    transfer::{
        classic,
        lane::{Farewell, LaneEnd, LaneError, Report, told},
        limits::Limits,
        pace::Pace,
        send::{SendLane, SentBefore},
    },
    wire::header::{Answer, Message},
};

use super::{
    cancel::CancelFlag,
    closer,
    link::SocketLink,
    messages::Acceptance,
    note::{Note, Session},
    receiving::{self, Whose},
};

/// Between two figures of one lane.
const MIN_GAP: Duration = Duration::from_millis(50);

/// What every lane job has.
pub struct Lane {
    pub key: TransferKey,
    pub cancel: CancelFlag,
    pub limits: Limits,
    /// The speed limit of its direction.
    pub pace: Pace,
    pub notes: Sender<Note>,
}

/// Tells dispatch that a lane is over, also when it panicked.
struct LaneGuard {
    key: TransferKey,
    notes: Sender<Note>,
    result: Option<Result<(), Reason>>,
}

impl Drop for LaneGuard {
    fn drop(&mut self) {
        let broke = || Err(Reason::here(ReasonCode::Internal, "the worker stopped unexpectedly"));
        let result = self.result.take().unwrap_or_else(broke);
        // A dispatch that is gone has ended all transfers.
        self.notes.send(Note::WorkEnded { key: self.key, result }).ok();
    }
}

impl Lane {
    /// Runs `work`, and says how it ended exactly once.
    pub fn run(self, work: impl FnOnce(&Self) -> Result<(), Reason>) {
        let mut guard = LaneGuard { key: self.key, notes: self.notes.clone(), result: None };
        guard.result = Some(work(&self));
    }

    /// What ends and what slows down this lane is that of its transfer.
    fn take_over(&self, link: &mut SocketLink) {
        link.set_cancel(self.cancel.clone());
        link.set_pace(self.pace.clone());
    }

    fn reporter(&self) -> Reporter {
        Reporter { key: self.key, notes: self.notes.clone(), moved: 0, last: None }
    }

    /// Sends all files of an accepted offer.
    pub fn send(&self, mut link: SocketLink, outgoing: &Outgoing) -> Result<(), Reason> {
        self.take_over(&mut link);
        let mut report = self.reporter();
        let lane = SendLane::new(
            &mut link,
            &mut report,
            Arc::clone(&outgoing.manifest),
            &outgoing.places,
            SentBefore::default(),
        );
        let ended = lane.run();
        finish(link, ended)
    }

    /// Receives what a person here accepted.
    pub fn receive(&self, mut link: SocketLink, manifest: &Arc<Manifest>, to: &Destination) -> Result<(), Reason> {
        self.take_over(&mut link);
        let landing = match to.prepare(self.key, manifest) {
            Ok(landing) => landing,
            Err(reason) => {
                let last = Some(Message::Answer(Answer::Decline(told(&reason))));
                closer::close(link, Farewell { last, ..Farewell::default() });
                return Err(reason);
            }
        };
        let mut report = self.reporter();
        let whose = Whose { key: self.key, cancel: self.cancel.clone(), notes: self.notes.clone() };
        let ended = receiving::receive(&mut link, &mut report, &landing, Recovered::default(), &whose);
        if ended.is_err() {
            // Nobody takes it up yet.
            landing.discard();
        }
        finish(link, ended.map(|_tally| ()))
    }

    /// Receives one file in the plain protocol.
    pub fn receive_classic(
        &self,
        mut link: SocketLink,
        manifest: &Arc<Manifest>,
        to: &Destination,
        md5: Option<Md5Digest>,
    ) -> Result<(), Reason> {
        self.take_over(&mut link);
        let landing = match to.prepare(self.key, manifest) {
            Ok(landing) => landing,
            Err(reason) => {
                closer::reset(link);
                return Err(reason);
            }
        };
        let received = self.take_upload(&mut link, &landing, manifest, md5);
        if received.is_err() {
            landing.discard();
        } else {
            landing.finish();
        }
        match received {
            Ok(()) => {
                // At shutdown nobody takes it up: it closes.
                self.notes.send(Note::ClassicGoesOn { link: Box::new(link) }).ok();
                Ok(())
            }
            Err(error) => {
                closer::reset(link);
                Err(error.reason())
            }
        }
    }

    fn take_upload(
        &self,
        link: &mut SocketLink,
        landing: &Landing,
        manifest: &Manifest,
        theirs: Option<Md5Digest>,
    ) -> Result<(), LaneError> {
        let size = manifest.bytes;
        let mut report = self.reporter();
        let part = landing.create_part(0).map_err(LaneError::Local)?;
        let (part, md5) = classic::receive_upload(link, &mut report, part, size)?;
        report.finishing();
        let mut end = FileEnd { index: 0, state: FileState::Unchecked, md5: Some(md5), place: None, reason: None };
        if let Some(theirs) = theirs.filter(|theirs| *theirs != md5) {
            end.state = FileState::Mismatch;
            let detail = format!("computed {md5} here, the sender announced {theirs}");
            end.reason = Some(Reason::here(ReasonCode::Mismatch, detail));
        } else if self.cancel.is_set() {
            return Err(LaneError::Local(Reason::bare(ReasonCode::Cancelled)));
        } else {
            let published = landing.commit(vec![(part, md5)]).pop().map(|(_index, published)| published);
            let lost = || Reason::here(ReasonCode::Internal, "the file was not published");
            end.place = Some(published.ok_or_else(lost).flatten().map_err(LaneError::Local)?);
            if theirs.is_some() {
                end.state = FileState::Verified;
            }
        }
        report.file_ended(end);
        Ok(())
    }

    /// Hands all files over in the plain protocol, one connection each.
    pub fn send_classic(&self, to: &crate::model::device::PeerAddr, outgoing: &Outgoing) -> Result<(), Reason> {
        let mut report = self.reporter();
        let files: Vec<u32> =
            (0..).zip(&outgoing.manifest.entries).filter(|(_, entry)| entry.is_file()).map(|(i, _)| i).collect();
        if files.is_empty() {
            return Err(Reason::bare(ReasonCode::FilesOnly));
        }
        leave_out_the_rest(outgoing, &mut report);
        let mut worked = false;
        for index in files {
            let handed = self.hand_over(to, outgoing, index, &mut report);
            let (state, md5, reason) = match handed {
                Ok(md5) => (FileState::Unchecked, Some(md5), None),
                Err(reason) if reason.code == ReasonCode::Cancelled => return Err(reason),
                // When not even the first gets through, the others need not try.
                Err(reason) if !worked && about_the_way(&reason) => return Err(reason),
                Err(reason) => (FileState::Failed, None, Some(reason)),
            };
            worked |= state == FileState::Unchecked;
            let place = outgoing.places.get(index as usize).cloned();
            report.file_ended(FileEnd { index, state, md5, place, reason });
        }
        Ok(())
    }

    fn hand_over(
        &self,
        to: &crate::model::device::PeerAddr,
        outgoing: &Outgoing,
        index: u32,
        report: &mut Reporter,
    ) -> Result<Md5Digest, Reason> {
        let entry = &outgoing.manifest.entries[index as usize];
        let place = &outgoing.places[index as usize];
        let md5 = self.hash(entry, place)?;
        let quiet = |stage| self.stage(stage);
        let stream = super::outgoing::connect(to, &self.cancel, &quiet)?;
        // Such a receiver never says anything, and takes nothing before its person has answered.
        let limits = Limits { silence: self.limits.silence.max(self.limits.answer), ..self.limits };
        let mut link = SocketLink::new(stream, self.cancel.clone(), limits, self.notes.clone())
            .map_err(|error| Reason::here(ReasonCode::Internal, error.to_string()))?;
        link.set_pace(self.pace.clone());
        self.stage(Stage::Moving);
        classic::send_upload(&mut link, report, index, entry, place, md5).map_err(|error| error.reason())?;
        link.shut_writing();
        classic::wait_for_close(&mut link).map_err(|error| error.reason())?;
        if self.cancel.is_set() { Err(Reason::bare(ReasonCode::Cancelled)) } else { Ok(md5) }
    }

    fn hash(&self, entry: &crate::model::manifest::Entry, place: &std::path::Path) -> Result<Md5Digest, Reason> {
        let (mut done, total) = (0, entry.size());
        let mut last = Instant::now();
        self.stage(Stage::Hashing { done, total });
        let hashed = classic::hash_source(place, entry, &mut |bytes| {
            done += bytes;
            if last.elapsed() >= MIN_GAP {
                last = Instant::now();
                self.stage(Stage::Hashing { done, total });
            }
            if self.cancel.is_set() { std::ops::ControlFlow::Break(()) } else { std::ops::ControlFlow::Continue(()) }
        })?;
        hashed.ok_or_else(|| Reason::bare(ReasonCode::Cancelled))
    }

    fn stage(&self, stage: Stage) {
        // Dispatch outlives its lanes but for the last moments of a shutdown.
        self.notes.send(Note::StageChanged { key: self.key, stage }).ok();
    }
}

/// Links and empty folders, each by name. A folder with something in it is no loss: what is in it is told.
fn leave_out_the_rest(outgoing: &Outgoing, report: &mut impl Report) {
    let entries = &outgoing.manifest.entries;
    let parents: HashSet<&[String]> =
        entries.iter().filter_map(|entry| entry.path.split_last().map(|(_, parent)| parent)).collect();
    for (index, entry) in (0..).zip(entries) {
        if !entry.is_file() && !parents.contains(entry.path.as_slice()) {
            let reason = Some(Reason::bare(ReasonCode::FilesOnly));
            let place = outgoing.places.get(index as usize).cloned();
            report.file_ended(FileEnd { index, state: FileState::Skipped, md5: None, place, reason });
        }
    }
}

/// Nobody there, or nobody who listens: true for every file alike.
fn about_the_way(reason: &Reason) -> bool {
    matches!(reason.code, ReasonCode::Refused | ReasonCode::Unreachable | ReasonCode::Unresolved)
}

/// Closes in order after a lane that did; or says the last word.
fn finish(link: SocketLink, ended: Result<(), Box<LaneEnd>>) -> Result<(), Reason> {
    match ended {
        Ok(()) => {
            closer::close(link, Farewell::default());
            Ok(())
        }
        Err(end) => {
            closer::close(link, end.farewell);
            Err(end.error.reason())
        }
    }
}

/// Where an incoming transfer goes.
pub struct Destination {
    pub profile: Profile,
    pub acceptance: Acceptance,
    /// Folders of other running transfers, and what they still need.
    pub reserved: Vec<(PathBuf, u64)>,
    pub session: Session,
}

impl Destination {
    /// Looks whether there is room, then makes the place ready.
    fn prepare(&self, key: TransferKey, manifest: &Arc<Manifest>) -> Result<Landing, Reason> {
        let Acceptance { folder, selection, conflict } = &self.acceptance;
        let needed = selected_bytes(manifest, selection);
        let reserved = reserved_at(folder, &self.reserved);
        if let Some(free) = space::free_bytes(folder)
            && free.saturating_sub(reserved) < needed
        {
            let detail = format!("{needed} bytes needed, {free} free, {reserved} of them spoken for");
            return Err(Reason::here(ReasonCode::DiskFull, detail));
        }
        let terms = Terms {
            id: key.id,
            peer: Peer::at(String::new(), false),
            digest: [0; 32],
            manifest: Arc::clone(manifest),
            message: None,
            folder: folder.clone(),
            selection: selection.clone(),
            conflict: *conflict,
            accepted_at: 0,
        };
        Landing::prepare(&self.profile, terms, Keep::Nothing)
    }
}

/// Bytes of the files in `selection`.
pub fn selected_bytes(manifest: &Manifest, selection: &Selection) -> u64 {
    (0..).zip(&manifest.entries).filter(|(i, _)| selection.holds(*i)).map(|(_, entry)| entry.size()).sum()
}

/// What running transfers still need on the volume of `folder`.
pub fn reserved_at(folder: &std::path::Path, running: &[(PathBuf, u64)]) -> u64 {
    let here = running.iter().filter(|(other, _)| space::same_volume(folder, other));
    here.fold(0, |sum, (_, bytes)| sum.saturating_add(*bytes))
}

/// Passes a lane's figures and facts on to dispatch.
struct Reporter {
    key: TransferKey,
    notes: Sender<Note>,
    moved: u64,
    last: Option<Instant>,
}

impl Report for Reporter {
    fn moved(&mut self, index: u32, bytes: u64) {
        self.moved += bytes;
        if self.last.is_some_and(|last| last.elapsed() < MIN_GAP) {
            return;
        }
        self.last = Some(Instant::now());
        // A full channel means dispatch is behind; a newer figure will follow.
        self.notes.try_send(Note::Moved { key: self.key, index, moved: self.moved }).ok();
    }

    fn file_ended(&mut self, end: FileEnd) {
        // Dispatch outlives its lanes but for the last moments of a shutdown.
        self.notes.send(Note::FileEnded { key: self.key, end }).ok();
    }

    fn finishing(&mut self) {
        let key = self.key;
        self.notes.try_send(Note::Moved { key, index: 0, moved: self.moved }).ok();
        self.notes.send(Note::StageChanged { key, stage: Stage::Finishing }).ok();
    }
}
