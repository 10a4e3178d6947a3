-- What callers add to a report by its code, and what is destroyed because they asked for it. Times and ids are as in the first migration.

-- +goose Up

ALTER TABLE reports ADD COLUMN proof TEXT NOT NULL DEFAULT '';   -- keyed hash of the two digits that its reporter was told; '' = none

-- Conversations that belong to the report of another one: what was added to it, and the wish to erase it.
CREATE TABLE additions (
    conversation_id TEXT PRIMARY KEY,
    report_of       TEXT NOT NULL,            -- the conversation of the report
    at              BIGINT NOT NULL
);
CREATE INDEX additions_report ON additions (report_of, at);

-- Conversations that hold a copy of what was told in another one, because an officer read it in them.
CREATE TABLE shown (
    conversation_id TEXT NOT NULL,
    report_of       TEXT NOT NULL,
    PRIMARY KEY (conversation_id, report_of)
);
CREATE INDEX shown_report ON shown (report_of);

CREATE TABLE erasures (
    conversation_id TEXT PRIMARY KEY,         -- of the report; 'nobody' counts the tries for codes that are nobody's
    tries           BIGINT NOT NULL,          -- wrong proofs
    hold_id         TEXT NOT NULL,            -- where a person decides; '' = it was not asked for by phone
    asked_at        BIGINT NOT NULL,
    decision        TEXT NOT NULL,            -- '', erase, refuse
    decided_by      TEXT NOT NULL,
    decided_at      BIGINT NOT NULL,
    reason          TEXT NOT NULL,            -- for the record, as the operator gave it
    erased_at       BIGINT NOT NULL
);
CREATE INDEX erasures_hold ON erasures (hold_id);

-- +goose Down

DROP TABLE erasures;
DROP TABLE shown;
DROP TABLE additions;
ALTER TABLE reports DROP COLUMN proof;
