//! Arrow IPC stream: schema, batches, end mark. A stream without its end mark is not whole.

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::ipc::writer::StreamWriter;
use datafusion::arrow::record_batch::RecordBatch;

pub(super) struct ArrowStream {
    writer: StreamWriter<Vec<u8>>,
}

impl ArrowStream {
    pub(super) fn new(schema: &SchemaRef) -> Result<Self, ArrowError> {
        Ok(Self { writer: StreamWriter::try_new(Vec::new(), schema)? })
    }

    pub(super) fn encode(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        self.writer.write(batch)?;
        out.append(self.writer.get_mut());
        Ok(())
    }

    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        self.writer.finish()?;
        out.append(self.writer.get_mut());
        Ok(())
    }
}
