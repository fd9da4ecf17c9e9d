//! What becomes of names that are taken, said of these very names.

use super::{
    Word,
    figures::{count, grouped, size},
    reasons::capital,
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

/// `Photos and notes.md are there already, with 12 of the 40 files`.
pub fn are_there(names: TakenNames<'_>) -> String {
    let TakenNames { taken, folders, there, files } = names;
    let is = if taken.len() == 1 { "is" } else { "are" };
    let listed = listed(taken.iter().map(|taken| &taken.name), taken.len());
    // Files are there as soon as their names are; of folders that is not known yet.
    let with = match there {
        _ if folders.is_empty() => String::new(),
        0 => ", with none of the files".to_owned(),
        _ if there >= files => format!(", with all of the {}", count(files, "file", "files")),
        _ => format!(", with {} of the {}", grouped(there), count(files, "file", "files")),
    };
    format!("{listed} {is} there already{with}")
}

/// What will be done with these names.
pub fn what_becomes(choice: Conflict, names: TakenNames<'_>) -> String {
    let TakenNames { taken, folders, there, .. } = names;
    if choice == Conflict::KeepBoth {
        let new = if taken.len() == 1 { "new one becomes" } else { "new ones become" };
        return format!("The {new} {}", listed(taken.iter().map(|taken| &taken.becomes), taken.len()));
    }
    let then = match there {
        0 => match choice {
            Conflict::Replace => "there is nothing to replace".to_owned(),
            _ => "all of it is sent".to_owned(),
        },
        1 => one_file(choice).to_owned(),
        _ => format!("the {} {}", count(there, "file", "files"), some_files(choice)),
    };
    if folders.is_empty() {
        return capital(&then);
    }
    format!("Goes into {}; {then}", listed(folders.iter(), folders.len()))
}

fn one_file(choice: Conflict) -> &'static str {
    match choice {
        Conflict::KeepBoth | Conflict::Replace => "the file that is there is replaced once the new one is verified",
        Conflict::Skip => "the file that is there stays as it is, and the new one is not sent",
        Conflict::SkipIdentical => {
            "if the file that is there is the same, it is not sent again. Otherwise it stays, and the new one gets a number"
        }
    }
}

fn some_files(choice: Conflict) -> &'static str {
    match choice {
        Conflict::KeepBoth | Conflict::Replace => "that are there are replaced, each once the new one is verified",
        Conflict::Skip => "that are there stay as they are, and the new ones are not sent",
        Conflict::SkipIdentical => {
            "that are there are compared: the same ones are not sent again, others stay, and the new ones get a number"
        }
    }
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
        let names = |there| TakenNames { taken: &taken, folders: &folders, there, files: 40 };
        assert_eq!(are_there(names(12)), "Photos is there already, with 12 of the 40 files");
        assert_eq!(are_there(names(40)), "Photos is there already, with all of the 40 files");
        assert_eq!(are_there(names(0)), "Photos is there already, with none of the files");
        for (choice, there, told) in [
            (Conflict::KeepBoth, 12, "The new one becomes Photos (2)"),
            (
                Conflict::Replace,
                12,
                "Goes into Photos; the 12 files that are there are replaced, each once the new one is verified",
            ),
            (
                Conflict::Skip,
                40,
                "Goes into Photos; the 40 files that are there stay as they are, and the new ones are not sent",
            ),
            (Conflict::Replace, 0, "Goes into Photos; there is nothing to replace"),
            (Conflict::SkipIdentical, 0, "Goes into Photos; all of it is sent"),
        ] {
            assert_eq!(what_becomes(choice, names(there)), told);
        }
    }

    #[test]
    fn one_file_is_spoken_of_as_one() {
        let taken = taken(&[("a.txt", "a (2).txt")]);
        let names = TakenNames { taken: &taken, folders: &[], there: 1, files: 1 };
        assert_eq!(are_there(names), "a.txt is there already");
        let told = what_becomes(Conflict::Replace, names);
        assert_eq!(told, "The file that is there is replaced once the new one is verified");
    }

    #[test]
    fn many_names_are_counted() {
        let all = taken(&[("a", "a (2)"), ("b", "b (2)"), ("c", "c (2)"), ("d", "d (2)"), ("e", "e (2)")]);
        let told = |taken| are_there(TakenNames { taken, folders: &[], there: 5, files: 5 });
        assert_eq!(told(&all), "a, b, c and 2 more are there already");
        assert_eq!(told(&all[..2]), "a and b are there already");
    }
}
