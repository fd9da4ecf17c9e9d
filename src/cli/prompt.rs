//! The question about an offer: who, what, where to, and what changes on the way.

use std::{collections::BTreeMap, fmt::Write};

use super::show::{clean, clean_path, sentence};
use crate::{
    engine::messages::IncomingOffer,
    model::{
        manifest::Manifest,
        preflight::{Preflight, Renamed, Taken},
    },
    ui::text::{count, size},
};

/// Longer lists are cut.
const MAX_LINES: usize = 10;

/// Put again when the answer was not understood.
pub(super) const AGAIN: &str = "Accept? Type y or n: ";

/// A message as it is shown: cleaned, on its own lines.
pub(super) fn message(text: &str) -> String {
    format!("Message: {}", clean(text))
}

/// All that a person has to know, ending with the question.
pub(super) fn question(offer: &IncomingOffer) -> String {
    let mut text = headline(offer);
    text.push('\n');
    let manifest = &offer.snapshot.manifest;
    list(&mut text, contents(manifest));
    if let Some(message) = &offer.snapshot.message {
        text.push_str(&self::message(message));
        text.push('\n');
    }
    place(&mut text, &offer.preflight);
    list(&mut text, offer.preflight.taken.iter().map(taken).collect());
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

/// `Laptop (192.168.1.7:40000, not encrypted) offers 12 files, 3.4 MB`.
pub(super) fn headline(offer: &IncomingOffer) -> String {
    let peer = &offer.snapshot.peer;
    let manifest = &offer.snapshot.manifest;
    let name = clean(&peer.name);
    let secrecy = if peer.encrypted { "encrypted" } else { "not encrypted" };
    let protocol = if peer.classic { ", plain protocol" } else { "" };
    let who = if peer.name == peer.address {
        format!("{name} ({secrecy}{protocol})")
    } else {
        format!("{name} ({}, {secrecy}{protocol})", clean(&peer.address))
    };
    format!("{who} offers {}, {}", count(manifest.files, "file", "files"), size(manifest.bytes))
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
