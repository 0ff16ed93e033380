//! The message types of OTLP traces and logs as tables: what the check, the merging of split messages
//! and the JSON reader go by.
//!
//! Source: opentelemetry-proto 1.10 (`opentelemetry/proto/{common,resource,trace,logs}/v1`), as generated in
//! the crate `opentelemetry-proto` 0.33; a test compares the two by decoding.

use super::protobuf::{FIXED32, FIXED64, LEN, VARINT};

/// One message type. `fields[n - 1]` is field number `n`.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) name: &'static str,
    pub(super) fields: &'static [Option<FieldSchema>],
    /// All fields are members of one `oneof`.
    pub(super) one_of: bool,
    /// What a request's counts count it as.
    pub(super) role: Role,
}

/// A message's place in a request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Role {
    Resource,
    Scope,
    /// Span or log record.
    Item,
    Attribute,
    Other,
}

/// One field.
#[derive(Debug)]
pub(super) struct FieldSchema {
    /// Name in the `.proto` file; JSON accepts it beside [`FieldSchema::json`].
    pub(super) name: &'static str,
    /// Name in JSON.
    pub(super) json: &'static str,
    pub(super) kind: Kind,
}

/// The type of a field.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Bool,
    Int32,
    Uint32,
    Int64,
    Fixed32,
    Fixed64,
    Double,
    /// Names of the values, by number.
    Enum(&'static [&'static str]),
    Text,
    TextList,
    /// Bytes that JSON writes as hex: trace and span ids.
    Hex,
    /// Bytes that JSON writes as base64.
    Base64,
    Message(&'static Schema),
    MessageList(&'static Schema),
}

impl Schema {
    /// The field with this number.
    #[inline]
    pub(super) fn field(&self, number: u32) -> Option<&'static FieldSchema> {
        self.fields.get((number as usize).wrapping_sub(1))?.as_ref()
    }

    /// The field with this name in JSON, and its number.
    pub(super) fn json_field(&self, key: &str) -> Option<(u32, &'static FieldSchema)> {
        (1..).zip(self.fields).find_map(|(number, field)| {
            field.as_ref().filter(|f| f.json == key || f.name == key).map(|f| (number, f))
        })
    }
}

impl Kind {
    /// The wire type the field must come in.
    #[inline]
    pub(super) fn wire_type(self) -> u32 {
        match self {
            Self::Bool | Self::Int32 | Self::Uint32 | Self::Int64 | Self::Enum(_) => VARINT,
            Self::Fixed64 | Self::Double => FIXED64,
            Self::Text
            | Self::TextList
            | Self::Hex
            | Self::Base64
            | Self::Message(_)
            | Self::MessageList(_) => LEN,
            Self::Fixed32 => FIXED32,
        }
    }
}

const fn field(name: &'static str, json: &'static str, kind: Kind) -> Option<FieldSchema> {
    Some(FieldSchema { name, json, kind })
}

/// A field whose name has no underscore.
const fn plain(name: &'static str, kind: Kind) -> Option<FieldSchema> {
    field(name, name, kind)
}

pub(super) static TRACE_REQUEST: Schema = Schema {
    name: "ExportTraceServiceRequest",
    one_of: false,
    role: Role::Other,
    fields: &[field("resource_spans", "resourceSpans", Kind::MessageList(&RESOURCE_SPANS))],
};

static RESOURCE_SPANS: Schema = Schema {
    name: "ResourceSpans",
    one_of: false,
    role: Role::Resource,
    fields: &[
        plain("resource", Kind::Message(&RESOURCE)),
        field("scope_spans", "scopeSpans", Kind::MessageList(&SCOPE_SPANS)),
        field("schema_url", "schemaUrl", Kind::Text),
    ],
};

static SCOPE_SPANS: Schema = Schema {
    name: "ScopeSpans",
    one_of: false,
    role: Role::Scope,
    fields: &[
        plain("scope", Kind::Message(&SCOPE)),
        plain("spans", Kind::MessageList(&SPAN)),
        field("schema_url", "schemaUrl", Kind::Text),
    ],
};

static SPAN: Schema = Schema {
    name: "Span",
    one_of: false,
    role: Role::Item,
    fields: &[
        field("trace_id", "traceId", Kind::Hex),
        field("span_id", "spanId", Kind::Hex),
        field("trace_state", "traceState", Kind::Text),
        field("parent_span_id", "parentSpanId", Kind::Hex),
        plain("name", Kind::Text),
        plain("kind", Kind::Enum(SPAN_KINDS)),
        field("start_time_unix_nano", "startTimeUnixNano", Kind::Fixed64),
        field("end_time_unix_nano", "endTimeUnixNano", Kind::Fixed64),
        plain("attributes", Kind::MessageList(&KEY_VALUE)),
        field("dropped_attributes_count", "droppedAttributesCount", Kind::Uint32),
        plain("events", Kind::MessageList(&EVENT)),
        field("dropped_events_count", "droppedEventsCount", Kind::Uint32),
        plain("links", Kind::MessageList(&LINK)),
        field("dropped_links_count", "droppedLinksCount", Kind::Uint32),
        plain("status", Kind::Message(&STATUS)),
        plain("flags", Kind::Fixed32),
    ],
};

pub(super) static EVENT: Schema = Schema {
    name: "Event",
    one_of: false,
    role: Role::Other,
    fields: &[
        field("time_unix_nano", "timeUnixNano", Kind::Fixed64),
        plain("name", Kind::Text),
        plain("attributes", Kind::MessageList(&KEY_VALUE)),
        field("dropped_attributes_count", "droppedAttributesCount", Kind::Uint32),
    ],
};

pub(super) static LINK: Schema = Schema {
    name: "Link",
    one_of: false,
    role: Role::Other,
    fields: &[
        field("trace_id", "traceId", Kind::Hex),
        field("span_id", "spanId", Kind::Hex),
        field("trace_state", "traceState", Kind::Text),
        plain("attributes", Kind::MessageList(&KEY_VALUE)),
        field("dropped_attributes_count", "droppedAttributesCount", Kind::Uint32),
        plain("flags", Kind::Fixed32),
    ],
};

pub(super) static STATUS: Schema = Schema {
    name: "Status",
    one_of: false,
    role: Role::Other,
    fields: &[None, plain("message", Kind::Text), plain("code", Kind::Enum(STATUS_CODES))],
};

pub(super) static LOG_REQUEST: Schema = Schema {
    name: "ExportLogsServiceRequest",
    one_of: false,
    role: Role::Other,
    fields: &[field("resource_logs", "resourceLogs", Kind::MessageList(&RESOURCE_LOGS))],
};

static RESOURCE_LOGS: Schema = Schema {
    name: "ResourceLogs",
    one_of: false,
    role: Role::Resource,
    fields: &[
        plain("resource", Kind::Message(&RESOURCE)),
        field("scope_logs", "scopeLogs", Kind::MessageList(&SCOPE_LOGS)),
        field("schema_url", "schemaUrl", Kind::Text),
    ],
};

static SCOPE_LOGS: Schema = Schema {
    name: "ScopeLogs",
    one_of: false,
    role: Role::Scope,
    fields: &[
        plain("scope", Kind::Message(&SCOPE)),
        field("log_records", "logRecords", Kind::MessageList(&LOG_RECORD)),
        field("schema_url", "schemaUrl", Kind::Text),
    ],
};

static LOG_RECORD: Schema = Schema {
    name: "LogRecord",
    one_of: false,
    role: Role::Item,
    fields: &[
        field("time_unix_nano", "timeUnixNano", Kind::Fixed64),
        field("severity_number", "severityNumber", Kind::Enum(SEVERITY_NUMBERS)),
        field("severity_text", "severityText", Kind::Text),
        None,
        plain("body", Kind::Message(&ANY_VALUE)),
        plain("attributes", Kind::MessageList(&KEY_VALUE)),
        field("dropped_attributes_count", "droppedAttributesCount", Kind::Uint32),
        plain("flags", Kind::Fixed32),
        field("trace_id", "traceId", Kind::Hex),
        field("span_id", "spanId", Kind::Hex),
        field("observed_time_unix_nano", "observedTimeUnixNano", Kind::Fixed64),
        field("event_name", "eventName", Kind::Text),
    ],
};

static RESOURCE: Schema = Schema {
    name: "Resource",
    one_of: false,
    role: Role::Other,
    fields: &[
        plain("attributes", Kind::MessageList(&KEY_VALUE)),
        field("dropped_attributes_count", "droppedAttributesCount", Kind::Uint32),
        field("entity_refs", "entityRefs", Kind::MessageList(&ENTITY_REF)),
    ],
};

static SCOPE: Schema = Schema {
    name: "InstrumentationScope",
    one_of: false,
    role: Role::Other,
    fields: &[
        plain("name", Kind::Text),
        plain("version", Kind::Text),
        plain("attributes", Kind::MessageList(&KEY_VALUE)),
        field("dropped_attributes_count", "droppedAttributesCount", Kind::Uint32),
    ],
};

static ENTITY_REF: Schema = Schema {
    name: "EntityRef",
    one_of: false,
    role: Role::Other,
    fields: &[
        field("schema_url", "schemaUrl", Kind::Text),
        plain("type", Kind::Text),
        field("id_keys", "idKeys", Kind::TextList),
        field("description_keys", "descriptionKeys", Kind::TextList),
    ],
};

pub(super) static KEY_VALUE: Schema = Schema {
    name: "KeyValue",
    one_of: false,
    role: Role::Attribute,
    fields: &[
        plain("key", Kind::Text),
        plain("value", Kind::Message(&ANY_VALUE)),
        field("key_strindex", "keyStrindex", Kind::Int32),
    ],
};

static ANY_VALUE: Schema = Schema {
    name: "AnyValue",
    one_of: true,
    role: Role::Other,
    fields: &[
        field("string_value", "stringValue", Kind::Text),
        field("bool_value", "boolValue", Kind::Bool),
        field("int_value", "intValue", Kind::Int64),
        field("double_value", "doubleValue", Kind::Double),
        field("array_value", "arrayValue", Kind::Message(&ARRAY_VALUE)),
        field("kvlist_value", "kvlistValue", Kind::Message(&KEY_VALUE_LIST)),
        field("bytes_value", "bytesValue", Kind::Base64),
        field("string_value_strindex", "stringValueStrindex", Kind::Int32),
    ],
};

static ARRAY_VALUE: Schema = Schema {
    name: "ArrayValue",
    one_of: false,
    role: Role::Other,
    fields: &[plain("values", Kind::MessageList(&ANY_VALUE))],
};

static KEY_VALUE_LIST: Schema = Schema {
    name: "KeyValueList",
    one_of: false,
    role: Role::Other,
    fields: &[plain("values", Kind::MessageList(&KEY_VALUE))],
};

const SPAN_KINDS: &[&str] = &[
    "SPAN_KIND_UNSPECIFIED",
    "SPAN_KIND_INTERNAL",
    "SPAN_KIND_SERVER",
    "SPAN_KIND_CLIENT",
    "SPAN_KIND_PRODUCER",
    "SPAN_KIND_CONSUMER",
];

const STATUS_CODES: &[&str] = &["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"];

const SEVERITY_NUMBERS: &[&str] = &[
    "SEVERITY_NUMBER_UNSPECIFIED",
    "SEVERITY_NUMBER_TRACE",
    "SEVERITY_NUMBER_TRACE2",
    "SEVERITY_NUMBER_TRACE3",
    "SEVERITY_NUMBER_TRACE4",
    "SEVERITY_NUMBER_DEBUG",
    "SEVERITY_NUMBER_DEBUG2",
    "SEVERITY_NUMBER_DEBUG3",
    "SEVERITY_NUMBER_DEBUG4",
    "SEVERITY_NUMBER_INFO",
    "SEVERITY_NUMBER_INFO2",
    "SEVERITY_NUMBER_INFO3",
    "SEVERITY_NUMBER_INFO4",
    "SEVERITY_NUMBER_WARN",
    "SEVERITY_NUMBER_WARN2",
    "SEVERITY_NUMBER_WARN3",
    "SEVERITY_NUMBER_WARN4",
    "SEVERITY_NUMBER_ERROR",
    "SEVERITY_NUMBER_ERROR2",
    "SEVERITY_NUMBER_ERROR3",
    "SEVERITY_NUMBER_ERROR4",
    "SEVERITY_NUMBER_FATAL",
    "SEVERITY_NUMBER_FATAL2",
    "SEVERITY_NUMBER_FATAL3",
    "SEVERITY_NUMBER_FATAL4",
];
