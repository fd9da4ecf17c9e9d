//! The texts of the view *Verify*.

use std::path::Path;

use super::{
    Word,
    catalogue::say,
    reasons::one_line,
    sentences::{name, path},
};
use crate::{
    engine::inspection::{Inspected, ListFound, MOST_FILES},
    ui::state::verify::{FileState, FileToVerify, Tally, Verdict},
};

/// What a file has come to, in a word or two.
pub fn verdict(verdict: Verdict) -> Word {
    match verdict {
        Verdict::Changed => Word::VerdictChanged,
        Verdict::Differs => Word::VerdictDiffers,
        Verdict::Missing => Word::VerdictMissing,
        Verdict::Outside => Word::VerdictOutside,
        Verdict::Reading => Word::VerdictReading,
        Verdict::Same => Word::VerdictSame,
        Verdict::Sealed => Word::VerdictSealed,
        Verdict::Stopped => Word::VerdictStopped,
        Verdict::Unreadable => Word::VerdictUnreadable,
        Verdict::Waiting => Word::QueuedFile,
    }
}

/// Why a file has no seal, and what to do; none where it has one or will have.
pub fn no_seal(file: &FileToVerify) -> Option<String> {
    let word = match (file.verdict(), &file.state) {
        (Verdict::Changed, _) => Word::VerifyChanged,
        (Verdict::Missing, _) => Word::VerifyMissing,
        (Verdict::Outside, _) => Word::VerifyOutside,
        (Verdict::Stopped, _) => Word::VerifyStopped,
        (_, FileState::Ended(Inspected::Failed(reason))) => return Some(one_line(reason)),
        _ => return None,
    };
    Some(word.text().to_owned())
}

/// Which file of how many is being read.
pub fn verify_reading(index: usize, files: usize, file: &str) -> String {
    say!("verify-reading", place = index + 1, files, name = name(file))
}

/// What all files have come to.
pub fn verify_tally(tally: Tally, files: usize) -> String {
    let Tally { same, differs, missing, not_read, sealed } = tally;
    if same == files {
        return say!("verify-all-same", files);
    }
    let parts = [
        (same, say!("count-same", files = same)),
        (differs, say!("count-differs", files = differs)),
        (missing, say!("count-missing", files = missing)),
        (not_read, say!("count-not-read", files = not_read)),
        (sealed, say!("count-not-listed", files = sealed)),
    ];
    let parts = parts.into_iter().filter(|(number, _)| *number > 0).map(|(_, part)| part);
    parts.reduce(|start, next| say!("list-comma", start, next)).unwrap_or_default()
}

/// What is wrong with a list; none when all of it was understood.
pub fn list_problem(list: &ListFound) -> Option<String> {
    let name = list_name(&list.place);
    match &list.problem {
        Some(reason) => Some(say!("list-unreadable", name, why = one_line(reason))),
        None if list.files == 0 => Some(say!("list-empty", name)),
        None if list.not_understood > 0 => Some(say!("list-in-part", name, lines = list.not_understood)),
        None => None,
    }
}

fn list_name(place: &Path) -> String {
    place.file_name().map_or_else(|| path(place), |list| name(&list.to_string_lossy()))
}

/// Files for which there was no room.
pub fn verify_more(more: u64) -> String {
    say!("verify-more", more, most = MOST_FILES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_names_only_what_there_is() {
        let tally = Tally { same: 12, ..Tally::default() };
        assert_eq!(verify_tally(tally, 12), "All 12 files are as listed");
        let tally = Tally { same: 1, differs: 1, missing: 2, not_read: 0, sealed: 3 };
        assert_eq!(verify_tally(tally, 7), "1 as listed, 1 differs, 2 missing, 3 not listed");
        assert_eq!(verify_tally(Tally { same: 1, ..Tally::default() }, 1), "The file is as listed");
    }
}
