//! The field for a path that is typed, and where it stands.

use super::State;
use crate::{model::book::DeviceId, ui::dialogs::Purpose};

/// A field for a path, where no dialog helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPrompt {
    pub purpose: Purpose,
    pub text: String,
}

impl State {
    /// Whether the field for a typed path stands on the page of a device.
    pub fn prompts_on_page(&self) -> bool {
        let of = self.path_prompt.as_ref().map(|prompt| &prompt.purpose);
        let page = self.device_page.as_ref().map(|page| &page.id);
        matches!((of, page), (Some(Purpose::RuleFolder(of)), Some(DeviceId::Key(shown))) if of == shown)
    }

    /// Whether the field for a typed path stands in the view *Verify*.
    pub fn prompts_to_verify(&self) -> bool {
        let purpose = self.path_prompt.as_ref().map(|prompt| &prompt.purpose);
        self.verify.open && matches!(purpose, Some(Purpose::VerifyFiles | Purpose::VerifyList))
    }
}
