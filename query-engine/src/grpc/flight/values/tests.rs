//! What clients send as values, well and badly formed.

use super::*;
use arrow_flight::encode::FlightDataEncoderBuilder;
use datafusion::arrow::array::{ArrayRef, DictionaryArray, Int64Array, ListArray, StringArray};
use datafusion::arrow::datatypes::{Int32Type, Int64Type};
use datafusion::arrow::ipc::CompressionType;
use datafusion::arrow::ipc::writer::IpcWriteOptions;
use futures::stream::{self, StreamExt};
use std::sync::Arc;

fn row() -> RecordBatch {
    let words: DictionaryArray<Int32Type> = ["word"].into_iter().collect();
    let list = ListArray::from_iter_primitive::<Int64Type, _, _>([Some([Some(1), None])]);
    RecordBatch::try_from_iter([
        ("0", Arc::new(Int64Array::from(vec![7])) as ArrayRef),
        ("1", Arc::new(StringArray::from(vec!["text of some length"]))),
        ("2", Arc::new(list)),
        ("3", Arc::new(words)),
    ])
    .unwrap()
}

async fn messages(rows: Vec<RecordBatch>, options: IpcWriteOptions) -> Vec<FlightData> {
    let rows = stream::iter(rows.into_iter().map(Ok));
    FlightDataEncoderBuilder::new().with_options(options).build(rows).try_collect().await.unwrap()
}

async fn read_all(messages: Vec<FlightData>, placeholders: &Placeholders) -> Result<(Params, usize), Status> {
    read(stream::iter(messages.into_iter().map(Ok)).boxed(), placeholders).await
}

fn four() -> Placeholders {
    Placeholders::Positional(vec![None; 4])
}

#[tokio::test]
async fn one_row_is_read() {
    let sent = messages(vec![row()], IpcWriteOptions::default()).await;
    let (_values, bytes) = read_all(sent.clone(), &four()).await.unwrap();
    assert!(bytes > 0);
    let refused = read_all(sent, &Placeholders::Positional(vec![None])).await.unwrap_err();
    assert!(refused.message().contains("1 placeholders, 4 values"), "{refused}");
    for rows in [vec![row(), row()], vec![row().slice(0, 0)], vec![]] {
        let sent = messages(rows, IpcWriteOptions::default()).await;
        assert_eq!(read_all(sent, &four()).await.unwrap_err().code(), tonic::Code::InvalidArgument);
    }
}

/// Some bytes on the wire could be very many in memory.
#[tokio::test]
async fn compressed_values_are_refused() {
    let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::ZSTD)).unwrap();
    let sent = messages(vec![row()], options).await;
    let refused = read_all(sent, &four()).await.unwrap_err();
    assert!(refused.message().contains("compressed"), "{refused}");
}

/// A xorshift generator: the same bytes are damaged in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap()
    }

    fn damage(&mut self, bytes: &mut Vec<u8>) {
        if self.below(10) == 0 {
            bytes.truncate(self.below(bytes.len()));
        }
        for _ in 0..=self.below(4) {
            let place = self.below(bytes.len());
            let byte = u8::try_from(self.below(256)).unwrap();
            if let Some(damaged) = bytes.get_mut(place) {
                *damaged = byte;
            }
        }
    }
}

#[tokio::test]
async fn damaged_messages_harm_nobody() {
    let whole = messages(vec![row()], IpcWriteOptions::default()).await;
    let mut dice = Dice(0x5eed);
    let mut refused = 0;
    for _ in 0..4_000 {
        let mut sent = whole.clone();
        let place = dice.below(sent.len());
        let message = &mut sent[place];
        let part = if dice.below(3) == 0 { &mut message.data_body } else { &mut message.data_header };
        let mut bytes = part.to_vec();
        dice.damage(&mut bytes);
        *part = bytes.into();
        refused += usize::from(read_all(sent, &four()).await.is_err());
    }
    assert!((1_000..4_000).contains(&refused), "{refused}");
}
