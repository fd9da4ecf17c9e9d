//! A connection with somebody between its ends, who counts, and cuts it where a test says.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use socket2::{Domain, Socket, Type};

use super::{LIMIT, spawn};

/// Two ends of a connection with somebody between them.
pub(in super::super) struct Wire {
    pub(in super::super) sender: TcpStream,
    pub(in super::super) receiver: TcpStream,
    pub(in super::super) bytes: Arc<AtomicU64>,
}

impl Wire {
    pub(in super::super) fn new(cut: Option<u64>) -> Self {
        let ((sender, from), (receiver, to)) = (pair(), pair());
        let bytes = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&bytes);
        let back = (to.try_clone().unwrap(), from.try_clone().unwrap());
        spawn(move || relay(from, to, cut.unwrap_or(u64::MAX), &counted));
        spawn(move || relay(back.0, back.1, u64::MAX, &AtomicU64::new(0)));
        Self { sender, receiver, bytes }
    }
}

fn relay(mut from: TcpStream, mut to: TcpStream, cut: u64, count: &AtomicU64) {
    let mut buffer = vec![0; 16 << 10];
    loop {
        let left = cut - count.load(Ordering::Relaxed);
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        match from.read(&mut buffer[..most]) {
            Ok(read) if read > 0 && to.write_all(&buffer[..read]).is_ok() => {
                count.fetch_add(read as u64, Ordering::Relaxed);
            }
            Ok(_) if left > 0 => {
                to.shutdown(Shutdown::Write).ok();
                return;
            }
            _ => {
                to.shutdown(Shutdown::Both).ok();
                from.shutdown(Shutdown::Both).ok();
                return;
            }
        }
    }
}

/// Little is on the way between these two, so that who stands still does so in the middle.
pub(in super::super) fn pair() -> (TcpStream, TcpStream) {
    let (door, near) = (narrow(), narrow());
    door.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    door.listen(1).unwrap();
    near.connect_timeout(&door.local_addr().unwrap(), LIMIT).unwrap();
    (near.into(), door.accept().unwrap().0.into())
}

/// Before it is connected: the scale of its windows follows from its room (tcp(7)). With a coarse one Linux drops what the other
/// end has acknowledged as long as this end has no room left, and whoever does not read could not go on writing.
fn narrow() -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_send_buffer_size(64 << 10).unwrap();
    socket.set_recv_buffer_size(64 << 10).unwrap();
    socket
}
