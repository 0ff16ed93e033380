//! The token in a request's headers: `Authorization: Bearer`, or `Basic` with the token as password, for tools that
//! know only that.

use crate::refusal::Refusal;
use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::GeneralPurposeConfig;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use std::borrow::Cow;

/// Longest value of the header that is looked at, in bytes.
const VALUE_BYTES_MAX: usize = 1_024;

/// Some clients leave the padding out.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The token's text.
pub(crate) fn token(headers: &HeaderMap) -> Result<Cow<'_, str>, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(Refusal::Missing)?;
    if values.next().is_some() {
        return Err(Refusal::Malformed("there is more than one Authorization header"));
    }
    let value = value.to_str().map_err(|_| Refusal::Malformed("the Authorization header is not ASCII"))?;
    if value.len() > VALUE_BYTES_MAX {
        return Err(Refusal::Malformed("the Authorization header is too long for a token"));
    }
    let (scheme, rest) = value.trim().split_once(' ').unwrap_or((value, ""));
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(Cow::Borrowed(rest));
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let wrong = Refusal::Malformed("the Basic credentials are not base64 of user:token");
        let Ok(plain) = LENIENT.decode(rest) else { return Err(wrong) };
        let Ok(plain) = String::from_utf8(plain) else { return Err(wrong) };
        // The user's name says nothing: the token knows whose it is.
        let Some((_, password)) = plain.split_once(':') else { return Err(wrong) };
        return Ok(Cow::Owned(password.to_owned()));
    }
    Err(Refusal::Malformed("the Authorization header is neither Bearer nor Basic"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(user: &str, token: &str) -> String {
        format!("Basic {}", LENIENT.encode(format!("{user}:{token}")))
    }

    fn read(values: &[&str]) -> Result<String, Refusal> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        token(&headers).map(Cow::into_owned)
    }

    #[test]
    fn bearer_and_basic_give_the_token() {
        for value in ["Bearer abc", "bearer  abc ", "Basic dTphYmM=", "basic dTphYmM", "Basic OmFiYw=="] {
            assert_eq!(read(&[value]).unwrap(), "abc", "{value}");
        }
        assert_eq!(read(&[&basic("", "abc")]).unwrap(), "abc");
    }

    #[test]
    fn all_else_is_refused() {
        assert!(matches!(read(&[]), Err(Refusal::Missing)));
        for values in [
            &["Digest abc"][..],
            &["abc"],
            &["Basic ***"],
            &["Basic YWJj"],
            &["Basic /w=="],
            &["Bearer a", "Bearer a"],
            &[&"x".repeat(2_000)],
        ] {
            assert!(matches!(read(values), Err(Refusal::Malformed(_))), "{values:?}");
        }
    }
}
