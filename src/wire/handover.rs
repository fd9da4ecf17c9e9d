//! Between two starts of the program on one computer: what the second was given goes to the first, over a local socket. No
//! part of the protocol between devices.
//!
//! ```text
//! frame = length   4 bytes: unsigned 32-bit integer, little-endian, 1 to 8388608
//!         JSON     `length` bytes, one object
//! second -> first  {"version":1,"items":[{"path":"/home/anna/a.txt"},{"path":{"raw":[47,255]}},{"link":"sealdrop://…"}]}
//! first -> second  {"taken":true}
//! ```
//!
//! A path that is no text travels as the system has it: bytes on Unix, 16-bit units on Windows. No items: the window is only
//! to come to the front.

use std::io::{Read, Write};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{model::handed::Handed, storage::stored_path::StoredPath};

use super::{
    error::{WireError, quoted},
    frame::{PREFIX_BYTES, fill},
};

/// The most that a command line holds, written out in the widest way.
pub const MAX_BYTES: u32 = 8 << 20;

const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Request {
    version: u32,
    items: Vec<Item>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Item {
    Link(String),
    Path(StoredPath),
}

#[derive(Serialize, Deserialize)]
struct Reply {
    taken: bool,
}

/// Writes what a start was given.
///
/// # Errors
/// Too much of it, or I/O.
pub fn write_request(to: &mut impl Write, handed: &[Handed]) -> Result<(), WireError> {
    let item = |handed: &Handed| match handed {
        Handed::Link(link) => Item::Link(link.clone()),
        Handed::Path(path) => Item::Path(StoredPath::of(path)),
    };
    write(to, &Request { version: VERSION, items: handed.iter().map(item).collect() })
}

/// Reads what another start was given; `None`: it went away without a word.
///
/// # Errors
/// Too long, torn, not understood, I/O.
pub fn read_request(from: &mut impl Read) -> Result<Option<Vec<Handed>>, WireError> {
    let Some(Request { version, items }) = read(from)? else { return Ok(None) };
    if version != VERSION {
        let problem = format!("{version} is not {VERSION}");
        return Err(WireError::BadField { field: "version".to_owned(), problem });
    }
    let handed = |item| match item {
        Item::Link(link) => Handed::Link(link),
        Item::Path(path) => Handed::Path(path.path()),
    };
    Ok(Some(items.into_iter().map(handed).collect()))
}

/// Says that it was taken.
///
/// # Errors
/// I/O.
pub fn write_reply(to: &mut impl Write, taken: bool) -> Result<(), WireError> {
    write(to, &Reply { taken })
}

/// Whether it was taken; an end without a word is a no.
///
/// # Errors
/// As `read_request`.
pub fn read_reply(from: &mut impl Read) -> Result<bool, WireError> {
    Ok(read::<Reply>(from)?.is_some_and(|reply| reply.taken))
}

fn write(to: &mut impl Write, what: &impl Serialize) -> Result<(), WireError> {
    let json = serde_json::to_vec(what).map_err(|error| WireError::NotJson { problem: error.to_string() })?;
    let length = u32::try_from(json.len()).ok().filter(|length| *length <= MAX_BYTES).ok_or_else(too_long)?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(&json)?;
    Ok(to.flush()?)
}

fn read<T: DeserializeOwned>(from: &mut impl Read) -> Result<Option<T>, WireError> {
    let mut prefix = [0; PREFIX_BYTES];
    match fill(from, &mut prefix)? {
        0 => return Ok(None),
        PREFIX_BYTES => {}
        got => return Err(WireError::Torn { wanted: PREFIX_BYTES, got }),
    }
    let length = u32::from_le_bytes(prefix);
    if !(1..=MAX_BYTES).contains(&length) {
        return Err(too_long());
    }
    let mut json = Vec::new();
    // Grows with what comes, not with what was announced.
    let got = from.take(length.into()).read_to_end(&mut json)?;
    let wanted = length as usize;
    if got < wanted {
        return Err(WireError::Torn { wanted, got });
    }
    serde_json::from_slice(&json).map(Some).map_err(|error| WireError::NotJson { problem: quoted(&error.to_string()) })
}

fn too_long() -> WireError {
    WireError::OverLimit { field: "length".to_owned(), limit: MAX_BYTES.into(), unit: "bytes" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_links_come_as_they_went() {
        let link = Handed::Link("sealdrop://add?x=\"y\"".to_owned());
        let mut handed = vec![Handed::Path("/home/anna/a b.txt".into()), link, Handed::Path("/文/\"".into())];
        #[cfg(unix)]
        {
            let odd: std::ffi::OsString = std::os::unix::ffi::OsStringExt::from_vec(b"/in/\xff\xfe\n".to_vec());
            handed.push(Handed::Path(odd.into()));
        }
        for handed in [handed, Vec::new()] {
            let mut bytes = Vec::new();
            write_request(&mut bytes, &handed).unwrap();
            assert_eq!(read_request(&mut bytes.as_slice()).unwrap(), Some(handed));
        }
        let mut bytes = Vec::new();
        write_reply(&mut bytes, true).unwrap();
        assert!(read_reply(&mut bytes.as_slice()).unwrap());
        assert!(!read_reply(&mut &b""[..]).unwrap());
    }

    #[test]
    fn what_is_wrong_is_refused_before_room_is_made_for_it() {
        for announced in [0, MAX_BYTES + 1, u32::MAX] {
            let stream = announced.to_le_bytes();
            assert!(matches!(read_request(&mut &stream[..]), Err(WireError::OverLimit { .. })), "{announced}");
        }
        // Announced in full, but it never comes.
        let mut stream = MAX_BYTES.to_le_bytes().to_vec();
        stream.extend_from_slice(b"{\"version\":1");
        assert!(matches!(read_request(&mut stream.as_slice()), Err(WireError::Torn { got: 12, .. })));
        assert!(read_request(&mut &b""[..]).unwrap().is_none());
        for json in
            ["[]", "{}", "{\"version\":2,\"items\":[]}", "{\"version\":1,\"items\":[{\"run\":\"x\"}]}", "\u{7f}"]
        {
            let mut stream = u32::try_from(json.len()).unwrap().to_le_bytes().to_vec();
            stream.extend_from_slice(json.as_bytes());
            assert!(read_request(&mut stream.as_slice()).is_err(), "{json}");
        }
    }
}
