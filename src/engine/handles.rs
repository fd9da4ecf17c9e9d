//! How many files and connections this process may have open at the same time.

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
