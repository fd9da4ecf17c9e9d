//! The network interfaces that discovery uses, and what is wrong with those that it cannot use.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6},
};

use if_addrs::Interface;
use mdns_sd::MDNS_PORT;
use socket2::{Domain, Protocol, Socket, Type};

use crate::model::nearby::InterfaceUse;

const GROUP_V4: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb);

/// A DNS query that asks nothing: whether it can be sent is what counts.
const NOTHING: [u8; 12] = [0; 12];

/// Interfaces that are named, at most.
const MAX_INTERFACES: usize = 64;

/// An address of an interface that multicast can be tried on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    name: String,
    address: IpAddr,
    index: u32,
}

/// Addresses of interfaces that are up, in a fixed order.
pub(super) fn places(loopback: bool) -> Vec<Place> {
    // Without a list of interfaces there is nothing to be found on them.
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let usable =
        |interface: &&Interface| interface.is_oper_up() && !interface.is_p2p() && interface.is_loopback() == loopback;
    let place = |interface: &Interface| Place {
        name: interface.name.clone(),
        address: interface.ip(),
        index: interface.index.unwrap_or_default(),
    };
    let mut places: Vec<Place> = interfaces.iter().filter(usable).map(place).collect();
    places.sort();
    places.truncate(MAX_INTERFACES);
    places
}

/// Tries multicast on each.
pub(super) fn tried(places: &[Place]) -> Vec<InterfaceUse> {
    let tried = places.iter().map(|place| InterfaceUse {
        name: place.name.clone(),
        address: place.address,
        problem: attempt(place).err().map(|error| error.to_string()),
    });
    tried.collect()
}

fn attempt(place: &Place) -> io::Result<()> {
    let (domain, any, group): (_, SocketAddr, SocketAddr) = match place.address {
        IpAddr::V4(_) => {
            let any = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, MDNS_PORT);
            (Domain::IPV4, any.into(), SocketAddrV4::new(GROUP_V4, MDNS_PORT).into())
        }
        IpAddr::V6(_) => {
            let any = SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, MDNS_PORT, 0, 0);
            (Domain::IPV6, any.into(), SocketAddrV6::new(GROUP_V6, MDNS_PORT, 0, place.index).into())
        }
    };
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    socket.set_reuse_port(true)?;
    match place.address {
        IpAddr::V4(address) => {
            socket.bind(&any.into())?;
            socket.join_multicast_v4(&GROUP_V4, &address)?;
            socket.set_multicast_if_v4(&address)?;
            socket.set_multicast_ttl_v4(255)?;
        }
        IpAddr::V6(_) => {
            socket.set_only_v6(true)?;
            socket.bind(&any.into())?;
            socket.join_multicast_v6(&GROUP_V6, place.index)?;
            socket.set_multicast_if_v6(place.index)?;
            socket.set_multicast_hops_v6(255)?;
        }
    }
    match socket.send_to(&NOTHING, &group.into()) {
        Ok(_) => Ok(()),
        // It is only busy.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_not_here_is_a_problem_and_no_more() {
        let gone = Place { name: "gone0".to_owned(), address: IpAddr::from([192, 0, 2, 1]), index: 4_000_000 };
        let tried = tried(&[gone]);
        assert_eq!(tried.len(), 1);
        assert!(tried[0].problem.is_some(), "{tried:?}");
    }

    #[test]
    fn the_loopback_is_not_among_the_others() {
        assert!(places(false).iter().all(|place| !place.address.is_loopback()));
    }
}
