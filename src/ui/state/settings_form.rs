//! The settings while they are being edited, and what is wrong with them.

use std::path::PathBuf;

use crate::model::{
    device::MAX_SHOWN_NAME_CHARS,
    settings::{Settings, Theme},
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
    pub classic: bool,
}

/// Why the form cannot be saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormError {
    Folder,
    Name,
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
            classic: settings.classic,
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
        Ok(Settings { device_name: name, receive_folder, port, theme: self.theme, classic: self.classic })
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
    }
}
