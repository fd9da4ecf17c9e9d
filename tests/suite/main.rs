//! One binary of integration tests; each module is named for the promise it keeps.

// A test that cannot go on says so by panicking, also in its helpers; what cannot be tested here is said aloud.
#![allow(clippy::expect_used, clippy::print_stderr, clippy::unwrap_used)]

mod cancellation;
mod classic;
mod cli;
mod codes;
mod codes_out_of_turn;
mod damaged_sessions;
// Elsewhere the crates for Linux have not been downloaded.
#[cfg(target_os = "linux")]
mod dependencies;
mod device_book;
mod door;
mod fake_engine;
mod faults;
mod floors;
mod history;
mod hostile;
mod loopback;
#[cfg(unix)]
mod other_user;
mod overload;
mod relay;
mod rules_of_now;
mod scripted;
mod sealed_handshakes;
mod sealed_sessions;
mod sealed_stream;
mod slow_peers;
mod storage;
mod support;
mod walking;
mod window;
mod window_cards;
mod window_history;
mod window_key_trouble;
mod window_rows;
mod window_scene;
mod window_trust;
mod wire;
