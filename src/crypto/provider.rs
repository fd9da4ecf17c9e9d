//! The algorithms: those of aws-lc, with a key exchange first that also withstands a future quantum computer.

use std::sync::Arc;

use rustls::crypto::{
    CryptoProvider,
    aws_lc_rs::{default_provider, kx_group},
};

/// What every session and key here is computed with. Nothing is installed for the whole process: there is no global state.
///
/// Key exchange: X25519 together with ML-KEM-768 costs about 1.2 KB each way, once per connection, and what
/// is recorded today stays closed when X25519 alone can be broken. The other two are for programs that do not know it.
pub(super) fn provider() -> Arc<CryptoProvider> {
    let kx_groups = vec![kx_group::X25519MLKEM768, kx_group::X25519, kx_group::SECP256R1];
    Arc::new(CryptoProvider { kx_groups, ..default_provider() })
}

/// Has the library make its first random number. Built as `.cargo/config.toml` says, it takes what the system and the processor
/// give, at once. Built otherwise it also gathers chance from the processor's timing: 30 ms, once in a process, and more than
/// three quarters of what a small transfer costs. Whoever calls this beforehand, on a thread of its own, does not wait for it
/// in the first handshake.
pub fn prepare() {
    // A failure shows itself where a random number is needed.
    provider().secure_random.fill(&mut [0; 32]).ok();
}
