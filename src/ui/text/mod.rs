//! Every sentence and number format that a person reads, in the window and on the command line. No drawing here.
//!
//! `Word` names each fixed text; the functions make the ones that carry names or figures. Another language is another
//! column behind the same names.

mod conflicts;
mod figures;
mod history;
mod messages;
pub mod nearby;
mod pauses;
mod reasons;
mod sentences;
mod transfers;
mod trust;
mod words;

pub use conflicts::*;
pub use figures::{count, date, duration, fit, left, percent, rate, size, took};
pub use history::*;
pub use messages::*;
pub use reasons::{explain, one_line};
pub use sentences::*;
pub use transfers::*;
pub use trust::*;
pub use words::Word;
