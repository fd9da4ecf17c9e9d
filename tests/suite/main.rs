//! All promises that are kept across module borders, one module each.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod fake_engine;
mod window;
mod window_cards;
mod window_rows;
mod window_scene;
