//! `sealdrop send`: one transfer to one device, and its end as exit code.

use std::path::PathBuf;

use super::{
    args::{Global, SendArgs},
    exit::{Exit, Problem},
    session::{Heard, Session, Setup},
};
use crate::{
    engine::{
        messages::{Command, SendRequest, What},
        new_transfer_id,
    },
    model::transfer::{Direction, TransferKey},
};

/// Sends, and waits for the end.
pub(super) fn run(global: &Global, arguments: SendArgs) -> Result<Exit, Problem> {
    let setup = Setup::open(global)?;
    let mut session = Session::start(setup, global.json, None)?;
    let request = request(arguments);
    let key = TransferKey { id: request.id, direction: Direction::Outgoing };
    session.say(Command::Send(request));
    let exit = wait_for_end(&mut session, key);
    session.stop();
    Ok(exit)
}

fn request(arguments: SendArgs) -> SendRequest {
    let SendArgs { to, paths, classic, message } = arguments;
    let paths = paths.into_iter().map(from_here).collect();
    SendRequest { id: new_transfer_id(), to, expect: None, classic, what: What::Paths(paths), message }
}

/// A path that stays true; one that the system cannot complete is reported when it is walked.
fn from_here(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}

fn wait_for_end(session: &mut Session, key: TransferKey) -> Exit {
    loop {
        match session.next(None) {
            Heard::Ended(ended, ending) if ended == key => return Exit::of(&ending),
            Heard::Interrupted => session.say(Command::Cancel(key)),
            Heard::Stopped => return Exit::Failed,
            Heard::Ended(..) | Heard::Line(_) | Heard::NotListening(..) | Heard::Offered(_) | Heard::TimeOver => {}
        }
    }
}
