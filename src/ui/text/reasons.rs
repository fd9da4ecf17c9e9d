//! Why something did not go as hoped: what happened, then what to do, for every code and either side.

use super::{
    catalogue::{Said, say},
    language,
    sentences::and_then,
};
use crate::model::reason::{Reason, ReasonCode, Side};

/// A headline (what happened) and advice (what to do). Both screens read the same, with the sides swapped.
pub fn explain(reason: &Reason) -> (String, String) {
    let id = message(&reason.code);
    let other = if let ReasonCode::Other(code) = &reason.code { code.as_str() } else { "" };
    let arguments = [("side", side(reason.side).said()), ("code", other.said())];
    let versions = reason.detail.as_deref().filter(|_| reason.code == ReasonCode::Version).and_then(versions);
    let headline = versions.unwrap_or_else(|| language::say(id, &arguments));
    (headline, language::say_attribute(id, "advice", &arguments).unwrap_or_default())
}

/// The headline for a detail that names what both sides speak. It may have come from the other side: only numbers are taken.
fn versions(detail: &str) -> Option<String> {
    let (one, other) = detail.strip_prefix("one side speaks protocol version ")?.split_once(", the other ")?;
    Some(say!("reason-versions", one = version(one)?, other = version(other)?))
}

/// `2`, or `2 to 3`.
fn version(text: &str) -> Option<String> {
    let is_number = |text: &str| (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once(" to ") {
        None => is_number(text).then(|| text.to_owned()),
        Some((from, to)) => (is_number(from) && is_number(to)).then(|| say!("version-range", from, to)),
    }
}

/// Headline and advice as one line, for the command line and for lists.
pub fn one_line(reason: &Reason) -> String {
    let (headline, advice) = explain(reason);
    and_then(&headline, &advice)
}

/// The side as messages know it.
pub(super) fn side(side: Side) -> &'static str {
    match side {
        Side::Here => "here",
        Side::There => "there",
    }
}

fn message(code: &ReasonCode) -> &'static str {
    match code {
        ReasonCode::AlreadyThere => "reason-already-there",
        ReasonCode::BadHeader | ReasonCode::BadMessage | ReasonCode::UnknownType => "reason-not-understood",
        ReasonCode::BadPath => "reason-bad-path",
        ReasonCode::Blocked => "reason-blocked",
        ReasonCode::Busy => "reason-busy",
        ReasonCode::Cancelled => "reason-cancelled",
        ReasonCode::Changed => "reason-changed",
        ReasonCode::ConnectionLost => "reason-connection-lost",
        ReasonCode::Declined => "reason-declined",
        ReasonCode::DiskFull => "reason-disk-full",
        ReasonCode::FilesOnly => "reason-files-only",
        ReasonCode::FolderMissing => "reason-folder-missing",
        ReasonCode::FolderReadOnly => "reason-folder-read-only",
        ReasonCode::Internal => "reason-internal",
        ReasonCode::Io => "reason-io",
        ReasonCode::KeyDamaged => "reason-key-damaged",
        ReasonCode::KeyExposed => "reason-key-exposed",
        ReasonCode::Limit => "reason-limit",
        ReasonCode::Mismatch => "reason-mismatch",
        ReasonCode::NoAnswer => "reason-no-answer",
        ReasonCode::NotSealdrop => "reason-not-sealdrop",
        ReasonCode::NotShared => "reason-not-shared",
        ReasonCode::Other(_) => "reason-other",
        ReasonCode::OtherKey => "reason-other-key",
        ReasonCode::PortInUse => "reason-port-in-use",
        ReasonCode::Refused => "reason-refused",
        ReasonCode::StaleEpoch => "reason-stale-epoch",
        ReasonCode::Timeout => "reason-timeout",
        ReasonCode::UnknownTransfer => "reason-unknown-transfer",
        ReasonCode::Unreachable => "reason-unreachable",
        ReasonCode::Unreadable => "reason-unreadable",
        ReasonCode::Unresolved => "reason-unresolved",
        ReasonCode::Untold => "reason-untold",
        ReasonCode::Version => "reason-version",
        ReasonCode::WrongKey => "reason-wrong-key",
    }
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
            C::NotShared,
            C::PortInUse,
            C::KeyDamaged,
            C::KeyExposed,
            C::Refused,
            C::Unreachable,
            C::Unresolved,
            C::Untold,
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
