-- What the desk works with: messages that are carried by another one, since in a flood an officer gets one that speaks of many, and drills.
-- Times and ids are as in the first migration.

-- +goose Up

ALTER TABLE messages ADD COLUMN digest_id TEXT NOT NULL DEFAULT '';   -- the message that carries this one; '' = it goes alone
CREATE INDEX messages_digest ON messages (digest_id) WHERE digest_id <> '';
CREATE INDEX messages_officer ON messages (officer_id, created_at);
CREATE INDEX reports_area ON reports (area_code, at);

CREATE TABLE drills (
    id         TEXT PRIMARY KEY,              -- a monthly one has its month in it, so that there is one
    code       TEXT NOT NULL,                 -- what officers answer with where they have tasks, too
    area_code  TEXT NOT NULL,                 -- '' = everywhere
    reason     TEXT NOT NULL,                 -- for the record, as the operator gave it
    started    TEXT NOT NULL,                 -- who did
    started_at BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL                -- from then on no answer counts
);
CREATE INDEX drills_code ON drills (code);

CREATE TABLE drill_calls (
    id          TEXT PRIMARY KEY,
    drill_id    TEXT NOT NULL,
    officer_id  TEXT NOT NULL,
    phone_index TEXT NOT NULL,                -- blind index of the officer's number at that time
    at          BIGINT NOT NULL,              -- when it is sent
    message_id  TEXT NOT NULL,                -- '' = not sent yet
    skipped     TEXT NOT NULL,                -- why it is not sent; '' = it is
    answered_at BIGINT NOT NULL
);
CREATE INDEX drill_calls_drill ON drill_calls (drill_id);
CREATE INDEX drill_calls_phone ON drill_calls (phone_index);
CREATE INDEX drill_calls_message ON drill_calls (message_id);

-- Whoever took a hold before this release has no clock yet: it is given one, and runs out at once.
INSERT INTO due (id, kind, subject, at, urgency, attempts, lease_id, lease_by, lease_until)
    SELECT 'taken-' || h.id, 'hold', h.id, 0, 0, 0, '', '', 0 FROM holds h
    WHERE h.state = 'taken' AND NOT EXISTS (SELECT 1 FROM due d WHERE d.kind = 'hold' AND d.subject = h.id);

-- +goose Down

DROP TABLE drill_calls;
DROP TABLE drills;
DROP INDEX reports_area;
DROP INDEX messages_officer;
DROP INDEX messages_digest;
ALTER TABLE messages DROP COLUMN digest_id;
