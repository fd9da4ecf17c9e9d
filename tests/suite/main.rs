//! One binary of integration tests; each module is named for the promise it keeps.
#![allow(clippy::expect_used, clippy::print_stderr, clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(unix)]
mod other_user;
mod storage;
mod walking;
