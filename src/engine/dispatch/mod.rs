//! The one thread that owns what is running: transfers, offers, the listener, settings. It never blocks: no socket, no
//! disk, no waiting send. What may wait goes to errands, the lobby, the pool and their like, and comes back as notes.

mod callers;
mod checks;
mod clock;
mod commands;
mod ending;
mod further;
mod going;
mod going_on;
mod history;
mod inspections;
mod meetings;
mod neighbours;
mod notes;
mod outbox;
mod queue;
mod record;
mod restore;
mod sharing;
mod spent;
mod steering;
mod surroundings;
mod trust;
mod untold;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Select, Sender, TryRecvError, bounded};

use crate::{
    crypto::tls::Tls,
    model::{
        book::Rule,
        check::CheckId,
        device_key::DeviceKey,
        nearby::Reach,
        reason::{Reason, ReasonCode},
        settings::Settings,
        transfer::{Direction, TransferKey},
    },
    transfer::{greet::Me, lane::Farewell, limits::Limits, pace::Pace},
    wire::header::{Abort, Message},
};

use super::{
    Restore,
    call::unknown_transfer,
    cancel::CancelFlag,
    closer::Closers,
    door::{codes::Codes, handshakes::Handshakes, memory::Budget, patience::Patience, probes::Probes},
    errands::Errands,
    link::SocketLink,
    listener::Listener,
    lobby::Lobby,
    messages::{Command, Event, OfferAnswer, Waker},
    note::{ListenerId, Note},
    pool::Pool,
};
use callers::Knock;
use inspections::Readings;
use meetings::Meetings;
use outbox::Outbox;
use record::Record;
use sharing::Sharing;
use spent::Spent;
use surroundings::Surroundings;

/// Bytes of headers in lists that wait for an answer, in all.
const WAITING_LISTS: u64 = 512 << 20;
/// A shutdown gives workers this long to say their last word.
const SHUTDOWN_LIMIT: Duration = Duration::from_millis(1500);
/// After that, connections have this long for their last words: a little more than a closer takes.
const FAREWELL_LIMIT: Duration = Duration::from_millis(2200);
/// A window that does not take its last events has this long for each.
const HAND_OVER_LIMIT: Duration = Duration::from_millis(500);

/// The far ends of the engine's channels, and what it starts with.
pub(super) struct Setup {
    pub(super) commands: Receiver<Command>,
    pub(super) events: Sender<Event>,
    pub(super) answers: Receiver<OfferAnswer>,
    /// Given to each offer's reply.
    pub(super) answering: Sender<OfferAnswer>,
    pub(super) heard: Receiver<Note>,
    pub(super) errands: Errands,
    pub(super) lobby: Lobby,
    pub(super) settings: Settings,
    pub(super) tls: Tls,
    /// A person looks at what comes: codes may be shown.
    pub(super) attended: bool,
    /// Nothing but downloads from the shared folder.
    pub(super) only_shares: bool,
    pub(super) restore: Restore,
    pub(super) reach: Reach,
    pub(super) damaged: Option<(PathBuf, Reason)>,
    pub(super) limits: Limits,
    pub(super) waker: Waker,
}

pub(super) struct Dispatch {
    setup: Setup,
    outbox: Outbox,
    records: HashMap<TransferKey, Record>,
    /// Ended with files that failed, newest first: may be taken up again.
    resting: VecDeque<Record>,
    /// The rank that was given last.
    ranks: u64,
    /// Names under which something was offered here, newest first: each stands for one offer only.
    spent: VecDeque<Spent>,
    /// Cancelled a moment ago: until that is written down where doormen look.
    cancelled: VecDeque<TransferKey>,
    /// What earlier runs of the program have left is known.
    restored: bool,
    readings: Readings,
    pool: Pool,
    /// The speed limits in force; lanes hold clones.
    sending: Pace,
    receiving: Pace,
    listener: Option<Listener>,
    listener_id: ListenerId,
    listening: Option<SocketAddr>,
    reachable_at: Option<Vec<IpAddr>>,
    /// Dropped with us, which ends the watch over addresses.
    watching: Option<Sender<()>>,
    /// Who is attended to by a doorman, and who waits for one.
    handshakes: Handshakes<Knock>,
    /// How many codes strangers may still cost.
    codes: Codes,
    patience: Patience,
    budget: Budget,
    meetings: Meetings,
    sharing: Sharing,
    /// Checks of the network that run.
    checks: Vec<(CheckId, CancelFlag)>,
    probes: Probes,
    /// Verified devices and what they may do, as far as this process has heard.
    rules: HashMap<DeviceKey, Rule>,
    /// Numeric addresses of devices in the book.
    known_places: HashSet<IpAddr>,
    /// Verified devices that somebody pretended to be, and when that was told.
    warned: HashMap<DeviceKey, Instant>,
    /// The damaged device book that was told of last, and when.
    damage_told: Option<(PathBuf, Instant)>,
    surroundings: Surroundings,
    /// Ends doormen at a shutdown.
    stop: CancelFlag,
    stopping_until: Option<Instant>,
    closers: Closers,
}

impl Dispatch {
    pub(super) fn new(setup: Setup) -> Self {
        let codes = Codes::new(setup.limits.codes_a_minute, setup.limits.codes_an_hour);
        let handshakes = Handshakes::new(setup.limits.callers_of_one);
        let patience = Patience::new(setup.limits.offers_at_once);
        let sharing = Sharing::new(setup.limits.downloads_of_one);
        let Settings { send_limit, receive_limit, .. } = setup.settings;
        let (sending, receiving) = (Pace::new(send_limit), Pace::new(receive_limit));
        Self {
            setup,
            outbox: Outbox::default(),
            records: HashMap::new(),
            resting: VecDeque::new(),
            ranks: 0,
            spent: VecDeque::new(),
            cancelled: VecDeque::new(),
            restored: false,
            readings: Readings::default(),
            pool: Pool::default(),
            sending,
            receiving,
            listener: None,
            listener_id: 0,
            listening: None,
            reachable_at: None,
            watching: None,
            handshakes,
            codes,
            patience,
            budget: Budget::new(WAITING_LISTS),
            meetings: Meetings::new(),
            sharing,
            checks: Vec::new(),
            probes: Probes::default(),
            rules: HashMap::new(),
            known_places: HashSet::new(),
            warned: HashMap::new(),
            damage_told: None,
            surroundings: Surroundings::default(),
            stop: CancelFlag::default(),
            stopping_until: None,
            closers: Closers::default(),
        }
    }

    /// Runs until a shutdown is through.
    pub(super) fn run(mut self, listen: Option<u16>) {
        self.outbox.fact(Event::Identity(self.setup.tls.own_key()));
        self.outbox.fact(Event::Settings(self.setup.settings.clone()));
        if let Some((kept_at, reason)) = self.setup.damaged.take() {
            self.outbox.fact(Event::SettingsDamaged { kept_at, reason });
        }
        self.look_out();
        self.setup.errands.load_devices();
        self.setup.errands.archive.restore(self.setup.restore.clone());
        if let Some(port) = listen {
            self.listen(port);
        }
        while !self.is_stopped() {
            self.turn();
            self.look_at_the_clock();
        }
        for key in self.records.keys().copied().collect::<Vec<_>>() {
            // Whoever hangs in a call leaves its transfer as it is.
            self.leave(key);
        }
        self.hand_over_the_rest();
        let (events, waker, heard) = self.retire();
        let deadline = Instant::now() + FAREWELL_LIMIT;
        // Ends when the last thread that could tell anything is gone: closers hold links until their last word is out.
        while heard.recv_deadline(deadline).is_ok() {}
        // Whoever drove us may be gone.
        events.send_timeout(Event::Stopped, HAND_OVER_LIMIT).ok();
        waker();
    }

    /// Lets go of all who work for it.
    fn retire(self) -> (Sender<Event>, Waker, Receiver<Note>) {
        let Setup { events, waker, heard, .. } = self.setup;
        (events, waker, heard)
    }

    /// Waits for one thing and deals with it.
    fn turn(&mut self) {
        let mut select = Select::new();
        let commands = select.recv(&self.setup.commands);
        let answers = select.recv(&self.setup.answers);
        let heard = select.recv(&self.setup.heard);
        if !self.outbox.is_empty() {
            select.send(&self.setup.events);
        }
        let Ok(ready) = select.ready_timeout(self.until_next_deadline()) else { return };
        drop(select);
        if ready == commands {
            match self.setup.commands.try_recv() {
                Ok(command) => self.command(command),
                // Whoever drove us is gone.
                Err(TryRecvError::Disconnected) => self.shut_down(),
                Err(TryRecvError::Empty) => {}
            }
        } else if ready == answers {
            if let Ok(answer) = self.setup.answers.try_recv() {
                self.answer(answer);
            }
        } else if ready == heard {
            if let Ok(note) = self.setup.heard.try_recv() {
                self.note(note);
            }
        } else {
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        while !self.setup.events.is_full() {
            let Some(event) = self.outbox.pop() else { break };
            // A window that is gone needs no events; its commands' channel ends us.
            if self.setup.events.try_send(event).is_err() {
                break;
            }
        }
        (self.setup.waker)();
    }

    fn hand_over_the_rest(&mut self) {
        while let Some(event) = self.outbox.pop() {
            (self.setup.waker)();
            if self.setup.events.send_timeout(event, HAND_OVER_LIMIT).is_err() {
                return;
            }
        }
        (self.setup.waker)();
    }

    fn is_stopped(&self) -> bool {
        self.stopping_until.is_some_and(|until| self.records.is_empty() || Instant::now() >= until)
    }

    fn change(&mut self, key: TransferKey, change: impl FnOnce(&mut Record)) {
        if let Some(record) = self.records.get_mut(&key) {
            change(record);
            self.outbox.show(record);
        }
    }

    /// The speed limit that all lanes of a direction share.
    fn pace(&self, direction: Direction) -> &Pace {
        match direction {
            Direction::Incoming => &self.receiving,
            Direction::Outgoing => &self.sending,
        }
    }

    fn me(&self) -> Me {
        let port = self.listening.map(|address| address.port());
        Me { name: self.setup.settings.device_name.clone(), port }
    }

    /// Folders of accepted incoming transfers other than `but`, with what they still need.
    fn reserved(&self, but: TransferKey) -> Vec<(PathBuf, u64)> {
        let others = self
            .records
            .iter()
            .filter(|(key, record)| **key != but && record.acceptance.is_some() && !record.going.interrupted);
        others
            .filter_map(|(_, record)| {
                let left = record.snapshot.total.saturating_sub(record.snapshot.moved);
                record.snapshot.folder.clone().map(|folder| (folder, left))
            })
            .collect()
    }

    /// Closes a connection whose transfer has ended meanwhile.
    fn turn_away(&self, link: SocketLink, code: ReasonCode) {
        let reason = if code == ReasonCode::UnknownTransfer { unknown_transfer() } else { Reason::bare(code) };
        let last = Some(abort(reason));
        self.closers.close(link, Farewell { last, ..Farewell::default() });
    }

    fn listen(&mut self, port: u16) {
        if self.watching.is_none() {
            let (watching, ended) = bounded(0);
            self.watching = Some(watching);
            self.setup.errands.watch_addresses(ended);
        }
        self.listener = None;
        self.listening = None;
        self.shown_otherwise();
        self.listener_id += 1;
        match Listener::start(self.listener_id, port, self.setup.errands.notes.clone()) {
            Ok(listener) => self.listener = Some(listener),
            Err(error) => {
                let reason = Reason::here(ReasonCode::Internal, error.to_string());
                self.outbox.fact(Event::NotListening { port, reason });
            }
        }
    }
}

fn abort(reason: Reason) -> Message {
    Message::Abort(Abort { reason, ours: None, theirs: None })
}
