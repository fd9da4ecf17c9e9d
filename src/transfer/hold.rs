//! Who holds a transfer: this side tells the other when it begins and ceases to, and remembers what the other says.

use crate::{
    model::reason::{Reason, ReasonCode},
    wire::{
        chunk,
        header::{self, By, Message},
    },
};

use super::{
    lane::{LaneError, Report},
    link::{Held, Link},
};

/// What either side says about standing still.
pub struct Hold {
    /// Which side this is.
    by: By,
    /// What the other side was told last.
    told: Option<Held>,
    /// Why the other side holds the transfer.
    there: Option<Reason>,
}

impl Hold {
    pub fn new(by: By) -> Self {
        Self { by, told: None, there: None }
    }

    /// Tells the peer if this side has begun or ceased to hold the transfer; `in_body`: between two chunks.
    ///
    /// # Errors
    /// The link is over.
    pub fn tell(&mut self, link: &mut impl Link, in_body: bool) -> Result<(), LaneError> {
        let held = link.held();
        if held == self.told {
            return Ok(());
        }
        self.told = held;
        if in_body {
            link.write_all(&chunk::INTERLUDE)?;
        }
        let message = held.map_or(Message::Resume, |held| Message::Pause { by: self.by, reason: reason(held) });
        Ok(header::write_header(link, &message)?)
    }

    /// The peer has said `pause` with this reason, or `resume`.
    pub fn heard(&mut self, reason: Option<Reason>, report: &mut impl Report) {
        if self.there != reason {
            self.there.clone_from(&reason);
            report.held_there(reason);
        }
    }

    /// Whether anybody wants this transfer to stand still.
    pub fn is_held(&self) -> bool {
        self.told.is_some() || self.there.is_some()
    }
}

fn reason(held: Held) -> Reason {
    Reason::bare(match held {
        Held::Person => ReasonCode::Cancelled,
        Held::Turn => ReasonCode::Busy,
    })
}
