//! The work of one frame with a table of 10,000 files open and moving: `cargo bench --bench window`.
//!
//! Counted is what the program does (`logic`, `ui`, layout and tessellation), not what a screen shows. The promise: 99 of 100
//! frames under 8 ms.

#[path = "../tests/suite/fake_engine.rs"]
#[expect(dead_code, clippy::expect_used, reason = "the tests use the rest")]
mod fake_engine;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use egui::{RawInput, Rect, vec2};
use fake_engine::{FakeEngine, file_end, key, many_files, preflight, settings, snapshot};
use sealdrop::{
    engine::messages::Event,
    model::{
        outcome::FileState,
        transfer::{Direction, Stage},
    },
    ui::{
        action::{Action, CardAction, RowAction},
        app::App,
        dialogs::{Answer, Dialogs, Purpose},
    },
};

const FILES: u32 = 10_000;
const FRAMES: u32 = 1_000;

struct NoDialogs;

impl Dialogs for NoDialogs {
    fn ask(&mut self, _purpose: &Purpose, _start_in: Option<&Path>) {}

    fn reveal(&mut self, _place: &Path) {}

    fn answers(&mut self) -> Vec<(Option<Purpose>, Answer)> {
        Vec::new()
    }
}

#[expect(clippy::print_stdout, reason = "this is what a bench is for")]
fn main() {
    let (engine, door) = FakeEngine::new();
    let context = egui::Context::default();
    let mut app = App::new(&context, door, Box::new(NoDialogs), Box::new(Instant::now), false);
    let mut frame = eframe::Frame::_new_kittest();
    engine.tell(Event::Settings(settings()));
    let built = Instant::now();
    engine.offer(9, many_files(100_000), preflight(u64::MAX), Instant::now() + Duration::from_mins(10));
    draw(&context, &mut app, &mut frame);
    println!("an offer of 100,000 files taken in and drawn: {:?}", built.elapsed());
    let mut moving = snapshot(key(1, Direction::Incoming), Stage::Moving, many_files(FILES as usize));
    engine.tell(Event::Snapshot(moving.clone()));
    draw(&context, &mut app, &mut frame);
    app.perform(Action::Card(key(9, Direction::Incoming), CardAction::Decline), &context);
    app.perform(Action::Row(moving.key, RowAction::Open), &context);
    let mut frames: Vec<Duration> = (0..FRAMES)
        .map(|step| {
            for index in 0..FILES / FRAMES {
                let end = file_end(step * (FILES / FRAMES) + index, FileState::Verified);
                engine.tell(Event::FileEnded { key: moving.key, end });
            }
            moving.moved += moving.total / u64::from(FRAMES);
            engine.tell(Event::Snapshot(moving.clone()));
            draw(&context, &mut app, &mut frame)
        })
        .collect();
    frames.sort_unstable();
    let at = |part: usize| frames.get(frames.len() * part / 100).copied().unwrap_or_default();
    println!(
        "frame with {FILES} files: median {:?}, 99 of 100 under {:?}, longest {:?}",
        at(50),
        at(99),
        frames.last()
    );
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
