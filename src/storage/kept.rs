//! stub
use super::{agreement::Terms, journal::Recovered, profile::Profile};
use crate::model::{reason::Reason, transfer::TransferId};
pub fn incoming(_p: &Profile) -> Vec<Result<(Terms, Recovered), (TransferId, Reason)>> {
    Vec::new()
}
pub fn discard_incoming(_p: &Profile, _id: TransferId) {}
