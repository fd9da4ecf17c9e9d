//! What a command tells while it runs, whatever the form: lines of JSON, or words for a person.

use std::{
    io::Write,
    net::{IpAddr, SocketAddr},
    path::Path,
};

use super::standing::Standing;
use crate::{
    engine::messages::{ComparisonSnapshot, IncomingOffer, KeyWarning},
    model::{
        book::KnownDevice,
        device::shown_text,
        device_key::DeviceKey,
        outcome::{Ending, FileEnd},
        reason::{Reason, ReasonCode},
        short_code::ShortCode,
        transfer::{Direction, TransferKey, TransferSnapshot},
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
    /// This folder is shared from now on.
    fn sharing(&mut self, _folder: &Path) {}
    /// Somebody begins to download from the shared folder.
    fn download(&mut self, _snapshot: &TransferSnapshot) {}
    /// How a transfer that has not ended stands.
    fn stands(&mut self, snapshot: &TransferSnapshot);
    /// It stands otherwise than was told before: held, moving, waiting to be connected again.
    fn state(&mut self, snapshot: &TransferSnapshot, standing: &Standing);
    /// A file begins anew, because what was there of it is not how it begins any more.
    fn started_again(&mut self, snapshot: &TransferSnapshot, index: u32);
    fn left_out(&mut self, snapshot: &TransferSnapshot, left_out: &[LeftOut]);
    fn file_ended(&mut self, snapshot: &TransferSnapshot, end: &FileEnd);
    fn finished(&mut self, snapshot: &TransferSnapshot, ending: &Ending);
    /// Nothing more is known for now: what was gathered is told.
    fn settle(&mut self) {}
    /// This device's own key, once it listens.
    fn identity(&mut self, key: &DeviceKey);
    /// The six digits of a transfer are known.
    fn code(&mut self, snapshot: &TransferSnapshot, code: ShortCode);
    /// How a comparison of codes stands; told once for each state.
    fn comparison(&mut self, comparison: &ComparisonSnapshot);
    /// What a person confirmed of a device has been stored.
    fn verified(&mut self, device: &KnownDevice);
    /// Somebody may not be who they seem.
    fn wrong_key(&mut self, warning: &KeyWarning) {
        self.complain(&wrong_key(warning));
    }
    /// A question to the person at the terminal, and what is put again when something came between; the end of what it
    /// is about takes it back.
    fn ask(&mut self, _about: TransferKey, _question: &str, _again: &'static str) {}
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

/// `1 file`, `12,345 files`.
pub(super) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", text::grouped(number), if number == 1 { one } else { many })
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

/// Sentence for a shared folder that cannot be opened, or can again.
pub(super) fn sharing_trouble(why: Option<&str>) -> String {
    let told = |why: &str| format!("nobody can download now, because the shared folder cannot be opened: {why}");
    why.map_or_else(|| "the shared folder is there again".to_owned(), told)
}

/// Sentence for a device book that could not be understood.
pub(super) fn devices_damaged(kept_at: &Path) -> String {
    let place = clean_path(kept_at);
    format!("the list of devices could not be understood and is kept at {place}; no device is verified any more")
}

/// Enough of a key to tell devices apart and to type: sixteen digits in groups.
pub(super) fn key_beginning(key: &DeviceKey) -> String {
    key.grouped().chars().take(19).collect()
}

/// Sentence for a verified device that came, or answered, with another key.
pub(super) fn wrong_key(warning: &KeyWarning) -> String {
    let KeyWarning { name, expected, met, met_name, address, direction } = warning;
    let (name, address) = (clean(name), clean(address));
    let (expected, met) = (key_beginning(expected), key_beginning(met));
    let (what, consequence) = match (direction, met_name) {
        (Direction::Outgoing, _) => (format!("What answers at {address} is not {name}"), "Nothing was sent to it"),
        (Direction::Incoming, Some(met_name)) => {
            (format!("Somebody at {address} calls itself {} and is not {name}", clean(met_name)), "It was turned away")
        }
        (Direction::Incoming, None) => (format!("Somebody at {address} is not {name}"), "It was turned away"),
    };
    format!(
        "WARNING: DIFFERENT KEY. {what}, which you have verified: its key begins {met} and should begin {expected}. \
         {consequence}. Either {name} was set up anew, or somebody wants to be taken for it: ask its owner. \
         Only if it was set up anew: sealdrop devices forget '{expected}', then sealdrop verify it again"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_read_as_people_write_them() {
        assert_eq!(count(1, "file", "files"), "1 file");
        assert_eq!(count(12_345, "file", "files"), "12,345 files");
    }

    #[test]
    fn another_key_is_a_warning_with_both_keys_and_a_way_out() {
        let mut warning = KeyWarning {
            name: "Laptop".to_owned(),
            expected: DeviceKey([0xab; 32]),
            met: DeviceKey([0xcd; 32]),
            met_name: Some("Lap\u{202e}top".to_owned()),
            address: "10.0.0.1:9527".to_owned(),
            direction: Direction::Incoming,
        };
        let said = wrong_key(&warning);
        assert!(
            said.starts_with("WARNING: DIFFERENT KEY. Somebody at 10.0.0.1:9527 calls itself Lap\u{fffd}top"),
            "{said}"
        );
        assert!(said.contains("begins cdcd cdcd cdcd cdcd and should begin abab abab abab abab. It was turned away"));
        warning.direction = Direction::Outgoing;
        let said = wrong_key(&warning);
        assert!(said.contains("What answers at 10.0.0.1:9527 is not Laptop") && said.contains("Nothing was sent"));
        assert!(said.contains("sealdrop devices forget 'abab abab abab abab'"), "{said}");
    }
}
