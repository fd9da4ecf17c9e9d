//! Devices nearby for the command line: a live list, and whom a name means that no device book holds.

use std::{
    fmt::Write as _,
    io::Write as _,
    time::{Duration, Instant},
};

use crossbeam_channel::bounded;
use serde::Serialize;

use super::{
    args::Global,
    exit::{Exit, Problem},
    recipient::{self, Recipient},
    session::{Heard, Session},
    setup::Setup,
    show::{clean, complain},
};
use crate::{
    engine::{Restore, cancel::CancelFlag, dial, threads},
    model::{
        device::PeerAddr,
        nearby::{InterfaceUse, Nearby, Proof, Reach},
        place::is_link,
    },
    storage::profile::Profile,
};

/// A host that the system knows is known within this time, or is looked for nearby as well.
const RESOLVE: Duration = Duration::from_secs(1);
/// Whoever is nearby has answered within this time,
const LOOK: Duration = Duration::from_millis(2500);
/// and others of the same name this much later than the first: who has answered somebody else within the last second stays silent
/// (RFC 6762, section 6), and is asked again after a second.
const TWINS: Duration = Duration::from_millis(1500);

/// `sealdrop devices --watch`: tells who comes and goes until it is interrupted.
pub(super) fn watch(global: &Global) -> Result<Exit, Problem> {
    let mut session = Session::start(Setup::open(global)?, global.json, None, Restore::Nothing)?;
    let (mut told, mut warned) = (Vec::new(), Vec::new());
    let mut out = std::io::stdout().lock();
    let exit = loop {
        match session.next(None) {
            Heard::Nearby(now) => {
                let lines = changes(&told, &now, global.json);
                told = now;
                if lines.iter().try_for_each(|line| writeln!(out, "{line}")).and_then(|()| out.flush()).is_err() {
                    // The reader has seen enough.
                    break Ok(Exit::Done);
                }
            }
            Heard::Interfaces(interfaces) => {
                let before = std::mem::replace(&mut warned, problems(&interfaces));
                warned.iter().filter(|problem| !before.contains(problem)).for_each(|problem| complain(problem));
            }
            Heard::Interrupted => break Ok(Exit::Done),
            Heard::Stopped => break Err(Problem::failed("the engine stopped unexpectedly")),
            _ => {}
        }
    };
    session.stop();
    exit
}

/// What is wrong with the interfaces, a sentence each: others may be found all the same.
fn problems(interfaces: &[InterfaceUse]) -> Vec<String> {
    if interfaces.is_empty() {
        return vec!["there is no network that anybody could be found in".to_owned()];
    }
    let failing = interfaces.iter().filter_map(|it| Some((it, it.problem.as_ref()?)));
    failing
        .map(|(it, problem)| {
            format!("nobody is found through {} ({}): {}", clean(&it.name), it.address, clean(problem))
        })
        .collect()
}

/// Where to send to: a verified device, else an address, else a host that the system knows, else a device nearby of that name.
/// In this order, so that nobody can put himself in the place of a host by taking its name.
pub(super) fn find(text: &str, global: &Global, profile: &Profile) -> Result<Recipient, Problem> {
    let found = recipient::find(text, profile);
    let could_be_named = match &found {
        Ok(Recipient { to, expect: None, .. }) => !recipient::is_address(text) && !is_known_host(to),
        Ok(_) => false,
        Err(problem) => problem.exit == Exit::Usage && !recipient::is_key(text),
    };
    if Reach::from(global.nearby) == Reach::Nowhere {
        return found;
    }
    if !could_be_named {
        return found.map(|known| if is_link(text) { known } else { where_it_is(known, global) });
    }
    let named = named(text, global)?;
    match named.as_slice() {
        [] => found
            .map_err(|problem| Problem { sentence: format!("{}; and nobody nearby is", problem.sentence), ..problem }),
        [one] => recipient_of(one).ok_or_else(|| Problem::failed("it has no address")),
        several => Err(ambiguous(text, several)),
    }
}

/// At all of its addresses: it may be in several networks of which this computer is in one.
fn recipient_of(nearby: &Nearby) -> Option<Recipient> {
    let (to, also) = nearby.addresses.split_first()?;
    Some(Recipient { to: to.clone(), also: also.to_vec(), expect: nearby.key })
}

/// A verified device that does not answer where it was met may be somewhere else by now. Only its key is spoken to in any case.
fn where_it_is(known: Recipient, global: &Global) -> Recipient {
    let Some(key) = known.expect.filter(|_| !answers(&known)) else { return known };
    complain("it does not answer where it was met; looking for it nearby");
    // Without a look it is tried where it was.
    let found = looked_for(global, |it| it.key == Some(key), Duration::ZERO).unwrap_or_default();
    let Some(now) = found.first().and_then(recipient_of) else { return known };
    let before = std::iter::once(known.to).chain(known.also);
    let also: Vec<PeerAddr> = now.also.into_iter().chain(before).filter(|at| *at != now.to).collect();
    Recipient { to: now.to, also, expect: Some(key) }
}

/// Whether anybody takes a connection there.
fn answers(Recipient { to, also, .. }: &Recipient) -> bool {
    let places: Vec<PeerAddr> = std::iter::once(to).chain(also).cloned().collect();
    in_time(move |cancel| {
        let addresses = dial::resolve_all(&places, cancel);
        addresses.is_ok_and(|addresses| dial::connect_within(&addresses, RESOLVE, cancel).is_ok())
    })
}

/// Whether the system can look it up.
fn is_known_host(to: &PeerAddr) -> bool {
    let to = to.clone();
    in_time(move |cancel| dial::resolve(&to, cancel).is_ok())
}

/// What `ask` finds out, if it does within `RESOLVE`.
fn in_time(ask: impl FnOnce(&CancelFlag) -> bool + Send + 'static) -> bool {
    let (cancel, (found, results)) = (CancelFlag::default(), bounded(1));
    let stop = cancel.clone();
    let asking = threads::spawn("resolve", move || {
        // Nobody waits any more when it took too long.
        found.send(ask(&cancel)).ok();
    });
    let is_so = asking.is_ok() && results.recv_timeout(RESOLVE).unwrap_or_default();
    stop.set();
    is_so
}

/// Everybody nearby who goes by this name.
fn named(name: &str, global: &Global) -> Result<Vec<Nearby>, Problem> {
    complain(&format!("looking for “{}” nearby", clean(name)));
    let wanted = name.trim().to_lowercase();
    looked_for(global, |it| it.name.to_lowercase() == wanted, TWINS)
}

/// Who is nearby of those that are wanted: all that have come so much later than the first.
fn looked_for(global: &Global, is_wanted: impl Fn(&Nearby) -> bool, further: Duration) -> Result<Vec<Nearby>, Problem> {
    let mut session = Session::look(Setup::open(global)?)?;
    let (mut until, mut found) = (Instant::now() + LOOK, Vec::new());
    while let Heard::Nearby(nearby) = next(&mut session, until) {
        found = nearby.into_iter().filter(&is_wanted).collect();
        if !found.is_empty() {
            until = until.min(Instant::now() + further);
        }
    }
    session.stop();
    Ok(found)
}

fn next(session: &mut Session, until: Instant) -> Heard {
    loop {
        let heard = session.next(Some(until));
        if matches!(heard, Heard::Nearby(_) | Heard::TimeOver | Heard::Stopped) {
            return heard;
        }
    }
}

fn ambiguous(name: &str, several: &[Nearby]) -> Problem {
    let mut sentence =
        format!("“{}” is what several devices nearby call themselves; say which by its address:", clean(name));
    for nearby in several {
        // Writing to a string does not fail.
        write!(sentence, "\n  {}", line(nearby)).ok();
    }
    Problem::usage(sentence)
}

/// One line of `--json`.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line<'a> {
    Gone {
        name: &'a str,
        key: Option<String>,
        address: Option<String>,
    },
    Nearby {
        name: &'a str,
        /// Of the verified device that it is, or says that it is.
        key: Option<String>,
        /// Its key was shown.
        verified: bool,
        os: Option<&'a str>,
        version: Option<&'a str>,
        address: Option<String>,
        addresses: Vec<String>,
    },
}

/// What has changed, as lines: who is gone first, then who has come or says something else than before.
fn changes(before: &[Nearby], now: &[Nearby], json: bool) -> Vec<String> {
    let same = |one: &Nearby, other: &Nearby| match (one.key, other.key) {
        (None, None) => one.addresses.iter().any(|address| other.addresses.contains(address)),
        (one, other) => one == other,
    };
    let gone = before.iter().filter(|it| !now.iter().any(|other| same(it, other)));
    let came = now.iter().filter(|it| !before.contains(it));
    let gone = gone.map(|it| if json { written(&gone_line(it)) } else { format!("gone    {}", clean(&it.name)) });
    let came = came.map(|it| if json { written(&nearby_line(it)) } else { format!("nearby  {}", line(it)) });
    gone.chain(came).collect()
}

/// `Laptop  verified  linux  0.1.0  192.168.1.7:9527`.
fn line(nearby: &Nearby) -> String {
    let standing = match (nearby.key, nearby.proof) {
        (Some(_), Proof::Shown) => "verified",
        (Some(_), Proof::Claimed) => "says it is a verified device",
        (None, _) => "not verified",
    };
    let addresses = nearby.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let parts =
        [Some(nearby.name.as_str()), Some(standing), nearby.os.as_deref(), nearby.version.as_deref(), Some(&addresses)];
    clean(&parts.into_iter().flatten().collect::<Vec<_>>().join("  "))
}

fn gone_line(nearby: &Nearby) -> Line<'_> {
    Line::Gone {
        name: &nearby.name,
        key: nearby.key.map(|key| key.to_string()),
        address: nearby.address().map(ToString::to_string),
    }
}

fn nearby_line(nearby: &Nearby) -> Line<'_> {
    Line::Nearby {
        name: &nearby.name,
        key: nearby.key.map(|key| key.to_string()),
        verified: nearby.key.is_some_and(|key| nearby.is_shown(key)),
        os: nearby.os.as_deref(),
        version: nearby.version.as_deref(),
        address: nearby.address().map(ToString::to_string),
        addresses: nearby.addresses.iter().map(ToString::to_string).collect(),
    }
}

fn written(line: &Line<'_>) -> String {
    // Nothing in it can fail to be written.
    serde_json::to_string(line).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::device_key::DeviceKey;

    fn nearby(name: &str, address: &str, key: Option<DeviceKey>, proof: Proof) -> Nearby {
        let addresses = vec![address.parse().unwrap()];
        Nearby { name: name.to_owned(), os: Some("linux".to_owned()), version: None, addresses, key, proof }
    }

    #[test]
    fn who_comes_and_goes_has_a_line() {
        let key = Some(DeviceKey([0xab; 32]));
        let anna = nearby("An\u{202e}na", "10.0.0.1", None, Proof::Claimed);
        let bert = nearby("Bert", "10.0.0.2:7", key, Proof::Claimed);
        let proved = Nearby { proof: Proof::Shown, ..bert.clone() };
        assert_eq!(
            changes(&[], &[anna.clone(), bert.clone()], false),
            [
                "nearby  An\u{fffd}na  not verified  linux  10.0.0.1:9527",
                "nearby  Bert  says it is a verified device  linux  10.0.0.2:7"
            ]
        );
        assert_eq!(
            changes(std::slice::from_ref(&bert), std::slice::from_ref(&proved), false),
            ["nearby  Bert  verified  linux  10.0.0.2:7"]
        );
        assert_eq!(
            changes(&[anna.clone(), bert.clone()], std::slice::from_ref(&bert), false),
            ["gone    An\u{fffd}na"]
        );
        let moved = Nearby { addresses: vec!["10.0.0.9".parse().unwrap()], ..bert.clone() };
        assert_eq!(
            changes(std::slice::from_ref(&bert), &[moved], false).len(),
            1,
            "a known device that moved is not gone"
        );
    }

    #[test]
    fn scripts_read_the_same() {
        let key = Some(DeviceKey([0xab; 32]));
        let bert = nearby("Bert", "[fe80::1%eth0]:7", key, Proof::Shown);
        let hex = "ab".repeat(32);
        let came = format!(
            r#"{{"event":"nearby","name":"Bert","key":"{hex}","verified":true,"os":"linux","version":null,"address":"[fe80::1%eth0]:7","addresses":["[fe80::1%eth0]:7"]}}"#
        );
        assert_eq!(changes(&[], std::slice::from_ref(&bert), true), [came]);
        let gone = format!(r#"{{"event":"gone","name":"Bert","key":"{hex}","address":"[fe80::1%eth0]:7"}}"#);
        assert_eq!(changes(&[bert], &[], true), [gone]);
    }

    #[test]
    fn an_interface_that_fails_is_named_and_the_others_are_not() {
        let of = |name: &str, problem: Option<&str>| InterfaceUse {
            name: name.to_owned(),
            address: [10, 0, 0, 1].into(),
            problem: problem.map(str::to_owned),
        };
        let found = problems(&[of("eth0", None), of("docker0", Some("No such device"))]);
        assert_eq!(found, ["nobody is found through docker0 (10.0.0.1): No such device"]);
        assert_eq!(problems(&[]).len(), 1);
    }

    #[test]
    fn somebody_nearby_is_sent_to_at_all_of_its_addresses() {
        let mut bert = nearby("Bert", "172.17.0.1", Some(DeviceKey([7; 32])), Proof::Claimed);
        bert.addresses.push("192.168.1.7".parse().unwrap());
        let to = recipient_of(&bert).unwrap();
        assert_eq!((to.to, to.also, to.expect), (bert.addresses[0].clone(), bert.addresses[1..].to_vec(), bert.key));
        assert!(recipient_of(&Nearby { addresses: Vec::new(), ..bert }).is_none());
    }

    #[test]
    fn several_of_one_name_are_listed_with_their_addresses() {
        let twins =
            [nearby("Twin", "10.0.0.1", None, Proof::Claimed), nearby("Twin", "10.0.0.2", None, Proof::Claimed)];
        let problem = ambiguous("Twin", &twins);
        assert_eq!(problem.exit, Exit::Usage);
        assert!(problem.sentence.contains("10.0.0.1:9527") && problem.sentence.contains("10.0.0.2:9527"));
    }
}
