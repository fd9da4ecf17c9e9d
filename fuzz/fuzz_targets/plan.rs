//! Any plan, as the sender takes it: see `bodies::plan`.

#![no_main]

// Each target uses what it needs.
#[allow(dead_code)]
#[path = "../../tests/suite/fuzzed/bodies/mod.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    bodies::plan::plan(bytes);
});
