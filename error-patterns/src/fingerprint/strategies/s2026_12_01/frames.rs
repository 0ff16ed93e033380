//! Which frames count, and under what name.

use crate::bytes::first_digit;
use crate::canonical::plain;
use crate::frames::names_whole_program;
use crate::messages::words;
use crate::model::{Frame, Origin, ParsedException, RawException, Runtime};
use memchr::memrchr2;
use smallvec::SmallVec;
use std::borrow::Cow;

/// Kept application frames, the raise site first.
const FRAMES_MAX: usize = 30;
/// The same for crashes of native code, whose stacks share their outer half with each other: what crashed
/// stands on top (ClusterFuzz and syzkaller name a crash by its first frames too).
const NATIVE_FRAMES_MAX: usize = 3;

/// Whose code failed.
pub(super) enum Whose {
    /// A deployed application's: its frames, which tell something.
    Application(Vec<String>),
    /// One user's program, or nobody knows.
    Program,
}

/// Decides whose code failed, and names the application's frames.
pub(super) fn own_frames(
    runtime: Runtime,
    reported: &ParsedException<'_>,
    frames: &[Frame<'_>],
    raw: &RawException<'_>,
) -> Whose {
    // A cause's stack is cut where it meets its parent's, so the parent's entry point tells for both.
    let entered = |frames: &[Frame<'_>]| {
        frames.iter().any(|frame| frame.origin == Origin::Program || is_entry(runtime, frame))
    };
    let application = reported.frames.iter().any(|frame| frame.origin == Origin::Application);
    // Who was entered first, or raised, decides: a user's program with modules of its own beside it, or run by a
    // platform's own code.
    let project = runtime == Runtime::Native && is_project(frames);
    let program = [frames, &reported.frames].into_iter().any(|frames| {
        let (first, last) = (innermost(frames), outermost(frames));
        last.is_some_and(|frame| frame.origin == Origin::Program || is_entry(runtime, frame))
            || runtime == Runtime::JavaScript && is_module_run(frames)
            || first.is_some_and(|frame| frame.origin == Origin::Program)
            || is_single(runtime, frames)
    }) || is_lone(runtime, frames, reported)
        || !application && entered(&reported.frames);
    if program && !project {
        return Whose::Program;
    }
    // Where nobody's own code is on a stack that was printed whole, the libraries' frames are all there is.
    let own = application || project || frames.iter().any(|frame| frame.origin == Origin::Application);
    if own
        && raw.snippet.is_some_and(|snippet| is_whole(snippet, frames) && is_whole(snippet, &reported.frames))
    {
        return Whose::Program;
    }
    let whole = match runtime {
        Runtime::JavaScript | Runtime::Shell | Runtime::Unknown => false,
        Runtime::Python => own || has_header(raw),
        Runtime::Ruby => {
            own || frames
                .last()
                .is_some_and(|last| last.function == "<main>" || last.function.contains("thread"))
        }
        _ => true,
    };
    let leading = |origin: Origin| {
        if own || !whole {
            origin == Origin::Application || project && origin.is_own()
        } else {
            origin == Origin::Library
        }
    };
    let limit = if runtime == Runtime::Native { NATIVE_FRAMES_MAX } else { FRAMES_MAX };
    let mut kept = Kept { names: Vec::new(), bland: true, limit };
    kept.add(frames, leading);
    // A cause's stack goes on where its parent's does.
    if !std::ptr::eq(frames, reported.frames.as_slice()) {
        kept.add(&reported.frames, leading);
    }
    if kept.bland { Whose::Program } else { Whose::Application(kept.names) }
}

/// Own files of a project, at least.
const PROJECT_FILES: usize = 3;

/// Whether own code lies in several folders: a project that is compiled whole, wherever its author keeps it.
fn is_project(frames: &[Frame<'_>]) -> bool {
    let folder = |file: &str| file.len() - base_name(file).len();
    let own = frames.iter().filter(|frame| frame.origin.is_own()).map(|frame| &*frame.file);
    let mut files: SmallVec<[&str; PROJECT_FILES]> = SmallVec::new();
    let mut folders = false;
    for file in own.filter(|file| folder(file) > 0) {
        if !files.contains(&file) {
            folders |= files.first().is_some_and(|first| first[..folder(first)] != file[..folder(file)]);
            if files.len() < PROJECT_FILES {
                files.push(file);
            }
        }
        if folders && files.len() >= PROJECT_FILES {
            return true;
        }
    }
    false
}

/// Whether a stack of Python's has its beginning, where its caller stands.
fn has_header(raw: &RawException<'_>) -> bool {
    let text = raw.stacktrace.or(raw.message).unwrap_or_default();
    memchr::memmem::find(text.as_bytes(), b"(most recent call last)").is_some()
}

struct Kept {
    names: Vec<String>,
    /// No name tells anything so far.
    bland: bool,
    limit: usize,
}

impl Kept {
    fn add(&mut self, frames: &[Frame<'_>], leading: impl Fn(Origin) -> bool) {
        let earlier = self.names.len();
        for frame in frames.iter().filter(|frame| leading(frame.origin)) {
            if self.names.len() >= self.limit {
                break;
            }
            let name = frame_name(frame);
            // Recursion of any depth is one frame; what both stacks show counts once.
            if self.names.last() != Some(&name) && !self.names[..earlier].contains(&name) {
                self.bland &= is_bland(&frame.function);
                self.names.push(name);
            }
        }
    }
}

/// The frame of own code that was entered first.
fn outermost<'f, 'a>(frames: &'f [Frame<'a>]) -> Option<&'f Frame<'a>> {
    frames.iter().rev().find(|frame| frame.origin.is_own())
}

/// The frame of own code that raised.
fn innermost<'f, 'a>(frames: &'f [Frame<'a>]) -> Option<&'f Frame<'a>> {
    frames.iter().find(|frame| frame.origin.is_own())
}

/// Whether one function is all own code: what a thread or a timer ran, `main`, or a test beside nothing else. An
/// application has more, and a folder for its tests.
fn is_lone(runtime: Runtime, frames: &[Frame<'_>], reported: &ParsedException<'_>) -> bool {
    let mut own = frames.iter().chain(&reported.frames).filter(|frame| frame.origin.is_own());
    let Some(first) = own.next() else { return false };
    if !own.all(|frame| frame.function == first.function && frame.file == first.file) {
        return false;
    }
    let base = base_name(&first.file);
    match runtime {
        Runtime::Python => {
            frames.last().is_some_and(|frame| base_name(&frame.file) == "threading.py")
                || base.starts_with("test_") && !in_test_folder(&first.file)
        }
        // What a browser loads, or what a framework calls, is a deployed application's.
        Runtime::JavaScript => {
            let last = frames.iter().rposition(|frame| frame.origin.is_own()).map_or(0, |last| last + 1);
            (!first.file.contains("://") || first.file.starts_with("file://"))
                && !frames[last..].iter().any(|frame| frame.file.contains("node_modules"))
        }
        // An assertion names the one function that it stands in.
        Runtime::Native => {
            first.function == "main" || frames.len() == 1 && reported.short_type() == "AssertionFailed"
        }
        Runtime::Go => first.function.starts_with("Test"),
        Runtime::Ruby => {
            base.ends_with("_test.rb") || base.ends_with("_spec.rb") || base.starts_with("test_")
        }
        _ => false,
    }
}

/// Whether all own code on the stack is one file, or one class, whose name says that it is a whole program.
fn is_single(runtime: Runtime, frames: &[Frame<'_>]) -> bool {
    let name = |frame: &Frame<'_>| {
        if runtime == Runtime::Java {
            let class = frame.module.rsplit('.').next().unwrap_or_default();
            class.split('$').next().unwrap_or_default().to_ascii_lowercase()
        } else {
            base_name(&frame.file).split('.').next().unwrap_or_default().to_ascii_lowercase()
        }
    };
    let mut own = frames.iter().filter(|frame| frame.origin.is_own());
    let Some(first) = own.next() else { return false };
    // What a browser loads is a deployed application's.
    if first.file.contains("://") && !first.file.starts_with("file://") {
        return false;
    }
    let first = name(first);
    // `job-770d81e4.js`, `script_44.py`
    let (words, parts) =
        first.split_at(first.find(['-', '_']).filter(|at| is_numbered(&first[*at..])).unwrap_or(first.len()));
    let named =
        names_whole_program(&first) || names_whole_program(words) || !parts.is_empty() && words == "job";
    let whole = own.all(|frame| name(frame) == first);
    whole && (named || is_started_by_itself(runtime, frames))
}

/// Whether the client sent the whole program: all own code on the stack is one file whose lines the snippet has, with the
/// function that raised. Of an application it is a few lines of one of many files.
fn is_whole(snippet: &str, frames: &[Frame<'_>]) -> bool {
    let Some(first) = innermost(frames) else { return true };
    let lines: Vec<&str> = snippet.lines().collect();
    let has = |frame: &Frame<'_>| {
        let line = frame.line.and_then(|line| lines.get((line as usize).checked_sub(1)?));
        frame.file == first.file
            && line.is_some_and(|line| frame.source.as_deref().is_none_or(|source| line.trim() == source))
    };
    let name = first.function.rsplit(['.', '$']).next().unwrap_or_default();
    (is_bland(&first.function) || snippet.contains(name))
        && frames.iter().filter(|frame| frame.origin.is_own()).all(has)
}

/// Packages that run tests.
const TEST_RUNNERS: &[&str] = &["mocha", "jest", "vitest", "ava", "tap", "jasmine", "tape"];

/// Whether the own code that was entered first is a test, or the top level of a script, with nothing around it but the
/// runtime and a runner of tests.
fn is_started_by_itself(runtime: Runtime, frames: &[Frame<'_>]) -> bool {
    let Some(last) = frames.iter().rposition(|frame| frame.origin.is_own()) else { return false };
    let entry = &frames[last];
    match runtime {
        Runtime::Python => {
            let test = base_name(&entry.file).starts_with("test_") && entry.function.starts_with("test_");
            test && !in_test_folder(&entry.file)
        }
        Runtime::JavaScript => {
            let runner = |frame: &Frame<'_>| {
                let behind = frame.file.rsplit_once("node_modules").map(|(_, behind)| behind);
                let package = behind.and_then(|behind| behind.strip_prefix(['/', '\\']));
                package.is_none_or(|rest| TEST_RUNNERS.iter().any(|runner| rest.starts_with(runner)))
            };
            is_bland(&entry.function) && frames[last + 1..].iter().all(runner)
        }
        _ => false,
    }
}

/// Whether a file is in an application's folder of tests.
fn in_test_folder(file: &str) -> bool {
    let above = &file[..file.len() - base_name(file).len()];
    above.split(['/', '\\']).any(|part| {
        matches!(
            part.trim_end_matches(':').to_ascii_lowercase().as_str(),
            "test" | "tests" | "__tests__" | "spec"
        )
    })
}

/// Whether all parts of a name are ids that a platform gave: digits, or hex with digits among it.
fn is_numbered(parts: &str) -> bool {
    parts.split(['-', '_']).skip(1).all(|part| {
        part.bytes().any(|byte| byte.is_ascii_digit()) && part.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// The top level of a program that was started by itself.
fn is_entry(runtime: Runtime, frame: &Frame<'_>) -> bool {
    if frame.origin != Origin::Application {
        return false;
    }
    match runtime {
        Runtime::Python => frame.function == "<module>",
        Runtime::Java => frame.function == "main" || frame.function.starts_with("lambda$main$"),
        Runtime::JavaScript => frame.module == "Object" && frame.function == "<anonymous>",
        // `<Main>$` of a file without a class, `<Main>m__0` of a lambda in it.
        Runtime::DotNet => frame.function == "Main" || frame.function.starts_with("<Main>"),
        Runtime::Ruby => matches!(&*frame.function, "<main>" | "<top (required)>"),
        _ => false,
    }
}

/// Whether the own code that was entered first is the top level of an ES module, which Node evaluated by itself.
fn is_module_run(frames: &[Frame<'_>]) -> bool {
    let Some(last) = frames.iter().rposition(|frame| frame.origin.is_own()) else { return false };
    is_bland(&frames[last].function) && frames.get(last + 1).is_some_and(|job| job.module == "ModuleJob")
}

/// Function names that every program has.
fn is_bland(function: &str) -> bool {
    matches!(function, "" | "<module>" | "<anonymous>" | "<lambda>" | "<unknown>" | "?" | "??")
        || function.starts_with("<cell line")
        // A cut, not a function.
        || function.starts_with(['\u{2026}', '['])
        // `(/tmp/prog+0xf62cc)`: an address of a program without names.
        || function.starts_with('(') && function.contains("+0x")
}

/// The library that the program had called when it failed: `pandas`.
pub(super) fn library(
    runtime: Runtime,
    frames: &[Frame<'_>],
    deciding: &ParsedException<'_>,
) -> Option<String> {
    let called = frames
        .iter()
        .take_while(|frame| !frame.origin.is_own())
        // Newer numpy calls C without such a frame.
        .find(|frame| frame.origin == Origin::Library && !frame.file.starts_with(ARRAY_FUNCTION))
        .map(package);
    called.or_else(|| {
        // `numpy.core._exceptions._ArrayMemoryError` raised by code that leaves no frames.
        let (root, rest) = deciding.error_type.split_once('.')?;
        let deep = runtime == Runtime::Python
            && rest.contains('.')
            && !matches!(root, "asyncio" | "sqlite3" | "tkinter");
        let published = deep && crate::tokens::is_known_name(root);
        published.then(|| root.to_owned())
    })
}

/// How numpy 1.x names its way from Python to C.
const ARRAY_FUNCTION: &str = "<__array_function__";

/// The published package that a library frame belongs to.
fn package(frame: &Frame<'_>) -> String {
    if frame.file.ends_with(".pyx") && !frame.module.is_empty() {
        return frame.module.as_ref().to_owned();
    }
    let file = match memchr::memchr(b'\\', frame.file.as_bytes()) {
        Some(_) => Cow::Owned(frame.file.replace('\\', "/")),
        None => Cow::Borrowed(frame.file.as_ref()),
    };
    if let Some(name) = package_folder(&file) {
        return name;
    }
    if frame.module.contains('.') {
        // `org.springframework.web.X` is Spring's: vendor and product.
        let parts: Vec<&str> = frame.module.split('.').take(2).collect();
        return parts.join(".");
    }
    file.split('/').find(|part| !part.is_empty() && !part.contains(':')).unwrap_or_default().to_owned()
}

/// Folders that packages lie in, and how many folders lie between.
const PACKAGE_FOLDERS: [(&str, usize); 6] = [
    ("/site-packages/", 0),
    ("/dist-packages/", 0),
    ("/node_modules/", 0),
    ("/gems/", 0),
    ("/vendor/", 0),
    // `/root/.cargo/registry/src/index.crates.io-6f17d22bba15001f/time-0.3.34/src/lib.rs`
    ("/registry/src/", 1),
];

/// The package whose folder a file lies in, without its version: `express`, `@nestjs/core`, `time`.
fn package_folder(file: &str) -> Option<String> {
    let behind = |folder: &str| {
        let mut slashes = memchr::memrchr_iter(b'/', file.as_bytes());
        slashes
            .find_map(|at| file[at..].strip_prefix(folder))
            // A path may start there: `node_modules/express/lib/router.js`.
            .or_else(|| file.strip_prefix(&folder[1..]))
    };
    let (rest, between) =
        PACKAGE_FOLDERS.iter().find_map(|(folder, between)| Some((behind(folder)?, *between)))?;
    let mut parts = rest.split('/').skip(between);
    let first = parts.next().unwrap_or_default();
    let name = match parts.next() {
        Some(second) if first.starts_with('@') => format!("{first}/{second}"),
        _ => unversioned(first).to_owned(),
    };
    Some(name.trim_end_matches(".py").to_owned())
}

/// A folder's name before a version: `jekyll-4.2.0`.
fn unversioned(folder: &str) -> &str {
    let is_version = |at: &usize| {
        let version = &folder.as_bytes()[at + 1..];
        version.first().is_some_and(u8::is_ascii_digit) && version.contains(&b'.')
    };
    folder.match_indices('-').map(|(at, _)| at).find(is_version).map_or(folder, |at| &folder[..at])
}

/// Where it was raised, when the message does not tell why: the library's or the runtime's function, or the
/// program itself.
pub(super) fn site(frames: &[Frame<'_>]) -> Option<String> {
    let first = frames.first()?;
    Some(match first.origin {
        Origin::Library => format!("site {}", frame_name(first)),
        Origin::Runtime => "site runtime".to_owned(),
        Origin::Program | Origin::Application | Origin::Carrier => "site program".to_owned(),
    })
}

/// What libraries name the functions that their decorators put around others.
const DECORATORS: [&str; 4] = ["wrapper", "inner", "wrapped", "decorator"];

/// Which of a library's functions own code had called, where an exception says no more than a key and it was no operator:
/// `call get_group`.
pub(super) fn library_call(frames: &[Frame<'_>]) -> Option<String> {
    let own = frames.iter().position(|frame| frame.origin.is_own())?;
    let is_call = |frame: &&Frame<'_>| {
        frame.origin == Origin::Library && !DECORATORS.contains(&last_name(&frame.function))
    };
    let called = last_name(&frames[..own].iter().rev().find(is_call)?.function);
    let is_operator = called.starts_with("__") || words().looks_labels_up(called);
    // `query` calls the other.
    let called = if called == "eval" { "query" } else { called };
    (!is_operator && !called.is_empty()).then(|| format!("call {called}"))
}

/// The module of Python's standard library whose mapping lacks a key: `os` of an environment variable, `zipfile` of a
/// member. A `KeyError` says no more than the key.
pub(super) fn mapping_site(frames: &[Frame<'_>]) -> Option<String> {
    let first = frames.first().filter(|frame| frame.origin == Origin::Runtime)?;
    let file: &str = &first.file;
    if let Some(frozen) = file.strip_prefix("<frozen ") {
        return Some(format!("site {}", frozen.trim_end_matches('>')));
    }
    let module = match base_name(file) {
        "__init__.py" => base_name(file[..file.len() - "__init__.py".len()].trim_end_matches(['/', '\\'])),
        base => base.trim_end_matches(".py"),
    };
    Some(format!("site {module}"))
}

/// Functions that make a file or a folder.
const MAKERS: &[&str] = &[
    "makedirs",
    "mkdir",
    "save",
    "savefig",
    "savetxt",
    "to_csv",
    "to_excel",
    "to_json",
    "to_parquet",
    "to_pickle",
    "touch",
    "write_bytes",
    "write_text",
];
const NODE_MAKERS: &[&str] = &["appendFileSync", "mkdirSync", "mkdtempSync", "writeFileSync"];
const JAVA_MAKERS: &[&str] =
    &["createDirectory", "createFile", "newBufferedWriter", "newOutputStream", "write", "writeString"];

/// Lines of what shells and their commands said that are looked at.
const SAID_LINES_MAX: usize = 64;

/// Whether a program was making a file when the system said that it does not exist: then a folder is missing. What was
/// called tells, or the line of Python that called it: `open(path, "w")`.
pub(super) fn makes_file(runtime: Runtime, exception: &ParsedException<'_>, frames: &[Frame<'_>]) -> bool {
    let kind = exception.short_type();
    let own = || frames.iter().position(|frame| frame.origin.is_own()).unwrap_or(frames.len());
    match runtime {
        Runtime::Python if kind == "FileNotFoundError" => {
            let (called, line) = frames.split_at(own());
            called.iter().any(|frame| MAKERS.contains(&last_name(&frame.function)))
                || line.first().and_then(|frame| frame.source.as_deref()).is_some_and(opens_to_write)
        }
        Runtime::JavaScript if exception.message.starts_with("ENOENT: ") => {
            exception.message.contains(", mkdir '")
                || frames[..own()].iter().any(|frame| NODE_MAKERS.contains(&last_name(&frame.function)))
        }
        Runtime::Java if matches!(kind, "FileNotFoundException" | "NoSuchFileException") => {
            frames[..own()].iter().any(|frame| match frame.module.as_ref() {
                "java.io.FileOutputStream" => true,
                "java.nio.file.Files" => JAVA_MAKERS.contains(&frame.function.as_ref()),
                _ => false,
            })
        }
        // `mkdir: cannot create directory 'a/b': No such file or directory`
        Runtime::Shell => exception.message.lines().take(SAID_LINES_MAX).any(|line| {
            line.contains("No such file or directory")
                && (line.contains("cannot create ") || line.contains("cannot touch "))
        }),
        _ => false,
    }
}

/// `Path.mkdir`: what stands behind the last dot.
fn last_name(function: &str) -> &str {
    function.rsplit('.').next().unwrap_or_default()
}

fn opens_to_write(line: &str) -> bool {
    let called = |name: &&str| {
        memchr::memmem::find_iter(line.as_bytes(), name.as_bytes()).any(|at| {
            let before = at.checked_sub(1).map(|before| line.as_bytes()[before]);
            line[at + name.len()..].starts_with('(')
                && before.is_none_or(|byte| !byte.is_ascii_alphanumeric() && byte != b'_')
        })
    };
    // A mode is one of the arguments of `open`, by itself in quotes.
    let mode = || {
        line.split(['"', '\'']).skip(1).step_by(2).any(|quoted| {
            let mode = quoted.trim_end_matches(['b', 't', '+']);
            matches!(mode, "w" | "a" | "x") && quoted.len() < 4
        })
    };
    MAKERS.iter().any(called) || called(&"open") && mode()
}

/// `function@file`, or `class.function` where the runtime names classes. Folders are dropped, and digits that
/// a compiler or a tool put there are folded: in file names, after `$`, and in names made of little else.
pub(super) fn frame_name(frame: &Frame<'_>) -> String {
    let mut name = String::with_capacity(frame.function.len() + frame.module.len().max(32));
    push_frame(&mut name, frame);
    name
}

/// Appends a frame's name.
pub(super) fn push_frame(out: &mut String, frame: &Frame<'_>) {
    let base = base_name(&frame.file);
    let by_class = base.is_empty() || frame.module.contains('.') || frame.module.contains("::");
    if by_class && !frame.module.is_empty() {
        push_name(out, &frame.module);
        out.push('.');
        push_name(out, &frame.function);
    } else {
        push_name(out, &frame.function);
        out.push('@');
        push_file(out, base);
    }
}

/// What stands behind the last slash of either kind.
fn base_name(file: &str) -> &str {
    memrchr2(b'/', b'\\', file.as_bytes()).map_or(file, |at| &file[at + 1..])
}

/// The base name of a file. People number their files (`handler_2.py`): up to two digits stay; longer runs and
/// whatever looks like a hash (`main-4f3a9c1b.js`) is made by tools.
fn push_file(out: &mut String, base: &str) {
    if !base.bytes().any(|byte| byte.is_ascii_digit()) {
        push_folded(out, base, |_| false);
        return;
    }
    for (at, part) in base.split_inclusive(['.', '-', '_']).enumerate() {
        let word = part.trim_end_matches(['.', '-', '_']);
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        let hex = at > 0 && word.len() >= 6 && word.bytes().all(|b| b.is_ascii_hexdigit());
        push_folded(out, part, |_| digits > 2 || hex && digits > 0);
    }
}

/// A name that people chose keeps its digits (`testBug1448`); generated parts (`lambda$run$0`, `cold.12`) do not.
fn push_name(out: &mut String, name: &str) {
    push_folded(out, name, |before| {
        before.is_none_or(|byte| matches!(byte, b'$' | b'.' | b'#' | b'_' | b'-' | b'@' | b':'))
    });
}

/// Appends a text; runs of digits become `#` where the byte before them asks for it.
fn push_folded(out: &mut String, text: &str, folds: impl Fn(Option<u8>) -> bool) {
    let start = out.len();
    let bytes = text.as_bytes();
    let (mut copied, mut at) = (0, 0);
    while let Some(offset) = first_digit(&bytes[at..]) {
        let digits = at + offset;
        at = digits + bytes[digits..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if folds(digits.checked_sub(1).map(|before| bytes[before])) {
            out.push_str(&text[copied..digits]);
            out.push('#');
            copied = at;
        }
    }
    out.push_str(&text[copied..]);
    // A line of the canonical form holds one frame.
    if let Cow::Owned(named) = plain(&out[start..]) {
        out.truncate(start);
        out.push_str(&named);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_lines_that_write() {
        for line in [
            r#"with open(path, "w", encoding="utf-8") as file:"#,
            "json.dump(rows, open('out/rows.json', mode='wb'))",
            "out.write_text(report)",
            r#"os.makedirs("a/b")"#,
            r#"frame.to_csv("out/rows.csv")"#,
        ] {
            assert!(opens_to_write(line), "{line}");
        }
        for line in [
            r#"with open("w.txt") as file:"#,
            r#"rows = open(path, "rb").read()"#,
            r#"frame = pandas.read_csv("a", sep="a")"#,
            "remake_mkdir(x)",
            "print('w')",
        ] {
            assert!(!opens_to_write(line), "{line}");
        }
    }
}
