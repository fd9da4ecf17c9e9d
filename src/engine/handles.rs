//! How many files and connections this process may have open at the same time, and what is kept of them for transfers.

#[cfg(unix)]
use std::os::fd::{AsFd, AsRawFd};

/// Handles kept from callers: 512 for the transfers under way, and three for each of the 64 callers who are attended to
/// at the same time (a poll of their own). Where the system grants few: three quarters of them, so that each caller who
/// came in has his three in any case.
#[cfg(unix)]
const KEPT: u64 = 512 + 3 * 64;

/// Asks for as many as the system grants. A transfer of small files has up to 300 open, and the usual 1,024 (made for
/// programs that use `select`) would let files of the fourth transfer fail.
pub fn raise_limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        // macOS takes no more than this, whatever it calls the maximum; where it fails the old limit stays.
        let wanted = maximum.unwrap_or(u64::MAX).min(10_240);
        if current.is_some_and(|current| current < wanted) {
            setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }).ok();
        }
    }
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
    u64::try_from(next.as_raw_fd()).is_ok_and(|next| next >= limit - KEPT.min(limit / 4 * 3))
}

/// Nothing is known to limit them here.
#[cfg(not(unix))]
pub fn are_short<T>(_socket: &T) -> bool {
    false
}
