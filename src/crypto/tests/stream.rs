//! Bytes through a session: all of them, in order, unchanged or not at all.
