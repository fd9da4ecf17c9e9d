//! `sealdrop devices --check`: the network check, a line (or a JSON object) for each step.

use std::{
    collections::BTreeMap,
    io::Write,
    sync::Arc,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, select};
use serde_json::json;

use super::{
    args::Global,
    exit::{Exit, Problem},
    interrupt, nearby,
    recipient::Recipient,
    setup::Setup,
    show::{clean, complain},
};
use crate::{
    engine::{
        Config, Engine, Restore,
        messages::{Command, Event},
    },
    model::{
        check::{CheckId, CheckStep, CheckTarget, Finding, StepKind, StepState},
        nearby::Reach,
    },
    transfer::limits::Limits,
    ui::text::{check_summary, fix_for, step_lines, step_state, step_time, step_title, step_told},
};

/// The one check of this process.
const ID: CheckId = CheckId(1);
/// The engine says within this time whether it listens.
const LISTEN_LIMIT: Duration = Duration::from_secs(5);
/// Last words have this long when the process ends.
const STOP_LIMIT: Duration = Duration::from_secs(3);

/// Checks this device, and another one if `host` names it.
pub(super) fn run(global: &Global, host: Option<&str>) -> Result<Exit, Problem> {
    let setup = Setup::open(global)?;
    let device = match host {
        None => None,
        Some(text) => {
            let Recipient { to, also, expect } = nearby::find(text, global, &setup.profile)?;
            Some(CheckTarget { places: std::iter::once(to).chain(also).collect(), expect })
        }
    };
    // Somebody else may be listening for this profile already: then that one is checked.
    let lock = setup.profile.lock().ok();
    let port = global.port.unwrap_or(setup.settings.port);
    let listen = lock.is_some().then_some(port);
    let interrupts = interrupt::interrupts()
        .map_err(|error| Problem::failed(format!("interrupts cannot be waited for: {error}")))?;
    let Setup { profile, mut settings, identity, .. } = setup;
    settings.port = port;
    let engine = Engine::start(Config {
        profile,
        settings,
        identity,
        attended: false,
        listen,
        only_shares: false,
        restore: Restore::Nothing,
        nearby: Reach::Nowhere,
        damaged: None,
        limits: Limits::default(),
        waker: Arc::new(|| {}),
    })
    .map_err(|error| Problem::failed(format!("the engine cannot start: {error}")))?;
    let exit = Run::new(global.json).drive(&engine, &interrupts, device, listen.is_some());
    engine.shut_down(STOP_LIMIT);
    drop(lock);
    exit
}

/// One check and what it has shown so far.
struct Run {
    json: bool,
    steps: BTreeMap<StepKind, CheckStep>,
    /// Steps that have been printed, which happens in their order.
    printed: usize,
    stopped: bool,
}

impl Run {
    fn new(json: bool) -> Self {
        Self { json, steps: BTreeMap::new(), printed: 0, stopped: false }
    }

    fn drive(
        mut self,
        engine: &Engine,
        interrupts: &Receiver<()>,
        device: Option<CheckTarget>,
        listens: bool,
    ) -> Result<Exit, Problem> {
        let mut command = Some(Command::Check { id: ID, own: true, device });
        let begin_by = Instant::now() + if listens { LISTEN_LIMIT } else { Duration::ZERO };
        loop {
            if command.is_some() && Instant::now() >= begin_by {
                begin(engine, &mut command);
            }
            let event = select! {
                recv(engine.events()) -> event => event.map_err(|_gone| Problem::failed("the engine stopped unexpectedly"))?,
                recv(interrupts) -> _ => {
                    self.stopped = true;
                    engine.commands().try_send(Command::CancelCheck(ID)).ok();
                    continue;
                }
                default(Duration::from_millis(100)) => continue,
            };
            match event {
                Event::Listening { .. } | Event::NotListening { .. } => begin(engine, &mut command),
                Event::CheckStep { step, .. } => {
                    self.steps.insert(step.kind, *step);
                    self.print(false);
                }
                Event::CheckEnded { .. } => return Ok(self.end()),
                // Nobody is here to answer; whoever asked is told so.
                Event::Offered(offer) => {
                    offer.reply.decline(Some("only a network check is running there".to_owned()));
                }
                Event::Stopped => return Err(Problem::failed("the engine stopped unexpectedly")),
                _ => {}
            }
        }
    }

    /// Prints what is known for good, in order; `over`: all of it.
    fn print(&mut self, over: bool) {
        let ready: Vec<CheckStep> =
            self.steps.values().skip(self.printed).take_while(|step| over || is_final(step)).cloned().collect();
        self.printed += ready.len();
        let mut out = std::io::stdout().lock();
        for step in ready {
            let text = if self.json { json_line(&step) } else { lines(&step) };
            if writeln!(out, "{text}").and_then(|()| out.flush()).is_err() {
                // The reader has seen enough.
                return;
            }
        }
    }

    fn end(mut self) -> Exit {
        self.print(true);
        let steps: Vec<CheckStep> = self.steps.into_values().collect();
        if !self.json {
            complain(&check_summary(&steps).1);
        }
        if self.stopped { Exit::Cancelled } else { exit_of(&steps) }
    }
}

fn begin(engine: &Engine, command: &mut Option<Command>) {
    if let Some(command) = command.take() {
        // A full channel right after the start would be an engine that hangs: then nothing comes, and Ctrl+C ends it.
        engine.commands().try_send(command).ok();
    }
}

fn is_final(step: &CheckStep) -> bool {
    match step.state {
        StepState::Failed | StepState::Fine | StepState::Warning => true,
        StepState::NotTried => step.finding != Finding::Nothing,
        StepState::Running => false,
    }
}

/// 4 when the other device is not reached; 1 when something else has failed.
fn exit_of(steps: &[CheckStep]) -> Exit {
    let failed = |step: &&CheckStep| step.state == StepState::Failed;
    if steps.iter().filter(failed).any(|step| step.kind.is_needed_to_reach()) {
        Exit::NotReachable
    } else if steps.iter().any(|step| failed(&step)) {
        Exit::Failed
    } else {
        Exit::Done
    }
}

/// The step for people: what, how, how long, what was found; below it what to do.
fn lines(step: &CheckStep) -> String {
    const INDENT: usize = 44;
    let time = step.took.map(step_time).unwrap_or_default();
    let (found, advice) = step_told(step, true);
    let mut text = format!("{:<20}{:<11}{time:>10}   {}", step_title(step.kind), step_state(step.state), clean(&found));
    let mut below = step_lines(&step.finding);
    below.extend((!advice.is_empty()).then_some(advice));
    if let Finding::Multicast { fix: Some(fix), .. } | Finding::NotReached { fix: Some(fix), .. } = &step.finding {
        below.extend([fix_for(fix), format!("  {}", fix.command)]);
    }
    for line in below {
        text.push('\n');
        text.push_str(&" ".repeat(INDENT));
        text.push_str(&clean(&line));
    }
    text.trim_end().to_owned()
}

fn json_line(step: &CheckStep) -> String {
    let (found, advice) = step_told(step, true);
    json!({
        "event": "check",
        "step": step.kind.word(),
        "state": step.state.word(),
        "seconds": step.took.map(|took| took.as_secs_f64()),
        "found": found,
        "details": step_lines(&step.finding),
        "advice": Some(advice).filter(|advice| !advice.is_empty()),
        "command": step.finding.command(),
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        check::Fix,
        firewall::Firewall,
        reason::{Reason, ReasonCode},
    };

    fn step(kind: StepKind, state: StepState, finding: Finding) -> CheckStep {
        CheckStep { kind, state, took: Some(Duration::from_millis(12)), finding }
    }

    #[test]
    fn a_step_that_failed_is_followed_by_what_to_do_and_the_command() {
        let fix = Some(Fix { firewall: Firewall::Ufw, command: "sudo ufw allow 9527/tcp".to_owned() });
        let failed = step(StepKind::WayBack, StepState::Failed, Finding::NotReached { port: 9527, fix });
        let text = lines(&failed);
        assert!(text.starts_with("Way back            Failed          12 ms   It cannot reach port 9527"), "{text}");
        assert!(text.ends_with("  sudo ufw allow 9527/tcp") && text.lines().count() == 4, "{text}");
        let value: serde_json::Value = serde_json::from_str(&json_line(&failed)).unwrap();
        assert_eq!((value["step"].as_str(), value["state"].as_str()), (Some("way_back"), Some("failed")));
        assert_eq!(value["command"], "sudo ufw allow 9527/tcp");
        assert_eq!(value["seconds"], 0.012);
        let fine = json_line(&step(StepKind::Port, StepState::Fine, Finding::Listening { port: 1 }));
        let value: serde_json::Value = serde_json::from_str(&fine).unwrap();
        assert!(value["advice"].is_null() && value["command"].is_null());
    }

    #[test]
    fn the_exit_code_tells_who_was_not_reached_from_what_else_failed() {
        let fine = |kind| step(kind, StepState::Fine, Finding::Nothing);
        let failed = |kind| step(kind, StepState::Failed, Finding::Odd(Reason::bare(ReasonCode::Io)));
        assert_eq!(exit_of(&[fine(StepKind::Port), fine(StepKind::Clock)]), Exit::Done);
        assert_eq!(exit_of(&[step(StepKind::Adapters, StepState::Warning, Finding::Nothing)]), Exit::Done);
        assert_eq!(exit_of(&[failed(StepKind::Port)]), Exit::Failed);
        assert_eq!(exit_of(&[fine(StepKind::Greeting), failed(StepKind::WayBack)]), Exit::Failed);
        for kind in [StepKind::Name, StepKind::Connection, StepKind::Encryption, StepKind::Greeting] {
            assert_eq!(exit_of(&[failed(StepKind::Port), failed(kind)]), Exit::NotReachable);
        }
    }
}
