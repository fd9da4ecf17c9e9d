//! The texts about keys, codes and alarms that carry names or figures.

use std::path::Path;

use super::{Word, catalogue::say, figures::date, reasons::one_line, sentences::path, transfers::outcome};
use crate::{
    engine::messages::{ComparisonState, KeyWarning},
    model::{
        device::{MAX_SHOWN_NAME_CHARS, shown_text},
        device_key::DeviceKey,
        reason::{Reason, Side},
        short_code::ShortCode,
        transfer::{Direction, Stage},
    },
};

/// The accessible name of the six digits.
pub fn code(code: ShortCode) -> String {
    say!("code", code = code.to_string())
}

/// The headline of a code that is to be compared.
pub fn is_it(device: &str) -> String {
    say!("is-it", device)
}

/// Said of a stranger who is called like a verified device.
pub fn namesake(verified: &str) -> String {
    say!("namesake", device = device_name(verified))
}

/// The accessible name of this device's key.
pub fn own_key(key: &DeviceKey) -> String {
    say!("own-key", key = key.to_string())
}

/// The accessible name of another device's key.
pub fn key_of(device: &str, key: &DeviceKey) -> String {
    say!("key-of", device, key = key.to_string())
}

/// The accessible name of *Copy* beside a key.
pub fn copy_key(device: &str) -> String {
    say!("copy-key-of", device)
}

/// A device's name from anywhere, safe to show.
pub fn device_name(text: &str) -> String {
    shown_text(text, MAX_SHOWN_NAME_CHARS)
}

/// The key in groups of four, so many on a line.
pub fn key_lines(key: &DeviceKey, groups: usize) -> String {
    let grouped = key.grouped();
    let all: Vec<&str> = grouped.split(' ').collect();
    all.chunks(groups.max(1)).map(|line| line.join(" ")).collect::<Vec<_>>().join("\n")
}

/// Since when a device is verified.
pub fn verified_since(seconds: u64) -> String {
    if seconds == 0 { Word::Verified.text().to_owned() } else { say!("verified-since", date = date(seconds)) }
}

/// What a screen reader calls a device in the list.
pub fn device(device: &str, verified: bool, blocked: bool) -> String {
    say!("device", device, verified, blocked)
}

/// The accessible name of *Details* beside a device.
pub fn details(device: &str) -> String {
    say!("details-of", device)
}

/// The accessible name of a comparison's card.
pub fn compare_card(device: &str) -> String {
    say!("compare-card", device)
}

/// Who wants to compare codes.
pub fn wants_to_compare(device: &str) -> String {
    say!("wants-to-compare", device)
}

/// How far a comparison has come; empty where the code stands.
pub fn comparison_state(state: &ComparisonState, direction: Direction, device: &str) -> String {
    match (state, direction) {
        (ComparisonState::Connecting, _) => say!("connecting", peer = device),
        (ComparisonState::Waiting, Direction::Outgoing) => say!("look-at-the-other-screen", device),
        (ComparisonState::Waiting, Direction::Incoming) => Word::CodeAgreeing.text().to_owned(),
        (ComparisonState::Code(_), _) => String::new(),
        (ComparisonState::Ended(reason), _) => one_line(reason),
    }
}

/// The headline of a wrong key.
pub fn wrong_key_title(warning: &KeyWarning) -> String {
    let device = device_name(&warning.name);
    match warning.direction {
        Direction::Incoming => say!("wrong-key-title-incoming", device),
        Direction::Outgoing => say!("wrong-key-title-outgoing", device),
    }
}

/// What happened with a wrong key.
pub fn wrong_key(warning: &KeyWarning) -> String {
    let (device, address) = (device_name(&warning.name), &warning.address);
    match warning.direction {
        Direction::Incoming => {
            let called = warning.met_name.as_deref().map(device_name).filter(|met| *met != device);
            match called {
                None => say!("wrong-key-incoming", device, address),
                Some(met) => say!("wrong-key-alike", met, device, address),
            }
        }
        Direction::Outgoing => say!("wrong-key-outgoing", device, address),
    }
}

/// Somebody tried to offer something and was turned away at the door, or turned away there and then.
pub fn refused(address: &str, reason: &Reason) -> String {
    let why = one_line(reason);
    match reason.side {
        Side::Here => say!("refused-here", address, why),
        Side::There => say!("refused-there", address, why),
    }
}

/// What happened when two people saw two codes.
pub fn codes_differ(device: &str, address: &str) -> String {
    if device == address { say!("codes-differ", device) } else { say!("codes-differ-at", device, address) }
}

/// The notice that somebody waits out of sight: so many offers among all who do.
pub fn somebody_below(offers: usize, all: usize) -> String {
    if offers == 0 { say!("somebody-compares", devices = all) } else { say!("offers-wait", offers) }
}

/// The device book was kept aside.
pub fn devices_damaged(kept_at: &Path) -> String {
    say!("devices-damaged", place = path(kept_at))
}

/// A change of the device book does not count.
pub fn devices_not_saved(why: &str) -> String {
    say!("devices-not-saved", why)
}

/// One line of a device's history: what went which way.
pub fn history_title(direction: Direction, title: &str) -> String {
    match direction {
        Direction::Incoming => say!("history-incoming", title),
        Direction::Outgoing => say!("history-outgoing", title),
    }
}

/// One line of a device's history: how a transfer stands.
pub fn history_state(stage: &Stage, direction: Direction, files: u64) -> String {
    let word = match stage {
        Stage::Ended(ending) => return outcome(ending, direction, files),
        Stage::Interrupted => Word::Interrupted,
        Stage::Paused(_) => Word::Paused,
        Stage::Queued(_) => Word::QueuedFile,
        _ => Word::Running,
    };
    word.text().to_owned()
}
