//! What is printed.

use std::{
    fmt::Write,
    time::{Duration, Instant},
};

use sealdrop::digest::{Hasher, update_together};

use super::{Medium, plain, process::Taken, work::Work};

pub(crate) const GIB: f64 = (1_u64 << 30) as f64;

pub(crate) const OURS: &str = "sealdrop";
/// What others are compared with over a link.
pub(crate) const STREAM: &str = "one CUBIC stream (in clear, unchecked)";

/// All runs of one program.
pub(crate) struct Row {
    work: Work,
    program: &'static str,
    pub(crate) taken: Vec<Taken>,
}

impl Row {
    pub(crate) fn new(work: Work, program: &'static str) -> Self {
        Self { work, program, taken: Vec::new() }
    }

    fn median(&self, of: impl Fn(&Taken) -> f64) -> f64 {
        let mut figures: Vec<f64> = self.taken.iter().map(of).collect();
        figures.sort_by(f64::total_cmp);
        figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
    }

    fn seconds(&self) -> f64 {
        self.median(|taken| taken.seconds)
    }
}

/// In Markdown.
pub(crate) fn print(medium: &Medium, rows: &[Row]) {
    let (over_links, others): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.work.link().is_some());
    if !others.is_empty() {
        print_loopback(medium, &others);
    }
    if !over_links.is_empty() {
        print_links(&over_links);
    }
}

fn print_loopback(medium: &Medium, rows: &[&Row]) {
    println!("\n| {} | program | s | ratio | processor s (large, middle: per GiB) | floor s | peak MiB |", medium.name);
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for row in rows {
        let others = rows.iter().filter(|other| other.work == row.work && other.program != OURS);
        let rivals = others.filter(|other| !plain::NAMES.contains(&other.program));
        let quickest = rivals.map(|row| row.seconds()).fold(f64::INFINITY, f64::min);
        let ratio = row.seconds() / quickest;
        let ratio = if ratio > 0.0 { format!("{ratio:.2}") } else { "-".to_owned() };
        println!("| {} | {} | {:.3} | {ratio} | {} |", row.work.title(), row.program, row.seconds(), of_the_ends(row));
    }
}

fn print_links(rows: &[&Row]) {
    println!(
        "\n| link | program | s | Mbit/s | of the link | to one stream | processor s per GiB | floor s | peak MiB |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for row in rows {
        let Some(kind) = row.work.link() else { continue };
        let speed = |row: &Row| row.work.bytes() as f64 * 8.0 / row.seconds();
        let stream = rows.iter().find(|other| other.work == row.work && other.program == STREAM);
        let to_stream = stream.map_or(f64::NAN, |stream| speed(row) / speed(stream));
        let (speed, rate) = (speed(row), kind.rate as f64);
        print!("| {} | {} | {:.3} | {:.0} ", row.work.title(), row.program, row.seconds(), speed / 1e6);
        println!("| {:.1} % | {to_stream:.2} | {} |", speed / rate * 100.0, of_the_ends(row));
    }
}

fn of_the_ends(row: &Row) -> String {
    if row.taken.iter().any(|taken| taken.ends.is_none()) {
        return "- | - | -".to_owned();
    }
    let is_small = matches!(row.work, Work::Many | Work::Tiny);
    let per = if is_small { 1.0 } else { row.work.bytes() as f64 / GIB };
    let of = |end: usize| {
        let ends = |taken: &Taken| taken.ends.unwrap_or_default()[end];
        (row.median(|taken| ends(taken).processor), row.median(|taken| ends(taken).peak))
    };
    let (sender, receiver) = (of(0), of(1));
    let mut text = String::new();
    let floor = f64::midpoint(sender.0, receiver.0);
    write!(text, "{:.2} / {:.2} | {floor:.2}", sender.0 / per, receiver.0 / per).ok();
    write!(text, " | {:.0} / {:.0}", sender.1, receiver.1).ok();
    text
}

/// What one core hashes in this run: of one stream, and of sixteen side by side.
pub(crate) fn say_md5() {
    let piece = vec![0x5a; 256 << 10];
    let rate = |streams: usize| {
        let mut hashers = vec![Hasher::new(); streams];
        let (begun, mut bytes) = (Instant::now(), 0);
        while begun.elapsed() < Duration::from_millis(500) {
            let mut together: Vec<_> = hashers.iter_mut().map(|hasher| (hasher, &piece[..])).collect();
            update_together(&mut together);
            bytes += piece.len() * streams;
        }
        bytes as f64 / begun.elapsed().as_secs_f64() / 1e9
    };
    println!("MD5 of one core: {:.2} GB/s of one stream, {:.2} of sixteen side by side", rate(1), rate(16));
}

/// A virtual machine may have handed free memory back to its host, and the first touch of it is slow: that is done here,
/// so that it is not measured.
pub(crate) fn touch_memory(bytes: u64) {
    let mut ballast = vec![0_u8; usize::try_from(bytes).expect("an address space of 64 bits") + (64 << 20)];
    ballast.iter_mut().step_by(4096).for_each(|page| *page = 1);
    std::hint::black_box(&ballast);
}
