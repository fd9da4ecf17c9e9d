//! What becomes of names that are taken, said of these very names.

use super::{Word, catalogue::say, figures::size, sentences::name};
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
    let (names, taken) = (listed(taken.iter().map(|taken| &taken.name), taken.len()), taken.len());
    // Files are there as soon as their names are; of folders that is not known yet.
    match there {
        _ if folders.is_empty() => say!("are-there", names, taken),
        0 => say!("are-there-with-none", names, taken),
        _ if there >= files => say!("are-there-with-all", names, taken, files),
        _ => say!("are-there-with-some", names, taken, there, files),
    }
}

/// What will be done with these names.
pub fn what_becomes(choice: Conflict, names: TakenNames<'_>) -> String {
    let TakenNames { taken, folders, there, .. } = names;
    if choice == Conflict::KeepBoth {
        let names = listed(taken.iter().map(|taken| &taken.becomes), taken.len());
        return say!("new-becomes", names, taken = taken.len());
    }
    let then = match (there, choice) {
        (0, Conflict::Replace) => say!("then-nothing-to-replace"),
        (0, _) => say!("then-all-is-sent"),
        (_, Conflict::KeepBoth | Conflict::Replace) => say!("then-replaced", there),
        (_, Conflict::Skip) => say!("then-skipped", there),
        (_, Conflict::SkipIdentical) => say!("then-compared", there),
    };
    if folders.is_empty() {
        return capital(&then);
    }
    say!("goes-into", folders = listed(folders.iter(), folders.len()), then)
}

/// `a`, `a and b`, `a, b and c`, `a, b, c and 4 more`.
fn listed<'a>(names: impl Iterator<Item = &'a String>, all: usize) -> String {
    let mut parts: Vec<String> = names.take(MOST_NAMES).map(|text| super::fit(&name(text), 40)).collect();
    if all > MOST_NAMES {
        parts.push(say!("list-more", more = all - MOST_NAMES));
    }
    let last = parts.pop().unwrap_or_default();
    match parts.into_iter().reduce(|start, next| say!("list-comma", start, next)) {
        Some(start) => say!("list-and", start, last),
        None => last,
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The check box that keeps the choice for a device.
pub fn remember_for(device: &str) -> String {
    say!("remember-for", device)
}

/// Free space against what is needed; `at_most` where files that are there may not be sent.
pub fn space(needed: u64, at_most: bool, free: Option<u64>, reserved: u64) -> String {
    say!(
        "space",
        most = at_most,
        needed = size(needed),
        known = free.is_some(),
        free = size(free.unwrap_or_default()),
        reserved = reserved > 0,
        kept = size(reserved),
    )
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
