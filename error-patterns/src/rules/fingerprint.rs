//! Fingerprint overrides: a list of parts that replaces the grouping, or splits it further.

use super::Applied;
use super::conditions::{ConditionSet, Conditions, Fit};
use super::fields::Fields;
use super::message::MessageRules;
use super::pattern::check_length;
use crate::canonical::{Canonical, Comparable};
use crate::grouping::Grouping;
use crate::ids::Fingerprint;
use crate::likeness::Likeness;
use crate::model::{Frame, Parsed, RawException};
use crate::parse::floor;
use crate::tokens::{Names, parameterize, tokens};
use aho_corasick::BuildError;
use regex::Captures;
use xxhash_rust::xxh3::xxh3_128;

/// What stands in a canonical form in place of a strategy where a rule's parts are all that counts: they mean the
/// same under every strategy.
pub(crate) const RULES_STRATEGY: &str = "rules";

/// Parts of one fingerprint.
const PARTS_MAX: usize = 16;
/// Bytes of one part, variables filled in.
const PART_BYTES_MAX: usize = 256;
/// Variables but for `capture:NAME`.
const VARIABLES: &str = "default, type, message, function, module, file, runtime, capture:NAME";

/// Something that is filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Variable {
    Type,
    Message,
    Function,
    Module,
    File,
    Runtime,
    Capture(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Variable(Variable),
}

/// A text with variables.
type Template = Vec<Piece>;

/// One rule.
#[derive(Debug)]
pub(super) struct FingerprintRule {
    label: String,
    conditions: Conditions,
    parts: Vec<Template>,
    /// The built-in grouping counts too.
    extends: bool,
    title: Option<Template>,
    severity: Option<u8>,
}

/// All of them; the first that fits decides.
#[derive(Debug, Default)]
pub(super) struct FingerprintRules {
    rules: Vec<Outcome>,
    conditions: ConditionSet,
}

/// What a rule does.
#[derive(Debug)]
struct Outcome {
    label: String,
    parts: Vec<Template>,
    extends: bool,
    title: Option<Template>,
    severity: Option<u8>,
}

/// What a rule says of one exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Override {
    /// The rule's name, or its place in the section.
    pub(crate) rule: String,
    parts: Vec<String>,
    extends: bool,
    title: Option<String>,
    severity: Option<u8>,
}

impl FingerprintRule {
    pub(super) fn read(fields: &mut Fields) -> Option<Self> {
        let conditions = Conditions::read(fields);
        let texts = fields.texts("fingerprint");
        let title = fields.text("title");
        let severity = fields.number("severity", 1, 5).and_then(|severity| u8::try_from(severity).ok());
        if texts.is_empty() && !fields.problems.iter().any(|problem| problem.field == "fingerprint") {
            fields.problem(
                "fingerprint",
                "is missing: the list of parts that the fingerprint is made of".to_owned(),
            );
        }
        if texts.len() > PARTS_MAX {
            fields.problem("fingerprint", format!("has {} parts, limit is {PARTS_MAX}", texts.len()));
        }
        if conditions.is_empty() && fields.problems.is_empty() {
            let what = "has no condition but the runtime, and would group everything together";
            fields.problem("", what.to_owned());
        }
        let captures: Vec<String> = conditions.matches.iter().flat_map(capture_names).collect();
        let mut extends = false;
        let mut parts = Vec::new();
        for text in &texts {
            if inner(text) == Some("default") {
                extends = true;
            } else {
                parts.extend(template(fields, "fingerprint", text, &captures));
            }
        }
        if extends && parts.is_empty() && fields.problems.is_empty() && title.is_none() && severity.is_none()
        {
            fields.problem("fingerprint", "says no more than the built-in grouping".to_owned());
        }
        let title = title.and_then(|text| match check_length(&text) {
            Ok(()) => template(fields, "title", &text, &captures),
            Err(what) => {
                fields.problem("title", what);
                None
            }
        });
        fields.finish();
        Some(Self { label: fields.label(), conditions, parts, extends, title, severity })
    }
}

impl FingerprintRule {
    /// The field that makes it slow.
    pub(super) fn slow(&self) -> Option<&'static str> {
        self.conditions.is_slow().then_some("message_matches")
    }
}

impl FingerprintRules {
    pub(super) fn new(rules: Vec<FingerprintRule>) -> Result<Self, BuildError> {
        let (mut conditions, mut outcomes) = (Vec::new(), Vec::new());
        for rule in rules {
            let FingerprintRule { label, parts, extends, title, severity, .. } = rule;
            outcomes.push(Outcome { label, parts, extends, title, severity });
            conditions.push(rule.conditions);
        }
        Ok(Self { rules: outcomes, conditions: ConditionSet::new(conditions)? })
    }

    /// What the first rule that fits says.
    pub(super) fn first(
        &self,
        raw: &RawException<'_>,
        parsed: &Parsed<'_>,
        messages: &MessageRules,
    ) -> Option<Override> {
        if self.rules.is_empty() {
            return None;
        }
        let case = self.conditions.case(raw, parsed);
        let (number, fit) = case.first()?;
        let rule = &self.rules[number];
        let matches = self.conditions.list[number].matches.as_ref();
        let captures = matches.and_then(|pattern| pattern.regex.captures(case.message(fit.exception)));
        let values = Values { raw, parsed, messages, fit, captures };
        Some(Override {
            rule: rule.label.clone(),
            parts: rule.parts.iter().map(|part| values.fill(part)).collect(),
            extends: rule.extends,
            title: rule.title.as_ref().map(|title| values.fill(title)),
            severity: rule.severity,
        })
    }
}

/// The values of variables in one exception.
struct Values<'v, 'p> {
    raw: &'v RawException<'v>,
    parsed: &'v Parsed<'p>,
    messages: &'v MessageRules,
    fit: Fit,
    captures: Option<Captures<'v>>,
}

impl Values<'_, '_> {
    fn fill(&self, template: &[Piece]) -> String {
        let mut text = String::new();
        for piece in template {
            match piece {
                Piece::Text(fixed) => text.push_str(fixed),
                Piece::Variable(variable) => text.push_str(&self.value(variable)),
            }
        }
        text = text.replace(char::is_control, " ");
        text.truncate(floor(&text, PART_BYTES_MAX).len());
        text
    }

    fn value(&self, variable: &Variable) -> String {
        let exception = self.parsed.exceptions.get(self.fit.exception);
        match variable {
            Variable::Type => exception.map(|each| each.short_type().to_owned()).unwrap_or_default(),
            Variable::Message => self.message(),
            Variable::Function => self.frame().map(|frame| frame.function.to_string()).unwrap_or_default(),
            Variable::Module => self.frame().map(|frame| frame.module.to_string()).unwrap_or_default(),
            Variable::File => {
                let base = |frame: &Frame<'_>| frame.file.rsplit(['/', '\\']).next().map(str::to_owned);
                self.frame().and_then(base).unwrap_or_default()
            }
            Variable::Runtime => self.parsed.runtime.to_string(),
            Variable::Capture(name) => self
                .captures
                .as_ref()
                .and_then(|captures| captures.name(name))
                .map(|found| found.as_str().to_owned())
                .unwrap_or_default(),
        }
    }

    /// The first line of the message with placeholders, the user's and the built-in ones.
    fn message(&self) -> String {
        let Some(exception) = self.parsed.exceptions.get(self.fit.exception) else { return String::new() };
        let mut applied = Applied::default();
        let number = self.fit.exception;
        let rewritten = self.messages.message(self.raw, self.parsed, number, exception, &mut applied);
        let message = rewritten.as_deref().unwrap_or(&exception.message);
        parameterize(message.trim().lines().next().unwrap_or_default(), Names::Keep).text
    }

    /// The frame that the rule fits; else the innermost of own code, else the innermost.
    fn frame(&self) -> Option<&Frame<'_>> {
        if let Some((exception, frame)) = self.fit.frame {
            return self.parsed.exceptions.get(exception)?.frames.get(frame);
        }
        let frames = &self.parsed.exceptions.get(self.fit.exception)?.frames;
        let own = |frame: &&Frame<'_>| frame.origin.is_own();
        frames.iter().find(own).or_else(|| frames.first())
    }
}

impl Override {
    /// Puts the rule's fingerprint in place of the built-in one, or makes it split the built-in one.
    ///
    /// Only the rule's hashes are left: with a built-in hash beside them an event would join the pattern that it
    /// shall be kept apart from. A list without `{{ default }}` holds in every phase and under every strategy.
    pub(crate) fn apply(self, grouping: &mut Grouping) {
        let mut canonical = if self.extends {
            Canonical::parse(&grouping.canonical)
        } else {
            Canonical {
                strategy: RULES_STRATEGY.to_owned(),
                runtime: "any".to_owned(),
                tokens: self.parts.iter().flat_map(|part| tokens(part)).map(str::to_owned).collect(),
                ..Canonical::default()
            }
        };
        canonical.keys.extend(self.parts.iter().map(|part| format!("part {part}")));
        let fingerprint = Fingerprint(xxh3_128(canonical.text().as_bytes()));
        if self.parts.is_empty() {
            // A title or a severity alone changes nothing of the grouping.
        } else if self.extends {
            let salted = |hash: &Fingerprint| {
                let text = format!("{hash}\n{}", self.parts.join("\n"));
                Fingerprint(xxh3_128(text.as_bytes()))
            };
            let own = fingerprint.in_phase(grouping.taxonomy.phase);
            grouping.hashes =
                std::iter::once(own).chain(grouping.hashes.iter().skip(1).map(salted)).collect();
            grouping.fingerprint = fingerprint;
        } else {
            grouping.hashes = vec![fingerprint];
            grouping.fingerprint = fingerprint;
        }
        let comparable = Comparable::of(&canonical);
        grouping.signature = comparable.minima.signature();
        grouping.likeness = Likeness::of(&comparable);
        grouping.basis = canonical.basis;
        canonical.rule = self.rule;
        grouping.canonical = canonical.text();
        if let Some(title) = self.title {
            grouping.canonical_message = title;
        }
        if let Some(severity) = self.severity {
            grouping.severity = severity;
        }
    }

    /// What the rule does, in words.
    pub(crate) fn described(&self) -> String {
        let parts: Vec<String> = self.parts.iter().map(|part| format!("\"{part}\"")).collect();
        let mut text = match (self.parts.is_empty(), self.extends) {
            (true, _) => "leaves the grouping as it is".to_owned(),
            (false, true) => format!("splits the grouping by {}", parts.join(", ")),
            (false, false) => format!("replaces the grouping by {}", parts.join(", ")),
        };
        if let Some(title) = &self.title {
            text += &format!("; title \"{title}\"");
        }
        if let Some(severity) = self.severity {
            text += &format!("; severity {severity}");
        }
        text
    }
}

fn capture_names(pattern: &super::pattern::Pattern) -> Vec<String> {
    pattern.regex.capture_names().flatten().map(str::to_owned).collect()
}

/// The inside of a text that is one variable and nothing else.
fn inner(text: &str) -> Option<&str> {
    let inside = text.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim();
    (!inside.contains("{{")).then_some(inside)
}

/// Reads a text with variables; tells what is wrong with it.
fn template(fields: &mut Fields, field: &str, text: &str, captures: &[String]) -> Option<Template> {
    let mut template = Template::new();
    let mut rest = text;
    while let Some(open) = rest.find("{{") {
        let Some(length) = rest[open..].find("}}") else {
            fields.problem(field, format!("{text:?} has {{{{ without }}}}"));
            return None;
        };
        if open > 0 {
            template.push(Piece::Text(rest[..open].to_owned()));
        }
        let name = rest[open + 2..open + length].trim();
        match variable(name, captures) {
            Ok(variable) => template.push(Piece::Variable(variable)),
            Err(what) => {
                fields.problem(field, what);
                return None;
            }
        }
        rest = &rest[open + length + 2..];
    }
    if !rest.is_empty() {
        template.push(Piece::Text(rest.to_owned()));
    }
    Some(template)
}

fn variable(name: &str, captures: &[String]) -> Result<Variable, String> {
    Ok(match name {
        "type" => Variable::Type,
        "message" => Variable::Message,
        "function" => Variable::Function,
        "module" => Variable::Module,
        "file" => Variable::File,
        "runtime" => Variable::Runtime,
        "default" => return Err("{{ default }} stands in a part of its own".to_owned()),
        _ => match name.strip_prefix("capture:").map(str::trim) {
            Some(group) if captures.iter().any(|each| each == group) => Variable::Capture(group.to_owned()),
            Some(group) => {
                return Err(format!(
                    "{{{{ capture:{group} }}}} needs a group (?P<{group}>...) in message_matches"
                ));
            }
            None => return Err(format!("{{{{ {name} }}}} is no variable; there are {VARIABLES}")),
        },
    })
}
