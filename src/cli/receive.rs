//! `sealdrop receive`: listens, has each offer answered, and goes on until it is told to end.

use super::{
    answers,
    args::{Accept, Global, ReceiveArgs},
    desk::{Desk, Judge, Wishes},
    exit::{Exit, Problem},
    session::Session,
    setup::Setup,
    show,
};
use crate::{engine::Restore, model::conflict::Conflict};

/// Receives until an interrupt, or with `--once` until the first accepted transfer has ended.
pub(super) fn run(global: &Global, arguments: ReceiveArgs) -> Result<Exit, Problem> {
    let (mut setup, _lock) = Setup::claim(global)?;
    if let Some(into) = arguments.into {
        setup.settings.receive_folder = into;
    }
    setup.settings.receive_limit = arguments.limit.or(setup.settings.receive_limit);
    setup.settings.visibility = arguments.visible.map_or(setup.settings.visibility, Into::into);
    setup.settings.classic &= !arguments.no_classic;
    setup.settings.port = global.port.unwrap_or(setup.settings.port);
    warn_of_the_folder(&setup);
    let port = setup.settings.port;
    let judge = judge(arguments.accept, global.json);
    setup.attended = judge.listens();
    let mut session = Session::start(setup, global.json, Some(port), Restore::Incoming)?;
    if judge.listens() || answers::orders_can_come(global.json) {
        let lines = answers::lines().map_err(|error| Problem::failed(format!("no answers can be read: {error}")))?;
        session.hear_lines(lines);
    }
    let existing = arguments.existing.map(Conflict::from);
    let mut desk = Desk::new(session, judge, Wishes { once: arguments.once, existing });
    let exit = desk.work();
    desk.close();
    exit
}

fn warn_of_the_folder(setup: &Setup) {
    let folder = &setup.settings.receive_folder;
    if !folder.is_dir() {
        show::complain(&format!(
            "the folder to save to is not there: {} (choose another with --into DIR)",
            show::clean_path(folder)
        ));
    }
}

fn judge(accept: Accept, json: bool) -> Judge {
    match accept {
        Accept::All => Judge::All,
        Accept::Verified => Judge::Verified,
        Accept::Ask if json => Judge::Script,
        Accept::Ask if answers::somebody_is_there() => Judge::Person,
        Accept::Ask => {
            show::complain(
                "nobody can be asked here (no terminal), so every offer is declined; see --accept and --json",
            );
            Judge::Nobody
        }
    }
}
