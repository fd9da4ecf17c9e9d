//! Codes, verified devices and wrong keys as scripts and people at a terminal meet them, over real sealed sessions.

use std::fs;

use sealdrop::{
    model::reason::{Reason, ReasonCode},
    wire::header::{Answer, Message},
};
use serde_json::{Value, json};

use super::{
    devices::devices,
    program::{Ended, Home, Program},
};
use crate::scripted::Door;

/// Answers what waits in `program`.
fn answer(program: &mut Program, transfer: &Value, word: &str) {
    program.say(&json!({"transfer": transfer, "answer": word}).to_string());
}

/// `sealdrop verify --json` from the sender's profile.
fn verify(home: &Home, to: &str) -> Program {
    Program::start(&["verify", "--json", "--profile", &home.text("sender"), to])
}

/// Three profiles whose devices have names of their own.
fn named_home() -> Home {
    let home = Home::new();
    for (profile, name) in [("sender", "Anna’s laptop"), ("receiver", "Bea’s tower"), ("other", "Cem’s laptop")] {
        home.call(profile, name);
    }
    home
}

/// Lets the sender's profile and a running receiver verify each other.
fn verify_each_other(home: &Home, receiver: &mut Program, to: &str) -> Ended {
    let mut verifier = verify(home, to);
    let (ours, theirs) = same_code(&mut verifier, receiver);
    answer(receiver, &theirs, "verify");
    assert_eq!(receiver.event("device")["verified"], true);
    answer(&mut verifier, &ours, "verify");
    let ended = verifier.end();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    ended
}

/// Waits until both sides of a comparison show one code, and says what each calls the comparison: nothing about it but
/// the code is the same on both.
fn same_code(verifier: &mut Program, receiver: &mut Program) -> (Value, Value) {
    let compare = receiver.event("compare");
    let (here, there) = (verifier.event("code"), receiver.event("code"));
    assert_eq!(there["transfer"], compare["transfer"]);
    assert_eq!(here["code"], there["code"]);
    let code = here["code"].as_str().unwrap();
    assert!(code.len() == 6 && code.bytes().all(|digit| digit.is_ascii_digit()), "{code}");
    (here["transfer"].clone(), there["transfer"].clone())
}

/// The only device of the sender's book.
fn only_device(home: &Home) -> Value {
    let mut listed = devices(home, "sender", &[]).events("device");
    assert_eq!(listed.len(), 1, "{listed:#?}");
    listed.remove(0)
}

#[test]
fn the_key_of_this_device_is_told_behind_the_port() {
    let home = Home::new();
    let (mut receiver, _) = home.receive(&[]);
    assert_eq!(receiver.seen.len(), 1);
    let key = receiver.event("identity")["key"].clone();
    assert_eq!(key.as_str().unwrap().len(), 64);
}

#[test]
fn an_offer_to_a_verified_device_goes_on_when_that_was_killed_before_it_answered() {
    let home = named_home();
    let file = home.write("abc.txt", b"abc");
    let (mut receiver, to) = home.receive(&[]);
    verify_each_other(&home, &mut receiver, &to);
    let mut sender = home.send(&to, &[&file]);
    receiver.event("offer");
    receiver.kill();
    drop(receiver);
    while sender.event("state")["state"] != "queued" {}
    let (mut receiver, _) = home.receive_at(&to, &["--accept", "verified"]);
    assert_eq!(receiver.event("finished")["outcome"], "verified");
    let sender = sender.end();
    assert_eq!(sender.code, Some(0), "{sender:#?}");
}

#[test]
fn both_ends_of_an_offer_tell_the_same_code_and_may_be_verified_by_it() {
    let home = named_home();
    let file = home.write("abc.txt", b"abc");
    let (mut receiver, to) = home.receive(&["--once"]);
    let mut sender = home.send(&to, &[&file]);
    let offer = receiver.event("offer");
    assert_eq!((&offer["from"]["encrypted"], &offer["from"]["verified"]), (&json!(true), &json!(false)));
    let (here, there) = (receiver.event("code"), sender.event("code"));
    assert_eq!((&here, &here["transfer"]), (&there, &offer["transfer"]));
    answer(&mut receiver, &offer["transfer"], "verify");
    assert_eq!(receiver.event("device")["verified"], true);
    answer(&mut receiver, &offer["transfer"], "accept");
    let (sender, receiver) = (sender.end(), receiver.end());
    assert_eq!((sender.code, receiver.code), (Some(0), Some(0)), "{sender:#?} {receiver:#?}");
    for ended in [&sender, &receiver] {
        assert!(ended.events("code").len() <= 1, "{ended:#?}");
    }

    // From now on it is taken without asking, and others are not.
    let (receiver, to) = home.receive(&["--accept", "verified"]);
    let other = Program::start(&["send", "--json", "--profile", &home.text("other"), "--to", &to, &file]).end();
    assert_eq!(other.code, Some(3), "{other:#?}");
    assert_eq!(home.send(&to, &[&file]).end().code, Some(0));
    drop(receiver);
}

#[test]
fn verified_devices_are_reached_by_name_and_key() {
    let home = named_home();
    let file = home.write("abc.txt", b"abc");
    let (mut receiver, to) = home.receive(&[]);
    let key = receiver.event("identity")["key"].as_str().unwrap().to_owned();
    let ended = verify_each_other(&home, &mut receiver, &to);
    assert_eq!(ended.events("device")[0]["key"], key);
    let device = only_device(&home);
    assert_eq!((&device["verified"], &device["key"], &device["rule"]), (&json!(true), &json!(key), &json!("ask")));
    for name in [device["name"].as_str().unwrap(), &key, &key[..8]] {
        let sender = home.send(name, &[&file]);
        let offer = receiver.event("offer");
        assert_eq!(offer["from"]["verified"], true);
        answer(&mut receiver, &offer["transfer"], "accept");
        assert_eq!(sender.end().code, Some(0), "{name}");
    }
    assert_eq!(devices(&home, "sender", &["rule", &key[..8], "block"]).code, Some(0));
    assert_eq!(only_device(&home)["rule"], "block");
    assert_eq!(devices(&home, "sender", &["forget", &key]).code, Some(0));
    assert!(devices(&home, "sender", &[]).stdout.is_empty());
}

#[test]
fn a_comparison_that_is_declined_is_code_3_and_verifies_nobody() {
    let home = named_home();
    let (mut receiver, to) = home.receive(&[]);
    // Declined there, before there is a code.
    let door = Door::open();
    let verifier = verify(&home, &door.address().to_string());
    let mut there = door.accept();
    there.greet_back();
    assert_eq!(there.hear(), Some(Message::Verify));
    there.say(&Message::Answer(Answer::Decline(Reason::bare(ReasonCode::Declined))));
    let ended = verifier.end();
    assert_eq!((ended.code, ended.events("code").len()), (Some(3), 0), "{ended:#?}");
    assert_eq!(ended.events("compare_ended").len(), 1, "{ended:#?}");
    // Declined by each, because the codes differ: what one says does not answer for the other.
    let mut verifier = verify(&home, &to);
    let (ours, theirs) = same_code(&mut verifier, &mut receiver);
    answer(&mut receiver, &theirs, "decline");
    answer(&mut receiver, &theirs, "verify");
    answer(&mut verifier, &ours, "decline");
    let ended = verifier.end();
    assert_eq!((ended.code, ended.events("device").len()), (Some(3), 0), "{ended:#?}");
    // An offer that nobody can answer any more is declined once all answers before it were heard.
    receiver.close_stdin();
    assert_eq!(home.send(&to, &[&home.write("abc.txt", b"abc")]).end().code, Some(3));
    for profile in ["sender", "receiver"] {
        let known = devices(&home, profile, &[]);
        assert_eq!(known.code, Some(0));
        assert!(known.events("device").iter().all(|device| device["verified"] == false), "{known:#?}");
    }
    drop(receiver);
    // Where nobody looks there is no code.
    let (_receiver, to) = home.receive(&["--accept", "all"]);
    let ended = verify(&home, &to).end();
    assert_eq!((ended.code, ended.events("code").len()), (Some(3), 0), "{ended:#?}");
}

#[test]
fn nobody_to_compare_codes_with_is_code_4() {
    let home = Home::new();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    for to in [free.as_str(), "no-such-host.invalid"] {
        let ended = verify(&home, to).end();
        assert_eq!(ended.code, Some(4), "{ended:#?}");
        assert_eq!(ended.events("compare_ended").len(), 1, "{ended:#?}");
    }
}

#[test]
fn another_key_at_a_verified_device_s_address_is_refused_with_a_warning() {
    let home = named_home();
    let file = home.write("abc.txt", b"abc");
    let (mut receiver, to) = home.receive(&[]);
    let expected = receiver.event("identity")["key"].as_str().unwrap().to_owned();
    verify_each_other(&home, &mut receiver, &to);
    drop(receiver);
    let port = to.rsplit(':').next().unwrap();
    let (profile, into) = (home.text("somebody else"), home.text("in"));
    let mut other = Program::start(&[
        "receive",
        "--json",
        "--accept",
        "all",
        "--port",
        port,
        "--profile",
        &profile,
        "--into",
        &into,
    ]);
    other.event("listening");
    let met = other.event("identity")["key"].clone();
    let ended = home.send(&expected, &[&file]).end();
    assert_eq!((ended.code, &ended.finished()["outcome"]), (Some(1), &json!("failed")), "{ended:#?}");
    assert!(ended.finished()["reason"].as_str().unwrap().contains("not the one you verified"), "{ended:#?}");
    let warnings = ended.events("warning");
    assert_eq!(warnings.len(), 1, "{ended:#?}");
    assert_eq!(
        (&warnings[0]["kind"], &warnings[0]["expected"], &warnings[0]["met"]),
        (&json!("wrong_key"), &json!(expected), &met)
    );
    assert!(ended.stderr.contains("WARNING: DIFFERENT KEY"), "{}", ended.stderr);
    assert!(home.received().is_empty());
}

#[cfg(unix)]
#[test]
fn key_that_others_may_read_is_named_with_the_way_out() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let (receiver, to) = home.receive(&[]);
    drop(receiver);
    let profile = home.path("receiver");
    let private = |entry: fs::DirEntry| {
        let path = entry.path();
        let text = fs::read_to_string(&path).unwrap_or_default();
        (text.contains("PRIVATE KEY")).then_some(path)
    };
    let key = fs::read_dir(&profile).unwrap().find_map(|entry| private(entry.unwrap())).expect("a key is there");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let profile = profile.to_str().unwrap();
    for line in [&["receive", "--port", "0"][..], &["send", "--to", &to, profile], &["verify", "--json", &to]] {
        let mut arguments = vec!["--profile", profile];
        arguments.extend(line);
        let ended = Program::start(&arguments).end();
        assert_eq!((ended.code, ended.stdout), (Some(1), Vec::new()), "{line:?} {}", ended.stderr);
        assert!(ended.stderr.contains(&format!("chmod 600 {}", key.display())), "{}", ended.stderr);
    }
}

#[cfg(unix)]
#[test]
fn people_at_two_terminals_compare_codes() {
    use std::io::{BufRead, BufReader};
    let test = "cli::sealed::people_at_two_terminals_compare_codes";
    let Some(python) = crate::classic::programs::python(test) else { return };
    let home = named_home();
    let file = home.write("abc.txt", b"abc");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite/python/terminal.py");
    let at_terminal = |answers: &str, profile: &str, line: &[&str]| {
        let piped = std::process::Stdio::piped;
        let mut terminal = std::process::Command::new(python);
        terminal.args([script, answers, env!("CARGO_BIN_EXE_sealdrop"), "--profile", &home.text(profile)]).args(line);
        terminal.args(["--nearby", "off"]);
        terminal.stdout(piped()).stderr(piped()).spawn().unwrap()
    };
    let shown = |terminal: std::process::Child| {
        let output = terminal.wait_with_output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let mut receiver =
        at_terminal("y,v", "receiver", &["receive", "--once", "--port", "0", "--into", &home.text("in")]);
    let mut port = String::new();
    BufReader::new(receiver.stderr.take().unwrap()).read_line(&mut port).unwrap();
    let to = format!("127.0.0.1:{}", port.trim());
    let verifier = shown(at_terminal("y", "sender", &["verify", &to]));
    assert!(verifier.trim_end().ends_with("\n0"), "{verifier}");
    let sender = shown(at_terminal("", "other", &["send", "--to", &to, &file]));
    assert!(sender.trim_end().ends_with("\n0"), "{sender}");
    let receiver = shown(receiver);
    assert!(receiver.trim_end().ends_with("\n0"), "{receiver}");
    for (text, lines) in [
        (&verifier, &["Waiting for the other screen", "is verified", "Its key is"][..]),
        (&sender, &[&*format!("sealdrop verify {to}")][..]),
        (
            &receiver,
            &["wants to compare codes", "not verified", "the other screen must show the same", "is verified"][..],
        ),
    ] {
        for line in lines {
            assert!(text.contains(line), "{line}: {text}");
        }
    }
    // Both screens showed the same codes, one for each meeting.
    let codes = |text: &str| -> Vec<String> {
        text.match_indices("Code ").filter_map(|(at, _)| text.get(at + 5..at + 12)).map(str::to_owned).collect()
    };
    assert!(codes(&receiver).contains(&codes(&verifier)[0]), "{receiver} {verifier}");
    assert!(codes(&receiver).contains(&codes(&sender)[0]), "{receiver} {sender}");
}
