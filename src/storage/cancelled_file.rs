//! `cancelled.txt` of a profile: transfers that a person has cancelled, a line for each. Whoever offers to go on with one of those is
//! told so, and nobody is asked again.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::model::transfer::{Direction, TransferKey};

use super::{error::StorageError, kept_aside::keep_aside, no_replace::write_whole, profile::Profile};

/// After that, nobody tries to go on with it any more.
const KEEP: Duration = Duration::from_hours(30 * 24);

/// The oldest go first.
const MOST: usize = 1000;

/// A longer file was not written by this program.
const MAX_BYTES: u64 = 1 << 20;

struct Cancelled {
    key: TransferKey,
    /// Seconds since 1970 (UTC).
    at: u64,
}

/// Remembers that a person has cancelled `key`.
///
/// # Errors
/// I/O. `Damaged`: not all of the file could be understood; it is kept aside, the rest goes on, and `key` is remembered.
pub fn add(profile: &Profile, key: TransferKey) -> Result<(), StorageError> {
    add_at(profile, key, now())
}

/// Whether a person has cancelled `key` during the last 30 days. What cannot be read is not remembered.
pub fn holds(profile: &Profile, key: TransferKey) -> bool {
    holds_at(profile, key, now())
}

fn add_at(profile: &Profile, key: TransferKey, now: u64) -> Result<(), StorageError> {
    let path = profile.cancelled_path();
    let _turn = profile.lock_shared_files()?;
    let (mut list, sound) = read(&path).map_err(StorageError::at(&path))?;
    let kept_at = if sound { None } else { Some(keep_aside(&path)?) };
    list.retain(|cancelled| cancelled.key != key && is_recent(cancelled, now));
    list.push(Cancelled { key, at: now });
    let skip = list.len().saturating_sub(MOST);
    let lines: String = list.iter().skip(skip).map(Cancelled::line).collect();
    write_whole(&path, lines.as_bytes(), true).map_err(StorageError::at(&path))?;
    kept_at.map_or(Ok(()), |kept_at| Err(StorageError::Damaged { kept_at }))
}

fn holds_at(profile: &Profile, key: TransferKey, now: u64) -> bool {
    let list = read(&profile.cancelled_path()).map(|(list, _sound)| list).unwrap_or_default();
    list.iter().any(|cancelled| cancelled.key == key && is_recent(cancelled, now))
}

/// A clock that was set back makes nothing old.
fn is_recent(cancelled: &Cancelled, now: u64) -> bool {
    now.saturating_sub(cancelled.at) < KEEP.as_secs()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// What can be read, and whether that is all.
fn read(path: &Path) -> io::Result<(Vec<Cancelled>, bool)> {
    let mut bytes = Vec::new();
    match File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), true)),
        Err(error) => return Err(error),
        Ok(_) if bytes.len() as u64 > MAX_BYTES => return Ok((Vec::new(), false)),
        Ok(_) => {}
    }
    let lines: Vec<Option<Cancelled>> = bytes.split_inclusive(|byte| *byte == b'\n').map(Cancelled::parse).collect();
    let sound = lines.iter().all(Option::is_some);
    Ok((lines.into_iter().flatten().collect(), sound))
}

impl Cancelled {
    fn line(&self) -> String {
        format!("{} {} {}\n", self.key.id, direction_word(self.key.direction), self.at)
    }

    fn parse(line: &[u8]) -> Option<Self> {
        let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
        let mut words = line.split(' ');
        let id = words.next()?.parse().ok()?;
        let word = words.next()?;
        let direction = [Direction::Incoming, Direction::Outgoing].into_iter().find(|d| direction_word(*d) == word)?;
        let at = words.next()?.parse().ok()?;
        words.next().is_none().then_some(Self { key: TransferKey { id, direction }, at })
    }
}

fn direction_word(direction: Direction) -> &'static str {
    match direction {
        Direction::Incoming => "incoming",
        Direction::Outgoing => "outgoing",
    }
}

#[cfg(test)]
mod tests {
    use crate::model::transfer::TransferId;

    use super::*;

    const DAY: u64 = 24 * 3600;

    fn profile() -> (tempfile::TempDir, Profile) {
        let folder = tempfile::tempdir().unwrap();
        let profile = Profile::open(Some(folder.path().to_owned())).unwrap();
        (folder, profile)
    }

    fn key(n: u16, direction: Direction) -> TransferKey {
        let mut id = [0; 16];
        id[..2].copy_from_slice(&n.to_be_bytes());
        TransferKey { id: TransferId(id), direction }
    }

    fn incoming(n: u16) -> TransferKey {
        key(n, Direction::Incoming)
    }

    #[test]
    fn what_a_person_cancelled_is_remembered_for_its_direction() {
        let (_folder, profile) = profile();
        assert!(!holds(&profile, incoming(1)));
        add(&profile, incoming(1)).unwrap();
        add(&profile, key(2, Direction::Outgoing)).unwrap();
        add(&profile, incoming(1)).unwrap();
        assert!(holds(&profile, incoming(1)) && holds(&profile, key(2, Direction::Outgoing)));
        assert!(!holds(&profile, key(1, Direction::Outgoing)) && !holds(&profile, incoming(2)));
        assert_eq!(std::fs::read_to_string(profile.cancelled_path()).unwrap().lines().count(), 2);
    }

    #[test]
    fn after_thirty_days_it_is_forgotten() {
        let (_folder, profile) = profile();
        add_at(&profile, incoming(1), 100 * DAY).unwrap();
        assert!(holds_at(&profile, incoming(1), 130 * DAY - 1));
        assert!(!holds_at(&profile, incoming(1), 130 * DAY));
        assert!(holds_at(&profile, incoming(1), 0), "a clock that was set back");
        add_at(&profile, incoming(2), 130 * DAY).unwrap();
        assert!(!holds_at(&profile, incoming(1), 100 * DAY), "it is gone from the file");
    }

    #[test]
    fn of_many_the_newest_thousand_stay() {
        let (_folder, profile) = profile();
        let lines: String = (0..1500).map(|n| Cancelled { key: incoming(n), at: 5 }.line()).collect();
        std::fs::write(profile.cancelled_path(), lines).unwrap();
        add_at(&profile, incoming(1500), 6).unwrap();
        let held: Vec<_> = (0..=1500).filter(|n| holds_at(&profile, incoming(*n), 6)).collect();
        assert_eq!(held, (501..=1500).collect::<Vec<_>>());
    }

    #[test]
    fn what_cannot_be_understood_is_kept_aside_and_the_rest_goes_on() {
        let (_folder, profile) = profile();
        add_at(&profile, incoming(1), 5).unwrap();
        let mut bytes = std::fs::read(profile.cancelled_path()).unwrap();
        bytes.extend(b"my diary \xff\n\n0101 incoming 5");
        std::fs::write(profile.cancelled_path(), &bytes).unwrap();
        assert!(holds_at(&profile, incoming(1), 5));
        let Err(StorageError::Damaged { kept_at }) = add_at(&profile, incoming(2), 5) else { panic!("not reported") };
        assert_eq!(std::fs::read(kept_at).unwrap(), bytes);
        assert!(holds_at(&profile, incoming(1), 5) && holds_at(&profile, incoming(2), 5));
        add_at(&profile, incoming(3), 5).unwrap();
    }

    #[test]
    fn a_file_that_is_far_too_long_is_not_read_and_not_lost() {
        let (_folder, profile) = profile();
        std::fs::write(profile.cancelled_path(), vec![b'\n'; 3 << 20]).unwrap();
        assert!(!holds(&profile, incoming(1)));
        assert!(matches!(add(&profile, incoming(1)), Err(StorageError::Damaged { .. })));
        assert!(holds(&profile, incoming(1)));
    }

    #[test]
    fn two_who_add_at_the_same_time_lose_nothing() {
        let (_folder, profile) = profile();
        std::thread::scope(|scope| {
            for n in 0..8 {
                let profile = &profile;
                scope.spawn(move || (0..5).for_each(|m| add(profile, incoming(n * 5 + m)).unwrap()));
            }
        });
        assert!((0..40).all(|n| holds(&profile, incoming(n))));
    }
}
