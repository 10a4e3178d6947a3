-- +goose Up

-- When a number that was to prove whose conversation it is was given and was wrong: from then on it is not taken up again. 0 = never.
ALTER TABLE conversations ADD COLUMN proof_tried BIGINT NOT NULL DEFAULT 0;

-- +goose Down

ALTER TABLE conversations DROP COLUMN proof_tried;
