//! Where the bytes of each entry are, written small: of a dropped folder one place is written, all below it follows from the
//! entries' paths. What does not (names that are not Unicode) is written byte by byte and comes back as it was.

use std::{
    collections::HashMap,
    ffi::OsString,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use crate::model::manifest::Entry;

/// So many places follow from their entries.
const FOLLOW: u8 = b'f';
/// One place, with its length before it.
const WRITTEN: u8 = b'w';

/// The longest place that any system has, and then some.
const MAX_PLACE_BYTES: usize = 128 * 1024;

/// Writes one place for each entry.
///
/// # Errors
/// I/O; a place that is longer than one can be.
pub(super) fn write(entries: &[Entry], places: &[PathBuf], to: &mut impl Write) -> io::Result<()> {
    let mut tops = HashMap::new();
    let mut following = 0_u32;
    let mut expected = PathBuf::new();
    for (entry, place) in entries.iter().zip(places) {
        if follows(&tops, entry, &mut expected) && expected.as_os_str() == place.as_os_str() {
            following += 1;
            continue;
        }
        write_following(&mut following, to)?;
        let bytes = to_bytes(place);
        let length = u32::try_from(bytes.len()).ok().filter(|_| bytes.len() <= MAX_PLACE_BYTES);
        let length = length.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidFilename))?;
        to.write_all(&[WRITTEN])?;
        to.write_all(&length.to_le_bytes())?;
        to.write_all(&bytes)?;
        note_top(&mut tops, entry, place);
    }
    write_following(&mut following, to)
}

fn write_following(count: &mut u32, to: &mut impl Write) -> io::Result<()> {
    if *count > 0 {
        to.write_all(&[FOLLOW])?;
        to.write_all(&count.to_le_bytes())?;
        *count = 0;
    }
    Ok(())
}

/// Reads one place for each entry; what is announced never makes room for more.
///
/// # Errors
/// I/O; `InvalidData` and `UnexpectedEof` for bytes that `write` did not write.
pub(super) fn read(entries: &[Entry], from: &mut impl Read) -> io::Result<Vec<PathBuf>> {
    let mut tops = HashMap::new();
    let mut places = Vec::with_capacity(entries.len());
    let mut left = entries.iter();
    while !left.as_slice().is_empty() {
        let [kind] = read_array(from)?;
        let number = u32::from_le_bytes(read_array(from)?) as usize;
        match kind {
            FOLLOW if number > 0 && number <= left.as_slice().len() => {
                for entry in left.by_ref().take(number) {
                    let mut place = PathBuf::new();
                    if !follows(&tops, entry, &mut place) {
                        return Err(damaged());
                    }
                    places.push(place);
                }
            }
            WRITTEN if number <= MAX_PLACE_BYTES => {
                let mut bytes = vec![0; number];
                from.read_exact(&mut bytes)?;
                let place = from_bytes(bytes).ok_or_else(damaged)?;
                if let Some(entry) = left.next() {
                    note_top(&mut tops, entry, &place);
                }
                places.push(place);
            }
            _ => return Err(damaged()),
        }
    }
    Ok(places)
}

/// Makes of `place` where the entry is if it lies below its top as its path says. False: there is no such top.
fn follows(tops: &HashMap<String, PathBuf>, entry: &Entry, place: &mut PathBuf) -> bool {
    let mut below = entry.path.names();
    let Some(top) = below.next().and_then(|top| tops.get(top)) else { return false };
    place.as_mut_os_string().clear();
    place.push(top);
    let is_top = below.clone().next().is_none();
    place.extend(below);
    !is_top
}

fn note_top(tops: &mut HashMap<String, PathBuf>, entry: &Entry, place: &Path) {
    let mut names = entry.path.names();
    if let (Some(top), None) = (names.next(), names.next()) {
        tops.insert(top.to_owned(), place.to_owned());
    }
}

fn damaged() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

fn read_array<const N: usize>(from: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(unix)]
fn to_bytes(place: &Path) -> Vec<u8> {
    std::os::unix::ffi::OsStrExt::as_bytes(place.as_os_str()).to_vec()
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "on Windows not all bytes are a place")]
fn from_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    let text: OsString = std::os::unix::ffi::OsStringExt::from_vec(bytes);
    Some(PathBuf::from(text))
}

#[cfg(windows)]
fn to_bytes(place: &Path) -> Vec<u8> {
    std::os::windows::ffi::OsStrExt::encode_wide(place.as_os_str()).flat_map(u16::to_le_bytes).collect()
}

#[cfg(windows)]
fn from_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    let (units, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = units.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
    let text: OsString = std::os::windows::ffi::OsStringExt::from_wide(&units);
    rest.is_empty().then(|| PathBuf::from(text))
}

#[cfg(test)]
mod tests {
    use crate::model::manifest::EntryKind;

    use super::*;

    fn entry(path: &str) -> Entry {
        let path = path.split('/').map(str::to_owned).collect();
        Entry { path, kind: EntryKind::Folder, mtime: None, exec: false }
    }

    fn written(entries: &[Entry], places: &[PathBuf]) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(entries, places, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_folder_costs_one_place_however_much_is_in_it() {
        let mut entries = vec![entry("Photos (2)")];
        let mut places = vec![PathBuf::from("/home/文/Photos")];
        for n in 0..10_000 {
            entries.push(entry(&format!("Photos (2)/day/{n}.jpg")));
            places.push(PathBuf::from(format!("/home/文/Photos/day/{n}.jpg")));
        }
        let bytes = written(&entries, &places);
        assert!(bytes.len() < 100, "{}", bytes.len());
        assert_eq!(read(&entries, &mut &bytes[..]).unwrap(), places);
    }

    #[test]
    fn places_that_do_not_follow_from_their_entries_come_back_too() {
        let entries = ["a", "b", "b/c", "b/d", "lost/e"].map(entry);
        let places = ["/x/a", "/y/B", "/elsewhere", "/y/B/d", "relative"].map(PathBuf::from);
        let bytes = written(&entries, &places);
        assert_eq!(read(&entries, &mut &bytes[..]).unwrap(), places);
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_not_unicode_survive() {
        use std::os::unix::ffi::OsStrExt;
        let entries = ["p", "p/%FF", "p/%FF/f", "p/ok"].map(entry);
        let places = [&b"/t/p"[..], b"/t/p/\xff", b"/t/p/\xff/f", b"/t/p/ok"]
            .map(|bytes| PathBuf::from(std::ffi::OsStr::from_bytes(bytes)));
        let bytes = written(&entries, &places);
        assert_eq!(read(&entries, &mut &bytes[..]).unwrap(), places);
    }

    #[test]
    fn damaged_bytes_are_an_error_and_nothing_worse() {
        let entries = ["a", "b", "b/c", "b/d"].map(entry);
        let good = written(&entries, &["/x/a", "/y/b", "/y/b/c", "/y/b/d"].map(PathBuf::from));
        for cut in 0..good.len() {
            assert!(read(&entries, &mut &good[..cut]).is_err(), "cut at {cut}");
            for value in [0, 1, 0x7f, 0x80, 0xff, FOLLOW, WRITTEN] {
                let mut bad = good.clone();
                bad[cut] = value;
                // Another letter of a name is as good as the first: a checksum stands over all.
                if let Ok(places) = read(&entries, &mut &bad[..]) {
                    assert_eq!(places.len(), entries.len());
                }
            }
        }
        for bad in [&b"f\0\0\0\0"[..], b"f\x05\0\0\0", b"f\x01\0\0\0", b"w\xff\xff\xff\xff", b"x\0\0\0\0"] {
            assert!(read(&entries, &mut &bad[..]).is_err(), "{bad:?}");
        }
    }
}
