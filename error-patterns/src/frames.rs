//! Whose code a frame is: reads the rules of `schemas/rules/frames.toml` and applies them.
//!
//! All needles of a runtime's rules are searched in one pass per field, so a rule more costs nothing per frame.
//! At most 64 rules may apply to one runtime; the loader refuses more.

use crate::model::{Frame, Origin, Runtime};
use aho_corasick::AhoCorasick;
use serde::Deserialize;
use std::borrow::Cow;
use std::sync::LazyLock;

const BUILT_IN: &str = include_str!("../../schemas/rules/frames.toml");
pub(crate) const RUNTIMES: [Runtime; 12] = [
    Runtime::Python,
    Runtime::JavaScript,
    Runtime::Java,
    Runtime::Shell,
    Runtime::Go,
    Runtime::Rust,
    Runtime::DotNet,
    Runtime::Ruby,
    Runtime::Php,
    Runtime::Native,
    Runtime::R,
    Runtime::Unknown,
];
static RULES: LazyLock<FrameRules> =
    LazyLock::new(|| FrameRules::read(BUILT_IN).expect("the built-in rules are read by a test"));

/// Why a file of frame rules is refused.
#[derive(Debug, thiserror::Error)]
pub enum FrameRulesError {
    /// Not TOML, or a key that does not exist.
    #[error("frame rules are not valid")]
    Syntax(#[from] toml::de::Error),
    /// `origin` or `runtime` names something unknown.
    #[error("frame rule {rule} has the unknown {field} {value:?}")]
    Unknown {
        /// Place of the rule in the file, from 1.
        rule: usize,
        /// Name of the field.
        field: &'static str,
        /// What it says.
        value: String,
    },
    /// A rule without a condition would end the list.
    #[error("frame rule {0} has no condition")]
    Empty(usize),
    /// Too many rules for one runtime.
    #[error("{rules} frame rules apply to {runtime}, limit is 64")]
    TooMany {
        /// The runtime.
        runtime: Runtime,
        /// Number of its rules.
        rules: usize,
    },
    /// The needles cannot be compiled.
    #[error("frame rules cannot be compiled")]
    Build(#[from] aho_corasick::BuildError),
}

/// Compiled rules for every runtime.
#[derive(Debug)]
pub struct FrameRules {
    by_runtime: Vec<RuntimeRules>,
    harness: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rule: Vec<RawRule>,
    #[serde(default)]
    harness: Harness,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Harness {
    source_starts: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawRule {
    origin: String,
    runtime: Vec<String>,
    file_is: Vec<String>,
    file_starts: Vec<String>,
    file_ends: Vec<String>,
    file_contains: Vec<String>,
    file_plain: bool,
    module_is: Vec<String>,
    module_starts: Vec<String>,
    module_ends: Vec<String>,
    module_contains: Vec<String>,
    module_plain: bool,
    function_is: Vec<String>,
    function_starts: Vec<String>,
    function_ends: Vec<String>,
}

/// One runtime's rules; bit `n` of a mask is rule `n`.
#[derive(Debug)]
struct RuntimeRules {
    origins: Vec<Origin>,
    all: u64,
    file: Field,
    module: Field,
    function: Field,
}

/// The conditions of all rules on one field.
#[derive(Debug)]
struct Field {
    needles: AhoCorasick,
    /// Rule and kind of each needle.
    conditions: Vec<(u64, Fit)>,
    /// Rules that hold for a value without a folder or package.
    plain: u64,
    /// Rules that hold for a field without a value (`file_is = [""]`).
    empty: u64,
    /// Rules without a condition on this field.
    free: u64,
    separators: &'static [char],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    Is,
    Starts,
    Ends,
    Contains,
}

impl Field {
    fn new(
        rules: &[&RawRule],
        values: impl Fn(&RawRule) -> ([&[String]; 4], bool),
        separators: &'static [char],
    ) -> Result<Self, FrameRulesError> {
        let mut words: Vec<String> = Vec::new();
        let mut conditions = Vec::new();
        let (mut plain, mut empty, mut free) = (0, 0, 0);
        for (number, rule) in rules.iter().enumerate() {
            let bit = 1_u64 << number;
            let (lists, is_plain) = values(rule);
            for (list, fit) in lists.into_iter().zip([Fit::Is, Fit::Starts, Fit::Ends, Fit::Contains]) {
                if fit == Fit::Is && list.iter().any(String::is_empty) {
                    empty |= bit;
                }
                let needles = list.iter().filter(|word| !word.is_empty());
                words.extend(needles.clone().cloned());
                conditions.extend(needles.map(|_| (bit, fit)));
            }
            if is_plain {
                plain |= bit;
            } else if lists.iter().all(|list| list.is_empty()) {
                free |= bit;
            }
        }
        Ok(Self { needles: AhoCorasick::new(&words)?, conditions, plain, empty, free, separators })
    }

    /// The rules whose condition on this field holds.
    fn hits(&self, value: &str) -> u64 {
        let mut hits = self.free;
        if self.plain != 0 && !value.is_empty() && !value.contains(self.separators) {
            hits |= self.plain;
        }
        if value.is_empty() {
            return hits | self.empty;
        }
        for found in self.needles.find_overlapping_iter(value) {
            let (bit, fit) = self.conditions[found.pattern().as_usize()];
            let (start, end) = (found.start() == 0, found.end() == value.len());
            let fits = match fit {
                Fit::Is => start && end,
                Fit::Starts => start,
                Fit::Ends => end,
                Fit::Contains => true,
            };
            if fits {
                hits |= bit;
            }
        }
        hits
    }
}

impl FrameRules {
    /// Reads rules in the form of `schemas/rules/frames.toml`.
    ///
    /// # Errors
    /// When the text is not TOML of that form, names an unknown origin or runtime, or has too many rules.
    pub fn read(text: &str) -> Result<Self, FrameRulesError> {
        let file: File = toml::from_str(text)?;
        for (number, rule) in file.rule.iter().enumerate() {
            let number = number + 1;
            if origin_named(&rule.origin).is_none() {
                let value = rule.origin.clone();
                return Err(FrameRulesError::Unknown { rule: number, field: "origin", value });
            }
            if let Some(value) =
                rule.runtime.iter().find(|name| RUNTIMES.iter().all(|r| r.as_str() != name.as_str()))
            {
                return Err(FrameRulesError::Unknown {
                    rule: number,
                    field: "runtime",
                    value: value.clone(),
                });
            }
            let no_list = [file_of(rule), module_of(rule), function_of(rule)]
                .iter()
                .all(|(lists, plain)| !plain && lists.iter().all(|list| list.is_empty()));
            if no_list {
                return Err(FrameRulesError::Empty(number));
            }
        }
        let by_runtime = RUNTIMES
            .iter()
            .map(|runtime| RuntimeRules::new(&file.rule, *runtime))
            .collect::<Result<_, _>>()?;
        Ok(Self { by_runtime, harness: file.harness.source_starts })
    }

    /// Sets the origin of each frame of one exception, innermost first.
    pub fn assign(&self, runtime: Runtime, frames: &mut [Frame<'_>]) {
        let Some(rules) = self.by_runtime.get(RUNTIMES.iter().position(|r| *r == runtime).unwrap_or(0))
        else {
            return;
        };
        for frame in frames.iter_mut() {
            frame.origin = rules.origin(frame);
        }
        spread_program(runtime, frames);
        self.mark_harness(frames);
    }

    /// The same, where marks (one a frame) go before the rules and are what the other frames are seen by.
    pub(crate) fn assign_marked(&self, runtime: Runtime, frames: &mut [Frame<'_>], marks: &[Option<Origin>]) {
        let Some(rules) = self.by_runtime.get(RUNTIMES.iter().position(|r| *r == runtime).unwrap_or(0))
        else {
            return;
        };
        for (frame, mark) in frames.iter_mut().zip(marks) {
            frame.origin = mark.unwrap_or_else(|| rules.origin(frame));
        }
        spread_program(runtime, frames);
        self.mark_harness(frames);
        for (frame, mark) in frames.iter_mut().zip(marks) {
            frame.origin = mark.unwrap_or(frame.origin);
        }
    }

    /// The platform's runner: the frame that executes a program's text, and all outside it.
    fn mark_harness(&self, frames: &mut [Frame<'_>]) {
        let runs_text = |frame: &Frame<'_>| {
            let source = frame.source.as_deref().unwrap_or_default();
            !source.is_empty() && self.harness.iter().any(|start| source.starts_with(start.as_str()))
        };
        // The innermost frame can only be a program that failed in its own `exec`.
        let Some(at) = frames.iter().skip(1).position(runs_text).map(|at| at + 1) else { return };
        if frames[at - 1].origin == Origin::Program {
            for frame in &mut frames[at..] {
                frame.origin = Origin::Carrier;
            }
        }
    }
}

/// Frames beside or below an entry script, or in an entry class's package, are the same program.
fn spread_program(runtime: Runtime, frames: &mut [Frame<'_>]) {
    let home = |frame: &Frame<'_>| -> Option<String> {
        if frame.origin != Origin::Program {
            return None;
        }
        let home = match runtime {
            Runtime::Java => frame.module.rfind('.').map(|at| &frame.module[..=at])?,
            _ => frame.file.rfind(['/', '\\']).map(|at| &frame.file[..=at])?,
        };
        (home.len() > 1).then(|| home.to_owned())
    };
    let Some(home) = frames.iter().rev().find_map(home) else { return };
    for frame in frames.iter_mut().filter(|frame| frame.origin == Origin::Application) {
        let place = if runtime == Runtime::Java { &frame.module } else { &frame.file };
        if place.starts_with(&home) {
            frame.origin = Origin::Program;
        }
    }
}

impl RuntimeRules {
    fn new(rules: &[RawRule], runtime: Runtime) -> Result<Self, FrameRulesError> {
        let rules: Vec<&RawRule> = rules
            .iter()
            .filter(|rule| {
                rule.runtime.is_empty() || rule.runtime.iter().any(|name| name == runtime.as_str())
            })
            .collect();
        if rules.len() > 64 {
            return Err(FrameRulesError::TooMany { runtime, rules: rules.len() });
        }
        Ok(Self {
            origins: rules.iter().filter_map(|rule| origin_named(&rule.origin)).collect(),
            all: if rules.len() == 64 { u64::MAX } else { (1 << rules.len()) - 1 },
            file: Field::new(&rules, file_of, &['/', '\\'])?,
            module: Field::new(&rules, module_of, &['.'])?,
            function: Field::new(&rules, function_of, &[])?,
        })
    }

    fn origin(&self, frame: &Frame<'_>) -> Origin {
        let file: Cow<'_, str> = if frame.file.contains('\\') {
            Cow::Owned(frame.file.replace('\\', "/"))
        } else {
            Cow::Borrowed(&frame.file)
        };
        let path = file.strip_prefix("file://").unwrap_or(&file);
        let hits = self.all
            & self.file.hits(path)
            & self.module.hits(&frame.module)
            & self.function.hits(&frame.function);
        self.origins.get(hits.trailing_zeros() as usize).copied().unwrap_or(Origin::Application)
    }
}

fn file_of(rule: &RawRule) -> ([&[String]; 4], bool) {
    ([&rule.file_is, &rule.file_starts, &rule.file_ends, &rule.file_contains], rule.file_plain)
}

fn module_of(rule: &RawRule) -> ([&[String]; 4], bool) {
    ([&rule.module_is, &rule.module_starts, &rule.module_ends, &rule.module_contains], rule.module_plain)
}

fn function_of(rule: &RawRule) -> ([&[String]; 4], bool) {
    ([&rule.function_is, &rule.function_starts, &rule.function_ends, &[]], false)
}

pub(crate) fn origin_named(name: &str) -> Option<Origin> {
    Some(match name {
        "program" => Origin::Program,
        "application" => Origin::Application,
        "library" => Origin::Library,
        "runtime" => Origin::Runtime,
        "carrier" => Origin::Carrier,
        _ => return None,
    })
}

/// The name that rules have for an origin.
pub(crate) fn origin_name(origin: Origin) -> &'static str {
    match origin {
        Origin::Program => "program",
        Origin::Application => "application",
        Origin::Library => "library",
        Origin::Runtime => "runtime",
        Origin::Carrier => "carrier",
    }
}

/// The names of all runtimes.
pub(crate) fn runtime_names() -> Vec<&'static str> {
    RUNTIMES.iter().map(|runtime| runtime.as_str()).collect()
}

/// Sets the origin of each frame of one exception by marks, one a frame, and where there is none by the built-in
/// rules.
pub(crate) fn assign_marked(runtime: Runtime, frames: &mut [Frame<'_>], marks: &[Option<Origin>]) {
    RULES.assign_marked(runtime, frames, marks);
}

/// Sets the origin of each frame of one exception by the built-in rules.
pub fn assign_origins(runtime: Runtime, frames: &mut [Frame<'_>]) {
    RULES.assign(runtime, frames);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        runtime: Runtime,
        file: &'static str,
        module: &'static str,
        function: &'static str,
        expected: Origin,
    ) {
        let mut frames = [Frame {
            file: file.into(),
            module: module.into(),
            function: function.into(),
            ..Frame::default()
        }];
        assign_origins(runtime, &mut frames);
        assert_eq!(frames[0].origin, expected, "{file} {module} {function}");
    }

    #[test]
    fn built_in_rules_are_valid() {
        FrameRules::read(BUILT_IN).unwrap();
    }

    #[test]
    fn refuses_rules_that_cannot_work() {
        let read = |text| FrameRules::read(text).unwrap_err().to_string();
        assert_eq!(
            read("[[rule]]\norigin = 'x'\nfile_is = ['a']"),
            "frame rule 1 has the unknown origin \"x\""
        );
        assert_eq!(
            read("[[rule]]\norigin = 'program'\nruntime = ['cobol']\nfile_is = ['a']"),
            "frame rule 1 has the unknown runtime \"cobol\""
        );
        assert_eq!(read("[[rule]]\norigin = 'program'"), "frame rule 1 has no condition");
    }

    #[test]
    fn knows_whose_code_a_frame_is() {
        use Origin::{Application, Carrier, Library, Program};
        use Runtime::{Go, Java, JavaScript, Python};
        check(Python, "/home/a/.venv/lib/python3.11/site-packages/pandas/core/frame.py", "", "f", Library);
        check(
            Python,
            r"C:\Users\a\AppData\Local\Programs\Python\Python311\Lib\json\decoder.py",
            "",
            "f",
            Origin::Runtime,
        );
        check(Python, "/usr/lib/python3.11/concurrent/futures/thread.py", "", "run", Carrier);
        check(Python, "/usr/lib/python3.12/asyncio/tasks.py", "", "wait_for", Origin::Runtime);
        check(Python, "<stdin>", "", "<module>", Program);
        check(Python, "Cell In[3]", "", "<module>", Program);
        check(Python, "/app/main.py", "", "<module>", Program);
        check(Python, "/app/shop/orders.py", "", "load", Application);
        check(
            JavaScript,
            "node:internal/process/task_queues",
            "process",
            "processTicksAndRejections",
            Carrier,
        );
        check(JavaScript, "node:fs", "Object", "openSync", Origin::Runtime);
        check(JavaScript, "<anonymous>", "JSON", "parse", Origin::Runtime);
        check(JavaScript, "<anonymous>", "Array", "map", Carrier);
        check(JavaScript, "/srv/shop/node_modules/express/lib/router.js", "", "next", Library);
        check(Java, "Main.java", "Main", "main", Program);
        check(Java, "ArrayList.java", "java.util.ArrayList", "get", Origin::Runtime);
        check(
            Java,
            "DispatcherServlet.java",
            "org.springframework.web.servlet.DispatcherServlet",
            "service",
            Library,
        );
        check(Java, "OrderService.java", "kr.co.shop.OrderService", "load", Application);
        check(Go, "/tmp/x/main.go", "main", "main", Program);
        check(
            Go,
            "/root/go/pkg/mod/github.com/gin-gonic/gin@v1.9.1/context.go",
            "github.com/gin-gonic/gin",
            "Next",
            Library,
        );
    }

    #[test]
    fn a_runner_outside_the_program_carries() {
        let frame = |file: &'static str, source: &'static str| Frame {
            file: file.into(),
            source: Some(source.into()),
            ..Frame::default()
        };
        let mut frames = [
            frame("<user_code>", "x"),
            frame("/opt/agent/runner.py", "exec(code, ns)"),
            frame("/opt/agent/a.py", "run()"),
        ];
        assign_origins(Runtime::Python, &mut frames);
        assert_eq!(frames.map(|f| f.origin), [Origin::Program, Origin::Carrier, Origin::Carrier]);
    }
}
