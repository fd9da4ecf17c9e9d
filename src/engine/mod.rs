//! Threads and sockets.

pub mod messages;
