//! Two codes that are compared without an offer: at the desk of who receives, and by who asks for it.

use super::*;

#[test]
fn who_stops_a_comparison_need_not_have_read_its_code() {
    let far = Far::desk(Judge::Person, false);
    far.comparison(Direction::Incoming, ComparisonState::Waiting);
    assert_eq!(far.shown(), "comparison waiting");
    assert!(far.shown().contains("wants to compare codes"));
    far.show_code();
    std::thread::sleep(READING_TIME);
    far.comparison(Direction::Incoming, ComparisonState::Code(ShortCode::from_number(123_456)));
    assert_eq!(far.shown(), "comparison code 123456");
    assert!(far.shown().contains("Code 123 456\n"));
    // Whoever confirms a code has to have read it.
    for yes in ["y", "v"] {
        far.say_at_once(yes);
        assert_eq!(far.shown(), "ask Is it the same code? Type y or n: ");
    }
    far.say_at_once("n");
    assert_eq!(far.shown(), "answered");
    far.cancels(Direction::Incoming);
    assert!(far.is_quiet());
}

#[test]
fn person_compares_codes_with_who_asks_for_it() {
    let far = Far::desk(Judge::Person, false);
    far.comparison(Direction::Incoming, ComparisonState::Waiting);
    assert_eq!(far.shown(), "comparison waiting");
    assert!(far.shown().starts_with("ask Laptop (10.0.0.1:5, not verified) wants to compare codes"));
    far.show_code();
    far.say("y");
    assert_eq!(far.shown(), "ask Waiting for the code; type n to stop: ");
    far.comparison(Direction::Incoming, ComparisonState::Code(ShortCode::from_number(123_456)));
    assert_eq!(far.shown(), "comparison code 123456");
    assert!(far.shown().contains("Code 123 456\n"));
    far.say("y");
    assert_eq!(far.shown(), "answered");
    far.verifies();
    assert!(far.is_quiet());
    far.tell(book());
    assert_eq!(far.shown(), "verified Laptop");
}

#[test]
fn questions_wait_for_each_other_and_their_codes_too() {
    let far = Far::desk(Judge::Person, false);
    far.comparison(Direction::Incoming, ComparisonState::Waiting);
    assert_eq!(far.shown(), "comparison waiting");
    assert!(far.shown().contains("wants to compare codes"));
    far.show_code();
    let mut other = TransferSnapshot::new(key(Direction::Incoming), laptop(), Stage::Waiting, None);
    other.key.id = TransferId([8; 16]);
    let reply = OfferReply::new(other.key, far.answer.clone());
    let (preflight, expires) = (Arc::new(Preflight::default()), Instant::now() + LIMIT);
    far.tell(Event::Offered(IncomingOffer { snapshot: other, preflight, expires, reply }));
    assert!(far.is_quiet());
    let reason = Reason::there(ReasonCode::Cancelled, None);
    far.comparison(Direction::Incoming, ComparisonState::Ended(reason));
    assert_eq!(far.shown(), "comparison ended");
    assert_eq!(far.shown(), "complaint the codes were not compared with Laptop: Cancelled on the other device");
    assert_eq!(far.shown(), "answered");
    assert!(far.shown().contains("sends a message"));
    assert!(matches!(far.asked_for(), Command::ShowCode(key) if key.id == TransferId([8; 16])));
}

#[test]
fn script_answers_comparisons_with_verify_or_decline() {
    for (word, verified) in [("verify", true), ("decline", false)] {
        let far = Far::desk(Judge::Script, false);
        far.comparison(Direction::Incoming, ComparisonState::Waiting);
        assert_eq!(far.shown(), "comparison waiting");
        far.show_code();
        far.answer("verify");
        assert!(far.shown().contains("its code is not known yet"));
        far.comparison(Direction::Incoming, ComparisonState::Code(ShortCode::from_number(5)));
        assert_eq!(far.shown(), "comparison code 000005");
        far.answer("accept");
        assert!(far.shown().contains(r#""verify" or "decline""#));
        far.answer(word);
        if verified {
            far.verifies();
        } else {
            far.cancels(Direction::Incoming);
        }
        far.answer("verify");
        assert!(far.shown().contains("no such offer"));
        assert!(far.is_quiet());
    }
}

#[test]
fn the_end_of_standard_input_declines_and_stops_comparing() {
    let mut far = Far::desk(Judge::Script, false);
    far.comparison(Direction::Incoming, ComparisonState::Waiting);
    assert_eq!(far.shown(), "comparison waiting");
    far.show_code();
    far.lines = None;
    far.cancels(Direction::Incoming);
    far.offer(laptop());
    assert_eq!(far.answered().detail.as_deref(), Some("nobody can be asked there"));
}

#[test]
fn the_same_codes_verify() {
    for by_script in [false, true] {
        let far = Far::table(by_script);
        // What stood in the book before is no answer.
        far.tell(book());
        far.comparison(Direction::Outgoing, ComparisonState::Connecting);
        far.comparison(Direction::Outgoing, ComparisonState::Waiting);
        far.comparison(Direction::Outgoing, ComparisonState::Waiting);
        far.comparison(Direction::Outgoing, ComparisonState::Code(ShortCode::from_number(123_456)));
        let shown = [far.shown(), far.shown(), far.shown()];
        assert_eq!(shown, ["comparison connecting", "comparison waiting", "comparison code 123456"]);
        if by_script {
            far.answer("verify");
        } else {
            assert!(far.shown().starts_with("ask Code 123 456\n"));
            far.say("perhaps");
            assert_eq!(far.shown(), "ask Is it the same code? Type y or n: ");
            far.say("y");
        }
        far.verifies();
        assert_eq!(far.shown(), "answered");
        far.tell(book());
        assert_eq!(far.shown(), "verified Laptop");
        assert_eq!(far.ended(), Exit::Done);
    }
}

#[test]
fn different_codes_or_silence_are_a_no() {
    for line in [Some("n"), Some(""), None] {
        let mut far = Far::table(false);
        far.comparison(Direction::Outgoing, ComparisonState::Code(ShortCode::from_number(1)));
        assert_eq!(far.shown(), "comparison code 000001");
        assert!(far.shown().starts_with("ask"));
        match line {
            Some(line) => far.say(line),
            None => far.lines = None,
        }
        far.cancels(Direction::Outgoing);
        assert_eq!(far.ended(), Exit::Declined);
    }
}

#[test]
fn a_yes_before_the_code_can_be_read_is_none() {
    let far = Far::table(true);
    far.answer("verify");
    assert!(far.shown().contains("the code is not known yet"));
    far.say_at_once(r#"{"transfer":"00000000000000000000000000000000","answer":"verify"}"#);
    assert!(far.shown().contains("no such comparison"));
    let far = Far::table(false);
    far.say_at_once("y");
    far.has_heard_all();
    far.comparison(Direction::Outgoing, ComparisonState::Code(ShortCode::from_number(1)));
    assert_eq!(far.shown(), "comparison code 000001");
    assert!(far.shown().starts_with("ask Code"));
    far.say_at_once("y");
    assert_eq!(far.shown(), "ask Is it the same code? Type y or n: ");
    assert!(far.is_quiet());
}

#[test]
fn why_nothing_was_compared_decides_the_code() {
    for (reason, exit) in [
        (Reason::there(ReasonCode::Cancelled, None), Exit::Declined),
        (Reason::bare(ReasonCode::Refused), Exit::NotReachable),
        (Reason::bare(ReasonCode::WrongKey), Exit::Failed),
    ] {
        let far = Far::table(true);
        far.comparison(Direction::Outgoing, ComparisonState::Ended(reason));
        assert_eq!(far.shown(), "comparison ended");
        assert!(far.shown().starts_with("complaint "));
        assert_eq!(far.ended(), exit);
    }
}

#[test]
fn what_was_not_stored_is_not_verified() {
    let far = Far::table(true);
    far.comparison(Direction::Outgoing, ComparisonState::Code(ShortCode::from_number(1)));
    assert_eq!(far.shown(), "comparison code 000001");
    far.answer("verify");
    far.verifies();
    far.tell(Event::DevicesNotSaved(Reason::bare(ReasonCode::DiskFull)));
    assert_eq!(far.ended(), Exit::Failed);
}
