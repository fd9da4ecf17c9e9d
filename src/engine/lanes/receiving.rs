//! The receiving lane with its committer.

use crate::{
    engine::{link::SocketLink, note::Over},
    model::reason::{Reason, ReasonCode},
    storage::{journal::Recovered, landing::Landing},
};

use super::Lane;

pub(super) fn receive(_lane: &Lane, _link: SocketLink, _landing: Landing, _recovered: Recovered) -> Result<(), Over> {
    Err(Over::finally(Reason::bare(ReasonCode::Internal)))
}
