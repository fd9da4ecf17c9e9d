//! One language's texts: a Fluent bundle, with the words taken out of it once so that drawing them costs nothing.

use std::borrow::Cow;

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle, types::FluentNumber};
use unic_langid::LanguageIdentifier;

use super::{figures::grouped, words::Word};

/// Beyond this a number is not exact as Fluent keeps it (2^53), and nobody reads it as a count.
const MOST_COUNTED: u64 = 1 << 53;

/// The texts of one language.
pub(super) struct Catalogue {
    bundle: FluentBundle<FluentResource>,
    /// In the order of `Word::ALL`.
    words: Vec<String>,
}

/// What stands in a message for one of its names.
pub(super) type Argument<'a> = (&'static str, FluentValue<'a>);

impl Catalogue {
    /// Reads `source`, a file of `resources/translations`. What it lacks is taken from `english`.
    pub(super) fn new(tag: &str, source: &str, english: Option<&Self>) -> Self {
        // A test reads every file that is built in: what is wrong in one is left out here, and found there.
        let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(readable, _errors)| readable);
        let language: LanguageIdentifier = tag.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        // Names are made safe to show before they come here, and the marks would end up in what people copy.
        bundle.set_use_isolating(false);
        bundle.set_formatter(Some(|value, _memoizer| match value {
            FluentValue::Number(number) => Some(counted(number)),
            _ => None,
        }));
        bundle.add_resource_overriding(resource);
        let mut catalogue = Self { bundle, words: Vec::new() };
        let word = |word: &Word| {
            let id = word.id();
            let own = catalogue.format(&id, None, &[]);
            own.or_else(|| english.map(|english| english.word(*word).to_owned())).unwrap_or(id)
        };
        catalogue.words = Word::ALL.iter().map(word).collect();
        catalogue
    }

    /// A text that carries nothing.
    pub(super) fn word(&self, word: Word) -> &str {
        self.words.get(word as usize).map_or("", String::as_str)
    }

    /// The message `id`, or one of its attributes; none when this language does not have it.
    pub(super) fn format(&self, id: &str, attribute: Option<&str>, arguments: &[Argument<'_>]) -> Option<String> {
        let message = self.bundle.get_message(id)?;
        let pattern = match attribute {
            None => message.value()?,
            Some(attribute) => message.get_attribute(attribute)?.value(),
        };
        let mut given = FluentArgs::with_capacity(arguments.len());
        for (name, value) in arguments {
            given.set(*name, value.clone());
        }
        let mut wrong = Vec::new();
        let text = self.bundle.format_pattern(pattern, Some(&given), &mut wrong);
        debug_assert!(wrong.is_empty(), "message {id}: {wrong:?}");
        Some(text.into_owned())
    }
}

/// A number as people read it in this language.
fn counted(number: &FluentNumber) -> String {
    grouped(number.into())
}

/// What can stand in a message.
pub(super) trait Said<'a> {
    fn said(self) -> FluentValue<'a>;
}

macro_rules! said_as_text {
    ($($kind:ty),*) => { $(
        impl<'a> Said<'a> for $kind {
            fn said(self) -> FluentValue<'a> {
                FluentValue::String(self.into())
            }
        }
    )* };
}

said_as_text!(&'a str, &'a String, String, Cow<'a, str>);

impl<'a> Said<'a> for u64 {
    fn said(self) -> FluentValue<'a> {
        FluentValue::from(self.min(MOST_COUNTED))
    }
}

impl<'a> Said<'a> for usize {
    fn said(self) -> FluentValue<'a> {
        (self as u64).said()
    }
}

impl<'a> Said<'a> for u16 {
    fn said(self) -> FluentValue<'a> {
        // A port or a year is a name that is written with digits, not a count.
        FluentValue::String(self.to_string().into())
    }
}

/// A choice between two wordings: `[yes]` and `[no]`.
impl<'a> Said<'a> for bool {
    fn said(self) -> FluentValue<'a> {
        FluentValue::from(if self { "yes" } else { "no" })
    }
}

/// Says the message of this name, with what it needs: `say!("offer-card", device, files = manifest.files)`.
///
/// Each name is one of the message's variables; without `=` the value is the variable of the same name.
macro_rules! say {
    ($id:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        $crate::ui::text::language::say(
            $id,
            &[$((stringify!($name), $crate::ui::text::catalogue::say!(@ $name $(= $value)?)),)*],
        )
    };
    (@ $name:ident) => { $crate::ui::text::catalogue::Said::said($name) };
    (@ $name:ident = $value:expr) => { $crate::ui::text::catalogue::Said::said($value) };
}
pub(super) use say;
