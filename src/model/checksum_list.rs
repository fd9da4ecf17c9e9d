//! A list of checksums as `md5sum` writes and `md5sum -c` reads it.

use super::seal::Md5Digest;

/// One line with its line end. A name that would break the line is escaped as `md5sum` escapes it, told by a leading backslash.
pub fn line(digest: &Md5Digest, name: &str) -> String {
    let escaped = name.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
    let mark = if escaped == name { "" } else { "\\" };
    format!("{mark}{digest}  {escaped}\n")
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
}
