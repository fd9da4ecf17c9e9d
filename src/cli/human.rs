//! Words for a person: a line for each file, a sentence at the end, and bars on a terminal.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
    io::Write,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::{
    bars::Bars,
    prompt,
    ration::{self, Ration},
    show::{self, Show, clean, clean_path, count, is_failure, key_beginning, sentence},
    standing::{By, Standing, State},
};
use crate::{
    engine::messages::{ComparisonSnapshot, ComparisonState, IncomingOffer},
    model::{
        book::KnownDevice,
        device::Peer,
        device_key::DeviceKey,
        outcome::{Ending, FileEnd, FileState, Outcome},
        reason::Reason,
        seal::Md5Digest,
        short_code::ShortCode,
        transfer::{Direction, Stage, TransferKey, TransferSnapshot},
    },
    storage::sources::LeftOut,
    ui::text::{duration, percent, size},
};

/// Files that arrived are named up to this number; those that did not always are.
const MAX_FILE_LINES: u64 = 100;

/// Writes lines to standard output, complaints and bars to standard error.
pub(super) struct Human {
    bars: Option<Bars>,
    /// What the question on the last line is about, and how it is put again.
    asking: Option<(TransferKey, &'static str)>,
    told: HashMap<TransferKey, Told>,
    downloads: Ration,
    /// Downloads that go on and are not listed.
    unlisted: HashSet<TransferKey>,
}

/// What was said of one transfer.
#[derive(Default)]
struct Told {
    /// Files that arrived.
    lines: u64,
    /// The last of them: its seal and, received, where it is.
    seal: Option<Md5Digest>,
    place: Option<PathBuf>,
    /// The message that came with it.
    message: bool,
    /// That its person has to answer.
    waiting: bool,
    /// How it stood last, of that what is told in lines.
    state: Option<State>,
    /// When it will be connected again, and how that was put.
    next_try: Option<(Instant, String)>,
}

impl Human {
    pub(super) fn new(with_bars: bool) -> Self {
        let downloads = Ration::new(ration::DOWNLOADS);
        let (told, unlisted) = (HashMap::new(), HashSet::new());
        Self { bars: with_bars.then(Bars::new), asking: None, told, downloads, unlisted }
    }

    fn print(&self, line: &str) {
        self.aside(|| {
            let mut out = std::io::stdout().lock();
            // A reader that is gone must not end a transfer; the exit code still tells how it went.
            writeln!(out, "{line}").and_then(|()| out.flush()).ok();
        });
    }

    /// Says when a lost connection is tried again, unless that was put just so before.
    fn reconnecting(&mut self, snapshot: &TransferSnapshot) {
        let Stage::Reconnecting { reason, next_try: Some(at) } = &snapshot.stage else { return };
        let told = self.told.entry(snapshot.key).or_default();
        if told.next_try.as_ref().is_some_and(|(told_at, _)| told_at == at) {
            return;
        }
        let line = reconnecting_line(&snapshot.peer, reason, at.saturating_duration_since(Instant::now()));
        let before = told.next_try.replace((*at, line.clone()));
        if before.is_none_or(|(_, before)| before != line) {
            self.print(&line);
        }
    }

    /// Tells the message that came with it, once.
    fn message(&mut self, snapshot: &TransferSnapshot) {
        if let Some(text) = snapshot.message.as_ref().filter(|_| snapshot.key.direction == Direction::Incoming)
            && !std::mem::replace(&mut self.told.entry(snapshot.key).or_default().message, true)
        {
            self.print(&prompt::message(text));
        }
    }

    /// Leaves the line of a question whose matter is over.
    fn take_back(&mut self, about: TransferKey) {
        if self.asking.is_some_and(|(asked, _)| asked == about) {
            say_on_stderr("\n");
            self.answered();
        }
    }

    fn aside(&self, write: impl FnOnce()) {
        if let Some((_, again)) = self.asking {
            say_on_stderr("\n");
            write();
            return say_on_stderr(again);
        }
        match &self.bars {
            Some(bars) => bars.aside(write),
            None => write(),
        }
    }
}

impl Show for Human {
    fn listening(&mut self, address: SocketAddr, reachable_at: &[IpAddr]) {
        let port = address.port();
        let mut line = format!("Listening on port {port}");
        for (i, ip) in reachable_at.iter().enumerate() {
            let before = if i == 0 { "; this device can be reached at " } else { ", " };
            write!(line, "{before}{}", SocketAddr::new(*ip, port)).ok();
        }
        self.print(&line);
    }

    fn offered(&mut self, offer: &IncomingOffer) {
        self.print(&prompt::headline(offer));
        self.message(&offer.snapshot);
    }

    fn sharing(&mut self, folder: &Path) {
        let folder = clean_path(folder);
        self.print(&format!("Sharing {folder}: anybody who reaches this device can download from it, not encrypted"));
    }

    fn download(&mut self, snapshot: &TransferSnapshot) {
        let Some(left_out) = self.downloads.one_more(Instant::now()) else {
            self.unlisted.insert(snapshot.key);
            return;
        };
        if left_out > 0 {
            self.print(&format!("{} not listed", count(left_out, "more download is", "more downloads are")));
        }
        let path = snapshot.manifest.entries.first().map(|entry| clean(&entry.shown_path())).unwrap_or_default();
        self.print(&format!("{} downloads {path}, {}", clean(&snapshot.peer.name), size(snapshot.total)));
    }

    fn stands(&mut self, snapshot: &TransferSnapshot) {
        self.reconnecting(snapshot);
        if let Some(bars) = &mut self.bars {
            // The question stands in for a bar.
            if (&snapshot.stage, snapshot.key.direction) != (&Stage::Waiting, Direction::Incoming) {
                bars.stands(snapshot);
            }
        } else if (&snapshot.stage, snapshot.key.direction) == (&Stage::Waiting, Direction::Outgoing) {
            let told = self.told.entry(snapshot.key).or_default();
            if !std::mem::replace(&mut told.waiting, true) {
                self.print(&format!("Waiting for {} to accept", clean(&snapshot.peer.name)));
            }
        }
    }

    fn state(&mut self, snapshot: &TransferSnapshot, standing: &Standing) {
        let told = self.told.entry(snapshot.key).or_default();
        let before = told.state.replace(standing.state);
        told.next_try = None;
        // A bar shows what needs no words.
        if let Some(line) = standing_line(snapshot, standing, before, self.bars.is_some()) {
            self.print(&line);
        }
    }

    fn started_again(&mut self, snapshot: &TransferSnapshot, index: u32) {
        let Some(entry) = snapshot.manifest.entries.get(index as usize) else { return };
        self.print(&format!("{} begins again: what was there of it has changed", clean(&entry.shown_path())));
    }

    fn left_out(&mut self, _snapshot: &TransferSnapshot, left_out: &[LeftOut]) {
        for LeftOut { place, reason, .. } in left_out {
            let word = if is_failure(reason) { "failed" } else { "left out" };
            self.complain(&format!("{word}: {}: {}", clean_path(place), sentence(reason)));
        }
    }

    fn file_ended(&mut self, snapshot: &TransferSnapshot, end: &FileEnd) {
        let Some(entry) = snapshot.manifest.entries.get(end.index as usize) else { return };
        if self.unlisted.contains(&snapshot.key) {
            return;
        }
        let path = clean(&entry.shown_path());
        match (&end.state, end.md5) {
            (FileState::Unchecked | FileState::Verified, md5) => {
                if !entry.is_file() {
                    return;
                }
                let told = self.told.entry(snapshot.key).or_default();
                told.lines += 1;
                told.seal = md5;
                told.place.clone_from(&end.place);
                let lines = told.lines;
                if lines <= MAX_FILE_LINES && snapshot.files > 1 {
                    let hex = md5.map(|md5| md5.to_string()).unwrap_or_default();
                    self.print(&format!("{hex}  {path}  {}", end.state.word()));
                } else if lines == MAX_FILE_LINES + 1 {
                    self.print("and more; --json lists them all");
                }
            }
            (state, _) => {
                let why = end.reason.as_ref().map(|reason| format!(": {}", sentence(reason))).unwrap_or_default();
                self.complain(&format!("{}: {path}{why}", state.word()));
            }
        }
    }

    fn finished(&mut self, snapshot: &TransferSnapshot, ending: &Ending) {
        self.take_back(snapshot.key);
        if let Some(bars) = &mut self.bars {
            bars.end(snapshot.key);
        }
        if self.unlisted.remove(&snapshot.key) {
            self.told.remove(&snapshot.key);
            return;
        }
        if matches!(ending.outcome, Outcome::Partial | Outcome::Unchecked | Outcome::Verified) {
            // One that a rule has taken was not told before.
            self.message(snapshot);
        }
        let told = self.told.remove(&snapshot.key).unwrap_or_default();
        match ending.outcome {
            Outcome::Unchecked | Outcome::Verified => self.print(&summary(snapshot, ending)),
            _ => self.complain(&summary(snapshot, ending)),
        }
        if let (Outcome::Unchecked | Outcome::Verified, 1, Some(md5)) = (ending.outcome, ending.files, told.seal) {
            let judged = if ending.outcome == Outcome::Verified { "verified" } else { "not checked" };
            let place = told.place.as_deref().map(clean_path).unwrap_or_default();
            self.print(&format!("MD5 {md5}, {judged}: {place}"));
        }
    }

    fn identity(&mut self, key: &DeviceKey) {
        // Scripts that read words wait for the line before this one, and for nothing else.
        if self.bars.is_some() {
            self.print(&format!("The key of this device begins {}", key_beginning(key)));
        }
    }

    fn code(&mut self, snapshot: &TransferSnapshot, code: ShortCode) {
        // The receiver's question holds it; without a terminal nobody can compare.
        let is_seen = self.bars.is_some() && !matches!(snapshot.stage, Stage::Ended(_));
        if is_seen && snapshot.key.direction == Direction::Outgoing && !snapshot.peer.verified {
            let line = prompt::sender_code(&snapshot.peer, code);
            self.aside(|| say_on_stderr(&line));
        }
    }

    fn comparison(&mut self, comparison: &ComparisonSnapshot) {
        match (&comparison.state, comparison.key.direction) {
            (ComparisonState::Waiting, Direction::Outgoing) => self.print("Waiting for the other screen…"),
            (ComparisonState::Ended(_), _) => self.take_back(comparison.key),
            // The question holds the rest.
            _ => {}
        }
    }

    fn verified(&mut self, device: &KnownDevice) {
        self.print(&format!("{} is verified", clean(&device.name)));
        if let Some(key) = device.key() {
            self.print(&format!("Its key is {}", key.grouped()));
        }
    }

    fn ask(&mut self, about: TransferKey, question: &str, again: &'static str) {
        self.told.entry(about).or_default().message = true;
        if self.asking.replace((about, again)).is_none()
            && let Some(bars) = &mut self.bars
        {
            bars.give_way(true);
        }
        say_on_stderr(question);
    }

    fn answered(&mut self) {
        if self.asking.take().is_some()
            && let Some(bars) = &mut self.bars
        {
            bars.give_way(false);
        }
    }

    fn complain(&mut self, sentence: &str) {
        self.aside(|| show::complain(sentence));
    }
}

/// A line for how a transfer stands; nothing for what goes without saying, or what the bar says.
fn standing_line(
    snapshot: &TransferSnapshot,
    standing: &Standing,
    before: Option<State>,
    has_bar: bool,
) -> Option<String> {
    let peer = clean(&snapshot.peer.name);
    let why = standing.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    match (standing.state, standing.by) {
        (State::Interrupted, _) => Some(interrupted_line(snapshot)),
        (State::Paused, _) if has_bar && standing.reason.is_none() => None,
        (State::Paused, Some(By::There)) => Some(format!("Paused by {peer}{why}")),
        (State::Paused, _) => Some(format!("Paused here{why}")),
        // Said with the time of the next try, as soon as there is one.
        (State::Reconnecting, _) => None,
        _ if has_bar => None,
        (State::Queued, _) => Some(format!("Waiting to send to {peer}{why}")),
        (State::Checking, _) => Some("Checking what is there already".to_owned()),
        (State::Moving, _) => {
            before.is_some_and(|before| before != State::Moving).then(|| format!("Going on with {peer}"))
        }
    }
}

/// `Interrupted: 12 files, 3.4 GB from Laptop, 40 % are there`.
fn interrupted_line(snapshot: &TransferSnapshot) -> String {
    let TransferSnapshot { files, total, moved, .. } = *snapshot;
    let peer = clean(&snapshot.peer.name);
    let preposition = match snapshot.key.direction {
        Direction::Incoming => "from",
        Direction::Outgoing => "to",
    };
    let what = count(files, "file", "files");
    format!("Interrupted: {what}, {} {preposition} {peer}, {} % are there", size(total), percent(moved, total))
}

fn reconnecting_line(peer: &Peer, reason: &Reason, wait: Duration) -> String {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let peer = clean(&peer.name);
    format!("Connecting again to {peer} in {seconds} s: {}", sentence(reason))
}

fn say_on_stderr(text: &str) {
    let mut err = std::io::stderr().lock();
    // Without a terminal nobody answers either.
    write!(err, "{text}").and_then(|()| err.flush()).ok();
}

/// `Sent 12 files, 3.4 MB to Laptop in 1.2 s: all seals verified`.
fn summary(snapshot: &TransferSnapshot, ending: &Ending) -> String {
    let peer = clean(&snapshot.peer.name);
    let (verb, preposition) = match snapshot.key.direction {
        Direction::Incoming => ("Received", "from"),
        Direction::Outgoing => ("Sent", "to"),
    };
    let why = ending.reason.as_ref().map(sentence).unwrap_or_default();
    let but = if why.is_empty() { String::new() } else { format!(". {why}") };
    if ending.outcome == Outcome::Verified && snapshot.manifest.entries.is_empty() {
        return match snapshot.key.direction {
            Direction::Incoming => format!("Received a message from {peer}{but}"),
            Direction::Outgoing => format!("Message delivered to {peer}"),
        };
    }
    let files = count(ending.files, "file", "files");
    let there = match snapshot.kept.min(ending.bytes) {
        0 => String::new(),
        kept => format!(" ({} there already)", size(kept)),
    };
    let arrived = format!("{files}, {} {preposition} {peer} in {}{there}", size(ending.bytes), duration(ending.took));
    match ending.outcome {
        Outcome::Verified => format!("{verb} {arrived}: verified{but}"),
        Outcome::Unchecked if snapshot.key.direction == Direction::Outgoing => {
            format!("Handed over {arrived}: not confirmed by the other side")
        }
        Outcome::Unchecked => format!("{verb} {arrived}: not checked, the sender gave no usable checksum"),
        // Why is not known any more after a restart.
        Outcome::Partial if why.is_empty() => format!("{verb} only {arrived}; the rest failed"),
        Outcome::Partial => format!("{verb} only {arrived}; the rest failed: {why}"),
        Outcome::Cancelled | Outcome::Declined => why,
        // Nothing went wrong: this process was told to end.
        Outcome::Interrupted if ending.reason.is_none() => {
            let again = match snapshot.key.direction {
                Direction::Incoming => "it goes on when files are received again",
                Direction::Outgoing => "the same command goes on with it",
            };
            format!("Interrupted after {arrived}; {again}")
        }
        Outcome::Failed | Outcome::Interrupted if ending.files > 0 => format!("Broke off after {arrived}: {why}"),
        Outcome::Failed | Outcome::Interrupted => format!("Failed: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        manifest::{Entry, EntryKind, Manifest},
        reason::ReasonCode,
        transfer::{Pause, TransferId},
    };

    fn line(stage: Stage, before: Option<State>, has_bar: bool) -> Option<String> {
        let key = TransferKey { id: TransferId([7; 16]), direction: Direction::Incoming };
        let mut snapshot = TransferSnapshot::new(key, Peer::at("Lap\u{202e}top".to_owned(), false), stage, None);
        (snapshot.files, snapshot.total, snapshot.moved) = (12, 3_400_000_000, 1_400_000_000);
        let standing = Standing::of(&snapshot.stage)?;
        standing_line(&snapshot, &standing, before, has_bar)
    }

    #[test]
    fn a_hold_has_its_reason_and_its_figures() {
        let full = Some(Reason::here(ReasonCode::DiskFull, "needs 3.0 GB, 1.0 GB free"));
        let held = || Stage::Paused(Pause { here: false, there: false, reason: full.clone() });
        for has_bar in [false, true] {
            let said = line(held(), None, has_bar).unwrap();
            assert!(said.starts_with("Paused here: Not enough space on this device"), "{said}");
            assert!(said.ends_with("(needs 3.0 GB, 1.0 GB free)"), "{said}");
        }
        let by_person = Stage::Paused(Pause { here: false, there: true, reason: None });
        assert_eq!(line(by_person.clone(), None, false).as_deref(), Some("Paused by Lap\u{fffd}top"));
        assert_eq!(line(by_person, None, true), None);
    }

    #[test]
    fn what_is_all_here_says_so_and_that_the_other_side_may_not() {
        let key = TransferKey { id: TransferId([7; 16]), direction: Direction::Incoming };
        let reason = Some(Reason::bare(ReasonCode::Untold));
        let ending =
            Ending { outcome: Outcome::Verified, reason, files: 2, bytes: 5_000, took: Duration::from_secs(3) };
        let stage = Stage::Ended(ending.clone());
        let mut snapshot = TransferSnapshot::new(key, Peer::at("Laptop".to_owned(), false), stage, None);
        let told = "The other device was gone before it heard that everything is here. Its own screen may say otherwise \
                    until it comes back";
        assert_eq!(summary(&snapshot, &ending), format!("Received a message from Laptop. {told}"));
        let entry = Entry { path: ["a"].into(), kind: EntryKind::File { size: 5 }, mtime: None, exec: false };
        snapshot.manifest = Manifest::from_entries(vec![entry]).unwrap().into();
        assert_eq!(
            summary(&snapshot, &ending),
            format!("Received 2 files, 5.0 kB from Laptop in 3.0 s: verified. {told}")
        );
    }

    #[test]
    fn what_failed_in_an_earlier_run_has_no_reason_and_no_colon() {
        let key = TransferKey { id: TransferId([7; 16]), direction: Direction::Incoming };
        let ending =
            Ending { outcome: Outcome::Partial, reason: None, files: 1, bytes: 5, took: Duration::from_secs(3) };
        let stage = Stage::Ended(ending.clone());
        let snapshot = TransferSnapshot::new(key, Peer::at("Laptop".to_owned(), false), stage, None);
        let said = summary(&snapshot, &ending);
        assert!(said.ends_with(" in 3.0 s; the rest failed"), "{said}");
    }

    #[test]
    fn what_was_interrupted_is_listed_with_what_is_there() {
        let said = line(Stage::Interrupted, None, true).unwrap();
        assert_eq!(said, "Interrupted: 12 files, 3.4 GB from Lap\u{fffd}top, 41 % are there");
    }

    #[test]
    fn going_on_is_said_and_a_beginning_is_not() {
        assert_eq!(line(Stage::Moving, None, false), None);
        assert_eq!(line(Stage::Moving, Some(State::Moving), false), None);
        assert!(line(Stage::Moving, Some(State::Paused), false).unwrap().starts_with("Going on"));
    }

    #[test]
    fn a_wait_is_put_in_whole_seconds() {
        let lost = Reason::bare(ReasonCode::ConnectionLost);
        for (wait, seconds) in [(500, "1 s"), (4_000, "4 s"), (4_001, "5 s")] {
            let said = reconnecting_line(&Peer::at("Laptop".to_owned(), false), &lost, Duration::from_millis(wait));
            assert!(
                said.starts_with(&format!("Connecting again to Laptop in {seconds}: The connection was lost")),
                "{said}"
            );
        }
    }
}
