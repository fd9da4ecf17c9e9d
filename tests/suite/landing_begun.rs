//! A receiver that is killed while a transfer begins leaves nothing that nobody knows of, and the same transfer comes under its own
//! name afterwards; what a person has made meanwhile stays as it is.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
};

use sealdrop::{
    model::{conflict::Conflict, manifest::Entry, reason::ReasonCode},
    storage::{
        disk::Disk,
        landing::{Keep, Landing, sweep_leftovers},
    },
};
use tempfile::TempDir;

use crate::{
    desk::{Desk, ID, file, folder, part},
    landing_again::seal,
};

fn entries() -> Vec<Entry> {
    vec![folder("P"), file("P/sub/a", 1), file("Q/b", 1), file("top", 1)]
}

/// What stands at the end if nothing was in the way.
const ALL: [&str; 6] = ["P/", "P/sub/", "P/sub/a", "Q/", "Q/b", "top"];

/// What a disk looked like after each change that was made to it.
struct Moments {
    states: Vec<TempDir>,
}

fn copy(from: &Path, to: &Path) {
    for found in walkdir::WalkDir::new(from).min_depth(1) {
        let found = found.unwrap();
        let place = to.join(found.path().strip_prefix(from).unwrap());
        if found.file_type().is_dir() {
            fs::create_dir_all(place).unwrap();
        } else {
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::copy(found.path(), place).unwrap();
        }
    }
}

/// Receive folder and profile.
fn places(desk: &Desk) -> [(&'static str, PathBuf); 2] {
    [("inbox", desk.inbox()), ("running", desk.profile.running_folder())]
}

impl Moments {
    /// Those of a transfer, from the answer until parts of its first files lie there.
    fn of_a_beginning(desk: &Desk, conflict: Conflict) -> Self {
        let (snap, snapped) = mpsc::channel();
        let of = places(desk);
        let recorded = Disk::recorded(Arc::new(move |_| {
            let state = tempfile::tempdir().unwrap();
            for (name, place) in &of {
                fs::create_dir(state.path().join(name)).unwrap();
                copy(place, &state.path().join(name));
            }
            snap.send(state).unwrap();
        }));
        let landing =
            Landing::begin_on(&recorded, &desk.profile, desk.terms(entries(), conflict), Keep::Agreement).unwrap();
        let parts = [1, 2, 3].map(|index| part(&landing, index, b"x"));
        landing.agree().unwrap();
        landing.make_folders();
        // Dropped, they would be removed, as no kill does.
        std::mem::forget(parts);
        Self { states: snapped.try_iter().collect() }
    }

    /// Brings the disk into each of these states, starts the program on it, and lets `then` look.
    fn each(&self, desk: &Desk, then: impl Fn(&str)) {
        assert!(self.states.len() > 10);
        for (number, state) in self.states.iter().enumerate() {
            for (name, place) in places(desk) {
                fs::remove_dir_all(&place).unwrap();
                fs::create_dir(&place).unwrap();
                copy(&state.path().join(name), &place);
            }
            then(&format!("killed after change {number}: {:?}, {:?}", desk.landed(), desk.kept()));
        }
    }
}

/// Goes on with it, or takes it once more, as something new.
fn once_more(desk: &Desk, conflict: Conflict) -> Landing {
    match Landing::reopen(&desk.profile, ID) {
        Ok((landing, _terms, _recovered)) => landing,
        Err(reason) => {
            assert_eq!(reason.code, ReasonCode::UnknownTransfer);
            Landing::prepare(&desk.profile, desk.terms(entries(), conflict), Keep::Agreement).unwrap()
        }
    }
}

fn arrives(landing: &Landing) {
    landing.make_folders();
    let parts = [1, 2, 3].map(|index| (part(landing, index, b"x"), seal(b"x")));
    for (_index, place) in landing.commit(parts.into()) {
        place.unwrap();
    }
    landing.finish();
}

#[test]
fn killed_at_any_moment_of_its_beginning_it_comes_under_its_own_name() {
    let desk = Desk::new();
    Moments::of_a_beginning(&desk, Conflict::KeepBoth).each(&desk, |moment| {
        sweep_leftovers(&desk.profile);
        arrives(&once_more(&desk, Conflict::KeepBoth));
        assert_eq!((desk.landed(), desk.kept()), (ALL.map(str::to_owned).to_vec(), vec![]), "{moment}");
    });
}

#[test]
fn what_was_not_written_down_leaves_nothing_at_the_next_start() {
    let desk = Desk::new();
    Moments::of_a_beginning(&desk, Conflict::KeepBoth).each(&desk, |moment| {
        let is_agreed = desk.kept().contains(&format!("{ID}.in"));
        sweep_leftovers(&desk.profile);
        if !is_agreed {
            let left: Vec<_> = desk.landed().into_iter().filter(|name| !name.ends_with("probe.part")).collect();
            assert_eq!((left, desk.kept()), (vec![], vec![]), "{moment}");
        }
    });
}

/// Of what is done after the kill and before the next start nothing is taken for the transfer's own.
#[test]
fn a_folder_that_a_person_made_meanwhile_is_neither_used_nor_removed() {
    let desk = Desk::new();
    Moments::of_a_beginning(&desk, Conflict::KeepBoth).each(&desk, |moment| {
        let was_there = desk.at("P").exists();
        fs::create_dir_all(desk.at("P/mine")).unwrap();
        sweep_leftovers(&desk.profile);
        let landing = once_more(&desk, Conflict::KeepBoth);
        arrives(&landing);
        assert!(desk.at("P/mine").exists(), "{moment}");
        assert!(was_there || !desk.at("P/sub").exists(), "{moment}");
        assert!(desk.at("Q/b").exists() && !desk.at("Q (2)").exists(), "{moment}");
    });
}

#[test]
fn a_folder_that_may_be_a_persons_is_not_removed_with_the_transfer() {
    let desk = Desk::new();
    Moments::of_a_beginning(&desk, Conflict::KeepBoth).each(&desk, |moment| {
        let was_there = desk.at("P").exists();
        fs::create_dir_all(desk.at("P")).unwrap();
        sweep_leftovers(&desk.profile);
        once_more(&desk, Conflict::KeepBoth).discard();
        assert!(was_there || desk.at("P").exists(), "{moment}");
        assert_eq!(desk.kept(), [""; 0], "{moment}");
    });
}

#[test]
fn folders_that_are_used_are_used_after_a_kill_too() {
    let desk = Desk::new();
    fs::create_dir(desk.at("P")).unwrap();
    fs::write(desk.at("P/mine"), "x").unwrap();
    fs::write(desk.at("Q"), "a file").unwrap();
    Moments::of_a_beginning(&desk, Conflict::Replace).each(&desk, |moment| {
        sweep_leftovers(&desk.profile);
        arrives(&once_more(&desk, Conflict::Replace));
        let all = ["P/", "P/mine", "P/sub/", "P/sub/a", "Q", "Q (2)/", "Q (2)/b", "top"];
        assert_eq!((desk.landed(), desk.kept()), (all.map(str::to_owned).to_vec(), vec![]), "{moment}");
    });
}

/// Its name is looked for when the transfer is taken, and made a moment later.
#[test]
fn a_name_that_is_taken_between_looking_and_making_is_left_to_whoever_took_it() {
    let desk = Desk::new();
    let landing = Landing::begin(&desk.profile, desk.terms(entries(), Conflict::KeepBoth), Keep::Agreement).unwrap();
    assert_eq!(desk.landed(), [""; 0]);
    fs::create_dir(desk.at("P")).unwrap();
    let other = part(&landing, 2, b"x");
    assert_eq!(landing.final_path(1), desk.at("P (2)/sub/a"));
    landing.suspend_part(other).unwrap();
    landing.suspend();
    drop(landing);
    let (landing, ..) = Landing::reopen(&desk.profile, ID).unwrap();
    arrives(&landing);
    let all = ["P/", "P (2)/", "P (2)/sub/", "P (2)/sub/a", "Q/", "Q/b", "top"];
    assert_eq!((desk.landed(), desk.kept()), (all.map(str::to_owned).to_vec(), vec![]));
}

#[test]
fn two_that_begin_together_get_a_folder_each() {
    let desk = Desk::new();
    let begin = |id| {
        let mut terms = desk.terms(entries(), Conflict::KeepBoth);
        terms.id.0[0] = id;
        Landing::begin(&desk.profile, terms, Keep::Agreement).unwrap()
    };
    let (first, second) = (begin(1), begin(2));
    arrives(&second);
    arrives(&first);
    assert_eq!(fs::read_dir(desk.inbox()).unwrap().count(), 6, "{:?}", desk.landed());
    assert!(desk.at("P/sub/a").exists() && desk.at("P (2)/sub/a").exists());
}
