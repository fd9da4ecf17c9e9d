//! The steps of the network check in words: what each is called, what it has found, and what to do about it.

mod device;
mod own;

use std::time::Duration;

use super::super::show::count;
use crate::{
    model::{
        check::{CheckStep, Finding, Fix, StepKind, StepState},
        reason::Reason,
    },
    ui::text::{explain, fit, one_line},
};

use device::{clock, connection, encryption, greeting, name, way_back};
use own::{adapter_line, adapters, heard_line, multicast, port};

/// What a step is called.
pub(super) fn step_title(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Port => "Listening",
        StepKind::Adapters => "Network adapters",
        StepKind::Multicast => "Finding each other",
        StepKind::Name => "Name",
        StepKind::Connection => "Connection",
        StepKind::Encryption => "Encryption",
        StepKind::Greeting => "Greeting",
        StepKind::WayBack => "Way back",
        StepKind::Clock => "Clock",
    }
}

/// How it stands, in a word.
pub(super) fn step_state(state: StepState) -> &'static str {
    match state {
        StepState::Failed => "Failed",
        StepState::Fine => "Fine",
        StepState::NotTried => "Not tried",
        StepState::Running => "Running…",
        StepState::Warning => "Warning",
    }
}

/// How long it took: `12 ms`, `1.5 s`.
pub(super) fn step_time(took: Duration) -> String {
    let millis = took.as_millis();
    match millis {
        0 => "under 1 ms".to_owned(),
        1..1000 => format!("{millis} ms"),
        _ => format!("{:.1} s", took.as_secs_f64()),
    }
}

/// What a step has found, and what to do if that is not well (empty otherwise). `over`: the check has ended.
pub(super) fn step_told(step: &CheckStep, over: bool) -> (String, String) {
    let (found, advice): (String, &str) = match &step.finding {
        Finding::Nothing if step.state == StepState::Running || !over => (String::new(), ""),
        Finding::Nothing => ("An earlier step has failed".to_owned(), ""),
        Finding::Stopped => ("Stopped".to_owned(), ""),
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
    };
    (found, advice.to_owned())
}

/// The line above a command.
pub(super) fn fix_for(fix: &Fix) -> String {
    format!("With {} on this computer, as somebody who may:", fix.firewall.name())
}

/// What a step has to list, a line each.
pub(super) fn step_lines(finding: &Finding) -> Vec<String> {
    match finding {
        Finding::Adapters(adapters) => adapters.iter().map(adapter_line).collect(),
        Finding::Multicast { heard, .. } if heard.len() > 1 => heard.iter().map(heard_line).collect(),
        _ => Vec::new(),
    }
}

/// How the whole of it came out, once it is over.
pub(super) fn check_summary(steps: &[CheckStep]) -> (StepState, String) {
    let number = |state| steps.iter().filter(|step| step.state == state).count() as u64;
    let (failed, warnings) = (number(StepState::Failed), number(StepState::Warning));
    if steps.iter().any(|step| step.finding == Finding::Stopped) {
        return (StepState::NotTried, "Stopped".to_owned());
    }
    match (failed, warnings) {
        (0, 0) => (StepState::Fine, "Everything is fine".to_owned()),
        (0, _) => (StepState::Warning, format!("It works, with {}", count(warnings, "warning", "warnings"))),
        (_, 0) => (StepState::Failed, count(failed, "step has failed", "steps have failed")),
        _ => {
            let failed = count(failed, "step has failed", "steps have failed");
            (StepState::Failed, format!("{failed}, and there {}", is_warning(warnings)))
        }
    }
}

fn is_warning(number: u64) -> String {
    let verb = if number == 1 { "is" } else { "are" };
    format!("{verb} {}", count(number, "warning", "warnings"))
}

/// A reason of another part of the program.
fn told(reason: &Reason) -> (String, &'static str) {
    (one_line(reason), "")
}

/// What has no sentence of its own here.
fn odd(finding: &Finding) -> (String, &'static str) {
    match finding {
        Finding::Odd(reason) | Finding::Broken(reason) | Finding::NotConnected(reason) => {
            let detail = reason.detail.as_deref().map(|it| format!(" ({})", fit(it, 160))).unwrap_or_default();
            (format!("{}{detail}", explain(reason).0), "")
        }
        _ => (String::new(), ""),
    }
}

fn and(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] if names.len() <= 3 => format!("{} and {last}", first.join(", ")),
        [first, second, rest @ ..] => format!("{first}, {second} and {} more", rest.len()),
    }
}
