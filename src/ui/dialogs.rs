//! What the system does for the window beside it: file dialogs and showing a file in the file manager. Each waits on a thread
//! of its own; the window only asks and looks for answers.

use std::{
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender};

use super::text::Word;
use crate::{
    engine::messages::Waker,
    model::{device_key::DeviceKey, transfer::TransferKey},
};

/// What a dialog is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    AddFiles,
    AddFolder,
    /// Where one offer goes.
    CardFolder(TransferKey),
    /// Where a file goes that is fetched.
    GetFolder,
    /// The receive folder in the settings form.
    SettingsFolder,
    /// The receive folder, at the first start.
    FirstFolder,
    /// Where the offers of one verified device go without asking.
    RuleFolder(DeviceKey),
    /// The folder that others may download from, in the settings form.
    SharedFolder,
    SaveChecksums {
        key: TransferKey,
        folder: Option<PathBuf>,
    },
    /// Files to verify.
    VerifyFiles,
    /// Lists of checksums to verify by.
    VerifyList,
}

/// What came of a dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Cancelled,
    Chosen(Vec<PathBuf>),
    /// No dialog could be shown: nobody was asked.
    Failed,
    /// The file manager did not show a place.
    NotShown(PathBuf, String),
}

/// Whoever opens dialogs: the desktop, or a test.
pub trait Dialogs {
    /// Opens a dialog. To be called on the main thread; some systems insist.
    fn ask(&mut self, purpose: &Purpose, start_in: Option<&Path>);

    /// Shows `place` in the file manager.
    fn reveal(&mut self, place: &Path);

    /// Answers that have come since.
    fn answers(&mut self) -> Vec<(Option<Purpose>, Answer)>;
}

/// A person takes longer than this to cancel; a dialog that is not there fails faster.
const FASTER_THAN_PEOPLE: Duration = Duration::from_millis(350);

/// Answers that may wait until the next frame.
const ANSWERS: usize = 32;

/// The dialogs of the desktop.
pub struct DesktopDialogs {
    answer: Sender<(Option<Purpose>, Answer)>,
    answers: Receiver<(Option<Purpose>, Answer)>,
    wake: Waker,
    /// A dialog that knows which window it belongs to, so that it stays in front of it.
    blank: rfd::AsyncFileDialog,
}

impl DesktopDialogs {
    pub fn new(window: &eframe::CreationContext<'_>, wake: Waker) -> Self {
        let (answer, answers) = crossbeam_channel::bounded(ANSWERS);
        Self { answer, answers, wake, blank: rfd::AsyncFileDialog::new().set_parent(window) }
    }

    /// Runs `work` on a thread of its own and brings back its answer.
    fn elsewhere(&self, purpose: Option<Purpose>, work: impl FnOnce() -> Option<Answer> + Send + 'static) {
        let (answer, wake) = (self.answer.clone(), self.wake.clone());
        let of = purpose.clone();
        let started = thread::Builder::new().name("dialog".to_owned()).spawn(move || {
            if let Some(found) = work() {
                // Nobody is left to hear it when the window is gone.
                answer.try_send((of, found)).ok();
                wake();
            }
        });
        if started.is_err() {
            self.answer.try_send((purpose, Answer::Failed)).ok();
        }
    }
}

impl Dialogs for DesktopDialogs {
    fn ask(&mut self, purpose: &Purpose, start_in: Option<&Path>) {
        let mut dialog = self.blank.clone().set_title(title(purpose).text());
        if let Some(folder) = start_in {
            dialog = dialog.set_directory(folder);
        }
        let asked = Instant::now();
        match purpose {
            Purpose::AddFiles | Purpose::VerifyFiles | Purpose::VerifyList => {
                let asking = dialog.pick_files();
                self.elsewhere(Some(purpose.clone()), move || Some(many(pollster::block_on(asking))));
            }
            Purpose::AddFolder => {
                let asking = dialog.pick_folders();
                self.elsewhere(Some(purpose.clone()), move || Some(many(pollster::block_on(asking))));
            }
            Purpose::CardFolder(_)
            | Purpose::FirstFolder
            | Purpose::GetFolder
            | Purpose::RuleFolder(_)
            | Purpose::SettingsFolder
            | Purpose::SharedFolder => {
                // Several, although one is wanted: only the plural tells a missing dialog from Cancel.
                let asking = dialog.pick_folders();
                self.elsewhere(Some(purpose.clone()), move || Some(many(pollster::block_on(asking))));
            }
            Purpose::SaveChecksums { .. } => {
                let asking = dialog.set_file_name("checksums.md5").save_file();
                self.elsewhere(Some(purpose.clone()), move || Some(one(pollster::block_on(asking), asked)));
            }
        }
    }

    fn reveal(&mut self, place: &Path) {
        let place = place.to_path_buf();
        self.elsewhere(None, move || {
            let error = opener::reveal(&place).err()?;
            Some(Answer::NotShown(place, error.to_string()))
        });
    }

    fn answers(&mut self) -> Vec<(Option<Purpose>, Answer)> {
        self.answers.try_iter().collect()
    }
}

fn title(purpose: &Purpose) -> Word {
    match purpose {
        Purpose::AddFiles => Word::AddFilesTitle,
        Purpose::AddFolder => Word::AddFolderTitle,
        Purpose::CardFolder(_)
        | Purpose::FirstFolder
        | Purpose::GetFolder
        | Purpose::RuleFolder(_)
        | Purpose::SettingsFolder => Word::ChooseFolderTitle,
        Purpose::SharedFolder => Word::ShareFolderTitle,
        Purpose::SaveChecksums { .. } => Word::SaveChecksumsTitle,
        Purpose::VerifyFiles => Word::VerifyFilesTitle,
        Purpose::VerifyList => Word::VerifyListTitle,
    }
}

/// rfd answers with an empty list for Cancel on Linux, and with nothing when neither a portal nor zenity could be asked.
fn many(files: Option<Vec<rfd::FileHandle>>) -> Answer {
    match files {
        None if cfg!(target_os = "linux") => Answer::Failed,
        None => Answer::Cancelled,
        Some(files) if files.is_empty() => Answer::Cancelled,
        Some(files) => Answer::Chosen(files.iter().map(|file| file.path().to_path_buf()).collect()),
    }
}

/// For a single file rfd answers Cancel and a missing dialog alike: only the time tells.
fn one(file: Option<rfd::FileHandle>, asked: Instant) -> Answer {
    match file {
        Some(file) => Answer::Chosen(vec![file.path().to_path_buf()]),
        None if asked.elapsed() < FASTER_THAN_PEOPLE => Answer::Failed,
        None => Answer::Cancelled,
    }
}
