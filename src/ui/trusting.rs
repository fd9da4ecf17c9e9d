//! Who is who: verifying, comparing codes, rules and alarms.

use std::path::PathBuf;

use super::{
    action::{AlarmAction, ComparisonAction, PageAction},
    app::App,
    state::{
        device_page::DevicePage,
        devices::Recipient,
        notices::Tone,
        trust::{AlarmKind, Confirmed},
    },
    text::Word,
};
use crate::{
    engine::{
        messages::{Command, ComparisonSnapshot, ComparisonState},
        new_transfer_id,
    },
    model::{
        book::{DeviceId, Rule},
        conflict::Conflict,
        device::Peer,
        device_key::DeviceKey,
        transfer::{Direction, TransferKey},
    },
};

impl App {
    /// The person has compared the codes: the key that stood on the screen is to be remembered.
    pub(super) fn verify(&mut self, confirmed: Confirmed) {
        let Confirmed { key, name, address } = confirmed;
        if !self.tell(Command::Verify { key, name, address }) {
            return;
        }
        self.state.trust.confirming.insert(key);
        // The panel gets smaller: what slides under the pointer takes no click.
        let now = self.state.now;
        self.state.offers.iter_mut().for_each(|card| card.hold_still(now));
        self.state.trust.comparisons.iter_mut().for_each(|card| card.hold_still(now));
        self.state.settle();
    }

    /// Somebody may be between the two devices.
    pub(super) fn codes_differ(&mut self, peer: &Peer) {
        self.state.device_page = None;
        let (name, address) = (peer.name.clone(), peer.address.clone());
        self.state.alarm(AlarmKind::CodesDiffer { name, address });
    }

    pub(super) fn alarm(&mut self, id: u64, action: AlarmAction) {
        let Some(alarm) = self.state.trust.alarms.iter_mut().find(|alarm| alarm.id == id) else { return };
        match (action, &alarm.what) {
            (AlarmAction::Allow, AlarmKind::WrongKey(warning)) => {
                let met = warning.met;
                if self.tell(Command::AllowDifferent(met)) {
                    self.state.trust.dismiss(id);
                    self.state.notices.pass(Tone::Info, Word::AllowedDifferent, self.state.now);
                }
            }
            (AlarmAction::Allow, AlarmKind::CodesDiffer { .. }) => {}
            (AlarmAction::Dismiss, _) => self.state.trust.dismiss(id),
            (AlarmAction::ToggleKeys, _) => alarm.open ^= true,
        }
    }

    pub(super) fn comparison(&mut self, key: TransferKey, action: ComparisonAction) {
        match action {
            ComparisonAction::Close => {
                // When the engine cannot be asked, the card stays where Close can be clicked again.
                if self.tell(Command::Cancel(key)) {
                    self.state.trust.close_comparison(key);
                }
            }
            ComparisonAction::Differ => {
                if let Some(card) = self.state.trust.close_comparison(key) {
                    self.codes_differ(&card.snapshot.peer);
                }
                self.tell(Command::Cancel(key));
            }
            ComparisonAction::Shown => self.comparison_shown(key),
        }
    }

    fn comparison_shown(&mut self, key: TransferKey) {
        let now = self.state.now;
        let Some(card) = self.state.trust.comparison(key) else { return };
        card.shown_since = Some(card.shown_since.unwrap_or(now));
        let asked = card.wants_code() && self.tell(Command::ShowCode(key));
        if let Some(card) = self.state.trust.comparison(key).filter(|_| asked) {
            card.code_asked = true;
        }
    }

    pub(super) fn page(&mut self, action: PageAction) {
        match action {
            PageAction::Open(id) => self.open_page(id),
            PageAction::Close => {
                if self.state.prompts_on_page() {
                    self.state.path_prompt = None;
                }
                self.state.device_page = None;
            }
            PageAction::AcceptInto => self.on_page(|page| page.choosing_folder = true),
            PageAction::AskEachTime => self.set_page_rule(Rule::Ask),
            PageAction::Block => self.set_page_rule(Rule::Block),
            PageAction::AskToForget => self.ask_to_forget(),
            PageAction::Conflict(conflict) => self.set_page_conflict(conflict),
            PageAction::Keep => self.on_page(|page| page.forgetting = false),
            PageAction::CompareCodes => self.compare_codes(),
            PageAction::Forget => self.forget(),
        }
    }

    fn open_page(&mut self, id: DeviceId) {
        if let DeviceId::Key(key) = id {
            self.look_up_device(key);
        }
        self.state.device_page = Some(DevicePage::new(id));
    }

    /// An address that was only typed is not worth a question.
    fn ask_to_forget(&mut self) {
        let devices = &self.state.devices;
        let Some(page) = &self.state.device_page else { return };
        if devices.known.iter().any(|known| known.id().as_ref() == Some(&page.id)) {
            self.on_page(|page| page.forgetting = true);
        } else {
            self.forget();
        }
    }

    /// Takes the page's device off the list and out of the book.
    fn forget(&mut self) {
        let Some(DevicePage { id, .. }) = self.state.device_page.clone() else { return };
        if !self.tell(Command::ForgetDevice(id.clone())) {
            return;
        }
        self.state.devices.forget(&id);
        if let DeviceId::Key(key) = &id {
            self.state.trust.confirming.remove(key);
        }
        self.state.device_page = None;
    }

    /// What may become of a verified device's offers.
    pub(super) fn set_rule(&mut self, key: DeviceKey, rule: Rule) {
        if self.tell(Command::SetRule { key, rule }) {
            self.on_page(|page| page.choosing_folder = false);
        }
    }

    /// Where to begin looking for a rule's folder.
    pub(super) fn rule_folder(&self, key: DeviceKey) -> Option<PathBuf> {
        let trusted = self.state.devices.verified(key).and_then(|device| device.trusted.as_ref());
        match trusted.map(|trusted| &trusted.rule) {
            Some(Rule::Accept(folder)) => Some(folder.clone()),
            _ => self.state.receive_folder().cloned(),
        }
    }

    fn set_page_rule(&mut self, rule: Rule) {
        if let Some(DevicePage { id: DeviceId::Key(key), .. }) = self.state.device_page {
            self.set_rule(key, rule);
        }
    }

    fn set_page_conflict(&mut self, conflict: Option<Conflict>) {
        if let Some(DevicePage { id: DeviceId::Key(key), .. }) = self.state.device_page {
            self.tell(Command::SetConflict { key, conflict });
        }
    }

    fn on_page(&mut self, change: impl FnOnce(&mut DevicePage)) {
        if let Some(page) = &mut self.state.device_page {
            change(page);
        }
    }

    fn compare_codes(&mut self) {
        let page = self.state.device_page.as_ref();
        let Some(device) = page.and_then(|page| page.device(&self.state.devices)) else { return };
        let Some(recipient) = self.state.devices.recipient(device, &self.state.around) else { return };
        let Recipient { address: to, also, expect, name, .. } = recipient;
        let id = new_transfer_id();
        if !self.tell(Command::Compare { id, to: to.clone(), also, expect }) {
            return;
        }
        // Until the engine has said how it stands.
        let peer = Peer { name, dial: Some(to.clone()), ..Peer::at(to.to_string(), false) };
        let key = TransferKey { id, direction: Direction::Outgoing };
        let snapshot = ComparisonSnapshot { key, peer, state: ComparisonState::Connecting };
        let now = self.state.now;
        self.state.trust.compared(snapshot, now);
    }
}
