//! One thread that keeps all connections that wait for a person: answers pings, agrees on codes, hears answers, notices
//! who leaves.

mod waiting;

use std::{
    collections::HashMap,
    io::ErrorKind,
    sync::Arc,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};
use polling::{Events, Poller};

use crate::{
    crypto::short_code::Nonce,
    model::{
        reason::{Reason, ReasonCode},
        transfer::TransferKey,
    },
    transfer::{
        compare::Comparing,
        lane::{Farewell, LaneError, unexpected},
        link::{Link, LinkEnd},
    },
    wire::header::{self, Answer, Message},
};

use super::{
    closer::{self, Closers},
    link::SocketLink,
    note::Note,
    poll::watch,
    threads,
};
pub use waiting::WaitsFor;
use waiting::{Waiting, interest, next_header};

/// How often pings, silence and resets are looked after.
const TICK: Duration = Duration::from_secs(1);
/// Reads of one connection before the others have their turn.
const READS_AT_ONCE: usize = 4;
/// Words to the lobby that may wait; more than connections can.
const WORDS: usize = 1024;

/// What dispatch says to the lobby.
enum Word {
    Dismiss(TransferKey, Box<Farewell>),
    Show(TransferKey, Nonce),
    Take(TransferKey),
    Wait(Box<Waiting>),
}

/// Dispatch's end of the lobby. Dropping it ends the lobby and closes what waits there.
pub struct Lobby {
    words: Sender<Word>,
    poller: Arc<Poller>,
}

impl Lobby {
    /// Starts the thread.
    ///
    /// # Errors
    /// No thread or no poll handle.
    pub fn start(notes: Sender<Note>) -> std::io::Result<Self> {
        let poller = Arc::new(Poller::new()?);
        let (words, heard) = bounded(WORDS);
        let keeper = Keeper {
            poller: Arc::clone(&poller),
            notes,
            waiting: HashMap::new(),
            next: 0,
            talkers: Vec::new(),
            closers: Closers::default(),
        };
        threads::spawn("lobby", move || keeper.run(&heard))?;
        Ok(Self { words, poller })
    }

    /// Keeps `link` until it is taken, dismissed or left. `CodeKnown` is told when `comparing` has come to a code.
    pub fn wait(&self, key: TransferKey, link: SocketLink, waits_for: WaitsFor, comparing: Option<Box<Comparing>>) {
        self.say(Word::Wait(Box::new(Waiting {
            key,
            link,
            waits_for,
            comparing,
            shown_at: None,
            wanted: false,
            since: Instant::now(),
        })));
    }

    /// The card stands before a person: the code may be agreed on, with this nonce of ours.
    pub fn show_code(&self, key: TransferKey, nonce: Nonce) {
        self.say(Word::Show(key, nonce));
    }

    /// Asks for the link back: `Note::Taken`, once no word about the code is owed any more. One that does not come in time
    /// ends it.
    pub fn take(&self, key: TransferKey) {
        self.say(Word::Take(key));
    }

    /// Ends the wait with a last word.
    pub fn dismiss(&self, key: TransferKey, farewell: Farewell) {
        self.say(Word::Dismiss(key, Box::new(farewell)));
    }

    fn say(&self, word: Word) {
        // Full only if a thousand words wait for a thread that does nothing slow: then the connection is dropped.
        self.words.try_send(word).ok();
        self.poller.notify().ok();
    }
}

impl Drop for Lobby {
    fn drop(&mut self) {
        let (closed, _) = bounded(0);
        self.words = closed;
        self.poller.notify().ok();
    }
}

struct Keeper {
    poller: Arc<Poller>,
    notes: Sender<Note>,
    waiting: HashMap<usize, Waiting>,
    next: usize,
    /// Those with more to read than one turn allows; their sockets may have nothing to tell.
    talkers: Vec<usize>,
    closers: Closers,
}

impl Keeper {
    fn run(mut self, words: &Receiver<Word>) {
        let mut events = Events::new();
        let mut looked_after = Instant::now();
        loop {
            if self.hear(words).is_err() {
                return;
            }
            let wait = if self.talkers.is_empty() { TICK } else { Duration::ZERO };
            let wait = (!self.waiting.is_empty()).then_some(wait);
            events.clear();
            match self.poller.wait(&mut events, wait) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Without a poll nobody can wait here: all are told that the connection is gone.
                Err(_) => return,
            }
            let mut ready = std::mem::take(&mut self.talkers);
            ready.extend(events.iter().map(|event| event.key));
            ready.sort_unstable();
            ready.dedup();
            for number in ready {
                self.look(number);
            }
            if looked_after.elapsed() >= TICK {
                looked_after = Instant::now();
                self.look_after_all();
            }
        }
    }

    fn hear(&mut self, words: &Receiver<Word>) -> Result<(), ()> {
        loop {
            match words.try_recv() {
                Ok(Word::Show(key, nonce)) => self.show_code(key, nonce),
                Ok(Word::Take(key)) => self.take(key),
                Ok(Word::Wait(waiting)) => self.admit(*waiting),
                Ok(Word::Dismiss(key, farewell)) => match self.remove(key) {
                    Some(Waiting { link, waits_for: WaitsFor::OurAnswerClassic, .. }) => closer::reset(link),
                    Some(Waiting { link, .. }) => self.closers.close(link, *farewell),
                    None => {}
                },
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Disconnected) => return Err(()),
            }
        }
    }

    fn admit(&mut self, mut waiting: Waiting) {
        let (key, waits_for) = (waiting.key, waiting.waits_for);
        let number = self.next;
        self.next += 1;
        let ping = (!waits_for.is_classic()).then(|| header::encode(&Message::Ping).unwrap_or_default());
        waiting.link.set_ping(ping);
        if let Err(error) = watch(&self.poller, waiting.link.stream(), interest(number, waits_for)) {
            self.note(Note::Left { key, life: None, reason: Reason::here(ReasonCode::Internal, error.to_string()) });
            return;
        }
        self.waiting.insert(number, waiting);
        // Bytes may have been read ahead already.
        self.look(number);
    }

    fn number_of(&self, key: TransferKey) -> Option<usize> {
        self.waiting.iter().find(|(_, waiting)| waiting.key == key).map(|(number, _)| *number)
    }

    fn remove(&mut self, key: TransferKey) -> Option<Waiting> {
        self.number_of(key).and_then(|number| self.remove_number(number))
    }

    fn remove_number(&mut self, number: usize) -> Option<Waiting> {
        let waiting = self.waiting.remove(&number)?;
        // It was registered in `admit`; if the system forgot it, all the better.
        self.poller.delete(waiting.link.stream()).ok();
        Some(waiting)
    }

    fn note(&self, note: Note) {
        // Dispatch is gone only at shutdown; the link inside is closed by being dropped.
        self.notes.send(note).ok();
    }

    fn look_after_all(&mut self) {
        let numbers: Vec<usize> = self.waiting.keys().copied().collect();
        for number in numbers {
            self.look(number);
            let Some(waiting) = self.waiting.get_mut(&number) else { continue };
            let broken = match waiting.link.take_error() {
                Some(error) => Some(error.to_string()),
                None if waiting.asks_no_more() => Some("no further request came".to_owned()),
                None if waiting.waits_for.is_classic() => None,
                None if waiting.link.is_silent() => {
                    Some(LinkEnd::Silent(waiting.link.limits().silence.as_secs()).to_string())
                }
                None => waiting.link.poll_output().err().map(|error| error.to_string()),
            };
            let owes_too_long = waiting.owes_too_long();
            if let Some(detail) = broken {
                self.leave(number, Reason::here(ReasonCode::ConnectionLost, detail), Farewell::default());
            } else if owes_too_long {
                let detail = "the other side did not say its part of the code";
                self.fault(number, &LaneError::Local(Reason::here(ReasonCode::Timeout, detail)));
            }
        }
    }

    fn leave(&mut self, number: usize, reason: Reason, farewell: Farewell) {
        if let Some(waiting) = self.remove_number(number) {
            self.note(Note::Left { key: waiting.key, life: None, reason });
            self.closers.close(waiting.link, farewell);
        }
    }

    /// Reads what is there from one connection, and acts on whole headers.
    fn look(&mut self, number: usize) {
        // So many reads for each look: nobody who never stops talking keeps the others waiting.
        let (mut reads, mut reads_left) = (true, READS_AT_ONCE);
        loop {
            let Some(waiting) = self.waiting.get_mut(&number) else { return };
            match waiting.waits_for {
                WaitsFor::OurAnswerClassic => break,
                WaitsFor::Request => return self.look_for_request(number),
                _ => {}
            }
            let ended = if reads { waiting.link.poll_more() } else { waiting.link.has_ended() };
            reads_left -= usize::from(std::mem::take(&mut reads));
            match next_header(&mut waiting.link, ended) {
                Ok(None) if !waiting.link.has_more() => {
                    waiting.link.let_go_of_room();
                    break;
                }
                Ok(None) if reads_left > 0 => reads = true,
                Ok(None) => {
                    self.talkers.push(number);
                    break;
                }
                Ok(Some(message)) => self.heard(number, message),
                Err(error) => self.fault(number, &error),
            }
        }
        if let Some(waiting) = self.waiting.get(&number)
            && self.poller.modify(waiting.link.stream(), interest(number, waiting.waits_for)).is_err()
        {
            let reason = Reason::bare(ReasonCode::ConnectionLost);
            self.leave(number, reason, Farewell::default());
        }
    }

    /// Whoever asks on goes to the door again.
    fn look_for_request(&mut self, number: usize) {
        let Some(waiting) = self.waiting.get_mut(&number) else { return };
        let ended = waiting.link.poll_more();
        if !waiting.link.peek().is_empty() {
            if let Some(Waiting { key, link, .. }) = self.remove_number(number) {
                self.note(Note::AsksOn { key, link: Box::new(link) });
            }
        } else if ended {
            self.leave(number, Reason::bare(ReasonCode::ConnectionLost), Farewell::default());
        } else {
            waiting.link.let_go_of_room();
            if self.poller.modify(waiting.link.stream(), interest(number, WaitsFor::Request)).is_err() {
                self.leave(number, Reason::bare(ReasonCode::ConnectionLost), Farewell::default());
            }
        }
    }

    /// One header of a connection.
    fn heard(&mut self, number: usize, message: Message) {
        let Some(waiting) = self.waiting.get_mut(&number) else { return };
        match (message, waiting.waits_for) {
            (Message::Ping, _) => {}
            (Message::Answer(answer), WaitsFor::TheirAnswer) => {
                if let Some(Waiting { key, link, .. }) = self.remove_number(number) {
                    self.note(Note::Answered { key, link: Box::new(link), answer });
                }
            }
            (Message::Answer(Answer::Busy(reason) | Answer::Decline(reason)), WaitsFor::Code) => {
                self.leave(number, reason, Farewell::default());
            }
            (Message::Done, WaitsFor::Code) => self.leave(number, unexplained(), Farewell::default()),
            (message, _) if Comparing::is_about(&message) => self.compare(number, &message),
            (other, _) => self.fault(number, &unexpected(&other)),
        }
    }

    /// A word about the code.
    fn compare(&mut self, number: usize, message: &Message) {
        let Some(waiting) = self.waiting.get_mut(&number) else { return };
        let heard = waiting.comparing.as_mut().ok_or_else(|| unexpected(message));
        let said = heard.and_then(|comparing| comparing.hear(message)).and_then(|agreed| {
            if let Some(say) = &agreed.say {
                header::write_header(&mut waiting.link, say)?;
                waiting.link.poll_output()?;
            }
            Ok(agreed)
        });
        let (key, alone, wanted) = (waiting.key, waiting.waits_for == WaitsFor::Code, waiting.wanted);
        match said {
            Err(error) => self.fault(number, &error),
            Ok(agreed) => {
                self.note(Note::CodeKnown { key, code: agreed.code });
                // The listener has the last word of a comparison, the dialer waits for it.
                if alone && agreed.say.is_none() {
                    if let Some(waiting) = self.remove_number(number) {
                        let last = Some(Message::Done);
                        self.closers.close(waiting.link, Farewell { last, ..Farewell::default() });
                    }
                } else if wanted {
                    self.hand_back(number);
                }
            }
        }
    }

    /// The card stands: our half of the code goes out.
    fn show_code(&mut self, key: TransferKey, nonce: Nonce) {
        let Some(number) = self.number_of(key) else { return };
        let Some(waiting) = self.waiting.get_mut(&number) else { return };
        let Some(word) = waiting.comparing.as_mut().and_then(|comparing| comparing.show(nonce)) else { return };
        waiting.shown_at = Some(Instant::now());
        let said = header::write_header(&mut waiting.link, &word).map_err(LaneError::from);
        if let Err(error) = said.and_then(|()| Ok(waiting.link.poll_output()?)) {
            self.fault(number, &error);
        }
    }

    /// Dispatch wants the link; not before the peer has kept its commitment.
    fn take(&mut self, key: TransferKey) {
        let Some(number) = self.number_of(key) else { return };
        let Some(waiting) = self.waiting.get_mut(&number) else { return };
        waiting.wanted = true;
        if !waiting.comparing.as_ref().is_some_and(|comparing| comparing.is_owed()) {
            self.hand_back(number);
        }
    }

    fn hand_back(&mut self, number: usize) {
        if let Some(waiting) = self.remove_number(number) {
            self.note(Note::Taken { key: waiting.key, link: Box::new(waiting.link) });
        }
    }

    fn fault(&mut self, number: usize, error: &LaneError) {
        let last = error.abort().map(Message::Abort);
        self.leave(number, error.reason(), Farewell { last, ..Farewell::default() });
    }
}

/// The other side ended a comparison without a word why.
fn unexplained() -> Reason {
    Reason::there(ReasonCode::Cancelled, None)
}
