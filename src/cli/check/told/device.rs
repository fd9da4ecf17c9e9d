//! The steps about another device.

use std::{net::SocketAddr, time::Duration};

use super::{and, odd, told};
use crate::{
    model::{
        check::{CLOCK_LIMIT, Finding, Met},
        device_key::DeviceKey,
    },
    ui::text::{duration, fit, system},
};

/// Digits of a key that are shown where two are told apart.
const KEY_CHARS: usize = 19;

/// Clocks that are nearer to each other than this agree, as far as people can tell.
const SAME_TIME_MS: u64 = 2000;

pub(super) fn name(finding: &Finding) -> (String, &'static str) {
    match finding {
        Finding::NoNameNeeded => ("An address was given: there is no name to look up".to_owned(), ""),
        Finding::NoPlace => {
            ("No address of this device is known: it has only called so far".to_owned(), "Type where it is")
        }
        Finding::Resolved(addresses) => {
            let shown: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            (format!("It is at {}", and(&shown.iter().map(String::as_str).collect::<Vec<_>>())), "")
        }
        Finding::Unresolved(reason) => {
            let detail = reason.detail.as_deref().map(|it| format!(" ({})", fit(it, 120))).unwrap_or_default();
            (
                format!("No address belongs to this name{detail}"),
                "Check the spelling, or type the address that the other window shows",
            )
        }
        other => odd(other),
    }
}

pub(super) fn connection(finding: &Finding) -> (String, &'static str) {
    match finding {
        Finding::Connected { at } => (format!("{at} answers"), ""),
        Finding::Refused { places } => (
            format!("{} answers that nothing listens there", places_of(places)),
            "Open Sealdrop there, and compare the port with the one that its window shows",
        ),
        Finding::NoAnswer { places } => (
            format!("{} does not answer: most likely a firewall there lets nothing in", places_of(places)),
            "Let its TCP port in there: Network check on that device shows how. Check also that this is still its \
             address, and that both devices are in the same network",
        ),
        Finding::NoRoute { places } => (
            format!("No way leads to {}", places_of(places)),
            "Check the address, and that both devices are in the same network. Guest networks keep devices apart, and \
             a VPN may lead elsewhere",
        ),
        Finding::Forbidden { places } => (
            format!("This computer lets nothing out to {}: its own firewall forbids it", places_of(places)),
            "Allow Sealdrop to connect in the firewall of this computer",
        ),
        Finding::NotConnected(reason) => told(reason),
        other => odd(other),
    }
}

pub(super) fn encryption(finding: &Finding) -> (String, &'static str) {
    match finding {
        Finding::Sealed { key } => (format!("Encrypted; its key begins {}", beginning(key)), ""),
        Finding::NotSealdrop { .. } => (
            "Something answers there, but it is not Sealdrop".to_owned(),
            "Check the port. To a program of another kind, send with Plain protocol",
        ),
        Finding::OtherKey { expected, met } => (
            format!(
                "Another device answers there: its key begins {} and should begin {}",
                beginning(met),
                beginning(expected)
            ),
            "The address may belong to somebody else by now. If Sealdrop was installed anew there, forget the device \
             and verify it again; otherwise send nothing to it",
        ),
        Finding::Silent => (
            "It takes the connection and then says nothing".to_owned(),
            "Check the port. If it is Sealdrop, close it there and start it again",
        ),
        Finding::Broken(reason) => told(reason),
        other => odd(other),
    }
}

pub(super) fn greeting(finding: &Finding) -> (String, &'static str) {
    match finding {
        Finding::Met(met) => (met_line(met), ""),
        Finding::Blocked => ("This device is blocked there".to_owned(), "Ask its owner to unblock it"),
        Finding::TakenForAnother => (
            "There, a device of this name is verified with another key".to_owned(),
            "Ask its owner to forget the old device and to verify this one",
        ),
        Finding::TakesName { name } => (
            format!("It calls itself {name}, which you have verified with another key"),
            "Ask its owner what has changed before you send anything",
        ),
        Finding::Versions { ours, theirs } => (
            format!(
                "The two do not understand each other: this one speaks protocol version {}, that one {}",
                range(*ours),
                range(*theirs)
            ),
            "Update the older one",
        ),
        other => odd(other),
    }
}

fn met_line(met: &Met) -> String {
    let Met { name, os, program, verified } = met;
    let verified = if *verified { "verified" } else { "not verified" };
    format!("{name} ({}, {program}), {verified}", system(os))
}

pub(super) fn way_back(finding: &Finding) -> (String, &'static str) {
    match finding {
        Finding::Reached => ("It reaches this device as well".to_owned(), ""),
        Finding::NotReached { port, .. } => (
            format!("It cannot reach port {port} of this device: most likely a firewall here lets nothing in"),
            "Let that TCP port in. Until then you can send to it, and it cannot send to you",
        ),
        Finding::NotAsked => (
            "The other device has not tried. It tries rarely, and for strangers only while everybody may see it"
                .to_owned(),
            "",
        ),
        Finding::NotServed => ("The Sealdrop there is too old to try it".to_owned(), ""),
        Finding::NotListening => ("This device listens on no port: there is nothing to be reached".to_owned(), ""),
        Finding::Blocked | Finding::TakenForAnother => greeting(finding),
        other => odd(other),
    }
}

pub(super) fn clock(finding: &Finding) -> (String, &'static str) {
    let Finding::Clock { ahead_ms } = finding else {
        return match finding {
            Finding::NoClock => ("Only two devices that have verified each other compare clocks".to_owned(), ""),
            other => odd(other),
        };
    };
    let apart = ahead_ms.unsigned_abs();
    if apart < SAME_TIME_MS {
        return ("The clocks of both devices agree".to_owned(), "");
    }
    let side = if *ahead_ms > 0 { "ahead of" } else { "behind" };
    let found = format!("The clock there is {} {side} the one here", duration(Duration::from_millis(apart)));
    let advice = "Set the one that is wrong: times of files and in the history would be wrong as well";
    let is_far = u128::from(apart) > CLOCK_LIMIT.as_millis();
    (found, if is_far { advice } else { "" })
}

fn places_of(places: &[SocketAddr]) -> String {
    let shown: Vec<String> = places.iter().map(ToString::to_string).collect();
    and(&shown.iter().map(String::as_str).collect::<Vec<_>>())
}

fn beginning(key: &DeviceKey) -> String {
    key.grouped().chars().take(KEY_CHARS).collect()
}

fn range([oldest, newest]: [u32; 2]) -> String {
    if oldest == newest { oldest.to_string() } else { format!("{oldest} to {newest}") }
}
