//! What a client would like best (RFC 9110 12.4, 12.5).

use super::params::{parameter, split};

/// Which of the codings that a body can have a client prefers, by its `Accept-Encoding` (RFC 9110
/// 12.5.3): an index into `offers`.
///
/// Of codings it likes equally the first counts. `identity`, the body as it is, is acceptable unless
/// the client refuses it, and the last choice where the client does not name it. Without the field
/// (`None`) it is the first choice: some clients that don't send the field cannot decode anything.
/// `x-gzip` is `gzip`. Elements that are malformed are ignored.
///
/// `None`: nothing on offer is acceptable.
///
/// ```
/// use sockeye::http::accept;
///
/// let offers = ["br", "gzip", "identity"];
/// assert_eq!(accept::preferred_encoding(Some("gzip, deflate, br"), &offers), Some(0));
/// assert_eq!(accept::preferred_encoding(Some("gzip;q=0.5, br;q=0.1"), &offers), Some(1));
/// assert_eq!(accept::preferred_encoding(Some(""), &offers), Some(2));
/// assert_eq!(accept::preferred_encoding(None, &offers), Some(2));
/// assert_eq!(accept::preferred_encoding(Some("*;q=0"), &offers), None);
/// ```
pub fn preferred_encoding(header: Option<&str>, offers: &[&str]) -> Option<usize> {
    best(offers, |offer| {
        let is_identity = offer.eq_ignore_ascii_case("identity");
        let Some(header) = header else { return 1 + u16::from(is_identity) };
        let unnamed = || quality_of(header, "*").unwrap_or(u16::from(is_identity));
        quality_of(header, offer).unwrap_or_else(unnamed)
    })
}

/// Which of these media types a client prefers, by its `Accept` (RFC 9110 12.5.1): an index into
/// `offers`.
///
/// Each offer has the quality of the range that fits it most closely: `text/html;level=1` before
/// `text/html`, `text/*` and `*/*`. Of types it likes equally the first counts, and of all if it does
/// not say what it likes (`None`). Elements that are malformed are ignored; if that leaves none, as if
/// there were no field.
///
/// `None`: nothing on offer is acceptable. A server may serve it nevertheless.
///
/// ```
/// use sockeye::http::accept;
///
/// let offers = ["application/json", "text/html; charset=utf-8"];
/// assert_eq!(accept::preferred_media(Some("text/html, */*;q=0.8"), &offers), Some(1));
/// assert_eq!(accept::preferred_media(Some("*/*"), &offers), Some(0));
/// assert_eq!(accept::preferred_media(Some("image/*"), &offers), None);
/// ```
pub fn preferred_media(header: Option<&str>, offers: &[&str]) -> Option<usize> {
    let ranges = split(header.unwrap_or_default(), ',').filter_map(Range::parse);
    let ranges = ranges.collect::<Vec<_>>();
    best(offers, |offer| {
        let fits = ranges.iter().filter_map(|range| Some((range.closeness(offer)?, range.quality)));
        match fits.max() {
            Some((_, quality)) => quality,
            None => u16::from(ranges.is_empty()),
        }
    })
}

/// The first of those with the highest quality, unless that is 0.
fn best(offers: &[&str], quality: impl Fn(&str) -> u16) -> Option<usize> {
    let rated = offers.iter().enumerate().map(|(at, offer)| (quality(offer), at));
    let best = rated.filter(|(quality, _)| *quality > 0);
    best.min_by_key(|(quality, at)| (u16::MAX - quality, *at)).map(|(_, at)| at)
}

/// The quality that a list gives a coding by name; the highest, if it is named more than once.
fn quality_of(list: &str, coding: &str) -> Option<u16> {
    let named = split(list, ',').filter_map(|element| {
        let (name, quality) = element.split_once(';').unwrap_or((element, "q=1"));
        let quality = weight(quality)?;
        let name = canonical(name.trim_end_matches([' ', '\t']));
        name.eq_ignore_ascii_case(canonical(coding)).then_some(quality)
    });
    named.max()
}

/// Of two names for one coding the one in use (RFC 9110 8.4.1.3).
fn canonical(coding: &str) -> &str {
    if coding.eq_ignore_ascii_case("x-gzip") { "gzip" } else { coding }
}

/// The parameter `q` as twice its thousandths: 0 to 2000. Between 0 and the least of what is named
/// there is room for what is not.
fn weight(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.trim_matches([' ', '\t']).split_once('=')?;
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    if !name.eq_ignore_ascii_case("q") || !matches!(whole, "0" | "1") || fraction.len() > 3 {
        return None;
    }
    let mut thousandths = if whole == "1" { 1000 } else { 0 };
    for (digit, worth) in fraction.chars().zip([100, 10, 1]) {
        thousandths += digit.to_digit(10)? as u16 * worth;
    }
    (thousandths <= 1000).then_some(thousandths * 2)
}

/// An element of `Accept`.
struct Range<'a> {
    main: &'a str,
    sub: &'a str,
    /// Those before `q`, as text.
    parameters: Vec<&'a str>,
    quality: u16,
}

impl<'a> Range<'a> {
    fn parse(element: &'a str) -> Option<Self> {
        let mut parts = split(element, ';');
        let (main, sub) = parts.next()?.split_once('/')?;
        let (mut parameters, mut quality) = (Vec::new(), 2000);
        for part in parts {
            if part.starts_with(['q', 'Q']) && part[1..].starts_with('=') {
                quality = weight(part)?;
                // What follows has had a meaning of its own once (RFC 9110 12.5.1).
                break;
            }
            parameters.push(part);
        }
        let well_formed = !main.is_empty() && !sub.is_empty() && (main != "*" || sub == "*");
        well_formed.then_some(Self { main, sub, parameters, quality })
    }

    /// How closely it fits a type, if it does: more is closer.
    fn closeness(&self, offer: &str) -> Option<usize> {
        let mut parts = split(offer, ';');
        let (main, sub) = parts.next()?.split_once('/')?;
        let offered = parts.collect::<Vec<_>>();
        let has = |wanted: &&str| offered.iter().any(|offered| is_same(wanted, offered));
        let named = [(self.main, main), (self.sub, sub)];
        let fits =
            named.iter().all(|(wanted, is)| *wanted == "*" || wanted.eq_ignore_ascii_case(is));
        let closeness = named.iter().filter(|(wanted, _)| *wanted != "*").count();
        (fits && self.parameters.iter().all(has)).then(|| closeness + self.parameters.len())
    }
}

/// Whether two parameters say the same, quoted or not, in whatever case.
fn is_same(one: &str, other: &str) -> bool {
    let (Some(one), Some(other)) = (parameter(one), parameter(other)) else { return false };
    one.0.eq_ignore_ascii_case(other.0) && one.1.eq_ignore_ascii_case(&other.1)
}
