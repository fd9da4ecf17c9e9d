//! Questions that carry their own answer: an offer's, and another start's.

use crossbeam_channel::Sender;

use crate::model::{handed::Handed, transfer::TransferKey};

use super::messages::Acceptance;

/// The one answer to an offer. Dropping it declines.
#[derive(Debug)]
pub struct OfferReply {
    key: TransferKey,
    /// Which of the cards that it stood on.
    card: u32,
    answer: Option<Sender<OfferAnswer>>,
}

/// What another start of the program was given.
#[derive(Debug)]
pub struct HandOver {
    pub handed: Vec<Handed>,
    /// Told once it is on its way to the window; dropped by an engine that ends.
    pub taken: Sender<()>,
}

/// What the person said.
#[derive(Debug)]
pub struct OfferAnswer {
    pub key: TransferKey,
    pub card: u32,
    pub accepted: Option<Acceptance>,
    /// Detail for a refusal that no person gave (`ask` without a terminal).
    pub detail: Option<String>,
}

impl OfferReply {
    /// A reply whose answer goes to `answer`.
    pub fn new(key: TransferKey, answer: Sender<OfferAnswer>) -> Self {
        Self { key, card: 0, answer: Some(answer) }
    }

    /// The same offer may stand on a second card, after its connection broke: this is the reply to that one.
    #[must_use]
    pub fn to_card(self, card: u32) -> Self {
        let mut this = self;
        this.card = card;
        this
    }

    /// Take the files.
    pub fn accept(mut self, acceptance: Acceptance) {
        self.say(Some(acceptance), None);
    }

    /// Do not; `detail` is for a refusal that no person gave.
    pub fn decline(mut self, detail: Option<String>) {
        self.say(None, detail);
    }

    fn say(&mut self, accepted: Option<Acceptance>, detail: Option<String>) {
        if let Some(answer) = self.answer.take() {
            // The engine is gone, or the answers of all cards it can show are waiting already: nobody is left to hear it.
            answer.try_send(OfferAnswer { key: self.key, card: self.card, accepted, detail }).ok();
        }
    }
}

impl Drop for OfferReply {
    fn drop(&mut self) {
        self.say(None, None);
    }
}
