//! A file of translations as the test sees it: its messages, what they show and what they ask for.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use fluent_syntax::{
    ast::{Entry, Expression, InlineExpression, Pattern, PatternElement},
    parser,
};

/// The parts of one message, or of one of its attributes.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    /// All that is written in it, in every variant, without what is put into it.
    pub(super) text: String,
    /// Variables that are shown.
    pub(super) shown: BTreeSet<String>,
    /// Variables that a choice depends on.
    pub(super) chosen_by: BTreeSet<String>,
    /// Other messages in it.
    pub(super) messages: BTreeSet<String>,
}

/// One language.
#[derive(Debug)]
pub(super) struct Catalogue {
    pub(super) tag: String,
    /// By their names; an attribute is `message.attribute`.
    pub(super) messages: BTreeMap<String, Parts>,
    /// What the reader of the file stumbled over, and names given twice.
    pub(super) wrong: Vec<String>,
}

impl Catalogue {
    /// Every language that is built in, English first.
    pub(super) fn all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("resources/translations");
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut all: Vec<Self> = files.map(|file| Self::read(&file)).collect();
        all.sort_by_key(|catalogue| (catalogue.tag != "en", catalogue.tag.clone()));
        all
    }

    fn read(file: &PathBuf) -> Self {
        let tag = file.file_stem().unwrap().to_string_lossy().into_owned();
        Self::of(&tag, &fs::read_to_string(file).unwrap())
    }

    pub(super) fn of(tag: &str, source: &str) -> Self {
        let (resource, errors) = match parser::parse(source) {
            Ok(resource) => (resource, Vec::new()),
            Err((resource, errors)) => (resource, errors),
        };
        let mut catalogue = Self { tag: tag.to_owned(), messages: BTreeMap::new(), wrong: Vec::new() };
        catalogue.wrong.extend(errors.iter().map(ToString::to_string));
        for entry in &resource.body {
            match entry {
                Entry::Message(message) => {
                    catalogue.put(message.id.name, message.value.as_ref());
                    for attribute in &message.attributes {
                        let id = format!("{}.{}", message.id.name, attribute.id.name);
                        catalogue.put(&id, Some(&attribute.value));
                    }
                }
                Entry::Junk { content } => catalogue.wrong.push(format!("cannot be read: {content}")),
                Entry::Term(term) => catalogue.wrong.push(format!("a term, which nothing here uses: {}", term.id.name)),
                Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_) => {}
            }
        }
        catalogue
    }

    fn put(&mut self, id: &str, value: Option<&Pattern<&str>>) {
        let mut parts = Parts::default();
        if let Some(pattern) = value {
            parts.take(pattern);
        }
        if self.messages.insert(id.to_owned(), parts).is_some() {
            self.wrong.push(format!("given twice: {id}"));
        }
    }

    /// What is shown in this message and in those that it uses.
    pub(super) fn shown(&self, id: &str) -> BTreeSet<String> {
        self.through(id, |parts| parts.shown.clone())
    }

    /// What this message and those that it uses have to be given.
    pub(super) fn asked_for(&self, id: &str) -> BTreeSet<String> {
        self.through(id, |parts| parts.shown.union(&parts.chosen_by).cloned().collect())
    }

    fn through(&self, id: &str, of: fn(&Parts) -> BTreeSet<String>) -> BTreeSet<String> {
        let Some(parts) = self.messages.get(id) else { return BTreeSet::new() };
        parts.messages.iter().flat_map(|used| self.through(used, of)).chain(of(parts)).collect()
    }

    /// Messages that stand in others.
    pub(super) fn used_by_others(&self) -> BTreeSet<String> {
        self.messages.values().flat_map(|parts| parts.messages.iter().cloned()).collect()
    }
}

impl Parts {
    fn take(&mut self, pattern: &Pattern<&str>) {
        for element in &pattern.elements {
            match element {
                PatternElement::TextElement { value } => {
                    self.text.push_str(value);
                }
                PatternElement::Placeable { expression } => self.take_expression(expression),
            }
        }
    }

    fn take_expression(&mut self, expression: &Expression<&str>) {
        match expression {
            Expression::Inline(inline) => self.take_inline(inline),
            Expression::Select { selector, variants } => {
                let InlineExpression::VariableReference { id } = selector else {
                    panic!("a choice that depends on no variable: {selector:?}");
                };
                self.chosen_by.insert(id.name.to_owned());
                for variant in variants {
                    self.take(&variant.value);
                    self.text.push('\n');
                }
            }
        }
    }

    fn take_inline(&mut self, inline: &InlineExpression<&str>) {
        match inline {
            InlineExpression::MessageReference { id, attribute: None } => {
                self.messages.insert(id.name.to_owned());
                self.text.push('\u{1}');
            }
            InlineExpression::Placeable { expression } => self.take_expression(expression),
            InlineExpression::StringLiteral { value } => self.text.push_str(value),
            InlineExpression::VariableReference { id } => {
                self.shown.insert(id.name.to_owned());
                // Something stands there: what is around it is no longer beside each other.
                self.text.push('\u{1}');
            }
            other => panic!("nothing here uses this: {other:?}"),
        }
    }
}
