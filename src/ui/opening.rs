//! What the program was started with, or another start of it has handed over: paths are staged, links are followed up, and the
//! window comes to the front.

use super::app::App;
use crate::model::handed::Handed;

impl App {
    /// Takes in what was given on a command line.
    pub fn open(&mut self, handed: Vec<Handed>) {
        let mut paths = Vec::new();
        for item in handed {
            match item {
                Handed::Link(link) => self.take_link(&link),
                Handed::Path(path) => paths.push(path),
            }
        }
        self.state.show_staged = !paths.is_empty();
        self.stage(paths);
    }

    /// What another start was given is dealt with here; that one has ended meanwhile.
    pub(super) fn take_over(&mut self, context: &egui::Context) {
        let Some(handed) = self.state.handed.take() else { return };
        self.open(handed);
        come_forward(context);
    }
}

/// To the front, out of the task bar if need be. Where windows may not do that by themselves, it asks for attention.
pub(super) fn come_forward(context: &egui::Context) {
    use egui::{UserAttentionType, ViewportCommand};
    // Said in any case: what a minimized window knows of itself is as old as its last frame.
    context.send_viewport_cmd(ViewportCommand::Minimized(false));
    context.send_viewport_cmd(ViewportCommand::Focus);
    if context.input(|input| input.viewport().focused != Some(true)) {
        context.send_viewport_cmd(ViewportCommand::RequestUserAttention(UserAttentionType::Informational));
    }
}
