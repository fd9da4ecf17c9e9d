//! Sealdrop's two ends, which have verified each other.

use std::{
    ffi::OsString,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Stdio},
};

use sealdrop::{
    crypto::identity::Identity,
    model::book::Rule,
    storage::{devices_file, profile::Profile},
};

use super::{
    Medium,
    far::Far,
    process::{Taken, timed, watch},
    work::entries_of,
};

pub(crate) struct Ends {
    /// Of the sender and the receiver.
    profiles: [PathBuf; 2],
    /// Where the receiver stands.
    far: Far,
}

impl Ends {
    pub(crate) fn new(home: &Path, far: Far) -> Self {
        let places = ["sender", "receiver"].map(|name| home.join(name));
        let profiles = places.each_ref().map(|place| Profile::open(Some(place.clone())).expect("a profile"));
        let keys = profiles.each_ref().map(|profile| Identity::open(profile).expect("a key").key());
        for ((profile, other), name) in profiles.iter().zip(keys.iter().rev()).zip(["Receiver", "Sender"]) {
            devices_file::change(profile, |book| book.verify(*other, name, None, 1)).expect("a device book");
        }
        Self { profiles: places, far }
    }

    pub(crate) fn run(&self, source: &Path, into: &Path, medium: &Medium) -> Taken {
        let into_text = into.to_str().expect("a path in UTF-8");
        let words =
            ["--port", "0", "receive", "--once", "--visible", "nobody", "--accept", "verified", "--into", into_text];
        let mut receiver = self.start(1, self.far, &words);
        let mut lines = BufReader::new(receiver.stdout.take().expect("a pipe"));
        let port = port(&mut lines);
        drain(lines);
        let mut ends = None;
        let seconds = timed(medium, into, || {
            let mut sender = self.send(source, self.far, port);
            ends = Some(watch([&mut sender, &mut receiver]));
        });
        Taken { seconds, ends }
    }

    /// Sends all that is in a folder.
    pub(crate) fn send(&self, source: &Path, far: Far, port: u16) -> Child {
        let to = format!("{}:{port}", far.address);
        let paths = entries_of(source);
        let mut words = vec!["send", "--to", &to];
        words.extend(paths.iter().map(|path| path.to_str().expect("a path in UTF-8")));
        let mut sender = self.start(0, Far::beside(), &words);
        drain(sender.stdout.take().expect("a pipe"));
        sender
    }

    pub(crate) fn receiver(&self) -> &Path {
        &self.profiles[1]
    }

    /// The receiver takes what the sender sends into this folder, without asking.
    pub(crate) fn accept_into(&self, into: &Path) {
        let [sender, receiver] = self.profiles.each_ref().map(|place| Profile::open(Some(place.clone())));
        let key = Identity::open(&sender.expect("a profile")).expect("a key").key();
        let receiver = receiver.expect("a profile");
        let rule = Rule::Accept(into.to_owned());
        devices_file::change(&receiver, |book| assert!(book.set_rule(key, rule), "it is verified"))
            .expect("a device book");
    }

    fn start(&self, end: usize, place: Far, words: &[&str]) -> Child {
        let mut command = place.command(program());
        command.arg("--json").arg("--profile").arg(&self.profiles[end]).args(words);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a program")
    }
}

/// The `sealdrop` that is measured.
pub(crate) fn program() -> OsString {
    std::env::var_os("COMPARE_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_sealdrop").into())
}

/// Where the receiver listens, from its first line.
fn port(lines: &mut impl BufRead) -> u16 {
    let mut line = String::new();
    while !line.contains("\"listening\"") {
        line.clear();
        assert!(lines.read_line(&mut line).expect("a line") > 0, "the receiver does not listen");
    }
    let heard: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    let address = heard["address"].as_str().unwrap_or_default();
    address.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port")
}

/// Takes all that it says, so that it need not wait.
fn drain(mut from: impl Read + Send + 'static) {
    let drain = move || std::io::copy(&mut from, &mut std::io::sink()).ok();
    std::thread::Builder::new().spawn(drain).expect("a thread");
}
