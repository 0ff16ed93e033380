//! Java's nodes and imports.

use super::node::{Reader, Step, first_named, of};
use super::statement::Statement;
use tree_sitter::Node;

pub(super) const READER: Reader = Reader { kind, value, step, import, function };

fn kind(node: Node<'_>, _: &str) -> Option<Statement> {
    Some(match node.kind() {
        "import_declaration" => Statement::Import,
        "method_invocation"
        | "object_creation_expression"
        | "array_creation_expression"
        | "explicit_constructor_invocation"
        | "method_reference" => Statement::Call,
        "array_access" => Statement::Subscript,
        "field_access" => Statement::Attribute,
        "binary_expression" | "instanceof_expression" => Statement::BinaryOperation,
        "unary_expression" | "update_expression" => Statement::UnaryOperation,
        "cast_expression" => Statement::Cast,
        "assignment_expression" | "local_variable_declaration" | "field_declaration" => Statement::Assignment,
        "return_statement" => Statement::Return,
        "yield_statement" => Statement::Yield,
        "throw_statement" => Statement::Raise,
        "for_statement" | "enhanced_for_statement" => Statement::For,
        "while_statement" | "do_statement" => Statement::While,
        "if_statement" | "ternary_expression" | "switch_expression" => Statement::If,
        "assert_statement" => Statement::Assert,
        "try_with_resources_statement" => Statement::With,
        "try_statement" => Statement::Try,
        "method_declaration"
        | "class_declaration"
        | "interface_declaration"
        | "enum_declaration"
        | "record_declaration"
        | "constructor_declaration"
        | "package_declaration"
        | "annotation_type_declaration" => Statement::Declaration,
        "identifier" => Statement::Name,
        _ => return None,
    })
}

fn value(node: Node<'_>) -> Option<Node<'_>> {
    let field = |name| node.child_by_field_name(name);
    match node.kind() {
        "local_variable_declaration" | "field_declaration" => {
            field("declarator")?.child_by_field_name("value")
        }
        "assignment_expression" => field("right"),
        "enhanced_for_statement" => field("value"),
        "if_statement" | "while_statement" | "do_statement" | "switch_expression" => field("condition"),
        "try_with_resources_statement" => first_named(field("resources")?)?.child_by_field_name("value"),
        "throw_statement"
        | "return_statement"
        | "expression_statement"
        | "parenthesized_expression"
        | "yield_statement"
        | "assert_statement" => first_named(node),
        _ => None,
    }
}

fn step<'t>(node: Node<'t>, _: &str) -> Step<'t> {
    let field = |name| node.child_by_field_name(name);
    match node.kind() {
        "method_invocation" => match (field("name"), field("object")) {
            (Some(name), Some(owner)) => Step::Member(name, named(owner)),
            (Some(name), None) => Step::Root(name),
            _ => Step::Value,
        },
        "field_access" => match (field("field"), field("object")) {
            (Some(name), Some(owner)) => Step::Member(name, named(owner)),
            _ => Step::Value,
        },
        "method_reference" => match (node.named_child(0), node.named_child(1)) {
            (Some(owner), Some(name)) => Step::Member(name, owner),
            _ => Step::Value,
        },
        "object_creation_expression" => field("type").map_or(Step::Value, Step::Inner),
        "array_access" => {
            field("array").filter(|a| a.kind() != "array_access").map_or(Step::Value, Step::Inner)
        }
        "generic_type" => first_named(node).map_or(Step::Value, Step::Inner),
        "scoped_type_identifier" => Step::Dotted(node),
        "explicit_constructor_invocation" => field("constructor").map_or(Step::Value, Step::Root),
        "identifier" | "type_identifier" | "this" | "super" => Step::Root(node),
        _ => Step::Value,
    }
}

/// An owner's result has no name of its own.
fn named(owner: Node<'_>) -> Node<'_> {
    match owner.kind() {
        "method_invocation" | "object_creation_expression" => {
            owner.child_by_field_name("arguments").unwrap_or(owner)
        }
        _ => owner,
    }
}

fn import(node: Node<'_>, text: &str) -> Option<String> {
    let last = first_named(node)?;
    Some(of(last, text).chars().filter(|c| !c.is_whitespace()).collect())
}

fn function(kind: &str) -> bool {
    matches!(kind, "lambda_expression" | "class_body")
}

/// What a name of an import line stands for, and the class or package it comes from.
pub(super) fn binding(line: &str, name: &str) -> Option<(String, String)> {
    let rest = line.trim().strip_prefix("import ")?;
    let path = rest.split(';').next()?.trim();
    if let Some(path) = path.strip_prefix("static ") {
        let (class, last) = path.trim().rsplit_once('.')?;
        let simple = class.rsplit('.').next().unwrap_or(class);
        return (last == name).then(|| (format!("{simple}.{last}"), class.to_owned()));
    }
    let (_, last) = path.rsplit_once('.')?;
    (last == name).then(|| (last.to_owned(), path.to_owned()))
}
