//! One JSON object of a peer, taken apart key by key, so that an error can name the field.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::error::{WireError, quoted};
use crate::model::{entry_path::EntryPath, hex::parse_lower_hex, seal::Md5Digest};

/// Most headers have no more fields.
const USUAL_FIELDS: usize = 4;

/// The fields of one object, each still as the text that the peer wrote: numbers of 300 digits and all.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    /// Sorted by key.
    values: Vec<(Key<'a>, &'a RawValue)>,
    /// Where the object stands, when it is one of a list.
    place: Option<(&'static str, usize)>,
}

impl<'a> Fields<'a> {
    /// Takes a header apart.
    pub(super) fn parse(json: &'a [u8]) -> Result<Self, WireError> {
        let text = std::str::from_utf8(json).map_err(|_says_no_more| WireError::NotUtf8)?;
        let object: Pairs<'a> = serde_json::from_str(text).map_err(|error| {
            // A data error here is a value that is no object; the rest is broken JSON.
            if error.is_data() {
                WireError::NotObject
            } else {
                WireError::NotJson { problem: quoted(&error.to_string()) }
            }
        })?;
        Self::sorted(object, None)
    }

    /// Takes apart the object that is item `index` of `list`.
    pub(super) fn of_item(item: &'a RawValue, list: &'static str, index: usize) -> Result<Self, WireError> {
        let object: Pairs<'a> = serde_json::from_str(item.get())
            .map_err(|_not_an_object| bad_field(format!("{list}[{index}]"), "an object", item))?;
        Self::sorted(object, Some((list, index)))
    }

    fn sorted(Pairs(mut values): Pairs<'a>, place: Option<(&'static str, usize)>) -> Result<Self, WireError> {
        values.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let twice = values.windows(2).find_map(|pair| match pair {
            [(one, _), (other, _)] if one == other => Some(quoted(&one.0)),
            _ => None,
        });
        twice.map_or(Ok(Self { values, place }), |key| Err(WireError::DuplicateKey { key }))
    }

    /// Whether nothing at all is said.
    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// What stands behind `name`, if it is there.
    pub(super) fn value(&self, name: &str) -> Option<&'a RawValue> {
        let at = self.values.binary_search_by(|(key, _)| key.0.as_ref().cmp(name)).ok()?;
        self.values.get(at).map(|(_, value)| *value)
    }

    /// What stands behind `name`, which has to be there.
    pub(super) fn required(&self, name: &str) -> Result<&'a RawValue, WireError> {
        self.value(name).ok_or_else(|| WireError::MissingField { field: self.full_name(name) })
    }

    /// Reads `name` with `read` if it is there. Null is not the same as not there.
    pub(super) fn optional<T>(
        &self,
        name: &str,
        read: impl FnOnce(&Self, &str) -> Result<T, WireError>,
    ) -> Result<Option<T>, WireError> {
        self.value(name).map(|_| read(self, name)).transpose()
    }

    pub(super) fn text(&self, name: &str) -> Result<String, WireError> {
        self.typed(name, "text")
    }

    /// Text that is only looked at.
    pub(super) fn word(&self, name: &str) -> Result<Cow<'a, str>, WireError> {
        self.typed(name, "text").map(|Key(word)| word)
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, WireError> {
        self.typed(name, "true or false")
    }

    /// A list, its items still as text.
    pub(super) fn list(&self, name: &str) -> Result<Vec<&'a RawValue>, WireError> {
        let value = self.required(name)?;
        serde_json::from_str(value.get()).map_err(|_not_a_list| self.bad(name, "a list", value))
    }

    /// A list of text.
    pub(super) fn names(&self, name: &str) -> Result<EntryPath, WireError> {
        self.typed(name, "a list of text")
    }

    /// A whole number, written as one, that fits into `T`.
    pub(super) fn whole<T: DeserializeOwned>(&self, name: &str) -> Result<T, WireError> {
        let value = self.required(name)?;
        serde_json::from_str(value.get()).map_err(|_not_that_number| {
            if is_too_large(value.get()) {
                WireError::DoesNotFit { field: self.full_name(name) }
            } else {
                self.bad(name, "a whole number in range", value)
            }
        })
    }

    /// Exactly `N` bytes as lowercase hex.
    pub(super) fn hex<const N: usize>(&self, name: &str) -> Result<[u8; N], WireError> {
        let value = self.required(name)?;
        let text: Option<Key<'_>> = serde_json::from_str(value.get()).ok();
        text.and_then(|Key(text)| parse_lower_hex(&text))
            .ok_or_else(|| self.problem(name, format!("expected {} lowercase hex digits, not {}", 2 * N, shown(value))))
    }

    pub(super) fn md5(&self, name: &str) -> Result<Md5Digest, WireError> {
        self.hex(name).map(Md5Digest)
    }

    /// The error for a value that is not what was `expected`.
    pub(super) fn bad(&self, name: &str, expected: &str, value: &RawValue) -> WireError {
        bad_field(self.full_name(name), expected, value)
    }

    /// The error for a value that is wrong in another way.
    pub(super) fn problem(&self, name: &str, problem: impl Into<String>) -> WireError {
        WireError::BadField { field: self.full_name(name), problem: problem.into() }
    }

    /// `size`, or `entries[3].size`.
    pub(super) fn full_name(&self, name: &str) -> String {
        self.place.map_or_else(|| name.to_owned(), |(list, index)| format!("{list}[{index}].{name}"))
    }

    fn typed<T: Deserialize<'a>>(&self, name: &str, expected: &str) -> Result<T, WireError> {
        let value = self.required(name)?;
        serde_json::from_str(value.get()).map_err(|_other_type| self.bad(name, expected, value))
    }
}

/// The error for a `value` at `field` that is not what was `expected`.
pub(super) fn bad_field(field: String, expected: &str, value: &RawValue) -> WireError {
    WireError::BadField { field, problem: format!("expected {expected}, not {}", shown(value)) }
}

/// Whether `number` is written as a whole number of so many digits that it may be right but for its size.
fn is_too_large(number: &str) -> bool {
    number.bytes().all(|digit| digit.is_ascii_digit())
}

/// A value as an error shows it: short, since it stands beside other words.
fn shown(value: &RawValue) -> String {
    let text = quoted(value.get());
    match text.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text,
    }
}

/// Text as it stands in the header, if nothing in it is escaped.
#[derive(Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// The pairs of an object as they come, also those with the same key.
struct Pairs<'a>(Vec<(Key<'a>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(PairsVisitor).map(Self)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Vec<(Key<'de>, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut pairs = Vec::with_capacity(USUAL_FIELDS);
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_not_to_be_an_object_has_its_error() {
        assert!(matches!(Fields::parse(b"{\"a\":\"\xff\"}"), Err(WireError::NotUtf8)));
        for json in ["", " ", "{", "{]", "{\"a\"}", "{\"a\":}", "{\"a\":1}x", "hello", "{'a':1}", "{5:1}"] {
            assert!(matches!(Fields::parse(json.as_bytes()), Err(WireError::NotJson { .. })), "{json}");
        }
        for json in ["5", "[]", "\"text\"", "null", " true"] {
            assert!(matches!(Fields::parse(json.as_bytes()), Err(WireError::NotObject)), "{json}");
        }
    }

    #[test]
    fn a_key_given_twice_is_an_error_however_it_is_spelt() {
        for json in [r#"{"a":1,"a":1}"#, r#"{"a":1,"b":2,"\u0061":3}"#] {
            assert!(
                matches!(Fields::parse(json.as_bytes()), Err(WireError::DuplicateKey { key }) if key == "a"),
                "{json}"
            );
        }
    }

    #[test]
    fn a_header_nested_to_the_brim_is_only_a_value_that_nobody_wants() {
        let json = format!("{{\"a\":{}{}}}", "[".repeat(32_000), "]".repeat(32_000));
        assert!(Fields::parse(json.as_bytes()).is_ok());
        let json = format!("{{\"a\":{}{}}}", "{\"a\":".repeat(10_000), "[]");
        assert!(Fields::parse(json.as_bytes()).is_err());
    }

    #[test]
    fn whole_numbers_are_digits_that_fit() {
        let whole = |json: &str| Fields::parse(format!("{{\"n\":{json}}}").as_bytes()).unwrap().whole::<u32>("n");
        assert_eq!(whole("4294967295").unwrap(), u32::MAX);
        let nines = "9".repeat(300);
        for large in ["4294967296", "18446744073709551616", &nines, &"9".repeat(60_000)] {
            assert!(matches!(whole(large), Err(WireError::DoesNotFit { field }) if field == "n"), "{large}");
        }
        for wrong in ["-1", "-0", "1.0", "1e2", "1E+2", "0.5", "\"5\"", "null", "[1]", "{}", "1e99999", "true"] {
            assert!(matches!(whole(wrong), Err(WireError::BadField { field, .. }) if field == "n"), "{wrong}");
        }
    }

    #[test]
    fn what_a_peer_wrote_stands_short_and_clean_in_an_error() {
        let json = format!("{{\"n\":\"\u{202e}{}\"}}", "x".repeat(60_000));
        let error = Fields::parse(json.as_bytes()).unwrap().whole::<u32>("n").unwrap_err().to_string();
        assert!(error.chars().count() < 150 && !error.contains('\u{202e}'), "{error}");
    }

    #[test]
    fn hex_has_its_exact_length_and_lower_case() {
        let hex = |json: &str| Fields::parse(format!("{{\"h\":{json}}}").as_bytes()).unwrap().hex::<2>("h");
        assert_eq!(hex(r#""0aff""#).unwrap(), [0x0a, 0xff]);
        for wrong in [r#""0AFF""#, r#""0af""#, r#""0aff0""#, r#""0afg""#, r#""""#, "1234", "null", r#""\ud800""#] {
            assert!(matches!(hex(wrong), Err(WireError::BadField { .. })), "{wrong}");
        }
    }
}
