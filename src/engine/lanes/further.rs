//! Further connections of a transfer: opened by its sender, and come to its receiver.

use std::{sync::Arc, time::Instant};

use crossbeam_channel::{Sender, bounded};

use crate::{
    engine::{
        call::{Call, Met},
        cancel::CancelFlag,
        link::{Joined, SocketLink},
        threads,
    },
    model::{device::Peer, transfer::TransferKey},
    transfer::{
        greet,
        link::Link,
        spread::{self, Spread},
    },
};

/// A further connection of a sender.
pub struct LaneCame {
    pub key: TransferKey,
    pub link: SocketLink,
    pub peer: Peer,
    pub epoch: u32,
    /// What it is called in bodies.
    pub number: u32,
}

/// How the device at the other end of a transfer is called once more.
pub struct Further {
    /// To the address that it has answered at, and to the key that it has shown there.
    pub call: Call,
    pub epoch: u32,
    /// How many connections of this transfer have broken while further ones stood beside them.
    pub breaks: u32,
}

/// Ends, when it is dropped, all calls that are still under way: their transfer is over, or goes on another way.
pub(super) struct Calling(CancelFlag);

impl Drop for Calling {
    fn drop(&mut self) {
        self.0.suspend();
    }
}

impl Further {
    /// From now on, and until what comes back is dropped, `link` opens as many as help, if they do and this side has called.
    pub(super) fn serve(self, link: &mut SocketLink) -> Option<Calling> {
        let limits = link.limits();
        let spread = link.round_trip().or_else(|| link.least_round_trip()).and_then(|it| Spread::over(it, &limits))?;
        let spread = spread.after_breaks(self.breaks, Instant::now());
        let calling = Calling(self.call.cancel.clone());
        let (joined, joining) = bounded(spread::MOST);
        link.set_joining(joining);
        let has_called = link.round_trip().is_some();
        let this = Arc::new(self);
        let dial: Box<dyn Fn(u32) + Send> = Box::new(move |number| {
            let (this, joined) = (Arc::clone(&this), joined.clone());
            // One that does not come about is not missed.
            threads::spawn("dial", move || this.open(number, &joined)).ok();
        });
        link.set_spread(spread, has_called.then_some(dial));
        Some(calling)
    }

    fn open(&self, number: u32, joined: &Sender<Joined>) {
        let Some(Met { mut link, .. }) = self.call.expect.and_then(|key| self.call.look_for(key).ok()) else { return };
        link.set_deadline(Some(Instant::now() + link.limits().hello));
        if greet::join(&mut link, self.call.key.id, self.epoch, number).is_ok() {
            link.keep_alive();
            // A transfer that is over closes it by dropping it.
            joined.try_send(Joined { number, link, answer: None }).ok();
        }
    }
}
