//! Lists, a page at a time: JSON with `items` and `next_cursor`, or rows as CSV or Arrow; the next page is also a
//! `Link` header.
//!
//! Bounds: `LIMIT_MAX` rows a page; a page is ended early at `PAGE_BYTES_MAX`, and goes on at its cursor.

use super::accept::{self, FormatName};
use super::conditions::Conditions;
use super::cursor::{self, Key};
use super::problem::ApiError;
use crate::engine::{Engine, Params};
use crate::error::QueryError;
use crate::format::{Encoder, Format};
use axum::http::header::{CONTENT_TYPE, LINK};
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::record_batch::RecordBatch;
use futures::TryStreamExt;
use serde_json::{Value, json};
use url::form_urlencoded::{self, Serializer};

/// Rows in one answer, unless asked for another number.
const LIMIT_DEFAULT: u32 = 100;
/// Rows in one answer at most.
const LIMIT_MAX: u32 = 10_000;
/// Bytes in memory after which a page is ended.
const PAGE_BYTES_MAX: usize = 32 << 20;

/// What a client asks of a list beside its filters.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) uri: &'a Uri,
    pub(super) headers: &'a HeaderMap,
    pub(super) limit: Option<u32>,
    pub(super) cursor: Option<String>,
    pub(super) format: Option<FormatName>,
}

/// A list: all its rows, and their order.
#[derive(Debug)]
pub(super) struct List<'a> {
    /// Its name in cursors.
    pub(super) name: &'static str,
    /// A query of all rows.
    pub(super) select: String,
    /// Conditions on the rows, with the values of `select` too.
    pub(super) conditions: Conditions,
    /// What the rows are ordered by; the last tells all rows apart.
    pub(super) keys: &'a [Key],
    /// Makes an item of a row's object.
    pub(super) item: Option<fn(Value) -> Value>,
    /// Where the list goes on when all rows are on the page; `None` where it ends.
    pub(super) more: Option<Vec<Value>>,
}

impl Asked<'_> {
    /// The format of the answer.
    pub(super) fn format(&self) -> Result<Format, ApiError> {
        accept::chosen(self.headers, self.format)
    }

    /// Rows on the page.
    pub(super) fn limit(&self) -> Result<usize, ApiError> {
        let limit = self.limit.unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(ApiError::BadRequest(format!("limit is {limit}, it may be 1 to {LIMIT_MAX}")));
        }
        Ok(limit as usize)
    }

    /// The same request with another cursor, as a `Link` header.
    fn next(&self, cursor: &str) -> Option<HeaderValue> {
        let mut query = Serializer::new(String::new());
        let before = self.uri.query().unwrap_or_default();
        query.extend_pairs(form_urlencoded::parse(before.as_bytes()).filter(|(name, _)| name != "cursor"));
        query.append_pair("cursor", cursor);
        HeaderValue::from_str(&format!("<{}?{}>; rel=\"next\"", self.uri.path(), query.finish())).ok()
    }
}

/// One page of a list.
pub(super) async fn respond(
    engine: &Engine,
    asked: &Asked<'_>,
    mut list: List<'_>,
) -> Result<Response, ApiError> {
    let (format, limit) = (asked.format()?, asked.limit()?);
    if let Some(text) = &asked.cursor {
        let values = cursor::read(list.name, list.keys, text)?;
        let places: Vec<String> = values.into_iter().map(|value| list.conditions.place(value)).collect();
        list.conditions.add(cursor::behind(list.keys, &places, &list.select));
    }
    let sql = format!(
        "SELECT * FROM ({}) AS listed {} ORDER BY {} LIMIT {}",
        list.select,
        list.conditions.where_clause(),
        cursor::order_by(list.keys),
        limit + 1
    );
    let (page, more) = rows(engine, &sql, list.conditions, limit).await?;
    let last = page.num_rows().checked_sub(1).filter(|_| more);
    let next = match last {
        Some(row) => cursor::write(list.name, list.keys, &page, row),
        None => list.more.map(|values| cursor::text(list.name, list.keys, values)),
    };
    let mut encoder = Encoder::new(format, &page.schema())?;
    let mut bytes = Vec::new();
    for chunk in crate::format::chunks(&page) {
        encoder.encode(&chunk, &mut bytes)?;
    }
    encoder.finish(&mut bytes)?;
    if format == Format::Json {
        bytes = items(bytes, next.as_deref(), list.item)?;
    }
    let mut response = ([(CONTENT_TYPE, format.content_type())], bytes).into_response();
    if let Some(link) = next.and_then(|cursor| asked.next(&cursor)) {
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}

/// Rows of a page, and whether there are more.
async fn rows(
    engine: &Engine,
    sql: &str,
    conditions: Conditions,
    limit: usize,
) -> Result<(RecordBatch, bool), ApiError> {
    let mut rows = engine.query_with(sql, Params::positional(conditions.into_values())).await?;
    let schema = rows.schema();
    let (mut batches, mut count, mut bytes) = (Vec::new(), 0, 0);
    while let Some(batch) = rows.try_next().await? {
        if bytes > PAGE_BYTES_MAX && batch.num_rows() > 0 {
            return Ok((concat_batches(&schema, &batches).map_err(QueryError::internal)?, true));
        }
        count += batch.num_rows();
        bytes += batch.get_array_memory_size();
        batches.push(batch);
    }
    let all = concat_batches(&schema, &batches).map_err(QueryError::internal)?;
    Ok((all.slice(0, count.min(limit)), count > limit))
}

/// The body around the rows of a page, which are a JSON array.
fn items(rows: Vec<u8>, next: Option<&str>, item: Option<fn(Value) -> Value>) -> Result<Vec<u8>, ApiError> {
    let rows = match item {
        None => rows,
        Some(item) => {
            let rows: Vec<Value> = serde_json::from_slice(&rows).map_err(QueryError::internal)?;
            Value::Array(rows.into_iter().map(item).collect()).to_string().into_bytes()
        }
    };
    let mut body = b"{\"items\":".to_vec();
    body.extend(rows.trim_ascii_end());
    body.extend(format!(",\"next_cursor\":{}}}\n", json!(next)).into_bytes());
    Ok(body)
}
