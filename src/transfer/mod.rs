//! One lane: greeting, offering, sending and receiving over any `Link`. No sockets, no threads, no channels.
//!
//! The engine hands a lane its `Link`, and small traits through which it reports (`Report`) and passes verified parts on
//! (`Commit`). A lane ends with a `LaneError` or in order; `Farewell` says what is still owed to the peer.
//!
//! # What limits a lane
//!
//! One thread can do everything for its end: read, hash, write. Of a large file, seven tenths of its processor time are MD5, nearly
//! all of the rest is the kernel copying between socket, buffer and page cache (`perf` on `benches/transfer.rs`). With both
//! ends on two shared cores a large file of real bytes moves at a median of 0.58 to 0.69 of what one core can hash, depending
//! on how busy the machine is (single rounds: 0.52 to 0.74). Half the processor time of both ends would be 0.70 to 0.73: no
//! arrangement of threads could do much better there. The next limit is MD5 itself, then the receiver's writes.
//!
//! On a machine of its own an end has a core to spare, and a large file moves as fast as MD5 goes if a second thread hashes it.
//! Each lane finds out by itself whether that pays ([`choice`]). Measured (`benches/alone`, medians of 5, of 3 for the sender,
//! encrypted, files in memory, two cores) as parts of the time that one thread takes: the sender alone 0.71, the receiver alone
//! 0.68, both ends together on the two cores 1.01, which is noise. While it has nothing to hash, it writes: a receiver has more to
//! do than its sender (`large/writes.rs`).
//!
//! Of many files MD5 is hashed side by side ([`hashing`]). Both ends on two cores, files in memory, encrypted, medians of three
//! on a machine that was not quiet, before that and after:
//!
//! | | s | processor seconds of sender and receiver |
//! | --- | --- | --- |
//! | 100 x 10 MiB | 3.5, 1.7 | 2.5 + 3.0, 1.25 + 1.7 |
//! | 10,000 x 4 KiB | 0.52, 0.44 | 0.34 + 0.43, 0.28 + 0.35 |
//!
//! Then nothing stands out any more but the kernel's copies, first of all those into fresh pages of the receiver's files.

pub mod ahead;
pub mod aside;
pub mod body;
pub mod check;
pub mod choice;
pub mod classic;
pub mod compare;
pub mod greet;
pub mod hashing;
pub mod hold;
pub mod lane;
pub mod large;
pub mod limits;
pub mod link;
pub mod pace;
pub mod plan;
pub mod progress;
pub mod receive;
pub mod rounds;
pub mod send;
pub mod spread;
