//! Many small files: the pace of the last tenth against that of the first, and memory beside the list.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::{
    ends::{Ends, Taken, Who},
    network, number, say,
    scratch::{Seeded, files_below},
};

const FOLDERS: u64 = 400;
const BYTES: usize = 1024;
/// More than the answer and the plan: a file is on its way.
const FIRST_BYTES: u64 = 8 << 10;

pub(crate) fn run(seed: u64) {
    let files = number("SCALE_FILES", 200_000);
    let mut ends = Ends::new(&place());
    println!("tree: {files} files of {BYTES} bytes in {FOLDERS} folders, in {}", ends.path("").display());
    write_tree(&ends.path("source").join("Tree"), files, seed);
    ends.receive();
    let idle = ends.taken(Who::Receiver);
    let begun = Instant::now();
    ends.send();
    let transfer = ends.offered();
    say("from Send to the offer", &format!("{:.2} s", begun.elapsed().as_secs_f64()));
    let listed = [Who::Sender, Who::Receiver].map(|who| ends.taken(who));
    let before = network::loopback_bytes();
    let accepted = ends.accept(&transfer);
    say("from Accept to the first byte", &first_byte(accepted, before));
    let arrived = watch(&mut ends, files);
    tell_pace(accepted, &arrived);
    say("receiver, listening", &format!("{} MiB", idle.memory >> 10));
    for (who, listed) in [(Who::Sender, listed[0]), (Who::Receiver, listed[1])] {
        tell_memory(who, listed, ends.taken(who));
    }
    assert_eq!(files_below(&ends.path("received")) as u64, files, "files at the destination");
}

pub(crate) fn place() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let otherwise = if memory.is_dir() { memory } else { std::env::temp_dir() };
    std::env::var_os("SCALE_DIR").map_or(otherwise, PathBuf::from)
}

pub(crate) fn write_tree(top: &Path, files: u64, seed: u64) {
    let mut seeded = Seeded::new(seed);
    let folders = FOLDERS.min(files);
    for folder in 0..folders {
        let folder_path = top.join(format!("folder {folder:03}"));
        fs::create_dir_all(&folder_path).expect("a folder");
        for file in (folder..files).step_by(usize::try_from(folders).unwrap_or(1)) {
            fs::write(folder_path.join(format!("file {file:06}.dat")), seeded.bytes(BYTES))
                .expect("room for the source");
        }
    }
}

/// How long after `accepted` bodies began to cross the loopback.
pub(crate) fn first_byte(accepted: Instant, before: u64) -> String {
    while network::loopback_bytes() < before + FIRST_BYTES && accepted.elapsed() < Duration::from_mins(1) {
        std::thread::sleep(Duration::from_millis(1));
    }
    format!("{:.0} ms", accepted.elapsed().as_secs_f64() * 1e3)
}

/// When each file's end was told by the receiver; until both sides say that it is over.
fn watch(ends: &mut Ends, files: u64) -> Vec<Instant> {
    let (mut arrived, mut finished) = (Vec::new(), 0);
    while finished < 2 {
        let Some(heard) = ends.next() else { continue };
        if heard.is("file") && heard.who == Who::Receiver {
            arrived.push(heard.at);
        } else if heard.is("finished") {
            let finish = heard.read();
            assert_eq!((&finish["outcome"], finish["files"].as_u64()), (&"verified".into(), Some(files)), "{finish}");
            finished += 1;
        }
    }
    arrived
}

fn tell_pace(accepted: Instant, arrived: &[Instant]) {
    let tenth = (arrived.len() / 10).max(1);
    let mut from = accepted;
    let mut rates = Vec::new();
    for part in arrived.chunks_exact(tenth).take(10) {
        let until = part.last().copied().unwrap_or(from);
        rates.push(part.len() as f64 / until.duration_since(from).as_secs_f64().max(1e-6));
        from = until;
    }
    let words: Vec<String> = rates.iter().map(|rate| format!("{rate:.0}")).collect();
    say("files a second, tenth by tenth", &words.join(" "));
    if let (Some(first), Some(last)) = (rates.first(), rates.last()) {
        say("the last tenth is so many first ones", &format!("{:.2}", last / first));
    }
    let all = from.duration_since(accepted).as_secs_f64();
    say("in all", &format!("{all:.1} s, {:.0} files a second", arrived.len() as f64 / all));
}

/// `listed`: when the offer lay before a person, with the whole list.
pub(crate) fn tell_memory(who: Who, listed: Taken, at_end: Taken) {
    let figures = format!(
        "{} MiB with the list (peak until then {}), peak {} MiB; {:.1} processor seconds",
        listed.memory >> 10,
        listed.peak >> 10,
        at_end.peak >> 10,
        at_end.processor
    );
    say(if who == Who::Sender { "sender" } else { "receiver" }, &figures);
}
