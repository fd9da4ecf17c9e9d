//! The texts that carry names or figures.

use std::{path::Path, time::Duration};

use super::figures::{count, fit, grouped, size};
use crate::model::{
    comparison::Comparison,
    device::{BadAddr, shown_text},
    manifest::Manifest,
    outcome::FileState,
};

/// Characters of the first name where it stands for several: how many more there are must stay in sight.
const MOST_OF_FIRST: usize = 40;

/// A file name from anywhere, safe to show and not endless.
pub fn name(text: &str) -> String {
    shown_text(text, 512)
}

/// A path of this device, as it is shown.
pub fn path(path: &Path) -> String {
    name(&path.to_string_lossy())
}

/// A system as people write it; what is not known is shown as it came.
pub fn system(os: &str) -> &str {
    match os {
        "linux" => "Linux",
        "macos" => "macOS",
        "windows" => "Windows",
        "freebsd" => "FreeBSD",
        other => other,
    }
}

/// The accessible name of an offer's card.
pub fn offer_card(device: &str, files: u64) -> String {
    format!("Offer from {device}, {}", count(files, "file", "files"))
}

/// The headline of an offer's card.
pub fn offer_title(device: &str, manifest: &Manifest) -> String {
    if manifest.entries.is_empty() {
        return format!("{device} sends a message");
    }
    format!("{device} wants to send you {}", contents(manifest))
}

/// `3 files, 1 folder`.
pub fn contents(manifest: &Manifest) -> String {
    let Manifest { files, folders, links, .. } = *manifest;
    let mut parts = Vec::new();
    if files > 0 || (folders == 0 && links == 0) {
        parts.push(count(files, "file", "files"));
    }
    if folders > 0 {
        parts.push(count(folders, "folder", "folders"));
    }
    if links > 0 {
        parts.push(count(links, "link", "links"));
    }
    parts.join(", ")
}

/// The title of a row: the first top-level name, and how many more there are.
pub fn and_more(first: &str, more: usize) -> String {
    if more == 0 { name(first) } else { format!("{} and {more} more", fit(&name(first), MOST_OF_FIRST)) }
}

/// `12 files, 1.4 GB`.
pub fn files_and_size(files: u64, bytes: u64) -> String {
    format!("{}, {}", count(files, "file", "files"), size(bytes))
}

/// `Selected 3 of 12 files, 1.4 GB`.
pub fn selected(chosen: u64, files: u64, bytes: u64) -> String {
    if chosen == files {
        return format!("All {}, {}", count(files, "file", "files"), size(bytes));
    }
    format!("{} of {}, {}", grouped(chosen), count(files, "file", "files"), size(bytes))
}

/// Why Accept is not offered.
pub fn too_big(needed: u64, room: u64) -> String {
    format!("Not enough space: {} more needed. Choose another folder or fewer files", size(needed.saturating_sub(room)))
}

/// Said where fewer bytes may be needed than would not fit.
pub fn may_not_fit(needed: u64, room: u64) -> String {
    let more = size(needed.saturating_sub(room));
    format!("If all of it is sent, {more} more are needed. It would pause then until there is room")
}

/// A name that this disk cannot hold as it is.
pub fn renamed(becomes: &str) -> String {
    format!("will be saved as {}", name(becomes))
}

/// A name that was taken or changed, once the files are there.
pub fn saved_as(becomes: &str) -> String {
    format!("Saved as {}", name(becomes))
}

/// How many names change or are taken, as the line that opens the list.
pub fn changed_names(number: usize) -> String {
    count(number as u64, "name will be changed", "names will be changed")
}

/// A line of the list of what is left out.
pub fn left_out(what: &str, why: &str) -> String {
    format!("{}: {why}", name(what))
}

/// How many entries are left out.
pub fn left_out_count(number: usize) -> String {
    count(number as u64, "item is left out", "items are left out")
}

/// Shown in the last minute before an offer is withdrawn.
pub fn expires(left: Duration) -> String {
    format!("Answer within {} s", left.as_secs().max(1))
}

/// A walk under way.
pub fn walking(entries: u64, bytes: u64) -> String {
    format!("Counting… {} so far, {}", count(entries, "item", "items"), size(bytes))
}

/// What *Send* would do, for one or several recipients.
pub fn send_to(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("to {one}"),
        [first, second] => format!("to {first} and {second}"),
        [first, rest @ ..] => format!("to {first} and {} more", rest.len()),
    }
}

/// A typed address that is none.
pub fn bad_address(error: &BadAddr) -> String {
    match error {
        BadAddr::Empty => "Type a name or an address".to_owned(),
        BadAddr::Host(host) => format!("“{}” is not a name or an address", name(host)),
        BadAddr::Port(port) => format!("“{}” is not a port: use 1 to 65535", name(port)),
    }
}

/// The accessible name of a seal.
pub fn seal(hex: &str, state: FileState) -> String {
    let word = match state {
        FileState::Verified => "verified",
        FileState::Mismatch => "does not match",
        FileState::Failed | FileState::Skipped | FileState::Unchecked => "not checked",
    };
    format!("MD5 {hex}, {word}")
}

/// The sentence under a comparison.
pub fn comparison(result: &Comparison) -> String {
    match result {
        Comparison::Differs { first, .. } => format!("Different, from digit {} on", first + 1),
        Comparison::Empty => super::Word::CompareEmpty.text().to_owned(),
        Comparison::Equal => super::Word::CompareEqual.text().to_owned(),
        Comparison::OtherKind(kind) => format!("This looks like a {kind} checksum; a seal is compared with MD5"),
        Comparison::NotMd5 { digits } => {
            format!("Not an MD5 checksum: it has {}, 32 are needed", count(*digits as u64, "hex digit", "hex digits"))
        }
    }
}

/// The result of *Check again* over several files.
pub fn checked_again(same: usize, different: usize, gone: usize) -> String {
    if different == 0 && gone == 0 {
        return format!("Checked again: {} unchanged", count(same as u64, "file", "files"));
    }
    format!(
        "Checked again: {} unchanged, {} changed, {} not there",
        grouped(same as u64),
        grouped(different as u64),
        grouped(gone as u64)
    )
}

/// *Check again* under way.
pub fn checking(done: usize, all: usize) -> String {
    format!("Checking again… {} of {}", grouped(done as u64), count(all as u64, "file", "files"))
}

/// Not listening, and why.
pub fn not_listening(port: u16) -> String {
    format!("Not listening on port {port}")
}

/// The settings file was kept aside.
pub fn settings_damaged(kept_at: &Path) -> String {
    format!(
        "The settings file could not be read, so the defaults are in use. The old file is kept as {}",
        path(kept_at)
    )
}

/// A checksum file was written.
pub fn wrote(file: &Path) -> String {
    format!("Checksums saved as {}", path(file))
}

/// Paths that were dropped but could not be read.
pub fn unreadable_drop(paths: &[String]) -> String {
    match paths {
        [] => String::new(),
        [one] => format!("{} could not be read", name(one)),
        [first, rest @ ..] => format!("{} and {} more could not be read", name(first), rest.len()),
    }
}

/// The window's title, which tells when somebody waits.
pub fn window_title(offers: usize) -> String {
    if offers == 0 { "Sealdrop".to_owned() } else { format!("({offers}) Sealdrop") }
}

/// A missed offer on the receiver.
pub fn missed(peer: &str) -> String {
    format!("Missed an offer from {peer}")
}

/// No window could be opened; what to do instead.
pub fn no_window(detail: &str) -> String {
    format!(
        "Sealdrop found no screen to open its window on ({detail}).\n\
         Without one, use the command line: `sealdrop send --to HOST FILE…` or `sealdrop receive`; see `sealdrop --help`."
    )
}

/// Neither way of drawing worked; what was missing.
pub fn no_renderer(glow: &str, wgpu: &str) -> String {
    format!(
        "Sealdrop could not draw its window.\n  OpenGL: {glow}\n  Vulkan, Metal or DirectX: {wgpu}\n\
         Install a graphics driver (on Linux, Mesa works without a graphics card), or use the command line: \
         `sealdrop send --to HOST FILE…`, `sealdrop receive`."
    )
}

/// The settings hold until Sealdrop is closed, but no longer.
pub fn settings_not_saved(why: &str) -> String {
    format!("The settings are in use but could not be saved. {why}")
}

/// A checksum file was not written.
pub fn not_written(file: &Path, why: &str) -> String {
    format!("{} was not written. {why}", path(file))
}

/// The file manager did not open.
pub fn not_shown(place: &Path) -> String {
    format!("No file manager opened. It is here: {}", path(place))
}

/// Listening, but no network is up.
pub fn listening_nowhere(port: u16) -> String {
    format!("No network: only programs on this computer can send here, to 127.0.0.1:{port}")
}

/// The accessible name of *Copy* beside an address.
pub fn copy_address(address: &str) -> String {
    format!("Copy {address}")
}

/// The accessible name of *Remove* beside a staged item.
pub fn remove(item: &str) -> String {
    format!("Remove {item}")
}

/// The end of a list that is cut.
pub fn more(number: usize) -> String {
    format!("and {number} more")
}

/// What a typed path is for.
pub fn path_for(purpose: &crate::ui::dialogs::Purpose) -> String {
    use crate::ui::dialogs::Purpose;
    let what = match purpose {
        Purpose::AddFiles | Purpose::AddFolder => "Type the whole path of a file or folder to send",
        Purpose::CardFolder(_) | Purpose::FirstFolder | Purpose::RuleFolder(_) | Purpose::SettingsFolder => {
            "Type the whole path of the folder to save to"
        }
        Purpose::SaveChecksums { .. } => "Type the whole path of the file to save the checksums in",
    };
    what.to_owned()
}

/// A name and what it becomes.
pub fn renamed_from(was: &str, becomes: &str) -> String {
    format!("{was} {}", renamed(becomes))
}

/// The accessible name of the arrow that folds a folder.
pub fn fold(folder: &str) -> String {
    format!("Fold {folder}")
}

/// The accessible name of the arrow that unfolds a folder.
pub fn unfold(folder: &str) -> String {
    format!("Unfold {folder}")
}

/// What is in a folder of the tree.
pub fn items_and_size(items: u64, bytes: u64) -> String {
    format!("{}, {}", count(items, "item", "items"), size(bytes))
}
