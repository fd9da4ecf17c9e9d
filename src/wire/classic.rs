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
const SIZE_FIELDS: [&str; 7] = ["file_size", "filesize", "total_size", "lenth", "length", "len", "size"];

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

/// Whether any of the names for a file's name is there.
pub(super) fn has_name(fields: &Fields<'_>) -> bool {
    NAME_FIELDS.iter().any(|field| fields.value(field).is_some())
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
fn agreed<'a, T: PartialEq>(
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
fn size(fields: &Fields<'_>, name: &str) -> Result<u64, WireError> {
    let Ok(text) = fields.text(name) else {
        return fields.whole(name);
    };
    if text.is_empty() || !text.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(bad_field(name.to_owned(), "a whole number", fields.required(name)?));
    }
    text.parse().map_err(|_too_many_digits| WireError::DoesNotFit { field: name.to_owned() })
}
