//! Gives the program its version with the git revision, and on Windows its icon, manifest and version data.

use std::{env, path::Path, process::Command};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-env=SEALDROP_VERSION={}", version());
    windows_resources();
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
