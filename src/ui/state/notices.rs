//! What the window has to say that belongs to no row and no card.

use std::{
    fmt,
    rc::Rc,
    time::{Duration, Instant},
};

use crate::ui::text::Word;

/// A passing notice is there this long.
const PASSING: Duration = Duration::from_secs(6);

/// More than this many at once are never read: the oldest goes.
const MOST: usize = 4;

/// The strip of notices.
#[derive(Clone, Debug, Default)]
pub struct Notices {
    pub shown: Vec<Notice>,
    last_id: u64,
}

/// One notice.
#[derive(Clone, Debug)]
pub struct Notice {
    pub id: u64,
    pub tone: Tone,
    pub said: Saying,
    /// For *Copy details*.
    pub detail: Option<String>,
    pub until: Option<Instant>,
}

/// A sentence that stays in sight, and how to say it again in another language: a text alone would stay as it was.
#[derive(Clone)]
pub struct Saying {
    text: String,
    again: Rc<dyn Fn() -> String>,
}

impl Saying {
    pub fn new(say: impl Fn() -> String + 'static) -> Self {
        Self { text: say(), again: Rc::new(say) }
    }

    pub fn text(&self) -> &str {
        &self.text
    }
}

impl From<Word> for Saying {
    fn from(word: Word) -> Self {
        Self::new(move || word.text().to_owned())
    }
}

impl fmt::Debug for Saying {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(formatter)
    }
}

/// How serious it is; told by a sign and by colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tone {
    Good,
    Info,
    Problem,
    Warning,
}

impl Notices {
    /// Goes away by itself.
    pub fn pass(&mut self, tone: Tone, said: impl Into<Saying>, now: Instant) {
        self.push(tone, said.into(), None, Some(now + PASSING));
    }

    /// Stays until it is dismissed.
    pub fn stay(&mut self, tone: Tone, said: impl Into<Saying>, detail: Option<String>) {
        self.push(tone, said.into(), detail, None);
    }

    /// The language has changed.
    pub fn say_again(&mut self) {
        for notice in &mut self.shown {
            notice.said.text = (notice.said.again)();
        }
    }

    pub fn dismiss(&mut self, id: u64) {
        self.shown.retain(|notice| notice.id != id);
    }

    pub fn tick(&mut self, now: Instant) {
        self.shown.retain(|notice| notice.until.is_none_or(|until| now < until));
    }

    /// When the next one goes.
    pub fn next_change(&self, now: Instant) -> Option<Duration> {
        self.shown.iter().filter_map(|notice| notice.until).min().map(|at| at.saturating_duration_since(now))
    }

    fn push(&mut self, tone: Tone, said: Saying, detail: Option<String>, until: Option<Instant>) {
        // The same again replaces itself.
        self.shown.retain(|notice| notice.said.text != said.text);
        self.last_id += 1;
        self.shown.push(Notice { id: self.last_id, tone, said, detail, until });
        if self.shown.len() > MOST {
            // Callers make as many remarks as they like: no remark pushes out what is wrong.
            let remark = |notice: &Notice| matches!(notice.tone, Tone::Good | Tone::Info);
            self.shown.remove(self.shown.iter().position(remark).unwrap_or(0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_who_are_turned_away_push_no_warning_out() {
        let mut notices = Notices::default();
        notices.stay(Tone::Warning, Word::EngineGone, None);
        for n in 0..10 {
            notices.stay(Tone::Info, Saying::new(move || format!("caller {n} was turned away")), None);
        }
        assert_eq!((notices.shown.len(), notices.shown[0].tone), (MOST, Tone::Warning));
    }
}
