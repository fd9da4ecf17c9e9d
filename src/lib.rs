//! Sealdrop sends files straight from one computer to another.

pub mod cli;
pub mod digest;
pub mod engine;
pub mod model;
pub mod storage;
pub mod transfer;
pub mod ui;
pub mod wire;
