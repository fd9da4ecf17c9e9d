//! The work of one frame with a table of many files open and moving: `cargo bench --bench window`.
//!
//! Counted is what the program does (`logic`, `ui`, layout and tessellation), not what a screen shows. The promise: 99 of 100
//! frames under 8 ms, with 10,000 files as with 200,000 that come in as fast as two computers move them.

#[path = "../tests/suite/fake_engine.rs"]
#[expect(dead_code, clippy::expect_used, reason = "the tests use the rest")]
mod fake_engine;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use egui::{RawInput, Rect, vec2};
use fake_engine::{FakeEngine, ending, file_end, key, many_files, preflight, settings, snapshot};
use sealdrop::{
    engine::messages::Event,
    model::{
        outcome::{FileState, Outcome},
        transfer::{Direction, Stage, TransferKey, TransferSnapshot},
    },
    ui::{
        action::{Action, CardAction, RowAction},
        app::App,
        dialogs::{Answer, Dialogs, Purpose},
        text::Language,
    },
};

/// Frames while a transfer runs.
const FRAMES: u32 = 1_000;
/// Frames of one that has ended.
const ENDED_FRAMES: u32 = 200;
/// A table of files, and how many of them end from one frame to the next: 60 frames a second, 12,000 files a second.
const TABLES: [(u32, u32); 2] = [(10_000, 10), (200_000, 200)];

struct NoDialogs;

impl Dialogs for NoDialogs {
    fn ask(&mut self, _purpose: &Purpose, _start_in: Option<&Path>) {}

    fn reveal(&mut self, _place: &Path) {}

    fn answers(&mut self) -> Vec<(Option<Purpose>, Answer)> {
        Vec::new()
    }
}

fn main() {
    let (engine, door) = FakeEngine::new();
    let context = egui::Context::default();
    let mut app = App::new(&context, door, Box::new(NoDialogs), Box::new(Instant::now), false, Language::ENGLISH);
    let mut frame = eframe::Frame::_new_kittest();
    engine.tell(Event::Settings(settings()));
    let built = Instant::now();
    engine.offer(9, many_files(100_000), preflight(u64::MAX), Instant::now() + Duration::from_mins(10));
    draw(&context, &mut app, &mut frame);
    say(&format!("an offer of 100,000 files taken in and drawn: {:?}", built.elapsed()));
    app.perform(Action::Card(key(9, Direction::Incoming), CardAction::Decline), &context);
    for ((files, a_frame), id) in TABLES.into_iter().zip(1..) {
        let mut window = Window { context: &context, app: &mut app, frame: &mut frame };
        window.table(&engine, key(id, Direction::Incoming), files, a_frame);
    }
}

struct Window<'a> {
    context: &'a egui::Context,
    app: &'a mut App,
    frame: &'a mut eframe::Frame,
}

impl Window<'_> {
    /// A transfer from its first file to some frames after its end, its table open.
    fn table(&mut self, engine: &FakeEngine, key: TransferKey, files: u32, a_frame: u32) {
        let mut moving = snapshot(key, Stage::Moving, many_files(files as usize));
        engine.tell(Event::Snapshot(moving.clone()));
        let first = self.draw();
        self.app.perform(Action::Row(key, RowAction::Open), self.context);
        let running = (0..FRAMES).map(|step| {
            for index in step * a_frame..(step + 1) * a_frame {
                engine.tell(Event::FilesEnded { key, ends: vec![file_end(index, FileState::Verified)] });
            }
            moving.moved += moving.total / u64::from(FRAMES);
            moving.files_ended += u64::from(a_frame);
            moving.current = Some(step * a_frame);
            engine.tell(Event::Snapshot(moving.clone()));
            self.draw()
        });
        tell(&format!("{files} files, {a_frame} ending a frame"), running.collect());
        let ended = ending(Outcome::Verified, None, files.into(), moving.total);
        engine.tell(Event::Snapshot(TransferSnapshot { stage: ended, ..moving }));
        tell(&format!("{files} files, ended"), (0..ENDED_FRAMES).map(|_| self.draw()).collect());
        say(&format!("{files} files, the frame that takes their list in: {first:?}"));
        self.app.perform(Action::Row(key, RowAction::Remove), self.context);
    }

    fn draw(&mut self) -> Duration {
        draw(self.context, self.app, self.frame)
    }
}

fn tell(what: &str, mut frames: Vec<Duration>) {
    frames.sort_unstable();
    let at = |part: usize| frames.get(frames.len() * part / 100).copied().unwrap_or_default();
    say(&format!("{what}: median {:?}, 99 of 100 under {:?}, longest {:?}", at(50), at(99), frames.last()));
}

#[expect(clippy::print_stdout, reason = "this is what a bench is for")]
fn say(text: &str) {
    println!("{text}");
}

fn draw(context: &egui::Context, app: &mut App, frame: &mut eframe::Frame) -> Duration {
    use eframe::App as _;
    let input = RawInput {
        screen_rect: Some(Rect::from_min_size(egui::Pos2::ZERO, vec2(1040.0, 1400.0))),
        ..Default::default()
    };
    let started = Instant::now();
    let mut output = context.run_ui(input, |ui| {
        app.logic(ui.ctx(), frame);
        app.ui(ui, frame);
    });
    std::hint::black_box(context.tessellate(output.shapes, output.pixels_per_point));
    let took = started.elapsed();
    output.textures_delta.clear();
    took
}
