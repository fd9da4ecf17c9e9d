//! `sealdrop receive`: listens, has each offer answered, and goes on until it is told to end.

use std::{
    collections::{HashSet, VecDeque},
    io::IsTerminal,
    time::{Duration, Instant},
};

use super::{
    answers,
    args::{Accept, Global, ReceiveArgs},
    exit::{Exit, Problem},
    prompt,
    session::{Heard, Session, Setup},
    show,
};
use crate::{
    engine::messages::{Acceptance, IncomingOffer},
    model::{
        manifest::Selection,
        outcome::Ending,
        reason::{Reason, ReasonCode},
        transfer::TransferKey,
    },
};

/// A line that was typed before a question could be read is no answer to it.
const READING_TIME: Duration = Duration::from_millis(500);

/// Receives until an interrupt, or with `--once` until the first accepted transfer has ended.
pub(super) fn run(global: &Global, arguments: ReceiveArgs) -> Result<Exit, Problem> {
    let (mut setup, _lock) = Setup::claim(global)?;
    if let Some(into) = arguments.into {
        setup.settings.receive_folder = into;
    }
    setup.settings.classic &= !arguments.no_classic;
    setup.settings.port = global.port.unwrap_or(setup.settings.port);
    warn_of_the_folder(&setup);
    let port = setup.settings.port;
    let judge = judge(arguments.accept, global.json);
    setup.attended = judge.listens();
    let mut session = Session::start(setup, global.json, Some(port))?;
    if judge.listens() {
        let lines = answers::lines().map_err(|error| Problem::failed(format!("no answers can be read: {error}")))?;
        session.hear_lines(lines);
    }
    let mut desk =
        Desk { session, judge, once: arguments.once, waiting: VecDeque::new(), accepted: HashSet::new(), asked: None };
    let exit = desk.work();
    desk.session.stop();
    exit
}

fn warn_of_the_folder(setup: &Setup) {
    let folder = &setup.settings.receive_folder;
    if !folder.is_dir() {
        show::complain(&format!(
            "the folder to save to is not there: {} (choose another with --into DIR)",
            show::clean_path(folder)
        ));
    }
}

/// Who answers offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Judge {
    All,
    Nobody,
    Person,
    Script,
}

impl Judge {
    fn listens(self) -> bool {
        matches!(self, Self::Person | Self::Script)
    }
}

fn judge(accept: Accept, json: bool) -> Judge {
    match accept {
        Accept::All => Judge::All,
        Accept::Ask if json => Judge::Script,
        Accept::Ask if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() => Judge::Person,
        Accept::Ask => {
            show::complain(
                "nobody can be asked here (no terminal), so every offer is declined; see --accept and --json",
            );
            Judge::Nobody
        }
    }
}

/// Where offers wait for their answer.
struct Desk {
    session: Session,
    judge: Judge,
    once: bool,
    waiting: VecDeque<IncomingOffer>,
    accepted: HashSet<TransferKey>,
    /// The offer that the person was asked about, and when.
    asked: Option<(TransferKey, Instant)>,
}

impl Desk {
    fn work(&mut self) -> Result<Exit, Problem> {
        loop {
            match self.session.next(None) {
                Heard::Ended(key, ending) => {
                    if let Some(exit) = self.ended(key, &ending) {
                        return Ok(exit);
                    }
                }
                Heard::Interrupted => return Ok(Exit::Cancelled),
                Heard::Line(Some(line)) => self.line(&line),
                Heard::Line(None) => self.no_more_answers(),
                Heard::NotListening(port, reason) => return Err(not_listening(port, &reason)),
                Heard::Offered(offer) => self.offered(*offer),
                Heard::Stopped => return Err(Problem::failed("the engine stopped unexpectedly")),
                Heard::TimeOver => {}
            }
        }
    }

    fn offered(&mut self, offer: IncomingOffer) {
        // A question holds it all.
        if self.judge != Judge::Person {
            self.session.show.offered(&offer);
        }
        if self.once && !self.accepted.is_empty() {
            return offer.reply.decline(Some("only one transfer is received there".to_owned()));
        }
        match self.judge {
            Judge::All => self.accept(offer),
            Judge::Nobody => offer.reply.decline(Some("nobody can be asked there".to_owned())),
            Judge::Person | Judge::Script => {
                self.waiting.push_back(offer);
                self.ask();
            }
        }
    }

    fn accept(&mut self, offer: IncomingOffer) {
        self.accepted.insert(offer.snapshot.key);
        let folder = offer.preflight.folder.clone();
        offer.reply.accept(Acceptance { folder, selection: Selection::All });
        if self.once {
            for other in self.waiting.drain(..) {
                other.reply.decline(Some("only one transfer is received there".to_owned()));
            }
        }
    }

    /// Puts the question of the offer that waits longest, unless it stands there already.
    fn ask(&mut self) {
        let Some(offer) = self.waiting.front().filter(|_| self.judge == Judge::Person) else { return };
        let key = offer.snapshot.key;
        if self.asked.is_none_or(|(asked, _)| asked != key) {
            self.session.show.ask(key, &prompt::question(offer));
            self.asked = Some((key, Instant::now()));
        }
    }

    fn line(&mut self, line: &str) {
        match self.judge {
            Judge::Person => self.person_says(line),
            _ => self.script_says(line),
        }
    }

    fn person_says(&mut self, line: &str) {
        let Some((key, at)) = self.asked else { return };
        match answers::yes_or_no(line) {
            Some(accept) if at.elapsed() >= READING_TIME => {
                self.asked = None;
                self.session.show.answered();
                self.answer(key, accept);
                self.ask();
            }
            _ => self.session.show.ask(key, prompt::AGAIN),
        }
    }

    fn script_says(&mut self, line: &str) {
        if line.is_empty() {
            return;
        }
        let answered = answers::parse(line).and_then(|answer| {
            let waiting = self.waiting.iter().find(|offer| offer.snapshot.key.id == answer.transfer);
            let key = waiting.ok_or("no such offer waits for an answer")?.snapshot.key;
            Ok((key, answer.accept))
        });
        match answered {
            Ok((key, accept)) => self.answer(key, accept),
            Err(problem) => self.session.show.complain(&format!("an answer was not understood: {problem}")),
        }
    }

    fn answer(&mut self, key: TransferKey, accept: bool) {
        let Some(place) = self.waiting.iter().position(|offer| offer.snapshot.key == key) else { return };
        match self.waiting.remove(place) {
            Some(offer) if accept => self.accept(offer),
            Some(offer) => offer.reply.decline(None),
            None => {}
        }
    }

    /// Standard input has ended: silence means no.
    fn no_more_answers(&mut self) {
        self.judge = Judge::Nobody;
        for offer in self.waiting.drain(..) {
            offer.reply.decline(Some("nobody can be asked there".to_owned()));
        }
    }

    /// The exit code, if this was the end that was waited for.
    fn ended(&mut self, key: TransferKey, ending: &Ending) -> Option<Exit> {
        self.waiting.retain(|offer| offer.snapshot.key != key);
        if self.asked.is_some_and(|(asked, _)| asked == key) {
            self.asked = None;
        }
        self.ask();
        (self.accepted.remove(&key) && self.once).then(|| Exit::of(ending))
    }
}

fn not_listening(port: u16, reason: &Reason) -> Problem {
    if reason.code == ReasonCode::PortInUse {
        let sentence = "is in use by another program; choose another with --port N, or any free one with --port 0";
        return Problem::failed(format!("port {port} {sentence}"));
    }
    Problem::failed(format!("port {port} cannot be listened on: {}", show::sentence(reason)))
}
