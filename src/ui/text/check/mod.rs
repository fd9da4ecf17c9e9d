//! The steps of the network check in words: what each is called, what it has found, and what to do about it.

mod device;
mod own;

use std::time::Duration;

use super::{catalogue::say, figures::fit, reasons};
use crate::{
    model::{
        check::{CheckStep, Finding, Fix, StepKind, StepState},
        reason::Reason,
    },
    ui::state::Listening,
};

use device::{clock, connection, encryption, greeting, name, way_back};
use own::{adapter_line, adapters, heard_line, multicast, port};

/// What a step has found, and what to do if that is not well (empty otherwise).
type Told = (String, String);

/// What a step is called.
pub fn step_title(kind: StepKind) -> String {
    match kind {
        StepKind::Port => say!("check-port"),
        StepKind::Adapters => say!("check-adapters"),
        StepKind::Multicast => say!("check-multicast"),
        StepKind::Name => say!("check-name"),
        StepKind::Connection => say!("check-connection"),
        StepKind::Encryption => say!("check-encryption"),
        StepKind::Greeting => say!("check-greeting"),
        StepKind::WayBack => say!("check-way-back"),
        StepKind::Clock => say!("check-clock"),
    }
}

/// How it stands, in a word.
pub fn step_state(state: StepState) -> String {
    match state {
        StepState::Failed => say!("check-failed"),
        StepState::Fine => say!("check-fine"),
        StepState::NotTried => say!("check-not-tried"),
        StepState::Running => say!("check-running"),
        StepState::Warning => say!("check-warning"),
    }
}

/// How long it took: `12 ms`, `1.5 s`.
pub fn step_time(took: Duration) -> String {
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    match millis {
        0 => say!("check-no-time"),
        1..1000 => say!("check-millis", millis),
        _ => say!("check-seconds", seconds = format!("{:.1}", took.as_secs_f64())),
    }
}

/// What a step has found, and what to do if that is not well (empty otherwise). `over`: the check has ended.
pub fn step_told(step: &CheckStep, over: bool) -> (String, String) {
    match &step.finding {
        Finding::Nothing if step.state == StepState::Running || !over => fine(String::new()),
        Finding::Nothing => fine(say!("check-earlier-failed")),
        Finding::Stopped => fine(say!("check-stopped")),
        finding => match step.kind {
            StepKind::Port => port(finding),
            StepKind::Adapters => adapters(finding),
            StepKind::Multicast => multicast(finding),
            StepKind::Name => name(finding),
            StepKind::Connection => connection(finding),
            StepKind::Encryption => encryption(finding),
            StepKind::Greeting => greeting(finding),
            StepKind::WayBack => way_back(finding),
            StepKind::Clock => clock(finding),
        },
    }
}

/// A step and how it stands, as its group is named.
pub fn check_step(title: &str, state: &str) -> String {
    say!("check-step", title, state)
}

/// Whether this device listens, for the line at the foot of the window; nothing while it starts.
pub fn status(listening: &Listening) -> Option<String> {
    match listening {
        Listening::At { port, .. } => Some(say!("status-listening", port = port.to_string())),
        Listening::NotListening { port, .. } => Some(say!("status-not-listening", port = port.to_string())),
        Listening::Starting => None,
    }
}

/// The line above a command.
pub fn fix_for(fix: &Fix) -> String {
    say!("check-fix", firewall = fix.firewall.name())
}

/// What a step has to list, a line each.
pub fn step_lines(finding: &Finding) -> Vec<String> {
    match finding {
        Finding::Adapters(adapters) => adapters.iter().map(adapter_line).collect(),
        Finding::Multicast { heard, .. } if heard.len() > 1 => heard.iter().map(heard_line).collect(),
        _ => Vec::new(),
    }
}

/// How the whole of it came out, once it is over.
pub fn check_summary(steps: &[CheckStep]) -> (StepState, String) {
    let number = |state| steps.iter().filter(|step| step.state == state).count() as u64;
    let (failed, warnings) = (number(StepState::Failed), number(StepState::Warning));
    if steps.iter().any(|step| step.finding == Finding::Stopped) {
        return (StepState::NotTried, say!("check-stopped"));
    }
    match (failed, warnings) {
        (0, 0) => (StepState::Fine, say!("check-all-fine")),
        (0, _) => (StepState::Warning, say!("check-works-with-warnings", warnings)),
        (_, 0) => (StepState::Failed, say!("check-steps-failed", failed)),
        _ => (StepState::Failed, say!("check-steps-failed-and-warnings", failed, warnings)),
    }
}

/// Found, and nothing to do.
fn fine(found: String) -> Told {
    (found, String::new())
}

/// A reason of another part of the program.
fn told(reason: &Reason) -> Told {
    fine(reasons::one_line(reason))
}

/// What has no sentence of its own here.
fn odd(finding: &Finding) -> Told {
    match finding {
        Finding::Odd(reason) | Finding::Broken(reason) | Finding::NotConnected(reason) => {
            fine(detailed(reasons::explain(reason).0, reason.detail.as_deref()))
        }
        _ => fine(String::new()),
    }
}

/// What happened, and behind it what the system or the other side said.
fn detailed(what: impl Into<String>, detail: Option<&str>) -> String {
    let what = what.into();
    match detail {
        None => what,
        Some(detail) => say!("check-detailed", what, detail = fit(detail, 160)),
    }
}

/// Names in a sentence.
fn and(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first, second] => say!("check-two", first = *first, second = *second),
        [first, second, third] => say!("check-three", first = *first, second = *second, third = *third),
        [first, second, rest @ ..] => {
            say!("check-many", first = *first, second = *second, more = rest.len())
        }
    }
}
