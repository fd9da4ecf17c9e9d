//! What a person asks for on a row of *Activity*.

use super::{
    action::RowAction,
    app::App,
    state::{
        chances::Again,
        rows::{Check, Row},
    },
};
use crate::{engine::messages::Command, model::transfer::TransferKey};

impl App {
    pub(super) fn row(&mut self, key: TransferKey, action: &RowAction) {
        match action {
            RowAction::Again => self.once_more(key),
            RowAction::Cancel => {
                self.tell(Command::Cancel(key));
            }
            RowAction::CheckAgain => self.check_again(key),
            RowAction::Differ => {
                if let Some(peer) = self.state.transfers.row(key).map(|row| row.snapshot.peer.clone()) {
                    self.codes_differ(&peer);
                }
                self.tell(Command::Cancel(key));
            }
            RowAction::Discard => self.discard(key),
            RowAction::MoveDown => self.reorder(key, |place| place.checked_add(1)),
            RowAction::MoveUp => self.reorder(key, |place| place.checked_sub(1)),
            RowAction::Pause => {
                self.tell(Command::Pause(key));
            }
            RowAction::Resume => {
                self.tell(Command::Resume(key));
            }
            RowAction::Remove => self.state.transfers.remove(key),
            RowAction::ShowInFolder => {
                if let Some(place) = self.state.transfers.row(key).and_then(Row::place_to_show) {
                    self.dialogs.reveal(&place);
                }
            }
            other => {
                let Some(row) = self.state.transfers.row_mut(key) else { return };
                match other {
                    RowAction::AskToDiscard => row.discarding = true,
                    RowAction::Keep => row.discarding = false,
                    RowAction::Compare => row.compare = if row.compare.is_some() { None } else { Some(String::new()) },
                    RowAction::Open => row.open ^= true,
                    RowAction::Pick(index) => row.picked = (row.picked != Some(*index)).then_some(*index),
                    _ => {}
                }
            }
        }
    }

    /// Just what failed, under the same name, where the engine still knows it; otherwise all of it.
    fn once_more(&mut self, key: TransferKey) {
        let Some(row) = self.state.transfers.row(key) else { return };
        if let Some(request) = row.fetched.clone().filter(|_| row.another_try().is_some()) {
            self.fetch_again(key, request);
        } else if row.another_try() != Some(Again::Failed) {
            self.send_again(key);
        } else if self.tell(Command::Retry(key))
            && let Some(row) = self.state.transfers.row_mut(key)
        {
            row.again = true;
        }
    }

    fn discard(&mut self, key: TransferKey) {
        if self.tell(Command::Discard(key))
            && let Some(row) = self.state.transfers.row_mut(key)
        {
            row.discarding = false;
            // What stood below the question slides up.
            self.state.settle();
        }
    }

    fn reorder(&mut self, key: TransferKey, to: impl Fn(usize) -> Option<usize>) {
        let place = self.state.transfers.row(key).and_then(|row| row.snapshot.place);
        if let Some(place) = place.and_then(to) {
            self.tell(Command::Reorder { key, place });
        }
    }

    fn check_again(&mut self, key: TransferKey) {
        let Some(files) = self.state.transfers.row(key).map(Row::to_check) else { return };
        let asked = files.iter().map(|file| (file.index, Check::Asked)).collect();
        if !files.is_empty()
            && self.tell(Command::CheckAgain { key, files })
            && let Some(row) = self.state.transfers.row_mut(key)
        {
            row.checks = asked;
        }
    }
}
