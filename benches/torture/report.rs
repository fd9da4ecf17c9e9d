//! What was done and what it cost, as a table.

use std::{fmt, time::Duration};

/// Counts over all rounds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) rounds: u64,
    pub(crate) sender_kills: u64,
    pub(crate) receiver_kills: u64,
    pub(crate) cuts: u64,
    pub(crate) half_cuts: u64,
    pub(crate) stalls: u64,
    pub(crate) sealed_flips: u64,
    pub(crate) classic_flips: u64,
    pub(crate) full_disks: u64,
    /// Rounds over a small disk that could not be had here.
    pub(crate) skipped: u64,
    /// Looks at everything that stands there.
    pub(crate) checks: u64,
    /// Of what was sent: the trees, once.
    pub(crate) tree_bytes: u64,
    /// What went from senders to receivers beyond that and the frames.
    pub(crate) again: u64,
    /// The most that one interruption can have cost, as far as can be told from outside.
    pub(crate) again_worst: u64,
    /// What frames, names and greetings cost in rounds without trouble, in thousandths of the tree.
    pub(crate) calm_overhead: u64,
    /// Senders that ended by themselves and were started again.
    pub(crate) gave_up: u64,
    /// Offers that were made anew, because nothing of them had been agreed on before.
    pub(crate) new_offers: u64,
    pub(crate) took: Duration,
}

impl Tally {
    pub(crate) fn kills(&self) -> u64 {
        self.sender_kills + self.receiver_kills
    }

    /// One line about what has come since `before`.
    pub(crate) fn since(&self, before: &Self) -> String {
        format!(
            "{} kills, {} cuts, {} stalls, {} flips, {} full; {:.1} of {:.1} MB sent again, {:.1} s",
            self.kills() - before.kills(),
            self.cuts + self.half_cuts - before.cuts - before.half_cuts,
            self.stalls - before.stalls,
            self.sealed_flips + self.classic_flips - before.sealed_flips - before.classic_flips,
            self.full_disks - before.full_disks,
            mb(self.again - before.again),
            mb(self.tree_bytes - before.tree_bytes),
            self.took.saturating_sub(before.took).as_secs_f64(),
        )
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = [
            ("rounds", self.rounds.to_string()),
            ("kills", self.kills().to_string()),
            ("  of the sender", self.sender_kills.to_string()),
            ("  of the receiver", self.receiver_kills.to_string()),
            ("cuts, both ways", self.cuts.to_string()),
            ("cuts, one end goes on seeing it", self.half_cuts.to_string()),
            ("stalls", self.stalls.to_string()),
            ("bits flipped below TLS", self.sealed_flips.to_string()),
            ("bits flipped in the plain protocol", self.classic_flips.to_string()),
            ("full disks", self.full_disks.to_string()),
            ("full disks skipped (not root)", self.skipped.to_string()),
            ("looks at the disk", self.checks.to_string()),
            ("senders that gave up", self.gave_up.to_string()),
            ("offers made anew", self.new_offers.to_string()),
            ("MB in all trees", format!("{:.1}", mb(self.tree_bytes))),
            ("MB sent again, total", format!("{:.1}", mb(self.again))),
            ("MB sent again, worst", format!("{:.1}", mb(self.again_worst))),
            ("frames, thousandths of the tree", self.calm_overhead.to_string()),
            ("seconds", format!("{:.1}", self.took.as_secs_f64())),
        ];
        rows.iter().try_for_each(|(name, value)| writeln!(f, "{name:<36}{value:>12}"))
    }
}

pub(crate) fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
