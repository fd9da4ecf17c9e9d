//! What is said and asked, over an engine that only says what it is told to say.

mod going_on;

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::{
    answers::READING_TIME,
    desk::{Desk, Judge, Wishes},
    exit::Exit,
    session::{Door, Session},
    show::Show,
    standing::Standing,
    verify::Table,
};
use crate::{
    engine::messages::{
        Command, ComparisonSnapshot, ComparisonState, Event, IncomingOffer, KeyWarning, OfferAnswer, OfferReply,
    },
    model::{
        book::{KnownDevice, Rule, Trusted},
        device::Peer,
        device_key::DeviceKey,
        outcome::{Ending, FileEnd, Outcome},
        preflight::Preflight,
        reason::{Reason, ReasonCode},
        short_code::ShortCode,
        transfer::{Direction, Stage, TransferId, TransferKey, TransferSnapshot},
    },
    storage::sources::LeftOut,
};

const ROOM: usize = 64;
const LIMIT: Duration = Duration::from_secs(30);
const KEY: DeviceKey = DeviceKey([0xab; 32]);

/// Tells the test what was shown, as short words.
struct Told(Sender<String>);

impl Told {
    fn tell(&self, text: impl Into<String>) {
        self.0.send(text.into()).unwrap();
    }
}

impl Show for Told {
    fn listening(&mut self, _address: SocketAddr, _reachable_at: &[IpAddr]) {
        self.tell("listening");
    }
    fn offered(&mut self, _offer: &IncomingOffer) {
        self.tell("offer");
    }
    fn stands(&mut self, _snapshot: &TransferSnapshot) {}
    fn state(&mut self, _snapshot: &TransferSnapshot, standing: &Standing) {
        self.tell(format!("state {:?}", standing.state).to_lowercase());
    }
    fn started_again(&mut self, _snapshot: &TransferSnapshot, index: u32) {
        self.tell(format!("restarted {index}"));
    }
    fn left_out(&mut self, _snapshot: &TransferSnapshot, _left_out: &[LeftOut]) {}
    fn file_ended(&mut self, _snapshot: &TransferSnapshot, _end: &FileEnd) {}
    fn finished(&mut self, _snapshot: &TransferSnapshot, ending: &Ending) {
        self.tell(format!("finished {}", ending.outcome.word()));
    }
    fn identity(&mut self, key: &DeviceKey) {
        self.tell(format!("identity {key}"));
    }
    fn code(&mut self, _snapshot: &TransferSnapshot, code: ShortCode) {
        self.tell(format!("code {code}"));
    }
    fn comparison(&mut self, comparison: &ComparisonSnapshot) {
        self.tell(match &comparison.state {
            ComparisonState::Connecting => "comparison connecting".to_owned(),
            ComparisonState::Waiting => "comparison waiting".to_owned(),
            ComparisonState::Code(code) => format!("comparison code {code}"),
            ComparisonState::Ended(_) => "comparison ended".to_owned(),
        });
    }
    fn verified(&mut self, device: &KnownDevice) {
        self.tell(format!("verified {}", device.name));
    }
    fn wrong_key(&mut self, warning: &KeyWarning) {
        self.tell(format!("wrong key {}", warning.name));
    }
    fn ask(&mut self, _about: TransferKey, question: &str, _again: &'static str) {
        self.tell(format!("ask {question}"));
    }
    fn answered(&mut self) {
        self.tell("answered");
    }
    fn complain(&mut self, sentence: &str) {
        self.tell(format!("complaint {sentence}"));
    }
}

/// The far ends of a command that runs on a thread of its own.
struct Far {
    commands: Receiver<Command>,
    events: Sender<Event>,
    lines: Option<Sender<String>>,
    told: Receiver<String>,
    answer: Sender<OfferAnswer>,
    answers: Receiver<OfferAnswer>,
    end: Receiver<Result<Exit, String>>,
    interrupts: Sender<()>,
}

impl Far {
    fn start(work: impl FnOnce(Session) -> Result<Exit, super::exit::Problem> + Send + 'static) -> Self {
        let (to_engine, commands) = bounded(ROOM);
        let (events, heard) = bounded(ROOM);
        let (lines, typed) = bounded(ROOM);
        let (telling, told) = bounded(ROOM);
        let (answer, answers) = bounded(ROOM);
        let (ending, end) = bounded(1);
        let (interrupts, interrupted) = bounded(1);
        std::thread::Builder::new()
            .spawn(move || {
                let door = Door { commands: to_engine, events: heard, engine: None };
                let mut session = Session::over(door, Box::new(Told(telling)), interrupted);
                session.hear_lines(typed);
                ending.send(work(session).map_err(|problem| problem.sentence)).unwrap();
            })
            .unwrap();
        Self { commands, events, lines: Some(lines), told, answer, answers, end, interrupts }
    }

    fn desk(judge: Judge, once: bool) -> Self {
        Self::desk_with(judge, Wishes { once, existing: None })
    }

    fn desk_with(judge: Judge, wishes: Wishes) -> Self {
        Self::start(move |session| {
            let mut desk = Desk::new(session, judge, wishes);
            let exit = desk.work();
            desk.close();
            exit
        })
    }

    fn table(by_script: bool) -> Self {
        Self::start(move |session| Table::new(session, key(Direction::Outgoing), by_script).work())
    }

    fn tell(&self, event: Event) {
        self.events.send_timeout(event, LIMIT).unwrap();
    }

    fn offer(&self, peer: Peer) {
        self.offer_of(key(Direction::Incoming).id, peer);
    }

    fn offer_of(&self, id: TransferId, peer: Peer) {
        let key = TransferKey { id, direction: Direction::Incoming };
        let snapshot = TransferSnapshot::new(key, peer, Stage::Waiting, None);
        let reply = OfferReply::new(key, self.answer.clone());
        self.tell(Event::Snapshot(snapshot.clone()));
        let expires = Instant::now() + LIMIT;
        self.tell(Event::Offered(IncomingOffer {
            snapshot,
            preflight: Arc::new(Preflight::default()),
            expires,
            reply,
        }));
    }

    fn snapshot(&self, direction: Direction, stage: Stage, code: Option<u64>) {
        let mut snapshot = TransferSnapshot::new(key(direction), laptop(), stage, None);
        snapshot.code = code.map(ShortCode::from_number);
        self.tell(Event::Snapshot(snapshot));
    }

    fn comparison(&self, direction: Direction, state: ComparisonState) {
        self.tell(Event::Comparison(ComparisonSnapshot { key: key(direction), peer: laptop(), state }));
    }

    /// Types a line as somebody who has read what is asked.
    fn say(&self, line: &str) {
        std::thread::sleep(READING_TIME);
        self.say_at_once(line);
    }

    fn say_at_once(&self, line: &str) {
        self.lines.as_ref().unwrap().send_timeout(line.to_owned(), LIMIT).unwrap();
    }

    /// Waits until no line is left to be heard.
    fn has_heard_all(&self) {
        let deadline = Instant::now() + LIMIT;
        while !self.lines.as_ref().unwrap().is_empty() {
            assert!(Instant::now() < deadline);
            std::thread::yield_now();
        }
    }

    fn answer(&self, word: &str) {
        let id = key(Direction::Incoming).id;
        self.say_at_once(&format!(r#"{{"transfer":"{id}","answer":"{word}"}}"#));
    }

    fn order(&self, command: &str) {
        let id = key(Direction::Incoming).id;
        self.say_at_once(&format!(r#"{{"transfer":"{id}","command":"{command}"}}"#));
    }

    /// The next thing that is shown.
    fn shown(&self) -> String {
        self.told.recv_timeout(LIMIT).unwrap()
    }

    fn asked_for(&self) -> Command {
        self.commands.recv_timeout(LIMIT).unwrap()
    }

    fn answered(&self) -> OfferAnswer {
        self.answers.recv_timeout(LIMIT).unwrap()
    }

    fn ended(&self) -> Exit {
        // The engine that was told to stop has stopped, unless the test has said so already.
        self.events.try_send(Event::Stopped).ok();
        self.end.recv_timeout(LIMIT).unwrap().unwrap()
    }

    /// Whether nothing was shown, asked for or answered up to an event that comes after all others.
    fn is_quiet(&self) -> bool {
        self.tell(Event::WrongKey(warning()));
        self.shown() == "wrong key Laptop" && self.commands.is_empty() && self.answers.is_empty()
    }

    fn show_code(&self) {
        let command = self.asked_for();
        assert!(matches!(command, Command::ShowCode(of) if of == key(Direction::Incoming)), "{command:?}");
    }

    fn verifies(&self) {
        match self.asked_for() {
            Command::Verify { key, name, address } => {
                assert_eq!((key, name.as_str(), address), (KEY, "Laptop", "laptop:9527".parse().ok()));
            }
            other => panic!("{other:?}"),
        }
    }

    fn cancels(&self, direction: Direction) {
        let command = self.asked_for();
        assert!(matches!(command, Command::Cancel(of) if of == key(direction)), "{command:?}");
    }
}

fn key(direction: Direction) -> TransferKey {
    TransferKey { id: TransferId([7; 16]), direction }
}

fn laptop() -> Peer {
    let (key, dial) = (Some(KEY), "laptop:9527".parse().ok());
    Peer { name: "Laptop".to_owned(), encrypted: true, key, dial, ..Peer::at("10.0.0.1:5".to_owned(), false) }
}

fn warning() -> KeyWarning {
    let (name, address) = ("Laptop".to_owned(), "10.0.0.1:5".to_owned());
    KeyWarning { name, expected: KEY, met: DeviceKey([0; 32]), met_name: None, address, direction: Direction::Incoming }
}

fn book() -> Event {
    let mut device = KnownDevice::at("laptop".parse().unwrap(), "Laptop".to_owned(), false, 0);
    device.trusted = Some(Trusted { key: KEY, since: 0, rule: Rule::Ask, conflict: None });
    Event::Devices(vec![KnownDevice::at("attic".parse().unwrap(), "Attic".to_owned(), false, 0), device])
}

fn ended(outcome: Outcome, reason: Option<ReasonCode>) -> Stage {
    let reason = reason.map(|code| Reason::there(code, None));
    Stage::Ended(Ending { outcome, reason, files: 0, bytes: 0, took: Duration::ZERO })
}

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
