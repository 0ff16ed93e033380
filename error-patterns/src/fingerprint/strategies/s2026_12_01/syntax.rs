//! What is wrong with a statement of which Python says no more than `invalid syntax`.
//!
//! The mistakes that learners and language models make most often have one message in common: all of them up to Python
//! 3.9, and many in later releases too. What tells them apart is printed below: the line, and a mark under the token that
//! the parser could not take. Where a later release has a message for it, that is used, so that one mistake is one
//! pattern whatever release ran it (the `invalid_` rules of CPython's `Grammar/python.gram`); else the word that the
//! statement begins with, the token before the mark and the token at it are the message. Names, numbers and strings are
//! one kind of token, a value, for they are the user's own.
//!
//! One line is read, up to [`LINE_BYTES_MAX`] of it. Up to Python 3.7 the mark is under the token's last character,
//! later under its first.

use super::template::literal;
use std::borrow::Cow;

/// Bytes of a line that are looked at.
const LINE_BYTES_MAX: usize = 1024;

/// Keywords of every release in use, but for those that are values (`None`).
const KEYWORDS: [&str; 32] = [
    "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else",
    "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not",
    "or", "pass", "raise", "return", "try", "while", "with", "yield",
];
/// Keywords of statements that end with a colon. `match` and `case` are names elsewhere.
const COMPOUND: [&str; 11] =
    ["class", "def", "elif", "else", "except", "finally", "for", "if", "try", "while", "with"];
/// Keywords behind which a name has to stand.
const BEFORE_NAME: [&str; 8] = ["def", "class", "import", "as", ".", "global", "nonlocal", "lambda"];
/// Keywords that no statement begins with, or only one that goes on with another's.
const NEVER_FIRST: [&str; 9] = ["and", "as", "elif", "else", "except", "finally", "in", "is", "or"];
/// Commands that are typed into Python.
const COMMANDS: [&str; 21] = [
    "apt", "bash", "cd", "chmod", "conda", "curl", "echo", "export", "git", "ls", "mkdir", "npm", "pip",
    "pip3", "python", "python3", "rm", "sh", "source", "sudo", "wget",
];
const EXPECTED_COLON: &str = "expected ':'";
const NEVER_CLOSED: &str = "'(' was never closed";
const UNMATCHED: &str = "unmatched ')'";
const COMMA: &str = "missing comma";
const EQUALS: &str = "= in a condition";
const ELSE_IF: &str = "else if";

/// What the parser found wrong.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Mistake {
    /// As a release says it that knows.
    Message(&'static str),
    /// What of the syntax is invalid: a name for it, or the statement's first word and the tokens around the mark.
    Shape(Cow<'static, str>),
}

/// Of a message that says no more than `invalid syntax`, or guesses; `line` is the source, `marked` where the mark is in
/// it, in characters.
pub(super) fn mistake(message: &str, line: Option<&str>, marked: Option<(u32, u32)>) -> Option<Mistake> {
    let shape = |shape| Some(Mistake::Shape(Cow::Borrowed(shape)));
    let word = line.map_or("", first_word);
    let is_else_if =
        line.is_some_and(|line| line.starts_with("else if")) || matches!(word, "elseif" | "elsif");
    if is_else_if && (message == EXPECTED_COLON || message == "invalid syntax") {
        return shape(ELSE_IF);
    }
    let said = message.strip_prefix("invalid syntax");
    let assigns = message.starts_with("cannot assign to ") && is_condition(word);
    if assigns || said.is_some_and(|said| said.contains("Maybe you meant '=='")) {
        return shape(EQUALS);
    }
    if said?.contains("forgot a comma") {
        return shape(COMMA);
    }
    let line = line.filter(|line| line.len() <= LINE_BYTES_MAX)?;
    let (start, _) = marked?;
    let mark = line.char_indices().nth(start as usize).map_or(line.len(), |(at, _)| at);
    Some(Statement::read(line, mark).mistake())
}

fn is_condition(word: &str) -> bool {
    matches!(word, "if" | "elif" | "while")
}

/// Words of a sentence at least.
const PROSE_WORDS_MIN: usize = 4;

/// `Here is the updated code that solves the task:`, `Step 1: Read the data`
fn is_prose(line: &str) -> bool {
    let is_word = |word: &str| {
        let word = word.trim_end_matches(['.', ',', ':', '!', '?', ';']);
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'\'' | b'-'))
    };
    let words = || line.split_whitespace();
    line.starts_with(|c: char| c.is_ascii_uppercase())
        && words().all(is_word)
        && words().filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase())).count() * 2
            > words().count()
        && words().count() >= PROSE_WORDS_MIN
}

fn first_word(line: &str) -> &str {
    let end = line.find(|c: char| !(c.is_alphanumeric() || c == '_'));
    &line[..end.unwrap_or(line.len())]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A name that is no keyword, or a constant.
    Name,
    Keyword,
    Number,
    /// `2pi`: a number with letters behind it.
    Spoilt,
    Text,
    Operator,
    /// The end of the line, or of its code.
    End,
}

#[derive(Clone, Copy, Debug)]
struct Token<'l> {
    kind: Kind,
    text: &'l str,
}

impl Token<'_> {
    const END: Token<'static> = Token { kind: Kind::End, text: "" };

    /// As it counts: what is a user's own is a value.
    fn shape(&self) -> &str {
        match self.kind {
            Kind::Keyword | Kind::Operator => self.text,
            Kind::End => "<end>",
            _ => "<value>",
        }
    }

    /// Whether a value may begin with it.
    fn begins_value(&self) -> bool {
        matches!(self.kind, Kind::Name | Kind::Number | Kind::Spoilt | Kind::Text)
    }

    /// Whether a value may end with it.
    fn ends_value(&self) -> bool {
        self.begins_value() || matches!(self.text, ")" | "]" | "}")
    }
}

/// A line up to the token at the mark.
#[derive(Debug)]
struct Statement<'l> {
    line: &'l str,
    /// Tokens before it.
    before: Vec<Token<'l>>,
    token: Token<'l>,
    /// Whether code follows the token.
    goes_on: bool,
    /// What closes each bracket that is open at the token, and the number of the token behind that bracket.
    open: Vec<(&'static str, usize)>,
}

impl<'l> Statement<'l> {
    fn read(line: &'l str, mark: usize) -> Self {
        let mut statement =
            Self { line, before: Vec::new(), token: Token::END, goes_on: false, open: Vec::new() };
        let mut at = 0;
        while let Some((token, end)) = next(line, at) {
            if end > mark {
                statement.token = token;
                statement.goes_on = next(line, end).is_some();
                return statement;
            }
            at = end;
            statement.before.push(token);
            let behind = statement.before.len();
            match token.text {
                "(" => statement.open.push((")", behind)),
                "[" => statement.open.push(("]", behind)),
                "{" => statement.open.push(("}", behind)),
                ")" | "]" | "}" => drop(statement.open.pop()),
                _ => {}
            }
        }
        statement
    }

    fn mistake(&self) -> Mistake {
        if let Some(message) = self.message() {
            return Mistake::Message(message);
        }
        let line = self.line;
        let command = self.is_words() && COMMANDS.contains(&first_word(line));
        Mistake::Shape(Cow::Borrowed(if line.starts_with("```") {
            "markdown fence"
        } else if ["<<<<<<<", "=======", ">>>>>>>"].iter().any(|mark| line.starts_with(mark)) {
            "conflict marker"
        } else if line.starts_with(['!', '%', '$']) || command {
            "shell command"
        } else if line.starts_with(">>>") || line.starts_with("... ") {
            "prompt"
        } else if self.is_equals() {
            EQUALS
        } else if self.lacks_comma() {
            COMMA
        } else if self.is_keyword_for_name() {
            "keyword as name"
        } else if self.is_new() {
            "syntax of a newer release"
        } else if is_prose(line) || self.is_words() && matches!(self.token.kind, Kind::Name | Kind::Keyword) {
            // A keyword misspelt, prose, or another language's statement.
            "words in place of a statement"
        } else {
            return Mistake::Shape(Cow::Owned(self.shape()));
        }))
    }

    /// What a later release says.
    fn message(&self) -> Option<&'static str> {
        let (token, first) = (self.token, self.before.first());
        let Some(last) = self.before.last() else {
            // A line that is right by itself, and what is wrong is before it.
            let right = token.begins_value() && self.goes_on
                || token.kind == Kind::Keyword && !NEVER_FIRST.contains(&token.text);
            return right.then_some(NEVER_CLOSED);
        };
        let lead = first.filter(|first| first.kind == Kind::Keyword).map_or("", |first| first.text);
        if let [.., before, name] = self.before.as_slice()
            && before.text == "def"
            && name.kind == Kind::Name
            && !matches!(token.text, "(" | "[")
        {
            return Some("expected '('");
        }
        let compound = COMPOUND.contains(&lead);
        if compound && token.kind == Kind::End && self.open.is_empty() && self.before.len() > 1 {
            return Some(EXPECTED_COLON);
        }
        if self.before.len() == 1 && matches!(lead, "else" | "try" | "finally") && token.text != ":" {
            return Some(EXPECTED_COLON);
        }
        let alone = matches!(lead, "else" | "try" | "finally" | "except");
        if compound
            && !alone
            && token.text == ":"
            && !self.goes_on
            && last.ends_value()
            && self.open.is_empty()
        {
            return Some(NEVER_CLOSED);
        }
        if token.kind == Kind::Spoilt {
            return Some("invalid decimal literal");
        }
        match token.text {
            ")" | "]" | "}" if self.open.is_empty() => Some(UNMATCHED),
            ")" | "]" | "}" if self.open.last().is_some_and(|(closer, _)| *closer != token.text) => {
                Some(NEVER_CLOSED)
            }
            "}" | "," if last.text == ":" && self.is_in_braces() => {
                Some("expression expected after dictionary key and ':'")
            }
            "," if lead == "except" && self.open.is_empty() => {
                Some("multiple exception types must be parenthesized")
            }
            "for"
                if self.open.last().is_some_and(|(_, from)| {
                    last.ends_value() && self.before[*from..].iter().any(|token| token.text == ",")
                }) =>
            {
                Some("did you forget parentheses around the comprehension target?")
            }
            _ => None,
        }
    }

    fn is_in_braces(&self) -> bool {
        self.open.last().is_some_and(|(closer, _)| *closer == "}")
    }

    /// `pip install`, `Here is`: two words are the line's beginning.
    fn is_words(&self) -> bool {
        matches!(self.before.as_slice(), [first] if first.kind == Kind::Name)
    }

    /// `match` (3.10), `except*` (3.11), type parameters and `type` (3.12).
    fn is_new(&self) -> bool {
        match self.before.as_slice() {
            [first] => match first.text {
                "match" | "case" => self.line.ends_with(':'),
                "type" => self.line.contains('='),
                "except" => self.token.text == "*",
                _ => false,
            },
            [first, _] => matches!(first.text, "def" | "class") && self.token.text == "[",
            _ => false,
        }
    }

    fn is_equals(&self) -> bool {
        let asked = self.before.iter().rev().find(|token| token.kind == Kind::Keyword);
        self.token.text == "=" && asked.is_some_and(|token| is_condition(token.text))
    }

    /// Two values in a row within brackets.
    fn lacks_comma(&self) -> bool {
        let values = match self.before.as_slice() {
            [.., one, two] if self.token.text == ":" && self.is_in_braces() => {
                one.kind == Kind::Text && two.kind == Kind::Text
            }
            [.., last] => last.ends_value() && self.token.begins_value(),
            [] => false,
        };
        values && !self.open.is_empty()
    }

    /// `def import():`, `class = 3`
    fn is_keyword_for_name(&self) -> bool {
        let Some(last) = self.before.last() else { return false };
        let is_keyword = |token: &Token<'_>| token.kind == Kind::Keyword;
        is_keyword(&self.token)
            && BEFORE_NAME.contains(&last.text)
            && !(last.text == "import" && self.token.text == "from")
            || self.before.len() == 1 && is_keyword(last) && self.token.text == "="
    }

    /// The first word, where it is a keyword, the token before the mark and the one at it.
    fn shape(&self) -> String {
        let lead = self.before.first().filter(|first| first.kind == Kind::Keyword && self.before.len() > 1);
        let last = self.before.last().map(|last| if last.ends_value() { "<value>" } else { last.shape() });
        let words = [lead.map(Token::shape), last, Some(self.token.shape())];
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// The token at a place or behind the blanks there, and where it ends; `None` at the end of the line's code.
fn next(line: &str, at: usize) -> Option<(Token<'_>, usize)> {
    let rest = line[at..].trim_start();
    let start = line.len() - rest.len();
    let first = rest.chars().next().filter(|first| *first != '#')?;
    let word = first_word(rest);
    let (kind, length) = if let Some(length) = text(rest, word) {
        (Kind::Text, length)
    } else if first.is_ascii_digit() {
        number(rest)
    } else if !word.is_empty() {
        (if KEYWORDS.contains(&word) { Kind::Keyword } else { Kind::Name }, word.len())
    } else {
        (Kind::Operator, operator(rest, first))
    };
    Some((Token { kind, text: &rest[..length] }, start + length))
}

/// Length of a string literal, with what may be its prefix; to the end where nothing closes it.
fn text(rest: &str, prefix: &str) -> Option<usize> {
    let is_prefix = prefix.len() <= 2 && prefix.bytes().all(|byte| b"bBfFrRtTuU".contains(&byte));
    let body = &rest[prefix.len()..];
    if !is_prefix || !body.starts_with(['"', '\'']) {
        return None;
    }
    let closed = literal(body, 0).filter(|literal| literal.start == 0);
    Some(closed.map_or(rest.len(), |literal| prefix.len() + literal.end))
}

/// Kind and length of what begins with a digit.
fn number(rest: &str) -> (Kind, usize) {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    let length = rest.find(|c: char| !inside(c)).unwrap_or(rest.len());
    let word = rest[..length].to_ascii_lowercase();
    let only =
        |text: &str, more: &[u8]| text.bytes().all(|byte| byte.is_ascii_digit() || more.contains(&byte));
    let based = ["0x", "0o", "0b"].iter().any(|base| word.starts_with(base));
    let is_number = based || only(&word, b"._e") || only(word.trim_end_matches('j'), b"._");
    (if is_number { Kind::Number } else { Kind::Spoilt }, length)
}

fn operator(rest: &str, first: char) -> usize {
    const LONG: [&str; 25] = [
        "**=", "//=", ">>=", "<<=", "...", "**", "//", ">>", "<<", "==", "!=", "<=", ">=", "->", ":=", "+=",
        "-=", "*=", "/=", "%=", "&=", "|=", "^=", "@=", "&&",
    ];
    LONG.iter().find(|long| rest.starts_with(*long)).map_or(first.len_utf8(), |long| long.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mark is under the token that `line` has between `[[` and `]]`, or behind it.
    fn of(line: &str) -> String {
        let start = line.find("[[").expect("a mark");
        let line = line.replace("[[", "").replace("]]", "");
        let mark = line[..start].chars().count() as u32;
        match mistake("invalid syntax", Some(&line), Some((mark, mark + 1))) {
            Some(Mistake::Message(message)) => message.to_owned(),
            Some(Mistake::Shape(shape)) => format!("invalid syntax: {shape}"),
            None => "nothing".to_owned(),
        }
    }

    fn told(cases: &[(&str, &str)]) {
        for (line, expected) in cases {
            assert_eq!(of(line), *expected, "{line}");
        }
    }

    #[test]
    fn what_later_releases_know() {
        let cases = [
            ("if total > limit[[]]", EXPECTED_COLON),
            ("while True  # a comment[[]]", EXPECTED_COLON),
            ("[[print]](total)", NEVER_CLOSED),
            ("[[def]] test():", NEVER_CLOSED),
            ("if total == 1[[:]]", NEVER_CLOSED),
            ("x = (1, 2, 3[[]]]", NEVER_CLOSED),
            ("print(total))[[)]]", UNMATCHED),
            ("def total[[:]]", "expected '('"),
            ("async def total[[.]]x():", "expected '('"),
            ("tau = [[2pi]]", "invalid decimal literal"),
            ("a = {1: 2, 3:[[}]]", "expression expected after dictionary key and ':'"),
            ("except NameError[[,]] ValueError:", "multiple exception types must be parenthesized"),
            ("x = [i, i**2 [[for]] i in y]", "did you forget parentheses around the comprehension target?"),
        ];
        told(&cases);
    }

    #[test]
    fn what_a_statement_is_told_by() {
        let cases = [
            ("if total [[=]] 3:", "invalid syntax: = in a condition"),
            ("else [[if]] total:", "invalid syntax: else if"),
            ("elseif [[total]]:", "invalid syntax: else if"),
            ("match [[total]]:", "invalid syntax: syntax of a newer release"),
            ("def first[[[]]T](items):", "invalid syntax: syntax of a newer release"),
            ("function [[total]](a) {", "invalid syntax: words in place of a statement"),
            ("python = a [[b]]", "invalid syntax: <value> <value>"),
            ("return [x for x in y if x [[=]] 3]", "invalid syntax: = in a condition"),
            ("print('a' [[94]])", "invalid syntax: missing comma"),
            ("res = {'a': '3' 'b'[[:]] 32}", "invalid syntax: missing comma"),
            ("def [[import]](total):", "invalid syntax: keyword as name"),
            ("class [[=]] 3", "invalid syntax: keyword as name"),
            ("[[<<]]<<<<< HEAD", "invalid syntax: conflict marker"),
            ("Here is the [[updated]] code of task 3:", "invalid syntax: words in place of a statement"),
            ("Sure[[!]] Let me load the file first.", "invalid syntax: words in place of a statement"),
            ("[[`]]``python", "invalid syntax: markdown fence"),
            ("[[!]]pip install numpy", "invalid syntax: shell command"),
            ("pip [[install]] numpy", "invalid syntax: shell command"),
            ("Here [[is]] the code", "invalid syntax: words in place of a statement"),
            ("import pen [[from]] turtle", "invalid syntax: import <value> from"),
            ("from math import sin [[and]] cos", "invalid syntax: from <value> and"),
            ("total++[[]]", "invalid syntax: + <end>"),
            ("except[[*]] ValueError:", "invalid syntax: syntax of a newer release"),
            ("print(f\"{a}\" [[:=]] 'b')", "invalid syntax: <value> :="),
            ("x = na\u{ef}ve [[gr\u{f6}\u{df}e]] 3", "invalid syntax: <value> <value>"),
        ];
        told(&cases);
    }

    #[test]
    fn a_message_that_tells_more_stays() {
        let condition = "cannot assign to expression here. Maybe you meant '==' instead of '='?";
        assert_eq!(mistake(condition, Some("a + 1 = 2"), Some((0, 5))), None);
        assert_eq!(mistake(condition, Some("if a + 1 = 2:"), None), Some(Mistake::Shape(EQUALS.into())));
        assert_eq!(mistake(EXPECTED_COLON, Some("else if a:"), None), Some(Mistake::Shape(ELSE_IF.into())));
        assert_eq!(mistake("unterminated string literal", Some("x = 'a"), Some((4, 5))), None);
        assert_eq!(mistake("invalid syntax", None, None), None);
        assert_eq!(mistake("invalid syntax", Some("x = 1"), None), None);
        assert_eq!(mistake("invalid syntax", Some(&"x ".repeat(LINE_BYTES_MAX)), Some((2, 3))), None);
    }

    proptest::proptest! {
        #[test]
        fn any_line_at_any_mark_is_read(line in "[ -~\u{e9}\u{1f600}]{0,40}", mark in 0_u32..50) {
            if let Some(Mistake::Shape(shape)) = mistake("invalid syntax", Some(&line), Some((mark, mark + 1))) {
                proptest::prop_assert!(shape.len() < 200, "{shape}");
            }
        }
    }
}
