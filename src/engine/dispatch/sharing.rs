//! The shared folder: who may download when, what is known of its files; and files that are fetched from elsewhere.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    engine::{
        closer,
        door::{
            Source,
            handshakes::{Decision, Handshakes, Places},
            source,
        },
        lanes::{
            fetch::{self, Errand},
            share::Order,
        },
        link::SocketLink,
        lobby::WaitsFor,
        messages::{Acceptance, Event, FetchRequest},
        new_transfer_id,
        note::{Asked, FileSeal, Session},
        pool::Pool,
    },
    model::{
        device::Peer,
        file_name::NameRules,
        manifest::{Manifest, Selection},
        reason::{Reason, ReasonCode},
        settings::Settings,
        shared_path::WantedFile,
        transfer::{Direction, Stage, TransferKey, TransferSnapshot},
    },
    storage::sources::{Outgoing, SourcePlaces},
};

use super::{
    Dispatch,
    callers::Knock,
    record::{Hands, Record},
};

/// Downloads at the same time, in all,
const MAX_DOWNLOADS: usize = 32;
/// and when only this many places are left, those of known addresses alone.
const KEPT_FOR_KNOWN: usize = 8;
/// Who finds no place waits so long: as long as most files take.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Connections that may stay open although nothing is asked for, in all
const MAX_IDLE: usize = 64;
/// and of one source.
const MAX_IDLE_OF_ONE: usize = 8;

/// Digests that are kept.
const MAX_SEALS: usize = 4096;

/// While so much waits to be read by whoever drives this engine, strangers make no more of it.
const MOST_UNREAD: usize = 2000;

/// What dispatch knows of its shared folder.
pub(super) struct Sharing {
    pub(super) places: Handshakes<Box<Asked>>,
    /// Workers of their own: strangers that read slowly take none from transfers.
    pool: Pool,
    idle: HashMap<TransferKey, Source>,
    seals: HashMap<PathBuf, FileSeal>,
    /// Their places, the oldest first.
    order: VecDeque<PathBuf>,
    /// Why the folder cannot be opened, as it was told last.
    trouble: Option<Reason>,
}

impl Sharing {
    pub(super) fn new(of_one: u32) -> Self {
        let of_one = usize::try_from(of_one).unwrap_or(usize::MAX);
        let places =
            Places { in_all: MAX_DOWNLOADS, kept_for_known: KEPT_FOR_KNOWN, of_one, longest_wait: LONGEST_WAIT };
        Self {
            places: Handshakes::with(places),
            pool: Pool::default(),
            idle: HashMap::new(),
            seals: HashMap::new(),
            order: VecDeque::new(),
            trouble: None,
        }
    }

    fn learn(&mut self, place: PathBuf, seal: Option<FileSeal>) {
        let Some(seal) = seal else {
            self.seals.remove(&place);
            return;
        };
        if self.seals.insert(place.clone(), seal).is_none() {
            self.order.push_back(place);
        }
        while self.order.len() > MAX_SEALS {
            if let Some(oldest) = self.order.pop_front() {
                self.seals.remove(&oldest);
            }
        }
    }

    fn has_room(&self, of: Source) -> bool {
        let own = self.idle.values().filter(|other| **other == of).count();
        self.idle.len() < MAX_IDLE && own < MAX_IDLE_OF_ONE
    }
}

impl Dispatch {
    /// Somebody asks for a file.
    pub(super) fn asked(&mut self, asked: Box<Asked>) {
        let from = asked.link.peer_addr().map(|address| address.ip());
        let Ok(from) = from.map_err(drop) else { return };
        if self.stopping_until.is_some() || self.outbox.unread() > MOST_UNREAD {
            return closer::reset(asked.link);
        }
        let known = self.known_places.contains(&from);
        if let Decision::Attend(asked) = self.sharing.places.come(from, known, asked, Instant::now()) {
            self.hand_out(from, *asked);
        }
    }

    fn hand_out(&mut self, from: IpAddr, asked: Asked) {
        let Asked { link, peer, path } = asked;
        let Some(folder) = self.setup.settings.shared_folder.clone() else {
            // Taken back a moment ago.
            closer::reset(link);
            return self.download_ended(from);
        };
        let key = TransferKey { id: new_transfer_id(), direction: Direction::Outgoing };
        let mut order = Order { folder, path, profile: self.setup.errands.profile.clone(), seal: None };
        order.seal = self.sharing.seals.get(&order.place()).copied();
        let snapshot = TransferSnapshot::new(key, peer, Stage::Moving, None);
        let mut record = Record::new(snapshot, Hands::Lane, Session::Download);
        record.accepted_at = Some(Instant::now());
        record.from = Some(from);
        self.records.insert(key, record);
        self.submit(key, move |lane| lane.hand_out(link, &order));
    }

    /// A place is free again.
    pub(super) fn download_ended(&mut self, from: IpAddr) {
        for (from, asked) in self.sharing.places.left(from, Instant::now()) {
            self.hand_out(from, *asked);
        }
    }

    /// Workers of a transfer: downloads have their own.
    pub(super) fn pool_of(&mut self, session: Session) -> &mut Pool {
        if session == Session::Download { &mut self.sharing.pool } else { &mut self.pool }
    }

    /// Somebody was answered, and may ask on.
    pub(super) fn next_request(&mut self, mut link: SocketLink) {
        let Ok(ip) = link.peer_addr().map(|address| address.ip()) else { return };
        if !link.peek().is_empty() {
            // It has asked already.
            return self.knock(ip, Knock::Request(Box::new(link)));
        }
        let from = source(ip);
        if self.stopping_until.is_some() || !self.sharing.has_room(from) {
            // It closes, which is an answer, too.
            return;
        }
        let key = TransferKey { id: new_transfer_id(), direction: Direction::Incoming };
        self.sharing.idle.insert(key, from);
        self.setup.lobby.wait(key, link, WaitsFor::Request, None);
    }

    pub(super) fn asks_on(&mut self, key: TransferKey, link: SocketLink) {
        self.asks_no_more(key);
        if let Ok(from) = link.peer_addr() {
            self.knock(from.ip(), Knock::Request(Box::new(link)));
        }
    }

    pub(super) fn asks_no_more(&mut self, key: TransferKey) {
        self.sharing.idle.remove(&key);
    }

    /// The one file of a download is known.
    pub(super) fn announced(&mut self, key: TransferKey, manifest: &Arc<Manifest>, place: Option<PathBuf>) {
        self.change(key, |record| {
            record.snapshot.manifest = Arc::clone(manifest);
            record.select(&Selection::All);
            if let Some(place) = place {
                let places = SourcePlaces::listed(&manifest.entries, [place]);
                let outgoing = Outgoing { manifest: Arc::clone(manifest), places };
                record.outgoing = Some(Arc::new(outgoing));
            }
        });
        self.shares_again();
    }

    pub(super) fn hashed(&mut self, place: PathBuf, seal: Option<FileSeal>) {
        self.sharing.learn(place, seal);
    }

    /// The folder cannot be opened: told once.
    pub(super) fn not_shared(&mut self, reason: Reason) {
        if self.sharing.trouble.as_ref() != Some(&reason) && self.setup.settings.shared_folder.is_some() {
            self.sharing.trouble = Some(reason.clone());
            self.outbox.once(Event::Sharing(Some(reason)));
        }
    }

    fn shares_again(&mut self) {
        if self.sharing.trouble.take().is_some() {
            self.outbox.fact(Event::Sharing(None));
        }
    }

    /// Another folder, or none: who is at it gets no more of the old one.
    pub(super) fn share(&mut self, before: Option<&PathBuf>, now: &Settings) {
        if before == now.shared_folder.as_ref() {
            return;
        }
        self.sharing.trouble = None;
        let downloads = self.records.values().filter(|record| record.session == Session::Download);
        for key in downloads.map(|record| record.snapshot.key).collect::<Vec<_>>() {
            self.cancel(key, Reason::here(ReasonCode::Cancelled, "the folder is not shared any more"));
        }
    }

    /// *Get a file…*
    pub(super) fn fetch(&mut self, request: FetchRequest) {
        let FetchRequest { id, to, also, name, folder, conflict } = request;
        let key = TransferKey { id, direction: Direction::Incoming };
        if self.stopping_until.is_some() || self.records.contains_key(&key) {
            return;
        }
        let peer = Peer { dial: Some(to.clone()), ..Peer::at(to.to_string(), true) };
        let snapshot = TransferSnapshot::new(key, peer, Stage::Resolving, None);
        let mut record = Record::new(snapshot, Hands::Lane, Session::Fetch);
        let wanted = WantedFile::parse(&name, NameRules::here());
        let shown = wanted.as_ref().map_or(name.as_str(), |wanted| wanted.name.as_str());
        record.snapshot.manifest = fetch::manifest_of(shown, 0);
        record.select(&Selection::All);
        record.snapshot.folder = Some(folder.clone());
        record.acceptance = Some(Acceptance { folder, selection: Selection::All, conflict });
        record.accepted_at = Some(Instant::now());
        let terms = record.terms();
        self.outbox.snapshot(record.snapshot.clone());
        self.records.insert(key, record);
        let (wanted, terms) = match (wanted, terms) {
            (Ok(wanted), Some(terms)) => (wanted, terms),
            (Err(bad), _) => return self.end(key, Err(bad.reason())),
            (_, None) => return self.end(key, Err(Reason::bare(ReasonCode::Internal))),
        };
        let (profile, reserved) = (self.setup.errands.profile.clone(), self.reserved(key));
        let places = std::iter::once(to).chain(also).collect();
        self.submit(key, move |lane| lane.fetch(Errand { places, wanted, profile, terms, reserved }));
    }
}

impl Record {
    /// A request of which nobody knows yet whether there is such a file: strangers make no rows with names of their own. Or what has
    /// ended before and was told then.
    pub(super) fn is_unseen(&self) -> bool {
        self.going.is_quiet || self.session == Session::Download && self.outgoing.is_none()
    }
}
