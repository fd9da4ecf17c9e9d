//! Manifests on the wire: entries to and from JSON, packed into as few headers as possible, and the digest over them.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::{
    error::{WireError, quoted},
    fields::Fields,
    frame::{MAX_HEADER_BYTES, PREFIX_BYTES, encode_frame},
    object::ObjectWriter,
};
use crate::model::{
    entry_path::EntryPath,
    manifest::{Entry, EntryKind},
};

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
    if let Some(entries) = header.value("entries").and_then(|list| read_plain(list.get())) {
        return Ok(entries);
    }
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
    let path = fields.names("path")?;
    check_path(&path, || fields.full_name("path"))?;
    let kind = match &*fields.word("kind")? {
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

/// Entries as nearly every list has them, read in one go: each with the fields of its kind and no others, and within the limits.
/// `None`: they are looked at one by one, whether they are good in another way, or what is wrong with them.
fn read_plain(list: &str) -> Option<Vec<Entry>> {
    let plain: Vec<Plain<'_>> = serde_json::from_str(list).ok()?;
    plain.into_iter().map(|Plain(fields)| fields.entry()).collect()
}

/// One of them: an object, though serde would take a list for the fields of a struct, too.
struct Plain<'a>(PlainFields<'a>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlainFields<'a> {
    path: EntryPath,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(default, deserialize_with = "not_null")]
    size: Option<u64>,
    #[serde(default, deserialize_with = "not_null")]
    mtime: Option<i64>,
    #[serde(default, deserialize_with = "not_null")]
    exec: Option<bool>,
    #[serde(default, deserialize_with = "not_null")]
    target: Option<String>,
}

fn not_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

impl PlainFields<'_> {
    fn entry(self) -> Option<Entry> {
        let Self { path, kind, size, mtime, exec, target } = self;
        check_path(&path, String::new).ok()?;
        let kind = match (kind.as_ref(), size, target) {
            ("file", Some(size), None) => EntryKind::File { size },
            ("folder", None, None) => EntryKind::Folder,
            ("link", None, Some(target)) => {
                check_bytes(&target, String::new).ok()?;
                EntryKind::Link { target }
            }
            _ => return None,
        };
        Some(Entry { path, kind, mtime, exec: exec.unwrap_or(false) })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Plain<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(PlainVisitor).map(Self)
    }
}

struct PlainVisitor;

impl<'de> Visitor<'de> for PlainVisitor {
    type Value = PlainFields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Self::Value, M::Error> {
        PlainFields::deserialize(MapAccessDeserializer::new(map))
    }
}

fn check_path(path: &EntryPath, field: impl Fn() -> String) -> Result<(), WireError> {
    if path.is_empty() {
        return Err(WireError::BadField { field: field(), problem: "a path has at least one component".to_owned() });
    }
    if path.len() > MAX_PATH_DEPTH {
        return Err(WireError::OverLimit { field: field(), limit: MAX_PATH_DEPTH as u64, unit: "components" });
    }
    if path.names().shown_bytes() > MAX_PATH_BYTES {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{
        frame::read_frame,
        header::{Message, encode, parse},
    };

    fn file(name: impl Into<String>) -> Entry {
        Entry { path: [name.into()].into(), kind: EntryKind::File { size: 4096 }, mtime: None, exec: false }
    }

    fn json_of(entry: Entry) -> String {
        let frame = encode(&Message::Entries { entries: vec![entry] }).unwrap();
        String::from_utf8(frame[PREFIX_BYTES..].to_vec()).unwrap()
    }

    fn parsed(entry: &str) -> Result<Entry, WireError> {
        let Message::Entries { mut entries } =
            parse(format!(r#"{{"type":"entries","entries":[{entry}]}}"#).as_bytes())?
        else {
            panic!("not entries")
        };
        Ok(entries.remove(0))
    }

    #[test]
    fn entries_hold_only_what_their_kind_has() {
        let entry = |kind, mtime, exec| Entry { path: ["a", "鸡"].into(), kind, mtime, exec };
        assert_eq!(
            json_of(entry(EntryKind::File { size: u64::MAX }, Some(-1), true)),
            r#"{"type":"entries","entries":[{"path":["a","鸡"],"kind":"file","size":18446744073709551615,"mtime":-1,"exec":true}]}"#
        );
        assert_eq!(
            json_of(entry(EntryKind::Folder, None, false)),
            r#"{"type":"entries","entries":[{"path":["a","鸡"],"kind":"folder"}]}"#
        );
        assert_eq!(
            json_of(entry(EntryKind::Link { target: "../b".into() }, None, false)),
            r#"{"type":"entries","entries":[{"path":["a","鸡"],"kind":"link","target":"../b"}]}"#
        );
    }

    #[test]
    fn entries_that_are_written_in_an_unusual_way_mean_the_same_and_wrong_ones_stay_wrong() {
        let plain = parsed(r#"{"path":["a"],"kind":"file","size":1,"mtime":2,"exec":true}"#).unwrap();
        for same in [
            r#"{"exec":true,"size":1,"mtime":2,"kind":"file","path":["a"]}"#,
            r#"{ "p\u0061th": ["\u0061"], "kind": "f\u0069le", "size": 1, "mtime": 2, "exec": true }"#,
            r#"{"path":["a"],"kind":"file","size":1,"mtime":2,"exec":true,"target":5,"new":{"a":null}}"#,
        ] {
            assert_eq!(parsed(same).unwrap(), plain, "{same}");
        }
        for wrong in [
            r#"[["a"],"file",1,2,true]"#,
            r#"{"path":["a"],"kind":"file","size":1,"mtime":null}"#,
            r#"{"path":["a"],"kind":"file","size":null}"#,
            r#"{"path":["a"],"kind":"file","size":1,"exec":null}"#,
            r#"{"path":["a"],"kind":"file","size":1,"size":1}"#,
            r#"{"path":["a"],"kind":"file","size":1,"s\u0069ze":1}"#,
            r#"{"path":["a"],"kind":{"file":null},"size":1}"#,
            r#"{"path":["a"],"kind":"file"}"#,
            r#"{"path":[],"kind":"folder"}"#,
        ] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn headers_are_packed_full_and_give_back_every_entry_in_order() {
        let entries: Vec<_> = (0..10_000).map(|i| file(format!("file {i}"))).collect();
        let stream = entries_headers(&entries).collect::<Result<Vec<_>, _>>().unwrap();
        let one = json_of(file("file 9999")).len() - OPENING.len() - CLOSING.len() + 1;
        let (last, full) = stream.split_last().unwrap();
        assert!(last.len() > PREFIX_BYTES + OPENING.len());
        for frame in full {
            let room = PREFIX_BYTES + MAX_HEADER_BYTES - frame.len();
            assert!(room < one, "{room} bytes left, an entry has {one}");
        }
        let mut read = Vec::new();
        let mut from = &stream.concat()[..];
        while let Some(json) = read_frame(&mut from).unwrap() {
            let Message::Entries { entries } = parse(&json).unwrap() else { panic!("not entries") };
            read.extend(entries);
        }
        assert_eq!(read, entries);
    }

    #[test]
    fn no_entries_make_no_header_and_the_digest_of_nothing() {
        assert_eq!(entries_headers(&[]).count(), 0);
        let digest = ManifestDigest::new().finish();
        assert_eq!(digest[..4], [0xe3, 0xb0, 0xc4, 0x42]);
    }

    #[test]
    fn the_digest_covers_the_json_of_all_headers_without_their_lengths() {
        let mut by_frame = ManifestDigest::new();
        by_frame.add_frame(b"\x02\0\0\0ab");
        by_frame.add_frame(b"\x01\0\0\0c");
        let mut whole = ManifestDigest::new();
        whole.add(b"abc");
        let digest = by_frame.finish();
        assert_eq!(digest, whole.finish());
        assert_eq!(digest[..4], [0xba, 0x78, 0x16, 0xbf]);
    }

    #[test]
    fn paths_over_a_limit_are_refused_on_both_sides() {
        let deep = |depth| Entry { path: vec!["d"; depth].into_iter().collect(), ..file("") };
        let long = |bytes| file("x".repeat(bytes));
        let far = |bytes| Entry { kind: EntryKind::Link { target: "x".repeat(bytes) }, ..file("l") };
        for good in [deep(128), long(4096), far(4096)] {
            assert!(entries_headers(&[good]).all(|frame| parse(&frame.unwrap()[PREFIX_BYTES..]).is_ok()));
        }
        for bad in [deep(129), long(4097), far(4097)] {
            let frames: Vec<_> = entries_headers(&[bad, file("never reached")]).collect();
            assert!(matches!(frames[..], [Err(WireError::OverLimit { .. })]));
        }
        let path = vec![r#""d""#; 129].join(",");
        let error = parsed(&format!(r#"{{"path":[{path}],"kind":"folder"}}"#)).unwrap_err();
        assert_eq!(error.to_string(), "field entries[0].path is over the limit of 128 components");
        let error = parsed(&format!(r#"{{"path":["{}"],"kind":"folder"}}"#, "x".repeat(4097))).unwrap_err();
        assert_eq!(error.to_string(), "field entries[0].path is over the limit of 4096 bytes");
    }

    #[test]
    fn the_longest_entry_there_can_be_fits_into_a_header() {
        let path = vec!["\u{1}".repeat(31); 128].into_iter().collect();
        let target = "\u{1}".repeat(MAX_PATH_BYTES);
        let entry = Entry { path, kind: EntryKind::Link { target }, mtime: Some(i64::MIN), exec: true };
        let entries = [entry.clone(), entry];
        let frames: Result<Vec<_>, _> = entries_headers(&entries).collect();
        assert_eq!(frames.unwrap().len(), 2);
    }

    #[test]
    fn what_is_wrong_with_an_entry_is_named() {
        let table = [
            ("5", "entries[0]"),
            (r#"{"kind":"folder"}"#, "entries[0].path"),
            (r#"{"path":[],"kind":"folder"}"#, "entries[0].path"),
            (r#"{"path":"a","kind":"folder"}"#, "entries[0].path"),
            (r#"{"path":["a",null],"kind":"folder"}"#, "entries[0].path"),
            (r#"{"path":["a"],"kind":"socket"}"#, "entries[0].kind"),
            (r#"{"path":["a"],"kind":"file"}"#, "entries[0].size"),
            (r#"{"path":["a"],"kind":"file","size":-1}"#, "entries[0].size"),
            (r#"{"path":["a"],"kind":"file","size":null}"#, "entries[0].size"),
            (r#"{"path":["a"],"kind":"link"}"#, "entries[0].target"),
            (r#"{"path":["a"],"kind":"folder","mtime":1.5}"#, "entries[0].mtime"),
            (r#"{"path":["a"],"kind":"folder","mtime":9223372036854775808}"#, "entries[0].mtime"),
            (r#"{"path":["a"],"kind":"folder","exec":null}"#, "entries[0].exec"),
        ];
        for (entry, field) in table {
            let said = match parsed(entry).unwrap_err() {
                WireError::BadField { field, .. }
                | WireError::MissingField { field }
                | WireError::DoesNotFit { field } => field,
                other => panic!("{entry}: {other}"),
            };
            assert_eq!(said, field, "{entry}");
        }
        let twice = parsed(r#"{"path":["a"],"path":["b"],"kind":"folder"}"#).unwrap_err();
        assert!(matches!(twice, WireError::DuplicateKey { key } if key == "path"));
    }
}
