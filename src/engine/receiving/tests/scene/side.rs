//! One side of a connection: what can be done to it while it works, what it says, and what came of it.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender};

use crate::{
    engine::cancel::{CancelFlag, HoldFlag},
    model::{
        outcome::{FileEnd, FileState},
        reason::{Reason, ReasonCode},
    },
    transfer::{
        lane::{LaneEnd, Report},
        receive::Tally,
    },
};

use super::LIMIT;

/// What a lane reports.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum Said {
    Moved(u32, u64),
    Ended(FileEnd),
    Finishing,
    Kept(u32, u64),
    Checking(u64, u64),
    Held(Option<ReasonCode>),
    Again(u32),
}

pub(in super::super) struct Teller(pub(in super::super) Sender<Said>);

impl Teller {
    fn say(&self, said: Said) {
        self.0.send(said).unwrap();
    }
}

impl Report for Teller {
    fn moved(&mut self, index: u32, bytes: u64) {
        self.say(Said::Moved(index, bytes));
    }
    fn file_ended(&mut self, end: FileEnd) {
        self.say(Said::Ended(end));
    }
    fn finishing(&mut self) {
        self.say(Said::Finishing);
    }
    fn kept(&mut self, index: u32, bytes: u64) {
        self.say(Said::Kept(index, bytes));
    }
    fn checking(&mut self, done: u64, total: u64) {
        self.say(Said::Checking(done, total));
    }
    fn held_there(&mut self, reason: Option<Reason>) {
        self.say(Said::Held(reason.map(|reason| reason.code)));
    }
    fn started_again(&mut self, index: u32) {
        self.say(Said::Again(index));
    }
}

/// What a test can do to one side while it works, and hear of it.
pub(in super::super) struct Side {
    pub(in super::super) cancel: CancelFlag,
    pub(in super::super) hold: HoldFlag,
    pub(in super::super) said: Receiver<Said>,
    /// What was heard while something else was waited for.
    pub(in super::super) heard: Vec<Said>,
}

impl Side {
    pub(in super::super) fn wait(&mut self, what: &str, is: impl Fn(&Said) -> bool) {
        let deadline = Instant::now() + LIMIT;
        loop {
            let said = self.said.recv_deadline(deadline);
            let said = said.unwrap_or_else(|_| panic!("waited in vain for {what}; heard {:?}", self.heard));
            let found = is(&said);
            self.heard.push(said);
            if found {
                return;
            }
        }
    }

    /// How many bytes have moved so far.
    pub(in super::super) fn moved(&mut self) -> u64 {
        self.heard.extend(self.said.try_iter());
        moved(&self.heard)
    }

    /// Waits until nothing is said for a while; what had moved by then.
    pub(in super::super) fn settles(&mut self, quiet: Duration) -> u64 {
        while let Ok(said) = self.said.recv_timeout(quiet) {
            self.heard.push(said);
        }
        moved(&self.heard)
    }
}

pub(in super::super) fn moved(heard: &[Said]) -> u64 {
    heard.iter().map(|said| if let Said::Moved(_, bytes) = said { *bytes } else { 0 }).sum()
}

/// One connection that is over.
pub(in super::super) struct Ran {
    pub(in super::super) sent: Result<(), Box<LaneEnd>>,
    pub(in super::super) received: Result<Tally, Box<LaneEnd>>,
    pub(in super::super) sender: Vec<Said>,
    pub(in super::super) receiver: Vec<Said>,
    /// Ends of files that the committer told.
    pub(in super::super) committed: Vec<FileEnd>,
    /// Bytes that went from sender to receiver.
    pub(in super::super) bytes: u64,
}

impl Ran {
    pub(in super::super) fn kept(side: &[Said]) -> Vec<(u32, u64)> {
        side.iter().filter_map(|said| if let Said::Kept(i, n) = said { Some((*i, *n)) } else { None }).collect()
    }

    pub(in super::super) fn states(side: &[Said]) -> HashMap<u32, FileState> {
        side.iter()
            .filter_map(|said| if let Said::Ended(end) = said { Some((end.index, end.state)) } else { None })
            .collect()
    }

    /// Both sides came to the end, and nothing failed.
    pub(in super::super) fn is_whole(&self) -> bool {
        self.sent.is_ok() && matches!(self.received, Ok(Tally { failed: 0 }))
    }
}
