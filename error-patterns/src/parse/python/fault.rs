//! Crashes of the interpreter itself: `Fatal Python error: Segmentation fault`, then each thread's frames,
//! innermost first.

use super::super::text::Text;
use super::{Block, file_line};

const MARKS: [&str; 2] = ["Fatal Python error: ", "Windows fatal exception: "];

/// Whether a line reports a crash.
pub(super) fn is_crash(line: &str) -> bool {
    MARKS.iter().any(|mark| line.starts_with(mark))
}

/// Reads the crash that line `at` reports. Returns the line after its last frame.
pub(super) fn block<'a>(text: &Text<'a>, at: usize) -> (Block<'a>, usize) {
    let line = text.line(at);
    let (kind, what) = line.split_once(": ").unwrap_or((line, ""));
    let error_type = match what {
        "Segmentation fault" => "SIGSEGV",
        "Aborted" => "SIGABRT",
        "Bus error" => "SIGBUS",
        "Floating point exception" | "Floating-point exception" => "SIGFPE",
        "Illegal instruction" => "SIGILL",
        _ => kind,
    };
    let mut block = Block { error_type, message: what.into(), ..Block::default() };
    let mut end = at + 1;
    let mut current = false;
    for (i, line) in text.lines_from(at + 1) {
        let line = line.trim();
        if line.ends_with("(most recent call first):") {
            // The thread that crashed is marked; where none is, the first counts.
            if current || !block.frames.is_empty() && !line.starts_with("Current thread") {
                break;
            }
            current = line.starts_with("Current thread");
            block.frames.clear();
        } else if let Some(frame) = file_line(line) {
            block.frames.push(frame);
        } else if !line.is_empty() && !block.frames.is_empty() {
            break;
        }
        end = i + 1;
    }
    block.frames.reverse();
    (block, end)
}

#[cfg(test)]
mod tests {
    use super::super::super::ParseLimits;
    use super::*;

    #[test]
    fn the_crashed_thread_is_read() {
        let report = "Fatal Python error: Segmentation fault\n\n\
            Thread 0x01 (most recent call first):\n  File \"a.py\", line 1 in wait\n\n\
            Current thread 0x02 (most recent call first):\n  File \"b.py\", line 2 in poke\n  File \"b.py\", line 3 in <module>\n\n\
            Extension modules: numpy (total: 1)";
        let (block, end) = block(&Text::new(report, &ParseLimits::default()), 0);
        let functions: Vec<&str> = block.frames.iter().map(|frame| &*frame.function).collect();
        assert_eq!((block.error_type, functions), ("SIGSEGV", vec!["<module>", "poke"]));
        assert_eq!(end, 9);
    }
}
