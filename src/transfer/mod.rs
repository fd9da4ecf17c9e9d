//! One lane: greeting, offering, sending and receiving over any `Link`. No sockets, no threads, no channels.
//!
//! The engine hands a lane its `Link`, and small traits through which it reports (`Report`) and passes verified parts on
//! (`Commit`). A lane ends with a `LaneError` or in order; `Farewell` says what is still owed to the peer.

pub mod body;
pub mod classic;
pub mod greet;
pub mod lane;
pub mod limits;
pub mod link;
pub mod receive;
pub mod send;
