//! The way of an outgoing transfer up to the other person's answer: list, look up, connect, greet, offer.

use std::{net::TcpStream, ops::ControlFlow, path::PathBuf, sync::Arc};

use crossbeam_channel::Sender;

use crate::{
    model::{
        device::PeerAddr,
        reason::{Reason, ReasonCode},
        transfer::{Stage, TransferKey},
    },
    storage::sources::{self, LeftOut, Outgoing, SourceTree, WalkLimits, walk},
    transfer::{greet, limits::Limits},
};

use super::{
    call::{Call, Met, Seal, give_up},
    cancel::CancelFlag,
    dial,
    messages::{SendRequest, What},
    note::Note,
};

/// Progress of a walk is told at every so many entries.
const WALK_NOTE_EVERY: u64 = 500;

/// What a dialling thread has to know.
pub struct Errand {
    pub key: TransferKey,
    pub request: SendRequest,
    pub seal: Seal,
    pub cancel: CancelFlag,
    pub limits: Limits,
    pub notes: Sender<Note>,
}

impl Errand {
    /// Lists and, unless the plain protocol is spoken, offers. Ends with `Listed` (classic), `Proposed` or `Left`.
    pub fn run(self) {
        if let Err(reason) = self.list_and_offer() {
            self.tell(Note::Left { key: self.key, reason });
        }
    }

    fn tell(&self, note: Note) {
        // Dispatch hears all but the notes that come after a shutdown.
        self.notes.send(note).ok();
    }

    fn stage(&self, stage: Stage) {
        self.tell(Note::StageChanged { key: self.key, stage });
    }

    fn list_and_offer(&self) -> Result<(), Reason> {
        let (trees, mut left_out) = self.trees()?;
        left_out.extend(trees.iter().flat_map(|tree| tree.left_out.iter().cloned()));
        let first_left_out = left_out.first().map(|first| first.reason.clone());
        if !left_out.is_empty() {
            self.tell(Note::LeftOut { key: self.key, left_out });
        }
        let outgoing = Arc::new(sources::combine(trees)?);
        if outgoing.manifest.entries.is_empty() && self.request.message.is_none() {
            return Err(
                first_left_out.unwrap_or_else(|| Reason::here(ReasonCode::Unreadable, "there is nothing to send"))
            );
        }
        self.tell(Note::Listed { key: self.key, outgoing: Arc::clone(&outgoing) });
        if self.request.classic { Ok(()) } else { self.offer(&outgoing) }
    }

    fn trees(&self) -> Result<(Vec<Arc<SourceTree>>, Vec<LeftOut>), Reason> {
        match &self.request.what {
            What::Staged(trees) => Ok((trees.clone(), Vec::new())),
            What::Paths(paths) => {
                let walked = walk_all(paths, &self.cancel, &mut |entries, _| {
                    self.stage(Stage::Listing { found: entries });
                });
                walked.ok_or_else(|| Reason::bare(ReasonCode::Cancelled))
            }
        }
    }

    fn offer(&self, outgoing: &Outgoing) -> Result<(), Reason> {
        let call = Call {
            key: self.key,
            to: self.request.to.clone(),
            expect: self.request.expect,
            always_compare: false,
            seal: self.seal.clone(),
            cancel: self.cancel.clone(),
            limits: self.limits,
            notes: self.notes.clone(),
        };
        let Met { mut link, comparing } = call.meet(&|stage| self.stage(stage))?;
        let message = self.request.message.as_deref();
        match greet::send_offer(&mut link, self.key.id, &outgoing.manifest, message) {
            Ok(()) => {
                self.tell(Note::Proposed { key: self.key, link: Box::new(link), comparing: comparing.map(Box::new) });
                Ok(())
            }
            Err(error) => Err(give_up(link, error)),
        }
    }
}

/// Looks up and connects, telling the stages.
///
/// # Errors
/// As `dial::resolve` and `dial::connect`.
pub fn connect(to: &PeerAddr, cancel: &CancelFlag, stage: &dyn Fn(Stage)) -> Result<TcpStream, Reason> {
    stage(Stage::Resolving);
    let addresses = dial::resolve(to, cancel)?;
    stage(Stage::Connecting);
    dial::connect(&addresses, cancel)
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
