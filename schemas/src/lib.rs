//! The names and layouts that every part of Errata and every outside tool agree on: attribute names,
//! the Arrow schemas of the lake's tables, partition and file layout values.
//!
//! No I/O. Stored schemas only ever gain nullable columns; readers accept all earlier versions.

pub mod attributes;
pub mod layout;
pub mod tables;
