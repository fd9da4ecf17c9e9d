//! The questions to a person: about an offer (who, what, where to, what changes on the way), and about two codes.

use std::{collections::BTreeMap, fmt::Write};

use super::show::{clean, clean_path, count, sentence};
use crate::{
    engine::messages::IncomingOffer,
    model::{
        conflict::Conflict,
        device::Peer,
        manifest::Manifest,
        message,
        preflight::{Preflight, Renamed, Taken},
        reason::Reason,
        short_code::ShortCode,
    },
    ui::text::size,
};

/// Longer lists are cut.
const MAX_LINES: usize = 10;

/// Put again when the answer was not understood.
pub(super) const AGAIN: &str = "Accept? Type y or n: ";
/// The same once the code is known.
pub(super) const AGAIN_WITH_CODE: &str = "Accept? Type y, n, or v if both codes are the same (verify it and accept): ";
/// Put again while a comparison has no code yet.
pub(super) const AGAIN_WAITING: &str = "Waiting for the code; type n to stop: ";
/// Put again when the code is known.
pub(super) const AGAIN_SAME: &str = "Is it the same code? Type y or n: ";

/// A message as it is shown: cleaned; several lines each behind a bar, so that none looks like a line of ours.
pub(super) fn message(text: &str) -> String {
    let shown = message::shown(text);
    if !shown.contains('\n') {
        return format!("Message: {shown}");
    }
    shown.lines().fold("Message:".to_owned(), |told, line| format!("{told}\n  | {line}"))
}

/// All that a person has to know, ending with the question.
pub(super) fn question(offer: &IncomingOffer, conflict: Conflict) -> String {
    let mut text = headline(offer);
    text.push('\n');
    let manifest = &offer.snapshot.manifest;
    if !manifest.entries.is_empty() {
        list(&mut text, contents(manifest));
    }
    if let Some(message) = &offer.snapshot.message {
        text.push_str(&self::message(message));
        text.push('\n');
    }
    if manifest.entries.is_empty() {
        text.push_str("Accept? [y/N] ");
        return text;
    }
    place(&mut text, &offer.preflight);
    list(&mut text, what_is_there(&offer.preflight, conflict));
    list(&mut text, offer.preflight.renamed.iter().filter_map(|renamed| changed(renamed, manifest)).collect());
    let left_out = offer.preflight.left_out.iter();
    list(
        &mut text,
        left_out
            .filter_map(|(index, reason)| {
                let entry = manifest.entries.get(*index as usize)?;
                Some(format!("{} will not be made here: {}", clean(&entry.shown_path()), sentence(reason)))
            })
            .collect(),
    );
    text.push_str("Accept? [y/N] ");
    text
}

/// `Laptop (192.168.1.7:40000, not verified) offers 12 files, 3.4 MB`.
pub(super) fn headline(offer: &IncomingOffer) -> String {
    let manifest = &offer.snapshot.manifest;
    let who = who(&offer.snapshot.peer);
    if manifest.entries.is_empty() {
        return format!("{who} sends a message");
    }
    format!("{who} offers {}, {}", count(manifest.files, "file", "files"), size(manifest.bytes))
}

/// The code of an offer whose question stands already; begins on a new line.
pub(super) fn offer_code(code: ShortCode) -> String {
    format!("\nCode {}: the other screen must show the same\n{AGAIN_WITH_CODE}", code.grouped())
}

/// Somebody wants to compare codes.
pub(super) fn comparison(peer: &Peer) -> String {
    format!("{} wants to compare codes, so that each device knows the other\n{AGAIN_WAITING}", who(peer))
}

/// The code of a comparison, ending with the question.
pub(super) fn comparison_code(peer: &Peer, code: ShortCode) -> String {
    format!("\nCode {}\nDoes the screen of {} show the same code? [y/N] ", code.grouped(), clean(&peer.name))
}

/// A comparison came to nothing.
pub(super) fn comparison_ended(peer: &Peer, reason: &Reason) -> String {
    format!("the codes were not compared with {}: {}", clean(&peer.name), sentence(reason))
}

/// For a sender whose offer waits there.
pub(super) fn sender_code(peer: &Peer, code: ShortCode) -> String {
    let place = peer.dial.as_ref().map_or_else(|| clean(&peer.address), ToString::to_string);
    let code = code.grouped();
    format!("Code {code}: compare it with the other screen. To verify that device: sealdrop verify {place}\n")
}

/// `Laptop (192.168.1.7:40000, not verified)`.
fn who(peer: &Peer) -> String {
    let name = clean(&peer.name);
    let trust = match (peer.encrypted, peer.verified) {
        (false, _) => "not encrypted",
        (true, false) => "not verified",
        (true, true) => "verified",
    };
    let protocol = if peer.classic { ", plain protocol" } else { "" };
    if peer.name == peer.address {
        format!("{name} ({trust}{protocol})")
    } else {
        format!("{name} ({}, {trust}{protocol})", clean(&peer.address))
    }
}

/// A line for each top-level name.
fn contents(manifest: &Manifest) -> Vec<String> {
    let mut tops: BTreeMap<&str, (u64, u64, bool)> = BTreeMap::new();
    for entry in &manifest.entries {
        let Some(top) = entry.path.first() else { continue };
        let (files, bytes, folder) = tops.entry(top).or_default();
        *files += u64::from(entry.is_file());
        *bytes = bytes.saturating_add(entry.size());
        *folder |= entry.path.len() > 1 || !entry.is_file();
    }
    let line = |(name, (files, bytes, folder)): (&str, (u64, u64, bool))| {
        let name = clean(name);
        if folder {
            format!("{name}/  {}, {}", count(files, "file", "files"), size(bytes))
        } else {
            format!("{name}  {}", size(bytes))
        }
    };
    tops.into_iter().map(line).collect()
}

fn place(text: &mut String, preflight: &Preflight) {
    write!(text, "Saved to {}", clean_path(&preflight.folder)).ok();
    if let Some(free) = preflight.free {
        write!(text, " ({} free)", size(free.saturating_sub(preflight.reserved))).ok();
    }
    text.push('\n');
    if let Some(problem) = &preflight.problem {
        writeln!(text, "It cannot be saved there: {}", sentence(problem)).ok();
    }
}

/// What becomes of names that are taken.
fn what_is_there(preflight: &Preflight, conflict: Conflict) -> Vec<String> {
    let becomes = match conflict {
        Conflict::KeepBoth => return preflight.taken.iter().map(taken).collect(),
        Conflict::Replace => "there already, replaced once the new one is verified",
        Conflict::Skip => "there already, left as it is and not taken",
        Conflict::SkipIdentical => "there already, not taken if it is the same, else saved under another name",
    };
    let there = preflight.there;
    (there > 0).then(|| format!("{}: {becomes}", count(there, "file", "files"))).into_iter().collect()
}

fn taken(Taken { name, becomes }: &Taken) -> String {
    format!("{} is there already: saved as {}", clean(name), clean(becomes))
}

fn changed(Renamed { index, becomes }: &Renamed, manifest: &Manifest) -> Option<String> {
    let entry = manifest.entries.get(*index as usize)?;
    Some(format!("{} will be saved as {}", clean(&entry.shown_path()), clean(becomes)))
}

fn list(text: &mut String, lines: Vec<String>) {
    let more = lines.len().saturating_sub(MAX_LINES);
    for line in lines.into_iter().take(MAX_LINES) {
        writeln!(text, "  {line}").ok();
    }
    if more > 0 {
        writeln!(text, "  and {more} more").ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_somebody_is_known_is_said() {
        let mut peer = Peer { name: "Lap\u{202e}top".to_owned(), ..Peer::at("10.0.0.1:5".to_owned(), true) };
        assert_eq!(who(&peer), "Lap\u{fffd}top (10.0.0.1:5, not encrypted, plain protocol)");
        (peer.classic, peer.encrypted) = (false, true);
        assert_eq!(who(&peer), "Lap\u{fffd}top (10.0.0.1:5, not verified)");
        peer.verified = true;
        peer.name.clone_from(&peer.address);
        assert_eq!(who(&peer), "10.0.0.1:5 (verified)");
    }

    #[test]
    fn codes_are_read_in_two_groups_and_say_what_to_do() {
        let code = ShortCode::from_number(123_456);
        let mut peer = Peer::at("laptop:9527".to_owned(), false);
        assert!(offer_code(code).starts_with("\nCode 123 456: the other screen must show the same\n"));
        assert!(comparison_code(&peer, code).starts_with("\nCode 123 456\n"));
        assert!(sender_code(&peer, code).ends_with("sealdrop verify laptop:9527\n"));
        peer.dial = "10.0.0.1".parse().ok();
        assert!(sender_code(&peer, code).ends_with("sealdrop verify 10.0.0.1:9527\n"));
    }
}
