//! Untrusted names become safe ones here, once.
