//! One binary of integration tests; each module is named for the promise it keeps.

// A test that cannot go on says so by panicking, also in its helpers; what cannot be tested here is said aloud.
#![allow(clippy::expect_used, clippy::print_stderr, clippy::unwrap_used)]

mod cancellation;
mod classic;
mod cli;
mod damaged_sessions;
mod faults;
mod floors;
mod hostile;
mod loopback;
mod other_user;
mod scripted;
mod storage;
mod support;
mod walking;
mod wire;
