//! What it costs to have 10,000 small files on the disk for good: `cargo bench --bench commit`. It takes minutes, and says
//! something only on a machine that does nothing else.
//!
//! Measured are files a second, in batches of 64 and 256: by hand in every way that keeps the promise (and in one that does
//! not, for what remains of the work without any flush), then through the landing itself. What was chosen because of these
//! figures, and why, stands in the docs of `storage::landing`. `SEALDROP_BENCH_DIRS` names the disks, with `:` between
//! them; otherwise it is the one of the build folder, and memory.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench says what it measured, and panics when it cannot"
)]

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use sealdrop::{
    model::{
        conflict::Conflict,
        device::Peer,
        manifest::{Entry, EntryKind, Manifest, Selection},
        seal::Md5Digest,
        transfer::TransferId,
    },
    storage::{
        landing::{Keep, Landing, Terms},
        profile::Profile,
    },
};

/// Files that are flushed together.
const BATCHES: [u32; 2] = [64, 256];
const FILES: u32 = 10_000;
const FILE_BYTES: usize = 4096;
const IN_A_FOLDER: u32 = 100;

#[derive(Clone, Copy, Debug)]
enum Way {
    /// Each file is flushed, one after the other.
    Each,
    /// The system is asked to begin with all, then each is flushed.
    BegunTogether,
    /// The whole file system is flushed.
    Volume,
    /// Nothing is flushed: what remains is the rest of the work.
    Nothing,
}

fn main() {
    on_each_disk(|place, say| {
        for way in [Way::Nothing, Way::Each, Way::BegunTogether, Way::Volume] {
            for batch in BATCHES {
                let scratch = tempfile::tempdir_in(place).unwrap();
                say(format!("{way:?}, {batch} together"), by_hand(scratch.path(), batch, way));
            }
        }
        for batch in BATCHES {
            let scratch = tempfile::tempdir_in(place).unwrap();
            say(format!("landing, {batch} together"), by_landing(scratch.path(), batch as usize));
        }
    });
}

fn content(n: u32) -> Vec<u8> {
    (0..FILE_BYTES).map(|at| at.wrapping_mul(n as usize + 7).to_le_bytes()[1]).collect()
}

/// Parts, flush, journal, rename, folders, as `Landing::commit` does it.
fn by_hand(root: &Path, batch: u32, way: Way) -> Duration {
    let journal = File::create(root.join("journal")).unwrap();
    journal.write_all_at(&vec![0; 4 << 20], 0).unwrap();
    journal.sync_data().unwrap();
    let mut end = 0;
    let started = Instant::now();
    for first in (0..FILES).step_by(batch as usize) {
        let files: Vec<_> = (first..FILES.min(first + batch)).map(|n| part(root, n)).collect();
        if matches!(way, Way::BegunTogether) {
            for (file, _) in &files {
                rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
            }
        }
        match way {
            Way::Each | Way::BegunTogether => files.iter().for_each(|(file, _)| file.sync_data().unwrap()),
            Way::Volume => rustix::fs::syncfs(&journal).unwrap(),
            Way::Nothing => {}
        }
        let lines = vec![b'x'; files.len() * 130];
        journal.write_all_at(&lines, end).unwrap();
        end += lines.len() as u64;
        if !matches!(way, Way::Nothing) {
            journal.sync_data().unwrap();
        }
        let mut folders: Vec<PathBuf> = Vec::new();
        for (_, place) in &files {
            fs::rename(place, place.with_extension("")).unwrap();
            let folder = place.parent().unwrap();
            if folders.last().is_none_or(|last| last != folder) {
                folders.push(folder.to_owned());
            }
        }
        if !matches!(way, Way::Nothing) {
            for folder in folders {
                File::open(folder).unwrap().sync_all().unwrap();
            }
        }
    }
    started.elapsed()
}

fn part(root: &Path, n: u32) -> (File, PathBuf) {
    let folder = root.join((n / IN_A_FOLDER).to_string());
    fs::create_dir_all(&folder).unwrap();
    let place = folder.join(format!("{n}.part"));
    let file = File::create_new(&place).unwrap();
    file.write_all_at(&content(n), 0).unwrap();
    (file, place)
}

/// The landing itself.
fn by_landing(root: &Path, batch: usize) -> Duration {
    let inbox = root.join("inbox");
    fs::create_dir(&inbox).unwrap();
    let profile = Profile::open(Some(root.join("profile"))).unwrap();
    let entry = |n: u32| Entry {
        path: ["top".to_owned(), (n / IN_A_FOLDER).to_string(), n.to_string()].into(),
        kind: EntryKind::File { size: FILE_BYTES as u64 },
        mtime: Some(1),
        exec: false,
    };
    let terms = Terms {
        id: TransferId([1; 16]),
        peer: Peer::at("10.0.0.7:1".to_owned(), false),
        digest: [0; 32],
        manifest: Arc::new(Manifest::from_entries((0..FILES).map(entry).collect()).unwrap()),
        message: None,
        folder: inbox,
        selection: Selection::All,
        conflict: Conflict::KeepBoth,
        accepted_at: 0,
    };
    let landing = Landing::prepare(&profile, terms, Keep::Agreement).unwrap();
    let started = Instant::now();
    let mut parts = Vec::new();
    for n in 0..FILES {
        let mut part = landing.create_part(n).unwrap();
        part.write_all(&content(n)).unwrap();
        parts.push((part, Md5Digest([0; 16])));
        if parts.len() == batch || n + 1 == FILES {
            assert!(landing.commit(std::mem::take(&mut parts)).iter().all(|(_, place)| place.is_ok()));
        }
    }
    started.elapsed()
}

/// Runs `work` in a new folder on each disk and prints how long it took.
fn on_each_disk(mut work: impl FnMut(&Path, &mut dyn FnMut(String, Duration))) {
    let places =
        std::env::var("SEALDROP_BENCH_DIRS").unwrap_or_else(|_| format!("{}:/dev/shm", env!("CARGO_TARGET_TMPDIR")));
    for place in places.split(':') {
        work(Path::new(place), &mut |what, took| {
            let rate = f64::from(FILES) / took.as_secs_f64();
            println!("{place}: {what}: {:.1} s, {rate:.0} files a second", took.as_secs_f64());
        });
    }
}
