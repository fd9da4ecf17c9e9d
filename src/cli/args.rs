//! What can be typed behind `sealdrop`. Only what exists is offered.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::model::{
    conflict::Conflict,
    file_name::NameRules,
    message,
    nearby::{Reach, Visibility},
    place::Place,
    shared_path::WantedFile,
    speed_limit,
};
use crate::ui::text::bad_place;

/// Says that a text comes by standard input.
pub(super) const FROM_STDIN: &str = "-";

/// Sends files straight from one computer to another and shows the same MD5 seal on both screens.
#[derive(Debug, Parser)]
#[command(name = "sealdrop", version = env!("SEALDROP_VERSION"))]
#[command(after_help = "\
Without a command the window opens.

Exit codes: 0 everything arrived and was verified (or could not be checked), 1 failed or partial, 2 wrong usage, \
3 declined, 4 not reachable, 5 cancelled or interrupted.")]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) verb: Option<Verb>,
    /// Files and folders to stage in the window
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
}

/// What every command understands.
#[derive(Args, Debug)]
pub(super) struct Global {
    /// Folder that holds settings and remembered devices
    #[arg(long, global = true, value_name = "DIR")]
    pub(super) profile: Option<PathBuf>,
    /// Port to listen on; 0 takes any free one. With `send`: be reachable for a receiver that wants to go on
    #[arg(long, global = true, value_name = "N")]
    pub(super) port: Option<u16>,
    /// Where nearby devices are looked for and this one shows itself: everywhere, only within this computer, or not at all
    #[arg(long, global = true, value_enum, default_value_t = Where::Everywhere, value_name = "WHERE")]
    pub(super) nearby: Where,
    /// Print one JSON object a line, and nothing else, to standard output
    #[arg(long, global = true)]
    pub(super) json: bool,
}

/// `--nearby`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Where {
    #[default]
    Everywhere,
    Loopback,
    Off,
}

impl From<Where> for Reach {
    fn from(place: Where) -> Self {
        match place {
            Where::Everywhere => Self::Everywhere,
            Where::Loopback => Self::Loopback,
            Where::Off => Self::Nowhere,
        }
    }
}

/// `--visible`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Visible {
    Everybody,
    Nobody,
    Verified,
}

impl From<Visible> for Visibility {
    fn from(visible: Visible) -> Self {
        match visible {
            Visible::Everybody => Self::Everybody,
            Visible::Nobody => Self::Nobody,
            Visible::Verified => Self::Verified,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Print MD5 checksums as md5sum does
    Checksum(ChecksumArgs),
    /// List the devices that were used before or verified
    Devices(DevicesArgs),
    /// Fetch a file from a program that shares it over the plain protocol (not encrypted)
    Get(GetArgs),
    /// Wait for files that others send
    Receive(ReceiveArgs),
    /// Send files and folders to another device; the same command again goes on with what was interrupted
    Send(SendArgs),
    /// Let others download from a folder over the plain protocol (not encrypted), until interrupted
    Share(ShareArgs),
    /// Compare codes with another device, to know it by its key from now on
    Verify(VerifyArgs),
}

#[derive(Args, Debug)]
pub(super) struct ChecksumArgs {
    /// Files; - is standard input
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct GetArgs {
    /// Where from: any host, or a sealdrop:// link, of which the key is not looked at: the plain protocol knows none
    #[arg(value_name = "HOST[:PORT]", value_parser = place)]
    pub(super) from: Place,
    /// The file, as it is called there
    #[arg(value_name = "NAME", value_parser = wanted)]
    pub(super) name: String,
    /// Folder to save to, instead of the one in the settings
    #[arg(long, value_name = "DIR", value_parser = folder)]
    pub(super) into: Option<PathBuf>,
    /// What becomes of it if its name is taken: keep both, the new one under another name (the default); or replace the old
    /// one once the new one is there
    #[arg(long, value_enum)]
    pub(super) existing: Option<ExistingOne>,
    /// Bytes per second at most, such as 500k, 2M or 1.5MiB/s, instead of the limit in the settings
    #[arg(long, value_name = "RATE", value_parser = speed_limit::parse)]
    pub(super) limit: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ExistingOne {
    Keep,
    Replace,
}

#[derive(Args, Debug)]
pub(super) struct ShareArgs {
    /// The folder; hidden files in it, and links, are not shared
    #[arg(value_name = "DIR", value_parser = folder)]
    pub(super) folder: PathBuf,
    /// Bytes per second that all downloads together may take up, such as 500k, 2M or 1.5MiB/s, instead of the limit in the
    /// settings
    #[arg(long, value_name = "RATE", value_parser = speed_limit::parse)]
    pub(super) limit: Option<u64>,
}

#[derive(Args, Debug)]
pub(super) struct ReceiveArgs {
    /// Folder to save to, instead of the one in the settings
    #[arg(long, value_name = "DIR", value_parser = folder)]
    pub(super) into: Option<PathBuf>,
    /// Ask for each offer; take those of verified devices and decline the rest; or take all, also from programs that
    /// are not Sealdrop
    #[arg(long, value_enum, default_value_t = Accept::Ask)]
    pub(super) accept: Accept,
    /// What becomes of files whose names are taken: keep both, the new ones under another name (the default, unless something
    /// else is remembered for a verified device); replace the old one once the new one is verified; skip the new one; or skip
    /// what is there with the same content, and keep both of the rest
    #[arg(long, value_enum)]
    pub(super) existing: Option<Existing>,
    /// End after the first accepted transfer; its outcome is the exit code
    #[arg(long)]
    pub(super) once: bool,
    /// Who may find this device nearby, instead of what is set
    #[arg(long, value_enum, value_name = "WHOM")]
    pub(super) visible: Option<Visible>,
    /// Turn away programs that are not Sealdrop
    #[arg(long)]
    pub(super) no_classic: bool,
    /// Bytes per second that all transfers together may take up, such as 500k, 2M or 1.5MiB/s, instead of the limit in the
    /// settings
    #[arg(long, value_name = "RATE", value_parser = speed_limit::parse)]
    pub(super) limit: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Accept {
    Ask,
    Verified,
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Existing {
    Keep,
    Replace,
    Skip,
    Identical,
}

impl From<ExistingOne> for Conflict {
    fn from(existing: ExistingOne) -> Self {
        match existing {
            ExistingOne::Keep => Self::KeepBoth,
            ExistingOne::Replace => Self::Replace,
        }
    }
}

impl From<Existing> for Conflict {
    fn from(existing: Existing) -> Self {
        match existing {
            Existing::Keep => Self::KeepBoth,
            Existing::Replace => Self::Replace,
            Existing::Skip => Self::Skip,
            Existing::Identical => Self::SkipIdentical,
        }
    }
}

#[derive(Args, Debug)]
pub(super) struct DevicesArgs {
    /// Say step by step whether the network is fine, and, if one is named, whether another device is reached and reaches this one
    #[arg(long, value_name = "HOST", num_args = 0..=1, conflicts_with = "watch")]
    #[expect(clippy::option_option, reason = "how clap tells an option without its value from none at all")]
    pub(super) check: Option<Option<String>>,
    /// Show who is nearby, and who comes and goes, until Ctrl-C
    #[arg(long)]
    pub(super) watch: bool,
    #[command(subcommand)]
    pub(super) what: Option<DevicesVerb>,
}

#[derive(Debug, Subcommand)]
pub(super) enum DevicesVerb {
    /// Remove a device: its addresses, its key, its rule
    Forget {
        /// Name or key of a verified device, or the address of another one
        #[arg(value_name = "DEVICE")]
        device: String,
    },
    /// Say what becomes of a verified device's offers
    Rule(RuleArgs),
}

#[derive(Args, Debug)]
pub(super) struct RuleArgs {
    /// Name or key of a verified device
    #[arg(value_name = "DEVICE")]
    pub(super) device: String,
    /// Ask about each offer, take it without asking, or turn it away
    #[arg(value_enum, value_name = "RULE")]
    pub(super) rule: RuleWord,
    /// Folder to save to, for accept
    #[arg(value_name = "DIR", value_parser = folder, required_if_eq("rule", "accept"))]
    pub(super) folder: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum RuleWord {
    Ask,
    Accept,
    Block,
}

#[derive(Args, Debug)]
pub(super) struct SendArgs {
    /// Where to: name or key of a verified device, any host, a sealdrop:// link, or the name of a device nearby
    #[arg(long, value_name = "DEVICE|HOST[:PORT]")]
    pub(super) to: String,
    /// Files and folders
    #[arg(required_unless_present = "message", value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Speak the plain protocol of programs that are not Sealdrop: not encrypted, and nothing comes back
    #[arg(long)]
    pub(super) classic: bool,
    /// Words that the other person reads beside the offer, or instead of one when there is no PATH; - is standard input
    #[arg(long, value_name = "TEXT", conflicts_with = "classic", value_parser = message)]
    pub(super) message: Option<String>,
    /// Bytes per second at most, such as 500k, 2M or 1.5MiB/s, instead of the limit in the settings
    #[arg(long, value_name = "RATE", value_parser = speed_limit::parse)]
    pub(super) limit: Option<u64>,
    /// Keep trying while the device is away or busy
    #[arg(long, conflicts_with = "classic")]
    pub(super) wait: bool,
}

#[derive(Args, Debug)]
pub(super) struct VerifyArgs {
    /// Name or key of a verified device, any host, or a sealdrop:// link
    #[arg(value_name = "DEVICE|HOST[:PORT]")]
    pub(super) device: String,
}

fn folder(text: &str) -> Result<PathBuf, String> {
    let path = std::path::absolute(text).map_err(|error| error.to_string())?;
    if path.is_dir() { Ok(path) } else { Err("there is no such folder".to_owned()) }
}

fn place(text: &str) -> Result<Place, String> {
    text.parse().map_err(|error| bad_place(&error))
}

fn wanted(text: &str) -> Result<String, String> {
    match WantedFile::parse(text, NameRules::here()) {
        Ok(wanted) => Ok(wanted.asked),
        Err(bad) => Err(bad.problem.to_string()),
    }
}

/// `-` stands for standard input, which is not read here.
fn message(text: &str) -> Result<String, String> {
    if text == FROM_STDIN {
        return Ok(text.to_owned());
    }
    message::parse(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_fit_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn global_options_stand_before_and_behind_the_command() {
        for line in [["sealdrop", "--json", "--port", "0", "receive"], ["sealdrop", "receive", "--port", "0", "--json"]]
        {
            let arguments = Arguments::try_parse_from(line).unwrap();
            assert!(arguments.global.json && arguments.global.port == Some(0), "{line:?}");
        }
    }

    #[test]
    fn nearby_devices_are_watched_and_shown_to_whom_one_likes() {
        let parsed = |line: &[&str]| Arguments::try_parse_from(["sealdrop"].iter().chain(line)).unwrap();
        assert!(matches!(parsed(&["devices", "--watch"]).verb, Some(Verb::Devices(DevicesArgs { watch: true, .. }))));
        let Some(Verb::Receive(how)) = parsed(&["receive", "--visible", "verified"]).verb else { panic!("receive") };
        assert_eq!(how.visible, Some(Visible::Verified));
        assert_eq!(Reach::from(parsed(&["receive"]).global.nearby), Reach::Everywhere);
        assert_eq!(Reach::from(parsed(&["--nearby", "off"]).global.nearby), Reach::Nowhere);
    }

    #[test]
    fn what_is_fetched_has_an_address_and_a_name_that_can_be_used() {
        let parsed = |line: &[&str]| Arguments::try_parse_from(["sealdrop", "get"].iter().chain(line)).is_ok();
        assert!(parsed(&["sealdrop://10.0.0.1:7?also=a.local&name=Anna", "a.txt"]));
        assert!(!parsed(&["sealdrop://", "a.txt"]) && !parsed(&["http://10.0.0.1", "a.txt"]));
        assert!(parsed(&["10.0.0.1", "a.txt"]) && parsed(&["host:7", "sub/a.txt", "--into", "/", "--limit", "1M"]));
        for line in [&["10.0.0.1"][..], &["10.0.0.1:0", "a"], &["h", ""], &["h", "a/.."], &["h", "a\nb"], &["h", "a/"]]
        {
            assert!(!parsed(line), "{line:?}");
        }
    }

    #[test]
    fn a_limit_is_a_speed_for_sending_or_receiving() {
        let limit = |line: &[&str]| {
            let parsed = Arguments::try_parse_from(["sealdrop"].iter().chain(line)).ok()?;
            match parsed.verb? {
                Verb::Receive(how) => how.limit,
                Verb::Send(what) => what.limit,
                _ => None,
            }
        };
        assert_eq!(limit(&["receive", "--limit", "500k"]), Some(500_000));
        assert_eq!(limit(&["send", "--to", "x", "--limit", "1.5MiB/s", "y"]), Some(1_572_864));
        assert_eq!(limit(&["send", "--to", "x", "y"]), None);
        for wrong in ["0", "1", "fast", "-1M", ""] {
            assert!(Arguments::try_parse_from(["sealdrop", "receive", "--limit", wrong]).is_err(), "{wrong}");
        }
        assert!(Arguments::try_parse_from(["sealdrop", "devices", "--limit", "1M"]).is_err());
    }

    #[test]
    fn a_rule_has_a_folder_exactly_when_it_saves() {
        let parsed = |line: &[&str]| {
            Arguments::try_parse_from(["sealdrop", "devices", "rule", "Laptop"].iter().chain(line)).is_ok()
        };
        assert!(parsed(&["ask"]) && parsed(&["block"]) && parsed(&["accept", "/"]));
        assert!(!parsed(&["accept"]) && !parsed(&["accept", "/no such folder"]) && !parsed(&["perhaps"]));
    }
}
