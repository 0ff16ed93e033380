//! A stream of batches as an HTTP answer of bounded memory.
//!
//! The first bytes are kept back until the answer is whole or has outgrown the buffer: so most failures still have
//! their own status. A failure after that cuts the connection, which no client takes for a whole answer.

use super::problem::ApiError;
use crate::engine::QueryStream;
use crate::error::QueryError;
use crate::format::{Encoder, Format, chunks};
use axum::body::{Body, Bytes};
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use datafusion::arrow::record_batch::RecordBatch;
use futures::StreamExt;
use futures::stream;
use std::collections::VecDeque;

/// Size at which bytes are handed to the connection.
const CHUNK_BYTES: usize = 256 << 10;

/// Encodes an answer; sends it whole where it fits `buffer_bytes`, else piece by piece.
pub(super) async fn respond(
    rows: QueryStream,
    format: Format,
    buffer_bytes: usize,
) -> Result<Response, ApiError> {
    let encoder = Encoder::new(format, &rows.schema())?;
    let mut pieces = Pieces { rows, encoder, waiting: VecDeque::new(), ended: false };
    let mut head = Vec::new();
    while head.len() < buffer_bytes && pieces.fill(&mut head, buffer_bytes).await? {}
    let body = if pieces.ended { Body::from(head) } else { pieces.into_body(head) };
    let mut response = body.into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    Ok(response)
}

/// What is still to be encoded and sent.
struct Pieces {
    rows: QueryStream,
    encoder: Encoder,
    waiting: VecDeque<RecordBatch>,
    ended: bool,
}

impl Pieces {
    /// Appends encoded rows until `out` has `bytes` or the answer ends. `false` at the end.
    async fn fill(&mut self, out: &mut Vec<u8>, bytes: usize) -> Result<bool, QueryError> {
        while out.len() < bytes {
            if let Some(batch) = self.waiting.pop_front() {
                self.encoder.encode(&batch, out)?;
                continue;
            }
            match self.rows.next().await {
                Some(batch) => self.waiting.extend(chunks(&batch?)),
                None => {
                    self.encoder.finish(out)?;
                    self.ended = true;
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn into_body(self, head: Vec<u8>) -> Body {
        let rest = stream::unfold(Some(self), |state| async move {
            let mut pieces = state?;
            if pieces.ended {
                return None;
            }
            let mut out = Vec::with_capacity(CHUNK_BYTES);
            match pieces.fill(&mut out, CHUNK_BYTES).await {
                Ok(_) => Some((Ok(Bytes::from(out)), Some(pieces))),
                Err(error) => {
                    // The answer has begun: its sender sees it break off, and only the log can say why.
                    tracing::warn!(%error, "an answer was broken off");
                    Some((Err(error), None))
                }
            }
        });
        Body::from_stream(stream::once(async { Ok(Bytes::from(head)) }).chain(rest))
    }
}
