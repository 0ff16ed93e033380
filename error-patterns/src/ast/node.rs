//! Finds the construct that failed in a statement's tree.
//!
//! Trees are walked with a cursor, at most [`NODES_MAX`] nodes of them, so that depth costs no stack.

use super::cut::Cut;
use super::grammar::Grammar;
use super::hints::Hint;
use super::statement::Statement;
use super::{bash, java, javascript, python};
use std::ops::Range;
use tree_sitter::Node;

/// Nodes of a statement that are looked at.
const NODES_MAX: usize = 2048;
/// Steps from a statement to the expression that it is about.
const UNWRAP_MAX: usize = 16;
/// Names of a dotted path that are kept.
const SEGMENTS_MAX: usize = 8;

/// What was found, names as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) statement: Statement,
    pub(super) call: Option<Path>,
    /// Module that an import statement names, as written.
    pub(super) import: Option<String>,
}

/// A dotted name as written, the root first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Path {
    /// `None` where the root is an expression: a literal, the result of a call.
    pub(super) root: Option<String>,
    pub(super) rest: Vec<String>,
}

/// How a construct's parts are read in one language.
pub(super) struct Reader {
    /// Kind of a node; `None` for nodes that are no construct of their own.
    pub(super) kind: fn(Node<'_>, &str) -> Option<Statement>,
    /// The expression that a statement is about.
    pub(super) value: for<'t> fn(Node<'t>) -> Option<Node<'t>>,
    /// The owner of a step in a dotted path, and the step's name.
    pub(super) step: for<'t> fn(Node<'t>, &str) -> Step<'t>,
    /// The module that an import names.
    pub(super) import: fn(Node<'_>, &str) -> Option<String>,
    /// Functions inside a statement: other frames run them.
    pub(super) function: fn(&str) -> bool,
}

/// One step from the end of a dotted path to its root.
pub(super) enum Step<'t> {
    /// Named by a node, reached through an owner.
    Member(Node<'t>, Node<'t>),
    /// The same path, one node further in.
    Inner(Node<'t>),
    /// The root.
    Root(Node<'t>),
    /// Root and names in one text (`java.util.List`).
    Dotted(Node<'t>),
    /// The value of an expression, which has no name.
    Value,
}

impl Reader {
    fn of(grammar: Grammar) -> &'static Self {
        match grammar {
            Grammar::Python => &python::READER,
            Grammar::JavaScript | Grammar::TypeScript => &javascript::READER,
            Grammar::Java => &java::READER,
            Grammar::Bash => &bash::READER,
        }
    }

    /// The path that a construct calls or is applied to.
    pub(super) fn path(&self, node: Node<'_>, text: &str) -> Option<Path> {
        let mut path = Path::default();
        let mut current = node;
        for _ in 0..UNWRAP_MAX {
            match (self.step)(current, text) {
                Step::Member(name, owner) => {
                    path.rest.push(of(name, text).to_owned());
                    current = owner;
                }
                Step::Inner(inner) => current = inner,
                Step::Root(root) => {
                    path.root = Some(of(root, text).to_owned());
                    break;
                }
                Step::Dotted(name) => {
                    let written: String = of(name, text).chars().filter(|c| !c.is_whitespace()).collect();
                    let mut names = written.split('.').map(str::to_owned);
                    path.root = names.next();
                    let rest: Vec<String> = names.collect();
                    path.rest.extend(rest.into_iter().rev());
                    break;
                }
                Step::Value => break,
            }
        }
        path.rest.reverse();
        path.rest.truncate(SEGMENTS_MAX);
        (path.root.is_some() || !path.rest.is_empty()).then_some(path)
    }
}

impl Path {
    /// The last name.
    pub(super) fn last(&self) -> Option<&str> {
        self.rest.last().or(self.root.as_ref()).map(String::as_str)
    }
}

impl Found {
    pub(super) fn bare(statement: Statement) -> Self {
        Self { statement, call: None, import: None }
    }
}

/// A node's text.
pub(super) fn of<'t>(node: Node<'_>, text: &'t str) -> &'t str {
    text.get(node.byte_range()).unwrap_or_default()
}

/// The first named child that is no comment.
pub(super) fn first_named(node: Node<'_>) -> Option<Node<'_>> {
    let count = u32::try_from(node.named_child_count()).unwrap_or(u32::MAX).min(8);
    (0..count).filter_map(|i| node.named_child(i)).find(|child| !child.is_extra())
}

/// A construct that may be what failed.
struct Candidate<'t> {
    node: Node<'t>,
    kind: Statement,
}

/// What failed in a statement; `None` where its tree has no known construct.
pub(super) fn failing(
    grammar: Grammar,
    cut: &Cut,
    root: Node<'_>,
    marked: Option<usize>,
    hint: &Hint<'_>,
) -> Option<Found> {
    let reader = Reader::of(grammar);
    let walk = walk(reader, root, cut, hint.in_lambda, marked.is_some());
    // A shell's substitution that it cannot read has no node of its own.
    let unread = || {
        hint.kinds == [Statement::Expansion]
            && !walk.constructs.iter().any(|c| c.kind == Statement::Expansion)
    };
    if grammar == Grammar::Bash && unread() {
        return Some(Found::bare(Statement::Expansion));
    }
    let chosen = marked
        .and_then(|length| at_mark(reader, &walk, cut, length, hint))
        .or_else(|| by_hint(reader, &walk, cut, hint))
        .or_else(|| by_shape(reader, &walk, cut))?;
    let (mut kind, mut node) = (chosen.kind, chosen.node);
    let raised = |c: &&Candidate<'_>| {
        c.kind == Statement::Raise && (reader.value)(c.node).is_some_and(|value| value.id() == node.id())
    };
    if kind == Statement::Call
        && hint.callee.is_none()
        && !hint.kinds.contains(&Statement::Call)
        && let Some(raise) = walk.constructs.iter().find(raised)
    {
        // JavaScript's column is where the error was made.
        (kind, node) = (raise.kind, raise.node);
    }
    if kind == Statement::Await
        && let Some(awaited) = (reader.value)(node)
        && (reader.kind)(awaited, &cut.text) == Some(Statement::Call)
    {
        // With or without the runtime's marks, the call is what the line is about.
        (kind, node) = (Statement::Call, awaited);
    }
    let kind = match (cut.header, kind.is_operation()) {
        (Some(header), false) => header,
        _ => kind,
    };
    let call = match kind {
        Statement::Raise | Statement::With | Statement::For | Statement::Await => {
            (reader.value)(node).and_then(|value| reader.path(value, &cut.text))
        }
        Statement::Call | Statement::Command | Statement::Subscript | Statement::Attribute => {
            reader.path(node, &cut.text)
        }
        Statement::Pipeline | Statement::Redirect => walk
            .constructs
            .iter()
            .find(|c| c.kind == Statement::Command)
            .and_then(|c| reader.path(c.node, &cut.text)),
        _ => None,
    };
    let import = (kind == Statement::Import).then(|| (reader.import)(node, &cut.text)).flatten();
    Some(Found { statement: kind, call, import })
}

struct Walk<'t> {
    /// In the order of their start, outer before inner.
    constructs: Vec<Candidate<'t>>,
    /// Places of the functions that were not entered.
    skipped: Vec<Range<usize>>,
}

/// Collects the constructs of a statement. Functions inside it are entered only where one of them failed.
fn walk<'t>(reader: &Reader, root: Node<'t>, cut: &Cut, in_lambda: bool, all: bool) -> Walk<'t> {
    let mut found = Walk { constructs: Vec::new(), skipped: Vec::new() };
    let mut inside: Option<Range<usize>> = None;
    let mut cursor = root.walk();
    for _ in 0..NODES_MAX {
        let node = cursor.node();
        let function = node.is_named() && (reader.function)(node.kind());
        if node.is_named()
            && let Some(kind) = (reader.kind)(node, &cut.text)
        {
            found.constructs.push(Candidate { node, kind });
        }
        let place = node.byte_range();
        if function && in_lambda && inside.is_none() && place.end > cut.target.start {
            inside = Some(place.clone());
        }
        let enter = !function || in_lambda || all;
        if !enter {
            found.skipped.push(place);
        }
        if enter && cursor.goto_first_child() {
            continue;
        }
        loop {
            if cursor.goto_next_sibling() {
                break;
            }
            if !cursor.goto_parent() {
                return found.within(inside);
            }
        }
    }
    found.within(inside)
}

impl<'t> Walk<'t> {
    fn within(mut self, place: Option<Range<usize>>) -> Self {
        if let Some(place) = place {
            let inside =
                |c: &Candidate<'t>| c.node.start_byte() > place.start && c.node.end_byte() <= place.end;
            if self.constructs.iter().any(|c| c.kind.is_operation() && inside(c)) {
                self.constructs.retain(inside);
            }
        }
        self
    }
}

/// The innermost construct around what the runtime marked: `length` bytes from the target on, 0 for a place only.
fn at_mark<'w, 't>(
    reader: &Reader,
    walk: &'w Walk<'t>,
    cut: &Cut,
    length: usize,
    hint: &Hint<'_>,
) -> Option<&'w Candidate<'t>> {
    let (start, end) = (cut.target.start, cut.target.start + length.max(1));
    let around = |c: &&Candidate<'t>| c.node.start_byte() <= start && c.node.end_byte() >= end;
    let smallest = |c: &&Candidate<'t>| c.node.end_byte() - c.node.start_byte();
    // What the message speaks of comes first: `for x in f():` fails as a loop where the values change meanwhile.
    let wanted_at = |fits: &dyn Fn(&Candidate<'t>) -> bool| {
        let of_kind = |kind: &Statement| {
            walk.constructs.iter().filter(|c| c.kind == *kind && fits(c)).min_by_key(smallest)
        };
        hint.kinds.iter().find_map(of_kind)
    };
    if length > 0 {
        let wanted =
            wanted_at(&|c| c.node.byte_range() == (start..end)).or_else(|| wanted_at(&|c| around(&c)));
        if wanted.is_some() {
            return wanted;
        }
        let exact = |c: &&Candidate<'t>| c.node.byte_range() == (start..end);
        let preferred = walk.constructs.iter().filter(exact).max_by_key(|c| c.kind.is_operation());
        return preferred.or_else(|| walk.constructs.iter().filter(around).min_by_key(smallest));
    }
    // A place is the called or read name, or the start of a construct: of those that have their name there, the
    // kinds that the message speaks of come first.
    let named = |c: &&Candidate<'t>| {
        reader.path(c.node, &cut.text).is_some() && name_starts(reader, c.node, &cut.text) == Some(start)
    };
    let here: Vec<&Candidate<'t>> =
        walk.constructs.iter().filter(|c| c.node.start_byte() == start || named(c)).collect();
    let wanted = hint.kinds.iter().find_map(|kind| here.iter().rev().find(|c| c.kind == *kind));
    let called = || here.iter().rev().find(|c| c.kind == Statement::Call && named(c));
    let any = || here.iter().rev().find(|c| c.kind.is_operation());
    wanted
        .or_else(|| if hint.kinds.is_empty() { called().or_else(any) } else { None })
        .copied()
        .or_else(|| wanted_at(&|c| around(&c)))
        .or_else(|| here.first().copied())
        .or_else(|| walk.constructs.iter().filter(around).min_by_key(smallest))
}

/// Where the last name of a construct's path starts.
fn name_starts(reader: &Reader, node: Node<'_>, text: &str) -> Option<usize> {
    let mut current = node;
    for _ in 0..UNWRAP_MAX {
        match (reader.step)(current, text) {
            Step::Member(name, _) | Step::Root(name) | Step::Dotted(name) => return Some(name.start_byte()),
            Step::Inner(inner) => current = inner,
            Step::Value => return None,
        }
    }
    None
}

/// The construct that the called function or the message names.
fn by_hint<'w, 't>(
    reader: &Reader,
    walk: &'w Walk<'t>,
    cut: &Cut,
    hint: &Hint<'_>,
) -> Option<&'w Candidate<'t>> {
    let last =
        |c: &Candidate<'t>| reader.path(c.node, &cut.text).and_then(|path| path.last().map(str::to_owned));
    if let Some(callee) = hint.callee {
        let calls = walk.constructs.iter().filter(|c| matches!(c.kind, Statement::Call | Statement::Command));
        let named = calls.clone().find(|c| last(c).is_some_and(|name| name == callee));
        if named.is_some() {
            return named;
        }
    }
    for kind in hint.kinds {
        let of_kind = || walk.constructs.iter().filter(|c| c.kind == *kind);
        let said = |c: &&Candidate<'t>| {
            let name =
                if *kind == Statement::Name { Some(of(c.node, &cut.text).to_owned()) } else { last(c) };
            name.is_some_and(|name| hint.words.iter().any(|word| *word == name))
                || *kind == Statement::Subscript
                    && hint.words.iter().any(|word| word.len() > 1 && of(c.node, &cut.text).contains(word))
        };
        let on_line = |c: &&Candidate<'t>| cut.target.contains(&c.node.start_byte());
        let found = of_kind().find(said).or_else(|| of_kind().find(on_line)).or_else(|| of_kind().next());
        if found.is_some() {
            return found;
        }
    }
    None
}

/// The operation that the statement on the target's line is about, else the statement.
fn by_shape<'w, 't>(reader: &Reader, walk: &'w Walk<'t>, cut: &Cut) -> Option<&'w Candidate<'t>> {
    let covers = |c: &&Candidate<'t>| c.node.end_byte() > cut.target.start;
    let top = walk.constructs.iter().find(covers).or_else(|| walk.constructs.first())?;
    if matches!(top.kind, Statement::Raise | Statement::Assert) {
        return Some(top);
    }
    let mut current = top.node;
    for _ in 0..UNWRAP_MAX {
        let operation = |c: &&Candidate<'t>| c.node.id() == current.id() && c.kind.is_operation();
        if let Some(found) = walk.constructs.iter().find(operation) {
            return Some(found);
        }
        let Some(value) = (reader.value)(current) else { break };
        if walk.skipped.contains(&value.byte_range()) {
            break;
        }
        current = value;
    }
    Some(top)
}
