//! What a process takes, until and including its end.

use std::{
    fs,
    process::Child,
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

use super::Medium;

/// Between the first two looks at its memory, and at most.
const FIRST_GAP: Duration = Duration::from_millis(1);
const LONGEST_GAP: Duration = Duration::from_millis(64);

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

/// Waits for both to end well.
pub(crate) fn watch(ends: [&mut Child; 2]) -> [End; 2] {
    let begun = Instant::now();
    let over = ends.each_ref().map(|child| told_when_over(child.id()));
    let peaks = std::thread::scope(|scope| {
        let watching = ends.each_ref().map(|child| child.id()).into_iter().zip(over);
        let watching: Vec<_> = watching.map(|(id, over)| scope.spawn(move || peak(id, &over, begun))).collect();
        watching.into_iter().map(|peak| peak.join().expect("a look")).collect::<Vec<f64>>()
    });
    let mut taken = [End::default(); 2];
    for ((child, end), peak) in ends.into_iter().zip(&mut taken).zip(peaks) {
        *end = End { processor: processor_seconds(child), peak };
        assert!(child.wait().expect("a process").success(), "an end failed");
    }
    taken
}

/// MiB that a process has had at most, when it is over. What is looked at takes processor time of both ends, so the looks get rarer.
fn peak(id: u32, over: &Receiver<()>, begun: Instant) -> f64 {
    let mut peak = 0.0;
    let mut gap = FIRST_GAP;
    loop {
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let now = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak =
            now.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).map_or(peak, |kib| kib / 1024.0);
        match over.recv_timeout(gap) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return peak,
        }
        assert!(begun.elapsed() < LONGEST, "it does not come to its end");
        gap = (gap * 2).min(LONGEST_GAP);
    }
}

/// It is not asked for its end yet, so that its times can still be read.
fn told_when_over(id: u32) -> Receiver<()> {
    let (over, told) = mpsc::channel();
    let wait = move || {
        #[cfg(unix)]
        {
            use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
            let id = i32::try_from(id).ok().and_then(Pid::from_raw).expect("a process");
            waitid(WaitId::Pid(id), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).expect("a child");
        }
        drop(over);
    };
    std::thread::Builder::new().spawn(wait).expect("a thread");
    told
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
    if medium.is_disk {
        let folder = fs::File::open(into).expect("a folder");
        #[cfg(target_os = "linux")]
        rustix::fs::syncfs(&folder).expect("a disk that syncs");
        drop(folder);
    }
    begun.elapsed().as_secs_f64()
}
