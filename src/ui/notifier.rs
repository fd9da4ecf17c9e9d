//! Notifications of the desktop, as the window sees them: it says what is to stand there, and hears what was clicked. Showing
//! them is a matter of a thread of its own; where nobody shows any, the window goes on asking for attention.

#[cfg(not(any(target_os = "linux", target_os = "freebsd", target_os = "openbsd", target_os = "netbsd")))]
mod elsewhere;
#[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "openbsd", target_os = "netbsd"))]
mod freedesktop;

#[cfg(not(any(target_os = "linux", target_os = "freebsd", target_os = "openbsd", target_os = "netbsd")))]
use elsewhere::run;
#[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "openbsd", target_os = "netbsd"))]
use freedesktop::run;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::state::calls::{Answer, Call, CallId};
use crate::engine::{messages::Waker, threads};

/// Wishes that may wait for a desktop that is slow; what comes beyond is not shown.
const WISHES: usize = 64;
/// Answers that may wait until the next frame.
const ANSWERS: usize = 64;

/// What came of a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    Answered(CallId, Answer),
    /// The person, or the desktop, has put it away.
    Closed(CallId),
}

/// Whoever shows notifications: the desktop, or a test.
pub trait Notifier {
    /// Shows it, in place of what stood there under its name. Never waits.
    fn show(&mut self, call: &Call);

    /// Takes it back.
    fn close(&mut self, id: CallId);

    /// What was clicked and put away since.
    fn heard(&mut self) -> Vec<Heard>;
}

/// Nobody to show them.
pub(super) struct Silent;

impl Notifier for Silent {
    fn show(&mut self, _call: &Call) {}

    fn close(&mut self, _id: CallId) {}

    fn heard(&mut self) -> Vec<Heard> {
        Vec::new()
    }
}

/// What the thread is asked for.
enum Wish {
    Close(CallId),
    Show(Call),
}

/// The desktop's own notifications. The thread that shows them, and its connection to the desktop, begin with the first.
pub struct DesktopNotifier {
    wake: Waker,
    thread: Option<(Sender<Wish>, Receiver<Heard>)>,
}

impl DesktopNotifier {
    /// `wake` is called when something was clicked.
    pub fn new(wake: Waker) -> Self {
        Self { wake, thread: None }
    }

    fn wish(&mut self, wish: Wish) {
        if self.thread.is_none() {
            let ((wishes, to_do), (telling, heard)) = (bounded(WISHES), bounded(ANSWERS));
            let tell = Telling { heard: telling, wake: self.wake.clone() };
            if threads::spawn("notifications", move || run(&to_do, &tell)).is_ok() {
                self.thread = Some((wishes, heard));
            }
        }
        if let Some((wishes, _)) = &self.thread {
            // A desktop that hangs shows nothing; the window asks for attention all the same.
            wishes.try_send(wish).ok();
        }
    }
}

impl Notifier for DesktopNotifier {
    fn show(&mut self, call: &Call) {
        self.wish(Wish::Show(call.clone()));
    }

    fn close(&mut self, id: CallId) {
        if self.thread.is_some() {
            self.wish(Wish::Close(id));
        }
    }

    fn heard(&mut self) -> Vec<Heard> {
        self.thread.as_ref().map(|(_, heard)| heard.try_iter().collect()).unwrap_or_default()
    }
}

/// How the thread tells the window.
struct Telling {
    heard: Sender<Heard>,
    wake: Waker,
}

impl Telling {
    #[cfg_attr(windows, expect(dead_code, reason = "nothing comes back there"))]
    fn tell(&self, heard: Heard) {
        // A window that is gone needs none; one that is stalled has seen enough clicks.
        self.heard.try_send(heard).ok();
        (self.wake)();
    }
}
