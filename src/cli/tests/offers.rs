//! Offers, who answers them, and what is told around them.

use super::*;

#[test]
fn only_verified_devices_are_taken_by_the_verified() {
    let verified = Peer { verified: true, ..laptop() };
    let plain = Peer { classic: true, encrypted: false, key: None, ..verified.clone() };
    for (peer, taken) in [(verified, true), (laptop(), false), (plain, false)] {
        let far = Far::desk(Judge::Verified, false);
        far.offer(peer);
        let answer = far.answered();
        assert_eq!((answer.accepted.is_some(), answer.detail.is_none()), (taken, taken), "{answer:?}");
        assert!(taken || answer.detail.as_deref() == Some("only verified devices are taken there"));
        // Nobody has seen it: no code may be agreed on.
        assert_eq!(far.shown(), "offer");
        assert!(far.is_quiet());
    }
}

#[test]
fn a_code_is_not_agreed_on_where_nobody_looks() {
    for judge in [Judge::All, Judge::Nobody] {
        let far = Far::desk(judge, false);
        far.offer(laptop());
        assert_eq!(far.answered().accepted.is_some(), judge == Judge::All);
        assert_eq!(far.shown(), "offer");
        far.comparison(Direction::Incoming, ComparisonState::Waiting);
        far.cancels(Direction::Incoming);
        assert!(far.is_quiet());
    }
}

#[test]
fn person_sees_the_code_and_verifies_while_accepting() {
    let far = Far::desk(Judge::Person, true);
    far.offer(laptop());
    let question = far.shown();
    assert!(question.starts_with("ask Laptop (10.0.0.1:5, not verified) sends a message"), "{question}");
    assert!(question.ends_with("Accept? [y/N] "), "{question}");
    far.show_code();
    // Nothing can be compared yet.
    far.say("v");
    assert_eq!(far.shown(), "ask Accept? Type y or n: ");
    far.snapshot(Direction::Incoming, Stage::Waiting, Some(123_456));
    assert_eq!(far.shown(), "code 123456");
    let with_code = far.shown();
    assert!(with_code.contains("Code 123 456: the other screen must show the same"), "{with_code}");
    // Too soon to have been compared.
    far.say_at_once("v");
    assert!(far.shown().starts_with("ask Accept? Type y, n, or v"));
    far.say("v");
    far.verifies();
    assert!(far.answered().accepted.is_some());
    assert_eq!(far.shown(), "answered");
    far.tell(book());
    assert_eq!(far.shown(), "verified Laptop");
    far.snapshot(Direction::Incoming, ended(Outcome::Verified, None), Some(123_456));
    assert_eq!(far.shown(), "finished verified");
    assert_eq!(far.ended(), Exit::Done);
}

#[test]
fn a_code_that_comes_below_the_question_does_not_cost_the_answer() {
    for (line, accepted) in [("y", true), ("n", false), ("", false)] {
        let far = Far::desk(Judge::Person, false);
        far.offer(laptop());
        assert!(far.shown().ends_with("Accept? [y/N] "));
        far.show_code();
        std::thread::sleep(READING_TIME);
        far.snapshot(Direction::Incoming, Stage::Waiting, Some(123_456));
        assert_eq!(far.shown(), "code 123456");
        assert!(far.shown().contains("Code 123 456"));
        // The offer was read before; the code is for those who want to compare it.
        far.say_at_once(line);
        assert_eq!(far.shown(), "answered", "{line:?}");
        assert_eq!(far.answered().accepted.is_some(), accepted, "{line:?}");
        assert!(far.is_quiet());
    }
}

#[test]
fn plain_programs_are_asked_about_without_a_code() {
    let far = Far::desk(Judge::Person, false);
    far.offer(Peer { classic: true, encrypted: false, key: None, ..laptop() });
    assert!(far.shown().contains("not encrypted, plain protocol"));
    far.say("v");
    assert_eq!(far.shown(), "ask Accept? Type y or n: ");
    far.say("n");
    assert_eq!(far.shown(), "answered");
    let answer = far.answered();
    assert!(answer.accepted.is_none() && answer.detail.is_none());
    assert!(far.is_quiet());
}

#[test]
fn script_verifies_first_and_accepts_then() {
    let far = Far::desk(Judge::Script, false);
    far.offer(laptop());
    assert_eq!(far.shown(), "offer");
    far.show_code();
    far.answer("verify");
    assert!(far.shown().contains("its code is not known yet"));
    for _ in 0..2 {
        far.snapshot(Direction::Incoming, Stage::Waiting, Some(42));
    }
    assert_eq!(far.shown(), "code 000042");
    far.answer("verify");
    far.verifies();
    // The code came twice and was told once; the offer goes on waiting.
    assert!(far.is_quiet());
    far.tell(Event::DevicesNotSaved(Reason::bare(ReasonCode::DiskFull)));
    assert!(far.shown().starts_with("complaint the list of devices could not be changed"));
    far.answer("accept");
    assert!(far.answered().accepted.is_some());
}

#[test]
fn a_code_that_comes_with_the_end_is_told_before_it() {
    let far = Far::desk(Judge::Script, false);
    far.offer(laptop());
    far.show_code();
    far.snapshot(Direction::Incoming, ended(Outcome::Cancelled, None), Some(1));
    assert_eq!([far.shown(), far.shown(), far.shown()], ["offer", "code 000001", "finished cancelled"]);
}

#[test]
fn a_transfer_that_a_rule_accepted_counts_as_the_one() {
    let far = Far::desk(Judge::Person, true);
    let mut snapshot = TransferSnapshot::new(key(Direction::Incoming), laptop(), Stage::Moving, None);
    snapshot.folder = Some("/srv/drop".into());
    far.tell(Event::Snapshot(snapshot.clone()));
    snapshot.stage = ended(Outcome::Verified, None);
    far.tell(Event::Snapshot(snapshot));
    assert_eq!(far.ended(), Exit::Done);
}

#[test]
fn listening_comes_before_the_key() {
    let far = Far::desk(Judge::All, false);
    far.tell(Event::Identity(KEY));
    far.tell(Event::Listening { address: SocketAddr::from(([0, 0, 0, 0], 1)), reachable_at: Vec::new() });
    assert_eq!([far.shown(), far.shown()], ["listening".to_owned(), format!("identity {KEY}")]);
    far.tell(Event::DevicesDamaged { kept_at: "/p/devices.damaged-1.json".into() });
    assert!(far.shown().contains("devices.damaged-1.json"));
}
