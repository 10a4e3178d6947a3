-- Which keys of months there are, without their secrets, and the copies of reports that only their holders can open. Times are as in the
-- first migration.

-- +goose Up

-- What tells a wrong key file; 'index' is a check value of its index secret.
CREATE TABLE key_marks (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE epochs (
    id           TEXT PRIMARY KEY,            -- eight hex digits; they stand in each wrapped key, too
    month        TEXT NOT NULL,               -- 2026-11
    turn         BIGINT NOT NULL,             -- 1 for the first of its month
    mark         TEXT NOT NULL,               -- check value of the key
    made_at      BIGINT NOT NULL,
    used_at      BIGINT NOT NULL,             -- since when it wraps what is new; 0 = not yet
    retired_at   BIGINT NOT NULL,             -- when all of it was to be moved to a later one; 0 = never
    destroyed_at BIGINT NOT NULL,
    UNIQUE (month, turn)                      -- two gateways never make rivals
);

-- Which of these keys each gateway had when it was seen last: none is used that another running gateway lacks.
CREATE TABLE epoch_gateways (
    name    TEXT PRIMARY KEY,
    holds   TEXT NOT NULL,                    -- ids, divided by a blank
    seen_at BIGINT NOT NULL
);

CREATE TABLE archive (
    conversation_id TEXT NOT NULL,            -- of the report
    holder          TEXT NOT NULL,            -- case, recovery
    fingerprint     TEXT NOT NULL,            -- of the holder's public key
    version         BIGINT NOT NULL,          -- of the report
    at              BIGINT NOT NULL,
    sealed          {{BYTES}} NOT NULL,       -- opens with the holder's private key alone
    PRIMARY KEY (conversation_id, holder)
);

-- +goose Down

DROP TABLE archive;
DROP TABLE epoch_gateways;
DROP TABLE epochs;
DROP TABLE key_marks;
