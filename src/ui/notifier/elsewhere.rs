//! Windows and macOS: a notification is shown, and nothing comes back of it. Not run where this was written.

use crossbeam_channel::Receiver;

use super::{Telling, Wish};

/// Shows what is wished for, until the window is gone.
pub(super) fn run(wishes: &Receiver<Wish>, _tell: &Telling) {
    for wish in wishes {
        if let Wish::Show(call) = wish {
            // Where they are switched off, there are none.
            notify_rust::Notification::new().appname("Sealdrop").summary(&call.title).body(&call.body).show().ok();
        }
    }
}
