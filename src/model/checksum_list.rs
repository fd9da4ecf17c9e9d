//! A list of checksums as `md5sum` writes and `md5sum -c` reads it, and as BSD's `md5` writes it.

use super::seal::Md5Digest;

/// One line with its line end. A name that would break the line is escaped as `md5sum` escapes it, told by a leading backslash.
pub fn line(digest: &Md5Digest, name: &str) -> String {
    let escaped = name.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
    let mark = if escaped == name { "" } else { "\\" };
    format!("{mark}{digest}  {escaped}\n")
}

/// What a list holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChecksumList {
    pub files: Vec<Listed>,
    /// Lines that hold something else, such as another kind of checksum.
    pub not_understood: usize,
    /// Files for which there was no room any more.
    pub more: usize,
}

/// One file of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub md5: Md5Digest,
    /// As the list has it: bytes, of any encoding, and nothing is known to be right about them. None: the line holds nothing
    /// but the checksum.
    pub name: Option<Vec<u8>>,
}

/// Reads a list of at most `most` files, line by line:
///
/// - `d41d8cd98f00b204e9800998ecf8427e  name` or ` *name`, behind a backslash when `\\`, `\n` and `\r` in the name are escaped
///   (GNU `md5sum`);
/// - `MD5 (name) = d41d8cd98f00b204e9800998ecf8427e` (BSD `md5`, `md5sum --tag`);
/// - a checksum alone;
/// - empty lines and those that begin with `#` or `;` count for nothing.
pub fn parse(text: &[u8], most: usize) -> ChecksumList {
    let mut list = ChecksumList::default();
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    for line in text.split(|byte| *byte == b'\n') {
        // Windows' line ends; a name that ends like this is escaped.
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.trim_ascii().is_empty() || line.starts_with(b"#") || line.starts_with(b";") {
            continue;
        }
        match listed(line) {
            None => list.not_understood += 1,
            Some(_) if list.files.len() >= most => list.more += 1,
            Some(file) => list.files.push(file),
        }
    }
    list
}

fn listed(line: &[u8]) -> Option<Listed> {
    let (line, escaped) = line.strip_prefix(b"\\").map_or((line, false), |rest| (rest, true));
    let (md5, name) = tagged(line).or_else(|| plain(line))?;
    let name = match name {
        Some(name) if escaped => Some(unescaped(name)?),
        name => name.map(<[u8]>::to_vec),
    };
    Some(Listed { md5, name })
}

/// `MD5 (name) = hex`: a name may hold brackets, too.
fn tagged(line: &[u8]) -> Option<(Md5Digest, Option<&[u8]>)> {
    const END: &[u8] = b") = ";
    let rest = line.strip_prefix(b"MD5 (")?;
    let end = rest.windows(END.len()).rposition(|part| part == END)?;
    let (name, hex) = (rest.get(..end)?, rest.get(end + END.len()..)?);
    Some((digest(hex.trim_ascii())?, Some(name).filter(|name| !name.is_empty())))
}

/// `hex  name`, `hex *name`, or `hex` alone.
fn plain(line: &[u8]) -> Option<(Md5Digest, Option<&[u8]>)> {
    let line = line.trim_ascii_start();
    let end = line.iter().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(line.len());
    let md5 = digest(line.get(..end)?)?;
    let rest = line.get(end + 1..).unwrap_or_default();
    // The second sign says how the file was read; where it is left out, the name begins at once.
    let name = rest.strip_prefix(b" ").or_else(|| rest.strip_prefix(b"*")).unwrap_or(rest);
    Some((md5, Some(name).filter(|name| !name.trim_ascii().is_empty())))
}

fn digest(hex: &[u8]) -> Option<Md5Digest> {
    Md5Digest::parse_any_case(std::str::from_utf8(hex).ok()?)
}

/// None for an escape that nobody writes.
fn unescaped(name: &[u8]) -> Option<Vec<u8>> {
    let (mut plain, mut bytes) = (Vec::with_capacity(name.len()), name.iter());
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            b'\\' => match bytes.next()? {
                b'n' => b'\n',
                b'r' => b'\r',
                b'\\' => b'\\',
                _ => return None,
            },
            other => *other,
        });
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_md5sum_writes_them() {
        let digest: Md5Digest = "d41d8cd98f00b204e9800998ecf8427e".parse().unwrap();
        assert_eq!(line(&digest, "a b/文.txt"), "d41d8cd98f00b204e9800998ecf8427e  a b/文.txt\n");
        assert_eq!(line(&digest, "a\nb"), "\\d41d8cd98f00b204e9800998ecf8427e  a\\nb\n");
        assert_eq!(line(&digest, "a\\b\r"), "\\d41d8cd98f00b204e9800998ecf8427e  a\\\\b\\r\n");
    }

    fn names(text: &str) -> Vec<Option<String>> {
        let text_of = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        parse(text.as_bytes(), 100).files.into_iter().map(|file| file.name.map(text_of)).collect()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let digest: Md5Digest = "d41d8cd98f00b204e9800998ecf8427e".parse().unwrap();
        for name in ["a b/文.txt", " two blanks", "a\nb\r", "c\\d", "MD5 (x) = y", "*star"] {
            let list = parse(line(&digest, name).as_bytes(), 1);
            let expected = Listed { md5: digest, name: Some(name.as_bytes().to_vec()) };
            assert_eq!(list, ChecksumList { files: vec![expected], ..ChecksumList::default() }, "{name:?}");
        }
    }

    #[test]
    fn every_common_way_to_write_a_list_is_read() {
        const HEX: &str = "d41d8cd98f00b204e9800998ecf8427e";
        let upper = HEX.to_uppercase();
        let text = format!(
            "\u{feff}# made by hand\r\n; by a program\n\n{HEX} *binary.iso\r\n{upper}  text.txt\n{HEX}\ttab.txt\n\
             MD5 (with) = (brackets)) = {HEX}\n\\MD5 (two\\nlines) = {HEX}\n{HEX}\n"
        );
        let expected = ["binary.iso", "text.txt", "tab.txt", "with) = (brackets)", "two\nlines"];
        let expected: Vec<_> = expected.iter().map(|name| Some((*name).to_owned())).chain([None]).collect();
        assert_eq!(names(&text), expected);
        assert_eq!(parse(text.as_bytes(), 100).not_understood, 0);
    }

    #[test]
    fn what_is_no_md5_is_counted_and_no_list_is_endless() {
        let sha = "ab".repeat(32);
        let text = format!("{sha}  x\nSHA256 (x) = {sha}\nhello\n\\d41d8cd98f00b204e9800998ecf8427e  a\\x\n");
        assert_eq!(parse(text.as_bytes(), 9), ChecksumList { not_understood: 4, ..ChecksumList::default() });
        let many = "d41d8cd98f00b204e9800998ecf8427e  x\n".repeat(5);
        let list = parse(many.as_bytes(), 2);
        assert_eq!((list.files.len(), list.more), (2, 3));
        assert_eq!(parse(b"\xff\xfe\0\0", 9).not_understood, 1);
        assert_eq!(parse(b"d41d8cd98f00b204e9800998ecf8427e  \xff", 9).files[0].name.as_deref(), Some(&b"\xff"[..]));
    }
}
