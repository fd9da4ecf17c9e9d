//! Gives the program its version with the git revision, the languages of its window, and on Windows its icon, manifest and
//! version data.

use std::{
    env,
    fmt::Write,
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-env=SEALDROP_VERSION={}", version());
    if let Err(error) = translations() {
        // Without them there is nothing the window could say.
        panic!("the translations cannot be read: {error}");
    }
    windows_resources();
}

/// Writes the table `TRANSLATIONS` of `src/ui/text/language.rs`: tag and text of each file, English first.
fn translations() -> io::Result<()> {
    let path = |name| env::var_os(name).map(PathBuf::from).ok_or_else(|| io::Error::other(format!("no {name}")));
    let folder = path("CARGO_MANIFEST_DIR")?.join("resources").join("translations");
    // A folder counts as changed when a file comes or goes, or changes.
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "ftl"));
    let tag = |file: &PathBuf| file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    files.sort_by_key(|file| (tag(file) != "en", tag(file)));
    let mut table = format!("const TRANSLATIONS: [(&str, &str); {}] = [\n", files.len());
    for file in &files {
        // Writing to a text cannot fail.
        writeln!(table, "    ({:?}, include_str!({:?})),", tag(file), file.to_string_lossy()).ok();
    }
    table.push_str("];\n");
    fs::write(path("OUT_DIR")?.join("translations.rs"), table)
}

/// `0.1.0 (abc1234)`, or `0.1.0` where there is no git or this is not a checkout.
fn version() -> String {
    let number = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    // Sources unpacked inside somebody else's checkout must not take that one's revision.
    let own_checkout = env::var("CARGO_MANIFEST_DIR").is_ok_and(|dir| Path::new(&dir).join(".git").exists());
    if !own_checkout {
        return number;
    }
    // Says where HEAD and the branch are also in a worktree, whose `.git` is a file. Each commit, checkout and reset is
    // seen in one of these; `packed-refs` and the log of HEAD cover a branch that has no file of its own.
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]);
    for name in ["HEAD", "logs/HEAD", "packed-refs"].into_iter().chain(branch.as_deref()) {
        // A path that is not there would make every build run this again.
        if let Some(path) = git(&["rev-parse", "--git-path", name]).filter(|path| Path::new(path).exists()) {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    match git(&["rev-parse", "--short=7", "HEAD"]) {
        Some(revision) => format!("{number} ({revision})"),
        None => number,
    }
}

/// What git prints, in one line; `None` when there is no git, it refuses, or it prints nothing.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    let line = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (!line.is_empty()).then_some(line)
}

#[cfg(windows)]
fn windows_resources() {
    println!("cargo:rerun-if-changed=resources/icon.ico");
    println!("cargo:rerun-if-changed=resources/sealdrop.manifest");
    let mut resource = winresource::WindowsResource::new();
    resource
        .set_icon("resources/icon.ico")
        .set_manifest_file("resources/sealdrop.manifest")
        .set("ProductName", "Sealdrop")
        .set("FileDescription", "Sealdrop")
        .set("OriginalFilename", "sealdrop.exe")
        .set("LegalCopyright", "MIT OR Apache-2.0");
    // Without a resource compiler the program is only plainer: that is no reason to fail.
    if let Err(error) = resource.compile() {
        println!("cargo:warning=no icon, manifest and version data in this build: {error}");
    }
}

#[cfg(not(windows))]
fn windows_resources() {}
