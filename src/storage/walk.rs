//! Lists one dropped path with all that lies below it, without reading or opening any file.

use std::{
    collections::HashSet,
    ffi::OsStr,
    fs::Metadata,
    io,
    ops::ControlFlow,
    path::{Component, Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use walkdir::{DirEntry, WalkDir};

use crate::model::{
    entry_path::EntryPath,
    file_name::{MAX_DEPTH, MAX_PATH_BYTES, NameRules, PART_PREFIX, SafePath},
    manifest::{Entry, EntryKind},
    reason::ReasonCode,
};

use super::{
    error::{Doing, io_reason, reason_at},
    sources::{LeftOut, SourceTree},
};

/// How much one walk may find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalkLimits {
    /// More than this is refused as a whole.
    pub entries: u64,
    /// What lies deeper is left out, by name.
    pub depth: usize,
}

impl Default for WalkLimits {
    fn default() -> Self {
        Self { entries: 1_000_000, depth: MAX_DEPTH }
    }
}

/// Walks `root`; tells `on_found` the entries and bytes so far, after each entry. `None`: broken off there.
///
/// # Errors
/// Nothing of `root` can be sent: it is not there, may not be read, is no file or folder, or holds too much.
pub fn walk(
    root: &Path,
    limits: WalkLimits,
    on_found: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
) -> Result<Option<SourceTree>, LeftOut> {
    let (start, top) = start_of(root).map_err(|error| LeftOut {
        place: root.to_owned(),
        reason: io_reason(&error, root, Doing::Reading),
        missed: true,
    })?;
    let mut walk = Walk::new(root, limits, top);
    let mut found = WalkDir::new(&start).follow_root_links(false).sort_by_file_name().into_iter();
    while let Some(next) = found.next() {
        match next {
            Ok(entry) => {
                let enter = walk.take(&entry)?;
                if !enter && entry.file_type().is_dir() {
                    found.skip_current_dir();
                }
            }
            Err(error) => walk.failed(&error),
        }
        if on_found(walk.count(), walk.tree.bytes).is_break() {
            return Ok(None);
        }
    }
    walk.finish().map(Some)
}

/// Where the walk begins and what the top is called: a dropped link stands for what it leads to.
fn start_of(root: &Path) -> io::Result<(PathBuf, String)> {
    let is_link = std::fs::symlink_metadata(root)?.is_symlink();
    let unnamed = root.file_name().is_none();
    let start = if is_link || unnamed { std::fs::canonicalize(root)? } else { root.to_owned() };
    let name = root.file_name().or_else(|| start.file_name()).map(written);
    // Only the root of a disk has no name.
    Ok((start, name.unwrap_or_else(|| "files".to_owned())))
}

struct Walk {
    tree: SourceTree,
    links: Vec<(Entry, PathBuf)>,
    limits: WalkLimits,
    /// Names from the top down to the entry that was taken last.
    names: Vec<String>,
    /// Paths with bytes written as `%XX`: two names could become one.
    escaped: HashSet<EntryPath>,
    /// Why the root itself was left out.
    refused: Option<LeftOut>,
    /// Who reads.
    user: User,
}

impl Walk {
    fn new(root: &Path, limits: WalkLimits, top: String) -> Self {
        let tree = SourceTree { root: root.to_owned(), ..SourceTree::default() };
        Self { tree, links: Vec::new(), limits, names: vec![top], escaped: HashSet::new(), refused: None, user: user() }
    }

    fn count(&self) -> u64 {
        (self.tree.entries.len() + self.links.len()) as u64
    }

    /// Takes one entry or leaves it out by name; whether a folder is to be entered.
    fn take(&mut self, found: &DirEntry) -> Result<bool, LeftOut> {
        if is_part(found.file_name()) {
            return Ok(false);
        }
        self.names.truncate(found.depth().max(1));
        if found.depth() > 0 {
            self.names.push(written(found.file_name()));
        }
        match self.entry_of(found) {
            Ok(entry) => self.push(entry, found.path()).map(|()| true),
            Err((code, what)) => {
                // Of links, only one that cannot be read is.
                let missed = !found.file_type().is_symlink() || code == ReasonCode::Unreadable;
                let (place, reason) = (found.path().to_owned(), reason_at(code, &what, found.path()));
                self.leave_out(LeftOut { place, reason, missed });
                Ok(false)
            }
        }
    }

    fn push(&mut self, entry: Entry, place: &Path) -> Result<(), LeftOut> {
        if self.count() >= self.limits.entries {
            let what = format!("more than {} entries", self.limits.entries);
            let place = self.tree.root.clone();
            return Err(LeftOut { reason: reason_at(ReasonCode::Limit, &what, &place), place, missed: true });
        }
        self.tree.bytes = self.tree.bytes.saturating_add(entry.size());
        if matches!(entry.kind, EntryKind::Link { .. }) {
            self.links.push((entry, place.to_owned()));
        } else {
            self.add(entry, place);
        }
        Ok(())
    }

    fn add(&mut self, entry: Entry, place: &Path) {
        // Its position fits: more entries than the limit are refused.
        if let Ok(index) = u32::try_from(self.tree.entries.len()) {
            self.tree.places.put(index, &entry, place);
        }
        self.tree.entries.push(entry);
    }

    fn entry_of(&mut self, found: &DirEntry) -> Result<Entry, (ReasonCode, String)> {
        if self.names.len() > self.limits.depth {
            return Err((ReasonCode::Limit, format!("more than {} levels", self.limits.depth)));
        }
        // What every receiver would refuse must not end the whole offer there.
        let path: EntryPath = self.names.iter().collect();
        SafePath::check(&path, NameRules::Unix).map_err(|bad| (ReasonCode::BadPath, bad.problem.to_string()))?;
        self.check_escaped(found, &path)?;
        let unreadable = |error: io::Error| (ReasonCode::Unreadable, error.to_string());
        let metadata = found.metadata().map_err(|error| unreadable(error.into()))?;
        let kind = self.kind_of(found, &metadata)?;
        if !matches!(kind, EntryKind::Link { .. }) {
            check_readable(found.path(), &metadata, self.user).map_err(unreadable)?;
        }
        let exec = matches!(kind, EntryKind::File { .. }) && is_executable(&metadata);
        Ok(Entry { path, kind, mtime: metadata.modified().ok().and_then(nanos), exec })
    }

    fn kind_of(&self, found: &DirEntry, metadata: &Metadata) -> Result<EntryKind, (ReasonCode, String)> {
        let file_type = found.file_type();
        if file_type.is_dir() {
            Ok(EntryKind::Folder)
        } else if file_type.is_file() {
            Ok(EntryKind::File { size: metadata.len() })
        } else if file_type.is_symlink() {
            let target =
                std::fs::read_link(found.path()).map_err(|error| (ReasonCode::Unreadable, error.to_string()))?;
            link_target(&target, self.names.len() - 1)
                .map(|target| EntryKind::Link { target })
                .ok_or_else(|| (ReasonCode::BadPath, "a link that leads outside".to_owned()))
        } else {
            Err((ReasonCode::Unreadable, "not a regular file (a pipe, socket or device)".to_owned()))
        }
    }

    /// `%FF` may be a file's real name beside one whose name is the byte 255.
    fn check_escaped(&mut self, found: &DirEntry, path: &EntryPath) -> Result<(), (ReasonCode, String)> {
        let name = self.names.last().map_or("", String::as_str);
        if found.depth() == 0 || found.file_name() == OsStr::new(name) {
            return Ok(());
        }
        let twin = found.path().with_file_name(name);
        if std::fs::symlink_metadata(twin).is_ok() || !self.escaped.insert(path.clone()) {
            return Err((ReasonCode::BadPath, format!("would have the same name as another file ({name})")));
        }
        Ok(())
    }

    fn failed(&mut self, error: &walkdir::Error) {
        let place = error.path().unwrap_or(&self.tree.root).to_owned();
        let what = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
        self.leave_out(LeftOut { reason: reason_at(ReasonCode::Unreadable, &what, &place), place, missed: true });
    }

    fn leave_out(&mut self, what: LeftOut) {
        if self.count() == 0 {
            self.refused = Some(what);
        } else {
            self.tree.left_out.push(what);
        }
    }

    fn finish(mut self) -> Result<SourceTree, LeftOut> {
        for (link, place) in std::mem::take(&mut self.links) {
            self.add(link, &place);
        }
        match self.refused {
            Some(refused) => Err(refused),
            None if self.tree.entries.is_empty() => {
                let place = self.tree.root;
                Err(LeftOut {
                    reason: reason_at(ReasonCode::BadPath, "a file that is still being received", &place),
                    place,
                    missed: false,
                })
            }
            None => Ok(self.tree),
        }
    }
}

fn is_part(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with(PART_PREFIX))
        && Path::new(name).extension() == Some("part".as_ref())
}

/// The name as it travels: bytes that are not UTF-8 as `%XX`.
fn written(name: &OsStr) -> String {
    let mut text = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.extend(['%', hex_digit(byte >> 4), hex_digit(byte & 15)]);
        }
    }
    text
}

fn hex_digit(value: u8) -> char {
    char::from_digit(value.into(), 16).unwrap_or('0').to_ascii_uppercase()
}

/// The target with `/`, if it stays inside the top folder when read at `level` names below the top.
fn link_target(target: &Path, level: usize) -> Option<String> {
    let mut level = level;
    let mut parts = Vec::new();
    for component in target.components() {
        match component {
            Component::CurDir => parts.push("."),
            // The folder that was dropped is level 1; above it is outside.
            Component::ParentDir => {
                level = level.checked_sub(1).filter(|level| *level > 0)?;
                parts.push("..");
            }
            Component::Normal(name) => {
                level += 1;
                parts.push(name.to_str().filter(|name| !name.contains(char::is_control))?);
            }
            Component::Prefix(_) | Component::RootDir => return None,
        }
    }
    let target = parts.join("/");
    (!target.is_empty() && target.len() <= MAX_PATH_BYTES).then_some(target)
}

#[cfg(unix)]
type User = u32;

#[cfg(not(unix))]
type User = ();

#[cfg(unix)]
fn user() -> User {
    rustix::process::geteuid().as_raw()
}

#[cfg(not(unix))]
fn user() -> User {}

#[cfg(unix)]
fn check_readable(place: &Path, metadata: &Metadata, user: User) -> io::Result<()> {
    use rustix::fs::{Access, AtFlags, CWD};
    let (is_folder, mode) = (metadata.is_dir(), std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()));
    let needed = if is_folder { 0o500 } else { 0o400 };
    if std::os::unix::fs::MetadataExt::uid(metadata) == user && mode & needed == needed {
        // One's own file that one may read: nobody has to be asked. This is so for nearly all.
        return Ok(());
    }
    let access = if is_folder { Access::READ_OK | Access::EXEC_OK } else { Access::READ_OK };
    Ok(rustix::fs::accessat(CWD, place, access, AtFlags::EACCESS)?)
}

/// Without permission bits only opening tells; a file says so when it is its turn.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
fn check_readable(_place: &Path, _metadata: &Metadata, _user: User) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn is_executable(metadata: &Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_metadata: &Metadata) -> bool {
    false
}

/// Nanoseconds since 1970; `None` where 64 bits do not reach (before 1677, after 2262).
pub(super) fn nanos(time: SystemTime) -> Option<i64> {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).ok(),
        Err(before) => i64::try_from(before.duration().as_nanos()).ok().map(|nanos| -nanos),
    }
}
