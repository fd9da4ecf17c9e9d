//! The texts about devices nearby and about who may find this one.

use std::time::Duration;

use super::{Word, catalogue::say, figures::date};
use crate::model::nearby::Visibility;

/// The short label of a choice.
pub fn visible(to: Visibility) -> Word {
    match to {
        Visibility::Everybody => Word::VisibleEverybody,
        Visibility::Nobody => Word::VisibleNobody,
        Visibility::Verified => Word::VisibleVerified,
    }
}

/// What a choice means.
pub fn visible_tip(to: Visibility) -> Word {
    match to {
        Visibility::Everybody => Word::VisibleEverybodyTip,
        Visibility::Nobody => Word::VisibleNobodyTip,
        Visibility::Verified => Word::VisibleVerifiedTip,
    }
}

/// The accessible name of a choice.
pub fn visible_name(to: Visibility) -> Word {
    match to {
        Visibility::Everybody => Word::VisibleEverybodyName,
        Visibility::Nobody => Word::VisibleNobodyName,
        Visibility::Verified => Word::VisibleVerifiedName,
    }
}

/// `Everybody, 9 min left`.
pub fn everybody_for(left: Duration) -> String {
    say!("everybody-for", minutes = left.as_secs().div_ceil(60).max(1))
}

/// What somebody nearby says of itself: `Linux, Sealdrop 0.1.0, 192.168.1.20:9527`. Names are the same in every language.
pub fn says(os: Option<&str>, version: Option<&str>, address: &str) -> String {
    let os = os.map(|os| match os {
        "linux" => "Linux".to_owned(),
        "macos" => "macOS".to_owned(),
        "windows" => "Windows".to_owned(),
        other => other.to_owned(),
    });
    let version = version.map(|version| format!("Sealdrop {version}"));
    [os, version, Some(address.to_owned())].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The accessible name of somebody who only says who it is.
pub fn nearby_device(name: &str) -> String {
    say!("nearby-device", name)
}

/// `Last seen 21 Nov 2026`; nothing when that is not known.
pub fn last_seen(seconds: u64) -> Option<String> {
    (seconds > 0).then(|| say!("last-seen", date = date(seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_told_in_whole_minutes() {
        for (seconds, shown) in [(600, 10), (541, 10), (540, 9), (59, 1), (0, 1)] {
            assert_eq!(everybody_for(Duration::from_secs(seconds)), format!("Everybody, {shown} min left"));
        }
    }

    #[test]
    fn what_somebody_says_of_itself_is_one_line() {
        assert_eq!(says(Some("linux"), Some("0.1.0"), "10.0.0.1:9527"), "Linux, Sealdrop 0.1.0, 10.0.0.1:9527");
        assert_eq!(says(Some("plan9"), None, "10.0.0.1:9527"), "plan9, 10.0.0.1:9527");
    }

    #[test]
    fn a_device_that_was_never_seen_was_not_seen_in_1970() {
        assert_eq!(last_seen(0), None);
        assert_eq!(last_seen(1_795_219_200).as_deref(), Some("Last seen 21 Nov 2026"));
    }
}
