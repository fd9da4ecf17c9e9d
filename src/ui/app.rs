//! The window as eframe sees it: fold in what the engine said, draw, then do what the person asked for.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender};

use super::{
    action::Action,
    dialogs::Dialogs,
    notifier::{Notifier, Silent},
    state::{
        Closing, State,
        drops::{Outcome, Seen},
        notices::Tone,
    },
    text::{self, Language, Word},
    theme, views,
};
use crate::{
    engine::messages::{Command, Event, Waker},
    model::{settings::Theme, transfer::Stage},
};

/// How long closing waits for the engine to stop in order.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// How soon a frame comes that is asked for. Not at once: egui would draw two of those, for things to settle, and figures that
/// change twenty times a second have nothing to settle.
const NEXT_FRAME: Duration = Duration::from_millis(1);

/// Events taken in before a frame is drawn: more would make it late.
const EVENTS_A_FRAME: usize = 4096;

/// The window's two ends of the engine.
#[derive(Clone, Debug)]
pub struct EngineDoor {
    pub commands: Sender<Command>,
    pub events: Receiver<Event>,
}

/// Lets the engine wake a window that is opened after it.
#[derive(Clone, Debug, Default)]
pub struct WakeSlot(Arc<OnceLock<egui::Context>>);

impl WakeSlot {
    /// What the engine calls; does nothing until the window is there.
    pub fn waker(&self) -> Waker {
        let slot = Arc::clone(&self.0);
        Arc::new(move || {
            if let Some(context) = slot.get() {
                context.request_repaint_after(NEXT_FRAME);
            }
        })
    }

    /// The window is there.
    pub fn fill(&self, context: &egui::Context) {
        self.0.get_or_init(|| context.clone());
    }
}

/// Tells the time: the system's, or a test's own.
pub type Clock = Box<dyn Fn() -> Instant>;

/// The window.
pub struct App {
    pub(super) state: State,
    pub(super) door: EngineDoor,
    pub(super) dialogs: Box<dyn Dialogs>,
    pub(super) notifier: Box<dyn Notifier>,
    clock: Clock,
    shown_theme: Option<Theme>,
    /// What the system speaks, for who chose no language.
    system: Language,
    shown_language: Language,
    /// Who waits and what alarms, as the window system was told.
    shown_calls: (usize, usize),
    told_to_close: bool,
}

impl App {
    pub fn new(
        context: &egui::Context,
        door: EngineDoor,
        dialogs: Box<dyn Dialogs>,
        clock: Clock,
        first: bool,
        system: Language,
    ) -> Self {
        theme::install(context);
        system.speak();
        let state = State::new(clock(), first);
        let (shown_theme, shown_calls) = (None, (0, 0));
        Self {
            state,
            door,
            dialogs,
            notifier: Box::new(Silent),
            clock,
            shown_theme,
            system,
            shown_language: system,
            shown_calls,
            told_to_close: false,
        }
    }

    /// What the window shows.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Asks the engine; false when it could not be asked, which the person is told.
    pub(super) fn tell(&mut self, command: Command) -> bool {
        use crossbeam_channel::TrySendError;
        let told = self.door.commands.try_send(command);
        match told {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                self.state.notices.pass(Tone::Warning, Word::EngineBusy, self.state.now);
                false
            }
            Err(TrySendError::Disconnected(_)) => {
                self.state.notices.stay(Tone::Problem, Word::EngineGone, None);
                false
            }
        }
    }

    /// Speaks the language that was chosen, from this frame on. Several windows of a test may share a thread.
    fn speak(&mut self, context: &egui::Context) {
        let choice = self.state.settings.as_ref().map(|settings| settings.language.clone()).unwrap_or_default();
        let language = Language::of(&choice, self.system);
        language.speak();
        if language != self.shown_language {
            self.shown_language = language;
            self.state.say_again();
            context.send_viewport_cmd(egui::ViewportCommand::Title(text::window_title(self.state.waiting())));
        }
    }

    /// What has come, as much of it as one frame takes in; also, whether that was all.
    fn come(&self) -> (Vec<Event>, bool) {
        let (mut events, mut weight) = (Vec::new(), 0);
        while weight < EVENTS_A_FRAME {
            let Ok(event) = self.door.events.try_recv() else { return (events, true) };
            weight += if let Event::FilesEnded { ends, .. } = &event { ends.len().max(1) } else { 1 };
            events.push(event);
        }
        (events, false)
    }

    fn take_in(&mut self, context: &egui::Context) {
        let (events, are_all) = self.come();
        if !are_all {
            context.request_repaint();
        }
        let answers = self.dialogs.answers();
        if !answers.is_empty() || !events.iter().all(only_figures) {
            // What comes or goes moves other things: one more frame, for these to settle.
            context.request_repaint_after(NEXT_FRAME);
        }
        for event in events {
            self.state.apply(event);
        }
        for (purpose, answer) in answers {
            self.answered(purpose, answer);
        }
    }

    fn look_at_drops(&mut self, context: &egui::Context) {
        let seen = context.input(|input| Seen {
            hovered: input.raw.hovered_files.len(),
            dropped: input.raw.dropped_files.iter().map(|file| file.path().to_path_buf()).collect(),
            pointer_moved: input.pointer.is_moving(),
        });
        match self.state.drops.see(self.state.now, seen) {
            Outcome::Dropped(paths) if self.state.verify.open => self.inspect(paths, false),
            Outcome::Dropped(paths) => self.stage(paths),
            Outcome::Lost => self.state.notices.pass(Tone::Warning, Word::LostDrop, self.state.now),
            Outcome::Nothing => {}
        }
    }

    fn look_at_clipboard(&mut self, context: &egui::Context, actions: &mut Vec<Action>) {
        let typing = context.text_edit_focused();
        if !self.state.paste_asked && typing {
            return;
        }
        let pasted = context.input(|input| {
            let mut texts = input.events.iter().filter_map(|event| match event {
                egui::Event::Paste(text) => Some(text.clone()),
                _ => None,
            });
            texts.next_back()
        });
        actions.extend(pasted.map(Action::Pasted));
    }

    /// Somebody looks at the window: who is there may have changed.
    fn look_around(&mut self, context: &egui::Context) {
        let looks = |event: &egui::Event| matches!(event, egui::Event::WindowFocused(true));
        if context.input(|input| input.events.iter().any(looks)) {
            // An engine that is gone, or far behind, is told of elsewhere.
            self.door.commands.try_send(Command::LookAround).ok();
        }
    }

    fn dress(&mut self, context: &egui::Context) {
        let theme = self.state.settings.as_ref().map(|settings| settings.theme);
        if theme != self.shown_theme {
            context.set_theme(theme::preference(theme.unwrap_or_default()));
            self.shown_theme = theme;
        }
        let (waiting, alarms) = (self.state.waiting(), self.state.trust.alarms.len());
        let (waited, alarmed) = std::mem::replace(&mut self.shown_calls, (waiting, alarms));
        if waiting != waited {
            context.send_viewport_cmd(egui::ViewportCommand::Title(text::window_title(waiting)));
        }
        if waiting > waited || alarms > alarmed {
            let attention = egui::UserAttentionType::Informational;
            context.send_viewport_cmd(egui::ViewportCommand::RequestUserAttention(attention));
        }
    }

    fn look_at_closing(&mut self, context: &egui::Context) {
        let asked = context.input(|input| input.viewport().close_requested());
        if asked && self.state.closing != Closing::Now {
            context.send_viewport_cmd(egui::ViewportCommand::CancelClose);
            if self.state.closing == Closing::No {
                self.ask_to_close();
            }
        }
        if let Closing::Stopping { since } = self.state.closing {
            let left = STOP_WITHIN.saturating_sub(self.state.now.duration_since(since));
            if left.is_zero() {
                self.state.closing = Closing::Now;
            } else {
                context.request_repaint_after(left);
            }
        }
        if self.state.closing == Closing::Now && !self.told_to_close {
            self.told_to_close = true;
            context.send_viewport_cmd(egui::ViewportCommand::Close);
        }
    }

    fn ask_to_close(&mut self) {
        if self.state.transfers.running() > 0 || !self.state.offers.is_empty() {
            self.state.closing = Closing::Asking;
        } else {
            self.stop();
        }
    }

    /// Tells the engine to stop; the window goes when it has.
    pub(super) fn stop(&mut self) {
        self.state.offers.clear();
        let told = self.door.commands.try_send(Command::Shutdown);
        let gone = matches!(told, Err(crossbeam_channel::TrySendError::Disconnected(_)));
        self.state.closing = if gone { Closing::Now } else { Closing::Stopping { since: self.state.now } };
    }
}

/// Whether an event changes nothing but what a row says of a transfer that moves.
fn only_figures(event: &Event) -> bool {
    matches!(event, Event::Snapshot(snapshot) if matches!(snapshot.stage, Stage::Moving))
}

impl eframe::App for App {
    fn logic(&mut self, context: &egui::Context, _frame: &mut eframe::Frame) {
        self.state.now = (self.clock)();
        self.speak(context);
        self.take_in(context);
        self.speak(context);
        self.take_over(context);
        // After the events: a pace that is told the time before the figures would always be a little slow.
        self.state.tick();
        self.notify(context);
        self.look_up();
        self.dress(context);
        self.look_at_closing(context);
        if let Some(wait) = self.state.next_look() {
            context.request_repaint_after(wait);
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let context = ui.ctx().clone();
        self.look_at_drops(&context);
        self.look_around(&context);
        let mut actions = Vec::new();
        self.look_at_clipboard(&context, &mut actions);
        views::window_ui(ui, &self.state, &mut actions);
        self.state.show_offers = false;
        self.state.show_staged = false;
        for action in actions {
            self.perform(action, &context);
        }
        if let Some(wait) = self.state.next_look() {
            context.request_repaint_after(wait);
        }
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }
}
