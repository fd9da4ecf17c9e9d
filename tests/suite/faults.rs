//! Files that change, folders that are gone, ports that are taken, windows that sleep: each with its reason, nothing lost.

use std::{
    fs::{self, File},
    io::Write,
    time::{Duration, Instant},
};

use sealdrop::{
    engine::messages::{Acceptance, Command, Event, SendRequest, StageId, Wait, What},
    engine::new_transfer_id,
    model::{
        device::PeerAddr,
        manifest::Selection,
        outcome::{FileState, Outcome},
        reason::ReasonCode,
        transfer::{Direction, Stage, TransferKey},
    },
};

use crate::support::{LIMIT, Station, seeded, tree};

#[test]
fn window_that_sleeps_neither_stops_a_transfer_nor_misses_anything() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    let source = a.home.path().join("many");
    fs::create_dir(&source).unwrap();
    let files = 2000;
    for i in 0..files {
        fs::write(source.join(format!("{i}")), seeded(i, 700)).unwrap();
    }
    let sending = a.send(&b, &[&source]);
    let receiving = b.accept();
    // From here on nobody reads an event until everything stands on the disk.
    let landed = b.received().join("many");
    let deadline = Instant::now() + LIMIT;
    let complete = || {
        let names = fs::read_dir(&landed).into_iter().flatten().flatten().map(|entry| entry.file_name());
        names.filter(|name| !name.to_string_lossy().ends_with(".part")).count() as u64 == files
    };
    while !complete() {
        assert!(Instant::now() < deadline, "the transfer stopped while the window slept");
        std::thread::park_timeout(Duration::from_millis(20));
    }
    for (station, key) in [(&mut a, sending), (&mut b, receiving)] {
        assert_eq!(station.ending(key).outcome, Outcome::Verified);
        let verified = station.file_ends(key).iter().filter(|end| end.md5.is_some()).count() as u64;
        assert_eq!(verified, files, "every fact was kept");
    }
}

#[test]
fn source_that_changed_since_it_was_staged_fails_by_name_and_the_rest_goes_on() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    let source = a.home.path().join("d");
    fs::create_dir(&source).unwrap();
    for name in ["grows", "shrinks", "vanishes", "stays", "becomes-a-folder"] {
        fs::write(source.join(name), seeded(1, 5000)).unwrap();
    }
    let stage = StageId(1);
    a.say(Command::Stage { stage, paths: vec![source.clone()] });
    let trees = a.wait("the walk", |event| match event {
        Event::Staged { trees, .. } => Some(trees.clone()),
        _ => None,
    });
    File::options().append(true).open(source.join("grows")).unwrap().write_all(b"more").unwrap();
    File::options().write(true).open(source.join("shrinks")).unwrap().set_len(10).unwrap();
    fs::remove_file(source.join("vanishes")).unwrap();
    fs::remove_file(source.join("becomes-a-folder")).unwrap();
    fs::create_dir(source.join("becomes-a-folder")).unwrap();
    let id = new_transfer_id();
    let what = What::Staged(trees);
    a.say(Command::Send(SendRequest {
        id,
        to: b.address(),
        also: Vec::new(),
        expect: None,
        classic: false,
        what,
        message: None,
        wait: Wait::No,
    }));
    let receiving = b.accept();
    let sending = TransferKey { id, direction: Direction::Outgoing };
    let (sent, received) = (a.ending(sending), b.ending(receiving));
    assert_eq!((sent.outcome, received.outcome), (Outcome::Partial, Outcome::Partial));
    assert_eq!(sent.files, 1);
    for ends in [a.file_ends(sending), b.file_ends(receiving)] {
        let failed: Vec<_> = ends.iter().filter(|end| end.state == FileState::Failed).collect();
        assert_eq!(failed.len(), 4, "{ends:?}");
        assert!(failed.iter().all(|end| {
            let code = &end.reason.as_ref().unwrap().code;
            matches!(code, ReasonCode::Changed | ReasonCode::Unreadable)
        }));
    }
    let landed: Vec<String> = tree(&b.received()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(landed, ["d", "d/stays"]);
}

#[cfg(unix)]
#[test]
fn a_file_whose_name_cannot_travel_is_missed_and_a_link_that_leads_outside_is_not() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    for (folder, odd, outcome) in [("names", "C:", Outcome::Partial), ("links", "out", Outcome::Verified)] {
        let source = a.home.path().join(folder);
        fs::create_dir(&source).unwrap();
        fs::write(source.join("plain"), b"plain").unwrap();
        if odd == "out" {
            std::os::unix::fs::symlink("/etc/hostname", source.join(odd)).unwrap();
        } else {
            fs::write(source.join(odd), b"odd").unwrap();
        }
        let sending = a.send(&b, &[&source]);
        b.accept();
        let ending = a.ending(sending);
        assert_eq!((ending.outcome, ending.files), (outcome, 1), "{ending:?}");
        let named = a.seen.iter().any(|event| match event {
            Event::LeftOut { key, left_out } => *key == sending && left_out[0].place == source.join(odd),
            _ => false,
        });
        assert!(named, "{odd} is named");
    }
}

#[test]
fn a_file_where_a_folder_has_to_be_costs_what_is_below_it_and_retry_sends_just_that() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    let source = a.home.path().join("top");
    fs::create_dir_all(source.join("sub")).unwrap();
    fs::write(source.join("sub/x"), b"x").unwrap();
    fs::write(source.join("y"), b"y").unwrap();
    let there = b.received().join("top");
    fs::create_dir(&there).unwrap();
    fs::write(there.join("sub"), b"a file").unwrap();
    let sending = a.send(&b, &[&source]);
    let receiving = b.accept_with(sealdrop::model::conflict::Conflict::Skip);
    assert_eq!((a.ending(sending).outcome, b.ending(receiving).outcome), (Outcome::Partial, Outcome::Partial));
    assert_eq!(fs::read(there.join("sub")).unwrap(), b"a file");
    let failed = a.file_ends(sending).into_iter().find(|end| end.state == FileState::Failed).unwrap();
    let told = failed.reason.unwrap().detail.unwrap();
    assert!(told.starts_with("something else stands where a folder has to be: "), "{told}");
    fs::remove_file(there.join("sub")).unwrap();
    a.say(Command::Retry(sending));
    assert_eq!((a.ending(sending).outcome, b.ending(receiving).outcome), (Outcome::Verified, Outcome::Verified));
    assert_eq!(fs::read(there.join("sub/x")).unwrap(), b"x");
}

#[test]
fn source_that_shrinks_under_way_fails_by_name() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    let source = a.home.path().join("d");
    fs::create_dir(&source).unwrap();
    let large = File::create(source.join("large")).unwrap();
    large.set_len(2 << 30).unwrap();
    fs::write(source.join("small"), b"small").unwrap();
    let sending = a.send(&b, &[&source]);
    let receiving = b.accept();
    a.wait("bytes", |event| match event {
        Event::Snapshot(snapshot) if snapshot.moved > 1 << 20 => Some(()),
        _ => None,
    });
    large.set_len(1 << 20).unwrap();
    assert_eq!(a.ending(sending).outcome, Outcome::Partial);
    assert_eq!(b.ending(receiving).outcome, Outcome::Partial);
    let failed = b.file_ends(receiving).into_iter().find(|end| end.state == FileState::Failed).unwrap();
    assert_eq!(failed.reason.unwrap().code, ReasonCode::Changed);
    let landed: Vec<String> = tree(&b.received()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(landed, ["d", "d/small"]);
}

#[test]
fn receive_folder_that_is_missing_is_told_before_and_after_accepting() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    let source = a.home.path().join("x");
    fs::write(&source, b"x").unwrap();
    fs::remove_dir(b.received()).unwrap();
    let sending = a.send(&b, &[&source]);
    let offer = b.offer();
    assert_eq!(offer.preflight.problem.as_ref().unwrap().code, ReasonCode::FolderMissing);
    let receiving = offer.snapshot.key;
    let folder = b.received();
    offer.reply.accept(Acceptance::new(folder, Selection::All));
    let ending = b.ending(receiving);
    assert_eq!((ending.outcome, ending.reason.unwrap().code), (Outcome::Failed, ReasonCode::FolderMissing));
    // The sender hears that it did not work, and why.
    let ending = a.ending(sending);
    assert!(ending.reason.unwrap().detail.unwrap().contains("received"), "the detail names the folder");
}

#[test]
fn folder_removed_under_way_ends_with_its_reason() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    let source = a.home.path().join("d");
    fs::create_dir(&source).unwrap();
    for i in 0..40 {
        File::create(source.join(format!("{i}"))).unwrap().set_len(20 << 20).unwrap();
    }
    let sending = a.send(&b, &[&source]);
    let receiving = b.accept();
    b.wait("bytes", |event| match event {
        Event::Snapshot(snapshot) if snapshot.moved > 1 << 20 => Some(()),
        _ => None,
    });
    let deadline = Instant::now() + LIMIT;
    while b.received().exists() && fs::remove_dir_all(b.received()).is_err() {
        assert!(Instant::now() < deadline);
    }
    let (sent, received) = (a.ending(sending), b.ending(receiving));
    assert!(matches!(received.outcome, Outcome::Failed | Outcome::Partial), "{received:?}");
    assert!(matches!(sent.outcome, Outcome::Failed | Outcome::Partial), "{sent:?}");
    assert!(received.reason.is_some() && sent.reason.is_some());
}

#[test]
fn port_in_use_is_said_and_another_can_be_taken() {
    let a = Station::new("a");
    let mut b = Station::new("b");
    b.say(Command::Listen { port: a.port });
    let (port, reason) = b.wait("the failure", |event| match event {
        Event::NotListening { port, reason } => Some((*port, reason.clone())),
        _ => None,
    });
    assert_eq!((port, reason.code), (a.port, ReasonCode::PortInUse));
    b.say(Command::Listen { port: 0 });
    let port = b.wait("another port", |event| match event {
        Event::Listening { address, .. } => Some(address.port()),
        _ => None,
    });
    assert_ne!(port, a.port);
}

#[test]
fn nobody_there_and_no_such_name_are_told_apart() {
    let mut a = Station::new("a");
    let source = a.home.path().join("x");
    fs::write(&source, b"x").unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (host, port, code) in
        [("127.0.0.1", closed, ReasonCode::Refused), ("no-such-host.invalid", 9527, ReasonCode::Unresolved)]
    {
        for classic in [false, true] {
            let to = PeerAddr { host: host.to_owned(), port };
            let key = a.send_to(to, &[&source], classic);
            let ending = a.ending(key);
            assert_eq!((ending.outcome, ending.reason.unwrap().code), (Outcome::Failed, code.clone()));
        }
    }
}

#[test]
fn several_transfers_at_once_all_arrive() {
    let mut b = Station::new("b");
    let mut senders: Vec<Station> = (0..4).map(|i| Station::new(&format!("a{i}"))).collect();
    let mut sent = Vec::new();
    for (i, a) in senders.iter_mut().enumerate() {
        let source = a.home.path().join("same-name.bin");
        fs::write(&source, seeded(7, 400_000)).unwrap();
        for j in 0..3 {
            let key = a.send(&b, &[&source]);
            sent.push((i, key));
            let receiving = b.accept();
            if j == 2 {
                assert_eq!(b.ending(receiving).outcome, Outcome::Verified);
            }
        }
    }
    for (i, key) in sent {
        let ended = senders[i]
            .seen
            .iter()
            .any(|event| matches!(event, Event::Snapshot(s) if s.key == key && matches!(s.stage, Stage::Ended(_))));
        if !ended {
            assert_eq!(senders[i].ending(key).outcome, Outcome::Verified);
        }
    }
    let landed = tree(&b.received());
    assert_eq!(
        landed.len(),
        12,
        "taken names keep both: {:?}",
        landed.iter().map(|(name, _)| name).collect::<Vec<_>>()
    );
    assert!(landed.iter().all(|(_, bytes)| bytes.as_deref() == Some(&seeded(7, 400_000)[..])));
}

#[test]
fn offer_of_nothing_readable_says_so() {
    let (mut a, b) = (Station::new("a"), Station::new("b"));
    let missing = a.home.path().join("missing");
    let key = a.send(&b, &[&missing]);
    let ending = a.ending(key);
    assert_eq!((ending.outcome, ending.reason.unwrap().code), (Outcome::Failed, ReasonCode::Unreadable));
}
