//! One socket for multicast DNS on one adapter (RFC 6762), and the question that it asks there.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket},
};

use socket2::{Domain, Protocol, Socket, Type};

use crate::model::adapter::Adapter;

const PORT: u16 = 5353;
const GROUP_V4: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb);
/// RFC 6762 section 11.
const HOPS: u32 = 255;
/// The largest packet of multicast DNS (RFC 6762 section 17).
const PACKET_BYTES: usize = 9000;

/// A socket that hears and speaks on one adapter only.
pub(super) struct MulticastSocket {
    socket: UdpSocket,
    group: SocketAddr,
    question: Vec<u8>,
}

/// What has come in.
pub(super) enum Came {
    /// What we asked ourselves.
    Own,
    Nothing,
    Other(IpAddr),
}

impl MulticastSocket {
    /// One socket for each family that the adapter has an address of.
    pub(super) fn on(adapter: &Adapter, mark: u64) -> Vec<io::Result<Self>> {
        let four = adapter.addresses.iter().find_map(|it| if let IpAddr::V4(it) = it { Some(*it) } else { None });
        let six = adapter.addresses.iter().any(IpAddr::is_ipv6).then_some(adapter.index).flatten();
        let four = four.map(|address| Self::over_v4(address, mark));
        let six = six.map(|index| Self::over_v6(index, mark));
        four.into_iter().chain(six).collect()
    }

    fn over_v4(address: Ipv4Addr, mark: u64) -> io::Result<Self> {
        let socket = shared(Domain::IPV4)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, PORT)).into())?;
        // Otherwise Linux hands over what came in by any other adapter as well.
        #[cfg(target_os = "linux")]
        socket.set_multicast_all_v4(false)?;
        socket.join_multicast_v4(&GROUP_V4, &address)?;
        socket.set_multicast_if_v4(&address)?;
        socket.set_multicast_loop_v4(true)?;
        socket.set_multicast_ttl_v4(HOPS)?;
        Ok(Self { socket: socket.into(), group: SocketAddr::from((GROUP_V4, PORT)), question: question(mark) })
    }

    fn over_v6(index: u32, mark: u64) -> io::Result<Self> {
        let socket = shared(Domain::IPV6)?;
        socket.set_only_v6(true)?;
        socket.bind(&SocketAddr::from((Ipv6Addr::UNSPECIFIED, PORT)).into())?;
        #[cfg(target_os = "linux")]
        socket.set_multicast_all_v6(false)?;
        socket.join_multicast_v6(&GROUP_V6, index)?;
        socket.set_multicast_if_v6(index)?;
        socket.set_multicast_loop_v6(true)?;
        socket.set_multicast_hops_v6(HOPS)?;
        let group = SocketAddrV6::new(GROUP_V6, PORT, 0, index).into();
        Ok(Self { socket: socket.into(), group, question: question(mark) })
    }

    /// Asks which kinds of services there are: whoever speaks multicast DNS has an answer.
    pub(super) fn ask(&self) -> io::Result<()> {
        self.socket.send_to(&self.question, self.group).map(drop)
    }

    /// The next thing that is there, without waiting.
    pub(super) fn hear(&self) -> Came {
        let mut buffer = vec![0; PACKET_BYTES];
        match self.socket.recv_from(&mut buffer) {
            Ok((length, _)) if buffer.get(..length) == Some(&self.question[..]) => Came::Own,
            Ok((_, from)) => Came::Other(from.ip().to_canonical()),
            Err(_) => Came::Nothing,
        }
    }

    /// To be watched by a poll.
    pub(super) fn socket(&self) -> &UdpSocket {
        &self.socket
    }
}

/// Port 5353 belongs to everybody who speaks multicast DNS.
fn shared(family: Domain) -> io::Result<Socket> {
    let socket = Socket::new(family, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    socket.set_reuse_port(true)?;
    Ok(socket)
}

/// A query (RFC 6762 section 18): id and flags 0, two questions. One is for everybody (RFC 6763 section 9); the other, whose
/// name holds `mark`, has no answer and lets us know our own question when it comes back in.
fn question(mark: u64) -> Vec<u8> {
    const PTR: u16 = 12;
    const TXT: u16 = 16;
    const IN: u16 = 1;
    let mark = format!("{mark:016x}");
    let mut bytes = vec![0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0];
    for (labels, kind) in
        [(&["_services", "_dns-sd", "_udp", "local"], PTR), (&[mark.as_str(), "_check", "_sealdrop", "local"], TXT)]
    {
        for label in labels {
            bytes.push(u8::try_from(label.len()).unwrap_or_default());
            bytes.extend(label.bytes());
        }
        bytes.push(0);
        bytes.extend(kind.to_be_bytes());
        bytes.extend(IN.to_be_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_is_a_query_that_everybody_answers_and_that_is_known_again() {
        let asked = question(0xab);
        let expected: &[u8] = b"\0\0\0\0\0\x02\0\0\0\0\0\0\
            \x09_services\x07_dns-sd\x04_udp\x05local\0\0\x0c\0\x01\
            \x1000000000000000ab\x06_check\x09_sealdrop\x05local\0\0\x10\0\x01";
        assert_eq!(asked, expected);
        assert_ne!(asked, question(0xac));
    }
}
