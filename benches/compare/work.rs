//! What is moved.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use super::{
    link::{self, Kind},
    number,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    Large,
    Link,
    Lossy,
    Many,
    Middle,
    Tiny,
}

impl Work {
    pub(crate) fn all() -> [Self; 6] {
        [Self::Large, Self::Middle, Self::Many, Self::Tiny, Self::Link, Self::Lossy]
    }

    /// What it goes over, where that is not the loopback.
    pub(crate) fn link(self) -> Option<Kind> {
        match self {
            Self::Link => Some(link::LINK),
            Self::Lossy => Some(link::LOSSY),
            Self::Large | Self::Many | Self::Middle | Self::Tiny => None,
        }
    }

    /// As it is asked for.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Large => "large",
            Self::Link => "link",
            Self::Lossy => "lossy",
            Self::Many => "many",
            Self::Middle => "middle",
            Self::Tiny => "tiny",
        }
    }

    pub(crate) fn title(self) -> String {
        match self {
            Self::Large => format!("one file of {} GiB", gib()),
            Self::Link => format!("one file of {} MiB, 1 Gbit/s, 20 ms", self.bytes() >> 20),
            Self::Lossy => format!("one file of {} MiB, 1 Gbit/s, 20 ms, 0.1 % lost", self.bytes() >> 20),
            Self::Many => "10,000 x 4 KiB".to_owned(),
            Self::Middle => "100 x 10 MiB".to_owned(),
            Self::Tiny => "one file of 1 KiB".to_owned(),
        }
    }

    pub(crate) fn bytes(self) -> u64 {
        match self {
            Self::Large => gib() << 30,
            Self::Link => number("COMPARE_LINK_MIB", 1024) << 20,
            Self::Lossy => number("COMPARE_LOSSY_MIB", 32) << 20,
            Self::Many => 10_000 << 12,
            Self::Middle => 100 * (10 << 20),
            Self::Tiny => 1 << 10,
        }
    }

    /// One file or folder, in this folder.
    pub(crate) fn make(self, below: &Path) {
        let top = below.join(self.name());
        match self {
            Self::Large | Self::Link | Self::Lossy | Self::Tiny => write_noise(&top, self.bytes(), 0),
            Self::Many => {
                for folder in 0..100 {
                    let folder_place = top.join(folder.to_string());
                    fs::create_dir_all(&folder_place).expect("a folder");
                    for file in 0..100 {
                        write_noise(&folder_place.join(file.to_string()), 4 << 10, folder * 100 + file);
                    }
                }
            }
            Self::Middle => {
                fs::create_dir(&top).expect("a folder");
                for file in 0..100 {
                    write_noise(&top.join(file.to_string()), 10 << 20, file);
                }
            }
        }
    }

    /// As many bytes as were sent stand below `into`; whether they are the same is the business of the tests.
    pub(crate) fn assert_there(self, into: &Path) {
        assert_eq!(bytes_below(into), self.bytes(), "all that was sent has arrived");
    }
}

fn gib() -> u64 {
    number("COMPARE_GIB", 2)
}

/// What is directly in a folder.
pub(crate) fn entries_of(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn bytes_below(folder: &Path) -> u64 {
    let of =
        |path: PathBuf| if path.is_dir() { bytes_below(&path) } else { fs::metadata(path).map_or(0, |all| all.len()) };
    entries_of(folder).into_iter().map(of).sum()
}

/// Bytes that nothing compresses away, the same in every run.
fn write_noise(path: &Path, len: u64, seed: u64) {
    let mut state = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let block = usize::try_from(len.min(1 << 20)).expect("a small number");
    let block: Vec<u8> = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    })
    .flatten()
    .take(block)
    .collect();
    let mut file = File::create(path).expect("a source file");
    let mut left = len;
    while left > 0 {
        let piece = usize::try_from(left).unwrap_or(usize::MAX).min(block.len());
        file.write_all(&block[..piece]).expect("room for the source");
        left -= piece as u64;
    }
}
