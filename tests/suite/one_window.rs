//! One window for each profile: a later start gives what it was given to the one that runs, and nobody else can reach it.

use std::{
    io::{Read, Write},
    os::unix::{ffi::OsStringExt, fs::PermissionsExt, net::UnixStream, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command as Process, Stdio},
    time::{Duration, Instant},
};

use sealdrop::{
    engine::{
        instance::{Instance, NotTaken, hand_over},
        messages::{Command, Event, HistoryAsked},
    },
    model::handed::Handed,
    storage::profile::Profile,
    wire::handover,
};

use crate::{
    other_user::skipped,
    support::{LIMIT, Station},
};

/// A running program, as far as others can reach it.
fn running() -> (Station, Instance) {
    let station = Station::new("window");
    let instance = Instance::start(&station.profile(), station.engine.commands().clone()).unwrap();
    (station, instance)
}

fn handed_over(station: &mut Station) -> Vec<Handed> {
    station.wait("what was handed over", |event| match event {
        Event::HandedOver(handed) => Some(handed.clone()),
        _ => None,
    })
}

fn socket(station: &Station) -> PathBuf {
    station.profile().window_socket_path()
}

fn odd_path() -> PathBuf {
    std::ffi::OsString::from_vec(b"/in/\xff\xfe \"\n".to_vec()).into()
}

/// The engine still does what it is asked for.
fn answers(station: &mut Station) {
    let asked = HistoryAsked { limit: 1, ..HistoryAsked::default() };
    station.say(Command::LoadHistory(asked));
    station.wait("the history", |event| matches!(event, Event::History(_)).then_some(()));
}

#[test]
fn what_a_second_start_was_given_reaches_the_window_exactly() {
    let (mut station, _instance) = running();
    let link = Handed::Link("sealdrop://add?name=\"x\"&y=%20".to_owned());
    let all = vec![Handed::Path("/home/anna/照片".into()), link, Handed::Path(odd_path())];
    for handed in [all, Vec::new()] {
        hand_over(&station.profile(), &handed).unwrap();
        assert_eq!(handed_over(&mut station), handed);
    }
}

#[test]
fn twenty_thousand_paths_are_one_hand_over() {
    let (mut station, _instance) = running();
    let paths: Vec<_> = (0..20_000).map(|n| Handed::Path(format!("/a/rather/long/folder/name/{n}").into())).collect();
    hand_over(&station.profile(), &paths).unwrap();
    assert_eq!(handed_over(&mut station), paths);
}

#[test]
fn a_socket_that_a_killed_window_left_is_in_nobody_s_way() {
    let station = Station::new("window");
    drop(std::os::unix::net::UnixListener::bind(socket(&station)).unwrap());
    assert!(matches!(hand_over(&station.profile(), &[]), Err(NotTaken::Absent(_))));
    let _instance = Instance::start(&station.profile(), station.engine.commands().clone()).unwrap();
    hand_over(&station.profile(), &[]).unwrap();
}

#[test]
fn the_socket_is_this_user_s_alone_and_goes_with_the_window() {
    let (station, instance) = running();
    let mode = |path: &Path| std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&socket(&station)), mode(station.profile().root())), (0o600, 0o700));
    drop(instance);
    assert!(!socket(&station).exists());
    assert!(matches!(hand_over(&station.profile(), &[]), Err(NotTaken::Absent(_))));
}

#[test]
fn a_window_that_closes_takes_nothing_any_more() {
    let (mut station, _instance) = running();
    station.say(Command::Shutdown);
    station.wait("the end", |event| matches!(event, Event::Stopped).then_some(()));
    assert!(hand_over(&station.profile(), &[Handed::Path("/a".into())]).is_err());
}

#[test]
fn whoever_talks_nonsense_or_nothing_holds_nobody_up() {
    let (mut station, _instance) = running();
    let call = || UnixStream::connect(socket(&station)).unwrap();
    for nonsense in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\xff\xff\xff\xff", b"\x02\0\0\0[]", b"\0\0\0\0"] {
        let mut caller = call();
        caller.write_all(nonsense).unwrap();
        caller.set_read_timeout(Some(LIMIT)).unwrap();
        // Sent away without a word.
        assert_eq!(caller.read(&mut [0; 16]).unwrap_or(0), 0);
    }
    // Far more than are attended to: some say nothing, some stop in the middle of a big announcement.
    let silent: Vec<UnixStream> = (0..100)
        .map(|n| {
            let mut caller = call();
            if n % 2 == 0 {
                caller.write_all(&handover::MAX_BYTES.to_le_bytes()).ok();
            }
            caller
        })
        .collect();
    answers(&mut station);
    let deadline = Instant::now() + LIMIT;
    while hand_over(&station.profile(), &[]).is_err() {
        assert!(Instant::now() < deadline, "those who say nothing are never sent away");
        std::thread::park_timeout(Duration::from_millis(50));
    }
    assert_eq!(handed_over(&mut station), []);
    drop(silent);
}

#[test]
fn a_flood_of_starts_while_the_window_sleeps_is_gathered() {
    let (mut station, _instance) = running();
    for n in 0..300 {
        hand_over(&station.profile(), &[Handed::Path(format!("/{n}").into())]).unwrap();
    }
    let mut all = Vec::new();
    while all.len() < 300 {
        all.extend(handed_over(&mut station));
    }
    assert_eq!(all.last(), Some(&Handed::Path("/299".into())));
    answers(&mut station);
}

#[test]
fn a_profile_whose_path_is_too_long_for_a_socket_has_its_place_elsewhere() {
    let home = tempfile::tempdir().unwrap();
    let profile = Profile::open(Some(home.path().join("x".repeat(120)))).unwrap();
    let (commands, heard) = crossbeam_channel::bounded(8);
    let _instance = Instance::start(&profile, commands).unwrap();
    let answer = std::thread::Builder::new().spawn(move || {
        let Ok(Command::HandOver(handing)) = heard.recv_timeout(LIMIT) else { panic!("nothing came") };
        handing.taken.send(()).unwrap();
        handing.handed
    });
    hand_over(&profile, &[Handed::Path("/a".into())]).unwrap();
    assert_eq!(answer.unwrap().join().unwrap(), [Handed::Path("/a".into())]);
}

/// The real program on the profile of `station`, with a screen that it never gets to.
fn second_start(station: &Station, arguments: &[std::ffi::OsString], work_in: &Path) -> std::process::Output {
    let mut program = Process::new(env!("CARGO_BIN_EXE_sealdrop"));
    program.arg("--profile").arg(station.profile().root()).args(arguments).current_dir(work_in);
    program.env("DISPLAY", ":no-such-screen").env_remove("WAYLAND_DISPLAY").env_remove("WAYLAND_SOCKET");
    program.stdin(Stdio::null()).output().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn the_program_itself_hands_over_and_ends_well() {
    let (mut station, _instance) = running();
    let _lock = station.profile().lock().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["a b.txt", "./文", "file:///tmp/c%20d", "sealdrop://add?x=1"].map(std::ffi::OsString::from);
    let arguments: Vec<_> = arguments.into_iter().chain([odd_path().into_os_string()]).collect();
    let ended = second_start(&station, &arguments, folder.path());
    assert!(ended.status.success() && ended.stdout.is_empty() && ended.stderr.is_empty(), "{ended:?}");
    let here = folder.path().canonicalize().unwrap();
    let paths = [here.join("a b.txt"), here.join("文"), "/tmp/c d".into()].map(Handed::Path);
    let others = [Handed::Link("sealdrop://add?x=1".to_owned()), Handed::Path(odd_path())];
    assert_eq!(handed_over(&mut station), [&paths[..], &others[..]].concat());
}

#[cfg(target_os = "linux")]
#[test]
fn beside_a_receiver_on_the_command_line_it_says_what_to_do() {
    let station = Station::new("receiver");
    let _lock = station.profile().lock().unwrap();
    let ended = second_start(&station, &[], Path::new("/"));
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("another Sealdrop uses this profile") && said.contains("--profile DIR"), "{said}");
}

const SOCKET: &str = "SEALDROP_TEST_SOCKET";

/// The part of the test below that another user plays.
#[test]
fn another_user_calls() {
    let Some(socket) = std::env::var_os(SOCKET) else { return };
    let mut caller = match UnixStream::connect(socket) {
        Ok(caller) => caller,
        Err(error) => return println!("kept out: {:?}", error.kind()),
    };
    caller.set_read_timeout(Some(LIMIT)).unwrap();
    handover::write_request(&mut caller, &[Handed::Path("/etc/passwd".into())]).ok();
    println!("taken: {}", handover::read_reply(&mut caller).unwrap_or(false));
}

#[test]
fn another_user_is_kept_out_and_would_be_sent_away() {
    if !rustix::process::geteuid().is_root() {
        return skipped("only root can be another user as well");
    }
    let (mut station, _instance) = running();
    // The build folder may be closed to others.
    let folder = tempfile::tempdir().unwrap();
    let binary = folder.path().join("suite");
    std::fs::copy(std::env::current_exe().unwrap(), &binary).unwrap();
    let open = |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    open(folder.path(), 0o755);
    open(&binary, 0o755);
    let place = socket(&station);
    let call = || {
        let mut other = Process::new(&binary);
        other.args(["--exact", "one_window::another_user_calls", "--nocapture"]).env(SOCKET, &place);
        let said = other.current_dir("/").uid(65534).gid(65534).output().unwrap();
        String::from_utf8_lossy(&said.stdout).into_owned()
    };
    let said = call();
    assert!(said.contains("kept out: PermissionDenied"), "{said}");
    open(station.home.path(), 0o755);
    open(station.profile().root(), 0o755);
    open(&place, 0o666);
    let said = call();
    assert!(said.contains("taken: false"), "{said}");
    answers(&mut station);
    assert!(!station.seen.iter().any(|event| matches!(event, Event::HandedOver(_))));
}
