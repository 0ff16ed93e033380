//! Frames of native code, as sanitizers, debuggers, Valgrind and crash dumps print them.

use super::super::located;
use super::super::text::{self, Text};
use crate::model::Frame;
use memchr::memchr;
use std::borrow::Cow;

/// Longest C++ name that is taken apart.
const NAME_BYTES_MAX: usize = 16 * 1024;

/// `#0 0x55 in main /a.c:5:3`, `#0  0x55 in f (x=1) at a.c:3`, `#1  f (x=1) at a.c:3`: the first block of them.
pub(super) fn numbered<'a>(text: &Text<'a>, from: usize) -> Vec<Frame<'a>> {
    let mut frames = Vec::new();
    for (_, line) in text.lines_from(from) {
        match numbered_frame(line) {
            Some((0, _)) if !frames.is_empty() => break,
            Some((_, frame)) => frames.push(frame),
            None if !frames.is_empty() && line.trim().is_empty() => break,
            None => {}
        }
    }
    frames
}

fn numbered_frame(line: &str) -> Option<(u32, Frame<'_>)> {
    let rest = line.trim_start();
    let rest = match rest.as_bytes().first()? {
        b'#' => &rest[1..],
        // lldb: `* frame #0: 0x55 a.out`main at a.c:5:3`
        b'*' | b'f' => rest.trim_start_matches("* ").strip_prefix("frame #")?,
        _ => return None,
    };
    let (number, rest) = text::leading_number(rest)?;
    let rest = rest.trim_start_matches([' ', ':']);
    if let Some(rest) = rest.strip_prefix("pc ") {
        return Some((number, tombstone(rest)));
    }
    let (has_address, rest) = match rest.strip_prefix("0x") {
        Some(address) => (true, address.trim_start_matches(|c: char| c.is_ascii_hexdigit()).trim_start()),
        None => (false, rest),
    };
    let rest = rest.strip_prefix("in ").unwrap_or(rest);
    if has_address && rest.starts_with("at ") {
        // FreeBSD's kernel: `#0 0xffffffff80aada97 at kdb_backtrace+0x67`
        let name = rest[3..].split("+0x").next().unwrap_or_default();
        return Some((number, located(name, "", None, None)));
    }
    // lldb puts the module before the name.
    let rest = match rest.split_once('`') {
        Some((module, name)) if !module.contains(' ') => name,
        _ => rest,
    };
    let (call, place) = call_and_place(rest);
    let (file, line, column) = text::split_location(place);
    let file = file.split("+0x").next().unwrap_or(file);
    let file = if file == "<null>" { "" } else { file };
    Some((number, qualified(call, file, line, column)))
}

/// Splits `f(int) /a.c:5:3 (a.out+0x12) (BuildId: 1234)`, `f (x=1) at a.c:3`, `f (/lib/x.so+0x12)`.
fn call_and_place(rest: &str) -> (&str, &str) {
    if let Some((call, place)) = rest.rsplit_once(" at ") {
        return (call.split(" (").next().unwrap_or(call), place);
    }
    if let Some((call, place)) = rest.rsplit_once(" from ") {
        return (call.split(" (").next().unwrap_or(call), place);
    }
    let mut rest = rest;
    let mut module = "";
    for _ in 0..2 {
        let Some(at) = rest.rfind(" (").filter(|_| rest.ends_with(')')) else { break };
        let inner = &rest[at + 2..rest.len() - 1];
        if !(inner.starts_with("BuildId: ") || inner.contains("+0x")) {
            break;
        }
        if !inner.starts_with("BuildId: ") {
            module = inner;
        }
        rest = rest[..at].trim_end();
    }
    // A path may hold spaces.
    let split = rest.find(" /").map(|at| (&rest[..at], &rest[at + 1..])).or_else(|| rest.rsplit_once(' '));
    match split {
        Some((call, place)) if text::split_location(place).1.is_some() || place.starts_with('/') => {
            (call, place)
        }
        Some((call, "<null>")) => (call, module),
        // `f (/a/b)`: gdb of a library without lines.
        Some((call, place)) if place.starts_with('(') && place.contains('/') => {
            (call, place.trim_matches(['(', ')']))
        }
        _ => (rest, module),
    }
}

/// Android: `#00 pc 0000000000012345  /system/lib64/libc.so (abort+12) (BuildId: 12)`, behind `pc `.
fn tombstone(rest: &str) -> Frame<'_> {
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_hexdigit()).trim_start();
    let (file, rest) = rest.split_once(" (").unwrap_or((rest, ""));
    let name = rest.split_once(')').map_or(rest, |(name, _)| name);
    let name = if name.starts_with("BuildId") { "" } else { name };
    let name = match name.rsplit_once('+') {
        Some((name, offset)) if text::number(offset).is_some() => name,
        _ => name,
    };
    qualified(name, file.trim_end(), None, None)
}

/// A C++ name as owner and function: return type, arguments and template arguments cut.
pub(super) fn qualified<'a>(
    name: &'a str,
    file: &'a str,
    line: Option<u32>,
    column: Option<u32>,
) -> Frame<'a> {
    let (module, function) = split(name.trim());
    Frame { module: Cow::Borrowed(module), ..located(function, file, line, column) }
}

fn split(name: &str) -> (&str, &str) {
    // Objective-C: `-[Class selector:]`
    if name.starts_with(['-', '+']) && name.ends_with(']') {
        let inner = name.get(2..name.len() - 1).unwrap_or_default();
        return inner.split_once(' ').unwrap_or(("", inner));
    }
    let bytes = name.as_bytes();
    if memchr(b':', bytes).is_none() && memchr(b'(', bytes).is_none() && memchr(b'<', bytes).is_none() {
        return ("", name);
    }
    let (mut depth, mut start, mut separator, mut angle, mut at) = (0_u32, 0, None, None, 0);
    let mut end = name.len();
    while at < bytes.len().min(NAME_BYTES_MAX) {
        match bytes[at] {
            b'(' if name[at..].starts_with("(anonymous namespace)") => {
                at += "(anonymous namespace)".len() - 1
            }
            b'(' if depth == 0 && at > start => {
                // `operator()(int)`
                if name[..at].ends_with("operator") && name[at..].starts_with("()") {
                    at += 1;
                } else {
                    end = at;
                    break;
                }
            }
            b'<' if name[..at].ends_with("operator") || name[..at].ends_with("operator<") => {}
            b'<' if at == start && name[at..].starts_with("<lambda") => depth += 1,
            b'<' | b'{' | b'(' | b'\'' if bytes[at] != b'\'' => {
                if depth == 0 && bytes[at] == b'<' && at > start {
                    angle.get_or_insert(at);
                }
                depth += 1;
            }
            b'>' if at > 0 && bytes[at - 1] == b'-' || name[..at].ends_with("operator") => {}
            b'>' | b'}' | b')' => depth = depth.saturating_sub(1),
            b' ' if depth == 0 && !name[..at].ends_with("operator") => {
                (start, separator, angle) = (at + 1, None, None);
            }
            b':' if depth == 0 && bytes.get(at + 1) == Some(&b':') => {
                separator = Some((at, angle.take()));
                at += 1;
            }
            b'[' if depth == 0 && name[at..].starts_with("[abi:") => {
                end = at;
                break;
            }
            _ => {}
        }
        at += 1;
    }
    let whole = name.get(start..end).unwrap_or(name);
    match separator {
        Some((at, owners_angle)) => {
            let function_end = angle.unwrap_or(end);
            let function = name.get(at + 2..function_end).unwrap_or_default().trim_end();
            let owner = name.get(start..owners_angle.unwrap_or(at)).unwrap_or_default();
            if function.is_empty() { ("", whole) } else { (owner, function) }
        }
        None => (
            "",
            name.get(start..angle.unwrap_or(end)).filter(|name| !name.is_empty()).unwrap_or(whole).trim_end(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_names_apart() {
        for (name, owner, function) in [
            ("main", "", "main"),
            ("Store::add()", "Store", "add"),
            ("std::vector<int, std::allocator<int> >::at(unsigned long)", "std::vector", "at"),
            ("bool __san::exchange<__san::u8>(__san::u8 volatile*, int)", "__san", "exchange"),
            ("(anonymous namespace)::f(int)", "(anonymous namespace)", "f"),
            ("ns::(anonymous namespace)::g", "ns::(anonymous namespace)", "g"),
            ("Fn::operator()(int) const", "Fn", "operator()"),
            ("a::operator<<(std::ostream&, int)", "a", "operator<<"),
            ("Store::at[abi:cxx11](int)", "Store", "at"),
            ("void run<main(int, char**)::{lambda()#1}>(int)", "", "run"),
            ("-[UIView(Extra) layout:with:]", "UIView(Extra)", "layout:with:"),
            (
                "std::thread::_M_start_thread(std::unique_ptr<int>, void (*)())",
                "std::thread",
                "_M_start_thread",
            ),
            ("<unknown>", "", "<unknown>"),
            ("::", "", "::"),
            ("<", "", "<"),
            ("a<", "", "a"),
            ("", "", ""),
        ] {
            assert_eq!(split(name), (owner, function), "{name}");
        }
    }

    #[test]
    fn reads_every_form_of_a_frame() {
        for (line, function, place) in [
            ("    #0 0x55 in main /a b/u.c:5:3", "main", "/a b/u.c:5"),
            ("    #0 Store::add() /t.cpp:6 (tt+0x3087)", "add", "/t.cpp:6"),
            ("    #7 <null> <null> (libstdc++.so.6+0xd44a2)", "<null>", "libstdc++.so.6"),
            ("    #3 0x56 in _start (/tmp/ua+0x2190) (BuildId: ab12)", "_start", "/tmp/ua"),
            ("#1  0x00007ffff7aa8f4f in raise (sig=6) at ../raise.c:26", "raise", "../raise.c:26"),
            ("#5  0x00007ffff7ca8e1a in ?? () from /lib/libstdc++.so.6", "??", "/lib/libstdc++.so.6"),
            ("#0 0xffffffff80aada97 at kdb_backtrace+0x67", "kdb_backtrace", ""),
            (
                "      #00 pc 000000000001c5a4  /system/lib64/libc.so (abort+164) (BuildId: 1)",
                "abort",
                "/system/lib64/libc.so",
            ),
            ("  * frame #0: 0x0000000100003f80 a.out`main at a.c:5:3", "main", "a.c:5"),
        ] {
            let (_, frame) = numbered_frame(line).unwrap();
            let number = frame.line.map(|line| format!(":{line}")).unwrap_or_default();
            assert_eq!(
                (&*frame.function, format!("{}{number}", frame.file).as_str()),
                (function, place),
                "{line}"
            );
        }
    }
}
