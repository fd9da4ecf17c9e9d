//! Manifests on the wire: entries to and from JSON, packed into as few headers as possible, and the digest over them.

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::{
    error::{WireError, quoted},
    fields::Fields,
    frame::{MAX_HEADER_BYTES, PREFIX_BYTES, encode_frame},
    object::ObjectWriter,
};
use crate::model::manifest::{Entry, EntryKind};

/// Most components of a path.
pub const MAX_PATH_DEPTH: usize = 128;

/// Most bytes of a path, `/` between the components counted; also of a link's target.
pub const MAX_PATH_BYTES: usize = 4096;

const OPENING: &[u8] = br#"{"type":"entries","entries":["#;
const CLOSING: &[u8] = b"]}";

/// The frames of all `entries` headers that say `entries`, in order: as many entries in each as fit, no header for none.
/// Ends with the first error: an entry over a limit.
pub fn entries_headers(entries: &[Entry]) -> EntriesHeaders<'_> {
    EntriesHeaders { entries: entries.iter(), waiting: Vec::new() }
}

/// See `entries_headers`.
#[derive(Debug)]
pub struct EntriesHeaders<'a> {
    entries: std::slice::Iter<'a, Entry>,
    /// JSON of the entry that did not fit into the last header; empty if there is none.
    waiting: Vec<u8>,
}

impl Iterator for EntriesHeaders<'_> {
    type Item = Result<Vec<u8>, WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        let frame = self.next_json().and_then(|json| json.map(|json| encode_frame(&json)).transpose());
        if frame.is_err() {
            self.entries = [].iter();
            self.waiting.clear();
        }
        frame.transpose()
    }
}

impl EntriesHeaders<'_> {
    fn next_json(&mut self) -> Result<Option<Vec<u8>>, WireError> {
        let mut json = OPENING.to_vec();
        json.append(&mut self.waiting);
        for entry in &mut self.entries {
            let before = json.len();
            let alone = before == OPENING.len();
            if !alone {
                json.push(b',');
            }
            let start = json.len();
            put_entry(&mut json, entry)?;
            // The limits of paths and targets keep a lone entry far below a header's; `encode_frame` has the last word.
            if json.len() + CLOSING.len() > MAX_HEADER_BYTES && !alone {
                self.waiting = json.split_off(start);
                json.truncate(before);
                break;
            }
        }
        if json.len() == OPENING.len() {
            return Ok(None);
        }
        json.extend_from_slice(CLOSING);
        Ok(Some(json))
    }
}

/// SHA-256 over the JSON bytes of all `entries` headers in order, without their length prefixes.
#[derive(Clone, Debug, Default)]
pub struct ManifestDigest(Sha256);

impl ManifestDigest {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the JSON of the next header.
    pub fn add(&mut self, json: &[u8]) {
        self.0.update(json);
    }

    /// Adds the JSON inside the next header's frame, as `entries_headers` gives it.
    pub fn add_frame(&mut self, frame: &[u8]) {
        self.add(frame.get(PREFIX_BYTES..).unwrap_or_default());
    }

    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

/// The entries of an `entries` header.
pub(super) fn read_entries(header: &Fields<'_>) -> Result<Vec<Entry>, WireError> {
    header.list("entries")?.into_iter().enumerate().map(|(at, item)| read_entry(at, item)).collect()
}

/// Appends the JSON of one entry.
pub(super) fn put_entry(json: &mut Vec<u8>, entry: &Entry) -> Result<(), WireError> {
    check_path(&entry.path, || format!("path of {}", quoted(&entry.shown_path())))?;
    let mut to = ObjectWriter::begin(json);
    to.put("path", &entry.path)?;
    match &entry.kind {
        EntryKind::File { size } => {
            to.put("kind", "file")?;
            to.put("size", size)?;
        }
        EntryKind::Folder => to.put("kind", "folder")?,
        EntryKind::Link { target } => {
            check_bytes(target, || format!("target of {}", quoted(&entry.shown_path())))?;
            to.put("kind", "link")?;
            to.put("target", target)?;
        }
    }
    to.put_some("mtime", entry.mtime.as_ref())?;
    to.put_some("exec", entry.exec.then_some(&true))?;
    to.end();
    Ok(())
}

fn read_entry(at: usize, item: &RawValue) -> Result<Entry, WireError> {
    let fields = Fields::of_item(item, "entries", at)?;
    let path = fields.texts("path")?;
    check_path(&path, || fields.full_name("path"))?;
    let kind = match fields.text("kind")?.as_str() {
        "file" => EntryKind::File { size: fields.whole("size")? },
        "folder" => EntryKind::Folder,
        "link" => {
            let target = fields.text("target")?;
            check_bytes(&target, || fields.full_name("target"))?;
            EntryKind::Link { target }
        }
        _ => return Err(fields.bad("kind", "file, folder or link", fields.required("kind")?)),
    };
    let mtime = fields.optional("mtime", Fields::whole)?;
    let exec = fields.optional("exec", Fields::flag)?.unwrap_or(false);
    Ok(Entry { path, kind, mtime, exec })
}

fn check_path(path: &[String], field: impl Fn() -> String) -> Result<(), WireError> {
    if path.is_empty() {
        return Err(WireError::BadField { field: field(), problem: "a path has at least one component".to_owned() });
    }
    if path.len() > MAX_PATH_DEPTH {
        return Err(WireError::OverLimit { field: field(), limit: MAX_PATH_DEPTH as u64, unit: "components" });
    }
    let bytes = path.iter().map(String::len).sum::<usize>() + path.len() - 1;
    if bytes > MAX_PATH_BYTES {
        return Err(WireError::OverLimit { field: field(), limit: MAX_PATH_BYTES as u64, unit: "bytes" });
    }
    Ok(())
}

fn check_bytes(target: &str, field: impl Fn() -> String) -> Result<(), WireError> {
    if target.len() > MAX_PATH_BYTES {
        return Err(WireError::OverLimit { field: field(), limit: MAX_PATH_BYTES as u64, unit: "bytes" });
    }
    Ok(())
}
