//! Named threads whose panics stay inside them.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    thread::{Builder, JoinHandle},
};

/// Runs `work` on a thread called `name`. A panic ends that thread only (the default hook has printed it).
///
/// # Errors
/// The system has no thread for us.
pub fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    Builder::new().name(name.to_owned()).spawn(move || {
        // What `work` held was dropped while unwinding, with its drop guards: whoever waited has been told.
        catch_unwind(AssertUnwindSafe(work)).ok();
    })
}
