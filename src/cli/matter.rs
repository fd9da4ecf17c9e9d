//! What waits at the desk, and how a person is asked about it.

use super::prompt;
use crate::{
    engine::messages::IncomingOffer,
    model::{conflict::Conflict, device::Peer, device_key::DeviceKey, short_code::ShortCode, transfer::TransferKey},
};

/// Something that waits for an answer.
pub(super) struct Matter {
    pub(super) key: TransferKey,
    pub(super) peer: Peer,
    /// Once it is known, the codes can be compared.
    pub(super) code: Option<ShortCode>,
    /// `None`: only codes are to be compared.
    pub(super) offer: Option<IncomingOffer>,
    /// What a yes means for names that are taken.
    pub(super) conflict: Conflict,
}

impl Matter {
    /// The key that a person confirms who says that the codes are the same.
    pub(super) fn comparable_key(&self) -> Result<DeviceKey, &'static str> {
        let key = self.peer.key.ok_or("it is not encrypted: there is nothing to verify")?;
        self.code.map(|_| key).ok_or("its code is not known yet: there is nothing to compare")
    }

    /// The question, and how it is put again.
    pub(super) fn question(&self) -> (String, &'static str) {
        match (&self.offer, self.code) {
            (Some(offer), _) => (prompt::question(offer, self.conflict), prompt::AGAIN),
            (None, _) => (prompt::comparison(&self.peer), prompt::AGAIN_WAITING),
        }
    }

    /// The question with the code, if that is known.
    pub(super) fn code_question(&self) -> Option<(String, &'static str)> {
        let code = self.code?;
        Some(match self.offer {
            Some(_) => (prompt::offer_code(code), prompt::AGAIN_WITH_CODE),
            None => (prompt::comparison_code(&self.peer, code), prompt::AGAIN_SAME),
        })
    }

    /// What is put again after an answer that was none.
    pub(super) fn again(&self) -> &'static str {
        self.code_question().map_or_else(|| self.question().1, |(_, again)| again)
    }
}
