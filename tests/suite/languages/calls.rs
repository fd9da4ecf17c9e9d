//! Which messages the code says, and with what: read from its sources.

use std::{collections::BTreeSet, fs, path::Path};

/// One `say!("id", a, b = …)`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) id: String,
    pub(super) given: BTreeSet<String>,
}

/// All sources below `folder` of `src`, without their comments.
pub(super) fn sources(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder);
    let files = walkdir::WalkDir::new(root).sort_by_file_name().into_iter().filter_map(Result::ok);
    let files = files.filter(|file| file.path().extension().is_some_and(|extension| extension == "rs"));
    files.map(|file| (file.path().display().to_string(), without_comments(file.path()))).collect()
}

fn without_comments(file: &Path) -> String {
    let source = fs::read_to_string(file).unwrap();
    source.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Every call of `say!` in `source`.
pub(super) fn calls(source: &str) -> Vec<Call> {
    source.split("say!(").skip(1).filter_map(call).collect()
}

/// `"id", a, b = f(x, y))…`; none for what begins otherwise (the macro's own rules).
fn call(rest: &str) -> Option<Call> {
    let rest = rest.trim_start().strip_prefix('"')?;
    let (id, rest) = rest.split_once('"')?;
    let mut given = BTreeSet::new();
    let (mut depth, mut argument) = (0_usize, String::new());
    for letter in rest.chars() {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' if depth == 0 => break,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if letter == ',' && depth == 0 {
            given.extend(name(&argument));
            argument.clear();
        } else {
            argument.push(letter);
        }
    }
    given.extend(name(&argument));
    Some(Call { id: id.to_owned(), given })
}

fn name(argument: &str) -> Option<String> {
    let name = argument.split('=').next().unwrap_or_default().trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// Whether `source` names this as a whole text.
pub(super) fn names(source: &str, id: &str) -> bool {
    source.contains(&format!("\"{id}\""))
}

#[test]
fn a_call_is_read_however_it_is_written() {
    let found = calls(
        "say!(\"a\") say!(\n  \"b-c\",\n  most = f(x, [1, 2]),\n  size,\n) if x { say!(\"d\", n = a == b) } (say!(@ $name))",
    );
    let call = |id: &str, given: &[&str]| Call {
        id: id.to_owned(),
        given: given.iter().map(|name| (*name).to_owned()).collect(),
    };
    assert_eq!(found, [call("a", &[]), call("b-c", &["most", "size"]), call("d", &["n"])]);
}
