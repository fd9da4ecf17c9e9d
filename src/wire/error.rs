//! Each way in which bytes from a peer can be wrong.

/// What was wrong with what a peer sent.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    #[error("stub")]
    Empty,
    #[error(transparent)]
    Io(#[from] std::io::Error),
}
