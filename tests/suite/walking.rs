//! What is dropped is listed whole, in order, without waiting on anything, and what cannot be sent is named.

use std::{fs, ops::ControlFlow, path::Path};

use sealdrop::{
    model::{
        manifest::{Entry, EntryKind},
        reason::ReasonCode,
    },
    storage::sources::{LeftOut, Source, SourceTree, WalkLimits, combine, walk},
};
use tempfile::TempDir;

fn listed(root: &Path) -> Result<SourceTree, LeftOut> {
    walk(root, WalkLimits::default(), &mut |_, _| ControlFlow::Continue(())).map(|tree| tree.expect("not broken off"))
}

fn paths(tree: &SourceTree) -> Vec<String> {
    tree.entries.iter().map(Entry::shown_path).collect()
}

/// Names and codes of what was left out.
fn left_out(tree: &SourceTree) -> Vec<(String, ReasonCode)> {
    let name = |out: &LeftOut| out.place.file_name().unwrap().to_string_lossy().into_owned();
    tree.left_out.iter().map(|out| (name(out), out.reason.code.clone())).collect()
}

fn dropped(files: &[(&str, &str)]) -> TempDir {
    let temp = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let place = temp.path().join("top").join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, text).unwrap();
    }
    temp
}

#[test]
fn a_folder_is_listed_with_its_structure_in_order() {
    let temp = dropped(&[("b/z", "12"), ("b/a", ""), ("a.txt", "123"), ("c/照片/x", "1")]);
    let top = temp.path().join("top");
    fs::create_dir(top.join("empty")).unwrap();
    let tree = listed(&top).unwrap();
    let all = ["top", "top/a.txt", "top/b", "top/b/a", "top/b/z", "top/c", "top/c/照片", "top/c/照片/x", "top/empty"];
    assert_eq!(paths(&tree), all);
    assert_eq!((tree.bytes, tree.left_out.len()), (6, 0));
    for (index, entry) in (0..).zip(&tree.entries).filter(|(_, entry)| entry.is_file()) {
        let source = Source::open(&tree.places.get(index, entry).unwrap(), entry.size(), entry.mtime).unwrap();
        assert_eq!(source.finish(), Ok(()));
    }
    assert_eq!(listed(&top), listed(&top));
}

#[test]
fn a_single_file_is_a_tree_of_one() {
    let temp = dropped(&[("a.txt", "123")]);
    let tree = listed(&temp.path().join("top/a.txt")).unwrap();
    assert_eq!(paths(&tree), ["a.txt"]);
    assert_eq!(combine(vec![tree.into()]).unwrap().manifest.bytes, 3);
}

#[test]
fn a_walk_is_counted_and_can_be_broken_off() {
    let temp = dropped(&[("a", "1"), ("b", "22"), ("c", "333")]);
    let mut counts = Vec::new();
    let broken_off = walk(&temp.path().join("top"), WalkLimits::default(), &mut |entries, bytes| {
        counts.push((entries, bytes));
        if entries == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(broken_off, Ok(None));
    assert_eq!(counts, [(1, 0), (2, 1), (3, 3)]);
}

#[test]
fn too_many_entries_are_refused_and_too_deep_ones_named() {
    let temp = dropped(&[("a/b/c", ""), ("d", "")]);
    let top = temp.path().join("top");
    let few = WalkLimits { entries: 4, ..WalkLimits::default() };
    let refused = walk(&top, few, &mut |_, _| ControlFlow::Continue(())).unwrap_err();
    assert_eq!(refused.reason.code, ReasonCode::Limit);
    let shallow = WalkLimits { depth: 3, ..WalkLimits::default() };
    let tree = walk(&top, shallow, &mut |_, _| ControlFlow::Continue(())).unwrap().unwrap();
    assert_eq!(paths(&tree), ["top", "top/a", "top/a/b", "top/d"]);
    assert_eq!(left_out(&tree), [("c".to_owned(), ReasonCode::Limit)]);
}

#[test]
fn what_is_not_there_is_said_to_be_unreadable() {
    let temp = dropped(&[]);
    let missing = listed(&temp.path().join("missing")).unwrap_err();
    assert_eq!((missing.reason.code, missing.place), (ReasonCode::Unreadable, temp.path().join("missing")));
}

#[test]
fn files_that_are_still_being_received_are_not_sent() {
    let temp = dropped(&[("a", ""), (".sealdrop-0123-4.part", "half")]);
    let top = temp.path().join("top");
    assert_eq!(paths(&listed(&top).unwrap()), ["top", "top/a"]);
    assert!(listed(&top.join(".sealdrop-0123-4.part")).is_err());
}

#[cfg(unix)]
#[test]
fn pipes_and_sockets_are_named_without_waiting_for_anybody() {
    let temp = dropped(&[("a", "")]);
    let top = temp.path().join("top");
    let pipe = top.join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(top.join("socket")).unwrap();
    let tree = listed(&top).unwrap();
    assert_eq!(paths(&tree), ["top", "top/a"]);
    let unreadable = |name: &str| (name.to_owned(), ReasonCode::Unreadable);
    assert_eq!(left_out(&tree), [unreadable("pipe"), unreadable("socket")]);
    for place in [pipe.as_path(), Path::new("/dev/null")] {
        assert_eq!(listed(place).unwrap_err().reason.code, ReasonCode::Unreadable);
        assert_eq!(Source::open(place, 0, None).unwrap_err().code, ReasonCode::Unreadable);
    }
}

#[cfg(unix)]
#[test]
fn links_inside_stay_links_and_others_are_named() {
    use std::os::unix::fs::symlink;
    let temp = dropped(&[("d/file", "x")]);
    let top = temp.path().join("top");
    for (target, name) in [
        ("d/file", "a-in"),
        ("../d", "d/back"),
        ("gone", "dangling"),
        ("..", "up"),
        ("d/../../x", "winding"),
        ("/etc/passwd", "absolute"),
        (".", "self"),
    ] {
        symlink(target, top.join(name)).unwrap();
    }
    let tree = listed(&top).unwrap();
    assert_eq!(paths(&tree), ["top", "top/d", "top/d/file", "top/a-in", "top/d/back", "top/dangling", "top/self"]);
    let targets: Vec<_> = tree.entries.iter().skip(3).map(|entry| entry.kind.clone()).collect();
    assert_eq!(targets, ["d/file", "../d", "gone", "."].map(|target| EntryKind::Link { target: target.to_owned() }));
    let outside = |name: &str| (name.to_owned(), ReasonCode::BadPath);
    assert_eq!(left_out(&tree), ["absolute", "up", "winding"].map(outside));
}

#[cfg(unix)]
#[test]
fn a_dropped_link_stands_for_what_it_leads_to() {
    use std::os::unix::fs::symlink;
    let temp = dropped(&[("d/file", "x")]);
    symlink(temp.path().join("top/d"), temp.path().join("shortcut")).unwrap();
    symlink("top/d/file", temp.path().join("file link")).unwrap();
    symlink("nowhere", temp.path().join("dead")).unwrap();
    let tree = listed(&temp.path().join("shortcut")).unwrap();
    assert_eq!(paths(&tree), ["shortcut", "shortcut/file"]);
    let file = listed(&temp.path().join("file link")).unwrap();
    assert_eq!(paths(&file), ["file link"]);
    let place = file.places.get(0, &file.entries[0]).unwrap();
    assert!(Source::open(&place, 1, file.entries[0].mtime).is_ok());
    assert_eq!(listed(&temp.path().join("dead")).unwrap_err().reason.code, ReasonCode::Unreadable);
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_no_receiver_takes_are_named_here() {
    let temp = dropped(&[("ok", ""), ("line\nbreak/below", ""), ("C:x", ""), ("\\\\host\\x", ""), (".sealdrop-x", "")]);
    let tree = listed(&temp.path().join("top")).unwrap();
    assert_eq!(paths(&tree), ["top", "top/ok"]);
    let refused = |name: &str| (name.to_owned(), ReasonCode::BadPath);
    assert_eq!(left_out(&tree), [".sealdrop-x", "C:x", "\\\\host\\x", "line\nbreak"].map(refused));
}

#[cfg(target_os = "linux")]
#[test]
fn bytes_that_are_no_text_travel_as_percent_signs() {
    use std::os::unix::ffi::OsStrExt;
    let temp = dropped(&[("%FE", "")]);
    let top = temp.path().join("top");
    for bytes in [b"a\xff\xc3b".as_slice(), b"\xfe"] {
        fs::create_dir(top.join(std::ffi::OsStr::from_bytes(bytes))).unwrap();
    }
    fs::write(top.join(std::ffi::OsStr::from_bytes(b"a\xff\xc3b/x")), "").unwrap();
    let tree = listed(&top).unwrap();
    assert_eq!(paths(&tree), ["top", "top/%FE", "top/a%FF%C3b", "top/a%FF%C3b/x"]);
    assert_eq!(tree.left_out.len(), 1, "two entries of one name would end the offer");
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_named_and_the_rest_goes_on() {
    use std::os::unix::fs::PermissionsExt;
    crate::other_user::run("walking::what_may_not_be_read_is_named_and_the_rest_goes_on", || {
        let temp = dropped(&[("a", "1"), ("closed/x", ""), ("secret", "2"), ("z", "3")]);
        let top = temp.path().join("top");
        let mode = |name: &str, mode| fs::set_permissions(top.join(name), fs::Permissions::from_mode(mode)).unwrap();
        mode("secret", 0o000);
        mode("closed", 0o000);
        let tree = listed(&top).unwrap();
        assert_eq!(paths(&tree), ["top", "top/a", "top/z"]);
        let unreadable = |name: &str| (name.to_owned(), ReasonCode::Unreadable);
        assert_eq!(left_out(&tree), [unreadable("closed"), unreadable("secret")]);
        assert_eq!(Source::open(&top.join("secret"), 1, None).unwrap_err().code, ReasonCode::Unreadable);
        assert_eq!(listed(&top.join("closed")).unwrap_err().reason.code, ReasonCode::Unreadable);
        mode("closed", 0o755);
    });
}
