//! Small Python programs that do what socket tutorials do, against the engine.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

use sealdrop::model::{
    device::PeerAddr,
    outcome::{FileState, Outcome},
    reason::ReasonCode,
};
use serde_json::Value;

use super::accept_all;
use crate::support::{Station, seeded, tree};

/// The names that Python has; the first that runs is taken.
const PYTHONS: [&str; 2] = ["python3", "python"];

/// Where Python is missing, the test says so by name and is left out; where `CI` is set it fails.
#[expect(clippy::explicit_write, reason = "what is said by eprintln is not shown when the test passes")]
pub(crate) fn python(test: &str) -> Option<&'static str> {
    let is_three = |name: &&str| {
        let version = Command::new(name).arg("--version").output();
        version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).starts_with("Python 3"))
    };
    let found = PYTHONS.into_iter().find(is_three);
    if found.is_none() {
        writeln!(std::io::stderr(), "test {test} ... ignored, needs python3").unwrap();
        assert!(std::env::var_os("CI").is_none(), "{test} needs python3");
    }
    found
}

/// A running program; killed when dropped.
struct Script {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Script {
    fn start(python: &str, program: &str, arguments: &[String]) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/python").join(program);
        Self::start_in(Path::new("."), python, &path, arguments)
    }

    fn start_in(folder: &Path, python: &str, program: &Path, arguments: &[String]) -> Self {
        let mut command = Command::new(python);
        command
            .current_dir(folder)
            .arg(program)
            .args(arguments)
            .env("PYTHONUTF8", "1")
            .env("PYTHONDONTWRITEBYTECODE", "1");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        if line.is_empty() {
            let mut why = String::new();
            self.child.stderr.take().unwrap().read_to_string(&mut why).unwrap();
            panic!("the program ended: {why}");
        }
        line.trim_end().to_owned()
    }

    /// Waits for its end; what it said on standard error when it did not end well.
    fn end(mut self) -> Result<(), String> {
        let mut why = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut why).unwrap();
        if self.child.wait().unwrap().success() { Ok(()) } else { Err(why) }
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        // It has ended already, mostly.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Files as they differ: empty, one byte, text, more than any buffer, a name in another script.
fn files(station: &Station) -> Vec<PathBuf> {
    let folder = station.home.path().join("out");
    fs::create_dir(&folder).unwrap();
    let of = |(name, bytes): (&str, Vec<u8>)| {
        let path = folder.join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let big = seeded(4, 1_234_567);
    [("empty", Vec::new()), ("one", vec![7]), ("a b.txt", b"abc".to_vec()), ("星期.bin", big)]
        .into_iter()
        .map(of)
        .collect()
}

fn texts(paths: &[PathBuf]) -> impl Iterator<Item = String> {
    paths.iter().map(|path| path.to_str().unwrap().to_owned())
}

/// Runs a sender; each of its files is accepted in turn and ends in `state`.
fn uploads(python: &str, program: &str, kind: &str, state: FileState) {
    let b = Station::new("b");
    let paths = files(&b);
    let mut arguments = vec![b.port.to_string(), kind.to_owned()];
    arguments.extend(texts(&paths));
    let script = Script::start(python, program, &arguments);
    let mut ends = accept_all(&b, paths.len());
    for path in &paths {
        let (ending, end) = ends.remove(path.file_name().unwrap().to_str().unwrap()).unwrap();
        let end = end.unwrap();
        assert_eq!(end.state, state, "{program} {kind} {}: {ending:?}", path.display());
        assert_eq!(end.md5.unwrap().to_string(), md5_of(path));
        let outcome = match state {
            FileState::Verified => Outcome::Verified,
            FileState::Unchecked => Outcome::Unchecked,
            _ => Outcome::Failed,
        };
        assert_eq!(ending.outcome, outcome);
    }
    script.end().unwrap();
    let expected = if state == FileState::Mismatch { Vec::new() } else { tree(&b.home.path().join("out")) };
    assert_eq!(tree(&b.received()), expected, "{program} {kind}");
}

fn md5_of(path: &Path) -> String {
    let mut hasher = sealdrop::digest::Hasher::new();
    hasher.update(&fs::read(path).unwrap());
    hasher.finish().to_string()
}

#[test]
fn python_sender_with_file_size_is_received() {
    let Some(python) = python("classic::programs::python_sender_with_file_size_is_received") else { return };
    uploads(python, "send_file_size.py", "right", FileState::Verified);
    uploads(python, "send_file_size.py", "upper", FileState::Verified);
    uploads(python, "send_file_size.py", "none", FileState::Unchecked);
}

#[test]
fn python_sender_with_a_wrong_checksum_gets_nothing_published() {
    let Some(python) = python("classic::programs::python_sender_with_a_wrong_checksum_gets_nothing_published") else {
        return;
    };
    uploads(python, "send_file_size.py", "wrong", FileState::Mismatch);
}

#[test]
fn python_sender_of_several_files_on_one_connection_is_received() {
    let Some(python) = python("classic::programs::python_sender_of_several_files_on_one_connection_is_received") else {
        return;
    };
    uploads(python, "send_filepath.py", "right", FileState::Verified);
    uploads(python, "send_filepath.py", "none", FileState::Unchecked);
}

#[test]
fn python_sender_that_is_declined_sees_its_connection_closed() {
    let Some(python) = python("classic::programs::python_sender_that_is_declined_sees_its_connection_closed") else {
        return;
    };
    let mut b = Station::new("b");
    let path = b.home.path().join("large");
    fs::write(&path, seeded(1, 20 << 20)).unwrap();
    let arguments = [b.port.to_string(), "right".to_owned(), path.to_str().unwrap().to_owned()];
    let script = Script::start(python, "send_file_size.py", &arguments);
    let offer = b.offer();
    let key = offer.snapshot.key;
    drop(offer);
    assert_eq!(b.ending(key).outcome, Outcome::Declined);
    let why = script.end().unwrap_err();
    assert!(why.contains("Connection") || why.contains("Broken pipe"), "{why}");
    assert_eq!(tree(&b.received()), []);
}

/// Runs a receiver and hands it all files; bytes and seals are equal on both sides.
fn handed_over(python: &str, program: &str) {
    let mut a = Station::new("a");
    let paths = files(&a);
    let into = a.received().to_str().unwrap().to_owned();
    let mut script = Script::start(python, program, &[into, paths.len().to_string()]);
    let port = script.line().parse().unwrap();
    let sources: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
    let key = a.send_to(PeerAddr { host: "127.0.0.1".to_owned(), port }, &sources, true);
    let ending = a.ending(key);
    assert_eq!((ending.outcome, ending.files), (Outcome::Unchecked, paths.len() as u64), "{program} {ending:?}");
    for (path, end) in paths.iter().zip(a.file_ends(key)) {
        let said: Value = serde_json::from_str(&script.line()).unwrap();
        let seal = md5_of(path);
        assert_eq!((said["announced"].as_str(), said["md5"].as_str()), (Some(&*seal), Some(&*seal)), "{said}");
        assert_eq!((end.state, end.md5.unwrap().to_string()), (FileState::Unchecked, seal));
    }
    script.end().unwrap();
    assert_eq!(tree(&a.home.path().join("out")), tree(&a.received()), "{program}");
}

#[test]
fn python_receivers_read_what_is_sent() {
    let Some(python) = python("classic::programs::python_receivers_read_what_is_sent") else { return };
    handed_over(python, "receive_file_size.py");
    handed_over(python, "receive_filepath.py");
}

/// A station that shares these files.
fn sharing() -> (Station, Vec<PathBuf>) {
    let station = Station::with("b", |settings| {
        settings.shared_folder = Some(settings.receive_folder.with_file_name("out"));
    });
    let paths = files(&station);
    (station, paths)
}

#[test]
fn python_programs_download_from_the_shared_folder() {
    let Some(python) = python("classic::programs::python_programs_download_from_the_shared_folder") else { return };
    let (b, paths) = sharing();
    for kind in ["bare", "line", "zero", "once"] {
        let mut arguments = vec![b.port.to_string(), kind.to_owned(), "nothing".to_owned(), "../received".to_owned()];
        // Twice: the second time the digest is known.
        let names = paths.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned());
        arguments.extend(names.clone().chain(names));
        let mut script = Script::start(python, "download.py", &arguments);
        assert_eq!((script.line(), script.line()), ("null".to_owned(), "null".to_owned()), "{kind}");
        for path in paths.iter().chain(&paths) {
            let said: Value = serde_json::from_str(&script.line()).unwrap();
            let (seal, size) = (md5_of(path), fs::metadata(path).unwrap().len());
            assert_eq!((said["md5"].as_str(), said["header"]["md5"].as_str()), (Some(&*seal), Some(&*seal)), "{said}");
            assert_eq!((said["bytes"].as_u64(), said["header"]["lenth"].as_u64()), (Some(size), Some(size)), "{said}");
        }
        script.end().unwrap();
    }
}

#[test]
fn files_are_fetched_from_python_programs() {
    let Some(python) = python("classic::programs::files_are_fetched_from_python_programs") else { return };
    for (kind, state) in [
        ("right", FileState::Verified),
        ("none", FileState::Unchecked),
        ("two_sends", FileState::Verified),
        ("wrong", FileState::Mismatch),
    ] {
        let mut b = Station::new("b");
        let paths = files(&b);
        let out = b.home.path().join("out").to_str().unwrap().to_owned();
        let arguments = [out, (paths.len() + 1).to_string(), kind.to_owned()];
        let mut script = Script::start(python, "serve_downloads.py", &arguments);
        let to = PeerAddr { host: "127.0.0.1".to_owned(), port: script.line().parse().unwrap() };
        let missing = b.fetch(to.clone(), "nothing");
        assert_eq!(b.ending(missing).reason.unwrap().code, ReasonCode::NotShared);
        assert_eq!(script.line(), "nothing");
        for path in &paths {
            let name = path.file_name().unwrap().to_str().unwrap();
            let key = b.fetch(to.clone(), name);
            let ending = b.ending(key);
            assert_eq!(script.line(), name);
            let end = b.file_ends(key).pop().unwrap_or_else(|| panic!("{kind} {name}: {ending:?}"));
            assert_eq!((end.state, end.md5.unwrap().to_string()), (state, md5_of(path)), "{kind} {name}");
        }
        script.end().unwrap();
        let expected = if state == FileState::Mismatch { Vec::new() } else { tree(&b.home.path().join("out")) };
        assert_eq!(tree(&b.received()), expected, "{kind}");
    }
}

/// The piece of Python that stands in the README behind these words.
fn from_the_readme(behind: &str) -> String {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let (_, rest) = readme.split_once(behind).expect("the words are there");
    let (_, rest) = rest.split_once("```python\n").expect("a program");
    rest.split_once("```").expect("its end").0.to_owned()
}

#[test]
fn the_program_of_the_readme_downloads() {
    let Some(python) = python("classic::programs::the_program_of_the_readme_downloads") else { return };
    let (b, paths) = sharing();
    let program = from_the_readme("Downloading from the shared folder");
    assert!(program.contains("9527"));
    let place = b.home.path().join("client.py");
    fs::write(&place, program.replace("9527", &b.port.to_string())).unwrap();
    let into = b.received();
    for path in &paths {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let mut script = Script::start_in(&into, python, &place, &["127.0.0.1".to_owned(), name.clone()]);
        assert_eq!(script.line(), "verified", "{name}");
        script.end().unwrap();
    }
    assert_eq!(tree(&into), tree(&b.home.path().join("out")));
    let script = Script::start_in(&into, python, &place, &["127.0.0.1".to_owned(), "nothing".to_owned()]);
    assert!(script.end().unwrap_err().contains("not shared"));
}
