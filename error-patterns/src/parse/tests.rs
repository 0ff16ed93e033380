//! What languages say whose stacks are not read, wherever it is torn or cut.

use super::*;

fn read_text(text: &str) -> (Runtime, String, String) {
    let raw = RawException { stacktrace: Some(text), ..RawException::default() };
    let parsed = parse(&raw);
    let exception = &parsed.exceptions[0];
    (parsed.runtime, exception.error_type.to_string(), exception.message.to_string())
}

/// Text, runtime, type, message.
const SAID: &[(&str, Runtime, &str, &str)] = &[
    (
        "lua: C:\\a b\\main.lua:3: attempt to index a nil value (field 'row')\nstack traceback:",
        Runtime::Lua,
        "Error",
        "attempt to index a nil value (field 'row')",
    ),
    (
        "start\nlua5.4: game.lua:6: game.lua:4: attempt to compare number with string",
        Runtime::Lua,
        "Error",
        "attempt to compare number with string",
    ),
    (
        "[string \"return 1 +\"]:1: unexpected symbol near <eof>",
        Runtime::Lua,
        "Error",
        "unexpected symbol near <eof>",
    ),
    (
        "Use of uninitialized value $x in addition (+) at a.pl line 2.\n\
         Can't locate Moose.pm in @INC (you may need to install the Moose module) (@INC contains: /a) at a.pl line 3.\n\
         BEGIN failed--compilation aborted at a.pl line 3.",
        Runtime::Perl,
        "CompilationError",
        "Can't locate Moose.pm in @INC (you may need to install the Moose module)",
    ),
    (
        "cache is cold at a.pl line 3.\nIllegal division by zero at /box/a.pl line 12, <STDIN> line 4.",
        Runtime::Perl,
        "Error",
        "Illegal division by zero",
    ),
    (
        "psql:/tmp/q.sql:2: ERROR:  relation \"users\" does not exist\nLINE 1: SELECT",
        Runtime::Sql,
        "Error",
        "relation \"users\" does not exist",
    ),
    (
        "2026-11-28 09:09:51.875 UTC [7037] a@a psql ERROR:  syntax error at or near \")\" at character 35",
        Runtime::Sql,
        "Error",
        "syntax error at or near \")\"",
    ),
    (
        "Runtime error near line 3: UNIQUE constraint failed: users.email (19)",
        Runtime::Sql,
        "Error",
        "UNIQUE constraint failed: users.email",
    ),
    (
        "ERROR 1146 (42S02) at line 1: Table 'shop.users' doesn't exist",
        Runtime::Sql,
        "Error",
        "Table 'shop.users' doesn't exist",
    ),
    ("ORA-00942: table or view does not exist", Runtime::Sql, "Error", "table or view does not exist"),
    (
        "Msg 208, Level 16, State 1, Line 1\nInvalid object name 'users'.",
        Runtime::Sql,
        "Error",
        "Invalid object name 'users'.",
    ),
    (
        "a.hs:11:24: error: [GHC-83865]\n    \u{2022} Couldn't match type \u{2018}[Char]\u{2019} with \u{2018}Int\u{2019}",
        Runtime::Haskell,
        "CompilationError",
        "Couldn't match type \u{2018}[Char]\u{2019} with \u{2018}Int\u{2019}",
    ),
    (
        "main: a.hs:(5,1)-(6,20): Non-exhaustive patterns in function f",
        Runtime::Haskell,
        "Error",
        "Non-exhaustive patterns in function f",
    ),
    (
        "Fatal error: exception Stdlib.Exit\nRaised at Main.f in file \"a.ml\", line 3, characters 2-9",
        Runtime::Ocaml,
        "Stdlib.Exit",
        "Stdlib.Exit",
    ),
    ("Exception: Failure \"int_of_string\".", Runtime::Ocaml, "Failure", "int_of_string"),
    (
        "** (exit) exited in: GenServer.call(A, :b, 5000)\n    ** (EXIT) an exception was raised:\n        \
         ** (KeyError) key :name not found in: %{}",
        Runtime::Erlang,
        "KeyError",
        "key :name not found in: %{}",
    ),
    (
        "error: undefined variable \"total\"\n  a.exs:3: A.f/1\n\n\
         ** (CompileError) a.exs: cannot compile module A (errors have been logged)",
        Runtime::Erlang,
        "CompileError",
        "undefined variable \"total\"",
    ),
    (
        "{\"init terminating in do_boot\",{badarith,[{main,f,1,[]}]}}\ninit terminating in do_boot ({badarith,[{main,f,1,[]}]})",
        Runtime::Erlang,
        "badarith",
        "badarith",
    ),
    (
        "Runtime error 216 at $0000000000401026",
        Runtime::Pascal,
        "Runtime error 216",
        "general protection fault",
    ),
    (
        "Error using total (line 3)\nNot enough input arguments.\n\nError in main (line 9)",
        Runtime::Octave,
        "Error",
        "Not enough input arguments.",
    ),
    ("*** - /: division by zero", Runtime::Lisp, "Error", "/: division by zero"),
];

#[test]
fn finds_what_a_language_said() {
    for (text, runtime, error_type, message) in SAID {
        assert_eq!(read_text(text), (*runtime, (*error_type).to_owned(), (*message).to_owned()), "{text}");
        for (at, _) in text.char_indices() {
            read_text(&text[..at]);
            read_text(&text[at..]);
            read_text(&format!("{}\u{e9}\u{2026}{}", &text[..at], &text[at..]));
        }
    }
}

#[test]
fn takes_no_other_program_for_a_language() {
    for text in [
        "lua",
        "look at line 3",
        "see line 4 at main",
        "parse error at settings.yml line 3.",
        "ERROR:  upload of 3 files failed",
        "** note ** (see below)",
        "error: called twice",
        "Runtime error 5",
    ] {
        assert_eq!(read_text(text).0, Runtime::Unknown, "{text}");
    }
}

/// Going back to the start of the line from each place took minutes.
#[test]
fn a_line_of_many_places_costs_linear_time() {
    for unit in [" line 1", " line 1, near ", "a.lua:1: ", " (local '", "ORA-", "a.hs:1: ", "** (A) ", "a: "]
    {
        let text = unit.repeat(1024 * 1024 / unit.len());
        let start = std::time::Instant::now();
        read_text(&text);
        assert!(start.elapsed() < std::time::Duration::from_secs(10), "{unit:?}");
    }
}
