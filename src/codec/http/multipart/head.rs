//! What is said of a part before its data.

use std::borrow::Cow;
use std::str;

use memchr::memmem;

use crate::codec::http::Fields;
use crate::codec::http::params::{parameter, split};

/// What is said of a part before its data.
#[derive(Clone, Debug)]
pub struct PartHead<'a> {
    /// The name of the form's field. Browsers send quotation marks in it as `%22`, which stays as
    /// it is.
    pub name: Cow<'a, str>,
    /// The name of the file, if the part is one: as the client says, so that it may have `/`, `..`
    /// and anything else in it. Files are better given names of one's own.
    pub filename: Option<Cow<'a, str>>,
    /// The type of the data, if it is said; text otherwise.
    pub content_type: Option<&'a str>,
    /// All fields of the part's head.
    pub headers: &'a Fields,
}

impl<'a> PartHead<'a> {
    /// What the fields say; or what is wrong with them.
    pub(super) fn of(headers: &'a Fields) -> Result<Self, &'static str> {
        let mut dispositions = headers.all("content-disposition");
        let (Some(disposition), None) = (dispositions.next(), dispositions.next()) else {
            return Err("a part of a form without a Content-Disposition, or with two");
        };
        let disposition =
            str::from_utf8(disposition).map_err(|_| "a part's name that is not UTF-8")?;
        let mut parts = split(disposition, ';');
        if !parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("form-data")) {
            return Err("a part that is no form-data");
        }
        let (mut name, mut filename) = (None, None);
        for part in parts {
            let (key, value) = parameter(part).ok_or("a malformed Content-Disposition")?;
            let place = match key {
                key if key.eq_ignore_ascii_case("name") => &mut name,
                key if key.eq_ignore_ascii_case("filename") => &mut filename,
                // RFC 7578 4.2: `filename*` is not for forms.
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Err("a part with two names");
            }
        }
        let name = name.ok_or("a part without a name")?;
        Ok(Self { name, filename, content_type: headers.str("content-type"), headers })
    }
}

/// The fields of a head, whose last line is empty; or what is wrong with them.
pub(super) fn fields(head: &[u8]) -> Result<Fields, &'static str> {
    let mut fields = Fields::new();
    let mut rest = head.strip_suffix(END).unwrap_or(head);
    while !rest.is_empty() {
        let end = memmem::find(rest, END).unwrap_or(rest.len());
        let line = &rest[..end];
        rest = rest.get(end + END.len()..).unwrap_or_default();
        let colon = line.iter().position(|byte| *byte == b':');
        let (name, value) = line.split_at(colon.ok_or("a part's field without a colon")?);
        let name = str::from_utf8(name).unwrap_or_default();
        // A bare CR and lines that go on are refused with other malformed names and values.
        fields.append(name, &value[1..]).map_err(|_| "a malformed field of a part")?;
    }
    Ok(fields)
}

const END: &[u8] = b"\r\n";
