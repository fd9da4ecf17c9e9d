//! Who is attended to next: a flood of callers from one source never keeps another one out.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    time::{Duration, Instant},
};

use super::{Source, source};

/// Callers attended to at the same time,
pub const MAX_ATTENDED: usize = 64;
/// and when only this many places are left, known addresses alone.
pub const KEPT_FOR_KNOWN: usize = 16;
/// Callers that wait,
pub const MAX_WAITING: usize = 256;
/// of one source,
pub const MAX_WAITING_OF_ONE: usize = 32;
/// and how long.
pub const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The callers that are attended to, counted, and those that wait. `T` is the connection; dropping it closes it.
#[derive(Debug)]
pub struct Handshakes<T> {
    places: Places,
    attended: HashMap<Source, usize>,
    attended_in_all: usize,
    /// Sources of which somebody waits, in the order of their turns; each with its callers as they came, never empty.
    waiting: VecDeque<(Source, VecDeque<Waiting<T>>)>,
    waiting_in_all: usize,
}

/// How many are attended to at the same time, and how long others wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    pub in_all: usize,
    /// Of them, those that only known addresses get.
    pub kept_for_known: usize,
    pub of_one: usize,
    pub longest_wait: Duration,
}

#[derive(Debug)]
struct Waiting<T> {
    from: IpAddr,
    known: bool,
    until: Instant,
    caller: T,
}

/// What becomes of somebody who came.
#[derive(Debug, PartialEq, Eq)]
pub enum Decision<T> {
    /// A doorman attends to it now; `left` says when it is done.
    Attend(T),
    /// It waits for `left`, or for `expire`.
    Waits,
    /// Too many wait already: it was dropped.
    Dropped,
}

impl<T> Handshakes<T> {
    /// Attends to at most `of_one` callers of one source at the same time.
    pub fn new(of_one: usize) -> Self {
        Self::with(Places { in_all: MAX_ATTENDED, kept_for_known: KEPT_FOR_KNOWN, of_one, longest_wait: LONGEST_WAIT })
    }

    /// The same, with other numbers.
    pub fn with(places: Places) -> Self {
        Self { places, attended: HashMap::new(), attended_in_all: 0, waiting: VecDeque::new(), waiting_in_all: 0 }
    }

    /// Somebody came. `known`: a device of the device book was met at this address.
    ///
    /// When the queue is full, the newest caller of the source with the most waiting is dropped: this one, or another.
    pub fn come(&mut self, from: IpAddr, known: bool, caller: T, now: Instant) -> Decision<T> {
        let source = source(from);
        if self.has_place(source, known) {
            self.attend(source);
            return Decision::Attend(caller);
        }
        if !self.has_room(source) {
            return Decision::Dropped;
        }
        let waiting = Waiting { from, known, until: now + self.places.longest_wait, caller };
        self.waiting_in_all += 1;
        match self.waiting.iter_mut().find(|(other, _)| *other == source) {
            Some((_, callers)) => callers.push_back(waiting),
            None => self.waiting.push_back((source, VecDeque::from([waiting]))),
        }
        Decision::Waits
    }

    /// The doorman of a caller from there is free again: who is attended to now, with the address it came from. Sources
    /// take turns. Mostly one; none when nobody waits, and two when two limits gave way at once. Who has waited too
    /// long is dropped.
    pub fn left(&mut self, from: IpAddr, now: Instant) -> Vec<(IpAddr, T)> {
        let source = source(from);
        if let Some(count) = self.attended.get_mut(&source) {
            *count -= 1;
            self.attended_in_all -= 1;
            if *count == 0 {
                self.attended.remove(&source);
            }
        }
        drop(self.expire(now));
        std::iter::from_fn(|| self.next()).collect()
    }

    /// Those who have waited too long, to be closed.
    pub fn expire(&mut self, now: Instant) -> Vec<T> {
        let mut expired = Vec::new();
        for (_, callers) in &mut self.waiting {
            while let Some(first) = callers.pop_front_if(|first| first.until <= now) {
                expired.push(first.caller);
            }
        }
        self.waiting.retain(|(_, callers)| !callers.is_empty());
        self.waiting_in_all -= expired.len();
        expired
    }

    /// When `expire` will next have something to do.
    pub fn next_expiry(&self) -> Option<Instant> {
        self.waiting.iter().filter_map(|(_, callers)| callers.front()).map(|first| first.until).min()
    }

    /// Lets everybody go who waits: the engine stops.
    pub fn clear_waiting(&mut self) {
        self.waiting.clear();
        self.waiting_in_all = 0;
    }

    /// Callers attended to now.
    pub fn attended(&self) -> usize {
        self.attended_in_all
    }

    /// Callers that wait now.
    pub fn waiting(&self) -> usize {
        self.waiting_in_all
    }

    fn has_place(&self, source: Source, known: bool) -> bool {
        let Places { in_all, kept_for_known, of_one, .. } = self.places;
        let places = if known { in_all } else { in_all.saturating_sub(kept_for_known) };
        let attended = self.attended.get(&source).copied().unwrap_or_default();
        self.attended_in_all < places && attended < of_one
    }

    fn attend(&mut self, source: Source) {
        *self.attended.entry(source).or_default() += 1;
        self.attended_in_all += 1;
    }

    /// Whether one more caller may wait; if need be, one of another source is dropped for it.
    fn has_room(&mut self, source: Source) -> bool {
        let own = self.waiting.iter().find(|(other, _)| *other == source).map_or(0, |(_, callers)| callers.len());
        if own >= MAX_WAITING_OF_ONE {
            return false;
        }
        if self.waiting_in_all < MAX_WAITING {
            return true;
        }
        let longest = self.waiting.iter_mut().map(|(_, callers)| callers).max_by_key(|callers| callers.len());
        // With this one, its source would have as many: then it is the newest of those with the most.
        let Some(longest) = longest.filter(|callers| callers.len() > own + 1) else { return false };
        longest.pop_back();
        self.waiting_in_all -= 1;
        true
    }

    /// Takes the next caller that there is a place for; its source has its next turn after all others.
    fn next(&mut self) -> Option<(IpAddr, T)> {
        let (turn, at) = self.waiting.iter().enumerate().find_map(|(turn, (source, callers))| {
            let at = callers.iter().position(|caller| self.has_place(*source, caller.known))?;
            Some((turn, at))
        })?;
        let (source, mut callers) = self.waiting.remove(turn)?;
        let next = callers.remove(at);
        if !callers.is_empty() {
            self.waiting.push_back((source, callers));
        }
        let next = next?;
        self.waiting_in_all -= 1;
        self.attend(source);
        Some((next.from, next.caller))
    }
}
#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MAX_ATTENDED_OF_ONE: usize = 8;

    /// A caller's number, and whence it came.
    type Caller = (u32, IpAddr);

    fn ip(n: u32) -> IpAddr {
        std::net::Ipv4Addr::from_bits(n).into()
    }

    /// A door at which callers are told apart by number.
    struct Door {
        handshakes: Handshakes<Caller>,
        came: u32,
        /// Whoever is attended to.
        inside: Vec<Caller>,
        now: Instant,
    }

    impl Door {
        fn new() -> Self {
            Self { handshakes: Handshakes::new(MAX_ATTENDED_OF_ONE), came: 0, inside: Vec::new(), now: Instant::now() }
        }

        fn come(&mut self, from: u32, known: bool) -> Decision<Caller> {
            self.came += 1;
            let decision = self.handshakes.come(ip(from), known, (self.came, ip(from)), self.now);
            if let Decision::Attend(caller) = &decision {
                self.inside.push(*caller);
            }
            decision
        }

        /// The one at `at` is done; who comes in for it.
        fn leave(&mut self, at: usize) -> Vec<Caller> {
            let (_, from) = self.inside.remove(at);
            let next = self.handshakes.left(from, self.now);
            assert!(next.iter().all(|(from, caller)| *from == caller.1));
            let next: Vec<Caller> = next.into_iter().map(|(_, caller)| caller).collect();
            self.inside.extend(&next);
            next
        }

        fn of_one(&self, from: u32) -> usize {
            self.inside.iter().filter(|caller| caller.1 == ip(from)).count()
        }
    }

    #[test]
    fn a_flood_gets_eight_places_and_thirty_two_chairs() {
        let mut door = Door::new();
        let decisions: Vec<Decision<Caller>> = (0..1000).map(|_| door.come(7, true)).collect();
        let count = |wanted: fn(&Decision<Caller>) -> bool| decisions.iter().filter(|it| wanted(it)).count();
        assert_eq!(count(|it| matches!(it, Decision::Attend(_))), MAX_ATTENDED_OF_ONE);
        assert_eq!(count(|it| *it == Decision::Waits), MAX_WAITING_OF_ONE);
        assert_eq!((door.handshakes.attended(), door.handshakes.waiting()), (8, 32));
        assert!(matches!(door.come(8, false), Decision::Attend(_)), "another address does not even wait");
    }

    #[test]
    fn one_prefix_of_ipv6_is_one_source() {
        let mut handshakes = Handshakes::new(MAX_ATTENDED_OF_ONE);
        for n in 0..9_u16 {
            let from = IpAddr::from([0x2001, 0xdb8, 0, 0, n, n, n, n]);
            let waits = handshakes.come(from, false, n, Instant::now()) == Decision::Waits;
            assert_eq!(waits, n == 8);
        }
    }

    #[test]
    fn the_last_places_are_kept_for_known_addresses() {
        let mut door = Door::new();
        for n in 0..64 {
            door.come(100 + n, false);
        }
        assert_eq!((door.inside.len(), door.handshakes.waiting()), (48, 16));
        for n in 0..16 {
            assert!(matches!(door.come(200 + n, true), Decision::Attend(_)));
        }
        assert_eq!(door.come(300, true), Decision::Waits);
        let known = door.leave(0);
        assert_eq!(known, [(81, ip(300))], "a known one first: there is no place for the others yet");
        for _ in 0..16 {
            assert_eq!(door.leave(0), []);
        }
        assert_eq!(door.leave(0), [(49, ip(148))], "47 are left");
    }

    #[test]
    fn a_single_caller_in_a_flood_is_next() {
        let mut door = Door::new();
        for n in 0..6 {
            for _ in 0..8 {
                door.come(100 + n, false);
            }
        }
        assert_eq!(door.handshakes.attended(), 48);
        for _ in 0..1000 {
            door.come(7, false);
        }
        assert_eq!(door.come(9, false), Decision::Waits);
        let next: Vec<IpAddr> = (0..4).flat_map(|_| door.leave(0)).map(|caller| caller.1).collect();
        assert_eq!(next, [ip(7), ip(9), ip(7), ip(7)], "addresses take turns");
    }

    #[test]
    fn a_full_queue_drops_from_the_longest() {
        let mut door = Door::new();
        for n in 0..9 {
            for _ in 0..40 {
                door.come(n, false);
            }
        }
        assert_eq!((door.handshakes.attended(), door.handshakes.waiting()), (48, MAX_WAITING));
        for n in 0..300 {
            assert_eq!(door.come(1000 + n, false) == Decision::Waits, n < 247, "caller {n}");
            assert_eq!(door.handshakes.waiting(), MAX_WAITING);
        }
        let left: Vec<usize> = door.handshakes.waiting.iter().map(|(_, callers)| callers.len()).collect();
        assert!(left.iter().all(|callers| *callers <= 2) && left.len() >= 247, "{left:?}");
        let first = &door.handshakes.waiting[0].1[0];
        assert_eq!(first.caller, (9, ip(0)), "the newest go, the first one stays");
    }

    #[test]
    fn nobody_waits_longer_than_ten_seconds() {
        let mut door = Door::new();
        assert_eq!(door.handshakes.next_expiry(), None);
        for _ in 0..9 {
            door.come(7, false);
        }
        let first = door.now + LONGEST_WAIT;
        door.now += Duration::from_secs(4);
        door.come(7, false);
        assert_eq!(door.handshakes.next_expiry(), Some(first));
        assert_eq!(door.handshakes.expire(first.checked_sub(Duration::from_nanos(1)).unwrap()), []);
        door.now = first;
        assert_eq!(door.leave(0), [(10, ip(7))], "the first has waited too long by now");
        assert_eq!((door.handshakes.waiting(), door.handshakes.next_expiry()), (0, None));
        door.come(7, false);
        assert_eq!(door.handshakes.expire(first + LONGEST_WAIT), [(11, ip(7))]);
        assert_eq!(door.handshakes.next_expiry(), None);
    }

    #[test]
    fn a_place_that_two_wait_for_by_different_limits_lets_both_in() {
        let mut door = Door::new();
        for _ in 0..8 {
            door.come(7, true);
        }
        for n in 0..40 {
            door.come(100 + n, false);
        }
        assert_eq!(door.come(9, false), Decision::Waits, "48 are attended to");
        assert_eq!(door.come(7, true), Decision::Waits, "eight of this one are");
        let came: Vec<IpAddr> = door.leave(0).iter().map(|caller| caller.1).collect();
        assert_eq!((came, door.handshakes.waiting()), (vec![ip(9), ip(7)], 0));
    }

    #[test]
    fn leaving_without_having_come_changes_nothing() {
        let mut door = Door::new();
        assert_eq!(door.handshakes.left(ip(1), door.now), []);
        assert_eq!(door.handshakes.attended(), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn the_limits_hold_and_no_place_stays_empty(
            steps in proptest::collection::vec((0..10_u8, 0..24_u32, any::<bool>(), any::<prop::sample::Index>()), 0..800),
        ) {
            let mut door = Door::new();
            for (step, from, known, who) in steps {
                let before = door.inside.len();
                match step {
                    0..7 => {
                        let came_in = matches!(door.come(from, known), Decision::Attend(_));
                        prop_assert!(!came_in || known || before < MAX_ATTENDED - KEPT_FOR_KNOWN);
                    }
                    7 => door.now += Duration::from_secs(1),
                    _ if before > 0 => drop(door.leave(who.index(before))),
                    _ => {}
                }
                let handshakes = &door.handshakes;
                prop_assert_eq!(handshakes.attended(), door.inside.len());
                prop_assert!(handshakes.attended() <= MAX_ATTENDED && handshakes.waiting() <= MAX_WAITING);
                prop_assert!((0..24).all(|from| door.of_one(from) <= MAX_ATTENDED_OF_ONE));
                let chairs: Vec<usize> = handshakes.waiting.iter().map(|(_, callers)| callers.len()).collect();
                prop_assert!(chairs.iter().all(|callers| (1..=MAX_WAITING_OF_ONE).contains(callers)));
                prop_assert_eq!(chairs.iter().sum::<usize>(), handshakes.waiting());
                for (source, callers) in &handshakes.waiting {
                    prop_assert!(callers.iter().all(|caller| !handshakes.has_place(*source, caller.known)));
                }
            }
        }

        #[test]
        fn one_caller_among_a_thousand_of_another_is_attended_to_with_the_first_place_that_is_free(
            others in 48..60_u32, before in 0..1000_u32, known in any::<bool>(), at in any::<prop::sample::Index>(),
        ) {
            let mut door = Door::new();
            for n in 0..others {
                door.come(100 + n, n >= 48);
            }
            for n in 0..1000 {
                if n == before {
                    let decision = door.come(9, false);
                    prop_assert_eq!(decision, Decision::Waits);
                }
                door.come(7, known);
            }
            let mut left = 0;
            while door.of_one(9) == 0 {
                prop_assert!(!door.inside.is_empty(), "never attended to");
                // The flood holds on to its places as long as it can.
                let leaving = door.inside.iter().filter(|caller| caller.1 != ip(7)).count();
                prop_assert!(leaving > 0, "kept out by the flood");
                let who = at.index(leaving);
                let who = door.inside.iter().enumerate().filter(|(_, caller)| caller.1 != ip(7)).nth(who).unwrap().0;
                let free = door.inside.len() - 1 < MAX_ATTENDED - KEPT_FOR_KNOWN;
                door.leave(who);
                left += u32::from(free);
            }
            prop_assert!(left <= 2, "{left} places came free before it");
        }
    }
}
