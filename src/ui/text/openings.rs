//! The texts about other starts of the program, and links.

use super::{catalogue::say, figures::fit};
use crate::model::message;

/// Characters of a link that is quoted.
const MOST_OF_LINK: usize = 80;

/// A link that leads nowhere here.
pub fn link_not_understood(link: &str) -> String {
    say!("link-not-understood", link = fit(&message::first_line(link), MOST_OF_LINK))
}
