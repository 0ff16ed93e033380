//! Near names for a mistyped one.

use datafusion::common::utils::datafusion_strsim::levenshtein;

/// Names listed at most.
const NAMES_MAX: usize = 5;

/// The message for an unknown `kind` (`table`, `column`), with near names, or some of all where none is near.
pub(crate) fn unknown(kind: &str, name: &str, known: &[&str]) -> String {
    let near = near(name, known);
    if near.is_empty() {
        let mut names: Vec<&str> = known.to_vec();
        names.dedup();
        let more = if names.len() > NAMES_MAX * 2 { ", ..." } else { "" };
        names.truncate(NAMES_MAX * 2);
        if names.is_empty() {
            return format!("{kind} '{name}' is unknown");
        }
        return format!("{kind} '{name}' is unknown; there are {}{more}", names.join(", "));
    }
    format!("{kind} '{name}' is unknown; near names: {}", near.join(", "))
}

/// Known names within a third of the name's length in edits, or that contain it or are contained, nearest first.
fn near<'a>(name: &str, known: &[&'a str]) -> Vec<&'a str> {
    let wanted = name.to_lowercase();
    let reach = (wanted.chars().count() / 3).max(2);
    let mut scored: Vec<(usize, &str)> = known
        .iter()
        .filter_map(|&candidate| {
            let distance = levenshtein(&wanted, candidate);
            let inside = wanted.len() >= 3 && candidate.len() >= 3;
            let contained = inside && (candidate.contains(&wanted) || wanted.contains(candidate));
            (distance <= reach || contained).then_some((distance, candidate))
        })
        .collect();
    scored.sort_unstable();
    scored.dedup();
    scored.into_iter().take(NAMES_MAX).map(|(_, candidate)| candidate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_come_first() {
        let known = ["timestamp", "pattern_id", "error_type", "user_id"];
        assert_eq!(
            unknown("column", "patern_id", &known),
            "column 'patern_id' is unknown; near names: pattern_id"
        );
        assert_eq!(unknown("column", "type", &known), "column 'type' is unknown; near names: error_type");
        assert_eq!(
            unknown("column", "zzzzzzzzz", &known),
            "column 'zzzzzzzzz' is unknown; there are timestamp, pattern_id, error_type, user_id"
        );
        assert_eq!(unknown("column", "x", &[]), "column 'x' is unknown");
    }
}
