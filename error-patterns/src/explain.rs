//! Why an exception has its grouping, in plain words: what was read, what counts and what does not, and
//! which pattern it joined.
//!
//! Reads the exception again, so it is for people's questions, not for every event.

use crate::ast::AstTags;
use crate::canonical::{Basis, Canonical};
use crate::fingerprint::{is_environment, place, root_cause, template};
use crate::grouping::Grouping;
use crate::model::{Frame, Origin, Parsed, ParsedException, RawException, Relation, Runtime, Taxonomy};
use crate::parse::parse;
use crate::rules::{RULES_STRATEGY, Rules};
use crate::store::{Assignment, Matched};
use std::fmt;

/// Frames listed by name.
const FRAMES_LISTED_MAX: usize = 12;
/// Characters of a message that are shown.
const MESSAGE_CHARS_MAX: usize = 160;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// Whether the fingerprint depends on it.
    pub contributes: bool,
    pub what: String,
    pub why: String,
}

/// What contributed to a grouping, and what did not. `Display` writes it as text for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// What was read: runtime, chain, the exception that decided.
    pub read: Vec<String>,
    /// The user's rules that acted, and on what.
    pub rules: Vec<String>,
    pub components: Vec<Component>,
    /// The five levels, severity and the rule behind them.
    pub taxonomy: Vec<String>,
    /// Fingerprint, signature, strategy.
    pub identity: Vec<String>,
    /// What it was joined to, and what else is near; empty when no pattern was asked for.
    pub pattern: Vec<String>,
}

/// Explains a grouping, and what it was joined to where that is known. `raw` is the masked exception that the
/// grouping was made of.
#[must_use]
pub fn explain(raw: &RawException<'_>, grouping: &Grouping, assignment: Option<&Assignment>) -> Explanation {
    explain_by(raw, grouping, assignment, &Rules::default())
}

/// The same where a user's rules were used, which must be those of the grouping.
#[must_use]
pub fn explain_by(
    raw: &RawException<'_>,
    grouping: &Grouping,
    assignment: Option<&Assignment>,
    rules: &Rules,
) -> Explanation {
    let mut parsed = parse(raw);
    let told = rules.told(raw, &mut parsed);
    Explanation {
        read: read(&parsed, grouping),
        rules: told,
        components: components(raw, &parsed, grouping),
        taxonomy: taxonomy(grouping),
        identity: vec![
            format!("fingerprint {} (strategy {})", grouping.fingerprint, grouping.strategy),
            format!("signature   {}", grouping.signature),
        ],
        pattern: assignment.map(pattern).unwrap_or_default(),
    }
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let short: String = line.chars().take(MESSAGE_CHARS_MAX).collect();
    if short.len() < text.trim_end().len() { format!("{short} ...") } else { short }
}

fn titled(error_type: &str, message: &str) -> String {
    match (error_type, message.trim()) {
        ("", "") => "(no type, no message)".to_owned(),
        ("", message) => shortened(message),
        (error_type, "") => format!("{error_type} (no message)"),
        (error_type, message) => format!("{error_type}: {}", shortened(message)),
    }
}

fn read(parsed: &Parsed<'_>, grouping: &Grouping) -> Vec<String> {
    let mut lines = vec![format!(
        "runtime {}, language {}",
        parsed.runtime,
        grouping.language.as_deref().unwrap_or("unknown")
    )];
    if let Some(by) = &parsed.quoted_by {
        let by = if by.is_empty() { "an exception without a type" } else { by };
        lines.push(format!("quoted by {by}, which only says what this one did"));
    }
    for exception in &parsed.exceptions {
        let role = match exception.relation {
            Relation::Reported => "reported",
            Relation::Cause => "its cause",
            Relation::Context => "handled when it was raised",
            Relation::Suppressed => "suppressed",
            Relation::Member => "one of its members",
        };
        let frames = count(exception.frames.len(), "frame");
        lines.push(format!("{role}: {} [{frames}]", titled(&exception.error_type, &exception.message)));
    }
    if parsed.exceptions.len() > 1 {
        let deciding = root_cause(parsed);
        let reported = deciding == 0;
        let why = if reported { "no cause of it was found that tells more" } else { "it is the root cause" };
        let name =
            parsed.exceptions.get(deciding).map(|each| each.short_type().to_owned()).unwrap_or_default();
        lines.push(format!("{name} decides: {why}"));
    }
    if parsed.truncated {
        lines.push("the text is cut: what is missing cannot count".to_owned());
    }
    if let Some(file) = place(parsed) {
        lines.push(format!("place in own code: {file}"));
    }
    lines
}

fn components(raw: &RawException<'_>, parsed: &Parsed<'_>, grouping: &Grouping) -> Vec<Component> {
    let canonical = Canonical::parse(&grouping.canonical);
    let mut components = Vec::new();
    let mut add = |contributes: bool, what: String, why: &str| {
        components.push(Component { contributes, what, why: why.to_owned() });
    };
    if canonical.strategy == RULES_STRATEGY {
        for part in &canonical.keys {
            add(true, part.clone(), "a rule of the configuration says so");
        }
        let why = "the rule's fingerprint stands in its place, in every phase and under every strategy";
        add(false, "everything else".to_owned(), why);
        return components;
    }
    let types: Vec<&str> =
        canonical.types.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
    if !types.is_empty() {
        add(
            true,
            format!("type {}", types.join(", ")),
            "without module or package, which differ between clients",
        );
    } else if let Some(deciding) = parsed.exceptions.get(root_cause(parsed))
        && !deciding.error_type.is_empty()
    {
        let why = "the language has no types, or clients send words of their own: the message tells";
        add(false, format!("type {}", deciding.short_type()), why);
    }
    for key in &canonical.keys {
        add(true, key.clone(), why_key(key));
    }
    match canonical.basis {
        Basis::Application => {
            for frame in canonical.frames.iter().take(FRAMES_LISTED_MAX) {
                add(true, format!("frame {frame}"), "the application's own code, shared by its executions");
            }
            if let Some(more) = canonical.frames.len().checked_sub(FRAMES_LISTED_MAX).filter(|more| *more > 0)
            {
                add(true, format!("{} more", count(more, "frame")), "the application's own code");
            }
        }
        Basis::Library => {
            for library in &canonical.frames {
                add(true, format!("library {library}"), "the program had called it when it failed");
            }
        }
        Basis::Message => {}
    }
    if canonical.tokens.is_empty() {
        let why = match canonical.basis {
            Basis::Application => "the application's frames tell more, and messages hold values",
            _ => "it holds nothing but values, or says no more than the type",
        };
        add(false, "message".to_owned(), why);
    } else {
        let why = why_words(raw, parsed, &canonical);
        add(true, format!("message \"{}\"", canonical.tokens.join(" ")), &why);
    }
    components.extend(frames_left_out(parsed, canonical.basis, &grouping.taxonomy));
    components
}

/// Why a key of the canonical form counts.
fn why_key(key: &str) -> &'static str {
    if key.starts_with("site ") {
        "where it was raised, because the message does not tell why"
    } else if key.starts_with("call ") {
        "what of the library was called, since a key alone says too little"
    } else if key.starts_with("from ") {
        "the published package that lacks the name"
    } else if key.starts_with("name ") {
        "the interpreter tells it of the application's own code: another one is another mistake"
    } else if key.starts_with("access ") {
        "it was making the file, so that a folder is missing"
    } else if key.starts_with("part ") {
        "a rule of the configuration says so: it splits what is else one pattern"
    } else {
        "a number that means something: others never join"
    }
}

/// Why the words of the message are those.
fn why_words(raw: &RawException<'_>, parsed: &Parsed<'_>, canonical: &Canonical) -> String {
    let says_nothing = |each: &ParsedException<'_>| each.message.starts_with("invalid syntax");
    if parsed.runtime == Runtime::Python
        && canonical.tokens != ["invalid", "syntax"]
        && parsed.exceptions.get(root_cause(parsed)).is_some_and(says_nothing)
    {
        return "what Python means by `invalid syntax`, read from the source line and the mark below it"
            .to_owned();
    }
    let mut why = "values and names that one user chose are placeholders".to_owned();
    if let Some(template) = template(raw, parsed) {
        why.push_str("; the program's source tells which words it put in: ");
        why.push_str(&shortened(&template));
    }
    why
}

/// The frames that do not count, by whose code they are.
fn frames_left_out(parsed: &Parsed<'_>, basis: Basis, taxonomy: &Taxonomy) -> Vec<Component> {
    let frames =
        parsed.exceptions.get(root_cause(parsed)).map(|each| each.frames.as_slice()).unwrap_or_default();
    let of = |origin: Origin| -> Vec<&Frame<'_>> {
        frames.iter().filter(|frame| frame.origin == origin).collect()
    };
    let reasons = [
        (Origin::Program, "of the program", "its names are one user's own and never split a pattern"),
        (Origin::Library, "of libraries", "inner frames differ between a library's releases"),
        (Origin::Runtime, "of the language's runtime", "they are there whatever went wrong"),
        (
            Origin::Carrier,
            "that only carry calls",
            "thread pools, event loops, loaders and runners say nothing of the cause",
        ),
    ];
    let mut components: Vec<Component> = reasons
        .into_iter()
        .filter_map(|(origin, whose, why)| {
            let frames = of(origin);
            let names: Vec<&str> = frames.iter().map(|frame| frame.function.as_ref()).take(3).collect();
            let more = if frames.len() > names.len() { ", ..." } else { "" };
            let what = format!("{} {whose} ({}{more})", count(frames.len(), "frame"), names.join(", "));
            (!frames.is_empty()).then(|| Component { contributes: false, what, why: why.to_owned() })
        })
        .collect();
    let application = of(Origin::Application).len();
    if basis != Basis::Application && application > 0 {
        let why = if is_environment(parsed.runtime, taxonomy) {
            "what the environment lacks counts, not where it was needed"
        } else {
            "the program was started by itself, or they have names that every program has"
        };
        components.push(Component {
            contributes: false,
            what: format!("{} of own code", count(application, "frame")),
            why: why.to_owned(),
        });
    }
    components
}

fn taxonomy(grouping: &Grouping) -> Vec<String> {
    let taxonomy = &grouping.taxonomy;
    let cause = if taxonomy.cause.is_empty() { "(no rule knows it)" } else { &taxonomy.cause };
    let rule =
        if grouping.rule.is_empty() { "no rule fits".to_owned() } else { format!("rule {}", grouping.rule) };
    let mut lines = vec![format!(
        "{} / {} / {} / {cause}",
        taxonomy.runtime,
        taxonomy.phase.as_str(),
        taxonomy.error_type
    )];
    let context = match &grouping.ast {
        Some(tags) => {
            lines.push(statement(tags));
            "this stack and failing statement, without names of the user's own"
        }
        None => "this stack and snippet, names and all",
    };
    lines.push(format!("context {} ({context})", taxonomy.context));
    lines.push(format!("severity {} of 5; {rule}", grouping.severity));
    lines
}

fn statement(tags: &AstTags) -> String {
    let call = tags.call.as_ref().map(|call| format!(" of {call}")).unwrap_or_default();
    let import = tags.import.as_ref().map(|import| format!(", module {import}")).unwrap_or_default();
    format!("failing statement: {}{call}{import}", tags.statement)
}

fn pattern(assignment: &Assignment) -> Vec<String> {
    let how = match assignment.matched {
        Matched::Exact { hash } => format!("known: shares hash {hash}"),
        Matched::Near { similarity, distance, neighbour } => {
            format!(
                "known: like {neighbour}, similarity {similarity:.2}, {distance} of 128 bits differ, type and phase agree"
            )
        }
        Matched::New => "new: no hash of it was known, and no pattern is near enough".to_owned(),
    };
    let mut lines = vec![format!("pattern {} ({how})", assignment.pattern_id)];
    for similar in &assignment.similar {
        let why = if similar.joins {
            "farther than the one joined"
        } else {
            "not near enough, or of another type, library or phase"
        };
        lines.push(format!("similar: {} (similarity {:.2}; {why})", similar.pattern_id, similar.similarity));
    }
    lines
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let section = |f: &mut fmt::Formatter<'_>, title: &str, lines: &[String]| {
            if lines.is_empty() {
                return Ok(());
            }
            writeln!(f, "{title}")?;
            lines.iter().try_for_each(|line| writeln!(f, "  {line}"))
        };
        let of = |contributes: bool| -> Vec<String> {
            let chosen = self.components.iter().filter(|component| component.contributes == contributes);
            chosen.map(|component| format!("{} - {}", component.what, component.why)).collect()
        };
        section(f, "Read", &self.read)?;
        section(f, "Rules", &self.rules)?;
        section(f, "Counts", &of(true))?;
        section(f, "Does not count", &of(false))?;
        section(f, "Taxonomy", &self.taxonomy)?;
        section(f, "Identity", &self.identity)?;
        section(f, "Pattern", &self.pattern)
    }
}
