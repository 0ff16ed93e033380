//! What is let in: text of bounded size, statements that only read, functions that cannot grow a value without end.
//!
//! Reading files is impossible by construction besides: the session has no listing tables, no file formats and an
//! object store registry that knows the lake only. The checks here give such attempts a clear answer.

use crate::config::QueryConfig;
use crate::error::QueryError;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::DataFusionError;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{Query, Statement as Sql, Visit, Visitor, visit_relations};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use std::collections::HashMap;
use std::ops::ControlFlow;

/// Functions that are not registered: one call makes a value of any size, outside the memory pool.
pub(crate) const REFUSED_FUNCTIONS: &[&str] =
    &["repeat", "array_repeat", "list_repeat", "array_resize", "list_resize", "range", "generate_series"];

/// Functions whose second argument is the length of the result: it must be a literal up to [`PAD_CHARS_MAX`].
const PADDING_FUNCTIONS: &[&str] = &["lpad", "rpad"];

/// Nodes that a plan may have for each operator allowed; views bring a few dozen.
const NODES_PER_OPERATOR: usize = 4;

/// Longest result of a padding function.
const PAD_CHARS_MAX: i64 = 10_000;

/// Checks the length and the depth of the text before it is parsed: parsing and planning recurse.
pub(crate) fn check_text(sql: &str, config: &QueryConfig) -> Result<(), QueryError> {
    if sql.len() > config.query_bytes_max {
        return Err(QueryError::QueryTooLong { bytes: sql.len(), limit: config.query_bytes_max });
    }
    // What the tokenizer refuses the parser will refuse with a better message.
    let tokens = Tokenizer::new(&GenericDialect {}, sql).tokenize().unwrap_or_default();
    let operators = tokens.iter().filter(|token| deepens(token)).count();
    if operators > config.operators_max {
        return Err(QueryError::QueryTooDeep { operators, limit: config.operators_max });
    }
    Ok(())
}

/// Whether a token makes the tree below it one level deeper. Commas do not: lists are flat.
fn deepens(token: &Token) -> bool {
    match token {
        Token::Word(word) => matches!(
            word.keyword,
            Keyword::AND
                | Keyword::AT
                | Keyword::BETWEEN
                | Keyword::CASE
                | Keyword::COLLATE
                | Keyword::EXCEPT
                | Keyword::ILIKE
                | Keyword::IN
                | Keyword::INTERSECT
                | Keyword::IS
                | Keyword::JOIN
                | Keyword::LIKE
                | Keyword::NOT
                | Keyword::OR
                | Keyword::SELECT
                | Keyword::SIMILAR
                | Keyword::UNION
                | Keyword::XOR
        ),
        Token::EOF
        | Token::Number(..)
        | Token::Char(_)
        | Token::SingleQuotedString(_)
        | Token::DoubleQuotedString(_)
        | Token::Whitespace(_)
        | Token::Comma
        | Token::LParen
        | Token::RParen
        | Token::RBracket
        | Token::Period
        | Token::SemiColon
        | Token::Placeholder(_) => false,
        _ => true,
    }
}

/// Checks the kind of a statement and how many tables it names.
pub(crate) fn check_statement(statement: &Statement, config: &QueryConfig) -> Result<(), QueryError> {
    check_kind(statement)?;
    let mut inner = statement;
    while let Statement::Explain(explain) = inner {
        inner = &explain.statement;
    }
    let Statement::Statement(sql) = inner else { return Ok(()) };
    // Each join widens the schema of the next: planning hundreds takes minutes.
    let tables = Uses::count(sql);
    if tables > config.tables_max {
        return Err(QueryError::TooManyTables { tables, limit: config.tables_max });
    }
    Ok(())
}

/// Tables that a statement reads once its common table expressions stand where they are named: each that names the
/// one before twice doubles the plan, so twenty lines could make one of a million nodes.
#[derive(Default)]
struct Uses {
    expressions: HashMap<String, usize>,
}

impl Uses {
    fn count(sql: &Sql) -> usize {
        let mut uses = Self::default();
        let _whole = sql.visit(&mut uses);
        uses.tables(sql)
    }

    fn tables(&self, part: &impl Visit) -> usize {
        let mut tables = 0_usize;
        let _whole = visit_relations(part, |name| {
            let known = self.expressions.get(&name.to_string().to_lowercase());
            tables = tables.saturating_add(known.copied().unwrap_or(1));
            ControlFlow::<()>::Continue(())
        });
        tables
    }
}

impl Visitor for Uses {
    type Break = ();

    /// Inner queries come first, so their expressions are known here.
    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        for expression in query.with.iter().flat_map(|with| &with.cte_tables) {
            let tables = self.tables(&*expression.query);
            self.expressions.insert(expression.alias.name.value.to_lowercase(), tables);
        }
        ControlFlow::Continue(())
    }
}

fn check_kind(statement: &Statement) -> Result<(), QueryError> {
    let refused = |what: &str| Err(QueryError::NotReadOnly { what: what.to_owned() });
    match statement {
        Statement::Explain(explain) => check_kind(&explain.statement),
        Statement::Statement(sql) => check_sql(sql),
        Statement::CreateExternalTable(_) => refused("CREATE EXTERNAL TABLE"),
        Statement::CopyTo(_) => refused("COPY"),
        Statement::Reset(_) => refused("RESET"),
    }
}

/// Whether a statement lists tables or columns.
pub(crate) fn is_show(statement: &Statement) -> bool {
    let Statement::Statement(sql) = statement else { return false };
    matches!(**sql, Sql::ShowTables { .. } | Sql::ShowColumns { .. })
}

/// Whether a statement is SHOW TABLES and nothing more.
pub(crate) fn is_plain_show_tables(statement: &Statement) -> bool {
    let Statement::Statement(sql) = statement else { return false };
    matches!(**sql, Sql::ShowTables { .. }) && sql.to_string().eq_ignore_ascii_case("SHOW TABLES")
}

fn check_sql(sql: &Sql) -> Result<(), QueryError> {
    match sql {
        Sql::Query(_) | Sql::ShowTables { .. } | Sql::ShowColumns { .. } | Sql::ExplainTable { .. } => Ok(()),
        Sql::Explain { statement, .. } => check_sql(statement),
        other => {
            let text = other.to_string();
            let words: Vec<&str> = text.split_whitespace().take(2).collect();
            Err(QueryError::NotReadOnly { what: words.join(" ") })
        }
    }
}

/// Checks a plan before it is optimised: no node writes, it is not too deep, no function makes values without end.
pub(crate) fn check_plan(plan: &LogicalPlan, config: &QueryConfig) -> Result<(), DataFusionError> {
    let operators = plan_size(plan, config.operators_max * NODES_PER_OPERATOR);
    if operators > config.operators_max * NODES_PER_OPERATOR {
        let error = QueryError::QueryTooDeep { operators, limit: config.operators_max };
        return Err(DataFusionError::External(Box::new(error)));
    }
    let options = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    if let Err(error) = options.verify_plan(plan) {
        let what = error.strip_backtrace();
        let what = what.rsplit(": ").next().unwrap_or("this statement").to_owned();
        return Err(DataFusionError::External(Box::new(QueryError::NotReadOnly { what })));
    }
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| expression.apply(check_expression))?;
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(())
}

fn check_expression(expression: &Expr) -> Result<TreeNodeRecursion, DataFusionError> {
    if let Expr::ScalarFunction(call) = expression
        && PADDING_FUNCTIONS.contains(&call.name())
    {
        let length = call.args.get(1).and_then(literal_integer);
        if length.is_none_or(|length| length > PAD_CHARS_MAX) {
            let message =
                format!("the length of {}() must be a literal of at most {PAD_CHARS_MAX}", call.name());
            return Err(DataFusionError::External(Box::new(QueryError::invalid(message))));
        }
    }
    Ok(TreeNodeRecursion::Continue)
}

fn literal_integer(expression: &Expr) -> Option<i64> {
    let Expr::Literal(value, _) = expression else { return None };
    value.to_string().parse().ok()
}

/// Nodes of a plan, counted without recursion and to just over `limit`: a common table expression counts as often as
/// it is used, so a short text can make a huge plan.
fn plan_size(plan: &LogicalPlan, limit: usize) -> usize {
    let mut nodes = 0;
    let mut open = vec![plan];
    while let Some(node) = open.pop()
        && nodes <= limit
    {
        nodes += 1;
        open.extend(node.inputs());
    }
    nodes
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::sql::parser::DFParser;

    fn verdict(sql: &str) -> Result<(), QueryError> {
        check_text(sql, &QueryConfig::default())?;
        let mut statements = DFParser::parse_sql(sql).unwrap();
        check_statement(&statements.pop_front().unwrap(), &QueryConfig::default())
    }

    #[test]
    fn reading_statements_pass() {
        for sql in [
            "SELECT 1",
            "WITH a AS (SELECT 1) SELECT * FROM a",
            "EXPLAIN SELECT 1",
            "EXPLAIN ANALYZE SELECT 1",
            "SHOW TABLES",
            "SHOW COLUMNS FROM errors",
            "DESCRIBE errors",
        ] {
            verdict(sql).unwrap();
        }
    }

    #[test]
    fn deep_text_is_refused_and_flat_text_is_not() {
        let deep = format!("SELECT 1{}", " + 1".repeat(501));
        assert!(matches!(verdict(&deep), Err(QueryError::QueryTooDeep { operators: 502, limit: 500 })));
        let is_null = format!("SELECT 1{}", " IS NULL".repeat(600));
        assert!(matches!(verdict(&is_null), Err(QueryError::QueryTooDeep { .. })));
        let flat = format!("SELECT 1 IN (1{})", ", 1".repeat(5_000));
        verdict(&flat).unwrap();
        let long = format!("SELECT '{}'", "x".repeat(70_000));
        assert!(matches!(verdict(&long), Err(QueryError::QueryTooLong { limit: 65_536, .. })));
    }

    #[test]
    fn expressions_count_as_often_as_they_are_used() {
        let tables = |sql: &str| match &DFParser::parse_sql(sql).unwrap()[0] {
            Statement::Statement(sql) => Uses::count(sql),
            other => panic!("{other}"),
        };
        assert_eq!(tables("SELECT 1"), 0);
        assert_eq!(tables("SELECT * FROM errors a, errors b WHERE EXISTS (SELECT 1 FROM spans)"), 3);
        assert_eq!(tables("WITH a AS (SELECT * FROM x, y) SELECT * FROM a p, A q"), 6);
        let inner = "WITH o AS (WITH i AS (SELECT * FROM x, y) SELECT * FROM i, i j) SELECT * FROM o, o p";
        assert_eq!(tables(inner), 18);
        let doubling: String =
            (1..60).map(|n| format!(", c{n} AS (SELECT 1 FROM c{0} a, c{0} b)", n - 1)).collect();
        assert!(tables(&format!("WITH c0 AS (SELECT 1 FROM x){doubling} SELECT * FROM c59")) > 1 << 59);
        assert_eq!(
            tables("WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT * FROM r"),
            2
        );
    }

    #[test]
    fn explain_does_not_hide_a_writing_statement() {
        for sql in [
            "EXPLAIN COPY (SELECT 1) TO '/tmp/x'",
            "EXPLAIN DELETE FROM errors",
            "EXPLAIN ANALYZE DROP TABLE errors",
        ] {
            assert!(matches!(verdict(sql), Err(QueryError::NotReadOnly { .. })), "{sql}");
        }
    }
}
