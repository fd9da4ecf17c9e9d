//! Messages: a few lines of text go the same way as files, under the same rules, and are kept where files are.

use sealdrop::{
    engine::messages::{Acceptance, Command, Event, HistoryAsked, SendRequest, Wait, What},
    model::{
        book::Rule,
        device_key::DeviceKey,
        history::HistoryEntry,
        manifest::Selection,
        message::MAX_MESSAGE_BYTES,
        outcome::Outcome,
        reason::ReasonCode,
        transfer::{Direction, Stage, TransferKey},
    },
};

use crate::{
    gate::Gate,
    support::{Station, nothing_left, seeded, tree},
};

/// Sends `text` alone.
fn tell(a: &Station, b: &Station, text: &str) -> TransferKey {
    a.request(b.address(), &[], |request| request.message = Some(text.to_owned()))
}

fn history(station: &mut Station, search: &str) -> Vec<HistoryEntry> {
    let asked = HistoryAsked { search: search.to_owned(), with: None, limit: 100 };
    station.say(Command::LoadHistory(asked.clone()));
    station.wait("the history", |event| match event {
        Event::History(found) if found.asked == asked => Some(found.entries.clone()),
        _ => None,
    })
}

/// Lets the person at `b` say what becomes of what `a` offers.
fn rule(b: &mut Station, a: DeviceKey, rule: &Rule) {
    b.verify(a, "a");
    b.say(Command::SetRule { key: a, rule: rule.clone() });
    b.wait("the rule", |event| match event {
        Event::Devices(devices) => {
            devices.iter().any(|it| it.trusted.as_ref().is_some_and(|it| it.rule == *rule)).then_some(())
        }
        _ => None,
    });
}

#[test]
fn a_text_arrives_as_it_was_written_and_is_delivered_only_once_it_was_answered() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    let text = "Dinner at eight?\n  – 八点 👩\u{200d}💻\nhttps://example.org/\"quoted\\\"";
    let sending = tell(&a, &b, text);
    let offer = b.offer();
    assert_eq!(offer.snapshot.message.as_deref(), Some(text));
    assert!(offer.snapshot.manifest.entries.is_empty());
    a.snapshot(sending, "the wait", |it| (it.stage == Stage::Waiting).then_some(()));
    let receiving = offer.snapshot.key;
    offer.reply.accept(Acceptance::new(b.received(), Selection::All));
    let (here, there) = (a.ending(sending), b.ending(receiving));
    assert_eq!((here.outcome, there.outcome, there.files, there.bytes), (Outcome::Verified, Outcome::Verified, 0, 0));
    assert_eq!(tree(&b.received()), [], "nothing of it lies among the files");
    nothing_left(&b);
    let [kept] = history(&mut b, "八点").try_into().expect("one entry");
    assert_eq!((kept.message.as_deref(), kept.is_message(), kept.folder.as_ref()), (Some(text), true, None));
    assert_eq!(history(&mut a, "DINNER")[0].key, sending);
}

#[test]
fn a_declined_message_is_not_delivered_and_not_kept() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    let sending = tell(&a, &b, "psst");
    b.offer().reply.decline(None);
    let ending = a.ending(sending);
    assert_eq!((ending.outcome, ending.reason.map(|it| it.code)), (Outcome::Declined, Some(ReasonCode::Declined)));
    assert!(history(&mut b, "psst").is_empty());
}

#[test]
fn sixteen_kibibytes_travel_whatever_they_hold_and_one_byte_more_is_refused_here() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    for filling in ["\"", "\\", "\n", "文"] {
        let text = format!("x{}", filling.repeat((MAX_MESSAGE_BYTES - 1) / filling.len()));
        assert_eq!(text.len(), MAX_MESSAGE_BYTES);
        let sending = tell(&a, &b, &text);
        let offer = b.offer();
        assert_eq!(offer.snapshot.message.as_deref(), Some(text.as_str()));
        offer.reply.accept(Acceptance::new(b.received(), Selection::All));
        assert_eq!(a.ending(sending).outcome, Outcome::Verified);
    }
    let sending = tell(&a, &b, &"x".repeat(MAX_MESSAGE_BYTES + 1));
    assert_eq!(a.ending(sending).outcome, Outcome::Failed);
    assert!(!b.seen.iter().any(|event| matches!(event, Event::Refused { .. })), "it did not even leave");
}

#[test]
fn a_note_goes_along_with_files() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    let file = a.file("plan.pdf", &seeded(1, 5000));
    let sending = a.request(b.address(), &[&file], |request| request.message = Some("page two\nplease".to_owned()));
    let offer = b.offer();
    assert_eq!((offer.snapshot.message.as_deref(), offer.snapshot.files), (Some("page two\nplease"), 1));
    let receiving = offer.snapshot.key;
    offer.reply.accept(Acceptance::new(b.received(), Selection::All));
    assert_eq!((a.ending(sending).outcome, b.ending(receiving).outcome), (Outcome::Verified, Outcome::Verified));
    let kept = &history(&mut b, "page two")[0];
    assert!(!kept.is_message() && kept.folder.is_some());
}

#[test]
fn a_rule_takes_a_message_without_asking_also_when_its_folder_is_gone() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    let gone = b.home.path().join("gone");
    std::fs::create_dir(&gone).unwrap();
    let own = a.key();
    rule(&mut b, own, &Rule::Accept(gone.clone()));
    std::fs::remove_dir(&gone).unwrap();
    let sending = tell(&a, &b, "taken");
    assert_eq!(a.ending(sending).outcome, Outcome::Verified);
    let arrived = b.wait("its end", |event| match event {
        Event::Snapshot(it) if matches!(it.stage, Stage::Ended(_)) => Some(it.clone()),
        _ => None,
    });
    assert_eq!((arrived.message.as_deref(), arrived.folder), (Some("taken"), None));
    assert!(!b.has_card());
}

#[test]
fn a_blocked_device_gets_no_message_through() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    let own = a.key();
    rule(&mut b, own, &Rule::Block);
    let sending = tell(&a, &b, "let me in");
    assert_eq!(a.ending(sending).reason.map(|it| it.code), Some(ReasonCode::Blocked));
    assert!(!b.has_card());
}

#[test]
fn a_message_takes_nobody_s_turn_while_files_move() {
    let (mut a, mut b) = (Station::new("a"), Station::with("b", |settings| settings.parallel = 1));
    let mut settings = a.find("settings", |event| match event {
        Event::Settings(settings) => Some(settings.clone()),
        _ => None,
    });
    (settings.parallel, settings.send_limit) = (1, Some(100_000));
    a.say(Command::SaveSettings(settings));
    let big = a.file("big", &seeded(1, 20_000_000));
    let moving = a.send(&b, &[&big]);
    b.accept();
    a.snapshot(moving, "bytes", |it| (it.moved > 0).then_some(()));
    let sending = tell(&a, &b, "it takes a while");
    let receiving = b.accept();
    assert_eq!((a.ending(sending).outcome, b.ending(receiving).outcome), (Outcome::Verified, Outcome::Verified));
    a.say(Command::Cancel(moving));
    assert_eq!(a.ending(moving).outcome, Outcome::Cancelled);
}

#[test]
fn a_message_for_a_verified_device_that_is_away_survives_a_restart_and_arrives() {
    let (mut a, mut b) = (Station::new("a"), Station::new("b"));
    let (key, own) = (b.key(), a.key());
    a.verify(key, "b");
    let into = b.received();
    rule(&mut b, own, &Rule::Accept(into));
    let gate = Gate::before(b.port);
    gate.shut();
    let sending = a.request(gate.address(), &[], |request: &mut SendRequest| {
        request.message = Some("when you are back".to_owned());
        (request.expect, request.wait) = (Some(key), Wait::WhileAway);
        assert!(matches!(&request.what, What::Paths(paths) if paths.is_empty()));
    });
    a.snapshot(sending, "the queue", |it| matches!(it.stage, Stage::Queued(_)).then_some(()));
    let mut a = a.restart("a");
    let again = a.find("what was left", |event| match event {
        Event::Snapshot(it) if it.key.direction == Direction::Outgoing => Some(it.clone()),
        _ => None,
    });
    assert_eq!((again.key, again.message.as_deref()), (sending, Some("when you are back")));
    gate.open();
    a.say(Command::Resume(sending));
    assert_eq!(a.ending(sending).outcome, Outcome::Verified);
    b.find("its end", |event| {
        matches!(event, Event::Snapshot(it) if matches!(it.stage, Stage::Ended(_))).then_some(())
    });
    let [kept] = history(&mut b, "").try_into().expect("one entry");
    assert_eq!(kept.message.as_deref(), Some("when you are back"));
}
