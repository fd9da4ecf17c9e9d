//! Downloads in the plain protocol, from both sides: where a request ends and what it says, and the header of an answer.

use super::{
    classic::{SIZE_FIELDS, agreed, size},
    error::WireError,
    fields::Fields,
    frame::{PREFIX_BYTES, encode_frame},
    object::ObjectWriter,
};
use crate::model::{seal::Md5Digest, shared_path::MAX_REQUEST_BYTES};

/// A header is kept to this many bytes with its prefix, since many programs read it in one go and hope.
const MAX_WRITTEN_BYTES: usize = 1400;

/// Other names of the size, in the order in which they are written as long as there is room.
const FURTHER_SIZES: [&str; 6] = ["file_size", "filesize", "total_size", "length", "len", "size"];

/// What a classic server answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// An empty object: no such file, or none that is shared.
    NotThere,
    /// So many bytes follow.
    There {
        size: u64,
        /// `None`: no usable checksum given.
        md5: Option<Md5Digest>,
    },
}

/// Where the first request in `bytes` ends, and how many bytes it takes with the marks behind it. `None`: it goes on, unless
/// nothing more comes.
pub fn end_of_request(bytes: &[u8]) -> Option<(usize, usize)> {
    let end = bytes.iter().position(|byte| is_mark(*byte))?;
    let marks = bytes.iter().skip(end).take_while(|byte| is_mark(**byte)).count();
    Some((end, end + marks))
}

/// How many marks stand before a request: what is left of the one before.
pub fn marks_before(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| is_mark(**byte)).count()
}

fn is_mark(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r' | b'\0')
}

/// The text of one request.
///
/// # Errors
/// `NotUtf8`; `TooLong`.
pub fn parse_request(bytes: &[u8]) -> Result<&str, WireError> {
    if bytes.len() > MAX_REQUEST_BYTES {
        return Err(WireError::TooLong { what: "request".to_owned(), bytes: bytes.len() });
    }
    std::str::from_utf8(bytes).map_err(|_says_no_more| WireError::NotUtf8)
}

/// The whole frame that says: no such file is shared here.
///
/// # Errors
/// Never; it is short.
pub fn not_there_frame() -> Result<Vec<u8>, WireError> {
    encode_frame(b"{}")
}

/// The whole frame that stands before the bytes of a file. Size, digest and size in MiB go first and always; other names of
/// the size, and the file's name, follow as long as all stays within 1,400 bytes.
///
/// # Errors
/// Never; it is short.
pub fn there_frame(name: &str, size: u64, md5: Md5Digest) -> Result<Vec<u8>, WireError> {
    let mut json = Vec::with_capacity(MAX_WRITTEN_BYTES);
    let mut to = ObjectWriter::begin(&mut json);
    to.put("lenth", &size)?;
    to.put("md5", &md5.to_string())?;
    to.put("size(MB)", &mebibytes(size))?;
    let quoted = serde_json::to_string(name).map_err(std::io::Error::from)?.len();
    let digits = size.to_string().len();
    let fits = |to: &ObjectWriter<'_>, field: &str, value: usize| {
        PREFIX_BYTES + to.len() + r#","":}"#.len() + field.len() + value <= MAX_WRITTEN_BYTES
    };
    for field in FURTHER_SIZES {
        if fits(&to, field, digits) {
            to.put(field, &size)?;
        }
    }
    for field in ["filename", "file_name"] {
        if fits(&to, field, quoted) {
            to.put(field, name)?;
        }
    }
    to.end();
    encode_frame(&json)
}

/// With two digits behind the point: it is for people.
fn mebibytes(size: u64) -> f64 {
    (size as f64 / f64::from(1 << 20) * 100.0).round() / 100.0
}

/// Reads the JSON bytes of an answer.
///
/// # Errors
/// As for any header; a size that is missing, wrong, or given twice and differently.
pub fn parse_answer(json: &[u8]) -> Result<Answer, WireError> {
    let fields = Fields::parse(json)?;
    if fields.is_empty() {
        return Ok(Answer::NotThere);
    }
    let md5 = fields.text("md5").ok().and_then(|text| Md5Digest::parse_any_case(&text));
    Ok(Answer::There { size: agreed(&fields, &SIZE_FIELDS, size)?, md5 })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MD5: &str = "d41d8cd98f00b204e9800998ecf8427e";

    #[test]
    fn a_request_ends_at_a_line_end_or_nul_and_takes_the_marks_with_it() {
        for (bytes, end) in [
            (&b"a.txt"[..], None),
            (b"", None),
            (b"a.txt\n", Some((5, 6))),
            (b"a.txt\r\nb", Some((5, 7))),
            (b"a.txt\0\0\0\0", Some((5, 9))),
            (b"a\n\nb\n", Some((1, 3))),
        ] {
            assert_eq!(end_of_request(bytes), end, "{bytes:?}");
        }
        assert_eq!(marks_before(b"\r\n\0a\n"), 3);
        assert_eq!(marks_before(b"\0\0"), 2);
    }

    #[test]
    fn a_request_is_short_text() {
        assert_eq!(parse_request("星.txt".as_bytes()).unwrap(), "星.txt");
        assert!(matches!(parse_request(b"a\xff"), Err(WireError::NotUtf8)));
        assert!(parse_request(&[b'a'; 1024]).is_ok());
        assert!(matches!(parse_request(&[b'a'; 1025]), Err(WireError::TooLong { .. })));
    }

    #[test]
    fn an_answer_holds_what_the_programs_read() {
        let frame = there_frame("鸡.txt", 1_572_864, MD5.parse().unwrap()).unwrap();
        assert_eq!(
            std::str::from_utf8(&frame[PREFIX_BYTES..]).unwrap(),
            "{\"lenth\":1572864,\"md5\":\"d41d8cd98f00b204e9800998ecf8427e\",\"size(MB)\":1.5,\"file_size\":1572864,\
             \"filesize\":1572864,\"total_size\":1572864,\"length\":1572864,\"len\":1572864,\"size\":1572864,\
             \"filename\":\"鸡.txt\",\"file_name\":\"鸡.txt\"}"
        );
        let there = Answer::There { size: 1_572_864, md5: MD5.parse().ok() };
        assert_eq!(parse_answer(&frame[PREFIX_BYTES..]).unwrap(), there);
        assert_eq!(parse_answer(&not_there_frame().unwrap()[PREFIX_BYTES..]).unwrap(), Answer::NotThere);
    }

    #[test]
    fn an_answer_stays_below_1400_bytes_whatever_the_name() {
        for bytes in (0..2000).step_by(7) {
            for letter in ["x", "\"", "鸡"] {
                let frame = there_frame(&letter.repeat(bytes), u64::MAX, MD5.parse().unwrap()).unwrap();
                assert!(frame.len() <= MAX_WRITTEN_BYTES, "{} for {bytes} of {letter}", frame.len());
                let there = Answer::There { size: u64::MAX, md5: MD5.parse().ok() };
                assert_eq!(parse_answer(&frame[PREFIX_BYTES..]).unwrap(), there);
            }
        }
    }

    #[test]
    fn answers_of_others_are_read_and_wrong_ones_are_named() {
        let parsed = |json: &str| parse_answer(json.as_bytes());
        let of = |size, md5: Option<&str>| Answer::There { size, md5: md5.map(|md5| md5.parse().unwrap()) };
        assert_eq!(parsed(r#"{"lenth":"7","size(MB)":0.1}"#).unwrap(), of(7, None));
        assert_eq!(parsed(&format!(r#"{{"len":0,"md5":"{MD5}","size":"0"}}"#)).unwrap(), of(0, Some(MD5)));
        for (json, field) in [
            (r#"{"lenth":-1}"#, "lenth"),
            (r#"{"lenth":1.5}"#, "lenth"),
            (r#"{"lenth":18446744073709551616}"#, "lenth"),
            (r#"{"lenth":1,"size":2}"#, "disagrees"),
            (r#"{"md5":"x"}"#, "missing"),
            ("[]", "object"),
            (r#"{"lenth":1,"lenth":1}"#, "lenth"),
        ] {
            let error = parsed(json).unwrap_err().to_string();
            assert!(error.contains(field), "{json}: {error}");
        }
    }
}
