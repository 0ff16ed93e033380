//! Answers to questions about what there is: catalogs, schemas, tables, types, keys. No row of the lake is read.

use super::super::status;
use super::prepared::Prepared;
use super::{information, types};
use crate::engine::Engine;
use arrow_flight::sql::{Command, CommandGetDbSchemas, CommandGetTables};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::record_batch::RecordBatch;
use std::sync::Arc;
use tonic::Status;

/// The types of tables, in the words that clients of databases filter by.
const TABLE: &str = "TABLE";
const VIEW: &str = "VIEW";

/// Columns of the answer to a question; `None` where it is none of these.
pub(super) fn schema(question: &Command) -> Result<Option<SchemaRef>, Status> {
    Ok(Some(match question {
        Command::CommandGetCatalogs(wanted) => wanted.into_builder().schema(),
        Command::CommandGetDbSchemas(wanted) => wanted.clone().into_builder().schema(),
        Command::CommandGetTables(wanted) => wanted.clone().into_builder().schema(),
        Command::CommandGetTableTypes(wanted) => wanted.into_builder().schema(),
        Command::CommandGetSqlInfo(_) => information::schema(),
        Command::CommandGetXdbcTypeInfo(_) => types::data().map_err(status::internal)?.schema(),
        Command::CommandGetPrimaryKeys(_) => primary_keys(),
        Command::CommandGetExportedKeys(_)
        | Command::CommandGetImportedKeys(_)
        | Command::CommandGetCrossReference(_) => foreign_keys(),
        _ => return Ok(None),
    }))
}

/// The answer to a question; `None` where it is none of these.
pub(super) async fn rows(
    question: &Command,
    engine: &Engine,
    prepared: &Prepared,
) -> Result<Option<RecordBatch>, Status> {
    let batch = match question {
        Command::CommandGetCatalogs(wanted) => {
            let mut builder = wanted.into_builder();
            builder.append(Engine::CATALOG);
            builder.build()
        }
        Command::CommandGetDbSchemas(wanted) => return schemas(wanted.clone(), engine).await.map(Some),
        Command::CommandGetTables(wanted) => return tables(wanted.clone(), engine).await.map(Some),
        Command::CommandGetTableTypes(wanted) => {
            let mut builder = wanted.into_builder();
            builder.append(TABLE);
            builder.append(VIEW);
            builder.build()
        }
        Command::CommandGetSqlInfo(wanted) => information::rows(&wanted.info, engine, prepared.idle_max()),
        Command::CommandGetXdbcTypeInfo(wanted) => {
            types::data().and_then(|data| data.record_batch(wanted.data_type))
        }
        // Tables of the lake have no keys.
        _ => return Ok(schema(question)?.map(RecordBatch::new_empty)),
    };
    batch.map(Some).map_err(status::internal)
}

async fn schemas(wanted: CommandGetDbSchemas, engine: &Engine) -> Result<RecordBatch, Status> {
    let tables = engine.tables().await.map_err(|error| status::of_query(&error))?;
    let mut names: Vec<&str> = tables.iter().map(|table| table.schema_name).collect();
    names.dedup();
    let mut builder = wanted.into_builder();
    for name in names {
        builder.append(Engine::CATALOG, name);
    }
    builder.build().map_err(status::internal)
}

async fn tables(wanted: CommandGetTables, engine: &Engine) -> Result<RecordBatch, Status> {
    let tables = engine.tables().await.map_err(|error| status::of_query(&error))?;
    let mut builder = wanted.into_builder();
    for table in tables {
        let kind = if table.is_view { VIEW } else { TABLE };
        let appended = builder.append(Engine::CATALOG, table.schema_name, &table.name, kind, &table.columns);
        appended.map_err(status::internal)?;
    }
    builder.build().map_err(status::internal)
}

fn primary_keys() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("catalog_name", DataType::Utf8, true),
        Field::new("db_schema_name", DataType::Utf8, true),
        Field::new("table_name", DataType::Utf8, false),
        Field::new("column_name", DataType::Utf8, false),
        Field::new("key_name", DataType::Utf8, true),
        Field::new("key_sequence", DataType::Int32, false),
    ]))
}

fn foreign_keys() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("pk_catalog_name", DataType::Utf8, true),
        Field::new("pk_db_schema_name", DataType::Utf8, true),
        Field::new("pk_table_name", DataType::Utf8, false),
        Field::new("pk_column_name", DataType::Utf8, false),
        Field::new("fk_catalog_name", DataType::Utf8, true),
        Field::new("fk_db_schema_name", DataType::Utf8, true),
        Field::new("fk_table_name", DataType::Utf8, false),
        Field::new("fk_column_name", DataType::Utf8, false),
        Field::new("key_sequence", DataType::Int32, false),
        Field::new("fk_key_name", DataType::Utf8, true),
        Field::new("pk_key_name", DataType::Utf8, true),
        Field::new("update_rule", DataType::UInt8, false),
        Field::new("delete_rule", DataType::UInt8, false),
    ]))
}
