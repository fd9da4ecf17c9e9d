//! What the engine says that becomes a notice: what happened, and the details for who wants to know more.

use std::path::PathBuf;

use super::{
    State,
    notices::{Saying, Tone},
};
use crate::{model::reason::Reason, storage::sources::LeftOut, ui::text};

impl State {
    pub(super) fn devices_damaged(&mut self, kept_at: PathBuf) {
        self.notices.stay(Tone::Warning, Saying::new(move || text::devices_damaged(&kept_at)), None);
    }

    pub(super) fn devices_not_saved(&mut self, reason: Reason) {
        self.trust.confirming.clear();
        self.problem(reason, |reason| text::devices_not_saved(&text::one_line(reason)));
    }

    pub(super) fn history_damaged(&mut self, kept_at: PathBuf) {
        self.notices.stay(Tone::Warning, Saying::new(move || text::history_damaged(&kept_at)), None);
    }

    pub(super) fn history_failed(&mut self, reason: Reason) {
        match &mut self.history {
            Some(view) => view.problem = Some(reason),
            None => self.problem(reason, |reason| text::history_failed(&text::one_line(reason))),
        }
    }

    pub(super) fn refused(&mut self, address: String, reason: Reason) {
        let detail = reason.to_string();
        self.notices.stay(Tone::Info, Saying::new(move || text::refused(&address, &reason)), Some(detail));
    }

    pub(super) fn settings_damaged(&mut self, kept_at: PathBuf, reason: &Reason) {
        let told = Saying::new(move || text::settings_damaged(&kept_at));
        self.notices.stay(Tone::Warning, told, Some(reason.to_string()));
    }

    pub(super) fn settings_not_saved(&mut self, reason: Reason) {
        self.problem(reason, |reason| text::settings_not_saved(&text::one_line(reason)));
    }

    pub(super) fn tell_left_out(&mut self, left_out: &[LeftOut]) {
        if !left_out.is_empty() {
            let names: Vec<String> = left_out.iter().map(|left| left.place.to_string_lossy().into_owned()).collect();
            let details: Vec<String> = left_out.iter().map(|left| left.reason.to_string()).collect();
            let told = Saying::new(move || text::unreadable_drop(&names));
            self.notices.stay(Tone::Warning, told, Some(details.join("\n")));
        }
    }

    pub(super) fn wrote(&mut self, path: PathBuf, result: Result<(), Reason>) {
        match result {
            Ok(()) => self.notices.pass(Tone::Good, Saying::new(move || text::wrote(&path)), self.now),
            Err(reason) => self.problem(reason, move |reason| text::not_written(&path, &text::one_line(reason))),
        }
    }

    fn problem(&mut self, reason: Reason, told: impl Fn(&Reason) -> String + 'static) {
        let detail = reason.to_string();
        self.notices.stay(Tone::Problem, Saying::new(move || told(&reason)), Some(detail));
    }
}
