//! One lane: greeting, offering, sending and receiving over any `Link`. No sockets, no threads, no channels.
//!
//! The engine hands a lane its `Link`, and small traits through which it reports (`Report`) and passes verified parts on
//! (`Commit`). A lane ends with a `LaneError` or in order; `Farewell` says what is still owed to the peer.
//!
//! # What limits a lane
//!
//! One thread does everything for its end: read, hash, write. Seven tenths of its processor time are MD5, nearly all of the
//! rest is the kernel copying between socket, buffer and page cache (`perf` on `benches/transfer.rs`). With both ends on
//! two shared cores a large file moves at 0.65 to 0.72 of what one core can hash, where half the processor time of both
//! ends is 0.70: no arrangement of threads could do much better there. The next limit is MD5 itself.

pub mod body;
pub mod classic;
pub mod greet;
pub mod lane;
pub mod limits;
pub mod link;
pub mod receive;
pub mod send;
