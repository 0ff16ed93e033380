//! Kernels: Linux oopses, sanitizer reports, warnings and out-of-memory kills, and the panics of the BSDs, XNU and Zircon.

use super::super::text::{self, Text};
use super::super::{Outcome, located};
use super::one;
use crate::model::Frame;
use memchr::memchr;

/// How reports begin, by the first byte.
fn marks(first: u8) -> &'static [&'static str] {
    match first {
        b'r' => &["rcu: INFO: "],
        b'B' => &["BUG: "],
        b'W' => &["WARNING: "],
        b'I' => &["INFO: ", "Internal error: "],
        b'K' => &["KASAN: ", "KCSAN: ", "Kernel panic - not syncing: "],
        b'U' => &["UBSAN: ", "Unable to handle kernel ", "Unhandled fault: "],
        // The BSDs' `kernel: page fault trap` as well.
        b'k' => &["kernel BUG at ", "kernel: "],
        b'g' => &["general protection fault"],
        b'w' => &["watchdog: BUG: ", "witness: "],
        b'd' => &["divide error: "],
        b'u' => &["unregister_netdevice: ", "uvm_fault("],
        b's' => &["stack segment"],
        b'i' => &["invalid opcode: "],
        b'O' => &["Out of memory: Kill"],
        b'M' => &["Memory cgroup out of memory: Kill"],
        // The BSDs, XNU and Zircon
        b'p' => &["panic: ", "panic(cpu ", "panic (caller "],
        b'F' => &["Fatal trap "],
        b'f' => &["fatal page fault", "fatal protection fault"],
        b'A' => &["ASSERT FAILED at "],
        _ => &[],
    }
}

/// Lines without a symbol that a call trace may hold.
const GAP_LINES_MAX: usize = 24;
/// Frames from the raise site on where the kernel's own panic code is searched.
const MACHINERY_FRAMES_MAX: usize = 12;
/// Functions that report a panic and raised nothing themselves. Linux names the faulting function in its first line.
const MACHINERY: [&str; 30] = [
    "panic",
    "vpanic",
    "kern_assert",
    "kdb_backtrace",
    "kdb_trap",
    "db_trace_self_wrapper",
    "db_enter",
    "db_panic",
    "__assert",
    "trap_fatal",
    "trap_pfault",
    "trap",
    "calltrap",
    "kerntrap",
    "alltraps",
    "alltraps_kern_meltdown",
    "ch_voltag_convert_in",
    "_panic",
    "_assfail",
    "_panic_trap_to_debugger",
    "_DebuggerTrapWithState",
    "_handle_debugger_trap",
    "_kdp_i386_trap",
    "_kernel_trap",
    "trap_from_kernel",
    "platform_halt",
    "_return_from_trap",
    "panic_trap_to_debugger",
    "assert_fail",
    "witness_debugger",
];

/// Parses a kernel's report; `None` when no line starts with one of its marks behind the time stamp, or no call
/// trace follows.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let (at, line) = text.lines_from(0).find_map(|(i, line)| {
        let line = unstamped(line);
        is_marked(line).then_some((i, line))
    })?;
    let kill = line.starts_with("Out of memory: ") || line.starts_with("Memory cgroup out of memory: ");
    let trace = (at..text.len()).find(|&i| starts_trace(unstamped(text.line(i)).trim()));
    if trace.is_none() && !kill && !text.iter().take(64).any(|line| stamp(line).is_some()) {
        return None;
    }
    let mut frames: Vec<Frame<'a>> = Vec::new();
    let mut gap = 0;
    for (_, line) in text.lines_from(trace.unwrap_or(at + 1)) {
        let line = text::trim(unstamped(line));
        match symbol(line) {
            Some(frame) => frames.push(frame),
            None if frames.is_empty() || line.starts_with('<') || line.starts_with("? ") => {}
            // The first stack ends; those of other processors and processes follow.
            None if line.starts_with("end of kernel") || line.contains("End traceback") => break,
            // Registers and the like stand between the parts of one trace.
            None if gap < GAP_LINES_MAX => gap += 1,
            None => break,
        }
    }
    without_machinery(&mut frames);
    let (kind, message) = split(line);
    let named = message.rsplit_once(" in ").or_else(|| message.rsplit_once(' ')).map(|(_, name)| name);
    let faulting = named.and_then(symbol);
    if let Some(frame) =
        faulting.filter(|frame| frames.first().is_none_or(|first| first.function != frame.function))
    {
        let known = frames.iter().position(|other| other.function == frame.function);
        frames.drain(..known.unwrap_or(0));
        if known.is_none() {
            frames.insert(0, frame);
        }
    }
    Some(one(kind, message, frames))
}

fn is_marked(line: &str) -> bool {
    line.as_bytes().first().is_some_and(|first| marks(*first).iter().any(|mark| line.starts_with(mark)))
}

fn starts_trace(line: &str) -> bool {
    match line.as_bytes().first() {
        Some(b'C' | b'c' | b'B' | b'b' | b'<') => {
            line.eq_ignore_ascii_case("call trace:")
                || line.eq_ignore_ascii_case("backtrace:")
                || line == "<TASK>"
                || line.ends_with(": Begin traceback...")
                || line.starts_with("Backtrace (CPU ")
                || line.starts_with("bt#00: ")
        }
        Some(b'K') => line == "KDB: stack backtrace:",
        Some(b'S') => line.starts_with("Stopped at ") || line.starts_with("Starting stack trace"),
        _ => false,
    }
}

/// What stands above the kernel's own panic code raised nothing.
fn without_machinery(frames: &mut Vec<Frame<'_>>) {
    let last = frames
        .iter()
        .take(MACHINERY_FRAMES_MAX)
        .rposition(|frame| MACHINERY.contains(&&*frame.function))
        .map_or(0, |at| at + 1);
    if last < frames.len() {
        frames.drain(..last);
    }
}

/// `BUG: KASAN: use-after-free in f+0x1/0x2` as kind `KASAN: use-after-free` and message.
fn split(line: &str) -> (&str, &str) {
    let line = line.trim();
    let rest = line.strip_prefix("BUG: ").unwrap_or(line);
    if let Some((kind, _)) =
        rest.split_once(" in ").filter(|(kind, _)| kind.len() < 64 && kind.contains("SAN: "))
    {
        return (kind, rest);
    }
    let end = line.find(": ").unwrap_or(0);
    // `panic(cpu 0 caller 0xffff): message`, `panic (caller 0x1 frame 0x2): message`
    let kind = if line.starts_with("panic") { "panic" } else { &line[..end] };
    (kind, if end == 0 { line } else { &line[end + 2..] })
}

fn unstamped(line: &str) -> &str {
    stamp(line).unwrap_or(line)
}

/// A line without `[  863.200911][    T7] `, or Zircon's `[00040.896] 01127.01246> `; `None` without a stamp.
fn stamp(line: &str) -> Option<&str> {
    // A login prompt, or other output without a line's end, may stand before it.
    let start = memchr(b'[', line.as_bytes().get(..line.len().min(32))?)?;
    let rest = line[start + 1..].trim_start_matches(' ');
    let (_, rest) = text::leading_number(rest)?;
    let (_, rest) = text::leading_number(rest.strip_prefix('.')?)?;
    let rest = rest.trim_start_matches(' ').strip_prefix(']')?.trim_start_matches(' ');
    let thread = match rest.as_bytes().first() {
        Some(b'[') => rest[1..]
            .split_once(']')
            .filter(|(thread, _)| thread.trim_start().starts_with(['T', 'C']))
            .map(|(_, after)| after.trim_start()),
        Some(b'0'..=b'9') => rest.split_once("> ").filter(|(ids, _)| ids.len() < 16).map(|(_, after)| after),
        _ => None,
    };
    Some(thread.unwrap_or(rest))
}

/// `f+0x57e/0x1940 mm/slab.c:12`, `[<ffff>] f+0x1/0x2`; a frame that the unwinder doubts (`? f+..`) is left out.
/// The BSDs: `f(args) at f+0x1`, `f() at netbsd:f+0x1`, `#0 0xffff at f+0x1`; XNU: `0x1 : 0x2 mach_kernel : _f + 0x3`;
/// Zircon: `bt#00: 0x1 f a.cpp:122`; ARM: `[<1>] (f) from [<2>] (g+0x1/0x2)`.
fn symbol(line: &str) -> Option<Frame<'_>> {
    let line = text::trim(line);
    let mut rest = line;
    match line.as_bytes().first()? {
        b'[' => {
            rest = line
                .strip_prefix("[<")
                .and_then(|rest| rest.split_once(">]"))
                .map_or(line, |(_, rest)| rest.trim_start());
            if let Some((name, _)) = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
                return Some(located(name.split('+').next().unwrap_or(name), "", None, None));
            }
        }
        b'0' if line.starts_with("0x") => {
            let (_, name) = line.split_once(" : ")?.1.split_once(" : ")?;
            let (name, _) = name.split_once(" + 0x")?;
            return Some(located(name, "", None, None));
        }
        b'b' if line.starts_with("bt#") => {
            let (_, rest) = line.split_once(": ")?;
            let rest = rest.trim_start_matches("[ inline ] ");
            let rest = rest
                .strip_prefix("0x")
                .map_or(rest, |rest| rest.split_once(' ').map_or("", |(_, rest)| rest));
            let (name, place) = rest.split_once(' ').unwrap_or((rest, ""));
            let (file, number, _) = text::split_location(place);
            return (!name.is_empty()).then(|| located(name, file, number, None));
        }
        _ => {}
    }
    let plus = memchr(b'+', rest.as_bytes())?;
    let after = rest[plus..].strip_prefix("+0x")?;
    let mut name = &rest[..plus];
    if let Some((before, at)) =
        name.rsplit_once(" at ").filter(|(before, _)| before.ends_with(')') || before.starts_with('#'))
    {
        // `?` stands where the symbol is not sure.
        (name, rest) = (at.trim_start_matches("netbsd:"), before);
        if rest.starts_with('?') {
            return None;
        }
    }
    if name.is_empty() || name.contains([' ', ':']) {
        return None;
    }
    let place = after.split(' ').nth(1).unwrap_or_default();
    let (file, number, _) = text::split_location(place);
    let file = if number.is_some() { file } else { "" };
    // Clones that the compiler made (`f.isra.0`, `f.constprop.3`, `f.cold`) are the same function.
    let clone = name.find(['.']).filter(|at| {
        ["isra.", "constprop.", "part.", "cold"].iter().any(|word| name[at + 1..].starts_with(word))
    });
    Some(located(clone.map_or(name, |at| &name[..at]), file, number, None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::ParseLimits;

    #[test]
    fn reads_symbols_of_every_kernel() {
        for (line, function, place) in [
            ("ring_read+0x1c3/0x220 drivers/a/ring.c:12", "ring_read", "drivers/a/ring.c:12"),
            ("[<ffffffff81000001>] ring_read.isra.3+0x1/0x2", "ring_read", ""),
            ("[<80de0078>] (dump_ring) from [<80de0574>] (show_ring+0x28/0x2c)", "dump_ring", ""),
            ("ring_put(ffffff001,2) at ring_put+0x2e2 sys/kern/ring.c:9", "ring_put", "sys/kern/ring.c:9"),
            ("ring_put() at netbsd:ring_put+0x140", "ring_put", ""),
            ("#3 0xffffffff80edf832 at ring_put+0x322", "ring_put", ""),
            ("0xffffffb064dae750 : 0xffffff801daa0d75 mach_kernel : _ring_put + 0x5d5", "_ring_put", ""),
            ("bt#02: 0x001dd8ef ring_put lib/ring/ring.c:290", "ring_put", "lib/ring/ring.c:290"),
            ("bt#04: [ inline ] ring_put lib/ring/ring.c:3", "ring_put", "lib/ring/ring.c:3"),
        ] {
            let frame = symbol(line).unwrap_or_else(|| panic!("{line}"));
            let number = frame.line.map(|line| format!(":{line}")).unwrap_or_default();
            assert_eq!((&*frame.function, format!("{}{number}", frame.file).as_str()), (function, place));
        }
        for line in ["? ring_read+0x1/0x2", "RIP: 0010:ring_read+0x1/0x2", "a + b", "", "+0x1", "0x12"] {
            assert!(symbol(line).is_none(), "{line}");
        }
    }

    #[test]
    fn cuts_off_what_reports_a_panic() {
        let read = |text: &str| {
            let outcome = parse(&Text::new(text, &ParseLimits::default())).unwrap();
            let exception = &outcome.exceptions[0];
            let functions: Vec<&str> = exception.frames.iter().map(|frame| &*frame.function).collect();
            format!("{}: {} <- {}", exception.error_type, exception.message, functions.join(" "))
        };
        assert_eq!(
            read(
                "panic: ring_put: twice\nStopped at      db_enter+0x18:  addq    $0x8,%rsp\ndb_enter() at db_enter+0x18\n\
                  panic() at panic+0x147\nring_put(1,2) at ring_put+0x2e2\nsyscall(0) at syscall+0x3e4\nend of kernel\n"
            ),
            "panic: ring_put: twice <- ring_put syscall"
        );
        assert_eq!(
            read(
                "Fatal trap 12: page fault while in kernel mode\ncpuid = 0\npanic: page fault\nKDB: stack backtrace:\n\
                  #0 0xffffffff80aada97 at kdb_backtrace+0x67\n#1 0xffffffff80a6bb76 at vpanic+0x186\n\
                  #2 0xffffffff80edf832 at trap_fatal+0x322\n#3 0xffffffff810302fc at ring_set+0xc\n"
            ),
            "Fatal trap 12: page fault while in kernel mode <- ring_set"
        );
        assert_eq!(
            read(
                "panic(cpu 0 caller 0xffffff801f3ada45): ring is full\nBacktrace (CPU 0), Frame : Return Address\n\
                  0xffffffb064daea50 : 0xffffff801f3a0216 mach_kernel : _panic + 0x54\n\
                  0xffffffb064daeac0 : 0xffffff801f3ada45 mach_kernel : _ring_put + 0x2f\n"
            ),
            "panic: ring is full <- _ring_put"
        );
        assert_eq!(
            read("[  12.000001] Out of memory: Killed process 812 (python3) total-vm:1kB\n"),
            "Out of memory: Killed process 812 (python3) total-vm:1kB <- "
        );
    }
}
