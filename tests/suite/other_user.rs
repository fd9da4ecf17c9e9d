//! Tests about permissions, which do not bind root: under root they run again as an ordinary user.

/// Says aloud that a test did not happen. Where it could have (root on a test machine), that is a failure.
pub(crate) fn skipped(why: &str) {
    let is_root = cfg!(unix) && rustix::process::geteuid().is_root();
    eprintln!("NOT TESTED: {why}");
    assert!(std::env::var_os("CI").is_none() || !is_root, "not tested: {why}");
}

/// Runs `body` here, or, under root, the whole test `name` in a process of its own as user 65534.
pub(crate) fn run(name: &str, body: impl FnOnce()) {
    use std::os::unix::{fs::PermissionsExt, process::CommandExt};
    if !rustix::process::geteuid().is_root() {
        return body();
    }
    // The build folder may be closed to others.
    let folder = tempfile::tempdir().unwrap();
    let binary = folder.path().join("suite");
    std::fs::copy(std::env::current_exe().unwrap(), &binary).unwrap();
    for place in [folder.path(), &binary] {
        std::fs::set_permissions(place, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut again = std::process::Command::new(&binary);
    again.args(["--exact", name, "--nocapture"]).current_dir("/").uid(65534).gid(65534);
    match again.output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
            assert!(said.contains("1 passed"), "the name is not that of the test: {said}");
        }
        Err(error) => skipped(&format!("no process as an ordinary user: {error}")),
    }
}
