//! stub
use crate::model::seal::Md5Digest;
use std::{collections::HashMap, path::PathBuf};
#[derive(Clone, Debug, Default)]
pub struct Recovered {
    pub done: Vec<Done>,
    pub parts: HashMap<u32, u64>,
    pub paused: bool,
    pub over: bool,
}
#[derive(Clone, Debug)]
pub struct Done {
    pub index: u32,
    pub md5: Option<Md5Digest>,
    pub place: PathBuf,
}
