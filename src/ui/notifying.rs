//! Calling for a person who does not look at the window, and hearing what was clicked there.

use std::collections::BTreeSet;

use super::{
    action::CardAction,
    app::App,
    notifier::{Heard, Notifier},
    opening::come_forward,
    state::calls::{Answer, CallId, Order, may_accept},
};
use crate::model::transfer::TransferKey;

impl App {
    /// Lets `notifier` show what calls for the person.
    #[must_use]
    pub fn with_notifier(mut self, notifier: Box<dyn Notifier>) -> Self {
        self.notifier = notifier;
        self
    }

    /// Once a frame, also while the window is hidden.
    pub(super) fn notify(&mut self, context: &egui::Context) {
        for heard in self.notifier.heard() {
            self.heard(heard, context);
        }
        // Where it cannot be known, the window counts as seen: nobody wants to be told of what stands before him.
        let in_front = context.input(|input| input.viewport().focused) != Some(false);
        let mut calls = std::mem::take(&mut self.state.calls);
        calls.see(self.who_waits(), in_front);
        for order in calls.orders(&self.state) {
            match order {
                Order::Close(id) => self.notifier.close(id),
                Order::Show(call) => self.notifier.show(&call),
            }
        }
        if let Some(at) = calls.next_look() {
            context.request_repaint_after(at.saturating_duration_since(self.state.now));
        }
        self.state.calls = calls;
    }

    fn who_waits(&self) -> BTreeSet<TransferKey> {
        let comparisons = self.state.trust.comparisons.iter().filter(|card| card.incoming() && !card.over());
        let offers = self.state.offers.iter().map(super::state::offers::OfferCard::key);
        offers.chain(comparisons.map(super::state::trust::ComparisonCard::key)).collect()
    }

    fn heard(&mut self, heard: Heard, context: &egui::Context) {
        let (id, answer) = match heard {
            Heard::Answered(id, answer) => (id, Some(answer)),
            Heard::Closed(id) => (id, None),
        };
        let mut calls = std::mem::take(&mut self.state.calls);
        calls.put_away(id, &self.state);
        self.state.calls = calls;
        match (id, answer) {
            (_, None) => {}
            (CallId::Offer(key), Some(Answer::Accept)) if self.may_accept(key) => self.card(key, &CardAction::Accept),
            (CallId::Offer(key), Some(Answer::Decline)) => self.card(key, &CardAction::Decline),
            // Something has changed since: it is for the person to see.
            (_, Some(_)) => {
                self.state.show_offers = id != CallId::Ended;
                come_forward(context);
            }
        }
    }

    fn may_accept(&self, key: TransferKey) -> bool {
        self.state.offers.iter().any(|card| card.key() == key && may_accept(card, &self.state))
    }
}
