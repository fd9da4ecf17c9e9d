//! One running window for each profile: where it is called by later starts of the program, and how they call it.
//!
//! The place is a local socket in the profile, for this user alone; who holds the profile's lock listens there, so a socket
//! that a killed program has left belongs to nobody. Each caller is attended to on a thread of its own, within a deadline,
//! and only so many at once: whoever stands there and says nothing keeps neither the window nor the next caller waiting.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender, bounded};
use interprocess::{
    ConnectWaitMode,
    local_socket::{
        ConnectOptions, Listener, ListenerOptions, Name, Stream,
        traits::{Listener as _, Stream as _, StreamCommon as _},
    },
};
use sha2::{Digest, Sha256};

use crate::{
    model::handed::Handed,
    storage::profile::Profile,
    wire::{error::WireError, handover},
};

use super::{
    cancel::CancelFlag,
    messages::{Command, HandOver},
    threads,
};

/// A caller has so long for all it says.
const CALL_LIMIT: Duration = Duration::from_secs(3);
/// Callers that are attended to at the same time; further ones are sent away.
const MOST_CALLERS: usize = 8;
/// Between two tries to accept after one has failed, as it does while handles are short.
const AFTER_A_FAILURE: Duration = Duration::from_millis(200);
/// The listening thread ends within this, or is left alone.
const END_LIMIT: Duration = Duration::from_millis(500);
/// A socket's path has 104 bytes or more on every system; a longer one stands elsewhere.
#[cfg(unix)]
const LONGEST_PATH: usize = 100;

/// Listens for later starts until it is dropped.
pub struct Instance {
    place: Place,
    stop: CancelFlag,
    ended: Receiver<()>,
}

/// Why a running window did not take what it was given.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// Nobody listens there, or not yet.
    #[error("it cannot be reached: {0}")]
    Absent(io::Error),
    /// Somebody does, but it is of no use.
    #[error("it does not answer: {0}")]
    Failed(#[from] WireError),
    #[error("it is just closing")]
    Refused,
    #[error("it belongs to another user")]
    Stranger,
}

impl Instance {
    /// Listens in `profile`, whose lock the caller holds; what comes goes to `commands`.
    ///
    /// # Errors
    /// No socket can be made there, no thread.
    pub fn start(profile: &Profile, commands: Sender<Command>) -> io::Result<Self> {
        let place = Place::of(profile);
        let listener = place.listen()?;
        let (stop, (ending, ended)) = (CancelFlag::default(), bounded(0));
        let seen = stop.clone();
        threads::spawn("instance", move || {
            accept(&listener, &commands, &seen);
            drop(ending);
        })?;
        Ok(Self { place, stop, ended })
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.stop.set();
        // Wakes the thread; one that cannot be woken is busy with the like, and sees the flag then.
        drop(self.place.connect());
        // Only what nobody listens at any more is removed: the next one may listen there already.
        if self.ended.recv_timeout(END_LIMIT) == Err(crossbeam_channel::RecvTimeoutError::Disconnected) {
            self.place.remove();
        }
    }
}

/// Gives `handed` to the window that runs in `profile`.
///
/// # Errors
/// It did not take it; nothing was staged.
pub fn hand_over(profile: &Profile, handed: &[Handed]) -> Result<(), NotTaken> {
    let stream = Place::of(profile).connect().map_err(NotTaken::Absent)?;
    if !is_own(&stream) {
        return Err(NotTaken::Stranger);
    }
    let mut call = Call::new(&stream);
    handover::write_request(&mut call, handed)?;
    if handover::read_reply(&mut call)? { Ok(()) } else { Err(NotTaken::Refused) }
}

fn accept(listener: &Listener, commands: &Sender<Command>, stop: &CancelFlag) {
    let callers = Arc::new(AtomicUsize::new(0));
    while !stop.is_set() {
        match listener.accept() {
            Ok(_) if stop.is_set() => {}
            Ok(stream) => {
                let (guard, commands) = (Caller::new(&callers), commands.clone());
                if let Some(guard) = guard {
                    // Without a thread the caller is sent away by being dropped.
                    threads::spawn("hand-over", move || attend(&stream, &commands, guard)).ok();
                }
            }
            Err(_) => std::thread::sleep(AFTER_A_FAILURE),
        }
    }
}

/// One of the callers that are attended to.
struct Caller(Arc<AtomicUsize>);

impl Caller {
    fn new(callers: &Arc<AtomicUsize>) -> Option<Self> {
        let caller = Self(Arc::clone(callers));
        (callers.fetch_add(1, Ordering::AcqRel) < MOST_CALLERS).then_some(caller)
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

fn attend(stream: &Stream, commands: &Sender<Command>, _guard: Caller) {
    if !is_own(stream) {
        return;
    }
    let mut call = Call::new(stream);
    let Ok(Some(handed)) = handover::read_request(&mut call) else { return };
    let (taken, heard) = bounded(1);
    // Dispatch never blocks: one that is far behind, or gone, shows by its silence.
    let told = commands.send_timeout(Command::HandOver(HandOver { handed, taken }), CALL_LIMIT);
    let taken = told.is_ok() && heard.recv_timeout(CALL_LIMIT).is_ok();
    // Whoever does not hear it any more says so to its own person.
    handover::write_reply(&mut call, taken).ok();
}

/// Whether this user is at the other end.
#[cfg(unix)]
fn is_own(stream: &Stream) -> bool {
    let other = stream.peer_creds().ok().and_then(|creds| creds.euid());
    other == Some(rustix::process::geteuid().as_raw())
}

/// A pipe can be opened by those alone whom its maker allows: this user, and the system.
#[cfg(not(unix))]
fn is_own(_stream: &Stream) -> bool {
    true
}

/// One call, within its deadline.
struct Call<'a> {
    stream: &'a Stream,
    until: Instant,
}

impl<'a> Call<'a> {
    fn new(stream: &'a Stream) -> Self {
        Self { stream, until: Instant::now() + CALL_LIMIT }
    }

    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(Some(left)) }
    }
}

impl io::Read for Call<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Pipes of Windows have no timeouts: there, few callers are all that a silent one costs.
        self.stream.set_recv_timeout(self.left()?).or_else(if_unsupported)?;
        (&mut &*self.stream).read(buffer)
    }
}

impl io::Write for Call<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_send_timeout(self.left()?).or_else(if_unsupported)?;
        (&mut &*self.stream).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&mut &*self.stream).flush()
    }
}

fn if_unsupported(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::Unsupported || cfg!(windows) { Ok(()) } else { Err(error) }
}

/// Where the window of a profile listens.
struct Place(PathBuf);

impl Place {
    #[cfg(unix)]
    fn of(profile: &Profile) -> Self {
        let place = profile.window_socket_path();
        if place.as_os_str().len() <= LONGEST_PATH {
            return Self(place);
        }
        let user = rustix::process::geteuid().as_raw();
        Self(std::env::temp_dir().join(format!("sealdrop-{user}")).join(format!("{}.sock", short_name(profile.root()))))
    }

    #[cfg(not(unix))]
    fn of(profile: &Profile) -> Self {
        Self(format!("sealdrop-{}", short_name(profile.root())).into())
    }

    #[cfg(unix)]
    fn name(&self) -> io::Result<Name<'_>> {
        use interprocess::local_socket::{GenericFilePath, ToFsName};
        self.0.as_path().to_fs_name::<GenericFilePath>()
    }

    #[cfg(not(unix))]
    fn name(&self) -> io::Result<Name<'_>> {
        use interprocess::local_socket::{GenericNamespaced, ToNsName};
        self.0.as_os_str().to_ns_name::<GenericNamespaced>()
    }

    #[cfg(unix)]
    fn listen(&self) -> io::Result<Listener> {
        use interprocess::os::unix::local_socket::ListenerOptionsExt;
        self.make_private_folder()?;
        // One that is left over would be in the way; who holds the lock may take its place.
        self.remove();
        let private = ListenerOptions::new().name(self.name()?).reclaim_name(false);
        let listener = match private.mode(0o600).create_sync() {
            // Some systems cannot say it beforehand; the folder is closed to others in any case.
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                ListenerOptions::new().name(self.name()?).reclaim_name(false).create_sync()?
            }
            other => other?,
        };
        fs::set_permissions(&self.0, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        Ok(listener)
    }

    #[cfg(not(unix))]
    fn listen(&self) -> io::Result<Listener> {
        ListenerOptions::new().name(self.name()?).create_sync()
    }

    fn connect(&self) -> io::Result<Stream> {
        ConnectOptions::new().name(self.name()?).wait_mode(ConnectWaitMode::Timeout(CALL_LIMIT)).connect_sync()
    }

    fn remove(&self) {
        if cfg!(unix) {
            // It may be gone already.
            fs::remove_file(&self.0).ok();
        }
    }

    /// The folder outside a profile may be anybody's: only one of this user's own, closed to others, is used.
    #[cfg(unix)]
    fn make_private_folder(&self) -> io::Result<()> {
        use std::os::unix::fs::{DirBuilderExt, MetadataExt};
        let Some(folder) = self.0.parent() else { return Ok(()) };
        match fs::DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let there = fs::symlink_metadata(folder)?;
        let own = there.is_dir() && there.uid() == rustix::process::geteuid().as_raw();
        if own && there.mode() & 0o022 == 0 { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
    }
}

/// Enough of a digest to tell profiles apart.
fn short_name(profile: &Path) -> String {
    let digest = Sha256::digest(profile.as_os_str().as_encoded_bytes());
    let beginning = digest.first_chunk().copied().map_or(0, u64::from_be_bytes);
    format!("{beginning:016x}")
}
