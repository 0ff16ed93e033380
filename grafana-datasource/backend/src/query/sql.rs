//! `sql`: a statement of the user's own.

use super::macros;
use super::model::Format;
use super::report::decorate;
use super::{Asked, framed, shape};
use crate::engine::Engine;
use crate::error::Failure;
use crate::frame::Frame;

pub(super) async fn answer(engine: &Engine, asked: &Asked) -> Result<Vec<Frame>, Failure> {
    if asked.query.raw_sql.trim().is_empty() {
        return Err(Failure::bad_request(
            "the query has no statement: write one, as in SELECT * FROM pattern_report",
        ));
    }
    let values = asked.macro_values(engine);
    let sql = macros::expand(&asked.query.raw_sql, values)?;
    let rows = engine.sql(&sql).await?;
    let mut frame = framed("", &rows, &sql)?;
    decorate(&mut frame, &engine.settings);
    match asked.query.format {
        Format::Table => Ok(vec![shape::table(frame)]),
        Format::Timeseries => shape::time_series(frame),
        Format::Logs => Ok(vec![shape::log_lines(frame)?]),
    }
}
