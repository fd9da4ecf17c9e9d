//! The texts that carry names or figures.

use std::{path::Path, time::Duration};

use super::{
    Word,
    catalogue::say,
    figures::{fit, size},
};
use crate::model::{comparison::Comparison, device::shown_text, manifest::Manifest, outcome::FileState};

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

/// A label and what it is the label of.
pub fn labelled(label: &str, value: &str) -> String {
    say!("labelled", label, value)
}

/// What happened, and what to do where there is something to do.
pub(super) fn and_then(what: &str, then: &str) -> String {
    if then.is_empty() { what.to_owned() } else { say!("and-then", what, then) }
}

/// The accessible name of an offer's card.
pub fn offer_card(device: &str, files: u64) -> String {
    say!("offer-card", device, files)
}

/// The headline of an offer's card.
pub fn offer_title(device: &str, manifest: &Manifest) -> String {
    if manifest.entries.is_empty() {
        return say!("offer-message", device);
    }
    say!("offer-title", device, contents = contents(manifest))
}

/// `3 files, 1 folder`.
pub fn contents(manifest: &Manifest) -> String {
    let Manifest { files, folders, links, .. } = *manifest;
    let mut parts = Vec::new();
    if files > 0 || (folders == 0 && links == 0) {
        parts.push(say!("files", files));
    }
    if folders > 0 {
        parts.push(say!("folders", folders));
    }
    if links > 0 {
        parts.push(say!("links", links));
    }
    parts.into_iter().reduce(|start, next| say!("list-comma", start, next)).unwrap_or_default()
}

/// The title of a row: the first top-level name, and how many more there are.
pub fn and_more(first: &str, more: usize) -> String {
    if more == 0 {
        return name(first);
    }
    say!("and-more", first = fit(&name(first), MOST_OF_FIRST), more)
}

/// `12 files, 1.4 GB`.
pub fn files_and_size(files: u64, bytes: u64) -> String {
    say!("files-and-size", files, size = size(bytes))
}

/// `3 of 12 files, 1.4 GB`.
pub fn selected(chosen: u64, files: u64, bytes: u64) -> String {
    let size = size(bytes);
    if chosen == files {
        return say!("all-files-and-size", files, size);
    }
    say!("selected-files-and-size", some = chosen, files, size)
}

/// Why Accept is not offered.
pub fn too_big(needed: u64, room: u64) -> String {
    say!("too-big", more = size(needed.saturating_sub(room)))
}

/// Said where fewer bytes may be needed than would not fit.
pub fn may_not_fit(needed: u64, room: u64) -> String {
    say!("may-not-fit", more = size(needed.saturating_sub(room)))
}

/// A name that this disk cannot hold as it is.
pub fn renamed(becomes: &str) -> String {
    say!("renamed", name = name(becomes))
}

/// A name that was taken or changed, once the files are there.
pub fn saved_as(becomes: &str) -> String {
    say!("saved-as", name = name(becomes))
}

/// How many names change or are taken, as the line that opens the list.
pub fn changed_names(number: usize) -> String {
    say!("changed-names", names = number)
}

/// A line of the list of what is left out.
pub fn left_out(what: &str, why: &str) -> String {
    say!("left-out", what = name(what), why)
}

/// How many entries are left out.
pub fn left_out_count(number: usize) -> String {
    say!("left-out-count", items = number)
}

/// Shown in the last minute before an offer is withdrawn.
pub fn expires(left: Duration) -> String {
    say!("expires", seconds = left.as_secs().max(1))
}

/// A walk under way.
pub fn walking(entries: u64, bytes: u64) -> String {
    say!("walking", items = entries, size = size(bytes))
}

/// What *Send* would do, for one or several recipients.
pub fn send_to(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [name] => say!("send-to", name),
        [name, other] => say!("send-to-two", name, other),
        [name, rest @ ..] => say!("send-to-many", name, more = rest.len()),
    }
}

/// The accessible name of a seal.
pub fn seal(hex: &str, state: FileState) -> String {
    match state {
        FileState::Verified => say!("seal-verified-name", hex),
        FileState::Mismatch => say!("seal-mismatch-name", hex),
        FileState::Failed | FileState::Skipped | FileState::Unchecked => say!("seal-unchecked-name", hex),
    }
}

/// The sentence under a comparison.
pub fn comparison(result: &Comparison) -> String {
    match result {
        Comparison::Differs { first, .. } => say!("compare-differs", digit = first + 1),
        Comparison::Empty => Word::CompareEmpty.text().to_owned(),
        Comparison::Equal => Word::CompareEqual.text().to_owned(),
        Comparison::OtherKind(kind) => say!("compare-other-kind", kind = kind.to_string()),
        Comparison::NotMd5 { digits } => say!("compare-not-md5", digits = *digits),
    }
}

/// The result of *Check again* over several files.
pub fn checked_again(same: usize, different: usize, gone: usize) -> String {
    if different == 0 && gone == 0 {
        return say!("checked-again-same", files = same);
    }
    say!("checked-again", same, different, gone)
}

/// *Check again* under way.
pub fn checking(done: usize, all: usize) -> String {
    say!("checking-again", done, files = all)
}

/// Not listening, and why.
pub fn not_listening(port: u16) -> String {
    say!("not-listening", port)
}

/// The settings file was kept aside.
pub fn settings_damaged(kept_at: &Path) -> String {
    say!("settings-damaged", place = path(kept_at))
}

/// A checksum file was written.
pub fn wrote(file: &Path) -> String {
    say!("wrote", file = path(file))
}

/// Paths that were dropped but could not be read.
pub fn unreadable_drop(paths: &[String]) -> String {
    match paths {
        [] => String::new(),
        [one] => say!("unreadable-drop", name = name(one)),
        [first, rest @ ..] => say!("unreadable-drops", name = name(first), more = rest.len()),
    }
}

/// The window's title, which tells when somebody waits.
pub fn window_title(offers: usize) -> String {
    if offers == 0 { Word::AppName.text().to_owned() } else { say!("window-title", waiting = offers) }
}

/// A missed offer on the receiver.
pub fn missed(peer: &str) -> String {
    say!("missed", peer)
}

/// No window could be opened; what to do instead.
pub fn no_window(detail: &str) -> String {
    say!("no-window", detail)
}

/// Neither way of drawing worked; what was missing.
pub fn no_renderer(glow: &str, wgpu: &str) -> String {
    say!("no-renderer", glow, wgpu)
}

/// The settings hold until Sealdrop is closed, but no longer.
pub fn settings_not_saved(why: &str) -> String {
    say!("settings-not-saved", why)
}

/// A checksum file was not written.
pub fn not_written(file: &Path, why: &str) -> String {
    say!("not-written", file = path(file), why)
}

/// The file manager did not open.
pub fn not_shown(place: &Path) -> String {
    say!("not-shown", place = path(place))
}

/// Listening, but no network is up.
pub fn listening_nowhere(port: u16) -> String {
    say!("listening-nowhere", port)
}

/// The accessible name of *Copy* beside an address.
pub fn copy_address(address: &str) -> String {
    say!("copy-address", address)
}

/// The accessible name of *Remove* beside a staged item.
pub fn remove(item: &str) -> String {
    say!("remove-item", item)
}

/// The end of a list that is cut.
pub fn more(number: usize) -> String {
    say!("more", more = number)
}

/// What a typed path is for.
pub fn path_for(purpose: &crate::ui::dialogs::Purpose) -> Word {
    use crate::ui::dialogs::Purpose;
    match purpose {
        Purpose::AddFiles | Purpose::AddFolder => Word::PathForSending,
        Purpose::CardFolder(_)
        | Purpose::FirstFolder
        | Purpose::GetFolder
        | Purpose::RuleFolder(_)
        | Purpose::SettingsFolder => Word::PathForFolder,
        Purpose::SharedFolder => Word::PathForSharing,
        Purpose::SaveChecksums { .. } => Word::PathForChecksums,
        Purpose::VerifyFiles => Word::PathForVerifying,
        Purpose::VerifyList => Word::PathForList,
    }
}

/// A name and what it becomes.
pub fn renamed_from(was: &str, becomes: &str) -> String {
    say!("renamed-from", was, name = name(becomes))
}

/// The accessible name of the arrow that folds a folder.
pub fn fold(folder: &str) -> String {
    say!("fold", folder)
}

/// The accessible name of the arrow that unfolds a folder.
pub fn unfold(folder: &str) -> String {
    say!("unfold", folder)
}

/// What is in a folder of the tree.
pub fn items_and_size(items: u64, bytes: u64) -> String {
    say!("items-and-size", items, size = size(bytes))
}
