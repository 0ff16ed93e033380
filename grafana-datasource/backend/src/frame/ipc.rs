//! A frame as one Arrow IPC file.

use super::{Field, Frame};
use arrow_array::{Array, RecordBatch};
use arrow_ipc::writer::FileWriter;
use arrow_schema::{ArrowError, Schema};
use std::collections::HashMap;
use std::sync::Arc;

impl Frame {
    /// The bytes that Grafana decodes.
    pub(crate) fn encode(&self, ref_id: &str) -> Result<Vec<u8>, ArrowError> {
        let mut metadata =
            HashMap::from([("name".to_owned(), self.name.clone()), ("refId".to_owned(), ref_id.to_owned())]);
        if !self.meta.is_empty() {
            metadata.insert("meta".to_owned(), serde_json::Value::Object(self.meta.clone()).to_string());
        }
        let fields: Vec<_> = self.fields.iter().map(Field::schema).collect();
        let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
        let mut bytes = Vec::new();
        let mut writer = FileWriter::try_new(&mut bytes, &schema)?;
        if !self.fields.is_empty() {
            let columns = self.fields.iter().map(|field| Arc::clone(&field.values)).collect();
            writer.write(&RecordBatch::try_new(Arc::clone(&schema), columns)?)?;
        }
        writer.finish()?;
        drop(writer);
        Ok(bytes)
    }
}

impl Field {
    /// A column says truly whether it holds nulls: a decoder of one that does not would read a null as an empty value,
    /// and log lines may hold none.
    fn schema(&self) -> arrow_schema::Field {
        let mut metadata = HashMap::from([("tstype".to_owned(), self.kind().as_str().to_owned())]);
        if !self.labels.is_empty() {
            metadata.insert("labels".to_owned(), serde_json::json!(self.labels).to_string());
        }
        if !self.config.is_empty() {
            metadata.insert("config".to_owned(), serde_json::Value::Object(self.config.clone()).to_string());
        }
        arrow_schema::Field::new(&self.name, self.values.data_type().clone(), self.values.null_count() > 0)
            .with_metadata(metadata)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_ipc::reader::FileReader;
    use serde_json::json;
    use std::io::Cursor;

    #[test]
    fn a_frame_keeps_all_that_it_has() {
        let fields = vec![
            Field::times("time", vec![1, 2]),
            Field::floats("value", vec![Some(0.5), None]).labelled("group", "a\"b").set("unit", "short"),
            Field::json("tags", &[json!([{"key": "a"}]), json!({})]),
        ];
        let frame = Frame::new("n", fields).typed("timeseries-multi", [0, 1]);
        let bytes = frame.encode("A").unwrap();
        let mut reader = FileReader::try_new(Cursor::new(bytes), None).unwrap();
        let schema = reader.schema();
        assert_eq!(schema.metadata()["name"], "n");
        assert_eq!(schema.metadata()["refId"], "A");
        assert_eq!(schema.metadata()["meta"], r#"{"type":"timeseries-multi","typeVersion":[0,1]}"#);
        let value = schema.field(1).metadata();
        assert_eq!(value["labels"], r#"{"group":"a\"b"}"#);
        assert_eq!((value["config"].as_str(), value["tstype"].as_str()), (r#"{"unit":"short"}"#, "number"));
        assert_eq!(schema.field(2).metadata()["tstype"], "other");
        let batch = reader.next().unwrap().unwrap();
        assert_eq!((batch.num_rows(), batch.column(1).null_count()), (2, 1));
    }

    #[test]
    fn a_frame_without_columns_is_one_too() {
        let bytes = Frame::default().encode("A").unwrap();
        assert!(FileReader::try_new(Cursor::new(bytes), None).unwrap().next().is_none());
    }
}
