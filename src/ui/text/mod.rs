//! Every sentence and number format that a person reads, in the window and on the command line. No drawing here.
//!
//! The texts themselves stand in `resources/translations`, a file for each language, in Fluent's format
//! (<https://projectfluent.org/fluent/guide/>). `Word` names each text that carries nothing; the functions make those that
//! carry names or figures. Which language they speak is a matter of the thread: see `language`.
//!
//! # To add a sentence
//!
//! 1. A text without names or figures: add its name to `words.rs`, and `its-name = Its text` to **every** file of
//!    `resources/translations`. Draw `Word::ItsName.text()`.
//! 2. One with names or figures: write a function here that parses, shortens and formats what it is given, and says
//!    `say!("its-name", device, files = manifest.files)`. In each file the message takes `{ $device }` and `{ $files }`.
//!    Give counts as numbers, so that each language has its own plurals (`{ $files -> [one] … *[other] … }`) and marks;
//!    sizes, times and dates as text from `figures.rs`; a choice between two wordings as a `bool` (`[yes]`, `[no]`).
//! 3. Say whole sentences. What is glued together in code cannot be translated; messages may use other messages
//!    (`{ files }`), which take the same variables.
//!
//! `tests/suite/languages.rs` fails when a language lacks a message, has one that nobody says, or takes other variables
//! than English does; and when a call gives other variables than its message takes.
//!
//! # To add a language
//!
//! Put `resources/translations/<tag>.ftl` there with every message of `en.ftl`; `language-name` is what its speakers call
//! it, and how the settings list it. `build.rs` finds the file; nothing else has to change. A message that is missing is
//! said in English.

mod calls;
mod catalogue;
mod check;
mod conflicts;
mod figures;
mod history;
mod language;
mod messages;
mod nearby;
mod openings;
mod pauses;
mod places;
mod reasons;
mod sentences;
mod sharing;
mod transfers;
mod trust;
mod verify;
mod words;

pub use calls::*;
pub use check::*;
pub use conflicts::*;
pub use figures::{date, date_time, duration, fit, grouped, left, per_cent, percent, rate, size, took};
pub use history::*;
pub use language::Language;
pub use messages::*;
pub use nearby::*;
pub use openings::*;
pub use places::*;
pub use reasons::{explain, one_line};
pub use sentences::*;
pub use sharing::*;
pub use transfers::*;
pub use trust::*;
pub use verify::*;
pub use words::Word;
