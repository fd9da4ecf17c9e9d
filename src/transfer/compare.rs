//! Agreeing on the six-digit code: who says what when, and when a word is out of place.
//!
//! The dialer's hello holds a commitment to its nonce. The listener sends its own nonce (`code`) once a card stands before
//! a person, and only then the dialer shows what it had committed to (`reveal`). So neither side can choose its nonce
//! after it has seen the other's (Vaudenay, "Secure communications over insecure channels based on short authenticated
//! strings", 2005; the same order as in ZRTP, RFC 6189 section 4.4).

use crate::{
    crypto::short_code::{Comparison, Nonce, keeps_commitment},
    model::short_code::ShortCode,
    wire::header::Message,
};

use super::lane::{LaneError, unexpected};

/// One side of an agreement.
#[derive(Debug)]
pub struct Comparing {
    between: Comparison,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// The dialer, who waits for `code`.
    Committed(Nonce),
    /// The listener, whose card does not stand yet.
    Unshown {
        commit: [u8; 32],
    },
    /// The listener, who waits for `reveal`.
    Shown {
        commit: [u8; 32],
        nonce: Nonce,
    },
    Agreed,
}

/// What follows from a word of the peer.
#[derive(Debug, PartialEq)]
pub struct Agreed {
    pub code: ShortCode,
    /// What has to be said now.
    pub say: Option<Message>,
}

impl Comparing {
    /// The dialer, whose hello held the commitment to `nonce`.
    pub fn dialer(between: Comparison, nonce: Nonce) -> Self {
        Self { between, stage: Stage::Committed(nonce) }
    }

    /// The listener, who read `commit` in the dialer's hello.
    pub fn listener(between: Comparison, commit: [u8; 32]) -> Self {
        Self { between, stage: Stage::Unshown { commit } }
    }

    /// The listener's card stands before a person: what has to be said. `None` when it has been said, or is not its turn.
    pub fn show(&mut self, nonce: Nonce) -> Option<Message> {
        let Stage::Unshown { commit } = self.stage else { return None };
        let said = Message::Code { nonce: *nonce.bytes() };
        self.stage = Stage::Shown { commit, nonce };
        Some(said)
    }

    /// Whether the listener has shown its nonce and the dialer still owes its own.
    pub fn is_owed(&self) -> bool {
        matches!(self.stage, Stage::Shown { .. })
    }

    /// Whether `message` belongs to an agreement at all.
    pub fn is_about(message: &Message) -> bool {
        matches!(message, Message::Code { .. } | Message::Reveal { .. })
    }

    /// Takes in `code` or `reveal`.
    ///
    /// # Errors
    /// A word that is out of place, or a nonce other than the one that was committed to: the session ends.
    pub fn hear(&mut self, message: &Message) -> Result<Agreed, LaneError> {
        match (&self.stage, message) {
            (Stage::Committed(own), Message::Code { nonce }) => {
                let code = self.between.code(own, &Nonce::from_bytes(*nonce));
                let say = Some(Message::Reveal { nonce: *own.bytes() });
                self.stage = Stage::Agreed;
                Ok(Agreed { code, say })
            }
            (Stage::Shown { commit, nonce: own }, Message::Reveal { nonce }) => {
                let theirs = Nonce::from_bytes(*nonce);
                if !keeps_commitment(commit, &theirs) {
                    let broken = "the nonce that was revealed is not the one that was committed to";
                    return Err(LaneError::Protocol(broken.to_owned()));
                }
                let code = self.between.code(&theirs, own);
                self.stage = Stage::Agreed;
                Ok(Agreed { code, say: None })
            }
            _ => Err(unexpected(message)),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{crypto::short_code::commitment, model::device_key::DeviceKey};

    use super::*;

    fn between(exporter: u8) -> Comparison {
        Comparison { exporter: [exporter; 32], dialer: DeviceKey([1; 32]), listener: DeviceKey([2; 32]) }
    }

    fn sides(theirs: u8, ours: u8) -> (Comparing, Comparing) {
        let nonce = Nonce::from_bytes([7; 32]);
        let commit = commitment(&nonce);
        (Comparing::dialer(between(theirs), nonce), Comparing::listener(between(ours), commit))
    }

    fn nonce(byte: u8) -> Nonce {
        Nonce::from_bytes([byte; 32])
    }

    #[test]
    fn both_sides_come_to_the_same_code() {
        let (mut dialer, mut listener) = sides(5, 5);
        let code = listener.show(nonce(8)).unwrap();
        assert!(listener.is_owed() && listener.show(nonce(9)).is_none(), "shown once");
        let there = dialer.hear(&code).unwrap();
        let here = listener.hear(&there.say.unwrap()).unwrap();
        assert_eq!((here.code, here.say), (there.code, None));
        assert!(!listener.is_owed());
    }

    #[test]
    fn two_sessions_with_somebody_between_have_two_codes() {
        let (mut dialer, mut listener) = sides(5, 6);
        let there = dialer.hear(&listener.show(nonce(8)).unwrap()).unwrap();
        assert_ne!(listener.hear(&there.say.unwrap()).unwrap().code, there.code);
    }

    #[test]
    fn a_nonce_other_than_the_committed_one_ends_the_session() {
        let (_dialer, mut listener) = sides(5, 5);
        listener.show(nonce(8)).unwrap();
        assert!(matches!(listener.hear(&Message::Reveal { nonce: [6; 32] }), Err(LaneError::Protocol(_))));
    }

    #[test]
    fn words_out_of_turn_are_refused() {
        let (mut dialer, mut listener) = sides(5, 5);
        assert!(dialer.show(nonce(1)).is_none(), "a dialer has no card");
        assert!(listener.hear(&Message::Reveal { nonce: [7; 32] }).is_err(), "revealed before the card stood");
        assert!(listener.hear(&Message::Code { nonce: [7; 32] }).is_err());
        assert!(dialer.hear(&Message::Reveal { nonce: [7; 32] }).is_err());
        dialer.hear(&Message::Code { nonce: [3; 32] }).unwrap();
        assert!(dialer.hear(&Message::Code { nonce: [4; 32] }).is_err(), "a second code");
    }
}
