//! One thread that keeps all connections that wait for a person: answers pings, hears answers, notices who leaves.

use std::{
    collections::HashMap,
    io::ErrorKind,
    sync::Arc,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};
use polling::{Event, Events, Poller};

use crate::{
    model::{
        reason::{Reason, ReasonCode},
        transfer::TransferKey,
    },
    transfer::{
        lane::{Farewell, LaneError, ended_early, unexpected},
        link::{Link, LinkEnd},
    },
    wire::{
        frame::{PREFIX_BYTES, header_length},
        header::{self, Message},
    },
};

use super::{closer, link::SocketLink, note::Note, poll::watch, threads};

/// How often pings, silence and resets are looked after.
const TICK: Duration = Duration::from_secs(1);
/// Words to the lobby that may wait; more than connections can.
const WORDS: usize = 1024;

/// What a connection in the lobby waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitsFor {
    /// The other side's answer to our offer.
    TheirAnswer,
    /// Our person's answer to their offer.
    OurAnswer,
    /// The same, for a classic sender: nothing may be read, its body has begun.
    OurAnswerClassic,
}

/// What dispatch says to the lobby.
enum Word {
    Dismiss(TransferKey, Farewell),
    Take(TransferKey),
    Wait(TransferKey, Box<SocketLink>, WaitsFor),
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
        let keeper = Keeper { poller: Arc::clone(&poller), notes, waiting: HashMap::new(), next: 0 };
        threads::spawn("lobby", move || keeper.run(&heard))?;
        Ok(Self { words, poller })
    }

    /// Keeps `link` until it is taken, dismissed or left.
    pub fn wait(&self, key: TransferKey, link: SocketLink, waits_for: WaitsFor) {
        self.say(Word::Wait(key, Box::new(link), waits_for));
    }

    /// Asks for the link back: `Note::Taken`.
    pub fn take(&self, key: TransferKey) {
        self.say(Word::Take(key));
    }

    /// Ends the wait with a last word.
    pub fn dismiss(&self, key: TransferKey, farewell: Farewell) {
        self.say(Word::Dismiss(key, farewell));
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

struct Waiting {
    key: TransferKey,
    link: SocketLink,
    waits_for: WaitsFor,
}

struct Keeper {
    poller: Arc<Poller>,
    notes: Sender<Note>,
    waiting: HashMap<usize, Waiting>,
    next: usize,
}

impl Keeper {
    fn run(mut self, words: &Receiver<Word>) {
        let mut events = Events::new();
        let mut looked_after = Instant::now();
        loop {
            if self.hear(words).is_err() {
                return;
            }
            let wait = (!self.waiting.is_empty()).then_some(TICK);
            events.clear();
            match self.poller.wait(&mut events, wait) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Without a poll nobody can wait here: all are told that the connection is gone.
                Err(_) => return,
            }
            let ready: Vec<usize> = events.iter().map(|event| event.key).collect();
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
                Ok(Word::Wait(key, link, waits_for)) => self.admit(key, *link, waits_for),
                Ok(Word::Take(key)) => {
                    if let Some(waiting) = self.remove(key) {
                        self.note(Note::Taken { key, link: waiting.link });
                    }
                }
                Ok(Word::Dismiss(key, farewell)) => match self.remove(key) {
                    Some(Waiting { link, waits_for: WaitsFor::OurAnswerClassic, .. }) => closer::reset(link),
                    Some(Waiting { link, .. }) => closer::close(link, farewell),
                    None => {}
                },
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Disconnected) => return Err(()),
            }
        }
    }

    fn admit(&mut self, key: TransferKey, mut link: SocketLink, waits_for: WaitsFor) {
        let number = self.next;
        self.next += 1;
        let ping =
            (waits_for != WaitsFor::OurAnswerClassic).then(|| header::encode(&Message::Ping).unwrap_or_default());
        link.set_ping(ping);
        if let Err(error) = watch(&self.poller, link.stream(), interest(number, waits_for)) {
            self.note(Note::Left { key, reason: Reason::here(ReasonCode::Internal, error.to_string()) });
            return;
        }
        self.waiting.insert(number, Waiting { key, link, waits_for });
        // Bytes may have been read ahead already.
        self.look(number);
    }

    fn remove(&mut self, key: TransferKey) -> Option<Waiting> {
        let number = *self.waiting.iter().find(|(_, waiting)| waiting.key == key)?.0;
        self.remove_number(number)
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
            let classic = waiting.waits_for == WaitsFor::OurAnswerClassic;
            let broken = match waiting.link.take_error() {
                Some(error) => Some(error.to_string()),
                None if classic => None,
                None if waiting.link.is_silent() => {
                    Some(LinkEnd::Silent(waiting.link.limits().silence.as_secs()).to_string())
                }
                None => waiting.link.poll_output().err().map(|error| error.to_string()),
            };
            if let Some(detail) = broken {
                self.leave(number, Reason::here(ReasonCode::ConnectionLost, detail), Farewell::default());
            }
        }
    }

    fn leave(&mut self, number: usize, reason: Reason, farewell: Farewell) {
        if let Some(waiting) = self.remove_number(number) {
            self.note(Note::Left { key: waiting.key, reason });
            closer::close(waiting.link, farewell);
        }
    }

    /// Reads what is there from one connection, and acts on whole headers.
    fn look(&mut self, number: usize) {
        let Some(waiting) = self.waiting.get_mut(&number) else { return };
        if waiting.waits_for != WaitsFor::OurAnswerClassic {
            let ended = waiting.link.poll_more();
            loop {
                match next_header(&mut waiting.link, ended) {
                    Ok(None) => break,
                    Ok(Some(Message::Ping)) => {}
                    Ok(Some(Message::Answer(answer))) if waiting.waits_for == WaitsFor::TheirAnswer => {
                        if let Some(Waiting { key, link, .. }) = self.remove_number(number) {
                            self.note(Note::Answered { key, link: Box::new(link), answer });
                        }
                        return;
                    }
                    Ok(Some(other)) => return self.fault(number, &unexpected(&other)),
                    Err(error) => return self.fault(number, &error),
                }
            }
        }
        if let Some(waiting) = self.waiting.get(&number)
            && self.poller.modify(waiting.link.stream(), interest(number, waiting.waits_for)).is_err()
        {
            let reason = Reason::bare(ReasonCode::ConnectionLost);
            self.leave(number, reason, Farewell::default());
        }
    }

    fn fault(&mut self, number: usize, error: &LaneError) {
        let last = error.abort().map(Message::Abort);
        self.leave(number, error.reason(), Farewell { last, ..Farewell::default() });
    }
}

fn interest(number: usize, waits_for: WaitsFor) -> Event {
    // A classic sender's body is left unread; its reset is found by `take_error`.
    if waits_for == WaitsFor::OurAnswerClassic { Event::none(number) } else { Event::readable(number) }
}

/// Takes one whole header out of what was read ahead; `None` when there is none yet.
fn next_header(link: &mut SocketLink, ended: bool) -> Result<Option<Message>, LaneError> {
    let bytes = link.peek();
    let whole = match bytes.first_chunk::<PREFIX_BYTES>() {
        Some(prefix) => bytes.len() - PREFIX_BYTES >= header_length(*prefix).map_err(LaneError::from)?,
        None => false,
    };
    if !whole {
        return if ended { Err(ended_early()) } else { Ok(None) };
    }
    match header::read_header(link)? {
        Some(Message::Abort(abort)) => Err(LaneError::Peer(abort.reason)),
        other => Ok(other),
    }
}
