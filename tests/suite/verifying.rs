//! Verifying files: seals are right, lists are read and kept within their folder, and nothing large, hanging or endless holds it.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::PathBuf,
    time::{Duration, Instant},
};

use sealdrop::{
    engine::{
        inspection::{Inspected, InspectionAsked, InspectionFound, InspectionId, InspectionNews},
        messages::{Command, Event},
    },
    model::seal::Md5Digest,
};

use crate::support::Station;

const ABC: &str = "900150983cd24fb0d6963f7d28e17f72";
const EMPTY: &str = "d41d8cd98f00b204e9800998ecf8427e";

fn ask(station: &Station, id: u64, paths: Vec<PathBuf>, lists: bool) -> InspectionId {
    let id = InspectionId(id);
    station.say(Command::Inspect(InspectionAsked { id, paths, lists }));
    id
}

/// What a look brought, by the names of its files.
fn looked(station: &mut Station, id: InspectionId) -> (InspectionFound, BTreeMap<String, Inspected>) {
    let (mut found, mut results) = (InspectionFound::default(), Vec::new());
    station.wait("the end of a look", |event| match event {
        Event::Inspection { id: of, news } if *of == id => match news {
            InspectionNews::Found(told) => {
                found.files.clone_from(&told.files);
                found.lists.clone_from(&told.lists);
                found.left_out.clone_from(&told.left_out);
                found.more = told.more;
                None
            }
            InspectionNews::Ended { index, result } => {
                results.push((*index, result.clone()));
                None
            }
            InspectionNews::Reading { .. } => None,
            InspectionNews::Done => Some(()),
        },
        _ => None,
    });
    let named = |(index, result): (u32, Inspected)| (found.files[index as usize].name.clone(), result);
    let results = results.into_iter().map(named).collect();
    (found, results)
}

fn sealed(hex: &str, size: u64) -> Inspected {
    Inspected::Sealed { md5: hex.parse::<Md5Digest>().unwrap(), size }
}

#[test]
fn any_file_has_its_seal_and_a_folder_those_of_its_files() {
    let mut station = Station::new("a");
    let (one, folder) = (station.file("文 1.txt", b"abc"), station.home.path().join("folder"));
    fs::create_dir_all(folder.join("below")).unwrap();
    fs::write(folder.join("below/empty"), b"").unwrap();
    fs::write(folder.join("abc"), b"abc").unwrap();
    let id = ask(&station, 1, vec![one, folder, station.home.path().join("not there")], false);
    let (_, results) = looked(&mut station, id);
    assert_eq!(results["文 1.txt"], sealed(ABC, 3));
    assert_eq!(results["folder/abc"], sealed(ABC, 3));
    assert_eq!(results["folder/below/empty"], sealed(EMPTY, 0));
    assert!(matches!(results["not there"], Inspected::Failed(_)));
    assert_eq!(results.len(), 4);
}

#[test]
fn a_list_is_checked_beside_itself_and_nowhere_else() {
    let mut station = Station::new("a");
    let folder = station.home.path().join("list");
    fs::create_dir_all(folder.join("below")).unwrap();
    for name in ["right", "wrong", "below/right", "bare.iso"] {
        fs::write(folder.join(name), b"abc").unwrap();
    }
    fs::write(station.home.path().join("secret"), b"abc").unwrap();
    let text = format!(
        "{ABC}  right\n{EMPTY} *wrong\nMD5 (below/right) = {ABC}\n{ABC}  gone\n{ABC}  ../secret\n\
         {ABC}  {}\nsha256  x\n",
        station.home.path().join("secret").display()
    );
    fs::write(folder.join("MD5SUMS"), text).unwrap();
    fs::write(folder.join("bare.iso.md5"), ABC.to_uppercase()).unwrap();
    let id = ask(&station, 1, vec![folder.join("MD5SUMS"), folder.join("bare.iso.md5")], false);
    let (found, results) = looked(&mut station, id);
    assert_eq!(found.lists.iter().map(|list| (list.files, list.not_understood)).collect::<Vec<_>>(), [(6, 1), (1, 0)]);
    for name in ["right", "below/right", "bare.iso", "wrong"] {
        assert_eq!(results[name], sealed(ABC, 3), "{name}");
    }
    let expected: BTreeMap<_, _> = found.files.iter().map(|file| (file.name.as_str(), file.expected)).collect();
    assert_eq!(expected["wrong"], EMPTY.parse().ok(), "the window compares");
    assert_eq!(results["gone"], Inspected::Missing);
    assert_eq!(results["../secret"], Inspected::Outside);
    assert_eq!(results.values().filter(|result| **result == Inspected::Outside).count(), 2);
}

#[test]
fn what_is_called_like_a_list_but_is_none_is_a_file_unless_a_person_chose_it_as_one() {
    let mut station = Station::new("a");
    let file = station.file("picture.md5", b"abc");
    let id = ask(&station, 1, vec![file.clone()], false);
    let (found, results) = looked(&mut station, id);
    assert_eq!((found.lists[0].files, &results["picture.md5"]), (0, &sealed(ABC, 3)));
    let id = ask(&station, 2, vec![file], true);
    let (found, results) = looked(&mut station, id);
    assert_eq!((found.lists[0].files, results.len()), (0, 0));
    let chosen = station.file("sums.txt", format!("{ABC}  picture.md5\n").as_bytes());
    let id = ask(&station, 3, vec![chosen], true);
    assert_eq!(looked(&mut station, id).1["picture.md5"], sealed(ABC, 3));
}

#[test]
fn a_hundred_gigabytes_hold_nothing_and_are_let_go_of_at_once() {
    let mut station = Station::new("a");
    let huge = station.home.path().join("huge");
    File::create(&huge).unwrap().set_len(100 << 30).unwrap();
    let small = station.file("small", b"abc");
    let first = ask(&station, 1, vec![huge], false);
    let second = ask(&station, 2, vec![small], false);
    station.wait("bytes of the huge file", |event| match event {
        Event::Inspection { id, news: InspectionNews::Reading { done, total, .. } } if *id == first => {
            assert_eq!(*total, 100 << 30);
            (*done > 0).then_some(())
        }
        _ => None,
    });
    let stopped = Instant::now();
    station.say(Command::StopInspection(first));
    let (_, results) = looked(&mut station, first);
    assert!(results.is_empty(), "half a file has no seal");
    assert!(stopped.elapsed() < Duration::from_millis(500), "{:?}", stopped.elapsed());
    assert_eq!(looked(&mut station, second).1["small"], sealed(ABC, 3), "the next look follows");
    // One that waits is stopped as well, and one that is over is no matter.
    station.say(Command::StopInspection(second));
}

#[cfg(unix)]
#[test]
fn a_pipe_is_not_waited_for() {
    let mut station = Station::new("a");
    let pipe = station.home.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let id = ask(&station, 1, vec![pipe], false);
    assert!(matches!(looked(&mut station, id).1["pipe"], Inspected::Failed(_)));
}
