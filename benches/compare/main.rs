//! How fast Sealdrop is beside other programs that move files, on one machine, as one table.
//!
//! `cargo bench --bench compare` (or `-- large many disk` for some of the rows, or one of the tables) starts real programs, two ends each,
//! on the loopback, as root in a network of their own with CUBIC. Sealdrop's two ends have verified each other; whatever else is installed of
//! `rsync`, `scp` (with its `sshd`) and `nc` is measured in the same rounds, and what is not is named.
//!
//! | variable | what | else |
//! | --- | --- | --- |
//! | `COMPARE_ROUNDS` | rounds, of which medians are printed | 3 |
//! | `COMPARE_GIB` | size of the large file | 2 |
//! | `COMPARE_LINK_MIB`, `COMPARE_LOSSY_MIB` | size of the files that go over a link | 1024, 32 |
//! | `COMPARE_PROGRAM` | a `sealdrop` to be measured, such as an older one | this one |
//! | `COMPARE_MEMORY`, `COMPARE_DISK` | where files lie | `/dev/shm`, below `target/` |
//!
//! # What the rows mean
//!
//! The clock starts with the sender and stops when both ends are over, processes included; on the disk a `syncfs` of the
//! destination is in the time of everybody, because Sealdrop does not say *verified* of what is not on the disk. Ratios are to the
//! quickest of the others. *Processor* is seconds per GiB of Sealdrop's sender and receiver (for many small files and the tiny one:
//! seconds), *peak* the most memory that each took. *Floor* is half the processor time of both ends: with two processors for
//! both no arrangement of threads is faster.
//!
//! | row | what limits it |
//! | --- | --- |
//! | one large file | MD5 of one stream, which cannot be divided; then the kernel's copies |
//! | 100 x 10 MiB | the kernel's copies: between page cache, program and socket |
//! | 10,000 x 4 KiB | the system calls for each file, and on a disk the flushes before it is *verified* |
//! | 1 KiB | starting two programs, the handshake, and on a disk five flushes one after the other |
//! | link | the link: of 1,500 bytes 1,448 are TCP's, so 96.5 % of it is the most; then the round trips before the first byte |
//! | lossy | what TCP makes of each loss: one stream gets the less the longer the way is |
//!
//! Beside the many small files stands what the disk asks of anybody, as *creating them*: a plain loop ([`plain`]) that makes the
//! same files in the same folders, each under a name of its own first, and renames it; nothing is read, sent or hashed. What a
//! disk costs is meant with one thread; two show whether it takes more from several. What arrives lies on
//! ground where nothing was deleted lately ([`ground`]): elsewhere ext4 takes ten times as long, for everybody.
//!
//! # How far we are
//!
//! Medians of three (of five where there are many small files), files in memory, two cores of a virtual machine (EPYC with AVX-512), nothing else running. Times of the
//! others are of the same run of a row; machines in such a place are a quarter faster or slower from hour to hour.
//!
//! | row | Sealdrop | its floor | rsync daemon, in clear | scp, AES-128-GCM | rsync over ssh |
//! | --- | --- | --- | --- | --- | --- |
//! | one file of 2 GiB | 4.60 s | 4.36 s | 1.87 s | 4.68 s | 7.10 s |
//! | 100 x 10 MiB | 1.17 s | 1.02 s | 0.97 s | 2.51 s | 3.28 s |
//! | 10,000 x 4 KiB | 0.30 s | 0.22 s | 0.42 s | 6.03 s | 0.91 s |
//! | one file of 1 KiB | 0.017 s | below 0.01 s | 0.095 s | 0.21 s | 0.34 s |
//! | 10,000 x 4 KiB, on a disk | 0.59 s | 0.38 s | 0.73 s | 6.79 s | 1.17 s |
//! | 100 x 10 MiB, on a disk | 1.24 s | 0.97 s | 1.27 s | 3.06 s | 3.58 s |
//! | one file of 2 GiB, on a disk (one round) | 5.95 s | 4.50 s | 2.90 s | 5.61 s | 7.65 s |
//! | 3 GiB over 1 Gbit/s, 20 ms (two rounds) | 27.07 s | 8.79 s | 27.26 s | 34.12 s | not run |
//! | 32 MiB over the same with 0.1 % lost | 1.17 s | 0.09 s | 9.26 s | 9.01 s | not run |
//!
//! On another machine (two cores of a Xeon with AVX-512, MD5 of one stream at 0.89 GB/s), all rows on one day:
//!
//! | row | Sealdrop | its floor | rsync daemon, in clear | scp, AES-128-GCM | rsync over ssh |
//! | --- | --- | --- | --- | --- | --- |
//! | one file of 2 GiB | 3.71 s | 3.55 s | 1.36 s | 3.36 s | 5.39 s |
//! | 100 x 10 MiB | 0.85 s | 0.73 s | 0.67 s | 1.96 s | 2.71 s |
//! | 10,000 x 4 KiB | 0.17 s | 0.12 s | 0.23 s | 5.07 s | 0.58 s |
//! | one file of 1 KiB | 0.013 s | below 0.01 s | 0.14 s | 0.20 s | 0.31 s |
//! | 10,000 x 4 KiB, on a disk | 0.30 s | 0.17 s | 0.31 s | 4.88 s | 0.69 s |
//! | 100 x 10 MiB, on a disk | 1.04 s | 0.69 s | 1.01 s | 2.36 s | 2.96 s |
//! | one file of 2 GiB, on a disk | 4.17 s | 3.58 s | 2.03 s | 4.03 s | 5.79 s |
//! | 1 GiB over 1 Gbit/s, 20 ms | 9.20 s | 2.00 s | 9.38 s | 11.78 s | not run |
//! | 32 MiB over the same with 0.1 % lost | 1.00 s | 0.08 s | 9.09 s | 9.00 s | not run |
//!
//! Either end took 16 to 22 MiB at most in all of these. A window cost 0.3 % of a core beyond its frames (20 of them a second, 14 ms
//! each, drawn in software).
//!
//! The large file was 5 to 15 % above its floor, because the ends are not alike: the receiver has to find room for what it writes,
//! and takes 1.16 to 1.25 times as long as the sender. Since its second thread writes for it, one file in memory is 3 to 4 % above the
//! floor when it is measured in alternation with what was before (4.39, 4.59, 4.52 and 4.61 s, before 4.59, 4.86, 4.64 and 4.77 s,
//! medians of five to seven; on another day 2 to 4 %), in the row above 5 to 8 % (4.56 to 4.34, 4.62 to 4.29, 4.60 to 4.36 s; 11 and 20 %
//! in hours in which all programs were slower). The row was more because of the machine's host: see [`backing`]. Since free memory is
//! kept from it, the row is 4.5 to 6 % above the floor on that Xeon (3.85 to 3.66, 3.85 to 3.67, 3.88 to 3.71, 3.59 to 3.39, 3.70 to 3.52, 3.71 to 3.55, 3.96 to 3.73 s; without
//! that in the same hour 4.91 to 4.34 and 4.89 to 4.37 s, 13 and 12 %). Of its time,
//! MD5 of one stream is 57 %, at the speed that its chain of steps allows. `scp` with AES-128-GCM, which computes none, was 10 % faster
//! to a quarter slower. Thrown away, as they are no faster or slower: MD5 of one stream in vector registers with AVX-512 (0.72 against 0.80 GB/s on
//! Zen 4); 8 or 24 buffers in place of 4 between a lane and the thread that hashes for it; smaller socket buffers; a hashing thread of
//! the least priority, from which the lane takes back what it has not begun with, to use what the other end leaves of its processor
//! (5.28 against 4.92 s, ten rounds in alternation).
//!
//! Files of 10 MiB are 1.21 times a daemon that neither encrypts nor hashes with MD5: they go by turns, and are hashed side by side as
//! they pass (in alternation, medians of six: 1.29 s when they were read once more for that, 1.08 s by turns, 1.05 s with a second
//! thread for the rounds). More than a quarter of the receiver is finding room for what it writes.
//! Thrown away: a second thread from the start for one large file (4.65 against 4.58 s, medians of five in alternation).
//!
//! Over the clean link one CUBIC stream, in clear and unchecked, took 27.18 s: of what the link carries Sealdrop moved 95.2 %, the stream
//! 94.8 %, `rsync` 94.5 %. Before a full socket was tried again (`engine::link`), the link stood idle for 10 ms of each second, as it does
//! for whoever waits until the system tells of room: 2 GiB took 18.33 s and then 18.13 s (medians of four in alternation; the same of
//! three over 80 ms, 768 MiB: 19.72 s and then 18.16 s). What is left is 0.25 s of connecting and slow start. Where files and page cache
//! fill the memory, as 5 GiB did on a machine of 24 GiB, the receiver takes nearly twice the processor time (finding room, it seems), and
//! all are slower (93.3 % of the link, the stream 93.7 %). Over
//! the lossy link, where Sealdrop was allowed BBR, one stream took 12.3 s; where only CUBIC was to be had, 7.2 s, Sealdrop with several
//! connections 1.42 s (19 MiB at either end), `rsync` 3.9 s and `scp` 8.9 s in the same run.
//!
//! Of many small files, making them on the disk takes 0.41 s in the same run (0.24 s with two threads): receiving them, each of them safe
//! before it is *verified*, is 1.46 times that. On an ext4 of its own, made anew for each run, it is 1.35 to 1.48 times (0.54 to
//! 0.40 s, 0.64 to 0.43 s; medians of seven; what was before took 0.60 and 0.70 s in these runs; in a third one, of nine rounds, 0.55 to
//! 0.40, before 0.59). A plain program that flushes the volume after each 300 files and renames them then takes
//! 0.63 s there by itself. On a disk whose flushes take 1 to 2 ms it was 1.31 and 1.45 times (0.51 to 0.39 s, medians of seven; 0.55 to 0.38 s,
//! of five): small batches follow each other there, and waiting until a third of what was granted has gathered was no faster (0.54 and
//! 0.55 s beside that 0.51 s).
//! On the Xeon, where making them takes 0.14 s only, it was 0.27 to 0.30 s: what both ends need of the two processors is more than 1.3 times
//! that by itself (0.17 s of floor; the kernel's own threads take 0.04 s of processor besides). There the two cores were busy for nearly
//! three quarters of the time, and a quarter of the rest was the beginning. With up to 4,096 files on their way, where the system has handles for them, it was 4 % less on that
//! disk, 7 to 10 % on an ext4 of its own, and half where each flush takes 20 ms (0.93 s and then 0.49 s, medians of five and four).
//! Whoever puts files on the disk has the longest way there (traced on an ext4 of its own, with 1,024 on their way, of 0.37 s): it is never
//! idle from the first files to the last, and takes 6 ms for the flush of 320 files, and 3 ms for their names and for saying so; the
//! flush grows with its files, so that fewer of them save little.
//! Above the floor is the beginning, when one thread works at a time: in a traced run of 0.46 s in memory the first file moved
//! after 0.09 s, of which listing 10,000 files took 0.055 s, and bringing the list over 0.025 s.
//! Thrown away: a program in one piece (`lto = "fat"`, one unit: a quarter smaller on the disk, 2 MiB less in memory, but MD5 of one
//! stream a fifth slower); beginning to write each file as soon as it is there (0.42 against 0.37 s on an ext4 of its own); waiting 5, 20 or
//! 50 ms for more before a flush (no better than going on at once); a sender that looks for receipts after eight files and not each,
//! and does not look at a file before it opens it (0.183 against 0.190 s in memory, no less on the disk).
//! Thrown away: a second thread that looks at half of the files that are listed (0.309 against 0.318 s in memory, medians of ten and
//! twelve in alternation: within the noise).
//!
//! Large files wait little for flushes: in a traced run of 100 x 10 MiB on the disk, of 5.4 s beside other work, whoever does all
//! flushing had nothing to do for 4.5 s, and the lane spent 1.6 s on its writes into the page cache.
//!
//! What was changed for small files, measured in alternation with what was before (medians of 7; before that 0.41 s in memory, 0.80 s
//! on the disk):
//!
//! | change | in memory | on a disk |
//! | --- | --- | --- |
//! | the ends of many files in one word, from lane to committer, dispatch, window and archive; up to 128 files flushed together; fewer system calls | 0.34 s | 0.64 s |
//! | one event for many ends (of 9,000 changes of thread on the sender 1,500 are left); names on a thread of their own | 0.32 s | 0.61 s |
//! | up to 1,024 files on their way in place of 256 (another day: before 0.35 s, on an ext4 of its own 0.97 s) | 0.29 s | 0.73 s |
//! | room for open files before there are threads (another day, 21 rounds: before 0.336 s, on an ext4 of its own the same) | 0.318 s | |
//! | names on the disk with the files behind them, no thread for them (another day, on an ext4 of its own: before 0.69 s) | | 0.65 s |
//! | receipts before the next files get their names, folders flushed with the first files, times given by the lane while the disk is waited for, lists read once (another day, traced, on an ext4 of its own: before 0.60 s, of which 0.092 s went by before the first flush of files, then 0.067 s) | the same | 0.54 s |
//! | one piece of memory for each path, and half as many pieces for each file (another day: before 0.209 s; on an ext4 of its own before 0.38 s) | 0.174 s | 0.36 s |
//!
//! What was changed for the others, in alternation with what was before: vectors that hash files of 10 MiB side by side are full
//! (medians of 4, 1.35 s and then 1.18 s; 1.28 s of floor and then 1.04 s), and the TLS library is built without a source of chance
//! that takes 30 ms in each process (1 KiB, medians of 15: 41 ms and then 11 ms).
//!
//! Receipts that go out at once also while bytes come in, and batches of 16 or 32 files in place of 64, were within the noise of
//! that. Thrown away: a second thread for making files, and files without a name that are linked in the end (the docs of
//! `storage::landing` say why).
//!
//! Over links, in seconds, on a machine that others used, too; medians of three, or what single runs took. *One stream* is `nc` with
//! CUBIC, in clear. The program was that of its day, with the last change of `transfer::spread` only where several connections were used:
//!
//! | link | file | one stream | Sealdrop, where only CUBIC is to be had | and where BBR is allowed |
//! | --- | --- | --- | --- | --- |
//! | 1 Gbit/s, 20 ms | 1024 MiB | 11.6 | 11.6, 14.7; with one connection and no look at losses 11.8, 11.4, 14.7 | the same |
//! | the same, 0.1 % lost | 32 MiB | 5.6 | 1.7 | 0.9 |
//! | the same, 0.1 % lost | 256 MiB | 95 | 9.3, 10.7, 22, 22, 25 | 4.3 |
//! | the same, 0.01 % lost | 256 MiB | 19.1 | 5.4 | 5.5 |
//! | 100 Mbit/s, 40 ms | 100 MiB | 9.2 | 9.5; before 9.5 | the same |
//! | 20 Mbit/s, 30 ms, a queue of 5 ms | 32 MiB | 16.4, 16.8 | 16.7, 16.5; before 16.7, 17.0 | the same |
//!
//! On a link that loses nothing, also with the short queue, Sealdrop was seen to stay with one connection. Why some
//! runs with a thousandth lost took 22 s is not known. Thrown away: several connections from the beginning, which moved 0.55 to 0.6 of a
//! clean link; a trial of four on every link, which cost the half of a clean one; a step to 8 between 4 and 16 without the demand that
//! the way be empty for it, judged while those that are new still begin fast: it was seen to use four, and never 8 (33 s); judging while
//! the first connection still had megabytes to send: one run in two stayed with one (18 s of 256 MiB with 0.01 % lost).
//!
//! # The window
//!
//! The row `window` ([`window`]) receives the large file twice in each round: into a command line, and into a real window on a
//! virtual display (Xvfb), which takes it by a rule. Printed is what both receivers take, how much of the window's are
//! its frames (its own thread and those that draw; in software here, which is the dearest way), how many of these there are, and what
//! it takes beyond them. Without Xvfb it is not measured, and that is said.
//!
//! # Links
//!
//! The rows `link` and `lossy` go from one network to another, over a link that the bench emulates ([`link`]): 1 Gbit/s of IP packets,
//! 20 ms there and back, and a queue of 2.5 MB (as much as is under way on a full link) whose tail is dropped; `lossy` also
//! loses one segment in a thousand in each direction, always the same of the same segments (the seed is fixed, the timing is not).
//! Segments have 1,448 bytes, as over Ethernet; the kernel hands them over in pieces of up to 64 KiB, as to a network card that cuts
//! them, and each is lost or dropped by itself. Files are in memory. Beside `rsync` and `scp` one TCP stream of the bench's own
//! goes from file to file: it shows what the link carries, and what CUBIC makes of it.
//!
//! The link shares the machine with both ends. What it takes of a processor is printed, with what the kernel does meanwhile
//! for the receiving socket: measured on two cores at the full rate, between 0.1 and 0.25 of one. One stream then moves
//! 1 GiB at 93.7 % of the rate, its slow start included. Where it does not come near that in the row `link`, the machine was
//! too busy and the row says nothing. These rows need root, TUN devices, and CUBIC among
//! `net.ipv4.tcp_allowed_congestion_control` of the machine, without which no network of one's own may use it; what could not
//! be measured is said.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench speaks to a person, and panics when it cannot go on"
)]

#[path = "../scale/network.rs"]
#[expect(dead_code, reason = "what else the other bench measures")]
mod network;

mod backing;
mod far;
mod ground;
mod link;
mod others;
mod ours;
mod plain;
mod process;
mod stream;
mod table;
mod window;
mod work;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use far::Far;
use link::Link;
use others::Other;
use table::Row;
use work::Work;

/// Whose turn it is.
enum Who {
    Other(Box<dyn Other>),
    Sealdrop(ours::Ends),
}

/// Where files lie.
pub(crate) struct Medium {
    name: &'static str,
    place: PathBuf,
    /// Whether a time lasts until everything is on the disk.
    is_disk: bool,
}

fn main() -> ExitCode {
    if let Some(code) = stream::received() {
        return code;
    }
    // Held by the one that only waits: it comes back however the other one ends.
    let _kept = backing::Kept::begin();
    if let Some(code) = network::again_in_an_own_one() {
        return code;
    }
    let asked: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    say_network();
    backing::say();
    table::say_md5();
    let names: Vec<&str> = Work::all().map(Work::name).into_iter().chain([window::NAME]).collect();
    let is_asked = |name: &str, all: &[&str]| {
        asked.iter().any(|word| word == name) || !asked.iter().any(|word| all.contains(&word.as_str()))
    };
    for medium in media() {
        if !is_asked(medium.name, &media().map(|medium| medium.name)) {
            continue;
        }
        let mut rows = Vec::new();
        for work in Work::all() {
            // What a disk costs is in the other rows.
            let is_measured = work.link().is_none() || !medium.is_disk;
            if is_measured && is_asked(work.name(), &names) {
                rows.extend(measure(work, &medium));
            }
        }
        table::print(&medium, &rows);
        if !medium.is_disk && is_asked(window::NAME, &names) {
            window::measure(&medium);
        }
    }
    ExitCode::SUCCESS
}

fn say_network() {
    let setting = "/proc/sys/net/ipv4/tcp_congestion_control";
    if network::is_own() {
        // Others are slower with what some machines have by default.
        std::fs::write(setting, "cubic").ok();
    }
    let control = std::fs::read_to_string(setting).unwrap_or_default();
    let control = control.trim();
    println!("network: {}, {control}", if network::is_own() { "its own" } else { "this machine's" });
    if control != "cubic" {
        println!("NOT CUBIC: others may be slower than they are elsewhere");
    }
}

fn media() -> [Medium; 2] {
    let place =
        |name: &str, otherwise: &str| PathBuf::from(std::env::var(name).unwrap_or_else(|_| otherwise.to_owned()));
    [
        Medium { name: "memory", place: place("COMPARE_MEMORY", "/dev/shm"), is_disk: false },
        Medium { name: "disk", place: place("COMPARE_DISK", env!("CARGO_TARGET_TMPDIR")), is_disk: true },
    ]
}

/// A number from the environment.
pub(crate) fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Everybody once in each round.
fn measure(work: Work, medium: &Medium) -> Vec<Row> {
    let link = match work.link().map(Link::make).transpose() {
        Ok(link) => link,
        Err(why) => {
            println!("NOT MEASURED: {}: {why}", work.title());
            return Vec::new();
        }
    };
    let home = tempfile::Builder::new().prefix("compare-").tempdir_in(&medium.place).expect("scratch space");
    let source = home.path().join("source");
    std::fs::create_dir(&source).expect("a folder");
    work.make(&source);
    let ground = ground::spread(home.path());
    let mut all = everybody(work, home.path(), link.as_ref().map_or_else(Far::beside, Link::far));
    let rounds = number("COMPARE_ROUNDS", 3);
    for round in 0..rounds {
        for (turn, (who, row)) in all.iter_mut().enumerate() {
            let into = ground::fresh(&ground, &format!("received-{round}-{turn}"));
            table::touch_memory(work.bytes());
            process::settle(medium, &into);
            let taken = match who {
                Who::Other(other) => other.run(work, &source, &into, medium),
                Who::Sealdrop(ends) => ends.run(&source, &into, medium),
            };
            work.assert_there(&into);
            if work != Work::Many || !medium.is_disk {
                std::fs::remove_dir_all(&into).expect("it goes again");
            }
            row.taken.push(taken);
        }
    }
    let rows: Vec<Row> = all.into_iter().map(|(_, row)| row).collect();
    if let Some(link) = link {
        println!("{}: {}", work.name(), link.end(work.bytes() * rounds * rows.len() as u64));
    }
    rows
}

/// Sealdrop, and whoever can do this.
fn everybody(work: Work, home: &Path, far: Far) -> Vec<(Who, Row)> {
    let mut all = vec![(Who::Sealdrop(ours::Ends::new(home, far)), Row::new(work, table::OURS))];
    for other in others::installed(home, far) {
        if other.can(work) {
            let row = Row::new(work, other.name());
            all.push((Who::Other(other), row));
        }
    }
    all
}
