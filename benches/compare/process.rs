//! What a process takes, until and including its end.

use std::{
    fs,
    process::Child,
    time::{Duration, Instant},
};

use super::Medium;

/// Between two looks at its memory.
const LOOK_EVERY: Duration = Duration::from_millis(4);

/// No run takes longer.
pub(crate) const LONGEST: Duration = Duration::from_mins(10);

/// Figures of one end; seconds and MiB.
#[derive(Clone, Copy, Default)]
pub(crate) struct End {
    pub(crate) processor: f64,
    pub(crate) peak: f64,
}

/// Figures of one run.
#[derive(Clone, Copy, Default)]
pub(crate) struct Taken {
    pub(crate) seconds: f64,
    /// Known only of Sealdrop.
    pub(crate) ends: Option<[End; 2]>,
}

/// Waits for both to end well, sender first.
pub(crate) fn watch(ends: [&mut Child; 2]) -> [End; 2] {
    let begun = Instant::now();
    let mut taken = [End::default(); 2];
    let mut over = [false; 2];
    let [a, b] = ends;
    let mut ends = [a, b];
    while over != [true; 2] {
        for ((child, end), over) in ends.iter_mut().zip(&mut taken).zip(&mut over) {
            if !*over {
                *over = look(child, end);
            }
        }
        assert!(begun.elapsed() < LONGEST, "it does not come to its end");
        std::thread::sleep(LOOK_EVERY);
    }
    for child in ends {
        assert!(child.wait().expect("a process").success(), "an end failed");
    }
    taken
}

/// True when it has ended: its processor time is still to be had then, and its memory is that of the look before.
fn look(child: &Child, end: &mut End) -> bool {
    let about = |file: &str| fs::read_to_string(format!("/proc/{}/{file}", child.id())).unwrap_or_default();
    let stat = about("stat");
    end.processor = processor_of(&stat);
    let status = about("status");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    end.peak = peak.map_or(end.peak, |kib| kib / 1024.0);
    after_name(&stat).starts_with('Z') || stat.is_empty()
}

/// Seconds of a process so far, all its threads together.
pub(crate) fn processor_seconds(child: &Child) -> f64 {
    processor_of(&fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap_or_default())
}

fn processor_of(stat: &str) -> f64 {
    // Fields 14 and 15 of proc_pid_stat(5), in hundredths of a second.
    let ticks = after_name(stat).split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

/// From field 3 on: a name may hold anything.
fn after_name(stat: &str) -> &str {
    stat.rsplit(") ").next().unwrap_or_default()
}

/// How long `work` takes, until all of it is on the disk where that counts.
pub(crate) fn timed(medium: &Medium, into: &std::path::Path, work: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    work();
    settle(medium, into);
    begun.elapsed().as_secs_f64()
}

/// Puts all that was written to a disk there: whoever flushes next does not wait for it.
pub(crate) fn settle(medium: &Medium, place: &std::path::Path) {
    if medium.is_disk {
        let folder = fs::File::open(place).expect("a folder");
        #[cfg(target_os = "linux")]
        rustix::fs::syncfs(&folder).expect("a disk that syncs");
        drop(folder);
    }
}
