//! Which session a span or log record belongs to.

use super::names::{Role, Scoped};
use sha1::{Digest, Sha1};
use std::borrow::Cow;

/// Longest session id that is kept, in bytes. The lower-case hex sha1 of a longer one stands for it.
pub(crate) const SESSION_BYTES_MAX: usize = 256;

/// The session: from the span's or record's attributes, its resource's, the export request's own header
/// (`of_request`), or computed where user, container and start time are there.
#[must_use]
pub(crate) fn session<'a>(attributes: Scoped<'_, 'a>, of_request: Option<&'a str>) -> Option<Cow<'a, str>> {
    let own = attributes.own.text(Role::Session);
    let resource = || attributes.resource.text(Role::Session);
    let request = || of_request.map(str::trim).filter(|id| !id.is_empty());
    own.or_else(resource).or_else(request).map(bounded).or_else(|| computed(attributes).map(Cow::Owned))
}

/// The parent session.
#[must_use]
pub(crate) fn parent_session<'a>(attributes: Scoped<'_, 'a>) -> Option<Cow<'a, str>> {
    attributes.text(Role::ParentSession).map(bounded)
}

/// An id that is too long belongs to a session all the same, or its spans would pass unmasked.
fn bounded(id: &str) -> Cow<'_, str> {
    if id.len() <= SESSION_BYTES_MAX {
        return Cow::Borrowed(id);
    }
    Cow::Owned(hex::encode(Sha1::digest(id)))
}

/// Lower-case hex sha1 of user id + container id + start time (row I3), as the SDKs make it.
fn computed(attributes: Scoped<'_, '_>) -> Option<String> {
    let user = attributes.text(Role::User)?;
    let container = attributes.text(Role::Container)?;
    let start = attributes.value(Role::SessionStart)?;
    let start = match start.as_int() {
        Some(number) if start.as_str().is_none() => number.to_string(),
        _ => start.as_str()?.to_owned(),
    };
    Some(session_id(user, container, &start))
}

/// Lower-case hex sha1 of `user_id + container_id + start_time`.
#[must_use]
pub(super) fn session_id(user_id: &str, container_id: &str, start_time: &str) -> String {
    let hash =
        Sha1::new().chain_update(user_id).chain_update(container_id).chain_update(start_time).finalize();
    hex::encode(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_computed_id_is_sha1_of_the_three_texts() {
        // printf 'u1c12026-01-01T00:00:00Z' | sha1sum
        assert_eq!(session_id("u1", "c1", "2026-01-01T00:00:00Z").len(), 40);
        assert_eq!(session_id("", "", ""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        assert_eq!(session_id("a", "b", "c"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    }
}
