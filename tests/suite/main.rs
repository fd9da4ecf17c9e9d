//! One binary of integration tests; each module is named for the promise it keeps.

// A test that cannot go on says so by panicking, also in its helpers; what cannot be tested here is said aloud.
#![allow(clippy::expect_used, clippy::print_stderr, clippy::unwrap_used)]

mod bad_offers;
mod cancellation;
mod changed_on_the_way;
mod classic;
mod cli;
mod codes;
mod codes_out_of_turn;
mod damaged_sessions;
// Elsewhere the crates for Linux have not been downloaded.
#[cfg(target_os = "linux")]
mod dependencies;
mod desk;
mod device_book;
mod door;
mod emulated_link;
mod fake_engine;
mod faults;
mod fetching;
mod files_ahead;
mod floors;
#[cfg(unix)]
mod folders_that_change;
mod fuzzed;
mod gate;
mod history;
mod hostile;
mod landing_again;
mod landing_begun;
mod languages;
mod loopback;
mod messages;
mod nearby;
mod network_check;
#[cfg(unix)]
mod one_window;
#[cfg(unix)]
mod other_user;
mod out_of_place;
mod overload;
mod places;
mod power_loss;
mod probes;
mod relay;
mod rules_of_now;
mod scripted;
mod sealed_handshakes;
mod sealed_sessions;
mod sealed_stream;
mod several_connections;
mod shared_folder;
mod slow_peers;
mod speed_limit;
mod storage;
mod strangers;
mod support;
mod survives;
mod survives_ends;
mod survives_hostile;
mod survives_queue;
mod survives_races;
mod survives_restarts;
mod survives_untold;
#[cfg(target_os = "linux")]
mod torture;
mod verifying;
mod waiting_offers;
mod walking;
mod window;
mod window_calls;
mod window_cards;
mod window_conflicts;
mod window_frames;
mod window_going_on;
mod window_history;
mod window_key_trouble;
mod window_languages;
mod window_links;
mod window_messages;
mod window_nearby;
mod window_network_check;
mod window_opening;
mod window_rows;
mod window_scene;
mod window_sharing;
mod window_trust;
mod window_verify;
mod wire;
