//! Which attribute means what: the roles of the contract, found in one look-up a key.
//!
//! A span's or record's own attributes come first, then the resource's; within one set the role's first
//! name wins. All names can be extended in the configuration.

use crate::wire::{Attribute, Value};
use rapidhash::RapidHashMap;
use schemas::attributes as names;
use smallvec::SmallVec;

/// What an attribute is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Role {
    /// Session id.
    Session,
    /// Parent session id.
    ParentSession,
    /// Execution id.
    Execution,
    /// User id.
    User,
    /// Execution kind.
    ExecKind,
    /// Commit.
    Commit,
    /// Branch.
    Branch,
    /// Virtual environment.
    Virtualenv,
    /// Package versions.
    PkgVersions,
    /// Code snippet.
    Snippet,
    /// Hash of the code.
    CodeHash,
    /// File of the code.
    FilePath,
    /// Language of the program.
    Language,
    /// Language of the SDK.
    SdkLanguage,
    /// Tags.
    Tags,
    /// Host.
    Host,
    /// Service.
    Service,
    /// Container.
    Container,
    /// Start of the session.
    SessionStart,
    /// Exit code.
    ExitCode,
    /// `exception.type`.
    ExceptionType,
    /// `exception.message`.
    ExceptionMessage,
    /// `exception.stacktrace`.
    ExceptionStacktrace,
    /// What a program printed.
    Output,
    /// A client's own fingerprint.
    FingerprintHint,
}

/// Number of roles: at most 32, the bits of [`Roles::set`].
const ROLES: usize = Role::FingerprintHint as usize + 1;

/// The look-up from attribute name to role and rank.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    roles: RapidHashMap<Box<[u8]>, (Role, u8)>,
    /// By length, which last bytes names have: most attributes have no role, and are seen to have none by this.
    ends: [u64; LENGTHS],
}

/// Lengths of names that are told apart.
const LENGTHS: usize = 64;

/// Place and bit of a name among [`Names::ends`].
#[inline]
fn end_of(name: &[u8]) -> (usize, u64) {
    (name.len().min(LENGTHS - 1), 1 << (name.last().copied().unwrap_or(0) % 64))
}

/// The values that a set of attributes gives for each role.
#[derive(Clone, Debug)]
pub(crate) struct Roles<'a> {
    /// By role, one more than the place among `values`; 0 where there is none.
    places: [u8; ROLES],
    /// Rank of the name, and value.
    values: SmallVec<[(u8, Value<'a>); 8]>,
}

impl Names {
    /// The contract's names, then `extra` (role name of the configuration, attribute name), then those of `output`.
    #[must_use]
    pub(crate) fn new(session_header: &str, extra: &[(String, String)], output: &[String]) -> Self {
        let mut all = Self { roles: RapidHashMap::default(), ends: [0; LENGTHS] };
        let header = session_header.to_ascii_lowercase();
        let theirs = names::SESSION_HEADER.to_ascii_lowercase();
        let session: Vec<String> = names::SESSION.iter().map(|n| n.replace(&theirs, &header)).collect();
        all.add(Role::Session, session.iter().map(String::as_str));
        for (role, list) in CONTRACT {
            all.add(*role, list.iter().copied());
        }
        all.add(Role::SdkLanguage, [names::SDK_LANGUAGE].into_iter());
        all.add(Role::ExceptionType, [names::EXCEPTION_TYPE].into_iter());
        all.add(Role::ExceptionMessage, [names::EXCEPTION_MESSAGE].into_iter());
        all.add(Role::ExceptionStacktrace, [names::EXCEPTION_STACKTRACE].into_iter());
        for (role, name) in extra {
            if let Some(role) = configurable(role) {
                all.add(role, [name.as_str()].into_iter());
            }
        }
        all.add(Role::Output, output.iter().map(String::as_str));
        all
    }

    fn add<'n>(&mut self, role: Role, list: impl Iterator<Item = &'n str>) {
        let taken =
            self.roles.values().filter(|(r, _)| *r == role).map(|(_, rank)| rank + 1).max().unwrap_or(0);
        for (rank, name) in (taken..u8::MAX).zip(list) {
            // Older SDKs write header names with underscores.
            for name in [name.to_owned(), name.replace('-', "_")] {
                let (place, bit) = end_of(name.as_bytes());
                self.ends[place] |= bit;
                self.roles.entry(name.into_bytes().into()).or_insert((role, rank));
            }
        }
    }

    /// The role of an attribute, and how far down in its role's list the name stands.
    #[inline]
    #[must_use]
    pub(crate) fn role(&self, key: &[u8]) -> Option<(Role, u8)> {
        let (place, bit) = end_of(key);
        if self.ends[place] & bit == 0 { None } else { self.roles.get(key).copied() }
    }
}

impl<'a> Roles<'a> {
    /// No values.
    #[must_use]
    pub(crate) fn empty() -> Self {
        Self { places: [0; ROLES], values: SmallVec::new() }
    }

    /// Notes one attribute if it has a role; returns the role.
    #[inline]
    pub(crate) fn note(&mut self, names: &Names, attribute: &Attribute<'a>) -> Option<Role> {
        let (role, rank) = names.role(attribute.key.bytes())?;
        self.note_as(role, rank, attribute.value);
        Some(role)
    }

    /// Notes a value whose role is known.
    #[inline]
    pub(crate) fn note_as(&mut self, role: Role, rank: u8, value: Value<'a>) {
        if value.is_empty() {
            return;
        }
        let found = (rank, value);
        match self.places[role as usize].checked_sub(1) {
            None => {
                self.values.push(found);
                // There are fewer roles than a byte can number.
                self.places[role as usize] = self.values.len() as u8;
            }
            Some(place) => {
                let known = &mut self.values[usize::from(place)];
                if rank < known.0 {
                    *known = found;
                }
            }
        }
    }

    /// The roles that have a value, each as the bit of its number.
    #[inline]
    #[must_use]
    pub(crate) fn set(&self) -> u32 {
        let bits = self.places.iter().enumerate().map(|(role, place)| u32::from(*place != 0) << role);
        bits.fold(0, |set, bit| set | bit)
    }

    /// The value for a role.
    #[inline]
    #[must_use]
    pub(crate) fn value(&self, role: Role) -> Option<Value<'a>> {
        let place = self.places[role as usize].checked_sub(1)?;
        self.values.get(usize::from(place)).map(|(_, value)| *value)
    }

    /// The text for a role; of an array its first element; empty text counts as absent.
    #[inline]
    #[must_use]
    pub(crate) fn text(&self, role: Role) -> Option<&'a str> {
        self.value(role)?.first_text().map(|text| text.as_str().trim()).filter(|s| !s.is_empty())
    }

    /// The same as bytes, which spares a look at most of them.
    #[inline]
    #[must_use]
    pub(crate) fn bytes(&self, role: Role) -> Option<&'a [u8]> {
        let text = self.value(role)?.first_text()?;
        let is_trimmed = |end: Option<&u8>| end.is_none_or(u8::is_ascii_graphic);
        let bytes = text.bytes();
        let trimmed = is_trimmed(bytes.first()) && is_trimmed(bytes.last());
        Some(if trimmed { bytes } else { text.as_str().trim().as_bytes() }).filter(|b| !b.is_empty())
    }
}

/// A span's or record's own roles over its resource's, and those over its ancestors'.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scoped<'r, 'a> {
    /// Of the span or record.
    pub own: &'r Roles<'a>,
    /// Of its resource.
    pub resource: &'r Roles<'a>,
    /// Of the spans above it, where it may have any.
    pub inherited: Option<&'r Roles<'a>>,
}

impl<'r, 'a> Scoped<'r, 'a> {
    /// Without ancestors.
    #[inline]
    #[must_use]
    pub(crate) fn new(own: &'r Roles<'a>, resource: &'r Roles<'a>) -> Self {
        Self { own, resource, inherited: None }
    }

    /// The first that `value` finds, from the span itself upwards.
    #[inline]
    fn first<T>(&self, value: impl Fn(&Roles<'a>) -> Option<T>) -> Option<T> {
        value(self.own).or_else(|| value(self.resource)).or_else(|| self.inherited.and_then(value))
    }

    /// The value for a role.
    #[inline]
    #[must_use]
    pub(crate) fn value(&self, role: Role) -> Option<Value<'a>> {
        self.first(|roles| roles.value(role))
    }

    /// The text for a role.
    #[inline]
    #[must_use]
    pub(crate) fn text(&self, role: Role) -> Option<&'a str> {
        self.first(|roles| roles.text(role))
    }

    /// The same as bytes.
    #[inline]
    #[must_use]
    pub(crate) fn bytes(&self, role: Role) -> Option<&'a [u8]> {
        self.first(|roles| roles.bytes(role))
    }
}

const CONTRACT: &[(Role, &[&str])] = &[
    (Role::ParentSession, names::PARENT_SESSION),
    (Role::Execution, names::EXECUTION),
    (Role::User, names::USER),
    (Role::ExecKind, names::EXEC_KIND),
    (Role::Commit, names::COMMIT),
    (Role::Branch, names::BRANCH),
    (Role::Virtualenv, names::VIRTUALENV),
    (Role::PkgVersions, names::PKG_VERSIONS),
    (Role::Snippet, names::SNIPPET),
    (Role::CodeHash, names::CODE_HASH),
    (Role::FilePath, names::FILE_PATH),
    (Role::Language, names::LANGUAGE),
    (Role::Tags, names::TAGS),
    (Role::Host, names::HOST),
    (Role::Service, names::SERVICE),
    (Role::Container, names::CONTAINER),
    (Role::SessionStart, names::SESSION_START),
    (Role::ExitCode, names::EXIT_CODE),
    (Role::FingerprintHint, names::FINGERPRINT_HINTS),
];

fn configurable(role: &str) -> Option<Role> {
    Some(match role {
        "session" => Role::Session,
        "parent_session" => Role::ParentSession,
        "execution" => Role::Execution,
        "user" => Role::User,
        "exec_kind" => Role::ExecKind,
        "commit_hash" => Role::Commit,
        "branch" => Role::Branch,
        "virtualenv" => Role::Virtualenv,
        "pkg_versions" => Role::PkgVersions,
        "snippet" => Role::Snippet,
        "code_hash" => Role::CodeHash,
        "file_path" => Role::FilePath,
        "language" => Role::Language,
        "tags" => Role::Tags,
        "exit_code" => Role::ExitCode,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_underscores_and_a_renamed_header_are_known() {
        let all = Names::new("X-Run-Id", &[("user".to_owned(), "tenant.member".to_owned())], &[]);
        assert_eq!(all.role(b"http.request.header.x-run-id"), Some((Role::Session, 0)));
        assert_eq!(all.role(b"http.request.header.x_run_id"), Some((Role::Session, 0)));
        assert_eq!(all.role(b"session.id"), Some((Role::Session, 4)));
        assert_eq!(all.role(b"http.request.header.x-exec-session"), None);
        assert_eq!(all.role(b"tenant.member").map(|(r, _)| r), Some(Role::User));
        assert_eq!(all.role(b"http.route"), None);
    }
}
