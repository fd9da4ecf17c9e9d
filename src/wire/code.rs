//! Reason codes and their words on the wire.

use std::borrow::Cow;

use crate::model::{
    device::shown_text,
    reason::{Reason, ReasonCode},
};

/// Most bytes of a reason's detail, read or written.
pub const MAX_DETAIL_BYTES: usize = 1024;

/// Most characters kept of a code that is not known here.
const MAX_UNKNOWN_CHARS: usize = 64;

/// Every code that crosses the wire, with its word.
const WORDS: [(&str, ReasonCode); 23] = [
    ("bad_header", ReasonCode::BadHeader),
    ("bad_message", ReasonCode::BadMessage),
    ("bad_path", ReasonCode::BadPath),
    ("blocked", ReasonCode::Blocked),
    ("busy", ReasonCode::Busy),
    ("cancelled", ReasonCode::Cancelled),
    ("changed", ReasonCode::Changed),
    ("connection_lost", ReasonCode::ConnectionLost),
    ("declined", ReasonCode::Declined),
    ("disk_full", ReasonCode::DiskFull),
    ("folder_missing", ReasonCode::FolderMissing),
    ("folder_read_only", ReasonCode::FolderReadOnly),
    ("internal", ReasonCode::Internal),
    ("io", ReasonCode::Io),
    ("limit", ReasonCode::Limit),
    ("no_answer", ReasonCode::NoAnswer),
    ("stale_epoch", ReasonCode::StaleEpoch),
    ("timeout", ReasonCode::Timeout),
    ("unknown_transfer", ReasonCode::UnknownTransfer),
    ("unknown_type", ReasonCode::UnknownType),
    ("unreadable", ReasonCode::Unreadable),
    ("version", ReasonCode::Version),
    ("wrong_key", ReasonCode::WrongKey),
];

/// The word that says `code` to a peer; what exists here only goes out as the nearest word there is.
pub fn word(code: &ReasonCode) -> Cow<'static, str> {
    let code = match code {
        ReasonCode::Refused | ReasonCode::Unreachable | ReasonCode::Unresolved => &ReasonCode::ConnectionLost,
        ReasonCode::Mismatch => &ReasonCode::Io,
        ReasonCode::NotSealdrop => &ReasonCode::BadHeader,
        ReasonCode::NotShared => &ReasonCode::Unreadable,
        ReasonCode::OtherKey => &ReasonCode::WrongKey,
        ReasonCode::Other(word) => return Cow::Owned(word.clone()),
        known => known,
    };
    let known = WORDS.iter().find(|(_, listed)| listed == code);
    Cow::Borrowed(known.map_or("internal", |(word, _)| word))
}

/// What a peer's word means; an unknown one is kept, cleaned and cut.
pub fn code(word: &str) -> ReasonCode {
    let known = WORDS.iter().find(|(listed, _)| *listed == word);
    known.map_or_else(|| ReasonCode::Other(shown_text(word, MAX_UNKNOWN_CHARS)), |(_, code)| code.clone())
}

/// The reason that a peer gave in `word` and `detail`, made safe to show.
pub fn reason_from_peer(word: &str, detail: Option<&str>) -> Reason {
    let clean = |detail: &str| {
        let shown = shown_text(detail, MAX_DETAIL_BYTES);
        cut(&shown).to_owned()
    };
    Reason::there(code(word), detail.filter(|detail| !detail.is_empty()).map(clean))
}

/// As much of a detail as goes out.
pub fn cut(detail: &str) -> &str {
    detail.get(..detail.floor_char_boundary(MAX_DETAIL_BYTES)).unwrap_or(detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_comes_back_as_its_code() {
        for (listed, known) in WORDS {
            assert_eq!(code(listed), known);
            assert_eq!(word(&known), listed);
        }
    }

    #[test]
    fn codes_of_this_side_go_out_as_the_nearest_word() {
        let words = [
            (ReasonCode::Refused, "connection_lost"),
            (ReasonCode::Unreachable, "connection_lost"),
            (ReasonCode::Unresolved, "connection_lost"),
            (ReasonCode::Mismatch, "io"),
            (ReasonCode::NotSealdrop, "bad_header"),
            (ReasonCode::NotShared, "unreadable"),
            (ReasonCode::OtherKey, "wrong_key"),
        ];
        for (local, expected) in words {
            assert_eq!(word(&local), expected);
        }
    }

    #[test]
    fn an_unknown_code_is_kept_cleaned_and_cut() {
        assert_eq!(code("out\nof ink"), ReasonCode::Other("out\u{fffd}of ink".to_owned()));
        let ReasonCode::Other(kept) = code(&"鸡".repeat(1000)) else { panic!("known?") };
        assert_eq!(kept.chars().count(), 64);
    }

    #[test]
    fn a_detail_is_cut_to_a_kibibyte_between_characters() {
        assert_eq!(cut(&"鸡".repeat(1000)).len(), 1023);
        let reason = reason_from_peer("io", Some(&"\u{202e}".repeat(5000)));
        assert!(reason.detail.is_some_and(|detail| detail.len() <= MAX_DETAIL_BYTES && detail.starts_with('\u{fffd}')));
    }
}
