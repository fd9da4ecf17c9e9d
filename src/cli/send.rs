//! `sealdrop send`: one transfer to one device, and its end as exit code.

use std::{
    io::Read,
    path::PathBuf,
    time::{Duration, Instant},
};

use super::{
    answers::{self, Line},
    args::{FROM_STDIN, Global, SendArgs},
    exit::{Exit, Problem},
    nearby,
    recipient::{self, Recipient},
    session::{Heard, STOP_LIMIT, Session},
    setup::Setup,
    show,
    transfers::Scope,
};
use crate::{
    engine::{
        Restore,
        messages::{Command, SendRequest, Wait, What},
        new_transfer_id,
    },
    model::{
        message::{self, MAX_MESSAGE_BYTES},
        nearby::Reach,
        reason::Reason,
        transfer::{Direction, TransferKey},
    },
};

/// What earlier runs have left is known within this time, or the disk hangs.
const RESTORE_LIMIT: Duration = Duration::from_secs(10);

/// A text that is much longer than a message is not read to its end.
const MOST_OF_STDIN: u64 = 4 * MAX_MESSAGE_BYTES as u64;

/// Sends, and waits for the end.
pub(super) fn run(global: &Global, mut arguments: SendArgs) -> Result<Exit, Problem> {
    let reads_message = arguments.message.as_deref() == Some(FROM_STDIN);
    if reads_message {
        arguments.message = Some(read_message(std::io::stdin().lock())?);
    }
    // Who listens can be called back after a break, wherever the other side has gone meanwhile.
    let (mut setup, _lock) = match global.port {
        Some(_) => Setup::claim(global).map(|(setup, lock)| (setup, Some(lock)))?,
        None => (Setup::open(global)?, None),
    };
    // It only sends: whom to, is known by now.
    setup.nearby = Reach::Nowhere;
    setup.settings.send_limit = arguments.limit.or(setup.settings.send_limit);
    let recipient = if arguments.classic {
        recipient::find(&arguments.to, &setup.profile)?
    } else {
        nearby::find(&arguments.to, global, &setup.profile)?
    };
    let request = request(arguments, recipient)?;
    let restore = Restore::Same(Box::new(request.clone()));
    let mut session = Session::start(setup, global.json, global.port, restore)?;
    if !reads_message && answers::orders_can_come(global.json) {
        let lines = answers::lines().map_err(|error| Problem::failed(format!("no orders can be read: {error}")))?;
        session.hear_lines(lines);
    }
    let exit = carry_out(&mut session, request);
    session.stop();
    Ok(exit)
}

/// Begins, or goes on with what the same command began before, and waits for the end.
pub(super) fn carry_out(session: &mut Session, request: SendRequest) -> Exit {
    session.transfers.set_scope(Scope::Nothing);
    let until = Instant::now() + RESTORE_LIMIT;
    loop {
        match session.next(Some(until)) {
            Heard::Interrupted => return Exit::Cancelled,
            Heard::Stopped => return Exit::Failed,
            Heard::NotListening(port, reason) => show::complain(&not_called_back(port, &reason)),
            // Behind a disk that hangs nothing is found; sending still may work.
            Heard::Restored | Heard::TimeOver => break,
            Heard::Line(Some(line)) => obey(session, &line),
            _ => {}
        }
    }
    // Others of the profile have not been taken up.
    let kept = session.transfers.left_over(Direction::Outgoing);
    let key = kept.unwrap_or(TransferKey { id: request.id, direction: Direction::Outgoing });
    session.attend_to(key);
    session.say(if kept.is_some() { Command::Resume(key) } else { Command::Send(request) });
    wait_for_end(session, key)
}

fn request(arguments: SendArgs, recipient: Recipient) -> Result<SendRequest, Problem> {
    let SendArgs { to: _, paths, classic, message, limit: _, wait } = arguments;
    let wait = if wait { Wait::WhileAway } else { Wait::No };
    let Recipient { to, also, expect } = recipient;
    if classic && expect.is_some() {
        return Err(Problem::usage(
            "a verified device, or a link with a key, is not sent to over the plain protocol; --classic needs a host",
        ));
    }
    let paths = paths.into_iter().map(from_here).collect();
    let (id, what) = (new_transfer_id(), What::Paths(paths));
    Ok(SendRequest { id, to, also, expect, classic, what, message, wait })
}

fn read_message(from: impl Read) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    from.take(MOST_OF_STDIN)
        .read_to_end(&mut bytes)
        .map_err(|error| Problem::failed(format!("the message cannot be read: {error}")))?;
    if bytes.len() as u64 >= MOST_OF_STDIN {
        // How long it really is nobody has read.
        return Err(Problem::usage(format!("a message has at most {MAX_MESSAGE_BYTES} bytes; this one has more")));
    }
    let text = String::from_utf8(bytes).map_err(|_not_text| Problem::usage("a message is UTF-8 text"))?;
    message::parse(&text).map_err(|error| Problem::usage(error.to_string()))
}

/// A path that stays true; one that the system cannot complete is reported when it is walked.
fn from_here(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}

pub(super) fn wait_for_end(session: &mut Session, key: TransferKey) -> Exit {
    let mut until = None;
    loop {
        match session.next(until) {
            Heard::Ended(ended, ending) if ended.key == key => return Exit::of(&ending),
            Heard::Interrupted => {
                session.shut_down();
                until = Some(Instant::now() + STOP_LIMIT);
            }
            Heard::Line(Some(line)) => obey(session, &line),
            Heard::NotListening(port, reason) => show::complain(&not_called_back(port, &reason)),
            Heard::Stopped | Heard::TimeOver if until.is_some() => return Exit::Cancelled,
            Heard::Stopped => return Exit::Failed,
            _ => {}
        }
    }
}

fn not_called_back(port: u16, reason: &Reason) -> String {
    format!("port {port} cannot be listened on, so nobody can call back: {}", show::sentence(reason))
}

/// Does what a script says; nothing else comes by standard input here.
fn obey(session: &mut Session, line: &str) {
    if line.is_empty() {
        return;
    }
    let obeyed = answers::parse(line).and_then(|line| match line {
        Line::Order(order) => session.obey(order),
        Line::Answer(_) => Err("no offer waits for an answer".to_owned()),
    });
    if let Err(problem) = obeyed {
        session.show.complain(&answers::not_understood(&problem));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_comes_by_standard_input_as_it_would_by_an_argument() {
        assert_eq!(read_message(&b"one\r\ntwo\n"[..]).unwrap(), "one\ntwo");
        let long = vec![b'x'; MAX_MESSAGE_BYTES + 1];
        for wrong in [&b" \n"[..], b"\xff", &long] {
            assert_eq!(read_message(wrong).unwrap_err().exit, Exit::Usage);
        }
        // A Chinese letter has three bytes: the one at which reading ends may be torn.
        for endless in [&b"x"[..], "文".as_bytes()] {
            let long = endless.repeat(300_000);
            let problem = read_message(&*long).unwrap_err();
            assert_eq!(problem.exit, Exit::Usage);
            assert!(problem.sentence.ends_with("this one has more"), "{}", problem.sentence);
        }
    }
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
            let arguments = SendArgs { to: to.to_owned(), paths, classic, message: None, limit: None, wait: false };
            request(arguments, recipient::resolve(to, std::slice::from_ref(&laptop))?)
        };
        let to_laptop = of("laptop", false).unwrap();
        assert_eq!((to_laptop.to, to_laptop.expect), ("10.0.0.1".parse().unwrap(), Some(key)));
        assert_eq!(of("laptop", true).unwrap_err().exit, Exit::Usage);
        let to_host = of("laptop.local", true).unwrap();
        assert_eq!((to_host.to, to_host.expect, to_host.classic), ("laptop.local".parse().unwrap(), None, true));
    }
}
