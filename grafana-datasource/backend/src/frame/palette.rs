//! The one palette of severities.

use serde_json::{Map, Value, json};

/// Level, name, colour.
const LEVELS: [(&str, &str, &str); 5] = [
    ("5", "critical", "#C4162A"),
    ("4", "high", "#F2495C"),
    ("3", "medium", "#FF9830"),
    ("2", "low", "#FADE2A"),
    ("1", "info", "#73BF69"),
];

/// Display settings of a column of severities: name and colour of each level.
pub(crate) fn severity_config() -> Map<String, Value> {
    let options: Map<String, Value> = LEVELS
        .iter()
        .enumerate()
        .map(|(index, (level, name, color))| {
            (
                (*level).to_owned(),
                json!({ "text": format!("{level} {name}"), "color": color, "index": index }),
            )
        })
        .collect();
    let mut config = Map::new();
    config.insert("mappings".to_owned(), json!([{ "type": "value", "options": options }]));
    config.insert("custom".to_owned(), json!({ "cellOptions": { "type": "color-text" } }));
    config
}

/// The colour of a severity; grey where it is none.
pub(crate) fn severity_color(severity: i64) -> &'static str {
    let level = severity.to_string();
    LEVELS.iter().find(|(name, ..)| *name == level).map_or("#808080", |(.., color)| color)
}
