//! What an offer proposes: the list of entries, as it crosses the wire and as the card shows it.

use super::entry_path::EntryPath;

/// One file, folder or link of a manifest, by its path inside the transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub path: EntryPath,
    pub kind: EntryKind,
    /// Modification time, nanoseconds since 1970 (UTC).
    pub mtime: Option<i64>,
    /// The executable bit.
    pub exec: bool,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// Size in bytes.
    File {
        size: u64,
    },
    Folder,
    /// A symbolic link and where it points, relative to its own place.
    Link {
        target: String,
    },
}

impl Entry {
    /// Size in bytes; 0 for what has no body.
    pub fn size(&self) -> u64 {
        match self.kind {
            EntryKind::File { size } => size,
            EntryKind::Folder | EntryKind::Link { .. } => 0,
        }
    }

    pub fn is_file(&self) -> bool {
        matches!(self.kind, EntryKind::File { .. })
    }

    /// The path with `/` between the components, for showing.
    pub fn shown_path(&self) -> String {
        self.path.to_string()
    }
}

/// All entries of a transfer with their totals. `index` on the wire is the position in `entries`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    pub entries: Vec<Entry>,
    pub files: u64,
    pub folders: u64,
    pub links: u64,
    /// Bytes of all files.
    pub bytes: u64,
}

impl Manifest {
    /// The same counts with no more than the first `count` entries, for lists that need not be whole any more.
    #[must_use]
    pub fn beginning(&self, count: usize) -> Self {
        let entries = self.entries.iter().take(count).cloned().collect();
        Self { entries, ..*self }
    }

    /// Counts `entries`; `None` when the sizes do not fit into 64 bits.
    pub fn from_entries(entries: Vec<Entry>) -> Option<Self> {
        let mut manifest = Self::default();
        for entry in &entries {
            match entry.kind {
                EntryKind::File { size } => {
                    manifest.files += 1;
                    manifest.bytes = manifest.bytes.checked_add(size)?;
                }
                EntryKind::Folder => manifest.folders += 1,
                EntryKind::Link { .. } => manifest.links += 1,
            }
        }
        manifest.entries = entries;
        Some(manifest)
    }
}

/// Which entries of a manifest are wanted, by index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    All,
    /// One flag an entry.
    Some(Vec<bool>),
}

impl Selection {
    pub fn holds(&self, index: u32) -> bool {
        match self {
            Self::All => true,
            Self::Some(flags) => flags.get(index as usize).copied().unwrap_or(false),
        }
    }
}
