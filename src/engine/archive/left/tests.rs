//! A command takes up what is its own, and nothing else for a moment.

use std::{path::PathBuf, sync::Arc};

use crossbeam_channel::bounded;

use super::*;
use crate::{
    engine::messages::What,
    model::{
        device::Peer,
        device_key::DeviceKey,
        manifest::{Entry, EntryKind, Manifest},
    },
    storage::{
        profile::Profile,
        sources::{self, Outgoing, SourcePlaces, WalkLimits, walk},
    },
};

const KEY: DeviceKey = DeviceKey([7; 32]);

/// Of `Photos`, with a file in it, and `b.txt`, to a device that was met at `laptop` and sits at `10.0.0.1` since.
fn kept(id: u8) -> KeptOutgoing {
    let entry =
        |path: &str, kind| Entry { path: path.split('/').map(str::to_owned).collect(), kind, mtime: None, exec: false };
    let file = || EntryKind::File { size: 1 };
    let entries = vec![entry("Photos", EntryKind::Folder), entry("Photos/x", file()), entry("b.txt", file())];
    let places = SourcePlaces::listed(&entries, ["/home/a/Photos", "/home/a/Photos/x", "/home/a/b.txt"]);
    let mut peer = Peer::at("10.0.0.1".to_owned(), false);
    peer.dial = Some("10.0.0.1".parse().unwrap());
    KeptOutgoing {
        id: TransferId([id; 16]),
        to: "laptop".parse().unwrap(),
        peer,
        key: Some(KEY),
        verified: false,
        message: None,
        outgoing: Arc::new(Outgoing { manifest: Arc::new(Manifest::from_entries(entries).unwrap()), places }),
        digest: [0; 32],
        missed: outgoing_file::Missed::default(),
        accepted: true,
        started_at: 0,
    }
}

fn request(to: &str, expect: Option<DeviceKey>, paths: &[&str]) -> SendRequest {
    let what = What::Paths(paths.iter().map(PathBuf::from).collect());
    let (id, to) = (TransferId([99; 16]), to.parse().unwrap());
    SendRequest { id, to, also: Vec::new(), expect, classic: false, what, message: None, wait: Wait::No }
}

const BOTH: [&str; 2] = ["/home/a/b.txt", "/home/a/Photos"];

fn ours() -> SendRequest {
    request("laptop", None, &BOTH)
}

#[test]
fn what_is_asked_for_is_the_same_things_for_the_same_device() {
    for (to, expect, paths, is_it) in [
        ("elsewhere", Some(KEY), &BOTH[..], true),
        ("laptop", None, &BOTH[..], true),
        ("10.0.0.1", None, &BOTH[..], true),
        ("laptop", Some(DeviceKey([0; 32])), &BOTH[..], false),
        ("attic", None, &BOTH[..], false),
        ("laptop", None, &BOTH[..1], false),
        ("laptop", None, &["/home/a/b.txt", "/home/a/Photos", "/home/a/c"][..], false),
        ("laptop", None, &[][..], false),
    ] {
        let request = request(to, expect, paths);
        assert_eq!(is_same(&kept(1), &SentSoFar::default(), &request), is_it, "{to} {paths:?}");
        assert!(!is_same(&kept(1), &SentSoFar::default(), &SendRequest { classic: true, ..request }));
    }
}

#[test]
fn what_waits_for_a_device_goes_on_only_with_who_waits() {
    let waits = KeptOutgoing { accepted: false, verified: true, ..kept(1) };
    let is = |wait| is_same(&waits, &SentSoFar::default(), &SendRequest { wait, ..ours() });
    assert_eq!([Wait::No, Wait::WhileBusy, Wait::WhileAway].map(is), [false, false, true]);
}

#[test]
fn what_has_arrived_and_was_changed_since_is_something_new() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("x");
    std::fs::write(&place, "one").unwrap();
    let tree = walk(&place, WalkLimits::default(), &mut |_, _| std::ops::ControlFlow::Continue(())).unwrap().unwrap();
    let outgoing = Arc::new(sources::combine(vec![Arc::new(tree)]).unwrap());
    let kept = KeptOutgoing { outgoing, ..kept(1) };
    let request = request("laptop", None, &[place.to_str().unwrap()]);
    let is = |all_verified| is_same(&kept, &SentSoFar { all_verified, ..SentSoFar::default() }, &request);
    assert!(is(true) && is(false));
    std::fs::write(&place, "three").unwrap();
    assert!(!is(true), "that did not arrive");
    assert!(is(false), "what is missing is looked at when it goes on");
}

struct Home {
    _folder: tempfile::TempDir,
    profile: Profile,
}

impl Home {
    /// A profile with these in it, and nobody at work on them.
    fn with(all: &[KeptOutgoing]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let profile = Profile::open(Some(folder.path().to_owned())).unwrap();
        for kept in all {
            drop(OutgoingFile::create(&profile, kept).unwrap());
        }
        Self { _folder: folder, profile }
    }

    /// Another process that starts on it, and what it takes up.
    fn start(&self, restore: &Restore) -> (Keeper, Vec<u8>) {
        let (notes, heard) = bounded(1);
        let mut keeper = Keeper { profile: self.profile.clone(), notes, files: std::collections::HashMap::new() };
        keeper.restore(restore);
        let Note::Kept(found) = heard.recv().unwrap() else { panic!("something else") };
        let Kept { outgoing, lost, .. } = *found;
        assert!(lost.is_empty(), "{lost:?}");
        (keeper, outgoing.iter().map(|(kept, _)| kept.id.0[0]).collect())
    }

    fn send(&self, request: SendRequest) -> (Keeper, Vec<u8>) {
        self.start(&Restore::Same(Box::new(request)))
    }
}

#[test]
fn a_command_leaves_to_others_what_it_does_not_go_on_with() {
    let other = KeptOutgoing { to: "attic".parse().unwrap(), peer: Peer::at("attic".to_owned(), false), ..kept(2) };
    let home = Home::with(&[kept(1), other, kept(3)]);
    let (first, taken) = home.send(ours());
    assert_eq!(taken, [1], "one of those that are the same");
    let (second, taken) = home.send(request("attic", None, &BOTH));
    assert_eq!(taken, [2]);
    let (third, taken) = home.send(ours());
    assert_eq!(taken, [3], "the first is taken");
    assert_eq!(home.send(ours()).1, [0; 0]);
    drop((second, third));
    assert_eq!(home.start(&Restore::Both).1, [2, 3], "a window shows all that nobody is at work on");
    assert_eq!(home.start(&Restore::Nothing).1, [0; 0]);
    drop(first);
}

#[test]
fn what_nobody_will_go_on_with_is_removed_by_whoever_comes() {
    let stranger = KeptOutgoing { accepted: false, ..kept(1) };
    let home = Home::with(&[stranger, kept(2)]);
    let (mut file, ..) = OutgoingFile::open(&home.profile, TransferId([2; 16])).unwrap().unwrap();
    file.note_over(0).unwrap();
    let (_keeper, taken) = home.send(ours());
    assert_eq!((taken, outgoing_file::list(&home.profile)), (vec![], vec![TransferId([2; 16])]), "somebody has it");
    drop(file);
    assert_eq!((home.start(&Restore::Both).1, outgoing_file::list(&home.profile)), (vec![], vec![]));
}
