//! The lines of `--json`: one object each on standard output, in the shapes that scripts rely on.

use std::{
    borrow::Cow,
    collections::HashMap,
    fmt::Display,
    io::Write,
    net::{IpAddr, SocketAddr},
    path::Path,
    time::{Duration, Instant},
};

use serde::{Serialize, Serializer};

use super::{
    show::{self, Show, is_failure, sentence},
    standing::{By, Standing, State},
};
use crate::{
    engine::messages::{ComparisonSnapshot, ComparisonState, IncomingOffer, KeyWarning},
    model::{
        book::{KnownDevice, Rule},
        device::Peer,
        device_key::DeviceKey,
        manifest::Entry,
        outcome::{Ending, FileEnd, FileState, Outcome},
        reason::Reason,
        seal::Md5Digest,
        short_code::ShortCode,
        transfer::{Direction, TransferId, TransferKey, TransferSnapshot},
    },
    storage::sources::LeftOut,
};

/// At most 20 figures a second of one transfer.
const MIN_GAP: Duration = Duration::from_millis(50);

/// No more bytes than this wait until nothing follows.
const MOST_GATHERED: usize = 16 << 10;

/// One line, with its fields in the order of the documentation.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line<'a> {
    Code {
        transfer: String,
        code: String,
    },
    Compare {
        transfer: String,
        from: From<'a>,
    },
    /// A comparison is over without a code.
    CompareEnded {
        transfer: String,
        reason: String,
    },
    Device {
        name: &'a str,
        key: Option<String>,
        verified: bool,
        rule: &'static str,
        folder: Option<String>,
        addresses: Vec<String>,
        last_used: u64,
    },
    /// Somebody downloads from the shared folder.
    Download {
        transfer: String,
        to: From<'a>,
        path: String,
        bytes: u64,
    },
    Identity {
        key: String,
    },
    Listening {
        address: String,
    },
    Offer {
        transfer: String,
        from: From<'a>,
        files: u64,
        bytes: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<&'a str>,
    },
    /// Arrived with what was accepted, or alone.
    Message {
        transfer: String,
        from: From<'a>,
        text: &'a str,
    },
    Progress {
        transfer: String,
        moved: u64,
        total: u64,
    },
    File {
        transfer: Shown<TransferId>,
        path: Shown<&'a dyn Display>,
        saved: Option<Cow<'a, str>>,
        size: u64,
        md5: Option<Shown<Md5Digest>>,
        state: &'static str,
        reason: Option<String>,
    },
    Finished {
        transfer: String,
        outcome: &'static str,
        files: u64,
        bytes: u64,
        seconds: f64,
        reason: Option<String>,
    },
    State {
        transfer: String,
        state: State,
        by: Option<By>,
        reason: Option<&'a str>,
    },
    Restarted {
        transfer: String,
        path: String,
    },
    Warning {
        kind: &'static str,
        name: &'a str,
        expected: String,
        met: String,
        address: &'a str,
    },
}

/// What is written as it is shown, without a text of its own: there may be a million files.
struct Shown<T>(T);

impl<T: Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

/// Who offers, or wants to compare codes.
#[derive(Serialize)]
struct From<'a> {
    name: &'a str,
    address: &'a str,
    verified: bool,
    encrypted: bool,
}

impl<'a> From<'a> {
    fn peer(peer: &'a Peer) -> Self {
        From { name: &peer.name, address: &peer.address, verified: peer.verified, encrypted: peer.encrypted }
    }
}

/// Writes the lines.
#[derive(Default)]
pub(super) struct Json {
    /// When the last figure was told, and which.
    figures: HashMap<TransferKey, (Instant, u64)>,
    /// Lines about files that follow one another closely: they are written together.
    gathered: Vec<u8>,
}

impl Json {
    fn print(&mut self, line: &Line<'_>) {
        self.gather(line);
        self.settle();
    }

    fn gather(&mut self, line: &Line<'_>) {
        // Texts, numbers and switches can always be written.
        serde_json::to_writer(&mut self.gathered, line).ok();
        self.gathered.push(b'\n');
    }
}

impl Show for Json {
    fn settle(&mut self) {
        if self.gathered.is_empty() {
            return;
        }
        let mut out = std::io::stdout().lock();
        // A reader that is gone must not end a transfer; the exit code still tells how it went.
        out.write_all(&self.gathered).and_then(|()| out.flush()).ok();
        self.gathered.clear();
    }

    fn listening(&mut self, address: SocketAddr, _reachable_at: &[IpAddr]) {
        self.print(&Line::Listening { address: address.to_string() });
    }

    fn offered(&mut self, offer: &IncomingOffer) {
        let TransferSnapshot { key, peer, manifest, message, .. } = &offer.snapshot;
        let (files, bytes) = (manifest.files, manifest.bytes);
        let (transfer, from, message) = (key.id.to_string(), From::peer(peer), message.as_deref());
        self.print(&Line::Offer { transfer, from, files, bytes, message });
    }

    fn download(&mut self, snapshot: &TransferSnapshot) {
        let path = snapshot.manifest.entries.first().map(Entry::shown_path).unwrap_or_default();
        let to = From::peer(&snapshot.peer);
        self.print(&Line::Download { transfer: snapshot.key.id.to_string(), to, path, bytes: snapshot.total });
    }

    fn stands(&mut self, snapshot: &TransferSnapshot) {
        let now = Instant::now();
        let told = self.figures.get(&snapshot.key);
        if told.is_none() && snapshot.moved == 0
            || told.is_some_and(|(at, moved)| now.duration_since(*at) < MIN_GAP || *moved == snapshot.moved)
        {
            return;
        }
        self.figures.insert(snapshot.key, (now, snapshot.moved));
        self.print(&Line::Progress {
            transfer: snapshot.key.id.to_string(),
            moved: snapshot.moved,
            total: snapshot.total,
        });
    }

    fn state(&mut self, snapshot: &TransferSnapshot, standing: &Standing) {
        self.print(&state_line(snapshot.key, standing));
    }

    fn started_again(&mut self, snapshot: &TransferSnapshot, index: u32) {
        let Some(entry) = snapshot.manifest.entries.get(index as usize) else { return };
        self.print(&Line::Restarted { transfer: snapshot.key.id.to_string(), path: entry.shown_path() });
    }

    fn left_out(&mut self, snapshot: &TransferSnapshot, left_out: &[LeftOut]) {
        for LeftOut { place, reason, .. } in left_out {
            let state = if is_failure(reason) { FileState::Failed } else { FileState::Skipped };
            self.print(&Line::File {
                transfer: Shown(snapshot.key.id),
                path: Shown(&place.display()),
                saved: None,
                size: 0,
                md5: None,
                state: state.word(),
                reason: Some(sentence(reason)),
            });
        }
    }

    fn file_ended(&mut self, snapshot: &TransferSnapshot, end: &FileEnd) {
        let Some(entry) = snapshot.manifest.entries.get(end.index as usize) else { return };
        // A folder or link that is there needs no line.
        if !entry.is_file() && end.state == FileState::Verified {
            return;
        }
        let saved = end.place.as_deref().filter(|_| is_incoming(snapshot.key));
        self.gather(&Line::File {
            transfer: Shown(snapshot.key.id),
            path: Shown(&entry.path),
            saved: saved.map(Path::to_string_lossy),
            size: entry.size(),
            md5: end.md5.map(Shown),
            state: end.state.word(),
            reason: why(end.reason.as_ref()),
        });
        if self.gathered.len() >= MOST_GATHERED {
            self.settle();
        }
    }

    fn finished(&mut self, snapshot: &TransferSnapshot, ending: &Ending) {
        self.figures.remove(&snapshot.key);
        let arrived = matches!(ending.outcome, Outcome::Partial | Outcome::Unchecked | Outcome::Verified);
        if let Some(text) = snapshot.message.as_deref().filter(|_| arrived && is_incoming(snapshot.key)) {
            let transfer = snapshot.key.id.to_string();
            self.print(&Line::Message { transfer, from: From::peer(&snapshot.peer), text });
        }
        self.print(&Line::Finished {
            transfer: snapshot.key.id.to_string(),
            outcome: ending.outcome.word(),
            files: ending.files,
            bytes: ending.bytes,
            seconds: ending.took.as_secs_f64(),
            reason: why(ending.reason.as_ref()),
        });
    }

    fn identity(&mut self, key: &DeviceKey) {
        self.print(&Line::Identity { key: key.to_string() });
    }

    fn code(&mut self, snapshot: &TransferSnapshot, code: ShortCode) {
        self.print(&code_line(snapshot.key, code));
    }

    fn comparison(&mut self, comparison: &ComparisonSnapshot) {
        if let Some(line) = comparison_line(comparison) {
            self.print(&line);
        }
    }

    fn verified(&mut self, device: &KnownDevice) {
        self.print(&device_line(device));
    }

    fn wrong_key(&mut self, warning: &KeyWarning) {
        self.print(&warning_line(warning));
        self.complain(&show::wrong_key(warning));
    }
}

/// The line of one device of the book.
pub(super) fn device(device: &KnownDevice) -> String {
    written(&device_line(device))
}

fn is_incoming(key: TransferKey) -> bool {
    key.direction == Direction::Incoming
}

fn state_line(key: TransferKey, standing: &Standing) -> Line<'_> {
    let Standing { state, by, reason } = standing;
    Line::State { transfer: key.id.to_string(), state: *state, by: *by, reason: reason.as_deref() }
}

fn code_line(key: TransferKey, code: ShortCode) -> Line<'static> {
    Line::Code { transfer: key.id.to_string(), code: code.to_string() }
}

fn comparison_line(comparison: &ComparisonSnapshot) -> Option<Line<'_>> {
    let ComparisonSnapshot { key, peer, state } = comparison;
    match state {
        ComparisonState::Waiting if is_incoming(*key) => {
            Some(Line::Compare { transfer: key.id.to_string(), from: From::peer(peer) })
        }
        ComparisonState::Connecting | ComparisonState::Waiting => None,
        ComparisonState::Code(code) => Some(code_line(*key, *code)),
        ComparisonState::Ended(reason) => {
            Some(Line::CompareEnded { transfer: key.id.to_string(), reason: sentence(reason) })
        }
    }
}

fn device_line(device: &KnownDevice) -> Line<'_> {
    let (rule, folder) = match device.trusted.as_ref().map(|trusted| &trusted.rule) {
        Some(Rule::Accept(folder)) => ("accept", Some(text(folder))),
        Some(Rule::Block) => ("block", None),
        // Strangers can only ask.
        Some(Rule::Ask) | None => ("ask", None),
    };
    Line::Device {
        name: &device.name,
        key: device.key().map(|key| key.to_string()),
        verified: device.trusted.is_some(),
        rule,
        folder,
        addresses: device.addresses.iter().map(ToString::to_string).collect(),
        last_used: device.last_used,
    }
}

fn warning_line(warning: &KeyWarning) -> Line<'_> {
    Line::Warning {
        kind: "wrong_key",
        name: &warning.name,
        expected: warning.expected.to_string(),
        met: warning.met.to_string(),
        address: &warning.address,
    }
}

fn why(reason: Option<&Reason>) -> Option<String> {
    reason.map(sentence)
}

/// JSON has no bytes that are not Unicode.
fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn written(line: &Line<'_>) -> String {
    // Texts, numbers and switches can always be written.
    serde_json::to_string(line).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{book::Trusted, reason::ReasonCode};

    const ID: &str = "07070707070707070707070707070707";

    fn comparison(direction: Direction, state: ComparisonState) -> ComparisonSnapshot {
        let key = TransferKey { id: TransferId([7; 16]), direction };
        ComparisonSnapshot { key, peer: Peer::at("10.0.0.1:5".to_owned(), false), state }
    }

    fn of_comparison(direction: Direction, state: ComparisonState) -> Option<String> {
        comparison_line(&comparison(direction, state)).map(|line| written(&line))
    }

    #[test]
    fn comparisons_have_lines_for_what_a_script_has_to_answer() {
        use ComparisonState as State;
        let from = r#"{"name":"10.0.0.1:5","address":"10.0.0.1:5","verified":false,"encrypted":false}"#;
        let compare = format!(r#"{{"event":"compare","transfer":"{ID}","from":{from}}}"#);
        assert_eq!(of_comparison(Direction::Incoming, State::Waiting), Some(compare));
        let code = format!(r#"{{"event":"code","transfer":"{ID}","code":"000042"}}"#);
        for direction in [Direction::Incoming, Direction::Outgoing] {
            assert_eq!(of_comparison(direction, State::Code(ShortCode::from_number(42))).as_ref(), Some(&code));
            assert_eq!(of_comparison(direction, State::Connecting), None);
        }
        assert_eq!(of_comparison(Direction::Outgoing, State::Waiting), None);
        let reason = Reason::there(ReasonCode::Cancelled, None);
        let ended =
            format!(r#"{{"event":"compare_ended","transfer":"{ID}","reason":"Cancelled on the other device"}}"#);
        assert_eq!(of_comparison(Direction::Incoming, State::Ended(reason)), Some(ended));
    }

    #[test]
    fn states_have_lines() {
        let key = TransferKey { id: TransferId([7; 16]), direction: Direction::Incoming };
        let line = |standing| written(&state_line(key, &standing));
        let paused = Standing { state: State::Paused, by: Some(By::There), reason: Some("full".to_owned()) };
        let start = format!(r#"{{"event":"state","transfer":"{ID}","state":"#);
        assert_eq!(line(paused), format!(r#"{start}"paused","by":"there","reason":"full"}}"#));
        for (state, word) in [
            (State::Queued, "queued"),
            (State::Checking, "checking"),
            (State::Moving, "moving"),
            (State::Reconnecting, "reconnecting"),
            (State::Interrupted, "interrupted"),
        ] {
            let plain = Standing { state, by: None, reason: None };
            assert_eq!(line(plain), format!(r#"{start}"{word}","by":null,"reason":null}}"#));
        }
    }

    #[test]
    fn devices_have_lines() {
        let mut known = KnownDevice::at("laptop".parse().unwrap(), "Laptop".to_owned(), false, 12);
        let rest = r#""addresses":["laptop:9527"],"last_used":12}"#;
        let start = r#"{"event":"device","name":"Laptop","key":"#;
        assert_eq!(device(&known), format!(r#"{start}null,"verified":false,"rule":"ask","folder":null,{rest}"#));
        let key = DeviceKey([0xab; 32]);
        for (rule, written) in [
            (Rule::Ask, r#""ask","folder":null"#),
            (Rule::Block, r#""block","folder":null"#),
            (Rule::Accept("/srv".into()), r#""accept","folder":"/srv""#),
        ] {
            known.trusted = Some(Trusted { key, since: 0, rule, conflict: None });
            assert_eq!(device(&known), format!(r#"{start}"{key}","verified":true,"rule":{written},{rest}"#));
        }
    }

    #[test]
    fn another_key_has_a_line() {
        let (expected, met) = (DeviceKey([1; 32]), DeviceKey([2; 32]));
        let (name, address) = ("Laptop".to_owned(), "10.0.0.1:5".to_owned());
        let warning = KeyWarning { name, expected, met, met_name: None, address, direction: Direction::Outgoing };
        let start = r#"{"event":"warning","kind":"wrong_key","name":"Laptop","#;
        let line = format!(r#"{start}"expected":"{expected}","met":"{met}","address":"10.0.0.1:5"}}"#);
        assert_eq!(written(&warning_line(&warning)), line);
    }
}
