//! The way into the window.

use std::{path::PathBuf, process::ExitCode};

use super::{exit::Exit, show::complain};

/// Opens the window on a profile, with `paths` staged, listening on `port` if one was given.
pub(super) fn open_window(_profile: Option<PathBuf>, _paths: Vec<PathBuf>, _port: Option<u16>) -> ExitCode {
    complain("There is no window yet. Use `sealdrop send` and `sealdrop receive` (`sealdrop --help` says how).");
    Exit::Failed.into()
}
