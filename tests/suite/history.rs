//! The history: what ended is known after a restart, with its seals; what nobody took leaves no names.

use sealdrop::{
    engine::messages::{Command, Event, HistoryAsked},
    model::{
        history::{HistoryEntry, MOST_FILES},
        outcome::{FileState, Outcome},
        reason::ReasonCode,
        transfer::Direction,
    },
};

use crate::support::{Station, seeded};

/// What the engine finds.
fn history(station: &mut Station, search: &str) -> Vec<HistoryEntry> {
    look_up(station, &HistoryAsked { search: search.to_owned(), with: None, limit: 100 })
}

fn look_up(station: &mut Station, asked: &HistoryAsked) -> Vec<HistoryEntry> {
    station.say(Command::LoadHistory(asked.clone()));
    station.wait("the history", |event| match event {
        Event::History(found) if found.asked == *asked => Some(found.entries.clone()),
        _ => None,
    })
}

#[test]
fn an_ended_transfer_is_known_after_a_restart_with_its_seals() {
    let (mut a, mut b) = (Station::new("Anna"), Station::new("Bert"));
    let folder = a.home.path().join("照片");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("one.bin"), seeded(1, 5000)).unwrap();
    std::fs::write(folder.join("two.bin"), seeded(2, 70)).unwrap();
    let sending = a.request(b.address(), &[&folder], |request| request.message = Some("For the wall".to_owned()));
    let receiving = b.accept();
    assert_eq!(b.ending(receiving).outcome, Outcome::Verified);
    assert_eq!(a.ending(sending).outcome, Outcome::Verified);
    let (key_a, key_b) = (a.key(), b.key());
    let seals: Vec<_> = b.file_ends(receiving).iter().filter_map(|end| end.md5).collect();
    assert_eq!(seals.len(), 2);
    let received = b.received();
    let (mut a, mut b) = (a.restart("Anna"), b.restart("Bert"));

    let [there] = history(&mut b, "").try_into().expect("one entry");
    assert_eq!((there.key, there.outcome, there.files, there.selected), (receiving, Outcome::Verified, 2, 2));
    assert_eq!((there.peer.name.as_str(), there.peer.key, there.bytes), ("Anna", Some(key_a), 5070));
    assert_eq!(there.folder, Some(received.clone()));
    assert_eq!(there.message.as_deref(), Some("For the wall"));
    let mut kept: Vec<_> = there.list.iter().filter_map(|file| file.md5).collect();
    kept.sort_unstable();
    let mut wanted = seals.clone();
    wanted.sort_unstable();
    assert_eq!(kept, wanted);
    for file in &there.list {
        assert_eq!((file.state, file.place.as_ref()), (FileState::Verified, Some(&received.join(&file.path))));
    }

    let [here] = history(&mut a, "").try_into().expect("one entry");
    assert_eq!((here.key, here.outcome, here.roots.as_slice()), (sending, Outcome::Verified, &[folder][..]));
    assert_eq!((here.peer.key, here.peer.dial.is_some(), here.folder), (Some(key_b), true, None));

    for search in ["ANNA", "one.BIN", "照片", "wall", &seals[0].to_string(), &seals[1].grouped()] {
        assert_eq!(history(&mut b, search).len(), 1, "{search}");
    }
    assert!(history(&mut b, "three.bin").is_empty());
    let with = |key| HistoryAsked { with: Some(key), limit: 5, ..HistoryAsked::default() };
    assert_eq!((look_up(&mut b, &with(key_a)).len(), look_up(&mut b, &with(key_b)).len()), (1, 0));
}

#[test]
fn an_offer_that_was_declined_leaves_no_names() {
    let (mut a, mut b) = (Station::new("Anna"), Station::new("Bert"));
    let source = a.file("secret-name.txt", b"x");
    let sending = a.request(b.address(), &[&source], |request| request.message = Some("secret-message".to_owned()));
    b.offer().reply.decline(None);
    assert_eq!(a.ending(sending).outcome, Outcome::Declined);
    let mut b = b.restart("Bert");
    let [entry] = history(&mut b, "").try_into().expect("one line");
    assert_eq!((entry.outcome, entry.key.direction, entry.selected), (Outcome::Declined, Direction::Incoming, 1));
    assert_eq!(entry.reason.map(|reason| reason.code), Some(ReasonCode::Declined));
    for file in [b.profile().history_path(), b.profile().missed_path()] {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        assert!(!text.contains("secret"), "{text}");
    }
    // The sender knows what it wanted to send.
    assert_eq!(history(&mut a, "secret-message").len(), 1);
}

#[test]
fn what_could_not_even_be_listed_is_no_history_but_what_was_not_reached_is() {
    let mut a = Station::new("Anna");
    let nowhere: sealdrop::model::device::PeerAddr = "127.0.0.1:1".parse().unwrap();
    let missing = a.home.path().join("missing");
    let sending = a.send_to(nowhere.clone(), &[&missing], false);
    assert_eq!(a.ending(sending).outcome, Outcome::Failed);
    assert!(history(&mut a, "").is_empty());
    let source = a.file("there.txt", b"x");
    let sending = a.send_to(nowhere, &[&source], false);
    assert_eq!(a.ending(sending).outcome, Outcome::Failed);
    let [entry] = history(&mut a, "there.txt").try_into().expect("one entry");
    assert_eq!((entry.key, entry.roots, entry.list.len()), (sending, vec![source], 0));
}

#[test]
fn of_a_transfer_of_many_files_a_thousand_are_listed() {
    let (a, mut b) = (Station::new("Anna"), Station::new("Bert"));
    let folder = a.home.path().join("many");
    std::fs::create_dir(&folder).unwrap();
    for n in 0..MOST_FILES + 5 {
        std::fs::write(folder.join(format!("{n:04}")), b"").unwrap();
    }
    a.send(&b, &[&folder]);
    let receiving = b.accept();
    assert_eq!(b.ending(receiving).outcome, Outcome::Verified);
    let [entry] = history(&mut b, "").try_into().expect("one entry");
    assert_eq!((entry.list.len(), entry.more, entry.files), (MOST_FILES, 5, MOST_FILES as u64 + 5));
}

#[test]
fn a_cleared_history_stays_empty() {
    let mut a = Station::new("Anna");
    let source = a.file("there.txt", b"x");
    let sending = a.send_to("127.0.0.1:1".parse().unwrap(), &[&source], false);
    a.ending(sending);
    assert_eq!(history(&mut a, "").len(), 1);
    a.say(Command::ClearHistory);
    assert!(history(&mut a, "").is_empty());
    let mut a = a.restart("Anna");
    assert!(history(&mut a, "").is_empty());
}

#[test]
fn a_damaged_history_is_told_of_and_kept() {
    let mut a = Station::new("Anna");
    std::fs::write(a.profile().history_path(), "my diary\n").unwrap();
    assert!(history(&mut a, "").is_empty());
    let kept_at = a.find("the damage", |event| match event {
        Event::HistoryDamaged { kept_at } => Some(kept_at.clone()),
        _ => None,
    });
    assert_eq!(std::fs::read_to_string(kept_at).unwrap(), "my diary\n");
}
