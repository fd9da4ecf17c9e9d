//! What a person can set, with defaults and bounds. Where it is kept lives in `storage/settings_file.rs`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{device::DEFAULT_PORT, nearby::Visibility};

/// Transfers of each direction that move at the same time, unless somebody chose otherwise.
pub const DEFAULT_PARALLEL: usize = 3;

/// And at most.
pub const MAX_PARALLEL: usize = 16;

/// The settings of one profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How this device introduces itself; never empty, at most 64 characters.
    pub device_name: String,
    /// Where received files go.
    pub receive_folder: PathBuf,
    /// Port to listen on; 0 lets the system choose.
    pub port: u16,
    pub theme: Theme,
    /// What the window speaks.
    pub language: LanguageChoice,
    /// Programs that are not Sealdrop may offer files in the plain protocol.
    pub classic: bool,
    /// The desktop shows what calls for a person who does not look at the window.
    pub notifications: bool,
    /// Whose files anybody on the network may download in the plain protocol; none until a person chooses one.
    pub shared_folder: Option<PathBuf>,
    /// Bytes of files per second that all outgoing transfers together may move; none is no limit, `MIN_LIMIT` the smallest.
    pub send_limit: Option<u64>,
    /// The same for incoming ones.
    pub receive_limit: Option<u64>,
    /// Transfers of each direction that move at the same time, 1 to `MAX_PARALLEL`; further ones wait for their turn.
    pub parallel: usize,
    /// Who may find this device nearby.
    pub visibility: Visibility,
}

/// Light, dark, or as the system has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    Dark,
    Light,
    #[default]
    System,
}

/// A language of the window, or as the system has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum LanguageChoice {
    #[default]
    System,
    /// A BCP 47 tag such as `zh-CN`; see `is_language_tag`. A version that does not have the language does as the system does.
    Tag(String),
}

/// Whether this can be the tag of a language: what BCP 47 (RFC 5646) allows in one, and no more of it than any language needs.
pub fn is_language_tag(tag: &str) -> bool {
    let part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    tag.len() <= MAX_LANGUAGE_TAG && tag.split('-').all(part)
}

/// Bytes; RFC 5646 section 4.4.1 reckons with 35.
const MAX_LANGUAGE_TAG: usize = 35;

impl Settings {
    /// The settings of a first start.
    pub fn first_start(device_name: String, receive_folder: PathBuf) -> Self {
        Self {
            device_name,
            receive_folder,
            port: DEFAULT_PORT,
            theme: Theme::System,
            language: LanguageChoice::System,
            classic: true,
            notifications: true,
            shared_folder: None,
            send_limit: None,
            receive_limit: None,
            parallel: DEFAULT_PARALLEL,
            visibility: Visibility::default(),
        }
    }
}
