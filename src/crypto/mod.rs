//! This device's key, TLS and the short code that two people compare.

pub mod error;
pub mod identity;
pub mod session;
pub mod short_code;
pub mod tls;

mod provider;
mod session_error;
mod verifier;

#[cfg(test)]
mod tests;
