//! `sealdrop devices`: the book of devices, listed and changed without an engine.

use std::{io::Write, time::SystemTime};

use super::{
    args::{DevicesArgs, DevicesVerb, Global, RuleArgs, RuleWord},
    book, check,
    exit::{Exit, Problem},
    json, nearby, recipient,
    setup::open_profile,
    show::{clean, clean_path, complain, count, key_beginning},
};
use crate::{
    model::book::{KnownDevice, Rule},
    storage::{error::StorageError, profile::Profile},
};

/// Lists the book, or changes it.
pub(super) fn run(global: &Global, arguments: DevicesArgs) -> Result<Exit, Problem> {
    match arguments.what {
        Some(_) if arguments.check.is_some() => {
            return Err(Problem::usage("--check goes without another word behind devices"));
        }
        None if arguments.check.is_some() => {
            return check::run(global, arguments.check.flatten().as_deref());
        }
        Some(_) if arguments.watch => return Err(Problem::usage("--watch goes without another word behind devices")),
        None if arguments.watch => return nearby::watch(global),
        None => list(&open_profile(global)?, global.json),
        Some(DevicesVerb::Forget { device }) => forget(&open_profile(global)?, &device)?,
        Some(DevicesVerb::Rule(arguments)) => {
            let (device, rule) = rule_of(arguments)?;
            set_rule(&open_profile(global)?, &device, rule)?;
        }
    }
    Ok(Exit::Done)
}

fn list(profile: &Profile, json: bool) {
    let devices = book::load(profile);
    if devices.is_empty() && !json {
        complain("no devices are known yet; they are remembered when something is sent to them");
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let mut out = std::io::stdout().lock();
    for device in &devices {
        let line = if json { json::device(device) } else { line(device, now) };
        if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
            // The reader has seen enough.
            return;
        }
    }
}

fn forget(profile: &Profile, text: &str) -> Result<(), Problem> {
    let id = recipient::known(text, &book::load(profile))?;
    book::forget(profile, &id).map_err(not_stored)
}

/// Whose rule, and which: what the parser of arguments cannot see is seen here.
fn rule_of(arguments: RuleArgs) -> Result<(String, Rule), Problem> {
    let RuleArgs { device, rule, folder } = arguments;
    match (rule, folder) {
        (RuleWord::Accept, Some(folder)) => Ok((device, Rule::Accept(folder))),
        (RuleWord::Ask, None) => Ok((device, Rule::Ask)),
        (RuleWord::Block, None) => Ok((device, Rule::Block)),
        (RuleWord::Accept, None) => Err(Problem::usage("accept needs the folder to save to")),
        (_, Some(_)) => Err(Problem::usage("a folder goes only with accept")),
    }
}

fn set_rule(profile: &Profile, device: &str, rule: Rule) -> Result<(), Problem> {
    let devices = book::load(profile);
    let Some(key) = recipient::verified(device, &devices)?.and_then(KnownDevice::key) else {
        return Err(Problem::failed(format!(
            "no device is verified as “{}”; rules are for verified devices, and sealdrop verify makes one",
            clean(device)
        )));
    };
    if book::set_rule(profile, key, rule).map_err(not_stored)? { Ok(()) } else { Err(recipient::not_known(device)) }
}

#[expect(clippy::needless_pass_by_value, reason = "it goes into map_err")]
fn not_stored(error: StorageError) -> Problem {
    Problem::failed(format!("the list of devices could not be changed: {error}"))
}

/// `Laptop  verified, ask  0007 0e15 1c23 2a31  192.168.1.7:9527  3 days ago`.
fn line(device: &KnownDevice, now: u64) -> String {
    let mut parts = vec![clean(&device.name)];
    match &device.trusted {
        Some(trusted) => {
            parts.push(format!("verified, {}", rule(&trusted.rule)));
            parts.push(key_beginning(&trusted.key));
        }
        None if device.classic => parts.push("not verified, plain protocol".to_owned()),
        None => parts.push("not verified".to_owned()),
    }
    let addresses: Vec<String> = device.addresses.iter().map(ToString::to_string).collect();
    parts.push(if addresses.is_empty() { "no address known".to_owned() } else { addresses.join(", ") });
    parts.push(ago(device.last_used, now));
    parts.join("  ")
}

fn rule(rule: &Rule) -> String {
    match rule {
        Rule::Accept(folder) => format!("accept into {}", clean_path(folder)),
        Rule::Ask => "ask".to_owned(),
        Rule::Block => "block".to_owned(),
    }
}

/// How long ago, in the largest whole unit.
fn ago(then: u64, now: u64) -> String {
    if then == 0 {
        return "never used".to_owned();
    }
    let long = match now.saturating_sub(then) {
        0..60 => return "used just now".to_owned(),
        s @ 60..3600 => count(s / 60, "minute", "minutes"),
        s @ 3600..86_400 => count(s / 3600, "hour", "hours"),
        s => count(s / 86_400, "day", "days"),
    };
    format!("used {long} ago")
}

#[cfg(test)]
mod tests {
    use super::{super::args::Where, *};
    use crate::model::{book::Trusted, device_key::DeviceKey};

    fn global(folder: &tempfile::TempDir) -> Global {
        Global { profile: Some(folder.path().to_owned()), port: None, nearby: Where::Off, json: false }
    }

    fn book_of(global: &Global) -> Profile {
        let profile = Profile::open(global.profile.clone()).unwrap();
        let stranger = KnownDevice::at("attic:1".parse().unwrap(), "Attic".to_owned(), false, 5);
        book::store(&profile, &[stranger, laptop()]);
        profile
    }

    fn laptop() -> KnownDevice {
        KnownDevice {
            name: "Lap\u{202e}top".to_owned(),
            addresses: vec!["10.0.0.1".parse().unwrap(), "laptop:1".parse().unwrap()],
            classic: false,
            last_used: 1000,
            last_seen: 0,
            trusted: Some(Trusted { key: DeviceKey([0xab; 32]), since: 0, rule: Rule::Ask, conflict: None }),
        }
    }

    fn change(global: &Global, what: DevicesVerb) -> Result<Exit, Problem> {
        run(global, DevicesArgs { check: None, watch: false, what: Some(what) })
    }

    #[test]
    fn a_line_says_who_it_is_and_what_it_may() {
        let mut device = laptop();
        let line_of = |device: &KnownDevice| line(device, 1000 + 3 * 86_400);
        let key = "abab abab abab abab";
        let addresses = "10.0.0.1:9527, laptop:1";
        assert_eq!(line_of(&device), format!("Lap\u{fffd}top  verified, ask  {key}  {addresses}  used 3 days ago"));
        device.trusted.as_mut().unwrap().rule = Rule::Accept("/srv/drop".into());
        device.addresses.clear();
        device.last_used = 0;
        assert_eq!(
            line_of(&device),
            format!("Lap\u{fffd}top  verified, accept into /srv/drop  {key}  no address known  never used")
        );
        let mut stranger = KnownDevice::at("attic:1".parse().unwrap(), "attic:1".to_owned(), true, 999 + 3 * 86_400);
        assert_eq!(line_of(&stranger), "attic:1  not verified, plain protocol  attic:1  used just now");
        stranger.classic = false;
        assert!(line_of(&stranger).contains("  not verified  "));
    }

    #[test]
    fn rules_are_stored_in_place() {
        let folder = tempfile::tempdir().unwrap();
        let global = global(&folder);
        let profile = book_of(&global);
        let into = folder.path().to_owned();
        let set = |rule, folder| {
            let device = "abab abab".to_owned();
            change(&global, DevicesVerb::Rule(RuleArgs { device, rule, folder }))
        };
        for (word, folder, rule) in [
            (RuleWord::Accept, Some(into.clone()), Rule::Accept(into)),
            (RuleWord::Block, None, Rule::Block),
            (RuleWord::Ask, None, Rule::Ask),
        ] {
            assert_eq!(set(word, folder).unwrap(), Exit::Done);
            let devices = book::load(&profile);
            assert_eq!((devices.len(), &devices[1].trusted.as_ref().unwrap().rule), (2, &rule));
        }
        assert_eq!(set(RuleWord::Block, Some("/".into())).unwrap_err().exit, Exit::Usage);
        // Strangers have none.
        let arguments = RuleArgs { device: "attic:1".to_owned(), rule: RuleWord::Block, folder: None };
        let problem = change(&global, DevicesVerb::Rule(arguments)).unwrap_err();
        assert!(problem.exit == Exit::Failed && problem.sentence.contains("sealdrop verify"), "{problem:?}");
    }

    #[test]
    fn what_is_forgotten_is_gone_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let global = global(&folder);
        let profile = book_of(&global);
        let forget = |text: &str| change(&global, DevicesVerb::Forget { device: text.to_owned() });
        assert_eq!(forget("10.0.0.1").unwrap_err().exit, Exit::Failed);
        assert_eq!(forget("attic:1").unwrap(), Exit::Done);
        assert_eq!(book::load(&profile), [laptop()]);
        assert_eq!(forget("lap\u{202e}TOP").unwrap(), Exit::Done);
        assert_eq!(book::load(&profile), []);
    }
}
