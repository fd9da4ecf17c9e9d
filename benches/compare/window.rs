//! What the window costs while a file comes in at full speed: the same file goes into a real window and into a command line.
//!
//! The window stands on a display of its own (Xvfb) and is drawn in software, by Mesa's llvmpipe, on threads that can be told
//! from all others: what those and the window's own thread take are its frames. Mesa also counts them.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::{
    Medium,
    far::Far,
    number,
    others::{Server, free_port},
    ours::{Ends, program},
    process::processor_seconds,
    table::{GIB, touch_memory},
    work::Work,
};

pub(crate) const NAME: &str = "window";

/// Who draws nothing for so long has come to rest.
const REST: Duration = Duration::from_millis(500);
/// Until a window has to be at rest.
const START: Duration = Duration::from_secs(30);

/// Of one run, from the sender's start to its end.
#[derive(Clone, Copy, Default)]
struct Run {
    seconds: f64,
    /// Of the receiver, and of that what its frames took.
    processor: f64,
    drawing: f64,
    frames: f64,
}

/// Prints a table, or why there is none.
pub(crate) fn measure(medium: &Medium) {
    let display = match Display::start() {
        Ok(display) => display,
        Err(why) => return println!("NOT MEASURED: the window: {why}"),
    };
    let home = tempfile::Builder::new().prefix("compare-").tempdir_in(&medium.place).expect("scratch space");
    let source = home.path().join("source");
    fs::create_dir(&source).expect("a folder");
    Work::Large.make(&source);
    let ends = Ends::new(home.path(), Far::beside());
    let mut runs = [Vec::new(), Vec::new()];
    for _ in 0..number("COMPARE_ROUNDS", 3) {
        for (runs, display) in runs.iter_mut().zip([None, Some(&display)]) {
            let into = tempfile::tempdir_in(&home).expect("a folder");
            touch_memory(Work::Large.bytes());
            runs.push(run(&ends, home.path(), &source, into.path(), display));
            Work::Large.assert_there(into.path());
        }
    }
    print(medium, &runs);
}

fn print(medium: &Medium, [command_line, window]: &[Vec<Run>; 2]) {
    let gib = Work::Large.bytes() as f64 / GIB;
    println!(
        "\n| {}, {} | s | processor s per GiB | of that frames | frames a second | ms a frame |",
        NAME, medium.name
    );
    println!("| --- | --- | --- | --- | --- | --- |");
    let (seconds, without) = (median(command_line, |run| run.seconds), median(command_line, |run| run.processor));
    println!("| into a command line | {seconds:.2} | {:.2} | - | - | - |", without / gib);
    let seconds = median(window, |run| run.seconds);
    print!("| into a window | {seconds:.2} | {:.2} ", median(window, |run| run.processor) / gib);
    print!("| {:.2} ", median(window, |run| run.drawing) / gib);
    if window.iter().all(|run| run.frames > 0.0) {
        let a_frame = median(window, |run| run.drawing / run.frames * 1e3);
        println!("| {:.1} | {a_frame:.2} |", median(window, |run| run.frames / run.seconds));
    } else {
        println!("| NOT COUNTED: Mesa's software drawing was not used | - |");
    }
    let beyond = median(window, |run| (run.processor - run.drawing - without) / run.seconds);
    println!("\nbeyond its frames a window takes {:.1} % of a core more than a command line", beyond * 100.0);
}

fn median(runs: &[Run], of: impl Fn(&Run) -> f64) -> f64 {
    let mut figures: Vec<f64> = runs.iter().map(of).collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// One file, into a window where there is a display.
fn run(ends: &Ends, home: &Path, source: &Path, into: &Path, display: Option<&Display>) -> Run {
    let port = free_port();
    ends.accept_into(into);
    let counted = home.join("frames");
    let mut command = match display {
        Some(display) => display.window(ends.receiver(), &counted, port),
        None => on_a_command_line(ends.receiver(), into, port),
    };
    let receiver = Server::start(&mut command, Far::beside(), port).expect("a receiver that listens");
    rest(&receiver.0);
    let before = look(&receiver.0, &counted);
    let begun = Instant::now();
    let sent = ends.send(source, Far::beside(), port).wait().expect("a process");
    let seconds = begun.elapsed().as_secs_f64();
    let after = look(&receiver.0, &counted);
    assert!(sent.success(), "the sender failed");
    Run {
        seconds,
        processor: after.processor - before.processor,
        drawing: after.drawing - before.drawing,
        frames: after.frames - before.frames,
    }
}

fn on_a_command_line(profile: &Path, into: &Path, port: u16) -> Command {
    let mut command = Command::new(program());
    command.args(["--json", "--nearby", "off", "--port", &port.to_string(), "--profile"]).arg(profile);
    command.args(["receive", "--accept", "verified", "--into"]).arg(into);
    command
}

/// Waits until it has started.
fn rest(receiver: &Child) {
    let begun = Instant::now();
    let mut before = f64::NAN;
    loop {
        let now = processor_seconds(receiver);
        // Hundredths of a second are all there are, and a window at rest takes none.
        if now <= before {
            return;
        }
        assert!(begun.elapsed() < START, "it does not come to rest");
        before = now;
        std::thread::sleep(REST);
    }
}

/// What it has taken so far.
fn look(receiver: &Child, counted: &Path) -> Run {
    let tasks = fs::read_dir(format!("/proc/{}/task", receiver.id())).into_iter().flatten().flatten();
    let drawing = tasks.map(|task| drawing_seconds(&task.path(), receiver.id())).sum();
    // A line for each frame.
    let frames = fs::read_to_string(counted.join("fps")).unwrap_or_default().lines().count() as f64;
    Run { seconds: 0.0, processor: processor_seconds(receiver), drawing, frames }
}

/// Of one thread: 0 for those that draw nothing.
fn drawing_seconds(task: &Path, process: u32) -> f64 {
    let is_main = task.file_name().is_some_and(|id| *id == *process.to_string());
    let name = fs::read_to_string(task.join("comm")).unwrap_or_default();
    if !is_main && !name.starts_with("llvmpipe") {
        return 0.0;
    }
    let text = fs::read_to_string(task.join("schedstat")).unwrap_or_default();
    text.split(' ').next().and_then(|number| number.parse::<f64>().ok()).unwrap_or_default() / 1e9
}

/// A display that nobody sees; it ends with the bench.
struct Display {
    name: String,
    _server: Server,
}

impl Display {
    fn start() -> Result<Self, String> {
        let mut command = Command::new("Xvfb");
        command.args(["-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = Server(command.spawn().map_err(|error| format!("there is no Xvfb: {error}"))?);
        let mut number = String::new();
        BufReader::new(server.0.stdout.take().expect("a pipe")).read_line(&mut number).ok();
        let number = number.trim();
        if number.is_empty() {
            return Err("Xvfb did not start".to_owned());
        }
        Ok(Self { name: format!(":{number}"), _server: server })
    }

    /// A window on this profile, as big as it opens; Mesa notes its frames in a folder.
    fn window(&self, profile: &Path, counted: &PathBuf, port: u16) -> Command {
        let settings = r#"{"language":"en","notifications":false}"#;
        fs::write(profile.join("settings.json"), settings).expect("a profile");
        fs::remove_dir_all(counted).ok();
        fs::create_dir(counted).expect("a folder");
        let mut command = Command::new(program());
        command.args(["--nearby", "off", "--port", &port.to_string(), "--profile"]).arg(profile);
        for name in ["WAYLAND_DISPLAY", "WAYLAND_SOCKET", "DBUS_SESSION_BUS_ADDRESS"] {
            command.env_remove(name);
        }
        command.env("DISPLAY", &self.name).env("LIBGL_ALWAYS_SOFTWARE", "1");
        command.env("GALLIUM_HUD", "fps").env("GALLIUM_HUD_VISIBLE", "false").env("GALLIUM_HUD_PERIOD", "0");
        command.env("GALLIUM_HUD_DUMP_DIR", counted);
        command
    }
}
