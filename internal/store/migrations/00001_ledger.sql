-- The ledger. One text serves both engines: the type of bytes becomes BLOB on SQLite and BYTEA on PostgreSQL.
-- Times are milliseconds UTC (0 = none), ids are UUIDv7 as text. Every column of bytes but wrapped_key and the audit hashes is sealed
-- under the conversation's data key and bound to its table, column and row.

-- +goose Up

CREATE TABLE conversations (
    id           TEXT PRIMARY KEY,
    live_key     TEXT UNIQUE,                 -- how the next turn finds it; NULL when it cannot be taken up
    channel      TEXT NOT NULL,
    provider     TEXT NOT NULL,
    definition   TEXT NOT NULL,
    number_index TEXT NOT NULL,               -- blind index; '' when there is no number
    number       {{BYTES}},
    wrapped_key  {{BYTES}} NOT NULL,
    bin          TEXT NOT NULL,
    mark         TEXT NOT NULL,
    danger_at    BIGINT NOT NULL,
    last_seq     BIGINT NOT NULL,
    started_at   BIGINT NOT NULL,
    last_at      BIGINT NOT NULL,
    ended_at     BIGINT NOT NULL
);
CREATE INDEX conversations_number ON conversations (number_index);
CREATE INDEX conversations_bin ON conversations (bin, mark);

CREATE TABLE turns (
    id              TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) DEFERRABLE INITIALLY DEFERRED,
    seq             BIGINT NOT NULL,
    repeat_key      TEXT NOT NULL UNIQUE,
    heard           {{BYTES}},
    answer          {{BYTES}},
    state           {{BYTES}},
    ended           BOOLEAN NOT NULL,
    at              BIGINT NOT NULL,
    UNIQUE (conversation_id, seq)
);

CREATE TABLE reports (
    id              TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL UNIQUE REFERENCES conversations (id) DEFERRABLE INITIALLY DEFERRED,
    version         BIGINT NOT NULL,
    state           TEXT NOT NULL,
    channel         TEXT NOT NULL,
    who             TEXT NOT NULL,
    risk            TEXT NOT NULL,
    danger          TEXT NOT NULL,
    harm            TEXT NOT NULL,
    area_code       TEXT NOT NULL,
    age             TEXT NOT NULL,
    sex             TEXT NOT NULL,
    reporter_code   TEXT UNIQUE,              -- blind index
    details         {{BYTES}},
    at              BIGINT NOT NULL
);

-- Which conversation a referral's or a hold's code speaks of; a code is given again only when nothing open or lately closed has it.
CREATE TABLE codes (
    code            TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL
);

CREATE TABLE referrals (
    id              TEXT PRIMARY KEY,
    report_id       TEXT NOT NULL REFERENCES reports (id) DEFERRABLE INITIALLY DEFERRED,
    conversation_id TEXT NOT NULL,
    code            TEXT NOT NULL,
    version         BIGINT NOT NULL,
    state           TEXT NOT NULL,
    risk            TEXT NOT NULL,
    area_code       TEXT NOT NULL,
    owner           TEXT NOT NULL,
    started_at      BIGINT NOT NULL,
    closed_at       BIGINT NOT NULL,
    body            {{BYTES}} NOT NULL        -- the whole referral as JSON, sealed: its plan shows who was named
);
CREATE INDEX referrals_code ON referrals (code);
CREATE INDEX referrals_report ON referrals (report_id);
CREATE INDEX referrals_conversation ON referrals (conversation_id);
CREATE INDEX referrals_open ON referrals (closed_at, started_at);

CREATE TABLE holds (
    id              TEXT PRIMARY KEY,
    report_id       TEXT NOT NULL,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) DEFERRABLE INITIALLY DEFERRED,
    code            TEXT NOT NULL,
    version         BIGINT NOT NULL,
    state           TEXT NOT NULL,
    risk            TEXT NOT NULL,
    owner           TEXT NOT NULL,
    started_at      BIGINT NOT NULL,
    closed_at       BIGINT NOT NULL,
    body            {{BYTES}} NOT NULL        -- the whole hold as JSON, sealed
);
CREATE INDEX holds_code ON holds (code);
CREATE INDEX holds_conversation ON holds (conversation_id);
CREATE INDEX holds_open ON holds (closed_at, started_at);

CREATE TABLE alerts (
    id           TEXT PRIMARY KEY,
    referral_id  TEXT,
    hold_id      TEXT,
    officer_id   TEXT NOT NULL,
    phone_index  TEXT NOT NULL,               -- blind index of the officer's number at that time
    code         TEXT NOT NULL,
    key          TEXT NOT NULL,
    tier         TEXT NOT NULL,
    other        TEXT NOT NULL,
    round        BIGINT NOT NULL,
    state        TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    handed_at    BIGINT NOT NULL,
    delivered_at BIGINT NOT NULL,
    failed_at    BIGINT NOT NULL,
    answered_at  BIGINT NOT NULL
);
CREATE INDEX alerts_phone ON alerts (phone_index);
CREATE INDEX alerts_referral ON alerts (referral_id);
CREATE INDEX alerts_hold ON alerts (hold_id);

CREATE TABLE messages (
    id              TEXT PRIMARY KEY,
    conversation_id TEXT,
    wrapped_key     {{BYTES}},                -- only of a message that belongs to no conversation
    kind            TEXT NOT NULL,
    alert_id        TEXT,
    officer_id      TEXT NOT NULL,
    number          {{BYTES}},                -- NULL: the officer's number in the directory
    text            {{BYTES}},
    state           TEXT NOT NULL,
    provider        TEXT NOT NULL,
    provider_id     TEXT NOT NULL,
    attempts        BIGINT NOT NULL,
    reason          TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    handed_at       BIGINT NOT NULL,
    delivered_at    BIGINT NOT NULL,
    failed_at       BIGINT NOT NULL
);
CREATE INDEX messages_state ON messages (state);
CREATE INDEX messages_alert ON messages (alert_id);
CREATE INDEX messages_conversation ON messages (conversation_id);

-- Every id under which a provider took a message: a late delivery report of an earlier attempt still finds it.
CREATE TABLE handings (
    provider    TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    message_id  TEXT NOT NULL,
    at          BIGINT NOT NULL,
    PRIMARY KEY (provider, provider_id)
);

CREATE TABLE questions (
    phone_index TEXT PRIMARY KEY,
    kind        TEXT NOT NULL,
    code        TEXT NOT NULL,
    asked_at    BIGINT NOT NULL
);

-- Due work. A new id at each upsert is its generation: who finishes an older one removes nothing.
CREATE TABLE due (
    id          TEXT PRIMARY KEY,
    kind        TEXT NOT NULL,
    subject     TEXT NOT NULL,
    at          BIGINT NOT NULL,
    urgency     BIGINT NOT NULL,
    attempts    BIGINT NOT NULL,
    lease_id    TEXT NOT NULL,
    lease_by    TEXT NOT NULL,
    lease_until BIGINT NOT NULL,
    UNIQUE (kind, subject)
);
CREATE INDEX due_at ON due (at);

CREATE TABLE definitions (
    hash    TEXT PRIMARY KEY,
    name    TEXT NOT NULL,
    version BIGINT NOT NULL,
    body    TEXT NOT NULL,
    at      BIGINT NOT NULL
);

CREATE TABLE audit (
    seq     BIGINT PRIMARY KEY,
    at      BIGINT NOT NULL,
    who     TEXT NOT NULL,
    what    TEXT NOT NULL,
    subject TEXT NOT NULL,
    prev    {{BYTES}},
    hash    {{BYTES}} NOT NULL
);

-- The end of the record; its one row is what makes appenders take turns.
CREATE TABLE audit_head (
    id   BIGINT PRIMARY KEY,
    seq  BIGINT NOT NULL,
    hash {{BYTES}}
);
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, NULL);

-- +goose Down

DROP TABLE audit_head;
DROP TABLE audit;
DROP TABLE definitions;
DROP TABLE due;
DROP TABLE questions;
DROP TABLE handings;
DROP TABLE messages;
DROP TABLE alerts;
DROP TABLE holds;
DROP TABLE referrals;
DROP TABLE codes;
DROP TABLE reports;
DROP TABLE turns;
DROP TABLE conversations;
