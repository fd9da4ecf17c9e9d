//! What dispatch has done for it because it may wait: disk and clipboard-sized jobs, each on a thread of its own.

use std::{
    io,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use crate::{
    digest::Hasher,
    model::{
        book::Book,
        conflict::Conflict,
        device_key::DeviceKey,
        manifest::{Manifest, Selection},
        preflight::Preflight,
        reason::{Reason, ReasonCode},
        settings::Settings,
        transfer::TransferKey,
    },
    storage::{
        devices_file::{self, Turn},
        error::StorageError,
        profile::Profile,
        receive_folder::preflight,
        settings_file, text_file,
    },
};

use super::{
    archive::Archive,
    cancel::CancelFlag,
    check::own_addresses,
    historian::Historian,
    inspection::InspectionAsked,
    inspector::Inspector,
    lanes::reserved_at,
    messages::{Checked, FileToCheck, StageId},
    note::Note,
    outgoing::walk_all,
    threads,
};

/// How often a change of network is looked for: rarely enough to cost nothing, soon enough for who looks at the window.
const ADDRESS_CHECK: Duration = Duration::from_secs(5);

/// Changes of the device book that may wait for the disk.
const CHANGES: usize = 256;

/// Sends errands out and lets them report to dispatch.
#[derive(Clone)]
pub struct Errands {
    pub profile: Profile,
    pub notes: Sender<Note>,
    pub historian: Historian,
    pub archive: Archive,
    /// To the one thread that changes the device book: what a person said last is what holds.
    changes: Sender<Change>,
}

/// Something to be done with the device book.
type Change = Box<dyn FnOnce(&Bookkeeper) + Send>;

/// Who does it.
struct Bookkeeper {
    profile: Profile,
    notes: Sender<Note>,
}

/// What a look at the disk for an offer needs.
pub struct PreflightErrand {
    pub key: TransferKey,
    pub folder: PathBuf,
    pub manifest: Arc<Manifest>,
    pub selection: Selection,
    pub reserved: Vec<(PathBuf, u64)>,
    /// A verified device whose rule is to be looked up afterwards: what it says then decides.
    pub ruled: Option<DeviceKey>,
}

impl Bookkeeper {
    fn tell(&self, note: Note) {
        // Only a dispatch that is shutting down does not hear it.
        self.notes.send(note).ok();
    }
}

impl Errands {
    /// Ready to go; the keeper of the device book ends with the last clone.
    ///
    /// # Errors
    /// No thread.
    pub fn start(profile: Profile, notes: Sender<Note>) -> io::Result<Self> {
        let (changes, to_do) = bounded::<Change>(CHANGES);
        let archive = Archive::start(profile.clone(), notes.clone())?;
        let historian = Historian::start(profile.clone(), notes.clone(), archive.clone())?;
        let keeper = Bookkeeper { profile: profile.clone(), notes: notes.clone() };
        threads::spawn("devices", move || {
            for change in to_do {
                // The hook has printed a panic; the next change is made all the same.
                catch_unwind(AssertUnwindSafe(|| change(&keeper))).ok();
            }
        })?;
        Ok(Self { profile, notes, historian, archive, changes })
    }

    fn go(&self, name: &str, work: impl FnOnce(&Self) + Send + 'static) {
        let this = self.clone();
        // Without a thread the errand is not done; the system is then out of far more than this.
        threads::spawn(name, move || work(&this)).ok();
    }

    fn tell(&self, note: Note) {
        // Only a dispatch that is shutting down does not hear it.
        self.notes.send(note).ok();
    }

    pub fn check_again(&self, key: TransferKey, files: Vec<FileToCheck>) {
        self.go("check", move |this| {
            for file in files {
                let result = check(&file);
                this.tell(Note::Checked { key, index: file.index, result });
            }
        });
    }

    /// Changes the device book on disk, then tells it as it is now. Changes are made, and told, in the order in which they
    /// were asked for.
    ///
    /// # Errors
    /// Too many wait already, on a disk that hangs: this one is not made.
    pub fn change_book(&self, edit: impl FnOnce(&mut Book) + Send + 'static) -> Result<(), Reason> {
        self.keep(move |keeper| match Turn::take(&keeper.profile).and_then(|turn| Ok((turn.change(edit)?, turn))) {
            Ok((book, _turn)) => keeper.tell(Note::Devices(book)),
            Err(StorageError::Damaged { kept_at }) => {
                keeper.tell(Note::DevicesDamaged(kept_at));
                keeper.tell(Note::Devices(Book::default()));
            }
            Err(error) => keeper.tell(Note::DevicesNotSaved(error.reason())),
        })
    }

    /// As `change_book`, for what nobody asked for: a convenience that must not disturb anybody when it fails.
    pub fn remember(&self, edit: impl FnOnce(&mut Book) + Send + 'static) {
        let kept = self.keep(move |keeper| {
            if let Ok(turn) = Turn::take(&keeper.profile)
                && let Ok(book) = turn.change(edit)
            {
                keeper.tell(Note::Devices(book));
            }
        });
        // A convenience.
        kept.ok();
    }

    pub fn load_devices(&self) {
        let kept = self.keep(|keeper| {
            // Held until the book is told: no change by another process is told before it.
            let turn = Turn::take(&keeper.profile);
            let loaded = match &turn {
                Ok(turn) => turn.load(),
                Err(_no_turn) => devices_file::load(&keeper.profile),
            };
            if let Some(kept_at) = loaded.damaged {
                keeper.tell(Note::DevicesDamaged(kept_at));
            }
            keeper.tell(Note::Devices(loaded.book));
        });
        // Those that wait tell the book as well.
        kept.ok();
    }

    fn keep(&self, change: impl FnOnce(&Bookkeeper) + Send + 'static) -> Result<(), Reason> {
        let busy = |_| Reason::here(ReasonCode::Io, "earlier changes of the list of devices still wait for the disk");
        self.changes.try_send(Box::new(change)).map_err(busy)
    }

    pub fn preflight(&self, errand: PreflightErrand) {
        self.go("preflight", move |this| {
            let key = errand.key;
            let ruled = errand.ruled.and_then(|key| ruling(&this.book(), key));
            let preflight = look(&errand, ruled.as_ref().map_or(Conflict::KeepBoth, |(_, conflict)| *conflict));
            this.tell(Note::Preflighted { key, preflight, ruled });
        });
    }

    fn book(&self) -> Book {
        let loaded = devices_file::load(&self.profile);
        if let Some(kept_at) = loaded.damaged {
            self.tell(Note::DevicesDamaged(kept_at));
        }
        loaded.book
    }

    /// Tells this device's addresses now and whenever they change, until the other end of `ended` is dropped.
    pub fn watch_addresses(&self, ended: Receiver<()>) {
        self.go("addresses", move |this| {
            let mut known = None;
            loop {
                let now = Some(own_addresses());
                if now != known {
                    this.tell(Note::ReachableAt(now.clone().unwrap_or_default()));
                    known = now;
                }
                if ended.recv_timeout(ADDRESS_CHECK) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        });
    }

    pub fn save_settings(&self, settings: Settings) {
        self.go("settings", move |this| {
            if let Err(error) = settings_file::save(&this.profile, &settings) {
                this.tell(Note::SettingsNotSaved(error.reason()));
            }
        });
    }

    pub fn save_text(&self, path: PathBuf, text: String) {
        self.go("save", move |this| {
            let result = text_file::save_text(&path, &text);
            this.tell(Note::Wrote { path, result });
        });
    }

    /// Takes one look at files.
    ///
    /// # Errors
    /// No thread: nothing will be told of it.
    pub fn inspect(&self, asked: InspectionAsked, cancel: CancelFlag) -> io::Result<()> {
        let notes = self.notes.clone();
        threads::spawn("inspect", move || Inspector::new(asked.id, notes, cancel).look(&asked)).map(drop)
    }

    pub fn stage(&self, stage: StageId, paths: Vec<PathBuf>, cancel: CancelFlag) {
        self.go("walk", move |this| {
            let walked = walk_all(&paths, &cancel, &mut |entries, bytes| {
                // A figure: the next one follows.
                this.notes.try_send(Note::Staging { stage, entries, bytes }).ok();
            });
            let (trees, left_out) = walked.unwrap_or_default();
            this.tell(Note::Staged { stage, trees, left_out });
        });
    }
}

/// Where the rule of a verified device puts its offers, and what it does with names that are taken.
fn ruling(book: &Book, key: DeviceKey) -> Option<(PathBuf, Conflict)> {
    let conflict = book.device(key)?.trusted.as_ref()?.conflict;
    Some((book.accepts_into(key)?, conflict.unwrap_or_default()))
}

/// `conflict`: what is known to become of files that are there; a person who is asked may choose another.
fn look(errand: &PreflightErrand, conflict: Conflict) -> Preflight {
    let mut found = preflight(&errand.folder, &errand.manifest, &errand.selection);
    found.reserved = reserved_at(&errand.folder, &errand.reserved);
    let chosen = super::lanes::selected_bytes(&errand.manifest, &errand.selection);
    let needed = found.least(conflict, chosen);
    if let Some(free) = found.free
        && found.problem.is_none()
        && free.saturating_sub(found.reserved) < needed
    {
        let detail = format!("{needed} bytes needed, {free} free, {} of them spoken for", found.reserved);
        found.problem = Some(Reason::here(ReasonCode::DiskFull, detail));
    }
    found
}

fn check(file: &FileToCheck) -> Checked {
    let mut hasher = Hasher::new();
    let read = text_file::check_file(&file.place, &mut |bytes| {
        hasher.update(bytes);
        ControlFlow::Continue(())
    });
    match read {
        Err(reason) => Checked::Gone(reason),
        Ok(_) => match hasher.finish() {
            md5 if md5 == file.md5 => Checked::Same,
            md5 => Checked::Different(md5),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::book::DeviceId;

    /// Errands on a profile whose device book is `book`.
    fn errands(book: &str) -> (tempfile::TempDir, Errands, Receiver<Note>) {
        let folder = tempfile::tempdir().unwrap();
        let profile = Profile::open(Some(folder.path().to_owned())).unwrap();
        std::fs::write(profile.devices_path(), book).unwrap();
        // Without room: telling waits until somebody listens.
        let (notes, heard) = bounded(0);
        (folder, Errands::start(profile, notes).unwrap(), heard)
    }

    fn next(heard: &Receiver<Note>) -> Note {
        heard.recv_timeout(Duration::from_secs(10)).unwrap()
    }

    #[test]
    fn books_are_told_in_the_order_of_their_changes() {
        let (_folder, errands, heard) = errands(r#"{"devices":[]}"#);
        let (signal, begun) = bounded(2);
        for n in 0..2 {
            let signal = signal.clone();
            let met = move |book: &mut Book| {
                signal.send(n).unwrap();
                book.met(None, "", Some(format!("host{n}").parse().unwrap()), false, n);
            };
            errands.change_book(met).unwrap();
        }
        begun.recv_timeout(Duration::from_secs(10)).unwrap();
        let early = begun.recv_timeout(Duration::from_millis(200));
        assert!(early.is_err(), "the second change began before the first one was told");
        for n in 1..=2 {
            let Note::Devices(book) = next(&heard) else { panic!("something else than a book") };
            assert_eq!(book.devices.len(), n);
        }
    }

    #[test]
    fn what_was_said_last_holds() {
        let (_folder, errands, heard) = errands(r#"{"devices":[]}"#);
        for n in 0..40 {
            let met = move |book: &mut Book| book.met(None, &n.to_string(), Some("a".parse().unwrap()), false, n);
            errands.change_book(met).unwrap();
        }
        let names: Vec<String> = (0..40)
            .map(|_| match next(&heard) {
                Note::Devices(book) => book.devices[0].name.clone(),
                _ => panic!("something else than a book"),
            })
            .collect();
        assert_eq!(names, (0..40).map(|n| n.to_string()).collect::<Vec<_>>());
    }

    #[test]
    fn a_damaged_book_is_told_before_the_empty_one() {
        let kept = |folder: &tempfile::TempDir| folder.path().join("devices.damaged-1.json");
        for change in [false, true] {
            let (folder, errands, heard) = errands("{ half");
            if change {
                errands.change_book(|book| book.devices.clear()).unwrap();
            } else {
                errands.load_devices();
            }
            assert!(matches!(next(&heard), Note::DevicesDamaged(kept_at) if kept_at == kept(&folder)));
            assert!(matches!(next(&heard), Note::Devices(book) if book == Book::default()));
        }
    }

    #[test]
    fn a_change_that_cannot_be_stored_is_told_as_such() {
        let (folder, errands, heard) = errands("[]");
        std::fs::remove_file(folder.path().join("devices.json")).unwrap();
        std::fs::create_dir(folder.path().join("devices.json")).unwrap();
        errands.change_book(|book| book.forget(&DeviceId::Addr("a".parse().unwrap()))).unwrap();
        assert!(matches!(next(&heard), Note::DevicesNotSaved(_)));
    }
}
