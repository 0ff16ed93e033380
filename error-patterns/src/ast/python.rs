//! Python's nodes and imports.

use super::node::{Reader, Step, first_named, of};
use super::statement::Statement;
use tree_sitter::Node;

pub(super) const READER: Reader = Reader { kind, value, step, import, function };

fn kind(node: Node<'_>, _: &str) -> Option<Statement> {
    Some(match node.kind() {
        "import_statement" | "import_from_statement" | "future_import_statement" => Statement::Import,
        "call" | "print_statement" | "exec_statement" => Statement::Call,
        "subscript" => Statement::Subscript,
        "attribute" => Statement::Attribute,
        "binary_operator" | "boolean_operator" | "comparison_operator" | "augmented_assignment" => {
            Statement::BinaryOperation
        }
        "unary_operator" | "not_operator" => Statement::UnaryOperation,
        "await" => Statement::Await,
        "assignment" | "named_expression" => Statement::Assignment,
        "return_statement" => Statement::Return,
        "raise_statement" => Statement::Raise,
        "with_statement" => Statement::With,
        "for_statement" | "for_in_clause" => Statement::For,
        "while_statement" => Statement::While,
        "if_statement" | "conditional_expression" | "match_statement" => Statement::If,
        "assert_statement" => Statement::Assert,
        "delete_statement" => Statement::Delete,
        "yield" => Statement::Yield,
        "try_statement" => Statement::Try,
        "function_definition" | "class_definition" | "decorated_definition" => Statement::Declaration,
        "identifier" => Statement::Name,
        _ => return None,
    })
}

fn value(node: Node<'_>) -> Option<Node<'_>> {
    match node.kind() {
        "assignment" | "augmented_assignment" => node.child_by_field_name("right"),
        "named_expression" => node.child_by_field_name("value"),
        "for_statement" | "for_in_clause" => node.child_by_field_name("right"),
        "if_statement" | "while_statement" => node.child_by_field_name("condition"),
        "with_statement" => {
            let item = first_named(first_named(node)?)?;
            let value = item.child_by_field_name("value")?;
            Some(if value.kind() == "as_pattern" { first_named(value)? } else { value })
        }
        "raise_statement"
        | "return_statement"
        | "expression_statement"
        | "await"
        | "parenthesized_expression"
        | "yield"
        | "assert_statement"
        | "delete_statement" => first_named(node),
        _ => None,
    }
}

fn step<'t>(node: Node<'t>, _: &str) -> Step<'t> {
    let field = |name| node.child_by_field_name(name);
    match node.kind() {
        "call" => field("function").map_or(Step::Value, |function| match function.kind() {
            // The result of a call that is called again.
            "call" => Step::Value,
            _ => Step::Inner(function),
        }),
        "subscript" => match field("value") {
            Some(value) if !matches!(value.kind(), "call" | "subscript") => Step::Inner(value),
            _ => Step::Value,
        },
        "attribute" => match (field("attribute"), field("object")) {
            (Some(name), Some(owner)) => Step::Member(name, named(owner)),
            _ => Step::Value,
        },
        "identifier" => Step::Root(node),
        "print_statement" | "exec_statement" => node.child(0).map_or(Step::Value, Step::Root),
        _ => Step::Value,
    }
}

/// An owner's result has no name of its own: `f(x).y` is a `y` of a value.
fn named(owner: Node<'_>) -> Node<'_> {
    match owner.kind() {
        "call" | "subscript" => owner.child_by_field_name("arguments").unwrap_or(owner),
        _ => owner,
    }
}

fn import(node: Node<'_>, text: &str) -> Option<String> {
    let name = node.child_by_field_name("module_name").or_else(|| node.child_by_field_name("name"))?;
    let name = name.child_by_field_name("name").unwrap_or(name);
    Some(of(name, text).to_owned())
}

fn function(kind: &str) -> bool {
    matches!(kind, "lambda" | "generator_expression")
}

/// What a name of an import line stands for, and the module it comes from.
pub(super) fn binding(line: &str, name: &str) -> Option<(String, String)> {
    let line = line.trim();
    if let Some(rest) = line.strip_prefix("import ") {
        return rest.split(',').find_map(|part| {
            let (path, alias) = aliased(part);
            let head = path.split('.').next()?;
            match alias {
                Some(alias) if alias == name => Some((path.to_owned(), path.to_owned())),
                None if head == name => Some((head.to_owned(), head.to_owned())),
                _ => None,
            }
        });
    }
    let (module, names) = line.strip_prefix("from ")?.split_once(" import ")?;
    let module = module.trim();
    names.split([',', '(', ')']).find_map(|part| {
        let (path, alias) = aliased(part);
        (alias.unwrap_or(path) == name).then(|| (format!("{module}.{path}"), module.to_owned()))
    })
}

fn aliased(part: &str) -> (&str, Option<&str>) {
    let part = part.split('#').next().unwrap_or_default();
    match part.split_once(" as ") {
        Some((path, alias)) => (path.trim(), Some(alias.trim())),
        None => (part.trim(), None),
    }
}
