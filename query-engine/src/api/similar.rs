//! `GET /api/v1/patterns/{id}/similar`: patterns near to one, what they share, what differs, and why they are not one.
//!
//! The signatures of all patterns of the language are read; the `NEAREST_MAX` nearest are compared exactly.

use super::accept::FormatName;
use super::extract::{Named, Parameters};
use super::patterns::{self, json, objects};
use super::problem::ApiError;
use super::{accept, freshness};
use crate::engine::{Engine, Params};
use crate::error::QueryError;
use crate::format::Format;
use crate::lifecycle::{Lifecycle, PatternState, texts};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use datafusion::common::ScalarValue;
use error_patterns::grouping::{Grouper, GroupingConfig};
use error_patterns::ids::Signature;
use error_patterns::model::RawException;
use error_patterns::resemblance::{Described, Resemblance};
use error_patterns::store::{LISTED_MIN, distance_max};
use futures::TryStreamExt;
use serde::Deserialize;
use serde_json::{Value, json as object};
use std::collections::{BinaryHeap, HashMap, HashSet};

/// Patterns that are compared exactly.
const NEAREST_MAX: usize = 200;
/// Patterns in one answer, unless asked for another number.
const LIMIT_DEFAULT: usize = 10;
/// Patterns in one answer at most.
const LIMIT_MAX: usize = 100;

/// What is known of a pattern from when it was made.
const MADE: &str = "pattern_id, signature, canonical, error_type, canonical_msg, taxonomy_runtime, taxonomy_phase, \
                    taxonomy_type, taxonomy_cause";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SimilarParameters {
    limit: Option<usize>,
    format: Option<FormatName>,
}

pub(super) async fn list(
    State(engine): State<Engine>,
    State(lifecycle): State<Lifecycle>,
    Named(id): Named<String>,
    headers: HeaderMap,
    Parameters(SimilarParameters { limit, format }): Parameters<SimilarParameters>,
) -> Result<Response, ApiError> {
    let limit = limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(ApiError::BadRequest(format!("limit is {limit}, it may be 1 to {LIMIT_MAX}")));
    }
    if accept::chosen(&headers, format)? != Format::Json {
        return Err(ApiError::NotAcceptable("application/json"));
    }
    let (pattern_id, state) = lifecycle.state(&id).await?.ok_or_else(|| ApiError::unknown("pattern", &id))?;
    let answer = async {
        let found = similar(&engine, &pattern_id, &state, limit).await?;
        Ok(json(&object!({ "pattern_id": pattern_id, "items": found })))
    };
    freshness::tagged(&engine, &headers, Format::Json, patterns::TABLES, answer).await
}

async fn similar(
    engine: &Engine,
    pattern_id: &str,
    state: &PatternState,
    limit: usize,
) -> Result<Vec<Value>, ApiError> {
    let Some(own) = made(engine, pattern_id).await? else { return Ok(Vec::new()) };
    let near = nearest(engine, &own).await?;
    let names = names(engine, &near).await?;
    let others: Vec<&String> = near.iter().filter(|id| names.get(*id).unwrap_or(id) != pattern_id).collect();
    if others.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT {MADE} FROM patterns WHERE fact = 'pattern' AND pattern_id IN ({}) ORDER BY time_unix_nano, writer",
        Params::places(1, others.len())
    );
    let values = others.iter().map(|id| ScalarValue::Utf8(Some((*id).clone()))).collect();
    let rows = objects(engine, &sql, values).await?;
    let mut seen = HashSet::new();
    let mut compared: Vec<(Resemblance, String, &Value)> = Vec::new();
    for row in &rows {
        let id = text(row, "pattern_id");
        if !seen.insert(id) {
            continue;
        }
        let resemblance = Resemblance::of(&described(&own), &described(row));
        if resemblance.similarity >= LISTED_MIN {
            let counts_for = names.get(id).map_or(id, String::as_str);
            compared.push((resemblance, counts_for.to_owned(), row));
        }
    }
    compared.sort_by(|a, b| b.0.similarity.total_cmp(&a.0.similarity).then_with(|| a.1.cmp(&b.1)));
    let mut listed = HashSet::new();
    compared.retain(|(_, id, _)| listed.insert(id.clone()));
    compared.truncate(limit);
    let apart = kept_apart(engine, state).await?;
    Ok(compared.iter().map(|(how, id, row)| entry(how, id, row, apart.contains(id))).collect())
}

fn entry(how: &Resemblance, pattern_id: &str, row: &Value, kept_apart: bool) -> Value {
    let why = if kept_apart { "a person decided to keep them apart" } else { how.apart.as_str() };
    object!({
        "pattern_id": pattern_id,
        "error_type": row["error_type"],
        "canonical_msg": row["canonical_msg"],
        "similarity": (how.similarity * 1e4).round() / 1e4,
        "distance": how.distance,
        "threshold": how.threshold,
        "frames_shared": how.frames_shared,
        "frames": how.frames,
        "agrees": how.agrees,
        "differs": how.differs,
        "kept_apart": kept_apart,
        "why_not_one": why,
    })
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap_or_default()
}

fn described(row: &Value) -> Described<'_> {
    Described {
        canonical: text(row, "canonical"),
        phase: text(row, "taxonomy_phase"),
        error_type: text(row, "taxonomy_type"),
        cause: text(row, "taxonomy_cause"),
        message: text(row, "canonical_msg"),
    }
}

/// What is known of a pattern; of one that no processor made (it was split off), from its last exception.
async fn made(engine: &Engine, pattern_id: &str) -> Result<Option<Value>, ApiError> {
    let sql = format!(
        "SELECT {MADE} FROM patterns WHERE fact = 'pattern' AND pattern_id = $1 AND canonical IS NOT NULL \
         ORDER BY time_unix_nano, writer LIMIT 1"
    );
    let value = vec![ScalarValue::Utf8(Some(pattern_id.to_owned()))];
    if let Some(row) = objects(engine, &sql, value).await?.into_iter().next() {
        return Ok(Some(row));
    }
    let sql = "SELECT error_type, message, stack_trace, language, snippet FROM errors \
               WHERE pattern_of(pattern_id, fingerprint) = $1 ORDER BY time_unix_nano DESC LIMIT 1";
    let value = vec![ScalarValue::Utf8(Some(pattern_id.to_owned()))];
    let rows = objects(engine, sql, value).await?;
    Ok(rows.first().map(|row| grouped(pattern_id, row)))
}

fn grouped(pattern_id: &str, row: &Value) -> Value {
    let grouper = Grouper::new(GroupingConfig { cache_entries_max: 1, ..GroupingConfig::default() });
    let grouped = grouper.group(&RawException {
        error_type: row["error_type"].as_str(),
        message: row["message"].as_str(),
        stacktrace: row["stack_trace"].as_str(),
        language: row["language"].as_str(),
        snippet: row["snippet"].as_str(),
        ..RawException::default()
    });
    object!({
        "pattern_id": pattern_id,
        "signature": grouped.signature.to_string(),
        "canonical": grouped.canonical,
        "error_type": grouped.error_type,
        "canonical_msg": grouped.canonical_message,
        "taxonomy_runtime": grouped.taxonomy.runtime.as_str(),
        "taxonomy_phase": grouped.taxonomy.phase.as_str(),
        "taxonomy_type": grouped.taxonomy.error_type,
        "taxonomy_cause": grouped.taxonomy.cause,
    })
}

/// Ids of the patterns of the language whose signatures are nearest.
async fn nearest(engine: &Engine, own: &Value) -> Result<Vec<String>, ApiError> {
    let Ok(signature) = text(own, "signature").parse::<Signature>() else { return Ok(Vec::new()) };
    let sql = "SELECT pattern_id, signature FROM patterns WHERE fact = 'pattern' AND taxonomy_runtime = $1 \
               AND signature IS NOT NULL AND pattern_id <> $2";
    let value = |name: &str| ScalarValue::Utf8(Some(text(own, name).to_owned()));
    let values = Params::positional(vec![value("taxonomy_runtime"), value("pattern_id")]);
    let mut rows = engine.query_with(sql, values).await?;
    let most = distance_max(LISTED_MIN);
    let mut nearest: BinaryHeap<(u32, String)> = BinaryHeap::new();
    while let Some(batch) = rows.try_next().await? {
        for (id, other) in texts(&batch, "pattern_id").zip(texts(&batch, "signature")) {
            let other = other.and_then(|other| other.parse::<Signature>().ok());
            let (Some(id), Some(other)) = (id, other) else { continue };
            let distance = signature.hamming(other);
            if distance <= most {
                nearest.push((distance, id));
                if nearest.len() > NEAREST_MAX {
                    nearest.pop();
                }
            }
        }
    }
    let mut ids: Vec<String> = nearest.into_iter().map(|(_, id)| id).collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// By id, the pattern that it is another name of.
async fn names(engine: &Engine, ids: &[String]) -> Result<HashMap<String, String>, QueryError> {
    let mut names = HashMap::new();
    if ids.is_empty() {
        return Ok(names);
    }
    let places = Params::places(1, ids.len());
    let sql = format!("SELECT alias, pattern_id FROM pattern_aliases WHERE alias IN ({places})");
    let values = ids.iter().map(|id| ScalarValue::Utf8(Some(id.clone()))).collect();
    let mut rows = engine.query_with(&sql, Params::positional(values)).await?;
    while let Some(batch) = rows.try_next().await? {
        let found = texts(&batch, "alias").zip(texts(&batch, "pattern_id"));
        names.extend(found.filter_map(|(alias, id)| Some((alias?, id?))));
    }
    Ok(names)
}

/// Patterns that people keep apart from one.
async fn kept_apart(engine: &Engine, state: &PatternState) -> Result<HashSet<String>, QueryError> {
    let ids: Vec<String> = state
        .apart
        .iter()
        .flat_map(|(left, right)| [left.clone(), right.clone()])
        .take(NEAREST_MAX)
        .collect();
    let names = names(engine, &ids).await?;
    Ok(ids.into_iter().map(|id| names.get(&id).cloned().unwrap_or(id)).collect())
}
