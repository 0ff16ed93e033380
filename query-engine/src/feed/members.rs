//! Which exceptions are of a pattern, by the ids that it goes by and by the fingerprints that people split off: what
//! `pattern_of` says in SQL, for events that no query reads. As it was when the listener came.
//!
//! Bounds: `NAMES_MAX` other ids of a pattern, as many split fingerprints.

use crate::engine::{Engine, Params};
use crate::error::QueryError;
use crate::lifecycle::texts;
use datafusion::common::ScalarValue;
use futures::TryStreamExt;

/// Ids and fingerprints that are looked at.
const NAMES_MAX: usize = 10_000;

/// The exceptions of one pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Members {
    /// The pattern's id and those of patterns that were merged into it.
    ids: Vec<String>,
    /// Fingerprints that were split off into it.
    inside: Vec<String>,
    /// Fingerprints that were split off into others.
    outside: Vec<String>,
}

impl Members {
    /// Those of a pattern, which is named by the id that counts.
    pub(crate) async fn of(engine: &Engine, pattern_id: &str) -> Result<Self, QueryError> {
        let mut members = Self { ids: vec![pattern_id.to_owned()], ..Self::default() };
        let sql = format!("SELECT alias FROM pattern_aliases WHERE pattern_id = $1 LIMIT {NAMES_MAX}");
        let id = Params::positional(vec![ScalarValue::Utf8(Some(pattern_id.to_owned()))]);
        let mut rows = engine.query_with(&sql, id).await?;
        while let Some(batch) = rows.try_next().await? {
            members.ids.extend(texts(&batch, "alias").flatten());
        }
        let sql = format!("SELECT fingerprint, pattern_id FROM pattern_splits LIMIT {NAMES_MAX}");
        let mut rows = engine.query(&sql).await?;
        while let Some(batch) = rows.try_next().await? {
            for (fingerprint, into) in texts(&batch, "fingerprint").zip(texts(&batch, "pattern_id")) {
                let (Some(fingerprint), Some(into)) = (fingerprint, into) else { continue };
                let list =
                    if members.ids.contains(&into) { &mut members.inside } else { &mut members.outside };
                list.push(fingerprint);
            }
        }
        Ok(members)
    }

    /// The ids that the pattern goes by.
    pub(crate) fn ids(&self) -> &[String] {
        &self.ids
    }

    /// Whether an exception with these values is of the pattern.
    pub(crate) fn hold(&self, pattern_id: &str, fingerprint: &str) -> bool {
        let among = |list: &[String], text: &str| list.iter().any(|each| each == text);
        among(&self.inside, fingerprint)
            || (among(&self.ids, pattern_id) && !among(&self.outside, fingerprint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_take_out_and_bring_in() {
        let texts = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        let members = Members { ids: texts(&["a", "b"]), inside: texts(&["f1"]), outside: texts(&["f2"]) };
        assert!(members.hold("b", "f0") && members.hold("c", "f1"));
        assert!(!members.hold("a", "f2") && !members.hold("c", "f0"));
    }
}
