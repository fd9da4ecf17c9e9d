//! Sealdrop sends files straight from one computer to another, and shows the same MD5 seal on both screens when they
//! have arrived. This page explains the house; the protocol is explained in [`wire`].
//!
//! # Floors
//!
//! ```text
//! 4  ui        the window                                cli     `send`, `receive`, `verify`, …
//! 3  engine    threads and sockets: dispatch, listener, doormen, lobby, pool, committer, closer, dial
//! 2  transfer  one lane over any `Link`: greet, send, receive, classic
//! 1  wire      bytes <-> headers      digest  MD5      storage  the disk
//! 0  model     nouns and rules: no I/O, no threads, no window
//! ```
//!
//! Imports run downward only. `tests/suite/floors.rs` reads the sources and fails when a floor imports a higher one, when
//! egui appears outside `ui`, rfd outside `ui/dialogs.rs`, a socket outside `engine`, md5 outside `digest`, or
//! `serde_json` outside `wire`, `storage` and `cli`.
//!
//! # Threads
//!
//! ```text
//! window or command line --Command--> dispatch --Job--> worker pool (lanes)
//!     ^                               ^   |  |              |
//!     |                               |   |  |              '--verified parts--> committer --receipts--> lane
//!     '----Event (facts, snapshots)---|---'  |
//! listener --Came--> dispatch --> doormen ---'--Wait--> lobby --Answered, Taken, Left--> dispatch
//! ```
//!
//! - [`engine`]'s `dispatch` is one thread that owns all state: transfers, offers, the listener, settings. It never blocks.
//!   Workers tell it what happened by notes; it alone decides, and it alone says that a transfer has ended.
//! - Towards the window it keeps an outbox: facts in order, and of each transfer the newest snapshot. A window that sleeps
//!   stops nothing.
//! - A **doorman** finds out what a caller wants within absolute deadlines. The **lobby** keeps every connection that waits
//!   for a person. A **lane** on the pool moves files. The **committer** of an incoming transfer flushes verified parts,
//!   gives them their real names and releases receipts. A **closer** sees to it that the last word arrives.
//! - What may hang (name look-ups, the disk) is done by threads that can be abandoned; what they say too late is dropped.
//!
//! # The way of a byte
//!
//! The sender's lane reads a piece, hashes it and writes it as a chunk; the receiver's lane reads the chunk, hashes it and
//! writes it to a part file beside its place. The seal travels after the bytes. Only when both seals agree does the
//! committer flush the part and rename it in a way that cannot overwrite; then the receipt goes back, and only then does
//! the sender say that the file was sent.
//!
//! # Invariants
//!
//! - A received file's real name never holds unverified bytes, and never replaces what was there.
//! - Each transfer ends exactly once: a snapshot whose stage is `Ended` is the last word on it.
//! - Cancel is true within half a second at every stage, and the other side is told why.
//! - Nothing a peer says sizes an allocation before it is compared with a named constant, names a path before it went
//!   through `model::file_name`, or ends the program.
//! - The window never waits: no lock, no file, no socket.
//! - Threads share channel ends (bounded, all of them) and cancel flags, and nothing else. No `Mutex`, no globals.
//! - No round trip per file: the sender runs ahead of receipts by a window of 256 files.

pub mod cli;
pub mod digest;
pub mod engine;
pub mod model;
pub mod storage;
pub mod transfer;
pub mod ui;
pub mod wire;
