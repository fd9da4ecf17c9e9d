//! Paths out of a clipboard's text: file managers put `file://` addresses there, people paste lines of paths.

use std::path::PathBuf;

/// What a clipboard's text is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pasted {
    Nothing,
    /// Nothing but paths.
    Paths(Vec<PathBuf>),
    Text,
}

/// Tells a list of paths from a text, which may well have a line that looks like a path.
pub fn read(text: &str) -> Pasted {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    if lines().next().is_none() {
        return Pasted::Nothing;
    }
    // File managers put what is to be done with the files above their addresses.
    let verb = lines().next().is_some_and(|line| matches!(line, "copy" | "cut")) && lines().count() > 1;
    let paths: Option<Vec<PathBuf>> = lines().skip(usize::from(verb)).map(path).collect();
    paths.map_or(Pasted::Text, Pasted::Paths)
}

/// Every path in `text`, in order. Lines that are none are passed over: nothing here touches the disk.
pub fn paths(text: &str) -> Vec<PathBuf> {
    text.lines().filter_map(|line| path(line.trim())).collect()
}

/// One line: a `file://` address of this device, or an absolute path, quoted or not.
fn path(line: &str) -> Option<PathBuf> {
    if let Some(rest) = line.strip_prefix("file://") {
        let rest = rest.strip_prefix("localhost").unwrap_or(rest);
        // Anything else before the first slash is another computer's name.
        return rest.starts_with('/').then(|| decoded(rest)).flatten();
    }
    let bare = unquoted(line);
    let path = PathBuf::from(bare);
    path.is_absolute().then_some(path)
}

fn unquoted(line: &str) -> &str {
    let inside = |quote: char| line.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inside('"').or_else(|| inside('\'')).unwrap_or(line)
}

/// Undoes `%XX`; bytes that are not UTF-8 are kept where paths may hold them.
fn decoded(text: &str) -> Option<PathBuf> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        let hex = std::str::from_utf8(&digits).ok()?;
        bytes.push(u8::from_str_radix(hex, 16).ok()?);
    }
    native(bytes)
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
fn native(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::{ffi::OsString, os::unix::ffi::OsStringExt};
    Some(PathBuf::from(OsString::from_vec(bytes)))
}

#[cfg(not(unix))]
fn native(bytes: Vec<u8>) -> Option<PathBuf> {
    let text = String::from_utf8(bytes).ok()?;
    // `file:///C:/x` names `C:/x`.
    let drive = text.strip_prefix('/').filter(|rest| rest.as_bytes().get(1) == Some(&b':'));
    Some(PathBuf::from(drive.unwrap_or(&text)))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn what_a_file_manager_copies_is_understood() {
        let text = "copy\nfile:///home/anna/a%20b.txt\r\nfile://localhost/tmp/%E6%96%87\n";
        assert_eq!(paths(text), [PathBuf::from("/home/anna/a b.txt"), PathBuf::from("/tmp/文")]);
    }

    #[test]
    fn lines_of_paths_are_understood() {
        assert_eq!(paths("/a/b c\n  '/d e'\n\"/f\"\n"), ["/a/b c", "/d e", "/f"].map(PathBuf::from));
    }

    #[test]
    fn a_name_that_is_not_utf8_survives() {
        let path = &paths("file:///tmp/%ff%fe")[0];
        assert_eq!(path.as_os_str().as_bytes(), b"/tmp/\xff\xfe");
    }

    #[test]
    fn a_text_with_a_path_in_it_is_a_text() {
        assert_eq!(read("/a\n\n/b\n"), Pasted::Paths(vec!["/a".into(), "/b".into()]));
        assert_eq!(read("cut\nfile:///a"), Pasted::Paths(vec!["/a".into()]));
        for text in ["look at\n/etc/hosts\nplease", "copy", "https://example.org/x"] {
            assert_eq!(read(text), Pasted::Text, "{text}");
        }
        assert_eq!(read(" \n\t"), Pasted::Nothing);
    }

    #[test]
    fn other_text_is_no_path() {
        let text = "hello\nhttps://example.org/x\nfile://server/share/x\nrelative/x\nfile:///a%2";
        assert!(paths(text).is_empty());
    }
}
