//! Writes one JSON object, field by field in the order of the protocol document.

use serde::Serialize;

use crate::model::hex::digits;

use super::error::WireError;

/// An object under construction at the end of a buffer.
pub(super) struct ObjectWriter<'a> {
    json: &'a mut Vec<u8>,
    empty: bool,
}

impl<'a> ObjectWriter<'a> {
    pub(super) fn begin(json: &'a mut Vec<u8>) -> Self {
        json.push(b'{');
        Self { json, empty: true }
    }

    pub(super) fn put(&mut self, name: &'static str, value: &(impl Serialize + ?Sized)) -> Result<(), WireError> {
        self.begin_field(name);
        self.value(value)
    }

    /// Writes nothing for `None`: what is not there is absent, never null.
    pub(super) fn put_some(
        &mut self,
        name: &'static str,
        value: Option<&(impl Serialize + ?Sized)>,
    ) -> Result<(), WireError> {
        value.map_or(Ok(()), |value| self.put(name, value))
    }

    /// A list whose items `put_item` appends.
    pub(super) fn put_list<T>(
        &mut self,
        name: &'static str,
        items: &[T],
        put_item: impl Fn(&mut Vec<u8>, &T) -> Result<(), WireError>,
    ) -> Result<(), WireError> {
        self.begin_field(name);
        self.json.push(b'[');
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.json.push(b',');
            }
            put_item(self.json, item)?;
        }
        self.json.push(b']');
        Ok(())
    }

    /// Bytes in the buffer so far.
    pub(super) fn len(&self) -> usize {
        self.json.len()
    }

    pub(super) fn end(self) {
        self.json.push(b'}');
    }

    /// Names are ours, and in none of them is anything to be escaped.
    fn begin_field(&mut self, name: &'static str) {
        if !self.empty {
            self.json.push(b',');
        }
        self.empty = false;
        self.json.push(b'"');
        self.json.extend_from_slice(name.as_bytes());
        self.json.extend_from_slice(b"\":");
    }

    fn value(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), WireError> {
        // Cannot fail for the numbers, texts and lists that are written here; if it does, it is said.
        Ok(serde_json::to_writer(&mut *self.json, value).map_err(std::io::Error::from)?)
    }
}

/// Bytes as lowercase hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| digits(*byte)).map(char::from).collect()
}
