//! Opening the window: the window system that takes drops, and the first way of drawing that works.

use std::time::Instant;

use eframe::{NativeOptions, Renderer};

use super::{
    app::{App, EngineDoor, WakeSlot},
    dialogs::DesktopDialogs,
    notifier::DesktopNotifier,
    text::{self, Language},
};
use crate::model::handed::Handed;

/// How to open the window.
#[derive(Clone, Debug)]
pub struct Options {
    /// Nothing was ever set: show the strip of the first start.
    pub first_start: bool,
    /// Filled once the window is there, so that the engine can wake it.
    pub wake: WakeSlot,
    /// What the system speaks, for who chose no language.
    pub language: Language,
    /// What the command line gave.
    pub opened: Vec<Handed>,
}

/// No window could be opened. `Display` says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartFailure {
    #[error("{}", text::no_window(.0))]
    NoScreen(String),
    #[error("{}", text::no_renderer(.glow, .wgpu))]
    NoRenderer { glow: String, wgpu: String },
}

/// Smallest window that still shows everything.
const SMALLEST: [f32; 2] = [380.0, 420.0];
const FIRST_SIZE: [f32; 2] = [1040.0, 720.0];

/// Opens the window and returns when it is closed.
pub fn run(door: &EngineDoor, options: &Options) -> Result<(), StartFailure> {
    first_that_works(|renderer| {
        let (door, options) = (door.clone(), options.clone());
        let create = move |creation: &eframe::CreationContext<'_>| -> Box<dyn eframe::App> {
            options.wake.fill(&creation.egui_ctx);
            let dialogs = Box::new(DesktopDialogs::new(creation, options.wake.waker()));
            let clock = Box::new(Instant::now);
            let mut app = App::new(&creation.egui_ctx, door, dialogs, clock, options.first_start, options.language);
            app = app.with_notifier(Box::new(DesktopNotifier::new(options.wake.waker())));
            app.open(options.opened);
            Box::new(app)
        };
        open(renderer, FIRST_SIZE, SMALLEST, Box::new(create))
    })
}

/// Opens a window in the first way of drawing that can start.
///
/// eframe keeps its event loop for the thread and runs it again, so that a second way of drawing can be tried in the same
/// process after the first one failed.
pub(super) fn first_that_works(open: impl Fn(Renderer) -> Result<(), eframe::Error>) -> Result<(), StartFailure> {
    screen()?;
    let glow = match open(Renderer::Glow) {
        Ok(()) => return Ok(()),
        Err(error) => error,
    };
    if let eframe::Error::WinitEventLoop(error) = &glow {
        return Err(StartFailure::NoScreen(last_part(&error.to_string())));
    }
    open(Renderer::Wgpu).map_err(|wgpu| StartFailure::NoRenderer { glow: glow.to_string(), wgpu: wgpu.to_string() })
}

/// winit puts the place in its source before the error itself.
fn last_part(error: &str) -> String {
    error.rsplit(": ").next().unwrap_or(error).to_owned()
}

/// Makes what a window shows, once the window is there.
pub(super) type Create<'a> = Box<dyn FnOnce(&eframe::CreationContext<'_>) -> Box<dyn eframe::App> + 'a>;

/// Opens one window, drawn in one way.
pub(super) fn open(
    renderer: Renderer,
    size: [f32; 2],
    smallest: [f32; 2],
    create: Create<'_>,
) -> Result<(), eframe::Error> {
    let viewport = egui::ViewportBuilder::default()
        .with_app_id("sealdrop")
        .with_title(text::window_title(0))
        .with_icon(icon())
        .with_inner_size(size)
        .with_min_inner_size(smallest);
    let native = NativeOptions { renderer, viewport, event_loop_builder: event_loop_builder(), ..Default::default() };
    eframe::run_native("sealdrop", native, Box::new(move |creation| Ok(create(creation))))
}

/// The program's picture for title bars and task lists.
fn icon() -> egui::IconData {
    // A picture that was built in can be read; an empty one would only mean the system's own.
    eframe::icon_data::from_png_bytes(include_bytes!("../../resources/icon-256.png")).unwrap_or_default()
}

/// Without a display server winit's own error says little.
#[cfg(all(unix, not(target_os = "macos")))]
pub fn screen() -> Result<(), StartFailure> {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if set("DISPLAY") || set("WAYLAND_DISPLAY") || set("WAYLAND_SOCKET") {
        return Ok(());
    }
    Err(StartFailure::NoScreen("neither DISPLAY nor WAYLAND_DISPLAY is set".to_owned()))
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
pub fn screen() -> Result<(), StartFailure> {
    Ok(())
}

/// File drops do not reach winit 0.30 under native Wayland: where there is an X server, too, that one is used.
#[cfg(target_os = "linux")]
fn event_loop_builder() -> Option<eframe::EventLoopBuilderHook> {
    use winit::platform::x11::EventLoopBuilderExtX11;

    x_server_there().then(|| -> eframe::EventLoopBuilderHook {
        Box::new(|builder| {
            builder.with_x11();
        })
    })
}

#[cfg(not(target_os = "linux"))]
fn event_loop_builder() -> Option<eframe::EventLoopBuilderHook> {
    None
}

/// Whether `DISPLAY` names an X server of this machine that has its socket, or one elsewhere.
#[cfg(target_os = "linux")]
fn x_server_there() -> bool {
    let display = std::env::var("DISPLAY").unwrap_or_default();
    let Some((host, number)) = display.split_once(':') else { return false };
    let number = number.split('.').next().unwrap_or(number);
    !host.is_empty() && host != "unix" || std::path::Path::new("/tmp/.X11-unix").join(format!("X{number}")).exists()
}
