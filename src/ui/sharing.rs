//! Doing what the person asked for about the shared folder, and *Get a file…*.

use super::{
    action::{GetAction, ShareAction},
    app::App,
    state::sharing::GetForm,
};
use crate::{
    engine::{
        messages::{Command, FetchRequest},
        new_transfer_id,
    },
    model::{conflict::Conflict, place::is_link},
};

impl App {
    pub(super) fn sharing(&mut self, action: ShareAction) {
        match action {
            ShareAction::ShowDownloads => self.state.sharing.open ^= true,
            ShareAction::Stop => {
                if let Some(form) = &mut self.state.settings_form {
                    form.shared = None;
                }
            }
        }
    }

    pub(super) fn get(&mut self, action: GetAction) {
        match action {
            GetAction::Close => self.state.get_form = None,
            GetAction::Open => {
                // A link names a key, which the plain protocol could not keep to.
                let typed = self.state.devices.address.trim();
                let address = if is_link(typed) { String::new() } else { typed.to_owned() };
                let folder = self.state.receive_folder().cloned().unwrap_or_default();
                self.state.get_form = Some(GetForm { address, name: String::new(), folder });
            }
            GetAction::Start => self.fetch(),
        }
    }

    fn fetch(&mut self) {
        let Some(form) = &self.state.get_form else { return };
        let Ok((to, wanted)) = form.request() else { return };
        let (id, folder, conflict) = (new_transfer_id(), form.folder.clone(), Conflict::default());
        if self.tell(Command::Fetch(FetchRequest { id, to, name: wanted.asked, folder, conflict })) {
            self.state.get_form = None;
        }
    }
}
