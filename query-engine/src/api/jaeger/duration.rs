//! Durations as Go writes them: `1.5s`, `1h2m`, `300us`.

/// Units by their names, in nanoseconds. The last two are Go's ways to write micro.
const UNITS: &[(&str, f64)] = &[
    ("ns", 1.0),
    ("us", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 60e9),
    ("h", 3_600e9),
    ("\u{b5}s", 1e3),
    ("\u{3bc}s", 1e3),
];

/// Nanoseconds; `None` where the text is no duration or too long for 64 bits.
pub(super) fn parse(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if matches!(rest, "0" | "") {
        return (rest == "0").then_some(0);
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(digits);
        let unit_end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        let (_, nanos) = UNITS.iter().find(|(name, _)| *name == unit)?;
        total += number.parse::<f64>().ok()? * nanos;
        rest = after;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the bounds are checked")]
    let nanos = (total * sign).round() as i64;
    (total < 9.2e18).then_some(nanos)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn go_durations() {
        for (text, expected) in [
            ("1.5s", Some(1_500_000_000)),
            ("1h2m3s", Some(3_723_000_000_000)),
            ("300us", Some(300_000)),
            ("300\u{b5}s", Some(300_000)),
            ("100ms", Some(100_000_000)),
            ("-1ns", Some(-1)),
            ("0", Some(0)),
            ("", None),
            ("-", None),
            ("5", None),
            ("s", None),
            (".s", None),
            ("1.2.3s", None),
            ("1 s", None),
            ("1d", None),
            ("99999999h", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
