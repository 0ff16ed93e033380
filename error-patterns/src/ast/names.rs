//! Keeps of a written name what users share: builtins, imports with their aliases resolved, well-known methods.
//!
//! The known names are data: `schemas/rules/names.toml`.

use super::grammar::Grammar;
use super::node::{Found, Path};
use super::place::Snippet;
use super::{AstTags, NAME_BYTES_MAX, OWN_NAME, OWN_PATH, java, javascript, python};
use serde::Deserialize;
use std::collections::HashSet;
use std::sync::LazyLock;

const KNOWN: &str = include_str!("../../../schemas/rules/names.toml");
static NAMES: LazyLock<File> =
    LazyLock::new(|| toml::from_str(KNOWN).expect("the known names are read by a test"));
/// Import lines tried for one name.
const IMPORTS_MAX: usize = 256;
/// Bytes of one import that are read.
const IMPORT_BYTES_MAX: usize = 4096;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    python: Known,
    javascript: Known,
    java: Known,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    builtins: HashSet<String>,
    methods: HashSet<String>,
}

impl Known {
    fn of(grammar: Grammar) -> Option<&'static Self> {
        match grammar {
            Grammar::Python => Some(&NAMES.python),
            Grammar::JavaScript | Grammar::TypeScript => Some(&NAMES.javascript),
            Grammar::Java => Some(&NAMES.java),
            Grammar::Bash => None,
        }
    }
}

/// Whether Python knows a name without an import.
pub(crate) fn is_python_builtin(name: &str) -> bool {
    NAMES.python.builtins.contains(name)
}

/// What was found, without names that only this snippet has.
pub(super) fn resolved(grammar: Grammar, snippet: &Snippet<'_>, found: &Found) -> AstTags {
    let mut tags = AstTags { statement: found.statement, call: None, import: None };
    if let Some(module) = &found.import {
        tags.import = Some(module_name(grammar, snippet, module));
    }
    if let Some(path) = &found.call {
        if grammar == Grammar::Bash {
            tags.call = path.root.as_deref().map(|name| command(snippet, name));
        } else {
            let (call, import) = name(grammar, snippet, path);
            tags.call = Some(call);
            tags.import = tags.import.or(import);
        }
    }
    for text in [&mut tags.call, &mut tags.import].into_iter().flatten() {
        let end = text.floor_char_boundary(NAME_BYTES_MAX);
        text.truncate(end);
    }
    tags
}

/// A module that an import statement names.
fn module_name(grammar: Grammar, snippet: &Snippet<'_>, module: &str) -> String {
    let bare = module.strip_prefix("node:").unwrap_or(module);
    match grammar {
        Grammar::Bash => OWN_PATH.to_owned(),
        _ if bare.starts_with(['.', '/']) || bare.contains(['\\', '$', '{']) => OWN_PATH.to_owned(),
        Grammar::Python | Grammar::Java if snippet.has_module(bare) => OWN_NAME.to_owned(),
        _ => bare.to_owned(),
    }
}

/// A command by its base name; functions and scripts of the user's own are dropped.
fn command(snippet: &Snippet<'_>, name: &str) -> String {
    let bare = name.trim_matches(['"', '\'']);
    if bare.contains(['$', '`', '<', '*']) || is_function(snippet.text, bare) {
        return OWN_NAME.to_owned();
    }
    match bare.rsplit_once('/') {
        Some((folder, base)) if ["/bin", "/sbin"].iter().any(|end| folder.ends_with(end)) => base.to_owned(),
        Some(_) => OWN_PATH.to_owned(),
        None => bare.to_owned(),
    }
}

/// Whether a shell's text defines a function of this name.
fn is_function(text: &str, name: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim_start();
        let line = line.strip_prefix("function ").unwrap_or(line);
        line.strip_prefix(name)
            .is_some_and(|rest| rest.trim_start().starts_with("()") || rest.trim_start() == "{")
    })
}

/// A dotted name, and the module it was imported from.
fn name(grammar: Grammar, snippet: &Snippet<'_>, path: &Path) -> (String, Option<String>) {
    let Some(known) = Known::of(grammar) else { return (OWN_NAME.to_owned(), None) };
    let own_end = || match path.rest.last() {
        Some(last) if known.methods.contains(last) => format!("{OWN_NAME}.{last}"),
        _ => OWN_NAME.to_owned(),
    };
    let Some(root) = path.root.as_deref() else { return (own_end(), None) };
    let joined = |root: &str| path.rest.iter().fold(root.to_owned(), |name, part| name + "." + part);
    if let Some((full, module)) = import_of(grammar, snippet, root) {
        let module = module_name(grammar, snippet, &module);
        let own = module == OWN_NAME || module == OWN_PATH;
        return if own { (OWN_NAME.to_owned(), Some(module)) } else { (joined(&full), Some(module)) };
    }
    if grammar == Grammar::Java && root.starts_with(|c: char| c.is_ascii_lowercase()) && !path.rest.is_empty()
    {
        // `java.util.List.of`: from the class on, as if it were imported.
        let names: Vec<&str> = std::iter::once(root).chain(path.rest.iter().map(String::as_str)).collect();
        if let Some(class) = names.iter().position(|name| name.starts_with(|c: char| c.is_ascii_uppercase()))
            && class > 1
        {
            return (names[class..].join("."), Some(names[..=class].join(".")));
        }
    }
    if known.builtins.contains(root) && !defines(snippet.text, root) {
        return (joined(root), None);
    }
    (own_end(), None)
}

/// The import line that binds a name: what it stands for, and the module.
fn import_of(grammar: Grammar, snippet: &Snippet<'_>, root: &str) -> Option<(String, String)> {
    const STARTS: [&str; 5] = ["import ", "from ", "const ", "let ", "var "];
    let text = snippet.text;
    let mut start = 0;
    let statements = text.split_inclusive('\n').filter_map(|line| {
        let from = start + line.len() - line.trim_start().len();
        start += line.len();
        STARTS.iter().any(|word| text[from..].starts_with(word)).then(|| import_text(text, from, start))
    });
    statements.filter(|text| text.contains(root)).take(IMPORTS_MAX).find_map(|text| {
        let line = text.replace('\n', " ");
        match grammar {
            Grammar::Python => python::binding(&line, root),
            Grammar::JavaScript | Grammar::TypeScript => javascript::binding(&line, root),
            Grammar::Java => java::binding(&line, root),
            Grammar::Bash => None,
        }
    })
}

/// A line, and those after it up to the bracket that closes what it opens.
fn import_text(text: &str, from: usize, end: usize) -> &str {
    let line = &text[from..end];
    if !line.contains(['(', '{']) || line.contains([')', '}']) {
        return line;
    }
    let rest = &text[from..text.floor_char_boundary((from + IMPORT_BYTES_MAX).min(text.len()))];
    let close = rest.find([')', '}']).unwrap_or(0);
    let end = rest[close..].find('\n').map_or(rest.len(), |end| close + end);
    &rest[..end.max(line.len().min(rest.len()))]
}

/// Whether a text gives this name a meaning of its own.
fn defines(text: &str, name: &str) -> bool {
    const BEFORE: [&str; 9] =
        ["def ", "class ", "function ", "const ", "let ", "var ", "record ", "enum ", "interface "];
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    memchr::memmem::find_iter(text.as_bytes(), name.as_bytes()).any(|at| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        if before.ends_with(|c: char| word(c) || c == '.') || after.starts_with(word) {
            return false;
        }
        let assigned =
            after.trim_start_matches(' ').strip_prefix('=').is_some_and(|rest| !rest.starts_with(['=', '>']));
        let indented = before.trim_end_matches([' ', '\t']);
        let starts = indented.is_empty() || indented.ends_with('\n');
        BEFORE.iter().any(|word| before.ends_with(word)) || assigned && starts
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn known_names_are_valid() {
        assert!(super::NAMES.python.builtins.contains("open"));
        assert!(super::NAMES.java.methods.contains("get"));
    }
}
