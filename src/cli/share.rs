//! `sealdrop share`: lets others download from one folder, and takes nothing, until it is told to end.

use std::path::Path;

use super::{
    args::{Global, ShareArgs},
    exit::{Exit, Problem},
    session::{Heard, Session},
    setup::Setup,
    show,
};
use crate::{
    engine::{Restore, messages::Command},
    model::{
        nearby::Reach,
        reason::{Reason, ReasonCode},
    },
    storage::shared_folder::{Caution, caution},
};

/// Shares until an interrupt. An open window on the same profile may go on beside it, so the profile's lock is left to that.
pub(super) fn run(global: &Global, arguments: ShareArgs) -> Result<Exit, Problem> {
    let mut setup = Setup::open(global)?;
    setup.nearby = Reach::Nowhere;
    let ShareArgs { folder, limit } = arguments;
    setup.settings.send_limit = limit.or(setup.settings.send_limit);
    setup.settings.shared_folder = Some(folder.clone());
    setup.only_shares = true;
    warn_of(&folder);
    let port = global.port.unwrap_or(setup.settings.port);
    let mut session = Session::start(setup, global.json, Some(port), Restore::Nothing)?;
    session.show.sharing(&folder);
    let exit = serve(&mut session, global.port.is_none());
    session.stop();
    exit
}

/// `may_move`: any port will do when the usual one is taken, as it is by an open window.
pub(super) fn serve(session: &mut Session, mut may_move: bool) -> Result<Exit, Problem> {
    loop {
        match session.next(None) {
            Heard::Interrupted => return Ok(Exit::Cancelled),
            Heard::NotListening(port, reason)
                if std::mem::take(&mut may_move) && reason.code == ReasonCode::PortInUse =>
            {
                session.show.complain(&format!("port {port} is taken, so another one is used"));
                session.say(Command::Listen { port: 0 });
            }
            Heard::NotListening(port, reason) => return Err(not_listening(port, &reason)),
            Heard::Stopped => return Err(Problem::failed("the engine stopped unexpectedly")),
            _ => {}
        }
    }
}

fn not_listening(port: u16, reason: &Reason) -> Problem {
    Problem::failed(format!("port {port} cannot be listened on: {}", show::sentence(reason)))
}

fn warn_of(folder: &Path) {
    let what = match caution(folder) {
        Some(Caution::Home) => "all that is in the home folder",
        Some(Caution::Everything) => "the whole disk",
        None => return,
    };
    show::complain(&format!("WARNING: this shares {what} with everybody on the network; better choose a folder in it"));
}
