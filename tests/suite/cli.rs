//! The command line keeps its word to scripts: lines, answers, exit codes, and what stands on the disk afterwards.

mod devices;
mod interrupted;
mod messages;
pub(crate) mod program;
mod sealed;
mod sharing;

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
};

use program::{Home, Program, holds_no_file};
use serde_json::{Value, json};

use crate::support::{seeded, tree};

/// MD5 of nothing, and of `abc` (RFC 1321).
const EMPTY: &str = "d41d8cd98f00b204e9800998ecf8427e";
const ABC: &str = "900150983cd24fb0d6963f7d28e17f72";

#[test]
fn file_and_folder_travel_between_two_processes() {
    let home = Home::new();
    let file = home.write("abc.txt", b"abc");
    home.write("Photos/一/empty", b"");
    home.write("Photos/big", &seeded(1, 3_000_000));
    let (receiver, to) = home.receive(&["--accept", "all", "--once"]);
    let sender = home.send(&to, &[&file, &home.text("out/Photos")]).end();
    let receiver = receiver.end();
    assert_eq!((sender.code, receiver.code), (Some(0), Some(0)), "{sender:#?} {receiver:#?}");
    assert_eq!(tree(&home.path("out")), home.received());
    for ended in [&sender, &receiver] {
        let finished = ended.finished();
        assert_eq!((&finished["outcome"], &finished["files"]), (&json!("verified"), &json!(3)));
        assert_eq!(finished["bytes"], 3_000_003);
        let mut seals: Vec<_> =
            ended.events("file").into_iter().map(|file| (file["path"].clone(), file["md5"].clone())).collect();
        seals.sort_by_key(|(path, _)| path.to_string());
        assert_eq!(seals[1], (json!("Photos/一/empty"), json!(EMPTY)));
        assert_eq!(seals[2], (json!("abc.txt"), json!(ABC)));
    }
    assert_eq!((sender.stderr, receiver.stderr), (String::new(), String::new()));
}

#[test]
fn json_lines_have_the_documented_shapes() {
    let home = Home::new();
    let file = home.write("abc.txt", b"abc");
    let (receiver, to) = home.receive(&["--accept", "all", "--once"]);
    let sender = home.send(&to, &[&file]).end();
    let receiver = receiver.end();
    let id = receiver.events("offer")[0]["transfer"].as_str().unwrap().to_owned();
    assert!(id.len() == 32 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{id}");
    let name = receiver.events("offer")[0]["from"]["name"].clone();
    let from = json!({"name": name, "address": receiver.events("offer")[0]["from"]["address"], "verified": false, "encrypted": true});
    assert_eq!(
        receiver.events("offer"),
        [json!({"event": "offer", "transfer": id, "from": from, "files": 1, "bytes": 3})]
    );
    let file_line = |saved: Value| {
        json!({
            "event": "file", "transfer": id, "path": "abc.txt", "saved": saved, "size": 3, "md5": ABC,
            "state": "verified", "reason": null,
        })
    };
    assert_eq!(receiver.events("file"), [file_line(json!(home.text("in/abc.txt")))]);
    assert_eq!(sender.events("file"), [file_line(Value::Null)]);
    for ended in [&sender, &receiver] {
        let mut finished = ended.finished();
        assert!(finished["seconds"].as_f64().unwrap() >= 0.0);
        finished["seconds"] = json!(0);
        assert_eq!(
            finished,
            json!({
                "event": "finished", "transfer": id, "outcome": "verified", "files": 1, "bytes": 3, "seconds": 0, "reason": null,
            })
        );
        for progress in ended.events("progress") {
            let moved = progress["moved"].as_u64().unwrap();
            assert_eq!(progress, json!({"event": "progress", "transfer": id, "moved": moved, "total": 3}));
        }
    }
}

#[test]
fn progress_comes_at_most_twenty_times_a_second() {
    let home = Home::new();
    let file = home.sparse("zeros", 300 << 20);
    let (receiver, to) = home.receive(&["--accept", "all", "--once"]);
    let sender = home.send(&to, &[&file]).end();
    let receiver = receiver.end();
    for ended in [sender, receiver] {
        let (figures, finished) = (ended.events("progress"), ended.finished());
        let most = finished["seconds"].as_f64().unwrap() * 20.0 + 2.0;
        assert!(!figures.is_empty() && (figures.len() as f64) <= most, "{} in {finished}", figures.len());
        let moved: Vec<u64> = figures.iter().map(|figure| figure["moved"].as_u64().unwrap()).collect();
        assert!(moved.is_sorted(), "{moved:?}");
    }
}

#[test]
fn answers_come_by_standard_input() {
    let home = Home::new();
    let file = home.write("abc.txt", b"abc");
    let (mut receiver, to) = home.receive(&["--once"]);
    let answer = |receiver: &mut Program, word: &str| {
        let id = receiver.event("offer")["transfer"].clone();
        receiver.say("this is no answer");
        receiver.say(&json!({"transfer": "00000000000000000000000000000000", "answer": "accept"}).to_string());
        receiver.say(&json!({"transfer": id, "answer": word}).to_string());
        receiver.event("finished")["outcome"].clone()
    };
    let sender = home.send(&to, &[&file]);
    assert_eq!(answer(&mut receiver, "decline"), "declined");
    let sender = sender.end();
    assert_eq!((sender.code, &sender.finished()["outcome"]), (Some(3), &json!("declined")), "{sender:#?}");
    assert!(holds_no_file(&home.path("in")));
    // A declined offer does not count for --once.
    let sender = home.send(&to, &[&file]);
    assert_eq!(answer(&mut receiver, "accept"), "verified");
    assert_eq!(sender.end().code, Some(0));
    let receiver = receiver.end();
    assert_eq!(receiver.code, Some(0));
    assert_eq!(receiver.stderr.matches("an answer was not understood").count(), 4, "{}", receiver.stderr);
}

#[test]
fn ask_without_a_person_or_a_script_declines_and_says_why() {
    let home = Home::new();
    let file = home.write("abc.txt", b"abc");
    let (mut receiver, to) = home.receive(&[]);
    receiver.close_stdin();
    let sender = home.send(&to, &[&file]).end();
    assert_eq!(sender.code, Some(3), "{sender:#?}");
    let reason = sender.finished()["reason"].clone();
    assert!(reason.as_str().unwrap().contains("nobody can be asked"), "{reason}");

    // The same without --json and without a terminal.
    drop(receiver);
    let (profile, into) = (home.text("receiver"), home.text("in"));
    let mut receiver = Program::start(&["receive", "--port", "0", "--profile", &profile, "--into", &into]);
    let line = receiver.line(std::time::Instant::now() + crate::support::LIMIT).unwrap();
    let port: String = line.trim_start_matches("Listening on port ").chars().take_while(char::is_ascii_digit).collect();
    let sender = home.send(&format!("localhost:{port}"), &[&file]).end();
    assert_eq!(sender.code, Some(3), "{sender:#?}");
    assert!(holds_no_file(&home.path("in")));
}

#[test]
fn one_process_listens_on_a_profile_and_others_work_beside_it() {
    let home = Home::new();
    let file = home.write("abc.txt", b"abc");
    let (receiver, to) = home.receive(&["--accept", "all", "--once"]);
    let profile = home.text("receiver");
    let second = Program::start(&["receive", "--port", "0", "--profile", &profile]).end();
    assert_eq!((second.code, second.stdout), (Some(1), Vec::new()));
    assert!(second.stderr.contains("another Sealdrop uses this profile"), "{}", second.stderr);
    let sums = Program::start(&["checksum", "--profile", &profile, &file]).end();
    assert_eq!((sums.code, sums.stdout), (Some(0), vec![format!("{ABC}  {file}")]));
    let sender = Program::start(&["send", "--profile", &profile, "--to", &to, &file]).end();
    assert_eq!(sender.code, Some(0), "{sender:#?}");
    assert_eq!(receiver.end().code, Some(0));
}

#[test]
fn checksum_prints_what_md5sum_prints() {
    let home = Home::new();
    let plain = home.write("plain name", b"abc");
    let missing = home.text("out/missing");
    let folder = home.text("out");
    let mut expected = vec![format!("{ABC}  {plain}")];
    let mut arguments = vec!["checksum".to_owned(), plain, folder.clone(), missing.clone()];
    if cfg!(unix) {
        for odd in ["new\nline", "back\\slash", "return\r", "星"] {
            let path = home.write(odd, b"");
            let escaped = path.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
            let mark = if escaped == path { "" } else { "\\" };
            expected.push(format!("{mark}{EMPTY}  {escaped}"));
            arguments.push(path);
        }
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ended = Program::start(&arguments).end();
    assert_eq!((ended.code, ended.stdout), (Some(1), expected));
    let complaints: Vec<&str> = ended.stderr.lines().collect();
    assert_eq!(complaints.len(), 2, "{complaints:#?}");
    if cfg!(unix) {
        assert_eq!(complaints[0], format!("sealdrop: {folder}: Is a directory"));
        assert_eq!(complaints[1], format!("sealdrop: {missing}: No such file or directory"));
    }
    let mut piped = Program::start(&["checksum", "-"]);
    piped.say("hello");
    piped.close_stdin();
    assert_eq!(piped.end().stdout, ["b1946ac92492d2347c6235b4d2611184  -"]);
}

fn arrives_at_a_receiver_that_is_started_again(home: &Home, to: &str, sender: Program) {
    let (mut receiver, _) = home.receive_at(to, &["--accept", "all"]);
    assert_eq!(receiver.event("finished")["outcome"], "verified");
    let sender = sender.end();
    assert_eq!(sender.code, Some(0), "{sender:#?}");
}

#[test]
fn killed_receiver_goes_on_when_it_is_started_again() {
    let home = Home::new();
    let file = home.sparse("zeros", 256 << 20);
    let (mut receiver, to) = home.receive(&["--accept", "all"]);
    let mut sender = home.send(&to, &["--limit", "60MB/s", &file]);
    sender.event("progress");
    receiver.kill();
    drop(receiver);
    assert!(home.received().iter().all(|(name, _)| name.starts_with(".sealdrop-")), "{:?}", names(&home));
    arrives_at_a_receiver_that_is_started_again(&home, &to, sender);
    assert_eq!(names(&home), ["zeros"]);
}

/// It says *yes* before what was agreed is on its disk, which takes the longer the more there is on the list.
#[test]
fn a_receiver_that_was_killed_before_it_had_written_down_what_was_agreed_is_offered_it_once_more() {
    let home = Home::new();
    let file = home.sparse("zeros", 64 << 20);
    let (mut receiver, to) = home.receive(&["--accept", "all"]);
    let mut sender = home.send(&to, &["--limit", "20MB/s", &file]);
    sender.event("progress");
    receiver.kill();
    drop(receiver);
    for kept in fs::read_dir(home.path("receiver").join("running")).unwrap() {
        fs::remove_file(kept.unwrap().path()).unwrap();
    }
    arrives_at_a_receiver_that_is_started_again(&home, &to, sender);
    assert_eq!(names(&home), ["zeros"]);
}

/// More files than one header of a plan names, and folders behind them.
#[test]
fn killed_receiver_of_many_files_in_folders_goes_on_when_it_is_started_again() {
    let home = Home::new();
    let folder = home.path("out").join("many");
    for of in 0..40 {
        let folder = folder.join(of.to_string());
        fs::create_dir_all(&folder).unwrap();
        (0..50).for_each(|at| fs::write(folder.join(at.to_string()), seeded(of * 50 + at, 1000)).unwrap());
    }
    let (mut receiver, to) = home.receive(&["--accept", "all"]);
    let mut sender = home.send(&to, &["--limit", "1MB/s", folder.to_str().unwrap()]);
    let is_done = |(name, bytes): &(String, Option<Vec<u8>>)| bytes.is_some() && !name.contains(".sealdrop-");
    while home.received().iter().filter(|file| is_done(file)).count() <= 700 {
        sender.event("progress");
    }
    receiver.kill();
    drop(receiver);
    arrives_at_a_receiver_that_is_started_again(&home, &to, sender);
    assert_eq!(tree(&home.path("in").join("many")), tree(&folder));
}

fn names(home: &Home) -> Vec<String> {
    home.received().into_iter().map(|(name, _)| name).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn a_transfer_of_small_files_does_not_wait_for_the_table_of_open_files_to_grow() {
    let home = Home::new();
    let (receiver, _) = home.receive(&[]);
    let status = fs::read_to_string(format!("/proc/{}/status", receiver.id())).unwrap();
    let room: u64 = status.lines().find_map(|line| line.strip_prefix("FDSize:")).unwrap().trim().parse().unwrap();
    // No more than the limit, where that cannot be raised so far.
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum.unwrap_or(u64::MAX);
    assert!(room >= limit.min(16_384), "{room} of {limit}");
}

#[test]
fn wrong_usage_is_code_2() {
    let home = Home::new();
    let file = home.write("abc.txt", b"abc");
    let long = "x".repeat(16 * 1024 + 1);
    let missing = home.text("missing");
    let profile = home.text("sender");
    let lines: [&[&str]; 16] = [
        &["--json"],
        &["receive", "--into", &missing],
        &["receive", "--into", &file],
        &["receive", "--accept", "nobody"],
        &["verify"],
        &["verify", "--json", "--profile", &profile, "host:0"],
        &["devices", "rule", "Laptop"],
        &["devices", "rule", "Laptop", "accept"],
        &["devices", "rule", "Laptop", "block", "/"],
        &["receive", "--port", "65536"],
        &["send", "--to", "host"],
        &["send", &file],
        &["send", "--profile", &profile, "--to", "host:0", &file],
        &["send", "--to", "host", "--classic", "--message", "hello", &file],
        &["send", "--to", "host", "--message", &long, &file],
        &["checksum", "--json", &file],
    ];
    for line in lines {
        let ended = Program::start(line).end();
        assert_eq!((ended.code, ended.stdout), (Some(2), Vec::new()), "{line:?}");
        assert!(ended.stderr.starts_with("error: "), "{line:?}: {}", ended.stderr);
    }
}

#[test]
fn nobody_at_the_other_end_is_code_4() {
    let home = Home::new();
    let file = home.write("abc.txt", b"abc");
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let cases = [(free.as_str(), "Nothing is listening"), ("no-such-host.invalid", "No device of that name")];
    for (to, headline) in cases {
        for more in [&[file.as_str()][..], &[file.as_str(), "--classic"]] {
            let ended = home.send(to, more).end();
            assert_eq!(ended.code, Some(4), "{to} {more:?} {ended:#?}");
            let finished = ended.finished();
            assert_eq!(finished["outcome"], "failed");
            assert!(finished["reason"].as_str().unwrap().starts_with(headline), "{finished}");
        }
    }
}

#[test]
fn somebody_who_is_not_a_sealdrop_is_code_4() {
    let home = Home::new();
    let file = home.write("abc.txt", b"abc");
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = server.local_addr().unwrap().to_string();
    let web_server = std::thread::Builder::new().spawn(move || {
        let (mut caller, _) = server.accept().unwrap();
        let _read = caller.read(&mut [0; 4096]).unwrap();
        caller.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    let ended = home.send(&to, &[&file]).end();
    web_server.unwrap().join().unwrap();
    assert_eq!(ended.code, Some(4), "{ended:#?}");
    assert!(ended.finished()["reason"].as_str().unwrap().contains("not Sealdrop"), "{ended:#?}");
}

#[test]
fn what_cannot_be_read_is_named_and_counts() {
    let home = Home::new();
    let (good, missing) = (home.write("abc.txt", b"abc"), home.text("out/missing"));
    let (receiver, to) = home.receive(&["--accept", "all", "--once"]);
    let sender = home.send(&to, &[&good, &missing]).end();
    assert_eq!((sender.code, &sender.finished()["outcome"]), (Some(1), &json!("partial")), "{sender:#?}");
    let failed: Vec<Value> = sender.events("file").into_iter().filter(|file| file["state"] == "failed").collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(
        (&failed[0]["path"], &failed[0]["saved"], &failed[0]["md5"]),
        (&json!(missing), &Value::Null, &Value::Null)
    );
    assert!(failed[0]["reason"].as_str().unwrap().contains("could not be read"), "{failed:?}");
    assert_eq!(receiver.end().code, Some(0));
}

#[test]
fn nothing_readable_at_all_is_code_1_with_every_name() {
    let home = Home::new();
    let (one, two) = (home.text("out/one"), home.text("out/two"));
    let ended = home.send("127.0.0.1:9", &[&one, &two]).end();
    assert_eq!((ended.code, &ended.finished()["outcome"]), (Some(1), &json!("failed")), "{ended:#?}");
    let named: Vec<Value> = ended.events("file").into_iter().map(|file| file["path"].clone()).collect();
    assert_eq!(named, [json!(one), json!(two)]);
    let profile = home.text("sender");
    let plain = Program::start(&["send", "--profile", &profile, "--to", "127.0.0.1:9", &one, &two]).end();
    assert_eq!(plain.code, Some(1));
    assert!(plain.stderr.contains(&one) && plain.stderr.contains(&two), "{plain:#?}");
}

#[test]
fn port_in_use_is_said_with_a_way_out() {
    let home = Home::new();
    let taken = TcpListener::bind("[::]:0").or_else(|_| TcpListener::bind("0.0.0.0:0")).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ended = Program::start(&["receive", "--json", "--profile", &home.text("receiver"), "--port", &port]).end();
    assert_eq!((ended.code, &ended.stdout), (Some(1), &Vec::new()), "{ended:#?}");
    assert!(ended.stderr.contains(&format!("port {port} is in use")), "{}", ended.stderr);
    assert!(ended.stderr.contains("--port 0"), "{}", ended.stderr);
}

#[test]
fn damaged_settings_are_reported_and_kept() {
    let home = Home::new();
    let profile = home.path("sender");
    fs::create_dir(&profile).unwrap();
    fs::write(profile.join("settings.json"), "{ half").unwrap();
    let ended = home.send("127.0.0.1:9", &[&home.text("out/missing")]).end();
    assert!(ended.stderr.contains("settings.damaged-1.json"), "{}", ended.stderr);
    assert_eq!(fs::read_to_string(profile.join("settings.damaged-1.json")).unwrap(), "{ half");
}

#[test]
fn settings_on_the_line_are_not_saved() {
    let home = Home::new();
    let (receiver, _) = home.receive(&["--no-classic"]);
    drop(receiver);
    assert!(!home.path("receiver").join("settings.json").exists());
}

#[test]
fn no_classic_turns_plain_programs_away() {
    let home = Home::new();
    let (receiver, to) = home.receive(&["--accept", "all", "--once", "--no-classic"]);
    let mut plain = TcpStream::connect_timeout(&to.parse().unwrap(), crate::support::LIMIT).unwrap();
    let header = br#"{"file_name":"a","file_size":1}"#;
    plain.write_all(&u32::try_from(header.len()).unwrap().to_le_bytes()).unwrap();
    plain.write_all(header).unwrap();
    // It is told to go, by a frame or by the end alone.
    let mut rest = Vec::new();
    plain.read_to_end(&mut rest).ok();
    assert!(holds_no_file(&home.path("in")));
    // A Sealdrop is not turned away.
    let file = home.write("abc.txt", b"abc");
    assert_eq!(home.send(&to, &[&file]).end().code, Some(0));
    let ended = receiver.end();
    assert_eq!(ended.events("offer").len(), 1);
    assert!(ended.stderr.contains("turned away"), "{}", ended.stderr);
}

#[test]
fn plain_programs_have_their_outcomes_in_lines_and_codes() {
    let wrong = "0".repeat(32);
    for (md5, code, state) in [(ABC, 0, "verified"), ("", 0, "unchecked"), (&*wrong, 1, "mismatch")] {
        let home = Home::new();
        let (receiver, to) = home.receive(&["--accept", "all", "--once"]);
        let mut plain = TcpStream::connect_timeout(&to.parse().unwrap(), crate::support::LIMIT).unwrap();
        let header = json!({"file_name": "a", "file_size": 3, "md5": md5}).to_string();
        plain.write_all(&u32::try_from(header.len()).unwrap().to_le_bytes()).unwrap();
        plain.write_all(header.as_bytes()).unwrap();
        plain.write_all(b"abc").unwrap();
        let receiver = receiver.end();
        assert_eq!(receiver.code, Some(code), "{receiver:#?}");
        let file = &receiver.events("file")[0];
        let saved = if code == 0 { json!(home.text("in/a")) } else { Value::Null };
        assert_eq!((&file["state"], &file["md5"], &file["saved"]), (&json!(state), &json!(ABC), &saved));
        assert_eq!(home.received().len(), usize::from(code == 0));
    }
}

#[test]
fn hidden_characters_do_not_reach_a_terminal() {
    let home = Home::new();
    let file = home.write("invoice\u{202e}fdp.exe", b"abc");
    let (profile, into) = (home.text("receiver"), home.text("in"));
    let mut receiver = Program::start(&[
        "receive",
        "--port",
        "0",
        "--accept",
        "all",
        "--once",
        "--profile",
        &profile,
        "--into",
        &into,
    ]);
    let line = receiver.line(std::time::Instant::now() + crate::support::LIMIT).unwrap();
    let port: String = line.trim_start_matches("Listening on port ").chars().take_while(char::is_ascii_digit).collect();
    let second = home.write("second\u{200b}", b"");
    let sender = home.send(&format!("127.0.0.1:{port}"), &[&file, &second, "--message", "\u{1b}[31mred"]).end();
    let receiver = receiver.end();
    assert_eq!((sender.code, receiver.code), (Some(0), Some(0)), "{sender:#?} {receiver:#?}");
    let said = receiver.stdout.join("\n") + &receiver.stderr;
    assert!(said.contains("invoice\u{fffd}fdp.exe"), "{said}");
    assert!(!said.contains(['\u{1b}', '\u{202e}', '\u{200b}']), "{said:?}");
}

#[cfg(unix)]
#[test]
fn person_at_a_terminal_is_asked_and_answers() {
    use std::io::{BufRead, BufReader};
    let test = "cli::person_at_a_terminal_is_asked_and_answers";
    let Some(python) = crate::classic::programs::python(test) else { return };
    let home = Home::new();
    let file = home.write("Photos/abc.txt", b"abc");
    fs::write(home.path("in").join("Photos"), b"taken").unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite/python/terminal.py");
    let mut terminal = std::process::Command::new(python);
    terminal.args([script, "n,perhaps,y", env!("CARGO_BIN_EXE_sealdrop"), "receive", "--once", "--port", "0"]);
    terminal.args(["--nearby", "off"]);
    terminal.args(["--profile", &home.text("receiver"), "--into", &home.text("in")]);
    let piped = std::process::Stdio::piped;
    let mut terminal = terminal.stdout(piped()).stderr(piped()).spawn().unwrap();
    let mut port = String::new();
    BufReader::new(terminal.stderr.take().unwrap()).read_line(&mut port).unwrap();
    let to = format!("127.0.0.1:{}", port.trim());
    assert_eq!(home.send(&to, &[&file]).end().code, Some(3));
    let sender = home.send(&to, &[&home.text("out/Photos"), "--message", "for you"]).end();
    assert_eq!(sender.code, Some(0), "{sender:#?}");
    let output = terminal.wait_with_output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    for line in
        ["not verified) offers 1 file, 3 bytes", "Photos/  1 file", "Message: for you", "free)", "saved as Photos (2)"]
    {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    assert!(shown.trim_end().ends_with("\n0"), "{shown}");
    assert_eq!(fs::read(home.path("in").join("Photos (2)/abc.txt")).unwrap(), b"abc");
}

#[cfg(all(unix, not(target_os = "macos")))]
#[test]
fn without_a_screen_it_says_what_to_do_instead() {
    let home = Home::new();
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_sealdrop"));
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET", "LANGUAGE", "LC_MESSAGES"] {
        program.env_remove(name);
    }
    program.env("LC_ALL", "zh_CN.UTF-8");
    let output = program.args(["--profile", &home.text("p")]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("sealdrop send") && said.contains("sealdrop receive"), "{said}");
    assert!(said.contains("找不到可以打开窗口的屏幕"), "who wanted a window is told in the window's language: {said}");
    assert!(!home.path("p").exists(), "nothing was touched");
}

#[test]
fn version_names_the_build() {
    let ended = Program::start(&["--version"]).end();
    assert_eq!((ended.code, ended.stdout), (Some(0), vec![format!("sealdrop {}", env!("SEALDROP_VERSION"))]));
}

#[cfg(unix)]
mod interrupts {
    use rustix::process::Signal;

    use super::*;

    #[test]
    fn interrupted_sender_ends_with_5_and_the_receiver_waits_for_it() {
        for signal in [Signal::INT, Signal::TERM] {
            let home = Home::new();
            let file = home.sparse("zeros", 4 << 30);
            let (receiver, to) = home.receive(&["--accept", "all", "--once"]);
            let mut sender = home.send(&to, &[&file]);
            sender.event("progress");
            sender.signal(signal);
            let sender = sender.end();
            receiver.signal(signal);
            let receiver = receiver.end();
            assert_eq!((sender.code, receiver.code), (Some(5), Some(5)), "{sender:#?} {receiver:#?}");
            for ended in [sender, receiver] {
                assert_eq!(ended.finished()["outcome"], "interrupted");
            }
            assert!(home.received().iter().all(|(name, _)| name.starts_with(".sealdrop-")), "{:?}", names(&home));
        }
    }

    #[test]
    fn a_paused_sender_that_was_interrupted_goes_on_and_knows_what_it_left_out() {
        let home = Home::new();
        let folder = home.path("out").join("many");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("not\na name"), b"x").unwrap();
        for at in 0..40 {
            fs::write(folder.join(at.to_string()), seeded(at, 50_000)).unwrap();
        }
        let (mut receiver, to) = home.receive(&["--accept", "all"]);
        let mut sender = home.send(&to, &["--limit", "1MB/s", folder.to_str().unwrap()]);
        let transfer = sender.event("progress")["transfer"].clone();
        sender.say(&json!({"transfer": transfer, "command": "pause"}).to_string());
        while sender.event("state")["state"] != "paused" {}
        sender.signal(Signal::INT);
        assert_eq!(sender.end().code, Some(5));
        let sender = home.send(&to, &[folder.to_str().unwrap()]).end();
        let finished = sender.finished();
        assert_eq!((sender.code, &finished["outcome"]), (Some(1), &json!("partial")), "{sender:#?}");
        assert_eq!((&finished["transfer"], &finished["files"]), (&transfer, &json!(40)));
        assert_eq!(receiver.event("finished")["outcome"], "verified");
        assert_eq!(home.received().len(), 41, "{:?}", names(&home));
    }

    #[test]
    fn interrupted_receiver_ends_with_5_and_the_sender_tries_again() {
        let home = Home::new();
        let file = home.sparse("zeros", 4 << 30);
        let (receiver, to) = home.receive(&["--accept", "all"]);
        let mut sender = home.send(&to, &[&file]);
        sender.event("progress");
        receiver.signal(Signal::INT);
        let receiver = receiver.end();
        sender.signal(Signal::INT);
        let sender = sender.end();
        assert_eq!((sender.code, receiver.code), (Some(5), Some(5)), "{sender:#?} {receiver:#?}");
        for ended in [sender, receiver] {
            assert_eq!(ended.finished()["outcome"], "interrupted");
        }
    }

    #[test]
    fn sender_interrupted_before_the_answer_withdraws_its_offer() {
        let home = Home::new();
        let file = home.write("abc.txt", b"abc");
        let (mut receiver, to) = home.receive(&[]);
        let sender = home.send(&to, &[&file]);
        receiver.event("offer");
        sender.signal(Signal::INT);
        assert_eq!(sender.end().code, Some(5));
        let finished = receiver.event("finished");
        assert_eq!(finished["outcome"], "cancelled", "{finished}");
        receiver.signal(Signal::INT);
        assert_eq!(receiver.end().code, Some(5));
    }

    #[test]
    fn second_interrupt_ends_at_once() {
        let home = Home::new();
        let file = home.sparse("zeros", 4 << 30);
        let (mut receiver, to) = home.receive(&["--accept", "all"]);
        let mut sender = home.send(&to, &[&file]);
        sender.event("progress");
        // One that neither reads nor closes keeps the sender at its last words.
        receiver.signal(Signal::STOP);
        sender.signal(Signal::INT);
        sender.event("finished");
        let start = std::time::Instant::now();
        sender.signal(Signal::INT);
        assert_eq!(sender.end().code, Some(5));
        assert!(start.elapsed() < std::time::Duration::from_secs(1), "{:?}", start.elapsed());
        receiver.kill();
    }
}
