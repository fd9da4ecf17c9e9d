//! One line of the history as JSON. Keys that are not known are ignored, and a line that only a newer version understands
//! is left where it is.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{
    model::{
        device::PeerAddr,
        device_key::DeviceKey,
        history::{HistoryEntry, HistoryFile, HistoryPeer, MOST_FILES},
        outcome::{FileState, Outcome},
        reason::{Reason, ReasonCode, Side},
        transfer::{Direction, TransferKey},
    },
    wire::code,
};

/// What every line begins with.
pub(super) const BEGINNING: &[u8] = b"{\"id\":\"";

/// Words of the codes that never cross the wire.
const HERE: [(&str, ReasonCode); 13] = [
    ("already_there", ReasonCode::AlreadyThere),
    ("files_only", ReasonCode::FilesOnly),
    ("key_damaged", ReasonCode::KeyDamaged),
    ("key_exposed", ReasonCode::KeyExposed),
    ("mismatch", ReasonCode::Mismatch),
    ("not_sealdrop", ReasonCode::NotSealdrop),
    ("not_shared", ReasonCode::NotShared),
    ("other_key", ReasonCode::OtherKey),
    ("port_in_use", ReasonCode::PortInUse),
    ("refused", ReasonCode::Refused),
    ("unreachable", ReasonCode::Unreachable),
    ("unresolved", ReasonCode::Unresolved),
    ("untold", ReasonCode::Untold),
];

const OUTCOMES: [Outcome; 7] = [
    Outcome::Cancelled,
    Outcome::Declined,
    Outcome::Failed,
    Outcome::Interrupted,
    Outcome::Partial,
    Outcome::Unchecked,
    Outcome::Verified,
];

const STATES: [FileState; 5] =
    [FileState::Failed, FileState::Mismatch, FileState::Skipped, FileState::Unchecked, FileState::Verified];

/// A line that has been read.
pub(super) struct Line {
    /// As it stands in the file, with its end.
    pub(super) bytes: Vec<u8>,
    /// None: only a newer version knows what it means.
    pub(super) entry: Option<HistoryEntry>,
}

/// The entry as a line with its end.
pub(super) fn write(entry: &HistoryEntry) -> serde_json::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(&Written::of(entry))?;
    line.push(b'\n');
    Ok(line)
}

/// Reads a line, with or without its end; `None`: it is not one of a history.
pub(super) fn parse(bytes: &[u8]) -> Option<Line> {
    if !bytes.starts_with(BEGINNING) {
        return None;
    }
    let entry = match serde_json::from_slice::<Written>(bytes) {
        Ok(written) => written.entry(),
        Err(_) => serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(bytes).ok().map(|_| None)?,
    };
    let mut bytes = bytes.to_vec();
    if !bytes.ends_with(b"\n") {
        bytes.push(b'\n');
    }
    Some(Line { bytes, entry })
}

/// The keys of a line, in this order.
#[derive(Serialize, Deserialize)]
struct Written {
    id: String,
    direction: String,
    /// Seconds since 1970 (UTC).
    ended: u64,
    peer: WrittenPeer,
    outcome: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<WrittenReason>,
    files: u64,
    selected: u64,
    bytes: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    kept: u64,
    seconds: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    folder: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    roots: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    list: Vec<WrittenFile>,
    #[serde(default)]
    more: u64,
}

#[derive(Serialize, Deserialize)]
struct WrittenPeer {
    name: String,
    address: String,
    dial: Option<PeerAddr>,
    key: Option<DeviceKey>,
    #[serde(default)]
    verified: bool,
    #[serde(default)]
    classic: bool,
}

#[derive(Serialize, Deserialize)]
pub(super) struct WrittenReason {
    code: String,
    there: bool,
    detail: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct WrittenFile {
    path: String,
    place: Option<String>,
    size: u64,
    md5: Option<String>,
    state: String,
}

impl Written {
    fn of(entry: &HistoryEntry) -> Self {
        let HistoryPeer { name, address, dial, key, verified, classic } = entry.peer.clone();
        // Of a path that cannot be written down nothing is said: another one would be worse.
        let roots: Option<Vec<String>> = entry.roots.iter().map(|root| text(root)).collect();
        Self {
            id: entry.key.id.to_string(),
            direction: direction_word(entry.key.direction).to_owned(),
            ended: entry.ended_at,
            peer: WrittenPeer { name, address, dial, key, verified, classic },
            outcome: entry.outcome.word().to_owned(),
            reason: entry.reason.as_ref().map(WrittenReason::of),
            files: entry.files,
            selected: entry.selected,
            bytes: entry.bytes,
            kept: entry.kept,
            seconds: entry.took.as_secs_f64(),
            message: entry.message.clone(),
            folder: entry.folder.as_deref().and_then(text),
            roots: roots.unwrap_or_default(),
            list: entry.list.iter().map(WrittenFile::of).collect(),
            more: entry.more,
        }
    }

    fn entry(self) -> Option<HistoryEntry> {
        let WrittenPeer { name, address, dial, key, verified, classic } = self.peer;
        let direction = [Direction::Incoming, Direction::Outgoing].into_iter();
        let direction = direction.into_iter().find(|direction| direction_word(*direction) == self.direction)?;
        let list: Option<Vec<HistoryFile>> = self.list.into_iter().take(MOST_FILES).map(WrittenFile::file).collect();
        Some(HistoryEntry {
            key: TransferKey { id: self.id.parse().ok()?, direction },
            ended_at: self.ended,
            peer: HistoryPeer { name, address, dial, key, verified, classic },
            outcome: OUTCOMES.into_iter().find(|outcome| outcome.word() == self.outcome)?,
            reason: self.reason.map(WrittenReason::reason),
            files: self.files,
            selected: self.selected,
            bytes: self.bytes,
            kept: self.kept,
            took: Duration::try_from_secs_f64(self.seconds).unwrap_or_default(),
            message: self.message,
            folder: self.folder.map(PathBuf::from),
            roots: self.roots.into_iter().map(PathBuf::from).collect(),
            list: list?,
            more: self.more,
        })
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(bytes: &u64) -> bool {
    *bytes == 0
}

impl WrittenReason {
    pub(super) fn of(reason: &Reason) -> Self {
        let here = HERE.iter().find(|(_, code)| *code == reason.code);
        let code = here.map_or_else(|| code::word(&reason.code).into_owned(), |(word, _)| (*word).to_owned());
        Self { code, there: reason.side == Side::There, detail: reason.detail.clone() }
    }

    pub(super) fn reason(self) -> Reason {
        let here = HERE.iter().find(|(word, _)| *word == self.code);
        let code = here.map_or_else(|| code::code(&self.code), |(_, code)| code.clone());
        Reason { code, side: if self.there { Side::There } else { Side::Here }, detail: self.detail }
    }
}

impl WrittenFile {
    fn of(file: &HistoryFile) -> Self {
        Self {
            path: file.path.clone(),
            place: file.place.as_deref().and_then(text),
            size: file.size,
            md5: file.md5.map(|md5| md5.to_string()),
            state: file.state.word().to_owned(),
        }
    }

    fn file(self) -> Option<HistoryFile> {
        let Self { path, place, size, md5, state } = self;
        let md5 = md5.map(|md5| md5.parse()).transpose().ok()?;
        let state = STATES.into_iter().find(|known| known.word() == state)?;
        Some(HistoryFile { path, place: place.map(PathBuf::from), size, md5, state })
    }
}

fn direction_word(direction: Direction) -> &'static str {
    match direction {
        Direction::Incoming => "incoming",
        Direction::Outgoing => "outgoing",
    }
}

fn text(path: &Path) -> Option<String> {
    path.to_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use crate::model::history::received;

    use super::*;

    #[test]
    fn every_entry_comes_back_as_it_was() {
        let mut entry = received(7, 1_795_219_200, &["a/文件.txt", "b"]);
        assert_eq!(parse(&write(&entry).unwrap()).unwrap().entry, Some(entry.clone()));
        entry.key.direction = Direction::Outgoing;
        entry.peer = HistoryPeer {
            dial: "[fe80::1%eth0]:7".parse().ok(),
            key: Some(DeviceKey([9; 32])),
            verified: true,
            classic: true,
            ..entry.peer
        };
        entry.message = Some("two\nlines".to_owned());
        entry.roots = vec!["/home/文".into()];
        (entry.list[0].md5, entry.list[0].place, entry.more) = (None, None, 5);
        for outcome in OUTCOMES {
            entry.outcome = outcome;
            let codes = HERE.map(|(_, code)| code);
            for code in [ReasonCode::Declined, ReasonCode::Other("odd".to_owned())].into_iter().chain(codes) {
                entry.reason = Some(Reason::there(code, Some("why".to_owned())));
                assert_eq!(parse(&write(&entry).unwrap()).unwrap().entry, Some(entry.clone()));
            }
        }
        assert!(write(&entry).unwrap().starts_with(BEGINNING));
    }

    #[test]
    fn keys_of_a_newer_version_are_ignored_and_its_words_are_left_alone() {
        let line = String::from_utf8(write(&received(7, 1, &["a"])).unwrap()).unwrap();
        let with_key = line.replacen("\"outcome\"", "\"mood\":[1],\"outcome\"", 1);
        assert!(parse(with_key.as_bytes()).unwrap().entry.is_some());
        let with_word = line.replacen("\"verified\",\"files", "\"sublime\",\"files", 1);
        assert_ne!(with_word, line);
        let read = parse(with_word.as_bytes()).unwrap();
        assert_eq!((read.entry, read.bytes), (None, with_word.into_bytes()));
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_cannot_be_written_down_is_left_out() {
        use std::os::unix::ffi::OsStrExt;
        let mut entry = received(7, 1, &["a"]);
        entry.roots = vec!["/ok".into(), std::ffi::OsStr::from_bytes(b"/\xff").into()];
        let read = parse(&write(&entry).unwrap()).unwrap().entry.unwrap();
        assert!(read.roots.is_empty(), "a part would not be the same");
    }
}
