//! Files that are nearly all holes: memory that does not grow with bytes, a constant rate, and holes at the destination.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
    time::Instant,
};

use super::{
    disk,
    ends::{Ends, Who},
    network, number, say,
    scratch::{Island, Seeded, islands, taken_up, write_sparse},
    tree::{first_byte, tell_memory},
};

/// Fortieths of the whole that each file has.
const SHARES: [u64; 5] = [20, 8, 4, 4, 4];
const ISLANDS: usize = 32;
const ISLAND_BYTES: usize = 100_000;
/// The destination may take up so much of the disk, and no more.
const MOST: u64 = 2 << 30;

pub(crate) fn run(seed: u64) {
    let gib = number("SCALE_GIB", 40);
    let mut ends = Ends::new(disk());
    println!("sparse: {gib} GiB in {} files, in {}", SHARES.len(), ends.path("").display());
    let mut seeded = Seeded::new(seed);
    let sizes = SHARES.map(|share| (gib << 30) / 40 * share);
    let files = sizes.map(|size| (size, islands(&mut seeded, size, ISLANDS, ISLAND_BYTES)));
    std::fs::create_dir(ends.path("source").join("Disks")).expect("a folder");
    for (number, (size, islands)) in files.iter().enumerate() {
        write_sparse(&ends.path("source").join(name(number)), *size, islands);
    }
    say("the source takes up", &format!("{} MiB", taken_up(&ends.path("source")) >> 20));
    ends.receive();
    ends.send();
    let transfer = ends.offered();
    let listed = [Who::Sender, Who::Receiver].map(|who| ends.taken(who));
    let before = network::loopback_bytes();
    let accepted = ends.accept(&transfer);
    say("from Accept to the first byte", &first_byte(accepted, before));
    if watch(&mut ends, accepted, sizes.iter().sum()) {
        for (number, (size, islands)) in files.iter().enumerate() {
            check_content(&ends.path("received").join(name(number)), *size, islands);
        }
        say("read back", "the data is where it was, nothing else is there");
    }
    for (who, listed) in [(Who::Sender, listed[0]), (Who::Receiver, listed[1])] {
        tell_memory(who, listed, ends.taken(who));
    }
}

fn name(number: usize) -> String {
    format!("Disks/disk {number}.img")
}

/// Follows it to its end; false when it was broken off because the destination is not sparse.
fn watch(ends: &mut Ends, accepted: Instant, total: u64) -> bool {
    let mut points = vec![(accepted, 0)];
    let (mut finished, mut looked) = (0, Instant::now());
    while finished < 2 {
        if looked.elapsed().as_millis() > 200 {
            looked = Instant::now();
            let taken = taken_up(&ends.path("received"));
            if taken > MOST {
                let moved = points.last().map_or(0, |(_, moved)| *moved);
                say("NOT SPARSE", &format!("{} MiB on the disk after {} MiB; broken off", taken >> 20, moved >> 20));
                return false;
            }
        }
        let Some(heard) = ends.next() else { continue };
        if heard.is("progress") && heard.who == Who::Receiver {
            points.push((heard.at, heard.read()["moved"].as_u64().unwrap_or(0)));
        } else if heard.is("finished") {
            let finish = heard.read();
            assert_eq!(finish["outcome"], "verified", "{finish}");
            points.push((heard.at, total));
            finished += 1;
        }
    }
    tell_pace(&points, total);
    say("the destination takes up", &format!("{} MiB", taken_up(&ends.path("received")) >> 20));
    true
}

fn tell_pace(points: &[(Instant, u64)], total: u64) {
    let mut rates = Vec::new();
    let mut from = points[0];
    for part in 1..=10 {
        let Some(to) = points.iter().find(|(_, moved)| *moved >= total / 10 * part) else { break };
        let seconds = to.0.duration_since(from.0).as_secs_f64();
        if seconds > 0.0 {
            rates.push((to.1 - from.1) as f64 / seconds / 1e6);
        }
        from = *to;
    }
    let words: Vec<String> = rates.iter().map(|rate| format!("{rate:.0}")).collect();
    say("MB/s, tenth by tenth", &words.join(" "));
    if let (Some(first), Some(last)) = (rates.first(), rates.last()) {
        say("the last tenth is so many first ones", &format!("{:.2}", last / first));
    }
    let seconds = from.0.duration_since(points[0].0).as_secs_f64();
    say("in all", &format!("{seconds:.1} s, {:.0} MB/s", total as f64 / seconds / 1e6));
}

/// The verdict was about what came in; this is about what lies on the disk.
fn check_content(path: &Path, size: u64, islands: &[Island]) {
    let mut file = File::open(path).expect("a received file");
    assert_eq!(file.metadata().expect("its size").len(), size, "{}", path.display());
    for (number, Island { at, bytes }) in islands.iter().enumerate() {
        // Later ones may lie over earlier ones.
        let end = at + bytes.len() as u64;
        if islands[number + 1..].iter().any(|later| later.at < end && *at < later.at + later.bytes.len() as u64) {
            continue;
        }
        let mut there = vec![0; bytes.len()];
        file.seek(SeekFrom::Start(*at)).expect("a place in the file");
        file.read_exact(&mut there).expect("bytes");
        assert!(there == *bytes, "{} differs from byte {at} on", path.display());
    }
}
