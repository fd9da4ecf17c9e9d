//! Who is calling, told by the first four bytes and then by the first header. Nothing is read or answered here.

use super::{
    classic::{self, ClassicHeader},
    error::{WireError, quoted},
    fields::Fields,
    frame::{PREFIX_BYTES, header_length},
};

/// Who opens a connection with four such bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A frame follows: a Sealdrop or a classic sender, `parse_first` knows which.
    Framed,
    /// Begins as a web browser's request does, and as some names of files do: `is_http` knows.
    Http,
    /// Neither frame nor text.
    Nonsense { announced: i32 },
    /// Some other text: a classic download request.
    Text,
    /// A TLS client hello.
    Tls,
}

/// First four bytes of the requests that web clients make.
const HTTP_VERBS: [&[u8; PREFIX_BYTES]; 10] =
    [b"GET ", b"HEAD", b"POST", b"PUT ", b"DELE", b"OPTI", b"PATC", b"CONN", b"TRAC", b"PRI "];

/// The verbs themselves.
const VERBS: [&[u8]; 10] =
    [b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"CONNECT", b"TRACE", b"PRI"];

/// Tells callers apart.
pub fn classify(first: [u8; PREFIX_BYTES]) -> Caller {
    match first {
        [0x16, 0x03, 0x01..=0x04, _] => Caller::Tls,
        _ if header_length(first).is_ok() => Caller::Framed,
        _ if HTTP_VERBS.contains(&&first) => Caller::Http,
        [0x20..=0x7e | 0x80.., ..] => Caller::Text,
        _ => Caller::Nonsense { announced: i32::from_le_bytes(first) },
    }
}

/// Whether a whole request that begins with a verb is one of a web client: `GET /a`, or a first line that names HTTP.
/// `HEADER.txt` and `GET well.txt` are names of files.
pub fn is_http(request: &[u8]) -> bool {
    let line = request.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    let mut words = line.split(|byte| *byte == b' ');
    let (verb, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    VERBS.contains(&verb) && (target.starts_with(b"/") || line.windows(6).any(|part| part == b" HTTP/"))
}

/// Reads the first header of a framed caller: a classic sender, announcing its first file. A Sealdrop speaks TLS before its
/// first header, so one with a `type` in clear is refused, whatever else it holds.
///
/// # Errors
/// As for any header; `InClear` when it has a `type`.
pub fn parse_first(json: &[u8]) -> Result<ClassicHeader, WireError> {
    let fields = Fields::parse(json)?;
    if fields.value("type").is_some() {
        let name = fields.text("type").map_or_else(|_not_text| "?".to_owned(), |name| quoted(&name));
        return Err(WireError::InClear { name });
    }
    classic::read(&fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_four_bytes_tell_who_calls() {
        for version in 1..=4 {
            assert_eq!(classify([0x16, 0x03, version, 0x02]), Caller::Tls);
            assert_eq!(classify([0x16, 0x03, version, 0x00]), Caller::Tls);
        }
        assert_eq!(classify([0x16, 0x03, 0x00, 0x00]), Caller::Framed, "790 bytes of header");
        assert_eq!(classify([0x01, 0x00, 0x00, 0x00]), Caller::Framed);
        assert_eq!(classify([0xff, 0xff, 0x00, 0x00]), Caller::Framed);
        for request in [b"GET ", b"HEAD", b"POST", b"OPTI", b"PUT "] {
            assert_eq!(classify(*request), Caller::Http);
        }
        assert_eq!(classify(*b"abc."), Caller::Text);
        assert_eq!(classify("鸡x".as_bytes().try_into().unwrap()), Caller::Text);
        assert_eq!(classify(*b"a\0\0\0"), Caller::Framed);
        assert_eq!(classify([0, 0, 0, 0]), Caller::Nonsense { announced: 0 });
        assert_eq!(classify([0x7f, b'E', b'L', b'F']), Caller::Nonsense { announced: 0x464c_457f });
        assert_eq!(classify([0, 0, 1, 0]), Caller::Nonsense { announced: 65_536 });
        assert_eq!(classify([0x16, 0x03, 0x05, 0x01]), Caller::Nonsense { announced: 0x0105_0316 });
    }

    #[test]
    fn names_of_files_that_begin_like_a_verb_are_no_requests_of_the_web() {
        for request in
            ["GET / HTTP/1.1\r\nHost: a", "HEAD /x", "OPTIONS * HTTP/1.1", "PRI * HTTP/2.0", "CONNECT a:1 HTTP/1.1\n"]
        {
            assert!(is_http(request.as_bytes()), "{request}");
        }
        for name in
            ["HEADER.txt", "GET well.txt", "POSTER/a.png", "DELETED.txt", "PUT ", "HEAD", "TRACE HTTP", "GETS /a"]
        {
            assert!(!is_http(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn a_header_with_a_type_is_refused_in_clear() {
        for (json, word) in [
            (r#"{"type":"hello","versions":[1,1],"program":"p","name":"n","os":"o"}"#, "hello"),
            (r#"{"type":"image/png","file_name":"a","file_size":3}"#, "image/png"),
            (r#"{"type":7,"file_name":"a","file_size":3}"#, "?"),
        ] {
            assert!(matches!(parse_first(json.as_bytes()), Err(WireError::InClear { name }) if name == word), "{json}");
        }
        let classic = br#"{"kind":"image/png","file_name":"a","file_size":3}"#;
        assert_eq!(parse_first(classic).unwrap().size, 3);
    }
}
