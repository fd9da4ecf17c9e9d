//! The way into the window: profile, engine, and what is said when no window can be opened.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use super::{
    args::Global,
    exit::{Exit, Problem},
    show::complain,
};
use crate::{
    crypto::identity::Identity,
    engine::{Config, Engine, Restore},
    model::{reason::ReasonCode, settings::Theme},
    storage::{
        identity_file,
        profile::Profile,
        settings_file::{self, Loaded},
    },
    transfer::limits::Limits,
    ui::{
        app::{EngineDoor, WakeSlot},
        key_trouble::{self, KeyChoice},
        renderer::{self, Options},
        text::Language,
    },
};

/// Last words to the other side have this long when the window is closed.
const STOP_LIMIT: Duration = Duration::from_secs(4);

/// Opens the window on a profile, with `paths` staged, listening on the port that was given, if one was.
pub(super) fn open_window(global: Global, paths: Vec<PathBuf>) -> ExitCode {
    match open(global, paths) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            complain(&problem.sentence);
            problem.exit.into()
        }
    }
}

fn open(global: Global, paths: Vec<PathBuf>) -> Result<(), Problem> {
    let Global { profile, port, nearby, json: _ } = global;
    // Said before anything is touched: a server has no screen.
    let system = Language::of_system();
    system.speak();
    renderer::screen().map_err(|error| no_window(&error))?;
    let profile =
        Profile::open(profile).map_err(|error| Problem::failed(format!("the profile cannot be opened: {error}")))?;
    let _lock = profile.lock().map_err(|taken| {
        Problem::failed(format!("{taken}; use the window that is open, or --profile DIR for another profile"))
    })?;
    let first_start = !profile.settings_path().exists();
    let Loaded { settings, damaged } = settings_file::load(&profile);
    // What is said when no window opens is said to whoever wanted one.
    let language = Language::of(&settings.language, system);
    language.speak();
    let wake = WakeSlot::default();
    let listen = Some(port.unwrap_or(settings.port));
    let Some(identity) = own_identity(&profile, settings.theme, language)? else { return Ok(()) };
    let (attended, nearby) = (true, nearby.into());
    let (limits, waker) = (Limits::default(), wake.waker());
    let config = Config {
        profile,
        settings,
        identity,
        attended,
        listen,
        restore: Restore::Both,
        nearby,
        damaged,
        limits,
        waker,
    };
    let engine =
        Engine::start(config).map_err(|error| Problem::failed(format!("the engine cannot be started: {error}")))?;
    let door = EngineDoor { commands: engine.commands().clone(), events: engine.events().clone() };
    let shown = renderer::run(&door, &Options { first_start, wake, language: system, stage: paths });
    engine.shut_down(STOP_LIMIT);
    shown.map_err(|error| no_window(&error))
}

/// This device's key; a person says what to do about one that cannot be used. `None`: to end.
fn own_identity(profile: &Profile, theme: Theme, language: Language) -> Result<Option<Identity>, Problem> {
    loop {
        let reason = match Identity::open(profile) {
            Ok(identity) => return Ok(Some(identity)),
            Err(reason) if matches!(reason.code, ReasonCode::KeyDamaged | ReasonCode::KeyExposed) => reason,
            Err(reason) => return Err(Problem::own_key(&reason, &profile.identity_path())),
        };
        let done = match key_trouble::ask(&reason, theme, language).map_err(|error| no_window(&error))? {
            KeyChoice::MakePrivate => identity_file::make_private(profile),
            KeyChoice::NewKey => identity_file::set_aside(profile).map(drop),
            KeyChoice::Quit => return Ok(None),
        };
        done.map_err(|reason| Problem::own_key(&reason, &profile.identity_path()))?;
    }
}

fn no_window(error: &renderer::StartFailure) -> Problem {
    Problem { exit: Exit::Failed, sentence: error.to_string() }
}
