//! What argparse and click print where a program was called with arguments that it does not take, and no traceback.

use super::super::text::{self, Text};
use super::Block;
use std::borrow::Cow;

/// Lines between the usage and what is wrong.
const USAGE_LINES_MAX: usize = 200;

/// `usage: a.py [-h] name`, then `a.py: error: message`; click: `Usage: a.py [OPTIONS] NAME`, then `Error: message`.
pub(super) fn block<'a>(text: &Text<'a>) -> Option<Block<'a>> {
    let is_usage = |line: &str| line.starts_with("usage: ") || line.starts_with("Usage: ");
    let at = text.iter().position(is_usage)?;
    let is_clicks = text.line(at).starts_with('U');
    let program = text.line(at)["usage: ".len()..].split(' ').next().unwrap_or_default();
    let said = |line: &'a str| {
        if is_clicks {
            return line.strip_prefix("Error: ");
        }
        // Of a command of its own the usage names that as well.
        let (named, message) = line.split_once(": error: ")?;
        (named.split(' ').next() == Some(program)).then_some(message)
    };
    let mut below = text.lines_from(at + 1).take(USAGE_LINES_MAX);
    let message = below.find_map(|(_, line)| said(text::trim_end(line)))?;
    let error_type = if is_clicks { "UsageError" } else { "ArgumentError" };
    Some(Block { error_type, message: Cow::Borrowed(message), ..Block::default() })
}
