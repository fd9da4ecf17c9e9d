//! The history: opening it, looking something up, sending the same once more.

use std::time::Duration;

use super::{
    action::HistoryAction,
    app::App,
    state::{
        history::{HistoryView, Opened},
        rows::Sent,
    },
};
use crate::{
    engine::messages::{Command, HistoryAsked, What},
    model::{book::KnownDevice, device_key::DeviceKey, transfer::Direction},
};

/// Entries that the page of one device asks for.
const ON_A_PAGE: usize = 50;

/// An engine that is busy is asked again after so long.
const ASK_AGAIN: Duration = Duration::from_secs(1);

impl App {
    pub(super) fn history(&mut self, action: HistoryAction) {
        let now = self.state.now;
        match action {
            HistoryAction::Open => {
                self.state.history = Some(HistoryView::new(now));
                self.look_up();
            }
            HistoryAction::Close => self.state.history = None,
            HistoryAction::Clear => self.clear_history(),
            HistoryAction::SendAgain => self.send_entry_again(),
            HistoryAction::ShowInFolder => {
                let opened = self.state.history.as_ref().and_then(|view| view.opened.as_ref());
                if let Some(place) = opened.and_then(Opened::place_to_show) {
                    self.dialogs.reveal(&place);
                }
            }
            other => {
                let Some(view) = &mut self.state.history else { return };
                match (other, &mut view.opened) {
                    (HistoryAction::AskToClear, _) => view.clearing = true,
                    (HistoryAction::Keep, _) => view.clearing = false,
                    (HistoryAction::Back, opened) => *opened = None,
                    (HistoryAction::Show(index), _) => view.open(index),
                    (HistoryAction::Pick(index), Some(opened)) => {
                        opened.picked = (opened.picked != Some(index)).then_some(index);
                    }
                    _ => {}
                }
            }
        }
    }

    /// Asks the engine when typing has paused.
    pub(super) fn look_up(&mut self) {
        let now = self.state.now;
        let Some(asked) = self.state.history.as_mut().and_then(|view| view.due(now)) else { return };
        if !self.tell(Command::LoadHistory(asked))
            && let Some(view) = &mut self.state.history
        {
            view.look_soon(now + ASK_AGAIN);
        }
    }

    /// Asks for what went to and fro with one device.
    pub(super) fn look_up_device(&mut self, key: DeviceKey) {
        self.tell(Command::LoadHistory(HistoryAsked { with: Some(key), limit: ON_A_PAGE, ..HistoryAsked::default() }));
    }

    /// The engine says when it is gone.
    fn clear_history(&mut self) {
        if self.tell(Command::ClearHistory)
            && let Some(view) = &mut self.state.history
        {
            view.clearing = false;
            view.opened = None;
        }
    }

    /// The same paths to the same device; where a person has confirmed its key, to no other one.
    fn send_entry_again(&mut self) {
        let opened = self.state.history.as_ref().and_then(|view| view.opened.as_ref());
        let Some(entry) = opened.map(|opened| opened.entry.clone()) else { return };
        let devices = &self.state.devices;
        let known = entry.peer.key.and_then(|key| devices.verified(key));
        let expect = entry.peer.key.filter(|_| entry.peer.verified || known.is_some());
        let something = !entry.roots.is_empty() || entry.is_message();
        // A verified device may have moved since.
        let to = known.and_then(KnownDevice::address).cloned().or(entry.peer.dial);
        let Some(to) = to.filter(|_| entry.key.direction == Direction::Outgoing && something) else {
            return;
        };
        let what = What::Paths(entry.roots.clone());
        let also = Vec::new();
        let classic = entry.peer.classic;
        let sent = Sent { to, also, expect, classic, roots: entry.roots, message: entry.message };
        if self.request(sent, entry.peer.name, what) {
            // Its row is what the person wants to see now.
            self.state.history = None;
        }
    }
}
