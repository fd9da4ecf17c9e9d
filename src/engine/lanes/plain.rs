//! Lanes in the plain protocol, for programs that are not Sealdrop.

use std::{collections::HashSet, sync::Arc, time::Instant};

use crate::{
    engine::{
        closer,
        link::SocketLink,
        note::{Note, Over},
        outgoing,
    },
    model::{
        device::PeerAddr,
        entry_path::PathNames,
        manifest::{Entry, Manifest},
        outcome::{FileEnd, FileState},
        reason::{Reason, ReasonCode},
        seal::Md5Digest,
        transfer::Stage,
    },
    storage::{
        landing::{Keep, Landing},
        sources::Outgoing,
    },
    transfer::{
        classic,
        lane::{LaneError, Report},
        limits::Limits,
    },
};

use super::{Destination, Lane, MIN_GAP, Reporter};

impl Lane {
    /// Receives one file in the plain protocol.
    pub fn receive_classic(
        &self,
        mut link: SocketLink,
        manifest: &Arc<Manifest>,
        to: &Destination,
        md5: Option<Md5Digest>,
    ) -> Result<(), Over> {
        self.take_over(&mut link);
        let landing = match to.prepare(Keep::Nothing) {
            Ok(landing) => landing,
            Err(reason) => {
                closer::reset(link);
                return Err(Over::finally(reason));
            }
        };
        let received = self.take_upload(&mut link, &landing, manifest, md5, |_link| Ok(()));
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
                Err(Over::finally(error.reason()))
            }
        }
    }

    /// Takes the one file of `manifest`; `after` has a look at the link before the file gets its name.
    pub(super) fn take_upload(
        &self,
        link: &mut SocketLink,
        landing: &Landing,
        manifest: &Manifest,
        theirs: Option<Md5Digest>,
        after: impl FnOnce(&mut SocketLink) -> Result<(), LaneError>,
    ) -> Result<(), LaneError> {
        let size = manifest.bytes;
        let mut report = self.reporter();
        let part = landing.create_part(0).map_err(LaneError::Local)?;
        let (part, md5) = classic::receive_upload(link, &mut report, part, size)?;
        after(link)?;
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
    pub fn send_classic(&self, to: &PeerAddr, outgoing: &Outgoing) -> Result<(), Over> {
        self.hand_all_over(to, outgoing).map_err(Over::finally)
    }

    fn hand_all_over(&self, to: &PeerAddr, outgoing: &Outgoing) -> Result<(), Reason> {
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
            let place = outgoing.place(index);
            report.file_ended(FileEnd { index, state, md5, place, reason });
        }
        Ok(())
    }

    fn hand_over(
        &self,
        to: &PeerAddr,
        outgoing: &Outgoing,
        index: u32,
        report: &mut Reporter,
    ) -> Result<Md5Digest, Reason> {
        let entry = &outgoing.manifest.entries[index as usize];
        let place = &outgoing.place(index).unwrap_or_default();
        let md5 = self.hash(entry, place)?;
        let quiet = |stage| self.stage(stage);
        let stream = outgoing::connect(std::slice::from_ref(to), &self.cancel, &quiet)?;
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

    fn hash(&self, entry: &Entry, place: &std::path::Path) -> Result<Md5Digest, Reason> {
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

    pub(super) fn stage(&self, stage: Stage) {
        self.tell(Note::StageChanged { key: self.key, stage });
    }
}

/// Links and empty folders, each by name. A folder with something in it is no loss: what is in it is told.
fn leave_out_the_rest(outgoing: &Outgoing, report: &mut impl Report) {
    let entries = &outgoing.manifest.entries;
    let parents: HashSet<PathNames<'_>> = entries.iter().filter_map(|entry| entry.path.folder()).collect();
    for (index, entry) in (0..).zip(entries) {
        if !entry.is_file() && !parents.contains(&entry.path.names()) {
            let reason = Some(Reason::bare(ReasonCode::FilesOnly));
            let place = outgoing.place(index);
            report.file_ended(FileEnd { index, state: FileState::Skipped, md5: None, place, reason });
        }
    }
}

/// Nobody there, or nobody who listens: true for every file alike.
fn about_the_way(reason: &Reason) -> bool {
    matches!(reason.code, ReasonCode::Refused | ReasonCode::Unreachable | ReasonCode::Unresolved)
}
