//! The house keeps its floors: imports run downward, each outside crate stays in its room, files and functions stay small,
//! nothing is shared behind a lock. The checker is itself checked on small samples that break one rule each.

mod source;

use std::{
    fs,
    path::{Path, PathBuf},
};

use source::{code_only, functions, paths, tokens, without_tests};

/// Folders of `src/` and their floors.
const FLOORS: [(&str, u8); 9] = [
    ("cli", 4),
    ("crypto", 1),
    ("digest", 1),
    ("engine", 3),
    ("model", 0),
    ("storage", 1),
    ("transfer", 2),
    ("ui", 4),
    ("wire", 1),
];

/// `main.rs` and `lib.rs` stand above all floors.
const ROOF: u8 = 5;

/// Crates, the places (beginnings of paths below `src/`) that may name them.
const ROOMS: [(&str, &[&str]); 11] = [
    ("ecolor", &["ui/", "main.rs"]),
    ("eframe", &["ui/", "main.rs"]),
    ("egui", &["ui/", "main.rs"]),
    ("egui_extras", &["ui/", "main.rs"]),
    ("emath", &["ui/", "main.rs"]),
    ("epaint", &["ui/", "main.rs"]),
    ("md5", &["digest/"]),
    ("rcgen", &["crypto/"]),
    ("rfd", &["ui/dialogs.rs"]),
    ("rustls", &["crypto/"]),
    ("serde_json", &["wire/", "storage/", "cli/"]),
];

/// Words that only the engine may use.
const SOCKETS: [&str; 2] = ["TcpListener", "TcpStream"];

/// Words that nobody may use: state has one owner, every channel has a bound.
const BANNED: [&str; 5] = ["LazyLock", "Mutex", "RwLock", "thread_local", "unbounded"];

/// The one file that keeps what the window speaks, a word for each thread, and the texts that are built in; it says why.
const SPEAKS: &str = "ui/text/language.rs";

const MAX_FILE_LINES: usize = 400;
const MAX_FUNCTION_LINES: usize = 60;

#[test]
fn imports_run_downward_and_every_rule_of_the_house_is_kept() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = rust_files(&root);
    assert!(files.len() > 10, "found only {} files below {}", files.len(), root.display());
    let mut broken = Vec::new();
    for file in files {
        let place = below(&root, &file);
        broken.extend(check(&place, &fs::read_to_string(&file).unwrap()));
    }
    assert!(broken.is_empty(), "{} house rules broken:\n{}", broken.len(), broken.join("\n"));
}

#[test]
fn every_file_opens_with_a_sentence_about_itself() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![root.join("build.rs")];
    for folder in ["src", "tests", "benches", "fuzz/fuzz_targets"] {
        files.extend(rust_files(&root.join(folder)));
    }
    let silent: Vec<String> = files
        .iter()
        .filter(|file| !opens_with_a_sentence(&fs::read_to_string(file).unwrap()))
        .map(|file| below(root, file))
        .collect();
    assert!(silent.is_empty(), "no //! line at the top of: {}", silent.join(", "));
}

/// All rules that one file below `src/` breaks, each as `place:line: what`.
fn check(place: &str, source: &str) -> Vec<String> {
    let tests_only = place.ends_with("/tests.rs") || place.contains("/tests/");
    let all = code_only(source);
    let code = if tests_only { String::new() } else { code_only(without_tests(source)) };
    let mut broken = Vec::new();
    broken.extend(wrong_floors(place, &all));
    broken.extend(wrong_rooms(place, &code));
    broken.extend(banned_words(place, &all, &code));
    broken.extend(too_long(place, &code));
    broken.into_iter().map(|(line, what)| format!("src/{place}:{line}: {what}")).collect()
}

/// Line and what is wrong there.
type Broken = (usize, String);

fn wrong_floors(place: &str, code: &str) -> Vec<Broken> {
    let Some(own) = floor_of_place(place) else {
        return vec![(1, "stands on no floor; the list is in tests/suite/floors.rs".to_owned())];
    };
    let named = paths(code).into_iter().filter_map(|path| {
        let target = from_the_root(&module_of(place), &path)?;
        let (name, floor) = FLOORS.into_iter().find(|(name, _)| *name == target)?;
        (floor > own).then(|| (path.line, format!("floor {own} uses {name} (floor {floor})")))
    });
    named.collect()
}

/// The first name below the crate's root that `path` leads to; `None` for a path to elsewhere.
fn from_the_root(module: &[String], path: &source::NamedPath) -> Option<String> {
    let ups = path.parts.iter().filter(|part| *part == "super").count();
    if path.parts.first().is_some_and(|first| first == "crate" || first == "sealdrop") {
        return path.parts.get(1).cloned();
    }
    // Only `super`s that lead out of this file and its folders reach the root.
    (ups > 0 && ups == module.len() + path.inside_mods)
        .then(|| path.parts.iter().find(|part| !matches!(part.as_str(), "self" | "super")).cloned())?
}

/// `wire/frame.rs` is `wire::frame`; `wire/mod.rs` is `wire`; `main.rs` and `lib.rs` are the root.
fn module_of(place: &str) -> Vec<String> {
    let stem = place.trim_end_matches(".rs");
    stem.split('/').filter(|part| !matches!(*part, "lib" | "main" | "mod")).map(str::to_owned).collect()
}

fn floor_of_place(place: &str) -> Option<u8> {
    if matches!(place, "lib.rs" | "main.rs") {
        return Some(ROOF);
    }
    let folder = place.split_once('/')?.0;
    FLOORS.into_iter().find(|(name, _)| *name == folder).map(|(_, floor)| floor)
}

fn wrong_rooms(place: &str, code: &str) -> Vec<Broken> {
    let mut broken = Vec::new();
    for path in paths(code) {
        let Some(first) = path.parts.first() else { continue };
        let Some((name, rooms)) = ROOMS.into_iter().find(|(name, _)| name == first) else { continue };
        if !rooms.iter().any(|room| place.starts_with(room)) {
            broken.push((path.line, format!("{name} belongs in {}", rooms.join(", "))));
        }
    }
    broken
}

fn banned_words(place: &str, all: &str, code: &str) -> Vec<Broken> {
    let mut broken = Vec::new();
    let speaks = place == SPEAKS;
    let words = tokens(all);
    for pair in words.windows(2) {
        let [(word, line), (next, _)] = pair else { continue };
        let allowed = speaks && matches!(word.as_str(), "static" | "thread_local") && next != "mut";
        if !allowed && (BANNED.contains(&word.as_str()) || (word == "static" && is_global(next))) {
            broken.push((*line, format!("{word}: state has one owner and every channel a bound")));
        }
    }
    if !place.starts_with("engine/") {
        let sockets = tokens(code).into_iter().filter(|(word, _)| SOCKETS.contains(&word.as_str()));
        broken.extend(sockets.map(|(word, line)| (line, format!("{word} belongs in engine/"))));
    }
    broken
}

/// What follows `static` in a global; a lifetime is followed by other things.
fn is_global(next: &str) -> bool {
    next == "mut" || next.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

fn too_long(place: &str, code: &str) -> Vec<Broken> {
    let mut broken = Vec::new();
    let lines = code.lines().count();
    if lines > MAX_FILE_LINES {
        broken.push((1, format!("{place} has {lines} lines without its tests; {MAX_FILE_LINES} are the most")));
    }
    for (name, line, held) in functions(code) {
        if held > MAX_FUNCTION_LINES {
            broken.push((line, format!("fn {name} has {held} lines; {MAX_FUNCTION_LINES} are the most")));
        }
    }
    broken
}

fn opens_with_a_sentence(source: &str) -> bool {
    source.lines().next().is_some_and(|line| line.strip_prefix("//! ").is_some_and(|text| text.len() > 10))
}

/// Every `.rs` file below `folder`, in order; none when the folder is not there.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = walkdir::WalkDir::new(folder)
        .into_iter()
        .filter_entry(|entry| entry.file_name() != "target")
        .filter_map(Result::ok)
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    files.sort();
    files
}

fn below(root: &Path, file: &Path) -> String {
    file.strip_prefix(root).unwrap_or(file).to_string_lossy().replace('\\', "/")
}

/// What `check` says about `source` at `place`, joined.
fn said(place: &str, source: &str) -> String {
    check(place, source).join("\n")
}

#[test]
fn the_checker_finds_an_upward_import_however_it_is_written() {
    let samples = [
        "use crate::engine::Engine;",
        "use crate::{\n    model::seal::Md5Digest,\n    engine::{self, Engine},\n};",
        "use super::super::engine;",
        "pub use super::super::{model::seal, engine::messages as m};",
        "fn f() { crate::engine::start(); }",
        "fn f(x: &crate::engine::Engine) {}",
        "mod tests {\n    use super::super::super::engine;\n}",
        "fn f() { /* text */ let a = '\"'; crate::engine::start(); let b = '\"'; }",
    ];
    for sample in samples {
        assert!(said("wire/frame.rs", sample).contains("floor 1 uses engine (floor 3)"), "missed in: {sample}");
    }
    assert!(said("wire/mod.rs", "use super::engine;").contains("uses engine"));
    assert!(said("engine/mod.rs", "use crate::ui::text;").contains("src/engine/mod.rs:1: floor 3 uses ui (floor 4)"));
    assert!(said("attic/mod.rs", "").contains("stands on no floor"));
}

#[test]
fn the_checker_lets_pass_what_the_house_allows() {
    let samples = [
        ("engine/mod.rs", "use crate::{model::device::Peer, storage::sources, transfer::Lane, wire};"),
        ("wire/frame.rs", "// use crate::engine;\nconst TEXT: &str = \"crate::engine::x, a Mutex // not code\";"),
        ("wire/frame.rs", "use super::engine;\nmod tests {\n    use super::super::engine;\n}"),
        ("model/device.rs", "const MD5: &str = r#\"md5::x \"egui::y\" \"#; struct A { md5: u8 }"),
        ("model/device.rs", "fn f<'a>(x: &'a str) -> &'a str { x }\n/* nested /* egui::Ui */ rfd::X */"),
        ("cli/mod.rs", "use crate::ui::text; use serde_json::json;"),
        ("ui/text/language.rs", "thread_local! { static SPOKEN: Cell<u8> = Cell::new(0); }"),
        ("model/device.rs", "fn f() { <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(a) }"),
        ("main.rs", "use sealdrop::{cli, ui}; use eframe::NativeOptions;"),
        ("digest/mod.rs", "use md5::{Digest, Md5};"),
        ("ui/dialogs.rs", "use rfd::AsyncFileDialog;"),
        ("model/seal.rs", "fn f() {}\n#[cfg(test)]\nmod tests {\n    use serde_json::json;\n}"),
    ];
    for (place, sample) in samples {
        assert_eq!(said(place, sample), "", "in {place}: {sample}");
    }
}

#[test]
fn the_checker_finds_a_crate_or_a_word_in_the_wrong_room() {
    let samples = [
        ("engine/mod.rs", "fn f(ctx: &egui::Context) {}", "egui belongs in"),
        ("cli/mod.rs", "use eframe::{self, App};", "eframe belongs in"),
        ("ui/app.rs", "use rfd::AsyncFileDialog;", "rfd belongs in"),
        ("wire/mod.rs", "use std::net::{SocketAddr, TcpStream};", "TcpStream belongs in"),
        ("cli/mod.rs", "fn f() { std::net::TcpListener::bind(a) }", "TcpListener belongs in"),
        ("storage/parts.rs", "use md5::Md5;", "md5 belongs in"),
        ("engine/mod.rs", "fn f() { ::serde_json::to_string(&x) }", "serde_json belongs in"),
        ("engine/mod.rs", "use std::sync::{Arc, Mutex};", "Mutex"),
        ("ui/app.rs", "struct A { x: std::sync::RwLock<u8> }", "RwLock"),
        ("ui/app.rs", "static mut X: u8 = 0;", "static"),
        ("ui/app.rs", "thread_local! { static X: Cell<u8> = Cell::new(0); }", "thread_local"),
        ("ui/text/language.rs", "static mut X: u8 = 0;", "static"),
        ("ui/text/language.rs", "static X: LazyLock<u8> = f();", "LazyLock"),
        ("engine/mod.rs", "let (a, b) = crossbeam_channel::unbounded();", "unbounded"),
    ];
    for (place, sample, expected) in samples {
        assert!(said(place, sample).contains(expected), "{expected:?} missed in: {sample}");
    }
}

#[test]
fn the_checker_finds_files_and_functions_that_grew_too_long() {
    let body = "    let a = [0; 4];\n".repeat(MAX_FUNCTION_LINES - 2);
    let longest = format!("fn f(x: [u8; 4]) -> u8 {{\n{body}\n    // a comment\n}}\n");
    assert_eq!(said("model/seal.rs", &longest), "");
    let longer = format!("fn other();\n\nfn g() {{\n    0;\n{body}}}\n");
    assert!(said("model/seal.rs", &longer).contains("src/model/seal.rs:3: fn g has 61 lines"));

    let lines = "const A: u8 = 0;\n".repeat(MAX_FILE_LINES);
    let tests = format!("#[cfg(test)]\nmod tests {{\n{lines}}}\n");
    assert_eq!(said("model/seal.rs", &format!("{lines}{tests}")), "");
    assert!(said("model/seal.rs", &format!("{lines}\n{tests}")).contains("401 lines"));
    assert!(!opens_with_a_sentence("use std::io;\n//! Late.\n"));
    assert!(opens_with_a_sentence("//! What this file holds.\n"));
}
