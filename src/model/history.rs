//! The history: what was sent and received, with whom, when, with which seals. Where it is kept lives in
//! `storage/history_file.rs`.

use std::{path::PathBuf, time::Duration};

use super::{
    device::PeerAddr,
    device_key::DeviceKey,
    outcome::{FileState, Outcome},
    reason::{Reason, ReasonCode, Side},
    seal::Md5Digest,
    transfer::{Direction, TransferKey},
};

/// Files that one entry lists; of further ones it has the number.
pub const MOST_FILES: usize = 1000;

/// Bytes of names and places that the list of one entry holds.
pub const MOST_NAME_BYTES: usize = 512 * 1024;

/// Entries that one look into the history brings.
pub const MOST_ENTRIES: usize = 10_000;

/// A transfer that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    pub key: TransferKey,
    /// Seconds since 1970 (UTC).
    pub ended_at: u64,
    pub peer: HistoryPeer,
    pub outcome: Outcome,
    /// Why not everything was verified, if so; or that the other side has not heard that it was (`Untold`).
    pub reason: Option<Reason>,
    /// Files that arrived, of `selected`.
    pub files: u64,
    pub selected: u64,
    /// Bytes of the files that arrived.
    pub bytes: u64,
    /// Those of them that were there already.
    pub kept: u64,
    /// From Accept to the end.
    pub took: Duration,
    pub message: Option<String>,
    /// Incoming: where the files were put.
    pub folder: Option<PathBuf>,
    /// Outgoing: what was sent, by absolute path; empty when sending it again would not be the same.
    pub roots: Vec<PathBuf>,
    /// Files that came to an end, but not those that the receiver did not want.
    pub list: Vec<HistoryFile>,
    /// Files that came to an end and did not fit into `list`.
    pub more: u64,
}

/// Who was at the other end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryPeer {
    pub name: String,
    /// Where it was dialled, or called from.
    pub address: String,
    /// Where it can be dialled, as far as was known.
    pub dial: Option<PeerAddr>,
    pub key: Option<DeviceKey>,
    /// A person had confirmed `key`.
    pub verified: bool,
    pub classic: bool,
}

/// One file of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryFile {
    /// As it was offered, with `/` between the components.
    pub path: String,
    /// Receiver: where it was put. Sender: the source.
    pub place: Option<PathBuf>,
    /// In bytes.
    pub size: u64,
    pub md5: Option<Md5Digest>,
    pub state: FileState,
}

impl HistoryEntry {
    /// A text without files. Of an offer that nobody took, its text is not kept.
    pub fn is_message(&self) -> bool {
        let Self { message, list, roots, folder, .. } = self;
        let files = self.selected > 0 || self.more > 0 || !list.is_empty() || !roots.is_empty();
        message.is_some() && !files && folder.is_none()
    }

    /// The first top-level name and how many others there are among the files listed.
    pub fn tops(&self) -> Option<(&str, usize)> {
        let tops = self.list.iter().filter_map(|file| file.path.split('/').next());
        let first = tops.clone().next()?;
        let mut seen = std::collections::HashSet::from([first]);
        Some((first, tops.filter(|top| seen.insert(*top)).count()))
    }

    /// An incoming offer that ended without anybody here having answered.
    pub fn missed(&self) -> bool {
        let unanswered = |reason: &Reason| match (&reason.code, reason.side) {
            (ReasonCode::NoAnswer, Side::Here) => true,
            // Taken back before anybody answered.
            (ReasonCode::Cancelled | ReasonCode::ConnectionLost, _) => self.took.is_zero(),
            _ => false,
        };
        self.key.direction == Direction::Incoming && self.reason.as_ref().is_some_and(unanswered)
    }

    /// Whether `search` occurs in the other device's name or address, the message, a path or a seal.
    pub fn holds(&self, search: &Search) -> bool {
        let Self { peer, message, list, roots, .. } = self;
        let mut texts =
            [&peer.name, &peer.address].into_iter().chain(message).chain(list.iter().map(|file| &file.path));
        search.text.is_empty()
            || texts.any(|text| search.is_in(text))
            || list.iter().any(|file| file.md5.is_some_and(|md5| search.is_seal(&md5)))
            || list.iter().filter_map(|file| file.place.as_ref()).chain(roots).any(|path| search.is_in_name(path))
    }
}

/// What is looked for; capitals and small letters are the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    text: String,
    /// As hex, when it can be the part of a seal.
    hex: Option<String>,
}

impl Search {
    /// Spaces around it do not count, and none at all within a seal: people read them in groups.
    pub fn new(text: &str) -> Self {
        let text = text.trim().to_lowercase();
        let hex: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let is_hex = !hex.is_empty() && hex.len() <= 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        Self { text, hex: is_hex.then_some(hex) }
    }

    fn is_in(&self, text: &str) -> bool {
        text.to_lowercase().contains(&self.text)
    }

    /// The folders above say where a file is, not what it is.
    fn is_in_name(&self, path: &std::path::Path) -> bool {
        path.file_name().is_some_and(|name| self.is_in(&name.to_string_lossy()))
    }

    fn is_seal(&self, md5: &Md5Digest) -> bool {
        self.hex.as_ref().is_some_and(|hex| md5.to_string().contains(hex.as_str()))
    }
}

/// An entry for tests: `Anna` sent `paths`.
#[cfg(test)]
pub(crate) fn received(seed: u8, ended_at: u64, paths: &[&str]) -> HistoryEntry {
    use super::transfer::TransferId;
    let file = |(n, path): (usize, &&str)| HistoryFile {
        path: (*path).to_owned(),
        place: Some(PathBuf::from("/in").join(path)),
        size: n as u64,
        md5: Some(Md5Digest([seed; 16])),
        state: FileState::Verified,
    };
    HistoryEntry {
        key: TransferKey { id: TransferId([seed; 16]), direction: Direction::Incoming },
        ended_at,
        peer: HistoryPeer { name: "Anna".to_owned(), address: "10.0.0.7:9".to_owned(), ..HistoryPeer::default() },
        outcome: Outcome::Verified,
        reason: None,
        files: paths.len() as u64,
        selected: paths.len() as u64,
        bytes: 7,
        kept: 0,
        took: Duration::from_millis(1500),
        message: None,
        folder: Some("/in".into()),
        roots: Vec::new(),
        list: paths.iter().enumerate().map(file).collect(),
        more: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_paths_seals_and_messages_are_found_in_any_case() {
        let mut entry = received(0xAB, 1, &["Fotos/Sommer.JPG", "照片.png"]);
        entry.message = Some("Viele GRÜSSE".to_owned());
        for search in
            ["", " anna", "10.0.0.7", "fotos/somm", "照片", "grüsse", "ABAB abab", "abababababababababababababababab"]
        {
            assert!(entry.holds(&Search::new(search)), "{search:?}");
        }
        for search in ["bob", "winter", "abab0", "/in/"] {
            assert!(!entry.holds(&Search::new(search)), "{search:?}");
        }
    }

    #[test]
    fn a_saved_name_is_found_as_well_as_the_one_offered() {
        let mut entry = received(1, 1, &["a.txt"]);
        entry.list[0].place = Some("/in/a (2).txt".into());
        assert!(entry.holds(&Search::new("A (2)")) && entry.holds(&Search::new("a.txt")));
    }

    #[test]
    fn an_entry_is_called_by_its_first_top_level_name() {
        let entry = received(1, 1, &["a/1", "a/2", "b", "c/1"]);
        assert_eq!(entry.tops(), Some(("a", 2)));
        assert_eq!(received(1, 1, &[]).tops(), None);
    }
}
