//! What a command tells while it runs, whatever the form: lines of JSON, or words for a person.

use std::{
    io::Write,
    net::{IpAddr, SocketAddr},
    path::Path,
};

use crate::{
    engine::messages::IncomingOffer,
    model::{
        device::shown_text,
        outcome::{Ending, FileEnd},
        reason::{Reason, ReasonCode},
        transfer::{TransferKey, TransferSnapshot},
    },
    storage::sources::LeftOut,
    ui::text,
};

/// Longer texts from elsewhere are cut for the terminal.
const MAX_SHOWN_CHARS: usize = 4096;

/// One form of telling.
pub(super) trait Show {
    fn listening(&mut self, address: SocketAddr, reachable_at: &[IpAddr]);
    fn offered(&mut self, offer: &IncomingOffer);
    /// How a transfer that has not ended stands.
    fn stands(&mut self, snapshot: &TransferSnapshot);
    fn left_out(&mut self, snapshot: &TransferSnapshot, left_out: &[LeftOut]);
    fn file_ended(&mut self, snapshot: &TransferSnapshot, end: &FileEnd);
    fn finished(&mut self, snapshot: &TransferSnapshot, ending: &Ending);
    /// A question about an offer to the person at the terminal; the end of the offer takes it back.
    fn ask(&mut self, _about: TransferKey, _question: &str) {}
    /// The person has answered.
    fn answered(&mut self) {}
    /// What belongs to no transfer; standard error in every form.
    fn complain(&mut self, sentence: &str) {
        complain(sentence);
    }
}

/// A sentence on standard error.
pub(super) fn complain(sentence: &str) {
    // Standard error is gone: nowhere else is left to say it.
    writeln!(std::io::stderr(), "sealdrop: {sentence}").ok();
}

/// Text from elsewhere, safe for a terminal.
pub(super) fn clean(text: &str) -> String {
    shown_text(text, MAX_SHOWN_CHARS)
}

pub(super) fn clean_path(path: &Path) -> String {
    clean(&path.to_string_lossy())
}

/// The sentence for a reason, with the detail for those who want to know more.
pub(super) fn sentence(reason: &Reason) -> String {
    let line = text::one_line(reason);
    match &reason.detail {
        Some(detail) => format!("{line} ({})", clean(detail)),
        None => line,
    }
}

/// Whether somebody who sent `left` has to know that it is missing over there; else it is only left aside.
pub(super) fn is_failure(reason: &Reason) -> bool {
    matches!(reason.code, ReasonCode::Io | ReasonCode::Limit | ReasonCode::Unreadable)
}

/// Sentence for a profile whose settings could not be understood.
pub(super) fn settings_damaged(kept_at: &Path, reason: &Reason) -> String {
    let place = clean_path(kept_at);
    let why = reason.detail.as_deref().unwrap_or("damaged");
    format!("the settings could not be understood and are kept at {place}; defaults are in force ({})", clean(why))
}
