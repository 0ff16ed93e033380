//! A shell's nodes.

use super::node::{Reader, Step, first_named, of};
use super::statement::Statement;
use tree_sitter::Node;

pub(super) const READER: Reader = Reader { kind, value, step, import, function };

/// Commands that run the command after them.
const PREFIXES: [&str; 7] = ["sudo", "exec", "command", "time", "nohup", "env", "builtin"];

fn kind(node: Node<'_>, text: &str) -> Option<Statement> {
    Some(match node.kind() {
        "command" => match node.child_by_field_name("name").map(|name| of(name, text)) {
            Some("source" | ".") => Statement::Import,
            Some("return") => Statement::Return,
            _ => Statement::Command,
        },
        "pipeline" => Statement::Pipeline,
        "file_redirect" | "herestring_redirect" => Statement::Redirect,
        "expansion" | "simple_expansion" => Statement::Expansion,
        "test_command" => Statement::Test,
        "binary_expression" => Statement::BinaryOperation,
        "unary_expression" | "postfix_expression" => Statement::UnaryOperation,
        "variable_assignment" => Statement::Assignment,
        "subscript" => Statement::Subscript,
        "for_statement" | "c_style_for_statement" => Statement::For,
        "while_statement" => Statement::While,
        "if_statement" | "case_statement" => Statement::If,
        "declaration_command" | "function_definition" => Statement::Declaration,
        "unset_command" => Statement::Delete,
        _ => return None,
    })
}

fn value(node: Node<'_>) -> Option<Node<'_>> {
    match node.kind() {
        "redirected_statement" => node.child_by_field_name("body"),
        "variable_assignment" => node.child_by_field_name("value"),
        "pipeline" | "list" | "negated_command" | "command_substitution" | "string" | "subshell" => {
            first_named(node)
        }
        _ => None,
    }
}

fn step<'t>(node: Node<'t>, text: &str) -> Step<'t> {
    match node.kind() {
        "command" => {
            let Some(name) = node.child_by_field_name("name") else { return Step::Value };
            let runs = PREFIXES.contains(&of(name, text));
            let command = runs.then(|| node.child_by_field_name("argument")).flatten();
            Step::Root(command.unwrap_or(name))
        }
        "subscript" => node.child_by_field_name("name").map_or(Step::Value, Step::Root),
        _ => Step::Value,
    }
}

fn import(node: Node<'_>, text: &str) -> Option<String> {
    Some(of(node.child_by_field_name("argument")?, text).to_owned())
}

fn function(_: &str) -> bool {
    false
}
