//! Where an entry stands in its transfer, as its sender wrote it. There may be a million of these, so each is one piece of memory.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeSeed, SeqAccess, Visitor},
};

/// Names from the top down, untrusted until they went through `file_name`: any text at all may be among them.
///
/// Before each name stands one character, whose number says how many bytes the name has; so no name needs an escape, and the
/// path of a folder begins those of all that is in it.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct EntryPath(Box<str>);

/// Of the names of a path.
#[derive(Clone, Debug)]
pub struct PathNames<'a>(&'a str);

/// The first number of those that are no characters, and how many there are.
const SURROGATES: (usize, usize) = (0xD800, 0x800);

/// The longest name that can be kept; what a sender may say is far shorter.
const MAX_NAME_BYTES: usize = char::MAX as usize - SURROGATES.1;

/// Usual paths are not longer, with their lengths.
const USUAL_BYTES: usize = 64;

impl EntryPath {
    pub fn names(&self) -> PathNames<'_> {
        PathNames(&self.0)
    }

    /// How many names.
    pub fn len(&self) -> usize {
        self.names().count()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The outermost name.
    pub fn first(&self) -> Option<&str> {
        self.names().next()
    }

    /// Its own name.
    pub fn last(&self) -> Option<&str> {
        self.names().last()
    }

    /// That of the folder it stands in; none of an empty path.
    pub fn folder(&self) -> Option<PathNames<'_>> {
        let mut names = self.names();
        let mut own = names.clone();
        while names.next().is_some() && !names.0.is_empty() {
            own = names.clone();
        }
        self.0.get(..self.0.len() - own.0.len()).filter(|_| !self.0.is_empty()).map(PathNames)
    }

    /// The same path below another top.
    #[must_use]
    pub fn below(&self, top: &str) -> Self {
        let mut names = self.names();
        names.next();
        std::iter::once(top).chain(names).collect()
    }
}

impl PathNames<'_> {
    /// Bytes of all names, with one more between each two.
    pub fn shown_bytes(&self) -> usize {
        self.clone().map(|name| name.len() + 1).sum::<usize>().saturating_sub(1)
    }
}

impl PartialEq for PathNames<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for PathNames<'_> {}

impl std::hash::Hash for PathNames<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<'a> Iterator for PathNames<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let mut rest = self.0.chars();
        let number = rest.next()? as usize;
        let bytes = if number < SURROGATES.0 { number } else { number - SURROGATES.1 };
        let (name, rest) = rest.as_str().split_at_checked(bytes)?;
        self.0 = rest;
        Some(name)
    }
}

/// With `/` between the names, for showing.
impl fmt::Display for EntryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (level, name) in self.names().enumerate() {
            if level > 0 {
                f.write_str("/")?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}

impl fmt::Debug for EntryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

impl<S: AsRef<str>> FromIterator<S> for EntryPath {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        let mut text = String::with_capacity(USUAL_BYTES);
        for name in names {
            add(&mut text, name.as_ref());
        }
        Self(text.into_boxed_str())
    }
}

impl<S: AsRef<str>, const N: usize> From<[S; N]> for EntryPath {
    fn from(names: [S; N]) -> Self {
        names.into_iter().collect()
    }
}

fn add(text: &mut String, name: &str) {
    let name = &name[..name.floor_char_boundary(MAX_NAME_BYTES)];
    let number = if name.len() < SURROGATES.0 { name.len() } else { name.len() + SURROGATES.1 };
    text.extend(u32::try_from(number).ok().and_then(char::from_u32));
    text.push_str(name);
}

/// As a list of its names.
impl Serialize for EntryPath {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.names())
    }
}

impl<'de> Deserialize<'de> for EntryPath {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(PathVisitor)
    }
}

struct PathVisitor;

impl<'de> Visitor<'de> for PathVisitor {
    type Value = EntryPath;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of names")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<EntryPath, A::Error> {
        let mut text = String::with_capacity(USUAL_BYTES);
        while names.next_element_seed(Next(&mut text))?.is_some() {}
        Ok(EntryPath(text.into_boxed_str()))
    }
}

/// Adds a name where it is to stand, without a piece of memory of its own.
struct Next<'a>(&'a mut String);

impl<'de> DeserializeSeed<'de> for Next<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Next<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<(), E> {
        add(self.0, name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn names(path: &EntryPath) -> Vec<String> {
        path.names().map(str::to_owned).collect()
    }

    proptest! {
        #[test]
        fn every_list_of_names_comes_back_as_it_was(given in vec(any::<String>(), 0..6)) {
            let path: EntryPath = given.iter().collect();
            prop_assert_eq!(names(&path), given.clone());
            prop_assert_eq!(path.len(), given.len());
            prop_assert_eq!((path.first(), path.last()), (given.first().map(String::as_str), given.last().map(String::as_str)));
            let folder = path.folder().map(|folder| folder.map(str::to_owned).collect::<Vec<_>>());
            prop_assert_eq!(folder, given.split_last().map(|(_, folder)| folder.to_vec()));
            prop_assert_eq!(path.to_string(), given.join("/"));
            prop_assert_eq!(path.names().shown_bytes(), given.join("/").len());
        }

        #[test]
        fn paths_are_the_same_only_if_all_names_are(one in vec("[ab\\x01\\x02/]{0,3}", 0..3), other in vec("[ab\\x01\\x02/]{0,3}", 0..3)) {
            let [a, b] = [&one, &other].map(|names| names.iter().collect::<EntryPath>());
            prop_assert_eq!(a == b, one == other);
        }
    }

    #[test]
    fn names_of_any_length_come_back() {
        for bytes in [0, 1, 127, 128, 0xD7FF, 0xD800, 0xDFFF, 0xE000, 70_000, MAX_NAME_BYTES] {
            let given = ["x".repeat(bytes), "y".to_owned()];
            assert_eq!(names(&given.clone().into()), given, "{bytes}");
        }
        let long = EntryPath::from(["é".repeat(600_000), "y".to_owned()]);
        let kept: Vec<usize> = long.names().map(str::len).collect();
        assert_eq!(kept, [MAX_NAME_BYTES - MAX_NAME_BYTES % 2, 1], "what nothing takes anyway is cut");
    }

    #[test]
    fn another_top_changes_nothing_below_it() {
        assert_eq!(EntryPath::from(["a", "b", "c"]).below("d"), EntryPath::from(["d", "b", "c"]));
        assert_eq!(EntryPath::from(["a"]).below("d"), EntryPath::from(["d"]));
    }

    #[test]
    fn it_is_written_as_a_list() {
        let path = EntryPath::from(["a", "b\"\u{3}", ""]);
        let json = serde_json::to_string(&path).unwrap();
        assert_eq!(json, r#"["a","b\"\u0003",""]"#);
        assert_eq!(serde_json::from_str::<EntryPath>(&json).unwrap(), path);
        assert!(serde_json::from_str::<EntryPath>(r#"["a",5]"#).is_err());
        assert!(serde_json::from_str::<EntryPath>(r#""a""#).is_err());
    }
}
