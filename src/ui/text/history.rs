//! The texts of the history.

use std::{fmt::Write, path::Path};

use super::{
    Word,
    figures::{count, date, grouped, size, took},
    messages::{message_arrived, message_title},
    reasons::one_line,
    sentences::{and_more, files_and_size, missed, name, path},
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

/// `21 Nov 2026, 14:03 UTC`, for seconds since 1970.
pub fn date_time(seconds: u64) -> String {
    format!("{}, {:02}:{:02} UTC", date(seconds), seconds / 3600 % 24, seconds / 60 % 60)
}

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
        None if entry.selected > 0 => count(entry.selected, "file", "files"),
        None => Word::Message.text().to_owned(),
    }
}

/// `Received from Anna`; of what did not arrive only from whom and to whom.
pub fn entry_way(entry: &HistoryEntry) -> String {
    let peer = device_name(&entry.peer.name);
    let arrived = matches!(entry.outcome, Outcome::Verified | Outcome::Unchecked | Outcome::Partial);
    match entry.key.direction {
        _ if entry.missed() => missed(&peer),
        Direction::Incoming if arrived => format!("Received from {peer}"),
        Direction::Outgoing if arrived => format!("Sent to {peer}"),
        other => direction(other, true, &peer),
    }
}

/// `3 files, 1.4 GB`, or `3 of 5 files, 1.4 GB`.
pub fn entry_contents(entry: &HistoryEntry) -> String {
    match (entry.files, entry.selected) {
        (0, 0) => Word::Message.text().to_owned(),
        (0, selected) => count(selected, "file", "files"),
        (files, selected) if files < selected => {
            format!("{} of {}, {}", grouped(files), count(selected, "file", "files"), size(entry.bytes))
        }
        (files, _) => files_and_size(files, entry.bytes),
    }
}

/// How it ended, in a word or two.
pub fn entry_outcome(entry: &HistoryEntry) -> &'static str {
    match (entry.outcome, entry.key.direction) {
        _ if entry.missed() => "Missed",
        (Outcome::Verified, direction) if entry.is_message() => message_arrived(direction),
        (Outcome::Verified, _) if entry.files == 0 => "Complete",
        (Outcome::Verified, _) => "Verified",
        (Outcome::Unchecked, Direction::Outgoing) => "Not confirmed",
        (Outcome::Unchecked, Direction::Incoming) => "No checksum came",
        (Outcome::Partial, _) => "In part",
        (Outcome::Declined, _) => "Declined",
        (Outcome::Cancelled, _) => "Cancelled",
        (Outcome::Interrupted, _) => "Interrupted",
        (Outcome::Failed, _) => "Failed",
    }
}

/// How and when it ended, for a list of one device.
pub fn entry_past(entry: &HistoryEntry) -> String {
    format!("{}, {}", entry_outcome(entry), date(entry.ended_at))
}

/// What a screen reader calls an entry.
pub fn entry_name(entry: &HistoryEntry) -> String {
    let (title, contents) = (entry_title(entry), entry_contents(entry));
    let contents = if title == contents { String::new() } else { format!(", {contents}") };
    let (way, outcome) = (entry_way(entry), entry_outcome(entry));
    format!("{title}, {way}{contents}, {outcome}, {}", date_time(entry.ended_at))
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
    line(&format!("{}, {}", entry_contents(entry), entry_outcome(entry)));
    line(&date_time(entry.ended_at));
    line(&format!("{}: {}", Word::AddressLabel.text(), name(&peer.address)));
    if let Some(key) = &peer.key {
        line(&format!("{}: {key}", Word::DeviceKeyLabel.text()));
    }
    if let Some(reason) = &entry.reason {
        line(&one_line(reason));
        line(&name(&reason.to_string()));
    }
    if entry.bytes > 0 {
        line(&took(entry.bytes, entry.took));
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
    format!("Saved in {}", path(folder))
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
    let all_entries = count(all as u64, "entry", "entries");
    if found == all { all_entries } else { format!("{} of {all_entries}", grouped(found as u64)) }
}

/// The history was kept aside.
pub fn history_damaged(kept_at: &Path) -> String {
    format!(
        "The history was damaged. The old file is kept as {}; what could be read of it is still shown",
        path(kept_at)
    )
}

/// The history could not be read or written.
pub fn history_failed(why: &str) -> String {
    format!("The history could not be read or written. {why}")
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
