//! Threads and sockets: the engine behind the window and the command line.
//!
//! `Engine::start` gives a door of two channel ends: commands in, events out. One `dispatch` thread owns all state; the
//! listener, doormen, lobby, worker pool, committers, closers and errands tell it what happened by notes.

pub mod archive;
pub mod aside;
pub mod call;
pub mod cancel;
pub mod check;
pub mod checker;
pub mod closer;
pub mod committer;
pub mod dial;
pub mod discovery;
mod dispatch;
pub mod door;
pub mod doorman;
pub mod errands;
pub mod handles;
pub mod historian;
pub mod inspection;
pub mod inspector;
pub mod instance;
pub mod lanes;
pub mod link;
pub mod listener;
pub mod lobby;
pub mod messages;
pub mod note;
pub mod outgoing;
mod poll;
pub mod pool;
pub mod presence;
pub mod probe;
pub mod receiving;
pub mod reply;
pub mod requests;
pub mod threads;

use std::{
    io,
    path::PathBuf,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::{
    crypto::{self, identity::Identity, tls::Tls},
    model::{
        nearby::Reach,
        reason::Reason,
        settings::Settings,
        transfer::{Direction, TransferId},
    },
    storage::{landing::sweep_leftovers, profile::Profile},
    transfer::limits::Limits,
};

use errands::Errands;
use lobby::Lobby;
use messages::{Command, Event, SendRequest, Waker};

/// Commands that may wait; a window that finds this full says that it is busy.
const COMMANDS: usize = 256;
/// Events that may wait for the window; what comes beyond waits in dispatch's outbox.
const EVENTS: usize = 256;
/// Notes from workers that may wait for dispatch.
const NOTES: usize = 512;
/// Answers to offers that may wait: more than offers can.
const ANSWERS: usize = 256;

/// How an engine starts.
pub struct Config {
    pub profile: Profile,
    pub settings: Settings,
    /// This device's key.
    pub identity: Identity,
    /// A person looks at what comes in, so that codes may be shown.
    pub attended: bool,
    /// Port to listen on (0 lets the system choose); `None` only sends.
    pub listen: Option<u16>,
    /// Serve the shared folder and turn all other callers away: a process that listens without the profile's lock.
    pub only_shares: bool,
    /// What earlier runs have left and this process takes care of.
    pub restore: Restore,
    /// Where nearby devices are looked for, and where this one shows itself.
    pub nearby: Reach,
    /// The settings file was damaged and kept aside there; the window is told.
    pub damaged: Option<(PathBuf, Reason)>,
    /// `Limits::default()`, but for tests.
    pub limits: Limits,
    /// Called whenever events are there.
    pub waker: Waker,
}

/// Transfers of earlier runs. What is sent is locked by the process that takes care of it; what is received belongs to the
/// one that listens.
#[derive(Clone, Debug)]
pub enum Restore {
    Both,
    Incoming,
    Nothing,
    /// Of what was being sent the one that this asks for, if it is there. All others are left to whoever takes care of them:
    /// several commands of one profile may run at the same time.
    Same(Box<SendRequest>),
}

impl Restore {
    /// Whether all of these are among them.
    pub fn holds(&self, direction: Direction) -> bool {
        match direction {
            Direction::Incoming => matches!(self, Self::Both | Self::Incoming),
            Direction::Outgoing => matches!(self, Self::Both),
        }
    }
}

/// The running engine. Dropping it stops it.
pub struct Engine {
    commands: Sender<Command>,
    events: Receiver<Event>,
    dispatch: Option<JoinHandle<()>>,
}

impl Engine {
    /// Starts dispatch and, if asked, the listener (whose success or failure comes as an event). A process that listens
    /// holds the profile's lock, so leftovers of its last run are swept here.
    ///
    /// # Errors
    /// The system has no threads or poll handles for us.
    pub fn start(config: Config) -> io::Result<Self> {
        let Config {
            profile,
            settings,
            identity,
            attended,
            listen,
            only_shares,
            restore,
            nearby,
            damaged,
            limits,
            waker,
        } = config;
        let tls = Tls::new(&identity).map_err(io::Error::other)?;
        // Without a thread, the first handshake takes longer.
        threads::spawn("prepare", crypto::prepare).ok();
        handles::raise_limit();
        let limits = Limits { files_ahead: limits.files_ahead.min(handles::files_ahead()), ..limits };
        if listen.is_some() && !only_shares {
            sweep_leftovers(&profile);
        }
        let (commands, commanded) = bounded(COMMANDS);
        let (telling, events) = bounded(EVENTS);
        let (notes, heard) = bounded(NOTES);
        let (answering, answers) = bounded(ANSWERS);
        let lobby = Lobby::start(notes.clone())?;
        let errands = Errands::start(profile, notes)?;
        let setup = dispatch::Setup {
            commands: commanded,
            events: telling,
            answers,
            answering,
            heard,
            errands,
            lobby,
            settings,
            tls,
            attended,
            only_shares,
            restore,
            reach: nearby,
            damaged,
            limits,
            waker,
        };
        let dispatch = threads::spawn("dispatch", move || dispatch::Dispatch::new(setup).run(listen))?;
        Ok(Self { commands, events, dispatch: Some(dispatch) })
    }

    /// Where commands go. `try_send`: it is full only when the engine is far behind.
    pub fn commands(&self) -> &Sender<Command> {
        &self.commands
    }

    /// Where events come from.
    pub fn events(&self) -> &Receiver<Event> {
        &self.events
    }

    /// Stops in order and waits until that is done, at most `limit`. Events that come meanwhile are dropped.
    pub fn shut_down(mut self, limit: Duration) {
        let deadline = Instant::now() + limit;
        // A dispatch that is gone already needs no telling.
        self.commands.send_timeout(Command::Shutdown, limit).ok();
        while let Ok(event) = self.events.recv_deadline(deadline) {
            if matches!(event, Event::Stopped) {
                break;
            }
        }
        if let Some(dispatch) = self.dispatch.take().filter(JoinHandle::is_finished) {
            // Its panic, if any, has been printed.
            dispatch.join().ok();
        }
    }
}

/// A name for a new transfer: 128 random bits.
pub fn new_transfer_id() -> TransferId {
    let mut bytes = [0; 16];
    if getrandom::fill(&mut bytes).is_err() {
        // A system without randomness: time and place still tell transfers of one process apart.
        let now = Instant::now();
        let text = format!("{now:?}{:p}", &raw const bytes);
        for (i, byte) in text.bytes().enumerate() {
            bytes[i % 16] = bytes[i % 16].rotate_left(3) ^ byte;
        }
    }
    TransferId(bytes)
}
