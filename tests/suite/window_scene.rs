//! The window with everything around it faked: the engine, the dialogs, the clock.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    path::{Path, PathBuf},
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use egui::accesskit::Role;
use egui_kittest::{
    Harness, Node,
    kittest::{NodeT, Queryable, by},
};
use sealdrop::{
    engine::messages::{Command, Event, StageId},
    storage::sources::SourceTree,
    ui::{
        app::App,
        dialogs::{Answer, Dialogs, Purpose},
        notifier::{Heard, Notifier},
        state::calls::{self, Call, CallId},
        text::Language,
    },
};

use crate::fake_engine::{FakeEngine, settings};

/// What the fake desktop was asked for, and what it will answer.
#[derive(Default)]
pub(crate) struct Desktop {
    pub asked: Vec<(Purpose, Option<PathBuf>)>,
    pub revealed: Vec<PathBuf>,
    answers: Vec<(Option<Purpose>, Answer)>,
}

struct FakeDialogs(Rc<RefCell<Desktop>>);

impl Dialogs for FakeDialogs {
    fn ask(&mut self, purpose: &Purpose, start_in: Option<&Path>) {
        self.0.borrow_mut().asked.push((purpose.clone(), start_in.map(Path::to_path_buf)));
    }

    fn reveal(&mut self, place: &Path) {
        self.0.borrow_mut().revealed.push(place.to_path_buf());
    }

    fn answers(&mut self) -> Vec<(Option<Purpose>, Answer)> {
        std::mem::take(&mut self.0.borrow_mut().answers)
    }
}

/// The notifications that stand there, how many were ever shown, and what was clicked.
#[derive(Default)]
pub(crate) struct Notified {
    pub shown: BTreeMap<CallId, Call>,
    pub times: usize,
    clicked: Vec<Heard>,
}

struct FakeNotifier(Rc<RefCell<Notified>>);

impl Notifier for FakeNotifier {
    fn show(&mut self, call: &Call) {
        let mut notified = self.0.borrow_mut();
        notified.times += 1;
        notified.shown.insert(call.id, call.clone());
    }

    fn close(&mut self, id: CallId) {
        self.0.borrow_mut().shown.remove(&id);
    }

    fn heard(&mut self) -> Vec<Heard> {
        std::mem::take(&mut self.0.borrow_mut().clicked)
    }
}

/// A window in front of a fake engine.
pub(crate) struct Window {
    pub harness: Harness<'static, App>,
    pub engine: FakeEngine,
    pub desktop: Rc<RefCell<Desktop>>,
    pub notified: Rc<RefCell<Notified>>,
    clock: Rc<Cell<Instant>>,
}

impl Window {
    pub(crate) fn new() -> Self {
        Self::of([1040.0, 1500.0], false)
    }

    pub(crate) fn of(size: [f32; 2], first_start: bool) -> Self {
        Self::with(size, first_start, Language::ENGLISH)
    }

    /// On a desktop in another language. All others are in English, whatever the machine speaks.
    pub(crate) fn on_a_system(language: Language) -> Self {
        Self::with([1040.0, 1500.0], false, language)
    }

    fn with(size: [f32; 2], first_start: bool, system: Language) -> Self {
        let (engine, door) = FakeEngine::new();
        engine.tell(Event::Settings(settings()));
        let listening = Event::Listening {
            address: "0.0.0.0:9527".parse().unwrap(),
            reachable_at: vec!["192.168.1.7".parse().unwrap()],
        };
        engine.tell(listening);
        let clock = Rc::new(Cell::new(Instant::now()));
        let desktop = Rc::new(RefCell::new(Desktop::default()));
        let notified = Rc::new(RefCell::new(Notified::default()));
        let shows = Box::new(FakeNotifier(Rc::clone(&notified)));
        let (told, dialogs) = (Rc::clone(&clock), Box::new(FakeDialogs(Rc::clone(&desktop))));
        let harness = Harness::builder().with_size(size).allow_missing_glyphs().build_eframe(|creation| {
            let clock = Box::new(move || told.get());
            App::new(&creation.egui_ctx, door, dialogs, clock, first_start, system).with_notifier(shows)
        });
        let mut window = Self { harness, engine, desktop, notified, clock };
        window.harness.run();
        window
    }

    /// Whether the window is the one that the person works in.
    pub(crate) fn in_front(&mut self, in_front: bool) {
        let viewports = &mut self.harness.input_mut().viewports;
        viewports.entry(egui::ViewportId::ROOT).or_default().focused = Some(in_front);
        self.harness.run();
    }

    /// The notifications that stand there.
    pub(crate) fn notifications(&self) -> Vec<Call> {
        self.notified.borrow().shown.values().cloned().collect()
    }

    /// Clicks in a notification, or puts it away; what the window tells the window system then.
    pub(crate) fn click_notification(
        &mut self,
        id: CallId,
        answer: Option<calls::Answer>,
    ) -> Vec<egui::ViewportCommand> {
        let heard = answer.map_or(Heard::Closed(id), |answer| Heard::Answered(id, answer));
        let mut notified = self.notified.borrow_mut();
        notified.shown.remove(&id);
        notified.clicked.push(heard);
        drop(notified);
        self.harness.step();
        self.commands()
    }

    /// The time that the window goes by.
    pub(crate) fn now(&self) -> Instant {
        self.clock.get()
    }

    /// Lets time pass and draws.
    pub(crate) fn wait(&mut self, millis: u64) {
        self.clock.set(self.clock.get() + Duration::from_millis(millis));
        self.harness.run();
    }

    /// Lets the window take in what the engine says, and draws.
    pub(crate) fn tell(&mut self, event: Event) {
        self.engine.tell(event);
        self.harness.run();
        // The frame after it, in which things settle; `run` waits for no frame that is not due at once.
        self.harness.step();
    }

    /// Clicks the only control of this name.
    pub(crate) fn click(&mut self, label: &str) {
        self.control(label).click();
        self.harness.run();
    }

    /// The only control (not text) of this name.
    pub(crate) fn control<'a>(&'a self, label: &'a str) -> Node<'a> {
        let found: Vec<_> = self.controls(label);
        assert_eq!(found.len(), 1, "controls named {label:?}\n{:?}", self.harness.root());
        found.into_iter().next().unwrap()
    }

    /// All controls (not texts) of this name.
    pub(crate) fn controls<'a>(&'a self, label: &'a str) -> Vec<Node<'a>> {
        let all = self.harness.query_all(by().label(label).predicate(|node| node.role() != Role::Label));
        all.collect()
    }

    pub(crate) fn enabled(&self, label: &str) -> bool {
        !self.control(label).accesskit_node().is_disabled()
    }

    /// Whether this text, or a control of this name, is to be seen.
    pub(crate) fn shows(&self, label: &str) -> bool {
        self.harness.query_all_by_label(label).next().is_some()
    }

    /// Types into the field of this name.
    pub(crate) fn type_into(&mut self, field: &str, text: &str) {
        self.field(field).focus();
        self.harness.run();
        self.field(field).type_text(text);
        self.harness.run();
    }

    /// The text field of this name, of one line or of many.
    pub(crate) fn field<'a>(&'a self, name: &'a str) -> Node<'a> {
        let fields = [Role::TextInput, Role::MultilineTextInput];
        self.harness.get(by().label(name).predicate(move |node| fields.contains(&node.role())))
    }

    /// The dialog that is open answers.
    pub(crate) fn dialog_answers(&mut self, purpose: Purpose, answer: Answer) {
        self.desktop.borrow_mut().answers.push((Some(purpose), answer));
        self.harness.run();
    }

    /// Drops these paths, as one event each, and lets the window gather them.
    pub(crate) fn drop_paths(&mut self, paths: &[&str]) {
        for path in paths {
            self.harness.input_mut().dropped_files.push(Arc::new(Dropped(PathBuf::from(path))));
            self.harness.step();
        }
        self.wait(200);
    }

    /// Stages these trees through a drop; returns the walk's name.
    pub(crate) fn stage(&mut self, trees: &[Arc<SourceTree>]) -> StageId {
        let roots: Vec<String> = trees.iter().map(|tree| tree.root.to_string_lossy().into_owned()).collect();
        self.drop_paths(&roots.iter().map(String::as_str).collect::<Vec<_>>());
        let asked = self.engine.asked();
        let Some(Command::Stage { stage, .. }) = asked.last() else { panic!("no walk was asked for: {asked:?}") };
        let stage = *stage;
        self.tell(Event::Staged { stage, trees: trees.to_vec(), left_out: Vec::new() });
        stage
    }

    /// What the window told the window system in its last frame.
    pub(crate) fn commands(&self) -> Vec<egui::ViewportCommand> {
        let output = self.harness.output().viewport_output.get(&egui::ViewportId::ROOT);
        output.map(|output| output.commands.clone()).unwrap_or_default()
    }

    /// How long the window is content to sleep.
    pub(crate) fn sleeps(&self) -> Duration {
        self.harness.output().viewport_output[&egui::ViewportId::ROOT].repaint_delay
    }

    /// The person closes the window.
    pub(crate) fn close(&mut self) {
        let viewports = &mut self.harness.input_mut().viewports;
        viewports.entry(egui::ViewportId::ROOT).or_default().events.push(egui::ViewportEvent::Close);
        self.harness.step();
        self.harness.input_mut().viewports.entry(egui::ViewportId::ROOT).or_default().events.clear();
    }
}

#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("the window never reads".to_owned())
    }
}
