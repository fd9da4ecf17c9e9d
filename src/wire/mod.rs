//! Bytes to headers and back, over `Read` and `Write`.

pub mod caller;
pub mod chunk;
pub mod classic;
pub mod code;
pub mod entries;
pub mod error;
mod fields;
pub mod frame;
pub mod header;
mod object;
