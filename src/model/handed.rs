//! What a start of the program is about: paths to stage, or a link.

use std::path::PathBuf;

/// The scheme of links that this program answers to.
const SCHEME: &str = "sealdrop:";

/// One argument of a start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handed {
    /// A `sealdrop:` link, exactly as it was given.
    Link(String),
    /// A file or folder, by absolute path.
    Path(PathBuf),
}

impl Handed {
    /// An argument as it was typed, or as a file manager gave it.
    pub fn argument(argument: PathBuf) -> Self {
        match argument.to_str() {
            Some(text) if is_link(text) => Self::Link(text.to_owned()),
            // One that the system cannot complete is reported when it is walked.
            _ => Self::Path(std::path::absolute(&argument).unwrap_or(argument)),
        }
    }
}

fn is_link(text: &str) -> bool {
    text.get(..SCHEME.len()).is_some_and(|start| start.eq_ignore_ascii_case(SCHEME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_stays_as_it_is_and_a_path_becomes_whole() {
        for link in ["sealdrop://add?a=b%20c", "SealDrop:x"] {
            assert_eq!(Handed::argument(link.into()), Handed::Link(link.to_owned()));
        }
        for path in ["sealdrop", "./sealdrop:x", "文"] {
            let Handed::Path(whole) = Handed::argument(path.into()) else { panic!("{path}") };
            assert!(whole.is_absolute() && whole.ends_with(path.trim_start_matches("./")), "{whole:?}");
        }
    }
}
