//! The bounds of prepared statements.

use super::*;
use datafusion::arrow::datatypes::Schema;
use tonic::Code;

fn prepared(config: GrpcConfig) -> Prepared {
    Prepared::new(&config)
}

fn statement(sql: &str, count: usize) -> Statement {
    let columns = SchemaRef::new(Schema::empty());
    Statement { sql: sql.to_owned(), placeholders: Placeholders::Positional(vec![None; count]), columns }
}

#[tokio::test]
async fn statements_are_counted_and_closed() {
    let prepared = prepared(GrpcConfig { prepared_max: 2, ..GrpcConfig::default() });
    let first = prepared.add(statement("SELECT 1", 0)).unwrap();
    prepared.add(statement("SELECT 2", 0)).unwrap();
    let refused = prepared.add(statement("SELECT 3", 0)).unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(refused.message().contains("prepared_max"), "{refused}");
    prepared.close(&first);
    prepared.close(&first);
    prepared.add(statement("SELECT 3", 0)).unwrap();
    assert_eq!(prepared.statement(&first).unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn values_are_wanted_and_their_bytes_counted() {
    let prepared = prepared(GrpcConfig { prepared_bytes_max: 10_200, ..GrpcConfig::default() });
    let handle = prepared.add(statement("SELECT $1", 1)).unwrap();
    assert_eq!(prepared.with_values(&handle).unwrap_err().code(), Code::InvalidArgument);
    prepared.bind(&handle, Params::none(), 1_500).unwrap();
    assert!(prepared.with_values(&handle).is_ok());
    prepared.bind(&handle, Params::none(), 1_900).unwrap();
    let refused = prepared.bind(&handle, Params::none(), 2_900).unwrap_err();
    assert!(refused.message().contains("grpc.prepared_size_max"), "{refused}");
    // What does not fit leaves no values behind, not the old ones.
    assert_eq!(prepared.with_values(&handle).unwrap_err().code(), Code::InvalidArgument);
    prepared.bind(&handle, Params::none(), 1_900).unwrap();
    prepared.close(&handle);
    assert_eq!(prepared.known.lock().bytes, 0);
}

#[tokio::test]
async fn what_is_not_used_expires() {
    let config = GrpcConfig { prepared_max: 1, prepared_idle_max: Duration::ZERO, ..GrpcConfig::default() };
    let prepared = prepared(config);
    let handle = prepared.add(statement("SELECT 1", 0)).unwrap();
    let gone = prepared.statement(&handle).unwrap_err();
    assert!(gone.message().contains("limit grpc.prepared_idle_max"), "{gone}");
    for _ in 0..3 {
        prepared.add(statement("SELECT 2", 0)).unwrap();
    }
    assert_eq!(prepared.known.lock().by_handle.len(), 1);
}
