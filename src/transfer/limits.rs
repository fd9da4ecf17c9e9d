//! Every wait has a name and a limit. The values are the program's; tests bring shorter ones.

use std::time::Duration;

/// How long each wait may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A person's answer to an offer; after that it lapses.
    pub answer: Duration,
    /// Once a header's first byte is there, the rest of it.
    pub header: Duration,
    /// Connecting, and then the hello: each, absolute.
    pub hello: Duration,
    /// All entries of an offer, absolute; and a second more for each 1,000 of them.
    pub manifest: Duration,
    /// A side that has written nothing for this long says `ping`.
    pub ping: Duration,
    /// A lane is broken when nothing came for this long while somebody waited.
    pub silence: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            answer: Duration::from_mins(10),
            header: Duration::from_secs(10),
            hello: Duration::from_secs(10),
            manifest: Duration::from_mins(1),
            ping: Duration::from_secs(15),
            silence: Duration::from_mins(1),
        }
    }
}
