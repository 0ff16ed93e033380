//! Data frames: columns with names, labels and display settings, as Grafana's own decoder reads them.
//!
//! A frame travels as one Arrow IPC file: the schema's metadata hold `name`, `refId` and `meta`, a field's metadata
//! `labels`, `config` and `tstype`. Times are nanoseconds without a zone, texts plain UTF-8, JSON is binary.

mod convert;
mod ipc;
mod json;
mod palette;

pub(crate) use convert::grafana;
pub(crate) use json::object as json_frame;
pub(crate) use palette::{severity_color, severity_config};

use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampNanosecondArray,
};
use arrow_schema::DataType;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a column is to Grafana.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Time,
    Number,
    Text,
    Boolean,
    Other,
}

impl Kind {
    fn of(kind: &DataType) -> Self {
        match kind {
            DataType::Timestamp(..) => Self::Time,
            DataType::Utf8 => Self::Text,
            DataType::Boolean => Self::Boolean,
            kind if kind.is_numeric() => Self::Number,
            _ => Self::Other,
        }
    }

    /// As TypeScript names it.
    fn as_str(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Number => "number",
            Self::Text => "string",
            Self::Boolean => "boolean",
            Self::Other => "other",
        }
    }
}

/// One column.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) config: Map<String, Value>,
    /// Of a type that Grafana knows.
    pub(crate) values: ArrayRef,
}

impl Field {
    pub(crate) fn new(name: impl Into<String>, values: ArrayRef) -> Self {
        Self { name: name.into(), labels: BTreeMap::new(), config: Map::new(), values }
    }

    pub(crate) fn times(name: &str, nanos: Vec<i64>) -> Self {
        Self::new(name, Arc::new(TimestampNanosecondArray::from(nanos)))
    }

    pub(crate) fn texts(name: &str, texts: Vec<Option<String>>) -> Self {
        Self::new(name, Arc::new(StringArray::from(texts)))
    }

    pub(crate) fn integers(name: &str, values: Vec<Option<i64>>) -> Self {
        Self::new(name, Arc::new(Int64Array::from(values)))
    }

    pub(crate) fn floats(name: &str, values: Vec<Option<f64>>) -> Self {
        Self::new(name, Arc::new(Float64Array::from(values)))
    }

    pub(crate) fn booleans(name: &str, values: Vec<Option<bool>>) -> Self {
        Self::new(name, Arc::new(BooleanArray::from(values)))
    }

    /// JSON values, which Grafana hands to the panel as they are.
    pub(crate) fn json(name: &str, values: &[Value]) -> Self {
        let texts: Vec<String> = values.iter().map(Value::to_string).collect();
        let bytes: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();
        Self::new(name, Arc::new(BinaryArray::from_vec(bytes)))
    }

    pub(crate) fn kind(&self) -> Kind {
        Kind::of(self.values.data_type())
    }

    /// Sets one of the display settings.
    #[must_use]
    pub(crate) fn set(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.config.insert(name.to_owned(), value.into());
        self
    }

    #[must_use]
    pub(crate) fn labelled(mut self, name: &str, value: impl Into<String>) -> Self {
        self.labels.insert(name.to_owned(), value.into());
        self
    }
}

/// A table with a name and what Grafana should know of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frame {
    pub(crate) name: String,
    pub(crate) meta: Map<String, Value>,
    pub(crate) fields: Vec<Field>,
}

impl Frame {
    pub(crate) fn new(name: impl Into<String>, fields: Vec<Field>) -> Self {
        Self { name: name.into(), meta: Map::new(), fields }
    }

    /// A frame of the engine's columns.
    pub(crate) fn of(name: &str, batch: &RecordBatch) -> Result<Self, crate::error::Failure> {
        let schema = batch.schema();
        let fields = schema.fields().iter().zip(batch.columns());
        let fields = fields.map(|(field, values)| Ok(Field::new(field.name(), grafana(field, values)?)));
        Ok(Self::new(name, fields.collect::<Result<_, crate::error::Failure>>()?))
    }

    /// Sets something that Grafana should know.
    #[must_use]
    pub(crate) fn meta(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.meta.insert(name.to_owned(), value.into());
        self
    }

    /// Says which of Grafana's known forms this is.
    #[must_use]
    pub(crate) fn typed(self, kind: &str, version: [u8; 2]) -> Self {
        self.meta("type", kind).meta("typeVersion", json!(version))
    }

    /// Which view of Explore shows it.
    #[must_use]
    pub(crate) fn shown_as(self, visualisation: &str) -> Self {
        self.meta("preferredVisualisationType", visualisation)
    }

    /// Tells the reader something about the data.
    pub(crate) fn notice(&mut self, severity: &str, text: impl Into<String>) {
        let notices = self.meta.entry("notices").or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(notices) = notices {
            notices.push(json!({ "severity": severity, "text": text.into() }));
        }
    }

    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    pub(crate) fn field_mut(&mut self, name: &str) -> Option<&mut Field> {
        self.fields.iter_mut().find(|field| field.name == name)
    }

    pub(crate) fn rows(&self) -> usize {
        self.fields.first().map_or(0, |field| field.values.len())
    }
}
