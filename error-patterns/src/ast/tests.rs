//! Tags of statements in every language, and of hostile text.

use super::{AstTags, Statement, tags};
use crate::model::{Frame, Origin, Parsed, ParsedException, RawException, Runtime};
use crate::parse::parse;
use proptest::prelude::*;

/// One report of the exception `error`, written `Type: message`, from a line of a program of its own.
fn tags_at(
    language: &str,
    snippet: &str,
    line: u32,
    error: &str,
    edit: impl FnOnce(&mut ParsedException<'_>),
) -> Option<AstTags> {
    let (runtime, file) = match language {
        "python" => (Runtime::Python, "main.py"),
        "javascript" => (Runtime::JavaScript, "main.js"),
        "typescript" => (Runtime::JavaScript, "main.ts"),
        "java" => (Runtime::Java, "Main.java"),
        _ => (Runtime::Shell, "main.sh"),
    };
    let (error_type, message) = error.split_once(": ").unwrap_or((error, ""));
    let frame = Frame {
        file: file.into(),
        function: if runtime == Runtime::Shell { "" } else { "run" }.into(),
        module: "Main".into(),
        line: Some(line),
        origin: Origin::Program,
        ..Frame::default()
    };
    let mut exception = ParsedException {
        error_type: error_type.into(),
        message: message.into(),
        frames: vec![frame],
        ..ParsedException::default()
    };
    edit(&mut exception);
    let parsed = Parsed { runtime, exceptions: vec![exception], ..Parsed::default() };
    tags(&RawException { snippet: Some(snippet), ..RawException::default() }, &parsed)
}

/// The tags in one line, `-` for what is absent.
fn shown(tags: Option<AstTags>) -> String {
    tags.map_or_else(
        || "none".to_owned(),
        |tags| {
            let text = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
            format!("{} {} {}", tags.statement, text(tags.call), text(tags.import))
        },
    )
}

#[track_caller]
fn check(language: &str, snippet: &str, line: u32, error: &str, expected: &str) {
    assert_eq!(shown(tags_at(language, snippet, line, error, |_| ())), expected, "{snippet}");
}

/// With a column counted from 1 (`@n`), or underlined characters of the source line (`from..to`).
#[track_caller]
fn check_marked(language: &str, snippet: &str, line: u32, error: &str, marks: &str, expected: &str) {
    let source = snippet.lines().nth(line as usize - 1).unwrap_or_default().trim().to_owned();
    let found = tags_at(language, snippet, line, error, |exception| {
        let frame = &mut exception.frames[0];
        match marks.split_once("..") {
            Some((from, to)) => {
                frame.source = Some(source.into());
                frame.marked = Some((from.parse().unwrap(), to.parse().unwrap()));
            }
            None => frame.column = Some(marks.trim_start_matches('@').parse().unwrap()),
        }
    });
    assert_eq!(shown(found), expected, "{snippet}");
}

/// Where the statement had called `callee`, which raised.
#[track_caller]
fn check_inner(language: &str, snippet: &str, line: u32, callee: &str, expected: &str) {
    let found = tags_at(language, snippet, line, "ValueError: x", |exception| {
        let (module, function) = callee.rsplit_once('/').unwrap_or(("", callee));
        let frame = Frame {
            function: function.to_owned().into(),
            module: module.to_owned().into(),
            origin: Origin::Library,
            ..Frame::default()
        };
        exception.frames.insert(0, frame);
    });
    assert_eq!(shown(found), expected, "{snippet}");
}

#[test]
fn reads_python() {
    let check = |snippet, line, error, expected| check("python", snippet, line, error, expected);
    check(
        "import pandas as pd\nx = pd.read_csv('a')\n",
        2,
        "FileNotFoundError",
        "call pandas.read_csv pandas",
    );
    check("from a.b import c as d\nprint(d(1))\n", 2, "ValueError", "call print -");
    check(
        "import numpy as np\nx = np.float(1)",
        2,
        "AttributeError: module 'numpy' has no attribute 'float'",
        "attribute numpy.float numpy",
    );
    check("import torchx\n", 1, "ModuleNotFoundError: No module named 'torchx'", "import - torchx");
    check("from a.b import (\n    c,\n    d)\nd.e(1)", 4, "ValueError", "call a.b.d.e a.b");
    check("from . import shop", 1, "ImportError", "import - <path>");
    check("import os\nkey = os.environ['X']", 2, "KeyError: 'X'", "subscript os.environ os");
    check("a = b['x'] + c[0]", 1, "KeyError: 'x'", "subscript <name> -");
    check(
        "def f():\n    return a + int(b)\n",
        2,
        "TypeError: unsupported operand type(s) for +",
        "binary_operation - -",
    );
    check(
        "total = 0\ntotal += '1'",
        2,
        "TypeError: unsupported operand type(s) for +=",
        "binary_operation - -",
    );
    check("a, b = rows", 1, "ValueError: not enough values to unpack (expected 2, got 1)", "assignment - -");
    check("for a, b in rows:\n    pass", 1, "ValueError: too many values to unpack", "for <name> -");
    check("raise MyError('x')", 1, "MyError: x", "raise <name> -");
    check("raise ValueError('x')", 1, "ValueError: x", "raise ValueError -");
    check("assert f(x) == 3", 1, "AssertionError", "assert - -");
    check("with open(p) as f:\n    pass", 1, "FileNotFoundError", "call open -");
    check("print(usre)", 1, "NameError: name 'usre' is not defined", "name - -");
    check("rows.append(1)", 1, "ValueError", "call <name>.append -");
    check("rows.my_own(1)", 1, "ValueError", "call <name> -");
    check("def open(x):\n    pass\nopen(1)", 3, "ValueError", "call <name> -");
    check("list = [1]\nlist(2)", 2, "TypeError: 'list' object is not callable", "call <name> -");
    check("x = f(\n    a,\n    b['k'],\n)", 3, "KeyError: 'k'", "subscript <name> -");
    check("if True:\n    pass\nelif f(x):\n    pass", 3, "ValueError", "call <name> -");
    check(
        "try:\n    pass\nexcept foo.Bar as e:\n    pass",
        3,
        "AttributeError: x has no attribute 'Bar'",
        "attribute <name> -",
    );
    check("@app.route('/')\ndef f(): pass", 1, "ValueError", "call <name>.route -");
    check("x = 1; y = int('a'); z = 2", 1, "ValueError", "assignment - -");
    check("'''\nimport x\n'''\nint('a')", 4, "ValueError", "call int -");
    check("'''\nimport x\n'''\nint('a')", 2, "ValueError", "none");
    check("# nothing\nx = 1", 1, "ValueError", "none");
    check("x = 1", 9, "ValueError", "none");
    check("result = asyncio.run(main())", 1, "ValueError", "call <name>.run -");
}

#[test]
fn reads_pythons_marks() {
    let source = "x = json.loads(a)[0]['k'].strip() + f(b)";
    let check = |marks, expected| check_marked("python", source, 1, "KeyError: 'k'", marks, expected);
    check("4..25", "subscript - -");
    check("4..17", "call <name>.loads -");
    check("36..40", "call <name> -");
    check_marked("python", "    return a.b.c", 1, "TypeError: x", "7..10", "attribute <name> -");
    check_marked("python", "y = (1 / 0)", 1, "ZeroDivisionError", "5..10", "binary_operation - -");
    check_marked("python", "await asyncio.wait_for(x, 1)", 1, "TimeoutError", "0..28", "call <name> -");
}

#[test]
fn reads_javascript() {
    let check = |snippet, line, error, marks, expected| {
        check_marked("javascript", snippet, line, error, marks, expected)
    };
    check(
        "const db = require(\"mongoose\");",
        1,
        "Error: Cannot find module 'mongoose'",
        "@12",
        "import - mongoose",
    );
    check("const db = require('./x');", 1, "Error: Cannot find module './x'", "@12", "import - <path>");
    check(
        "import fs from 'node:fs';\nconst t = fs.readFileSync(p);",
        2,
        "Error: ENOENT",
        "@14",
        "call fs.readFileSync fs",
    );
    check("const { readFile: rf } = require('fs');\nrf(x);", 2, "Error: x", "@1", "call fs.readFile fs");
    check(
        "app.get('/', (req, res) => {\n  const x = req.body.title;\n});",
        2,
        "TypeError: Cannot read properties of undefined (reading 'title')",
        "@22",
        "attribute <name> -",
    );
}

#[test]
fn reads_operations_of_javascript() {
    let check = |snippet, line, error, marks, expected| {
        check_marked("javascript", snippet, line, error, marks, expected)
    };
    check("x.foo.bar(1);", 1, "TypeError: x.foo.bar is not a function", "@7", "call <name> -");
    check("JSON.parse(text)", 1, "SyntaxError: Unexpected token", "@6", "call JSON.parse -");
    check("throw new RangeError('x');", 1, "RangeError: x", "@7", "raise RangeError -");
    check("const y = total + 1;", 1, "ReferenceError: total is not defined", "@11", "name - -");
    check("for (const a of rows) {\n}", 1, "TypeError: rows is not iterable", "@17", "for <name> -");
    check("const n = new Array(-1);", 1, "RangeError: Invalid array length", "@11", "call Array -");
    check(
        "rows.map((x) => x.a.b)",
        1,
        "TypeError: Cannot read properties of undefined (reading 'b')",
        "@21",
        "attribute <name> -",
    );
    check(
        "if (a) {\n} else if (user.name.length) {\n}",
        2,
        "TypeError: Cannot read properties of undefined (reading 'length')",
        "@22",
        "attribute <name> -",
    );
    check(
        "const o = {\n  a: f(1),\n  b: JSON.parse(x),\n};",
        3,
        "SyntaxError: x",
        "@11",
        "call JSON.parse -",
    );
    check(
        "const s = `a ${user.name}`;",
        1,
        "TypeError: Cannot read properties of undefined (reading 'name')",
        "@21",
        "attribute <name> -",
    );
    check(
        "k = 'c\u{d55c}' + user.id;",
        1,
        "TypeError: Cannot read properties of undefined (reading 'id')",
        "@17",
        "attribute <name> -",
    );
    super::tests::check(
        "javascript",
        "const r = /[\"'\\/]/.test(s);\nfetch(u)",
        2,
        "TypeError",
        "call fetch -",
    );
}

#[test]
fn reads_typescript() {
    let check = |snippet, line, error, marks, expected| {
        check_marked("typescript", snippet, line, error, marks, expected)
    };
    check(
        "const x: string = (y as any).foo!.bar<number>(1);",
        1,
        "TypeError: foo.bar is not a function",
        "@35",
        "call <name> -",
    );
    check(
        "import * as path from 'path';\nlet p: string = path.join(a!);",
        2,
        "TypeError: x",
        "@22",
        "call path.join path",
    );
    check(
        "function f(u: User): void {\n  console.log(u.profile.name);\n}",
        2,
        "TypeError: Cannot read properties of undefined (reading 'name')",
        "@25",
        "attribute <name> -",
    );
}

#[test]
fn reads_java() {
    let program = "import java.util.*;\nimport com.acme.Shop;\npublic class Main {\n  static int[] rows = {1, 2};\n  void run(Object o) throws Exception {\n    String s = (String) o;\n    int x = rows[3];\n    java.util.List.of(1).add(s);\n    Shop.open(o);\n    throw new IllegalStateException(\"x\");\n  }\n  void go() {\n    for (String t : names()) {\n      int q = 1 / 0;\n    }\n    int n = Integer.parseInt(\n        text());\n    run(1).go();\n    list.forEach(v -> { v.length(); });\n  }\n}\n";
    let check = |line, error, expected| check("java", program, line, error, expected);
    check(2, "error: package com.acme does not exist", "import - com.acme.Shop");
    check(6, "java.lang.ClassCastException: x", "cast - -");
    check(7, "java.lang.ArrayIndexOutOfBoundsException: Index 3", "subscript <name> -");
    check(10, "java.lang.IllegalStateException: x", "raise IllegalStateException -");
    check(13, "java.lang.NullPointerException", "call <name> -");
    check(14, "java.lang.ArithmeticException: / by zero", "binary_operation - -");
    check(16, "java.lang.NumberFormatException: x", "call Integer.parseInt -");
    check(19, "java.lang.NullPointerException", "call <name>.forEach -");
    check_inner("java", program, 8, "java.util.ImmutableCollections/add", "call <name>.add -");
    check_inner("java", program, 8, "java.util.List/of", "call List.of java.util.List");
    check_inner("java", program, 9, "com.acme.Shop/open", "call Shop.open com.acme.Shop");
    super::tests::check("java", "class Other {\n  int x = 1 / 0;\n}", 2, "ArithmeticException", "none");
}

#[test]
fn reads_shells() {
    let check = |snippet, line, error, expected| check("bash", snippet, line, error, expected);
    check("gerp -n x a.txt", 1, ": gerp: command not found", "command gerp -");
    check("sudo apt-get install x", 1, ": apt-get: command not found", "command apt-get -");
    check("cat x > /no/y", 1, ": /no/y: No such file or directory", "redirect cat -");
    check("f() {\n  cd \"$1\"\n}\nf /x", 2, ": cd: /x: No such file or directory", "command cd -");
    check("f() {\n  cd \"$1\"\n}\nf /x", 4, ": x", "command <name> -");
    check("set -u\necho \"$nope\"", 2, ": nope: unbound variable", "expansion - -");
    check("echo \"${a.b}\"", 1, ": ${a.b}: bad substitution", "expansion - -");
    check("x=$((1/0))", 1, ": 1/0: division by 0 (error token is \"0\")", "binary_operation - -");
    check("if [ $x -eq 1 ]; then\n  :\nfi", 1, ": [: -eq: unary operator expected", "test - -");
    check("source ./lib.sh", 1, ": ./lib.sh: x", "import - <path>");
    check("readonly A=1\nA=2", 2, ": A: readonly variable", "assignment - -");
    check("a | grep x | wc -l", 1, ": x", "command a -");
    check("cat <<EOF\nrm x\nEOF\nls y", 4, ": x", "command ls -");
    check("if true; then\n  ls\nfi", 3, ": x", "none");
    check("./run.sh a", 1, ": ./run.sh: Permission denied", "command <path> -");
    check("echo \u{ac00}\u{1f600}\ncat \"\u{e9}t\u{e9}/$\u{10fffd}\" \\\u{e9}", 2, ": x", "command cat -");
}

#[test]
fn a_commands_own_message_finds_it() {
    let raw = RawException {
        stacktrace: Some("tar: x.gz: Cannot open: No such file or directory\ntar: Error is not recoverable"),
        language: Some("bash"),
        snippet: Some("cd /x\nif true; then\n  tar -xzf x.gz || exit $?\nfi\n"),
        ..RawException::default()
    };
    assert_eq!(shown(tags(&raw, &parse(&raw))), "command tar -");
}

#[test]
fn a_called_function_names_the_call() {
    check_inner("python", "x = f(json.loads(a), b)", 1, "loads", "call <name>.loads -");
    check_inner("python", "x = rows['k']", 1, "__getitem__", "subscript <name> -");
    check_inner("python", "x = rows.my_column", 1, "__getattr__", "attribute <name> -");
    check_inner("python", "x = a / b", 1, "__truediv__", "binary_operation - -");
    check_inner("python", "with lock(x) as y:\n  pass", 1, "__enter__", "with <name> -");
    check_inner("python", "import helper", 1, "<module>", "import - helper");
    check_inner("javascript", "const s = JSON.stringify({ a: b });", 1, "stringify", "call JSON.stringify -");
}

#[test]
fn finds_the_line_by_its_source_text() {
    // The platform put lines before the program.
    let found = tags_at("python", "import re\n\nm = re.compile(p)\n", 13, "error: x", |exception| {
        exception.frames[0].source = Some("m = re.compile(p)".into());
    });
    assert_eq!(shown(found), "call re.compile re");
    let other = tags_at("python", "import re\n", 1, "error: x", |exception| {
        exception.frames[0].source = Some("m = re.compile(p)".into());
    });
    assert_eq!(shown(other), "none");
}

#[test]
fn tells_the_files_of_a_snippet_apart() {
    let snippet = "import geo\ngeo.run()\n\n# --- geo.py\nimport json\ndef run():\n    json.loads('')\n";
    let in_geo = |exception: &mut ParsedException<'_>| exception.frames[0].file = "/app/src/geo.py".into();
    assert_eq!(shown(tags_at("python", snippet, 3, "ValueError", in_geo)), "call json.loads json");
    check("python", snippet, 2, "ValueError", "call <name> <name>");
    check("python", snippet, 1, "ModuleNotFoundError: No module named 'geo'", "import - <name>");
}

#[test]
fn names_syntax_errors() {
    let raw = RawException {
        stacktrace: Some(
            "  File \"/app/main.py\", line 2\n    x = (\n        ^\nSyntaxError: '(' was never closed",
        ),
        snippet: Some("y = 1\nx = (\n"),
        ..RawException::default()
    };
    assert_eq!(shown(tags(&raw, &parse(&raw))), "syntax_error - -");
}

#[test]
fn reads_marks_of_a_traceback() {
    let raw = RawException {
        stacktrace: Some(
            "Traceback (most recent call last):\n  File \"/app/main.py\", line 3, in <module>\n    print(f(a)['k'] + b)\n          ~~~~^^^^^\nKeyError: 'k'",
        ),
        snippet: Some("def f(a):\n    return a\nprint(f(a)['k'] + b)\n"),
        ..RawException::default()
    };
    let parsed = parse(&raw);
    assert_eq!(parsed.exceptions[0].frames[0].marked, Some((6, 15)));
    assert_eq!(shown(tags(&raw, &parsed)), "subscript - -");
}

#[test]
fn every_statement_has_its_name() {
    for kind in Statement::ALL {
        assert_eq!(Statement::named(kind.as_str()), Some(*kind));
    }
}

const LANGUAGES: [&str; 5] = ["python", "javascript", "typescript", "java", "bash"];

/// On a small stack: whatever nests must not recurse.
fn survives(snippets: Vec<String>) {
    let run = move || {
        for snippet in &snippets {
            for language in LANGUAGES {
                for line in [1, 2] {
                    _ = tags_at(language, snippet, line, "TypeError: x 'y'", |_| ());
                }
            }
        }
    };
    std::thread::Builder::new().stack_size(512 * 1024).spawn(run).unwrap().join().unwrap();
}

#[test]
fn survives_hostile_text() {
    const UNITS: [&str; 48] = [
        "(",
        "[",
        "{",
        "([{",
        "\"",
        "'",
        "`",
        "f\"{",
        "<<A ",
        "${",
        "$(",
        "`${",
        "a<",
        ">",
        "a+",
        "not ",
        "!",
        "if a:\n",
        "if(a)else ",
        "lambda:",
        "a=>",
        "a.",
        "a(",
        "\0",
        "new ",
        "(a)",
        "a<b,",
        "...",
        "a?",
        "async ",
        "\n",
        "case a in ",
        "cat <<E\n",
        "a if b else ",
        "<a>",
        "<a b={",
        "/",
        ";",
        "/*",
        "@a ",
        "@interface ",
        "\u{1f600}",
        "\u{ac00} ",
        "'''",
        "\"\"\"",
        "\\",
        "a=",
        "import ",
    ];
    let long = UNITS.iter().map(|unit| unit.repeat(100 * 1024 / unit.len()));
    let spread =
        UNITS.iter().map(|unit| format!("{}\nx = {}", "\n".repeat(0), unit.repeat(100 * 1024 / unit.len())));
    survives(long.chain(spread).collect());
}

/// The scanner of Bash's grammar looks behind a brace for digits.
#[test]
fn survives_every_script() {
    let spread = (0x80..=0x0010_ffff).step_by(0x101).filter_map(char::from_u32);
    survives(spread.map(|c| format!("echo {{{c}..{c}}}\nx={{{c}")).collect());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn survives_any_text(text in "([a-z ]{0,3}|[(){}\\[\\]<>=+*/.,:;\"'`$ \n\\\\|&!?@#~^%-]|\\PC){0,200}", line in 0_u32..12, column in 0_u32..40) {
        for language in LANGUAGES {
            let found = tags_at(language, &text, line, "TypeError: a 'b' is not c", |exception| {
                exception.frames[0].column = Some(column);
                exception.frames[0].marked = (column % 2 == 0).then_some((column / 2, column));
            });
            if let Some(tags) = found {
                let short = |text: Option<String>| text.is_none_or(|text| text.len() <= super::NAME_BYTES_MAX);
                prop_assert!(short(tags.call) && short(tags.import));
            }
        }
    }
}
