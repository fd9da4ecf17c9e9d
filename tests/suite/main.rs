//! One binary of integration tests; each module is named for the promise it keeps.

// A test that cannot go on says so by panicking, also in its helpers.
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod cancellation;
mod floors;
mod hostile;
mod loopback;
mod scripted;
mod support;
mod wire;
