//! Doing what the person asked for about the shared folder, and *Get a file…*.

use super::{
    action::{GetAction, ShareAction},
    app::App,
    state::sharing::GetForm,
    text,
};
use crate::{
    engine::{
        messages::{Command, FetchRequest},
        new_transfer_id,
    },
    model::{
        conflict::Conflict,
        device::Peer,
        file_name::NameRules,
        shared_path::WantedFile,
        transfer::{Direction, Stage, TransferKey, TransferSnapshot},
    },
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
                let address = self.state.devices.address.trim().to_owned();
                let folder = self.state.receive_folder().cloned().unwrap_or_default();
                self.state.get_form = Some(GetForm { address, name: String::new(), folder });
            }
            GetAction::Start => self.fetch(),
        }
    }

    fn fetch(&mut self) {
        let Some(form) = &self.state.get_form else { return };
        let Ok((place, wanted)) = form.request() else { return };
        let (Some(to), also) = (place.first().cloned(), place.also().to_vec()) else { return };
        let (id, folder, conflict) = (new_transfer_id(), form.folder.clone(), Conflict::default());
        if self.ask_for(FetchRequest { id, to, also, name: wanted.asked, folder, conflict }) {
            self.state.get_form = None;
        }
    }

    /// The same file once more, under a new name.
    pub(super) fn fetch_again(&mut self, key: TransferKey, request: FetchRequest) {
        if self.ask_for(FetchRequest { id: new_transfer_id(), ..request })
            && let Some(row) = self.state.transfers.row_mut(key)
        {
            row.again = true;
        }
    }

    fn ask_for(&mut self, request: FetchRequest) -> bool {
        if !self.tell(Command::Fetch(request.clone())) {
            return false;
        }
        let key = TransferKey { id: request.id, direction: Direction::Incoming };
        let peer = Peer { dial: Some(request.to.clone()), ..Peer::at(request.to.to_string(), true) };
        let title = WantedFile::parse(&request.name, NameRules::here()).map(|wanted| text::name(&wanted.name));
        let snapshot = TransferSnapshot::new(key, peer, Stage::Resolving, None);
        self.state.transfers.begin_fetch(snapshot, title.unwrap_or_default(), request, self.state.now);
        true
    }
}
