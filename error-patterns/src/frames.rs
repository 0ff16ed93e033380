//! Whose code a frame is: reads the rules of `schemas/rules/frames.toml` and applies them.
//!
//! All needles of a runtime's rules on a field are looked up in a few looks, so a rule more costs next to nothing per
//! frame, and only looks that the first rule that may still fit depends on are made.
//! At most 64 rules may apply to one runtime; the loader refuses more.

mod needles;

use crate::bytes::has_any;
use crate::model::{Frame, Origin, Runtime};
use memchr::memrchr2;
use needles::{Fit, Look, looks};
use rapidhash::RapidHashSet;
use serde::Deserialize;
use std::borrow::Cow;
use std::slice::IterMut;
use std::sync::LazyLock;

const BUILT_IN: &str = include_str!("../../schemas/rules/frames.toml");
/// Every runtime that rules may name, in the order of their tables.
fn runtimes() -> impl Iterator<Item = Runtime> {
    Runtime::ALL.into_iter().chain([Runtime::Unknown])
}
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
}

/// Compiled rules for every runtime.
#[derive(Debug)]
pub struct FrameRules {
    by_runtime: Vec<RuntimeRules>,
    harness: Vec<Look>,
    programs: RapidHashSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rule: Vec<RawRule>,
    #[serde(default)]
    harness: Harness,
    #[serde(default)]
    programs: Programs,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Harness {
    source_starts: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Programs {
    names: RapidHashSet<String>,
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
    /// File, module and function.
    fields: [Field; 3],
}

/// The conditions of all rules on one field.
#[derive(Debug)]
struct Field {
    looks: Vec<Look>,
    /// Looks that most values need, which are made at once.
    usual: usize,
    /// Rules that hold for a field without a value (`file_is = [""]`).
    empty: u64,
    /// Rules without a condition on this field.
    free: u64,
    is_path: bool,
}

impl Field {
    fn new(
        rules: &[&RawRule],
        values: impl Fn(&RawRule) -> ([&[String]; 4], bool),
        separators: [u8; 2],
    ) -> Self {
        let mut needles = Vec::new();
        let (mut plain, mut empty, mut free) = (0, 0, 0);
        for (number, rule) in rules.iter().enumerate() {
            let bit = 1_u64 << number;
            let (lists, is_plain) = values(rule);
            for (list, fit) in lists.into_iter().zip([Fit::Is, Fit::Starts, Fit::Ends, Fit::Contains]) {
                if fit == Fit::Is && list.iter().any(String::is_empty) {
                    empty |= bit;
                }
                needles.extend(list.iter().map(|word| (word.as_str(), fit, bit)));
            }
            if is_plain {
                plain |= bit;
            } else if lists.iter().all(|list| list.is_empty()) {
                free |= bit;
            }
        }
        let looks = looks(&needles, (separators, plain));
        // Every path has separators.
        let is_path = separators.contains(&b'/');
        let usual = looks.iter().position(|look| is_path && look.is_anchored()).unwrap_or(0) + 1;
        Self { usual: usual.min(looks.len()), looks, empty, free, is_path }
    }
}

/// A field's value, and the rules that hold for it as far as it was looked at.
struct Seen<'f> {
    given: &'f str,
    /// Without a path's `file://`; set by the first look.
    value: &'f str,
    /// Number of looks that were made.
    looks: usize,
    /// Rules whose condition on the field holds.
    hits: u64,
    /// Rules whose condition may hold for what was not looked at.
    open: u64,
}

impl<'f> Seen<'f> {
    #[inline]
    fn new(given: &'f str, field: &Field) -> Self {
        Self { given, value: given, looks: 0, hits: field.free, open: !field.free }
    }

    /// Takes the next frame's value.
    #[inline(always)]
    fn go_on(&mut self, given: &'f str, field: &Field) {
        // What was not looked at is as new. To compare two empty texts, which have no address, takes some
        // processors 100 ns.
        if self.looks == 0 {
            self.given = given;
        } else if given.len() != self.given.len() || !given.is_empty() && self.given != given {
            *self = Self::new(given, field);
        }
    }

    /// Looks further. What most values need is looked at at once, then one look at a time is made.
    #[inline(always)]
    fn look(&mut self, field: &Field) {
        if self.looks > 0 {
            self.look_on(field);
        } else if !self.begin(field) {
            let (usual, _) = field.looks.split_at(field.usual);
            for look in usual {
                if look.may_find(self.value) {
                    self.hits |= look.find(self.value);
                }
            }
            (self.looks, self.open) = (field.usual.max(1), usual.last().map_or(0, |look| look.later));
        }
    }

    #[inline(never)]
    fn look_on(&mut self, field: &Field) {
        let rest = field.looks.get(self.looks..).unwrap_or_default();
        match rest.iter().position(|look| look.may_find(self.value)) {
            Some(skipped) => {
                self.looks += skipped + 1;
                self.open = rest[skipped].later;
                self.hits |= rest[skipped].find(self.value);
            }
            None => (self.looks, self.open) = (field.looks.len().max(1), 0),
        }
    }

    /// Takes the value up; whether that says everything already.
    #[inline(always)]
    fn begin(&mut self, field: &Field) -> bool {
        self.value = self.given;
        if field.is_path && !self.given.is_empty() {
            if has_any(self.given.as_bytes(), *b"\\") {
                // All looks at once, at a path with forward slashes.
                let path = self.given.replace('\\', "/");
                let hits = field.looks.iter().fold(field.free, |hits, look| hits | look.find(&path));
                (self.looks, self.hits, self.open) = (1, hits, 0);
                return true;
            }
            self.value = self.given.strip_prefix("file://").unwrap_or(self.given);
        }
        if self.value.is_empty() {
            (self.looks, self.hits, self.open) = (1, field.free | field.empty, 0);
        }
        self.value.is_empty()
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
                rule.runtime.iter().find(|name| runtimes().all(|r| r.as_str() != name.as_str()))
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
        let by_runtime =
            runtimes().map(|runtime| RuntimeRules::new(&file.rule, runtime)).collect::<Result<_, _>>()?;
        let harness: Vec<(&str, Fit, u64)> =
            file.harness.source_starts.iter().map(|start| (start.as_str(), Fit::Starts, 1)).collect();
        Ok(Self { by_runtime, harness: looks(&harness, (*b"..", 0)), programs: file.programs.names })
    }

    /// Sets the origin of each frame of one exception, innermost first.
    pub fn assign(&self, runtime: Runtime, frames: &mut [Frame<'_>]) {
        self.assign_marked(runtime, frames, &[]);
    }

    /// The same, where marks (one a frame) go before the rules and are what the other frames are seen by.
    pub(crate) fn assign_marked(&self, runtime: Runtime, frames: &mut [Frame<'_>], marks: &[Option<Origin>]) {
        let Some(rules) = self.of_runtime(runtime) else { return };
        let put_marks = |frames: &mut [Frame<'_>]| {
            for (frame, mark) in frames.iter_mut().zip(marks) {
                frame.origin = mark.unwrap_or(frame.origin);
            }
        };
        rules.set_origins(rules.nothing_seen(), frames.iter_mut());
        put_marks(frames);
        spread_program(runtime, frames);
        self.mark_harness(frames);
        put_marks(frames);
    }

    /// The same without marks, but only as far as it takes to know that a user's program failed: from the raise site,
    /// then from the entry point, to the nearest frame of own code. The others keep the origin that they have.
    fn assign_ends(&self, runtime: Runtime, frames: &mut [Frame<'_>]) {
        let Some(rules) = self.of_runtime(runtime) else { return };
        // Of a crash of native code the folders of all own code tell whether it is a project's.
        if runtime == Runtime::Native || frames.iter().skip(1).any(|frame| self.runs_text(frame)) {
            return self.assign(runtime, frames);
        }
        let mut seen = rules.nothing_seen();
        let mut set = |frame| rules.set_origin(&mut seen, frame);
        let mut rest = frames.iter_mut();
        let mut raised = None;
        for frame in rest.by_ref() {
            let has_file = !frame.file.is_empty();
            let origin = set(frame);
            if origin.is_own() {
                raised = raised.or(Some(origin));
                // What names the place of the failure is asked for as well.
                if has_file {
                    break;
                }
            }
        }
        if raised == Some(Origin::Program) {
            return;
        }
        let entered = rest.by_ref().rev().map(&mut set).find(|origin| origin.is_own());
        if entered == Some(Origin::Program) {
            return;
        }
        rules.set_origins(seen, rest);
        spread_program(runtime, frames);
    }

    fn of_runtime(&self, runtime: Runtime) -> Option<&RuntimeRules> {
        self.by_runtime.get(runtimes().position(|of| of == runtime).unwrap_or(0))
    }

    /// Whether a frame's source line runs a program that it was given.
    fn runs_text(&self, frame: &Frame<'_>) -> bool {
        frame.source.as_deref().is_some_and(|source| {
            self.harness.iter().any(|look| look.may_find(source) && look.find(source) != 0)
        })
    }

    /// The platform's runner: the frame that executes a program's text, and all outside it.
    fn mark_harness(&self, frames: &mut [Frame<'_>]) {
        // The innermost frame can only be a program that failed in its own `exec`.
        let Some(at) = frames.iter().skip(1).position(|frame| self.runs_text(frame)).map(|at| at + 1) else {
            return;
        };
        let run = &frames[at - 1];
        if run.origin == Origin::Program || run.origin == Origin::Application && run.function == "<module>" {
            for frame in &mut frames[at..] {
                frame.origin = Origin::Carrier;
            }
        }
    }
}

/// Frames beside or below an entry script, or in an entry class's package, are the same program.
fn spread_program(runtime: Runtime, frames: &mut [Frame<'_>]) {
    fn place<'f>(runtime: Runtime, frame: &'f Frame<'_>) -> &'f str {
        if runtime == Runtime::Java { &frame.module } else { &frame.file }
    }
    let [first, second] = if runtime == Runtime::Java { *b".." } else { *b"/\\" };
    let home = frames.iter().enumerate().rev().find_map(|(at, frame)| {
        if frame.origin != Origin::Program {
            return None;
        }
        let end = memrchr2(first, second, place(runtime, frame).as_bytes())? + 1;
        (end > 1).then_some((at, end))
    });
    let Some((owner, end)) = home else { return };
    for at in 0..frames.len() {
        if frames[at].origin == Origin::Application
            && place(runtime, &frames[at]).starts_with(&place(runtime, &frames[owner])[..end])
        {
            frames[at].origin = Origin::Program;
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
            fields: [
                Field::new(&rules, file_of, *b"/\\"),
                Field::new(&rules, module_of, *b".."),
                Field::new(&rules, function_of, *b".."),
            ],
        })
    }

    fn nothing_seen<'f>(&self) -> [Seen<'f>; 3] {
        self.fields.each_ref().map(|field| Seen::new("", field))
    }

    /// Sets the origins of the next frames.
    fn set_origins<'f>(&self, mut seen: [Seen<'f>; 3], frames: IterMut<'f, Frame<'_>>) {
        for frame in frames {
            self.set_origin(&mut seen, frame);
        }
    }

    /// Sets the next frame's origin, and tells it.
    #[inline(always)]
    fn set_origin<'f>(&self, seen: &mut [Seen<'f>; 3], frame: &'f mut Frame<'_>) -> Origin {
        let Frame { file, module, function, origin, .. } = frame;
        self.see(seen, [file, module, function]);
        *origin = self.origin(seen);
        *origin
    }

    /// Goes on to the next frame, which often stands in the same file.
    #[inline(always)]
    fn see<'f>(&self, seen: &mut [Seen<'f>; 3], values: [&'f str; 3]) {
        for ((seen, field), given) in seen.iter_mut().zip(&self.fields).zip(values) {
            seen.go_on(given, field);
        }
    }

    /// Whose code a frame is: looks at what the first rule that may hold depends on, until that rule does hold or none
    /// may.
    #[inline(always)]
    fn origin(&self, [file, module, function]: &mut [Seen<'_>; 3]) -> Origin {
        let [of_file, of_module, of_function] = &self.fields;
        loop {
            let hits = [file.hits, module.hits, function.hits];
            let possible =
                self.all & (hits[0] | file.open) & (hits[1] | module.open) & (hits[2] | function.open);
            let first = possible & possible.wrapping_neg();
            if hits[0] & hits[1] & hits[2] & first == first {
                let origin = self.origins.get(first.trailing_zeros() as usize);
                return origin.copied().unwrap_or(Origin::Application);
            }
            if hits[0] & first == 0 {
                file.look(of_file);
            } else if hits[1] & first == 0 {
                module.look(of_module);
            } else {
                function.look(of_function);
            }
        }
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
    runtimes().map(Runtime::as_str).collect()
}

/// Sets the origin of each frame of one exception by marks, one a frame, and where there is none by the built-in
/// rules.
pub(crate) fn assign_marked(runtime: Runtime, frames: &mut [Frame<'_>], marks: &[Option<Origin>]) {
    RULES.assign_marked(runtime, frames, marks);
}

/// Whether people give this name, in small letters, to the file or class of a whole program.
pub(crate) fn names_whole_program(name: &str) -> bool {
    RULES.programs.contains(name)
}

/// Whether a module or package is a published library's or the runtime's own.
#[must_use]
pub(crate) fn is_published(runtime: Runtime, module: &str) -> bool {
    let mut frames = [Frame { module: Cow::Borrowed(module), ..Frame::default() }];
    assign_origins(runtime, &mut frames);
    matches!(frames[0].origin, Origin::Library | Origin::Runtime)
}

/// The same, but only as far as it takes to know that a user's program failed: from the raise site, then from the entry
/// point, to the nearest frame of own code. The others keep the origin that they have.
pub(crate) fn assign_ends(runtime: Runtime, frames: &mut [Frame<'_>]) {
    RULES.assign_ends(runtime, frames);
}

/// Sets the origin of each frame of one exception by the built-in rules.
pub fn assign_origins(runtime: Runtime, frames: &mut [Frame<'_>]) {
    RULES.assign(runtime, frames);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    /// The first rule whose conditions all hold, each looked up by itself.
    fn by_hand(rules: &[RawRule], runtime: Runtime, values: [&str; 3]) -> Origin {
        let holds = |(lists, plain): ([&[String]; 4], bool), value: &str, separators: &[char]| {
            let any = |list: &[String], fits: &dyn Fn(&str) -> bool| {
                list.iter().any(|word| !word.is_empty() && fits(word))
            };
            let [is, starts, ends, contains] = lists;
            !plain && lists.iter().all(|list| list.is_empty())
                || is.iter().any(|word| word == value)
                || any(starts, &|word| value.starts_with(word))
                || any(ends, &|word| value.ends_with(word))
                || any(contains, &|word| value.contains(word))
                || plain && !value.is_empty() && !value.contains(separators)
        };
        let [file, module, function] = values;
        let file = match file.replace('\\', "/") {
            path if path == file => file.strip_prefix("file://").unwrap_or(file).to_owned(),
            path => path,
        };
        let fits = |rule: &&RawRule| {
            (rule.runtime.is_empty() || rule.runtime.iter().any(|name| name == runtime.as_str()))
                && holds(file_of(rule), &file, &['/'])
                && holds(module_of(rule), module, &['.'])
                && holds(function_of(rule), function, &['.'])
        };
        let rule = rules.iter().find(fits);
        rule.and_then(|rule| origin_named(&rule.origin)).unwrap_or(Origin::Application)
    }

    proptest! {
        #[test]
        fn decides_as_if_each_rule_were_read(picks in prop::collection::vec(prop::collection::vec(0..usize::MAX, 10), 1..40)) {
            let file: File = toml::from_str(BUILT_IN).unwrap();
            let own = ["", "", "x", "/", "\\", ".", "a_b.py", "file://", "/work/"].map(str::to_owned);
            let words = [file_of, module_of, function_of].map(|field| {
                let lists = file.rule.iter().flat_map(|rule| field(rule).0);
                lists.flatten().chain(&own).collect::<Vec<_>>()
            });
            let field = |picks: &[usize], field: usize| -> String {
                picks[3 * field..][..3].iter().map(|pick| words[field][pick % words[field].len()].as_str()).collect()
            };
            // Neighbours share whole fields, or all but the end.
            let mut picks = picks;
            for at in 1..picks.len() {
                for number in 0..3 {
                    let shared = [0, 0, 2, 3][picks[at][9] >> (2 * number) & 3];
                    let (before, rest) = picks.split_at_mut(at);
                    rest[0][3 * number..][..shared].copy_from_slice(&before[at - 1][3 * number..][..shared]);
                }
            }
            let frames: Vec<[String; 3]> =
                picks.iter().map(|picks| [0, 1, 2].map(|number| field(picks, number))).collect();
            for (rules, runtime) in RULES.by_runtime.iter().zip(runtimes()) {
                let mut seen = rules.nothing_seen();
                for frame in &frames {
                    let values = frame.each_ref().map(String::as_str);
                    rules.see(&mut seen, values);
                    prop_assert_eq!(rules.origin(&mut seen), by_hand(&file.rule, runtime, values), "{:?} {:?}", runtime, frame);
                }
            }
        }
    }
}
