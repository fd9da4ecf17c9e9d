//! Every wait and every number of strangers has a name and a limit. The values are the program's; tests bring shorter ones.

use std::time::Duration;

use super::ahead;

/// How long each wait may take, and how many may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A person's answer to an offer; after that it lapses.
    pub answer: Duration,
    /// Callers of one address that are attended to at the same time.
    pub callers_of_one: usize,
    /// Downloads from the shared folder that one address may run at the same time.
    pub downloads_of_one: u32,
    /// Offers of one address that may wait for a person.
    pub offers_of_one: usize,
    /// Offers of one address in a row, none of them accepted, that are shown without delay.
    pub offers_at_once: u32,
    /// Codes that devices nobody has verified may cost in a minute, and in an hour, in all.
    pub codes_a_minute: usize,
    pub codes_an_hour: usize,
    /// Files that a sender may have between `file` and `receipt` on one connection: what a receiver grants (`ahead`).
    pub files_ahead: usize,
    /// Once a header's first byte is there, the rest of it.
    pub header: Duration,
    /// Connecting, and then the hello: each, absolute.
    pub hello: Duration,
    /// A device that is busy is asked again after this, then after twice as long each time, up to 24 times this.
    pub busy: Duration,
    /// So many further connections are opened on a long way whether anything is lost or not.
    pub lanes_at_least: usize,
    /// A way on which a round trip takes at least this long may need several connections to be filled, if it loses.
    pub long_way: Duration,
    /// All entries of an offer, absolute; and a second more for each 1,000 of them.
    pub manifest: Duration,
    /// Files of middle size go by turns where bodies move faster than this, in bytes per second: see `hashing`.
    pub by_turns: u64,
    /// Names of offers that are remembered after their end: those of some days, at the rate at which strangers may ask.
    pub names: usize,
    /// A side that has written nothing for this long says `ping`.
    pub ping: Duration,
    /// What a receiver has of a file is put on the disk for good after so many bytes, or after so long.
    pub flush_bytes: u64,
    pub flush_every: Duration,
    /// A broken transfer is tried again after this, then after twice as long each time,
    pub retry: Duration,
    /// up to this.
    pub retry_most: Duration,
    /// How often a receiver without room, or without its folder, looks whether that has changed.
    pub room: Duration,
    /// *Everybody for 10 minutes* lasts for this long.
    pub shown: Duration,
    /// A lane is broken when nothing came for this long while somebody waited.
    pub silence: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            answer: Duration::from_mins(10),
            callers_of_one: 8,
            downloads_of_one: 4,
            offers_of_one: 4,
            offers_at_once: 3,
            codes_a_minute: 3,
            codes_an_hour: 20,
            files_ahead: ahead::MOST,
            header: Duration::from_secs(10),
            hello: Duration::from_secs(10),
            busy: Duration::from_secs(5),
            lanes_at_least: 0,
            long_way: Duration::from_millis(1),
            manifest: Duration::from_mins(1),
            by_turns: 150_000_000,
            names: 1024,
            ping: Duration::from_secs(15),
            flush_bytes: 64 << 20,
            flush_every: Duration::from_secs(5),
            retry: Duration::from_millis(500),
            retry_most: Duration::from_secs(30),
            room: Duration::from_secs(1),
            shown: Duration::from_mins(10),
            silence: Duration::from_mins(1),
        }
    }
}

impl Limits {
    /// How long somebody who was answered may take until the next request for a file: a person may have to type it.
    pub fn next_request(&self) -> Duration {
        self.hello * 12
    }
}
