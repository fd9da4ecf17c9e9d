//! One run of the engine for a command: starts it, waits for what comes next, and stops it in order.

use std::{
    collections::HashMap,
    io::IsTerminal,
    sync::Arc,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Select, Sender, never};

use super::{
    answers::Order,
    exit::Problem,
    human::Human,
    interrupt,
    json::Json,
    ration::{self, Ration},
    setup::Setup,
    show::{self, Show},
    standing::{Standing, State},
    transfers::{News, Scope, Transfers},
};
use crate::{
    engine::{
        Config, Engine, Restore,
        messages::{Command, ComparisonSnapshot, ComparisonState, Event, IncomingOffer},
    },
    model::{
        book::KnownDevice,
        conflict::Conflict,
        device::Peer,
        device_key::DeviceKey,
        nearby::{InterfaceUse, Nearby},
        outcome::Ending,
        reason::Reason,
        short_code::ShortCode,
        transfer::{TransferKey, TransferSnapshot},
    },
    transfer::limits::Limits,
};

/// The engine takes commands at once; one that does not is broken.
const COMMAND_LIMIT: Duration = Duration::from_secs(5);
/// Last words to the other side have this long when the process ends.
pub(super) const STOP_LIMIT: Duration = Duration::from_secs(4);

/// What a command hears next.
pub(super) enum Heard {
    /// The code of a transfer is known, and was told.
    Code(TransferKey, ShortCode),
    /// A comparison of codes stands otherwise than before.
    Comparison(Box<ComparisonSnapshot>),
    /// Over, or interrupted because this process ends.
    Ended(Box<TransferSnapshot>, Ending),
    /// Ctrl-C, the first.
    Interrupted,
    /// A transfer waits to be gone on with.
    Kept(TransferKey),
    /// A line of standard input; `None` when it has ended.
    Line(Option<String>),
    /// Where nearby devices are looked for.
    Interfaces(Vec<InterfaceUse>),
    /// Who is nearby now.
    Nearby(Vec<Nearby>),
    NotListening(u16, Reason),
    /// What a person confirmed could not be stored, and that was told.
    NotVerified,
    Offered(Box<IncomingOffer>),
    /// All that earlier runs have left is known.
    Restored,
    /// The engine is gone.
    Stopped,
    /// The time given is over.
    TimeOver,
    /// What a person confirmed has been stored, and that was told.
    Verified,
}

/// The running engine with the one who tells about it.
pub(super) struct Session {
    door: Door,
    pub(super) show: Box<dyn Show>,
    interrupts: Receiver<()>,
    lines: Receiver<String>,
    pub(super) transfers: Transfers,
    /// What is to be done about taken names, by the device book.
    conflicts: HashMap<DeviceKey, Conflict>,
    /// Comparisons of codes that go on, as they stand.
    comparisons: HashMap<TransferKey, ComparisonState>,
    /// Told once this device listens.
    identity: Option<DeviceKey>,
    /// Keys that a person has confirmed and that are not stored yet.
    verifying: Vec<DeviceKey>,
    /// Callers that were turned away.
    refusals: Ration,
}

/// The near ends of an engine's channels, and the engine as long as it is ours.
pub(super) struct Door {
    pub(super) commands: Sender<Command>,
    pub(super) events: Receiver<Event>,
    pub(super) engine: Option<Engine>,
}

impl Session {
    /// Starts an engine that listens on `listen`, or not at all, and takes care of what earlier runs have left of `restore`.
    pub(super) fn start(setup: Setup, json: bool, listen: Option<u16>, restore: Restore) -> Result<Self, Problem> {
        let interrupts = interrupt::interrupts()
            .map_err(|error| Problem::failed(format!("interrupts cannot be waited for: {error}")))?;
        Self::start_with(setup, json, listen, restore, interrupts)
    }

    /// An engine that only looks who is there, for a moment: an interrupt ends the process as if it were not there.
    pub(super) fn look(setup: Setup) -> Result<Self, Problem> {
        Self::start_with(setup, false, None, Restore::Nothing, never())
    }

    fn start_with(
        setup: Setup,
        json: bool,
        listen: Option<u16>,
        restore: Restore,
        interrupts: Receiver<()>,
    ) -> Result<Self, Problem> {
        let show: Box<dyn Show> =
            if json { Box::new(Json::default()) } else { Box::new(Human::new(std::io::stderr().is_terminal())) };
        let Setup { profile, settings, identity, attended, only_shares, nearby } = setup;
        let engine = Engine::start(Config {
            profile,
            settings,
            identity,
            attended,
            damaged: None,
            limits: Limits::default(),
            listen,
            only_shares,
            restore,
            nearby,
            waker: Arc::new(|| {}),
        })
        .map_err(|error| Problem::failed(format!("the engine cannot start: {error}")))?;
        let (commands, events) = (engine.commands().clone(), engine.events().clone());
        Ok(Self::over(Door { commands, events, engine: Some(engine) }, show, interrupts))
    }

    /// A session over a running engine.
    pub(super) fn over(door: Door, show: Box<dyn Show>, interrupts: Receiver<()>) -> Self {
        Self {
            door,
            show,
            interrupts,
            lines: never(),
            transfers: Transfers::new(Scope::All),
            conflicts: HashMap::new(),
            comparisons: HashMap::new(),
            identity: None,
            verifying: Vec::new(),
            refusals: Ration::new(ration::REFUSALS),
        }
    }

    /// From now on lines of standard input are heard, too.
    pub(super) fn hear_lines(&mut self, lines: Receiver<String>) {
        self.lines = lines;
    }

    pub(super) fn say(&self, command: Command) {
        // An engine that is gone is heard as `Stopped`.
        self.door.commands.send_timeout(command, COMMAND_LIMIT).ok();
    }

    /// A person says that this is who it says it is; heard as `Verified` or `NotVerified`.
    pub(super) fn verify(&mut self, key: DeviceKey, peer: &Peer) {
        self.verifying.push(key);
        self.say(Command::Verify { key, name: peer.name.clone(), address: peer.dial.clone() });
    }

    /// Waits for what a command has to act on, and tells all the rest.
    pub(super) fn next(&mut self, until: Option<Instant>) -> Heard {
        loop {
            let heard = match self.wait(until) {
                Waited::Event(event) => self.tell(*event),
                Waited::Heard(heard) => Some(heard),
            };
            if let Some(heard) = heard {
                // Whoever acts on it may end the process.
                self.show.settle();
                return heard;
            }
        }
    }

    /// Lets the engine end in order: what can go on another time is kept.
    pub(super) fn shut_down(&mut self) {
        self.transfers.stopping();
        self.say(Command::Shutdown);
    }

    /// What a person has decided about taken names in offers of this device.
    pub(super) fn conflict(&self, peer: &Peer) -> Option<Conflict> {
        peer.key.filter(|_| peer.verified).and_then(|key| self.conflicts.get(&key)).copied()
    }

    /// Tells of this transfer alone from now on, beginning with how it stands.
    pub(super) fn attend_to(&mut self, key: TransferKey) {
        self.transfers.set_scope(Scope::One(key));
        let Some(snapshot) = self.transfers.get(key) else { return };
        if let Some(standing) = Standing::of(&snapshot.stage) {
            self.show.state(snapshot, &standing);
        }
    }

    /// Does what a script says about a transfer; the error says why not.
    pub(super) fn obey(&self, order: Order) -> Result<(), String> {
        let key = self.transfers.named(order.transfer).ok_or("no such transfer is under way")?;
        self.say(order.verb.command(key));
        Ok(())
    }

    /// Ends the engine in order, telling what still comes; last words reach the other side.
    pub(super) fn stop(mut self) {
        self.shut_down();
        let deadline = Instant::now() + STOP_LIMIT;
        while !matches!(self.next(Some(deadline)), Heard::Stopped | Heard::TimeOver) {}
        drop(self.door.engine.take());
    }

    fn wait(&mut self, until: Option<Instant>) -> Waited {
        if self.door.events.is_empty() {
            self.show.settle();
        }
        let mut select = Select::new();
        let events = select.recv(&self.door.events);
        let interrupts = select.recv(&self.interrupts);
        let lines = select.recv(&self.lines);
        let operation = match until {
            Some(until) => match select.select_deadline(until) {
                Ok(operation) => operation,
                Err(_) => return Waited::Heard(Heard::TimeOver),
            },
            None => select.select(),
        };
        match operation.index() {
            index if index == events => match operation.recv(&self.door.events) {
                Ok(event) => Waited::Event(Box::new(event)),
                Err(_) => Waited::Heard(Heard::Stopped),
            },
            index if index == interrupts => {
                if operation.recv(&self.interrupts).is_err() {
                    // The thread that waits for signals is gone; the system ends us without it.
                    self.interrupts = never();
                }
                Waited::Heard(Heard::Interrupted)
            }
            index => {
                debug_assert_eq!(index, lines);
                let line = operation.recv(&self.lines).ok();
                if line.is_none() {
                    self.lines = never();
                }
                Waited::Heard(Heard::Line(line))
            }
        }
    }

    /// Shows one event; what a command has to act on comes back.
    fn tell(&mut self, event: Event) -> Option<Heard> {
        match event {
            Event::Comparison(comparison) => return self.compared(comparison),
            Event::Devices(devices) => return self.stored(&devices),
            Event::DevicesDamaged { kept_at } => self.show.complain(&show::devices_damaged(&kept_at)),
            Event::DevicesNotSaved(reason) => return self.not_stored(&reason),
            Event::FilesEnded { key, ends } => {
                let snapshot = self.transfers.get(key)?;
                for end in &ends {
                    self.show.file_ended(snapshot, end);
                }
            }
            Event::Identity(key) => self.identity = Some(key),
            Event::LeftOut { key, left_out } => self.show.left_out(self.transfers.get(key)?, &left_out),
            Event::Listening { address, reachable_at } => {
                self.show.listening(address, &reachable_at);
                if let Some(key) = self.identity.take() {
                    self.show.identity(&key);
                }
            }
            Event::Interfaces(interfaces) => return Some(Heard::Interfaces(interfaces)),
            Event::Nearby(nearby) => return Some(Heard::Nearby(nearby)),
            Event::NotListening { port, reason } => return Some(Heard::NotListening(port, reason)),
            Event::Offered(offer) => return Some(Heard::Offered(Box::new(offer))),
            Event::Refused { address, reason } => self.refused(&address, &reason),
            Event::Restored => {
                self.transfers.restored();
                return Some(Heard::Restored);
            }
            Event::Sharing(trouble) => {
                let sentence = trouble.as_ref().map(show::sentence);
                self.show.complain(&show::sharing_trouble(sentence.as_deref()));
            }
            Event::Snapshot(snapshot) => return self.stands(snapshot),
            Event::StartedAgain { key, index } => self.show.started_again(self.transfers.get(key)?, index),
            Event::Stopped => return Some(Heard::Stopped),
            Event::WrongKey(warning) => self.show.wrong_key(&warning),
            Event::CheckEnded { .. }
            | Event::CheckStep { .. }
            | Event::FileChecked { .. }
            | Event::HandedOver(_)
            | Event::History(_)
            | Event::HistoryChanged
            | Event::HistoryDamaged { .. }
            | Event::HistoryFailed(_)
            | Event::Inspection { .. }
            | Event::Preflighted { .. }
            | Event::Settings(_)
            | Event::SettingsDamaged { .. }
            | Event::SettingsNotSaved(_)
            | Event::Staged { .. }
            | Event::Staging { .. }
            | Event::Visible { .. }
            | Event::Wrote { .. } => {}
        }
        None
    }

    /// Anybody may be turned away as often as he likes.
    fn refused(&mut self, address: &str, reason: &Reason) {
        let Some(left_out) = self.refusals.one_more(Instant::now()) else { return };
        if left_out > 0 {
            let more = show::count(left_out, "more caller was", "more callers were");
            self.show.complain(&format!("{more} turned away"));
        }
        let sentence = show::sentence(reason);
        self.show.complain(&format!("a caller from {address} was turned away: {sentence}"));
    }

    fn stands(&mut self, snapshot: TransferSnapshot) -> Option<Heard> {
        let News { is_download, code, standing, ending } = self.transfers.hear(&snapshot)?;
        if is_download {
            self.show.download(&snapshot);
        }
        if let Some(code) = code {
            self.show.code(&snapshot, code);
        }
        if let Some(standing) = &standing {
            self.show.state(&snapshot, standing);
        }
        if let Some(ending) = ending {
            self.show.finished(&snapshot, &ending);
            return Some(Heard::Ended(Box::new(snapshot), ending));
        }
        self.show.stands(&snapshot);
        match standing {
            Some(standing) if standing.state == State::Interrupted => Some(Heard::Kept(snapshot.key)),
            _ => code.map(|code| Heard::Code(snapshot.key, code)),
        }
    }

    fn compared(&mut self, comparison: ComparisonSnapshot) -> Option<Heard> {
        let ComparisonSnapshot { key, state, .. } = &comparison;
        if self.comparisons.get(key) == Some(state) {
            return None;
        }
        match state {
            ComparisonState::Connecting | ComparisonState::Waiting => {
                self.comparisons.insert(*key, state.clone());
            }
            // Nothing follows.
            ComparisonState::Code(_) | ComparisonState::Ended(_) => {
                self.comparisons.remove(key);
            }
        }
        Some(Heard::Comparison(Box::new(comparison)))
    }

    /// The device book has changed: whoever was waited for is in it now, or still awaited.
    fn stored(&mut self, devices: &[KnownDevice]) -> Option<Heard> {
        let trusted = devices.iter().filter_map(|device| device.trusted.as_ref());
        self.conflicts = trusted.filter_map(|trusted| Some((trusted.key, trusted.conflict?))).collect();
        let device = devices.iter().find(|device| device.key().is_some_and(|key| self.verifying.contains(&key)))?;
        let key = device.key()?;
        self.verifying.retain(|awaited| *awaited != key);
        self.show.verified(device);
        Some(Heard::Verified)
    }

    fn not_stored(&mut self, reason: &Reason) -> Option<Heard> {
        let sentence = show::sentence(reason);
        self.show.complain(&format!("the list of devices could not be changed: {sentence}"));
        (!std::mem::take(&mut self.verifying).is_empty()).then_some(Heard::NotVerified)
    }
}

enum Waited {
    Event(Box<Event>),
    Heard(Heard),
}
