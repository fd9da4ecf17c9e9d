//! Every message of a sealed session, and the way to its JSON and back.

mod read;
mod write;

use std::io::{Read, Write};

use crate::model::{manifest::Entry, reason::Reason, seal::Md5Digest, transfer::TransferId};

use super::{
    error::WireError,
    fields::Fields,
    frame::{MAX_HEADER_BYTES, encode_frame},
};

pub(super) use read::hello;

/// The one protocol version there is.
pub const VERSION: u32 = 1;

/// One header. Field rules stand in the protocol document (`wire`).
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    Abort(Abort),
    Answer(Answer),
    At { index: u32, offset: u64, md5: Md5Digest },
    Code { nonce: [u8; 32] },
    Done,
    Entries { entries: Vec<Entry> },
    Failed { index: u32, reason: Reason },
    File { index: u32, offset: u64 },
    Hello(Hello),
    Lane { transfer: TransferId, epoch: u32 },
    LaneDone,
    Offer(Offer),
    Pause { by: By, reason: Reason },
    Ping,
    Plan { items: Vec<PlanItem> },
    Probe { port: Option<u16> },
    Probed { reachable: Option<bool>, clock: i64 },
    Receipt(Receipt),
    Resume,
    Reveal { nonce: [u8; 32] },
    Seal { index: u32, md5: Md5Digest },
    Verify,
    Want { transfer: TransferId },
    Working { index: Option<u32>, done: u64, total: u64 },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Hello {
    /// Oldest and newest protocol version spoken.
    pub versions: [u32; 2],
    /// `sealdrop 0.1.0`
    pub program: String,
    /// Device name as sent: made safe with `shown_text` before anybody sees it.
    pub name: String,
    pub os: String,
    /// SHA-256 commitment of the dialer's nonce.
    pub commit: Option<[u8; 32]>,
    pub verified: Option<bool>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    pub transfer: TransferId,
    /// From 1, higher with each reconnect.
    pub epoch: u32,
    /// SHA-256 over the JSON bytes of all `entries` headers in order.
    pub manifest: [u8; 32],
    pub files: u64,
    pub folders: u64,
    pub links: u64,
    pub bytes: u64,
    pub message: Option<String>,
    pub again: Option<bool>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Accept,
    Busy(Reason),
    Decline(Reason),
}

/// What the receiver wants of `count` entries from `first` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanItem {
    pub first: u32,
    pub count: u32,
    pub want: Want,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    Check,
    Send,
    Skip,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    pub index: u32,
    pub state: ReceiptState,
    /// What the receiver computed; none for folders and links.
    pub md5: Option<Md5Digest>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ReceiptState {
    Failed(Reason),
    Mismatch,
    Verified,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Receiver,
    Sender,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Abort {
    pub reason: Reason,
    /// Versions of the one who aborts, and those it was told, for code `version`.
    pub ours: Option<[u32; 2]>,
    pub theirs: Option<[u32; 2]>,
}

/// Reads the next header. `None`: the stream ended before its first byte. Reasons inside come out with `Side::There`.
///
/// # Errors
/// One `WireError` variant for each way a header can be wrong; an I/O error is passed through unchanged.
pub fn read_header(from: &mut impl Read) -> Result<Option<Message>, WireError> {
    super::frame::read_frame(from)?.map(|json| parse(&json)).transpose()
}

/// Parses the JSON bytes of one header.
///
/// # Errors
/// Not UTF-8, not JSON, not an object, a key twice, an unknown type (named), a bad field (named).
pub fn parse(json: &[u8]) -> Result<Message, WireError> {
    read::message(&Fields::parse(json)?)
}

/// The whole frame of a header: prefix and JSON.
///
/// # Errors
/// `TooLong` when it does not fit into 65,535 bytes.
pub fn encode(message: &Message) -> Result<Vec<u8>, WireError> {
    let json = write::json(message)?;
    if json.len() > MAX_HEADER_BYTES {
        return Err(WireError::TooLong { what: write::type_word(message).to_owned(), bytes: json.len() });
    }
    encode_frame(&json)
}

/// Encodes and writes in one go.
///
/// # Errors
/// As `encode`, and what the writer says.
pub fn write_header(to: &mut impl Write, message: &Message) -> Result<(), WireError> {
    to.write_all(&encode(message)?)?;
    Ok(())
}
