//! What becomes of names that are taken, said of these very names.

use super::{
    Word,
    figures::{count, grouped, size},
    sentences::name,
};
use crate::model::{conflict::Conflict, preflight::Taken};

/// Names that a sentence holds; of more it has the number.
const MOST_NAMES: usize = 3;

/// What a sentence about taken names has to know.
#[derive(Clone, Copy, Debug)]
pub struct TakenNames<'a> {
    pub taken: &'a [Taken],
    /// Those of them that are folders.
    pub folders: &'a [String],
    /// Files of the offer that are there, of `files`.
    pub there: u64,
    pub files: u64,
}

/// The label of a choice.
pub fn conflict(choice: Conflict) -> Word {
    match choice {
        Conflict::KeepBoth => Word::KeepBoth,
        Conflict::Replace => Word::Replace,
        Conflict::Skip => Word::Skip,
        Conflict::SkipIdentical => Word::SkipIdentical,
    }
}

/// What a choice means, without names.
pub fn conflict_tip(choice: Conflict) -> Word {
    match choice {
        Conflict::KeepBoth => Word::KeepBothTip,
        Conflict::Replace => Word::ReplaceTip,
        Conflict::Skip => Word::SkipTip,
        Conflict::SkipIdentical => Word::SkipIdenticalTip,
    }
}

/// `Photos and notes.md are there already`.
pub fn are_there(taken: &[Taken]) -> String {
    let is = if taken.len() == 1 { "is" } else { "are" };
    format!("{} {is} there already", listed(taken.iter().map(|taken| &taken.name), taken.len()))
}

/// What will be done with these names.
pub fn what_becomes(choice: Conflict, names: TakenNames<'_>) -> String {
    let TakenNames { taken, folders, there, files } = names;
    if choice == Conflict::KeepBoth {
        let becomes = listed(taken.iter().map(|taken| &taken.becomes), taken.len());
        return if taken.len() == 1 {
            format!("The new one becomes {becomes}")
        } else {
            format!("The new ones become {becomes}")
        };
    }
    let files = if there == 1 && files == 1 { one_file(choice) } else { some_files(choice, there, files) };
    if folders.is_empty() {
        return files;
    }
    format!("Goes into {}. {files}", listed(folders.iter(), folders.len()))
}

fn one_file(choice: Conflict) -> String {
    match choice {
        Conflict::KeepBoth | Conflict::Replace => "The file that is there is replaced once the new one is verified",
        Conflict::Skip => "The file that is there stays as it is, and the new one is not sent",
        Conflict::SkipIdentical => {
            "If the file that is there is the same, it is not sent again; otherwise it stays, and the new one gets a number"
        }
    }
    .to_owned()
}

fn some_files(choice: Conflict, there: u64, files: u64) -> String {
    let of = count(files, "file", "files");
    if there == 0 {
        return "None of the files is there yet".to_owned();
    }
    let are = if there == 1 { "is" } else { "are" };
    let what =
        if there >= files { format!("All {of} are there") } else { format!("{} of {of} {are} there", grouped(there)) };
    let then = match choice {
        Conflict::KeepBoth | Conflict::Replace => "each is replaced once the new one is verified",
        Conflict::Skip => "these stay as they are, and the new ones are not sent",
        Conflict::SkipIdentical => {
            "what is the same is not sent again; what differs stays, and the new one gets a number"
        }
    };
    format!("{what}: {then}")
}

/// `a`, `a and b`, `a, b and c`, `a, b, c and 4 more`.
fn listed<'a>(names: impl Iterator<Item = &'a String>, all: usize) -> String {
    let mut parts: Vec<String> = names.take(MOST_NAMES).map(|text| super::fit(&name(text), 40)).collect();
    if all > MOST_NAMES {
        parts.push(format!("{} more", grouped((all - MOST_NAMES) as u64)));
    }
    let last = parts.pop().unwrap_or_default();
    if parts.is_empty() { last } else { format!("{} and {last}", parts.join(", ")) }
}

/// The check box that keeps the choice for a device.
pub fn remember_for(device: &str) -> String {
    format!("Remember for {device}")
}

/// Free space against what is needed; `at_most` where files that are there may not be sent.
pub fn space(needed: u64, at_most: bool, free: Option<u64>, reserved: u64) -> String {
    let free = free.map_or_else(|| "free space unknown".to_owned(), |free| format!("{} free", size(free)));
    let kept =
        if reserved > 0 { format!(", {} of it kept for other transfers", size(reserved)) } else { String::new() };
    let most = if at_most { "at most " } else { "" };
    format!("Needs {most}{}, {free}{kept}", size(needed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(names: &[(&str, &str)]) -> Vec<Taken> {
        let taken = |(name, becomes): &(&str, &str)| Taken { name: (*name).to_owned(), becomes: (*becomes).to_owned() };
        names.iter().map(taken).collect()
    }

    #[test]
    fn each_choice_says_what_it_does_with_these_very_names() {
        let (taken, folders) = (taken(&[("Photos", "Photos (2)")]), ["Photos".to_owned()]);
        let told =
            |choice, there| what_becomes(choice, TakenNames { taken: &taken, folders: &folders, there, files: 40 });
        assert_eq!(are_there(&taken), "Photos is there already");
        assert_eq!(told(Conflict::KeepBoth, 12), "The new one becomes Photos (2)");
        assert_eq!(
            told(Conflict::Replace, 12),
            "Goes into Photos. 12 of 40 files are there: each is replaced once the new one is verified"
        );
        assert_eq!(
            told(Conflict::Skip, 40),
            "Goes into Photos. All 40 files are there: these stay as they are, and the new ones are not sent"
        );
        assert_eq!(told(Conflict::Replace, 0), "Goes into Photos. None of the files is there yet");
        assert_eq!(
            told(Conflict::SkipIdentical, 1),
            "Goes into Photos. 1 of 40 files is there: what is the same is not sent again; what differs stays, \
             and the new one gets a number"
        );
    }

    #[test]
    fn one_file_is_spoken_of_as_one() {
        let taken = taken(&[("a.txt", "a (2).txt")]);
        let names = TakenNames { taken: &taken, folders: &[], there: 1, files: 1 };
        assert_eq!(
            what_becomes(Conflict::Replace, names),
            "The file that is there is replaced once the new one is verified"
        );
    }

    #[test]
    fn many_names_are_counted() {
        let all = taken(&[("a", "a (2)"), ("b", "b (2)"), ("c", "c (2)"), ("d", "d (2)"), ("e", "e (2)")]);
        assert_eq!(are_there(&all), "a, b, c and 2 more are there already");
        assert_eq!(are_there(&all[..2]), "a and b are there already");
    }
}
