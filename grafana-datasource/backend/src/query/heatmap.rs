//! `heatmap`: how often exceptions occurred, hour by hour and group by group, as rows of Grafana's heat map.

use super::Asked;
use super::model::GroupBy;
use super::series;
use crate::engine::Engine;
use crate::error::Failure;
use crate::frame::{Field, Frame};
use std::collections::BTreeMap;

const HOUR_MS: i64 = 3_600_000;

pub(super) async fn answer(engine: &Engine, asked: &Asked) -> Result<Vec<Frame>, Failure> {
    let step_ms = series::step_ms(engine, asked, HOUR_MS)?;
    let group_by = asked.query.group_by.unwrap_or(GroupBy::Service);
    let counts = series::counts(engine, asked, group_by, step_ms).await?;
    let mut fields = vec![Field::times("time", counts.times).set("interval", step_ms)];
    // Rows of a heat map are told apart by their names alone.
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for group in counts.groups {
        let nth = seen.entry(group.title.clone()).and_modify(|nth| *nth += 1).or_insert(1);
        let name = if *nth == 1 { group.title.clone() } else { format!("{} ({nth})", group.title) };
        let values = group.counts.into_iter().map(Some).collect();
        let mut field = Field::integers(&name, values).set("unit", "short");
        if let Some(group) = group.name {
            field = field.labelled("group", group);
        }
        fields.push(field);
    }
    let frame =
        Frame::new("heatmap", fields).typed("heatmap-rows", [0, 0]).meta("executedQueryString", counts.sql);
    Ok(vec![frame])
}
