//! `sealdrop get`: one file from a classic server, and its end as exit code.

use super::{
    answers,
    args::{GetArgs, Global},
    exit::{Exit, Problem},
    send,
    session::Session,
    setup::Setup,
    transfers::Scope,
};
use crate::{
    engine::{
        Restore,
        messages::{Command, FetchRequest},
        new_transfer_id,
    },
    model::{
        conflict::Conflict,
        nearby::Reach,
        transfer::{Direction, TransferKey},
    },
};

/// Fetches, and waits for the end.
pub(super) fn run(global: &Global, arguments: GetArgs) -> Result<Exit, Problem> {
    let GetArgs { from, name, into, existing, limit } = arguments;
    let mut setup = Setup::open(global)?;
    setup.nearby = Reach::Nowhere;
    setup.settings.receive_limit = limit.or(setup.settings.receive_limit);
    let folder = into.unwrap_or_else(|| setup.settings.receive_folder.clone());
    // Only fetches: an open window on the same profile goes on with its own.
    let mut session = Session::start(setup, global.json, None, Restore::Nothing)?;
    if answers::orders_can_come(global.json) {
        let lines = answers::lines().map_err(|error| Problem::failed(format!("no orders can be read: {error}")))?;
        session.hear_lines(lines);
    }
    let id = new_transfer_id();
    let key = TransferKey { id, direction: Direction::Incoming };
    session.transfers.set_scope(Scope::One(key));
    let conflict = existing.map(Conflict::from).unwrap_or_default();
    let (Some(to), also) = (from.first().cloned(), from.also().to_vec()) else { return Ok(Exit::Usage) };
    session.say(Command::Fetch(FetchRequest { id, to, also, name, folder, conflict }));
    let exit = send::wait_for_end(&mut session, key);
    session.stop();
    Ok(exit)
}
