//! The book of devices as a script reads and changes it, and what is refused before anything is dialled.

use std::{io::ErrorKind, net::TcpListener};

use serde_json::json;

use super::program::{Ended, Home, Program};

/// `sealdrop devices --json` of a profile.
pub(super) fn devices(home: &Home, profile: &str, more: &[&str]) -> Ended {
    let profile = home.text(profile);
    let mut arguments = vec!["devices", "--json", "--profile", &profile];
    arguments.extend(more);
    Program::start(&arguments).end()
}

#[test]
fn who_was_sent_to_is_listed_until_forgotten() {
    let home = Home::new();
    let file = home.write("abc.txt", b"abc");
    let empty = devices(&home, "sender", &[]);
    assert_eq!((empty.code, empty.stdout), (Some(0), Vec::new()));
    let (receiver, to) = home.receive(&["--accept", "all", "--once"]);
    assert_eq!(home.send(&to, &[&file]).end().code, Some(0));
    assert_eq!(receiver.end().code, Some(0));

    let listed = devices(&home, "sender", &[]);
    let mut device = listed.events("device").remove(0);
    assert!(device["last_used"].as_u64().unwrap() > 1_700_000_000, "{device}");
    device["last_used"] = json!(1);
    let expected = json!({
        "event": "device", "name": device["name"], "key": null, "verified": false, "rule": "ask", "folder": null,
        "addresses": [to], "last_used": 1,
    });
    assert_eq!((listed.code, listed.stdout.len(), device), (Some(0), 1, expected));
    let words = Program::start(&["devices", "--profile", &home.text("sender")]).end();
    assert!(words.stdout[0].contains("not verified") && words.stdout[0].contains(&to), "{words:#?}");

    let rule = devices(&home, "sender", &["rule", &to, "block"]);
    assert_eq!(rule.code, Some(1));
    assert!(rule.stderr.contains("sealdrop verify"), "{}", rule.stderr);
    let unknown = devices(&home, "sender", &["forget", "10.255.0.1"]);
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.stderr.contains("no device is known as"), "{}", unknown.stderr);
    assert_eq!(devices(&home, "sender", &["forget", &to]).code, Some(0));
    assert_eq!(devices(&home, "sender", &[]).stdout, Vec::<String>::new());
}

#[test]
fn strangers_are_declined_where_only_verified_devices_are_taken() {
    let home = Home::new();
    let file = home.write("abc.txt", b"abc");
    let (receiver, to) = home.receive(&["--accept", "verified"]);
    let sender = home.send(&to, &[&file]).end();
    assert_eq!(sender.code, Some(3), "{sender:#?}");
    let reason = sender.finished()["reason"].clone();
    assert!(reason.as_str().unwrap().contains("only verified devices are taken there"), "{reason}");
    drop(receiver);
    assert!(home.received().is_empty());
}

#[test]
fn codes_that_nobody_could_compare_are_not_asked_for() {
    let home = Home::new();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let to = server.local_addr().unwrap().to_string();
    let ended = Program::start(&["verify", "--profile", &home.text("sender"), &to]).end();
    assert_eq!((ended.code, ended.stdout), (Some(1), Vec::new()), "{}", ended.stderr);
    assert!(ended.stderr.contains("--json"), "{}", ended.stderr);
    assert_eq!(server.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}
