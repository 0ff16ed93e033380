"""What the processor may add to a span or log record, and that nothing else was changed."""

from .otlp import plain

SESSION_KEYS = {"exec.session.id", "exec.session.parent_id"}
ERROR_KEYS = {
    "errata.fingerprint",
    "errata.pattern.id",
    "errata.pattern.new",
    "errata.severity",
    "errata.taxonomy.runtime",
    "errata.taxonomy.phase",
    "errata.taxonomy.type",
    "errata.taxonomy.context",
    "errata.strategy",
}
OPTIONAL_KEYS = {"errata.taxonomy.cause"}
ADDED_KEYS = SESSION_KEYS | ERROR_KEYS | OPTIONAL_KEYS


def added(original, arrived):
    """The attributes that `arrived` has more than `original`, after checking that all the rest is the same."""
    count = len(original.attributes)
    kept = [attribute.key for attribute in arrived.attributes[:count]]
    assert kept == [attribute.key for attribute in original.attributes], kept
    more = plain(arrived.attributes[count:])
    assert len(more) == len(arrived.attributes) - count, "an attribute was added twice"
    assert more.keys() <= ADDED_KEYS, more
    rest = type(arrived)()
    rest.CopyFrom(arrived)
    del rest.attributes[count:]
    assert rest == original, f"changed on the way:\n{original}\n{rest}"
    return more


def assert_tagged(original, arrived, session, failed):
    """Every original field is there, and the session's and error's attributes beside them."""
    more = added(original, arrived)
    assert plain(arrived.attributes)["exec.session.id"] == session
    if not failed:
        assert not more.keys() & ERROR_KEYS, more
        return more
    assert more.keys() >= ERROR_KEYS, ERROR_KEYS - more.keys()
    assert len(more["errata.fingerprint"]) == 32
    assert isinstance(more["errata.pattern.new"], bool)
    assert 1 <= more["errata.severity"] <= 5
    return more
