//! `settings.json` of a profile: plain JSON that a person can edit. What the settings mean lives in `model/settings.rs`.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value, json};

use crate::model::{
    device::MAX_SHOWN_NAME_CHARS,
    reason::{Reason, ReasonCode},
    settings::{LanguageChoice, MAX_PARALLEL, Settings, is_language_tag},
    speed_limit::MIN_LIMIT,
};

use super::{
    error::{Doing, StorageError, io_reason, reason_at},
    kept_aside::keep_aside,
    no_replace::write_whole,
    profile::Profile,
};

/// The window's language, where nobody chose one: no language has a tag like this.
const SYSTEM: &str = "system";

/// The settings in force after reading the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    pub settings: Settings,
    /// The file could not be understood: where it is now, and what was wrong with it. Defaults are in force.
    pub damaged: Option<(PathBuf, Reason)>,
}

/// Reads the settings; a missing file or key means the default.
pub fn load(profile: &Profile) -> Loaded {
    let path = profile.settings_path();
    let defaults = profile.first_settings();
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Loaded { settings: defaults, damaged: None },
        Err(error) => {
            let reason = io_reason(&error, &path, Doing::Reading);
            return Loaded { settings: defaults, damaged: Some((path, reason)) };
        }
    };
    match parse(&bytes).and_then(|object| settings_of(&object, &defaults)) {
        Ok(settings) => Loaded { settings, damaged: None },
        Err(problem) => {
            let reason = reason_at(ReasonCode::Io, &problem, &path);
            // Where even renaming fails, the file stays where it is; saving will try again before it writes.
            let kept_at = keep_aside(&path).unwrap_or(path);
            Loaded { settings: defaults, damaged: Some((kept_at, reason)) }
        }
    }
}

/// Writes the settings; keys that this version does not know stay in the file.
pub fn save(profile: &Profile, settings: &Settings) -> Result<(), StorageError> {
    let path = profile.settings_path();
    let _turn = profile.lock_shared_files()?;
    let mut object = match std::fs::read(&path) {
        Ok(bytes) => match parse(&bytes) {
            Ok(object) => object,
            Err(_damaged) => {
                keep_aside(&path)?;
                Map::new()
            }
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Map::new(),
        Err(error) => return Err(StorageError::at(&path)(error)),
    };
    put(&mut object, settings)?;
    let mut text = format!("{:#}", Value::Object(object));
    text.push('\n');
    write_whole(&path, text.as_bytes(), true).map_err(StorageError::at(&path))
}

fn parse(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err("not a JSON object".to_owned()),
        Err(error) => Err(format!("not JSON ({error})")),
    }
}

fn settings_of(object: &Map<String, Value>, defaults: &Settings) -> Result<Settings, String> {
    let mut settings = defaults.clone();
    if let Some(value) = object.get("device_name") {
        let name = value.as_str().filter(|name| is_device_name(name)).ok_or("device_name")?;
        name.clone_into(&mut settings.device_name);
    }
    if let Some(value) = object.get("receive_folder") {
        let folder = value.as_str().map(PathBuf::from).filter(|folder| folder.is_absolute());
        settings.receive_folder = folder.ok_or("receive_folder")?;
    }
    if let Some(value) = object.get("port") {
        settings.port = value.as_u64().and_then(|port| u16::try_from(port).ok()).ok_or("port")?;
    }
    if let Some(value) = object.get("theme") {
        settings.theme = serde_json::from_value(value.clone()).map_err(|error| format!("theme: {error}"))?;
    }
    if let Some(value) = object.get("language") {
        settings.language = language_of(value).ok_or("language")?;
    }
    if let Some(value) = object.get("classic") {
        settings.classic = value.as_bool().ok_or("classic")?;
    }
    if let Some(value) = object.get("notifications") {
        settings.notifications = value.as_bool().ok_or("notifications")?;
    }
    if let Some(value) = object.get("visibility") {
        settings.visibility = serde_json::from_value(value.clone()).map_err(|error| format!("visibility: {error}"))?;
    }
    settings.shared_folder = match object.get("shared_folder") {
        None | Some(Value::Null) => None,
        Some(value) => {
            let folder = value.as_str().map(PathBuf::from).filter(|folder| folder.is_absolute());
            Some(folder.ok_or("shared_folder")?)
        }
    };
    settings.send_limit = limit_of(object, "send_limit")?;
    settings.receive_limit = limit_of(object, "receive_limit")?;
    if let Some(value) = object.get("parallel") {
        let parallel = value.as_u64().and_then(|parallel| usize::try_from(parallel).ok());
        settings.parallel = parallel.filter(|parallel| (1..=MAX_PARALLEL).contains(parallel)).ok_or("parallel")?;
    }
    Ok(settings)
}

/// `"system"`, or a tag. One that this version does not speak is kept for one that does.
fn language_of(value: &Value) -> Option<LanguageChoice> {
    match value.as_str()? {
        SYSTEM => Some(LanguageChoice::System),
        tag => is_language_tag(tag).then(|| LanguageChoice::Tag(tag.to_owned())),
    }
}

/// Bytes per second; none when missing or `null`.
fn limit_of(object: &Map<String, Value>, key: &'static str) -> Result<Option<u64>, &'static str> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_u64().filter(|limit| *limit >= MIN_LIMIT).map(Some).ok_or(key),
    }
}

fn is_device_name(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().count() <= MAX_SHOWN_NAME_CHARS
}

fn put(object: &mut Map<String, Value>, settings: &Settings) -> Result<(), StorageError> {
    let folder = unicode(&settings.receive_folder)?;
    let shared = settings.shared_folder.as_deref().map(unicode).transpose()?;
    object.insert("device_name".to_owned(), json!(settings.device_name));
    object.insert("receive_folder".to_owned(), json!(folder));
    object.insert("port".to_owned(), json!(settings.port));
    object.insert("theme".to_owned(), json!(settings.theme));
    let language = match &settings.language {
        LanguageChoice::System => SYSTEM,
        LanguageChoice::Tag(tag) => tag,
    };
    object.insert("language".to_owned(), json!(language));
    object.insert("classic".to_owned(), json!(settings.classic));
    object.insert("notifications".to_owned(), json!(settings.notifications));
    object.insert("shared_folder".to_owned(), json!(shared));
    object.insert("send_limit".to_owned(), json!(settings.send_limit));
    object.insert("receive_limit".to_owned(), json!(settings.receive_limit));
    object.insert("parallel".to_owned(), json!(settings.parallel));
    object.insert("visibility".to_owned(), json!(settings.visibility));
    Ok(())
}

fn unicode(folder: &Path) -> Result<&str, StorageError> {
    folder.to_str().ok_or_else(|| StorageError::NotUnicode { path: folder.to_owned() })
}

#[cfg(test)]
mod tests {
    use crate::model::{nearby::Visibility, settings::Theme};

    use super::*;

    fn profile(text: &str) -> (tempfile::TempDir, Profile) {
        let folder = tempfile::tempdir().unwrap();
        let profile = Profile::open(Some(folder.path().to_owned())).unwrap();
        std::fs::write(profile.settings_path(), text).unwrap();
        (folder, profile)
    }

    #[test]
    fn missing_keys_have_defaults_and_saved_ones_come_back() {
        let (_folder, profile) = profile(r#"{"port": 7}"#);
        let loaded = load(&profile);
        assert_eq!(loaded.damaged, None);
        assert_eq!(loaded.settings, Settings { port: 7, ..profile.first_settings() });
        let changed = Settings {
            theme: Theme::Dark,
            classic: false,
            notifications: false,
            device_name: "桌".to_owned(),
            visibility: Visibility::Verified,
            ..loaded.settings
        };
        save(&profile, &changed).unwrap();
        assert_eq!(load(&profile), Loaded { settings: changed, damaged: None });
    }

    #[test]
    fn limits_are_whole_bytes_a_second_and_null_is_none() {
        let (_folder, profile) = profile(r#"{"send_limit": 1024, "receive_limit": null}"#);
        let loaded = load(&profile);
        assert_eq!(loaded.settings, Settings { send_limit: Some(1024), ..profile.first_settings() });
        let changed = Settings { send_limit: None, receive_limit: Some(1_572_864), ..loaded.settings };
        save(&profile, &changed).unwrap();
        assert_eq!(load(&profile), Loaded { settings: changed, damaged: None });
    }

    #[test]
    fn a_language_of_another_version_is_kept() {
        let (_folder, profile) = profile(r#"{"language": "tlh"}"#);
        let loaded = load(&profile);
        assert_eq!(loaded.settings.language, LanguageChoice::Tag("tlh".to_owned()));
        save(&profile, &loaded.settings).unwrap();
        assert_eq!(load(&profile), loaded);
        let system = Settings { language: LanguageChoice::System, ..loaded.settings };
        save(&profile, &system).unwrap();
        assert_eq!(load(&profile).settings, system);
    }

    #[test]
    fn nothing_is_shared_until_a_folder_is_chosen() {
        let (_folder, profile) = profile(r#"{"shared_folder": null}"#);
        let settings = load(&profile).settings;
        assert_eq!(settings.shared_folder, None);
        let chosen = Settings { shared_folder: Some(std::env::temp_dir()), ..settings };
        save(&profile, &chosen).unwrap();
        assert_eq!(load(&profile), Loaded { settings: chosen.clone(), damaged: None });
        save(&profile, &Settings { shared_folder: None, ..chosen }).unwrap();
        assert_eq!(load(&profile).settings.shared_folder, None);
    }

    #[test]
    fn unknown_keys_are_kept() {
        let (_folder, profile) = profile(r#"{"from_a_newer_version": [1, {"a": null}]}"#);
        save(&profile, &load(&profile).settings).unwrap();
        let text = std::fs::read_to_string(profile.settings_path()).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["from_a_newer_version"], json!([1, {"a": null}]));
        assert!(text.contains("\n  \"port\""), "not made for people: {text}");
    }

    #[test]
    fn a_damaged_file_is_kept_aside_and_reported() {
        let bad = [
            "",
            "[]",
            "{",
            r#"{"port": "9527"}"#,
            r#"{"port": 65536}"#,
            r#"{"port": -1}"#,
            r#"{"device_name": " "}"#,
            r#"{"theme": "pink"}"#,
            r#"{"language": "zh CN"}"#,
            r#"{"language": ["en"]}"#,
            r#"{"classic": 1}"#,
            r#"{"notifications": "yes"}"#,
            r#"{"visibility": "all"}"#,
            r#"{"send_limit": 1023}"#,
            r#"{"send_limit": 0}"#,
            r#"{"receive_limit": "1M"}"#,
            r#"{"receive_limit": -1}"#,
            r#"{"receive_limit": 1e400}"#,
            r#"{"receive_folder": ""}"#,
            r#"{"receive_folder": "a/b"}"#,
            r#"{"shared_folder": "a/b"}"#,
            r#"{"shared_folder": true}"#,
        ];
        let (_folder, profile) = profile("");
        for (n, text) in bad.iter().enumerate() {
            std::fs::write(profile.settings_path(), text).unwrap();
            let loaded = load(&profile);
            let (kept_at, _reason) = loaded.damaged.expect(text);
            assert_eq!(kept_at, profile.root().join(format!("settings.damaged-{}.json", n + 1)));
            assert_eq!(std::fs::read_to_string(kept_at).unwrap(), *text);
            assert_eq!(loaded.settings, profile.first_settings());
            assert!(!profile.settings_path().exists());
        }
    }

    #[test]
    fn saving_over_a_file_damaged_meanwhile_keeps_it_too() {
        let (_folder, profile) = profile("{ half");
        save(&profile, &profile.first_settings()).unwrap();
        let aside = profile.root().join("settings.damaged-1.json");
        assert_eq!(std::fs::read_to_string(aside).unwrap(), "{ half");
        assert_eq!(load(&profile).damaged, None);
    }
}
