//! `sealdrop send`: one transfer to one device, and its end as exit code.

use std::path::PathBuf;

use super::{
    args::{Global, SendArgs},
    exit::{Exit, Problem},
    recipient::{self, Recipient},
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
    let mut setup = Setup::open(global)?;
    setup.settings.send_limit = arguments.limit.or(setup.settings.send_limit);
    let recipient = recipient::find(&arguments.to, &setup.profile)?;
    let request = request(arguments, recipient)?;
    let mut session = Session::start(setup, global.json, None)?;
    let key = TransferKey { id: request.id, direction: Direction::Outgoing };
    session.say(Command::Send(request));
    let exit = wait_for_end(&mut session, key);
    session.stop();
    Ok(exit)
}

fn request(arguments: SendArgs, recipient: Recipient) -> Result<SendRequest, Problem> {
    let SendArgs { to: _, paths, classic, message, limit: _ } = arguments;
    let Recipient { to, expect } = recipient;
    if classic && expect.is_some() {
        return Err(Problem::usage("a verified device is not sent to over the plain protocol; --classic needs a host"));
    }
    let paths = paths.into_iter().map(from_here).collect();
    Ok(SendRequest { id: new_transfer_id(), to, expect, classic, what: What::Paths(paths), message, patient: false })
}

/// A path that stays true; one that the system cannot complete is reported when it is walked.
fn from_here(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}

fn wait_for_end(session: &mut Session, key: TransferKey) -> Exit {
    loop {
        match session.next(None) {
            Heard::Ended(ended, ending) if ended.key == key => return Exit::of(&ending),
            Heard::Interrupted => session.say(Command::Cancel(key)),
            Heard::Stopped => return Exit::Failed,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        book::{KnownDevice, Rule, Trusted},
        device_key::DeviceKey,
    };

    #[test]
    fn a_verified_device_is_sent_to_by_its_key_alone() {
        let mut laptop = KnownDevice::at("10.0.0.1".parse().unwrap(), "Laptop".to_owned(), false, 0);
        let key = DeviceKey([7; 32]);
        laptop.trusted = Some(Trusted { key, since: 0, rule: Rule::Ask, conflict: None });
        let of = |to: &str, classic| {
            let paths = vec!["a".into()];
            let arguments = SendArgs { to: to.to_owned(), paths, classic, message: None, limit: None };
            request(arguments, recipient::resolve(to, std::slice::from_ref(&laptop))?)
        };
        let to_laptop = of("laptop", false).unwrap();
        assert_eq!((to_laptop.to, to_laptop.expect), ("10.0.0.1".parse().unwrap(), Some(key)));
        assert_eq!(of("laptop", true).unwrap_err().exit, Exit::Usage);
        let to_host = of("laptop.local", true).unwrap();
        assert_eq!((to_host.to, to_host.expect, to_host.classic), ("laptop.local".parse().unwrap(), None, true));
    }
}
