//! Each way in which bytes from a peer can be wrong, with what was announced or named; sentences for people are written elsewhere.

use crate::model::{
    device::shown_text,
    reason::{Reason, ReasonCode},
};

/// Peer text in an error is cut to this many characters.
const MAX_QUOTED_CHARS: usize = 100;

/// What was wrong with what a peer sent, or with what was to be sent.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    #[error("bad header length {announced}: must be 1 to 65535")]
    BadLength { announced: i32 },
    /// `field` like `index` or `entries[3].size`.
    #[error("field {field}: {problem}")]
    BadField { field: String, problem: String },
    #[error("bad chunk length {announced}: must be -2 to 1048576")]
    ChunkLength { announced: i32 },
    #[error("field {field}: a number this large does not fit")]
    DoesNotFit { field: String },
    #[error("a header of type {name:?} came in clear: Sealdrops speak TLS to each other")]
    InClear { name: String },
    #[error("key {key:?} is given twice")]
    DuplicateKey { key: String },
    #[error("field {field} is missing")]
    MissingField { field: String },
    #[error("header has no type")]
    NoType,
    #[error("header is not JSON: {problem}")]
    NotJson { problem: String },
    #[error("header is not a JSON object")]
    NotObject,
    #[error("header is not UTF-8")]
    NotUtf8,
    #[error("field {field} is over the limit of {limit} {unit}")]
    OverLimit { field: String, limit: u64, unit: &'static str },
    /// To be sent, but larger than a header may be.
    #[error("{what} is too long to send: {bytes} bytes do not fit into a header of 65535")]
    TooLong { what: String, bytes: usize },
    /// The stream ended in the middle.
    #[error("the connection ended after {got} of {wanted} bytes")]
    Torn { wanted: usize, got: usize },
    #[error("unknown header type {name:?}")]
    UnknownType { name: String },
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl WireError {
    /// The code to answer with (or to show), and this error's text as its detail.
    pub fn reason(&self) -> Reason {
        Reason::here(self.code(), self.to_string())
    }

    fn code(&self) -> ReasonCode {
        match self {
            Self::BadLength { .. }
            | Self::DuplicateKey { .. }
            | Self::InClear { .. }
            | Self::NoType
            | Self::NotJson { .. }
            | Self::NotObject
            | Self::NotUtf8 => ReasonCode::BadHeader,
            Self::BadField { .. } | Self::ChunkLength { .. } | Self::DoesNotFit { .. } | Self::MissingField { .. } => {
                ReasonCode::BadMessage
            }
            Self::OverLimit { .. } | Self::TooLong { .. } => ReasonCode::Limit,
            Self::Torn { .. } | Self::Io(_) => ReasonCode::ConnectionLost,
            Self::UnknownType { .. } => ReasonCode::UnknownType,
        }
    }
}

/// A peer's text as an error may hold it: cleaned and cut.
pub(super) fn quoted(text: &str) -> String {
    shown_text(text, MAX_QUOTED_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_peer_wrote_is_quoted_short_and_clean() {
        let quote = quoted(&format!("a\u{202e}\n{}", "x".repeat(70_000)));
        assert_eq!(quote.chars().count(), MAX_QUOTED_CHARS);
        assert!(quote.starts_with("a\u{fffd}\u{fffd}x"));
    }

    #[test]
    fn each_error_has_its_code() {
        let code = |error: WireError| error.reason().code;
        assert_eq!(code(WireError::BadLength { announced: 0 }), ReasonCode::BadHeader);
        assert_eq!(code(WireError::MissingField { field: "index".into() }), ReasonCode::BadMessage);
        assert_eq!(code(WireError::Torn { wanted: 4, got: 1 }), ReasonCode::ConnectionLost);
        assert_eq!(code(WireError::UnknownType { name: "x".into() }), ReasonCode::UnknownType);
        assert_eq!(code(WireError::OverLimit { field: "x".into(), limit: 1, unit: "bytes" }), ReasonCode::Limit);
    }
}
