//! Dropping whole dates.

use crate::clock;
use crate::compaction::removed_file;
use crate::error::LakeError;
use crate::log::{Decision, Line, TableLog};
use chrono::{Days, NaiveDate};

/// Most files dropped in one commit; the rest follows in further ones.
const FILES_MAX: usize = 10_000;

/// Removes the files of dates older than `keep_days`, today included. Returns how many.
pub(crate) async fn retain(log: &TableLog, keep_days: u32, today: NaiveDate) -> Result<usize, LakeError> {
    let days = Days::new(u64::from(keep_days.max(1)) - 1);
    let Some(oldest) = today.checked_sub_days(days) else { return Ok(0) };
    let oldest = oldest.format("%Y-%m-%d").to_string();
    let mut dropped = 0;
    loop {
        let committed = log
            .commit(&[], |state| {
                let now_ms = clock::now_ms();
                let mut lines = vec![Line::commit_info("DELETE", now_ms, false)];
                let expired = state.files().filter(|file| is_expired(&file.date, &oldest)).take(FILES_MAX);
                lines.extend(expired.map(|file| Line::remove(removed_file(file, now_ms, true))));
                let count = lines.len() - 1;
                Ok(if count == 0 { Decision::Done(0) } else { Decision::Commit(lines, count) })
            })
            .await?;
        dropped += committed.value;
        if committed.value < FILES_MAX {
            return Ok(dropped);
        }
    }
}

/// Dates sort as text. A file without a date (another program's) is never dropped.
fn is_expired(date: &str, oldest: &str) -> bool {
    crate::encode::is_date(date) && date < oldest
}
