//! The texts about devices nearby and about who may find this one.

use std::time::Duration;

use super::figures::date;
use crate::model::nearby::Visibility;

pub const NEARBY: &str = "Nearby";
pub const SAVED: &str = "Saved";
pub const HERE: &str = "Here now";
pub const HERE_TIP: &str = "It has shown its key a moment ago";
pub const PERHAPS_HERE: &str = "May be here";
pub const PERHAPS_HERE_TIP: &str = "Something nearby says that it is this device, and has not shown its key yet";
pub const AROUND: &str = "Nearby";
pub const AROUND_TIP: &str = "Something at this address announces itself";
pub const CLAIM_TIP: &str = "What it calls itself. You compare a code before anything is believed";
pub const NOBODY_NEARBY: &str = "Nobody yet. Is Sealdrop open on the other device, in the same network, and visible to everybody? A typed address always works";
pub const VISIBLE_TO: &str = "Visible to";
pub const FOR_A_WHILE: &str = "Everybody for 10 minutes";
pub const FOR_A_WHILE_TIP: &str = "After that it is as you chose above";
pub const END_NOW: &str = "End now";
pub const VISIBILITY_SETTING: &str = "Who finds this device nearby";

/// The short label of a choice.
pub fn visible(to: Visibility) -> &'static str {
    match to {
        Visibility::Everybody => "Everybody",
        Visibility::Nobody => "Nobody",
        Visibility::Verified => "Verified devices",
    }
}

/// What a choice means.
pub fn visible_tip(to: Visibility) -> &'static str {
    match to {
        Visibility::Everybody => "Name and system of this device are shown to everybody in the network",
        Visibility::Nobody => {
            "This device does not announce itself. It still sees others, and its address can be typed"
        }
        Visibility::Verified => {
            "Only devices that know the key of this one find it; others read nothing in what it says"
        }
    }
}

/// The accessible name of a choice.
pub fn visible_name(to: Visibility) -> String {
    format!("{VISIBLE_TO} {}", visible(to).to_lowercase())
}

/// `Everybody, 9 min left`.
pub fn everybody_for(left: Duration) -> String {
    let minutes = left.as_secs().div_ceil(60).max(1);
    format!("Everybody, {minutes} min left")
}

/// The accessible name of somebody who only says who it is.
pub fn nearby_device(name: &str) -> String {
    format!("Device {name}, nearby, not verified")
}

/// `Last seen 21 Nov 2026`; nothing when that is not known.
pub fn last_seen(seconds: u64) -> Option<String> {
    (seconds > 0).then(|| format!("Last seen {}", date(seconds)))
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
    fn a_device_that_was_never_seen_was_not_seen_in_1970() {
        assert_eq!(last_seen(0), None);
        assert_eq!(last_seen(1_795_219_200).as_deref(), Some("Last seen 21 Nov 2026"));
    }
}
