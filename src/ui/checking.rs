//! Doing what the person asked for in the network check.

use super::{action::NetworkCheckAction, app::App, state::checking::NetworkCheck};
use crate::{engine::messages::Command, model::check::CheckId};

impl App {
    pub(super) fn network_check(&mut self, action: NetworkCheckAction) {
        match action {
            NetworkCheckAction::Cancel => self.cancel_check(),
            NetworkCheckAction::Close => {
                self.cancel_check();
                self.state.network_check = None;
            }
            NetworkCheckAction::Open => {
                let whom = self.state.likely_to_be_checked();
                self.state.network_check = Some(NetworkCheck { whom, ..NetworkCheck::default() });
                self.start_check();
            }
            NetworkCheckAction::Start => self.start_check(),
        }
    }

    fn start_check(&mut self) {
        let Ok(device) = self.state.check_target() else { return };
        self.cancel_check();
        let id = CheckId(self.state.next_check());
        if self.tell(Command::Check { id, own: true, device })
            && let Some(check) = &mut self.state.network_check
        {
            check.begin(id);
        }
    }

    fn cancel_check(&mut self) {
        let running = self.state.network_check.as_ref().filter(|check| check.is_running());
        if let Some(id) = running.and_then(|check| check.id) {
            self.tell(Command::CancelCheck(id));
        }
    }
}
