-- Tokens. The secret is not here: only its SHA-256, as hex. Times are milliseconds since the epoch.
CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    secret_sha256 TEXT NOT NULL,
    roles TEXT NOT NULL,
    acts_for_others BIGINT NOT NULL,
    items_per_second BIGINT,
    bytes_per_second BIGINT,
    created_ms BIGINT NOT NULL,
    expires_ms BIGINT,
    revoked_ms BIGINT,
    last_used_ms BIGINT
);
