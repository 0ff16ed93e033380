//! One line of a .NET stack trace: `   at A.B.C[T](String x, Int32 y) in C:\src\a.cs:line 12`.

use super::super::{located, text};
use crate::bytes::{first, has_any};
use crate::model::Frame;
use std::borrow::Cow;

/// `at`, as the .NET Framework writes it in the languages of its users.
const AT: [&str; 12] = [
    "at ",
    "bei ",
    "\u{e0} ",
    "en ",
    "em ",
    "vid ",
    "w ",
    "v ",
    "\u{432} ",
    "\u{5728} ",
    "\u{5834}\u{6240} ",
    "\u{c704}\u{ce58}: ",
];

/// Reads a line; `None` when it is no frame of .NET.
pub(super) fn frame(line: &str) -> Option<Frame<'_>> {
    let rest = &line[text::indent(line)..];
    let start = *rest.as_bytes().first()?;
    if !matches!(start, b'a' | b'b' | b'e' | b'v' | b'w') && start < 0x80 {
        return None;
    }
    let (word, rest) = AT.iter().find_map(|word| Some((*word, rest.strip_prefix(word)?)))?;
    let is_english = word == "at ";
    let mut rest = text::trim_end(rest);
    while let Some(before) = rest.strip_suffix("<---") {
        rest = before;
    }
    let rest = text::trim_end(rest);
    let open = first(rest.as_bytes(), b'(')?;
    // Mono puts a space before the bracket.
    let name = text::trim_end(&rest[..open]);
    if first(name.as_bytes(), b'.').is_none() || first(name.as_bytes(), b' ').is_some() {
        return None;
    }
    let close = open + first(&rest.as_bytes()[open..], b')')?;
    let arguments = &rest[open + 1..close];
    let after = &rest[close + 1..];
    // `(Foo.java:3)` and `(file.js:1:2)` are other runtimes' places; arguments are a type and a name each.
    let typed = arguments.is_empty()
        || has_any(arguments.as_bytes(), [b' ', b']'])
            && arguments.split(',').all(|argument| argument.trim().contains(' ') || argument.contains(']'))
            && !arguments.contains(':');
    if !typed || matches!(arguments, "Native Method" | "Unknown Source") {
        return None;
    }
    let (file, number) = place(after, is_english)?;
    let (module, function) = lasting(name);
    Some(Frame { module: Cow::Borrowed(module), ..located(function, file, number, None) })
}

/// Whether a frame names its file, which no other runtime's does in this form.
pub(super) fn is_sure(line: &str) -> bool {
    line.contains(") in ") || line.contains(") [0x")
}

/// ` in C:\src\a.cs:line 12`, ` [0x000bd] in <c9bc93>:0`, ` in a.cs:Zeile 12.`, ` + 0x1f`.
fn place(after: &str, is_english: bool) -> Option<(&str, Option<u32>)> {
    let after = after.trim();
    if after.is_empty() || after.starts_with('+') {
        return Some(("", None));
    }
    let after = match after.strip_prefix('[') {
        Some(offset) => offset.split_once(']')?.1.trim_start(),
        None => after,
    };
    let place = match after.strip_prefix("in ") {
        Some(place) => place,
        None if is_english => return after.is_empty().then_some(("", None)),
        None => after.split_once(' ')?.1,
    };
    if place.starts_with('<') {
        // Mono without debug symbols: a hash of the assembly.
        return Some(("", None));
    }
    let Some((file, last)) = place.rsplit_once(':') else { return Some((place, None)) };
    let digits = last.trim_end_matches('.').rsplit(' ').next().unwrap_or(last);
    match text::number(digits) {
        Some(number) => Some((file, Some(number).filter(|number| *number > 0))),
        None => Some((place, None)),
    }
}

/// Owner and function, without type arguments and without the numbers that the compiler gives what it makes itself:
/// `P.<Go>d__1.MoveNext` is `P.Go`, `P.<>c__DisplayClass3_0.<Main>b__1` is `P.<Main>b`.
fn lasting(name: &str) -> (&str, &str) {
    let (mut depth, mut dot) = (0_u32, None);
    for (i, byte) in name.bytes().enumerate() {
        match byte {
            b'[' | b'<' => depth += 1,
            b']' | b'>' => depth = depth.saturating_sub(1),
            b'.' if depth == 0 && i > 0 && !name[..i].ends_with('.') => dot = Some(i),
            _ => {}
        }
    }
    let (owner, function) = dot.map_or(("", name), |at| (&name[..at], &name[at + 1..]));
    let plain = |text: &'_ str| text.find('[').map_or(text.len(), |at| at);
    let function = &function[..plain(function)];
    if function == "MoveNext"
        && let Some((outer, method)) = owner.rsplit_once(".<").or_else(|| owner.rsplit_once("+<"))
        && let Some((method, _)) = method.split_once('>').filter(|(method, _)| !method.is_empty())
    {
        return (&outer[..plain(outer)], method);
    }
    let owner = owner.split([".<>c", "+<>c"][usize::from(owner.contains("+<>c"))]).next().unwrap_or(owner);
    let owner = &owner[..plain(owner)];
    let function = match function.strip_prefix('<').and(function.find("b__")) {
        Some(at) => &function[..=at],
        None => function.split('|').next().unwrap_or(function),
    };
    (owner, function)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::shown;

    fn check(line: &str, module: &str, function: &str, place: &str) {
        shown::check_frame(line, frame(line), module, function, place);
    }

    #[test]
    fn reads_every_form_of_a_frame() {
        check("   at A.B.C(String x, Int32 y) in C:\\src\\a b.cs:line 12", "A.B", "C", "C:\\src\\a b.cs:12");
        check("   at A.B`2.C[T](T x)", "A.B`2", "C", "");
        check("   at A.B..ctor()", "A.B", ".ctor", "");
        check("   at Shop.P.<Go>d__1.MoveNext() in /a.cs:line 3", "Shop.P", "Go", "/a.cs:3");
        check("   at Shop.P.<>c.<Main>b__0_0(Int32 i) in /a.cs:line 3", "Shop.P", "<Main>b", "/a.cs:3");
        check("   at Shop.P.<>c__DisplayClass3_0.<Main>b__1()", "Shop.P", "<Main>b", "");
        check("   at Program.<Main>$(String[] args) in /a.cs:line 1", "Program", "<Main>$", "/a.cs:1");
        check("   at Program.<<Main>$>g__Load|0_0(String k)", "Program", "<<Main>$>g__Load", "");
        check("  at D.E`2[TKey,TValue].get_Item (TKey key) [0x00021] in <12b4>:0 ", "D.E`2", "get_Item", "");
        check("  at Shop.P.Main (System.String[] a) [0x000bd] in /a.cs:12 ", "Shop.P", "Main", "/a.cs:12");
        check("   bei A.B.C(String x) in C:\\a.cs:Zeile 12.", "A.B", "C", "C:\\a.cs:12");
        check(
            "   \u{c704}\u{ce58}: A.B.C(String x) \u{d30c}\u{c77c} C:\\a.cs:\u{c904} 12",
            "A.B",
            "C",
            "C:\\a.cs:12",
        );
    }

    #[test]
    fn leaves_other_runtimes_frames() {
        for line in [
            "\tat a.b.C.d(C.java:3)",
            "\tat a.b.C.d(Native Method)",
            "    at Object.f (a.js:1:2)",
            "    at async a.b (a.js:1:2)",
            "at a.b(c)",
            "en passant (x y)",
            "at ",
            "",
        ] {
            assert!(frame(line).is_none(), "{line}");
        }
    }
}
