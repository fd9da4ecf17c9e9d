//! Whatever a peer says after an accept, as sender or as receiver: see `bodies::session`.

#![no_main]

// Each target uses what it needs.
#[allow(dead_code)]
#[path = "../../tests/suite/fuzzed/bodies/mod.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // How it ended is nobody's business here.
    bodies::session(bytes).ok();
});
