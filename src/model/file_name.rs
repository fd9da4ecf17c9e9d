//! Untrusted names become safe ones here, once: a peer's path is parsed into a type that can only hold a safe one.
//! Where two entries would then meet is found in `storage/path_map.rs`.

use unicode_normalization::UnicodeNormalization;

use super::{
    device::is_hidden,
    reason::{Reason, ReasonCode},
};

/// A path may have at most this many components.
pub const MAX_DEPTH: usize = 128;
/// A path with its separators may be at most this long.
pub const MAX_PATH_BYTES: usize = 4096;
/// What every system takes as one name.
pub const MAX_NAME_BYTES: usize = 255;
/// Names of files that are still being received begin with this; nobody else may use it.
pub const PART_PREFIX: &str = ".sealdrop-";

/// Longer or blank "extensions" are words after a full stop.
const MAX_EXTENSION_BYTES: usize = 16;

/// What the target system can store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameRules {
    MacOs,
    Unix,
    Windows,
}

impl NameRules {
    /// The rules of the system that this program runs on.
    pub fn here() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else if cfg!(target_vendor = "apple") {
            Self::MacOs
        } else {
            Self::Unix
        }
    }

    /// Whether this system's own disks usually take `A` and `a` for one name.
    pub fn usually_folds(self) -> bool {
        match self {
            Self::MacOs | Self::Windows => true,
            Self::Unix => false,
        }
    }
}

/// A path inside a transfer whose every component can be created as it stands and leads nowhere else.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SafePath(Vec<String>);

/// Why a name is refused rather than changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}: {name:?}")]
pub struct BadName {
    /// The component, or the whole path with `/`, shortened for showing.
    pub name: String,
    pub problem: NameProblem,
}

/// What is wrong with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameProblem {
    #[error("an entry below a file or link")]
    BelowFile,
    #[error("a control character in a name")]
    Control,
    #[error("a drive or network prefix")]
    Drive,
    #[error("an empty name")]
    Empty,
    #[error("a path longer than 4096 bytes")]
    Long,
    #[error("a reserved prefix")]
    PartPrefix,
    #[error("a path separator inside a name")]
    Separator,
    #[error("a step to another folder")]
    Steps,
    #[error("more than 128 levels")]
    TooDeep,
    #[error("the same path twice")]
    Twice,
}

impl SafePath {
    /// Refuses or changes each component, as the rules say.
    pub fn parse(path: &[String], rules: NameRules) -> Result<Self, BadName> {
        let refuse = |problem| Err(BadName::new(&path.join("/"), problem));
        if path.is_empty() {
            return refuse(NameProblem::Empty);
        }
        if path.len() > MAX_DEPTH {
            return refuse(NameProblem::TooDeep);
        }
        if bytes_of(path) > MAX_PATH_BYTES {
            return refuse(NameProblem::Long);
        }
        let safe = path.iter().map(|name| safe_name(name, rules)).collect::<Result<Vec<_>, _>>()?;
        // A reserved name grows by one byte when it is changed.
        if bytes_of(&safe) > MAX_PATH_BYTES {
            return refuse(NameProblem::Long);
        }
        Ok(Self(safe))
    }

    pub fn components(&self) -> &[String] {
        &self.0
    }

    /// The last component.
    pub fn name(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    /// With `/` between the components, for showing.
    pub fn shown(&self) -> String {
        self.0.join("/")
    }

    /// The same path with other names, each made from a safe one by `numbered`.
    pub(crate) fn renamed(names: Vec<String>) -> Self {
        Self(names)
    }
}

impl BadName {
    pub fn new(name: &str, problem: NameProblem) -> Self {
        // Enough to recognise it; the whole may be a hostile 64 KiB.
        Self { name: name.chars().take(200).collect(), problem }
    }

    /// As it crosses the wire and is shown.
    pub fn reason(&self) -> Reason {
        Reason::here(ReasonCode::BadPath, self.to_string())
    }
}

/// A key under which names meet that a folding file system takes for one: case and normal form do not count.
pub fn folded(name: &str) -> String {
    // Upper case first brings together what only shares a capital (final sigma, long s).
    name.nfc().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfc().collect()
}

/// `Photos (2)`, `a (2).txt`: another name for a second one, the extension kept, within 255 bytes.
pub fn numbered(name: &str, n: u32) -> String {
    let (stem, extension) = split_extension(name);
    let tail = format!(" ({n}){extension}");
    format!("{}{tail}", shortened(stem, MAX_NAME_BYTES.saturating_sub(tail.len())))
}

fn safe_name(name: &str, rules: NameRules) -> Result<String, BadName> {
    if let Some(problem) = refused(name) {
        return Err(BadName::new(name, problem));
    }
    let mut safe: String = name.chars().map(|c| if is_changed(c, rules) { '_' } else { c }).collect();
    if rules == NameRules::Windows {
        safe = unreserved(safe);
    }
    if safe.len() > MAX_NAME_BYTES {
        let (stem, extension) = split_extension(&safe);
        safe = format!("{}{extension}", shortened(stem, MAX_NAME_BYTES - extension.len()));
    }
    if rules == NameRules::Windows && safe.ends_with(['.', ' ']) {
        safe.pop();
        safe.push('_');
    }
    Ok(safe)
}

fn refused(name: &str) -> Option<NameProblem> {
    let bytes = name.as_bytes();
    if name.is_empty() {
        Some(NameProblem::Empty)
    } else if name == "." || name == ".." {
        Some(NameProblem::Steps)
    } else if name.contains('/') {
        Some(NameProblem::Separator)
    } else if name.contains(char::is_control) {
        Some(NameProblem::Control)
    } else if name.starts_with(r"\\") || matches!(bytes, [letter, b':', ..] if letter.is_ascii_alphabetic()) {
        Some(NameProblem::Drive)
    } else if bytes.get(..PART_PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PART_PREFIX.as_bytes())) {
        Some(NameProblem::PartPrefix)
    } else {
        None
    }
}

fn is_changed(c: char, rules: NameRules) -> bool {
    matches!(c, '\\' | ':')
        || is_hidden(c)
        || (rules == NameRules::Windows && matches!(c, '<' | '>' | '"' | '|' | '?' | '*'))
}

/// `CON.txt` opens the console on Windows whatever the extension; `CON_.txt` does not.
fn unreserved(name: String) -> String {
    let stem_end = name.find('.').unwrap_or(name.len());
    let (stem, rest) = name.split_at(stem_end);
    if is_reserved(stem.trim_end_matches(' ')) { format!("{stem}_{rest}") } else { name }
}

fn is_reserved(stem: &str) -> bool {
    let upper = stem.to_uppercase();
    if matches!(upper.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$") {
        return true;
    }
    let digit = upper.strip_prefix("COM").or_else(|| upper.strip_prefix("LPT"));
    digit.is_some_and(|rest| {
        let mut chars = rest.chars();
        matches!((chars.next(), chars.next()), (Some('0'..='9' | '\u{b9}' | '\u{b2}' | '\u{b3}'), None))
    })
}

/// `("a", ".txt")`; a name that only begins with a full stop has no extension.
fn split_extension(name: &str) -> (&str, &str) {
    let Some(dot) = name.rfind('.').filter(|dot| *dot > 0) else {
        return (name, "");
    };
    let (stem, extension) = name.split_at(dot);
    let is_extension = (2..=MAX_EXTENSION_BYTES).contains(&extension.len()) && !extension.contains(char::is_whitespace);
    if is_extension { (stem, extension) } else { (name, "") }
}

/// At most `max_bytes` of `text`, cut between characters.
fn shortened(text: &str, max_bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(max_bytes)).unwrap_or(text)
}

fn bytes_of(path: &[String]) -> usize {
    path.iter().map(|name| name.len() + 1).sum::<usize>().saturating_sub(1)
}
