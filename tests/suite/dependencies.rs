//! What comes into the build is what was looked at: licences, sources and banned crates as `.deny.toml` says, and a reason
//! in `src/lib.rs` for each crate that is named in `Cargo.toml`. No network; the checks are themselves checked on samples.

mod licence;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

use serde_json::{Value, json};

use licence::is_allowed;

/// The lists of `.deny.toml`.
struct Rules {
    licences: Vec<String>,
    banned: Vec<String>,
    registries: Vec<String>,
}

impl Rules {
    fn read(toml: &str) -> Self {
        let banned = list(toml, "bans", "deny");
        Self {
            licences: quoted(&list(toml, "licenses", "allow")),
            // `{ name = "tokio", reason = "..." }`
            banned: banned.split("name = ").skip(1).filter_map(|rest| quoted(rest).into_iter().next()).collect(),
            registries: quoted(&list(toml, "sources", "allow-registry")),
        }
    }
}

#[test]
fn everything_in_the_build_has_an_allowed_licence_and_source() {
    let rules = Rules::read(&fs::read_to_string(root().join(".deny.toml")).unwrap());
    let metadata = metadata();
    let packages = in_the_build(&metadata);
    assert!(packages.len() > 100, "only {} packages are in the build", packages.len());
    let broken = broken(&packages, &rules);
    assert!(broken.is_empty(), "{} packages were not looked at:\n{}", broken.len(), broken.join("\n"));
}

#[test]
fn every_direct_dependency_has_its_reason_and_every_reason_its_dependency() {
    let metadata = metadata();
    let package = of_root(&metadata);
    let direct = package["dependencies"].as_array().unwrap().iter().map(|direct| text(&direct["name"]));
    let direct: BTreeSet<_> = direct.collect();
    let reasons = reasons(&fs::read_to_string(root().join("src/lib.rs")).unwrap());
    let reasons: BTreeSet<_> = reasons.iter().map(String::as_str).collect();
    assert!(!direct.is_empty());
    let silent: Vec<_> = direct.difference(&reasons).collect();
    assert!(silent.is_empty(), "no reason in src/lib.rs, section Dependencies, for: {silent:?}");
    let gone: Vec<_> = reasons.difference(&direct).collect();
    assert!(gone.is_empty(), "a reason in src/lib.rs for what Cargo.toml does not name: {gone:?}");
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What cargo knows of all packages, out of the lock file and what has been downloaded to build this.
fn metadata() -> Value {
    let run = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(run.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&run.stderr));
    serde_json::from_slice(&run.stdout).unwrap()
}

fn of_root(metadata: &Value) -> &Value {
    let id = &metadata["resolve"]["root"];
    metadata["packages"].as_array().unwrap().iter().find(|package| package["id"] == *id).unwrap()
}

/// All packages below the root that are there to build or run it, not to test it.
fn in_the_build(metadata: &Value) -> Vec<&Value> {
    let packages: BTreeMap<_, _> = list_of(metadata, "packages").iter().map(|one| (text(&one["id"]), one)).collect();
    let nodes: BTreeMap<_, _> =
        list_of(&metadata["resolve"], "nodes").iter().map(|node| (text(&node["id"]), node)).collect();
    let mut seen = BTreeSet::new();
    let mut next = vec![text(&metadata["resolve"]["root"])];
    while let Some(id) = next.pop() {
        for below in list_of(nodes[id], "deps") {
            let is_built = list_of(below, "dep_kinds").iter().any(|kind| kind["kind"] != "dev");
            if is_built && seen.insert(text(&below["pkg"])) {
                next.push(text(&below["pkg"]));
            }
        }
    }
    seen.into_iter().map(|id| packages[id]).collect()
}

fn list_of<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().unwrap_or_else(|| panic!("cargo metadata gives no list {name}"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not text in cargo metadata: {value}"))
}

/// One sentence for each rule that a package breaks.
fn broken(packages: &[&Value], rules: &Rules) -> Vec<String> {
    let mut broken = Vec::new();
    for package in packages {
        let name = text(&package["name"]);
        let mut say = |what: String| broken.push(format!("{name} {}: {what}", text(&package["version"])));
        match package["license"].as_str() {
            None => say("names no licence".to_owned()),
            Some(licence) => match is_allowed(licence, &rules.licences) {
                Ok(true) => {}
                Ok(false) => say(format!("{licence} is not allowed by .deny.toml")),
                Err(problem) => say(format!("{licence}: {problem}")),
            },
        }
        if rules.banned.iter().any(|banned| banned == name) {
            say("banned by .deny.toml".to_owned());
        }
        let source = package["source"].as_str().unwrap_or("a folder");
        if !rules.registries.iter().any(|registry| source.strip_prefix("registry+") == Some(registry)) {
            say(format!("comes from {source}"));
        }
    }
    broken
}

/// What stands between the brackets of a list in a section of a TOML file, without comments. Enough for `.deny.toml`.
fn list(toml: &str, section: &str, name: &str) -> String {
    let header = format!("[{section}]");
    let opening = format!("{name} = [");
    let in_section = toml.lines().skip_while(|line| *line != header).skip(1).take_while(|line| !line.starts_with('['));
    let from_name = in_section.skip_while(|line| !line.starts_with(&opening));
    let mut held = String::new();
    for line in from_name {
        let line = line.strip_prefix(&opening).unwrap_or(line);
        let code = line.split(" #").next().unwrap_or_default().trim();
        if let Some(last) = code.strip_suffix(']') {
            return held + last;
        }
        held += code;
        held.push('\n');
    }
    panic!("no list {name} in section {section} of .deny.toml")
}

/// All that stands in double quotes.
fn quoted(text: &str) -> Vec<String> {
    text.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The first column of the table in the section "Dependencies"; each line has to have all its three.
fn reasons(source: &str) -> Vec<String> {
    let section = source.lines().skip_while(|line| *line != "//! # Dependencies").skip(1);
    let section = section.take_while(|line| line.starts_with("//!") && !line.starts_with("//! # "));
    let rows = section.filter_map(|line| line.strip_prefix("//! | ")).skip(2);
    let row = |row: &str| {
        let cells: Vec<_> = row.trim_end_matches('|').split('|').map(str::trim).collect();
        assert!(cells.len() == 3 && cells.iter().all(|cell| !cell.is_empty()), "not crate, purpose and reason: {row}");
        cells[0].to_owned()
    };
    rows.map(row).collect()
}

fn sample_rules() -> Rules {
    Rules::read(
        "[licenses]\nallow = [\n  \"MIT\",\n  \"ISC\", # not \"GPL-3.0\"\n]\n[bans]\nwildcards = \"deny\"\ndeny = [\n  \
         { name = \"tokio\", reason = \"threads are the design\" },\n]\n[sources]\nallow-registry = [\"https://here\"]\n",
    )
}

#[test]
fn the_lists_of_the_file_are_read_without_what_is_said_about_them() {
    let rules = sample_rules();
    assert_eq!(rules.licences, ["MIT", "ISC"]);
    assert_eq!(rules.banned, ["tokio"]);
    assert_eq!(rules.registries, ["https://here"]);
    let real = Rules::read(&fs::read_to_string(root().join(".deny.toml")).unwrap());
    for name in ["async-std", "openssl-sys", "tokio"] {
        assert!(real.banned.iter().any(|banned| banned == name), "{name} is no longer banned");
    }
}

#[test]
fn a_package_that_breaks_a_rule_is_named_with_the_rule() {
    let package = |name: &str, licence: Value, source: Value| json!({"name": name, "version": "1.0.0", "license": licence, "source": source});
    let here = json!("registry+https://here");
    let samples = [
        (package("good", json!("MIT"), here.clone()), ""),
        (package("copyleft", json!("GPL-3.0-only"), here.clone()), "GPL-3.0-only is not allowed"),
        (package("silent", Value::Null, here.clone()), "names no licence"),
        (package("garbled", json!("MIT OR"), here.clone()), "MIT OR: "),
        (package("tokio", json!("MIT"), here), "banned"),
        (package("forked", json!("MIT"), json!("git+https://here")), "comes from git+https://here"),
        (package("mirrored", json!("MIT"), json!("registry+https://there")), "comes from registry+https://there"),
        (package("local", json!("MIT"), Value::Null), "comes from a folder"),
    ];
    for (package, expected) in samples {
        let said = broken(&[&package], &sample_rules());
        assert_eq!(said.len(), usize::from(!expected.is_empty()), "{said:?}");
        assert!(said.iter().all(|said| said.contains(expected)), "{expected:?} missed in {said:?}");
    }
}

#[test]
fn what_only_tests_need_is_not_in_the_build_and_what_a_build_script_needs_is() {
    let below = |name: &str, kinds: &[Value]| {
        let kinds: Vec<_> = kinds.iter().map(|kind| json!({"kind": kind})).collect();
        json!({"pkg": name, "dep_kinds": kinds})
    };
    let node = |name: &str, deps: &[Value]| json!({"id": name, "deps": deps});
    let (normal, build, dev) = (Value::Null, json!("build"), json!("dev"));
    let names = ["root", "a", "b", "c", "d", "e"];
    let metadata = json!({
        "packages": names.map(|name| json!({"id": name})),
        "resolve": {"root": "root", "nodes": [
            node("root", &[below("a", &[normal]), below("b", &[dev.clone(), build.clone()]), below("c", &[dev])]),
            node("a", &[below("d", &[build])]),
            node("b", &[]),
            node("c", &[below("e", &[Value::Null])]),
            node("d", &[below("a", &[Value::Null])]),
            node("e", &[]),
        ]},
    });
    let found: Vec<_> = in_the_build(&metadata).into_iter().map(|package| text(&package["id"])).collect();
    assert_eq!(found, ["a", "b", "d"]);
}

#[test]
fn reasons_are_the_rows_of_their_section_alone() {
    let source = "//! # Other\n//! | x | y | z |\n//! # Dependencies\n//!\n//! | crate | for | why |\n//! | --- | --- | --- |\n\
                  //! | one | a | b |\n//! | two | c | d |\n//!\n//! # Next\n//! | three | e | f |\n";
    assert_eq!(reasons(source), ["one", "two"]);
}
