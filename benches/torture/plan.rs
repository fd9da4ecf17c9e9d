//! What a round does to the two programs, and when.

use std::time::Duration;

use super::random::Random;

/// What kind of trouble a round is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// None at all: what it costs without.
    Calm,
    /// Kills, cuts, stalls and flipped bits.
    Rough,
    /// Cuts, stalls and flipped bits: both programs live.
    Broken,
    /// The disk of the receiver fills up.
    Full,
    /// The plain protocol, with flipped bits.
    Classic,
}

impl Kind {
    /// After so many rounds it begins again.
    pub(crate) const PATTERN: u64 = 8;

    pub(crate) fn of(round: u64) -> Self {
        match round % Self::PATTERN {
            0 => Self::Calm,
            2 => Self::Classic,
            4 => Self::Full,
            6 => Self::Broken,
            _ => Self::Rough,
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Calm, Self::Rough, Self::Broken, Self::Full, Self::Classic]
            .into_iter()
            .find(|kind| format!("{kind:?}").to_lowercase() == word)
    }

    /// Whether programs have to go on after their connection ended, one way or the other.
    pub(crate) fn kills(self) -> bool {
        matches!(self, Self::Rough | Self::Broken | Self::Full)
    }
}

/// Which programs are meant, or which end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whom {
    Sender,
    Receiver,
    Both,
}

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// From the sender to the receiver.
    Up,
    Down,
}

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blow {
    Kill(Whom),
    /// The connection ends, for one end of it or for both; the other end goes on seeing a silent one.
    Cut(Whom),
    /// Nothing goes through for a while; then it goes on.
    Stall(Duration),
    /// One bit changes.
    Flip(Way),
    /// The receiver's disk is full, and has room again after a while; meanwhile perhaps somebody is killed.
    Fill(Duration, Option<Whom>),
}

/// When: after so many more bytes, or after so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Bytes(u64),
    Time(Duration),
}

/// The blows of a round over a tree of `bytes`, each with the moment since the one before.
pub(crate) fn blows(random: &mut Random, kind: Kind, bytes: u64) -> Vec<(When, Blow)> {
    let number = match kind {
        Kind::Calm | Kind::Classic => 0,
        Kind::Full => 1,
        Kind::Broken => random.between(3, 7),
        Kind::Rough => random.between(4, 9),
    };
    (0..number).map(|_| (when(random, kind, bytes / (number + 1)), blow(random, kind))).collect()
}

fn when(random: &mut Random, kind: Kind, share: u64) -> When {
    // The rest are for those who have only just been started: greeting, checking what is there.
    if kind == Kind::Full || random.chance(70) {
        When::Bytes(random.between(0, share * 3 / 2))
    } else {
        When::Time(Duration::from_millis(random.between(0, 700)))
    }
}

fn blow(random: &mut Random, kind: Kind) -> Blow {
    let whom = |random: &mut Random| match random.between(0, 5) {
        0 | 1 => Whom::Sender,
        2 | 3 => Whom::Receiver,
        _ => Whom::Both,
    };
    if kind == Kind::Full {
        let hold = Duration::from_millis(random.between(200, 1500));
        let killed = random.chance(50).then(|| whom(random));
        return Blow::Fill(hold, killed);
    }
    if kind == Kind::Rough && random.chance(70) {
        return Blow::Kill(whom(random));
    }
    match random.between(0, 10) {
        0..4 => Blow::Cut(whom(random)),
        4..6 => Blow::Stall(Duration::from_millis(random.between(300, 3000))),
        _ => Blow::Flip(if random.chance(70) { Way::Up } else { Way::Down }),
    }
}
