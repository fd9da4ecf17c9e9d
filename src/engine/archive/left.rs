//! What earlier runs have left in the profile: told to dispatch, and locked as far as this process takes care of it.

use crate::{
    engine::{
        Restore,
        messages::{SendRequest, Wait},
        note::{Kept, Note},
    },
    model::transfer::{Direction, TransferId, TransferKey},
    storage::{
        kept,
        outgoing_file::{self, KeptOutgoing, OutgoingFile, SentSoFar},
    },
};

use super::Keeper;

impl Keeper {
    pub(super) fn restore(&mut self, restore: &Restore) {
        let mut found = Kept { incoming: Vec::new(), outgoing: Vec::new(), lost: Vec::new() };
        if restore.holds(Direction::Incoming) {
            for kept in kept::incoming(&self.profile) {
                match kept {
                    Ok(kept) => found.incoming.push(kept),
                    Err((id, reason)) => {
                        found.lost.push((TransferKey { id, direction: Direction::Incoming }, reason));
                    }
                }
            }
        }
        match restore {
            Restore::Both => self.take_all(&mut found),
            Restore::Same(request) => self.take_same(request, &mut found),
            Restore::Incoming | Restore::Nothing => {}
        }
        // Dispatch is gone only at shutdown.
        self.notes.send(Note::Kept(Box::new(found))).ok();
    }

    fn take_all(&mut self, found: &mut Kept) {
        for id in outgoing_file::list(&self.profile) {
            self.take(id, found);
        }
    }

    /// What is another's business is not locked even for a moment: just then somebody else may look for it.
    fn take_same(&mut self, request: &SendRequest, found: &mut Kept) {
        for id in outgoing_file::list(&self.profile) {
            let is_ours = match outgoing_file::look(&self.profile, id) {
                Ok((kept, sent)) => {
                    let is_wanted = found.outgoing.is_empty() && is_same(&kept, &sent, request);
                    is_wanted || is_done_with(&kept, &sent)
                }
                // With the lock it is known whether it is damaged, or somebody has it.
                Err(_) => true,
            };
            if is_ours {
                self.take(id, found);
            }
        }
    }

    fn take(&mut self, id: TransferId, found: &mut Kept) {
        match OutgoingFile::open(&self.profile, id) {
            // Its row is gone with the process that showed it, and the history has it.
            Ok(Some((file, kept, sent))) if is_done_with(&kept, &sent) => drop(file.remove()),
            Ok(Some((file, kept, sent))) => {
                self.files.insert(id, file);
                found.outgoing.push((kept, sent));
            }
            // Another process is at it.
            Ok(None) => {}
            Err(error) => {
                found.lost.push((TransferKey { id, direction: Direction::Outgoing }, error.reason()));
            }
        }
    }
}

/// Whether nobody will go on with it: it is over, or an offer to a stranger, which ends with the program that made it.
fn is_done_with(kept: &KeptOutgoing, sent: &SentSoFar) -> bool {
    sent.over || !(kept.accepted || kept.verified)
}

/// Whether `kept` is what `request` asks for: the same files and folders to the same recipient. What has all arrived there is the same
/// only as it was then.
fn is_same(kept: &KeptOutgoing, sent: &SentSoFar, request: &SendRequest) -> bool {
    // What nobody has taken yet goes on waiting only for who waits.
    let may_wait = kept.accepted || sent.paused || request.wait >= Wait::WhileAway;
    let is_asked_for = may_wait && !is_done_with(kept, sent) && request.asks_for(kept);
    is_asked_for && (!sent.all_verified || kept.outgoing.is_as_listed())
}

#[cfg(test)]
mod tests;
