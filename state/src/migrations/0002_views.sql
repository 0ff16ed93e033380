-- Saved views: what a person keeps of a screen. The body is JSON that only the screen understands.
CREATE TABLE views (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL
);
CREATE INDEX views_by_kind ON views (kind, name, id);
