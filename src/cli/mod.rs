//! The command line over the engine: the same transfers without a window, for people in a terminal and for scripts.

mod answers;
mod args;
mod bars;
mod book;
mod check;
mod checksum;
mod desk;
mod devices;
mod exit;
mod get;
mod human;
mod interrupt;
mod json;
mod matter;
mod nearby;
mod prompt;
mod ration;
mod receive;
mod recipient;
mod send;
mod session;
mod setup;
mod share;
mod show;
mod standing;
#[cfg(test)]
mod tests;
mod transfers;
mod verify;
mod window;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, error::ErrorKind};

use crate::engine::handles;
use args::{Arguments, Verb};

/// Runs what the arguments of this process ask for.
pub fn main() -> ExitCode {
    handles::make_room();
    let Arguments { global, verb, paths } = Arguments::parse();
    let result = match verb {
        None if global.json => wrong_usage("--json goes with a command such as send or receive"),
        None => return window::open_window(global, paths),
        Some(_) if !paths.is_empty() => wrong_usage("paths go behind the command"),
        Some(Verb::Checksum(_)) if global.json => {
            wrong_usage("checksum prints what md5sum prints: --json is not for it")
        }
        Some(Verb::Checksum(what)) => return checksum::run(&what.paths).into(),
        Some(Verb::Devices(what)) => devices::run(&global, what),
        Some(Verb::Get(what)) => get::run(&global, what),
        Some(Verb::Receive(how)) => receive::run(&global, how),
        Some(Verb::Send(what)) => send::run(&global, what),
        Some(Verb::Share(what)) => share::run(&global, what),
        Some(Verb::Verify(whom)) => verify::run(&global, &whom.device),
    };
    result.unwrap_or_else(exit::Problem::report).into()
}

/// Ends the process as the parser of arguments would.
fn wrong_usage(sentence: &str) -> ! {
    Arguments::command().error(ErrorKind::ArgumentConflict, sentence).exit()
}
