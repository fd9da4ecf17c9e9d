//! The texts about keys, codes and alarms that carry names or figures.

use std::path::Path;

use super::{
    figures::{count, date},
    reasons::one_line,
    sentences::path,
    transfers::outcome,
};
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
    format!("Code {code}")
}

/// The headline of a code that is to be compared.
pub fn is_it(device: &str) -> String {
    format!("Is this really {device}?")
}

/// Said of a stranger who is called like a verified device.
pub fn namesake(verified: &str) -> String {
    format!("This is not the “{}” you verified: it has another key", device_name(verified))
}

/// The accessible name of this device's key.
pub fn own_key(key: &DeviceKey) -> String {
    format!("Key of this device {key}")
}

/// The accessible name of another device's key.
pub fn key_of(device: &str, key: &DeviceKey) -> String {
    format!("Key of {device} {key}")
}

/// The accessible name of *Copy* beside a key.
pub fn copy_key(device: &str) -> String {
    format!("Copy key of {device}")
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
    if seconds == 0 { super::Word::Verified.text().to_owned() } else { format!("Verified since {}", date(seconds)) }
}

/// What a screen reader calls a device in the list.
pub fn device(device: &str, verified: bool, blocked: bool) -> String {
    let verified = if verified { ", verified" } else { "" };
    let blocked = if blocked { ", blocked" } else { "" };
    format!("Device {device}{verified}{blocked}")
}

/// The accessible name of *Details* beside a device.
pub fn details(device: &str) -> String {
    format!("Details of {device}")
}

/// The accessible name of a comparison's card.
pub fn compare_card(device: &str) -> String {
    format!("Compare codes with {device}")
}

/// Who wants to compare codes.
pub fn wants_to_compare(device: &str) -> String {
    format!("{device} wants to compare codes")
}

/// How far a comparison has come; empty where the code stands.
pub fn comparison_state(state: &ComparisonState, direction: Direction, device: &str) -> String {
    match (state, direction) {
        (ComparisonState::Connecting, _) => format!("Connecting to {device}…"),
        (ComparisonState::Waiting, Direction::Outgoing) => {
            format!("Look at the other screen: the code comes as soon as Sealdrop is in sight on {device}")
        }
        (ComparisonState::Waiting, Direction::Incoming) => super::Word::CodeAgreeing.text().to_owned(),
        (ComparisonState::Code(_), _) => String::new(),
        (ComparisonState::Ended(reason), _) => one_line(reason),
    }
}

/// The headline of a wrong key.
pub fn wrong_key_title(warning: &KeyWarning) -> String {
    let device = device_name(&warning.name);
    match warning.direction {
        Direction::Incoming => format!("Somebody uses the name of “{device}”"),
        Direction::Outgoing => format!("This is not “{device}”"),
    }
}

/// What happened with a wrong key.
pub fn wrong_key(warning: &KeyWarning) -> String {
    let (device, address) = (device_name(&warning.name), &warning.address);
    match warning.direction {
        Direction::Incoming => {
            let called = warning.met_name.as_deref().map(device_name).filter(|met| *met != device);
            let itself =
                called.map_or_else(|| format!("“{device}”"), |met| format!("“{met}”, which looks like “{device}”,"));
            format!(
                "A device that calls itself {itself} called from {address} with another key than the one you verified. It was turned away"
            )
        }
        Direction::Outgoing => {
            format!(
                "The device at {address} is not the “{device}” you verified: it has another key. Nothing was sent to it"
            )
        }
    }
}

/// Somebody tried to offer something and was turned away at the door, or turned away there and then.
pub fn refused(address: &str, reason: &Reason) -> String {
    let why = one_line(reason);
    match reason.side {
        Side::Here => format!("An offer from {address} was turned away. {why}"),
        Side::There => format!("A device at {address} called and hung up. {why}"),
    }
}

/// What happened when two people saw two codes.
pub fn codes_differ(device: &str, address: &str) -> String {
    let at = if device == address { String::new() } else { format!(" ({address})") };
    format!(
        "You saw another code than {device}{at}. Somebody may be between the two devices and read along. \
         Do not send anything over this network until you know why"
    )
}

/// The notice that somebody waits out of sight: so many offers among all who do.
pub fn somebody_below(offers: usize, all: usize) -> String {
    if offers == 0 {
        return count(all as u64, "device wants to compare codes", "devices want to compare codes");
    }
    count(offers as u64, "offer waits for your answer", "offers wait for your answer")
}

/// The device book was kept aside.
pub fn devices_damaged(kept_at: &Path) -> String {
    format!(
        "The list of devices could not be read, so no device counts as verified any more. \
         The old list is kept as {}. Compare codes again before you rely on a name",
        path(kept_at)
    )
}

/// A change of the device book does not count.
pub fn devices_not_saved(why: &str) -> String {
    format!("The change to the list of devices could not be stored and does not count. {why}")
}

/// One line of a device's history: what went which way.
pub fn history_title(direction: Direction, title: &str) -> String {
    match direction {
        Direction::Incoming => format!("Incoming: {title}"),
        Direction::Outgoing => format!("Outgoing: {title}"),
    }
}

/// One line of a device's history: how a transfer stands.
pub fn history_state(stage: &Stage, direction: Direction, files: u64) -> String {
    match stage {
        Stage::Ended(ending) => outcome(ending, direction, files),
        Stage::Interrupted => super::Word::Interrupted.text().to_owned(),
        Stage::Paused(_) => super::Word::Paused.text().to_owned(),
        Stage::Queued(_) => super::Word::QueuedFile.text().to_owned(),
        _ => super::Word::Running.text().to_owned(),
    }
}
