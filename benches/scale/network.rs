//! A network of the bench's own, where that can be had, and the bytes that crossed its loopback.

use std::{
    fs,
    process::{Command, ExitCode},
};

const MARK: &str = "SEALDROP_SCALE_NETWORK";

/// Runs this program once more in a network and process table of its own, and passes on how it ended; `None`: go on here.
pub(crate) fn again_in_an_own_one() -> Option<ExitCode> {
    if std::env::var_os(MARK).is_some() {
        // Without it nothing is reachable, and the first connection says so.
        Command::new("ip").args(["link", "set", "lo", "up"]).status().ok();
        return None;
    }
    // What the bench starts ends with it, however it ends.
    let private = ["--net", "--pid", "--fork", "--kill-child", "--mount-proc"];
    let can = Command::new("unshare").args(private).arg("true").status();
    if !can.is_ok_and(|status| status.success()) {
        return None;
    }
    let itself = std::env::current_exe().ok()?;
    let mut again = Command::new("unshare");
    again.args(private).arg(itself).args(std::env::args_os().skip(1)).env(MARK, "own");
    let status = again.status().ok()?;
    Some(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether nobody else uses this network.
pub(crate) fn is_own() -> bool {
    std::env::var_os(MARK).is_some()
}

/// Bytes that have crossed the loopback so far; 0 where the system does not say.
pub(crate) fn loopback_bytes() -> u64 {
    let table = fs::read_to_string("/proc/net/dev").unwrap_or_default();
    let line = table.lines().find_map(|line| line.trim_start().strip_prefix("lo:"));
    line.and_then(|fields| fields.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
