-- What became of outbound messages: why a provider carried one, whether a try may have arrived unknown to us, reports that came before the
-- provider's own answer, and which phones are reached. Times are as in the first migration.

-- +goose Up

ALTER TABLE messages ADD COLUMN maybe BIGINT NOT NULL DEFAULT 0;  -- 1: an earlier try may have arrived
ALTER TABLE messages ADD COLUMN why TEXT NOT NULL DEFAULT '';     -- how its provider was chosen, in words and without the number

-- A delivery report may overtake the provider's own answer: its row then has no message yet.
ALTER TABLE handings ADD COLUMN early_state TEXT NOT NULL DEFAULT '';
ALTER TABLE handings ADD COLUMN early_reason TEXT NOT NULL DEFAULT '';
CREATE INDEX handings_early ON handings (at) WHERE message_id = '';

CREATE TABLE reach (
    phone_index   TEXT PRIMARY KEY,
    failing_since BIGINT NOT NULL,            -- 0 = the last that is known of it is that it was reached
    reached_at    BIGINT NOT NULL
);

-- +goose Down

DROP TABLE reach;
DROP INDEX handings_early;
ALTER TABLE handings DROP COLUMN early_reason;
ALTER TABLE handings DROP COLUMN early_state;
ALTER TABLE messages DROP COLUMN why;
ALTER TABLE messages DROP COLUMN maybe;
