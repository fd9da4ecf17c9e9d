//! Threads and sockets.

pub mod messages;

use crate::model::transfer::TransferId;

/// A name for a new transfer: 128 random bits.
pub fn new_transfer_id() -> TransferId {
    let mut bytes = [0; 16];
    if getrandom::fill(&mut bytes).is_err() {
        // No system source of randomness: the clock and this process still tell transfers of one device apart.
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        bytes = (now.as_nanos() ^ (u128::from(std::process::id()) << 96)).to_be_bytes();
    }
    TransferId(bytes)
}
