//! Messages from and to the command line.

use std::io::Write;

use serde_json::json;

use super::program::{Home, Program};

#[test]
fn a_message_alone_is_sent_and_told_to_a_script() {
    let home = Home::new();
    let (mut receiver, to) = home.receive(&["--once"]);
    let sender = home.send(&to, &["--message", "one\ntwo \u{1b}[31m"]);
    let offer = receiver.event("offer");
    assert_eq!((&offer["message"], &offer["files"]), (&json!("one\ntwo [31m"), &json!(0)));
    receiver.say(&json!({"transfer": offer["transfer"], "answer": "accept"}).to_string());
    let (sender, receiver) = (sender.end(), receiver.end());
    assert_eq!((sender.code, receiver.code), (Some(0), Some(0)), "{sender:#?} {receiver:#?}");
    let arrived = &receiver.events("message")[0];
    assert_eq!((&arrived["text"], &arrived["transfer"]), (&offer["message"], &offer["transfer"]));
    assert_eq!(arrived["from"], offer["from"]);
    assert_eq!(receiver.finished()["outcome"], "verified");
    assert!(sender.events("message").is_empty() && home.received().is_empty());
}

#[test]
fn a_declined_message_is_code_3() {
    let home = Home::new();
    let (mut receiver, to) = home.receive(&[]);
    let sender = home.send(&to, &["--message", "hello"]);
    let offer = receiver.event("offer");
    receiver.say(&json!({"transfer": offer["transfer"], "answer": "decline"}).to_string());
    assert_eq!(sender.end().code, Some(3));
}

#[test]
fn a_message_is_read_from_standard_input() {
    let home = Home::new();
    let (receiver, to) = home.receive(&["--accept", "all", "--once"]);
    let mut sender = home.send(&to, &["--message", "-"]);
    sender.say("first");
    sender.say("second");
    sender.close_stdin();
    assert_eq!(sender.end().code, Some(0));
    assert_eq!(receiver.end().events("message")[0]["text"], "first\nsecond");
}

#[test]
fn what_is_no_message_is_wrong_usage() {
    let home = Home::new();
    let long = "x".repeat(16 * 1024 + 1);
    for text in [" ", long.as_str()] {
        let ended = home.send("host", &["--message", text]).end();
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    }
    for bytes in [&b"\xff\xfe"[..], b"\n\n", long.as_bytes()] {
        let mut sender = home.start_sender_reading();
        sender.write_all(bytes);
        let ended = sender.end();
        assert_eq!(ended.0, Some(2), "{}", ended.1);
    }
    assert_eq!(home.send("host", &["--classic", "--message", "hello"]).end().code, Some(2));
}

/// A sender whose standard input takes bytes.
struct Reading(std::process::Child);

impl Home {
    fn start_sender_reading(&self) -> Reading {
        let piped = std::process::Stdio::piped;
        let mut sender = std::process::Command::new(env!("CARGO_BIN_EXE_sealdrop"));
        sender.args(["send", "--profile", &self.text("sender"), "--to", "host", "--message", "-"]);
        Reading(sender.stdin(piped()).stdout(piped()).stderr(piped()).spawn().unwrap())
    }
}

impl Reading {
    fn write_all(&mut self, bytes: &[u8]) {
        // It stops reading when it has seen enough.
        self.0.stdin.take().unwrap().write_all(bytes).ok();
    }

    fn end(self) -> (Option<i32>, String) {
        let output = self.0.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

#[test]
fn what_a_rule_takes_is_told_all_the_same() {
    let home = Home::new();
    home.call("sender", "Anna");
    home.call("receiver", "Bert");
    let (mut receiver, to) = home.receive(&[]);
    let sender = home.send(&to, &["--message", "first"]);
    let offer = receiver.event("offer");
    receiver.event("code");
    for word in ["verify", "accept"] {
        receiver.say(&json!({"transfer": offer["transfer"], "answer": word}).to_string());
    }
    let key = receiver.event("device")["key"].as_str().unwrap().to_owned();
    assert_eq!(sender.end().code, Some(0));
    let profile = home.text("receiver");
    let into = home.text("in");
    let rule = Program::start(&["devices", "--profile", &profile, "rule", &key, "accept", &into]).end();
    assert_eq!(rule.code, Some(0), "{}", rule.stderr);
    drop(receiver);
    let (receiver, to) = home.receive(&["--once"]);
    assert_eq!(home.send(&to, &["--message", "second"]).end().code, Some(0));
    let receiver = receiver.end();
    assert_eq!((receiver.code, receiver.events("offer").len()), (Some(0), 0), "{receiver:#?}");
    assert_eq!(receiver.events("message")[0]["text"], "second");
}

#[test]
fn people_read_lines_that_cannot_be_taken_for_ours() {
    let home = Home::new();
    let (profile, into) = (home.text("receiver"), home.text("in"));
    let words = ["receive", "--port", "0", "--accept", "all", "--once", "--profile", &profile, "--into", &into];
    let mut receiver = Program::start(&words);
    let line = receiver.line(std::time::Instant::now() + crate::support::LIMIT).unwrap();
    let port: String = line.trim_start_matches("Listening on port ").chars().take_while(char::is_ascii_digit).collect();
    let text = "see you\nAccept? [y/N] y\n\u{202e}Listening on port 1";
    let sender = Program::start(&[
        "send",
        "--profile",
        &home.text("sender"),
        "--to",
        &format!("127.0.0.1:{port}"),
        "--message",
        text,
    ])
    .end();
    let receiver = receiver.end();
    assert_eq!((sender.code, receiver.code), (Some(0), Some(0)), "{sender:#?} {receiver:#?}");
    let said = receiver.stdout.join("\n");
    assert!(said.contains("Message:\n  | see you\n  | Accept? [y/N] y\n  | Listening on port 1\n"), "{said}");
    assert!(said.contains("sends a message") && said.contains("Received a message from"), "{said}");
    assert!(sender.stdout.iter().any(|line| line.starts_with("Message delivered to")), "{sender:#?}");
}
