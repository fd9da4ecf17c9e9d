//! Bytes to headers and back, over `Read` and `Write`.

pub mod chunk;
pub mod classic;
pub mod code;
pub mod error;
pub mod frame;
pub mod header;
