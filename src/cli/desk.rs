//! The desk where offers, and wishes to compare codes, wait for their answer: from a person, a script, or a fixed word.

use std::{
    collections::{HashSet, VecDeque},
    time::Instant,
};

use super::{
    answers::{self, Line, READING_TIME, Word},
    exit::{Exit, Problem},
    matter::Matter,
    prompt,
    session::{Heard, Session},
    show,
};
use crate::{
    engine::messages::{Acceptance, Command, ComparisonSnapshot, ComparisonState, IncomingOffer},
    model::{
        conflict::Conflict,
        device::Peer,
        manifest::Selection,
        outcome::{Ending, Outcome},
        reason::{Reason, ReasonCode},
        short_code::ShortCode,
        transfer::{Direction, TransferKey, TransferSnapshot},
    },
};

/// Who answers offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judge {
    All,
    Nobody,
    Person,
    Script,
    /// Nobody; but verified devices are taken.
    Verified,
}

impl Judge {
    /// Whether answers come by standard input.
    pub(super) fn listens(self) -> bool {
        matches!(self, Self::Person | Self::Script)
    }
}

/// What was said about all offers beforehand.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wishes {
    /// One transfer, and no more.
    pub(super) once: bool,
    /// What becomes of names that are taken; else it is what is remembered for the device.
    pub(super) existing: Option<Conflict>,
}

/// Where offers and comparisons wait.
pub(super) struct Desk {
    session: Session,
    judge: Judge,
    wishes: Wishes,
    waiting: VecDeque<Matter>,
    accepted: HashSet<TransferKey>,
    /// What earlier runs have left.
    asked_for: HashSet<TransferKey>,
    /// The question that stands before the person.
    asked: Option<Asked>,
}

/// What a person was asked about, and since when it can be read.
struct Asked {
    key: TransferKey,
    at: Instant,
    /// Since when its code stands there, too.
    code_at: Option<Instant>,
}

impl Asked {
    /// Whether what `word` is said about could be read before it was typed: who confirms a code has read the code, and
    /// everything else is an answer to the question alone, which the code only came to stand below.
    fn was_read(&self, word: Word, is_offer: bool) -> bool {
        let confirms_code = word == Word::Verify || (word == Word::Accept && !is_offer);
        let since = if confirms_code { self.code_at } else { Some(self.at) };
        since.is_some_and(|since| since.elapsed() >= READING_TIME)
    }
}

impl Desk {
    pub(super) fn new(session: Session, judge: Judge, wishes: Wishes) -> Self {
        Self {
            session,
            judge,
            wishes,
            waiting: VecDeque::new(),
            accepted: HashSet::new(),
            asked_for: HashSet::new(),
            asked: None,
        }
    }

    /// Works until an interrupt, or with `once` until the first accepted transfer has ended.
    pub(super) fn work(&mut self) -> Result<Exit, Problem> {
        loop {
            match self.session.next(None) {
                Heard::Code(key, code) => self.code(key, code),
                Heard::Comparison(comparison) => self.compared(*comparison),
                Heard::Ended(snapshot, ending) => {
                    if let Some(exit) = self.ended(&snapshot, &ending) {
                        return Ok(exit);
                    }
                }
                Heard::Interrupted => return Ok(Exit::Cancelled),
                Heard::Kept(key) => self.go_on(key),
                Heard::Line(Some(line)) => self.line(&line),
                Heard::Line(None) => self.no_more_answers(),
                Heard::NotListening(port, reason) => return Err(not_listening(port, &reason)),
                Heard::Offered(offer) => self.offered(*offer),
                Heard::Stopped => return Err(Problem::failed("the engine stopped unexpectedly")),
                Heard::Interfaces(_)
                | Heard::Nearby(_)
                | Heard::NotVerified
                | Heard::Restored
                | Heard::TimeOver
                | Heard::Verified => {}
            }
        }
    }

    /// Stops the engine in order.
    pub(super) fn close(self) {
        self.session.stop();
    }

    fn offered(&mut self, offer: IncomingOffer) {
        // A question holds it all.
        if self.judge != Judge::Person {
            self.session.show.offered(&offer);
        }
        if self.wishes.once && self.has_its_transfer() {
            return offer.reply.decline(Some("only one transfer is received there".to_owned()));
        }
        let TransferSnapshot { key, peer, code, .. } = &offer.snapshot;
        match self.judge {
            Judge::All => self.accept(offer, None),
            Judge::Nobody => offer.reply.decline(Some("nobody can be asked there".to_owned())),
            Judge::Verified if peer.verified && !peer.classic => self.accept(offer, None),
            Judge::Verified => offer.reply.decline(Some("only verified devices are taken there".to_owned())),
            Judge::Person | Judge::Script => {
                let conflict = self.conflict(peer, None);
                self.wait(Matter { key: *key, peer: peer.clone(), code: *code, offer: Some(offer), conflict });
            }
        }
    }

    /// Whether there is one already that `--once` is about.
    fn has_its_transfer(&self) -> bool {
        let moves = |key: &TransferKey| self.session.transfers.is_moving(*key);
        !self.accepted.is_empty() || self.asked_for.iter().any(moves)
    }

    /// What was interrupted is asked for, once: the other side may be waiting for it.
    fn go_on(&mut self, key: TransferKey) {
        if key.direction == Direction::Incoming && self.asked_for.insert(key) {
            self.session.say(Command::Resume(key));
        }
    }

    /// Somebody wants to compare codes, or that goes on.
    fn compared(&mut self, comparison: ComparisonSnapshot) {
        let ComparisonSnapshot { key, peer, state } = comparison;
        if key.direction == Direction::Outgoing {
            return;
        }
        if !self.judge.listens() {
            return match state {
                ComparisonState::Connecting | ComparisonState::Waiting => self.session.say(Command::Cancel(key)),
                ComparisonState::Code(_) | ComparisonState::Ended(_) => {}
            };
        }
        let known = self.waiting.iter_mut().find(|matter| matter.key == key);
        let is_known = known.is_some();
        if let Some(matter) = known {
            matter.peer = peer.clone();
        }
        let snapshot = ComparisonSnapshot { key, peer, state };
        match &snapshot.state {
            ComparisonState::Waiting if !is_known => {
                self.session.show.comparison(&snapshot);
                let conflict = Conflict::default();
                self.wait(Matter { key, peer: snapshot.peer, code: None, offer: None, conflict });
            }
            ComparisonState::Code(code) if is_known => {
                self.session.show.comparison(&snapshot);
                self.code(key, *code);
            }
            ComparisonState::Ended(reason) if is_known => {
                self.session.show.comparison(&snapshot);
                self.give_up_comparing(key, &snapshot.peer, reason);
            }
            _ => {}
        }
    }

    fn give_up_comparing(&mut self, key: TransferKey, peer: &Peer, reason: &Reason) {
        self.session.show.complain(&prompt::comparison_ended(peer, reason));
        self.forget(key);
    }

    fn wait(&mut self, matter: Matter) {
        if self.judge == Judge::Script {
            // What a front end reads stands before a person.
            self.show_code(&matter);
        }
        self.waiting.push_back(matter);
        self.ask();
    }

    /// Lets both sides agree on a code; plain programs have none.
    fn show_code(&self, matter: &Matter) {
        if !matter.peer.classic {
            self.session.say(Command::ShowCode(matter.key));
        }
    }

    /// What becomes of taken names: as was said with the answer, else beforehand, else as it is remembered.
    fn conflict(&self, peer: &Peer, said: Option<Conflict>) -> Conflict {
        said.or(self.wishes.existing).or_else(|| self.session.conflict(peer)).unwrap_or_default()
    }

    fn accept(&mut self, offer: IncomingOffer, existing: Option<Conflict>) {
        self.accepted.insert(offer.snapshot.key);
        let conflict = self.conflict(&offer.snapshot.peer, existing);
        let folder = offer.preflight.folder.clone();
        offer.reply.accept(Acceptance { conflict, ..Acceptance::new(folder, Selection::All) });
        if self.wishes.once {
            let (offers, comparisons): (VecDeque<_>, _) =
                self.waiting.drain(..).partition(|matter| matter.offer.is_some());
            self.waiting = comparisons;
            for offer in offers.into_iter().filter_map(|matter| matter.offer) {
                offer.reply.decline(Some("only one transfer is received there".to_owned()));
            }
        }
    }

    /// Puts the question of what waits longest, unless it stands there already.
    fn ask(&mut self) {
        let Some(matter) = self.waiting.front().filter(|_| self.judge == Judge::Person) else { return };
        let key = matter.key;
        if self.is_asked_about(key) {
            return;
        }
        let (question, again) = matter.question();
        self.asked = Some(Asked { key, at: Instant::now(), code_at: None });
        self.session.show.ask(key, &question, again);
        self.show_code(matter);
        self.ask_with_code(key);
    }

    /// Puts the question again with the code, if both are there.
    fn ask_with_code(&mut self, key: TransferKey) {
        let Some(asked) = self.asked.as_mut().filter(|asked| asked.key == key) else { return };
        let matter = self.waiting.iter().find(|matter| matter.key == key);
        if let Some((question, again)) = matter.and_then(Matter::code_question) {
            asked.code_at = Some(Instant::now());
            self.session.show.ask(key, &question, again);
        }
    }

    fn is_asked_about(&self, key: TransferKey) -> bool {
        self.asked.as_ref().is_some_and(|asked| asked.key == key)
    }

    fn code(&mut self, key: TransferKey, code: ShortCode) {
        if let Some(matter) = self.waiting.iter_mut().find(|matter| matter.key == key) {
            matter.code = Some(code);
            self.ask_with_code(key);
        }
    }

    fn line(&mut self, line: &str) {
        match self.judge {
            Judge::Person => self.person_says(line),
            _ => self.script_says(line),
        }
    }

    fn person_says(&mut self, line: &str) {
        let Some(asked) = &self.asked else { return };
        let key = asked.key;
        let Some(matter) = self.waiting.iter().find(|matter| matter.key == key) else { return };
        let is_offer = matter.offer.is_some();
        let word = answers::word(line).filter(|word| asked.was_read(*word, is_offer));
        let words: &[Word] = match (word, is_offer) {
            (Some(Word::Verify), _) | (Some(Word::Accept), false) if matter.comparable_key().is_err() => &[],
            (Some(Word::Verify), true) => &[Word::Verify, Word::Accept],
            (Some(Word::Accept | Word::Verify), false) => &[Word::Verify],
            (Some(Word::Accept), true) => &[Word::Accept],
            (Some(Word::Decline), _) => &[Word::Decline],
            (None, _) => &[],
        };
        if words.is_empty() {
            let again = matter.again();
            return self.session.show.ask(key, again, again);
        }
        self.asked = None;
        self.session.show.answered();
        for word in words {
            // What cannot be done was sorted out above.
            self.settle(key, *word, None).ok();
        }
        self.ask();
    }

    fn script_says(&mut self, line: &str) {
        if line.is_empty() {
            return;
        }
        let settled = answers::parse(line).and_then(|line| match line {
            Line::Answer(answer) => {
                let waiting = self.waiting.iter().find(|matter| matter.key.id == answer.transfer);
                let key = waiting.ok_or("no such offer waits for an answer")?.key;
                Ok(self.settle(key, answer.word, answer.existing)?)
            }
            Line::Order(order) => self.session.obey(order),
        });
        if let Err(problem) = settled {
            self.session.show.complain(&answers::not_understood(&problem));
        }
    }

    /// Does what was answered. An offer goes on waiting after its device was verified.
    fn settle(&mut self, key: TransferKey, word: Word, existing: Option<Conflict>) -> Result<(), &'static str> {
        let place = self.waiting.iter().position(|matter| matter.key == key);
        let place = place.ok_or("no such offer waits for an answer")?;
        let matter = self.waiting.get(place).ok_or("no such offer waits for an answer")?;
        let is_offer = matter.offer.is_some();
        if word == Word::Verify {
            let key = matter.comparable_key()?;
            self.session.verify(key, &matter.peer);
        } else if word == Word::Accept && !is_offer {
            return Err("two codes are answered with \"verify\" or \"decline\"");
        }
        if word == Word::Verify && is_offer {
            return Ok(());
        }
        match (self.waiting.remove(place).and_then(|matter| matter.offer), word) {
            (Some(offer), Word::Accept) => self.accept(offer, existing),
            (Some(offer), _) => offer.reply.decline(None),
            (None, Word::Decline) => self.session.say(Command::Cancel(key)),
            (None, _) => {}
        }
        Ok(())
    }

    /// Standard input has ended: silence means no.
    fn no_more_answers(&mut self) {
        if !self.judge.listens() {
            return;
        }
        self.judge = Judge::Nobody;
        if self.asked.take().is_some() {
            self.session.show.answered();
        }
        for matter in self.waiting.drain(..) {
            match matter.offer {
                Some(offer) => offer.reply.decline(Some("nobody can be asked there".to_owned())),
                None => self.session.say(Command::Cancel(matter.key)),
            }
        }
    }

    /// What waited has come to its end by itself.
    fn forget(&mut self, key: TransferKey) {
        self.waiting.retain(|matter| matter.key != key);
        if self.is_asked_about(key) {
            self.asked = None;
            self.session.show.answered();
        }
        self.ask();
    }

    /// The exit code, if this was the end that was waited for.
    fn ended(&mut self, snapshot: &TransferSnapshot, ending: &Ending) -> Option<Exit> {
        self.forget(snapshot.key);
        // A rule of the device book accepts without asking here; then a folder is known, too, or a message has come.
        let taken = snapshot.folder.is_some() || ending.outcome == Outcome::Verified;
        let by_rule = snapshot.key.direction == Direction::Incoming && taken;
        ((self.accepted.remove(&snapshot.key) || by_rule) && self.wishes.once).then(|| Exit::of(ending))
    }
}

fn not_listening(port: u16, reason: &Reason) -> Problem {
    if reason.code == ReasonCode::PortInUse {
        let sentence = "is in use by another program; choose another with --port N, or any free one with --port 0";
        return Problem::failed(format!("port {port} {sentence}"));
    }
    Problem::failed(format!("port {port} cannot be listened on: {}", show::sentence(reason)))
}
