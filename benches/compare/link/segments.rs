//! Packets as the kernel hands them over: up to 64 KiB of one TCP stream at a time, which a wire would carry as many segments.
//!
//! In front of each packet stand ten bytes (`struct virtio_net_hdr`, VIRTIO 1.2, 5.1.6) that say how it is to be cut into
//! segments, and where a checksum is still to be filled in. A link that drops or loses single segments of one has to cut it.

use std::ops::Range;

/// Bytes of the header in front.
pub(crate) const FRONT: usize = 10;

/// `VIRTIO_NET_HDR_F_NEEDS_CSUM`: the checksum holds the sum over the pseudo header only.
const NEEDS_CHECKSUM: u8 = 1;
/// `VIRTIO_NET_HDR_GSO_TCPV4`; a higher bit tells of congestion marks.
const TCP_OVER_IPV4: u8 = 1;
const KIND: u8 = 0x7f;

const FIN_AND_PUSH: u8 = 0x01 | 0x08;
/// Congestion window reduced: told once (RFC 3168).
const REDUCED: u8 = 0x80;

/// How a packet of several segments is made.
#[derive(Clone, Copy)]
struct Shape {
    /// Bytes of the IP header, and of both headers.
    ip: usize,
    headers: usize,
    /// Bytes of TCP in each segment but the last.
    segment: usize,
    payload: usize,
}

/// `None`: it is one segment, or no TCP over IPv4.
fn shape(packet: &[u8]) -> Option<Shape> {
    let (front, inner) = packet.split_at_checked(FRONT)?;
    if front[1] & KIND != TCP_OVER_IPV4 {
        return None;
    }
    let segment = usize::from(u16::from_ne_bytes([front[4], front[5]]));
    let ip = usize::from(inner.first()? & 15) * 4;
    let headers = ip + usize::from(inner.get(ip + 12)? >> 4) * 4;
    let payload = inner.len().checked_sub(headers)?;
    (segment > 0 && payload > segment).then_some(Shape { ip, headers, segment, payload })
}

/// Bytes on the wire of each segment of a packet, in order.
pub(crate) fn sizes(packet: &[u8]) -> impl Iterator<Item = usize> {
    let shape = shape(packet);
    let whole = packet.len().saturating_sub(FRONT);
    let segments = shape.map_or(1, |shape| shape.payload.div_ceil(shape.segment));
    (0..segments).map(move |index| {
        shape.map_or(whole, |shape| shape.headers + shape.segment.min(shape.payload - index * shape.segment))
    })
}

/// Some segments of a packet that has several, as a packet of its own: what the kernel would have made of them.
pub(crate) fn part(packet: &[u8], segments: Range<usize>) -> Vec<u8> {
    let Some(shape) = shape(packet) else { return packet.to_vec() };
    let from = segments.start * shape.segment;
    let to = shape.payload.min(segments.end * shape.segment);
    let headers = FRONT + shape.headers;
    let mut part = [&packet[..headers], &packet[headers + from..headers + to]].concat();
    let (front, inner) = part.split_at_mut(FRONT);
    if segments.len() == 1 {
        front[1] = 0;
        front[4..6].fill(0);
    }
    let (ip, tcp) = inner.split_at_mut(shape.ip);
    write_ip(ip, shape.headers + to - from, segments.start);
    let sequence = u32::from_be_bytes([tcp[4], tcp[5], tcp[6], tcp[7]]);
    let ahead = u32::try_from(from).expect("at most 64 KiB");
    tcp[4..8].copy_from_slice(&sequence.wrapping_add(ahead).to_be_bytes());
    if to < shape.payload {
        tcp[13] &= !FIN_AND_PUSH;
    }
    if from > 0 {
        tcp[13] &= !REDUCED;
    }
    if front[0] & NEEDS_CHECKSUM != 0 {
        let length = u16::try_from(tcp.len()).expect("at most 64 KiB");
        let pseudo = [&ip[12..20], &[0, ip[9]], &length.to_be_bytes()].concat();
        tcp[16..18].copy_from_slice(&sum(&pseudo).to_be_bytes());
    }
    part
}

/// Length, number and checksum of an IPv4 header (RFC 791).
fn write_ip(ip: &mut [u8], length: usize, before: usize) {
    let length = u16::try_from(length).expect("at most 64 KiB");
    ip[2..4].copy_from_slice(&length.to_be_bytes());
    let number = u16::from_be_bytes([ip[4], ip[5]]).wrapping_add(u16::try_from(before).expect("few segments"));
    ip[4..6].copy_from_slice(&number.to_be_bytes());
    ip[10..12].fill(0);
    let checksum = !sum(ip);
    ip[10..12].copy_from_slice(&checksum.to_be_bytes());
}

/// The sum of RFC 1071, before it is turned round.
pub(crate) fn sum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | pair.get(1).copied().map_or(0, u32::from));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    u16::try_from(sum).expect("folded")
}
