//! Lanes that hand out files of the shared folder, to whoever asks for them in the plain protocol.

use std::{io::Write, ops::ControlFlow, path::PathBuf, sync::Arc, time::Instant};

use crate::{
    engine::{
        closer,
        link::SocketLink,
        note::{FileSeal, Note, Over},
    },
    model::{
        manifest::{Entry, EntryKind, Manifest},
        outcome::{FileEnd, FileState},
        reason::{Reason, ReasonCode},
        seal::Md5Digest,
        shared_path::SharedPath,
        transfer::Stage,
    },
    storage::{
        profile::Profile,
        shared_folder::{self, SharedFile},
    },
    transfer::{
        classic,
        lane::{LaneError, Report},
    },
    wire::download,
};

use super::{Lane, MIN_GAP};

/// Bytes that may lie in the system on their way to a reader. Of these a third has to be taken each minute (silence): so
/// nobody holds a place by taking a byte now and then, and nobody who takes 3 kB/s is cut off.
const ON_THEIR_WAY: usize = 256 << 10;

/// One request for a file.
pub struct Order {
    pub folder: PathBuf,
    pub path: SharedPath,
    /// What this process must not give away.
    pub profile: Profile,
    /// What is known of the file, from earlier requests.
    pub seal: Option<FileSeal>,
}

impl Order {
    /// Where the file would stand.
    pub fn place(&self) -> PathBuf {
        self.folder.join(self.path.components().iter().collect::<PathBuf>())
    }
}

impl Lane {
    /// Answers one request. Whoever was answered in order may ask on.
    pub fn hand_out(&self, mut link: SocketLink, order: &Order) -> Result<(), Over> {
        self.take_over(&mut link);
        // A system that does not take it has its own idea of fairness.
        socket2::SockRef::from(link.stream()).set_send_buffer_size(ON_THEIR_WAY).ok();
        match self.answer(&mut link, order) {
            Ok(()) => {
                // At shutdown nobody takes it up: it closes.
                self.notes.send(Note::NextRequest { link: Box::new(link) }).ok();
                Ok(())
            }
            Err(error) => {
                closer::reset(link);
                Err(Over::finally(error.reason()))
            }
        }
    }

    fn answer(&self, link: &mut SocketLink, order: &Order) -> Result<(), LaneError> {
        let found = shared_folder::open(&order.folder, &order.profile, &order.path).unwrap_or_else(|reason| {
            self.tell(Note::NotShared(reason));
            None
        });
        let Some(mut file) = found else {
            link.write_all(&download::not_there_frame()?)?;
            return Ok(link.flush()?);
        };
        let manifest = Arc::new(manifest_of(order, &file));
        self.tell(Note::Announced { key: self.key, manifest, place: Some(file.place.clone()) });
        let md5 = self.seal_of(link, order, &mut file)?;
        self.stage(Stage::Moving);
        let mut report = self.reporter();
        let header = download::there_frame(order.path.name(), file.source.stamp().0, md5)?;
        let sent = classic::send_download(link, &mut report, &mut file.source, &header, md5);
        if let Err(LaneError::Local(_)) = &sent {
            // What was known of it has led astray.
            self.tell(Note::Hashed { place: order.place(), seal: None });
        }
        sent?;
        let place = Some(file.place);
        report.file_ended(FileEnd { index: 0, state: FileState::Unchecked, md5: Some(md5), place, reason: None });
        Ok(())
    }

    /// The digest for the header: the one that is known, if the file is the same still.
    fn seal_of(&self, link: &SocketLink, order: &Order, file: &mut SharedFile) -> Result<Md5Digest, LaneError> {
        let stamp = file.source.stamp();
        if let Some(known) = order.seal.filter(|known| known.stamp == stamp && stamp.1.is_some()) {
            return Ok(known.md5);
        }
        let (mut done, total) = (0, stamp.0);
        let mut last = Instant::now();
        let hashed = classic::hash_open(&mut file.source, &mut |bytes| {
            done += bytes;
            if last.elapsed() >= MIN_GAP {
                last = Instant::now();
                self.stage(Stage::Hashing { done, total });
            }
            let is_over = self.cancel.is_set() || link.take_error().is_some();
            if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let stopped = || if self.cancel.is_set() { ReasonCode::Cancelled } else { ReasonCode::ConnectionLost };
        let md5 = hashed.map_err(LaneError::Local)?.ok_or_else(|| LaneError::Local(Reason::bare(stopped())))?;
        self.tell(Note::Hashed { place: order.place(), seal: Some(FileSeal { stamp, md5 }) });
        Ok(md5)
    }
}

fn manifest_of(order: &Order, file: &SharedFile) -> Manifest {
    let (size, mtime) = file.source.stamp();
    let path = order.path.components().iter().collect();
    let entry = Entry { path, kind: EntryKind::File { size }, mtime, exec: false };
    Manifest::from_entries(vec![entry]).unwrap_or_default()
}
