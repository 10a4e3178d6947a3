-- What was emptied, by a reporter's wish or because its time was over, and how much since it was last put on record. Times and ids are as in
-- the first migration.

-- +goose Up

ALTER TABLE conversations ADD COLUMN emptied_at BIGINT NOT NULL DEFAULT 0;   -- key, number and words are gone; 0 = they are there
UPDATE conversations SET emptied_at = CASE WHEN ended_at > last_at THEN ended_at ELSE last_at END WHERE mark = 'erased';
CREATE INDEX conversations_full ON conversations (last_at, id) WHERE emptied_at = 0;
CREATE INDEX conversations_emptied ON conversations (emptied_at, id) WHERE emptied_at > 0;
CREATE INDEX messages_full ON messages (created_at, id) WHERE text IS NOT NULL;
CREATE INDEX alerts_full ON alerts (created_at, id) WHERE phone_index <> '';
CREATE INDEX handings_message ON handings (message_id);

CREATE TABLE lapsed (
    what TEXT PRIMARY KEY,
    n    BIGINT NOT NULL                      -- since the last entry of the record that says so
);

-- +goose Down

DROP TABLE lapsed;
DROP INDEX handings_message;
DROP INDEX alerts_full;
DROP INDEX messages_full;
DROP INDEX conversations_emptied;
DROP INDEX conversations_full;
ALTER TABLE conversations DROP COLUMN emptied_at;
