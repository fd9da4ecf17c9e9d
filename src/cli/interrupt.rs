//! Ctrl-C and the system's request to end: the first is heard and obeyed in order, the second ends the process at once.

use std::io;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::exit::Exit;

/// From now on the first interrupt comes through this channel.
pub(super) fn interrupts() -> io::Result<Receiver<()>> {
    let (telling, heard) = bounded(1);
    listen(telling)?;
    Ok(heard)
}

#[cfg(unix)]
fn listen(telling: Sender<()>) -> io::Result<()> {
    use signal_hook::{
        consts::{SIGINT, SIGTERM},
        iterator::Signals,
    };
    // Not SIGHUP: `nohup` has it ignored, and that has to stay so.
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let mut told = false;
    crate::engine::threads::spawn("signals", move || signals.forever().for_each(|_| interrupted(&telling, &mut told)))?;
    Ok(())
}

#[cfg(not(unix))]
fn listen(telling: Sender<()>) -> io::Result<()> {
    let mut told = false;
    ctrlc::set_handler(move || interrupted(&telling, &mut told)).map_err(io::Error::other)
}

fn interrupted(telling: &Sender<()>, told: &mut bool) {
    if std::mem::replace(told, true) || telling.try_send(()).is_err() {
        std::process::exit(Exit::Cancelled as i32);
    }
}
