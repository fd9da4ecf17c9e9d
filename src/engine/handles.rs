//! How many files and connections this process may have open at the same time, and what is kept of them for transfers.

#[cfg(unix)]
use std::os::fd::{AsFd, AsRawFd};

use crate::transfer::ahead;

/// Three handles for each of the 64 callers who are attended to at the same time (a poll of their own).
#[cfg(unix)]
const CALLERS: u64 = 3 * 64;

/// Twice as many as `MAX_PARALLEL` transfers have open, each of 4,096 small files in as many folders. macOS takes no more than
/// 10,240, whatever it calls the maximum.
#[cfg(unix)]
const WANTED: u64 = if cfg!(target_os = "macos") { 10_240 } else { 262_144 };

/// Where fewer may be open than twice what `MAX_PARALLEL` transfers need, one of them is granted no more than this.
const FEWER: usize = 1024;

/// What the table of open files is to have room for: two of each file of one transfer, and what else is open.
#[cfg(target_os = "linux")]
const ROOM: u64 = 16_384;

/// Asks for as many as the system grants. A transfer of small files has up to 8,400 open, and the usual 1,024 (made for
/// programs that use `select`) would let it be granted no more than 256, and files of the fourth transfer fail.
pub fn raise_limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        // Where it fails the old limit stays.
        let wanted = maximum.unwrap_or(u64::MAX).min(WANTED);
        if current.is_some_and(|current| current < wanted) {
            setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }).ok();
        }
    }
}

/// For the beginning of a program, when it has but one thread: raises the limit, and lets the system's table of what is open be as
/// large as a transfer of small files needs it. Linux doubles it when it is full, and then waits until no other thread can still
/// be looking at the old one (`expand_fdtable` in its fs/file.c): some 8 ms each time, six times on the way from 64 to 4,096.
pub fn make_room() {
    raise_limit();
    #[cfg(target_os = "linux")]
    {
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(ROOM);
        let highest = i32::try_from(limit.min(ROOM)).unwrap_or_default() - 1;
        // One handle with a number as high as that, for a moment. Where it fails the table grows later.
        rustix::io::fcntl_dupfd_cloexec(std::io::stdin(), highest).ok();
    }
}

/// How many files a sender may have on their way to this side, over one connection: each is open until it is on the disk, and so
/// is its folder. A sixteenth of what may be open now up to `FEWER`, beyond that a sixty-fourth, so that several transfers find theirs;
/// every sender may count on `ahead::USUAL`.
pub fn files_ahead() -> usize {
    #[cfg(unix)]
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    // Nothing is known to limit them here.
    #[cfg(not(unix))]
    let limit = None;
    share(limit)
}

fn share(limit: Option<u64>) -> usize {
    let part = |limit: u64, of: u64| usize::try_from(limit / of).unwrap_or(ahead::MOST);
    let most = |limit: u64| part(limit, 16).min(FEWER).max(part(limit, 64));
    limit.map_or(ahead::MOST, most).clamp(ahead::USUAL, ahead::MOST)
}

/// Whether no further caller may take one, lest a transfer finds none for its next file. `socket` is any open one.
#[cfg(unix)]
pub fn are_short(socket: &impl AsFd) -> bool {
    let Some(limit) = rustix::process::getrlimit(rustix::process::Resource::Nofile).current else {
        return false;
    };
    // A new one gets the lowest number that is free (POSIX.1-2017 section 2.14): all below are taken.
    let Ok(next) = socket.as_fd().try_clone_to_owned() else {
        return true;
    };
    u64::try_from(next.as_raw_fd()).is_ok_and(|next| next >= limit - kept(limit))
}

/// Of so many that may be open, those that callers do not get: enough for two transfers of small files, or for one whose files have a
/// folder each. Where the system grants few: three quarters of them, so that each caller who came in has his three in any case.
#[cfg(unix)]
fn kept(limit: u64) -> u64 {
    (2 * share(Some(limit)) as u64 + CALLERS).min(limit / 4 * 3)
}

/// Nothing is known to limit them here.
#[cfg(not(unix))]
pub fn are_short<T>(_socket: &T) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::settings::MAX_PARALLEL;

    #[test]
    fn a_transfer_is_granted_its_share_of_the_handles_between_256_and_4096_files() {
        let limits = [u64::MAX, 262_144, 131_072, 65_536, 16_384, 16_383, 8192, 4096, 0].map(Some);
        assert_eq!(limits.map(share), [4096, 4096, 2048, 1024, 1024, 1023, 512, 256, 256]);
        assert_eq!(share(None), 4096);
        let most = MAX_PARALLEL * 2 * share(Some(WANTED));
        assert!(cfg!(target_os = "macos") || 2 * most as u64 <= WANTED, "{most}");
        assert!((256..=4096).contains(&files_ahead()));
    }

    #[cfg(unix)]
    #[test]
    fn two_transfers_find_their_handles_whoever_calls_and_callers_are_left_a_quarter() {
        assert_eq!([262_144, 16_384, 8192, 1024].map(kept), [8192 + 192, 2048 + 192, 1024 + 192, 512 + 192]);
        assert_eq!([512, 128].map(kept), [384, 96], "of few");
    }
}
