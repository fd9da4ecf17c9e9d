//! What a person says on the card of an offer.

use std::path::PathBuf;

use super::{action::CardAction, app::App, state::offers::OfferCard};
use crate::{
    engine::messages::Command,
    model::{conflict::Conflict, transfer::TransferKey},
};

impl App {
    pub(super) fn card(&mut self, key: TransferKey, action: &CardAction) {
        match action {
            CardAction::Accept => {
                if let Some(card) = self.take_card(key) {
                    let conflict = self.state.conflict(&card);
                    self.remember(&card, conflict);
                    card.accept(conflict);
                }
            }
            CardAction::Decline => {
                if let Some(card) = self.take_card(key) {
                    card.decline();
                }
            }
            CardAction::Differ => {
                if let Some(card) = self.take_card(key) {
                    self.codes_differ(&card.snapshot.peer);
                    card.decline();
                }
            }
            CardAction::Shown => self.card_shown(key),
            other => {
                let Some(card) = self.state.card(key) else { return };
                let manifest = std::sync::Arc::clone(&card.snapshot.manifest);
                match other {
                    CardAction::Conflict(choice) => card.conflict = Some(*choice),
                    CardAction::Remember(remember) => card.remember = Some(*remember),
                    CardAction::Fold(node) => card.tree.fold(*node),
                    CardAction::Toggle(node) => card.tree.toggle(&manifest, *node),
                    CardAction::ToggleAll => card.tree.toggle_all(&manifest),
                    CardAction::ToggleNames => card.names_open ^= true,
                    _ => {}
                }
                if matches!(other, CardAction::Toggle(_) | CardAction::ToggleAll) {
                    self.look_again(key);
                }
            }
        }
    }

    /// Keeps what was chosen for taken names, or forgets what was kept, where the card has asked.
    fn remember(&mut self, card: &OfferCard, conflict: Conflict) {
        let peer = &card.snapshot.peer;
        let Some(key) = peer.key.filter(|_| card.asks_for_conflict() && self.state.verified(peer)) else { return };
        let wanted = self.state.remembers(card).then_some(conflict);
        if wanted != self.state.devices.remembered(peer) {
            self.tell(Command::SetConflict { key, conflict: wanted });
        }
    }

    fn card_shown(&mut self, key: TransferKey) {
        let now = self.state.now;
        let Some(card) = self.state.card(key) else { return };
        card.shown_since = Some(card.shown_since.unwrap_or(now));
        let asked = card.wants_code() && self.tell(Command::ShowCode(key));
        if let Some(card) = self.state.card(key).filter(|_| asked) {
            card.code_asked = true;
        }
    }

    fn take_card(&mut self, key: TransferKey) -> Option<OfferCard> {
        let at = self.state.offers.iter().position(|card| card.key() == key)?;
        let now = self.state.now;
        // The ones below slide up to where this one took a click.
        self.state.offers.iter_mut().skip(at + 1).for_each(|card| card.hold_still(now));
        self.state.trust.comparisons.iter_mut().for_each(|card| card.hold_still(now));
        Some(self.state.offers.remove(at))
    }

    pub(super) fn card_folder(&mut self, key: TransferKey, folder: PathBuf) {
        if let Some(card) = self.state.card(key) {
            card.folder = folder;
            card.preflight = None;
            self.look_again(key);
        }
    }

    /// Asks what saving the offer as it is now chosen would mean.
    fn look_again(&mut self, key: TransferKey) {
        let Some(card) = self.state.card(key) else { return };
        let (folder, selection) = (card.folder.clone(), card.tree.selection());
        self.tell(Command::Preflight { key, folder, selection });
    }
}
