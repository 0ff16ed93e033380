//! `ERRATA_SECTION_KEY` variables over the configuration file.

use super::Settings;
use toml::{Table, Value};

/// Names under this prefix belong to the tests and are left alone.
const TESTS: &str = "ERRATA_TEST_";
/// The token that commands send to a server; no setting of a server.
const TOKEN: &str = "ERRATA_TOKEN";

/// Puts every `ERRATA_` variable at its place in `table`; returns what could not be placed.
pub(super) fn apply(table: &mut Table, variables: impl Iterator<Item = (String, String)>) -> Vec<String> {
    let known = Settings::default_table();
    let mut problems = Vec::new();
    let ours = |name: &str| name.starts_with("ERRATA_") && !name.starts_with(TESTS) && name != TOKEN;
    for (name, text) in variables.filter(|(name, _)| ours(name)) {
        let wanted = name["ERRATA_".len()..].to_ascii_lowercase();
        match find(&known, &wanted) {
            Some((path, example)) => match parse(&text, example) {
                Some(value) => place(table, &path, value),
                None => problems.push(format!("{name}: '{text}' is not {}", kind(example))),
            },
            None => problems.push(format!("{name}: no such setting; `errata config check --show` lists all")),
        }
    }
    problems
}

fn find<'a>(table: &'a Table, wanted: &str) -> Option<(Vec<String>, &'a Value)> {
    for (key, value) in table {
        if key == wanted && !value.is_table() {
            return Some((vec![key.clone()], value));
        }
        let rest = wanted.strip_prefix(key.as_str()).and_then(|r| r.strip_prefix('_'));
        if let (Some(rest), Some(inner)) = (rest, value.as_table())
            && let Some((mut path, found)) = find(inner, rest)
        {
            path.insert(0, key.clone());
            return Some((path, found));
        }
    }
    None
}

fn parse(text: &str, example: &Value) -> Option<Value> {
    Some(match example {
        Value::Integer(_) => Value::Integer(text.parse().ok()?),
        Value::Float(_) => Value::Float(text.parse().ok()?),
        Value::Boolean(_) => Value::Boolean(text.parse().ok()?),
        Value::Array(_) if text.trim_start().starts_with('[') => {
            let list: Table = format!("list = {text}").parse().ok()?;
            let list = list.get("list")?.clone();
            list.as_array()?.iter().all(Value::is_str).then_some(list)?
        }
        Value::Array(_) => {
            let items = text.split(',').map(str::trim).filter(|s| !s.is_empty());
            Value::Array(items.map(|s| Value::String(s.to_owned())).collect())
        }
        _ => Value::String(text.to_owned()),
    })
}

fn kind(example: &Value) -> &'static str {
    match example {
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Array(_) => "a list: names between commas, or [\"a\", \"b\"]",
        _ => "text",
    }
}

fn place(table: &mut Table, path: &[String], value: Value) {
    let [key, rest @ ..] = path else { return };
    if rest.is_empty() {
        table.insert(key.clone(), value);
        return;
    }
    let inner = table.entry(key.clone()).or_insert_with(|| Value::Table(Table::new()));
    if let Some(inner) = inner.as_table_mut() {
        place(inner, rest, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn variables_reach_their_section() {
        let mut table = Table::new();
        let list = variables(&[
            ("ERRATA_OTLP_REQUESTS_MAX", "7"),
            ("ERRATA_DATA_DIR", "/x"),
            ("ERRATA_FORWARD_RETRY_ON_FAILURE_INITIAL_INTERVAL", "2s"),
            ("HOME", "/root"),
        ]);
        assert!(apply(&mut table, list.into_iter()).is_empty());
        let settings = Settings::deserialize_table(table).unwrap();
        assert_eq!(settings.otlp.requests_max, 7);
        assert_eq!(settings.data_dir.to_str(), Some("/x"));
        assert_eq!(settings.forward.retry_on_failure.initial_interval.0.as_secs(), 2);
    }

    #[test]
    fn lists_have_commas_or_the_form_of_the_file() {
        for text in ["process.stderr, process.stdout", r#"["process.stderr", "process.stdout"]"#] {
            let mut table = Table::new();
            let list = variables(&[("ERRATA_UNRECORDED_ATTRIBUTES", text)]);
            assert!(apply(&mut table, list.into_iter()).is_empty());
            let settings = Settings::deserialize_table(table).unwrap();
            assert_eq!(settings.unrecorded.attributes, ["process.stderr", "process.stdout"]);
        }
        let problems =
            apply(&mut Table::new(), variables(&[("ERRATA_UNRECORDED_ATTRIBUTES", "[3")]).into_iter());
        assert!(problems[0].contains("a list"), "{problems:?}");
    }

    #[test]
    fn unknown_and_wrong_variables_are_named() {
        let mut table = Table::new();
        let list = variables(&[
            ("ERRATA_OTLP_NOPE", "7"),
            ("ERRATA_OTLP_REQUESTS_MAX", "many"),
            ("ERRATA_TEST_X", "1"),
        ]);
        let problems = apply(&mut table, list.into_iter());
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems[0].contains("ERRATA_OTLP_NOPE") && problems[1].contains("a whole number"));
    }
}
