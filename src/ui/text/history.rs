//! The texts of the history.

use std::{fmt::Write, path::Path};

use super::{
    Word,
    catalogue::say,
    figures::{date, date_time, duration, size, took},
    messages::{message_arrived, message_title},
    reasons::one_line,
    sentences::{and_more, files_and_size, labelled, missed, name, path},
    transfers::direction,
    trust::device_name,
};
use crate::model::{
    checksum_list,
    history::{HistoryEntry, HistoryFile},
    message,
    outcome::Outcome,
    transfer::Direction,
};

/// What an entry is called: the first name and how many more there are; without a list, as much as is known.
pub fn entry_title(entry: &HistoryEntry) -> String {
    if let Some((first, more)) = entry.tops() {
        return and_more(first, more);
    }
    if let [first, rest @ ..] = entry.roots.as_slice() {
        let first = first.file_name().map_or_else(|| first.to_string_lossy(), |name| name.to_string_lossy());
        return and_more(&first, rest.len());
    }
    match &entry.message {
        Some(message) => message_title(message),
        None if entry.selected > 0 => say!("files", files = entry.selected),
        None => Word::Message.text().to_owned(),
    }
}

/// `Received from Anna`; of what did not arrive only from whom and to whom.
pub fn entry_way(entry: &HistoryEntry) -> String {
    let peer = device_name(&entry.peer.name);
    match entry.key.direction {
        _ if entry.missed() => missed(&peer),
        Direction::Incoming if arrived(entry) => say!("entry-received", peer),
        Direction::Outgoing if arrived(entry) => say!("entry-sent", peer),
        other => direction(other, true, &peer),
    }
}

/// `3 files, 1.4 GB`, or `3 of 5 files, 1.4 GB`.
pub fn entry_contents(entry: &HistoryEntry) -> String {
    match (entry.files, entry.selected) {
        (0, 0) => Word::Message.text().to_owned(),
        (0, selected) => say!("files", files = selected),
        (some, selected) if some < selected => {
            say!("arrived-files-and-size", some, files = selected, size = size(entry.bytes))
        }
        (files, _) => files_and_size(files, entry.bytes),
    }
}

/// How it ended, in a word or two.
pub fn entry_outcome(entry: &HistoryEntry) -> &'static str {
    let outcome = match (entry.outcome, entry.key.direction) {
        _ if entry.missed() => Word::OutcomeMissed,
        (Outcome::Verified, direction) if entry.is_message() => message_arrived(direction),
        (Outcome::Verified, _) if entry.files == 0 => Word::OutcomeComplete,
        (Outcome::Verified, _) => Word::StateVerified,
        (Outcome::Unchecked, Direction::Outgoing) => Word::OutcomeNotConfirmed,
        (Outcome::Unchecked, Direction::Incoming) => Word::StateNotCompared,
        (Outcome::Partial, _) => Word::OutcomePartial,
        (Outcome::Declined, _) => Word::OutcomeDeclined,
        (Outcome::Cancelled, _) => Word::OutcomeCancelled,
        (Outcome::Interrupted, _) => Word::Interrupted,
        (Outcome::Failed, _) => Word::StateFailed,
    };
    outcome.text()
}

/// How it ended, what it was, and how long that took where it arrived. A message stands there itself.
pub fn entry_ended(entry: &HistoryEntry) -> String {
    if entry.is_message() {
        return entry_outcome(entry).to_owned();
    }
    let (outcome, contents) = (entry_outcome(entry), entry_contents(entry));
    if arrived(entry) && entry.kept > 0 {
        let (duration, kept) = (duration(entry.took), size(entry.kept));
        return say!("entry-ended-kept", outcome, contents, duration, kept);
    }
    if arrived(entry) {
        return say!("entry-ended-in", outcome, contents, duration = duration(entry.took));
    }
    say!("entry-ended", outcome, contents)
}

fn arrived(entry: &HistoryEntry) -> bool {
    matches!(entry.outcome, Outcome::Verified | Outcome::Unchecked | Outcome::Partial)
}

/// How and when it ended, for a list of one device.
pub fn entry_past(entry: &HistoryEntry) -> String {
    say!("entry-past", outcome = entry_outcome(entry), date = date(entry.ended_at))
}

/// What a screen reader calls an entry.
pub fn entry_name(entry: &HistoryEntry) -> String {
    let (title, contents) = (entry_title(entry), entry_contents(entry));
    let (way, outcome, time) = (entry_way(entry), entry_outcome(entry), date_time(entry.ended_at));
    if title == contents {
        return say!("entry-name-alone", title, way, outcome, time);
    }
    say!("entry-name", title, way, contents, outcome, time)
}

/// All that is known of an entry, to be copied: a line each, then the seals as `md5sum` writes them.
pub fn entry_details(entry: &HistoryEntry) -> String {
    let mut text = entry_title(entry) + "\n";
    let mut line = |what: &str| {
        // Writing to a text cannot fail.
        writeln!(text, "{what}").ok();
    };
    let peer = &entry.peer;
    line(&entry_way(entry));
    line(&say!("entry-contents", contents = entry_contents(entry), outcome = entry_outcome(entry)));
    line(&date_time(entry.ended_at));
    line(&labelled(Word::AddressLabel.text(), &name(&peer.address)));
    if let Some(key) = &peer.key {
        line(&labelled(Word::DeviceKeyLabel.text(), &key.to_string()));
    }
    if let Some(reason) = &entry.reason {
        line(&one_line(reason));
        line(&name(&reason.to_string()));
    }
    if entry.bytes > 0 {
        line(&took(entry.bytes, entry.kept, entry.took));
    }
    if let Some(folder) = &entry.folder {
        line(&entry_folder(folder));
    }
    if let Some(message) = &entry.message {
        message::shown(message).lines().for_each(&mut line);
    }
    for file in &entry.list {
        match file.md5 {
            Some(md5) => text.push_str(&checksum_list::line(&md5, &file.path)),
            None => text = text + &name(&file.path) + "\n",
        }
    }
    text
}

/// Where received files were put.
pub fn entry_folder(folder: &Path) -> String {
    say!("entry-folder", folder = path(folder))
}

/// Where a received file really stands, from the folder on: its name may have been taken or changed.
pub fn entry_file(entry: &HistoryEntry, file: &HistoryFile) -> String {
    let saved = || {
        let below = file.place.as_ref()?.strip_prefix(entry.folder.as_ref()?).ok()?;
        Some(below.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/"))
    };
    name(&saved().unwrap_or_else(|| file.path.clone()))
}

/// How many entries there are.
pub fn entries(found: usize, all: usize) -> String {
    if found == all { say!("entries", entries = all) } else { say!("entries-found", found, entries = all) }
}

/// The history was kept aside.
pub fn history_damaged(kept_at: &Path) -> String {
    say!("history-damaged", place = path(kept_at))
}

/// The history could not be read or written.
pub fn history_failed(why: &str) -> String {
    say!("history-failed", why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        history::received,
        reason::{Reason, ReasonCode},
    };

    #[test]
    fn an_entry_says_what_from_whom_how_much_and_when() {
        let mut entry = received(1, 1_795_219_200 + 51_780, &["a.txt", "b.txt"]);
        entry.bytes = 1_440_000;
        assert_eq!(
            entry_name(&entry),
            "a.txt and 1 more, Received from Anna, 2 files, 1.4 MB, Verified, 21 Nov 2026, 14:23 UTC"
        );
        (entry.outcome, entry.selected) = (Outcome::Partial, 1234);
        assert_eq!((entry_contents(&entry).as_str(), entry_outcome(&entry)), ("2 of 1,234 files, 1.4 MB", "In part"));
        entry.key.direction = Direction::Outgoing;
        assert_eq!(entry_way(&entry), "Sent to Anna");
        entry.outcome = Outcome::Failed;
        assert_eq!(entry_way(&entry), "To Anna");
    }

    #[test]
    fn a_missed_offer_says_so() {
        let mut entry = received(1, 1, &[]);
        (entry.selected, entry.folder, entry.took) = (3, None, std::time::Duration::ZERO);
        (entry.outcome, entry.reason) = (Outcome::Declined, Some(Reason::bare(ReasonCode::NoAnswer)));
        assert!(entry_name(&entry).starts_with("3 files, Missed an offer from Anna, Missed, 1 Jan 1970"));
        entry.reason = Some(Reason::bare(ReasonCode::Declined));
        assert_eq!((entry_way(&entry).as_str(), entry_outcome(&entry)), ("From Anna", "Declined"));
    }

    #[test]
    fn copied_details_hold_every_seal() {
        let entry = received(0xAB, 1, &["a.txt", "文/b"]);
        let text = entry_details(&entry);
        assert!(text.contains(&format!("{}  a.txt\n", "ab".repeat(16))), "{text}");
        assert!(text.contains(&format!("{}  文/b\n", "ab".repeat(16))) && text.contains("10.0.0.7:9"), "{text}");
    }
}
