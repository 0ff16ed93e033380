//! Spans as rows of the lake give them.

use crate::error::QueryError;
use datafusion::arrow::array::{Array, AsArray, Int64Array, MapArray, StringArray};
use datafusion::arrow::datatypes::Int64Type;
use datafusion::arrow::record_batch::RecordBatch;
use std::sync::Arc;

/// The columns that [`SpanRow`] is read from.
pub(super) const COLUMNS: &str = "trace_id, span_id, parent_span_id, name, kind, time_unix_nano, duration_ns, \
    status_code, status_message, service_name, attributes, resource_attributes, events, links, scope_name, scope_version";

/// Attributes as the lake keeps them: text, ordered by key.
pub(crate) type Attributes = Vec<(String, String)>;

/// One span.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SpanRow {
    pub(crate) time_unix_nano: i64,
    pub(crate) span_id: String,
    pub(crate) trace_id: String,
    pub(crate) parent_span_id: Option<String>,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) duration_ns: i64,
    pub(crate) status_code: String,
    pub(crate) status_message: Option<String>,
    pub(crate) service_name: Option<String>,
    pub(crate) attributes: Attributes,
    /// Shared by the spans of a batch that follow one another with the same resource.
    pub(crate) resource_attributes: Arc<Attributes>,
    /// JSON, as the lake has it.
    pub(crate) events: Option<String>,
    /// JSON, as the lake has it.
    pub(crate) links: Option<String>,
    pub(crate) scope_name: Option<String>,
    pub(crate) scope_version: Option<String>,
}

impl SpanRow {
    /// Memory of this span and its resource.
    pub(super) fn whole_bytes(&self) -> usize {
        self.bytes() + attributes_bytes(&self.resource_attributes)
    }

    /// Memory of this span, without its resource.
    fn bytes(&self) -> usize {
        let optional = [
            &self.parent_span_id,
            &self.status_message,
            &self.service_name,
            &self.events,
            &self.links,
            &self.scope_name,
            &self.scope_version,
        ];
        let optional: usize = optional.into_iter().flatten().map(String::len).sum();
        let texts = [&self.span_id, &self.trace_id, &self.name, &self.kind, &self.status_code];
        let texts: usize = texts.into_iter().map(String::len).sum();
        size_of::<Self>() + texts + optional + attributes_bytes(&self.attributes)
    }
}

fn attributes_bytes(attributes: &Attributes) -> usize {
    attributes.iter().map(|(key, value)| 2 * size_of::<String>() + key.len() + value.len()).sum()
}

/// All spans of one trace, by start.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    /// 32 hex digits.
    pub(crate) id: String,
    pub(crate) spans: Vec<SpanRow>,
}

/// Adds the spans of a batch of [`COLUMNS`], and tells how many bytes they take.
pub(super) fn decode(batch: &RecordBatch, spans: &mut Vec<SpanRow>) -> Result<usize, QueryError> {
    let columns = Columns(batch);
    let [trace_id, span_id, parent, name, kind] =
        columns.texts(["trace_id", "span_id", "parent_span_id", "name", "kind"])?;
    let [status_code, status_message, service] =
        columns.texts(["status_code", "status_message", "service_name"])?;
    let [events, links, scope_name, scope_version] =
        columns.texts(["events", "links", "scope_name", "scope_version"])?;
    let (start, duration) = (columns.integers("time_unix_nano")?, columns.integers("duration_ns")?);
    let (attributes, resource) = (columns.map("attributes")?, columns.map("resource_attributes")?);
    let mut resource_before: Option<Arc<Attributes>> = None;
    let mut bytes = 0;
    for row in 0..batch.num_rows() {
        let resource_here = entries(resource, row);
        let shared = match resource_before.take() {
            Some(before) if *before == resource_here => before,
            _ => {
                bytes += attributes_bytes(&resource_here);
                Arc::new(resource_here)
            }
        };
        resource_before = Some(Arc::clone(&shared));
        let span = SpanRow {
            time_unix_nano: start.value(row),
            span_id: text(span_id, row).unwrap_or_default(),
            trace_id: text(trace_id, row).unwrap_or_default(),
            parent_span_id: text(parent, row).filter(|id| !id.is_empty()),
            name: text(name, row).unwrap_or_default(),
            kind: text(kind, row).unwrap_or_default(),
            duration_ns: duration.value(row),
            status_code: text(status_code, row).unwrap_or_default(),
            status_message: text(status_message, row).filter(|message| !message.is_empty()),
            service_name: text(service, row).filter(|name| !name.is_empty()),
            attributes: entries(attributes, row),
            resource_attributes: shared,
            events: text(events, row),
            links: text(links, row),
            scope_name: text(scope_name, row).filter(|name| !name.is_empty()),
            scope_version: text(scope_version, row).filter(|version| !version.is_empty()),
        };
        bytes += span.bytes();
        spans.push(span);
    }
    Ok(bytes)
}

struct Columns<'a>(&'a RecordBatch);

impl<'a> Columns<'a> {
    fn named<T: 'a>(
        &self,
        name: &str,
        typed: impl Fn(&'a dyn Array) -> Option<&'a T>,
    ) -> Result<&'a T, QueryError> {
        let column = self.0.column_by_name(name);
        column
            .and_then(|column| typed(column.as_ref()))
            .ok_or_else(|| QueryError::internal(format!("column {name} of spans is not of its type")))
    }

    fn texts<const N: usize>(&self, names: [&str; N]) -> Result<[&'a StringArray; N], QueryError> {
        let found = names.iter().map(|name| self.named(name, |column| column.as_string_opt::<i32>()));
        let found: Vec<_> = found.collect::<Result<_, _>>()?;
        found.try_into().map_err(|_| QueryError::internal("as many columns as names"))
    }

    fn integers(&self, name: &str) -> Result<&'a Int64Array, QueryError> {
        self.named(name, |column| column.as_primitive_opt::<Int64Type>())
    }

    fn map(&self, name: &str) -> Result<&'a MapArray, QueryError> {
        self.named(name, |column| column.as_map_opt())
    }
}

fn text(column: &StringArray, row: usize) -> Option<String> {
    column.is_valid(row).then(|| column.value(row).to_owned())
}

/// The entries of one row, by key. Entries without a value are left out.
fn entries(column: &MapArray, row: usize) -> Attributes {
    if column.is_null(row) {
        return Vec::new();
    }
    let pairs = column.value(row);
    let (Some(keys), Some(values)) =
        (pairs.column(0).as_string_opt::<i32>(), pairs.column(1).as_string_opt::<i32>())
    else {
        return Vec::new();
    };
    let mut found: Attributes = (0..pairs.len())
        .filter(|&entry| keys.is_valid(entry) && values.is_valid(entry))
        .map(|entry| (keys.value(entry).to_owned(), values.value(entry).to_owned()))
        .collect();
    found.sort_unstable();
    found
}
