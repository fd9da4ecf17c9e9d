//! What was agreed at Accept, kept in the profile until the transfer is over: one line of JSON, then the entries as they
//! cross the wire, then a SHA-256 over both. Written whole or not at all.

use std::{
    io::{self, BufRead, BufReader, Read},
    path::PathBuf,
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use crate::{
    model::{
        conflict::Conflict,
        device::{Peer, PeerAddr},
        device_key::DeviceKey,
        hex::parse_lower_hex,
        manifest::{Manifest, Selection},
        transfer::TransferId,
    },
    wire::{
        entries::{ManifestDigest, entries_headers},
        frame::{PREFIX_BYTES, read_frame},
        header::{Message, parse},
    },
};

use super::{
    disk::Folder,
    no_replace::{NEW, new_name},
    stored_path::StoredPath,
};

/// The first line has names and ranges in it, so it may be long; but not without end.
const MAX_LINE_BYTES: u64 = 512 << 20;

const VERSION: u32 = 1;

/// A SHA-256.
const SUM_BYTES: usize = 32;

/// No entry takes fewer.
const LEAST_ENTRY_BYTES: usize = 16;

/// What a person here accepted, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    pub id: TransferId,
    pub peer: Peer,
    /// Manifest digest of the offer.
    pub digest: [u8; 32],
    pub manifest: Arc<Manifest>,
    /// What came with the offer.
    pub message: Option<String>,
    /// The receive folder; absolute once a landing has been prepared.
    pub folder: PathBuf,
    pub selection: Selection,
    pub conflict: Conflict,
    /// Seconds since 1970.
    pub accepted_at: u64,
}

/// How the names came out, so that they do so again after a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Layout {
    /// The folder takes `A` and `a` for one name.
    pub(super) folds: bool,
    /// Top-level names that are not as the manifest alone would have them, by position in the path map.
    pub(super) names: Vec<(u32, String)>,
    /// Top-level folders that were there before.
    pub(super) found: Vec<u32>,
    /// This was written before the other top-level folders were made; the journal has begun when they are. (Older versions made
    /// them first.)
    #[serde(default)]
    pub(super) tops_follow: bool,
}

#[derive(Serialize, Deserialize)]
struct Head {
    version: u32,
    peer: StoredPeer,
    digest: DeviceKeyText,
    /// How many follow.
    entries: usize,
    message: Option<String>,
    folder: StoredPath,
    /// Ranges of what is wanted; none: all.
    selection: Option<Vec<(u32, u32)>>,
    conflict: Conflict,
    accepted_at: u64,
    layout: Layout,
}

/// 64 hex digits.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct DeviceKeyText(DeviceKey);

#[derive(Serialize, Deserialize)]
struct StoredPeer {
    name: String,
    address: String,
    os: Option<String>,
    classic: bool,
    encrypted: bool,
    verified: bool,
    key: Option<DeviceKey>,
    dial: Option<PeerAddr>,
}

/// The name of the agreement about `id`.
pub(super) fn file_name(id: TransferId) -> String {
    format!("{id}.in")
}

/// Its name while it is written.
pub(super) fn name_of_new(id: TransferId) -> String {
    new_name(&file_name(id))
}

/// The transfer whose agreement goes by this name while it is written.
pub(super) fn id_of_new(name: &str) -> Option<TransferId> {
    name.strip_suffix(NEW).and_then(id_of)
}

/// The transfer whose agreement has this name.
pub(super) fn id_of(name: &str) -> Option<TransferId> {
    name.strip_suffix(".in").and_then(parse_lower_hex).map(TransferId)
}

/// Puts an agreement into the profile's folder for good.
///
/// # Errors
/// It could not be written; what was there before still is.
pub(super) fn save(running: &Folder, terms: &Terms, layout: &Layout) -> io::Result<()> {
    let mut head = serde_json::to_vec(&head_of(terms, layout))?;
    head.push(b'\n');
    running.write_whole(&file_name(terms.id), |to| {
        let mut digest = ManifestDigest::new();
        digest.add(&head);
        to.write_all(&head)?;
        for frame in entries_headers(&terms.manifest.entries) {
            let frame = frame.map_err(io::Error::other)?;
            digest.add(frame.get(PREFIX_BYTES..).unwrap_or_default());
            to.write_all(&frame)?;
        }
        to.write_all(&digest.finish())
    })
}

/// Reads an agreement back. A list that is `known`, as it is in memory already, is not read a second time.
///
/// # Errors
/// `NotFound`; `InvalidData` when it is damaged; others.
pub(super) fn load(running: &Folder, id: TransferId, known: Option<&Terms>) -> io::Result<(Terms, Layout)> {
    let (file, bytes) = running.read(&file_name(id))?;
    let mut from = BufReader::with_capacity(1 << 16, file);
    let mut digest = ManifestDigest::new();
    let (head, line) = read_head(&mut from)?;
    digest.add(&line);
    // Of an offer that was not taken only the beginning is known.
    let is_it = |known: &&Terms| known.digest == head.digest.0.0 && known.manifest.entries.len() == head.entries;
    let left = bytes.saturating_sub((line.len() + SUM_BYTES) as u64);
    let manifest = match known.filter(is_it) {
        Some(known) => {
            each_frame(&mut from, left, &mut digest, |_json| Ok(()))?;
            Arc::clone(&known.manifest)
        }
        None => Arc::new(read_manifest(&mut from, (head.entries, left), &mut digest)?),
    };
    let mut sum = Vec::new();
    from.take(SUM_BYTES as u64 + 1).read_to_end(&mut sum)?;
    if sum != digest.finish() || manifest.entries.len() != head.entries {
        return Err(damaged("not as it was written"));
    }
    Ok(head.terms(id, manifest))
}

/// How many entries were agreed on, without reading them.
///
/// # Errors
/// As `load`, but for what is damaged behind the first line.
pub(super) fn count(running: &Folder, id: TransferId) -> io::Result<usize> {
    let (file, _bytes) = running.read(&file_name(id))?;
    Ok(read_head(&mut BufReader::new(file))?.0.entries)
}

/// The first line, and its bytes.
fn read_head(from: &mut impl BufRead) -> io::Result<(Head, Vec<u8>)> {
    let mut line = Vec::new();
    from.take(MAX_LINE_BYTES).read_until(b'\n', &mut line)?;
    let head: Head = serde_json::from_slice(&line)?;
    if head.version == VERSION { Ok((head, line)) } else { Err(damaged("written by another version")) }
}

/// So many entries, which take so many bytes.
fn read_manifest(
    from: &mut impl Read,
    (count, bytes): (usize, u64),
    digest: &mut ManifestDigest,
) -> io::Result<Manifest> {
    // Whatever is said of their number, there is no room for more.
    let most = usize::try_from(bytes).unwrap_or(usize::MAX) / LEAST_ENTRY_BYTES;
    let mut entries = Vec::with_capacity(count.min(most));
    each_frame(from, bytes, digest, |json| match parse(json).map_err(damaged)? {
        Message::Entries { entries: more } => {
            entries.extend(more);
            Ok(())
        }
        _ => Err(damaged("something else between the entries")),
    })?;
    Manifest::from_entries(entries).ok_or_else(|| damaged("sizes that do not fit"))
}

/// Reads frames that take so many bytes in all, and sums them up.
fn each_frame(
    from: &mut impl Read,
    mut bytes: u64,
    digest: &mut ManifestDigest,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    while bytes > 0 {
        let json = read_frame(&mut *from).map_err(damaged)?.ok_or_else(|| damaged("entries are missing"))?;
        let over = || damaged("the entries do not end where they should");
        bytes = bytes.checked_sub((PREFIX_BYTES + json.len()) as u64).ok_or_else(over)?;
        digest.add(&json);
        take(&json)?;
    }
    Ok(())
}

fn damaged(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn head_of(terms: &Terms, layout: &Layout) -> Head {
    let Peer { name, address, os, classic, encrypted, verified, key, dial } = terms.peer.clone();
    Head {
        version: VERSION,
        peer: StoredPeer { name, address, os, classic, encrypted, verified, key, dial },
        digest: DeviceKeyText(DeviceKey(terms.digest)),
        entries: terms.manifest.entries.len(),
        message: terms.message.clone(),
        folder: StoredPath::of(&terms.folder),
        selection: ranges(&terms.selection),
        conflict: terms.conflict,
        accepted_at: terms.accepted_at,
        layout: layout.clone(),
    }
}

impl Head {
    fn terms(self, id: TransferId, manifest: Arc<Manifest>) -> (Terms, Layout) {
        let StoredPeer { name, address, os, classic, encrypted, verified, key, dial } = self.peer;
        let terms = Terms {
            id,
            peer: Peer { name, address, os, classic, encrypted, verified, key, dial },
            digest: self.digest.0.0,
            selection: chosen(self.selection, manifest.entries.len()),
            manifest,
            message: self.message,
            folder: self.folder.path(),
            conflict: self.conflict,
            accepted_at: self.accepted_at,
        };
        (terms, self.layout)
    }
}

fn ranges(selection: &Selection) -> Option<Vec<(u32, u32)>> {
    let Selection::Some(flags) = selection else { return None };
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for (index, _) in (0..).zip(flags).filter(|(_, wanted)| **wanted) {
        match ranges.last_mut() {
            Some((first, count)) if *first + *count == index => *count += 1,
            _ => ranges.push((index, 1)),
        }
    }
    Some(ranges)
}

fn chosen(ranges: Option<Vec<(u32, u32)>>, entries: usize) -> Selection {
    let Some(ranges) = ranges else { return Selection::All };
    let mut flags = vec![false; entries];
    for (first, count) in ranges {
        flags.iter_mut().skip(first as usize).take(count as usize).for_each(|wanted| *wanted = true);
    }
    Selection::Some(flags)
}

#[cfg(test)]
mod tests {
    use crate::{
        model::manifest::{Entry, EntryKind},
        storage::disk::Disk,
    };

    use super::*;

    fn terms() -> Terms {
        let entry = |n: u32| Entry {
            path: ["Fotos 照片".to_owned(), format!("{n}\n\u{1}")].into(),
            kind: EntryKind::File { size: n.into() },
            mtime: Some(-1),
            exec: n == 3,
        };
        let mut peer = Peer::at("10.0.0.7:51234".to_owned(), false);
        peer.name = "Anna".to_owned();
        peer.os = Some("linux".to_owned());
        (peer.encrypted, peer.verified) = (true, true);
        peer.key = Some(DeviceKey([9; 32]));
        peer.dial = Some("[fe80::1%eth0]:9527".parse().unwrap());
        #[cfg(unix)]
        let folder: std::ffi::OsString = std::os::unix::ffi::OsStringExt::from_vec(b"/in/\xff".to_vec());
        #[cfg(unix)]
        let folder = PathBuf::from(folder);
        #[cfg(not(unix))]
        let folder = PathBuf::from("/in");
        Terms {
            id: TransferId([5; 16]),
            peer,
            digest: [3; 32],
            manifest: Arc::new(Manifest::from_entries((0..3000).map(entry).collect()).unwrap()),
            message: Some("for you".to_owned()),
            folder,
            selection: Selection::Some((0..3000).map(|n| n % 7 == 0 || n > 2000).collect()),
            conflict: Conflict::SkipIdentical,
            accepted_at: 1_700_000_000,
        }
    }

    #[test]
    fn everything_that_was_agreed_comes_back() {
        let temp = tempfile::tempdir().unwrap();
        let running = Disk::default().folder(temp.path()).unwrap();
        let layout =
            Layout { folds: true, names: vec![(1, "Fotos (2)".to_owned())], found: vec![7], tops_follow: true };
        let mut terms = terms();
        for selection in [terms.selection.clone(), Selection::All, Selection::Some(vec![false; 3000])] {
            terms.selection = selection;
            save(&running, &terms, &layout).unwrap();
            assert_eq!(load(&running, terms.id, None).unwrap(), (terms.clone(), layout.clone()));
        }
        assert_eq!(id_of(&file_name(terms.id)), Some(terms.id));
        assert_eq!(load(&running, TransferId([6; 16]), None).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(count(&running, terms.id).unwrap(), terms.manifest.entries.len());
        assert_eq!(std::fs::read_dir(temp.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_list_that_is_in_memory_is_not_read_again_and_another_is() {
        let temp = tempfile::tempdir().unwrap();
        let running = Disk::default().folder(temp.path()).unwrap();
        let terms = terms();
        save(&running, &terms, &Layout::default()).unwrap();
        let is_shared = |known: &Terms| {
            let (loaded, _layout) = load(&running, terms.id, Some(known)).unwrap();
            assert_eq!(loaded, terms);
            Arc::ptr_eq(&loaded.manifest, &known.manifest)
        };
        let known = Terms { conflict: Conflict::KeepBoth, selection: Selection::All, ..terms.clone() };
        assert!(is_shared(&known), "whatever else is said of it");
        assert!(!is_shared(&Terms { manifest: Arc::new(known.manifest.beginning(20)), ..known.clone() }));
        assert!(!is_shared(&Terms { digest: [4; 32], ..known }));
    }

    #[test]
    fn a_damaged_agreement_is_never_taken_for_another() {
        let temp = tempfile::tempdir().unwrap();
        let running = Disk::default().folder(temp.path()).unwrap();
        let terms = terms();
        save(&running, &terms, &Layout::default()).unwrap();
        let path = temp.path().join(file_name(terms.id));
        let good = std::fs::read(&path).unwrap();
        let kind = |known| load(&running, terms.id, known).map(drop).map_err(|error| error.kind());
        for known in [None, Some(&terms)] {
            for at in (0..good.len()).step_by(997).chain([good.len() - 1]) {
                let mut bad = good.clone();
                bad[at] ^= 0x01;
                std::fs::write(&path, &bad).unwrap();
                assert_eq!(kind(known), Err(io::ErrorKind::InvalidData), "byte {at}");
                std::fs::write(&path, &good[..at]).unwrap();
                assert!(kind(known).is_err(), "cut at {at}");
            }
            std::fs::write(&path, [&good[..], b"x"].concat()).unwrap();
            assert!(kind(known).is_err());
        }
    }
}
