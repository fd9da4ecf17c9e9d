//! The look at the disk: what stands under a real name is what was sent, and what was called verified is there.

use std::{
    collections::{BTreeMap, HashMap},
    fs::{self, Metadata},
    io::{ErrorKind, Read},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use sealdrop::{digest::Hasher, model::seal::Md5Digest};

use super::{
    program::{Log, Verified},
    tree::{Entry, Tree},
};

/// What tells one state of a file from another: number, size, and both times, of which nobody can set the second.
type Stamp = (u64, u64, i64, i64, i64, i64);

/// Looks at one receive folder, again and again.
#[derive(Default)]
pub(crate) struct Checker {
    /// Digests of files that have not been touched since.
    known: HashMap<PathBuf, (Stamp, Md5Digest)>,
}

/// What stands in the folder, by its path with `/` as it was saved: without part files.
pub(crate) type Found = BTreeMap<String, Entry>;

impl Checker {
    /// The error names the promise that was broken.
    pub(crate) fn check(&mut self, tree: &Tree, folder: &Path, receiver: &Log, sender: &Log) -> Result<Found, String> {
        let mut found = Found::new();
        self.walk(folder, "", &mut found)?;
        for (path, entry) in &found {
            let Entry::File { md5, .. } = entry else { continue };
            match tree.entries.get(&as_sent(path)) {
                Some(Entry::File { md5: sent, .. }) if sent == md5 => {}
                Some(Entry::File { md5: sent, .. }) => {
                    return Err(format!("{path} stands under its real name with {md5}; sent was {sent}"));
                }
                _ => return Err(format!("{path} is there, and nobody has sent it")),
            }
        }
        receiver.verified.iter().try_for_each(|file| received_is_there(&found, file))?;
        sender.verified.iter().try_for_each(|file| sent_is_there(tree, &found, file))?;
        Ok(found)
    }

    fn walk(&mut self, folder: &Path, path: &str, found: &mut Found) -> Result<(), String> {
        let wrong = |error: std::io::Error| format!("{}: {error}", folder.display());
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            // Empty folders of a transfer that was given up may go away while we look; files that were verified are missed later.
            Err(error) if error.kind() == ErrorKind::NotFound && !path.is_empty() => return Ok(()),
            Err(error) => return Err(wrong(error)),
        };
        for entry in entries {
            let entry = entry.map_err(wrong)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let below = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
            if is_part(&name) {
                continue;
            }
            let place = entry.path();
            let metadata = match place.symlink_metadata() {
                Ok(metadata) => metadata,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(format!("{below}: {error}")),
            };
            if metadata.is_dir() {
                found.insert(below.clone(), Entry::Folder);
                self.walk(&place, &below, found)?;
            } else if metadata.is_symlink() {
                let target = fs::read_link(&place).map_err(wrong)?;
                found.insert(below, Entry::Link(target.to_string_lossy().into_owned()));
            } else {
                let (size, executable) = (metadata.len(), metadata.permissions().mode() & 0o100 != 0);
                let changed = (metadata.mtime(), metadata.mtime_nsec());
                let md5 = self.digest(place, &metadata)?;
                found.insert(below, Entry::File { size, md5, executable, changed });
            }
        }
        Ok(())
    }

    fn digest(&mut self, place: PathBuf, metadata: &Metadata) -> Result<Md5Digest, String> {
        let stamp = (
            metadata.ino(),
            metadata.len(),
            metadata.mtime(),
            metadata.mtime_nsec(),
            metadata.ctime(),
            metadata.ctime_nsec(),
        );
        if let Some((known, md5)) = self.known.get(&place)
            && *known == stamp
        {
            return Ok(*md5);
        }
        let md5 = digest_of(&place).map_err(|error| format!("{}: {error}", place.display()))?;
        self.known.insert(place, (stamp, md5));
        Ok(md5)
    }
}

/// Whether everything stands there, under one name for each root.
pub(crate) fn is_whole(tree: &Tree, found: &Found) -> Result<(), String> {
    for root in [super::tree::FOLDER, super::tree::FILE] {
        let sent: Found = below(&tree.entries, root, &as_sent);
        let tops: Vec<&str> = found.keys().map(|path| top(path)).filter(|name| as_sent(name) == root).collect();
        let whole = |top: &&str| below(found, top, &as_sent) == sent;
        if tops.iter().any(whole) {
            continue;
        }
        let best = tops.last().map(|top| below(found, top, &as_sent)).unwrap_or_default();
        let missing = sent.iter().find(|(path, entry)| best.get(*path) != Some(entry));
        return Err(format!(
            "{root} is not whole; {missing:?} among others, instead {:?}",
            missing.map(|m| best.get(m.0))
        ));
    }
    Ok(())
}

/// Part files below a folder.
pub(crate) fn parts(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut parts = Vec::new();
    for place in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        if place.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) {
            parts.extend(self::parts(&place));
        } else if place.file_name().is_some_and(|name| is_part(&name.to_string_lossy())) {
            parts.push(place);
        }
    }
    parts
}

fn received_is_there(found: &Found, file: &Verified) -> Result<(), String> {
    let Some(saved) = &file.saved else { return Ok(()) };
    // The folder itself may be seen under another path here.
    let depth = file.path.split('/').count();
    let names: Vec<_> = saved.iter().map(|name| name.to_string_lossy()).collect();
    let path = names[names.len().saturating_sub(depth)..].join("/");
    match found.get(&path) {
        Some(Entry::File { md5, .. }) if md5.to_string() == file.md5 => Ok(()),
        other => Err(format!("the receiver called {path} verified with {}, and there is {other:?}", file.md5)),
    }
}

fn sent_is_there(tree: &Tree, found: &Found, file: &Verified) -> Result<(), String> {
    let sent = match tree.entries.get(&file.path) {
        Some(Entry::File { md5, .. }) => *md5,
        other => return Err(format!("the sender called {} verified, which is {other:?}", file.path)),
    };
    let is_it = |(path, entry): (&String, &Entry)| {
        as_sent(path) == file.path && matches!(entry, Entry::File { md5, .. } if *md5 == sent)
    };
    if sent.to_string() == file.md5 && found.iter().any(is_it) {
        return Ok(());
    }
    Err(format!("the sender called {} verified with {}, and it is not there", file.path, file.md5))
}

fn below(entries: &Found, root: &str, name: &dyn Fn(&str) -> String) -> Found {
    let is_below = |path: &&String| top(path) == root;
    entries.iter().filter(|(path, _)| is_below(path)).map(|(path, entry)| (name(path), entry.clone())).collect()
}

fn top(path: &str) -> &str {
    path.split_once('/').map_or(path, |(top, _)| top)
}

/// `Tree (2)/a` was sent as `Tree/a`, `lone (3).bin` as `lone.bin`.
fn as_sent(path: &str) -> String {
    let (top, rest) = path.split_once('/').map_or((path, None), |(top, rest)| (top, Some(rest)));
    let (stem, ending) = top.rsplit_once('.').map_or((top, None), |(stem, ending)| (stem, Some(ending)));
    let plain = match stem.rsplit_once(" (") {
        Some((before, number)) if number.trim_end_matches(')').parse::<u32>().is_ok() => before,
        _ => stem,
    };
    let top = ending.map_or_else(|| plain.to_owned(), |ending| format!("{plain}.{ending}"));
    rest.map_or_else(|| top.clone(), |rest| format!("{top}/{rest}"))
}

fn is_part(name: &str) -> bool {
    name.starts_with(".sealdrop-")
}

fn digest_of(place: &Path) -> std::io::Result<Md5Digest> {
    let mut file = fs::File::open(place)?;
    let (mut hasher, mut buffer) = (Hasher::new(), vec![0; 256 << 10]);
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hasher.finish()),
            Ok(read) => hasher.update(&buffer[..read]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
