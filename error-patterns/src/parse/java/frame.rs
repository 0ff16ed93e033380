//! One line of a JVM stack trace: `java.base/java.util.ArrayList.get(ArrayList.java:427) ~[lib.jar:1.0]`.

use super::super::text::tail::Tail;
use super::super::usual::{Usual, UsualLine};
use super::super::{located, text};
use crate::bytes::{first, first_behind, has_any, last};
use crate::model::Frame;
use fearless_simd::Simd;
use std::borrow::Cow;

/// Reads what follows `at `.
pub(super) fn frame(rest: &str) -> Option<Frame<'_>> {
    of_any_form(text::trim_start(rest))
}

/// The module of frames by which Kotlin marks where a coroutine was resumed; they are left out.
pub(super) const COROUTINE: &str = "_COROUTINE.";

/// A tab, `at a.b.C.f(C.java:12)` and no more: what most lines are, for which [`parts`] would say the same.
pub(super) struct JvmLine;

impl UsualLine for JvmLine {
    #[inline(always)]
    fn read<S: Simd>(simd: S, tail: Tail<'_>) -> Option<Usual<'_>> {
        const START: &str = "\tat ";
        let rest = tail.line.strip_prefix(START)?;
        let (digits, number) = tail.number()?;
        let bracketed = tail.bracketed(simd, rest)?;
        if !matches!(bracketed.before.as_bytes().first(), Some(0x21..=0x7e)) {
            return None;
        }
        let file = bracketed.place.get(..bracketed.place.len().checked_sub(digits + 1)?)?;
        if !(file.ends_with(".java") || file.ends_with(".kt") || file.ends_with(".scala")) {
            return None;
        }
        let (module, function) = if bracketed.has_any(*b" (/$") {
            let name = bracketed.before;
            if has_any(name.as_bytes(), *b" (") {
                return None;
            }
            let (module, function) = text::split_owner(without_module(name));
            (lasting(module), function)
        } else {
            let (module, function) = bracketed.owner();
            let is_numbered = module.as_bytes().last().is_some_and(u8::is_ascii_digit);
            (if is_numbered { accessor(module) } else { module }, function)
        };
        Some(Usual { module, function, file, line: number, column: None })
    }

    #[inline(always)]
    fn is_kept(found: &Usual<'_>) -> bool {
        !found.module.starts_with(COROUTINE)
    }
}

/// A line of any form.
#[inline(never)]
fn of_any_form(rest: &str) -> Option<Frame<'_>> {
    let bytes = rest.as_bytes();
    let (mut from, mut is_bare) = (0, true);
    // A test's name may hold brackets itself.
    for _ in 0..4 {
        // Most names have none of the signs that tell of more than class and method.
        let (length, has_sign) = first_behind(&bytes[from..], b'(', [b' ', b'/', b'$'])?;
        let open = from + length;
        is_bare &= !has_sign;
        let close = open + first(&bytes[open..], b')')?;
        if let Some(frame) = parts(&rest[..open], is_bare, &rest[open + 1..close], &rest[close + 1..]) {
            return Some(frame);
        }
        from = open + 1;
    }
    None
}

fn parts<'a>(name: &'a str, is_bare: bool, place: &'a str, after: &str) -> Option<Frame<'a>> {
    // J9 says how the method ran: `(A.java:12(Compiled Code))`.
    let (place, after) = match after.strip_prefix(')') {
        Some(after) if let Some((place, _)) = place.split_once('(') => (place, after),
        _ => (place, after),
    };
    if !matches!(after.as_bytes().first(), None | Some(b' ' | b'\t')) || name.ends_with(' ') {
        return None;
    }
    let (file, number) = match text::split_number(place, b':') {
        Some((file, number)) => (file, Some(number)),
        None => (place, None),
    };
    let extension = last(file.as_bytes(), b'.').map_or("", |at| &file[at + 1..]);
    let is_source =
        matches!(extension, "java" | "kt" | "kts" | "scala" | "groovy" | "clj" | "php" | "sc" | "jsp");
    let is_known = is_source
        || number.is_some() && !file.contains(['/', ':', ' ', '\\', '(', ','])
        || matches!(
            file,
            "Native Method" | "Unknown Source" | "SourceFile" | "Source" | "<generated>" | "Unknown"
        )
        || ["NO_SOURCE", "LambdaForm$", "R8$$", "D8$$", "Proguard", "Compiled Code"]
            .iter()
            .any(|start| file.starts_with(start));
    // Kotlin, Groovy and Scala allow names with spaces.
    let space = if is_bare { None } else { first(name.as_bytes(), b' ') };
    let is_name = match space {
        Some(space) => is_source && first(&name.as_bytes()[..space], b'.').is_some(),
        None => is_source || first(name.as_bytes(), b'.').is_some(),
    };
    if !is_known || !is_name {
        return None;
    }
    let (module, function) = match space {
        Some(space) => {
            let (owner, _) = text::split_owner(&name[..space]);
            (owner, name[owner.len()..].trim_start_matches('.'))
        }
        None if is_bare => text::split_owner(name),
        None => text::split_owner(without_module(name)),
    };
    let file = if matches!(file, "Native Method" | "Unknown Source" | "Unknown") { "" } else { file };
    let module = if is_bare { accessor(module) } else { lasting(module) };
    Some(Frame { module: Cow::Borrowed(module), ..located(function, file, number, None) })
}

/// `C  [libfoo.so+0x1234]  f+0x12`, `J 12 c2 a.b.C.f(I)I (5 bytes)`, `V  [libjvm.so+0x1]  A::b()+0x1`: the frame that
/// a crashed virtual machine names.
pub(super) fn native(line: &str) -> Frame<'_> {
    let rest = line.get(1..).unwrap_or_default().trim_start();
    let (file, rest) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((file, rest)) => (file.split("+0x").next().unwrap_or(file), rest.trim_start()),
        None => ("", rest),
    };
    let end = rest.find(['(', '+']).unwrap_or(rest.len());
    let name = rest[..end].split(' ').next_back().unwrap_or_default();
    let (module, function) = match name.rfind("::") {
        Some(at) => (&name[..at], &name[at + 2..]),
        None => text::split_owner(name),
    };
    Frame { module: Cow::Borrowed(module), ..located(function, file, None, None) }
}

/// A name without the loader and the module that the JVM prints before it (`app//`, `java.base@17.0.1/`).
pub(super) fn without_module(name: &str) -> &str {
    let bytes = name.as_bytes();
    let Some(mut at) = last(bytes, b'/') else { return name };
    // `C$$Lambda$14/0x0000000800c03000.run`: the address of a class without a name of its own.
    let address = bytes[at + 1..].iter().take_while(|b| b.is_ascii_hexdigit() || **b == b'x').count();
    if bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
        && matches!(bytes.get(at + 1 + address), None | Some(b'.'))
    {
        match last(&bytes[..at], b'/') {
            Some(before) => at = before,
            None => return name,
        }
    }
    if at + 1 < name.len() { &name[at + 1..] } else { name }
}

/// A class's name without the number or address that one run gave a class made while the program ran.
fn lasting(module: &str) -> &str {
    const MADE: [&str; 8] = [
        "$$Lambda",
        "CGLIB$$",
        "$MockitoMock$",
        "$HibernateProxy$",
        "$ByteBuddy$",
        "$auxiliary$",
        "_$$_jvst",
        "_$$_Weld",
    ];
    let module = match first(module.as_bytes(), b'/') {
        Some(at) => &module[..at],
        None => module,
    };
    let mut signs = memchr::memchr_iter(b'$', module.as_bytes()).peekable();
    if signs.peek().is_none() {
        return accessor(module);
    }
    // Most signs stand before the name of an inner class.
    let is_made = signs.any(|at| match module.as_bytes().get(at + 1) {
        Some(b'$') => true,
        Some(b'M' | b'H' | b'B' | b'a') => MADE.iter().any(|made| module[at..].starts_with(made)),
        _ => false,
    });
    for made in MADE.iter().filter(|_| is_made) {
        if let Some(at) = module.find(made) {
            return module[..at + made.len()].trim_end_matches('$');
        }
    }
    match text::without_digits(module) {
        bare if bare.ends_with("$Proxy") || bare.ends_with("ClosureAccessor") => bare,
        _ => module,
    }
}

/// `GeneratedMethodAccessor12` without its number.
fn accessor(module: &str) -> &str {
    match text::without_digits(module) {
        bare if bare.len() < module.len() && bare.ends_with("Accessor") => bare,
        _ => module,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{shown, usual};
    use proptest::prelude::*;

    fn check(line: &str, module: &str, function: &str, place: &str) {
        shown::check_frame(line, frame(line), module, function, place);
    }

    proptest! {
        #[test]
        fn classes_made_at_run_time_are_found(parts in prop::collection::vec(prop::sample::select(vec!["a.B", "$", "$$", "Lambda", "CGLIB", "MockitoMock", "ByteBuddy", "auxiliary", "HibernateProxy", "_", "jvst", "Weld", "1", "Builder"]), 0..8)) {
            let module = parts.concat();
            let made = ["$$Lambda", "CGLIB$$", "$MockitoMock$", "$HibernateProxy$", "$ByteBuddy$", "$auxiliary$", "_$$_jvst", "_$$_Weld"];
            if let Some((at, made)) = made.iter().find_map(|made| Some((module.find(made)?, made))) {
                prop_assert_eq!(lasting(&module), module[..at + made.len()].trim_end_matches('$'));
            } else if module.contains('$') && !module.ends_with(|c: char| c.is_ascii_digit()) {
                prop_assert_eq!(lasting(&module), &module);
            }
        }
    }

    #[test]
    fn reads_every_form_of_a_frame() {
        check(
            "java.base/java.util.ArrayList.get(ArrayList.java:427)",
            "java.util.ArrayList",
            "get",
            "ArrayList.java:427",
        );
        check(
            "java.base@17.0.1/java.lang.Thread.run(Thread.java:840)",
            "java.lang.Thread",
            "run",
            "Thread.java:840",
        );
        check("app//com.acme.A.b(A.java:1)", "com.acme.A", "b", "A.java:1");
        check("deployment.a.war//com.acme.A.b(A.java:1)", "com.acme.A", "b", "A.java:1");
        check(
            "com.acme.A$$Lambda$14/0x0000000800c03000.run(Unknown Source)",
            "com.acme.A$$Lambda",
            "run",
            "",
        );
        check("app//com.acme.A$$Lambda/0x00007f12.run(Unknown Source)", "com.acme.A$$Lambda", "run", "");
        check(
            "java.base/java.lang.invoke.LambdaForm$MH/0x00008.invoke(LambdaForm$MH)",
            "java.lang.invoke.LambdaForm$MH",
            "invoke",
            "LambdaForm$MH",
        );
        check(
            "com.acme.A$$EnhancerBySpringCGLIB$$1a2b3c.save(<generated>)",
            "com.acme.A$$EnhancerBySpringCGLIB",
            "save",
            "<generated>",
        );
        check("jdk.proxy2/jdk.proxy2.$Proxy12.a(Unknown Source)", "jdk.proxy2.$Proxy", "a", "");
        check(
            "jdk.internal.reflect.GeneratedMethodAccessor12.invoke(Unknown Source)",
            "jdk.internal.reflect.GeneratedMethodAccessor",
            "invoke",
            "",
        );
        check("a.B.c(B.java:1) ~[lib-1.0.jar:1.0]", "a.B", "c", "B.java:1");
        check("a.B.c(B.java:12(Compiled Code))", "a.B", "c", "B.java:12");
        check("a.b.c(Unknown Source:2)", "a.b", "c", ":2");
        check("a.b.c(SourceFile:12)", "a.b", "c", "SourceFile:12");
        check(
            "clojure.core$map$fn__5866.invoke(core.clj:2755)",
            "clojure.core$map$fn__5866",
            "invoke",
            "core.clj:2755",
        );
        check("user$eval1.invokeStatic(NO_SOURCE_FILE:1)", "user$eval1", "invokeStatic", "NO_SOURCE_FILE:1");
        check(
            "shop.CartTest.adds 2 things (v1.2) fast(CartTest.kt:9)",
            "shop.CartTest",
            "adds 2 things (v1.2) fast",
            "CartTest.kt:9",
        );
    }

    proptest! {
        #[test]
        fn usual_lines_are_read_alike(line in r"(\tat |\tat  )?([aB.( )/$\t]{0,3}[a-z.1]{0,24}){1,4}\([A-Z]?[a-z()./ ]{0,6}\.(java|kt|scala):[0-9]{0,10}\)") {
            if let Some(found) = usual::shown::<JvmLine>(&line) {
                let rest = text::trim_start(&line[4..]);
                prop_assert_eq!(format!("{:?}", of_any_form(rest)), format!("Some({found})"));
            }
        }
    }

    #[test]
    fn leaves_other_runtimes_frames() {
        for line in [
            "Object.<anonymous> (/a/b.js:1:2)",
            "f (a.js:1:2)",
            "async Promise.all (index 0)",
            "A.B.C(String x) in a.cs:line 3",
            "A.B.C()",
            "System.IO.File.Open(String path, FileMode mode)",
            "eval (eval at <anonymous> (a.js:1:1), <anonymous>:1:1)",
            "https://a.b/c.js:1:2",
            "",
            "(",
        ] {
            assert!(frame(line).is_none(), "{line}");
        }
    }
}
