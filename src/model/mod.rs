//! Nouns and rules: what a transfer, an entry, a seal or a reason is. No input or output, no threads, no window.

pub mod book;
pub mod checksum_list;
pub mod comparison;
pub mod conflict;
pub mod device;
pub mod device_key;
pub mod file_name;
pub mod handed;
pub mod history;
pub mod look_alike;
pub mod manifest;
pub mod message;
pub mod nearby;
pub mod outcome;
pub mod place;
pub mod preflight;
pub mod progress;
pub mod reason;
pub mod seal;
pub mod seal_picture;
pub mod settings;
pub mod shared_path;
pub mod short_code;
pub mod speed_limit;
pub mod transfer;
