//! Which language the window speaks, and where its texts are found.
//!
//! The language belongs to the thread: the window is one thread, and what it says it says there. Handing a catalogue to
//! every function that makes a sentence (and to every view that calls one) would say the same in a thousand places. So
//! this file, and no other (`tests/suite/floors.rs`), keeps one word for each thread, and the catalogues themselves, which
//! are built in and never change. A thread that nobody told anything speaks English: the command line, whose words scripts
//! read, and the engine. A sentence for the person at the window is made on the window's thread.

use std::{cell::Cell, sync::OnceLock};

use unic_langid::LanguageIdentifier;

use super::catalogue::{Argument, Catalogue};
use crate::{model::settings::LanguageChoice, ui::text::Word};

// `TRANSLATIONS`: tag and text of every file in `resources/translations`, English first. Written by `build.rs`.
include!(concat!(env!("OUT_DIR"), "/translations.rs"));

/// Each catalogue is read once, when it is first spoken.
static CATALOGUES: [OnceLock<Catalogue>; TRANSLATIONS.len()] = [const { OnceLock::new() }; TRANSLATIONS.len()];

thread_local! {
    static SPOKEN: Cell<Language> = const { Cell::new(Language::ENGLISH) };
}

/// One of the languages that are built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Language(usize);

impl Language {
    /// What is spoken where nothing else was chosen.
    pub const ENGLISH: Self = Self(0);

    /// Every language, English first.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..TRANSLATIONS.len()).map(Self)
    }

    /// What the person chose, or what the system speaks. A language that this version does not have counts as no choice.
    pub fn of(choice: &LanguageChoice, system: Self) -> Self {
        match choice {
            LanguageChoice::System => system,
            LanguageChoice::Tag(tag) => Self::all().find(|language| language.tag() == tag).unwrap_or(system),
        }
    }

    /// The best one for what the system prefers.
    pub fn of_system() -> Self {
        Self::preferred(sys_locale::get_locales())
    }

    /// The first of these locales (BCP 47, most wanted first) that is spoken here, whatever its region; the script must be the
    /// same: who reads traditional Chinese is not given simplified. English when there is none.
    pub fn preferred(locales: impl IntoIterator<Item = String>) -> Self {
        let wanted = locales.into_iter().filter_map(|locale| written(&locale));
        let spoken: Vec<_> = Self::all().map(|language| (written(language.tag()), language)).collect();
        let found = wanted.into_iter().find_map(|wanted| {
            let same = spoken.iter().find(|(written, _)| written.as_ref() == Some(&wanted));
            same.map(|(_, language)| *language)
        });
        found.unwrap_or(Self::ENGLISH)
    }

    /// Its BCP 47 tag: `zh-CN`.
    pub fn tag(self) -> &'static str {
        TRANSLATIONS.get(self.0).map_or("en", |(tag, _)| tag)
    }

    /// What its speakers call it.
    pub fn native_name(self) -> &'static str {
        self.catalogue().word(Word::LanguageName)
    }

    /// From now on this thread speaks it.
    pub fn speak(self) {
        SPOKEN.set(self);
    }

    /// What this thread speaks.
    pub fn spoken() -> Self {
        SPOKEN.get()
    }

    fn catalogue(self) -> &'static Catalogue {
        let place = CATALOGUES.get(self.0).unwrap_or(&CATALOGUES[0]);
        place.get_or_init(|| {
            let english = (self != Self::ENGLISH).then(|| Self::ENGLISH.catalogue());
            let (tag, source) = TRANSLATIONS[self.0];
            Catalogue::new(tag, source, english)
        })
    }
}

impl From<Option<Language>> for LanguageChoice {
    fn from(chosen: Option<Language>) -> Self {
        chosen.map_or(Self::System, |language| Self::Tag(language.tag().to_owned()))
    }
}

/// Language and script, whatever the locale leaves to be known: `zh-TW` is written `zh-Hant`. None for what is no locale (`C`).
fn written(locale: &str) -> Option<LanguageIdentifier> {
    let mut locale: LanguageIdentifier = locale.parse().ok()?;
    locale.maximize();
    let script = locale.script?;
    Some(LanguageIdentifier::from_parts(locale.language, Some(script), None, &[]))
}

/// A word in the language of this thread.
pub(super) fn word(word: Word) -> &'static str {
    Language::spoken().catalogue().word(word)
}

/// A message in the language of this thread, or in English where that has none.
pub(super) fn say(id: &str, arguments: &[Argument<'_>]) -> String {
    find(id, None, arguments).unwrap_or_else(|| {
        debug_assert!(false, "no message is called {id}");
        id.to_owned()
    })
}

/// An attribute of a message; none when it has no such attribute.
pub(super) fn say_attribute(id: &str, attribute: &str, arguments: &[Argument<'_>]) -> Option<String> {
    find(id, Some(attribute), arguments)
}

fn find(id: &str, attribute: Option<&str>, arguments: &[Argument<'_>]) -> Option<String> {
    let own = Language::spoken().catalogue().format(id, attribute, arguments);
    own.or_else(|| Language::ENGLISH.catalogue().format(id, attribute, arguments))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preferred(locales: &[&str]) -> &'static str {
        Language::preferred(locales.iter().map(|locale| (*locale).to_owned())).tag()
    }

    #[test]
    fn the_first_locale_that_is_spoken_decides_whatever_its_region() {
        assert_eq!(preferred(&["zh-CN"]), "zh-CN");
        assert_eq!(preferred(&["zh"]), "zh-CN");
        assert_eq!(preferred(&["zh-Hans-SG"]), "zh-CN");
        assert_eq!(preferred(&["en-GB", "zh-CN"]), "en");
        assert_eq!(preferred(&["tlh", "zh-CN", "en"]), "zh-CN");
        assert_eq!(preferred(&["zh-TW", "en"]), "en");
        assert_eq!(preferred(&["zh-Hant", "zh-Hans"]), "zh-CN");
        for nothing in [&[][..], &["C"], &["POSIX"], &[""], &["%$"], &["tlh"]] {
            assert_eq!(preferred(nothing), "en", "{nothing:?}");
        }
    }

    #[test]
    fn a_choice_wins_over_the_system_and_one_that_is_unknown_does_not() {
        let chinese = Language::preferred(["zh-CN".to_owned()]);
        let tag = |tag: &str| LanguageChoice::Tag(tag.to_owned());
        assert_eq!(Language::of(&LanguageChoice::System, chinese), chinese);
        assert_eq!(Language::of(&tag("en"), chinese), Language::ENGLISH);
        assert_eq!(Language::of(&tag("zh-CN"), Language::ENGLISH), chinese);
        assert_eq!(Language::of(&tag("tlh"), chinese), chinese);
    }

    #[test]
    fn what_one_thread_speaks_another_does_not() {
        let chinese = Language::preferred(["zh-CN".to_owned()]);
        chinese.speak();
        assert_eq!(Word::Accept.text(), "接收");
        let elsewhere = std::thread::Builder::new().name("other".to_owned()).spawn(|| Word::Accept.text());
        assert_eq!(elsewhere.ok().and_then(|other| other.join().ok()), Some("Accept"));
        assert_eq!(chinese.native_name(), "简体中文");
    }
}
