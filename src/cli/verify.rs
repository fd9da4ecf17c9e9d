//! `sealdrop verify`: compares codes with another device, and remembers its key when they are the same.

use std::time::{Duration, Instant};

use super::{
    answers::{self, Line, READING_TIME, Word},
    args::Global,
    exit::{Exit, Problem},
    nearby, prompt,
    recipient::Recipient,
    session::{Heard, Session},
    setup::Setup,
    show,
    transfers::Scope,
};
use crate::{
    engine::{
        Restore,
        messages::{Command, ComparisonSnapshot, ComparisonState},
        new_transfer_id,
    },
    model::{
        device::Peer,
        nearby::Reach,
        short_code::ShortCode,
        transfer::{Direction, TransferKey},
    },
};

/// A device that was confirmed is stored within this time, or the disk hangs.
const STORE_LIMIT: Duration = Duration::from_secs(20);

/// Compares, asks, and stores the answer.
pub(super) fn run(global: &Global, text: &str) -> Result<Exit, Problem> {
    // Said before anything is dialled: over there a person would be asked in vain.
    if !global.json && !answers::somebody_is_there() {
        return Err(Problem::failed(
            "nobody can compare the codes here (no terminal); use --json to answer from a script",
        ));
    }
    let mut setup = Setup::open(global)?;
    setup.nearby = Reach::Nowhere;
    let Recipient { to, also, expect } = nearby::find(text, global, &setup.profile)?;
    let mut session = Session::start(setup, global.json, None, Restore::Nothing)?;
    let lines = answers::lines().map_err(|error| Problem::failed(format!("no answers can be read: {error}")))?;
    session.hear_lines(lines);
    session.transfers.set_scope(Scope::Nothing);
    let id = new_transfer_id();
    session.say(Command::Compare { id, to, also, expect });
    let mut table = Table::new(session, TransferKey { id, direction: Direction::Outgoing }, global.json);
    let exit = table.work();
    table.session.stop();
    exit
}

/// Where two codes lie side by side.
pub(super) struct Table {
    session: Session,
    key: TransferKey,
    by_script: bool,
    /// Who showed which code, and since when it can be read here.
    met: Option<(Peer, ShortCode, Instant)>,
    /// The person has said yes; it is being stored.
    stored_by: Option<Instant>,
}

impl Table {
    pub(super) fn new(session: Session, key: TransferKey, by_script: bool) -> Self {
        Self { session, key, by_script, met: None, stored_by: None }
    }

    /// Works until it is known how the comparison ended.
    pub(super) fn work(&mut self) -> Result<Exit, Problem> {
        loop {
            let exit = match self.session.next(self.stored_by) {
                Heard::Comparison(comparison) if comparison.key == self.key => self.compared(&comparison),
                Heard::Interrupted => Some(self.stop(Exit::Cancelled)),
                // Silence means no; but a yes that was said stands.
                Heard::Line(None) => self.stored_by.is_none().then(|| self.stop(Exit::Declined)),
                Heard::Line(Some(line)) => self.line(&line)?,
                Heard::NotVerified => Some(Exit::Failed),
                Heard::Stopped => return Err(Problem::failed("the engine stopped unexpectedly")),
                Heard::TimeOver => return Err(Problem::failed("the list of devices was not stored in time")),
                Heard::Verified => Some(Exit::Done),
                _ => None,
            };
            if let Some(exit) = exit {
                return Ok(exit);
            }
        }
    }

    fn compared(&mut self, comparison: &ComparisonSnapshot) -> Option<Exit> {
        self.session.show.comparison(comparison);
        match &comparison.state {
            ComparisonState::Connecting | ComparisonState::Waiting => {}
            ComparisonState::Code(code) => {
                self.met = Some((comparison.peer.clone(), *code, Instant::now()));
                if !self.by_script {
                    let question = prompt::comparison_code(&comparison.peer, *code);
                    self.session.show.ask(self.key, question.trim_start(), prompt::AGAIN_SAME);
                }
            }
            ComparisonState::Ended(reason) => {
                self.session.show.complain(&show::sentence(reason));
                return Some(Exit::of_comparison(reason));
            }
        }
        None
    }

    fn line(&mut self, line: &str) -> Result<Option<Exit>, Problem> {
        if self.stored_by.is_some() {
            return Ok(None);
        }
        let word = if self.by_script { self.script_says(line) } else { self.person_says(line) };
        Ok(match word {
            Some(Word::Accept | Word::Verify) => {
                self.verify()?;
                None
            }
            Some(Word::Decline) => Some(self.stop(Exit::Declined)),
            None => None,
        })
    }

    /// The person's word about the two codes, once they could be read.
    fn person_says(&mut self, line: &str) -> Option<Word> {
        let (_, _, since) = self.met.as_ref()?;
        let word = answers::word(line).filter(|_| since.elapsed() >= READING_TIME);
        if word.is_none() {
            self.session.show.ask(self.key, prompt::AGAIN_SAME, prompt::AGAIN_SAME);
        }
        word
    }

    /// A script's word; what it cannot mean is complained about.
    fn script_says(&mut self, line: &str) -> Option<Word> {
        if line.is_empty() {
            return None;
        }
        let word = answers::parse(line).and_then(|line| match line {
            Line::Answer(answer) if answer.transfer == self.key.id => Ok(answer.word),
            Line::Answer(_) | Line::Order(_) => Err("no such comparison waits for an answer".to_owned()),
        });
        let word = word.and_then(|word| match word {
            Word::Accept => Err("two codes are answered with \"verify\" or \"decline\"".to_owned()),
            Word::Verify if self.met.is_none() => Err("the code is not known yet".to_owned()),
            word => Ok(word),
        });
        word.map_err(|problem| self.session.show.complain(&answers::not_understood(&problem))).ok()
    }

    fn verify(&mut self) -> Result<(), Problem> {
        self.session.show.answered();
        let met = self.met.as_ref().and_then(|(peer, ..)| Some((peer.key?, peer)));
        let (key, peer) =
            met.ok_or_else(|| Problem::failed("the other side has shown no key: there is nothing to verify"))?;
        self.session.verify(key, peer);
        self.stored_by = Some(Instant::now() + STORE_LIMIT);
        Ok(())
    }

    /// Over without a yes; the other side is told.
    fn stop(&mut self, exit: Exit) -> Exit {
        self.session.show.answered();
        self.session.say(Command::Cancel(self.key));
        exit
    }
}
