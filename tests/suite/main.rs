//! Promises to users, each kept by a test named for it.

mod wire;
