//! What the system knows of a connection that sends, and whether it bears losses. Only Linux is asked (and Android, for the
//! figures): elsewhere nothing is known, so that a transfer stays with one connection there.

use std::net::TcpStream;

use crate::transfer::spread::Seen;

/// What the system knows of `stream`; nothing on other systems than Linux.
#[cfg(any(target_os = "android", target_os = "linux"))]
pub(super) fn seen(stream: &TcpStream) -> Option<Seen> {
    tcp_info::of(stream)
}

#[cfg(not(any(target_os = "android", target_os = "linux")))]
pub(super) fn seen(_stream: &TcpStream) -> Option<Seen> {
    None
}

/// Sees to it that losses do not slow `stream` down, if the system offers a way (the congestion control BBR, to those whom its
/// administrator allows it); whether it is so now.
#[cfg(target_os = "linux")]
pub(super) fn bear_losses(stream: &TcpStream) -> bool {
    let socket = socket2::SockRef::from(stream);
    if socket.tcp_congestion().is_ok_and(|control| control.starts_with(BBR)) {
        return true;
    }
    // Who is privileged might set it without being asked for; but then it stays as its administrator wants it, too.
    let allowed = std::fs::read_to_string("/proc/sys/net/ipv4/tcp_allowed_congestion_control").unwrap_or_default();
    allowed.split_ascii_whitespace().any(|control| control.as_bytes() == BBR) && socket.set_tcp_congestion(BBR).is_ok()
}

#[cfg(not(target_os = "linux"))]
pub(super) fn bear_losses(_stream: &TcpStream) -> bool {
    false
}

/// It sends as fast as bytes have been seen to arrive, and does not take each loss for a full queue.
#[cfg(target_os = "linux")]
const BBR: &[u8] = b"bbr";

#[cfg(any(target_os = "android", target_os = "linux"))]
mod tcp_info {
    use std::{net::TcpStream, os::fd::AsRawFd, time::Duration};

    use super::Seen;

    /// Places of 32 bits in the kernel's `struct tcp_info` (`linux/tcp.h`), which only ever grows at its end.
    const SEGMENT_BYTES: usize = 4;
    const ROUND_TRIP_MICROS: usize = 17;
    const WINDOW_SEGMENTS: usize = 20;
    const SENT_AGAIN: usize = 25;
    const UNSENT_BYTES: usize = 36;
    const LEAST_ROUND_TRIP_MICROS: usize = 37;
    const WORDS: usize = 38;

    /// None on a kernel that does not know all of it, and before there was a round trip.
    pub(super) fn of(stream: &TcpStream) -> Option<Seen> {
        let words = read(stream)?;
        let micros = |place: usize| Duration::from_micros(words[place].into());
        // The kernel has no measured one when it says so.
        let least = Some(words[LEAST_ROUND_TRIP_MICROS]).filter(|least| *least != u32::MAX && *least > 0)?;
        Some(Seen {
            again: words[SENT_AGAIN].into(),
            window: u64::from(words[WINDOW_SEGMENTS]) * u64::from(words[SEGMENT_BYTES]),
            unsent: words[UNSENT_BYTES].into(),
            round_trip: micros(ROUND_TRIP_MICROS),
            least: Duration::from_micros(least.into()),
        })
    }

    #[expect(unsafe_code, reason = "no crate asks for TCP_INFO; a kernel writes into a buffer whose size it is told")]
    fn read(stream: &TcpStream) -> Option<[u32; WORDS]> {
        let mut words = [0_u32; WORDS];
        let mut length = libc::socklen_t::try_from(size_of_val(&words)).ok()?;
        let full = length;
        // SAFETY: the socket is open as long as `stream` is borrowed. The kernel writes at most `length` bytes into `words`, which is
        // so large, for which any bytes are values; and `length` is a `socklen_t`.
        let answer = unsafe {
            libc::getsockopt(
                stream.as_raw_fd(),
                libc::IPPROTO_TCP,
                libc::TCP_INFO,
                words.as_mut_ptr().cast(),
                &raw mut length,
            )
        };
        (answer == 0 && length == full).then_some(words)
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::{
        io::{Read, Write},
        net::{Ipv4Addr, TcpListener, TcpStream},
        time::Duration,
    };

    use super::*;

    fn pair() -> (TcpStream, TcpStream) {
        let door = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let near = TcpStream::connect_timeout(&door.local_addr().unwrap(), Duration::from_secs(5)).unwrap();
        (near, door.accept().unwrap().0)
    }

    #[test]
    fn the_system_knows_round_trips_and_windows() {
        let (mut near, mut far) = pair();
        near.write_all(&[1; 5000]).unwrap();
        far.read_exact(&mut [0; 5000]).unwrap();
        let seen = seen(&near).unwrap();
        assert_eq!((seen.again, seen.unsent), (0, 0));
        assert!(seen.least > Duration::ZERO && seen.least <= Duration::from_secs(1), "{seen:?}");
        // The smoothed one begins with what the first took.
        assert!(seen.round_trip >= seen.least / 2 && seen.round_trip <= Duration::from_secs(1), "{seen:?}");
        // Ten segments of at most 64 KiB in the beginning (RFC 6928); more once these were answered.
        assert!((10 * 500..100 << 20).contains(&seen.window), "{seen:?}");
    }

    #[test]
    fn the_system_knows_what_it_has_not_sent() {
        let (mut near, _far) = pair();
        near.set_nonblocking(true).unwrap();
        let mut given = 0;
        while let Ok(more) = near.write(&[1; 8192]) {
            given += more;
        }
        let unsent = usize::try_from(seen(&near).unwrap().unsent).unwrap();
        assert!(unsent > 0 && unsent < given, "{unsent} of {given}");
    }

    #[test]
    fn a_connection_bears_losses_where_the_administrator_lets_it() {
        let (near, _far) = pair();
        let control = || String::from_utf8(socket2::SockRef::from(&near).tcp_congestion().unwrap()).unwrap();
        let before = control();
        let allowed = std::fs::read_to_string("/proc/sys/net/ipv4/tcp_allowed_congestion_control").unwrap();
        let may = before.starts_with("bbr") || allowed.split_whitespace().any(|control| control == "bbr");
        assert_eq!(bear_losses(&near), may);
        if may {
            assert!(control().starts_with("bbr"), "{}", control());
        } else {
            assert_eq!(control(), before);
        }
    }
}
