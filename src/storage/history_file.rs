//! `history.jsonl` of a profile: one line for each transfer that has ended, the newest last. Beside it `missed.jsonl` has
//! the offers that nobody took, a hundred at most: strangers can neither fill the disk nor push out what was received.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use crate::model::history::HistoryEntry;

use super::{
    error::StorageError,
    history_line::{self, Line},
    kept_aside::keep_aside,
    no_replace::write_whole,
    profile::Profile,
};

/// Over this many bytes the older half goes.
const MAX_BYTES: u64 = 16 << 20;

/// Offers that nobody took, at most.
const MAX_MISSED: usize = 100;

/// A longer file of those was not written by this program.
const MAX_MISSED_BYTES: u64 = 1 << 20;

/// No line is longer: what has no end before that is not the torn end of a line.
const MAX_LINE: u64 = 4 << 20;

/// What is in the history, oldest first.
#[derive(Debug, Default, PartialEq)]
pub struct Loaded {
    pub entries: Vec<HistoryEntry>,
    /// A file that was no history in part or as a whole, and this is where it is now. What could be read of it goes on.
    pub damaged: Option<PathBuf>,
}

/// Adds an ended transfer. An end of the file that was torn by a crash goes.
///
/// # Errors
/// `Damaged`: the end of the file was no history; it is kept aside, and `entry` is the first of a new one.
pub fn append(profile: &Profile, entry: &HistoryEntry) -> Result<(), StorageError> {
    append_within(profile, entry, MAX_BYTES)
}

fn append_within(profile: &Profile, entry: &HistoryEntry, most: u64) -> Result<(), StorageError> {
    let path = profile.history_path();
    let _turn = profile.lock_shared_files()?;
    let at = || StorageError::at(&path);
    let line = history_line::write(entry).map_err(|error| at()(error.into()))?;
    let mut damaged = None;
    let mut file = open(&path).map_err(at())?;
    if let End::Damaged = mend(&mut file).map_err(at())? {
        drop(file);
        damaged = Some(keep_aside(&path)?);
        file = open(&path).map_err(at())?;
    }
    // In one write: another reader sees all of it, or a torn end.
    file.write_all(&line).map_err(at())?;
    if file.metadata().map_err(at())?.len() > most {
        drop(file);
        drop_older_half(&path, most).map_err(at())?;
    }
    damaged.map_or(Ok(()), |kept_at| Err(StorageError::Damaged { kept_at }))
}

/// Adds an offer that nobody took, or a download from the shared folder: what strangers make. Of those only the newest stay.
///
/// # Errors
/// `Damaged`: the file was none; it is kept aside, and `entry` is the first of a new one.
pub fn append_missed(profile: &Profile, entry: &HistoryEntry) -> Result<(), StorageError> {
    let path = profile.missed_path();
    let _turn = profile.lock_shared_files()?;
    let at = || StorageError::at(&path);
    let (lines, damaged) = match read(&path, MAX_MISSED_BYTES).map_err(at())? {
        Found { lines, sound: true } => (lines, None),
        Found { lines, sound: false } => (lines, Some(keep_aside(&path)?)),
    };
    let skip = (lines.len() + 1).saturating_sub(MAX_MISSED);
    let mut bytes: Vec<u8> = lines.into_iter().skip(skip).flat_map(|line| line.bytes).collect();
    bytes.extend(history_line::write(entry).map_err(|error| at()(error.into()))?);
    write_whole(&path, &bytes, true).map_err(at())?;
    damaged.map_or(Ok(()), |kept_at| Err(StorageError::Damaged { kept_at }))
}

/// Whether this end of a transfer is in the history. One that was taken up again after it had ended has ended more than once.
///
/// # Errors
/// It cannot be read.
pub fn holds(profile: &Profile, end: &HistoryEntry) -> Result<bool, StorageError> {
    let path = profile.history_path();
    let Found { lines, .. } = read(&path, MAX_BYTES).map_err(StorageError::at(&path))?;
    Ok(lines.into_iter().filter_map(|line| line.entry).any(|entry| is_same_end(&entry, end)))
}

fn is_same_end(one: &HistoryEntry, other: &HistoryEntry) -> bool {
    let what = |entry: &HistoryEntry| (entry.key, entry.outcome, entry.files);
    what(one) == what(other)
}

/// Reads all of it. A missing file is an empty one.
pub fn load(profile: &Profile) -> Result<Loaded, StorageError> {
    let mut loaded = Loaded::default();
    for (path, most) in [(profile.history_path(), MAX_BYTES), (profile.missed_path(), MAX_MISSED_BYTES)] {
        let mut found = read(&path, most).map_err(StorageError::at(&path))?;
        if !found.sound {
            let _turn = profile.lock_shared_files()?;
            // Somebody else may have found out meanwhile.
            found = read(&path, most).map_err(StorageError::at(&path))?;
            if !found.sound {
                loaded.damaged = Some(keep_aside(&path)?);
                let bytes: Vec<u8> = found.lines.iter().flat_map(|line| line.bytes.clone()).collect();
                if !bytes.is_empty() {
                    write_whole(&path, &bytes, true).map_err(StorageError::at(&path))?;
                }
            }
        }
        loaded.entries.extend(found.lines.into_iter().filter_map(|line| line.entry));
    }
    // Stable: what ended in the same second stays in its order.
    loaded.entries.sort_by_key(|entry| entry.ended_at);
    Ok(loaded)
}

/// Deletes all of it.
pub fn clear(profile: &Profile) -> Result<(), StorageError> {
    let _turn = profile.lock_shared_files()?;
    for path in [profile.history_path(), profile.missed_path()] {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(StorageError::at(&path)(error)),
            _ => {}
        }
    }
    Ok(())
}

/// The lines of a file that are lines of a history.
struct Found {
    lines: Vec<Line>,
    /// All are, but for an end that a crash has torn.
    sound: bool,
}

fn read(path: &Path, most: u64) -> io::Result<Found> {
    let mut bytes = Vec::new();
    // An entry may have been added that brought it over the bound.
    let limit = most + MAX_LINE;
    match File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found { lines: Vec::new(), sound: true }),
        Err(error) => return Err(error),
        Ok(_) if bytes.len() as u64 > limit => return Ok(Found { lines: Vec::new(), sound: false }),
        Ok(_) => {}
    }
    let mut found = Found { lines: Vec::new(), sound: true };
    for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
        let ended = piece.ends_with(b"\n");
        match history_line::parse(piece) {
            Some(line) => found.lines.push(line),
            None => found.sound &= !ended && may_be_torn(piece),
        }
    }
    Ok(found)
}

/// How a file ends.
enum End {
    Damaged,
    Sound,
}

/// Makes ready for a further line.
fn mend(file: &mut File) -> io::Result<End> {
    let len = file.metadata()?.len();
    let from = len.saturating_sub(MAX_LINE);
    let mut last = [b'\n'];
    if len > 0 {
        file.seek(SeekFrom::Start(len - 1))?;
        file.read_exact(&mut last)?;
    }
    if last == *b"\n" {
        return Ok(End::Sound);
    }
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(from))?;
    file.take(MAX_LINE).read_to_end(&mut tail)?;
    let start = tail.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let torn = tail.get(start..).unwrap_or_default();
    if history_line::parse(torn).is_some() {
        file.write_all(b"\n")?;
    } else if may_be_torn(torn) && (start > 0 || from == 0) {
        file.set_len(from + start as u64)?;
    } else {
        return Ok(End::Damaged);
    }
    Ok(End::Sound)
}

/// Whether this is what a crash leaves of a line. A disk may also leave zeros.
fn may_be_torn(end: &[u8]) -> bool {
    history_line::BEGINNING.starts_with(end) || end.starts_with(history_line::BEGINNING) || end.iter().all(|b| *b == 0)
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&file.metadata()?.permissions()) & 0o077 != 0 {
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    }
    Ok(file)
}

/// Keeps whole lines of the newer half.
fn drop_older_half(path: &Path, most: u64) -> io::Result<()> {
    let mut file = File::open(path)?;
    let len = file.metadata()?.len();
    file.seek(SeekFrom::Start(len.saturating_sub(most / 2)))?;
    let mut newer = Vec::new();
    file.take(most).read_to_end(&mut newer)?;
    let start = newer.iter().position(|byte| *byte == b'\n').map_or(newer.len(), |at| at + 1);
    write_whole(path, newer.get(start..).unwrap_or_default(), true)
}

#[cfg(test)]
mod tests {
    use crate::model::{
        history::received,
        outcome::Outcome,
        transfer::{Direction, TransferKey},
    };

    use super::*;

    fn profile() -> (tempfile::TempDir, Profile) {
        let folder = tempfile::tempdir().unwrap();
        let profile = Profile::open(Some(folder.path().to_owned())).unwrap();
        (folder, profile)
    }

    fn times(profile: &Profile) -> Vec<u64> {
        let loaded = load(profile).unwrap();
        assert_eq!(loaded.damaged, None);
        loaded.entries.iter().map(|entry| entry.ended_at).collect()
    }

    fn add(profile: &Profile, time: u64) {
        append(profile, &received(1, time, &["a.txt"])).unwrap();
    }

    #[test]
    fn what_was_added_is_there_in_the_order_of_time() {
        let (_folder, profile) = profile();
        assert_eq!(load(&profile).unwrap(), Loaded::default());
        let entry = received(3, 2, &["文件.txt", "b/c"]);
        append(&profile, &entry).unwrap();
        append_missed(&profile, &received(4, 1, &[])).unwrap();
        append(&profile, &received(5, 3, &[])).unwrap();
        assert_eq!(times(&profile), [1, 2, 3]);
        assert_eq!(load(&profile).unwrap().entries[1], entry);
        let later = HistoryEntry { ended_at: 9, ..entry.clone() };
        assert!(holds(&profile, &later).unwrap(), "the same end, told once more after a crash");
        let key = TransferKey { direction: Direction::Outgoing, ..entry.key };
        assert!(!holds(&profile, &HistoryEntry { key, ..entry.clone() }).unwrap());
        let in_part = HistoryEntry { outcome: Outcome::Partial, ..entry.clone() };
        assert!(!holds(&profile, &in_part).unwrap(), "it was another end");
        clear(&profile).unwrap();
        clear(&profile).unwrap();
        assert!(!holds(&profile, &entry).unwrap());
        assert!(times(&profile).is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn the_history_is_for_this_user_alone() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, profile) = profile();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        add(&profile, 1);
        append_missed(&profile, &received(1, 1, &[])).unwrap();
        assert_eq!((mode(&profile.history_path()), mode(&profile.missed_path())), (0o600, 0o600));
        std::fs::set_permissions(profile.history_path(), PermissionsExt::from_mode(0o644)).unwrap();
        add(&profile, 2);
        assert_eq!(mode(&profile.history_path()), 0o600);
    }

    #[test]
    fn a_torn_last_line_is_ignored_and_goes_with_the_next_one() {
        let line = history_line::write(&received(9, 9, &["a.txt"])).unwrap();
        for cut in 1..line.len() {
            let (_folder, profile) = profile();
            add(&profile, 1);
            open(&profile.history_path()).unwrap().write_all(&line[..cut]).unwrap();
            // Only its end is missing.
            let whole = if cut + 1 == line.len() { vec![1, 9] } else { vec![1] };
            assert_eq!(times(&profile), whole, "cut at {cut}");
            add(&profile, 10);
            assert_eq!(times(&profile), [whole, vec![10]].concat(), "cut at {cut}");
        }
    }

    #[test]
    fn a_torn_first_line_and_zeros_after_a_crash_are_no_damage() {
        for torn in [&b"{\"id\":\"01"[..], &[0; 300]] {
            let (_folder, profile) = profile();
            std::fs::write(profile.history_path(), torn).unwrap();
            assert!(times(&profile).is_empty());
            add(&profile, 1);
            assert_eq!(times(&profile), [1]);
        }
    }

    #[test]
    fn writers_at_the_same_time_lose_nothing() {
        let (_folder, profile) = profile();
        std::thread::scope(|scope| {
            for n in 0..8 {
                let profile = &profile;
                scope.spawn(move || (0..10).for_each(|m| add(profile, n * 10 + m)));
            }
        });
        assert_eq!(times(&profile), (0..80).collect::<Vec<_>>());
    }

    #[test]
    fn over_its_bound_the_older_half_goes() {
        let (_folder, profile) = profile();
        let line = history_line::write(&received(1, 1000, &["a.txt"])).unwrap().len() as u64;
        for n in 1000..1021 {
            append_within(&profile, &received(1, n, &["a.txt"]), 20 * line).unwrap();
        }
        let left = times(&profile);
        assert!((8..=10).contains(&left.len()), "{left:?}");
        assert_eq!(left.last(), Some(&1020));
        assert!(left.windows(2).all(|two| two[0] + 1 == two[1]), "{left:?}");
        append_within(&profile, &received(1, 1021, &["a.txt"]), 20 * line).unwrap();
        assert_eq!(times(&profile).len(), left.len() + 1);
    }

    #[test]
    fn of_offers_that_nobody_took_a_hundred_stay() {
        let (_folder, profile) = profile();
        add(&profile, 0);
        (1..=130).for_each(|n| append_missed(&profile, &received(1, n, &[])).unwrap());
        assert_eq!(times(&profile), std::iter::once(0).chain(31..=130).collect::<Vec<_>>());
    }

    #[test]
    fn a_damaged_history_is_kept_aside_and_what_can_be_read_goes_on() {
        let (_folder, profile) = profile();
        add(&profile, 1);
        let mut text = std::fs::read_to_string(profile.history_path()).unwrap();
        text += "what is this?\n";
        text += &text.lines().next().unwrap().replace("\"ended\":1", "\"ended\":2");
        std::fs::write(profile.history_path(), &text).unwrap();
        let loaded = load(&profile).unwrap();
        let kept_at = profile.root().join("history.damaged-1.jsonl");
        assert_eq!(loaded.damaged, Some(kept_at.clone()));
        assert_eq!(std::fs::read_to_string(kept_at).unwrap(), text);
        assert_eq!(loaded.entries.len(), 2);
        assert_eq!(times(&profile), [1, 2]);
    }

    #[test]
    fn what_is_no_history_at_all_is_never_written_over() {
        for text in ["my diary", "{\"id\":7}\n", "[1]", "\u{0}\u{0}x"] {
            for path in [Profile::history_path, Profile::missed_path] {
                let (_folder, profile) = profile();
                std::fs::write(path(&profile), text).unwrap();
                let kept_at = load(&profile).unwrap().damaged.expect(text);
                assert_eq!(std::fs::read_to_string(kept_at).unwrap(), text);
                assert!(!path(&profile).exists());
            }
        }
    }

    #[test]
    fn a_damaged_end_is_kept_aside_before_anything_is_added() {
        for (path, add) in [
            (Profile::history_path as fn(&Profile) -> PathBuf, append as fn(&Profile, &HistoryEntry) -> _),
            (Profile::missed_path, append_missed),
        ] {
            let (_folder, profile) = profile();
            std::fs::write(path(&profile), "my diary").unwrap();
            let entry = received(1, 5, &[]);
            let Err(StorageError::Damaged { kept_at }) = add(&profile, &entry) else { panic!("not reported") };
            assert_eq!(std::fs::read_to_string(kept_at).unwrap(), "my diary");
            assert_eq!(times(&profile), [5]);
        }
    }

    #[test]
    fn a_folder_in_its_place_is_an_error_and_stays() {
        let (_folder, profile) = profile();
        std::fs::create_dir(profile.history_path()).unwrap();
        assert!(load(&profile).is_err() && append(&profile, &received(1, 1, &[])).is_err() && clear(&profile).is_err());
        assert!(profile.history_path().is_dir());
    }
}
