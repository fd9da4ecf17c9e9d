//! The network check while its view is open: whom it is about, and its steps as they come.

use super::{
    State,
    devices::{Recipient, shown_name},
    nearby,
};
use crate::model::{
    check::{CheckId, CheckStep, CheckTarget},
    place::{BadPlace, Place},
};

/// One look at the network.
#[derive(Clone, Debug, Default)]
pub struct NetworkCheck {
    /// Typed: a name, an address or a link; nothing: only this device.
    pub whom: String,
    /// The check that was asked for last; steps of earlier ones come too late.
    pub id: Option<CheckId>,
    /// In the order of their kinds.
    pub steps: Vec<CheckStep>,
    pub over: bool,
}

impl NetworkCheck {
    /// Another check begins.
    pub fn begin(&mut self, id: CheckId) {
        self.id = Some(id);
        self.steps.clear();
        self.over = false;
    }

    /// Whether steps are still to come.
    pub fn is_running(&self) -> bool {
        self.id.is_some() && !self.over
    }

    /// Takes a step as it stands now.
    pub fn take(&mut self, id: CheckId, step: CheckStep) {
        if self.id != Some(id) {
            return;
        }
        match self.steps.binary_search_by_key(&step.kind, |known| known.kind) {
            Ok(at) => self.steps[at] = step,
            Err(at) => self.steps.insert(at, step),
        }
    }

    /// No further step comes.
    pub fn end(&mut self, id: CheckId) {
        self.over |= self.id == Some(id);
    }
}

impl State {
    /// Which device the check is to be about, if one is named.
    ///
    /// # Errors
    /// What is typed is neither a device that is listed nor a place.
    pub fn check_target(&self) -> Result<Option<CheckTarget>, BadPlace> {
        let typed = self.network_check.as_ref().map_or("", |check| check.whom.trim());
        if typed.is_empty() {
            return Ok(None);
        }
        if let Some(Recipient { address, also, expect, .. }) = self.recipient_named(typed) {
            return Ok(Some(CheckTarget { places: std::iter::once(address).chain(also).collect(), expect }));
        }
        let Place { addresses, key, .. } = typed.parse()?;
        Ok(Some(CheckTarget { places: addresses, expect: key }))
    }

    /// A number for the next check.
    pub fn next_check(&mut self) -> u64 {
        self.checks += 1;
        self.checks
    }

    pub(super) fn check_step(&mut self, id: CheckId, step: CheckStep) {
        if let Some(check) = &mut self.network_check {
            check.take(id, step);
        }
    }

    pub(super) fn check_ended(&mut self, id: CheckId) {
        if let Some(check) = &mut self.network_check {
            check.end(id);
        }
    }

    fn recipient_named(&self, name: &str) -> Option<Recipient> {
        let is_it = |shown: &str| shown.to_lowercase() == name.to_lowercase();
        let listed = self.devices.listed().find(|device| is_it(&shown_name(device)));
        if let Some(device) = listed {
            return self.devices.recipient(device, &self.around);
        }
        let mut strangers = self.devices.strangers(&self.around).filter_map(nearby::recipient);
        strangers.find(|recipient| is_it(&recipient.name))
    }

    /// The one device that is chosen to send to: most likely the one that is asked about.
    pub fn likely_to_be_checked(&self) -> String {
        match self.devices.recipients(&self.around).as_deref() {
            Ok([one]) => one.name.clone(),
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::check::{Finding, StepKind, StepState};

    fn step(kind: StepKind, state: StepState) -> CheckStep {
        CheckStep { kind, state, took: None, finding: Finding::Nothing }
    }

    #[test]
    fn steps_stand_in_their_order_each_as_it_was_told_last() {
        let mut check = NetworkCheck::default();
        check.begin(CheckId(2));
        check.take(CheckId(1), step(StepKind::Clock, StepState::Failed));
        for (kind, state) in [
            (StepKind::Connection, StepState::Running),
            (StepKind::Port, StepState::Fine),
            (StepKind::Connection, StepState::Failed),
        ] {
            check.take(CheckId(2), step(kind, state));
        }
        let stand: Vec<_> = check.steps.iter().map(|step| (step.kind, step.state)).collect();
        assert_eq!(stand, [(StepKind::Port, StepState::Fine), (StepKind::Connection, StepState::Failed)]);
        check.end(CheckId(1));
        assert!(check.is_running());
        check.end(CheckId(2));
        assert!(!check.is_running());
    }
}
