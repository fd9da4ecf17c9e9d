//! Sending: one request for each recipient, all sharing what was staged, and sending the same once more.

use std::{path::PathBuf, sync::Arc};

use super::{
    app::App,
    state::{devices::Recipient, rows::Sent},
};
use crate::{
    engine::{
        messages::{Command, SendRequest, Wait, What},
        new_transfer_id,
    },
    model::{
        device::Peer,
        message::{self, BadMessage},
        transfer::{Direction, Stage, TransferKey, TransferSnapshot},
    },
    storage::sources::SourceTree,
};

impl App {
    /// Sends what is staged to everybody who is chosen. What the engine did not take stays staged.
    pub(super) fn send(&mut self) {
        let Ok(recipients) = self.state.devices.recipients(&self.state.around) else { return };
        let trees = self.state.staging.to_send();
        let message = match message::parse(&self.state.staging.message) {
            Ok(message) => Some(message),
            Err(BadMessage::Empty) => None,
            Err(BadMessage::TooLong { .. }) => return,
        };
        let nothing = trees.is_empty() && (message.is_none() || !self.state.staging.is_empty());
        let deaf = trees.is_empty() && recipients.iter().any(|to| to.classic);
        if recipients.is_empty() || nothing || deaf || !self.state.staging.walks.is_empty() {
            return;
        }
        self.state.devices.add_typed();
        let mut served = Vec::new();
        for recipient in recipients {
            let id = recipient.id.clone();
            if !self.send_one(recipient, &trees, message.clone()) {
                // Another click on Send is for those who are left.
                self.state.devices.chosen.retain(|chosen| !served.contains(chosen));
                return;
            }
            served.push(id);
        }
        self.state.staging.clear();
    }

    /// What has not arrived to the same device, under a new name.
    pub(super) fn send_again(&mut self, key: TransferKey) {
        let Some(row) = self.state.transfers.row(key) else { return };
        let Some(sent) = row.sent.clone().filter(|_| row.another_try().is_some()) else { return };
        let sent = Sent { roots: row.roots_to_send_again(), ..sent };
        let name = row.snapshot.peer.name.clone();
        let what = What::Paths(sent.roots.clone());
        if self.request(sent, name, what)
            && let Some(row) = self.state.transfers.row_mut(key)
        {
            row.again = true;
        }
    }

    fn send_one(&mut self, to: Recipient, trees: &[Arc<SourceTree>], message: Option<String>) -> bool {
        let roots: Vec<PathBuf> = trees.iter().map(|tree| tree.root.clone()).collect();
        // The plain protocol carries none: a row that shows one would not be true.
        let message = message.filter(|_| !to.classic);
        let sent = Sent { to: to.address, also: to.also, expect: to.expect, classic: to.classic, roots, message };
        self.request(sent, to.name, What::Staged(trees.to_vec()))
    }

    pub(super) fn request(&mut self, sent: Sent, name: String, what: What) -> bool {
        let id = new_transfer_id();
        let is_verified = sent.expect.is_some_and(|key| self.state.devices.verified(key).is_some());
        let request = SendRequest {
            id,
            to: sent.to.clone(),
            also: sent.also.clone(),
            expect: sent.expect,
            classic: sent.classic,
            what,
            message: sent.message.clone(),
            // An address that nobody answers at may be a wrong one; a device that is verified comes back.
            wait: if is_verified { Wait::WhileAway } else { Wait::WhileBusy },
        };
        if !self.tell(Command::Send(request)) {
            return false;
        }
        let snapshot = first_snapshot(TransferKey { id, direction: Direction::Outgoing }, name, &sent);
        self.state.transfers.begin(snapshot, sent, self.state.now);
        true
    }
}

/// What the row shows until the engine has said how it stands.
fn first_snapshot(key: TransferKey, name: String, sent: &Sent) -> TransferSnapshot {
    let peer = Peer { name, dial: Some(sent.to.clone()), ..Peer::at(sent.to.to_string(), sent.classic) };
    TransferSnapshot::new(key, peer, Stage::Resolving, sent.message.clone())
}
