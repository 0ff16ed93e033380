//! What kind of server this is and what its SQL can do, for `GetSqlInfo`.

use crate::config::QueryConfig;
use crate::engine::Engine;
use arrow_flight::error::Result;
use arrow_flight::sql::metadata::SqlInfoDataBuilder;
use arrow_flight::sql::{
    SqlInfo, SqlNullOrdering, SqlOuterJoinsSupportLevel, SqlSupportedCaseSensitivity, SqlSupportedGroupBy,
    SqlSupportedSubqueries, SqlSupportedTransaction, SqlSupportedUnions, SupportedSqlGrammar,
};
use datafusion::arrow::ARROW_VERSION;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::sql::sqlparser::keywords::{RESERVED_FOR_COLUMN_ALIAS, RESERVED_FOR_TABLE_ALIAS};
use std::sync::Arc;
use std::time::Duration;

/// Columns of the answer.
pub(super) fn schema() -> SchemaRef {
    Arc::new(SqlInfoDataBuilder::schema().clone())
}

/// The facts with these numbers, or all where none is named.
pub(super) fn rows(wanted: &[u32], engine: &Engine, prepared_idle_max: Duration) -> Result<RecordBatch> {
    let mut facts = SqlInfoDataBuilder::new();
    server(&mut facts);
    names(&mut facts);
    language(&mut facts);
    functions(&mut facts, engine);
    limits(&mut facts, engine.config(), prepared_idle_max);
    facts.build()?.record_batch(wanted.iter().copied())
}

fn server(facts: &mut SqlInfoDataBuilder) {
    facts.append(SqlInfo::FlightSqlServerName, "Errata");
    facts.append(SqlInfo::FlightSqlServerVersion, env!("CARGO_PKG_VERSION"));
    facts.append(SqlInfo::FlightSqlServerArrowVersion, ARROW_VERSION);
    facts.append(SqlInfo::FlightSqlServerReadOnly, true);
    facts.append(SqlInfo::FlightSqlServerSql, true);
    facts.append(SqlInfo::FlightSqlServerSubstrait, false);
    facts.append(SqlInfo::FlightSqlServerTransaction, SqlSupportedTransaction::None as i32);
    facts.append(SqlInfo::FlightSqlServerCancel, false);
    facts.append(SqlInfo::FlightSqlServerBulkIngestion, false);
    facts.append(SqlInfo::SqlDdlCatalog, false);
    facts.append(SqlInfo::SqlDdlSchema, false);
    facts.append(SqlInfo::SqlDdlTable, false);
    facts.append(SqlInfo::SqlTransactionsSupported, false);
    facts.append(SqlInfo::SqlBatchUpdatesSupported, false);
    facts.append(SqlInfo::SqlSavepointsSupported, false);
    facts.append(SqlInfo::SqlStoredProceduresSupported, false);
    facts.append(SqlInfo::SqlSelectForUpdateSupported, false);
}

fn names(facts: &mut SqlInfoDataBuilder) {
    // Quoted names are taken as they are, for which there is no word.
    let exact = SqlSupportedCaseSensitivity::SqlCaseSensitivityUnknown as i32;
    let lower = SqlSupportedCaseSensitivity::SqlCaseSensitivityLowercase as i32;
    facts.append(SqlInfo::SqlIdentifierCase, lower);
    facts.append(SqlInfo::SqlQuotedIdentifierCase, exact);
    facts.append(SqlInfo::SqlIdentifierQuoteChar, "\"");
    facts.append(SqlInfo::SqlSearchStringEscape, "\\");
    facts.append(SqlInfo::SqlExtraNameCharacters, "");
    facts.append(SqlInfo::SqlSchemaTerm, "schema");
    facts.append(SqlInfo::SqlCatalogTerm, "catalog");
    facts.append(SqlInfo::SqlProcedureTerm, "procedure");
    facts.append(SqlInfo::SqlCatalogAtStart, true);
    facts.append(SqlInfo::SqlAllTablesAreSelectable, true);
    facts.append(SqlInfo::SqlKeywords, keywords());
}

/// Words that cannot be a name unless they are quoted.
fn keywords() -> Vec<String> {
    let reserved = RESERVED_FOR_TABLE_ALIAS.iter().chain(RESERVED_FOR_COLUMN_ALIAS);
    let mut words: Vec<String> = reserved.map(|word| format!("{word:?}")).collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// Functions by what they are about, for editors that complete names.
fn functions(facts: &mut SqlInfoDataBuilder, engine: &Engine) {
    let all = engine.functions();
    for (fact, subjects) in [
        (SqlInfo::SqlNumericFunctions, ["Math"].as_slice()),
        (SqlInfo::SqlStringFunctions, &["String", "Binary String", "Regular Expression"]),
        (SqlInfo::SqlDatetimeFunctions, &["Time and Date"]),
        (SqlInfo::SqlSystemFunctions, &["Conditional", "Hashing", "Other"]),
    ] {
        let about = |section: &str| {
            section.strip_suffix(" Functions").is_some_and(|subject| subjects.contains(&subject))
        };
        let names = all.iter().filter(|(section, _)| about(section)).map(|(_, name)| name.clone());
        facts.append(fact, names.collect::<Vec<String>>());
    }
}

fn language(facts: &mut SqlInfoDataBuilder) {
    let bits = |values: &[i32]| values.iter().fold(0_i32, |mask, bit| mask | (1 << bit));
    // NULL is the greatest value: last in ASC, first in DESC.
    facts.append(SqlInfo::SqlNullOrdering, SqlNullOrdering::SqlNullsSortedHigh as i32);
    facts.append(SqlInfo::SqlSupportsColumnAliasing, true);
    facts.append(SqlInfo::SqlNullPlusNullIsNull, true);
    facts.append(SqlInfo::SqlSupportsTableCorrelationNames, true);
    facts.append(SqlInfo::SqlSupportsDifferentTableCorrelationNames, false);
    facts.append(SqlInfo::SqlSupportsExpressionsInOrderBy, true);
    facts.append(SqlInfo::SqlSupportsOrderByUnrelated, true);
    facts.append(SqlInfo::SqlSupportsLikeEscapeClause, false);
    facts.append(SqlInfo::SqlSupportsNonNullableColumns, true);
    facts.append(SqlInfo::SqlSupportsIntegrityEnhancementFacility, false);
    facts.append(SqlInfo::SqlCorrelatedSubqueriesSupported, true);
    facts.append(SqlInfo::SqlNamedParametersSupported, true);
    facts.append(SqlInfo::SqlLocatorsUpdateCopy, false);
    facts.append(SqlInfo::SqlStoredFunctionsUsingCallSyntaxSupported, false);
    facts.append(
        SqlInfo::SqlOuterJoinsSupportLevel,
        bits(&[
            SqlOuterJoinsSupportLevel::SqlLimitedOuterJoins as i32,
            SqlOuterJoinsSupportLevel::SqlFullOuterJoins as i32,
        ]),
    );
    facts.append(
        SqlInfo::SqlSupportedGroupBy,
        bits(&[
            SqlSupportedGroupBy::SqlGroupByUnrelated as i32,
            SqlSupportedGroupBy::SqlGroupByBeyondSelect as i32,
        ]),
    );
    facts.append(
        SqlInfo::SqlSupportedGrammar,
        bits(&[SupportedSqlGrammar::SqlMinimumGrammar as i32, SupportedSqlGrammar::SqlCoreGrammar as i32]),
    );
    facts.append(
        SqlInfo::SqlSupportedSubqueries,
        bits(&[
            SqlSupportedSubqueries::SqlSubqueriesInComparisons as i32,
            SqlSupportedSubqueries::SqlSubqueriesInExists as i32,
            SqlSupportedSubqueries::SqlSubqueriesInIns as i32,
        ]),
    );
    facts.append(
        SqlInfo::SqlSupportedUnions,
        bits(&[SqlSupportedUnions::SqlUnion as i32, SqlSupportedUnions::SqlUnionAll as i32]),
    );
}

/// Zero says that there is no limit, or none that is known.
fn limits(facts: &mut SqlInfoDataBuilder, config: &QueryConfig, prepared_idle_max: Duration) {
    let number = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
    let idle_ms = i32::try_from(prepared_idle_max.as_millis()).unwrap_or(i32::MAX);
    facts.append(SqlInfo::FlightSqlServerStatementTimeout, idle_ms);
    facts.append(SqlInfo::FlightSqlServerTransactionTimeout, 0_i32);
    facts.append(SqlInfo::SqlMaxStatementLength, number(config.query_bytes_max));
    facts.append(SqlInfo::SqlMaxTablesInSelect, number(config.tables_max));
    for unlimited in [
        SqlInfo::SqlMaxBinaryLiteralLength,
        SqlInfo::SqlMaxCharLiteralLength,
        SqlInfo::SqlMaxColumnNameLength,
        SqlInfo::SqlMaxColumnsInGroupBy,
        SqlInfo::SqlMaxColumnsInOrderBy,
        SqlInfo::SqlMaxColumnsInSelect,
        SqlInfo::SqlMaxColumnsInTable,
        SqlInfo::SqlMaxConnections,
        SqlInfo::SqlMaxRowSize,
        SqlInfo::SqlMaxStatements,
        SqlInfo::SqlMaxTableNameLength,
    ] {
        facts.append(unlimited, 0_i64);
    }
}
