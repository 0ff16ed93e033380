//! `pattern_of(pattern_id, fingerprint)`: the pattern that an exception counts for now. `errors.pattern_id` keeps what
//! was decided when the exception was stored; merges and splits since then are here.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringBuilder};
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use xxhash_rust::xxh3::Xxh3Default;

/// SQL name.
pub(crate) const NAME: &str = "pattern_of";

/// Between the parts of a stored key. Neither ids nor fingerprints have one.
const PARTED: char = ' ';

/// What patterns are called: the rows of `pattern_aliases` and `pattern_splits`.
#[derive(Default)]
pub(crate) struct Names {
    /// From a pattern that was merged to the one that it counts under.
    aliases: HashMap<String, String>,
    /// From a fingerprint that was split off to its pattern.
    splits: HashMap<String, String>,
    /// Patterns and fingerprints by the pattern that they count under.
    members: HashMap<String, Members>,
    digest: u128,
}

/// Other names of one pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Members {
    pub(crate) patterns: Vec<String>,
    pub(crate) fingerprints: Vec<String>,
}

impl Names {
    pub(crate) fn new(aliases: HashMap<String, String>, splits: HashMap<String, String>) -> Self {
        let mut members: HashMap<String, Members> = HashMap::new();
        for (alias, pattern) in &aliases {
            members.entry(pattern.clone()).or_default().patterns.push(alias.clone());
        }
        for (fingerprint, pattern) in &splits {
            let pattern = aliases.get(pattern).unwrap_or(pattern);
            members.entry(pattern.clone()).or_default().fingerprints.push(fingerprint.clone());
        }
        for members in members.values_mut() {
            members.patterns.sort_unstable();
            members.fingerprints.sort_unstable();
        }
        let digest = digest(&aliases, &splits);
        Self { aliases, splits, members, digest }
    }

    /// What else counts under `pattern`.
    pub(crate) fn members(&self, pattern: &str) -> Members {
        self.members.get(pattern).cloned().unwrap_or_default()
    }

    /// Whether any fingerprint was split off.
    pub(crate) fn has_splits(&self) -> bool {
        !self.splits.is_empty()
    }

    fn resolve<'n>(&'n self, pattern: &'n str, fingerprint: Option<&str>) -> &'n str {
        let split = fingerprint.and_then(|fingerprint| self.splits.get(fingerprint));
        let pattern = split.map_or(pattern, String::as_str);
        self.aliases.get(pattern).map_or(pattern, String::as_str)
    }
}

impl fmt::Debug for Names {
    /// Says which names they are, without listing them: plans with the same text give the same rows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Names({:032x})", self.digest)
    }
}

fn digest(aliases: &HashMap<String, String>, splits: &HashMap<String, String>) -> u128 {
    let mut hasher = Xxh3Default::new();
    for (label, names) in [("aliases", aliases), ("splits", splits)] {
        let mut ordered: Vec<_> = names.iter().collect();
        ordered.sort_unstable();
        label.hash(&mut hasher);
        ordered.hash(&mut hasher);
    }
    hasher.digest128()
}

pub(super) fn function(names: Arc<Names>) -> ScalarUDF {
    ScalarUDF::from(Resolve { kind: Kind::PatternOf, names, signature: signature() })
}

/// The function that makes, of the same arguments, a key that later merges do not change, and the one that makes of
/// such a key what [`NAME`] makes of the arguments. `None` where nothing was split off: then the first argument is it.
pub(crate) fn stored_key(names: &Arc<Names>) -> (Option<ScalarUDF>, ScalarUDF) {
    let of = |kind| ScalarUDF::from(Resolve { kind, names: Arc::clone(names), signature: signature() });
    (names.has_splits().then(|| of(Kind::StoredKey)), of(Kind::OfStoredKey))
}

fn signature() -> Signature {
    Signature::exact(vec![DataType::Utf8, DataType::Utf8], Volatility::Immutable)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    PatternOf,
    StoredKey,
    OfStoredKey,
}

struct Resolve {
    kind: Kind,
    names: Arc<Names>,
    signature: Signature,
}

impl Resolve {
    /// A stored key depends on the splits only.
    fn says(&self) -> u128 {
        match self.kind {
            Kind::StoredKey => digest(&HashMap::new(), &self.names.splits),
            Kind::PatternOf | Kind::OfStoredKey => self.names.digest,
        }
    }
}

impl fmt::Debug for Resolve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({:032x})", self.name(), self.says())
    }
}

impl PartialEq for Resolve {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.names.digest == other.names.digest
    }
}

impl Eq for Resolve {}

impl Hash for Resolve {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.kind, self.names.digest).hash(state);
    }
}

impl ScalarUDFImpl for Resolve {
    fn name(&self) -> &'static str {
        match self.kind {
            Kind::PatternOf => NAME,
            Kind::StoredKey => "stored_pattern_key",
            Kind::OfStoredKey => "pattern_of_stored_key",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        let patterns = columns[0].as_string::<i32>();
        let fingerprints = columns.get(1).map(|column| column.as_string::<i32>());
        let mut out = StringBuilder::with_capacity(patterns.len(), patterns.len() * 32);
        for row in 0..patterns.len() {
            if patterns.is_null(row) {
                out.append_null();
                continue;
            }
            let pattern = patterns.value(row);
            let fingerprint =
                fingerprints.filter(|column| column.is_valid(row)).map(|column| column.value(row));
            match self.kind {
                Kind::PatternOf => out.append_value(self.names.resolve(pattern, fingerprint)),
                Kind::StoredKey => match fingerprint.filter(|&found| self.names.splits.contains_key(found)) {
                    Some(fingerprint) => out.append_value(format!("{pattern}{PARTED}{fingerprint}")),
                    None => out.append_value(pattern),
                },
                Kind::OfStoredKey => out.append_value(match pattern.split_once(PARTED) {
                    Some((pattern, fingerprint)) => self.names.resolve(pattern, Some(fingerprint)),
                    None => self.names.resolve(pattern, None),
                }),
            }
        }
        Ok(ColumnarValue::Array(Arc::new(out.finish()) as ArrayRef))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let of = |pairs: &[(&str, &str)]| pairs.iter().map(|&(a, b)| (a.to_owned(), b.to_owned())).collect();
        Names::new(of(&[("b", "a"), ("s", "a")]), of(&[("f1", "s"), ("f2", "c")]))
    }

    #[test]
    fn a_split_wins_and_merges_follow() {
        let names = names();
        assert_eq!(names.resolve("b", None), "a");
        assert_eq!(names.resolve("b", Some("f2")), "c");
        assert_eq!(names.resolve("x", Some("f1")), "a");
        assert_eq!(names.resolve("x", Some("f9")), "x");
    }

    #[test]
    fn members_are_all_that_count_under_a_pattern() {
        let members = names().members("a");
        assert_eq!(members.patterns, ["b", "s"]);
        assert_eq!(members.fingerprints, ["f1"]);
        assert_eq!(names().members("nobody"), Members::default());
    }
}
