//! Sentences of the command line, until it shares those of the window.

use std::time::Duration;

use crate::model::reason::{Reason, ReasonCode, Side};

/// Headline and advice as one line.
pub(super) fn one_line(reason: &Reason) -> String {
    let there = reason.side == Side::There;
    let place = if there { "on the other device" } else { "on this device" };
    match &reason.code {
        ReasonCode::Cancelled => format!("Cancelled {place}"),
        ReasonCode::ConnectionLost => "The connection was lost".to_owned(),
        ReasonCode::Declined => format!("Declined {place}"),
        ReasonCode::DiskFull => format!("Not enough space {place}"),
        ReasonCode::Mismatch => "The seals differ: it did not arrive as it was sent, and was not kept".to_owned(),
        ReasonCode::NoAnswer => format!("Nobody answered {place} in time"),
        ReasonCode::NotSealdrop => "Something answered there, but it is not Sealdrop".to_owned(),
        ReasonCode::Refused => "Nothing is listening at that address".to_owned(),
        ReasonCode::Unreachable => "That address was not reached".to_owned(),
        ReasonCode::Unreadable => format!("It could not be read {place}"),
        ReasonCode::Unresolved => "No device of that name was found".to_owned(),
        other => format!("Stopped {place} ({other:?})"),
    }
}

/// `999 bytes`, `1.4 GB`.
pub(super) fn size(bytes: u64) -> String {
    indicatif::DecimalBytes(bytes).to_string()
}

/// `1 file`, `12 files`.
pub(super) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// `0.4 s`.
pub(super) fn duration(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}
