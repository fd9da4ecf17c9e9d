//! What the window knows of the shared folder, and the form of *Get a file…*.

use std::path::PathBuf;

use super::rows::Row;
use crate::model::{
    file_name::{BadName, NameRules},
    place::{BadPlace, Place},
    reason::Reason,
    shared_path::WantedFile,
    transfer::Direction,
};

/// Downloads that the list above the status line shows.
pub const MOST_LISTED: usize = 20;

/// Sharing as it stands.
#[derive(Clone, Debug, Default)]
pub struct Sharing {
    /// Why the folder cannot be opened.
    pub trouble: Option<Reason>,
    /// The list of downloads is open.
    pub open: bool,
}

/// *Get a file…* while it is open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetForm {
    pub address: String,
    pub name: String,
    pub folder: PathBuf,
}

/// Why the form cannot be used yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GetError {
    Address(BadPlace),
    Name(BadName),
}

impl GetForm {
    /// What it asks for.
    ///
    /// # Errors
    /// What is wrong first.
    pub fn request(&self) -> Result<(Place, WantedFile), GetError> {
        let address = self.address.parse().map_err(GetError::Address)?;
        let wanted = WantedFile::parse(&self.name, NameRules::here()).map_err(GetError::Name)?;
        Ok((address, wanted))
    }

    /// Whether it names a key, which the plain protocol cannot keep to.
    pub fn names_a_key(&self) -> bool {
        self.address.parse::<Place>().is_ok_and(|place| place.key.is_some())
    }

    /// Whether both fields hold something: until then nothing is wrong, only missing.
    pub fn is_filled_in(&self) -> bool {
        !self.address.trim().is_empty() && !self.name.trim().is_empty()
    }
}

impl Row {
    /// Somebody takes this from the shared folder.
    pub fn is_download(&self) -> bool {
        self.key().direction == Direction::Outgoing && self.snapshot.peer.classic && self.sent.is_none()
    }
}
