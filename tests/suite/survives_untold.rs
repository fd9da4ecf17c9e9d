//! Ends that one side knows and the other does not hear of, because it is gone for good: they are told all the same, once, and are
//! the same when it comes back after all.

use std::{
    fs::{self, File},
    path::Path,
    time::Duration,
};

use sealdrop::{
    engine::messages::{Command, Event},
    model::{
        outcome::Outcome,
        reason::{Reason, ReasonCode, Side},
        transfer::{Stage, TransferKey},
    },
    transfer::limits::Limits,
    wire::header::{Answer, Message, Receipt, ReceiptState, Want},
};

use crate::{
    scripted::{Door, md5_of},
    support::{Station, nothing_left, seeded},
    survives_ends::{SIZE, Sent, entries, history, takes_one},
};

/// Waits are told as so many times this.
fn soon(limits: &mut Limits) {
    (limits.retry, limits.retry_most) = (Duration::from_millis(5), Duration::from_millis(20));
}

/// All is there, by what this device knows; that is told once and stands in the history.
fn ends_untold(b: &mut Station, key: TransferKey) {
    let ending = b.ending(key);
    assert_eq!((ending.outcome, ending.files, ending.bytes), (Outcome::Verified, 1, SIZE as u64));
    let reason = ending.reason.expect("nobody knows whether the other side has heard it");
    assert_eq!((reason.code, reason.side), (ReasonCode::Untold, Side::Here));
    let [entry] = history(b).try_into().expect("one entry");
    let code = entry.reason.map(|reason| reason.code);
    assert_eq!((entry.key, entry.outcome, code), (key, Outcome::Verified, Some(ReasonCode::Untold)));
    assert_eq!(entry.list[0].md5, Some(md5_of(&seeded(1, SIZE))));
}

/// A sender that has not read one receipt comes back after all: it hears that all is there, and nobody here is told of it again.
fn is_served(sent: &Sent, b: &mut Station, epoch: u32) {
    b.seen.clear();
    let mut back = sent.again(b, epoch);
    assert!(matches!(back.hear(), Some(Message::Answer(Answer::Accept { .. }))));
    let Some(Message::Plan { items, done }) = back.hear() else { panic!("no plan") };
    let wants: Vec<Want> = items.iter().flat_map(|item| vec![item.want; item.count as usize]).collect();
    assert_eq!(wants, [Want::Skip; 3]);
    assert_eq!(done, [(1, md5_of(&seeded(1, SIZE)))]);
    back.say(&Message::Done);
    assert_eq!(back.hear(), Some(Message::Done));
    nothing_left(b);
    is_quiet(b, sent.key);
}

/// Nothing was told of a transfer, and it has one entry.
fn is_quiet(b: &mut Station, key: TransferKey) {
    assert_eq!(history(b).len(), 1);
    let is_told = |event: &Event| match event {
        Event::Snapshot(snapshot) => snapshot.key == key,
        Event::FilesEnded { key: of, .. } | Event::StartedAgain { key: of, .. } => *of == key,
        _ => false,
    };
    let told: Vec<_> = b.seen.iter().filter(|event| is_told(event)).collect();
    assert!(told.is_empty(), "{told:?}");
}

#[test]
fn a_receiver_that_has_everything_says_so_though_its_sender_is_gone_for_good() {
    let mut b = Station::limited("b", soon);
    let mut sent = Sent::to(&mut b, entries());
    sent.lost();
    ends_untold(&mut b, sent.key);
    is_served(&sent, &mut b, 2);
    // Now it is gone on both sides.
    assert_eq!(sent.again(&b, 3).hear_abort().code, ReasonCode::UnknownTransfer);
}

#[test]
fn who_does_not_wait_for_a_sender_that_is_gone_ends_what_is_all_here_as_it_is() {
    let nobody = Door::open().address().port;
    // It waits to be called, or calls in vain.
    for port in [None, Some(nobody)] {
        let mut b = Station::new("b");
        let mut sent = Sent::listening(&mut b, entries(), port);
        sent.lost();
        b.stage(sent.key, "a break", |stage| matches!(stage, Stage::Reconnecting { .. }));
        b.say(Command::Cancel(sent.key));
        ends_untold(&mut b, sent.key);
        is_served(&sent, &mut b, 2);
    }
}

#[test]
fn a_sender_that_is_called_in_vain_is_not_waited_for_for_ever() {
    let mut b = Station::limited("b", soon);
    let nobody = Door::open().address().port;
    let mut sent = Sent::listening(&mut b, entries(), Some(nobody));
    sent.lost();
    ends_untold(&mut b, sent.key);
    is_served(&sent, &mut b, 2);
}

#[test]
fn a_sender_that_comes_back_after_its_receiver_was_restarted_hears_that_all_is_there() {
    let mut b = Station::limited("b", soon);
    let mut sent = Sent::to(&mut b, entries());
    sent.lost();
    ends_untold(&mut b, sent.key);
    let mut b = b.restart("b");
    b.find("what was left", |event| matches!(event, Event::Restored).then_some(()));
    is_quiet(&mut b, sent.key);
    // It breaks off once more, and the receiver is killed before it has heard the last word.
    let mut back = sent.again(&b, 2);
    assert!(matches!(back.hear(), Some(Message::Answer(Answer::Accept { .. }))));
    back.hang_up();
    let mut b = b.kill("b");
    b.find("what was left", |event| matches!(event, Event::Restored).then_some(()));
    is_quiet(&mut b, sent.key);
    // What its owner has put away meanwhile does not come again.
    fs::remove_dir_all(b.received().join("d")).unwrap();
    is_served(&sent, &mut b, 3);
    assert!(!b.received().join("d").exists());
}

#[test]
fn what_has_all_arrived_ends_by_itself_after_a_restart() {
    let mut b = Station::new("b");
    let mut sent = Sent::to(&mut b, entries());
    sent.lost();
    let mut b = b.restart_with("b", soon, |_| {});
    ends_untold(&mut b, sent.key);
    is_served(&sent, &mut b, 2);
}

#[test]
fn what_failed_and_whose_sender_is_gone_for_good_ends_so_and_can_still_come() {
    let mut b = Station::limited("b", soon);
    let mut sent = Sent::to(&mut b, entries());
    sent.caller.say(&Message::Failed { index: 1, reason: Reason::bare(ReasonCode::Unreadable) });
    sent.receipts(2);
    sent.caller.hang_up();
    let ending = b.ending(sent.key);
    assert_eq!((ending.outcome, ending.reason.unwrap().code), (Outcome::Failed, ReasonCode::Unreadable));
    assert_eq!(history(&mut b).len(), 1);
    sent.caller = sent.again(&b, 2);
    sent.caller.hear_accept(3);
    sent.all();
    sent.caller.say(&Message::Done);
    assert_eq!(b.ending(sent.key).outcome, Outcome::Verified);
    assert_eq!(history(&mut b).len(), 2, "it has ended twice");
    nothing_left(&b);
}

/// Nobody writes the history of this station as long as this is held.
fn history_waits(station: &Station) -> File {
    let lock = File::options().read(true).write(true).open(station.home.path().join("profile/files.lock")).unwrap();
    lock.lock().unwrap();
    lock
}

/// Kills a station before the history has what has just ended in it.
fn killed_before_the_history(station: Station, name: &str, held: File) -> Station {
    assert!(!Path::new(&station.home.path().join("profile/history.jsonl")).exists(), "it has been written");
    station.kill_holding(held, name, |_profile| {})
}

/// A receiver that is killed before its history has an end in which one file failed, and its sender: it is told afterwards.
fn failed_and_killed(why: ReasonCode) -> (Station, Sent) {
    let mut b = Station::new("b");
    let mut sent = Sent::to(&mut b, entries());
    sent.caller.say(&Message::Failed { index: 1, reason: Reason::bare(why) });
    sent.receipts(2);
    let held = history_waits(&b);
    sent.caller.say(&Message::Done);
    assert_eq!(b.ending(sent.key).outcome, Outcome::Failed);
    let mut b = killed_before_the_history(b, "b", held);
    assert_eq!(b.ending(sent.key).outcome, Outcome::Failed);
    assert_eq!(history(&mut b).len(), 1);
    (b, sent)
}

#[test]
fn a_receiver_killed_before_its_history_has_the_end_of_a_part_has_it_later() {
    let (b, sent) = failed_and_killed(ReasonCode::Unreadable);
    // From now on only its sender can take it up.
    let mut b = b.restart("b");
    b.find("what was left", |event| matches!(event, Event::Restored).then_some(()));
    is_quiet(&mut b, sent.key);
    let mut back = sent.again(&b, 2);
    assert!(matches!(back.hear(), Some(Message::Answer(Answer::Accept { .. }))));
}

#[test]
fn a_part_that_can_never_be_whole_is_in_the_history_before_it_is_forgotten() {
    let (b, _sent) = failed_and_killed(ReasonCode::Changed);
    assert!(b.received().join("d/empty").is_dir());
}

/// `a` has sent one file to a receiver that says this of it, and heard that this knows the end.
fn sent_one(a: &mut Station, state: ReceiptState) -> TransferKey {
    let door = Door::open();
    let bytes = seeded(1, SIZE);
    let source = a.file("x", &bytes);
    let sending = a.send_to(door.address(), &[&source], false);
    let md5 = Some(md5_of(&bytes));
    let mut receiver = takes_one(&door, Some(Message::Receipt(Receipt { index: 0, state, md5 })));
    receiver.say(&Message::Done);
    sending
}

#[test]
fn a_sender_killed_before_its_history_has_the_end_has_it_later() {
    let mut a = Station::new("a");
    let held = history_waits(&a);
    let sending = sent_one(&mut a, ReceiptState::Verified);
    assert_eq!(a.ending(sending).outcome, Outcome::Verified);
    let mut a = killed_before_the_history(a, "a", held);
    assert_eq!(a.ending(sending).outcome, Outcome::Verified);
    let [entry] = history(&mut a).try_into().expect("one entry");
    assert_eq!((entry.key, entry.files, entry.selected), (sending, 1, 1));
    nothing_left(&a);
}

#[test]
fn a_sender_killed_before_its_history_has_what_failed_can_still_send_it() {
    let mut a = Station::new("a");
    let held = history_waits(&a);
    let sending = sent_one(&mut a, ReceiptState::Mismatch);
    assert_eq!(a.ending(sending).outcome, Outcome::Failed);
    let mut a = killed_before_the_history(a, "a", held);
    a.snapshot(sending, "that it is not over", |it| matches!(it.stage, Stage::Interrupted).then_some(()));
}
