//! The way into the window: profile, engine, and what is said when no window can be opened.

use std::{
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use super::{
    args::Global,
    exit::{Exit, Problem},
    show::complain,
};
use crate::{
    crypto::identity::Identity,
    engine::{
        Config, Engine, Restore,
        instance::{self, Instance},
    },
    model::{handed::Handed, reason::ReasonCode, settings::Theme},
    storage::{
        identity_file,
        profile::{Profile, ProfileLock},
        settings_file::{self, Loaded},
    },
    transfer::limits::Limits,
    ui::{
        app::{EngineDoor, WakeSlot},
        key_trouble::{self, KeyChoice},
        renderer::{self, Options},
        state::pasted,
        text::Language,
    },
};

/// Last words to the other side have this long when the window is closed.
const STOP_LIMIT: Duration = Duration::from_secs(4);

/// The window that runs has so long to begin listening, or, as it closes, to let go of the profile.
const HAND_OVER_PATIENCE: Duration = Duration::from_secs(3);
/// Between two looks meanwhile.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Opens the window on a profile, with `paths` staged, listening on the port that was given, if one was; where a window runs
/// already, that one gets the paths and comes to the front.
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
    let opened: Vec<Handed> = paths.into_iter().map(argument).collect();
    let Some(_lock) = claim(&profile, &opened)? else { return Ok(()) };
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
    let called_at = profile.clone();
    let config = Config {
        profile,
        settings,
        identity,
        attended,
        listen,
        only_shares: false,
        restore: Restore::Both,
        nearby,
        damaged,
        limits,
        waker,
    };
    let engine =
        Engine::start(config).map_err(|error| Problem::failed(format!("the engine cannot be started: {error}")))?;
    // Without it all works but a second start.
    let instance = Instance::start(&called_at, engine.commands().clone()).ok();
    let door = EngineDoor { commands: engine.commands().clone(), events: engine.events().clone() };
    let shown = renderer::run(&door, &Options { first_start, wake, language: system, opened });
    drop(instance);
    engine.shut_down(STOP_LIMIT);
    shown.map_err(|error| no_window(&error))
}

/// The right to be this profile's window; `None`: there is one, and it has taken what was opened.
fn claim(profile: &Profile, opened: &[Handed]) -> Result<Option<ProfileLock>, Problem> {
    let until = Instant::now() + HAND_OVER_PATIENCE;
    loop {
        let taken = match profile.lock() {
            Ok(lock) if lock.is_certain() => return Ok(Some(lock)),
            // Without locks, only one that answers shows that there is a window.
            Ok(lock) => return Ok(instance::hand_over(profile, opened).is_err().then_some(lock)),
            Err(taken) => taken,
        };
        let why = match instance::hand_over(profile, opened) {
            Ok(()) => return Ok(None),
            Err(why) => why,
        };
        if Instant::now() >= until {
            let sentence = format!("{taken}; use what is open ({why}), or --profile DIR for another profile");
            return Err(Problem::failed(sentence));
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// An argument as it was typed; file managers may write a path as an address.
fn argument(argument: PathBuf) -> Handed {
    let address = argument.to_str().filter(|text| text.starts_with("file://"));
    match address.map(pasted::paths).unwrap_or_default().pop() {
        Some(path) => Handed::Path(path),
        None => Handed::argument(argument),
    }
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
