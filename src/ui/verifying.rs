//! Verifying files: looking at what was dropped or chosen, comparing, stopping.

use std::path::PathBuf;

use super::{
    action::VerifyAction,
    app::App,
    state::{notices::Tone, pasted::Pasted},
    text::Word,
};
use crate::{
    engine::{
        inspection::{InspectionAsked, InspectionId},
        messages::Command,
    },
    model::comparison,
};

impl App {
    pub(super) fn verifying(&mut self, action: VerifyAction) {
        let view = &mut self.state.verify;
        match action {
            VerifyAction::Open => view.open = true,
            VerifyAction::Close => view.open = false,
            VerifyAction::Pick(index) => view.pick(index),
            VerifyAction::Clear => {
                let stop = view.clear();
                self.stop_looking(stop);
            }
            VerifyAction::Stop => {
                let stop = view.stop();
                self.stop_looking(stop);
            }
            VerifyAction::ShowInFolder => {
                if let Some((_, file)) = view.spoken_of() {
                    self.dialogs.reveal(&file.place);
                }
            }
        }
    }

    /// Has these files hashed; `lists`: they are lists of checksums, whatever they are called.
    pub(super) fn inspect(&mut self, paths: Vec<PathBuf>, lists: bool) {
        if paths.is_empty() {
            return;
        }
        let id = self.state.verify.next_id();
        if self.tell(Command::Inspect(InspectionAsked { id, paths, lists })) {
            self.state.verify.begin(id);
        }
    }

    /// Something was pasted while the view is open: files to look at, or a checksum to compare with.
    pub(super) fn pasted_to_verify(&mut self, text: &str, read: Pasted) {
        let view = &mut self.state.verify;
        match (read, view.spoken_of().map(|(index, _)| index)) {
            (Pasted::Paths(paths), _) => self.inspect(paths, false),
            (Pasted::Text, Some(index)) if comparison::find_md5(text).is_some() => {
                view.pasted.insert(index, text.trim().to_owned());
            }
            _ => self.state.notices.pass(Tone::Info, Word::NothingToVerify, self.state.now),
        }
    }

    fn stop_looking(&mut self, looks: Vec<InspectionId>) {
        for look in looks {
            self.tell(Command::StopInspection(look));
        }
    }
}
