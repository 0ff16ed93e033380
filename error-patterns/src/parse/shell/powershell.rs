//! PowerShell: the error record of Windows PowerShell and the concise view of PowerShell 7.

use super::super::text::{self, Text};
use super::super::{Outcome, located};
use crate::model::ParsedException;
use std::borrow::Cow;

/// Parses an error record; `None` when no line is one's.
pub(super) fn parse<'a>(text: &Text<'a>) -> Option<Outcome<'a>> {
    let (mut at, mut id) = (None, None);
    for (i, line) in text.lines_from(0) {
        match line.as_bytes().first() {
            Some(b'A') if at.is_none() && place(line).is_some() => at = Some(i),
            Some(b' ') => {
                let Some(rest) = line.trim_start().strip_prefix("+ FullyQualifiedErrorId : ") else {
                    continue;
                };
                id = Some(rest.trim());
                break;
            }
            Some(b'L') if line.trim_end() == "Line |" && i > 0 => return concise(text, i),
            _ => {}
        }
    }
    let (at, id) = (at?, id?);
    let (file, number, column) = place(text.line(at))?;
    let first = (0..at).find(|&i| !text.line(i).trim().is_empty()).unwrap_or(at);
    let head = text.line(first);
    // `name : message`, where the name is that of the command or script.
    let message = head.split_once(" : ").map_or(head, |(_, message)| message);
    let message = if first < at { text.span(first, message, at).trim() } else { "" };
    let mut frame = located("", file, number, column);
    frame.source = text.line(at + 1).strip_prefix("+ ").map(|source| Cow::Borrowed(source.trim()));
    Some(one(id.split(',').next().unwrap_or(id), message, frame))
}

/// `At C:\\a.ps1:3 char:1`, `At line:1 char:1`.
fn place(line: &str) -> Option<(&str, Option<u32>, Option<u32>)> {
    let (place, column) = line.strip_prefix("At ")?.trim_end().rsplit_once(" char:")?;
    let (file, number) = text::split_number(place, b':')?;
    Some((if file == "line" { "" } else { file }, Some(number), text::number(column)))
}

/// `Get-Item: C:\\a.ps1:3`, `Line |`, `   3 |  source`, `     |  ~~~~`, `     | message`.
fn concise<'a>(text: &Text<'a>, at: usize) -> Option<Outcome<'a>> {
    let head = text.line(at - 1);
    let (name, place) = head.split_once(": ").unwrap_or((head.trim_end_matches(':'), ""));
    let (file, number) =
        text::split_number(place.trim(), b':').map_or((place, None), |(file, n)| (file, Some(n)));
    let source = text.line(at + 1).split_once(" | ")?.1.trim();
    let message = (at + 2..text.len())
        .map_while(|i| text.line(i).trim_start().strip_prefix('|'))
        .map(str::trim)
        .find(|line| !text::is_marker(line) && !line.is_empty())
        .unwrap_or_default();
    let mut frame = located("", file, number, None);
    frame.source = Some(Cow::Borrowed(source));
    Some(one(name, message, frame))
}

fn one<'a>(error_type: &'a str, message: &'a str, frame: crate::model::Frame<'a>) -> Outcome<'a> {
    let exception = ParsedException {
        error_type: Cow::Borrowed(error_type),
        message: Cow::Borrowed(message),
        frames: vec![frame],
        ..ParsedException::default()
    };
    Outcome { exceptions: vec![exception], truncated: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::shown;

    fn read(text: &str) -> String {
        shown::exceptions(parse, text)
    }

    #[test]
    fn reads_records_of_both_views() {
        let record = "nosuch : The term 'nosuch' is not recognized as the name of a cmdlet, function, script file, or \\\n\
                      operable program.\nAt C:\\job\\a.ps1:3 char:1\n+ nosuch -x\n+ ~~~~~~\n    + CategoryInfo          : \\\n\
                      ObjectNotFound: (nosuch:String) [], CommandNotFoundException\n    + FullyQualifiedErrorId : CommandNotFoundException\n";
        let told = read(&record.replace("\\\n", ""));
        assert_eq!(
            told,
            "CommandNotFoundException: The term 'nosuch' is not recognized as the name of a cmdlet, function, script file, or operable program. <- @C:\\job\\a.ps1:3"
        );
        let concise = "Get-Item: /job/a.ps1:3\nLine |\n   3 |  Get-Item /nope\n     |  ~~~~~~~~~~~~~~\n     | Cannot find path '/nope' because it does not exist.\n";
        assert_eq!(
            read(concise),
            "Get-Item: Cannot find path '/nope' because it does not exist. <- @/job/a.ps1:3"
        );
    }
}
