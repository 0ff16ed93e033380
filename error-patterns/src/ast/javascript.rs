//! JavaScript's and TypeScript's nodes and imports.

use super::node::{Reader, Step, first_named, of};
use super::statement::Statement;
use tree_sitter::Node;

pub(super) const READER: Reader = Reader { kind, value, step, import, function };

fn kind(node: Node<'_>, text: &str) -> Option<Statement> {
    Some(match node.kind() {
        "import_statement" => Statement::Import,
        "call_expression" => {
            let called = node.child_by_field_name("function");
            let requires = called.is_some_and(|f| f.kind() == "import" || of(f, text) == "require");
            if requires { Statement::Import } else { Statement::Call }
        }
        "new_expression" => Statement::Call,
        "subscript_expression" => Statement::Subscript,
        "member_expression" => Statement::Attribute,
        "binary_expression" | "augmented_assignment_expression" => Statement::BinaryOperation,
        "unary_expression" | "update_expression" => {
            if of(node, text).starts_with("delete ") {
                Statement::Delete
            } else {
                Statement::UnaryOperation
            }
        }
        "as_expression" | "type_assertion" | "satisfies_expression" => Statement::Cast,
        "await_expression" => Statement::Await,
        "yield_expression" => Statement::Yield,
        "assignment_expression" | "lexical_declaration" | "variable_declaration" => Statement::Assignment,
        "return_statement" => Statement::Return,
        "throw_statement" => Statement::Raise,
        "for_in_statement" | "for_statement" => Statement::For,
        "while_statement" | "do_statement" => Statement::While,
        "if_statement" | "ternary_expression" | "switch_statement" => Statement::If,
        "try_statement" => Statement::Try,
        "function_declaration"
        | "generator_function_declaration"
        | "class_declaration"
        | "enum_declaration"
        | "abstract_class_declaration"
        | "interface_declaration"
        | "type_alias_declaration"
        | "internal_module" => Statement::Declaration,
        "identifier" | "shorthand_property_identifier" => Statement::Name,
        _ => return None,
    })
}

fn value(node: Node<'_>) -> Option<Node<'_>> {
    let field = |name| node.child_by_field_name(name);
    match node.kind() {
        "lexical_declaration" | "variable_declaration" => first_named(node)?.child_by_field_name("value"),
        "assignment_expression" | "augmented_assignment_expression" | "for_in_statement" => field("right"),
        "if_statement" | "while_statement" | "do_statement" => field("condition"),
        "switch_statement" => field("value"),
        "export_statement" => field("declaration").or_else(|| field("value")),
        "throw_statement"
        | "return_statement"
        | "expression_statement"
        | "await_expression"
        | "parenthesized_expression"
        | "yield_expression"
        | "non_null_expression" => first_named(node),
        _ => None,
    }
}

fn step<'t>(node: Node<'t>, _: &str) -> Step<'t> {
    let field = |name| node.child_by_field_name(name);
    match node.kind() {
        "call_expression" => field("function").map_or(Step::Value, |function| match function.kind() {
            "call_expression" => Step::Value,
            _ => Step::Inner(function),
        }),
        "new_expression" => field("constructor").map_or(Step::Value, Step::Inner),
        "subscript_expression" => match field("object") {
            Some(object) if !is_result(object) => Step::Inner(object),
            _ => Step::Value,
        },
        "member_expression" => match (field("property"), field("object")) {
            (Some(name), Some(owner)) if is_result(owner) => {
                Step::Member(name, owner.child_by_field_name("arguments").unwrap_or(name))
            }
            (Some(name), Some(owner)) => Step::Member(name, owner),
            _ => Step::Value,
        },
        "non_null_expression" | "parenthesized_expression" => match first_named(node) {
            Some(inner) if !is_result(inner) => Step::Inner(inner),
            _ => Step::Value,
        },
        "identifier" | "super" | "this" => Step::Root(node),
        _ => Step::Value,
    }
}

fn is_result(node: Node<'_>) -> bool {
    matches!(node.kind(), "call_expression" | "new_expression" | "subscript_expression" | "await_expression")
}

fn import(node: Node<'_>, text: &str) -> Option<String> {
    let source = match node.kind() {
        "import_statement" => node
            .child_by_field_name("source")
            .or_else(|| first_named(node).and_then(|clause| clause.child_by_field_name("source"))),
        _ => node.child_by_field_name("arguments").and_then(first_named),
    }?;
    let quoted = of(source, text);
    let bare = quoted.trim_matches(['"', '\'', '`']);
    (bare.len() + 2 == quoted.len()).then(|| bare.to_owned())
}

fn function(kind: &str) -> bool {
    matches!(kind, "arrow_function" | "function_expression" | "generator_function" | "class")
}

/// What a name of an import line stands for, and the module it comes from.
pub(super) fn binding(line: &str, name: &str) -> Option<(String, String)> {
    let line = line.trim();
    let (names, module) = if let Some(rest) = line.strip_prefix("import ") {
        let (names, rest) = rest.rsplit_once(" from ").or_else(|| rest.split_once('='))?;
        (names, quoted(rest)?)
    } else {
        let rest = ["const ", "let ", "var "].into_iter().find_map(|word| line.strip_prefix(word))?;
        let (names, rest) = rest.split_once('=')?;
        let at = rest.find("require(").or_else(|| rest.find("import("))?;
        (names, quoted(&rest[at..])?)
    };
    let bare = module.strip_prefix("node:").unwrap_or(module);
    let (outside, inside) = match names.split_once('{') {
        Some((outside, rest)) => (outside, rest.split('}').next().unwrap_or_default()),
        None => (names, ""),
    };
    let whole = outside.split(',').any(|part| {
        let part = part.trim();
        part.strip_prefix("* as ").unwrap_or(part).trim() == name
    });
    if whole {
        return Some((bare.to_owned(), bare.to_owned()));
    }
    inside.split(',').find_map(|part| {
        let part = part.trim();
        let (path, alias) = part.split_once(" as ").or_else(|| part.split_once(':')).unwrap_or((part, part));
        (alias.trim() == name).then(|| (format!("{bare}.{}", path.trim()), bare.to_owned()))
    })
}

/// The first quoted text.
fn quoted(text: &str) -> Option<&str> {
    let open = text.find(['"', '\'', '`'])?;
    let mark = &text[open..=open];
    text[open + 1..].split_once(mark).map(|(inside, _)| inside)
}
