//! The way of an outgoing transfer up to the other side's answer: list, look up, connect, greet, offer; also again, after
//! the connection broke, from either side.

use std::{net::TcpStream, ops::ControlFlow, path::PathBuf, sync::Arc};

use crossbeam_channel::Sender;

use crate::{
    model::{
        device::PeerAddr,
        reason::{Reason, ReasonCode},
        transfer::{Stage, TransferKey},
    },
    storage::sources::{self, LeftOut, Outgoing, SourceTree, WalkLimits, walk},
    transfer::{greet, lane::Farewell},
    wire::header::{self, Message},
};

use super::{
    call::{Call, Met, give_up},
    cancel::CancelFlag,
    closer, dial,
    messages::What,
    note::{Life, Note},
};

/// Progress of a walk is told at every so many entries.
const WALK_NOTE_EVERY: u64 = 500;

/// What a thread that lists what is to be sent has to know.
pub struct Listing {
    pub key: TransferKey,
    pub life: Life,
    pub what: What,
    pub has_message: bool,
    pub cancel: CancelFlag,
    pub notes: Sender<Note>,
}

impl Listing {
    /// Walks and puts the list together. Ends with `Listed` or `Left`.
    pub fn run(self) {
        let note = match self.list() {
            Ok(listed) => listed,
            Err(reason) => Note::Left { key: self.key, life: Some(self.life), reason },
        };
        tell(&self.notes, note);
    }

    fn list(&self) -> Result<Note, Reason> {
        let (trees, mut left_out) = self.trees()?;
        left_out.extend(trees.iter().flat_map(|tree| tree.left_out.iter().cloned()));
        let first_left_out = left_out.first().map(|first| first.reason.clone());
        if !left_out.is_empty() {
            tell(&self.notes, Note::LeftOut { key: self.key, left_out });
        }
        let outgoing = Arc::new(sources::combine(trees)?);
        if outgoing.manifest.entries.is_empty() && !self.has_message {
            return Err(
                first_left_out.unwrap_or_else(|| Reason::here(ReasonCode::Unreadable, "there is nothing to send"))
            );
        }
        let digest = greet::digest_of(&outgoing.manifest).map_err(|error| error.reason())?;
        Ok(Note::Listed { key: self.key, outgoing, digest })
    }

    fn trees(&self) -> Result<(Vec<Arc<SourceTree>>, Vec<LeftOut>), Reason> {
        match &self.what {
            What::Staged(trees) => Ok((trees.clone(), Vec::new())),
            What::Paths(paths) => {
                let walked = walk_all(paths, &self.cancel, &mut |entries, _| {
                    tell(&self.notes, Note::StageChanged { key: self.key, stage: Stage::Listing { found: entries } });
                });
                walked.ok_or_else(|| Reason::bare(ReasonCode::Cancelled))
            }
        }
    }
}

/// What a thread that offers, or offers again, has to know.
pub struct Offering {
    pub call: Call,
    pub life: Life,
    pub outgoing: Arc<Outgoing>,
    pub digest: [u8; 32],
    pub message: Option<String>,
    /// Of this connection. From 2 on it takes up what an earlier one has begun.
    pub epoch: u32,
}

impl Offering {
    /// Ends with `Proposed`, `Again` or `Left`.
    pub fn run(self) {
        let (key, life, notes) = (self.call.key, self.life, self.call.notes.clone());
        let note = match if self.epoch > 1 { self.offer_again() } else { self.offer() } {
            Ok(note) => note,
            Err(reason) => Note::Left { key, life: Some(life), reason },
        };
        tell(&notes, note);
    }

    fn offer(&self) -> Result<Note, Reason> {
        let key = self.call.key;
        let Met { mut link, comparing } =
            self.call.meet(&|stage| tell(&self.call.notes, Note::StageChanged { key, stage }))?;
        let manifest = &self.outgoing.manifest;
        match greet::send_offer(&mut link, key.id, manifest, self.digest, self.message.as_deref()) {
            Ok(()) => Ok(Note::Proposed { key, link: Box::new(link), comparing: comparing.map(Box::new) }),
            Err(error) => Err(give_up(link, error)),
        }
    }

    /// The stage stays what it is: the window says that it is being tried.
    fn offer_again(&self) -> Result<Note, Reason> {
        let Met { mut link, .. } = self.call.meet(&|_stage| {})?;
        let ping = header::encode(&Message::Ping).unwrap_or_default();
        link.set_ping(Some(ping));
        let key = self.call.key;
        let mut held = |held| tell(&self.call.notes, Note::HeldThere { key, held });
        let manifest = &self.outgoing.manifest;
        match greet::offer_again(&mut link, key.id, self.epoch, self.digest, manifest, &mut held) {
            Ok(ahead) => Ok(Note::Again { key, life: self.life, link: Box::new(link), ahead }),
            Err(error) => Err(give_up(link, error)),
        }
    }
}

/// A thread that asks the sender of a broken transfer to go on. Ends with `Wanted`.
pub fn want(call: &Call, life: Life) {
    let result = call.meet(&|_stage| {}).and_then(|Met { mut link, .. }| {
        let key = call.key;
        match greet::want(&mut link, key.id) {
            Ok(()) => {
                closer::close(link, Farewell::default());
                Ok(())
            }
            Err(error) => Err(give_up(link, error)),
        }
    });
    tell(&call.notes, Note::Wanted { key: call.key, life, result });
}

fn tell(notes: &Sender<Note>, note: Note) {
    // Dispatch hears all but the notes that come after a shutdown.
    notes.send(note).ok();
}

/// Looks all of `places` up and connects to the first that answers, telling the stages.
///
/// # Errors
/// As `dial::resolve_all` and `dial::connect`.
pub fn connect(places: &[PeerAddr], cancel: &CancelFlag, stage: &dyn Fn(Stage)) -> Result<TcpStream, Reason> {
    stage(Stage::Resolving);
    let addresses = dial::resolve_all(places, cancel)?;
    stage(Stage::Connecting);
    dial::connect(&addresses, cancel).map(|connected| connected.stream)
}

/// Walks all `paths`; `found` hears of entries and bytes so far. `None`: cancelled.
pub fn walk_all(
    paths: &[PathBuf],
    cancel: &CancelFlag,
    found: &mut dyn FnMut(u64, u64),
) -> Option<(Vec<Arc<SourceTree>>, Vec<LeftOut>)> {
    let (mut trees, mut left_out) = (Vec::new(), Vec::new());
    let (mut entries_before, mut bytes_before) = (0, 0);
    for path in paths {
        let mut told = 0;
        let walked = walk(path, WalkLimits::default(), &mut |entries, bytes| {
            if entries >= told + WALK_NOTE_EVERY {
                told = entries;
                found(entries_before + entries, bytes_before + bytes);
            }
            if cancel.is_set() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        match walked {
            Ok(Some(tree)) => {
                entries_before += tree.entries.len() as u64;
                bytes_before += tree.bytes;
                trees.push(Arc::new(tree));
            }
            Ok(None) => return None,
            Err(left) => left_out.push(left),
        }
    }
    found(entries_before, bytes_before);
    Some((trees, left_out))
}
