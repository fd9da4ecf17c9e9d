//! From the names of a place to addresses: each look-up on a thread that can be abandoned, `.local` names in two ways at once.

use std::{
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use crate::{
    engine::{cancel::CancelFlag, threads},
    model::{
        device::PeerAddr,
        reason::{Reason, ReasonCode},
    },
};

use super::{MAX_ADDRESSES, TICK, local_name};

/// Looking up has this long.
const LIMIT: Duration = Duration::from_secs(10);
/// Once one of several names has an address, the others have this much longer.
const GRACE: Duration = Duration::from_millis(500);
/// Addresses that are taken of one name.
const MOST_OF_ONE: usize = 64;

/// Looks `to` up. The look-up itself cannot be stopped: when it hangs, its thread is left behind and its result dropped.
///
/// # Errors
/// `Unresolved`, `Cancelled`.
pub fn resolve(to: &PeerAddr, cancel: &CancelFlag) -> Result<Vec<SocketAddr>, Reason> {
    resolve_all(std::slice::from_ref(to), cancel)
}

/// As `resolve`, for a device that may be at any of several places. Those that cannot be looked up are left out.
///
/// # Errors
/// As `resolve`, when there is no address at all.
pub fn resolve_all(places: &[PeerAddr], cancel: &CancelFlag) -> Result<Vec<SocketAddr>, Reason> {
    let mut asked = Vec::new();
    for (at, place) in places.iter().enumerate() {
        let PeerAddr { host, port } = place.clone();
        if let Ok(address) = host.parse::<IpAddr>() {
            asked.push(Asked::new(at, &host, Box::new(move || Ok(vec![SocketAddr::new(address, port)]))));
            continue;
        }
        if local_name::is_local(&host) {
            // Where the system knows no mDNS it may ask name servers for a long time.
            let name = host.clone();
            asked.push(Asked::new(at, &host, Box::new(move || local_name::ask(&name, port, LIMIT))));
        }
        let target = (host.clone(), port);
        let by_system = move || target.to_socket_addrs().map(|all| all.take(MOST_OF_ONE).collect());
        asked.push(Asked::new(at, &host, Box::new(by_system)));
    }
    look_up_all(asked, cancel)
}

type LookUp = Box<dyn FnOnce() -> io::Result<Vec<SocketAddr>> + Send>;

/// One way to look one of the places up.
struct Asked {
    place: usize,
    host: String,
    look_up: LookUp,
}

impl Asked {
    fn new(place: usize, host: &str, look_up: LookUp) -> Self {
        Self { place, host: host.to_owned(), look_up }
    }
}

/// What one way has found.
type Found = (usize, String, io::Result<Vec<SocketAddr>>);

/// All that is known so far.
struct Gathered {
    /// By place.
    found: Vec<Vec<SocketAddr>>,
    /// Ways that have not answered, by place.
    waiting: Vec<usize>,
    trouble: Option<String>,
}

impl Gathered {
    fn take(&mut self, (place, host, result): Found) {
        if let Some(waiting) = self.waiting.get_mut(place) {
            *waiting = waiting.saturating_sub(1);
        }
        match result {
            Ok(addresses) if !addresses.is_empty() => {
                if let Some(found) = self.found.get_mut(place).filter(|found| found.is_empty()) {
                    *found = interleaved(addresses);
                }
            }
            Ok(_) => self.trouble = Some(format!("{host}: no address")),
            Err(error) => self.trouble = Some(format!("{host}: {error}")),
        }
    }

    fn is_complete(&self) -> bool {
        self.found.iter().zip(&self.waiting).all(|(found, waiting)| !found.is_empty() || *waiting == 0)
    }

    fn has_some(&self) -> bool {
        self.found.iter().any(|found| !found.is_empty())
    }

    fn addresses(self) -> Result<Vec<SocketAddr>, Reason> {
        let mut all: Vec<SocketAddr> = Vec::new();
        for address in self.found.into_iter().flatten() {
            if !all.contains(&address) && all.len() < MAX_ADDRESSES {
                all.push(address);
            }
        }
        let trouble = self.trouble.unwrap_or_else(|| "no answer in time".to_owned());
        if all.is_empty() { Err(Reason::here(ReasonCode::Unresolved, trouble)) } else { Ok(all) }
    }
}

fn look_up_all(asked: Vec<Asked>, cancel: &CancelFlag) -> Result<Vec<SocketAddr>, Reason> {
    let places = asked.iter().map(|asked| asked.place + 1).max().unwrap_or_default();
    let mut gathered = Gathered { found: vec![Vec::new(); places], waiting: vec![0; places], trouble: None };
    let (found, results) = bounded(asked.len().max(1));
    for asked in asked {
        gathered.waiting[asked.place] += 1;
        begin(asked, found.clone());
    }
    drop(found);
    let deadline = Instant::now() + LIMIT;
    wait(&mut gathered, &results, deadline, cancel)?;
    gathered.addresses()
}

fn begin(asked: Asked, found: Sender<Found>) {
    let Asked { place, host, look_up } = asked;
    // Without a thread nothing is found: the channel says so by its end.
    threads::spawn("resolve", move || {
        // Nobody listens any more when this came too late.
        found.send((place, host, look_up())).ok();
    })
    .ok();
}

fn wait(
    gathered: &mut Gathered,
    results: &Receiver<Found>,
    mut deadline: Instant,
    cancel: &CancelFlag,
) -> Result<(), Reason> {
    while !gathered.is_complete() {
        match results.recv_timeout(TICK) {
            Ok(found) => {
                let had_some = gathered.has_some();
                gathered.take(found);
                if !had_some && gathered.has_some() {
                    deadline = deadline.min(Instant::now() + GRACE);
                }
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) if cancel.is_set() => return Err(Reason::bare(ReasonCode::Cancelled)),
            Err(RecvTimeoutError::Timeout) if Instant::now() >= deadline => break,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
    Ok(())
}

/// IPv6 and IPv4 in turn, in the order the system gave, without repeats.
fn interleaved(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let (mut six, mut four): (Vec<_>, Vec<_>) = addresses.into_iter().partition(SocketAddr::is_ipv6);
    six.dedup();
    four.dedup();
    let mut mixed = Vec::new();
    let (mut six, mut four) = (six.into_iter(), four.into_iter());
    loop {
        let pair = [six.next(), four.next()];
        if pair == [None, None] || mixed.len() >= MAX_ADDRESSES {
            return mixed;
        }
        mixed.extend(pair.into_iter().flatten());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sockets(list: &[&str]) -> Vec<SocketAddr> {
        list.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn finds(place: usize, list: &[&str]) -> Asked {
        let found = sockets(list);
        Asked::new(place, "a.example", Box::new(move || Ok(found)))
    }

    /// A look-up that answers only when the other end is dropped.
    fn hangs(place: usize) -> (Sender<()>, Asked) {
        let (release, hanging) = bounded::<()>(0);
        let look_up = move || {
            hanging.recv().ok();
            Ok(Vec::new())
        };
        (release, Asked::new(place, "slow.example", Box::new(look_up)))
    }

    #[test]
    fn both_families_get_their_turn() {
        let mixed: Vec<String> =
            interleaved(sockets(&["[::1]:1", "[::2]:1", "1.1.1.1:1"])).iter().map(ToString::to_string).collect();
        assert_eq!(mixed, ["[::1]:1", "1.1.1.1:1", "[::2]:1"]);
    }

    #[test]
    fn look_up_that_hangs_is_abandoned_on_cancel() {
        let (release, slow) = hangs(0);
        let cancel = CancelFlag::default();
        cancel.set();
        let start = Instant::now();
        assert_eq!(look_up_all(vec![slow], &cancel).unwrap_err().code, ReasonCode::Cancelled);
        assert!(start.elapsed() < Duration::from_millis(500));
        drop(release);
    }

    #[test]
    fn a_place_that_hangs_keeps_nobody_from_the_others() {
        let (release, slow) = hangs(0);
        let start = Instant::now();
        let found = look_up_all(vec![slow, finds(1, &["10.0.0.7:1"])], &CancelFlag::default()).unwrap();
        assert_eq!(found, sockets(&["10.0.0.7:1"]));
        assert!(start.elapsed() < Duration::from_secs(3));
        drop(release);
    }

    #[test]
    fn the_first_of_two_ways_that_finds_something_is_enough() {
        let (release, slow) = hangs(0);
        let start = Instant::now();
        let found = look_up_all(vec![slow, finds(0, &["10.0.0.7:1"])], &CancelFlag::default()).unwrap();
        assert_eq!(found, sockets(&["10.0.0.7:1"]));
        assert!(start.elapsed() < Duration::from_millis(400), "no grace is needed");
        drop(release);
    }

    #[test]
    fn addresses_come_in_the_order_of_their_places_and_once() {
        let places: Vec<PeerAddr> = ["10.0.0.7:1", "[::1]:2", "10.0.0.7:1"].map(|text| text.parse().unwrap()).into();
        let found = resolve_all(&places, &CancelFlag::default()).unwrap();
        assert_eq!(found, sockets(&["10.0.0.7:1", "[::1]:2"]));
    }

    #[test]
    fn unknown_name_is_unresolved() {
        let to = PeerAddr { host: "no-such-host.invalid".to_owned(), port: 1 };
        assert_eq!(resolve(&to, &CancelFlag::default()).unwrap_err().code, ReasonCode::Unresolved);
    }
}
