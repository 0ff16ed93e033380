//! Durations and sizes as users write them.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::time::Duration;

/// `500ms`, `10s`, `5m`, `12h`, `30days`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Duration);

impl Span {
    pub(crate) const fn seconds(n: u64) -> Self {
        Self(Duration::from_secs(n))
    }

    pub(crate) const fn millis(n: u64) -> Self {
        Self(Duration::from_millis(n))
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let millis = self.0.as_millis();
        let units = [(86_400_000, "days"), (3_600_000, "h"), (60_000, "m"), (1000, "s"), (1, "ms")];
        let unit = units
            .into_iter()
            .find(|(n, name)| millis.is_multiple_of(*n) && millis > *n * u128::from(*name == "days"));
        let (n, name) = unit.unwrap_or((1, "ms"));
        s.collect_str(&format_args!("{}{name}", millis / n))
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        let bad = |e| D::Error::custom(format!("'{text}' is not a duration such as '10s' or '5m': {e}"));
        humantime::parse_duration(&text).map(Self).map_err(bad)
    }
}

/// `64MiB`, `2GB`, `512KiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

impl Size {
    pub(crate) const fn kib(n: u64) -> Self {
        Self(n << 10)
    }

    pub(crate) const fn mib(n: u64) -> Self {
        Self(n << 20)
    }

    pub(crate) const fn gib(n: u64) -> Self {
        Self(n << 30)
    }

    pub(crate) fn bytes(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let unit = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]
            .into_iter()
            .find(|(n, _)| self.0.is_multiple_of(*n) && self.0 > 0);
        match unit {
            Some((n, name)) => s.collect_str(&format_args!("{}{name}", self.0 / n)),
            None => s.collect_str(&format_args!("{}B", self.0)),
        }
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        let bad = |e| D::Error::custom(format!("'{text}' is not a size such as '64MiB': {e}"));
        text.parse::<bytesize::ByteSize>().map(|n| Self(n.as_u64())).map_err(bad)
    }
}
