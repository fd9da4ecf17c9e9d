//! What is known of a transfer that was broken off.

use std::{collections::HashMap, path::PathBuf};

use crate::model::seal::Md5Digest;

/// What a journal says.
#[derive(Debug, Default)]
pub struct Recovered {
    pub done: Vec<Done>,
    pub parts: HashMap<u32, u64>,
    pub paused: bool,
    pub over: bool,
}

/// An entry that stands at its place.
#[derive(Debug)]
pub struct Done {
    pub index: u32,
    pub md5: Option<Md5Digest>,
    pub place: PathBuf,
}
