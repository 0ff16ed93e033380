//! Content negotiation: which format an `Accept` header asks for (RFC 9110, section 12.5.1).

use super::problem::ApiError;
use crate::format::Format;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use serde::Deserialize;

/// Formats with their media types; the first is given where the client does not mind.
const FORMATS: &[(Format, &str, &str)] = &[
    (Format::Json, "application", "json"),
    (Format::Csv, "text", "csv"),
    (Format::Arrow, "application", "vnd.apache.arrow.stream"),
];

const KNOWN: &str = "application/json, text/csv, application/vnd.apache.arrow.stream";

/// Media ranges looked at in one request.
const RANGES_MAX: usize = 64;

impl Format {
    /// Value of the `Content-Type` header.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Arrow => "application/vnd.apache.arrow.stream",
        }
    }
}

/// A format by the name that parameter `format` gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FormatName {
    Json,
    Csv,
    Arrow,
}

/// The format that the parameter names, else the one that the client likes best.
pub(super) fn chosen(headers: &HeaderMap, named: Option<FormatName>) -> Result<Format, ApiError> {
    match named {
        None => format(headers),
        Some(FormatName::Json) => Ok(Format::Json),
        Some(FormatName::Csv) => Ok(Format::Csv),
        Some(FormatName::Arrow) => Ok(Format::Arrow),
    }
}

/// The format that the client likes best; JSON without a header.
pub(super) fn format(headers: &HeaderMap) -> Result<Format, ApiError> {
    let values: Vec<&str> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    if values.iter().all(|value| value.trim().is_empty()) {
        return Ok(Format::Json);
    }
    let ranges: Vec<Range<'_>> =
        values.iter().flat_map(|value| value.split(',')).take(RANGES_MAX).filter_map(Range::parse).collect();
    let mut best: Option<(Format, u16)> = None;
    for &(format, kind, subtype) in FORMATS {
        let quality = quality(&ranges, kind, subtype);
        if quality > best.map_or(0, |(_, quality)| quality) {
            best = Some((format, quality));
        }
    }
    best.map(|(format, _)| format).ok_or(ApiError::NotAcceptable(KNOWN))
}

/// Quality, in thousandths, that the most specific range gives to a media type.
fn quality(ranges: &[Range<'_>], kind: &str, subtype: &str) -> u16 {
    let fits = |range: &&Range<'_>| {
        (range.kind == "*" && range.subtype == "*")
            || (range.kind.eq_ignore_ascii_case(kind)
                && (range.subtype == "*" || range.subtype.eq_ignore_ascii_case(subtype)))
    };
    let specific = |range: &&Range<'_>| (range.kind != "*", range.subtype != "*");
    ranges.iter().filter(fits).max_by_key(specific).map_or(0, |range| range.quality)
}

struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    quality: u16,
}

impl<'a> Range<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let mut quality = 1000;
        for parameter in parts {
            if let Some((name, value)) = parameter.split_once('=')
                && name.trim().eq_ignore_ascii_case("q")
            {
                quality = thousandths(value.trim())?;
            }
        }
        Some(Self { kind, subtype, quality })
    }
}

/// `0.875` as 875; `None` where it is no quality.
fn thousandths(text: &str) -> Option<u16> {
    let value: f32 = text.parse().ok()?;
    // In range, so the cast is exact enough.
    (0.0..=1.0).contains(&value).then(|| (value * 1000.0).round() as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(accept: &str, expected: Option<Format>) {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, accept.parse().unwrap());
        assert_eq!(format(&headers).ok(), expected, "{accept}");
    }

    #[test]
    fn the_best_known_format_wins() {
        check("", Some(Format::Json));
        check("*/*", Some(Format::Json));
        check("text/csv", Some(Format::Csv));
        check("TEXT/CSV", Some(Format::Csv));
        check("text/*", Some(Format::Csv));
        check("application/vnd.apache.arrow.stream", Some(Format::Arrow));
        check("application/json;q=0.5, text/csv", Some(Format::Csv));
        check("application/json;q=0.5, text/csv;q=0.4, */*;q=0.1", Some(Format::Json));
        check("application/json;q=0, */*", Some(Format::Csv));
        check("text/html, application/xhtml+xml, */*;q=0.8", Some(Format::Json));
        check("application/*;q=0.2, application/vnd.apache.arrow.stream;q=0.3", Some(Format::Arrow));
        check("text/html", None);
        check("application/json;q=0", None);
        check("nonsense", None);
        check("application/json;q=7", None);
    }

    #[test]
    fn several_headers_are_one_list() {
        let mut headers = HeaderMap::new();
        headers.append(ACCEPT, "text/html".parse().unwrap());
        headers.append(ACCEPT, "text/csv".parse().unwrap());
        assert_eq!(format(&headers).unwrap(), Format::Csv);
    }
}
