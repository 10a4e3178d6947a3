-- The record of acts as a tree (golang.org/x/mod/sumdb/tlog), and what was given away of it. Times are as in the first migration.

-- +goose Up

-- The tree's hashes, by tlog's numbers.
CREATE TABLE audit_hashes (
    id   BIGINT PRIMARY KEY,
    hash {{BYTES}} NOT NULL
);

-- What people gave as the reason of an act. The record has only its salted hash (because), so that a reason can be destroyed.
CREATE TABLE audit_reasons (
    seq    BIGINT PRIMARY KEY,
    salt   {{BYTES}} NOT NULL,
    reason TEXT NOT NULL
);
ALTER TABLE audit ADD COLUMN because {{BYTES}};

-- size: how many entries the tree is over, hash being its root once there are any. chained: up to which entry prev and hash of audit link them,
-- as all entries were before this migration; in later ones they are empty. The store carries the entries over into the tree when it is opened.
ALTER TABLE audit_head ADD COLUMN size BIGINT NOT NULL DEFAULT 0;
ALTER TABLE audit_head ADD COLUMN chained BIGINT NOT NULL DEFAULT 0;
UPDATE audit_head SET chained = seq;

-- Checkpoints that were given away, as signed notes: they tell between which two of them something was changed.
CREATE TABLE checkpoints (
    size BIGINT PRIMARY KEY,
    at   BIGINT NOT NULL,
    note TEXT NOT NULL
);

-- +goose Down

DROP TABLE checkpoints;
ALTER TABLE audit_head DROP COLUMN chained;
ALTER TABLE audit_head DROP COLUMN size;
ALTER TABLE audit DROP COLUMN because;
DROP TABLE audit_reasons;
DROP TABLE audit_hashes;
