//! The steps about another device.

use std::{net::SocketAddr, time::Duration};

use super::{Told, and, detailed, fine, odd, told};
use crate::{
    model::{
        check::{CLOCK_LIMIT, Finding, Met},
        device_key::DeviceKey,
    },
    ui::text::{catalogue::say, duration, system},
};

/// Digits of a key that are shown where two are told apart.
const KEY_CHARS: usize = 19;

/// Clocks that are nearer to each other than this agree, as far as people can tell.
const SAME_TIME_MS: u64 = 2000;

pub(super) fn name(finding: &Finding) -> Told {
    match finding {
        Finding::NoNameNeeded => fine(say!("check-no-name-needed")),
        Finding::NoPlace => (say!("check-no-place"), say!("check-no-place-do")),
        Finding::Resolved(addresses) => {
            let shown: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            let addresses = and(&shown.iter().map(String::as_str).collect::<Vec<_>>());
            fine(say!("check-resolved", addresses))
        }
        Finding::Unresolved(reason) => {
            (detailed(say!("check-unresolved"), reason.detail.as_deref()), say!("check-unresolved-do"))
        }
        other => odd(other),
    }
}

pub(super) fn connection(finding: &Finding) -> Told {
    match finding {
        Finding::Connected { at } => fine(say!("check-connected", at = at.to_string())),
        Finding::Refused { places } => (say!("check-refused", places = places_of(places)), say!("check-refused-do")),
        Finding::NoAnswer { places } => {
            (say!("check-no-answer", places = places_of(places)), say!("check-no-answer-do"))
        }
        Finding::NoRoute { places } => (say!("check-no-route", places = places_of(places)), say!("check-no-route-do")),
        Finding::Forbidden { places } => {
            (say!("check-forbidden", places = places_of(places)), say!("check-forbidden-do"))
        }
        Finding::NotConnected(reason) => told(reason),
        other => odd(other),
    }
}

pub(super) fn encryption(finding: &Finding) -> Told {
    match finding {
        Finding::Sealed { key } => fine(say!("check-sealed", key = beginning(key))),
        Finding::NotSealdrop { .. } => (say!("check-not-sealdrop"), say!("check-not-sealdrop-do")),
        Finding::OtherKey { expected, met } => {
            (say!("check-other-key", met = beginning(met), expected = beginning(expected)), say!("check-other-key-do"))
        }
        Finding::Silent => (say!("check-silent"), say!("check-silent-do")),
        Finding::Broken(reason) => told(reason),
        other => odd(other),
    }
}

pub(super) fn greeting(finding: &Finding) -> Told {
    match finding {
        Finding::Met(met) => fine(met_line(met)),
        Finding::Blocked => (say!("check-blocked"), say!("check-blocked-do")),
        Finding::TakenForAnother => (say!("check-taken-for-another"), say!("check-taken-for-another-do")),
        Finding::TakesName { name } => (say!("check-takes-name", name), say!("check-takes-name-do")),
        Finding::Versions { ours, theirs } => {
            (say!("check-versions", ours = range(*ours), theirs = range(*theirs)), say!("check-versions-do"))
        }
        other => odd(other),
    }
}

fn met_line(met: &Met) -> String {
    let Met { name, os, program, verified } = met;
    say!("check-met", name, system = system(os), program, verified = *verified)
}

pub(super) fn way_back(finding: &Finding) -> Told {
    match finding {
        Finding::Reached => fine(say!("check-reached")),
        Finding::NotReached { port, .. } => {
            (say!("check-not-reached", port = port.to_string()), say!("check-not-reached-do"))
        }
        Finding::NotAsked => fine(say!("check-not-asked")),
        Finding::NotServed => fine(say!("check-not-served")),
        Finding::NotListening => fine(say!("check-not-listening")),
        Finding::Blocked | Finding::TakenForAnother => greeting(finding),
        other => odd(other),
    }
}

pub(super) fn clock(finding: &Finding) -> Told {
    let Finding::Clock { ahead_ms } = finding else {
        return match finding {
            Finding::NoClock => fine(say!("check-no-clock")),
            other => odd(other),
        };
    };
    let apart = ahead_ms.unsigned_abs();
    if apart < SAME_TIME_MS {
        return fine(say!("check-clocks-agree"));
    }
    let by = duration(Duration::from_millis(apart));
    let found = if *ahead_ms > 0 { say!("check-clock-ahead", by) } else { say!("check-clock-behind", by) };
    let is_far = u128::from(apart) > CLOCK_LIMIT.as_millis();
    (found, if is_far { say!("check-clock-do") } else { String::new() })
}

fn places_of(places: &[SocketAddr]) -> String {
    let shown: Vec<String> = places.iter().map(ToString::to_string).collect();
    and(&shown.iter().map(String::as_str).collect::<Vec<_>>())
}

fn beginning(key: &DeviceKey) -> String {
    key.grouped().chars().take(KEY_CHARS).collect()
}

fn range([oldest, newest]: [u32; 2]) -> String {
    let (oldest, newest) = (oldest.to_string(), newest.to_string());
    if oldest == newest { oldest } else { say!("check-versions-range", oldest, newest) }
}
