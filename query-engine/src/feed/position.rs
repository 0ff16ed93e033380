//! Where a listener is: how much of which commit of each table it has.

use super::commit::Source;
use std::fmt;
use std::str::FromStr;

/// A place in the commits of one table: all before `version`, and of it the first `rows`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) version: u64,
    pub(crate) rows: u32,
}

impl Place {
    /// Rows of a commit of which nothing is left.
    const ALL: u32 = u32::MAX;

    /// Whether a row of a commit is before this place.
    pub(crate) fn has(self, version: u64, row: usize) -> bool {
        version < self.version || (version == self.version && row < self.rows as usize)
    }

    /// The first commit that has something behind this place.
    pub(crate) fn next_version(self) -> u64 {
        if self.rows == Self::ALL { self.version + 1 } else { self.version }
    }
}

/// A place in all commits that the feed tells of. Its text is for clients to keep and to send back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    /// Tells lakes apart.
    lake: u32,
    places: [Place; 2],
    /// When it was current, in seconds since the epoch.
    pub(crate) seconds: i64,
}

impl Position {
    /// The beginning of a lake.
    pub(crate) fn begin(lake: u32) -> Self {
        Self { lake, places: [Place { version: 0, rows: Place::ALL }; 2], seconds: 0 }
    }

    /// Whether both are of one lake.
    pub(crate) fn is_of(self, other: Self) -> bool {
        self.lake == other.lake
    }

    pub(crate) fn place(self, source: Source) -> Place {
        self.places[source as usize]
    }

    /// Behind all of a commit.
    pub(crate) fn whole(&mut self, source: Source, version: u64) {
        self.places[source as usize] = Place { version, rows: Place::ALL };
    }

    /// Behind some rows of a commit; `of` is how many it has.
    pub(crate) fn at(&mut self, source: Source, version: u64, rows: usize, of: usize) {
        let rows = if rows >= of { Place::ALL } else { u32::try_from(rows).unwrap_or(Place::ALL) };
        self.places[source as usize] = Place { version, rows };
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [errors, events] = self.places;
        write!(
            f,
            "{:x}-{:x}.{:x}-{:x}.{:x}-{:x}",
            self.lake, errors.version, errors.rows, events.version, events.rows, self.seconds
        )
    }
}

/// A text that is no position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoPosition;

impl FromStr for Position {
    type Err = NoPosition;

    fn from_str(text: &str) -> Result<Self, NoPosition> {
        let hex = |text: &str| {
            let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            plain.then(|| u64::from_str_radix(text, 16).ok()).flatten()
        };
        let place = |text: &str| {
            let (version, rows) = text.split_once('.')?;
            // Room for the next one, whatever was sent.
            let version = hex(version).filter(|version| *version < u64::MAX / 2)?;
            Some(Place { version, rows: u32::try_from(hex(rows)?).ok()? })
        };
        let read = || {
            let parts: Vec<&str> = text.split('-').collect();
            let [lake, errors, events, seconds] = parts.as_slice() else { return None };
            let lake = u32::try_from(hex(lake)?).ok()?;
            let seconds = i64::try_from(hex(seconds)?).ok()?;
            Some(Self { lake, places: [place(errors)?, place(events)?], seconds })
        };
        read().ok_or(NoPosition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_comes_back() {
        let mut position = Position::begin(0xbeef);
        position.at(Source::Errors, 12, 3, 10);
        position.whole(Source::PatternEvents, 7);
        position.seconds = 1_795_428_000;
        assert_eq!(position.to_string().parse(), Ok(position));
        for wrong in
            ["", "x", "1-2.3-4.5", "1-2.3-4-5", "1-2.3-4.5-6-7", "1-2.+3-4.5-6", "1-ffffffffffffffff.0-4.5-6"]
        {
            assert_eq!(wrong.parse::<Position>(), Err(NoPosition), "{wrong}");
        }
    }

    #[test]
    fn a_commit_is_begun_and_ended() {
        let mut position = Position::begin(1);
        position.at(Source::Errors, 12, 3, 10);
        let place = position.place(Source::Errors);
        assert!(place.has(11, 99) && place.has(12, 2) && !place.has(12, 3) && !place.has(13, 0));
        assert_eq!(place.next_version(), 12);
        position.at(Source::Errors, 12, 10, 10);
        assert_eq!(position.place(Source::Errors).next_version(), 13);
    }
}
