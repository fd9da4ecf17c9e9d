//! What is said and asked, over an engine that only says what it is told to say.

mod comparing;
mod going_on;
mod offers;

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
