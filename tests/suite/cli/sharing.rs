//! `share` and `get`: two processes, one folder, and what scripts are told.

use std::fs;

use serde_json::json;

use super::program::{Home, Program};
use crate::support::{seeded, tree};

/// MD5 of `abc` (RFC 1321).
const ABC: &str = "900150983cd24fb0d6963f7d28e17f72";

/// `share --json` of the folder `out` on any port, and its address.
fn share(home: &Home, more: &[&str]) -> (Program, String) {
    let (profile, folder) = (home.text("receiver"), home.text("out"));
    let mut arguments = vec!["share", "--json", "--port", "0", "--profile", &profile, &folder];
    arguments.extend(more);
    let mut program = Program::start(&arguments);
    let listening = program.event("listening");
    let port = listening["address"].as_str().unwrap().rsplit(':').next().unwrap().to_owned();
    (program, format!("127.0.0.1:{port}"))
}

fn get(home: &Home, from: &str, name: &str, more: &[&str]) -> super::program::Ended {
    let (profile, into) = (home.text("sender"), home.text("in"));
    let mut arguments = vec!["get", "--json", "--profile", &profile, from, name, "--into", &into];
    arguments.extend(more);
    Program::start(&arguments).end()
}

#[test]
fn a_shared_file_is_fetched_and_both_tell_of_it() {
    let home = Home::new();
    home.write("abc.txt", b"abc");
    home.write("sub/星.bin", &seeded(1, 3_000_000));
    let (mut server, from) = share(&home, &[]);
    let ended = get(&home, &from, "abc.txt", &[]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:#?}");
    let file = ended.events("file")[0].clone();
    let saved = home.path("in").join("abc.txt");
    assert_eq!((&file["path"], &file["md5"], &file["state"]), (&json!("abc.txt"), &json!(ABC), &json!("verified")));
    assert_eq!(file["saved"], saved.to_str().unwrap());
    assert_eq!(ended.finished()["outcome"], "verified");
    let download = server.event("download");
    assert_eq!((&download["path"], &download["bytes"]), (&json!("abc.txt"), &json!(3)));
    assert_eq!(download["to"]["encrypted"], false);
    let finished = server.event("finished");
    assert_eq!((&finished["transfer"], &finished["outcome"]), (&download["transfer"], &json!("unchecked")));
    let again = get(&home, &from, "sub/星.bin", &[]);
    assert_eq!(again.code, Some(0), "{again:#?}");
    assert!(!again.events("progress").is_empty());
    assert_eq!(fs::read(home.path("in").join("星.bin")).unwrap(), seeded(1, 3_000_000));
    for (existing, names) in
        [("keep", vec!["abc (2).txt", "abc.txt", "星.bin"]), ("replace", vec!["abc (2).txt", "abc.txt", "星.bin"])]
    {
        assert_eq!(get(&home, &from, "abc.txt", &["--existing", existing]).code, Some(0));
        let there: Vec<String> = tree(&home.path("in")).into_iter().map(|(name, _)| name).collect();
        assert_eq!(there, names, "{existing}");
    }
}

#[test]
fn what_is_not_shared_is_a_failure_with_a_sentence() {
    let home = Home::new();
    let (_server, from) = share(&home, &[]);
    let ended = get(&home, &from, "nothing", &[]);
    let reason = ended.finished()["reason"].as_str().unwrap().to_owned();
    assert_eq!((ended.code, ended.finished()["outcome"].as_str()), (Some(1), Some("failed")));
    assert!(reason.contains("no such file") && reason.contains("not shared"), "{reason}");
    // Nobody there.
    let ended = get(&home, "127.0.0.1:1", "a", &[]);
    assert_eq!(ended.code, Some(4), "{ended:#?}");
    // A name that could be none.
    assert_eq!(get(&home, &from, "a/..", &[]).code, Some(2));
}

#[test]
fn who_only_shares_takes_nothing() {
    let home = Home::new();
    home.call("sender", "another");
    let file = home.write("abc.txt", b"abc");
    let (server, to) = share(&home, &[]);
    for more in [&[][..], &["--classic"]] {
        let mut arguments = more.to_vec();
        arguments.push(&file);
        let ended = home.send(&to, &arguments).end();
        assert!(more.contains(&"--classic") || ended.code == Some(3), "{ended:#?}");
    }
    assert!(get(&home, &to, "abc.txt", &[]).code == Some(0));
    drop(server);
    assert!(tree(&home.path("in")).len() == 1);
}

#[cfg(unix)]
#[test]
fn it_shares_beside_a_process_that_listens_until_it_is_told_to_end() {
    let home = Home::new();
    home.write("abc.txt", b"abc");
    // The port of the settings is taken by the one that listens.
    let (receiver, at) = home.receive(&["--accept", "all"]);
    let port: u16 = at.rsplit(':').next().unwrap().parse().unwrap();
    let settings = home.path("receiver").join("settings.json");
    fs::write(&settings, json!({"port": port, "device_name": "b"}).to_string()).unwrap();
    let (profile, folder) = (home.text("receiver"), home.text("out"));
    let mut server = Program::start(&["share", "--json", "--profile", &profile, &folder]);
    let listening = server.event("listening");
    let other = listening["address"].as_str().unwrap().rsplit(':').next().unwrap().to_owned();
    assert_ne!(other, port.to_string());
    assert_eq!(get(&home, &format!("127.0.0.1:{other}"), "abc.txt", &[]).code, Some(0));
    // What listens on the profile shares nothing: that was said to the other process alone.
    assert_eq!(get(&home, &at, "abc.txt", &[]).code, Some(1));
    let kept: serde_json::Value = serde_json::from_slice(&fs::read(&settings).unwrap()).unwrap();
    assert_eq!(kept.get("shared_folder"), None);
    server.signal(rustix::process::Signal::INT);
    let ended = server.end();
    assert_eq!(ended.code, Some(5), "{ended:#?}");
    assert!(ended.stderr.contains("is taken, so another one is used"), "{}", ended.stderr);
    drop(receiver);
}

#[cfg(unix)]
#[test]
fn an_interrupted_fetch_leaves_nothing() {
    let home = Home::new();
    home.write("large", &seeded(3, 30_000_000));
    let (_server, from) = share(&home, &["--limit", "1M"]);
    let (profile, into) = (home.text("sender"), home.text("in"));
    let mut program = Program::start(&["get", "--json", "--profile", &profile, &from, "large", "--into", &into]);
    program.event("progress");
    program.signal(rustix::process::Signal::INT);
    let ended = program.end();
    assert_eq!((ended.code, ended.finished()["outcome"].as_str()), (Some(5), Some("cancelled")), "{ended:#?}");
    assert_eq!(tree(&home.path("in")), []);
    assert_eq!(tree(&home.path("sender").join("running")), []);
}
