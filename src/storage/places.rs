//! Where the bytes of each entry are, kept and written small: of a dropped folder one place is there, all below it follows from
//! the entries' paths. What does not (names that are not Unicode) is kept as it is, and written byte by byte.

use std::{
    collections::{HashMap, HashSet},
    ffi::OsString,
    io::{self, Read, Write},
    path::{MAIN_SEPARATOR, Path, PathBuf},
};

use crate::model::{entry_path::PathNames, manifest::Entry};

/// So many places follow from their entries.
const FOLLOW: u8 = b'f';
/// One place, with its length before it.
const WRITTEN: u8 = b'w';

/// The longest place that any system has, and then some.
const MAX_PLACE_BYTES: usize = 128 * 1024;

/// One place for each entry of a list; each is asked for with its entry and the position of that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourcePlaces {
    /// By top-level name.
    tops: HashMap<String, PathBuf>,
    /// Those that do not follow from the one of their top, by position.
    others: HashMap<u32, PathBuf>,
}

impl SourcePlaces {
    /// In the order of the entries.
    pub fn listed<P: AsRef<Path>>(entries: &[Entry], places: impl IntoIterator<Item = P>) -> Self {
        let mut listed = Self::default();
        for ((index, entry), place) in (0..).zip(entries).zip(places) {
            listed.put(index, entry, place.as_ref());
        }
        listed
    }

    /// Where this entry is, if that was ever said.
    pub fn get(&self, index: u32, entry: &Entry) -> Option<PathBuf> {
        if let Some(other) = self.others.get(&index) {
            return Some(other.clone());
        }
        let mut below = entry.path.names();
        let top = self.tops.get(below.next()?)?;
        let mut place = PathBuf::with_capacity(top.as_os_str().len() + below.shown_bytes() + 1);
        place.push(top);
        place.extend(below);
        Some(place)
    }

    /// This entry is there. One that follows from its top comes after that.
    pub(super) fn put(&mut self, index: u32, entry: &Entry, place: &Path) {
        let mut below = entry.path.names();
        let Some(top) = below.next() else { return };
        match self.tops.get(top) {
            Some(there) if follows(there, below.clone(), place) => {}
            None if below.next().is_none() => self.put_top(top, place),
            _ => drop(self.others.insert(index, place.to_owned())),
        }
    }

    /// The place of a tree as a whole.
    pub(super) fn put_top(&mut self, top: &str, place: &Path) {
        self.tops.insert(top.to_owned(), place.to_owned());
    }

    pub(super) fn top(&self, top: &str) -> Option<&Path> {
        self.tops.get(top).map(PathBuf::as_path)
    }

    /// Takes out what does not follow of this entry, if it does not.
    pub(super) fn take_other(&mut self, index: u32) -> Option<PathBuf> {
        self.others.remove(&index)
    }

    pub(super) fn put_other(&mut self, index: u32, place: PathBuf) {
        self.others.insert(index, place);
    }
}

/// Whether that is the place of these names below that of their top.
fn follows(top: &Path, below: PathNames<'_>, place: &Path) -> bool {
    let mut separator = [0; 4];
    let separator = MAIN_SEPARATOR.encode_utf8(&mut separator).as_bytes();
    let top = top.as_os_str().as_encoded_bytes();
    let is_below = below.clone().next().is_some();
    // A disk's root ends in one.
    let top = top.strip_suffix(separator).filter(|_| is_below).unwrap_or(top);
    let mut rest = place.as_os_str().as_encoded_bytes().strip_prefix(top);
    for name in below {
        rest = rest.and_then(|rest| rest.strip_prefix(separator)?.strip_prefix(name.as_bytes()));
    }
    rest.is_some_and(<[u8]>::is_empty)
}

/// Writes one place for each entry.
///
/// # Errors
/// I/O; a place that is longer than one can be, or was never said.
pub(super) fn write(entries: &[Entry], places: &SourcePlaces, to: &mut impl Write) -> io::Result<()> {
    let mut written = HashSet::new();
    let mut following = 0_u32;
    for (index, entry) in (0..).zip(entries) {
        let mut names = entry.path.names();
        let top = names.next().unwrap_or_default();
        let is_top = names.next().is_none();
        if !is_top && !places.others.contains_key(&index) && written.contains(top) {
            following += 1;
            continue;
        }
        write_following(&mut following, to)?;
        let place = places.get(index, entry).ok_or(io::ErrorKind::InvalidInput)?;
        let bytes = to_bytes(&place);
        let length = u32::try_from(bytes.len()).ok().filter(|_| bytes.len() <= MAX_PLACE_BYTES);
        let length = length.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidFilename))?;
        to.write_all(&[WRITTEN])?;
        to.write_all(&length.to_le_bytes())?;
        to.write_all(&bytes)?;
        if is_top {
            written.insert(top);
        }
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
pub(super) fn read(entries: &[Entry], from: &mut impl Read) -> io::Result<SourcePlaces> {
    let mut places = SourcePlaces::default();
    let mut left = entries.iter();
    while !left.as_slice().is_empty() {
        let [kind] = read_array(from)?;
        let number = u32::from_le_bytes(read_array(from)?) as usize;
        match kind {
            FOLLOW if number > 0 && number <= left.as_slice().len() => {
                let mut following = left.by_ref().take(number);
                if !following
                    .all(|entry| entry.path.len() > 1 && entry.path.first().and_then(|top| places.top(top)).is_some())
                {
                    return Err(damaged());
                }
            }
            WRITTEN if number <= MAX_PLACE_BYTES => {
                let mut bytes = vec![0; number];
                from.read_exact(&mut bytes)?;
                let place = from_bytes(bytes).ok_or_else(damaged)?;
                let index = u32::try_from(entries.len() - left.as_slice().len()).map_err(|_too_many| damaged())?;
                if let Some(entry) = left.next() {
                    places.put(index, entry, &place);
                }
            }
            _ => return Err(damaged()),
        }
    }
    Ok(places)
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
        let kept = SourcePlaces::listed(entries, places);
        assert_eq!(all(entries, &kept), places);
        write(entries, &kept, &mut bytes).unwrap();
        bytes
    }

    fn all(entries: &[Entry], places: &SourcePlaces) -> Vec<PathBuf> {
        (0..).zip(entries).map(|(index, entry)| places.get(index, entry).unwrap()).collect()
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
        assert_eq!(all(&entries, &read(&entries, &mut &bytes[..]).unwrap()), places);
    }

    #[test]
    fn places_that_do_not_follow_from_their_entries_come_back_too() {
        let entries = ["a", "b", "b/c", "b/d", "lost/e", "r", "r/f", "b", "s", "s/f", "b/d"].map(entry);
        let places =
            ["/x/a", "/y/B", "/elsewhere", "/y/B/d", "relative", "/", "/f", "/y/other", "t/", "t/f", "/y/B//d"]
                .map(PathBuf::from);
        let bytes = written(&entries, &places);
        assert_eq!(all(&entries, &read(&entries, &mut &bytes[..]).unwrap()), places);
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_not_unicode_survive() {
        use std::os::unix::ffi::OsStrExt;
        let entries = ["p", "p/%FF", "p/%FF/f", "p/ok"].map(entry);
        let places = [&b"/t/p"[..], b"/t/p/\xff", b"/t/p/\xff/f", b"/t/p/ok"]
            .map(|bytes| PathBuf::from(std::ffi::OsStr::from_bytes(bytes)));
        let bytes = written(&entries, &places);
        assert_eq!(all(&entries, &read(&entries, &mut &bytes[..]).unwrap()), places);
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
                    assert_eq!(all(&entries, &places).len(), entries.len());
                }
            }
        }
        for bad in [&b"f\0\0\0\0"[..], b"f\x05\0\0\0", b"f\x01\0\0\0", b"w\xff\xff\xff\xff", b"x\0\0\0\0"] {
            assert!(read(&entries, &mut &bad[..]).is_err(), "{bad:?}");
        }
    }
}
