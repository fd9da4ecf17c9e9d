//! Why something did not go as hoped: what happened, then what to do, for every code and either side.

use crate::model::reason::{Reason, ReasonCode, Side};

/// A headline (what happened) and advice (what to do). Both screens read the same, with the sides swapped.
pub fn explain(reason: &Reason) -> (String, String) {
    let (headline, advice) = match reason.side {
        Side::Here => here(&reason.code),
        Side::There => there(&reason.code),
    };
    let versions = reason.detail.as_deref().filter(|_| reason.code == ReasonCode::Version).and_then(versions);
    (versions.unwrap_or(headline), advice.to_owned())
}

/// The headline for a detail that names what both sides speak. It may have come from the other side: only numbers are taken.
fn versions(detail: &str) -> Option<String> {
    let (one, other) = detail.strip_prefix("one side speaks protocol version ")?.split_once(", the other ")?;
    let is_range = |text: &str| {
        let number = |text: &str| (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.split_once(" to ").map_or_else(|| number(text), |(from, to)| number(from) && number(to))
    };
    let told = || {
        format!(
            "These two Sealdrops do not understand each other: one speaks protocol version {one}, the other {other}"
        )
    };
    (is_range(one) && is_range(other)).then(told)
}

/// Headline and advice as one line, for the command line and for lists.
pub fn one_line(reason: &Reason) -> String {
    let (headline, advice) = explain(reason);
    if advice.is_empty() { headline } else { format!("{headline}. {advice}") }
}

fn here(code: &ReasonCode) -> (String, &'static str) {
    let (headline, advice) = match code {
        ReasonCode::AlreadyThere => ("A file of this name is there already on this device. It stays as it is", ""),
        ReasonCode::BadPath => ("A name in the offer is not allowed", "Ask the sender to rename it and send again"),
        ReasonCode::Blocked => ("The other device is blocked here", "Unblock it if you want its files"),
        ReasonCode::Busy => ("This device had too many offers waiting", "Answer some of them, then ask for it again"),
        ReasonCode::Cancelled => ("Cancelled on this device", ""),
        ReasonCode::Changed => ("The file changed while it was being sent", "Send it again once it stays as it is"),
        ReasonCode::Declined => ("Declined on this device", ""),
        ReasonCode::DiskFull => {
            ("Not enough space on this device", "Free some space or choose another folder, then try again")
        }
        ReasonCode::FolderMissing => ("The folder to save to is not there", "Choose another folder"),
        ReasonCode::FolderReadOnly => ("The folder to save to may not be written to", "Choose another folder"),
        ReasonCode::Io => ("This device could not read or write its disk", "Check the disk, then try again"),
        ReasonCode::NoAnswer => ("Nobody answered on this device in time", "Ask the sender to offer it again"),
        ReasonCode::WrongKey => {
            ("The device there is not the one you verified", "Ask its owner what has changed before you send anything")
        }
        ReasonCode::Unreadable => {
            ("It could not be read on this device", "Check that it exists and that you may open it")
        }
        shared => return common(shared, "this device", "the other device"),
    };
    (headline.to_owned(), advice)
}

fn there(code: &ReasonCode) -> (String, &'static str) {
    let (headline, advice) = match code {
        ReasonCode::AlreadyThere => ("A file of this name is there already on the other device. It stays as it is", ""),
        ReasonCode::BadPath => ("The other device does not allow a name in the offer", "Rename it and send again"),
        ReasonCode::Blocked => ("This device is blocked on the other device", "Ask its owner to unblock it"),
        ReasonCode::Busy => ("The other device had too many offers waiting", "Ask again in a while"),
        ReasonCode::Cancelled => ("Cancelled on the other device", ""),
        ReasonCode::Changed => {
            ("The file changed on the other device while it was being sent", "Ask for it again once it stays as it is")
        }
        ReasonCode::Declined => ("Declined on the other device", ""),
        ReasonCode::DiskFull => ("Not enough space on the other device", "Ask its owner to free some, then try again"),
        ReasonCode::FolderMissing => {
            ("The folder to save to is missing on the other device", "Ask its owner to choose another")
        }
        ReasonCode::FolderReadOnly => {
            ("The folder to save to may not be written to on the other device", "Ask its owner to choose another")
        }
        ReasonCode::Io => {
            ("The other device could not read or write its disk", "Ask its owner to check the disk, then try again")
        }
        ReasonCode::NoAnswer => ("Nobody answered on the other device in time", "Ask again when somebody is there"),
        ReasonCode::WrongKey => (
            "The other device knows a device of this name by another key",
            "If Sealdrop is new on this device, ask the owner there to forget the old one and to verify this one",
        ),
        ReasonCode::Unreadable => {
            ("It could not be read on the other device", "Ask its owner to check it and send again")
        }
        shared => return common(shared, "the other device", "this device"),
    };
    (headline.to_owned(), advice)
}

/// Codes that read alike from both sides. `who` found it out, `whom` is the other one.
fn common(code: &ReasonCode, who: &str, whom: &str) -> (String, &'static str) {
    const SAME_VERSION: &str = "Use the same version of Sealdrop on both devices";
    const TRY_AGAIN: &str = "Try again";
    const NETWORK: &str = "Check that both devices are on the same network, then try again";
    match code {
        ReasonCode::BadHeader | ReasonCode::BadMessage | ReasonCode::UnknownType => {
            (format!("{} did not understand {whom}", capital(who)), SAME_VERSION)
        }
        ReasonCode::ConnectionLost => ("The connection was lost".to_owned(), NETWORK),
        ReasonCode::Internal => {
            (format!("Something went wrong inside Sealdrop on {who}"), "Try again, and report the details")
        }
        ReasonCode::Limit => (format!("The offer is larger than {who} takes"), "Send it in several parts"),
        ReasonCode::Mismatch => {
            ("The seals differ: it did not arrive as it was sent".to_owned(), "It was not kept. Send it again")
        }
        ReasonCode::KeyDamaged => (
            format!("The file with the key of {who} is damaged"),
            "Put it back from a backup, or move it away to begin with a new key",
        ),
        ReasonCode::KeyExposed => (
            format!("Others may read the file with the key of {who}"),
            "Make it readable for you alone, or move it away to begin with a new key",
        ),
        ReasonCode::NotSealdrop => (
            "Something answered there, but it is not Sealdrop".to_owned(),
            "Check the address and port, or switch on Plain protocol for other programs",
        ),
        ReasonCode::Refused => (
            "Nothing is listening at that address".to_owned(),
            "Check the address and port, and that Sealdrop is open there",
        ),
        ReasonCode::StaleEpoch => ("A newer connection took over".to_owned(), ""),
        ReasonCode::Timeout => (format!("{} did not hear from {whom} in time", capital(who)), NETWORK),
        ReasonCode::UnknownTransfer => (format!("{} no longer knows this transfer", capital(who)), "Send it again"),
        ReasonCode::Unreachable => (
            "That address was not reached".to_owned(),
            "Check the address, that both devices are on the same network, and the firewall there",
        ),
        ReasonCode::Unresolved => {
            ("No device of that name was found".to_owned(), "Check the spelling, or type its numeric address")
        }
        ReasonCode::Version => ("The two versions of Sealdrop do not work together".to_owned(), "Update the older one"),
        ReasonCode::FilesOnly => ("The plain protocol carries files only".to_owned(), "Send the files that are in it"),
        ReasonCode::PortInUse => {
            (format!("Another program uses this port on {who}"), "Use another port, or close the other program")
        }
        ReasonCode::Other(code) => (format!("{} stopped it: {code}", capital(who)), TRY_AGAIN),
        // The rest has its own words for each side.
        _ => (format!("{} stopped it", capital(who)), TRY_AGAIN),
    }
}

pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every code but `Other`.
    pub(super) fn all_codes() -> Vec<ReasonCode> {
        use ReasonCode as C;
        vec![
            C::AlreadyThere,
            C::BadHeader,
            C::BadMessage,
            C::BadPath,
            C::Blocked,
            C::Busy,
            C::Cancelled,
            C::Changed,
            C::ConnectionLost,
            C::Declined,
            C::DiskFull,
            C::Internal,
            C::Io,
            C::Limit,
            C::NoAnswer,
            C::StaleEpoch,
            C::Timeout,
            C::UnknownTransfer,
            C::UnknownType,
            C::Unreadable,
            C::Version,
            C::WrongKey,
            C::FilesOnly,
            C::FolderMissing,
            C::FolderReadOnly,
            C::Mismatch,
            C::NotSealdrop,
            C::PortInUse,
            C::KeyDamaged,
            C::KeyExposed,
            C::Refused,
            C::Unreachable,
            C::Unresolved,
        ]
    }

    #[test]
    fn every_code_has_its_own_sentence_on_either_side() {
        for code in all_codes() {
            let (here, _) = explain(&Reason { code: code.clone(), side: Side::Here, detail: None });
            let (there, _) = explain(&Reason { code: code.clone(), side: Side::There, detail: None });
            for headline in [&here, &there] {
                assert!(!headline.ends_with("stopped it"), "{code:?} has no sentence of its own");
                assert!(
                    !headline.ends_with('.') && headline.chars().next().is_some_and(char::is_uppercase),
                    "{headline}"
                );
            }
        }
    }

    #[test]
    fn both_screens_tell_who_did_it() {
        let told = |side| explain(&Reason { code: ReasonCode::Cancelled, side, detail: None }).0;
        assert_eq!(told(Side::Here), "Cancelled on this device");
        assert_eq!(told(Side::There), "Cancelled on the other device");
    }

    #[test]
    fn both_versions_stand_in_the_sentence_on_either_side() {
        let detail = "one side speaks protocol version 1, the other 2 to 3".to_owned();
        for side in [Side::Here, Side::There] {
            let reason = Reason { code: ReasonCode::Version, side, detail: Some(detail.clone()) };
            let told = one_line(&reason);
            assert!(told.contains("protocol version 1, the other 2 to 3. Update the older one"), "{told}");
        }
    }

    #[test]
    fn a_peers_detail_is_no_place_for_its_own_sentences() {
        for detail in [
            "one side speaks protocol version 1, the other <call 555 1234>",
            "one side speaks protocol version 1, the other 2 to 3 to 4",
            "one side speaks protocol version , the other 2",
            "one side speaks protocol version 1234567, the other 2",
        ] {
            let reason = Reason::there(ReasonCode::Version, Some(detail.to_owned()));
            assert_eq!(explain(&reason).0, "The two versions of Sealdrop do not work together");
        }
    }

    #[test]
    fn a_code_nobody_knows_yet_is_shown() {
        let reason = Reason::there(ReasonCode::Other("too_sunny".to_owned()), None);
        assert_eq!(one_line(&reason), "The other device stopped it: too_sunny. Try again");
    }
}
