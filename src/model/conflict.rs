//! What becomes of a file whose name is taken where it is to be saved.

use serde::{Deserialize, Serialize};

/// Chosen on the card, for a whole offer; `docs` of `storage::landing` say how each is carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conflict {
    /// A taken top-level name gets a number, a whole folder as one: `Photos (2)/…`.
    #[default]
    KeepBoth,
    /// Into the folder that is there; a file that is there already is replaced once the new one is verified.
    Replace,
    /// Into the folder that is there; what is there already stays, and the new one is not sent.
    Skip,
    /// Into the folder that is there; what is there with the same size and MD5 is not sent again, anything else that is there
    /// stays and the new file gets a number.
    SkipIdentical,
}

impl Conflict {
    pub const ALL: [Self; 4] = [Self::KeepBoth, Self::Replace, Self::Skip, Self::SkipIdentical];
}
