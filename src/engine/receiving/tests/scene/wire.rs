//! A connection with somebody between its ends, who counts, and cuts it where a test says.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

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

pub(in super::super) fn pair() -> (TcpStream, TcpStream) {
    let door = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let near = TcpStream::connect_timeout(&door.local_addr().unwrap(), LIMIT).unwrap();
    let far = door.accept().unwrap().0;
    for end in [&near, &far] {
        // Little is on the way, so that who stands still does so in the middle.
        socket2::SockRef::from(end).set_send_buffer_size(64 << 10).unwrap();
        socket2::SockRef::from(end).set_recv_buffer_size(64 << 10).unwrap();
    }
    (near, far)
}
