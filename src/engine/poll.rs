//! Putting a socket under a poller's watch: the one place where the `polling` crate asks for care about lifetimes.

use std::io;

use polling::{AsRawSource, Event, Poller};

/// Watches `source`. Whoever calls this deletes it from the poller before closing it.
///
/// # Errors
/// What the system says.
#[expect(unsafe_code, reason = "polling::Poller::add; the callers keep its contract")]
pub(super) fn watch(poller: &Poller, source: impl AsRawSource, event: Event) -> io::Result<()> {
    // SAFETY: each caller owns source and poller side by side and deletes the source before it is dropped:
    // `SocketLink` and `Race` in `drop` (a further link too, which lies in the one whose poller it shares), the lobby when a
    // connection leaves it, the listener before its socket closes.
    unsafe { poller.add(source, event) }
}
