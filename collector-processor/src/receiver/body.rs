//! Reading and decompressing request bodies within their limits.

use super::{Permit, Refusal};
use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt;
use std::io::Read;

/// Reads a whole body of at most `limit` bytes and charges it to `permit` as it arrives.
///
/// # Errors
/// [`Refusal::TooLarge`] over the limit, [`Refusal::Busy`] over the memory bound, [`Refusal::Malformed`]
/// when the sender breaks off.
pub(super) async fn read<B>(mut body: B, limit: usize, permit: &mut Permit) -> Result<Bytes, Refusal>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let expected = body.size_hint().exact().and_then(|n| usize::try_from(n).ok());
    if expected.is_some_and(|n| n > limit) {
        return Err(Refusal::TooLarge { limit });
    }
    let mut first = None;
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|e| Refusal::Malformed(format!("the body broke off: {e}")))?;
        let Ok(data) = frame.into_data() else { continue };
        let bytes = whole.len() + first.as_ref().map_or(0, Bytes::len) + data.len();
        if bytes > limit {
            return Err(Refusal::TooLarge { limit });
        }
        permit.resize(bytes)?;
        match (first.take(), whole.is_empty()) {
            (None, true) => first = Some(data),
            (Some(one), _) => {
                // What a sender announces is believed as far as he sends.
                whole.reserve(expected.unwrap_or(bytes).min(bytes.saturating_mul(8)));
                whole.extend_from_slice(&one);
                whole.extend_from_slice(&data);
            }
            (None, false) => whole.extend_from_slice(&data),
        }
    }
    Ok(first.unwrap_or_else(|| whole.freeze()))
}

/// Throws away what is left of a body, at most `limit` bytes, so that the answer reaches a sender that
/// reads only after it has sent everything.
pub(super) async fn drain<B: Body<Data = Bytes> + Unpin>(mut body: B, limit: usize) {
    let mut seen = 0;
    while let Some(Ok(frame)) = body.frame().await {
        seen += frame.data_ref().map_or(0, Bytes::len);
        if seen > limit {
            return;
        }
    }
}

/// Undoes a `Content-Encoding` within `limit` bytes of output.
///
/// # Errors
/// [`Refusal::Unsupported`] for another coding than gzip, zstd or identity, [`Refusal::Malformed`] for
/// corrupt data, [`Refusal::TooLarge`], [`Refusal::Busy`].
pub(super) fn decompress(
    coding: &str,
    body: Bytes,
    limit: usize,
    permit: &mut Permit,
) -> Result<Bytes, Refusal> {
    let malformed = |e: std::io::Error| Refusal::Malformed(format!("content-encoding {coding}: {e}"));
    let mut plain = Vec::new();
    let at_most = limit as u64 + 1;
    match coding.trim().to_ascii_lowercase().as_str() {
        "" | "identity" => return Ok(body),
        "gzip" | "x-gzip" => {
            flate2::read::MultiGzDecoder::new(body.as_ref()).take(at_most).read_to_end(&mut plain)
        }
        "zstd" => match zstd::stream::read::Decoder::with_buffer(body.as_ref()) {
            Ok(decoder) => decoder.take(at_most).read_to_end(&mut plain),
            Err(e) => Err(e),
        },
        other => {
            return Err(Refusal::Unsupported(format!(
                "content-encoding {other} is not supported; use gzip or zstd"
            )));
        }
    }
    .map_err(malformed)?;
    if plain.len() > limit {
        return Err(Refusal::TooLarge { limit });
    }
    permit.resize(plain.len())?;
    Ok(plain.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receiver::{Admission, ReceiverConfig};
    use std::io::Write;

    fn gzip(plain: &[u8]) -> Bytes {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap().into()
    }

    #[test]
    fn codings_round_trip_within_the_limit() {
        let admission = Admission::new(&ReceiverConfig::default());
        let mut permit = admission.request().unwrap();
        let plain = vec![7u8; 100_000];
        let coded = [("gzip", gzip(&plain)), ("zstd", zstd::encode_all(&plain[..], 1).unwrap().into())];
        for (coding, body) in coded {
            assert_eq!(decompress(coding, body.clone(), 100_000, &mut permit).unwrap(), plain);
            assert!(matches!(
                decompress(coding, body.clone(), 99_999, &mut permit),
                Err(Refusal::TooLarge { .. })
            ));
            let cut = body.slice(..body.len() - 9);
            assert!(matches!(decompress(coding, cut, 100_000, &mut permit), Err(Refusal::Malformed(_))));
        }
        assert!(matches!(decompress("br", Bytes::new(), 9, &mut permit), Err(Refusal::Unsupported(_))));
    }
}
