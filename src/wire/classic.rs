//! The plain protocol's header: its many field names read, and as many of them written as fit. Names are judged by storage.

use super::{
    error::{WireError, quoted},
    fields::{Fields, bad_field},
    frame::{MAX_HEADER_BYTES, PREFIX_BYTES, encode_frame},
    object::ObjectWriter,
};
use crate::model::seal::Md5Digest;

/// The names of the file's name.
const NAME_FIELDS: [&str; 2] = ["file_name", "filename"];

/// The names of its size. The first two are what most programs read.
pub(super) const SIZE_FIELDS: [&str; 7] = ["file_size", "filesize", "total_size", "lenth", "length", "len", "size"];

/// A header is kept to this many bytes with its prefix, since many programs read it in one go and hope.
const MAX_WRITTEN_BYTES: usize = 1400;

/// What a classic sender announces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassicHeader {
    /// As sent: not safe yet.
    pub name: String,
    /// Bytes that follow.
    pub size: u64,
    /// `None`: no usable checksum given.
    pub md5: Option<Md5Digest>,
    /// The folder that the file lay in on the sender.
    pub folder: Option<String>,
}

/// Reads the JSON bytes of a classic header.
///
/// # Errors
/// As for any header; a name or size that is missing, wrong, or given twice and differently.
pub fn parse_classic(json: &[u8]) -> Result<ClassicHeader, WireError> {
    read(&Fields::parse(json)?)
}

/// The whole frame of a classic header, with every field name that is understood as long as all stays within 1,400 bytes.
/// Name, size, digest and an empty folder go first and always.
///
/// # Errors
/// `TooLong` when the name alone is too much.
pub fn classic_header_frame(name: &str, size: u64, md5: Md5Digest) -> Result<Vec<u8>, WireError> {
    let mut json = Vec::with_capacity(MAX_WRITTEN_BYTES);
    let mut to = ObjectWriter::begin(&mut json);
    for field in NAME_FIELDS {
        to.put(field, name)?;
    }
    let (essential, further) = SIZE_FIELDS.split_at(2);
    for field in essential {
        to.put(field, &size)?;
    }
    to.put("md5", &md5.to_string())?;
    to.put("filepath", "")?;
    let digits = size.to_string().len();
    for field in further {
        let added = r#","":}"#.len() + field.len() + digits;
        if PREFIX_BYTES + to.len() + added <= MAX_WRITTEN_BYTES {
            to.put(field, &size)?;
        }
    }
    to.end();
    if json.len() > MAX_HEADER_BYTES {
        return Err(WireError::TooLong { what: quoted(name), bytes: json.len() });
    }
    encode_frame(&json)
}

/// Reads a classic header.
pub(super) fn read(fields: &Fields<'_>) -> Result<ClassicHeader, WireError> {
    let md5 = fields.text("md5").ok().and_then(|text| Md5Digest::parse_any_case(&text));
    let folder = fields.text("filepath").ok().filter(|folder| !folder.is_empty());
    Ok(ClassicHeader {
        name: agreed(fields, &NAME_FIELDS, Fields::text)?,
        size: agreed(fields, &SIZE_FIELDS, size)?,
        md5,
        folder,
    })
}

/// The one value that all of `names` which are there give.
pub(super) fn agreed<'a, T: PartialEq>(
    fields: &Fields<'a>,
    names: &[&'static str],
    read: impl Fn(&Fields<'a>, &str) -> Result<T, WireError>,
) -> Result<T, WireError> {
    let mut found: Option<(&str, T)> = None;
    for name in names.iter().filter(|name| fields.value(name).is_some()) {
        let value = read(fields, name)?;
        match &found {
            Some((earlier, other)) if *other != value => {
                return Err(fields.problem(name, format!("disagrees with {earlier}")));
            }
            Some(_) => {}
            None => found = Some((name, value)),
        }
    }
    found.map(|(_, value)| value).ok_or_else(|| WireError::MissingField { field: names.join(" or ") })
}

/// A number, or the same number as text.
pub(super) fn size(fields: &Fields<'_>, name: &str) -> Result<u64, WireError> {
    let Ok(text) = fields.text(name) else {
        return fields.whole(name);
    };
    if text.is_empty() || !text.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(bad_field(name.to_owned(), "a whole number", fields.required(name)?));
    }
    text.parse().map_err(|_too_many_digits| WireError::DoesNotFit { field: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MD5: &str = "d41d8cd98f00b204e9800998ecf8427e";

    fn parsed(json: &str) -> Result<ClassicHeader, WireError> {
        parse_classic(json.as_bytes())
    }

    #[test]
    fn every_name_that_programs_use_is_understood() {
        for name in NAME_FIELDS {
            for size in SIZE_FIELDS {
                let header = parsed(&format!(r#"{{"{name}":"a.txt","{size}":7,"size(MB)":0.1}}"#)).unwrap();
                assert_eq!((header.name.as_str(), header.size), ("a.txt", 7));
                assert_eq!((header.md5, header.folder), (None, None));
            }
        }
    }

    #[test]
    fn a_size_may_be_written_as_decimal_text() {
        assert_eq!(parsed(r#"{"filename":"a","filesize":"0012"}"#).unwrap().size, 12);
        assert_eq!(parsed(r#"{"filename":"a","filesize":"12","len":12}"#).unwrap().size, 12);
    }

    #[test]
    fn wrong_sizes_are_named_and_never_wrap() {
        let nines = "9".repeat(300);
        let table = [
            "-1",
            "1.5",
            "1e3",
            "null",
            "[]",
            r#""""#,
            r#""+5""#,
            r#""-5""#,
            r#""1.5""#,
            r#"" 5""#,
            r#""five""#,
            "true",
            "18446744073709551616",
            &nines,
            &format!("\"{nines}\""),
            "1e999",
        ];
        for wrong in table {
            let error = parsed(&format!(r#"{{"filename":"a","filesize":{wrong}}}"#)).unwrap_err();
            let (WireError::BadField { field, .. } | WireError::DoesNotFit { field }) = error else {
                panic!("{wrong}: {error}")
            };
            assert_eq!(field, "filesize", "{wrong}");
        }
    }

    #[test]
    fn names_and_sizes_that_disagree_are_refused() {
        let names = parsed(r#"{"file_name":"a","filename":"b","size":1}"#).unwrap_err();
        assert_eq!(names.to_string(), "field filename: disagrees with file_name");
        let sizes = parsed(r#"{"file_name":"a","filesize":1,"lenth":2}"#).unwrap_err();
        assert_eq!(sizes.to_string(), "field lenth: disagrees with filesize");
    }

    #[test]
    fn a_missing_name_or_size_is_named() {
        assert_eq!(parsed(r#"{"size":1}"#).unwrap_err().to_string(), "field file_name or filename is missing");
        assert!(
            matches!(parsed(r#"{"filename":"a"}"#), Err(WireError::MissingField { field }) if field.contains("lenth"))
        );
    }

    #[test]
    fn a_digest_counts_in_either_case_and_anything_else_is_none() {
        let md5 = |value: &str| parsed(&format!(r#"{{"filename":"a","size":0,"md5":{value}}}"#)).unwrap().md5;
        assert_eq!(md5(&format!("\"{MD5}\"")), Some(MD5.parse().unwrap()));
        assert_eq!(md5(&format!("\"{}\"", MD5.to_uppercase())), Some(MD5.parse().unwrap()));
        for unusable in ["null", r#""""#, "5", r#""abc""#, &format!("\"{MD5}0\""), r#""鸡鸡鸡鸡鸡鸡鸡鸡鸡鸡aa""#]
        {
            assert_eq!(md5(unusable), None, "{unusable}");
        }
    }

    #[test]
    fn the_folder_is_what_filepath_says_unless_it_is_empty() {
        let folder =
            |value: &str| parsed(&format!(r#"{{"filename":"a","size":0,"filepath":{value}}}"#)).unwrap().folder;
        assert_eq!(folder(r#""/home/me""#).as_deref(), Some("/home/me"));
        assert_eq!(folder(r#""""#), None);
        assert_eq!(folder("null"), None);
    }

    #[test]
    fn a_written_header_holds_every_name_and_is_understood() {
        let frame = classic_header_frame("鸡.txt", 5, MD5.parse().unwrap()).unwrap();
        let json = std::str::from_utf8(&frame[PREFIX_BYTES..]).unwrap();
        assert_eq!(
            json,
            "{\"file_name\":\"鸡.txt\",\"filename\":\"鸡.txt\",\"file_size\":5,\"filesize\":5,\
             \"md5\":\"d41d8cd98f00b204e9800998ecf8427e\",\"filepath\":\"\",\
             \"total_size\":5,\"lenth\":5,\"length\":5,\"len\":5,\"size\":5}"
        );
        let header = parsed(json).unwrap();
        assert_eq!(header, ClassicHeader { name: "鸡.txt".into(), size: 5, md5: MD5.parse().ok(), folder: None });
    }

    #[test]
    fn a_written_header_stays_below_1400_bytes_unless_the_name_alone_is_longer() {
        for bytes in 0..800 {
            let name = "x".repeat(bytes);
            let frame = classic_header_frame(&name, u64::MAX, MD5.parse().unwrap()).unwrap();
            let essential = bytes * 2 + 200;
            assert!(frame.len() <= MAX_WRITTEN_BYTES.max(essential), "{} for a name of {bytes}", frame.len());
            assert_eq!(parse_classic(&frame[PREFIX_BYTES..]).unwrap().name, name);
        }
        let error = classic_header_frame(&"x".repeat(40_000), 1, MD5.parse().unwrap()).unwrap_err();
        assert!(matches!(error, WireError::TooLong { what, .. } if what.len() == 100));
    }
}
