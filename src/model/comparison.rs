//! Comparing a seal with a checksum that somebody pasted.

use super::seal::Md5Digest;

/// What a pasted text says about a seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The other digest, and the first hex digit that differs, counted from 0.
    Differs {
        other: Md5Digest,
        first: usize,
    },
    Empty,
    Equal,
    /// A checksum of another kind, by its length.
    OtherKind(&'static str),
    /// Not 32 hex digits: how many hex digits there are instead.
    NotMd5 {
        digits: usize,
    },
}

/// Compares `seal` with the first checksum in `pasted`: bare, grouped with spaces or colons, or a line of `md5sum`.
pub fn compare(seal: &Md5Digest, pasted: &str) -> Comparison {
    let text = pasted.trim();
    if text.is_empty() {
        return Comparison::Empty;
    }
    let Some(other) = find_md5(text) else { return not_md5(text) };
    let (ours, theirs) = (seal.to_string(), other.to_string());
    let first = ours.bytes().zip(theirs.bytes()).position(|(a, b)| a != b);
    first.map_or(Comparison::Equal, |first| Comparison::Differs { other, first })
}

/// The first MD5 checksum in `text`.
pub fn find_md5(text: &str) -> Option<Md5Digest> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let whole = words.clone().find_map(Md5Digest::parse_any_case);
    whole.or_else(|| {
        // People group digits to read them; a name behind them must not count as digits.
        let joined: String = words.take_while(|word| word.bytes().all(|b| b.is_ascii_hexdigit())).collect();
        Md5Digest::parse_any_case(&joined)
    })
}

fn not_md5(text: &str) -> Comparison {
    let longest = text.split(|c: char| !c.is_ascii_hexdigit()).map(str::len).max().unwrap_or(0);
    match longest {
        40 => Comparison::OtherKind("SHA-1"),
        64 => Comparison::OtherKind("SHA-256"),
        128 => Comparison::OtherKind("SHA-512"),
        _ => Comparison::NotMd5 { digits: text.chars().filter(char::is_ascii_hexdigit).count() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "d41d8cd98f00b204e9800998ecf8427e";

    fn seal() -> Md5Digest {
        HEX.parse().unwrap()
    }

    #[test]
    fn every_way_people_write_a_checksum_is_understood() {
        for text in [
            HEX.to_owned(),
            format!("  {}\n", HEX.to_uppercase()),
            format!("{HEX}  some file.txt"),
            format!("{HEX} *some file.txt"),
            format!("\\{HEX}  a\\nb"),
            format!("MD5 (some file) = {HEX}"),
            format!("md5:{HEX}"),
            seal().grouped(),
            "d4:1d:8c:d9:8f:00:b2:04:e9:80:09:98:ec:f8:42:7e".to_owned(),
        ] {
            assert_eq!(compare(&seal(), &text), Comparison::Equal, "{text:?}");
        }
    }

    #[test]
    fn the_first_differing_digit_is_named() {
        let other = "d41d8cd98f00b204e9800998ecf8427f";
        let expected = Comparison::Differs { other: other.parse().unwrap(), first: 31 };
        assert_eq!(compare(&seal(), other), expected);
        let other = "041d8cd98f00b204e9800998ecf8427e";
        assert!(matches!(compare(&seal(), other), Comparison::Differs { first: 0, .. }));
    }

    #[test]
    fn what_is_no_md5_is_said_to_be_none() {
        assert_eq!(compare(&seal(), " "), Comparison::Empty);
        assert_eq!(compare(&seal(), &"ab".repeat(32)), Comparison::OtherKind("SHA-256"));
        assert_eq!(compare(&seal(), &"ab".repeat(20)), Comparison::OtherKind("SHA-1"));
        assert_eq!(compare(&seal(), &HEX[..31]), Comparison::NotMd5 { digits: 31 });
        assert!(matches!(compare(&seal(), "größe 文件"), Comparison::NotMd5 { .. }));
    }
}
