//! The window draws no more often than there is something to see: figures that change many times a second cost a frame each.

use std::time::Duration;

use egui::ViewportId;
use sealdrop::{
    engine::messages::Event,
    model::{
        outcome::{FileState, Outcome},
        transfer::{Direction, Stage, TransferSnapshot},
    },
    ui::app::WakeSlot,
};

use crate::{
    fake_engine::{ending, file_end, key, many_files, snapshot},
    window_scene::Window,
};

/// Who waits longer than this rests.
const REST: Duration = Duration::from_millis(100);

/// Frames until the window rests, after the engine has told this and woken it.
fn frames(window: &mut Window, event: Event) -> usize {
    let slot = WakeSlot::default();
    slot.fill(&window.harness.ctx);
    window.engine.tell(event);
    slot.waker()();
    for drawn in 1..10 {
        window.harness.step();
        let wait = window.harness.output().viewport_output[&ViewportId::ROOT].repaint_delay;
        if wait > REST {
            return drawn;
        }
    }
    panic!("it does not come to rest")
}

#[test]
fn figures_of_a_transfer_cost_one_frame_and_what_comes_or_goes_one_more_to_settle() {
    let mut window = Window::new();
    let key = key(1, Direction::Incoming);
    let mut moving = snapshot(key, Stage::Moving, many_files(3));
    frames(&mut window, Event::Snapshot(moving.clone()));
    window.harness.run();
    for _ in 0..5 {
        moving.moved += 10;
        assert_eq!(frames(&mut window, Event::Snapshot(moving.clone())), 1, "figures");
    }
    assert_eq!(
        frames(&mut window, Event::FilesEnded { key, ends: vec![file_end(0, FileState::Verified)] }),
        2,
        "a fact"
    );
    let ended = ending(Outcome::Verified, None, 3, moving.total);
    let ended = TransferSnapshot { stage: ended, ..moving };
    assert!(frames(&mut window, Event::Snapshot(ended)) >= 2, "an end");
}
