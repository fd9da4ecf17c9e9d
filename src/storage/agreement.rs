//! What was agreed on.

use std::sync::Arc;

use crate::model::{
    conflict::Conflict,
    manifest::{Manifest, Selection},
};

/// What was agreed on for one transfer.
#[derive(Debug)]
pub struct Terms {
    pub manifest: Arc<Manifest>,
    pub selection: Selection,
    pub conflict: Conflict,
}
