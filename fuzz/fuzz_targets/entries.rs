//! Whatever entries a peer names, what becomes of their paths stays inside the receive folder, on every system.

#![no_main]

mod common;

use std::{
    collections::HashSet,
    path::{Component, Path},
    sync::Arc,
};

use libfuzzer_sys::{
    arbitrary::{self, Arbitrary},
    fuzz_target,
};
use sealdrop::{
    model::{
        file_name::{MAX_DEPTH, MAX_NAME_BYTES, NameRules, PART_PREFIX, SafePath},
        manifest::{Entry, Manifest},
    },
    storage::receive_folder::parse_paths,
    wire::{
        entries::{MAX_PATH_BYTES, MAX_PATH_DEPTH, entries_headers},
        error::WireError,
        frame::PREFIX_BYTES,
        header::{self, Message},
    },
};

use common::{SaidEntry, is_fair};

#[derive(Arbitrary, Debug)]
enum Input {
    /// Any bytes as the JSON of an `entries` header.
    Header(Vec<u8>),
    /// Entries as somebody might say them.
    Said(Vec<SaidEntry>),
}

fuzz_target!(|input: Input| match input {
    Input::Header(json) => match header::parse(&json) {
        Ok(Message::Entries { entries }) => read(entries),
        Ok(_) => {}
        Err(error) => is_fair(&error),
    },
    Input::Said(said) => written(&said.into_iter().map(Entry::from).collect::<Vec<_>>()),
});

/// What this program would write is read as it was meant; it refuses itself exactly what a reader would refuse.
fn written(entries: &[Entry]) {
    let mut again = Vec::new();
    for frame in entries_headers(entries) {
        match frame.map(|frame| header::parse(&frame[PREFIX_BYTES..]).expect("its own words")) {
            Ok(Message::Entries { mut entries }) => {
                assert!(!entries.is_empty());
                again.append(&mut entries);
            }
            Ok(other) => panic!("{other:?}"),
            Err(WireError::BadField { .. } | WireError::OverLimit { .. }) => return,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(again, entries);
    read(again);
}

fn read(entries: Vec<Entry>) {
    for entry in &entries {
        assert!((1..=MAX_PATH_DEPTH).contains(&entry.path.len()));
        assert!(entry.shown_path().len() <= MAX_PATH_BYTES);
    }
    let Some(manifest) = Manifest::from_entries(entries).map(Arc::new) else { return };
    for rules in [NameRules::MacOs, NameRules::Unix, NameRules::Windows] {
        match parse_paths(&manifest, rules) {
            Ok(paths) => all_inside(&manifest, &paths, rules),
            Err((index, bad)) => {
                assert!((index as usize) < manifest.entries.len());
                assert!(bad.to_string().len() < 4000, "{bad}");
            }
        }
    }
}

fn all_inside(manifest: &Manifest, paths: &[SafePath], rules: NameRules) {
    assert_eq!(paths.len(), manifest.entries.len());
    let mut seen = HashSet::new();
    for (entry, path) in manifest.entries.iter().zip(paths) {
        assert_eq!(path.components().len(), entry.path.len());
        assert!(path.components().len() <= MAX_DEPTH);
        path.components().iter().for_each(|name| stays(name, rules));
        let shown = path.shown();
        assert!(Path::new(&shown).components().all(|part| matches!(part, Component::Normal(_))), "{shown:?}");
        assert!(seen.insert(path), "{shown:?} is there twice");
    }
}

/// A name that can be created as it stands and leads nowhere else.
fn stays(name: &str, rules: NameRules) {
    assert!(!matches!(name, "" | "." | ".."), "{name:?}");
    assert!(!name.contains(|c: char| matches!(c, '/' | '\\' | ':') || c.is_control()), "{name:?}");
    assert!(name.len() <= MAX_NAME_BYTES, "{name:?}");
    assert!(!name.to_ascii_lowercase().starts_with(PART_PREFIX), "{name:?}");
    if rules == NameRules::Windows {
        assert!(!name.contains(['<', '>', '"', '|', '?', '*']), "{name:?}");
        assert!(!name.ends_with(['.', ' ']), "{name:?}");
        let stem = name.split('.').next().unwrap_or_default().trim_end_matches(' ').to_uppercase();
        let device = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
        let device = device.is_some_and(|n| n.chars().count() == 1 && n.contains(|c| "0123456789¹²³".contains(c)));
        let console = matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$");
        assert!(!device && !console, "{name:?}");
    }
}
