//! Untrusted names become safe ones here, once: a peer's path is parsed into a type that can only hold a safe one.
//! Where two entries would then meet is found in `storage/path_map.rs`.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use super::{
    device::is_hidden,
    entry_path::EntryPath,
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
    /// Of a file that is shared.
    #[error("a hidden name")]
    Hidden,
    #[error("a path longer than 4096 bytes")]
    Long,
    #[error("a reserved prefix")]
    PartPrefix,
    /// Of a file that is shared.
    #[error("a name that this system reads otherwise")]
    Reserved,
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
    pub fn parse(path: &EntryPath, rules: NameRules) -> Result<Self, BadName> {
        check_length(path)?;
        let safe = path.names().map(|name| Ok(safe_name(name, rules)?.into_owned())).collect::<Result<Vec<_>, _>>()?;
        // A reserved name grows by one byte when it is changed.
        if safe.iter().map(|name| name.len() + 1).sum::<usize>() > MAX_PATH_BYTES + 1 {
            return Err(BadName::new(&path.to_string(), NameProblem::Long));
        }
        Ok(Self(safe))
    }

    /// Refuses what `parse` refuses.
    ///
    /// # Errors
    /// As `parse`.
    pub(crate) fn check(path: &EntryPath, rules: NameRules) -> Result<(), BadName> {
        Self::check_length(path, rules)?;
        path.names().try_for_each(|name| safe_name(name, rules).map(drop))
    }

    /// Refuses what `parse` refuses for its length, before any of its names was looked at.
    ///
    /// # Errors
    /// Empty, too deep or too long.
    pub(crate) fn check_length(path: &EntryPath, rules: NameRules) -> Result<(), BadName> {
        check_length(path)?;
        // Each name grows by one byte at most; few come near.
        let may_be_long = path.names().shown_bytes() + path.len() > MAX_PATH_BYTES;
        if may_be_long { Self::parse(path, rules).map(drop) } else { Ok(()) }
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

fn check_length(path: &EntryPath) -> Result<(), BadName> {
    let problem = if path.is_empty() {
        NameProblem::Empty
    } else if path.len() > MAX_DEPTH {
        NameProblem::TooDeep
    } else if path.names().shown_bytes() > MAX_PATH_BYTES {
        NameProblem::Long
    } else {
        return Ok(());
    };
    Err(BadName::new(&path.to_string(), problem))
}

/// One component of a path: refused, changed as the rules say, or as it is.
pub(crate) fn safe_name(name: &str, rules: NameRules) -> Result<Cow<'_, str>, BadName> {
    if let Some(problem) = refused(name) {
        return Err(BadName::new(name, problem));
    }
    if rules != NameRules::Windows && name.len() <= MAX_NAME_BYTES && !name.contains(|c| is_changed(c, rules)) {
        return Ok(Cow::Borrowed(name));
    }
    Ok(Cow::Owned(changed_name(name, rules)))
}

fn changed_name(name: &str, rules: NameRules) -> String {
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
    safe
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [NameRules; 3] = [NameRules::MacOs, NameRules::Unix, NameRules::Windows];

    fn parse(path: &[&str], rules: NameRules) -> Result<String, NameProblem> {
        let path = path.iter().collect();
        SafePath::parse(&path, rules).map(|safe| safe.shown()).map_err(|bad| bad.problem)
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused_everywhere() {
        let table: &[(&[&str], NameProblem)] = &[
            (&[], NameProblem::Empty),
            (&[""], NameProblem::Empty),
            (&["a", "", "b"], NameProblem::Empty),
            (&["."], NameProblem::Steps),
            (&["..", "x"], NameProblem::Steps),
            (&["a", "..", "..", "x"], NameProblem::Steps),
            (&["../x"], NameProblem::Separator),
            (&["/etc/x"], NameProblem::Separator),
            (&["a/../../x"], NameProblem::Separator),
            (&["", "etc", "x"], NameProblem::Empty),
            (&["C:\\x"], NameProblem::Drive),
            (&["c:"], NameProblem::Drive),
            (&["a", "z:stream"], NameProblem::Drive),
            (&["\\\\host\\x"], NameProblem::Drive),
            (&["a\0b"], NameProblem::Control),
            (&["a\nb"], NameProblem::Control),
            (&["a\u{85}b"], NameProblem::Control),
            (&["\u{7f}"], NameProblem::Control),
            (&[".sealdrop-x"], NameProblem::PartPrefix),
            (&["a", ".SealDrop-1-2.part", "b"], NameProblem::PartPrefix),
        ];
        for (path, problem) in table {
            for rules in ALL {
                assert_eq!(parse(path, rules), Err(*problem), "{path:?} for {rules:?}");
            }
        }
    }

    #[test]
    fn names_that_could_mislead_are_changed_everywhere() {
        let table = [
            ("a\\b", "a_b"),
            ("\\x", "_x"),
            ("12:30", "12_30"),
            ("1:", "1_"),
            ("photo\u{202e}gpj.exe", "photo_gpj.exe"),
            ("\u{2066}x\u{2069}", "_x_"),
            ("a\u{feff}", "a_"),
        ];
        for (name, safe) in table {
            for rules in ALL {
                assert_eq!(parse(&[name], rules).as_deref(), Ok(safe), "{name:?} for {rules:?}");
            }
        }
    }

    #[test]
    fn names_that_windows_cannot_have_are_changed_there_alone() {
        let table = [
            ("a<b>c\"d|e?f*g", "a_b_c_d_e_f_g"),
            ("x.", "x_"),
            ("x ", "x_"),
            ("x. .", "x. _"),
            ("CON", "CON_"),
            ("con.txt", "con_.txt"),
            ("Aux.tar.gz", "Aux_.tar.gz"),
            ("nul .txt", "nul _.txt"),
            ("COM1", "COM1_"),
            ("lpt9.x", "lpt9_.x"),
            ("COM\u{b9}", "COM\u{b9}_"),
            ("LPT\u{b3}.log", "LPT\u{b3}_.log"),
            ("CONIN$", "CONIN$_"),
            ("PRN.", "PRN__"),
        ];
        for (name, safe) in table {
            assert_eq!(parse(&[name], NameRules::Windows).as_deref(), Ok(safe), "{name:?}");
            assert_eq!(parse(&[name], NameRules::Unix).as_deref(), Ok(name));
            assert_eq!(parse(&[name], NameRules::MacOs).as_deref(), Ok(name));
        }
        for name in ["CONSOLE", "COM10", "COM", "LPTX", ".CON", "xCON", "...a", "a b.c d"] {
            assert_eq!(parse(&[name], NameRules::Windows).as_deref(), Ok(name));
        }
    }

    #[test]
    fn names_of_every_script_stay_as_they_are() {
        for name in
            ["照片 2024", "фото.jpg", "naïve e\u{301}", "👩‍👩‍👧.png", ".bashrc", "...", "-rf", "~", "%2e%2e", "a'b$(c)`d"]
        {
            for rules in [NameRules::MacOs, NameRules::Unix] {
                assert_eq!(parse(&["top", name], rules), Ok(format!("top/{name}")));
            }
        }
    }

    #[test]
    fn a_long_name_is_shortened_between_characters_and_keeps_its_extension() {
        let long = format!("{}.jpeg", "照".repeat(100));
        let safe = parse(&[&long], NameRules::Unix).unwrap();
        assert_eq!(safe, format!("{}.jpeg", "照".repeat(83)));
        assert_eq!(parse(&[&"x".repeat(300)], NameRules::Unix).unwrap(), "x".repeat(255));
        let no_extension = format!("x.{}", "y".repeat(298));
        assert_eq!(parse(&[&no_extension], NameRules::Windows).unwrap().len(), 255);
        let dotted = format!("{}.{}", "x".repeat(254), "y".repeat(40));
        assert_eq!(parse(&[&dotted], NameRules::Windows).unwrap(), format!("{}_", "x".repeat(254)));
    }

    #[test]
    fn too_deep_or_too_long_is_refused() {
        assert_eq!(parse(&["a"; 128], NameRules::Unix).map(|shown| shown.len()), Ok(255));
        assert_eq!(parse(&["a"; 129], NameRules::Unix), Err(NameProblem::TooDeep));
        let name = "x".repeat(255);
        assert!(parse(&[name.as_str(); 16], NameRules::Unix).is_ok());
        assert_eq!(parse(&[name.as_str(); 17], NameRules::Unix), Err(NameProblem::Long));
        let reserved = ["x".repeat(255), "CON".to_owned()].concat();
        assert!(parse(&[&reserved], NameRules::Windows).is_ok());
    }

    #[test]
    fn a_refusal_is_short_and_names_what_was_wrong() {
        let bad = SafePath::parse(&["/".repeat(60_000)].into(), NameRules::Unix).unwrap_err();
        let reason = bad.reason();
        assert_eq!(reason.code, ReasonCode::BadPath);
        assert!(reason.detail.unwrap().len() < 1024);
    }

    #[test]
    fn a_second_one_gets_a_number_before_its_extension() {
        let table = [
            ("Photos", "Photos (2)"),
            ("a.txt", "a (2).txt"),
            ("archive.tar.gz", "archive.tar (2).gz"),
            (".bashrc", ".bashrc (2)"),
            ("Dr. Who", "Dr. Who (2)"),
            ("a.", "a. (2)"),
            ("照片.jpg", "照片 (2).jpg"),
        ];
        for (name, second) in table {
            assert_eq!(numbered(name, 2), second);
        }
        let long = numbered(&format!("{}.txt", "照".repeat(83)), 4_294_967_295);
        assert!(long.len() <= 255 && long.ends_with(" (4294967295).txt"), "{long}");
    }

    #[test]
    fn names_that_differ_only_in_case_or_form_fold_together() {
        for (a, b) in [("A.TXT", "a.txt"), ("\u{c9}", "e\u{301}"), ("Σ", "ς"), ("\u{212a}", "k")] {
            assert_eq!(folded(a), folded(b), "{a:?} {b:?}");
        }
        assert_ne!(folded("a"), folded("b"));
    }

    /// What each system can store, written down a second time and independently of how names are changed.
    fn is_safe(name: &str, rules: NameRules) -> bool {
        let everywhere = !name.is_empty()
            && name.len() <= 255
            && name != "."
            && name != ".."
            && !name.contains(['/', '\\', ':'])
            && !name.contains(is_hidden)
            && !name.to_ascii_lowercase().starts_with(".sealdrop-");
        let device = name.split('.').next().unwrap_or("").trim_end_matches(' ').to_uppercase();
        let is_device = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"].contains(&device.as_str())
            || ["COM", "LPT"].iter().any(|port| "0123456789¹²³".chars().any(|n| device == format!("{port}{n}")));
        let windows = !name.contains(['<', '>', '"', '|', '?', '*']) && !name.ends_with(['.', ' ']) && !is_device;
        everywhere && (rules != NameRules::Windows || windows)
    }

    /// Names with everything that matters in them, many of it at once.
    fn any_name() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            4 => "[a-c.]{0,3}",
            2 => "\\PC{0,4}",
            1 => any::<String>(),
            1 => proptest::sample::select(vec![
                "/", "\\", ":", "..", ".", " ", "C:", "CON", "com\u{b2}", "nul", "<", "\u{202e}", "\0", "\n", "e\u{301}",
                ".sealdrop-", "照", "\u{200d}",
            ]).prop_map(str::to_owned),
            1 => (1..300_usize, "[x照.]").prop_map(|(n, c)| c.repeat(n)),
        ];
        proptest::collection::vec(part, 0..5).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn a_name_is_unchanged_exactly_when_it_was_safe(name in any_name()) {
            for rules in ALL {
                let parsed = safe_name(&name, rules);
                prop_assert_eq!(parsed.as_deref() == Ok(&*name), is_safe(&name, rules), "{:?} {:?}", name, rules);
                if let Ok(safe) = parsed {
                    prop_assert!(is_safe(&safe, rules), "{:?} became {:?} for {:?}", name, safe, rules);
                    prop_assert!(is_safe(&numbered(&safe, 2), rules), "{:?} {:?}", numbered(&safe, 2), rules);
                }
            }
        }

        #[test]
        fn parsing_a_safe_path_changes_nothing(path in proptest::collection::vec(any_name(), 0..5)) {
            for rules in ALL {
                let sent = path.iter().collect();
                prop_assert_eq!(SafePath::check(&sent, rules).err(), SafePath::parse(&sent, rules).err());
                if let Ok(safe) = SafePath::parse(&sent, rules) {
                    prop_assert_eq!(SafePath::parse(&safe.components().iter().collect(), rules), Ok(safe.clone()));
                    prop_assert_eq!(safe.components().len(), path.len());
                }
            }
        }
    }
}
