//! The disk.

pub mod sources;
