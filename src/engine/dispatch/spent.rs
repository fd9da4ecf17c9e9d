//! Names under which something was offered here. One stands for one offer only: otherwise the answer that a person gives to what
//! they see could be taken by something else. Only who lost its connection before anybody answered may offer the same again.

use crate::{
    engine::note::{ArrivedOffer, Life},
    model::{device_key::DeviceKey, transfer::TransferId},
};

use super::{Dispatch, record::Record};

/// One name.
pub(super) struct Spent {
    id: TransferId,
    device: Option<DeviceKey>,
    digest: [u8; 32],
    /// Of the card: an answer to an earlier one means nothing.
    life: Life,
    /// Its connection broke before anybody answered.
    is_lost: bool,
}

impl Spent {
    /// The name of a record that has begun.
    pub(super) fn of(record: &Record) -> Self {
        let (id, device) = (record.snapshot.key.id, record.snapshot.peer.key);
        Self { id, device, digest: record.digest, life: record.life, is_lost: false }
    }

    fn lets_in(&self, offer: &ArrivedOffer) -> bool {
        self.is_lost && self.device.is_some() && self.device == offer.caller.peer.key && self.digest == offer.digest
    }
}

impl Dispatch {
    /// Which life an offer under this name begins; `None`: the name is taken.
    pub(super) fn life_of(&self, offer: &ArrivedOffer) -> Option<Life> {
        let id = offer.caller.key.id;
        match self.spent.iter().find(|spent| spent.id == id) {
            None => Some(0),
            Some(spent) if spent.lets_in(offer) => Some(spent.life.wrapping_add(1)),
            Some(_) => None,
        }
    }

    /// From now on the name stands for this record.
    pub(super) fn spend(&mut self, record: &Record) {
        self.spent.retain(|spent| spent.id != record.snapshot.key.id);
        self.spent.push_front(Spent::of(record));
        self.spent.truncate(self.setup.limits.names);
    }

    /// Its connection broke while it waited for an answer.
    pub(super) fn lost_before_an_answer(&mut self, id: TransferId) {
        if let Some(spent) = self.spent.iter_mut().find(|spent| spent.id == id) {
            spent.is_lost = true;
        }
    }
}
