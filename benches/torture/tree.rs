//! What is sent: a folder of hundreds of small files (now and then of thousands), some large ones, empty ones, empty folders, links
//! and programs, under names in several scripts; and a large file beside it.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use sealdrop::{digest::Hasher, model::seal::Md5Digest};

use super::{Scale, random::Random};

/// The folder, and the file beside it.
pub(crate) const FOLDER: &str = "Tree";
pub(crate) const FILE: &str = "lone.bin";

const NAMES: [&str; 10] =
    ["a", "notes", "Grüße", "写真", "один два", "e\u{301}te", "with space", "UPPER", "🙂", "x.tar.gz"];

/// One entry, as it has to arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Folder,
    /// With the time of its last change, in seconds and nanoseconds.
    File {
        size: u64,
        md5: Md5Digest,
        executable: bool,
        changed: (i64, i64),
    },
    Link(String),
}

/// What stands at the source, by its path with `/`.
pub(crate) struct Tree {
    pub(crate) place: PathBuf,
    pub(crate) entries: BTreeMap<String, Entry>,
    pub(crate) bytes: u64,
}

impl Tree {
    /// Writes a tree below `place`.
    pub(crate) fn plant(random: &mut Random, scale: Scale, place: &Path) -> std::io::Result<Self> {
        let mut tree = Self { place: place.to_owned(), entries: BTreeMap::new(), bytes: 0 };
        let (small, large, most) = match scale {
            Scale::Small => (60, 2, 6 << 20),
            // Some of them more than one header of a plan names.
            Scale::Full if random.chance(25) => (random.between(1000, 3000), random.between(2, 5), 60_000_000),
            Scale::Full => (random.between(200, 600), random.between(2, 5), 60_000_000),
        };
        let folders = tree.folders(random)?;
        for i in 0..small {
            let folder = random.pick(&folders);
            let size = if random.chance(8) { 0 } else { random.between(1, 40_000) };
            let name = random.pick(&NAMES);
            tree.file(random, &format!("{folder}/{i} {name}"), size)?;
        }
        for i in 0..large {
            let size = random.between(most / 12, most);
            tree.file(random, &format!("{FOLDER}/large {i}.mov"), size)?;
        }
        let size = random.between(most / 12, most);
        tree.file(random, FILE, size)?;
        for (name, target) in [("link", "large 0.mov"), ("写真へ", "deep/写真"), ("dangling", "nothing here")] {
            let path = format!("{FOLDER}/{name}");
            symlink(target, tree.place.join(&path))?;
            tree.entries.insert(path, Entry::Link(target.to_owned()));
        }
        Ok(tree)
    }

    /// What to type behind `send`.
    pub(crate) fn roots(&self) -> [String; 2] {
        [FOLDER, FILE].map(|name| self.place.join(name).to_string_lossy().into_owned())
    }

    pub(crate) fn file(&mut self, random: &mut Random, path: &str, size: u64) -> std::io::Result<()> {
        let bytes = random.bytes(usize::try_from(size).unwrap_or(usize::MAX));
        let place = self.place.join(path);
        fs::write(&place, &bytes)?;
        let executable = random.chance(10);
        fs::set_permissions(&place, fs::Permissions::from_mode(if executable { 0o755 } else { 0o644 }))?;
        let metadata = fs::metadata(&place)?;
        let changed = (metadata.mtime(), metadata.mtime_nsec());
        let mut hasher = Hasher::new();
        hasher.update(&bytes);
        self.bytes += size;
        self.entries.insert(path.to_owned(), Entry::File { size, md5: hasher.finish(), executable, changed });
        Ok(())
    }

    fn folders(&mut self, random: &mut Random) -> std::io::Result<Vec<String>> {
        let mut folders = vec![FOLDER.to_owned(), format!("{FOLDER}/deep"), format!("{FOLDER}/deep/写真")];
        for i in 0..random.between(3, 12) {
            let parent = random.pick(&folders).clone();
            folders.push(format!("{parent}/{} {i}", random.pick(&NAMES)));
        }
        let empty: Vec<String> = (0..3).map(|i| format!("{FOLDER}/empty {i}")).collect();
        for folder in folders.iter().chain(&empty) {
            fs::create_dir_all(self.place.join(folder))?;
            self.entries.insert(folder.clone(), Entry::Folder);
        }
        Ok(folders)
    }
}
