//! Everything the window shows, in one place with one owner. Events are folded in, views read it, actions change it.

pub mod calls;
pub mod chances;
pub mod checking;
pub mod device_page;
pub mod devices;
pub mod drops;
pub mod entry_tree;
pub mod history;
pub mod nearby;
pub mod notices;
pub mod offers;
pub mod pasted;
mod prompts;
pub mod rows;
pub mod settings_form;
pub mod sharing;
pub mod staging;
pub mod tally;
mod telling;
pub mod transfers;
pub mod trust;
pub mod verify;

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::{Duration, Instant},
};

use calls::Calls;
use checking::NetworkCheck;
use device_page::DevicePage;
use devices::Devices;
use drops::Drops;
use history::HistoryView;
use nearby::{Shown, Surroundings};
use notices::Notices;
use offers::OfferCard;
pub use prompts::PathPrompt;
use rows::Row;
use settings_form::SettingsForm;
use sharing::{GetForm, Sharing};
use staging::Staging;
use transfers::Transfers;
use trust::{AlarmKind, Trust};
use verify::Verify;

use super::dialogs::Purpose;
use crate::{
    engine::messages::{ComparisonSnapshot, Event, HistoryFound, IncomingOffer},
    model::{
        book::{DeviceId, KnownDevice},
        device::{Peer, PeerAddr},
        handed::Handed,
        place::Place,
        reason::Reason,
        settings::Settings,
        transfer::{Stage, TransferSnapshot},
    },
};

/// While something moves, its figures are refreshed this often also when nothing comes in.
const MOVING: Duration = Duration::from_millis(500);

/// Addresses of this device in its link: more would make the QR code finer than cameras like.
const ADDRESSES_IN_LINK: usize = 4;

/// What the window knows.
#[derive(Debug)]
pub struct State {
    /// The time that this frame goes by.
    pub now: Instant,
    pub settings: Option<Settings>,
    pub listening: Listening,
    pub devices: Devices,
    pub around: Surroundings,
    pub trust: Trust,
    /// The page of one device, while it is open.
    pub device_page: Option<DevicePage>,
    /// The history, while its view is open.
    pub history: Option<HistoryView>,
    /// What is verified, also while the view is closed.
    pub verify: Verify,
    pub staging: Staging,
    pub drops: Drops,
    pub offers: Vec<OfferCard>,
    pub transfers: Transfers,
    pub notices: Notices,
    pub settings_form: Option<SettingsForm>,
    pub sharing: Sharing,
    /// *Get a file…*, while it is open.
    pub get_form: Option<GetForm>,
    /// The network check, while its view is open.
    pub network_check: Option<NetworkCheck>,
    /// Network checks that were asked for so far.
    checks: u64,
    /// The device name typed into the strip of the first start, while that is shown.
    pub first_start: Option<String>,
    pub path_prompt: Option<PathPrompt>,
    /// What other starts of the program were given, until it is dealt with; none: nobody called.
    pub handed: Option<Vec<Handed>>,
    /// What calls for a person who does not look.
    pub calls: Calls,
    /// Bring what is staged into sight in the next frame.
    pub show_staged: bool,
    /// A file dialog is open.
    pub dialog: Option<Purpose>,
    /// *Paste* was clicked and the clipboard is on its way.
    pub paste_asked: bool,
    /// Bring the waiting offers into sight in the next frame.
    pub show_offers: bool,
    /// Clicks on what a new card moved are ignored until then.
    pub settles_at: Option<Instant>,
    /// Clicks anywhere are ignored until then: an alarm has moved everything.
    pub jolted_until: Option<Instant>,
    pub closing: Closing,
}

/// Whether others can reach this device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listening {
    At { port: u16, reachable_at: Vec<IpAddr> },
    NotListening { port: u16, reason: Reason },
    Starting,
}

/// On the way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    Asking,
    No,
    /// The engine has stopped, or has taken too long.
    Now,
    /// The engine was told to stop.
    Stopping {
        since: Instant,
    },
}

impl State {
    pub fn new(now: Instant, first_start: bool) -> Self {
        Self {
            now,
            settings: None,
            listening: Listening::Starting,
            devices: Devices::default(),
            around: Surroundings::default(),
            trust: Trust::default(),
            device_page: None,
            history: None,
            verify: Verify::default(),
            staging: Staging::default(),
            drops: Drops::default(),
            offers: Vec::new(),
            transfers: Transfers::default(),
            notices: Notices::default(),
            settings_form: None,
            sharing: Sharing::default(),
            get_form: None,
            network_check: None,
            checks: 0,
            first_start: first_start.then(String::new),
            path_prompt: None,
            handed: None,
            calls: Calls::default(),
            show_staged: false,
            dialog: None,
            paste_asked: false,
            show_offers: false,
            settles_at: None,
            jolted_until: None,
            closing: Closing::No,
        }
    }

    /// Folds one event in.
    pub fn apply(&mut self, event: Event) {
        match event {
            Event::Comparison(snapshot) => self.compared(snapshot),
            Event::Devices(known) => self.devices_are(known),
            Event::DevicesDamaged { kept_at } => self.devices_damaged(kept_at),
            Event::DevicesNotSaved(reason) => self.devices_not_saved(reason),
            Event::FileChecked { key, index, result } => self.transfers.file_checked(key, index, result),
            Event::FilesEnded { key, ends } => self.transfers.files_ended(key, ends),
            Event::HandedOver(handed) => self.handed_over(handed),
            Event::History(found) => self.history_found(*found),
            Event::HistoryChanged => self.history_changed(),
            Event::HistoryDamaged { kept_at } => self.history_damaged(kept_at),
            Event::HistoryFailed(reason) => self.history_failed(reason),
            Event::Identity(key) => self.trust.own = Some(key),
            Event::Interfaces(interfaces) => self.around.interfaces = interfaces,
            Event::Inspection { id, news } => self.verify.take(id, news),
            Event::LeftOut { left_out, .. } => self.tell_left_out(&left_out),
            Event::Listening { address, reachable_at } => self.listening_at(address, reachable_at),
            Event::Nearby(nearby) => self.around.nearby = nearby,
            Event::NotListening { port, reason } => self.listening = Listening::NotListening { port, reason },
            Event::Offered(offer) => self.offered(offer),
            Event::Preflighted { key, preflight } => {
                if let Some(card) = self.card(key).filter(|card| card.folder == preflight.folder) {
                    card.take(preflight);
                }
            }
            Event::Refused { address, reason } => self.refused(address, reason),
            Event::Settings(settings) => self.settings_are(settings),
            Event::SettingsDamaged { kept_at, reason } => self.settings_damaged(kept_at, &reason),
            Event::SettingsNotSaved(reason) => self.settings_not_saved(reason),
            Event::Snapshot(snapshot) => self.snapshot(snapshot),
            Event::Staging { stage, entries, bytes } => self.staging.count(stage, entries, bytes),
            Event::Staged { stage, trees, left_out } => {
                self.staging.finish(stage, trees);
                self.tell_left_out(&left_out);
            }
            Event::CheckEnded { id } => self.check_ended(id),
            Event::CheckStep { id, step } => self.check_step(id, *step),
            Event::Restored => {}
            Event::Sharing(trouble) => self.sharing.trouble = trouble,
            Event::StartedAgain { key, index } => self.transfers.started_again(key, index),
            Event::Stopped => self.closing = Closing::Now,
            Event::Visible { to, until } => self.around.visible = Some(Shown { to, until }),
            Event::WrongKey(warning) => self.alarm(AlarmKind::WrongKey(warning)),
            Event::Wrote { path, result } => self.wrote(path, result),
        }
    }

    /// The language has changed: what was said and stays is said again.
    pub fn say_again(&mut self) {
        self.notices.say_again();
        self.transfers.say_again();
    }

    /// Time has passed: `now` has changed.
    pub fn tick(&mut self) {
        let now = self.now;
        self.notices.tick(now);
        self.transfers.tick(now);
        self.settles_at = self.settles_at.filter(|at| now < *at);
        self.jolted_until = self.jolted_until.filter(|until| now < *until);
    }

    /// When to look again although nothing comes in; none when all is quiet.
    pub fn next_look(&self) -> Option<Duration> {
        let moving = self.transfers.any_moving().then_some(MOVING);
        let cards = self.offers.iter().filter_map(|card| self.card_look(card));
        let moments = [self.settles_at, self.jolted_until].into_iter().flatten().min();
        let settled = moments.map(|at| at.saturating_duration_since(self.now));
        let history = self.history.as_ref().and_then(HistoryView::next_look);
        let history = history.map(|at| at.saturating_duration_since(self.now));
        let counting = self.transfers.next_second(self.now);
        let shown = self.around.visible.and_then(|shown| shown.next_change(self.now));
        let others = [
            moving,
            counting,
            settled,
            shown,
            history,
            self.notices.next_change(self.now),
            self.drops.next_look(self.now),
        ];
        others.into_iter().flatten().chain(cards).min()
    }

    /// Where received files go unless a card says otherwise.
    pub fn receive_folder(&self) -> Option<&PathBuf> {
        self.settings.as_ref().map(|settings| &settings.receive_folder)
    }

    /// Where others reach this device, with its key; none while nobody can.
    pub fn own_place(&self) -> Option<Place> {
        let Listening::At { port, reachable_at } = &self.listening else { return None };
        let address = |at: &IpAddr| PeerAddr { host: at.to_string(), port: *port };
        let addresses: Vec<PeerAddr> = reachable_at.iter().take(ADDRESSES_IN_LINK).map(address).collect();
        let name = self.settings.as_ref().map(|settings| settings.device_name.clone());
        (!addresses.is_empty()).then_some(Place { addresses, key: self.trust.own, name })
    }

    /// How many people wait for this one.
    pub fn waiting(&self) -> usize {
        let compare = self.trust.comparisons.iter().filter(|card| card.incoming() && !card.over()).count();
        self.offers.len() + compare
    }

    /// A card by its transfer.
    pub fn card(&mut self, key: crate::model::transfer::TransferKey) -> Option<&mut OfferCard> {
        self.offers.iter_mut().find(|card| card.key() == key)
    }

    /// Whether things have just moved, so that a click may be meant for what stood there before.
    pub fn settling(&self) -> bool {
        self.settles_at.is_some()
    }

    /// Something is wrong that a person has to see.
    pub fn alarm(&mut self, what: AlarmKind) {
        if self.trust.alarm(what) {
            // It would lie above it.
            self.history = None;
            self.verify.open = false;
            self.jolted_until = Some(self.now + offers::IGNORES_CLICKS);
        }
    }

    /// What stands before a person has moved what is below it.
    pub fn settle(&mut self) {
        self.settles_at = Some(self.now + offers::IGNORES_CLICKS);
    }

    fn card_look(&self, card: &OfferCard) -> Option<Duration> {
        // One that nobody has seen yet is drawn when somebody scrolls to it.
        let shown = card.shown_since?;
        let wakes = (shown + offers::IGNORES_CLICKS).checked_duration_since(self.now).filter(|wait| !wait.is_zero());
        let left = card.expires.saturating_duration_since(self.now);
        let countdown = match left.checked_sub(offers::COUNTDOWN) {
            Some(before) if !before.is_zero() => Some(before),
            _ => Some(Duration::from_secs(1)).filter(|_| !left.is_zero()),
        };
        wakes.into_iter().chain(countdown).min()
    }

    fn listening_at(&mut self, address: SocketAddr, reachable_at: Vec<IpAddr>) {
        self.listening = Listening::At { port: address.port(), reachable_at };
    }

    fn handed_over(&mut self, mut handed: Vec<Handed>) {
        self.handed.get_or_insert_default().append(&mut handed);
    }

    fn offered(&mut self, offer: IncomingOffer) {
        self.offers.push(OfferCard::new(offer));
        self.settle();
    }

    fn settings_are(&mut self, settings: Settings) {
        if let Some(name) = self.first_start.as_mut().filter(|name| name.is_empty()) {
            name.clone_from(&settings.device_name);
        }
        if self.settings.as_ref().is_some_and(|before| before.shared_folder != settings.shared_folder) {
            self.sharing.trouble = None;
        }
        self.settings = Some(settings);
    }

    fn snapshot(&mut self, snapshot: TransferSnapshot) {
        let (before, now) = (self.offers.len(), self.now);
        if !matches!(snapshot.stage, Stage::Waiting) {
            // Answered elsewhere, withdrawn or expired: there is nothing to answer any more.
            self.offers.retain(|card| card.key() != snapshot.key);
        } else if let Some(card) = self.card(snapshot.key) {
            card.update(&snapshot, now);
        }
        let code_before = self.transfers.row(snapshot.key).is_some_and(Row::shows_code);
        let key = snapshot.key;
        let was_over = self.transfers.row(key).is_some_and(|row| row.ending().is_some());
        let new = self.transfers.put(snapshot, now);
        if let Some(row) = self.transfers.row(key).filter(|row| !was_over && row.ending().is_some()) {
            self.calls.ended(row);
        }
        let code_after = self.transfers.row(key).is_some_and(Row::shows_code);
        if new || code_before != code_after || self.offers.len() != before {
            self.settle();
        }
    }

    fn compared(&mut self, snapshot: ComparisonSnapshot) {
        if self.trust.compared(snapshot, self.now) {
            self.settle();
        }
    }

    fn devices_are(&mut self, known: Vec<KnownDevice>) {
        self.devices.take(known);
        self.device_page = self.device_page.take().and_then(|page| page.follow(&self.devices));
        let devices = &self.devices;
        self.trust.confirming.retain(|key| devices.verified(*key).is_none());
    }

    fn history_found(&mut self, found: HistoryFound) {
        match (found.asked.with, &mut self.device_page, &mut self.history) {
            (Some(key), Some(page), _) if page.id == DeviceId::Key(key) => page.past = found.entries,
            (None, _, Some(view)) => view.answer(found),
            _ => {}
        }
    }

    fn history_changed(&mut self) {
        if let Some(view) = &mut self.history {
            view.look_soon(self.now);
        }
    }

    /// Whether a person here has confirmed the key of `peer`.
    pub fn verified(&self, peer: &Peer) -> bool {
        self.trust.verified(peer) || peer.key.is_some_and(|key| self.devices.verified(key).is_some())
    }
}
