//! Lanes that fetch one file from a classic server.

use std::{io::Write, path::PathBuf, sync::Arc, time::Instant};

use crate::{
    engine::{
        closer,
        link::SocketLink,
        note::{Note, Over},
        outgoing,
    },
    model::{
        device::PeerAddr,
        manifest::{Entry, EntryKind, Manifest},
        reason::{Reason, ReasonCode},
        seal::Md5Digest,
        shared_path::WantedFile,
        transfer::Stage,
    },
    storage::{
        agreement::Terms,
        landing::{self, Keep},
        profile::Profile,
    },
    transfer::{
        classic,
        lane::{LaneError, ended_early},
        limits::Limits,
        link::{Link, LinkEnd},
    },
    wire::{
        download::{self, Answer},
        frame,
    },
};

use super::{Begin, Destination, Lane};

/// What to fetch, from where and to where.
pub struct Errand {
    /// Where the server may be.
    pub places: Vec<PeerAddr>,
    pub wanted: WantedFile,
    pub profile: Profile,
    /// What was agreed, but for the size.
    pub terms: Terms,
    /// Folders of other running transfers, and what they still need.
    pub reserved: Vec<(PathBuf, u64)>,
}

/// The list of one file whose size may not be known yet.
pub fn manifest_of(name: &str, size: u64) -> Arc<Manifest> {
    let entry = Entry { path: [name].into(), kind: EntryKind::File { size }, mtime: None, exec: false };
    Arc::new(Manifest::from_entries(vec![entry]).unwrap_or_default())
}

impl Lane {
    /// Asks, and takes what comes.
    pub fn fetch(&self, errand: Errand) -> Result<(), Over> {
        self.stage(Stage::Connecting);
        let stream = outgoing::connect(&errand.places, &self.cancel, &|stage| self.stage(stage));
        let stream = stream.map_err(Over::finally)?;
        // A server that makes its checksum first has nothing to say meanwhile.
        let patient = Limits { silence: self.limits.silence.max(self.limits.answer), ..self.limits };
        let mut link = SocketLink::new(stream, self.cancel.clone(), patient, self.notes.clone())
            .map_err(|error| Over::finally(Reason::here(ReasonCode::Internal, error.to_string())))?;
        self.take_over(&mut link);
        let fetched = self.ask(&mut link, &errand.wanted).and_then(|(size, md5)| {
            link.set_limits(self.limits);
            self.take(&mut link, errand, size, md5)
        });
        if fetched.is_err() {
            closer::reset(link);
        }
        fetched.map_err(|error| Over::finally(error.reason()))
    }

    /// Sends the request and reads the header of the answer.
    fn ask(&self, link: &mut SocketLink, wanted: &WantedFile) -> Result<(u64, Option<Md5Digest>), LaneError> {
        self.stage(Stage::Requesting);
        link.keep_alive();
        link.set_deadline(Some(Instant::now() + link.limits().answer));
        link.write_all(wanted.asked.as_bytes())?;
        link.flush()?;
        while !link.pending() {
            link.wait()?;
        }
        link.set_deadline(Some(Instant::now() + link.limits().header));
        let json = frame::read_frame(link)?.ok_or_else(ended_early)?;
        link.set_deadline(None);
        match download::parse_answer(&json)? {
            Answer::NotThere => Err(LaneError::Peer(Reason::there(ReasonCode::NotShared, None))),
            Answer::There { size, md5 } => Ok((size, md5)),
        }
    }

    fn take(&self, link: &mut SocketLink, errand: Errand, size: u64, md5: Option<Md5Digest>) -> Result<(), LaneError> {
        let manifest = manifest_of(&errand.wanted.name, size);
        self.tell(Note::Announced { key: self.key, manifest: Arc::clone(&manifest), place: None });
        self.stage(Stage::Moving);
        // A window that starts on this profile meanwhile leaves the part file alone.
        let _held = landing::hold(&errand.profile, self.key.id);
        let terms = Terms { manifest: Arc::clone(&manifest), ..errand.terms };
        let to = Destination { profile: errand.profile, terms, reserved: errand.reserved, begin: Begin::Fresh };
        let place = to.prepare(Keep::Nothing).map_err(LaneError::Local)?;
        let taken = self.take_upload(link, &place, &manifest, md5, |link| match md5 {
            Some(_) => Ok(()),
            None => check_end(link),
        });
        if taken.is_err() {
            place.discard();
        } else {
            place.finish();
        }
        taken.map_err(|error| told_how_far(error, size))
    }

    pub(super) fn tell(&self, note: Note) {
        // Dispatch outlives its lanes but for the last moments of a shutdown.
        self.notes.send(note).ok();
    }
}

/// What is missing says more than that the connection is gone.
fn told_how_far(error: LaneError, size: u64) -> LaneError {
    match error {
        LaneError::Link(LinkEnd::PeerGone(how)) => {
            LaneError::Link(LinkEnd::PeerGone(format!("{how}, before all of the {size} bytes had come")))
        }
        other => other,
    }
}

/// Nothing tells but the number of bytes: a server that sends more has told a wrong one.
fn check_end(link: &mut SocketLink) -> Result<(), LaneError> {
    link.shut_writing();
    if classic::says_more(link) {
        return Err(LaneError::Protocol("more bytes came than were announced".to_owned()));
    }
    Ok(())
}
