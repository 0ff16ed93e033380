//! The types of columns as JDBC and ODBC number them.

use arrow_flight::error::Result;
use arrow_flight::sql::metadata::{XdbcTypeInfo, XdbcTypeInfoData, XdbcTypeInfoDataBuilder};
use arrow_flight::sql::{Nullable, Searchable, XdbcDataType, XdbcDatetimeSubcode};

/// Every type that a cast knows.
pub(super) fn data() -> Result<XdbcTypeInfoData> {
    let mut builder = XdbcTypeInfoDataBuilder::new();
    for (name, kind, digits) in [
        ("TINYINT", XdbcDataType::XdbcTinyint, 3),
        ("SMALLINT", XdbcDataType::XdbcSmallint, 5),
        ("INTEGER", XdbcDataType::XdbcInteger, 10),
        ("BIGINT", XdbcDataType::XdbcBigint, 19),
        ("REAL", XdbcDataType::XdbcReal, 7),
        ("DOUBLE", XdbcDataType::XdbcDouble, 15),
        ("DECIMAL", XdbcDataType::XdbcDecimal, 38),
    ] {
        builder.append(XdbcTypeInfo {
            column_size: Some(digits),
            unsigned_attribute: Some(false),
            num_prec_radix: Some(10),
            ..plain(name, kind)
        });
    }
    builder.append(XdbcTypeInfo { column_size: Some(1), ..plain("BOOLEAN", XdbcDataType::XdbcBit) });
    builder.append(XdbcTypeInfo {
        literal_prefix: quote(),
        literal_suffix: quote(),
        case_sensitive: true,
        searchable: Searchable::Full,
        ..plain("VARCHAR", XdbcDataType::XdbcVarchar)
    });
    builder.append(XdbcTypeInfo {
        literal_prefix: Some("X'".to_owned()),
        literal_suffix: quote(),
        ..plain("BYTEA", XdbcDataType::XdbcVarbinary)
    });
    // The subcode of a date is that of a year.
    for (name, kind, subcode, size) in [
        ("DATE", XdbcDataType::XdbcDate, XdbcDatetimeSubcode::XdbcSubcodeYear, 10),
        ("TIME", XdbcDataType::XdbcTime, XdbcDatetimeSubcode::XdbcSubcodeTime, 18),
        ("TIMESTAMP", XdbcDataType::XdbcTimestamp, XdbcDatetimeSubcode::XdbcSubcodeTimestamp, 29),
    ] {
        builder.append(XdbcTypeInfo {
            column_size: Some(size),
            literal_prefix: Some(format!("{name} '")),
            literal_suffix: quote(),
            sql_data_type: XdbcDataType::XdbcDatetime,
            datetime_subcode: Some(subcode),
            ..plain(name, kind)
        });
    }
    builder.build()
}

fn quote() -> Option<String> {
    Some("'".to_owned())
}

fn plain(name: &str, kind: XdbcDataType) -> XdbcTypeInfo {
    XdbcTypeInfo {
        type_name: name.to_owned(),
        data_type: kind,
        sql_data_type: kind,
        nullable: Nullable::NullabilityNullable,
        searchable: Searchable::Basic,
        local_type_name: Some(name.to_owned()),
        ..XdbcTypeInfo::default()
    }
}
