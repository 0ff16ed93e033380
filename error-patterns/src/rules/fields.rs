//! Takes the fields of one rule out of its table, and keeps all that is wrong with them.

use super::Problem;
use super::pattern::{Glob, Pattern, check_length};
use crate::model::Runtime;
use toml::{Table, Value};

/// Values of one list.
const VALUES_MAX: usize = 256;

/// The fields of one rule that have not been asked for yet.
#[derive(Debug)]
pub(super) struct Fields {
    table: Table,
    /// The rule's place, without field and fault.
    place: Problem,
    known: Vec<&'static str>,
    pub(super) problems: Vec<Problem>,
}

impl Fields {
    /// Of the rule at a place in a section. The name is taken at once, so that problems can tell it.
    pub(super) fn new(section: &'static str, number: usize, line: usize, value: Value) -> Self {
        let place = Problem { section: section.to_owned(), number, line, ..Problem::default() };
        let mut fields = Self { table: Table::new(), place, known: Vec::new(), problems: Vec::new() };
        match value {
            Value::Table(table) => fields.table = table,
            _ => fields.problem("", format!("is not a table; write [[{section}]] and its fields below")),
        }
        if let Some(name) = fields.text("name") {
            if name.chars().count() > 64 || name.contains(char::is_control) {
                fields.problem("name", "has more than 64 characters, or a line's end".to_owned());
            }
            fields.place.name = name;
        }
        fields
    }

    /// The rule's name, or its place in the section.
    pub(super) fn label(&self) -> String {
        let Problem { name, number, .. } = &self.place;
        if name.is_empty() { format!("#{number}") } else { name.clone() }
    }

    pub(super) fn place(&self) -> &Problem {
        &self.place
    }

    pub(super) fn problem(&mut self, field: &str, what: String) {
        self.problems.push(Problem { field: field.to_owned(), what, ..self.place.clone() });
    }

    fn take(&mut self, field: &'static str) -> Option<Value> {
        self.known.push(field);
        self.table.remove(field)
    }

    /// What is left of the table: for rules whose form another module knows.
    pub(super) fn rest(&mut self) -> Table {
        std::mem::take(&mut self.table)
    }

    pub(super) fn has(&self, field: &str) -> bool {
        self.table.contains_key(field)
    }

    /// A text.
    pub(super) fn text(&mut self, field: &'static str) -> Option<String> {
        match self.take(field)? {
            Value::String(text) => Some(text),
            _ => {
                self.problem(field, "is not a text".to_owned());
                None
            }
        }
    }

    /// A list of texts; a single text is a list of one.
    pub(super) fn texts(&mut self, field: &'static str) -> Vec<String> {
        let values = match self.take(field) {
            None => return Vec::new(),
            Some(Value::Array(values)) => values,
            Some(single) => vec![single],
        };
        if values.is_empty() {
            self.problem(field, "is an empty list, which nothing fits; leave the field out".to_owned());
        }
        if values.len() > VALUES_MAX {
            self.problem(field, format!("has {} values, limit is {VALUES_MAX}", values.len()));
        }
        let mut texts = Vec::with_capacity(values.len());
        for value in values {
            match value {
                Value::String(text) => match check_length(&text) {
                    Ok(()) => texts.push(text),
                    Err(what) => self.problem(field, format!("a value {what}")),
                },
                _ => self.problem(field, "has a value that is not a text".to_owned()),
            }
        }
        texts
    }

    /// A list of whole numbers; a single number is a list of one.
    pub(super) fn numbers(&mut self, field: &'static str) -> Vec<i64> {
        let values = match self.take(field) {
            None => return Vec::new(),
            Some(Value::Array(values)) => values,
            Some(single) => vec![single],
        };
        let numbers: Option<Vec<i64>> = values.iter().map(Value::as_integer).collect();
        numbers.filter(|list| !list.is_empty() && list.len() <= VALUES_MAX).unwrap_or_else(|| {
            self.problem(field, format!("is not a list of 1 to {VALUES_MAX} whole numbers"));
            Vec::new()
        })
    }

    /// A whole number within bounds.
    pub(super) fn number(&mut self, field: &'static str, least: i64, most: i64) -> Option<i64> {
        match self.take(field)? {
            Value::Integer(number) if (least..=most).contains(&number) => Some(number),
            _ => {
                self.problem(field, format!("is not a whole number from {least} to {most}"));
                None
            }
        }
    }

    /// True or false.
    pub(super) fn flag(&mut self, field: &'static str) -> Option<bool> {
        match self.take(field)? {
            Value::Boolean(flag) => Some(flag),
            _ => {
                self.problem(field, "is neither true nor false".to_owned());
                None
            }
        }
    }

    /// A regular expression.
    pub(super) fn regex(&mut self, field: &'static str) -> Option<Pattern> {
        let text = self.text(field)?;
        Pattern::new(&text).map_err(|what| self.problem(field, what)).ok()
    }

    /// A list of globs.
    pub(super) fn globs(&mut self, field: &'static str, kind: Glob) -> Vec<Pattern> {
        let mut globs = Vec::new();
        for text in self.texts(field) {
            // Paths are compared with forward slashes.
            let text = if kind == Glob::Path { text.replace('\\', "/") } else { text };
            match Pattern::glob(&text, kind) {
                Ok(glob) => globs.push(glob),
                Err(what) => self.problem(field, what),
            }
        }
        globs
    }

    /// A list of runtimes; empty means all.
    pub(super) fn runtimes(&mut self) -> Vec<Runtime> {
        let mut runtimes = Vec::new();
        for name in self.texts("runtime") {
            match Runtime::named(&name) {
                Runtime::Unknown if name != Runtime::Unknown.as_str() => {
                    self.problem(
                        "runtime",
                        format!("{name:?} is none of {}", crate::frames::runtime_names().join(", ")),
                    );
                }
                runtime => runtimes.push(runtime),
            }
        }
        runtimes
    }

    /// Tells fields that no one asked for; returns whether the rule is without fault.
    pub(super) fn finish(&mut self) -> bool {
        for field in self.rest().keys() {
            let what = format!(
                "is no field of a {} rule; its fields are {}",
                self.place.section,
                self.known.join(", ")
            );
            self.problem(field, what);
        }
        self.problems.is_empty()
    }
}
