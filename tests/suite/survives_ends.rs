//! The last moments of a transfer: whoever is killed or cut off then, both sides reach the same end, and keep it.

use std::{
    fs,
    time::{Duration, UNIX_EPOCH},
};

use sealdrop::{
    crypto::identity::Identity,
    engine::messages::{Command, Event, HistoryAsked},
    model::{
        history::HistoryEntry,
        manifest::Entry,
        outcome::{FileState, Outcome},
        reason::{Reason, ReasonCode},
        seal::Md5Digest,
        transfer::{Direction, Stage, TransferKey},
    },
    storage::{kept, landing::Landing, profile::Profile},
    wire::header::{Abort, Answer, Hello, Message, Offer, Receipt, ReceiptState, Want},
};

use crate::{
    scripted::{Door, Scripted, file_entry, folder_entry, md5_of},
    sealed_stream::new_identity,
    support::{Station, copy_all, nothing_left, seeded},
};

pub(crate) const SIZE: usize = 3000;

/// Long ago, whatever the disk has done meanwhile.
const TIME: i64 = 1_234_567_890_000_000_000;

/// A folder with a file and a folder that holds nothing.
pub(crate) fn entries() -> Vec<Entry> {
    let folder = |path: &[&str]| Entry { mtime: Some(TIME), ..folder_entry(path) };
    vec![folder(&["d"]), file_entry(&["d", "x"], SIZE as u64), folder(&["d", "empty"])]
}

/// A scripted sender whose transfer was accepted.
pub(crate) struct Sent {
    pub(crate) anna: Identity,
    pub(crate) caller: Scripted,
    pub(crate) key: TransferKey,
    entries: Vec<Entry>,
}

impl Sent {
    pub(crate) fn to(b: &mut Station, entries: Vec<Entry>) -> Self {
        Self::listening(b, entries, None)
    }

    /// One that says that it can be called at this port.
    pub(crate) fn listening(b: &mut Station, entries: Vec<Entry>, port: Option<u16>) -> Self {
        let anna = new_identity();
        let mut caller = Scripted::dial_as(b.port, &anna);
        let Message::Hello(hello) = caller.hello() else { panic!("no hello") };
        caller.say(&Message::Hello(Hello { port, ..hello }));
        assert!(matches!(caller.hear(), Some(Message::Hello(_))));
        caller.offer_only(entries.clone());
        let key = b.accept();
        caller.hear_accept(u32::try_from(entries.len()).unwrap());
        Self { anna, caller, key, entries }
    }

    /// Sends the file and waits for all receipts.
    pub(crate) fn all(&mut self) {
        self.caller.file_and_seal(1, &seeded(1, SIZE));
        self.receipts(self.entries.len());
    }

    /// Its connection is lost before it has said that it is done.
    pub(crate) fn lost(&mut self) {
        self.all();
        self.caller.hang_up();
    }

    pub(crate) fn receipts(&mut self, count: usize) {
        for _ in 0..count {
            match self.caller.hear() {
                Some(Message::Receipt(receipt)) => assert_eq!(receipt.state, ReceiptState::Verified),
                other => panic!("{other:?}"),
            }
        }
    }

    /// Comes back with a higher epoch.
    pub(crate) fn again(&self, b: &Station, epoch: u32) -> Scripted {
        let frames = self.caller.offer_bytes(self.entries.clone());
        let mut digest = sealdrop::wire::entries::ManifestDigest::new();
        frames.iter().skip(1).for_each(|frame| digest.add_frame(frame));
        let files = self.entries.iter().filter(|entry| entry.is_file()).count() as u64;
        let mut back = Scripted::dial_as(b.port, &self.anna);
        back.greet();
        back.say(&Message::Offer(Offer {
            transfer: self.caller.id,
            epoch,
            manifest: digest.finish(),
            files,
            folders: self.entries.len() as u64 - files,
            links: 0,
            bytes: files * SIZE as u64,
            message: None,
            again: Some(true),
        }));
        back
    }
}

/// The receiver was about to tell a sender who has said `done` that it knows: so many entries failed.
fn knows(profile: &Profile, key: TransferKey, failed: u64) {
    let (landing, _terms, _recovered) = Landing::reopen(profile, key.id).unwrap();
    landing.note_ended(failed).unwrap();
}

pub(crate) fn history(station: &mut Station) -> Vec<HistoryEntry> {
    let asked = HistoryAsked { search: String::new(), with: None, limit: 10 };
    station.say(Command::LoadHistory(asked.clone()));
    station.wait("the history", |event| match event {
        Event::History(found) if found.asked == asked => Some(found.entries.clone()),
        _ => None,
    })
}

fn has_come_whole(b: &mut Station, key: TransferKey) {
    let ending = b.ending(key);
    assert_eq!((ending.outcome, ending.files, ending.bytes), (Outcome::Verified, 1, SIZE as u64));
    nothing_left(b);
    let [entry] = history(b).try_into().expect("one entry");
    assert_eq!((entry.key, entry.outcome, entry.list.len()), (key, Outcome::Verified, 1));
    assert_eq!(entry.list[0].md5, Some(md5_of(&seeded(1, SIZE))));
    for folder in ["d", "d/empty"] {
        let time = fs::metadata(b.received().join(folder)).unwrap().modified().unwrap();
        assert_eq!(time.duration_since(UNIX_EPOCH).unwrap().as_nanos(), u128::try_from(TIME).unwrap(), "{folder}");
    }
}

#[test]
fn a_receiver_killed_when_both_knew_the_end_has_it_when_it_is_back() {
    let mut b = Station::new("b");
    let mut sent = Sent::to(&mut b, entries());
    sent.lost();
    let mut b = b.kill_and("b", |profile| knows(profile, sent.key, 0));
    has_come_whole(&mut b, sent.key);
    let ends = b.file_ends(sent.key).iter().filter(|end| end.state == FileState::Verified).count();
    assert_eq!(ends, 3, "each is told once");
    // A sender that has not read the echo knows as well, as it has all receipts.
    assert_eq!(sent.again(&b, 2).hear_abort().code, ReasonCode::UnknownTransfer);
}

#[test]
fn a_receiver_killed_between_its_history_and_its_profile_has_one_entry() {
    let mut b = Station::new("b");
    let mut sent = Sent::to(&mut b, entries());
    sent.lost();
    let aside = tempfile::tempdir().unwrap();
    let mut b = b.kill_and("b", |profile| {
        knows(profile, sent.key, 0);
        copy_all(&profile.running_folder(), aside.path());
    });
    has_come_whole(&mut b, sent.key);
    let mut b = b.kill_and("b", |profile| copy_all(aside.path(), &profile.running_folder()));
    has_come_whole(&mut b, sent.key);
}

#[test]
fn a_receiver_killed_when_both_knew_of_failures_has_them_when_it_is_back() {
    let mut b = Station::new("b");
    let mut sent = Sent::to(&mut b, entries());
    sent.caller.say(&Message::Failed { index: 1, reason: Reason::bare(ReasonCode::Unreadable) });
    sent.receipts(2);
    sent.caller.hang_up();
    let mut b = b.kill_and("b", |profile| knows(profile, sent.key, 1));
    let ending = b.ending(sent.key);
    assert_eq!((ending.outcome, ending.files), (Outcome::Failed, 0));
    assert_eq!(history(&mut b).len(), 1);
    // It can still be sent again.
    let mut back = sent.again(&b, 2);
    assert!(matches!(back.hear(), Some(Message::Answer(Answer::Accept { .. }))));
    let Some(Message::Plan { items, .. }) = back.hear() else { panic!("no plan") };
    assert!(items.iter().all(|item| item.want == Want::Send));
    sent.caller = back;
    sent.all();
    sent.caller.say(&Message::Done);
    assert_eq!(b.ending(sent.key).outcome, Outcome::Verified);
    nothing_left(&b);
}

#[test]
fn a_receiver_says_that_it_knows_the_end_only_when_it_will_after_a_kill() {
    for _ in 0..5 {
        let mut b = Station::new("b");
        let mut all = entries();
        all.extend((0..500).map(|at| Entry { mtime: Some(TIME), ..folder_entry(&["d", &format!("{at}")]) }));
        let mut sent = Sent::to(&mut b, all);
        sent.all();
        sent.caller.say(&Message::Done);
        assert_eq!(sent.caller.hear(), Some(Message::Done));
        // As they stand at this moment: the agreement is the first to go, and what the history says comes before.
        let aside = tempfile::tempdir().unwrap();
        copy_all(&b.profile().running_folder(), aside.path());
        let is_kept = b.profile().running_folder().join(format!("{}.in", sent.key.id)).exists();
        sent.caller.hang_up();
        let mut b = b.kill_and("b", |profile| {
            fs::remove_dir_all(profile.running_folder()).unwrap();
            fs::create_dir(profile.running_folder()).unwrap();
            if is_kept {
                copy_all(aside.path(), &profile.running_folder());
            }
        });
        if is_kept {
            assert_eq!(b.ending(sent.key).outcome, Outcome::Verified);
        }
        nothing_left(&b);
        assert_eq!(history(&mut b).len(), 1);
    }
}

#[test]
fn a_sender_that_is_gone_when_it_has_all_receipts_keeps_nobody_waiting() {
    let mut b = Station::new("b");
    let mut sent = Sent::to(&mut b, entries());
    sent.all();
    sent.caller.say(&Message::Done);
    sent.caller.hang_up();
    has_come_whole(&mut b, sent.key);
}

#[test]
fn a_cancel_when_both_know_the_end_comes_too_late() {
    let mut b = Station::new("b");
    let mut all = entries();
    all.extend((0..2000).map(|at| Entry { mtime: Some(TIME), ..folder_entry(&["d", &format!("{at}")]) }));
    let mut sent = Sent::to(&mut b, all);
    sent.all();
    sent.caller.say(&Message::Done);
    assert_eq!(sent.caller.hear(), Some(Message::Done));
    b.say(Command::Cancel(sent.key));
    has_come_whole(&mut b, sent.key);
}

#[test]
fn an_empty_folder_stays_when_a_file_beside_it_could_not_be_sent_and_never_can() {
    let mut b = Station::new("b");
    let mut sent = Sent::to(&mut b, entries());
    sent.caller.say(&Message::Failed { index: 1, reason: Reason::bare(ReasonCode::Changed) });
    sent.receipts(2);
    sent.caller.say(&Message::Done);
    assert_eq!(b.ending(sent.key).outcome, Outcome::Failed);
    nothing_left(&b);
    assert!(b.received().join("d/empty").is_dir(), "it was told to be there");
}

/// A sender has said `done` to a receiver, and is killed before it hears that this knows: its end is known all the same, and told
/// without another word to anybody.
fn killed_after_done(request: impl FnOnce(&mut Station, &Door) -> TransferKey, answer: impl FnOnce(&mut Scripted)) {
    let (door, receiver) = (Door::open(), new_identity());
    let mut a = Station::new("a");
    let sending = request(&mut a, &door);
    assert_eq!(sending.direction, Direction::Outgoing);
    let mut first = door.accept_as(&receiver);
    let count = u32::try_from(first.hear_offer().len()).unwrap();
    first.say(&Message::Answer(Answer::Accept { ahead: None, together: None }));
    if count > 0 {
        let items = vec![sealdrop::wire::header::PlanItem { first: 0, count, want: Want::Send }];
        first.say(&Message::Plan { items, done: Vec::new() });
    }
    answer(&mut first);
    assert_eq!(first.hear(), Some(Message::Done));
    first.hang_up();
    let mut a = a.kill("a");
    assert_eq!(a.ending(sending).outcome, Outcome::Verified);
    assert_eq!(history(&mut a).len(), 1);
    nothing_left(&a);
    assert!(!door.is_called(), "nothing is offered, neither again nor anew");
}

fn receipt(index: u32, md5: Option<Md5Digest>) -> Message {
    Message::Receipt(Receipt { index, state: ReceiptState::Verified, md5 })
}

#[test]
fn a_sender_killed_after_its_last_word_knows_what_was_verified() {
    let bytes = seeded(1, SIZE);
    let md5 = Some(md5_of(&bytes));
    killed_after_done(
        |a, door| {
            let source = a.file("x", &bytes);
            a.send_to(door.address(), &[&source], false)
        },
        |receiver| {
            while !matches!(receiver.hear(), Some(Message::File { .. })) {}
            crate::survives_hostile::read_body(receiver);
            assert!(matches!(receiver.hear(), Some(Message::Seal { .. })));
            receiver.say(&receipt(0, md5));
        },
    );
}

#[test]
fn a_sender_of_folders_killed_after_its_last_word_does_not_begin_anew() {
    killed_after_done(
        |a, door| {
            let source = a.home.path().join("d");
            fs::create_dir_all(source.join("empty")).unwrap();
            a.send_to(door.address(), &[&source], false)
        },
        |receiver| (0..2).for_each(|index| receiver.say(&receipt(index, None))),
    );
}

#[test]
fn a_message_whose_sender_is_killed_after_its_last_word_is_not_told_twice() {
    killed_after_done(
        |a, door| a.request(door.address(), &[], |request| request.message = Some("hello".to_owned())),
        |_receiver| {},
    );
}

/// A receiver that gets all of one file, and says `last` to that.
pub(crate) fn takes_one(door: &Door, last: Option<Message>) -> Scripted {
    let mut receiver = door.accept();
    receiver.hear_offer();
    receiver.accept_all(1);
    while !matches!(receiver.hear(), Some(Message::File { .. })) {}
    crate::survives_hostile::read_body(&mut receiver);
    assert!(matches!(receiver.hear(), Some(Message::Seal { .. })));
    if let Some(last) = last {
        receiver.say(&last);
        assert_eq!(receiver.hear(), Some(Message::Done));
    }
    receiver
}

/// A sender that tries again soon, of one file to a receiver that has got all of it and says `last`.
fn sent_all(door: &Door, last: Option<Message>) -> (Station, TransferKey, Scripted) {
    let a = Station::limited("a", |limits| {
        (limits.retry, limits.retry_most) = (Duration::from_millis(10), Duration::from_millis(20));
    });
    let source = a.file("x", &seeded(1, SIZE));
    let sending = a.send_to(door.address(), &[&source], false);
    let receiver = takes_one(door, last);
    (a, sending, receiver)
}

#[test]
fn a_sender_with_all_receipts_ends_though_its_receiver_is_gone_before_its_last_word() {
    let verified = receipt(0, Some(md5_of(&seeded(1, SIZE))));
    let other = Message::Receipt(Receipt { index: 0, state: ReceiptState::Mismatch, md5: Some(md5_of(b"other")) });
    for (last, outcome) in [(verified, Outcome::Verified), (other, Outcome::Failed)] {
        let door = Door::open();
        let (mut a, sending, receiver) = sent_all(&door, Some(last));
        drop(door);
        receiver.hang_up();
        assert_eq!(a.ending(sending).outcome, outcome);
        if outcome == Outcome::Verified {
            nothing_left(&a);
        }
    }
}

#[test]
fn a_sender_without_a_receipt_does_not_end_while_its_receiver_is_away() {
    let door = Door::open();
    let (mut a, sending, receiver) = sent_all(&door, None);
    receiver.hang_up();
    for _ in 0..12 {
        drop(door.accept_plain());
    }
    let is_over = |event: &Event| matches!(event, Event::Snapshot(it) if matches!(it.stage, Stage::Ended(_)));
    a.seen.extend(a.engine.events().try_iter());
    assert!(!a.seen.iter().any(is_over));
    a.say(Command::Cancel(sending));
    assert_eq!(a.ending(sending).outcome, Outcome::Cancelled);
}

#[test]
fn a_receiver_whose_sender_has_ended_untold_ends_in_the_same_way() {
    let door = Door::open();
    let mut b = Station::limited("b", |limits| limits.retry = Duration::from_millis(10));
    let mut sent = Sent::listening(&mut b, entries(), Some(door.address().port));
    sent.caller.say(&Message::Failed { index: 1, reason: Reason::bare(ReasonCode::Unreadable) });
    sent.receipts(2);
    sent.caller.hang_up();
    let mut asked = door.accept_as(&sent.anna);
    asked.greet_back();
    assert!(matches!(asked.hear(), Some(Message::Want { .. })));
    let reason = Reason::bare(ReasonCode::UnknownTransfer);
    asked.say(&Message::Abort(Abort { reason, ours: None, theirs: None }));
    assert_eq!(b.ending(sent.key).outcome, Outcome::Failed);
    assert_eq!(history(&mut b).len(), 1);
    let [Ok(kept)] = &kept::incoming(&b.profile())[..] else { panic!("it can be sent again") };
    assert!(kept.recovered.over, "after a restart it would wait for a sender that has ended");
}
