//! Seeded files, and what they take up.

use std::{
    fs::{self, File},
    io::{Seek, SeekFrom, Write},
    path::Path,
};

/// Numbers that are the same for the same seed.
pub(crate) struct Seeded(u64);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        // Not 0, which stays 0.
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        std::iter::repeat_with(|| self.next().to_le_bytes()).flatten().take(count).collect()
    }
}

/// One stretch of data in a file that is a hole otherwise.
pub(crate) struct Island {
    pub(crate) at: u64,
    pub(crate) bytes: Vec<u8>,
}

/// `count` stretches of `bytes` each, anywhere below `size`.
pub(crate) fn islands(seeded: &mut Seeded, size: u64, count: usize, bytes: usize) -> Vec<Island> {
    let last = size.saturating_sub(bytes as u64).max(1);
    std::iter::repeat_with(|| Island { at: seeded.next() % last, bytes: seeded.bytes(bytes) }).take(count).collect()
}

/// A file of `size` bytes that takes up little more than its data.
pub(crate) fn write_sparse(path: &Path, size: u64, islands: &[Island]) {
    let mut file = File::create(path).expect("a source file");
    file.set_len(size).expect("a file system that takes large files");
    for island in islands.iter().filter(|island| island.at + island.bytes.len() as u64 <= size) {
        file.seek(SeekFrom::Start(island.at)).expect("a place in the file");
        file.write_all(&island.bytes).expect("room for the source");
    }
}

/// What all files below `folder` take up on the disk.
#[cfg(unix)]
pub(crate) fn taken_up(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let of = |entry: &fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => taken_up(&entry.path()),
        Ok(metadata) => metadata.blocks() * 512,
        // Renamed meanwhile.
        Err(_) => 0,
    };
    fs::read_dir(folder).map_or(0, |entries| entries.flatten().map(|entry| of(&entry)).sum())
}

#[cfg(not(unix))]
pub(crate) fn taken_up(_folder: &Path) -> u64 {
    0
}

/// Files below `folder`.
pub(crate) fn files_below(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { files_below(&entry.path()) } else { 1 }).sum()
}
