//! The settings while they are being edited, and what is wrong with them.

use std::path::PathBuf;

use crate::model::{
    device::MAX_SHOWN_NAME_CHARS,
    nearby::Visibility,
    settings::{LanguageChoice, MAX_PARALLEL, Settings, Theme},
    speed_limit,
    transfer::Direction,
};

/// What the form holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsForm {
    pub name: String,
    /// As typed; `folder` while it was not changed, so that a name that is no text survives.
    pub folder_text: String,
    folder: PathBuf,
    pub port: String,
    pub theme: Theme,
    pub language: LanguageChoice,
    pub classic: bool,
    /// The folder that others may download from.
    pub shared: Option<PathBuf>,
    pub notifications: bool,
    pub send_limit: LimitForm,
    pub receive_limit: LimitForm,
    pub parallel: String,
    pub visibility: Visibility,
}

/// A speed limit as it is typed; empty is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitForm {
    pub number: String,
    pub unit: SpeedUnit,
}

/// What the number of a limit counts in, per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpeedUnit {
    Kilobytes,
    Megabytes,
}

impl SpeedUnit {
    fn bytes(self) -> u64 {
        match self {
            Self::Kilobytes => 1_000,
            Self::Megabytes => 1_000_000,
        }
    }
}

impl LimitForm {
    fn new(limit: Option<u64>) -> Self {
        let kilobytes = limit.is_some_and(|bytes| bytes < SpeedUnit::Megabytes.bytes());
        let unit = if kilobytes { SpeedUnit::Kilobytes } else { SpeedUnit::Megabytes };
        let number = limit.map(|bytes| speed_limit::as_number(bytes, unit.bytes())).unwrap_or_default();
        Self { number, unit }
    }

    fn limit(&self) -> Result<Option<u64>, FormError> {
        if self.number.trim().is_empty() {
            return Ok(None);
        }
        speed_limit::in_units(&self.number, self.unit.bytes()).map(Some).map_err(|_error| FormError::Limit)
    }
}

/// Why the form cannot be saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormError {
    Folder,
    Limit,
    Name,
    Parallel,
    Port,
}

impl SettingsForm {
    pub fn new(settings: &Settings) -> Self {
        Self {
            name: settings.device_name.clone(),
            folder_text: settings.receive_folder.to_string_lossy().into_owned(),
            folder: settings.receive_folder.clone(),
            port: settings.port.to_string(),
            theme: settings.theme,
            language: settings.language.clone(),
            classic: settings.classic,
            shared: settings.shared_folder.clone(),
            notifications: settings.notifications,
            send_limit: LimitForm::new(settings.send_limit),
            receive_limit: LimitForm::new(settings.receive_limit),
            parallel: settings.parallel.to_string(),
            visibility: settings.visibility,
        }
    }

    /// The limit of one direction, to be edited.
    pub fn limit_mut(&mut self, of: Direction) -> &mut LimitForm {
        match of {
            Direction::Incoming => &mut self.receive_limit,
            Direction::Outgoing => &mut self.send_limit,
        }
    }

    /// A folder came from a dialog.
    pub fn choose_folder(&mut self, folder: PathBuf) {
        self.folder_text = folder.to_string_lossy().into_owned();
        self.folder = folder;
    }

    /// The settings it describes.
    pub fn settings(&self) -> Result<Settings, FormError> {
        let name = checked_name(&self.name).ok_or(FormError::Name)?;
        let unchanged = self.folder.to_string_lossy() == self.folder_text;
        let receive_folder = if unchanged { self.folder.clone() } else { PathBuf::from(self.folder_text.trim()) };
        if !receive_folder.is_absolute() {
            return Err(FormError::Folder);
        }
        let port = self.port.trim().parse().map_err(|_error: std::num::ParseIntError| FormError::Port)?;
        let (send_limit, receive_limit) = (self.send_limit.limit()?, self.receive_limit.limit()?);
        let parallel = self.parallel.trim().parse().ok().filter(|number| (1..=MAX_PARALLEL).contains(number));
        let parallel = parallel.ok_or(FormError::Parallel)?;
        let Self { theme, classic, notifications, visibility, .. } = *self;
        Ok(Settings {
            device_name: name,
            receive_folder,
            port,
            theme,
            language: self.language.clone(),
            classic,
            shared_folder: self.shared.clone(),
            notifications,
            send_limit,
            receive_limit,
            parallel,
            visibility,
        })
    }
}

/// A device name without the blanks around it; none when nothing or too much is left.
pub fn checked_name(name: &str) -> Option<String> {
    let name = name.trim();
    let fits = !name.is_empty() && name.chars().count() <= MAX_SHOWN_NAME_CHARS;
    fits.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> SettingsForm {
        SettingsForm::new(&Settings::first_start("desk".into(), std::env::temp_dir()))
    }

    #[test]
    fn an_untouched_form_gives_back_what_it_was_made_of() {
        assert_eq!(form().settings(), Ok(Settings::first_start("desk".into(), std::env::temp_dir())));
    }

    #[test]
    fn limits_are_shown_in_the_unit_that_suits_them_and_come_back_whole() {
        for (limit, number, unit) in [
            (None, "", SpeedUnit::Megabytes),
            (Some(1024), "1.024", SpeedUnit::Kilobytes),
            (Some(500_000), "500", SpeedUnit::Kilobytes),
            (Some(2_000_000), "2", SpeedUnit::Megabytes),
            (Some(1_572_864), "1.572864", SpeedUnit::Megabytes),
        ] {
            let settings = Settings {
                send_limit: limit,
                receive_limit: limit,
                ..Settings::first_start("desk".into(), std::env::temp_dir())
            };
            let form = SettingsForm::new(&settings);
            assert_eq!(form.send_limit, LimitForm { number: number.to_owned(), unit });
            assert_eq!(form.settings(), Ok(settings));
        }
    }

    #[test]
    fn each_field_is_checked() {
        let with = |change: fn(&mut SettingsForm)| {
            let mut form = form();
            change(&mut form);
            form.settings().err()
        };
        assert_eq!(with(|form| form.name = "  ".into()), Some(FormError::Name));
        assert_eq!(with(|form| form.name = "x".repeat(65)), Some(FormError::Name));
        assert_eq!(with(|form| form.port = "65536".into()), Some(FormError::Port));
        assert_eq!(with(|form| form.port = "-1".into()), Some(FormError::Port));
        assert_eq!(with(|form| form.port = " 0 ".into()), None);
        assert_eq!(with(|form| form.folder_text = "Downloads".into()), Some(FormError::Folder));
        for wrong in ["0", "17", "", "-1", "two"] {
            let mut form = form();
            form.parallel = wrong.to_owned();
            assert_eq!(form.settings().err(), Some(FormError::Parallel), "{wrong}");
        }
        assert_eq!(with(|form| form.parallel = " 16 ".into()), None);
        assert_eq!(with(|form| form.send_limit.number = "fast".into()), Some(FormError::Limit));
        assert_eq!(with(|form| form.receive_limit.number = "0.001".into()), Some(FormError::Limit));
        assert_eq!(with(|form| form.receive_limit.number = " 0.5 ".into()), None);
        assert_eq!(with(|form| form.send_limit.number = "  ".into()), None);
    }
}
