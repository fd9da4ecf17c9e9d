//! What a command starts from: the profile, what is set in it, and this device's key.

use super::{args::Global, exit::Problem, show};
use crate::{
    crypto::identity::Identity,
    model::{nearby::Reach, settings::Settings},
    storage::{
        profile::{Profile, ProfileLock},
        settings_file,
    },
};

/// The profile and what is set in it.
pub(super) struct Setup {
    pub(super) profile: Profile,
    pub(super) settings: Settings,
    /// This device's key.
    pub(super) identity: Identity,
    /// Somebody looks at what comes in: codes may be shown.
    pub(super) attended: bool,
    /// The shared folder is all that is to be had here.
    pub(super) only_shares: bool,
    /// Where nearby devices are looked for.
    pub(super) nearby: Reach,
}

impl Setup {
    /// Opens the profile. Damaged settings are named on standard error.
    pub(super) fn open(global: &Global) -> Result<Self, Problem> {
        let profile = open_profile(global)?;
        Self::load(profile, global)
    }

    /// Opens the profile and claims it for listening.
    pub(super) fn claim(global: &Global) -> Result<(Self, ProfileLock), Problem> {
        let profile = open_profile(global)?;
        let lock = profile.lock().map_err(|taken| {
            Problem::failed(format!(
                "{taken}; close it first, or give this one a profile of its own with --profile DIR"
            ))
        })?;
        Ok((Self::load(profile, global)?, lock))
    }

    fn load(profile: Profile, global: &Global) -> Result<Self, Problem> {
        let settings_file::Loaded { settings, damaged } = settings_file::load(&profile);
        if let Some((kept_at, reason)) = damaged {
            show::complain(&show::settings_damaged(&kept_at, &reason));
        }
        let identity =
            Identity::open(&profile).map_err(|reason| Problem::own_key(&reason, &profile.identity_path()))?;
        Ok(Self { profile, settings, identity, attended: false, only_shares: false, nearby: global.nearby.into() })
    }
}

/// Opens the profile that was named, or the usual one.
pub(super) fn open_profile(global: &Global) -> Result<Profile, Problem> {
    Profile::open(global.profile.clone())
        .map_err(|error| Problem::failed(format!("the profile cannot be opened: {error}")))
}
