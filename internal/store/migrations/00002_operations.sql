-- What the people who run a deployment set while it runs. Times, ids and sealed bytes are as in the first migration; a number that is
-- kept here is sealed under a key of its own row.

-- +goose Up

CREATE TABLE emergencies (
    id        TEXT PRIMARY KEY,
    area_code TEXT NOT NULL,                  -- two digits of a province; '' = the nation
    reason    TEXT NOT NULL,                  -- for the record, as the operator gave it
    started   TEXT NOT NULL,                  -- who switched it on
    ended     TEXT NOT NULL,                  -- who switched it off; '' = nobody, its date does
    from_at   BIGINT NOT NULL,
    until_at  BIGINT NOT NULL,
    ended_at  BIGINT NOT NULL
);
CREATE INDEX emergencies_until ON emergencies (until_at);

CREATE TABLE clubs (
    code       TEXT PRIMARY KEY,
    area_code  TEXT NOT NULL,
    name       TEXT NOT NULL,
    added_at   BIGINT NOT NULL,
    retired_at BIGINT NOT NULL                -- its posters may still hang: it routes all the same
);

CREATE TABLE pins (
    phone_index TEXT PRIMARY KEY,             -- blind index: one PIN for a phone, however many rows of the directory it stands on
    officer_id  TEXT NOT NULL,                -- the row for which it was drawn
    hash        TEXT NOT NULL,
    failed      BIGINT NOT NULL,              -- tries since the last right one
    locked_at   BIGINT NOT NULL,
    set_at      BIGINT NOT NULL
);

CREATE TABLE aways (
    officer_id TEXT PRIMARY KEY,
    from_at    BIGINT NOT NULL,
    until_at   BIGINT NOT NULL
);

CREATE TABLE lessons (
    id          TEXT PRIMARY KEY,
    phone_index TEXT NOT NULL,                -- blind index
    audience    TEXT NOT NULL,
    language    TEXT NOT NULL,
    hours       TEXT NOT NULL,                -- when this phone may be written to
    next        BIGINT NOT NULL,
    next_at     BIGINT NOT NULL,
    number      {{BYTES}} NOT NULL,
    wrapped_key {{BYTES}} NOT NULL,
    UNIQUE (phone_index, audience)
);

-- +goose Down

DROP TABLE lessons;
DROP TABLE aways;
DROP TABLE pins;
DROP TABLE clubs;
DROP TABLE emergencies;
