//! The link that benches measure over is one: as fast, late and lossy as it says, and what it cuts is what a wire would carry.

#[path = "../../benches/compare/link/line.rs"]
mod line;
#[path = "../../benches/compare/link/segments.rs"]
mod segments;

use std::time::Duration;

use line::{Fate, Kind, Line};
use segments::{FRONT, part, sizes, sum};

const KIND: Kind = Kind { rate: 1_000_000_000, delay: Duration::from_millis(10), queue: 100_000, loss: 0.0, seed: 7 };

#[test]
fn segments_take_their_turn_and_their_time() {
    let mut line = Line::new(KIND, 1);
    let now = Duration::from_secs(3);
    // 1,500 bytes at 1 Gbit/s are 12 µs.
    for turn in 1..=3 {
        let at = now + Duration::from_micros(12 * turn) + KIND.delay;
        assert_eq!(line.take(now, 1_500), Fate::Arrives(at));
    }
    let later = now + Duration::from_secs(1);
    assert_eq!(
        line.take(later, 125),
        Fate::Arrives(later + Duration::from_micros(1) + KIND.delay),
        "an idle line waits for nobody"
    );
}

#[test]
fn what_finds_the_queue_full_is_dropped_and_the_line_stays_as_fast() {
    let mut line = Line::new(KIND, 1);
    let arrived = (0..100).filter(|_| line.take(Duration::ZERO, 1_500) != Fate::Dropped).count();
    assert_eq!(arrived, 66, "100,000 bytes wait");
    assert_eq!(line.counts.dropped, 34);
    // When one has left there is room for one.
    let now = Duration::from_micros(12);
    assert!(matches!(line.take(now, 1_500), Fate::Arrives(_)));
    assert_eq!(line.take(now, 1_500), Fate::Dropped);
}

#[test]
fn one_in_a_thousand_is_lost_the_same_with_the_same_seed_and_others_the_other_way() {
    let kind = Kind { loss: 0.001, queue: u64::MAX >> 40, ..KIND };
    let lost = |way| -> Vec<u32> {
        let mut line = Line::new(kind, way);
        (0..200_000).filter(|number| line.take(Duration::from_micros(12) * *number, 1_500) == Fate::Lost).collect()
    };
    let forth = lost(1);
    assert!((150..=250).contains(&forth.len()), "{} of 200,000", forth.len());
    assert_eq!(forth, lost(1));
    assert_ne!(forth, lost(2));
}

/// A packet of one TCP stream that carries `payload`, to be cut into segments of `segment` bytes.
fn packet(payload: &[u8], segment: u16) -> Vec<u8> {
    let mut front = [0; FRONT];
    front[..2].copy_from_slice(&[1, 1]);
    front[4..6].copy_from_slice(&segment.to_ne_bytes());
    let mut ip = [0; 20];
    ip[0] = 0x45;
    ip[2..4].copy_from_slice(&u16::try_from(20 + 32 + payload.len()).unwrap().to_be_bytes());
    ip[4..6].copy_from_slice(&0xffff_u16.to_be_bytes());
    ip[9] = 6;
    ip[12..20].copy_from_slice(&[10, 77, 0, 1, 10, 77, 0, 2]);
    let mut tcp = [0; 32];
    tcp[4..8].copy_from_slice(&(u32::MAX - 100).to_be_bytes());
    tcp[12] = 8 << 4;
    tcp[13] = 0x80 | 0x10 | 0x08 | 0x01;
    [&front[..], &ip, &tcp, payload].concat()
}

#[test]
fn parts_of_a_packet_are_the_segments_that_a_wire_would_carry() {
    let payload: Vec<u8> = (0..=250).cycle().take(3_500).collect();
    let whole = packet(&payload, 1_000);
    assert_eq!(sizes(&whole).collect::<Vec<_>>(), [1_052, 1_052, 1_052, 552]);
    let mut carried = Vec::new();
    for (range, flags) in [(0..1, 0x90), (1..3, 0x10), (3..4, 0x19)] {
        let part = part(&whole, range.clone());
        let inner = &part[FRONT..];
        assert_eq!(part[1], u8::from(range.len() > 1), "whether there is more to cut");
        assert_eq!(usize::from(u16::from_be_bytes([inner[2], inner[3]])), inner.len());
        assert_eq!(sum(&inner[..20]), 0xffff, "the checksum of the IP header");
        let number = 0xffff_u16.wrapping_add(u16::try_from(range.start).unwrap());
        assert_eq!(inner[4..6], number.to_be_bytes());
        let sequence = (u32::MAX - 100).wrapping_add(u32::try_from(carried.len()).unwrap());
        assert_eq!(inner[24..28], sequence.to_be_bytes());
        assert_eq!(inner[33], flags);
        // 10.77.0.1, 10.77.0.2, TCP and its length; what follows is summed up by who fills it in.
        let length = u16::try_from(inner.len() - 20).unwrap();
        assert_eq!(inner[36..38], (0x0a4d + 1 + 0x0a4d + 2 + 6 + length).to_be_bytes());
        carried.extend_from_slice(&inner[52..]);
    }
    assert_eq!(carried, payload);
}

#[test]
fn what_is_no_packet_of_many_segments_stays_whole() {
    let one = packet(&[7; 900], 1_000);
    assert_eq!(sizes(&one).collect::<Vec<_>>(), [952]);
    let mut other = packet(&[7; 3_000], 1_000);
    other[1] = 0;
    assert_eq!(sizes(&other).collect::<Vec<_>>(), [3_052]);
    assert_eq!(part(&other, 0..1), other);
    assert_eq!(sizes(&[0; 3]).collect::<Vec<_>>(), [0], "too short for anything");
}
