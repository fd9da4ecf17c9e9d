//! Whether multicast DNS, by which devices find each other, goes out and comes in: a question on every adapter, and who is
//! heard then. It works by itself, whether or not this device looks for others.

use std::{
    collections::BTreeSet,
    io,
    net::IpAddr,
    time::{Duration, Instant},
};

use polling::{Event, Events, Poller};

use crate::{
    engine::{cancel::CancelFlag, poll::watch},
    model::{
        adapter::{Adapter, AdapterKind},
        check::{Finding, Heard, StepState},
        firewall::Opening,
        reason::{Reason, ReasonCode},
    },
};

use super::{
    Outcome,
    adapters::adapters,
    firewall::fix,
    multicast_socket::{Came, MulticastSocket},
};

/// Others answer within 20 to 120 ms (RFC 6762 section 6), or a little later where Wi-Fi sleeps.
const LISTEN: Duration = Duration::from_millis(1500);
/// The question is repeated once: one packet may be lost.
const AGAIN: Duration = Duration::from_millis(500);
/// No wait is longer than this without a look at cancel.
const TICK: Duration = Duration::from_millis(50);
/// Adapters that are asked on; a machine with more has them for its containers.
const MOST_ADAPTERS: usize = 32;
/// Packets taken in before cancel and deadline are looked at.
const MOST_AT_ONCE: usize = 64;

pub(super) fn check(cancel: &CancelFlag) -> Outcome {
    match adapters().and_then(|adapters| ask_on(&adapters, cancel)) {
        Ok(heard) => judge(heard),
        Err(error) => Outcome::failed(Finding::Odd(Reason::here(ReasonCode::Io, error.to_string()))),
    }
}

/// One adapter while it is listened to.
struct Ear<'a> {
    adapter: &'a Adapter,
    sockets: Vec<MulticastSocket>,
    sent: bool,
    own: bool,
    others: BTreeSet<IpAddr>,
    trouble: Option<String>,
}

impl Ear<'_> {
    fn on(adapter: &Adapter) -> Ear<'_> {
        let (sockets, troubles): (Vec<_>, Vec<_>) =
            MulticastSocket::on(adapter, mark()).into_iter().partition(io::Result::is_ok);
        let trouble = troubles.into_iter().find_map(Result::err).map(|error| error.to_string());
        let sockets = sockets.into_iter().flatten().collect();
        Ear { adapter, sockets, sent: false, own: false, others: BTreeSet::new(), trouble }
    }

    fn ask(&mut self) {
        for socket in &self.sockets {
            match socket.ask() {
                Ok(()) => self.sent = true,
                Err(error) => self.trouble = Some(error.to_string()),
            }
        }
    }

    /// `here`: addresses of this computer, whose other programs are no other devices.
    fn hear(&mut self, here: &[IpAddr]) {
        for socket in &self.sockets {
            for _ in 0..MOST_AT_ONCE {
                match socket.hear() {
                    Came::Nothing => break,
                    Came::Own => self.own = true,
                    Came::Other(from) if here.contains(&from) => {}
                    Came::Other(from) => {
                        self.others.insert(from);
                    }
                }
            }
        }
    }

    fn heard(self) -> Heard {
        let Ear { adapter, sent, own, others, trouble, .. } = self;
        let trouble = trouble.filter(|_| !own);
        Heard { adapter: adapter.name.clone(), kind: adapter.kind, sent, own, others: others.len(), trouble }
    }
}

/// Asks on each of them and listens for a while.
fn ask_on(adapters: &[Adapter], cancel: &CancelFlag) -> io::Result<Vec<Heard>> {
    let here: Vec<IpAddr> = adapters.iter().flat_map(|adapter| adapter.addresses.iter().copied()).collect();
    let mut ears: Vec<Ear<'_>> = adapters.iter().filter(|it| it.up).take(MOST_ADAPTERS).map(Ear::on).collect();
    let poller = Poller::new()?;
    let sockets = || ears.iter().flat_map(|ear| &ear.sockets);
    for (key, socket) in sockets().enumerate() {
        watch(&poller, socket.socket(), Event::readable(key))?;
    }
    let listened = listen(&mut ears, &poller, &here, cancel);
    for socket in ears.iter().flat_map(|ear| &ear.sockets) {
        poller.delete(socket.socket())?;
    }
    listened?;
    Ok(ears.into_iter().map(Ear::heard).collect())
}

fn listen(ears: &mut [Ear<'_>], poller: &Poller, here: &[IpAddr], cancel: &CancelFlag) -> io::Result<()> {
    let begun = Instant::now();
    let mut asked = 0;
    let mut events = Events::new();
    while begun.elapsed() < LISTEN && !cancel.is_set() {
        if asked == 0 || (asked == 1 && begun.elapsed() >= AGAIN) {
            asked += 1;
            ears.iter_mut().for_each(Ear::ask);
        }
        events.clear();
        match poller.wait(&mut events, Some(TICK)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        for (key, socket) in ears.iter().flat_map(|ear| &ear.sockets).enumerate() {
            poller.modify(socket.socket(), Event::readable(key))?;
        }
        for ear in ears.iter_mut() {
            ear.hear(here);
        }
    }
    Ok(())
}

/// So that our question is known again among those of others.
fn mark() -> u64 {
    let mut bytes = [0; 8];
    // Without randomness it is still a question; only two checks at once would take each other's for their own.
    getrandom::fill(&mut bytes).ok();
    u64::from_be_bytes(bytes)
}

/// Virtual adapters do not count, as long as there is another one.
fn judge(heard: Vec<Heard>) -> Outcome {
    let counts = |it: &&Heard| it.kind.is_ordinary();
    let works = heard.iter().filter(counts).filter(|it| it.works()).count();
    let state = match heard.iter().filter(counts).count() {
        0 if heard.iter().any(|it| it.works() && it.kind != AdapterKind::Vpn) => StepState::Warning,
        0 => StepState::NotTried,
        all if works == all => StepState::Fine,
        _ if works > 0 => StepState::Warning,
        _ => StepState::Failed,
    };
    let stopped = heard.iter().filter(counts).any(|it| it.sent && !it.works());
    let fix = stopped.then(|| fix(Opening::Finding)).flatten();
    Outcome::new(state, Finding::Multicast { heard, fix })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::adapter::kind_of;

    fn heard(adapter: &str, own: bool, others: usize) -> Heard {
        Heard { adapter: adapter.to_owned(), kind: kind_of(adapter), sent: true, own, others, trouble: None }
    }

    #[test]
    fn only_ordinary_adapters_decide_how_it_came_out() {
        let table = [
            (vec![heard("eth0", true, 0)], StepState::Fine),
            (vec![heard("eth0", false, 2)], StepState::Fine),
            (vec![heard("eth0", true, 0), heard("tun0", false, 0)], StepState::Fine),
            (vec![heard("eth0", true, 0), heard("wlan0", false, 0)], StepState::Warning),
            (vec![heard("eth0", false, 0), heard("docker0", true, 0)], StepState::Failed),
            (vec![heard("docker0", true, 0)], StepState::Warning),
            (vec![heard("tun0", true, 0)], StepState::NotTried),
            (Vec::new(), StepState::NotTried),
        ];
        for (all, expected) in table {
            assert_eq!(judge(all.clone()).state, expected, "{all:?}");
        }
    }

    #[test]
    fn a_question_on_the_loopback_comes_back_in_and_a_cancel_ends_the_listening() {
        let addresses = vec![IpAddr::from([127, 0, 0, 1])];
        let loopback =
            Adapter { name: "lo".to_owned(), kind: AdapterKind::Ordinary, addresses, index: Some(1), up: true };
        match ask_on(std::slice::from_ref(&loopback), &CancelFlag::default()) {
            Ok(found) => assert!(found[0].sent && found[0].own && found[0].others == 0, "{found:?}"),
            Err(error) => panic!("{error}"),
        }
        let cancel = CancelFlag::default();
        cancel.set();
        let begun = Instant::now();
        ask_on(&[loopback], &cancel).unwrap();
        assert!(begun.elapsed() < Duration::from_millis(500));
    }
}
