//! The network check: a job of its own, with a deadline for everything, that tells each step as it begins and ends.

mod adapters;
mod device;
mod firewall;
mod holder;
mod multicast;
mod multicast_socket;
mod port;

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use crate::{
    model::check::{CheckId, CheckStep, CheckTarget, Finding, StepKind, StepState},
    transfer::limits::Limits,
};

use super::{call::Seal, cancel::CancelFlag, note::Note, threads};

pub use adapters::own_addresses;

/// The multicast step is over before this; a thread that hangs longer is left behind.
const MULTICAST_LIMIT: Duration = Duration::from_secs(4);
/// No wait is longer than this without a look at cancel.
const TICK: Duration = Duration::from_millis(100);

/// What a check has to know.
pub struct Check {
    pub id: CheckId,
    /// Also this device's own side.
    pub own: bool,
    /// Whose answer is wanted, if anybody's.
    pub device: Option<CheckTarget>,
    /// The port that this engine listens on.
    pub listening: Option<u16>,
    /// The one that it should listen on; a window of the same profile may be doing that instead.
    pub port: u16,
    pub seal: Seal,
    pub cancel: CancelFlag,
    pub limits: Limits,
    pub notes: Sender<Note>,
}

/// How a step came out.
pub(super) struct Outcome {
    state: StepState,
    finding: Finding,
    /// If something else than the whole step is to be told.
    took: Option<Duration>,
}

impl Outcome {
    fn new(state: StepState, finding: Finding) -> Self {
        Self { state, finding, took: None }
    }

    fn fine(finding: Finding) -> Self {
        Self::new(StepState::Fine, finding)
    }

    fn warning(finding: Finding) -> Self {
        Self::new(StepState::Warning, finding)
    }

    fn failed(finding: Finding) -> Self {
        Self::new(StepState::Failed, finding)
    }

    fn not_tried(finding: Finding) -> Self {
        Self::new(StepState::NotTried, finding)
    }
}

impl Check {
    /// Does everything; the last note is `CheckEnded`.
    pub fn run(self) {
        let report = Report { id: self.id, cancel: self.cancel.clone(), notes: self.notes.clone() };
        for kind in self.kinds() {
            report.tell(CheckStep::waiting(kind));
        }
        let multicast = self.begin_multicast(&report);
        // Whether anybody answers for us there, which the way back needs to know.
        let mut port = self.listening;
        if self.own {
            port = self.check_port(&report);
            report.step(StepKind::Adapters, adapters::check);
        }
        if let Some(target) = &self.device {
            device::check(&self, &report, target, port);
        }
        self.wait_for(&multicast);
        report.notes.send(Note::CheckEnded { id: self.id }).ok();
    }

    fn kinds(&self) -> Vec<StepKind> {
        let own = if self.own { &StepKind::OWN[..] } else { &[] };
        let other = if self.device.is_some() { &StepKind::OTHER[..] } else { &[] };
        own.iter().chain(other).copied().collect()
    }

    fn check_port(&self, report: &Report) -> Option<u16> {
        let mut answers = None;
        report.step(StepKind::Port, || {
            let outcome = port::check(self);
            if let Finding::Listening { port } = outcome.finding {
                answers = Some(port);
            }
            outcome
        });
        answers
    }

    /// On a thread of its own: it has to listen for a while, whoever answers meanwhile. The channel ends with it.
    fn begin_multicast(&self, report: &Report) -> Receiver<()> {
        let (ended, end) = bounded(0);
        if !self.own {
            return end;
        }
        if self.device.as_ref().is_some_and(CheckTarget::is_this_computer) {
            report.step(StepKind::Multicast, || Outcome::not_tried(Finding::MulticastNotNeeded));
            return end;
        }
        let report = report.clone();
        let started = threads::spawn("multicast", move || {
            let _ended: Sender<()> = ended;
            let cancel = report.cancel.clone();
            report.step(StepKind::Multicast, || multicast::check(&cancel));
        });
        // Without a thread the step stays as it is: not tried.
        started.ok();
        end
    }

    fn wait_for(&self, end: &Receiver<()>) {
        let deadline = Instant::now() + MULTICAST_LIMIT;
        while end.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
            if Instant::now() >= deadline || self.cancel.is_set() {
                return;
            }
        }
    }
}

/// Tells how the steps stand.
#[derive(Clone)]
pub(super) struct Report {
    id: CheckId,
    cancel: CancelFlag,
    notes: Sender<Note>,
}

impl Report {
    /// Does one step and tells its beginning and its end; whether it was fine, or nearly. After a cancel nothing is begun.
    fn step(&self, kind: StepKind, work: impl FnOnce() -> Outcome) -> bool {
        if self.cancel.is_set() {
            return false;
        }
        self.tell(CheckStep { state: StepState::Running, ..CheckStep::waiting(kind) });
        let begun = Instant::now();
        let Outcome { state, finding, took } = work();
        if self.cancel.is_set() {
            self.tell(CheckStep { finding: Finding::Stopped, ..CheckStep::waiting(kind) });
            return false;
        }
        let took = took.or_else(|| (state != StepState::NotTried).then(|| begun.elapsed()));
        self.tell(CheckStep { kind, state, took, finding });
        matches!(state, StepState::Fine | StepState::Warning)
    }

    fn tell(&self, step: CheckStep) {
        // Dispatch hears all but what comes after a shutdown.
        self.notes.send(Note::CheckStep { id: self.id, step: Box::new(step) }).ok();
    }
}
