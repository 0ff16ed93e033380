//! Whether a rule's conditions hold for one exception. Text is compared without regard to ASCII case, over the
//! first 2 KB and the last 512 bytes of a message.

use super::rules::Rule;
use super::table::{Candidates, RuleTable, Trigger};
use crate::ast::AstTags;
use crate::model::{Parsed, ParsedException};
use crate::parse::floor;
use std::cell::OnceCell;
use std::ops::Range;

const HEAD_BYTES: usize = 2048;
const TAIL_BYTES: usize = 512;
const QUOTED_WORDS: usize = 4;
const QUOTED_BYTES: usize = 128;
const FRAMES: usize = 12;

/// One exception as the rules of its runtime see it.
pub(super) struct Subject<'p> {
    exception: &'p ParsedException<'p>,
    others: &'p [ParsedException<'p>],
    short: &'p str,
    ast: Option<&'p AstTags>,
    message: String,
    /// The rules that type, code and message leave.
    candidates: Candidates,
    quoted: OnceCell<Vec<Range<usize>>>,
}

impl<'p> Subject<'p> {
    pub(super) fn new(table: &RuleTable, exception: &'p ParsedException<'p>, parsed: &'p Parsed<'p>) -> Self {
        let short = exception.short_type();
        let message = lower(&exception.message);
        let candidates = table.candidates(short, &exception.error_type, &exception.code, &message);
        Self {
            exception,
            others: &parsed.exceptions,
            short,
            ast: parsed.ast.as_ref(),
            message,
            candidates,
            quoted: OnceCell::new(),
        }
    }

    /// The first rule of a part of the table whose conditions all hold.
    pub(super) fn first<'r>(
        &self,
        table: &'r RuleTable,
        part: Range<usize>,
        exit_code: &dyn Fn() -> Option<i64>,
    ) -> Option<&'r Rule> {
        let mut at = part.start;
        while at < part.end {
            let rest = self.candidates[at / 64] >> (at % 64);
            if rest == 0 {
                at = (at / 64 + 1) * 64;
                continue;
            }
            at += rest.trailing_zeros() as usize;
            if at >= part.end {
                break;
            }
            let rule = &table.rules[at];
            if self.fits(rule, table.triggers[at], exit_code) {
                return Some(rule);
            }
            at += 1;
        }
        None
    }

    /// Whether the conditions hold that the table has not settled.
    fn fits(&self, rule: &Rule, trigger: Trigger, exit_code: &dyn Fn() -> Option<i64>) -> bool {
        let any = |list: &[String], fits: &dyn Fn(&str) -> bool| {
            list.is_empty() || list.iter().any(|text| fits(text))
        };
        let message = self.message.as_str();
        any(&rule.type_ends, &|end| self.short.ends_with(end))
            && any(&rule.starts, &|start| message.starts_with(start))
            && any(&rule.ends, &|end| message.trim_ascii_end().ends_with(end))
            && (trigger == Trigger::Contains || any(&rule.contains, &|text| message.contains(text)))
            && (trigger == Trigger::All && rule.all.len() == 1
                || rule.all.iter().all(|text| message.contains(text.as_str())))
            && self.quotes(rule)
            && rule.raised_by_program.is_none_or(|program| self.is_raised_by_program() == program)
            && self.is_raised_in(rule)
            && self.has_chain(rule)
            && self.has_statement(rule)
            && (rule.exit_codes.is_empty() || exit_code().is_some_and(|code| rule.exit_codes.contains(&code)))
    }

    fn quotes(&self, rule: &Rule) -> bool {
        if rule.quoted.is_empty() && rule.quoted_starts.is_empty() {
            return true;
        }
        let words = self.quoted.get_or_init(|| quoted_words(&self.message));
        let any = |fits: &dyn Fn(&str) -> bool| words.iter().any(|word| fits(&self.message[word.clone()]));
        (rule.quoted.is_empty()
            || any(&|word| rule.quoted.binary_search_by(|known| known.as_str().cmp(word)).is_ok()))
            && (rule.quoted_starts.is_empty()
                || any(&|word| rule.quoted_starts.iter().any(|start| word.starts_with(&**start))))
    }

    fn is_raised_by_program(&self) -> bool {
        let innermost = self.exception.frames.first();
        // Of an exception without a type nothing was understood.
        !self.short.is_empty() && innermost.is_some_and(|frame| frame.origin.is_own())
    }

    fn is_raised_in(&self, rule: &Rule) -> bool {
        if rule.raised_in.is_empty() {
            return true;
        }
        // Down to the first frame of the user's own: what lies between is the callee.
        let mut callee = self.exception.frames.iter().take(FRAMES).take_while(|frame| !frame.origin.is_own());
        callee.any(|frame| {
            rule.raised_in.iter().any(|needle| {
                frame.file.contains(needle.as_str())
                    || frame.module.contains(needle.as_str())
                    || frame.function == needle.as_str()
            })
        })
    }

    fn has_statement(&self, rule: &Rule) -> bool {
        if rule.statements.is_empty() && rule.calls.is_empty() && rule.imports.is_empty() {
            return true;
        }
        let Some(tags) = self.ast else { return false };
        let any = |list: &[String], name: Option<&str>| {
            list.is_empty() || name.is_some_and(|name| list.iter().any(|part| is_part(name, part)))
        };
        (rule.statements.is_empty() || rule.statements.iter().any(|kind| kind == tags.statement.as_str()))
            && any(&rule.calls, tags.call.as_deref())
            && any(&rule.imports, tags.import.as_deref())
    }

    fn has_chain(&self, rule: &Rule) -> bool {
        rule.chain_types.is_empty()
            || self.others.iter().any(|other| rule.chain_types.iter().any(|name| name == other.short_type()))
    }
}

/// Whether a dotted name is this one, starts with it, or ends with it where it starts with a dot.
fn is_part(name: &str, part: &str) -> bool {
    if part.starts_with('.') {
        return name.ends_with(part);
    }
    name.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// What rules see of a message, in lower case.
fn lower(message: &str) -> String {
    if message.len() <= HEAD_BYTES + TAIL_BYTES {
        return message.to_ascii_lowercase();
    }
    let head = floor(message, HEAD_BYTES);
    let tail = &message[message.ceil_char_boundary(message.len() - TAIL_BYTES)..];
    let mut text = String::with_capacity(head.len() + 1 + tail.len());
    text.push_str(head);
    text.push('\n');
    text.push_str(tail);
    text.make_ascii_lowercase();
    text
}

/// The first words in quotation marks, and of dotted ones or paths also the first segment.
fn quoted_words(message: &str) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut at = 0;
    while words.len() < 2 * QUOTED_WORDS {
        let rest = &message[at..];
        let Some(open) = rest.find(['\'', '"', '`', '\u{2018}', '\u{201c}']) else { break };
        let Some(mark) = rest[open..].chars().next() else { break };
        let close = match mark {
            '\u{2018}' => '\u{2019}',
            '\u{201c}' => '\u{201d}',
            other => other,
        };
        let start = at + open + mark.len_utf8();
        let Some(length) = message[start..].find(close) else { break };
        if length > 0 && length <= QUOTED_BYTES {
            words.push(start..start + length);
            let head = message[start..start + length].find(['.', '/']).unwrap_or(0);
            if head > 0 {
                words.push(start..start + head);
            }
        }
        at = start + length + close.len_utf8();
    }
    words
}
