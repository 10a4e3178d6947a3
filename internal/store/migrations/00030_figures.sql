-- When a referral was accepted and the child seen, for figures; until now they stood only inside the seal. Times are as in the first
-- migration; 0 = not yet, or a referral that last changed before this migration.

-- +goose Up

ALTER TABLE referrals ADD COLUMN accepted_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE referrals ADD COLUMN seen_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX reports_at ON reports (at, id);

-- +goose Down

DROP INDEX reports_at;
ALTER TABLE referrals DROP COLUMN seen_at;
ALTER TABLE referrals DROP COLUMN accepted_at;
