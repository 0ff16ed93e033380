//! What a token lets its user do.

use std::fmt;
use std::str::FromStr;

/// One role. [`Role::Admin`] includes [`Role::Triage`], which includes [`Role::Read`]; [`Role::Ingest`] stands alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Sends telemetry.
    Ingest,
    /// Asks: SQL, patterns, sessions, traces, metrics.
    Read,
    /// Reads, and decides about patterns.
    Triage,
    /// Does all of that, also to what belongs to others.
    Admin,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ingest, Self::Read, Self::Triage, Self::Admin];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Read => "read",
            Self::Triage => "triage",
            Self::Admin => "admin",
        }
    }

    /// Whether who has this role may do what needs the other.
    #[must_use]
    pub fn includes(self, needed: Self) -> bool {
        match (self, needed) {
            (Self::Ingest, _) | (_, Self::Ingest) => self == needed,
            _ => self.rank() >= needed.rank(),
        }
    }

    fn rank(self) -> u8 {
        match self {
            Self::Ingest | Self::Read => 1,
            Self::Triage => 2,
            Self::Admin => 3,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|role| role.as_str() == text);
        found.ok_or_else(|| format!("'{text}' is no role; there are ingest, read, triage and admin"))
    }
}

/// The roles of one token, as they are stored: names with commas between.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles(Vec<Role>);

impl Roles {
    /// Those given, each once.
    #[must_use]
    pub fn new(roles: &[Role]) -> Self {
        Self(Role::ALL.into_iter().filter(|role| roles.contains(role)).collect())
    }

    /// Names that a newer version may have written and this one does not know give nothing.
    #[must_use]
    pub fn stored(text: &str) -> Self {
        Self(text.split(',').filter_map(|name| name.parse().ok()).collect())
    }

    /// Whether any of them lets do what needs `needed`.
    #[must_use]
    pub fn include(&self, needed: Role) -> bool {
        self.0.iter().any(|role| role.includes(needed))
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|role| role.as_str()).collect();
        f.write_str(&names.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admin_includes_triage_includes_read_and_ingest_stands_alone() {
        for (role, may) in [
            (Role::Ingest, [true, false, false, false]),
            (Role::Read, [false, true, false, false]),
            (Role::Triage, [false, true, true, false]),
            (Role::Admin, [false, true, true, true]),
        ] {
            assert_eq!(Role::ALL.map(|needed| role.includes(needed)), may, "{role}");
        }
    }

    #[test]
    fn roles_round_trip_and_unknown_ones_give_nothing() {
        let roles = Roles::new(&[Role::Triage, Role::Ingest, Role::Triage]);
        assert_eq!(roles.to_string(), "ingest,triage");
        assert_eq!(Roles::stored("ingest,triage"), roles);
        let newer = Roles::stored("owner,,read");
        assert!(newer.include(Role::Read) && !newer.include(Role::Triage));
        assert!(!Roles::stored("").include(Role::Read));
    }
}
